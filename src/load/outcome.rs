//! What a load benchmark ends with, as data.

use std::io::Write;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::metrics::Percentiles;
use crate::metrics::hdr::{self, HistogramLog};
use crate::model::{SimTime, Utc};
use crate::sim::CodeCount;

use super::desk::Locks;
use super::objective::Objective;

/// Version of the layout; it changes whenever a field changes its name or meaning.
pub const LOAD_SCHEMA: &str = "packyard-load/3";

/// The result of `packyard bench load`. All of it is about this machine.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// [`LOAD_SCHEMA`].
    pub schema: &'static str,
    /// Version of Packyard.
    pub version: &'static str,
    /// Name of the scenario.
    pub scenario: String,
    /// Seed of the schedule and of all other luck.
    pub seed: u64,
    /// Placement policy.
    pub policy: String,
    /// Workers: tasks that answer requests.
    pub workers: usize,
    /// Threads that run them.
    pub threads: usize,
    /// Warm-up of each step in seconds.
    pub warmup_secs: f64,
    /// Measured length of each step in seconds.
    pub step_secs: f64,
    /// A step is given up when a request would begin so many seconds late.
    pub give_up_secs: f64,
    /// What a step has to hold.
    pub objectives: Vec<Objective>,
    /// The fleet and what lives on it.
    pub population: Population,
    /// The steps, in order of time.
    pub steps: Vec<Step>,
    /// Where the objectives broke; none for a single step.
    pub knee: Option<Knee>,
    /// True when the benchmark was interrupted: the last step covers what ran until then.
    pub cut_short: bool,
    /// True when nothing was left claimed after every instance had been released.
    pub conserved: bool,
}

/// The instances that are kept alive.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Population {
    /// Hosts.
    pub hosts: u64,
    /// Live instances, kept for the whole benchmark.
    pub live: u64,
    /// Share of all vCPUs that they hold.
    pub vcpu_share: f64,
    /// True when the fleet took fewer than were asked for: it has no more room for this mix.
    pub short: bool,
}

/// How a step went.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It kept every objective.
    Held,
    /// It answered every request, some too late for an objective.
    Broke,
    /// It fell behind its schedule by more than the bound, and was ended.
    GaveUp,
    /// It was interrupted.
    Interrupted,
}

impl Verdict {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Held => "held",
            Verdict::Broke => "broke",
            Verdict::GaveUp => "gave up",
            Verdict::Interrupted => "interrupted",
        }
    }
}

/// One step of constant rate. All counts but `warmup` and `unsent` are of the measured part.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Requests a second that the schedule offers.
    pub offered_rate: f64,
    /// Answers a second, warm-up included: a step that falls behind answers late what was meant for the warm-up.
    pub achieved_rate: f64,
    /// How it went.
    pub verdict: Verdict,
    /// Objectives that it broke.
    pub broken: Vec<Objective>,
    /// Requests sent during the warm-up.
    pub warmup: u64,
    /// Requests sent: `created + rejected + replayed`.
    pub sent: u64,
    /// Requests of the schedule that were never sent: the step was given up or interrupted.
    pub unsent: u64,
    /// Instances created.
    pub created: u64,
    /// Requests refused.
    pub rejected: u64,
    /// Requests that got the answer of an earlier call with their client token.
    pub replayed: u64,
    /// Requests that were late and answered by another worker than their own, warm-up included.
    pub helped: u64,
    /// Refusals by status and code, most frequent first.
    pub rejected_by_code: Vec<CodeCount>,
    /// From the moment that a request was meant to be sent to its answer, in nanoseconds.
    pub response_ns: Percentiles,
    /// From the begin of the work on a request to its answer, in nanoseconds.
    pub service_ns: Percentiles,
    /// One release, in nanoseconds: its share of the time that a group of them took.
    pub release_ns: Percentiles,
    /// Share of the workers' time that went into requests and releases, warm-up included.
    pub busy: f64,
    /// Use of the world's lock, warm-up included.
    pub locks: Locks,
    /// All measured times, for files in the formats of the HdrHistogram family.
    #[serde(skip)]
    pub histograms: Histograms,
}

/// The times of one step in nanoseconds, and when it was measured.
#[derive(Clone, Debug)]
pub struct Histograms {
    /// End of the warm-up, from the begin of the first step.
    pub from: Duration,
    /// End of the step.
    pub to: Duration,
    /// See [`Step::response_ns`].
    pub response: Histogram<u64>,
    /// See [`Step::service_ns`].
    pub service: Histogram<u64>,
    /// See [`Step::release_ns`].
    pub release: Histogram<u64>,
}

impl Outcome {
    /// The step at the knee: the highest rate that held; the first step when none did.
    pub fn at_knee(&self) -> Option<&Step> {
        let held = self.steps.iter().filter(|step| step.verdict == Verdict::Held);
        held.max_by(|a, b| a.offered_rate.total_cmp(&b.offered_rate)).or(self.steps.first())
    }

    /// The highest rate of answers that any step had.
    pub fn most_achieved(&self) -> f64 {
        self.steps.iter().map(|step| step.achieved_rate).fold(0.0, f64::max)
    }

    /// The response times at the knee as text (`.hgrm`), in nanoseconds; nothing without a step.
    pub fn hgrm(&self) -> String {
        self.at_knee().map(|step| hdr::distribution(&step.histograms.response)).unwrap_or_default()
    }

    /// All times of all steps as an interval log (`.hlog`), tagged `response.RATE` and so on, RATE in requests a second.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn hlog(&self, out: impl Write) -> std::io::Result<()> {
        let mut log = HistogramLog::of_clock(out, "nanoseconds", "seconds of wall time", Utc(0));
        for step in &self.steps {
            let Histograms { from, to, response, service, release } = &step.histograms;
            let moment = |since: &Duration| SimTime(u64::try_from(since.as_micros()).unwrap_or(u64::MAX));
            for (kind, histogram) in [("response", response), ("service", service), ("release", release)] {
                let tag = format!("{kind}.{:.0}", step.offered_rate);
                log.write(&tag, moment(from), moment(to), histogram);
            }
        }
        log.finish().map(|_| ())
    }
}

/// Where rising load broke an objective.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Knee {
    /// The highest rate that held; none when the first step broke.
    pub held: Option<f64>,
    /// The lowest rate that broke; none when no step did.
    pub broke: Option<f64>,
}

impl Knee {
    /// The knee of steps of rising rate and of those between the last two.
    pub(super) fn of(steps: &[Step]) -> Knee {
        let rates = |of: fn(Verdict) -> bool| {
            steps.iter().filter(move |step| of(step.verdict)).map(|step| step.offered_rate)
        };
        Knee {
            held: rates(|verdict| verdict == Verdict::Held).max_by(f64::total_cmp),
            broke: rates(|verdict| matches!(verdict, Verdict::Broke | Verdict::GaveUp))
                .min_by(f64::total_cmp),
        }
    }
}
