//! Checks of the spot market.

use super::checks::{above_zero, twice};
use super::*;
use crate::scenario::known::Known;
use crate::scenario::schema::{
    HeadroomPolicy, HeadroomSpec, PriceModel, PriceSpec, SpotFleetSpec, SpotOverrideSpec, SpotSpec,
};

/// Checks come every five minutes (SPOT-31): steps of prices are multiples of that.
const CHECK_US: u64 = 300_000_000;
/// Largest power of a price curve, and most deviations.
const MOST_CURVE: u32 = 8;
const MOST_DEVIATIONS: f64 = 100.0;
/// Longest memory of a predicted headroom: sixty days of windows.
const MOST_MEMORY_US: u64 = 60 * 86_400_000_000;
/// Parameters that a fleet sets itself.
const FLEET_PARAMS: [&str; 9] = [
    "Action",
    "RegionId",
    "ZoneId",
    "InstanceType",
    "ImageId",
    "SpotStrategy",
    "SpotPriceLimit",
    "InstanceChargeType",
    "DedicatedHostId",
];

/// The whole table.
pub(super) fn market(spec: &ScenarioSpec, known: Known<'_>) -> Result<(), Problem> {
    let Some(spot) = &spec.spot else { return Ok(()) };
    if spec.duration.is_forever() {
        return Err(Problem::at(&spec.duration, "a spot market never ends: nor would the run")
            .label("a length of time, for example `\"3d\"`"));
    }
    price(&spot.price)?;
    for table in &spot.overrides {
        override_of(table, known)?;
    }
    headroom(&spot.headroom)?;
    fleets(spot, spec, known)
}

/// A key that is given and that the choice does not use.
fn spare<T>(key: &str, value: &Option<At<T>>, used: bool, choice: &str) -> Result<(), Problem> {
    match value {
        Some(value) if !used => {
            Err(Problem::at(value, format!("`{key}` means nothing to `{choice}`")).label("leave it out"))
        }
        _ => Ok(()),
    }
}

fn ends(span: &At<Span>, key: &str) -> Result<(), Problem> {
    if span.is_zero() || span.is_forever() {
        return Err(Problem::at(span, format!("`{key}` is {span}")).label("a length of time above zero"));
    }
    Ok(())
}

fn price(spec: &PriceSpec) -> Result<(), Problem> {
    let model = *spec.model.get();
    let (name, is) = (
        match model {
            PriceModel::Utilization => "utilization",
            PriceModel::Auction => "auction",
            PriceModel::Smooth => "smooth",
            PriceModel::Replay => "replay",
        },
        |models: &[PriceModel]| models.contains(&model),
    );
    use PriceModel::{Auction, Replay, Smooth, Utilization};
    spare("step", &spec.step, !is(&[Replay]), name)?;
    spare("floor", &spec.floor, !is(&[Replay]), name)?;
    spare("half_life", &spec.half_life, is(&[Utilization, Smooth]), name)?;
    spare("low", &spec.low, is(&[Utilization]), name)?;
    spare("high", &spec.high, is(&[Utilization]), name)?;
    spare("curve", &spec.curve, is(&[Utilization]), name)?;
    spare("mean", &spec.mean, is(&[Smooth]), name)?;
    spare("spread", &spec.spread, is(&[Smooth]), name)?;
    spare("patience", &spec.patience, is(&[Auction]), name)?;
    spare("file", &spec.file, is(&[Replay]), name)?;
    if is(&[Replay]) && spec.file.as_ref().is_none_or(|file| file.is_empty()) {
        return Err(Problem::at(&spec.model, "a replay of prices needs a `file`"));
    }
    if let Some(step) = &spec.step {
        ends(step, "step")?;
        if step.get().0.0 % CHECK_US != 0 {
            return Err(Problem::at(step, format!("prices cannot move every {step}"))
                .label("a multiple of five minutes, the distance of the checks"));
        }
    }
    if let Some(curve) = &spec.curve {
        super::checks::between(curve, "curve", 1, MOST_CURVE)?;
    }
    for (key, span) in [("half_life", &spec.half_life), ("patience", &spec.patience)] {
        if let Some(span) = span {
            ends(span, key)?;
        }
    }
    let share = |share: &Option<At<crate::scenario::units::Share>>, default: f64| {
        share.as_ref().map_or(default, |share| share.get().get())
    };
    if share(&spec.low, 0.5) >= share(&spec.high, 0.95) {
        let place = spec.high.as_ref().or(spec.low.as_ref()).expect("the defaults are in order");
        return Err(Problem::at(place, "`low` is not below `high`").label("the price rises between them"));
    }
    Ok(())
}

