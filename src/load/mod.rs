//! The load benchmark of the control plane, in real time.
//!
//! The cloud, the requests and the gate are the simulator's; the clock is this machine's. Workers (tasks on a
//! multi-threaded `tokio` runtime) take requests off their lanes of one schedule that is fixed before a step begins (an
//! open loop), wait for the moment that each is meant to be sent, and answer it with those that are due besides: phases 1
//! to 11 of the gate and the search for a place on facts that no lock guards, counters and claims under the lock of the
//! world, which is taken once for a group. Response time counts from the intended moment, so that a stall is charged to
//! everyone who had to wait for it (no coordinated omission).
//!
//! The fleet is filled first. Every worker then keeps as many instances alive as it began with: one created, one
//! released, so that each step meets the same fleet.
//!
//! A step ends in bounded time: when a request would begin later than [`Plan::give_up`] after its moment, the step is
//! given up. `docs/load.md` says more.

mod desk;
mod lanes;
mod objective;
mod outcome;
mod schedule;
mod step;
mod terminal;
mod worker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

pub use desk::{LockUse, Locks};
pub use objective::Objective;
pub use outcome::{Histograms, Knee, LOAD_SCHEMA, Outcome, Population, Step, Verdict};
pub use terminal::{scaling, step_line, terminal};

use crate::engine::Streams;
use crate::metrics::clock::WallMark;
use crate::model::{SimTime, Utc};
use crate::scenario::Scenario;
use crate::sim::{self, SimError};
use crate::workload::{Workload, WorkloadError};

use desk::{Desk, Live};
use step::Bench;
use worker::Worker;

/// Arrivals of the workload whose requests are sent, over and over.
const ORDER: usize = 1 << 16;
/// The most instances that a share of the fleet is filled with: about 250 bytes each.
const MOST_LIVE: u64 = 1_000_000;
/// Refusals in a row after which the fleet counts as full.
const FULL_AFTER: u32 = 20_000;

/// Why a load benchmark cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The scenario's cloud or workload.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// A number that makes no sense.
    #[error("{0}")]
    Plan(&'static str),
    /// The workload sends nothing.
    #[error("the workload of this scenario makes no request")]
    NoRequests,
    /// A step with too many requests to lay out beforehand.
    #[error(
        "a step at {rate:.0} requests/s has {expected:.0} of them, and the most is {most:.0}: make the step shorter"
    )]
    TooMany {
        /// Requests a second.
        rate: f64,
        /// Requests in the step.
        expected: f64,
        /// The limit.
        most: f64,
    },
    /// The system gives no threads.
    #[error("cannot start worker threads: {0}")]
    Threads(std::io::Error),
}

impl From<WorkloadError> for LoadError {
    fn from(error: WorkloadError) -> LoadError {
        LoadError::Sim(error.into())
    }
}

/// Rates of the steps, in requests a second.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// One step.
    Fixed(f64),
    /// Steps of rising rate, until an objective breaks.
    Rising {
        /// The first rate.
        start: f64,
        /// From one rate to the next; above 1.
        factor: f64,
        /// Further steps between the last rate that held and the first that broke, each half way (by ratio) between the
        /// two nearest.
        refine: u32,
    },
}

/// How many instances live while requests come in.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fill {
    /// As many as hold this share of all vCPUs, a million at most.
    Share(f64),
    /// This many.
    Live(u64),
}

/// What to do.
#[derive(Clone, PartialEq, Debug)]
pub struct Plan {
    /// Tasks that answer requests.
    pub workers: usize,
    /// Rates of the steps.
    pub pace: Pace,
    /// What a step has to hold. None: a rising pace ends when a step is given up.
    pub objectives: Vec<Objective>,
    /// Begin of each step that is not measured.
    pub warmup: Duration,
    /// Measured part of each step.
    pub step: Duration,
    /// A step is given up when a request would begin later than this after its moment.
    pub give_up: Duration,
    /// Instances that live all the time.
    pub fill: Fill,
}

impl Default for Plan {
    /// Two workers, steps of two seconds from 10,000 requests a second, each half as high again as the one before, then
    /// three between the last two: the knee to a twentieth.
    fn default() -> Plan {
        Plan {
            workers: 2,
            pace: Pace::Rising { start: 10_000.0, factor: 1.5, refine: 3 },
            objectives: Vec::new(),
            warmup: Duration::from_millis(500),
            step: Duration::from_secs(2),
            give_up: Duration::from_secs(1),
            fill: Fill::Share(0.5),
        }
    }
}

impl Plan {
    fn check(&self) -> Result<(), LoadError> {
        let (rate, factor) = match self.pace {
            Pace::Fixed(rate) => (rate, 2.0),
            Pace::Rising { start, factor, .. } => (start, factor),
        };
        let wrong = if self.workers == 0 {
            "there must be a worker"
        } else if !(rate.is_finite() && rate > 0.0) {
            "the rate must be above zero"
        } else if !(factor.is_finite() && factor >= 1.01) {
            "the factor from step to step must be 1.01 or more"
        } else if self.step.is_zero() || self.give_up.is_zero() {
            "a step, and the time after which it is given up, must be longer than nothing"
        } else if matches!(self.fill, Fill::Share(share) if !(0.0..=1.0).contains(&share)) {
            "the share of the fleet to fill goes from 0 to 1"
        } else {
            return Ok(());
        };
        Err(LoadError::Plan(wrong))
    }

