//! ModifyInstanceDeployment: to a dedicated host, or into a deployment set.

use crate::hypervisor::State;
use crate::model::Utc;
use crate::validate::Affinity;
use crate::world::ChargeType;

use super::hosts::{Condition, Host, Hosts};
use super::refusal::*;
use super::sets::{Set, Sets};
use super::{Instance, Params, Refusal};

/// Where an instance is to go. Whether there is room is the next question.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Move {
    /// To one of these dedicated hosts, in order of their numbers; with one that was named there is no other.
    Host {
        /// The hosts.
        hosts: Vec<u32>,
        /// It was named; otherwise the system chooses (DHST-12).
        named: bool,
        /// Affinity from now on.
        affinity: Affinity,
        /// It moves while it runs, and is not stopped and started (DHST-45).
        live: bool,
    },
    /// Into a deployment set.
    Set {
        /// The set.
        set: u32,
        /// It may go to another server, with a restart (DEP-42).
        force: bool,
    },
}

/// ModifyInstanceDeployment (MID-B1 to MID-B6, DHST-44 to DHST-46, DEP-42).
///
/// # Errors
/// What the sheet refuses, up to the question of room: that one ends in `LackResource`, `InvalidDedicatedHost.NotFound`,
/// `DeploymentSet.InstanceLimitExceeded` or `DeploymentSet.ModificationFailed`.
pub fn modify(
    params: &Params,
    instance: &Instance,
    hosts: &Hosts,
    sets: &Sets,
    now: Utc,
) -> Result<Move, Refusal> {
    let on_host = ["DedicatedHostId", "Tenancy", "Affinity", "MigrationType", "DedicatedHostClusterId"];
    match (params.get("DeploymentSetId"), on_host.iter().any(|name| params.has(name))) {
        (Some(_), true) | (None, false) => Err(INVALID_PARAM),
        (Some(id), false) => into_set(params, id, instance, sets, now),
        (None, true) => to_host(params, instance, hosts, now),
    }
}

fn into_set(params: &Params, id: &str, instance: &Instance, sets: &Sets, now: Utc) -> Result<Move, Refusal> {
    let force = params.flag("Force")?;
    instance.open()?;
    instance.paid(now)?;
    instance.in_state(&[State::Running, State::Stopped])?;
    // DEP-33: a set of another region counts as unknown.
    let own = |set: &Set| set.belongs_to(instance.account) && set.region == instance.region;
    let found = sets.named(id).filter(|(_, set)| own(set));
    let (at, set) = found.ok_or(UNKNOWN_SET)?;
    if instance.host.is_some() {
        return Err(SET_ON_HOST); // DEP-31
    }
    if instance.spot || instance.set == Some(at) {
        return Err(SET_NOT_CHANGED); // DEP-30
    }
    if set.refused.binary_search(&instance.family).is_ok() {
        return Err(SET_FAMILY); // DEP-22
    }
    Ok(Move::Set { set: at, force })
}

