//! Workloads from TOML, as a scenario has them.

use std::path::Path;

use super::*;

mod generated;
mod laws;
mod replayed;
mod reshaped;
mod wrong;

#[derive(serde::Deserialize)]
struct Blocks {
    workloads: Vec<WorkloadSpec>,
}

const DAY: SimDuration = SimDuration::from_secs(86_400);

fn known() -> Known<'static> {
    Known {
        regions: vec![
            ("cn-hangzhou", vec!["cn-hangzhou-b", "cn-hangzhou-g"]),
            ("us-west-1", vec!["us-west-1a"]),
        ],
        accounts: vec!["main", "lab"],
        types: vec!["ecs.g5.large", "ecs.c5.xlarge", "ecs.r5.large"],
        own_types: &[],
        images: vec!["win", "linux"],
        disk_categories: vec!["cloud_efficiency", "cloud_ssd", "cloud_essd"],
    }
}

fn setting(seed: u64, duration: SimDuration) -> Setting<'static> {
    // 2019-09-02T00:00:00Z, a Monday.
    Setting { seed, duration, start: Utc(1_567_382_400), known: known(), folder: Path::new("."), trace: None }
}

fn specs(text: &str) -> Vec<WorkloadSpec> {
    toml::from_str::<Blocks>(text).expect("sound TOML").workloads
}

fn workload(text: &str, seed: u64, duration: SimDuration) -> Workload {
    Workload::new(&specs(text), &setting(seed, duration)).expect("a sound workload")
}

fn all(mut workload: Workload) -> (Vec<Arrival>, Vec<Template>) {
    let mut arrivals = Vec::new();
    while let Some(arrival) = workload.next().expect("sound") {
        arrivals.push(arrival);
    }
    assert_eq!(workload.next().expect("sound"), None, "the end is the end");
    (arrivals, workload.templates)
}

fn param<'a>(template: &'a Template, name: &str) -> Option<&'a str> {
    template.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}
