use std::path::Path;

use super::*;
use crate::metrics::Unmeasured;
use crate::scenario::Scenario;
use crate::sim::{Go, Simulation, Summary};

const TEXT: &str = r#"
    name = "sampled"
    duration = "1d"
    seed = 3
    [report]
    interval = "20min"
    [control_plane]
    api_workers = 2
    [[pools]]
    zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
    class = "ddh.g5"
    hosts = 4
    [[disk_pools]]
    zone = "cn-hangzhou-g"
    category = "cloud_efficiency"
    capacity = "200TiB"
    [[workloads]]
    name = "load"
    arrivals = { rate = "400/h", batch = { mean = 4.0 } }
    lifetime = { distribution = "exponential", mean = "2h" }
    mix = [{ type = "ecs.g5.large", weight = 3 }, { type = "ecs.g5.4xlarge", weight = 1 }]
    faults = { share = "5%" }
"#;

fn run() -> (Summary, Series) {
    let scenario = Scenario::from_str(TEXT, "sampled.toml").unwrap();
    let build = || Simulation::new(&scenario, Path::new(""), None).unwrap();
    let alone = build().run(&mut Unmeasured, |_| Go::On).unwrap();
    let simulation = build();
    let every = SimDuration::from_secs(1_200);
    let mut sampler = Sampler::new(&simulation.labels(), every);
    let summary = simulation.run_observed(&mut Unmeasured, &mut sampler, |_| Go::On).unwrap();
    assert_eq!(summary.run.digest, alone.run.digest, "looking on changes nothing");
    (summary, sampler.into_series())
}

fn sum(series: &Series, wanted: &Key) -> f64 {
    let columns = series.columns().iter().filter(|column| column.key == *wanted);
    columns.map(|column| (0..series.len()).filter_map(|at| column.at(at).get(Kind::Count)).sum::<f64>()).sum()
}

#[test]
fn a_series_adds_up_to_the_summary() {
    let (summary, series) = run();
    let counts = &summary.requests;
    assert!(series.len() >= 72, "{} points", series.len());
    assert_eq!(sum(&series, &Key::of(metric::REQUESTS)), counts.total as f64);
    assert_eq!(sum(&series, &Key::of(metric::CREATED)), counts.created as f64);
    assert_eq!(sum(&series, &Key::of(metric::REJECTED)), counts.rejected as f64);
    assert_eq!(sum(&series, &Key::of(metric::RELEASED)), counts.released as f64);
    for code in &counts.rejected_by_code {
        let key = Key::of(metric::REJECTED).detail(&code.code);
        assert_eq!(sum(&series, &key), code.count as f64, "{}", code.code);
    }
    assert!(!summary.no_room.is_empty(), "the scenario must run full");
    for no_room in &summary.no_room {
        let key = Key::of(metric::NO_ROOM).detail(no_room.reason.text());
        assert_eq!(sum(&series, &key), no_room.count as f64, "{:?}", no_room.reason);
    }
    let answers = series.waits().find(|(name, _)| *name == metric::ANSWER).unwrap().1;
    assert_eq!(answers.iter().map(crate::metrics::Waits::count).sum::<u64>(), counts.total);
}

#[test]
fn the_mean_over_all_points_is_the_mean_of_the_run() {
    let (summary, series) = run();
    for zone in &summary.zones {
        let key = Key::of(metric::VCPU_USED).zone(&zone.zone);
        let column = series.columns().iter().find(|column| column.key == key).unwrap();
        let mut area = 0.0;
        let mut from = SimTime::ZERO;
        for (at, &to) in series.ends().iter().enumerate() {
            area += column.at(at).get(Kind::Level).unwrap() * to.since(from).as_secs_f64();
            from = to;
        }
        let mean = area / from.as_secs_f64();
        assert!((mean - zone.vcpu_mean).abs() < 1e-9, "{}: {mean} {}", zone.zone, zone.vcpu_mean);
    }
    let last = |key: Key| {
        let column = series.columns().iter().find(|column| column.key == key).expect("the column exists");
        column.at(series.len() - 1).get(Kind::Level).unwrap()
    };
    assert_eq!(last(Key::of(metric::HOSTS_EMPTY)), summary.packing.empty as f64);
    assert_eq!(last(Key::of(metric::VCPUS_STRANDED)), summary.packing.stranded_vcpus);
    assert!(last(Key::of(metric::DISK_FREE).zone("cn-hangzhou-g").detail("cloud_efficiency")) > 0.0);
    assert_eq!(last(Key::of(metric::QUEUE).detail("api")), 0.0);
    let class = Key::of(metric::VCPU_USED).zone("cn-hangzhou-h").class("ddh.g5");
    assert!((0.0..=1.0).contains(&last(class)));
}
