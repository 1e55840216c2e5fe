//! Money: what things cost, what was billed, what was paid, and what happens when it is not.
//!
//! All amounts are whole millionths ([`crate::model::Money`]) and all times whole seconds, so that bills can be added
//! up: the sum of all bills is what accounts paid plus what they owe, to the millionth.
//!
//! - [`Prices`]: the price table (`data/prices.csv`) with a scenario's own figures laid over it.
//! - [`Meter`]: pay as you go by the second, billed by the hour (LIFE-64).
//! - [`Ledger`]: bills of one account, their due days, and the timeline of an account that does not pay (LIFE-60 to
//!   LIFE-63).
//! - [`Term`]: the timeline of a subscription (LIFE-50 to LIFE-57).
//!
//! Nothing here knows the event queue, the world or an instance: callers say what time it is and what happened.

mod ledger;
mod meter;
mod prices;
mod term;
#[cfg(test)]
mod tests;

pub use ledger::{Charge, DueRule, Ledger, Next, Standing};
pub use meter::{Meter, Metered};
pub use prices::{PriceError, Prices, TypePrice};
pub use term::{BEIJING, Step, Term, Window};

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
