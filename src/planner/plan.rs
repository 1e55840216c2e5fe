//! The plan: the cheapest setting of the knobs that holds, and what can be said about it.

use std::sync::atomic::AtomicBool;

use crate::scenario::Scenario;
use crate::scenario::schema::Judge as Rule;

use super::bound;
use super::knobs::{Knob, Knobs, Point, number_text};
use super::objective::{Objective, Unit};
use super::outcome::{
    Answer, Basis, Effort, FrontierPoint, Goal, InTheWay, KnobLine, Neighbour, PLAN_SCHEMA, Plan, Setting,
    SpotUse, Verified,
};
use super::search::Search;
use super::statistics::{Interval, share_at_least, share_at_most};
use super::trials::{Full, Look, PlanError, Source, Terms, Trials};

/// Settings on each side of the answer that the frontier shows, as multiples of its grain.
const FRONTIER: [isize; 9] = [-8, -4, -2, -1, 0, 1, 2, 4, 8];

/// What else a plan should tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extras {
    /// Neighbours and frontier.
    pub around: bool,
    /// Fresh seeds to verify the answer on.
    pub verify: u32,
}

/// Finds the cheapest setting of the knobs with which the scenario's objectives hold.
///
/// # Errors
/// A scenario without objectives or knobs, a setting that makes no scenario, a damaged trace, an interruption.
pub fn plan(
    source: &Source,
    knobs: &Knobs,
    terms: &Terms,
    extras: Extras,
    stop: &AtomicBool,
    look: &mut dyn FnMut(Look<'_>),
) -> Result<Plan, PlanError> {
    let scenario = source.load(&[])?;
    require(!knobs.0.is_empty(), NO_KNOBS)?;
    let objectives = objectives(source, knobs, &scenario)?;
    require(!objectives.is_empty(), NO_OBJECTIVES)?;
    let goals = objectives.iter().map(goal).collect();
    let mut trials = Trials::new(source, terms, knobs, objectives, stop, look);
    let found = search(&mut trials)?;
    let around = extras.around && found.answer.is_some();
    let mut plan = Plan {
        schema: PLAN_SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        scenario: scenario.spec.name.clone(),
        policy: scenario.spec.policy.get().clone(),
        currency: scenario.spec.plan.as_ref().map(|plan| plan.currency.clone()).unwrap_or_default(),
        basis: basis(terms),
        objectives: goals,
        knobs: knobs.0.iter().map(knob_line).collect(),
        // Where no hosts may change the bound says nothing: everything stands as low as it goes.
        bound: found
            .bound
            .filter(|_| moves_hosts(knobs))
            .map(|point| setting(&trials, &point))
            .transpose()?,
        answer: None,
        in_the_way: None,
        sensitivity: Vec::new(),
        frontier: Vec::new(),
        verified: None,
        effort: Effort { settings: 0, runs: 0, complete: found.complete },
    };
    match &found.answer {
        Some(point) => {
            let mut binds = String::new();
            if around {
                plan.sensitivity = sensitivity(&mut trials, point)?;
                plan.frontier = frontier(&mut trials, point)?;
                let short = plan.sensitivity.iter().find(|near| !near.binds.is_empty());
                binds = short.map(|near| near.binds.clone()).unwrap_or_default();
            }
            plan.answer = Some(answer(&mut trials, point, binds)?);
            if extras.verify > 0 {
                plan.verified = Some(verify(&trials, point, extras.verify)?);
            }
        }
        None => plan.in_the_way = Some(in_the_way(&mut trials, &found.top)?),
    }
    (plan.effort.settings, plan.effort.runs) = (trials.settings, trials.runs);
    Ok(plan)
}

/// The objectives of a plan: the scenario's, or those that its knobs make (a promised headroom).
fn objectives(source: &Source, knobs: &Knobs, scenario: &Scenario) -> Result<Vec<Objective>, PlanError> {
    let own = Objective::of(scenario);
    let made = Objective::of(&source.load(&knobs.overrides(&knobs.tops()))?);
    Ok(if made.len() == own.len() { own } else { made })
}

/// Whether a knob changes the number of hosts of a pool.
fn moves_hosts(knobs: &Knobs) -> bool {
    knobs.0.iter().any(|knob| knob.key.starts_with("pools.") && knob.key.ends_with(".hosts"))
}

/// What to say without objectives.
pub(super) const NO_OBJECTIVES: &str = "the scenario has no objectives: nothing says when a fleet is large enough\n  \
     add a table such as\n  [objectives]\n  rejection_rate = \"0.1%\"\n  \
     or --set objectives.rejection_rate=\"0.1%\"";
const NO_KNOBS: &str = "the plan has nothing to change\n  add a table such as\n  [[plan.knobs]]\n  \
     key = \"pools.0.hosts\"\n  low = 1\n  high = 200\n  cost = 1.0\n  \
     or --knob pools.0.hosts=1..200, or --as-is to judge the scenario as it stands";

pub(super) fn require(there: bool, what: &str) -> Result<(), PlanError> {
    if there { Ok(()) } else { Err(PlanError::Nothing { what: what.to_owned() }) }
}

pub(super) fn basis(terms: &Terms) -> Basis {
    let seeds = u64::from(terms.seeds);
    let every = terms.rule == Rule::EverySeed;
    Basis {
        first_seed: terms.first_seed,
        seeds: terms.seeds,
        confidence: terms.confidence,
        judge: if every { "every-seed" } else { "mean" },
        reliability: every.then(|| share_at_least(seeds, seeds, terms.confidence)),
    }
}

pub(super) fn goal(objective: &Objective) -> Goal {
    Goal {
        name: objective.name.clone(),
        sense: if objective.wants_more() { "at least" } else { "at most" },
        limit: objective.limit,
        unit: match objective.unit() {
            Unit::Share => "share",
            Unit::Micros => "us",
            Unit::Instances => "instances",
        },
        window_secs: objective.window.map(|window| window.as_secs_f64()),
    }
}

fn knob_line(knob: &Knob) -> KnobLine {
    let last = knob.places() - 1;
    KnobLine { key: knob.key.clone(), from: knob.text(0), to: knob.text(last), values: knob.places() }
}

/// What a search found.
struct Found {
    answer: Option<Point>,
    bound: Option<Point>,
    /// Everything at its top, for the choice that comes closest.
    top: Point,
    complete: bool,
}

/// Searches every combination of the choices.
fn search(trials: &mut Trials<'_>) -> Result<Found, PlanError> {
    let knobs = trials.knobs;
    let mut found = Found { answer: None, bound: None, top: knobs.tops(), complete: true };
    for top in knobs.choices() {
        // Complete runs at the top tell the peak and how many requests there are: the bound and the early stops.
        let full = trials.full(&top)?.clone();
        let holds = full.holds();
        let scenario = trials.source.load(&knobs.overrides(&top))?;
        let bound = bound::start(knobs, &top, &scenario, &full);
        let mut search = Search::new(trials, knobs);
        let ended = search.run(&bound, &top);
        let best = search.best.take();
        match ended {
            Ok(()) => {}
            Err(PlanError::TooManySettings(_)) => found.complete = false,
            Err(error) => return Err(error),
        }
        if !holds && found.answer.is_none() {
            found.top.clone_from(&top);
        }
        let cheaper =
            |best: &Point| found.answer.as_ref().is_none_or(|answer| knobs.cost(best) < knobs.cost(answer));
        if best.as_ref().is_some_and(cheaper) {
            (found.answer, found.bound) = (best, Some(bound));
        }
    }
    Ok(found)
}

fn setting(trials: &Trials<'_>, point: &[usize]) -> Result<Setting, PlanError> {
    let values = trials.knobs.overrides(point);
    let scenario: Scenario = trials.source.load(&values)?;
    Ok(Setting { values, cost: trials.knobs.cost(point), hosts: scenario.host_count() })
}

fn rejection_rate(full: &Full, terms: &Terms) -> Interval {
    full.mean(terms.confidence, |figures| figures.rejection_rate).above_zero()
}

/// How many spot instances there were, and what became of them; none where nobody bought any.
pub(super) fn spot_use(full: &Full, terms: &Terms) -> Option<SpotUse> {
    let mean = |of: fn(&super::trial::Figures) -> f64| full.mean(terms.confidence, of).above_zero();
    let bought = full.trials.iter().any(|trial| trial.figures.spot_bought > 0);
    bought.then(|| SpotUse {
        instances: mean(|figures| figures.spot_hours * 3_600.0 / figures.virtual_secs.max(1.0)),
        told_to_go: mean(|figures| figures.spot_told as f64 / figures.spot_bought.max(1) as f64),
        paid: mean(|figures| figures.spot_paid).mean,
    })
}

/// What most requests without room were short of, over all seeds.
pub(super) fn binds(full: &Full) -> String {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for trial in full.trials.iter().filter(|trial| trial.figures.no_room > 0) {
        let name = trial.figures.short_of.as_str();
        match counts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += trial.figures.no_room,
            None => counts.push((name, trial.figures.no_room)),
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts.first().map_or("", |(name, _)| name).to_owned()
}

fn answer(trials: &mut Trials<'_>, point: &[usize], below: String) -> Result<Answer, PlanError> {
    let terms = trials.terms;
    let full = trials.full(point)?.clone();
    let own = binds(&full);
    Ok(Answer {
        setting: setting(trials, point)?,
        standings: full.standings.clone(),
        rejection_rate: rejection_rate(&full, terms),
        vcpu_peak: full.mean(terms.confidence, |figures| figures.vcpu_peak).mean,
        memory_peak: full.mean(terms.confidence, |figures| figures.memory_peak).mean,
        binds: if below.is_empty() { own } else { below },
        spot: spot_use(&full, terms),
    })
}

fn in_the_way(trials: &mut Trials<'_>, top: &[usize]) -> Result<InTheWay, PlanError> {
    let setting = setting(trials, top)?;
    let full = trials.full(top)?;
    let missed = full.standings.iter().find(|standing| !standing.holds);
    Ok(InTheWay {
        objective: missed.map(|standing| standing.objective.clone()).unwrap_or_default(),
        setting,
        standings: full.standings.clone(),
        binds: binds(full),
    })
}

/// One step less and one step more of each knob.
fn sensitivity(trials: &mut Trials<'_>, point: &[usize]) -> Result<Vec<Neighbour>, PlanError> {
    let (knobs, terms) = (trials.knobs, trials.terms);
    let mut all = Vec::new();
    for (at, knob) in knobs.0.iter().enumerate().filter(|(_, knob)| knob.is_range()) {
        for place in [point[at].checked_sub(1), Some(point[at] + 1)].into_iter().flatten() {
            if place >= knob.places() {
                continue;
            }
            let mut near = point.to_vec();
            near[at] = place;
            let full = trials.full(&near)?;
            let broken = full.standings.iter().find(|standing| !standing.holds);
            let change = knob.number(place).unwrap_or_default() - knob.number(point[at]).unwrap_or_default();
            let sign = if change > 0.0 { "+" } else { "" };
            all.push(Neighbour {
                key: knob.key.clone(),
                change: format!("{sign}{}", number_text(change)),
                value: knob.text(place),
                cost_change: knobs.cost(&near) - knobs.cost(point),
                holds: broken.is_none(),
                broken: broken.map(|standing| standing.objective.clone()),
                failed_seeds: broken.map_or(0, |standing| standing.failed_seeds),
                rejection_rate: rejection_rate(full, terms),
                binds: binds(full),
            });
        }
    }
    Ok(all)
}

/// Settings around the answer, all knobs moved in proportion, and those that were measured anyway; of these the ones
/// that nothing cheaper beats.
fn frontier(trials: &mut Trials<'_>, point: &[usize]) -> Result<Vec<FrontierPoint>, PlanError> {
    let (knobs, terms) = (trials.knobs, trials.terms);
    for step in FRONTIER {
        let moved = |(knob, &place): (&Knob, &usize)| {
            if !knob.is_range() {
                return place;
            }
            let grain = (place / 64).max(1) as isize;
            (place as isize + step * grain).clamp(0, knob.places() as isize - 1) as usize
        };
        let moved: Point = knobs.0.iter().zip(point).map(moved).collect();
        trials.full(&moved)?;
    }
    let mut spots: Vec<(Point, Interval, bool)> = trials
        .measured()
        .map(|(point, full)| (point.clone(), rejection_rate(full, terms), full.holds()))
        .collect();
    spots.sort_by(|a, b| knobs.cost(&a.0).total_cmp(&knobs.cost(&b.0)).then(a.1.mean.total_cmp(&b.1.mean)));
    let mut least = f64::INFINITY;
    let mut frontier = Vec::new();
    for (at, rejection_rate, holds) in spots {
        let answer = at == point;
        if rejection_rate.mean >= least && !answer {
            continue;
        }
        least = least.min(rejection_rate.mean);
        frontier.push(FrontierPoint { setting: setting(trials, &at)?, rejection_rate, holds, answer });
    }
    Ok(frontier)
}

/// Runs the answer on seeds that the search never saw.
fn verify(trials: &Trials<'_>, point: &[usize], count: u32) -> Result<Verified, PlanError> {
    let terms = Terms {
        first_seed: trials.terms.first_seed.wrapping_add(u64::from(trials.terms.seeds)),
        seeds: count,
        ..trials.terms.clone()
    };
    let full = trials.fresh(point, &terms)?;
    let held = full.trials.iter().filter(|trial| trial.broken().is_none()).count() as u32;
    let each = 0.5 + 0.5 * terms.confidence;
    let (hits, of) = (u64::from(held), u64::from(count));
    Ok(Verified {
        first_seed: terms.first_seed,
        seeds: count,
        held,
        share: [share_at_least(hits, of, each), share_at_most(hits, of, each)],
    })
}
