//! What is compared of two summaries, and which way is better.

use serde_json::Value;

/// Which way is better.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: it says what happened.
    Neither,
}

/// A figure of a summary.
#[derive(Clone, PartialEq, Debug)]
pub struct Measure {
    /// Name.
    pub name: String,
    /// Unit, for people; empty for counts.
    pub unit: &'static str,
    /// Which way is better.
    pub better: Better,
    figure: Figure,
}

#[derive(Clone, PartialEq, Debug)]
enum Figure {
    /// A number at a place of the summary.
    At(&'static str),
    /// A share at a place of the summary, in percent.
    Percent(&'static str),
    /// The sum of all numbers of an object.
    Sum(&'static str),
    /// A percentile of waits at a place of the summary, from microseconds, in seconds.
    Wait(&'static str),
    /// Percent of all requests.
    ShareOfRequests(&'static str),
    /// Percent of all requests that found no room.
    NoRoom,
    /// Percent of a capacity over all zones: the share and the capacity of each.
    Zones(&'static str, &'static str),
    /// A percentile of a stage, in milliseconds.
    Latency(String, &'static str),
}

impl Measure {
    fn new(name: impl Into<String>, unit: &'static str, better: Better, figure: Figure) -> Measure {
        Measure { name: name.into(), unit, better, figure }
    }

    /// Its value in a summary; none when that has no such figure.
    pub fn of(&self, summary: &Value) -> Option<f64> {
        match &self.figure {
            Figure::At(place) => summary.pointer(place)?.as_f64(),
            Figure::Percent(place) => Some(100.0 * summary.pointer(place)?.as_f64()?),
            Figure::Sum(place) => {
                Some(summary.pointer(place)?.as_object()?.values().filter_map(Value::as_f64).sum())
            }
            Figure::Wait(place) => Some(summary.pointer(place)?.as_f64()? / 1e6),
            Figure::ShareOfRequests(place) => {
                Some(100.0 * share(summary.pointer(place)?.as_f64()?, total(summary)?))
            }
            Figure::NoRoom => {
                let reasons = summary["no_room"].as_array()?;
                let count: f64 = reasons.iter().filter_map(|reason| reason["count"].as_f64()).sum();
                Some(100.0 * share(count, total(summary)?))
            }
            Figure::Zones(used, capacity) => {
                let zones = summary["zones"].as_array()?;
                let pairs =
                    zones.iter().filter_map(|zone| Some((zone[*used].as_f64()?, zone[*capacity].as_f64()?)));
                let (sum, all) =
                    pairs.fold((0.0, 0.0), |sum, zone| (sum.0 + zone.0 * zone.1, sum.1 + zone.1));
                (all > 0.0).then(|| 100.0 * sum / all)
            }
            Figure::Latency(stage, percentile) => {
                let stages = summary["simulated_latency_us"].as_array()?;
                let whole = |one: &&Value| one["stage"] == stage.as_str() && one["outcome"].is_null();
                Some(stages.iter().find(whole)?[*percentile].as_f64()? / 1e3)
            }
        }
    }
}

fn total(summary: &Value) -> Option<f64> {
    summary["requests"]["total"].as_f64()
}

fn share(part: f64, all: f64) -> f64 {
    if all > 0.0 { part / all } else { 0.0 }
}

/// Everything that is compared, for these summaries: stages of latency as they occur.
pub(super) fn all<'s>(summaries: impl Iterator<Item = &'s Value>) -> Vec<Measure> {
    use Better::{Higher, Lower, Neither};
    let mut measures = vec![
        Measure::new("requests", "", Neither, Figure::At("/requests/total")),
        Measure::new("instances created", "", Higher, Figure::At("/requests/created")),
        Measure::new("requests rejected", "%", Lower, Figure::ShareOfRequests("/requests/rejected")),
        Measure::new("requests without room", "%", Lower, Figure::NoRoom),
        Measure::new("peak instances", "", Neither, Figure::At("/peaks/instances")),
        Measure::new("peak vCPUs", "", Neither, Figure::At("/peaks/vcpus")),
        Measure::new("vCPUs in use, mean", "%", Higher, Figure::Zones("vcpu_mean", "vcpus")),
        Measure::new("memory in use, mean", "%", Higher, Figure::Zones("memory_mean", "memory_gib")),
        Measure::new("empty hosts at the end", "", Higher, Figure::At("/packing/empty")),
        Measure::new("full hosts at the end", "", Neither, Figure::At("/packing/full")),
        Measure::new("stranded vCPUs at the end", "", Lower, Figure::At("/packing/stranded_vcpus")),
        Measure::new("stranded memory at the end", "GiB", Lower, Figure::At("/packing/stranded_memory_gib")),
        Measure::new("host failures", "", Neither, Figure::At("/nodes/host_failures")),
        Measure::new("instances taken down", "", Lower, Figure::At("/nodes/went_down")),
        Measure::new("downtime, p99", "s", Lower, Figure::Wait("/nodes/downtime_us/p99")),
        Measure::new(
            "requests without room in a disk pool",
            "",
            Lower,
            Figure::At("/operations/pool_refusals"),
        ),
        Measure::new("spot instances created", "", Neither, Figure::At("/spot/bought")),
        Measure::new("spot instances told to go", "", Lower, Figure::Sum("/spot/interruptions")),
        Measure::new("spot cost", "", Lower, Figure::At("/spot/cost")),
        Measure::new("spot saving", "%", Higher, Figure::Percent("/spot/saving")),
        Measure::new(
            "regular requests that a reclaim would have saved",
            "",
            Lower,
            Figure::At("/spot/regular/saved_by_reclaim"),
        ),
        Measure::new("revenue", "", Higher, Figure::At("/billing/revenue")),
        Measure::new(
            "hours throttled for want of credits",
            "",
            Lower,
            Figure::At("/credits/throttled_hours"),
        ),
        Measure::new("CPU time stolen, worst host", "%", Lower, Figure::Percent("/contention/steal_max")),
        Measure::new("calls given up by clients", "", Lower, Figure::At("/clients/given_up")),
    ];
    let mut stages: Vec<String> = Vec::new();
    for summary in summaries {
        let named = summary["simulated_latency_us"].as_array().into_iter().flatten();
        for name in named.filter(|one| one["outcome"].is_null()).filter_map(|one| one["stage"].as_str()) {
            if !stages.iter().any(|known| known == name) {
                stages.push(name.to_owned());
            }
        }
    }
    for stage in stages {
        for (percentile, label) in [("p50", "p50"), ("p99", "p99"), ("p999", "p99.9")] {
            let figure = Figure::Latency(stage.clone(), percentile);
            measures.push(Measure::new(format!("{stage}, {label}"), "ms", Lower, figure));
        }
    }
    measures
}