fn to_host(params: &Params, instance: &Instance, hosts: &Hosts, now: Utc) -> Result<Move, Refusal> {
    params.flag("Force")?;
    params.word("Tenancy", &["host"], BAD_TENANCY)?;
    let affinity = params.word("Affinity", &["default", "host"], INVALID_PARAM)?;
    let live = params.word("MigrationType", &["reboot", "live"], INVALID_PARAM)? == Some(1);
    let named = params.get("DedicatedHostId");
    if named.is_none() && (live || !params.has("Tenancy")) {
        return Err(INVALID_PARAM);
    }
    instance.open()?;
    instance.paid(now)?;
    if !instance.vpc {
        return Err(NOT_IN_VPC);
    }
    // DHST-44: from a shared host pay-as-you-go only, and never spot; a set keeps an instance off dedicated hosts.
    if instance.host.is_none() && (instance.charge == ChargeType::PrePaid || instance.spot) {
        return Err(HOST_CHARGE_TYPE);
    }
    if instance.set.is_some() {
        return Err(SET_ON_HOST);
    }
    // DHST-16: a cluster limits the choice, and a named host outside it is none.
    let cluster = params.get("DedicatedHostClusterId");
    let own = |host: &Host| {
        host.account == instance.account && cluster.is_none_or(|id| host.cluster.as_deref() == Some(id))
    };
    let hosts = match named {
        Some(id) => {
            let (at, host) = hosts.named(id).filter(|(_, host)| own(host)).ok_or(UNKNOWN_HOST)?;
            if Some(at) == instance.host {
                return Err(SAME_HOST);
            }
            fits(host, instance)?;
            vec![at]
        }
        None => {
            let own = hosts.0.iter().filter(|(_, host)| own(host) && host.auto_placement);
            own.filter(|(_, host)| fits(host, instance).is_ok()).map(|(at, _)| *at).collect()
        }
    };
    // DHST-42: local disks stay where they are.
    if instance.local_disks {
        return Err(HOST_FAMILY);
    }
    match (live, instance.state) {
        (_, State::Stopped) | (true, State::Running) => {}
        _ => return Err(UNSTOPPED),
    }
    if hosts.is_empty() {
        return Err(NO_HOST_FOUND);
    }
    let affinity = if affinity == Some(1) { Affinity::Host } else { Affinity::Default };
    Ok(Move::Host { hosts, named: named.is_some(), affinity, live: live && instance.state == State::Running })
}

