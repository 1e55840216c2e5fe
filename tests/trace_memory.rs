//! Memory of the trace commands does not grow with the file.
#![cfg(target_os = "linux")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Rows of our CSV over 30,000 seconds, in which a few thousand instances live at once, however many there are.
fn write(path: &Path, rows: u64) {
    let a_second = rows / 30_000;
    let (mut text, mut state) = (String::from("at,vcpus,memory,lifetime\n"), 9u64);
    for row in 0..rows {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (at, lifetime) = (row / a_second, (state >> 33) % (5_000 / a_second));
        let size = ["1,1.75", "2,3.5", "4,7", "8,56"][(state >> 20) as usize % 4];
        writeln!(text, "{at}.{:03},{size},{lifetime}.{:03}", row % a_second * 100, state / 1_000 % 1_000)
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
        // Not a pause: the peak of a short run comes shortly before its end.
        std::thread::yield_now();
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
        // The long file has 8 MB of text; a record kept for each row would take some 25 MB. Fits also count by the minute of
        // the trace, so that both files last as long.
        assert!(
            few > 1_000 && many < few + 6_000,
            "{args:?}: {few} KiB for the short one, {many} KiB for the long one"
        );
    }
}
