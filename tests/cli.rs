//! The binary as a user meets it: what it prints, its exit codes, bad input, interruption.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

fn packyard(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_packyard")).args(args).output().expect("the binary starts")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A sound little scenario.
const SMALL: &str = r#"
name = "small"
seed = 5
duration = "6h"

[control_plane]
schedulers = 1

[[pools]]
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 4

[[workloads]]
name = "load"
arrivals = { rate = "400/h" }
lifetime = { distribution = "exponential", mean = "40min" }
mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.2xlarge" }]
faults = { share = "5%" }
"#;

struct Files {
    dir: TempDir,
}

impl Files {
    fn new() -> Files {
        Files { dir: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

#[track_caller]
fn refused(output: &Output, needles: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    assert!(output.stdout.is_empty(), "nothing goes to standard output");
    assert!(!stderr.contains("panicked"), "{stderr}");
    // Long messages are wrapped to the width of the terminal.
    let flat: String = stderr.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ");
    for needle in needles {
        assert!(flat.contains(needle), "`{needle}` is missing in:\n{stderr}");
    }
}

#[test]
fn a_run_reports_on_one_screen_and_as_json() {
    let files = Files::new();
    let scenario = files.write("small.toml", SMALL);
    let text = packyard(&["run", &scenario]);
    assert!(text.status.success());
    assert!(text.stderr.is_empty(), "quiet when it is no terminal");
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.lines().count() <= 40, "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");

    let json = packyard(&["run", &scenario, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json["schema"], "packyard-summary/2");
    assert!(text.contains(json["run"]["digest"].as_str().unwrap()), "the same run");
    let count = |name: &str| json["requests"][name].as_u64().unwrap();
    assert_eq!(count("total"), count("created") + count("rejected") + count("replayed"));
    assert!(count("rejected") > 0 && count("created") > 1_000);
    let stages = json["simulated_latency_us"].as_array().unwrap();
    assert!(stages.iter().all(|stage| stage["p50"].as_u64() <= stage["p999"].as_u64()));
    assert!(json["engine"]["peak_memory_mib"].as_f64().unwrap() > 1.0);
    let costs = json["engine"]["cost_ns"].as_array().unwrap();
    assert_eq!(costs.len(), 3);
    assert!(costs.iter().all(|stage| stage["count"].as_u64().unwrap() > 100));
}

#[test]
fn seed_and_set_change_the_run() {
    let files = Files::new();
    let scenario = files.write("small.toml", SMALL);
    let digest = |extra: &[&str]| {
        let output = packyard(&[&["run", scenario.as_str(), "--json"], extra].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        json["run"]["digest"].as_str().unwrap().to_owned()
    };
    assert_eq!(digest(&[]), digest(&["--seed", "5"]));
    assert_ne!(digest(&[]), digest(&["--seed", "6"]));
    assert_ne!(digest(&[]), digest(&["--set", "pools.0.hosts=1"]));
    assert_ne!(digest(&[]), digest(&["--set", "policy=worst-fit"]));
}

#[test]
fn an_output_folder_is_whole_and_never_overwritten_unasked() {
    let files = Files::new();
    let scenario = files.write("small.toml", SMALL);
    let out = files.path("out");
    let out = out.to_str().unwrap();
    assert!(packyard(&["run", &scenario, "--out", out]).status.success());
    for name in ["summary.json", "report.txt", "scenario.toml"] {
        assert!(files.path("out").join(name).is_file(), "{name}");
    }
    let again = files.path("out/scenario.toml");
    assert!(packyard(&["check", again.to_str().unwrap()]).status.success(), "the effective scenario is one");
    refused(&packyard(&["run", &scenario, "--out", out]), &["exists already", "--force"]);
    assert!(packyard(&["run", &scenario, "--out", out, "--force"]).status.success());
    assert_eq!(std::fs::read_dir(files.dir.path()).unwrap().count(), 2, "no temporary folder is left");
}

#[test]
fn bad_input_gets_one_clear_message() {
    let files = Files::new();
    let bad = |from: &str, to: &str| {
        assert!(SMALL.contains(from), "{from}");
        packyard(&["run", &files.write("bad.toml", SMALL.replacen(from, to, 1))])
    };
    refused(&packyard(&["run", "no-such.toml"]), &["no-such.toml", "no such file"]);
    refused(&packyard(&["run", files.dir.path().to_str().unwrap()]), &["directory"]);
    refused(&bad("seed = 5", "seed = = 5"), &["bad.toml:3"]);
    refused(&bad("seed = 5", "sede = 5"), &["sede", "seed", "bad.toml:3"]);
    refused(&bad("hosts = 4", "hots = 4"), &["hots", "hosts", "bad.toml:12"]);
    refused(&bad("cn-hangzhou-g", "cn-atlantis-g"), &["cn-atlantis-g", "bad.toml:10"]);
    refused(&bad("class = \"ddh.g5\"", "class = \"ddh.g55\""), &["ddh.g55", "ddh.g5", "bad.toml:11"]);
    refused(&bad("duration = \"6h\"", "duration = \"0s\""), &["duration", "bad.toml:4"]);
    refused(&bad("duration = \"6h\"", "duration = \"six\""), &["six", "bad.toml:4"]);
    refused(&bad("ecs.g5.large", "ecs.g5.lagre"), &["ecs.g5.lagre", "ecs.g5.large", "bad.toml:18"]);
    refused(&packyard(&["run", &files.write("latin1.toml", [b'#', 0xE9, b'\n'])]), &["UTF-8"]);
    let class =
        "[[classes]]\nname = \"odd\"\nvcpus = 8\nmemory = \"16GiB\"\nfamilies = [\"ecs.nothing\"]\n[[pools]]";
    refused(&bad("[[pools]]", class), &["ecs.nothing"]);
    let good = files.write("small.toml", SMALL);
    refused(&packyard(&["run", &good, "--set", "pools.0.hots=3"]), &["hots", "hosts"]);
    refused(&packyard(&["run", &good, "--set", "pools"]), &["KEY=VALUE"]);
    refused(&packyard(&["run", &good, "--trace", "x.csv"]), &["--trace"]);
}

#[test]
fn a_damaged_trace_is_told_with_its_line() {
    let files = Files::new();
    files.write("trace.csv", "vmid,cpu,mem,at,lt\n0,4,16,0.0,194.0\n1,4,sixteen,2.0,498.0\n");
    let scenario = r#"
        duration = "forever"
        [[classes]]
        name = "big"
        vcpus = 64
        memory = "256GiB"
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "big"
        hosts = 2
        [[workloads]]
        name = "replay"
        trace = { format = "huawei-east-1", path = "trace.csv", obtain = "ask around" }
    "#;
    let path = files.write("replay.toml", scenario);
    refused(&packyard(&["run", &path]), &["trace.csv:3", "1,4,sixteen,2.0,498.0"]);
    files.write("trace.csv", "vmid,cpu,mem,at,lt\n0,4,16,0.0,194.0\n1,4,16,2.0,498.0\n");
    let output = packyard(&["run", &path, "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (json["requests"]["created"].as_u64(), json["requests"]["released"].as_u64()),
        (Some(2), Some(2))
    );
    assert_eq!(json["peaks"]["vcpus"].as_f64(), Some(8.0));
    let unnamed = files.write("unnamed.toml", scenario.replace("path = \"trace.csv\", ", ""));
    refused(&packyard(&["run", &unnamed]), &["--trace FILE", "ask around"]);
    let missing = files.write("missing.toml", scenario.replace("trace.csv", "gone.csv"));
    refused(&packyard(&["run", &missing]), &["gone.csv"]);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error_and_a_closed_pipe_is_none() {
    let files = Files::new();
    let scenario = files.write("small.toml", SMALL);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
    let output = command.args(["run", &scenario]).stdout(full).stderr(Stdio::piped()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));

    let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
    let mut child =
        command.args(["catalog", "types"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success());
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_a_run_cleanly_with_a_report() {
    let files = Files::new();
    // Far longer than the test waits: only the signal can end it.
    let scenario =
        files.write("long.toml", SMALL.replace("\"6h\"", "\"20000d\"\n[report]\ninterval = \"30d\""));
    let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
    let child = command.args(["run", &scenario, "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the report is whole");
    assert_eq!(json["run"]["cut_short"], true);
    let count = |name: &str| json["requests"][name].as_u64().unwrap();
    assert_eq!(count("total"), count("created") + count("rejected") + count("unanswered"));
}

#[test]
fn every_shipped_scenario_passes_check() {
    let mut seen = 0;
    for entry in std::fs::read_dir(root().join("scenarios")).unwrap() {
        let path = entry.unwrap().path();
        let output = packyard(&["check", path.to_str().unwrap()]);
        assert!(output.status.success(), "{}: {}", path.display(), String::from_utf8_lossy(&output.stderr));
        seen += 1;
    }
    assert!(seen >= 4);
}
