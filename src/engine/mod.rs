//! The discrete-event engine: clock, event queue, random streams. It knows nothing of clouds.

mod chunk;
pub mod draws;
mod ladder;
mod queue;
mod rng;

pub use queue::{Queue, QueueState, Ticket};
pub use rng::{Stream, Streams};
