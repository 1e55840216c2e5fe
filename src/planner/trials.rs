//! Settings on seeds: verdicts that end early, and complete runs where figures are wanted.
//!
//! Common random numbers: every setting sees the same seeds, so two settings differ by what they are and not by their
//! luck. A verdict needs all seeds to hold, so the first that does not ends it; the seeds that failed last are tried
//! first. Which seeds run side by side never shows: a verdict is that of one after the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxHashMap;

use crate::scenario::schema::Judge as Rule;
use crate::scenario::{Scenario, ScenarioError};
use crate::sim::SimError;

use super::knobs::{Knobs, Point};
use super::objective::Objective;
use super::parallel;
use super::search::Judge;
use super::statistics::{Interval, mean_at_most};
use super::trial::{self, Ask, Trial};

/// Why a plan, a comparison or a sweep has no result.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The scenario is wrong, as written or with a setting in it.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// A run cannot be made.
    #[error(transparent)]
    Sim(#[from] SimError),
    /// There is nothing to plan.
    #[error("{what}")]
    Nothing {
        /// What is missing, and what to write.
        what: String,
    },
    /// Somebody ended it.
    #[error("interrupted")]
    Interrupted,
    /// As many settings were tried as the plan allows.
    #[error("{0} settings were tried: as many as `plan.most_settings` allows")]
    TooManySettings(u32),
}

/// A scenario file with what the command line changes in it.
#[derive(Clone, Debug)]
pub struct Source {
    /// The scenario file.
    pub path: PathBuf,
    /// Overrides, as for [`Scenario::load_with`].
    pub overrides: Vec<(String, String)>,
    /// Trace of the command line.
    pub trace: Option<PathBuf>,
}

impl Source {
    /// The scenario, with more overrides behind its own.
    ///
    /// # Errors
    /// As [`Scenario::load_with`].
    pub fn load(&self, more: &[(String, String)]) -> Result<Scenario, ScenarioError> {
        let all: Vec<(String, String)> = self.overrides.iter().chain(more).cloned().collect();
        Scenario::load_with(&self.path, &all)
    }

    /// Folder that traces are relative to.
    pub fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    /// The same with more overrides.
    #[must_use]
    pub fn with(&self, more: &[(String, String)]) -> Source {
        let mut source = self.clone();
        source.overrides.extend_from_slice(more);
        source
    }
}

/// How sure, on what, and with how many hands.
#[derive(Clone, Debug)]
pub struct Terms {
    /// First seed.
    pub first_seed: u64,
    /// Number of seeds, one after the other.
    pub seeds: u32,
    /// Confidence of every statement.
    pub confidence: f64,
    /// How seeds make a verdict.
    pub rule: Rule,
    /// Runs side by side.
    pub workers: usize,
    /// Settings that a search may try.
    pub most_settings: u32,
}

/// Whether a setting holds, and if not what was in the way.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// It holds.
    pub holds: bool,
    /// The first objective that did not, by its place.
    pub broken: Option<usize>,
}

/// How one objective stands over all seeds of a setting.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Standing {
    /// Name of the objective.
    pub objective: String,
    /// Whether it holds.
    pub holds: bool,
    /// What it may be.
    pub limit: f64,
    /// What is held against the limit: the worst seed's value, or the upper bound of the mean.
    pub judged: f64,
    /// The seed that was worst.
    pub worst_seed: u64,
    /// Its value.
    pub worst: f64,
    /// The window that was worst on it, counted from 0 at the end of the warm-up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst_window: Option<u64>,
    /// Mean over the seeds.
    pub mean: Interval,
    /// Seeds on which it does not hold.
    pub failed_seeds: u32,
    /// Share of the limit that is left; below 0 when it does not hold. For a limit of 0: minus the value.
    pub margin: f64,
}

/// Complete runs of a setting on all seeds.
#[derive(Clone, PartialEq, Debug)]
pub struct Full {
    /// One a seed.
    pub trials: Vec<Trial>,
    /// One an objective.
    pub standings: Vec<Standing>,
}

impl Full {
    /// Whether every objective holds.
    pub fn holds(&self) -> bool {
        self.standings.iter().all(|standing| standing.holds)
    }

