//! `packyard sweep` and `packyard gather` as batch systems meet them: cut into shards, in any order, killed and taken up
//! again. What is gathered is the same to the byte.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const SCENARIO: &str = r#"
name = "small"
seed = 5
duration = "2d"
warmup = "2h"

[[pools]]
name = "web"
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 4

[[workloads]]
name = "load"
arrivals = { rate = "200/h" }
lifetime = { distribution = "exponential", mean = "3h" }
mix = [{ type = "ecs.g5.large", weight = 5 }, { type = "ecs.g5.2xlarge" }]

[objectives]
rejection_rate = "2%"
"#;

/// 10 points on 20 seeds: 200 runs.
const MANIFEST: &str = r#"
scenario = "small.toml"
seeds = 20
[[axes]]
key = "policy"
values = ["best-fit", "worst-fit"]
[[axes]]
key = "pools.web.hosts"
low = 10
high = 30
step = 5
"#;

struct Files {
    dir: TempDir,
}

impl Files {
    fn new(manifest: &str) -> Files {
        let files = Files { dir: tempfile::tempdir().unwrap() };
        std::fs::write(files.path("small.toml"), SCENARIO).unwrap();
        std::fs::write(files.path("sweep.toml"), manifest).unwrap();
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
        command.current_dir(self.dir.path()).args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary starts")
    }

    #[track_caller]
    fn sound(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Gathers a folder: table and page.
    #[track_caller]
    fn gathered(&self, folder: &str) -> (Vec<u8>, Vec<u8>) {
        let out = format!("{folder}-gathered");
        self.sound(&["gather", folder, "--out", &out, "--force"]);
        let read = |name: &str| std::fs::read(self.path(&out).join(name)).unwrap();
        (read("runs.parquet"), read("sweep.html"))
    }
}

/// Complete lines of all files of a folder.
fn lines(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "jsonl"))
        .map(|path| std::fs::read_to_string(path).unwrap().matches('\n').count())
        .sum()
}

