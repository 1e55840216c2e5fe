//! The rules, a file a group or two. A rule is a small function over the request, the world and what follows from
//! both; [`super::order`] says which row it answers with and when it is its turn.

pub(super) mod account;
pub(super) mod billing;
pub(super) mod catalog;
pub(super) mod credentials;
pub(super) mod data_disks;
pub(super) mod dedicated_host;
pub(super) mod encryption;
pub(super) mod image;
pub(super) mod network;
pub(super) mod network_options;
pub(super) mod options;
pub(super) mod placement_groups;
pub(super) mod protocol;
pub(super) mod quota;
pub(super) mod spot;
pub(super) mod storage;
pub(super) mod storage_offer;
pub(super) mod subscription;
pub(super) mod system_disk;
pub(super) mod tags;
pub(super) mod texts;

use super::cx::{Cx, DiskCx};
use crate::api::Param;

/// The parameter is there and its text is none of these.
fn none_of(cx: &Cx<'_>, param: Param, known: &[&str]) -> bool {
    cx.text(param).is_some_and(|text| !known.contains(&text))
}

/// The parameter is there and its text does not have the form.
fn malformed(cx: &Cx<'_>, param: Param, form: fn(&str) -> bool) -> bool {
    cx.text(param).is_some_and(|text| !form(text))
}

/// The text equals a documented disk category only once blanks are trimmed or letters folded (O26).
fn padded_category(text: &str) -> bool {
    use crate::world::DOCUMENTED;
    !DOCUMENTED.contains(&text) && DOCUMENTED.iter().any(|known| text.trim().eq_ignore_ascii_case(known))
}

/// `DataDisk.N`, for messages.
fn disk_name(disk: &DiskCx<'_>) -> String {
    format!("DataDisk.{}", disk.raw.index)
}
