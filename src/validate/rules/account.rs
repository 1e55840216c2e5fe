//! A1 to A3: who calls, may he call here, is he in good standing, and what he was granted.

use crate::api::Param;
use crate::validate::cx::Cx;
use crate::world::Caller;

/// R175.
pub(in crate::validate) fn owner(cx: &Cx<'_>) -> bool {
    cx.text(Param::ResourceOwnerAccount).is_some_and(|name| name != &*cx.account.login_name)
}

pub(in crate::validate) fn caller(cx: &Cx<'_>) -> bool {
    cx.account.caller_denied
}

/// G5.
pub(in crate::validate) fn region_unknown(cx: &Cx<'_>) -> Option<String> {
    let supported = cx.region.is_some_and(|(_, region)| region.ecs_supported);
    let id = cx.text(Param::RegionId)?;
    (!supported).then(|| format!("The specified region {id} is not supported."))
}

pub(in crate::validate) fn region_denied(cx: &Cx<'_>) -> bool {
    cx.region_ix().is_some_and(|region| cx.account.regions_denied.has(region))
}

pub(in crate::validate) fn risk(cx: &Cx<'_>) -> bool {
    cx.account.risk_verification_required
}

/// R177.
pub(in crate::validate) fn real_name(cx: &Cx<'_>) -> bool {
    !cx.account.real_name_verified && cx.region.is_some_and(|(_, region)| region.real_name_required)
}

pub(in crate::validate) fn policy(cx: &Cx<'_>) -> bool {
    !cx.account.payment_policy_legal
}

pub(in crate::validate) fn no_method(cx: &Cx<'_>) -> bool {
    !cx.account.has_payment_method
}

pub(in crate::validate) fn arrears(cx: &Cx<'_>) -> bool {
    cx.account.arrears
}

/// R139.
pub(in crate::validate) fn postpaid_balance(cx: &Cx<'_>) -> bool {
    !cx.prepaid() && cx.account.funds() < i128::from(cx.account.min_postpaid_balance)
}

pub(in crate::validate) const GRANTS: &[Param] =
    &[Param::UserData, Param::ResourceGroupId, Param::RamRoleName];

/// R173.
pub(in crate::validate) fn user_data(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::UserData) && !cx.account.user_data_allowed
}

/// R174.
pub(in crate::validate) fn resource_group(cx: &Cx<'_>) -> bool {
    cx.text(Param::ResourceGroupId).is_some_and(|id| !cx.world.resource_groups.contains(id))
}

/// R85.
pub(in crate::validate) fn ram_role(cx: &Cx<'_>) -> bool {
    cx.text(Param::RamRoleName).is_some_and(|name| !cx.world.ram_roles.contains(name))
}

/// R86: asked of RAM users only.
pub(in crate::validate) fn pass_role(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::RamRoleName) && cx.account.caller == Caller::Ram && !cx.account.ram_can_pass_role
}

/// Whether any check of A1 fires: one call for the many requests of which none does.
pub(in crate::validate) fn unwelcome(cx: &Cx<'_>) -> bool {
    owner(cx) || caller(cx) || region_unknown(cx).is_some() || region_denied(cx)
}

/// Whether any check of A2 fires: one call for the many requests of which none does.
pub(in crate::validate) fn bad_standing(cx: &Cx<'_>) -> bool {
    risk(cx) || real_name(cx) || policy(cx) || no_method(cx) || arrears(cx) || postpaid_balance(cx)
}
