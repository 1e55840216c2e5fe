use std::path::Path;

use super::*;
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

/// A spot market, bills, failing hosts and a pool of one performance level.
const PARTS: &str = r#"
    name = "parts"
    duration = "12h"
    seed = 2
    [failures]
    between = { distribution = "exponential", mean = "12h" }
    repair = { distribution = "exponential", mean = "1h" }
    heartbeat = "10s"
    missed = 3
    recover = "elsewhere"
    [billing]
    due = "hour"
    [spot]
    price = { model = "utilization", floor = "10%", low = "50%", high = "98%", half_life = "30min" }
    [[spot.fleets]]
    name = "batch"
    target = 30
    zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
    types = ["ecs.g5.xlarge"]
    strategy = "lowest-price"
    [control_plane]
    api_workers = 4
    [[disk_pools]]
    zone = "cn-hangzhou-g"
    category = "cloud_essd"
    performance_level = "PL2"
    capacity = "20TiB"
    [[pools]]
    zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
    class = "ddh.g5"
    hosts = 4
    [[workloads]]
    name = "load"
    arrivals = { rate = "150/h", day = { peak_hour = 6.0, swing = "60%" } }
    lifetime = { distribution = "exponential", mean = "2h" }
    mix = [{ type = "ecs.g5.large", weight = 3 }, { type = "ecs.g5.4xlarge", weight = 1 }]
"#;

fn run() -> (Summary, Series) {
    sampled(TEXT)
}

fn sampled(text: &str) -> (Summary, Series) {
    let scenario = Scenario::from_str(text, "sampled.toml").unwrap();
    let build = || Simulation::new(&scenario, Path::new(""), None).unwrap();
    let alone = build().run(None, |_| Go::On).unwrap();
    let simulation = build();
    let every = SimDuration::from_secs(1_200);
    let mut sampler = Sampler::new(&simulation.labels(), every);
    let summary = simulation.run_observed(None, &mut sampler, |_| Go::On).unwrap();
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

#[test]
fn the_market_money_and_failures_add_up_too() {
    let (summary, series) = sampled(PARTS);
    let (spot, nodes) = (summary.spot.unwrap(), summary.nodes.unwrap());
    let told = spot.interruptions;
    assert!(told.stock > 0 && nodes.host_failures > 0, "the scenario must have both");
    for (cause, count) in [("price", told.price), ("stock", told.stock), ("headroom", told.headroom)] {
        assert_eq!(sum(&series, &Key::of(metric::SPOT_INTERRUPTIONS).detail(cause)), count as f64, "{cause}");
    }
    assert_eq!(sum(&series, &Key::of(metric::HOSTS_FAILED)), nodes.host_failures as f64);
    assert_eq!(sum(&series, &Key::of(metric::WENT_DOWN)), nodes.went_down as f64);
    let column = |key: Key| series.columns().iter().find(|column| column.key == key).expect("a column");
    for pool in &spot.pools {
        let price = column(Key::of(metric::SPOT_PRICE).zone(&pool.zone).detail(&pool.instance_type));
        let (mut area, mut from) = (0.0, SimTime::ZERO);
        for (at, &to) in series.ends().iter().enumerate() {
            area += price.at(at).get(Kind::Level).unwrap() * to.since(from).as_secs_f64();
            from = to;
        }
        let mean = area / from.as_secs_f64();
        assert!((mean - pool.mean).abs() < 1e-9, "{mean} {}", pool.mean);
    }
    let last = |key: Key| column(key).at(series.len() - 1).get(Kind::Level).unwrap();
    assert_eq!(last(Key::of(metric::SPOT_INSTANCES)), spot.live as f64);
    assert!(last(Key::of(metric::DISK_FREE).zone("cn-hangzhou-g").detail("cloud_essd PL2")) > 0.0);
    // The hour under way at the end is billed after the last sample.
    let (billed, revenue) = (sum(&series, &Key::of(metric::BILLED)), summary.billing.unwrap().revenue);
    assert!(billed > 0.8 * revenue && billed <= revenue + 1e-6, "{billed} of {revenue}");
}

#[test]
fn a_run_ten_times_as_long_keeps_no_more_points() {
    let points = |days: u32| {
        let text = format!(
            r#"
            duration = "{days}d"
            [[pools]]
            zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
            class = "ddh.g5"
            hosts = 2
            [[workloads]]
            name = "load"
            arrivals = {{ rate = "2/h" }}
            lifetime = {{ distribution = "exponential", mean = "9h" }}
            mix = [{{ type = "ecs.g5.large" }}, {{ type = "ecs.g5.16xlarge" }}]
            "#
        );
        let (summary, series) = sampled(&text);
        assert_eq!(summary.run.virtual_secs, f64::from(days) * 86_400.0);
        (series.len(), series.columns().len(), series.kept())
    };
    let (short, long) = (points(60), points(600));
    for (len, columns, kept) in [short, long] {
        assert!(len > MOST_POINTS / 2 && len <= MOST_POINTS, "{len} points");
        // Values of columns, and classes of waits: the answers of an instant control plane are in one class.
        assert!(kept <= (columns + 2) * MOST_POINTS, "{kept} values in {columns} columns");
    }
    assert_eq!(short.1, long.1, "the same columns");
}

#[test]
fn the_end_of_the_run_is_sampled_once() {
    let (_, series) = run();
    assert!(series.ends().windows(2).all(|pair| pair[0] < pair[1]), "no interval without length");
    assert_eq!(series.len(), 72);
}

#[test]
fn every_metric_is_documented() {
    let docs = include_str!("../../../docs/report.md");
    for text in [TEXT, PARTS] {
        for column in sampled(text).1.columns() {
            let row = format!("| `{}` |", column.key.metric);
            assert!(docs.contains(&row), "docs/report.md has no row {row}");
        }
    }
}
