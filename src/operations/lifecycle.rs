//! StartInstance, StopInstance, RebootInstance, DeleteInstance, and the protection from deletion.

use crate::hypervisor::State;
use crate::model::Utc;
use crate::world::ChargeType;

use super::refusal::{
    CHARGE_TYPE_VIOLATION, DELETION_PROTECTION, DRY_RUN, EXPIRED, INITIALIZING, INVALID_PARAMETER,
    STOPPED_MODE_NOT_SUPPORTED, UNCONFIRMED_STOP,
};
use super::{Instance, Lock, Params, Refusal, StoppedMode};

/// The end of the checks: a dry run goes no further (STA-P04, STO-P06, REB-P04).
fn unless_dry(params: &Params) -> Result<(), Refusal> {
    if params.flag("DryRun")? { Err(DRY_RUN) } else { Ok(()) }
}

/// What a start has to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// The instance has given its place up and needs one again (LIFE-36).
    pub needs_place: bool,
}

/// StartInstance (STA-B1 to STA-B4, LIFE-12). Whether there is a place is the next question (LIFE-36), which a dry run does
/// not ask.
///
/// # Errors
/// Any state but Stopped, a lock, or an end that has passed; a dry run that would pass.
pub fn start(params: &Params, instance: &Instance, now: Utc) -> Result<Start, Refusal> {
    params.flag("InitLocalDisk")?;
    instance.open()?;
    if instance.overdue(now) {
        return Err(EXPIRED);
    }
    instance.in_state(&[State::Stopped])?;
    unless_dry(params)?;
    Ok(Start { needs_place: instance.mode == StoppedMode::StopCharging })
}

/// What a stop leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stop {
    /// The mode it will be stopped in: `KeepCharging` or `StopCharging`.
    pub mode: StoppedMode,
    /// Its system is not asked: like pulling the plug.
    pub force: bool,
    /// Its local disks are wiped (STO-B3).
    pub wipes_local_disks: bool,
}

/// StopInstance (STO-B1 to STO-B4, LIFE-13). `feature`: the account stops without charges where it can (LIFE-32).
///
/// # Errors
/// Any state but Running, a lock, StoppedMode outside the feature (LIFE-34), an unconfirmed stop of i1; a dry run that
/// would pass.
pub fn stop(params: &Params, instance: &Instance, feature: bool, now: Utc) -> Result<Stop, Refusal> {
    let force = params.flag("ForceStop")?;
    let confirmed = params.flag("ConfirmStop")?;
    let asked = params.word("StoppedMode", &["KeepCharging", "StopCharging"], INVALID_PARAMETER)?;
    instance.open()?;
    instance.paid(now)?;
    instance.in_state(&[State::Running])?;
    if asked.is_some() && !instance.stops_without_charges() {
        return Err(STOPPED_MODE_NOT_SUPPORTED);
    }
    if instance.wiped_by_stop && !confirmed {
        return Err(UNCONFIRMED_STOP);
    }
    unless_dry(params)?;
    // LIFE-31: without a word of the call the account's feature decides, for those that qualify.
    let without_charges = asked.map_or(feature && instance.stops_without_charges(), |word| word == 1);
    let mode = if without_charges { StoppedMode::StopCharging } else { StoppedMode::KeepCharging };
    Ok(Stop { mode, force, wipes_local_disks: instance.wiped_by_stop })
}

/// RebootInstance (REB-B1, REB-B2, LIFE-14); the answer is whether its system is not asked.
///
/// # Errors
/// Any state but Running, or a lock; a dry run that would pass.
pub fn reboot(params: &Params, instance: &Instance, now: Utc) -> Result<bool, Refusal> {
    let force = params.flag("ForceStop")?;
    instance.open()?;
    instance.paid(now)?;
    instance.in_state(&[State::Running])?;
    unless_dry(params)?;
    Ok(force)
}

/// The system inside shuts down: the instance stops and goes on costing, whatever the account's feature (LIFE-19, LIFE-37).
///
/// # Errors
/// Any state but Running.
pub fn shut_down(instance: &Instance) -> Result<StoppedMode, Refusal> {
    instance.in_state(&[State::Running])?;
    Ok(StoppedMode::KeepCharging)
}

