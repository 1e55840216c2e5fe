//! The spot market: prices, bids, protection, reclaim, bills.
//!
//! Nothing here knows an event queue or a request: the simulator tells the [`Market`] what happens, and the market says
//! what follows. `docs/spot.md` explains the models and the rules; the rules themselves carry their ids (SPOT-1 to
//! SPOT-61).

pub mod bill;
pub mod fleet;
pub mod headroom;
pub mod market;
pub mod model;
pub mod notice;
pub mod price;
pub mod restart;
pub mod series;
pub mod survival;
pub mod victims;

pub use market::Market;
