//! What recording costs: the same run alone, with time series and histograms, and with the Parquet tables too, taken in
//! turn so that a noisy machine hits all of them. Prints the best of each and the share that it adds; the digest comes
//! first and is the same for all.
//!
//! `cargo bench --bench evidence`, or with `-- --test` in tiny form.

use std::path::Path;

use packyard::evidence::tables::{Sample, Selection};
use packyard::evidence::{Options, Recorder, Sampler};
use packyard::metrics::EngineCost;
use packyard::metrics::clock::WallMark;
use packyard::model::SimDuration;
use packyard::scenario::Scenario;
use packyard::sim::{Go, Simulation};

/// Ways to run.
const WAYS: [&str; 3] = ["alone", "time series", "series, histograms and tables"];

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

/// One run in one way: wall seconds and digest.
fn run(scenario: &Scenario, way: usize) -> (f64, String) {
    let simulation = Simulation::new(scenario, Path::new(""), None).expect("it can be built");
    let every = SimDuration::from_secs(600);
    let mut cost = EngineCost::new();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let labels = simulation.labels();
    let began = WallMark::now();
    let summary = match way {
        0 => simulation.run(&mut cost, |_| Go::On),
        1 => simulation.run_observed(&mut cost, &mut Sampler::new(&labels, every), |_| Go::On),
        _ => {
            let tables = Some(Selection::default());
            let options = Options { every, tables, sample: Sample::ALL, events: false };
            let mut recorder = Recorder::create(folder.path(), labels, &options).expect("files are created");
            let summary = simulation.run_observed(&mut cost, &mut recorder, |_| Go::On);
            recorder.finish(&mut cost).expect("files are written");
            summary
        }
    };
    let secs = began.elapsed_secs();
    (secs, summary.expect("a generated workload cannot fail").run.digest)
}

fn main() {
    let tiny = std::env::args().any(|argument| argument == "--test");
    let (scenario, rounds) = if tiny { (scenario(20, 1), 1) } else { (scenario(1_000, 12), 5) };
    let digest = run(&scenario, 0).1;
    println!("evidence: digest {digest}");
    let mut best = [f64::INFINITY; WAYS.len()];
    for _ in 0..rounds {
        for (way, best) in best.iter_mut().enumerate() {
            let (secs, same) = run(&scenario, way);
            assert_eq!(same, digest, "recording changes nothing");
            *best = best.min(secs);
        }
    }
    for (name, secs) in WAYS.iter().zip(best) {
        println!("evidence/{name:<32} {secs:>8.3} s  {:>+6.1} %", 100.0 * (secs / best[0] - 1.0));
    }
}
