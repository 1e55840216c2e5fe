//! The observer that measures objectives while a run goes on, and ends a run that has failed for certain.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

use crate::model::{SimDuration, SimTime};
use crate::scenario::Scenario;
use crate::scenario::schema::{LatencyEnd, RejectionCount, RequestsOf};
use crate::sim::{Happened, Observer, Simulation, View};
use crate::validate::Reject;
use crate::workload::Template;

use super::objective::{Kind, Objective};
use super::population::Population;

/// What was measured for one objective: the value of the run, or of its worst window.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// The value, in the objective's unit.
    pub value: f64,
    /// Whether it is within the objective.
    pub holds: bool,
    /// The window that was worst, counted from the end of the warm-up.
    pub window: Option<u64>,
}

/// Regular requests after the warm-up that came to a place, or found none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Placed {
    /// Instances created.
    pub(super) created: u64,
    /// Requests without room on any host or in any disk pool.
    pub(super) no_room: u64,
    /// Those that a disk pool refused.
    pub(super) no_disks: u64,
}

/// What becomes of a spot instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Turn {
    Bought,
    Told,
    Gone,
}

/// Measures all objectives of a run.
#[derive(Debug)]
pub(super) struct Gauge<'o> {
    objectives: &'o [Objective],
    meters: Vec<Meter>,
    population: Option<Population>,
    /// By template: whether it buys on the spot market.
    is_spot: Vec<bool>,
    /// Spot instances that live and were not told to go, with their templates; none when no objective asks for them.
    spot: Option<BTreeMap<u64, u32>>,
    placed: Placed,
    interval: SimDuration,
    warmup: SimTime,
    /// Windows end here at the latest: a rest shorter than a window belongs to the one before.
    until: SimTime,
    /// End the run when an objective has failed for certain.
    strict: bool,
    failed: bool,
}

/// Measures one objective.
#[derive(Debug)]
struct Meter {
    /// By template: whether it counts.
    counts: Vec<bool>,
    /// Requests of templates that count, after the warm-up.
    asked: u64,
    /// Refusals or notices that count, and all that is counted, in the window at hand.
    missed: u64,
    all: u64,
    /// Spot instances that live, were not told to go, and count.
    live: u64,
    latencies: Option<Box<Histogram<u64>>>,
    window: u64,
    worst: Option<(f64, u64)>,
    /// With more refusals than these in a run without windows the objective has failed for certain.
    most_refused: Option<u64>,
}