/// What a deletion does beside the release.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delete {
    /// Disks with DeleteWithInstance=false go too (LIFE-42, DEL-B5).
    pub all_disks: bool,
}

/// DeleteInstance (DEL-B1 to DEL-B6, LIFE-15). Locks do not keep it back (LIFE-41, LIFE-43).
///
/// # Errors
/// A subscription that runs, protection from deletion, any state but Stopped without Force.
pub fn delete(params: &Params, instance: &Instance, now: Utc) -> Result<Delete, Refusal> {
    let force = params.flag("Force")?;
    let terminate = params.flag("TerminateSubscription")?;
    if instance.state == State::Pending {
        return Err(INITIALIZING);
    }
    if instance.charge == ChargeType::PrePaid {
        // LIFE-57
        let over = instance.expires.is_none_or(|end| end <= now);
        if !over || !terminate {
            return Err(CHARGE_TYPE_VIOLATION);
        }
    }
    if instance.protected {
        return Err(DELETION_PROTECTION);
    }
    if !force {
        instance.in_state(&[State::Stopped])?;
    }
    Ok(Delete { all_disks: instance.lock == Some(Lock::Security) })
}

/// ModifyInstanceAttribute, as far as the protection from deletion goes: the new value (LIFE-74).
///
/// # Errors
/// A security lock (LIFE-41), or an instance that is not pay-as-you-go.
pub fn protect(params: &Params, instance: &Instance) -> Result<bool, Refusal> {
    let protect = params.flag("DeletionProtection")?;
    instance.open()?;
    if instance.charge == ChargeType::PrePaid {
        return Err(CHARGE_TYPE_VIOLATION);
    }
    Ok(protect)
}

#[cfg(test)]
mod tests {
    use super::super::refusal::*;
    use super::*;

    const NOW: Utc = Utc(1_567_382_400);

    fn none() -> Params {
        Params::default()
    }

    fn in_state(state: State) -> Instance {
        Instance { state, ..Instance::running() }
    }

    #[test]
    fn each_call_has_its_states_and_refuses_the_others() {
        // LIFE-12 to LIFE-15, LIFE-20, LIFE-21, STA-B1, STO-B1, REB-B1, DEL-B2, DEL-E001, STA-E001, STO-E001, REB-E001
        let force = Params::of(&[("Force", "true")]);
        for state in [State::Starting, State::Running, State::Stopping, State::Stopped] {
            let instance = in_state(state);
            let answer = |good: State| if state == good { None } else { Some(WRONG_STATE) };
            assert_eq!(start(&none(), &instance, NOW).err(), answer(State::Stopped));
            assert_eq!(stop(&none(), &instance, false, NOW).err(), answer(State::Running));
            assert_eq!(reboot(&none(), &instance, NOW).err(), answer(State::Running));
            assert_eq!(delete(&none(), &instance, NOW).err(), answer(State::Stopped));
            assert_eq!(delete(&force, &instance, NOW), Ok(Delete { all_disks: false }));
        }
        let pending = in_state(State::Pending);
        assert_eq!(start(&none(), &pending, NOW), Err(INITIALIZING));
        assert_eq!(stop(&none(), &pending, false, NOW), Err(INITIALIZING));
        assert_eq!(reboot(&none(), &pending, NOW), Err(INITIALIZING));
        assert_eq!(delete(&force, &pending, NOW), Err(INITIALIZING), "DEL-E005");
        assert_eq!((INITIALIZING.status, INITIALIZING.code), (403, "IncorrectInstanceStatus.Initializing"));
    }

