//! Reports of a run: a screen of text for people, JSON for machines.

mod money;
mod nodes;
mod operations;
mod spot;
mod terminal;

pub use terminal::terminal;
pub(crate) use terminal::{duration, grouped};

use crate::sim::Summary;

/// The summary as pretty JSON with a final newline.
pub fn json(summary: &Summary) -> String {
    let mut text = serde_json::to_string_pretty(summary).expect("a summary has only plain values");
    text.push('\n');
    text
}
