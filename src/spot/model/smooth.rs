//! `smooth`: a slow drift round a mean, whatever anybody does; there are no bids.
//!
//! ```text
//! level <- level + (mean - level) * g + spread * sqrt(1 - (1 - g)^2) * z,   g = 1 - 2^(-step / half_life)
//! share of the list price = clamp(level, floor, 1)
//! ```
//!
//! with z of mean 0 and variance 1: twelve uniform numbers, summed, less six. It is the Ornstein-Uhlenbeck process
//! ("On the Theory of the Brownian Motion", Physical Review 36, 1930) at steps: its mean is `mean`, its standard
//! deviation in the long run `spread`, and it forgets half of a deviation in `half_life`. A mean-reverting random
//! reserve price is what Agmon Ben-Yehuda et al. found behind most of the published prices of another provider (see
//! `auction`); since late 2017 that provider's prices move in small steps (Wolski et al., UCSB report 2018-02), which
//! half-lives of days give.

use super::{gain, towards};
use crate::engine::Stream;
use crate::model::SimDuration;
use crate::spot::price::WHOLE;

/// The level lies this far above zero inside, so that it can fall below zero without a sign.
const ZERO: u64 = 1 << 40;

/// A price that drifts.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Smooth {
    floor: u64,
    mean: u64,
    gain: u64,
    /// Standard deviation of one step, in millionths.
    noise: u64,
    level: u64,
    stream: Stream,
}

impl Smooth {
    /// Starts at its mean. `floor`, `mean` and `spread` are shares of the list price in millionths.
    pub fn new(
        floor: u64,
        mean: u64,
        spread: u64,
        step: SimDuration,
        half_life: SimDuration,
        stream: Stream,
    ) -> Smooth {
        let gain = gain(step.0, half_life.0);
        let kept = 1.0 - gain as f64 / (1u64 << 32) as f64;
        let noise = (spread as f64 * libm::sqrt(1.0 - kept * kept)).round() as u64;
        let mean = mean.min(WHOLE);
        Smooth { floor: floor.min(WHOLE), mean, gain, noise, level: ZERO + mean, stream }
    }

    /// The share of the list price after a step.
    pub fn step(&mut self) -> u64 {
        // Twelve numbers of 16 bits; their mean is 6 * 65,535, and 65,536 is their standard deviation but for 2^-32.
        let mut sum = 0;
        for _ in 0..3 {
            let bits = self.stream.next_u64();
            sum += (0..4).map(|part| bits >> (16 * part) & 0xFFFF).sum::<u64>();
        }
        let middle = 6 * 65_535;
        let size = |away: u64| (away * self.noise + (1 << 15)) >> 16;
        let calm = towards(self.level, ZERO + self.mean, self.gain);
        self.level = if sum >= middle { calm + size(sum - middle) } else { calm - size(middle - sum) };
        self.share()
    }

    /// The share of the list price now.
    pub fn share(&self) -> u64 {
        self.level.saturating_sub(ZERO).clamp(self.floor, WHOLE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;

    fn model(half_life_s: u64) -> Smooth {
        let stream = Streams::new(42).stream("spot smooth", 0);
        let (step, half_life) = (SimDuration::from_secs(300), SimDuration::from_secs(half_life_s));
        Smooth::new(100_000, 300_000, 50_000, step, half_life, stream)
    }

    #[test]
    fn golden() {
        let mut drift = model(86_400);
        let shares: Vec<u64> = (0..1_000).map(|_| drift.step()).collect();
        assert_eq!([shares[0], shares[1], shares[99], shares[999]], [304_210, 302_432, 279_320, 401_905]);
    }

    #[test]
    fn it_has_the_mean_and_the_spread_that_it_was_given_and_moves_slowly() {
        let mut drift = model(3_600);
        let shares: Vec<u64> = (0..100_000).map(|_| drift.step()).collect();
        let mean = shares.iter().sum::<u64>() as f64 / 1e5;
        let variance = shares.iter().map(|&share| (share as f64 - mean).powi(2)).sum::<f64>() / 1e5;
        assert!((mean - 300_000.0).abs() < 3_000.0, "{mean}");
        assert!((variance.sqrt() - 50_000.0).abs() < 2_500.0, "{}", variance.sqrt());
        let mut slow = model(7 * 86_400);
        let mut before = slow.share();
        for _ in 0..10_000 {
            let now = slow.step();
            assert!(now.abs_diff(before) < 15_000 && (100_000..=WHOLE).contains(&now));
            before = now;
        }
    }
}
