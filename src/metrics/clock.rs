//! The one place of the library that reads a wall clock, for figures about this machine only.

use std::time::Instant;

/// A moment of wall time on this machine. It can be compared with another one and with nothing else, so it
/// cannot leak into virtual time.
#[derive(Clone, Copy, Debug)]
pub struct WallMark(Instant);

impl WallMark {
    /// Now.
    #[expect(
        clippy::disallowed_methods,
        reason = "engine cost is wall time by definition; no decision sees it"
    )]
    pub fn now() -> WallMark {
        WallMark(Instant::now())
    }

    /// Nanoseconds of wall time since this mark.
    pub fn elapsed_nanos(self) -> u64 {
        self.0.elapsed().as_nanos().min(u128::from(u64::MAX)) as u64
    }

    /// Seconds of wall time since this mark.
    pub fn elapsed_secs(self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