    /// Mean and interval of a figure over the seeds.
    pub fn mean(&self, confidence: f64, of: impl Fn(&trial::Figures) -> f64) -> Interval {
        let values: Vec<f64> = self.trials.iter().map(|trial| of(&trial.figures)).collect();
        Interval::of(&values, confidence)
    }
}

/// Something that a search has done, for those who wait.
#[derive(Clone, Copy, Debug)]
pub enum Look<'a> {
    /// A setting was judged.
    Judged {
        /// The setting as overrides.
        setting: &'a [(String, String)],
        /// What it costs.
        cost: f64,
        /// Whether it holds.
        holds: bool,
        /// The objective that does not.
        broken: Option<&'a str>,
    },
    /// A setting runs on all seeds, to the end.
    Measured {
        /// The setting as overrides.
        setting: &'a [(String, String)],
    },
}

/// Judges and measures settings of one scenario; remembers what it has seen.
pub struct Trials<'a> {
    pub(super) source: &'a Source,
    pub(super) terms: &'a Terms,
    pub(super) knobs: &'a Knobs,
    pub(super) objectives: Vec<Objective>,
    stop: &'a AtomicBool,
    look: &'a mut dyn FnMut(Look<'_>),
    /// Places of seeds in the order in which they are tried.
    order: Vec<usize>,
    /// By seed: requests that count, by objective, when a complete run has told.
    asked: Vec<Option<Vec<u64>>>,
    verdicts: FxHashMap<Point, Verdict>,
    fulls: BTreeMap<Point, Full>,
    /// Settings tried.
    pub(super) settings: u32,
    /// Runs that were needed, one after the other; the machine may have begun more.
    pub(super) runs: u64,
}