    /// The rate of the step that follows `steps`; none after the last.
    fn rate(&self, steps: &[Step]) -> Option<f64> {
        let (start, factor, refine) = match self.pace {
            Pace::Fixed(rate) => return steps.is_empty().then_some(rate),
            Pace::Rising { start, factor, refine } => (start, factor, refine),
        };
        let rising = steps.iter().take_while(|step| step.verdict == Verdict::Held).count();
        if rising == steps.len() {
            return Some(start * libm::pow(factor, rising as f64));
        }
        let refined = steps.len() - rising - 1;
        let interrupted = steps.iter().any(|step| step.verdict == Verdict::Interrupted);
        match Knee::of(steps) {
            Knee { held: Some(held), broke: Some(broke) } if refined < refine as usize && !interrupted => {
                Some((held * broke).sqrt())
            }
            _ => None,
        }
    }
}

/// Runs a load benchmark. `folder` and `trace` are as for a simulation; `stop` ends it cleanly when raised; `look`
/// sees every step when it is done.
///
/// # Errors
/// Whatever is wrong with the scenario, its trace or the plan.
pub fn run(
    scenario: &Scenario,
    folder: &Path,
    trace: Option<&Path>,
    plan: &Plan,
    stop: &Arc<AtomicBool>,
    mut look: impl FnMut(&Step),
) -> Result<Outcome, LoadError> {
    plan.check()?;
    let (cloud, workload, templates) = sim::prepare(scenario, folder, trace)?;
    let desk = Arc::new(Desk::new(cloud, templates, order(workload)?));
    let (start, seed) = (scenario.spec.start.0, scenario.spec.seed);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(plan.workers);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_time()
        .build()
        .map_err(LoadError::Threads)?;

    let deal = desk.deal(plan.workers);
    let mut filling = fill(&desk, &deal, plan, start, stop);
    let mut bench =
        Bench { plan, start, threads, deal: &deal, stop, first: filling.tried, zero: WallMark::now() };
    let mut workers: Vec<Worker> = Vec::new();
    for (at, live) in filling.shares.drain(..).enumerate() {
        let luck = Streams::new(seed).stream("load/release", at as u64);
        workers.push(Worker::new(Arc::clone(&desk), at, live, luck));
    }
    let mut steps: Vec<Step> = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let Some(rate) = plan.rate(&steps) else { break };
        let number = steps.len() as u64;
        let schedule = match schedule::poisson(seed, number, rate, plan) {
            // Nothing has broken at the highest rate that can be offered.
            Err(LoadError::TooMany { .. }) if number > 0 => break,
            schedule => schedule?,
        };
        let (back, step) = runtime.block_on(bench.step(workers, rate, schedule));
        workers = back;
        look(&step);
        steps.push(step);
    }
    let released = workers.iter().map(Worker::live).sum::<usize>() as u64 == desk.usage().0;
    workers.into_iter().for_each(Worker::leave);
    let knee = matches!(plan.pace, Pace::Rising { .. }).then(|| Knee::of(&steps));
    Ok(Outcome {
        schema: LOAD_SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        scenario: scenario.spec.name.clone(),
        seed,
        policy: scenario.spec.policy.get().clone(),
        workers: plan.workers,
        threads,
        warmup_secs: plan.warmup.as_secs_f64(),
        step_secs: plan.step.as_secs_f64(),
        give_up_secs: plan.give_up.as_secs_f64(),
        objectives: plan.objectives.clone(),
        population: filling.population,
        steps,
        knee,
        cut_short: stop.load(Ordering::Relaxed),
        conserved: released && desk.usage().0 == 0 && desk.usage().1 == 0,
    })
}

/// Templates in the order in which the first arrivals of the workload ask for them. Of fleets and closed loops nothing
/// arrives by itself: where there is nothing else, they ask in turn.
fn order(mut workload: Workload) -> Result<Vec<u32>, LoadError> {
    let mut order = Vec::with_capacity(ORDER);
    while order.len() < ORDER
        && let Some(arrival) = workload.next()?
    {
        order.push(arrival.template);
    }
    if order.is_empty() {
        let sources: Vec<u32> = workload.on_demand().collect();
        for number in sources.into_iter().cycle().take(ORDER) {
            order.extend(workload.draw(number, SimTime::ZERO, None).map(|(template, _)| template));
        }
    }
    if order.is_empty() { Err(LoadError::NoRequests) } else { Ok(order) }
}

/// A filled fleet.
struct Filling {
    /// Instances of each worker.
    shares: Vec<Vec<Live>>,
    population: Population,
    /// Requests sent for it.
    tried: u64,
}

/// Fills the fleet with the workload's own requests; each instance is its worker's.
fn fill(desk: &Desk, deal: &[u32], plan: &Plan, now: Utc, stop: &AtomicBool) -> Filling {
    let (_, _, capacity) = desk.usage();
    let (most, share) = match plan.fill {
        Fill::Share(share) => (MOST_LIVE, share),
        Fill::Live(live) => (live, f64::INFINITY),
    };
    let wanted = share * capacity as f64;
    let mut shares: Vec<Vec<Live>> = (0..plan.workers).map(|_| Vec::new()).collect();
    let (mut live, mut cpu_milli, mut tried, mut refused) = (0, 0, 0, 0);
    while live < most && (cpu_milli as f64) < wanted && refused < FULL_AFTER && !stop.load(Ordering::Relaxed)
    {
        match desk.serve(tried, now, &mut Locks::default()) {
            Ok(one) => {
                shares[deal[(tried % deal.len() as u64) as usize] as usize].push(one);
                cpu_milli += desk.template(tried).demand.cpu_milli;
                (live, refused) = (live + 1, 0);
            }
            Err(_) => refused += 1,
        }
        tried += 1;
    }
    let population = Population {
        hosts: u64::from(desk.fleet.len()),
        live,
        vcpu_share: if capacity == 0 { 0.0 } else { cpu_milli as f64 / capacity as f64 },
        short: refused == FULL_AFTER,
    };
    Filling { shares, population, tried }
}