    #[test]
    fn the_stopped_mode_follows_the_call_then_the_account() {
        // LIFE-30, LIFE-31, LIFE-32, LIFE-34, STO-P03, STO-B4, STO-E004
        let mode = |text: Option<&str>, feature: bool, instance: &Instance| {
            let params = text.map_or_else(none, |text| Params::of(&[("StoppedMode", text)]));
            stop(&params, instance, feature, NOW).map(|stop| stop.mode)
        };
        let plain = Instance::running();
        assert_eq!(mode(None, false, &plain), Ok(StoppedMode::KeepCharging));
        assert_eq!(mode(None, true, &plain), Ok(StoppedMode::StopCharging));
        assert_eq!(mode(Some("KeepCharging"), true, &plain), Ok(StoppedMode::KeepCharging));
        assert_eq!(mode(Some("StopCharging"), false, &plain), Ok(StoppedMode::StopCharging));
        assert_eq!(mode(Some("Sleep"), false, &plain), Err(INVALID_PARAMETER));
        // LIFE-33: spot instances take part, classic ones, subscriptions and local disks do not.
        assert_eq!(
            mode(None, true, &Instance { spot: true, ..plain.clone() }),
            Ok(StoppedMode::StopCharging)
        );
        for outside in [
            Instance { vpc: false, ..plain.clone() },
            Instance { charge: ChargeType::PrePaid, ..plain.clone() },
            Instance { local_disks: true, ..plain.clone() },
        ] {
            assert_eq!(mode(None, true, &outside), Ok(StoppedMode::KeepCharging));
            assert_eq!(mode(Some("StopCharging"), true, &outside), Err(STOPPED_MODE_NOT_SUPPORTED));
            assert_eq!(mode(Some("KeepCharging"), true, &outside), Err(STOPPED_MODE_NOT_SUPPORTED));
        }
    }

    #[test]
    fn a_start_needs_a_place_only_after_a_stop_without_charges() {
        // LIFE-35, LIFE-36, DEP-40
        for (mode, needs_place) in [(StoppedMode::KeepCharging, false), (StoppedMode::StopCharging, true)] {
            let start = start(&none(), &Instance::stopped(mode), NOW);
            assert_eq!(start, Ok(Start { needs_place }));
        }
    }

    #[test]
    fn locks_refuse_what_the_sheet_says() {
        // LIFE-41, LIFE-42, LIFE-43, STA-B2, STA-B4, STO-B2, REB-B2, STO-E003, REB-E003, STA-E003, DEL-B5,
        // STA-E008, STO-E006, REB-E005
        assert_eq!(
            start(&none(), &Instance { lock: Some(Lock::Security), ..in_state(State::Stopped) }, NOW),
            Err(LOCKED_FOR_SECURITY)
        );
        let locked = |lock| Instance { lock: Some(lock), ..Instance::running() };
        let security = locked(Lock::Security);
        assert_eq!(stop(&none(), &security, false, NOW), Err(LOCKED_FOR_SECURITY));
        assert_eq!(reboot(&none(), &security, NOW), Err(LOCKED_FOR_SECURITY));
        assert_eq!(protect(&none(), &security), Err(LOCKED_FOR_SECURITY));
        let force = Params::of(&[("Force", "true")]);
        assert_eq!(delete(&force, &security, NOW), Ok(Delete { all_disks: true }));
        for lock in [Lock::Financial, Lock::HostFinancial] {
            assert_eq!(stop(&none(), &locked(lock), false, NOW), Err(EXPIRED_OR_IN_ARREARS));
            assert_eq!(reboot(&none(), &locked(lock), NOW), Err(EXPIRED_OR_IN_ARREARS));
            let stopped = Instance { lock: Some(lock), ..Instance::stopped(StoppedMode::KeepCharging) };
            assert_eq!(start(&none(), &stopped, NOW), Err(EXPIRED));
            assert_eq!(
                delete(&none(), &stopped, NOW),
                Ok(Delete { all_disks: false }),
                "deletes are allowed"
            );
        }
    }

    #[test]
    fn a_subscription_is_deleted_after_its_end_and_on_request_only() {
        // LIFE-57, RPC-80, DEL-B1, DEL-E002, DEL-P04
        let prepaid = |end: i64| Instance {
            charge: ChargeType::PrePaid,
            expires: Some(Utc(end)),
            ..Instance::stopped(StoppedMode::KeepCharging)
        };
        let terminate = Params::of(&[("TerminateSubscription", "true")]);
        assert_eq!(delete(&terminate, &prepaid(NOW.0 + 1), NOW), Err(CHARGE_TYPE_VIOLATION));
        assert_eq!(delete(&none(), &prepaid(NOW.0), NOW), Err(CHARGE_TYPE_VIOLATION));
        assert!(delete(&terminate, &prepaid(NOW.0), NOW).is_ok());
        assert_eq!(start(&none(), &prepaid(NOW.0), NOW), Err(EXPIRED));
    }