impl<'a> Trials<'a> {
    /// For a scenario and its objectives.
    pub fn new(
        source: &'a Source,
        terms: &'a Terms,
        knobs: &'a Knobs,
        objectives: Vec<Objective>,
        stop: &'a AtomicBool,
        look: &'a mut dyn FnMut(Look<'_>),
    ) -> Trials<'a> {
        let seeds = terms.seeds as usize;
        Trials {
            source,
            terms,
            knobs,
            objectives,
            stop,
            look,
            order: (0..seeds).collect(),
            asked: vec![None; seeds],
            verdicts: FxHashMap::default(),
            fulls: BTreeMap::new(),
            settings: 0,
            runs: 0,
        }
    }

    /// The scenario of a setting. Its objectives have to be those of the plan: only their limits may move.
    fn load(&self, point: &[usize]) -> Result<(Scenario, Vec<Objective>), PlanError> {
        let scenario = self.source.load(&self.knobs.overrides(point))?;
        let mut objectives = Objective::of(&scenario);
        if objectives.len() != self.objectives.len() {
            let what =
                "the knobs change how many objectives there are: settings of a plan have the same ones";
            return Err(PlanError::Nothing { what: what.to_owned() });
        }
        for (own, planned) in objectives.iter_mut().zip(&self.objectives) {
            own.name.clone_from(&planned.name);
        }
        Ok((scenario, objectives))
    }

    fn ask(&self, strict: bool) -> Ask<'_> {
        Ask {
            folder: self.source.folder(),
            trace: self.source.trace.as_deref(),
            stop: self.stop,
            strict,
            asked: None,
        }
    }

    fn check_stop(&self) -> Result<(), PlanError> {
        if self.stop.load(Ordering::Relaxed) { Err(PlanError::Interrupted) } else { Ok(()) }
    }

    /// Complete runs of a setting on all seeds.
    ///
    /// # Errors
    /// A setting that makes no scenario, a damaged trace, or an interruption.
    pub fn full(&mut self, point: &[usize]) -> Result<&Full, PlanError> {
        if !self.fulls.contains_key(point) {
            let setting = self.knobs.overrides(point);
            (self.look)(Look::Measured { setting: &setting });
            let (scenario, objectives) = self.load(point)?;
            let ask = self.ask(false);
            let (first, seeds) = (self.terms.first_seed, self.terms.seeds as usize);
            let done = parallel::map(seeds, self.terms.workers, |place| {
                trial::run(&scenario, first.wrapping_add(place as u64), &objectives, ask, None)
            });
            self.check_stop()?;
            let trials = done.into_iter().collect::<Result<Vec<Trial>, SimError>>()?;
            self.runs += seeds as u64;
            if self.knobs.leave_load_alone() && !listens(&scenario) {
                for (asked, trial) in self.asked.iter_mut().zip(&trials) {
                    asked.get_or_insert_with(|| trial.asked.clone());
                }
            }
            let standings = standings(&objectives, &trials, self.terms);
            self.fulls.insert(point.to_vec(), Full { trials, standings });
        }
        Ok(&self.fulls[point])
    }

    /// Complete runs of a setting on other seeds than the plan's. Not remembered.
    pub(super) fn fresh(&self, point: &[usize], terms: &Terms) -> Result<Full, PlanError> {
        let (scenario, objectives) = self.load(point)?;
        let ask = self.ask(false);
        let done = parallel::map(terms.seeds as usize, terms.workers, |place| {
            trial::run(&scenario, terms.first_seed.wrapping_add(place as u64), &objectives, ask, None)
        });
        self.check_stop()?;
        let trials = done.into_iter().collect::<Result<Vec<Trial>, SimError>>()?;
        let standings = standings(&objectives, &trials, terms);
        Ok(Full { trials, standings })
    }

    /// Settings that were measured in full.
    pub(super) fn measured(&self) -> impl Iterator<Item = (&Point, &Full)> {
        self.fulls.iter()
    }

    /// Whether a setting holds.
    ///
    /// # Errors
    /// As [`Trials::full`], and when the plan's number of settings is used up.
    pub fn verdict(&mut self, point: &[usize]) -> Result<Verdict, PlanError> {
        if let Some(verdict) = self.verdicts.get(point) {
            return Ok(verdict.clone());
        }
        if self.settings >= self.terms.most_settings {
            return Err(PlanError::TooManySettings(self.settings));
        }
        self.settings += 1;
        let verdict = match (self.terms.rule, self.fulls.get(point)) {
            (_, Some(full)) => of_full(full),
            (Rule::Mean, None) => of_full(self.full(point)?),
            (Rule::EverySeed, None) => self.strict(point)?,
        };
        self.verdicts.insert(point.to_vec(), verdict.clone());
        let setting = self.knobs.overrides(point);
        let broken = verdict.broken.map(|at| self.objectives[at].name.as_str());
        (self.look)(Look::Judged {
            setting: &setting,
            cost: self.knobs.cost(point),
            holds: verdict.holds,
            broken,
        });
        Ok(verdict)
    }

    /// One seed after the other, until one does not hold.
    fn strict(&mut self, point: &[usize]) -> Result<Verdict, PlanError> {
        let (scenario, objectives) = self.load(point)?;
        let ask = self.ask(true);
        let (first, order, asked) = (self.terms.first_seed, &self.order, &self.asked);
        let work = |at: usize, turn: parallel::Turn<'_>| {
            let place = order[at];
            let ask = Ask { asked: asked[place].as_deref(), ..ask };
            trial::run(&scenario, first.wrapping_add(place as u64), &objectives, ask, Some(turn))
        };
        let failed =
            |done: &Result<Trial, SimError>| done.as_ref().map_or(true, |trial| trial.broken().is_some());
        let done = parallel::until(self.order.len(), self.terms.workers, work, failed);
        self.check_stop()?;
        let done = done.into_iter().collect::<Result<Vec<Trial>, SimError>>()?;
        self.runs += done.len() as u64;
        let last = done.len() - 1;
        let broken = done[last].broken();
        if broken.is_some() {
            let seed = self.order.remove(last);
            self.order.insert(0, seed);
        }
        Ok(Verdict { holds: broken.is_none(), broken })
    }
}

impl Judge for Trials<'_> {
    type Error = PlanError;

    fn holds(&mut self, point: &[usize]) -> Result<bool, PlanError> {
        self.verdict(point).map(|verdict| verdict.holds)
    }
}

/// True when somebody asks again, or asks for more, after a refusal: how many requests there are then depends on the
/// setting. Read off the keys as written (`[workloads.client]`, `[workloads.closed_loop]`, `[[spot.fleets]]`).
fn listens(scenario: &Scenario) -> bool {
    let Ok(spec) = toml::Table::try_from(&scenario.spec) else { return true };
    let workloads = spec.get("workloads").and_then(toml::Value::as_array);
    let clients = workloads.is_some_and(|all| {
        all.iter().any(|workload| workload.get("client").or(workload.get("closed_loop")).is_some())
    });
    clients || spec.get("spot").is_some_and(|spot| spot.get("fleets").is_some())
}

