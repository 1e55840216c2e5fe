//! S2: credentials, as far as the image does not matter.

use super::malformed;
use crate::api::{Param, forms};
use crate::validate::cx::Cx;

/// R37.
pub(in crate::validate) fn inherit_and_password(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::Password) && cx.req.flag(Param::PasswordInherit)
}

/// R34, R35.
pub(in crate::validate) fn password(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::Password, forms::password)
}