#[test]
fn a_sweep_of_200_runs_killed_at_random_points_gathers_to_the_same_bytes() {
    let files = Files::new(MANIFEST);
    let said = files.sound(&["sweep", "sweep.toml", "--out", "whole", "--workers", "2"]);
    assert!(said.starts_with("200 runs made, 0 were there"), "{said}");
    let whole = files.gathered("whole");

    // Kill signals that no process can catch, at points of the run that a simple generator draws.
    let mut kills = 0;
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    loop {
        let mut child =
            files.command(&["sweep", "sweep.toml", "--out", "killed", "--workers", "2"]).spawn().unwrap();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let wanted = 1 + (random >> 33) as usize % 30;
        let before = if files.path("killed").exists() { lines(&files.path("killed")) } else { 0 };
        let ended = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            let there = if files.path("killed").exists() { lines(&files.path("killed")) } else { 0 };
            if kills < 12 && there >= before + wanted {
                break None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        match ended {
            Some(status) => {
                assert!(status.success());
                break;
            }
            None => {
                child.kill().unwrap();
                child.wait().unwrap();
                kills += 1;
                assert!(lines(&files.path("killed")) >= before, "what was done stays done");
            }
        }
    }
    assert!(kills >= 4, "{kills} kills");
    assert_eq!(lines(&files.path("killed")), 200, "no finished run was made again");
    assert!(files.gathered("killed") == whole, "the same bytes");
    let said = files.sound(&["sweep", "sweep.toml", "--out", "killed"]);
    assert!(said.starts_with("0 runs made, 200 were there"), "{said}");
}

#[test]
fn shards_workers_order_and_single_runs_gather_to_the_same_bytes() {
    let manifest = MANIFEST.replace("seeds = 20", "seeds = 3").replace("step = 5", "step = 10");
    let files = Files::new(&manifest);
    files.sound(&["sweep", "sweep.toml", "--out", "one", "--workers", "1"]);
    let one = files.gathered("one");
    files.sound(&["sweep", "sweep.toml", "--out", "many", "--workers", "7"]);
    assert!(files.gathered("many") == one, "seven workers");

    for shard in ["3/3", "1/3"] {
        files.sound(&["sweep", "sweep.toml", "--out", "parts", "--shard", shard, "--workers", "2"]);
    }
    let missing = files.run(&["gather", "parts", "--out", "early"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("6 of 18 runs are missing"), "{missing:?}");
    let part = files.sound(&["gather", "parts", "--out", "early", "--partial"]);
    assert!(part.starts_with("12 of 18 runs"), "{part}");
    // The rest with another cut: what is done is not made again.
    let said = files.sound(&["sweep", "sweep.toml", "--out", "parts", "--shard", "1/2"]);
    assert!(said.starts_with("3 runs made, 6 were there"), "{said}");
    files.sound(&["sweep", "sweep.toml", "--out", "parts", "--shard", "2/2"]);
    assert!(files.gathered("parts") == one, "shards");

    // An engine that makes single runs in its own order and collects the lines.
    let list = files.sound(&["sweep", "sweep.toml", "--out", "single", "--list"]);
    let mut runs: Vec<u64> = list
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["run"].as_u64().unwrap())
        .collect();
    assert_eq!(runs.len(), 18);
    runs.reverse();
    let numbers: Vec<String> = runs.iter().map(u64::to_string).collect();
    let made = files.sound(&["sweep", "sweep.toml", "--run", &numbers.join(",")]);
    std::fs::write(files.path("single/runs-engine.jsonl"), made).unwrap();
    assert!(files.gathered("single") == one, "single runs");
    assert_eq!(files.sound(&["sweep", "sweep.toml", "--out", "single", "--list"]), "");
}

#[test]
fn a_folder_takes_one_sweep_only() {
    let files = Files::new(MANIFEST);
    let manifest = "scenario = \"small.toml\"\n[[axes]]\nkey = \"pools.web.hosts\"\nvalues = [3, 4]\n";
    std::fs::write(files.path("little.toml"), manifest).unwrap();
    files.sound(&["sweep", "little.toml", "--out", "runs"]);
    let other = files.run(&["sweep", "sweep.toml", "--out", "runs"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&other.stderr).contains("another sweep"));
    // The scenario is part of what a sweep is.
    std::fs::write(files.path("small.toml"), SCENARIO.replace("200/h", "201/h")).unwrap();
    assert_eq!(files.run(&["sweep", "little.toml", "--out", "runs"]).status.code(), Some(2));

    // So are the files that it reads, such as prices of a spot market.
    let prices = |price: &str| {
        let row = format!("time,zone,instance_type,price\n0,cn-hangzhou-g,ecs.g5.large,{price}\n");
        std::fs::write(files.path("prices.csv"), row).unwrap();
    };
    let market = "\n[spot]\nprice = { model = \"replay\", file = \"prices.csv\" }\n";
    std::fs::write(files.path("small.toml"), SCENARIO.to_owned() + market).unwrap();
    prices("0.1");
    files.sound(&["sweep", "little.toml", "--out", "market"]);
    files.sound(&["sweep", "little.toml", "--out", "market"]);
    prices("0.2");
    let other = files.run(&["sweep", "little.toml", "--out", "market"]);
    assert!(String::from_utf8_lossy(&other.stderr).contains("another sweep"), "{other:?}");
}

#[test]
fn a_latin_hypercube_over_keys_with_units_runs() {
    let manifest = r#"
        scenario = "small.toml"
        design = "latin-hypercube"
        points = 6
        set = { duration = "6h" }
        [[axes]]
        key = "pools.web.hosts"
        low = 2
        high = 9
        step = 1
        [[axes]]
        key = "workloads.load.arrivals.rate"
        low = 50
        high = 300
        unit = "/h"
    "#;
    let files = Files::new(manifest);
    files.sound(&["sweep", "sweep.toml", "--out", "runs"]);
    let (table, page) = files.gathered("runs");
    assert_eq!(&table[..4], b"PAR1");
    let page = String::from_utf8(page).unwrap();
    assert!(page.contains("<svg") && page.contains("pools.web.hosts"));
    assert!(!page.contains("http"), "self-contained");
}

#[test]
fn wrong_manifests_are_refused_at_their_line() {
    for (manifest, needles) in [
        ("scenario = \"small.toml\"\naxes = []", "nothing varies"),
        ("scenario = \"small.toml\"\nseeds = 0\n[[axes]]\nkey = \"seed\"\nvalues = [1]", "line 2"),
        ("scenario = \"small.toml\"\n[[axes]]\nkey = \"policy\"", "line 2"),
        (
            "scenario = \"small.toml\"\n[[axes]]\nkey = \"policy\"\nvalues = [\"best-fit\"]\nx = 1",
            "unknown field `x`",
        ),
        ("scenario = \"small.toml\"\n[[axes]]\nkey = \"policy\"\nvalues = [\"best-fti\"]", "best-fti"),
        ("scenario = \"none.toml\"\n[[axes]]\nkey = \"policy\"\nvalues = [\"best-fit\"]", "none.toml"),
        (
            "scenario = \"small.toml\"\ndesign = \"latin-hypercube\"\n[[axes]]\nkey = \"policy\"\nvalues = [\"fgd\"]",
            "points",
        ),
    ] {
        let files = Files::new(manifest);
        let output = files.run(&["sweep", "sweep.toml", "--out", "runs"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{manifest}: {said}");
        assert!(said.contains(needles), "{manifest}: {said}");
    }
    let files = Files::new(MANIFEST);
    for shard in ["0/2", "3/2", "1"] {
        assert_eq!(
            files.run(&["sweep", "sweep.toml", "--out", "r", "--shard", shard]).status.code(),
            Some(2)
        );
    }
    assert_eq!(files.run(&["sweep", "sweep.toml", "--run", "200"]).status.code(), Some(2));
}

/// The command lines of the job scripts, without a Slurm.
#[test]
#[cfg(unix)]
fn the_slurm_scripts_gather_to_the_same_bytes() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/slurm/test.sh");
    let output = Command::new("bash")
        .arg(script)
        .arg(env!("CARGO_BIN_EXE_packyard"))
        .env("SLURM_CONF", "/nonexistent")
        .output()
        .expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("the same bytes"), "{output:?}");
}

/// The Ray driver on a local cluster of two workers, one of which is killed in the middle of a run. `PYTHON` names a Python
/// that has ray.
#[test]
#[cfg(unix)]
fn the_ray_driver_gathers_to_the_same_bytes() {
    // The script reads PYTHON itself.
    let has = ["-c", "\"${PYTHON:-python3}\" -c 'import ray'"];
    let has = Command::new("bash").args(has).stderr(Stdio::null()).status();
    if !has.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: no ray here (`pip install ray`, or name a Python that has it with PYTHON=...)");
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/ray/test.sh");
    let output =
        Command::new("bash").arg(script).arg(env!("CARGO_BIN_EXE_packyard")).output().expect("bash starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("one of them killed: the same bytes"),
        "{output:?}"
    );
}
