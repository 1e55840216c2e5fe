//! Checks of `[failures]`, `[maintenance]` and boot times.

use super::checks::above_zero;
use super::*;
use crate::scenario::schema::MaintenanceSpec;

/// Failures: laws that make sense, heartbeats that come, and an end of the run.
pub(super) fn failures(spec: &ScenarioSpec) -> Result<(), Problem> {
    let Some(failures) = &spec.failures else { return Ok(()) };
    if let Some(law) = &failures.between {
        law.resolve().map_err(|wrong| Problem::inside("`between`", wrong))?;
        if spec.duration.is_forever() && failures.endless() {
            return Err(Problem::at(&spec.duration, "a run for ever never ends: failures of hosts do not")
                .label("a length of time, for example `\"30d\"`"));
        }
    }
    failures.repair.resolve().map_err(|wrong| Problem::inside("`repair`", wrong))?;
    above_zero(&failures.missed, "missed")?;
    for (name, span) in [("heartbeat", &failures.heartbeat), ("retry", &failures.retry)] {
        a_while(name, span)?;
    }
    if *failures.retry_at_most < *failures.retry {
        return Err(Problem::at(
            &failures.retry_at_most,
            format!("`retry_at_most` is {}, and `retry` is {}", failures.retry_at_most, failures.retry),
        )
        .label("not below `retry`"));
    }
    Ok(())
}

/// A length of time that is some time and ends.
fn a_while(name: &str, span: &At<Span>) -> Result<(), Problem> {
    if span.is_zero() || span.is_forever() {
        return Err(Problem::at(span, format!("`{name}` is {span}")).label("for example `\"30s\"`"));
    }
    Ok(())
}

/// Maintenance: migrations that go on and end.
pub(super) fn maintenance(spec: Option<&MaintenanceSpec>) -> Result<(), Problem> {
    let Some(spec) = spec else { return Ok(()) };
    if spec.bandwidth.bytes_per_second() == 0 {
        return Err(
            Problem::at(&spec.bandwidth, "a bandwidth of zero never ends a migration").label("above zero")
        );
    }
    above_zero(&spec.rounds, "rounds")?;
    above_zero(&spec.per_host, "per_host")?;
    a_while("retry", &spec.retry)
}

/// Boot times: names that exist, and something that each table is about. Wiping ends.
pub(super) fn boots(plane: &Option<ControlPlaneSpec>, known: Known<'_>) -> Result<(), Problem> {
    if let Some(flow) = plane.as_ref().and_then(|plane| plane.wipe_bandwidth.as_ref())
        && flow.bytes_per_second() == 0
    {
        return Err(Problem::at(flow, "a bandwidth of zero never ends the wiping").label("above zero"));
    }
    for (at, spec) in plane.iter().flat_map(|plane| &plane.boots).enumerate() {
        if let Some(family) = &spec.family {
            known.family(family)?;
        }
        if let Some(name) = &spec.instance_type {
            known.instance_type(name)?;
        }
        if spec.os.is_none() && spec.family.is_none() && spec.instance_type.is_none() {
            return Err(Problem::new(format!(
                "boot time {at} of `[[control_plane.boots]]` is about no instances"
            ))
            .help("give it an `os`, a `family` or a `type`; `boot` is for all others"));
        }
        spec.boot.resolve().map_err(|wrong| Problem::inside("`boot`", wrong))?;
    }
    Ok(())
}