/// A host may take the instance, room apart.
///
/// # Errors
/// What the move to it would be answered.
pub fn fits(host: &Host, instance: &Instance) -> Result<(), Refusal> {
    if host.zone != instance.zone {
        return Err(OTHER_ZONE); // DHST-6
    }
    if host.condition != Condition::Available {
        return Err(HOST_STATUS); // DHST-3
    }
    if !host.takes_family(instance.family) {
        return Err(HOST_FAMILY); // DHST-17
    }
    if !host.takes_charge(instance.charge) {
        return Err(HOST_CHARGE_TYPE); // DHST-32
    }
    if !host.outlives(instance.expires) {
        return Err(OUTLIVES_HOST); // DHST-33
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::hosts::tests::{NOW, host};
    use super::super::sets::tests::set;
    use super::super::{Lock, StoppedMode};
    use super::*;

    fn hosts() -> Hosts {
        let mut hosts = Hosts::default();
        hosts.0.insert(1, host("dh-post", ChargeType::PostPaid));
        hosts.0.insert(2, host("dh-pre", ChargeType::PrePaid));
        hosts.0.insert(3, Host { auto_placement: false, ..host("dh-off", ChargeType::PostPaid) });
        hosts.0.insert(4, Host { zone: 1, ..host("dh-far", ChargeType::PostPaid) });
        hosts.0.insert(5, Host { account: 1, ..host("dh-other", ChargeType::PostPaid) });
        hosts.0.insert(
            6,
            Host { condition: Condition::UnderAssessment, ..host("dh-bad", ChargeType::PostPaid) },
        );
        hosts
    }

    fn go(pairs: &[(&str, &str)], instance: &Instance) -> Result<Move, Refusal> {
        let mut sets = Sets::default();
        sets.0.insert(9, set("ds-a"));
        sets.0.insert(10, super::super::sets::Set { region: 1, ..set("ds-far") });
        modify(&Params::of(pairs), instance, &hosts(), &sets, NOW)
    }

    fn stopped() -> Instance {
        Instance::stopped(StoppedMode::KeepCharging)
    }

    fn to(id: &str, instance: &Instance) -> Result<Move, Refusal> {
        go(&[("DedicatedHostId", id)], instance)
    }

    #[test]
    fn one_of_two_jobs_in_a_call() {
        // MID-B1, MID-E015, MID-E016, DHST-11
        assert_eq!(go(&[], &stopped()), Err(INVALID_PARAM));
        assert_eq!(go(&[("DeploymentSetId", "ds-a"), ("Tenancy", "host")], &stopped()), Err(INVALID_PARAM));
        assert_eq!(go(&[("Tenancy", "default")], &stopped()), Err(BAD_TENANCY));
        assert_eq!(go(&[("Affinity", "host")], &stopped()), Err(INVALID_PARAM), "no host and no Tenancy");
    }

    #[test]
    fn a_named_host_is_checked() {
        // DHST-3, DHST-6, DHST-17, DHST-18, DHST-46, MID-B2 to MID-B5, MID-E006, MID-E008, MID-E010 to MID-E013, MID-E017
        let good = Move::Host { hosts: vec![1], named: true, affinity: Affinity::Default, live: false };
        assert_eq!(to("dh-post", &stopped()), Ok(good));
        assert!(to("dh-off", &stopped()).is_ok(), "DHST-14: it is named");
        assert_eq!(to("dh-none", &stopped()), Err(UNKNOWN_HOST));
        assert_eq!(to("dh-other", &stopped()), Err(UNKNOWN_HOST));
        assert_eq!(to("dh-far", &stopped()), Err(OTHER_ZONE));
        assert_eq!(to("dh-bad", &stopped()), Err(HOST_STATUS));
        assert_eq!(to("dh-post", &Instance::running()), Err(UNSTOPPED));
        let with = |change: fn(&mut Instance)| {
            let mut instance = stopped();
            change(&mut instance);
            to("dh-post", &instance)
        };
        assert_eq!(with(|one| one.host = Some(1)), Err(SAME_HOST));
        assert_eq!(with(|one| one.family = 3), Err(HOST_FAMILY));
        assert_eq!(with(|one| one.vpc = false), Err(NOT_IN_VPC));
        assert_eq!(with(|one| one.local_disks = true), Err(HOST_FAMILY), "DHST-42");
        assert_eq!(with(|one| one.lock = Some(Lock::Security)), Err(LOCKED_FOR_SECURITY));
        assert_eq!(with(|one| one.set = Some(9)), Err(SET_ON_HOST), "DHST-19");
        assert_eq!(with(|one| one.spot = true), Err(HOST_CHARGE_TYPE), "DHST-44: never spot");
    }

    #[test]
    fn a_subscription_moves_between_subscription_hosts_that_outlive_it() {
        // DHST-33, DHST-44, MID-B3, MID-E009, MID-E011
        let prepaid = |days: i64, from: Option<u32>| Instance {
            charge: ChargeType::PrePaid,
            expires: Some(Utc(NOW.0 + days * 86_400)),
            host: from,
            ..stopped()
        };
        assert_eq!(to("dh-pre", &prepaid(10, None)), Err(HOST_CHARGE_TYPE), "from a shared host");
        assert!(to("dh-pre", &prepaid(30, Some(7))).is_ok());
        assert_eq!(to("dh-pre", &prepaid(31, Some(7))), Err(OUTLIVES_HOST));
        assert_eq!(to("dh-post", &prepaid(10, Some(7))), Err(HOST_CHARGE_TYPE));
        assert_eq!(OUTLIVES_HOST.code, "InvalidPeriod.ExceededDedidactedHost", "spelled so");
    }

    #[test]
    fn automatic_placement_takes_the_hosts_that_let_it() {
        // DHST-12, DHST-13, DHST-14, MID-B4, MID-E019
        let auto = go(&[("Tenancy", "host"), ("Affinity", "host")], &stopped());
        let Ok(Move::Host { hosts, named, affinity, .. }) = auto else { panic!("{auto:?}") };
        assert_eq!((hosts, named, affinity), (vec![1, 2], false, Affinity::Host));
        let strange = Instance { family: 3, ..stopped() };
        assert_eq!(go(&[("Tenancy", "host")], &strange), Err(NO_HOST_FOUND));
    }

    #[test]
    fn a_cluster_limits_the_choice() {
        // DHST-16, DHST-60, MID-P05, MID-P07, MID-P08, MID-P11
        let mut hosts = hosts();
        hosts.0.get_mut(&2).unwrap().cluster = Some("dc-a".to_owned());
        let go = |pairs: &[(&str, &str)]| {
            modify(&Params::of(pairs), &stopped(), &hosts, &Sets::default(), NOW).map(|to| match to {
                Move::Host { hosts, affinity, .. } => (hosts, affinity),
                Move::Set { .. } => panic!("no set was named"),
            })
        };
        let auto = [("Tenancy", "host"), ("DedicatedHostClusterId", "dc-a")];
        assert_eq!(
            go(&auto),
            Ok((vec![2], Affinity::Default)),
            "MID-P08: default when it comes from a shared host"
        );
        assert_eq!(go(&[("Tenancy", "host"), ("DedicatedHostClusterId", "dc-b")]), Err(NO_HOST_FOUND));
        let named = |id| [("DedicatedHostId", id), ("DedicatedHostClusterId", "dc-a"), ("Affinity", "host")];
        assert_eq!(go(&named("dh-pre")), Ok((vec![2], Affinity::Host)));
        assert_eq!(go(&named("dh-post")), Err(UNKNOWN_HOST));
        assert_eq!(go(&[("DedicatedHostId", "dh-pre"), ("Affinity", "near")]), Err(INVALID_PARAM));
        assert_eq!(go(&[("DedicatedHostClusterId", "dc-a")]), Err(INVALID_PARAM), "no host and no Tenancy");
    }

    #[test]
    fn a_live_migration_names_its_host_and_may_run() {
        // DHST-45, MID-P09
        let live = [("DedicatedHostId", "dh-post"), ("MigrationType", "live")];
        assert!(matches!(go(&live, &Instance::running()), Ok(Move::Host { live: true, .. })));
        assert!(matches!(go(&live, &stopped()), Ok(Move::Host { live: false, .. })));
        assert_eq!(go(&[("Tenancy", "host"), ("MigrationType", "live")], &stopped()), Err(INVALID_PARAM));
    }

    #[test]
    fn a_set_takes_instances_of_shared_hosts_in_its_region() {
        // DEP-22, DEP-30, DEP-31, DEP-32, DEP-33, DEP-42, MID-B6, MID-E001, MID-E003, MID-P04, MID-P06
        let into = |id: &str, instance: &Instance| go(&[("DeploymentSetId", id)], instance);
        assert_eq!(into("ds-a", &Instance::running()), Ok(Move::Set { set: 9, force: false }));
        let forced = go(&[("DeploymentSetId", "ds-a"), ("Force", "true")], &stopped());
        assert_eq!(forced, Ok(Move::Set { set: 9, force: true }));
        assert_eq!(into("ds-x", &stopped()), Err(UNKNOWN_SET));
        assert_eq!(into("ds-far", &stopped()), Err(UNKNOWN_SET));
        let with = |change: fn(&mut Instance)| {
            let mut instance = stopped();
            change(&mut instance);
            into("ds-a", &instance)
        };
        assert_eq!(with(|one| one.spot = true), Err(SET_NOT_CHANGED));
        assert_eq!(with(|one| one.host = Some(1)), Err(SET_ON_HOST));
        assert_eq!(with(|one| one.family = 3), Err(SET_FAMILY));
        assert_eq!(with(|one| one.set = Some(9)), Err(SET_NOT_CHANGED));
        assert_eq!(with(|one| one.state = State::Starting), Err(WRONG_STATE));
        assert_eq!(
            go(&[("DeploymentSetId", "ds-a"), ("Force", "maybe")], &stopped()),
            Err(INVALID_PARAMETER)
        );
    }
}
