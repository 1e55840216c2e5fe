//! Room that is kept free of spot instances for regular requests to come.
//!
//! - `none`: spot instances may fill a pool. A regular request that finds no room is refused and starts a reclaim.
//! - `fixed`: a share of the pool.
//! - `predicted`: what regular requests are expected to take within a horizon, from the recent windows of five minutes:
//!   `mean * windows + spread * deviation * sqrt(windows)`, windows being those of the horizon. That is a normal bound
//!   on a sum of independent windows; arrivals only, so that what leaves in the meantime is on the safe side.
//!
//! Headroom closes a pool to new spot instances while less than it would be left, and at each check running ones are
//! reclaimed until it is there again.

use std::collections::VecDeque;

use super::price::WHOLE;
use crate::model::Resources;

/// What a pool keeps free.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub enum Headroom {
    /// Nothing.
    None,
    /// A share of the pool, in millionths.
    Fixed(u64),
    /// What is expected to be asked for.
    Predicted(Predicted),
}

/// Recent demand of a pool, by windows.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Predicted {
    /// Windows that are remembered.
    memory: usize,
    /// Windows that have to be bridged, in thousandths.
    horizon_milli: u64,
    /// Standard deviations, in thousandths.
    spread_milli: u64,
    /// vCPU thousandths and MiB asked for, by window; the last one is open.
    windows: VecDeque<(u64, u64)>,
}

impl Predicted {
    /// Remembers `memory` windows, bridges `horizon_milli` thousandths of one, with so many thousandths of a deviation.
    pub fn new(memory: usize, horizon_milli: u64, spread_milli: u64) -> Predicted {
        Predicted { memory: memory.max(2), horizon_milli, spread_milli, windows: VecDeque::from([(0, 0)]) }
    }

    /// The bound on what is asked for within the horizon.
    fn bound(&self, of: impl Fn(&(u64, u64)) -> u64) -> u64 {
        // The open window would count for less than it is.
        let closed = self.windows.len() - 1;
        if closed == 0 {
            return 0;
        }
        let values = || self.windows.iter().take(closed).map(|window| u128::from(of(window)));
        let count = closed as u128;
        let sum: u128 = values().sum();
        let squares: u128 = values().map(|value| value * value).sum();
        // Variance times count squared.
        let scaled = count * squares - sum * sum;
        let expected = sum * u128::from(self.horizon_milli) / (1_000 * count);
        // spread * sqrt(variance * horizon), under one root to lose nothing.
        let spread = u128::from(self.spread_milli);
        let under = scaled.saturating_mul(u128::from(self.horizon_milli)) / 1_000;
        let deviation = under.isqrt() * spread / (1_000 * count);
        u64::try_from(expected + deviation).unwrap_or(u64::MAX)
    }
}

impl Headroom {
    /// A regular request asked the pool for this.
    pub fn asked(&mut self, demand: Resources) {
        if let Headroom::Predicted(predicted) = self
            && let Some(open) = predicted.windows.back_mut()
        {
            open.0 += demand.cpu_milli;
            open.1 += demand.memory_mib;
        }
    }

    /// A window is over.
    pub fn window_over(&mut self) {
        if let Headroom::Predicted(predicted) = self {
            predicted.windows.push_back((0, 0));
            while predicted.windows.len() > predicted.memory + 1 {
                predicted.windows.pop_front();
            }
        }
    }

    /// vCPUs and memory that a pool of this capacity keeps free.
    pub fn of(&self, capacity: Resources) -> Resources {
        let part =
            |whole: u64, share: u64| (u128::from(whole) * u128::from(share) / u128::from(WHOLE)) as u64;
        let (cpu_milli, memory_mib) = match self {
            Headroom::None => (0, 0),
            Headroom::Fixed(share) => (part(capacity.cpu_milli, *share), part(capacity.memory_mib, *share)),
            Headroom::Predicted(predicted) => (
                predicted.bound(|window| window.0).min(capacity.cpu_milli),
                predicted.bound(|window| window.1).min(capacity.memory_mib),
            ),
        };
        Resources { cpu_milli, memory_mib, ..Resources::default() }
    }

    /// True for no headroom at all: a refusal then starts a reclaim of its own.
    pub fn is_none(&self) -> bool {
        matches!(self, Headroom::None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(cpu_milli: u64, memory_mib: u64) -> Resources {
        Resources { cpu_milli, memory_mib, ..Resources::default() }
    }

    #[test]
    fn fixed_is_a_share_of_the_pool() {
        let pool = plain(1_000_000, 4_096_000);
        assert_eq!(Headroom::Fixed(50_000).of(pool), plain(50_000, 204_800));
        assert_eq!(Headroom::None.of(pool), plain(0, 0));
        assert!(Headroom::None.is_none() && !Headroom::Fixed(0).is_none());
    }

    #[test]
    fn predicted_is_the_mean_and_so_many_deviations() {
        let mut headroom = Headroom::Predicted(Predicted::new(4, 2_000, 3_000));
        let pool = plain(1_000_000, 1_000_000);
        assert_eq!(headroom.of(pool), plain(0, 0), "nothing is known yet");
        // Windows of 10, 20, 10, 20 vCPUs: mean 15, deviation 5; two windows: 30 + 3 * 5 * sqrt(2) = 51.2.
        for vcpus in [99, 10, 20, 10, 20] {
            headroom.asked(plain(vcpus * 1_000, vcpus * 2_048));
            headroom.window_over();
        }
        headroom.asked(plain(500_000, 0));
        let kept = headroom.of(pool);
        assert!((51_210..=51_214).contains(&kept.cpu_milli), "{kept:?}");
        assert!((104_878..=104_887).contains(&kept.memory_mib), "{kept:?}");
        assert_eq!(headroom.of(plain(40_000, 50_000)), plain(40_000, 50_000), "no more than there is");
    }
}
