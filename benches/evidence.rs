//! What recording costs: the same run alone, with its journal, with time series and histograms, and with the Parquet
//! tables too, taken in turn so that a noisy machine hits all of them.
//!
//! Prints the digest, which is the same for all; then, for each way, the best wall time, the CPU time of all its threads
//! over all rounds, and what each adds to a run alone. The tables have a thread of their own: where a core is free the
//! wall time shows what a user waits, the CPU time what a machine does.
//!
//! `cargo bench --bench evidence`, or with `-- --test` in tiny form.

use std::path::Path;

use packyard::evidence::tables::{Sample, Selection};
use packyard::evidence::{Options, Recorder};
use packyard::journal::Recording;
use packyard::metrics::EngineCost;
use packyard::metrics::clock::WallMark;
use packyard::model::SimDuration;
use packyard::scenario::Scenario;
use packyard::sim::{self, Go, Linked, Simulation, Summary};

/// Ways to run, and the most that each may add to a run alone, in per cent.
const WAYS: [(&str, f64); 4] = [
    ("alone", 0.0),
    ("journal", 10.0),
    ("time series and histograms", 5.0),
    ("series, histograms and tables", 40.0),
];

fn scenario(hosts: u32, hours: u32) -> Scenario {
    // 84 vCPUs a host, 2.9 vCPUs and half an hour an instance: about 80 % of the fleet.
    let rate = (0.8 * f64::from(hosts) * 84.0 / 2.9 / 0.5) as u32;
    let text = format!(
        r#"
        name = "evidence"
        duration = "{hours}h"
        [control_plane]
        api_workers = 64
        schedulers = 16
        clone_bandwidth = "500GiB/s"
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "ddh.g5"
        hosts = {hosts}
        [[workloads]]
        name = "load"
        arrivals = {{ rate = "{rate}/h" }}
        lifetime = {{ distribution = "exponential", mean = "30min" }}
        mix = [{{ type = "ecs.g5.large", weight = 7 }}, {{ type = "ecs.g5.xlarge", weight = 3 }}]
        "#
    );
    Scenario::from_str(&text, "evidence.toml").expect("the bench's own scenario is sound")
}

/// CPU time of this process so far, all threads, in seconds; none where the system does not tell.
fn cpu_secs() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // After the name in parentheses: utime and stime are fields 14 and 15, in hundredths of a second.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// One run in one way: wall seconds, CPU seconds and digest.
fn run(scenario: &Scenario, way: usize) -> (f64, f64, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (began, cpu) = (WallMark::now(), cpu_secs().unwrap_or(0.0));
    let mut cost = EngineCost::new();
    let summary = match way {
        0 => {
            let simulation = Simulation::new(scenario, Path::new(""), None).expect("it can be built");
            simulation.run(Some(&mut cost), |_| Go::On).expect("a generated workload cannot fail")
        }
        1 => journal(scenario, &folder.path().join("journal"), &mut cost),
        _ => {
            let simulation = Simulation::new(scenario, Path::new(""), None).expect("it can be built");
            let every = SimDuration::from_secs(600);
            let tables = (way == 3).then(Selection::default);
            let options = Options { every, tables, sample: Sample::ALL, events: false };
            let recorder = Recorder::create(folder.path(), simulation.labels(), &options);
            let mut recorder = recorder.expect("files are created");
            let mut cost = recorder.engine_cost().expect("files are created");
            let summary = simulation.run_observed(Some(&mut cost), &mut recorder, |_| Go::On);
            recorder.finish(&mut cost).expect("files are written");
            summary.expect("a generated workload cannot fail")
        }
    };
    (began.elapsed_secs(), cpu_secs().unwrap_or(0.0) - cpu, summary.run.digest)
}

/// A run that writes its journal, as `packyard run --record`.
fn journal(scenario: &Scenario, path: &Path, cost: &mut EngineCost) -> Summary {
    let workload = sim::workload(scenario, Path::new(""), None).expect("a workload without a trace");
    let (recording, workload) = Recording::begin(path, scenario, workload).expect("a journal is begun");
    let chain = recording.chain(Box::new(Linked::default()));
    let simulation = Simulation::of(scenario, workload).expect("it can be built").chained(chain);
    let summary = simulation.run(Some(cost), |_| Go::On).expect("a generated workload cannot fail");
    recording.finish(&summary).expect("the journal is written");
    summary
}

fn main() {
    let tiny = std::env::args().any(|argument| argument == "--test");
    let (scenario, rounds) = if tiny { (scenario(20, 1), 1) } else { (scenario(1_000, 12), 7) };
    let digest = run(&scenario, 0).2;
    println!("evidence: digest {digest}");
    let mut best = [f64::INFINITY; WAYS.len()];
    let mut cpu = [0.0; WAYS.len()];
    for _ in 0..rounds {
        for way in 0..WAYS.len() {
            let (wall, used, same) = run(&scenario, way);
            assert_eq!(same, digest, "recording changes nothing");
            best[way] = best[way].min(wall);
            cpu[way] += used;
        }
    }
    println!("{:<42}{:>9}{:>10}{:>9}{:>10}  may add", "", "wall s", "", "CPU s", "");
    for (way, (name, most)) in WAYS.into_iter().enumerate() {
        let added = |of: &[f64]| 100.0 * (of[way] / of[0].max(1e-9) - 1.0);
        let (wall, used) = (added(&best), added(&cpu));
        let (secs, total) = (best[way], cpu[way]);
        println!("evidence/{name:<33}{secs:>9.3}{wall:>+8.1} %{total:>9.2}{used:>+8.1} %{most:>7.0} %");
    }
}
