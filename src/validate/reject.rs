//! The one answer that a refused request gets.

use std::borrow::Cow;

use super::check::{Answer, Check};
use crate::api::ErrorTable;
use crate::placement::Reason;

/// A refusal: the first check that fired, and the answer of its row. Also the two answers that end a request
/// without creating anything: a dry run that would succeed (X4), and the replay of a finished call.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error, serde::Serialize)]
#[error("{status} {code}: {message}")]
pub struct Reject {
    /// The check of the order of validation, such as `S1.name`.
    pub check: &'static str,
    /// Row of the error table; none for the answers without a row and for a replay.
    pub row: Option<u16>,
    /// HTTP status: 200 for a replay.
    pub status: u16,
    /// Code; empty for a replay.
    pub code: &'static str,
    /// Message; empty for a replay.
    pub message: Cow<'static, str>,
    /// The instance of the first call, when this call repeats it (R20).
    pub replay: Option<Box<str>>,
    /// What the placement core ran into, when there was no room.
    pub no_room: Option<Reason>,
}

impl Reject {
    /// The answer of a check, with a text of ours where its row has room for one.
    pub(super) fn new(check: &Check, text: Option<String>) -> Reject {
        let (row, status, code, message) = match check.answer {
            Answer::Row(n) => match ErrorTable::shipped().row(n) {
                Some(row) => {
                    let message = match &text {
                        Some(text) if row.has_text() => Cow::Owned(row.message.replacen("%s", text, 1)),
                        _ => Cow::Borrowed(row.message.as_str()),
                    };
                    (Some(n), row.status, row.code.as_str(), message)
                }
                None => unreachable!("the order of checks is tested against the table: no row {n}"),
            },
            Answer::Extra(extra) => (None, extra.status(), extra.code(), Cow::Owned(extra.message())),
            Answer::Replay => (None, 200, "", Cow::Borrowed("")),
        };
        let replay =
            if matches!(check.answer, Answer::Replay) { text.map(String::into_boxed_str) } else { None };
        Reject { check: check.id, row, status, code, message, replay, no_room: None }
    }

    /// Number of the check in the order of validation, from 1: a short name for logs.
    pub fn number(&self) -> u16 {
        super::order::number_of(self.check).unwrap_or(0)
    }

    /// True when more hosts or more disks would have made a place for it.
    pub fn is_for_want_of_room(&self) -> bool {
        self.no_room.is_some() || self.check == super::order::DISK_POOL.id
    }

    /// True when a type had no stock: of spot requests also while headroom closes their pool.
    pub fn is_for_want_of_stock(&self) -> bool {
        self.check == super::order::STOCK.id
    }

    /// True for the answer of a dry run that would have succeeded.
    pub fn is_dry_run(&self) -> bool {
        self.code == crate::api::Extra::DryRun.code()
    }
}
