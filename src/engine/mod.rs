//! The discrete-event engine: clock, event queue, random streams. It knows nothing of clouds.

mod rng;

pub use rng::{Stream, Streams};
