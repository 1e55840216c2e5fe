//! A run of the program into an output folder, for the tests that read such folders back.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A day on two small zones that run full, with queues and faults; its name would break a careless page.
pub(crate) const SCENARIO: &str = r#"
name = "recorded <b>&amp;</b>"
duration = "1d"
seed = 3
[control_plane]
api_workers = 2
[report]
interval = "20min"
[[pools]]
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 4
[[workloads]]
name = "load"
arrivals = { rate = "600/h", batch = { mean = 4.0 } }
lifetime = { distribution = "exponential", mean = "2h" }
mix = [{ type = "ecs.g5.large", weight = 3 }, { type = "ecs.g5.4xlarge", weight = 1 }]
faults = { share = "5%" }
"#;

/// A folder that was written.
pub(crate) struct Recorded {
    pub(crate) root: tempfile::TempDir,
    pub(crate) out: PathBuf,
    pub(crate) summary: Value,
}

/// The program with these arguments in this folder.
pub(crate) fn packyard(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_packyard")).args(arguments).current_dir(folder).output().unwrap()
}

/// Runs a scenario with `--out out` and these arguments.
pub(crate) fn record(scenario: &str, extra: &[&str]) -> Recorded {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("recorded.toml"), scenario).unwrap();
    let output = packyard(&[&["run", "recorded.toml", "--out", "out"], extra].concat(), root.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = root.path().join("out");
    let summary = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    Recorded { root, out, summary }
}