impl<'o> Gauge<'o> {
    /// A gauge for one run. `asked`: how many requests count for each objective, when an earlier run on the same
    /// workload and seed has told; the run is then ended as soon as it has failed.
    pub(super) fn new(
        objectives: &'o [Objective],
        scenario: &Scenario,
        simulation: &Simulation<'_>,
        strict: bool,
        asked: Option<&[u64]>,
    ) -> Gauge<'o> {
        let templates = simulation.workload().templates();
        let is_spot: Vec<bool> = (0..templates.len()).map(|at| simulation.is_spot(at)).collect();
        // Whether a template's type and account are among those named.
        let named = |template: &Template, types: &[String], accounts: &[String]| {
            let value = template.params.iter().find(|(name, _)| name == "InstanceType");
            let own = value.map_or("", |(_, value)| value.as_str());
            let account = &scenario.accounts[template.account.at()];
            (types.is_empty() || types.iter().any(|name| name == own))
                && (accounts.is_empty() || accounts.contains(account))
        };
        let meter = |place: usize, objective: &Objective| {
            let counts = |(template, &spot): (&Template, &bool)| match &objective.kind {
                Kind::Rejections { types, accounts, of, count } => {
                    let whose = match of {
                        RequestsOf::Regular => !spot,
                        RequestsOf::Spot => spot,
                        RequestsOf::All => true,
                    };
                    whose
                        && named(template, types, accounts)
                        && (*count == RejectionCount::All || template.fault.is_none())
                }
                Kind::Interruptions { types, accounts } => spot && named(template, types, accounts),
                _ => true,
            };
            let counts = templates.iter().zip(&is_spot).map(counts).collect();
            let rejections = matches!(objective.kind, Kind::Rejections { .. });
            let latencies = matches!(objective.kind, Kind::Latency { .. })
                .then(|| Box::new(Histogram::new(3).expect("three significant figures are allowed")));
            let known = asked.map(|asked| asked[place]).filter(|_| rejections && objective.window.is_none());
            Meter {
                counts,
                asked: 0,
                missed: 0,
                all: 0,
                live: 0,
                latencies,
                window: 0,
                worst: None,
                // No more than these are counted in the end, so a share of them is above the limit.
                most_refused: known.map(|asked| (objective.limit * asked as f64).floor() as u64),
            }
        };
        let interruptions =
            objectives.iter().any(|objective| matches!(objective.kind, Kind::Interruptions { .. }));
        let survival = objectives.iter().any(|objective| matches!(objective.kind, Kind::Survival { .. }));
        let duration = scenario.spec.duration.get().get();
        Gauge {
            objectives,
            meters: objectives.iter().enumerate().map(|(place, objective)| meter(place, objective)).collect(),
            population: survival.then(|| Population::new(simulation)),
            is_spot,
            spot: interruptions.then(BTreeMap::new),
            placed: Placed::default(),
            interval: scenario.spec.report.interval.get().get(),
            warmup: SimTime::ZERO + scenario.spec.warmup.get().get(),
            until: SimTime::ZERO + duration,
            strict,
            failed: false,
        }
    }

    /// What became of the requests after the warm-up.
    pub(super) fn placed(&self) -> Placed {
        self.placed
    }

    /// What was measured, and the requests that counted, by objective.
    pub(super) fn finish(mut self) -> (Vec<Measured>, Vec<u64>) {
        let mut measured = Vec::with_capacity(self.objectives.len());
        for (objective, meter) in self.objectives.iter().zip(&mut self.meters) {
            meter.close(objective);
            let (value, window) = meter.worst.unwrap_or((if objective.wants_more() { 1.0 } else { 0.0 }, 0));
            measured.push(Measured {
                value,
                holds: objective.holds(value),
                window: objective.window.map(|_| window),
            });
        }
        (measured, self.meters.iter().map(|meter| meter.asked).collect())
    }

    fn count(&mut self, at: SimTime, template: u32, arrived: SimTime, refused: Option<&Reject>) {
        if arrived < self.warmup {
            return;
        }
        let spot = self.is_spot[template as usize];
        let no_host_or_disk = refused.is_some_and(Reject::is_for_want_of_room);
        let no_room = no_host_or_disk || spot && refused.is_some_and(Reject::is_for_want_of_stock);
        if !spot {
            self.placed.created += u64::from(refused.is_none());
            self.placed.no_room += u64::from(no_room);
            self.placed.no_disks +=
                u64::from(no_room && refused.is_some_and(|reject| reject.no_room.is_none()));
        }
        for (objective, meter) in self.objectives.iter().zip(&mut self.meters) {
            let Kind::Rejections { count, .. } = objective.kind else { continue };
            let counts = match count {
                RejectionCount::All => true,
                RejectionCount::NoRoom => refused.is_none() || no_room,
            };
            if !counts || !meter.counts[template as usize] {
                continue;
            }
            self.failed |= meter.roll(objective, at, self.warmup, self.until);
            meter.all += 1;
            if refused.is_some() {
                meter.missed += 1;
                self.failed |= meter.most_refused.is_some_and(|most| meter.missed > most);
            }
        }
    }

    /// A spot instance was bought, told to go, or is gone.
    fn spot(&mut self, at: SimTime, number: u64, turn: Turn) {
        // Who was told to go, or buys no spot, is not among them.
        let Some(live) = &mut self.spot else { return };
        let template = if turn == Turn::Bought { live.get(&number).copied() } else { live.remove(&number) };
        let Some(template) = template else { return };
        for (objective, meter) in self.objectives.iter().zip(&mut self.meters) {
            if !matches!(objective.kind, Kind::Interruptions { .. }) || !meter.counts[template as usize] {
                continue;
            }
            if at >= self.warmup {
                self.failed |= meter.roll(objective, at, self.warmup, self.until);
            }
            match turn {
                Turn::Bought => (meter.live, meter.all) = (meter.live + 1, meter.all + 1),
                Turn::Told => (meter.live, meter.missed) = (meter.live - 1, meter.missed + 1),
                Turn::Gone => meter.live -= 1,
            }
            if at < self.warmup {
                (meter.missed, meter.all) = (0, meter.live);
            }
        }
    }

    fn time(&mut self, at: SimTime, arrived: SimTime, end: LatencyEnd) {
        if arrived < self.warmup {
            return;
        }
        for (objective, meter) in self.objectives.iter().zip(&mut self.meters) {
            let Kind::Latency { until, .. } = objective.kind else { continue };
            if until != end {
                continue;
            }
            self.failed |= meter.roll(objective, at, self.warmup, self.until);
            meter.all += 1;
            let latencies = meter.latencies.as_mut().expect("a latency objective has a histogram");
            latencies.record(at.since(arrived).0).expect("an auto-resizing histogram takes any value");
        }
    }

    fn look(&mut self, at: SimTime, view: &View<'_>) {
        for (objective, meter) in self.objectives.iter().zip(&mut self.meters) {
            if objective.kind == Kind::Headroom {
                let free = headroom(view);
                if meter.worst.is_none_or(|(worst, _)| free < worst) {
                    meter.worst = Some((free, 0));
                    self.failed |= !objective.holds(free);
                }
            }
        }
        let Some(population) = &mut self.population else { return };
        if !population.is_new_peak(view) {
            return;
        }
        for (objective, meter) in self.objectives.iter().zip(&mut self.meters) {
            if let Kind::Survival { failure, zones } = &objective.kind {
                let homeless = population.homeless(*failure, zones, view) as f64;
                if meter.worst.is_none_or(|(worst, _)| homeless > worst) {
                    meter.worst = Some((homeless, at.0));
                    self.failed |= !objective.holds(homeless);
                }
            }
        }
    }
}

