//! Money, credits, clients and fleets in whole runs, each against figures worked out by hand.

#[path = "money/billing.rs"]
mod billing;
#[path = "money/burstable.rs"]
mod burstable;
#[path = "money/clients.rs"]
mod clients;
#[path = "money/hosts.rs"]
mod hosts;
#[path = "money/loops.rs"]
mod loops;
#[path = "money/random.rs"]
mod random;

use std::path::Path;

use packyard::model::{SimDuration, SimTime};
use packyard::scenario::Scenario;
use packyard::sim::{Go, Gone, Happened, Observer, Simulation, Summary, View};

/// What a test wants to have seen of a run.
#[derive(Default)]
struct Seen {
    locked: Vec<(SimTime, bool)>,
    again: Vec<SimTime>,
    released: Vec<(SimTime, Gone)>,
    spent: Vec<(SimTime, bool)>,
    /// Moment and live instances, by the hour.
    live: Vec<(SimTime, u64)>,
}

impl Observer for Seen {
    fn interval(&self) -> Option<SimDuration> {
        Some(SimDuration::from_secs(3_600))
    }

    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        match *what {
            Happened::Locked { overdue, .. } => self.locked.push((at, overdue)),
            Happened::RunsAgain { .. } => self.again.push(at),
            Happened::Released { cause, .. } => self.released.push((at, cause)),
            Happened::CreditsSpent { throttled, .. } => self.spent.push((at, throttled)),
            _ => {}
        }
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        self.live.push((at, view.total.instances.now()));
    }
}

/// A cloud with plenty of room for everything, and what the test adds.
fn cloud(duration: &str, more: &str) -> String {
    format!(
        r#"
        name = "test"
        duration = "{duration}"
        [[classes]]
        name = "any"
        vcpus = 1000
        memory = "8000GiB"
        [[pools]]
        zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
        class = "any"
        hosts = 20
        {more}
        "#
    )
}

/// A workload that hardly asks for anything.
fn idle() -> &'static str {
    "[[workloads]]\nname = \"idle\"\narrivals = { rate = \"0.001/d\" }\nlifetime = { distribution = \"constant\", value = \"1h\" }\nmix = [{ type = \"ecs.g5.large\" }]\n"
}

fn scenario(text: &str) -> Scenario {
    Scenario::from_str(text, "test.toml").unwrap_or_else(|error| panic!("{error:?}\n{text}"))
}

fn run(text: &str) -> (Summary, Seen) {
    let scenario = scenario(text);
    let mut seen = Seen::default();
    let simulation = Simulation::new(&scenario, Path::new(""), None).expect("a cloud");
    let summary = simulation.run_observed(None, &mut seen, |_| Go::On).expect("a run");
    (summary, seen)
}

fn hours(count: u64) -> SimTime {
    SimTime(count * 3_600_000_000)
}

/// Amounts as whole millionths: reports show them as decimals.
fn millionths(amount: f64) -> i64 {
    (amount * 1e6).round() as i64
}
