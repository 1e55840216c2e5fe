//! D1 and D2: the dedicated host, named or chosen.

use crate::api::Param;
use crate::validate::cx::{Cx, Net};
use crate::world::{ChargeType, DedicatedHost, HostStatus};

/// What can bind a request to a dedicated host.
pub(in crate::validate) const HOST: &[Param] = &[Param::DedicatedHostId, Param::Tenancy];

fn named(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::DedicatedHostId)
}

/// The host is named, exists, and this holds of it.
fn of_named(cx: &Cx<'_>, holds: impl Fn(&DedicatedHost) -> bool) -> bool {
    named(cx) && of_host(cx, holds)
}

/// There is a host, named or chosen, and this holds of it.
fn of_host(cx: &Cx<'_>, holds: impl Fn(&DedicatedHost) -> bool) -> bool {
    cx.host.is_some_and(|(_, host)| holds(host))
}

/// R158.
pub(in crate::validate) fn classic(cx: &Cx<'_>) -> bool {
    cx.on_host && cx.net == Net::Classic
}

/// R159.
pub(in crate::validate) fn unknown(cx: &Cx<'_>) -> bool {
    named(cx) && cx.host.is_none()
}

/// R159, O38.
pub(in crate::validate) fn failed(cx: &Cx<'_>) -> bool {
    of_named(cx, |host| host.status == HostStatus::Failed)
}

/// R159, O38.
pub(in crate::validate) fn changing(cx: &Cx<'_>) -> bool {
    of_named(cx, |host| host.status != HostStatus::Available)
}

/// R159, O38.
pub(in crate::validate) fn migrating(cx: &Cx<'_>) -> bool {
    of_named(cx, |host| host.instance_transition)
}

/// R159, O39.
pub(in crate::validate) fn zone(cx: &Cx<'_>) -> bool {
    cx.fixed_zone.is_some_and(|zone| of_named(cx, |host| host.zone != zone))
}

/// R159.
pub(in crate::validate) fn family(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| of_named(cx, |host| !host.families.has(row.family)))
}

fn prepaid_on_postpaid_host(cx: &Cx<'_>) -> bool {
    cx.prepaid() && of_host(cx, |host| host.charge_type == ChargeType::PostPaid)
}

/// R160, O34.
pub(in crate::validate) fn prepaid_on_postpaid(cx: &Cx<'_>) -> bool {
    named(cx) && prepaid_on_postpaid_host(cx)
}

/// R160, O34.
pub(in crate::validate) fn prepaid_on_postpaid_auto(cx: &Cx<'_>) -> bool {
    !named(cx) && prepaid_on_postpaid_host(cx)
}

/// R160.
pub(in crate::validate) fn charge_type(cx: &Cx<'_>) -> bool {
    of_host(cx, |host| !host.charge_types.has(cx.charge))
}

/// R161: the same moment is allowed.
pub(in crate::validate) fn period(cx: &Cx<'_>) -> bool {
    cx.prepaid()
        && of_host(cx, |host| {
            host.expires.zip(cx.period()).is_some_and(|(expires, period)| period.end(cx.now) > expires)
        })
}
