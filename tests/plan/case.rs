//! Scenarios on the disk, and plans of them.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use packyard::planner::{Extras, Full, Knobs, Plan, PlanError, Source, Terms, Trials, plan};

/// A scenario on the disk.
pub(crate) struct Case {
    _dir: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

impl Case {
    pub(crate) fn new(scenario: &str, trace: Option<&str>) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("case.toml");
        std::fs::write(&path, scenario).unwrap();
        if let Some(trace) = trace {
            std::fs::write(dir.path().join("trace.csv"), trace).unwrap();
        }
        Case { _dir: dir, path }
    }

    pub(crate) fn source(&self, set: &[(&str, &str)]) -> Source {
        let overrides = set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Source { path: self.path.clone(), overrides, trace: None }
    }

    pub(crate) fn try_plan(
        &self,
        set: &[(&str, &str)],
        workers: usize,
        extras: Extras,
    ) -> Result<Plan, PlanError> {
        let source = self.source(set);
        let (knobs, terms) = knobs_and_terms(&source, workers);
        plan(&source, &knobs, &terms, extras, &AtomicBool::new(false), &mut |_| {})
    }

    #[track_caller]
    pub(crate) fn plan(&self, set: &[(&str, &str)]) -> Plan {
        self.try_plan(set, 2, Extras { around: false, verify: 0 }).unwrap()
    }

    /// The values of the answer.
    #[track_caller]
    pub(crate) fn answer(&self, set: &[(&str, &str)]) -> Vec<String> {
        let answer = self.plan(set).answer.expect("something holds");
        answer.setting.values.into_iter().map(|(_, value)| value).collect()
    }
}

pub(crate) fn knobs_and_terms(source: &Source, workers: usize) -> (Knobs, Terms) {
    let scenario = source.load(&[]).unwrap();
    let spec = scenario.spec.plan.clone().unwrap_or_default();
    let terms = Terms {
        first_seed: scenario.spec.seed,
        seeds: *spec.seeds,
        confidence: spec.confidence.get().get(),
        rule: spec.judge,
        workers,
        most_settings: *spec.most_settings,
    };
    (Knobs::of(spec.knobs.iter().map(|knob| knob.get())), terms)
}

impl Case {
    /// Complete runs of the scenario with all knobs at these places.
    #[track_caller]
    pub(crate) fn full(&self, set: &[(&str, &str)], point: &[usize]) -> Full {
        let source = self.source(set);
        let (knobs, terms) = knobs_and_terms(&source, 2);
        let objectives = packyard::planner::Objective::of(&source.load(&[]).unwrap());
        let stop = AtomicBool::new(false);
        let mut silent = |_: packyard::planner::Look<'_>| {};
        let mut trials = Trials::new(&source, &terms, &knobs, objectives, &stop, &mut silent);
        trials.full(point).unwrap().clone()
    }
}
