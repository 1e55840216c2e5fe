//! Checks of `[[operations]]`: each names an operation, parameters that it has, and something that there is.

use super::super::error::Problem;
use super::super::nearest::did_you_mean;
use super::{At, Known, ScenarioSpec, unknown};
use crate::operations::Action;
use crate::operations::params::Subject;
use crate::scenario::schema::OperationSpec;

/// Operations whose `id` names what they make.
const MAKES: [Action; 5] = [
    Action::AllocateDedicatedHosts,
    Action::CreateDeploymentSet,
    Action::CreateDisk,
    Action::CreateHpcCluster,
    Action::CreateSnapshot,
];

/// The script of a scenario, and habits that a run without an end would follow for ever.
pub(super) fn operations(spec: &ScenarioSpec, known: Known<'_>) -> Result<(), Problem> {
    for operation in &spec.operations {
        one(operation, spec, known)?;
    }
    let habit = spec.workloads.iter().find(|workload| workload.operations.is_some());
    if let (true, Some(workload)) = (spec.duration.is_forever(), habit) {
        return Err(Problem::at(
            &spec.duration,
            format!("a run for ever never ends: the habits of workload `{}` do not", workload.name),
        )
        .label("a length of time, for example `\"3d\"`"));
    }
    Ok(())
}

fn one(operation: &OperationSpec, spec: &ScenarioSpec, known: Known<'_>) -> Result<(), Problem> {
    let name = &operation.action;
    let all = Action::ALL.iter().map(|action| action.name());
    let action = Action::ALL
        .iter()
        .copied()
        .find(|action| action.name() == name.as_str())
        .ok_or_else(|| unknown(name, "operation", "there is no operation", all))?;
    if *operation.at.get() >= super::super::units::Moment(crate::model::SimTime(spec.duration.get().0.0)) {
        let text = format!("at {} the run of {} is over", operation.at, spec.duration);
        return Err(Problem::at(&operation.at, text).label("before the end of the run"));
    }
    if let Some(every) = &operation.every
        && (every.is_zero() || every.is_forever() || spec.duration.is_forever())
    {
        return Err(Problem::at(every, "`every` is a length of time, in a run that ends")
            .label("for example `\"1d\"`"));
    }
    for param in operation.params.keys() {
        if !action.parameters().contains(&param.as_str()) {
            let known = action.parameters().iter().copied();
            return Err(Problem::at(name, format!("{} has no parameter `{param}`", action.name()))
                .label("this operation")
                .maybe_help(did_you_mean(param, known)));
        }
    }
    if let Some(id) = operation.id.as_ref().filter(|_| !MAKES.contains(&action)) {
        return Err(Problem::at(id, format!("{} makes nothing that could have an id", action.name())));
    }
    match action.subject() {
        Subject::Instance => of_instances(operation, action, spec),
        Subject::Account => of_account(operation, action, known),
    }
}

fn of_instances(operation: &OperationSpec, action: Action, spec: &ScenarioSpec) -> Result<(), Problem> {
    if let Some(stray) = operation.account.as_ref().or(operation.region.as_ref()) {
        return Err(Problem::at(stray, format!("{} is about instances", action.name()))
            .label("say `request` or `workload` instead"));
    }
    match (&operation.request, &operation.workload) {
        (Some(request), Some(_)) => {
            return Err(Problem::at(request, "`request` and `workload` both say which instances")
                .label("one of them"));
        }
        (None, None) => {
            return Err(Problem::at(
                &operation.action,
                format!("{} needs to know which instances", action.name()),
            )
            .label("say `request` or `workload`"));
        }
        (None, Some(workload)) => {
            let names = spec.workloads.iter().map(|known| known.name.as_str());
            if !names.clone().any(|known| known == workload.as_str()) {
                return Err(unknown(workload, "workload", "the scenario has no workload", names));
            }
        }
        (Some(_), None) => {}
    }
    match (&operation.share, operation.instances.is_empty(), &operation.workload) {
        (Some(share), false, _) => {
            Err(Problem::at(share, "`share` and `instances` both choose of the workload")
                .label("one of them"))
        }
        (Some(share), true, None) => Err(Problem::at(share, "a `share` is one of a `workload`")),
        (None, false, None) => {
            Err(Problem::at(&operation.action, "`instances` are those of a `workload`").label("name it"))
        }
        _ => Ok(()),
    }
}

fn of_account(operation: &OperationSpec, action: Action, known: Known<'_>) -> Result<(), Problem> {
    let stray = |stray: &At<_>| Problem::at(stray, format!("{} is not about instances", action.name()));
    if let Some(request) = &operation.request {
        return Err(stray(&At::default_of(request.to_string())));
    }
    if let Some(workload) = &operation.workload {
        return Err(stray(workload));
    }
    if let Some(account) = &operation.account {
        known.account(account)?;
    }
    if let Some(region) = &operation.region {
        known.region(region)?;
    }
    Ok(())
}
