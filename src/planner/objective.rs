//! Objectives: what a run has to hold, and what it was measured to be.

use crate::model::SimDuration;
use crate::scenario::Scenario;
use crate::scenario::schema::{
    InterruptionSpec, LatencyEnd, LatencySpec, RejectionCount, RejectionSpec, RequestsOf,
};
use crate::scenario::units::At;

/// One objective.
#[derive(Clone, PartialEq, Debug)]
pub struct Objective {
    /// Name, unique among the objectives of a scenario.
    pub name: String,
    /// What is measured.
    pub kind: Kind,
    /// What it may be at most (headroom: at least). A share; for latency microseconds; for survival instances.
    pub limit: f64,
    /// It has to hold in every window of this length; none: over the run.
    pub window: Option<SimDuration>,
}

/// What an objective measures.
#[derive(Clone, PartialEq, Debug)]
pub enum Kind {
    /// Share of requests that are refused.
    Rejections {
        /// Instance types that count; empty: all.
        types: Vec<String>,
        /// Accounts that count; empty: all.
        accounts: Vec<String>,
        /// Whose requests count.
        of: RequestsOf,
        /// Refusals that count.
        count: RejectionCount,
    },
    /// Share of spot instances that are told to go.
    Interruptions {
        /// Instance types that count; empty: all.
        types: Vec<String>,
        /// Accounts that count; empty: all.
        accounts: Vec<String>,
    },
    /// A percentile of simulated latency.
    Latency {
        /// From the request to what.
        until: LatencyEnd,
        /// The percentile.
        percentile: f64,
    },
    /// Instances that find no other place after a failure.
    Survival {
        /// What fails.
        failure: Failure,
        /// Only in these zones; empty: in each.
        zones: Vec<String>,
    },
    /// Free share of vCPUs or memory, the smaller one, of the fullest zone.
    Headroom,
}

/// What fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// So many hosts of one zone.
    Hosts(u32),
    /// A rack.
    Rack,
    /// A zone.
    Zone,
}

/// The unit of a measured value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unit {
    /// A share of 1.
    Share,
    /// Microseconds of virtual time.
    Micros,
    /// Instances.
    Instances,
}

impl Objective {
    /// The objectives of a scenario, in the order of the schema.
    pub fn of(scenario: &Scenario) -> Vec<Objective> {
        let Some(spec) = &scenario.spec.objectives else { return Vec::new() };
        let window = spec.window.as_ref().map(|span| span.get().get());
        let mut all = Vec::new();
        if let Some(most) = &spec.rejection_rate {
            let (of, count) = (RequestsOf::Regular, RejectionCount::NoRoom);
            let kind = Kind::Rejections { types: Vec::new(), accounts: Vec::new(), of, count };
            all.push(Objective { name: "rejection rate".to_owned(), kind, limit: most.get().get(), window });
        }
        all.extend(spec.rejections.iter().map(|part| rejections(part, window)));
        all.extend(spec.latency.iter().map(|part| latency(part, window)));
        if let Some(most) = &spec.interruption_rate {
            let kind = Kind::Interruptions { types: Vec::new(), accounts: Vec::new() };
            all.push(Objective { name: INTERRUPTIONS.to_owned(), kind, limit: most.get().get(), window });
        }
        all.extend(spec.interruptions.iter().map(|part| interruptions(part, window)));
        if let Some(survive) = spec.survive.as_ref().map(|survive| survive.get()) {
            let hosts = survive.hosts.as_ref().map(|hosts| Failure::Hosts(**hosts));
            let rack = survive.rack.then_some(Failure::Rack);
            let zone = survive.zone.then_some(Failure::Zone);
            for failure in [hosts, rack, zone].into_iter().flatten() {
                let zones: Vec<String> = survive.zones.iter().map(|zone| zone.get().clone()).collect();
                let mut name = match failure {
                    Failure::Hosts(1) => "loss of a host".to_owned(),
                    Failure::Hosts(count) => format!("loss of {count} hosts"),
                    Failure::Rack => "loss of a rack".to_owned(),
                    Failure::Zone => "loss of a zone".to_owned(),
                };
                if !zones.is_empty() {
                    name = format!("{name} ({})", zones.join(", "));
                }
                let kind = Kind::Survival { failure, zones };
                all.push(Objective { name, kind, limit: 0.0, window: None });
            }
        }
        if let Some(least) = &spec.headroom {
            let limit = least.get().get();
            all.push(Objective { name: "headroom".to_owned(), kind: Kind::Headroom, limit, window: None });
        }
        number_twins(&mut all);
        all
    }

