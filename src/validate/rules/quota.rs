//! Q1 and Q2: counters, read after validity, so that a full quota never hides a bad request.

use crate::validate::commit::Order;
use crate::validate::effective::Network;

/// One creation at a time (row 74).
pub(in crate::validate) fn lock(order: &Order<'_>) -> bool {
    order.account.create_lock
}

/// R178.
pub(in crate::validate) fn postpaid_account(order: &Order<'_>) -> bool {
    order.postpaid() && order.account.postpaid_instances.exceeded_by(1)
}

/// R178, O36: the text is the limit.
pub(in crate::validate) fn postpaid_region(order: &Order<'_>) -> Option<String> {
    let quota = order.account.postpaid_in(order.effective.region.0)?;
    (order.postpaid() && quota.exceeded_by(1)).then(|| quota.limit.unwrap_or_default().to_string())
}

/// R164.
pub(in crate::validate) fn deployment_set(order: &Order<'_>) -> bool {
    let set = order.effective.deployment_set.and_then(|at| order.world.sets.get(at));
    set.is_some_and(|set| set.instances.exceeded_by(1))
}

/// R180.
pub(in crate::validate) fn vpc(order: &Order<'_>) -> bool {
    let Network::Vpc(place) = order.effective.network else { return false };
    let vpc = place.vpc.and_then(|at| order.world.vpcs.get(at));
    vpc.is_some_and(|vpc| vpc.instances.exceeded_by(1))
}

/// R79.
pub(in crate::validate) fn security_group(order: &Order<'_>) -> bool {
    let group = order.effective.security_group.and_then(|at| order.world.groups.get(at));
    group.is_some_and(|group| group.instances.exceeded_by(1))
}

/// R179: the system disk counts.
pub(in crate::validate) fn postpaid_disks(order: &Order<'_>) -> bool {
    order.postpaid() && order.account.postpaid_disks.exceeded_by(1 + order.effective.data.len() as u64)
}

/// R179: portable data disks only.
pub(in crate::validate) fn portable_disks(order: &Order<'_>) -> bool {
    let portable = order.portable_disks();
    portable > 0 && order.account.portable_disks.exceeded_by(portable)
}
