//! Price models: where the price of a series (one type in one zone) comes from. No document gives a formula
//! (SPOT-20); each file here states its own and what it rests on.
//!
//! | model | the price |
//! |---|---|
//! | [`Utilization`] | follows the smoothed use of the pool behind the type |
//! | [`Book`] (auction) | the highest bid that finds no capacity |
//! | [`Smooth`] | drifts slowly round a mean, whatever anybody does |
//! | [`Replay`] | is read from a file |
//!
//! All but the replay give a share of the list price, in millionths, between a floor and one.

mod auction;
mod replay;
mod smooth;
mod utilization;

pub use auction::Book;
pub use replay::{Change, Replay, ReplayError};
pub use smooth::Smooth;
pub use utilization::Utilization;

/// The share of `2^(-step / half_life)` that a step forgets, in units of 2^-32: `1 - 2^(-step / half_life)`.
fn gain(step_us: u64, half_life_us: u64) -> u64 {
    if half_life_us == 0 {
        return 1 << 32;
    }
    let kept = libm::exp2(-(step_us as f64) / half_life_us as f64);
    ((1.0 - kept) * (1u64 << 32) as f64).round() as u64
}

/// Moves `from` towards `to` by a gain in units of 2^-32.
fn towards(from: u64, to: u64, gain: u64) -> u64 {
    let move_by = |span: u64| ((u128::from(span) * u128::from(gain) + (1 << 31)) >> 32) as u64;
    if to >= from { from + move_by(to - from) } else { from - move_by(from - to) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spot::price::WHOLE;

    #[test]
    fn half_a_way_in_a_half_life() {
        assert_eq!(gain(3_600, 3_600), 1 << 31);
        assert_eq!(gain(1, 0), 1 << 32);
        assert_eq!(towards(0, WHOLE, 1 << 31), WHOLE / 2);
        assert_eq!(towards(WHOLE, 0, 1 << 31), WHOLE / 2);
        assert_eq!(towards(7, 7, 1 << 32), 7);
        // Twelve steps of five minutes are one of an hour.
        let small = gain(300, 3_600);
        let end = (0..12).fold(0, |level, _| towards(level, 1_000_000_000, small));
        assert!((499_999_000..=500_001_000).contains(&end), "{end}");
    }
}
