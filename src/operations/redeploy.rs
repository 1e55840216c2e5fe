//! RedeployInstance.

use crate::hypervisor::State;
use crate::model::Utc;

use super::refusal::NO_REDEPLOY;
use super::{Instance, Params, Refusal};

/// RedeployInstance (RED-B1 to RED-B6, LIFE-16): the instance goes to another server; the answer is whether its system
/// is not asked. A move that finds no server leaves it where and as it was (RED-B5).
///
/// # Errors
/// A state, a lock, a dedicated host, or the lack of an event that asks for it.
pub fn redeploy(params: &Params, instance: &Instance, now: Utc) -> Result<bool, Refusal> {
    let force = params.flag("ForceStop")?;
    instance.open()?;
    instance.paid(now)?;
    instance.in_state(&[State::Running, State::Stopped])?;
    if instance.host.is_some() || instance.event.is_none() {
        return Err(NO_REDEPLOY);
    }
    Ok(force)
}

#[cfg(test)]
mod tests {
    use super::super::refusal::*;
    use super::super::{Event, Lock, StoppedMode};
    use super::*;

    #[test]
    fn an_event_must_ask_for_it() {
        // RED-B2 to RED-B4, RED-P03, RED-E002, RED-E003, RED-E006, RED-E007, LIFE-16
        let now = Utc(0);
        let none = Params::default();
        let asked = Instance { event: Some(Event::Maintenance), ..Instance::running() };
        assert_eq!(redeploy(&none, &asked, now), Ok(false));
        let stopped =
            Instance { event: Some(Event::Failure), ..Instance::stopped(StoppedMode::KeepCharging) };
        assert_eq!(redeploy(&Params::of(&[("ForceStop", "true")]), &stopped, now), Ok(true));
        let other = Params::of(&[("ForceStop", "now")]);
        assert_eq!(redeploy(&other, &asked, now), Err(INVALID_PARAMETER));
        let with = |change: fn(&mut Instance)| {
            let mut instance = asked.clone();
            change(&mut instance);
            redeploy(&none, &instance, now)
        };
        assert_eq!(with(|one| one.event = None), Err(NO_REDEPLOY));
        assert_eq!(with(|one| one.host = Some(3)), Err(NO_REDEPLOY));
        assert_eq!(with(|one| one.lock = Some(Lock::Security)), Err(LOCKED_FOR_SECURITY));
        assert_eq!(with(|one| one.lock = Some(Lock::Financial)), Err(EXPIRED_OR_IN_ARREARS));
        assert_eq!(with(|one| one.state = State::Stopping), Err(WRONG_STATE));
    }
}
