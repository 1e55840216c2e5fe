//! The TOML scenario: its schema, its defaults, its checks with a pointer to the faulty line.

mod error;
mod known;
pub mod naming;
mod nearest;
pub mod units;

pub use error::{Faulty, Problem, ScenarioError};
pub use known::{Known, unknown};
pub use nearest::{did_you_mean, nearest};
