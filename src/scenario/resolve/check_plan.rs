//! Checks of what a plan has to hold and may change.

use super::*;
use crate::scenario::schema::{
    InterruptionSpec, Judge, KnobSpec, LatencySpec, ObjectivesSpec, PlanSpec, RejectionSpec, RequestsOf,
};
use crate::scenario::units::Share;

/// Values of one knob: more of them are a mistake of the step.
const MOST_VALUES: f64 = 10_000_000.0;
/// Seeds of a plan.
const MOST_SEEDS: u32 = 10_000;

/// Objectives and plan.
pub(super) fn check(spec: &ScenarioSpec, known: Known<'_>) -> Result<(), Problem> {
    if let Some(objectives) = &spec.objectives {
        check_objectives(objectives, spec, known)?;
    }
    spec.plan.as_ref().map_or(Ok(()), check_plan)
}

fn check_objectives(
    objectives: &ObjectivesSpec,
    spec: &ScenarioSpec,
    known: Known<'_>,
) -> Result<(), Problem> {
    window(objectives.window.as_ref())?;
    for RejectionSpec { types, accounts, window: own, of, most, .. } in &objectives.rejections {
        types.iter().try_for_each(|name| known.instance_type(name).map(|_| ()))?;
        accounts.iter().try_for_each(|account| known.account(account).map(|_| ()))?;
        window(own.as_ref())?;
        if *of == RequestsOf::Spot {
            market(most, spec)?;
        }
    }
    objectives.interruption_rate.as_ref().map_or(Ok(()), |most| market(most, spec))?;
    for InterruptionSpec { types, accounts, window: own, most, .. } in &objectives.interruptions {
        types.iter().try_for_each(|name| known.instance_type(name).map(|_| ()))?;
        accounts.iter().try_for_each(|account| known.account(account).map(|_| ()))?;
        window(own.as_ref())?;
        market(most, spec)?;
    }
    let instant = spec.control_plane.as_ref().is_none_or(|plane| plane.instant);
    for LatencySpec { percentile, most, window: own, .. } in &objectives.latency {
        if !(**percentile > 0.0 && **percentile <= 100.0) {
            return Err(Problem::at(percentile, format!("there is no percentile {percentile}"))
                .label("above 0, at most 100"));
        }
        if instant {
            return Err(Problem::at(most, "latency is an objective, and nothing takes any time")
                .label("always kept")
                .help("add a [control_plane] table, or leave the objective out"));
        }
        window(own.as_ref())?;
    }
    let Some(survive) = &objectives.survive else { return Ok(()) };
    survive.zones.iter().try_for_each(|zone| known.zone(zone).map(|_| ()))?;
    if let Some(hosts) = &survive.hosts {
        checks::above_zero(hosts, "hosts")?;
    }
    if survive.hosts.is_none() && !survive.rack && !survive.zone {
        return Err(Problem::at(survive, "nothing is said to fail").label("`hosts`, `rack` or `zone`"));
    }
    Ok(())
}

/// Spot instances are an objective: there has to be a market.
fn market(most: &At<Share>, spec: &ScenarioSpec) -> Result<(), Problem> {
    if spec.spot.is_some() {
        return Ok(());
    }
    Err(Problem::at(most, "spot instances are an objective, and there is no spot market")
        .label("always kept")
        .help("add a [spot] table, or leave the objective out"))
}

fn window(window: Option<&At<Span>>) -> Result<(), Problem> {
    match window {
        Some(span) if span.is_zero() || span.is_forever() => {
            Err(Problem::at(span, "a window has a length").label("for example `\"1d\"`"))
        }
        _ => Ok(()),
    }
}

fn check_plan(plan: &PlanSpec) -> Result<(), Problem> {
    let least = if plan.judge == Judge::Mean { 2 } else { 1 };
    checks::between(&plan.seeds, "seeds", least, MOST_SEEDS)?;
    if !(plan.confidence.get().get() > 0.0 && plan.confidence.get().get() < 1.0) {
        return Err(Problem::at(&plan.confidence, format!("a confidence of {}", plan.confidence))
            .label("between 0 and 1, such as `\"90%\"`"));
    }
    checks::above_zero(&plan.most_settings, "most_settings")?;
    for (place, knob) in plan.knobs.iter().enumerate() {
        if plan.knobs[..place].iter().any(|other| other.key == knob.key) {
            return Err(checks::twice(&knob.key, "knobs"));
        }
        check_knob(knob, plan)?;
    }
    Ok(())
}

fn check_knob(knob: &At<KnobSpec>, plan: &PlanSpec) -> Result<(), Problem> {
    if !knob.values.is_empty() {
        if let Some(bound) = knob.low.as_ref().or(knob.high.as_ref()).or(knob.step.as_ref()) {
            return Err(Problem::at(bound, "a knob has `values`, or `low` and `high`").label("one too many"));
        }
        if !knob.costs.is_empty() && knob.costs.len() != knob.values.len() {
            return Err(Problem::at(
                &knob.key,
                format!("{} values and {} costs", knob.values.len(), knob.costs.len()),
            )
            .label("one cost for each of `values`"));
        }
        if let Some(per) = &knob.cost_per
            && !plan.knobs.iter().any(|other| other.key == *per && other.values.is_empty())
        {
            return Err(Problem::at(per, format!("no knob with numbers has the key `{per}`"))
                .label("key of another knob"));
        }
        return Ok(());
    }
    let (Some(low), Some(high)) = (&knob.low, &knob.high) else {
        return Err(
            Problem::at(&knob.key, "a knob needs `low` and `high`, or `values`").label("in this knob")
        );
    };
    let step = knob.step.as_ref().map_or(1.0, |step| **step);
    if !(low.is_finite() && high.is_finite() && **low <= **high) {
        return Err(Problem::at(low, format!("no value lies from {low} to {high}")).label("at most `high`"));
    }
    if !(step.is_finite() && step > 0.0) || (**high - **low) / step > MOST_VALUES {
        let place = knob.step.as_ref().unwrap_or(high);
        return Err(Problem::at(place, "the step gives no reasonable number of values").label("another step"));
    }
    match &knob.cost {
        Some(cost) if !cost.is_finite() => Err(Problem::at(cost, "a cost is a number").label("finite")),
        _ => Ok(()),
    }
}