fn of_full(full: &Full) -> Verdict {
    let broken = full.standings.iter().position(|standing| !standing.holds);
    Verdict { holds: broken.is_none(), broken }
}

/// How each objective stands.
pub(super) fn standings(objectives: &[Objective], trials: &[Trial], terms: &Terms) -> Vec<Standing> {
    let standing = |(at, objective): (usize, &Objective)| {
        let values: Vec<f64> = trials.iter().map(|trial| trial.measured[at].value).collect();
        let worse = |a: f64, b: f64| if objective.wants_more() { a < b } else { a > b };
        let mut worst = 0;
        for (place, &value) in values.iter().enumerate() {
            if worse(value, values[worst]) {
                worst = place;
            }
        }
        let mean = Interval::of(&values, terms.confidence);
        let by_mean = terms.rule == Rule::Mean && objective.has_mean();
        let judged = if by_mean { mean_at_most(&values, terms.confidence) } else { values[worst] };
        let left = if objective.wants_more() { judged - objective.limit } else { objective.limit - judged };
        Standing {
            objective: objective.name.clone(),
            holds: objective.holds(judged),
            limit: objective.limit,
            judged,
            worst_seed: trials[worst].seed,
            worst: values[worst],
            worst_window: trials[worst].measured[at].window,
            mean: mean.above_zero(),
            failed_seeds: trials.iter().filter(|trial| !trial.measured[at].holds).count() as u32,
            margin: if objective.limit > 0.0 { left / objective.limit } else { left },
        }
    };
    objectives.iter().enumerate().map(standing).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::schema::KnobSpec;

    #[test]
    fn a_setting_ends_with_its_first_seed_that_fails_and_that_seed_comes_first_the_next_time() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("case.toml");
        let text = r#"
            duration = "2d"
            [[classes]]
            name = "one"
            vcpus = 2
            memory = "8GiB"
            [[pools]]
            name = "line"
            zone = "cn-hangzhou-g"
            class = "one"
            hosts = 1
            [[workloads]]
            name = "calls"
            arrivals = { rate = "5/h" }
            lifetime = { distribution = "exponential", mean = "1h" }
            mix = [{ type = "ecs.g5.large" }]
            [objectives]
            rejection_rate = "2%"
            [[plan.knobs]]
            key = "pools.line.hosts"
            low = 1
            high = 30
        "#;
        std::fs::write(&path, text).expect("a scenario");
        let source = Source { path, overrides: Vec::new(), trace: None };
        let scenario = source.load(&[]).expect("a sound scenario");
        let specs: Vec<KnobSpec> =
            scenario.spec.plan.iter().flat_map(|plan| &plan.knobs).map(|knob| knob.get().clone()).collect();
        let knobs = Knobs::of(specs.iter());
        let terms = Terms {
            first_seed: 1,
            seeds: 12,
            confidence: 0.9,
            rule: Rule::EverySeed,
            workers: 2,
            most_settings: 100,
        };
        let stop = AtomicBool::new(false);
        let mut silent = |_: Look<'_>| {};
        let mut trials = Trials::new(&source, &terms, &knobs, Objective::of(&scenario), &stop, &mut silent);
        assert!(!trials.verdict(&[2]).expect("a verdict").holds);
        assert_eq!(trials.runs, 1, "three hosts fail on any seed: one run is enough");
        assert!(trials.verdict(&[29]).expect("a verdict").holds);
        assert_eq!(trials.runs, 1 + 12);
        // A setting between that holds on the first seed and fails on a later one.
        let fails = |place: usize, trials: &mut Trials<'_>| {
            let before = trials.runs;
            let holds = trials.verdict(&[place]).expect("a verdict").holds;
            (!holds).then(|| trials.runs - before)
        };
        let later = (5..20).rev().find_map(|place| fails(place, &mut trials).map(|runs| (place, runs)));
        let (place, runs) = later.expect("some setting fails");
        assert!(runs > 1, "the largest fleet that fails does so on few seeds");
        assert_eq!(fails(place - 1, &mut trials), Some(1), "the seed that failed last is tried first");
        // The same setting costs nothing.
        assert_eq!(fails(place, &mut trials), Some(0));
    }
}