    /// Whether a measured value is within the objective.
    pub fn holds(&self, value: f64) -> bool {
        if self.wants_more() { value >= self.limit } else { value <= self.limit }
    }

    /// True when larger values are better.
    pub fn wants_more(&self) -> bool {
        self.kind == Kind::Headroom
    }

    /// True for a rate or a percentile, of which a mean over seeds says something.
    pub fn has_mean(&self) -> bool {
        matches!(self.kind, Kind::Rejections { .. } | Kind::Latency { .. } | Kind::Interruptions { .. })
    }

    /// The unit of values and of the limit.
    pub fn unit(&self) -> Unit {
        match self.kind {
            Kind::Rejections { .. } | Kind::Interruptions { .. } | Kind::Headroom => Unit::Share,
            Kind::Latency { .. } => Unit::Micros,
            Kind::Survival { .. } => Unit::Instances,
        }
    }
}

/// Name of the objective for all spot instances.
const INTERRUPTIONS: &str = "spot interruptions";

fn texts(list: &[At<String>]) -> Vec<String> {
    list.iter().map(|text| text.get().clone()).collect()
}

fn rejections(part: &RejectionSpec, window: Option<SimDuration>) -> Objective {
    let (types, accounts) = (texts(&part.types), texts(&part.accounts));
    let name = part.name.as_ref().map(|name| name.get().clone()).unwrap_or_else(|| {
        let mut of: Vec<&str> = types.iter().chain(&accounts).map(String::as_str).collect();
        match part.of {
            RequestsOf::Regular => {}
            RequestsOf::Spot => of.insert(0, "spot"),
            RequestsOf::All => of.insert(0, "all requests"),
        }
        if part.count == RejectionCount::All {
            of.insert(0, "all refusals");
        }
        if of.is_empty() { "rejection rate".to_owned() } else { format!("rejections, {}", of.join(", ")) }
    });
    Objective {
        name,
        kind: Kind::Rejections { types, accounts, of: part.of, count: part.count },
        limit: part.most.get().get(),
        window: part.window.as_ref().map(|span| span.get().get()).or(window),
    }
}

fn interruptions(part: &InterruptionSpec, window: Option<SimDuration>) -> Objective {
    let (types, accounts) = (texts(&part.types), texts(&part.accounts));
    let name = part.name.as_ref().map(|name| name.get().clone()).unwrap_or_else(|| {
        let of: Vec<&str> = types.iter().chain(&accounts).map(String::as_str).collect();
        if of.is_empty() { INTERRUPTIONS.to_owned() } else { format!("{INTERRUPTIONS}, {}", of.join(", ")) }
    });
    Objective {
        name,
        kind: Kind::Interruptions { types, accounts },
        limit: part.most.get().get(),
        window: part.window.as_ref().map(|span| span.get().get()).or(window),
    }
}

fn latency(part: &LatencySpec, window: Option<SimDuration>) -> Objective {
    let until = match part.until {
        LatencyEnd::Created => "answer, created",
        LatencyEnd::Running => "request to running",
    };
    Objective {
        name: format!("{until} p{}", part.percentile),
        kind: Kind::Latency { until: part.until, percentile: *part.percentile },
        limit: part.most.get().get().0 as f64,
        window: part.window.as_ref().map(|span| span.get().get()).or(window),
    }
}

/// Gives a number to every further objective of one name.
fn number_twins(all: &mut [Objective]) {
    for place in 1..all.len() {
        let (before, here) = all.split_at_mut(place);
        let same = |other: &&Objective| {
            other.name == here[0].name || other.name.starts_with(&format!("{} (", here[0].name))
        };
        let twins = before.iter().filter(same).count();
        if before.iter().any(|other| other.name == here[0].name) {
            here[0].name = format!("{} ({})", here[0].name, twins + 1);
        }
    }
}
