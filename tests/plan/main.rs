//! `planner::plan` against answers that are known: hand-computed loads, the Erlang B formula, fresh seeds.

mod by_hand;
mod case;
mod command;
mod knobs;
mod loss;
mod objectives;
mod spot;
mod whatif;