fn override_of(table: &SpotOverrideSpec, known: Known<'_>) -> Result<(), Problem> {
    if let Some(region) = &table.region {
        known.region(region)?;
    }
    if let Some(zone) = &table.zone {
        known.zone(zone)?;
    }
    if let Some(instance_type) = &table.instance_type {
        known.instance_type(instance_type)?;
    }
    price(&table.price)
}

fn headroom(spec: &HeadroomSpec) -> Result<(), Problem> {
    let policy = *spec.policy.get();
    let name = match policy {
        HeadroomPolicy::None => "none",
        HeadroomPolicy::Fixed => "fixed",
        HeadroomPolicy::Predicted => "predicted",
    };
    let predicted = policy == HeadroomPolicy::Predicted;
    spare("share", &spec.share, policy == HeadroomPolicy::Fixed, name)?;
    spare("memory", &spec.memory, predicted, name)?;
    spare("horizon", &spec.horizon, predicted, name)?;
    spare("deviations", &spec.deviations, predicted, name)?;
    for (key, span) in [("memory", &spec.memory), ("horizon", &spec.horizon)] {
        if let Some(span) = span {
            ends(span, key)?;
            if span.get().0.0 > MOST_MEMORY_US {
                return Err(Problem::at(span, format!("`{key}` is {span}")).label("at most sixty days"));
            }
        }
    }
    match &spec.deviations {
        Some(number) if !(0.0..=MOST_DEVIATIONS).contains(number.get()) => {
            Err(Problem::at(number, format!("`deviations` is {number}")).label("from 0 to 100"))
        }
        _ => Ok(()),
    }
}

fn fleets(spot: &SpotSpec, spec: &ScenarioSpec, known: Known<'_>) -> Result<(), Problem> {
    for (at, fleet) in spot.fleets.iter().enumerate() {
        if fleet.name.is_empty() {
            return Err(Problem::at(&fleet.name, "a spot fleet needs a name"));
        }
        if spot.fleets[..at].iter().any(|other| other.name == fleet.name) {
            return Err(twice(&fleet.name, "spot fleets"));
        }
        if spec.workloads.iter().any(|workload| workload.name == fleet.name) {
            return Err(Problem::at(&fleet.name, format!("a workload is called `{}` too", fleet.name))
                .label("another name"));
        }
        fleet_of(fleet, known)?;
    }
    Ok(())
}

fn fleet_of(fleet: &SpotFleetSpec, known: Known<'_>) -> Result<(), Problem> {
    above_zero(&fleet.target, "target")?;
    if let Some(account) = &fleet.account {
        known.account(account)?;
    }
    if fleet.zones.is_empty() {
        return Err(Problem::at(&fleet.zones, "a spot fleet needs zones"));
    }
    if fleet.types.is_empty() {
        return Err(Problem::at(&fleet.types, "a spot fleet needs types"));
    }
    for zone in fleet.zones.iter() {
        known.zone(zone)?;
    }
    for instance_type in fleet.types.iter() {
        known.instance_type(instance_type)?;
    }
    for (key, span) in [
        ("interval", Some(&fleet.interval)),
        ("cool_down", Some(&fleet.cool_down)),
        ("fall_back_after", fleet.fall_back_after.as_ref()),
        ("fall_back_for", Some(&fleet.fall_back_for)),
    ] {
        if let Some(span) = span {
            ends(span, key)?;
        }
    }
    if fleet.interval.get().0.0 < 1_000_000 {
        return Err(
            Problem::at(&fleet.interval, format!("`interval` is {}", fleet.interval)).label("at least 1s")
        );
    }
    if let Some(limit) = fleet.limit.as_ref().filter(|limit| limit.get().get() == 0.0) {
        return Err(Problem::at(limit, "a price limit of nothing buys nothing").label("above 0"));
    }
    if let Some(name) =
        fleet.params.keys().find(|name| name.is_empty() || FLEET_PARAMS.contains(&name.as_str()))
    {
        return Err(Problem::at(&fleet.name, format!("parameter `{name}` cannot be set through `params`")));
    }
    Ok(())
}
