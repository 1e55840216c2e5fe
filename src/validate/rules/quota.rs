//! Q1 and Q2: counters, read after validity, so that a full quota never hides a bad request.

use crate::api::Param;
use crate::validate::cx::Cx;

/// One creation at a time (row 74).
pub(in crate::validate) fn lock(cx: &Cx<'_>) -> bool {
    cx.account.create_lock
}

/// R178.
pub(in crate::validate) fn postpaid_account(cx: &Cx<'_>) -> bool {
    !cx.prepaid() && cx.account.postpaid_instances.exceeded_by(1)
}

/// R178, O36: the text is the limit.
pub(in crate::validate) fn postpaid_region(cx: &Cx<'_>) -> Option<String> {
    let quota = cx.account.postpaid_in(cx.region_ix()?)?;
    (!cx.prepaid() && quota.exceeded_by(1)).then(|| quota.limit.unwrap_or_default().to_string())
}

/// R164.
pub(in crate::validate) fn deployment_set(cx: &Cx<'_>) -> bool {
    let set = cx.text(Param::DeploymentSetId).and_then(|id| cx.world.sets.entry(id));
    set.is_some_and(|(_, set)| set.instances.exceeded_by(1))
}

/// R180.
pub(in crate::validate) fn vpc(cx: &Cx<'_>) -> bool {
    cx.vpc.is_some_and(|(_, vpc)| vpc.instances.exceeded_by(1))
}

/// R79.
pub(in crate::validate) fn security_group(cx: &Cx<'_>) -> bool {
    cx.group.is_some_and(|(_, group)| group.instances.exceeded_by(1))
}

/// R179: the system disk counts.
pub(in crate::validate) fn postpaid_disks(cx: &Cx<'_>) -> bool {
    !cx.prepaid() && cx.account.postpaid_disks.exceeded_by(1 + cx.disks.len() as u64)
}

/// R179: portable data disks only.
pub(in crate::validate) fn portable_disks(cx: &Cx<'_>) -> bool {
    let portable = cx.portable_disks();
    portable > 0 && cx.account.portable_disks.exceeded_by(portable)
}
