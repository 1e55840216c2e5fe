//! `utilization`: the price follows the smoothed use of the pool behind the type.
//!
//! ```text
//! s  <- s + (use - s) * (1 - 2^(-step / half_life))
//! x   = clamp((s - low) / (high - low), 0, 1)
//! share of the list price = floor + (1 - floor) * x^curve
//! ```
//!
//! `use` is the larger of the shares of vCPUs and of memory that are taken in the pool, spot instances included. The
//! bounds are those of the documents: never above the pay-as-you-go price, examples near a tenth of it (SPOT-20). The
//! shape between them is ours: that the price of spare capacity should rise with scarcity and change slowly is what
//! providers say of their own (Wolski, George, Krintz, Brevik, "Analyzing AWS Spot Instance Pricing", UCSB computer
//! science report 2018-02, on the mechanism since November 2017); the figures behind it are not public.

use super::{gain, towards};
use crate::model::SimDuration;
use crate::spot::price::WHOLE;

/// The smoothed use of a pool is kept in parts of this: finer than a millionth, so that slow smoothing moves at all.
const FINE: u64 = 1_000;

/// A price that follows the use of a pool.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Utilization {
    floor: u64,
    low: u64,
    high: u64,
    curve: u32,
    gain: u64,
    smoothed: u64,
}

impl Utilization {
    /// `floor` is the lowest share of the list price; at a smoothed use of `low` the price begins to rise, at `high`
    /// it is the list price; all in millionths, `low` below `high`. `curve` is the power of the rise.
    pub fn new(
        floor: u64,
        low: u64,
        high: u64,
        curve: u32,
        step: SimDuration,
        half_life: SimDuration,
    ) -> Self {
        assert!(low < high && floor <= WHOLE, "the scenario's checks have seen to it");
        Utilization { floor, low, high, curve, gain: gain(step.0, half_life.0), smoothed: 0 }
    }

    /// The share of the list price after a step in which the pool was this full (millionths).
    pub fn step(&mut self, used: u64) -> u64 {
        self.smoothed = towards(self.smoothed, used.min(WHOLE) * FINE, self.gain);
        self.share()
    }

    /// The share of the list price now.
    pub fn share(&self) -> u64 {
        let level = (self.smoothed / FINE).clamp(self.low, self.high) - self.low;
        let x = level * WHOLE / (self.high - self.low);
        let rise = (1..self.curve).fold(x, |power, _| power * x / WHOLE);
        self.floor + (WHOLE - self.floor) * rise / WHOLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(half_life_s: u64) -> Utilization {
        let (step, half_life) = (SimDuration::from_secs(300), SimDuration::from_secs(half_life_s));
        Utilization::new(100_000, 500_000, 900_000, 2, step, half_life)
    }

    #[test]
    fn it_runs_from_the_floor_to_the_list_price() {
        let mut now = model(0);
        let shares: Vec<u64> =
            [0, 500_000, 600_000, 700_000, 800_000, 900_000, WHOLE].map(|used| now.step(used)).to_vec();
        assert_eq!(shares, [100_000, 100_000, 156_250, 325_000, 606_250, WHOLE, WHOLE]);
    }

    #[test]
    fn golden() {
        let mut smoothed = model(3_600);
        let shares: Vec<u64> = (0..40).map(|at| smoothed.step(if at < 30 { 950_000 } else { 0 })).collect();
        assert!(shares[..30].is_sorted() && shares[30..].is_sorted_by(|a, b| a >= b));
        assert_eq!(
            [shares[0], shares[12], shares[20], shares[29], shares[31], shares[39]],
            [100_000, 100_015, 257_934, 547_518, 317_719, 100_000]
        );
    }
}
