//! S10: tags.

use crate::api::{Tag, forms};
use crate::validate::cx::Cx;

pub(in crate::validate) fn suspect(cx: &Cx<'_>) -> bool {
    cx.req.tags().iter().any(Tag::suspect) || duplicate(cx)
}

/// R166, R167, R171.
pub(in crate::validate) fn key(cx: &Cx<'_>) -> bool {
    cx.req.tags().iter().any(|tag| {
        !(1..=20).contains(&tag.index) || tag.key.as_deref().is_none_or(|key| !forms::tag_key(key))
    })
}

/// R168.
pub(in crate::validate) fn value(cx: &Cx<'_>) -> bool {
    cx.req.tags().iter().any(|tag| tag.value.as_deref().is_some_and(|value| !forms::tag_value(value)))
}

/// R170.
pub(in crate::validate) fn duplicate(cx: &Cx<'_>) -> bool {
    let tags = cx.req.tags();
    tags.iter().enumerate().any(|(at, tag)| tags[..at].iter().any(|earlier| earlier.key == tag.key))
}
