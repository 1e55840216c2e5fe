//! The discrete-event engine: clock, event queue, random streams. It knows nothing of clouds.

mod queue;
mod rng;

pub use queue::{Queue, Ticket};
pub use rng::{Stream, Streams};
