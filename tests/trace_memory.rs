//! Memory of the trace commands does not grow with the file.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Rows of our CSV in which a few thousand instances live at once.
fn write(path: &Path, rows: u64) {
    let (mut text, mut state) = (String::from("at,vcpus,memory,lifetime\n"), 9u64);
    for row in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let lifetime = (state >> 33) % 5_000;
        let size = ["1,1.75", "2,3.5", "4,7", "8,56"][(state >> 20) as usize % 4];
        writeln!(text, "{row}.{:03},{size},{lifetime}.{:03}", state % 1_000, state / 1_000 % 1_000)
            .expect("a string");
    }
    std::fs::write(path, text).expect("written");
}

/// The most memory of a run of `packyard trace`, in KiB, as the system counts it while the program runs.
fn peak_kib(args: &[&str]) -> u64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
    let mut child =
        command.arg("trace").args(args).stdout(Stdio::null()).spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        if let Some(code) = child.try_wait().expect("a child") {
            assert!(code.success());
            return peak;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

#[test]
fn ten_times_the_rows_take_no_more_memory() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let at = |name: &str| dir.path().join(name).display().to_string();
    let (short, long, out) = (at("short.csv"), at("long.csv"), at("out"));
    write(Path::new(&short), 30_000);
    write(Path::new(&long), 300_000);
    let sampled = format!("{out}.csv");
    for args in [
        vec!["info"],
        vec!["sample", "-o", &sampled, "--force", "--keep", "50%"],
        vec!["fit", "-o", &out, "--force", "--model", "week"],
    ] {
        let peak = |file: &str| peak_kib(&[&args[..1], &[file], &args[1..]].concat());
        let (few, many) = (peak(&short), peak(&long));
        // The long file has 8 MB of text; a record kept for each row would take some 25 MB. The peak of a short run is at times
        // missed between two looks, by some MB.
        assert!(
            few > 1_000 && many < few + 12_000,
            "{args:?}: {few} KiB for the short one, {many} KiB for the long one"
        );
    }
}
