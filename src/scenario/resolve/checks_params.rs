//! `strict_params`: parameters by hand that CreateInstance does not have. On the wire, and by default, they are ignored
//! (R6).

use super::super::Problem;
use super::super::nearest::did_you_mean;
use super::super::schema::ScenarioSpec;
use super::super::units::At;
use crate::api::{Param, Request};

/// The first parameter of any request of the scenario that CreateInstance does not have.
pub(super) fn known(spec: &ScenarioSpec) -> Result<(), Problem> {
    if !spec.strict_params {
        return Ok(());
    }
    for workload in &spec.workloads {
        all_known(workload.params.keys(), &workload.name)?;
        for entry in &workload.mix {
            all_known(entry.get().params.keys(), &entry.get().instance_type)?;
        }
        let map = workload.trace.as_ref().and_then(|trace| trace.get().map.as_ref());
        for class in map.into_iter().flat_map(|map| map.get().classes.values()) {
            all_known(class.params.keys(), &workload.name)?;
        }
    }
    for fleet in spec.spot.iter().flat_map(|spot| &spot.fleets) {
        all_known(fleet.params.keys(), &fleet.name)?;
    }
    Ok(())
}

fn all_known<'p, T>(mut names: impl Iterator<Item = &'p String>, at: &At<T>) -> Result<(), Problem> {
    let Some(name) = names.find(|name| !is_known(name)) else { return Ok(()) };
    let problem = Problem::at(at, format!("CreateInstance has no parameter `{name}`"));
    Err(match did_you_mean(name, Param::ALL.iter().map(|param| param.name())) {
        Some(help) => problem.help(help),
        None => problem,
    })
}

fn is_known(name: &str) -> bool {
    Request::default().set_named(name, "x").unknown().is_empty()
}