    #[test]
    fn protection_keeps_the_api_from_deleting() {
        // LIFE-74, DEL-B6, DEL-E006
        let protected = Instance { protected: true, ..Instance::stopped(StoppedMode::KeepCharging) };
        let force = Params::of(&[("Force", "true")]);
        assert_eq!(delete(&force, &protected, NOW), Err(DELETION_PROTECTION));
        let on = Params::of(&[("DeletionProtection", "true")]);
        assert_eq!(protect(&on, &protected), Ok(true));
        assert_eq!(protect(&none(), &protected), Ok(false));
        let prepaid = Instance { charge: ChargeType::PrePaid, ..protected };
        assert_eq!(protect(&on, &prepaid), Err(CHARGE_TYPE_VIOLATION));
    }

    #[test]
    fn a_dry_run_checks_and_does_nothing() {
        // STA-P04, STO-P06, REB-P04
        let dry = Params::of(&[("DryRun", "true")]);
        let stopped = Instance::stopped(StoppedMode::StopCharging);
        let running = Instance::running();
        assert_eq!(start(&dry, &stopped, NOW), Err(DRY_RUN));
        assert_eq!(stop(&dry, &running, true, NOW), Err(DRY_RUN));
        assert_eq!(reboot(&dry, &running, NOW), Err(DRY_RUN));
        assert_eq!((DRY_RUN.status, DRY_RUN.code), (400, "DryRunOperation"));
        // What would be refused is refused as ever.
        assert_eq!(start(&dry, &running, NOW), Err(WRONG_STATE));
        assert_eq!(stop(&dry, &stopped, true, NOW), Err(WRONG_STATE));
        assert_eq!(reboot(&Params::of(&[("DryRun", "maybe")]), &running, NOW), Err(INVALID_PARAMETER));
        assert!(start(&Params::of(&[("DryRun", "false")]), &stopped, NOW).is_ok());
    }

    #[test]
    fn flags_are_true_or_false() {
        // STA-P03, STO-P04, REB-P03, DEL-P03, DEL-E004
        let with = |name: &str, value: &str| Params::of(&[(name, value)]);
        let (running, stopped) = (Instance::running(), Instance::stopped(StoppedMode::KeepCharging));
        assert_eq!(start(&with("InitLocalDisk", "perhaps"), &stopped, NOW), Err(INVALID_PARAMETER));
        assert!(start(&with("InitLocalDisk", "true"), &stopped, NOW).is_ok());
        assert_eq!(stop(&with("ForceStop", "1"), &running, false, NOW), Err(INVALID_PARAMETER));
        assert!(stop(&with("ForceStop", "true"), &running, false, NOW).unwrap().force);
        assert!(!stop(&none(), &running, false, NOW).unwrap().force);
        assert_eq!(reboot(&with("ForceStop", "1"), &running, NOW), Err(INVALID_PARAMETER));
        assert_eq!(reboot(&with("ForceStop", "true"), &running, NOW), Ok(true));
        assert_eq!(reboot(&none(), &running, NOW), Ok(false));
        assert_eq!(delete(&with("Force", "yes"), &running, NOW), Err(INVALID_PARAMETER));
        assert!(delete(&with("Force", "true"), &running, NOW).is_ok());
        assert_eq!((INVALID_PARAMETER.status, INVALID_PARAMETER.code), (400, "InvalidParameter"));
    }

    #[test]
    fn a_shutdown_from_inside_goes_on_costing() {
        // LIFE-19, LIFE-37
        assert_eq!(shut_down(&Instance::running()), Ok(StoppedMode::KeepCharging));
        for state in [State::Pending, State::Starting, State::Stopping, State::Stopped] {
            assert_eq!(shut_down(&in_state(state)), Err(WRONG_STATE));
        }
    }

    #[test]
    fn a_stop_that_wipes_disks_is_confirmed() {
        // STO-B3, STO-E002, STO-P05, DISK-71, DISK-72
        let i1 = Instance { local_disks: true, wiped_by_stop: true, ..Instance::running() };
        assert_eq!(stop(&none(), &i1, false, NOW), Err(UNCONFIRMED_STOP));
        let confirm = Params::of(&[("ConfirmStop", "true")]);
        let stop = stop(&confirm, &i1, true, NOW).unwrap();
        assert!(stop.wipes_local_disks);
        assert_eq!(stop.mode, StoppedMode::KeepCharging, "DISK-72: local disks never stop without charges");
    }
}
