//! Capacity planning: searches and sweeps over runs.
//!
//! A *plan* looks for the cheapest setting of some *knobs* (keys of the scenario) with which *objectives* hold on a
//! number of seeds; a *what-if* table plans or judges the same scenario with something changed, one column a change; a
//! *sweep* runs a grid or a Latin hypercube of settings and can be cut into shards and resumed.
//!
//! Runs go side by side on threads, each on its own; no result depends on how many there are. `docs/planning.md`
//! tells the statistics and works examples.

mod bound;
mod gauge;
mod knobs;
mod look;
mod objective;
mod outcome;
mod page;
mod parallel;
mod plan;
mod population;
mod search;
pub mod statistics;
pub mod sweep;
mod terminal;
mod trial;
mod trials;
pub mod whatif;

pub use gauge::Measured;
pub use knobs::{Knob, Knobs, Point};
pub use look::look_line;
pub use objective::{Failure, Kind, Objective, Unit};
pub use outcome::{
    Answer, Basis, Effort, FrontierPoint, Goal, InTheWay, KnobLine, Neighbour, PLAN_SCHEMA, Plan, Setting,
    SpotUse, Verified,
};
pub use page::{section, table_section};
pub use parallel::cores;
pub use plan::{Extras, plan};
pub use terminal::{table as table_text, terminal};
pub use trial::{Figures, Trial};
pub use trials::{Full, Look, PlanError, Source, Standing, Terms, Trials, Verdict};
