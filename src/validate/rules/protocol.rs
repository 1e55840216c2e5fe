//! P1 to P4: can the message be taken as a call of CreateInstance at all?

use super::malformed;
use crate::api::{Param, forms};
use crate::validate::cx::Cx;
use crate::world::TokenState;

const MANDATORY: [Param; 4] = [Param::Action, Param::RegionId, Param::ImageId, Param::InstanceType];

pub(in crate::validate) const BOOLEANS: &[Param] = &[
    Param::AutoRenew,
    Param::PasswordInherit,
    Param::UseAdditionalService,
    Param::DryRun,
    Param::DeletionProtection,
];

pub(in crate::validate) fn incomplete(cx: &Cx<'_>) -> bool {
    MANDATORY.iter().any(|param| !cx.req.has(*param))
}

pub(in crate::validate) fn no_action(cx: &Cx<'_>) -> bool {
    !cx.req.has(Param::Action)
}

pub(in crate::validate) fn no_region(cx: &Cx<'_>) -> bool {
    !cx.req.has(Param::RegionId)
}

pub(in crate::validate) fn no_image(cx: &Cx<'_>) -> bool {
    !cx.req.has(Param::ImageId)
}

pub(in crate::validate) fn no_type(cx: &Cx<'_>) -> bool {
    !cx.req.has(Param::InstanceType)
}

/// R19.
pub(in crate::validate) fn token_format(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::ClientToken, forms::client_token)
}

/// R4.
fn not_boolean(cx: &Cx<'_>, param: Param) -> bool {
    malformed(cx, param, |text| forms::boolean(text).is_some())
}

pub(in crate::validate) fn auto_renew(cx: &Cx<'_>) -> bool {
    not_boolean(cx, Param::AutoRenew)
}

pub(in crate::validate) fn password_inherit(cx: &Cx<'_>) -> bool {
    not_boolean(cx, Param::PasswordInherit)
}

pub(in crate::validate) fn use_additional_service(cx: &Cx<'_>) -> bool {
    not_boolean(cx, Param::UseAdditionalService)
}

pub(in crate::validate) fn dry_run(cx: &Cx<'_>) -> bool {
    not_boolean(cx, Param::DryRun)
}

pub(in crate::validate) fn deletion_protection(cx: &Cx<'_>) -> bool {
    not_boolean(cx, Param::DeletionProtection)
}

/// What is known of the request's token; a dry run reads none (R24).
fn known<'a>(cx: &Cx<'a>) -> Option<&'a crate::world::Token> {
    if cx.req.flag(Param::DryRun) {
        return None;
    }
    cx.world.token(cx.account_ix, cx.text(Param::ClientToken)?, cx.now)
}

/// R22.
pub(in crate::validate) fn token_busy(cx: &Cx<'_>) -> bool {
    known(cx).is_some_and(|token| token.state == TokenState::InProgress)
}

/// R21.
pub(in crate::validate) fn token_mismatch(cx: &Cx<'_>) -> bool {
    known(cx).is_some_and(|token| token.fingerprint != cx.req.fingerprint())
}

/// R20.
pub(in crate::validate) fn token_replay(cx: &Cx<'_>) -> Option<String> {
    known(cx).map(|token| token.instance_id.to_string())
}
