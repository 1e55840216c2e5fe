//! S2: credentials, as far as the image does not matter.

use super::{malformed, suspect};
use crate::api::{Param, Params, forms};
use crate::validate::cx::Cx;

pub(in crate::validate) fn suspect_password(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::Password)
        && (cx.req.has(Param::PasswordInherit) || suspect(cx, Params::of(&[Param::Password])))
}

/// R37.
pub(in crate::validate) fn inherit_and_password(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::Password) && cx.req.flag(Param::PasswordInherit)
}

/// R34, R35.
pub(in crate::validate) fn password(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::Password, forms::password)
}