impl Observer for Gauge<'_> {
    fn interval(&self) -> Option<SimDuration> {
        let headroom = self.objectives.iter().any(|objective| objective.kind == Kind::Headroom);
        (headroom || self.population.is_some()).then_some(self.interval)
    }

    fn enough(&self) -> bool {
        self.strict && self.failed
    }

    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        match *what {
            Happened::Requested { template, .. } if at >= self.warmup => {
                for meter in &mut self.meters {
                    meter.asked += u64::from(meter.counts[template as usize]);
                }
            }
            Happened::Rejected { template, arrived, reject, .. } if reject.replay.is_none() => {
                self.count(at, template, arrived, Some(reject));
            }
            Happened::Created { number, template, arrived, host, .. } => {
                self.count(at, template, arrived, None);
                self.time(at, arrived, LatencyEnd::Created);
                if let Some(live) = self.spot.as_mut().filter(|_| self.is_spot[template as usize]) {
                    live.insert(number, template);
                    self.spot(at, number, Turn::Bought);
                }
                if let Some(population) = &mut self.population {
                    population.came(number, template, host);
                }
            }
            Happened::Running { arrived, .. } => self.time(at, arrived, LatencyEnd::Running),
            Happened::Moved { number, to: host, .. }
            | Happened::Replaced { number, host }
            | Happened::RunsAgain { number, host } => {
                if let Some(population) = &mut self.population {
                    population.moved(number, host);
                }
            }
            Happened::SpotNotice { number, .. } => self.spot(at, number, Turn::Told),
            Happened::Released { number, .. } => {
                self.spot(at, number, Turn::Gone);
                if let Some(population) = &mut self.population {
                    population.went(number);
                }
            }
            _ => {}
        }
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        if at >= self.warmup {
            self.look(at, view);
        }
    }
}

impl Meter {
    /// Ends the windows before the one of `at`; true when one of them has failed.
    fn roll(&mut self, objective: &Objective, at: SimTime, warmup: SimTime, until: SimTime) -> bool {
        let Some(window) = objective.window else { return false };
        let mut number = at.since(warmup).0 / window.0;
        if until < SimTime::NEVER {
            let whole = (until.since(warmup).0 / window.0).max(1);
            number = number.min(whole - 1);
        }
        if number == self.window {
            return false;
        }
        self.close(objective);
        self.window = number;
        self.worst.is_some_and(|(worst, _)| !objective.holds(worst))
    }

    /// Takes the value of the window at hand.
    fn close(&mut self, objective: &Objective) {
        if self.all == 0 {
            return;
        }
        let value = match (&objective.kind, &mut self.latencies) {
            (Kind::Rejections { .. } | Kind::Interruptions { .. }, _) => self.missed as f64 / self.all as f64,
            (Kind::Latency { percentile, .. }, Some(latencies)) => {
                let value = latencies.value_at_quantile(percentile / 100.0) as f64;
                latencies.reset();
                value
            }
            _ => return,
        };
        // Who lives on is in the next window too.
        (self.missed, self.all) = (0, self.live);
        if self.worst.is_none_or(|(worst, _)| value > worst) {
            self.worst = Some((value, self.window));
        }
    }
}

/// Free share of vCPUs or of memory, the smaller one, in the fullest zone.
fn headroom(view: &View<'_>) -> f64 {
    let mut least: f64 = 1.0;
    for (zone, _) in view.world.all_zones() {
        let usage = view.fleet.zone_usage(zone);
        let free = |used: u64, capacity: u64| {
            if capacity == 0 { 1.0 } else { capacity.saturating_sub(used) as f64 / capacity as f64 }
        };
        least = least
            .min(free(usage.used.cpu_milli, usage.capacity.cpu_milli))
            .min(free(usage.used.memory_mib, usage.capacity.memory_mib));
    }
    least
}
