//! CPU use that the customers of an instance want, over time: steps that repeat.

use std::sync::Arc;

use crate::model::SimTime;

/// All of a vCPU, in the unit of CPU use: ten-thousandths.
pub const FULL: u32 = 10_000;

/// One step of a load: from a moment of the pattern on, this much.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// Microseconds after the start of the pattern.
    pub from: u64,
    /// Wanted use of each vCPU in ten-thousandths, at most [`FULL`].
    pub level: u32,
}

/// Why steps make no load.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LoadError {
    /// No step, or the first one does not begin at zero.
    #[error("a load begins with a step at zero")]
    Start,
    /// Steps out of order, or at the end of the pattern or later.
    #[error("the steps of a load rise and lie within its period")]
    Order,
    /// More than all of a vCPU.
    #[error("a load is at most 100 % of each vCPU")]
    Level,
}

/// A load: steps that repeat with a period, shared by all instances that have it.
///
/// Straight pieces and whole numbers make credits and bills exact: between two steps everything that follows from
/// the load is a straight line, so nothing ever has to tick.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Load {
    steps: Arc<[Step]>,
    period: u64,
}

/// The wanted use at a moment, and how long it stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Piece {
    /// Wanted use of each vCPU in ten-thousandths.
    pub level: u32,
    /// When it changes; [`SimTime::NEVER`] for a constant load.
    pub until: SimTime,
}

impl Load {
    /// The same use for ever.
    pub fn constant(level: u32) -> Load {
        Load { steps: [Step { from: 0, level: level.min(FULL) }].into(), period: u64::MAX }
    }

    /// Steps that repeat every `period` microseconds.
    ///
    /// # Errors
    /// Steps that do not begin at zero, do not rise, reach beyond the period, or ask for more than there is.
    pub fn new(steps: &[Step], period: u64) -> Result<Load, LoadError> {
        if steps.first().is_none_or(|first| first.from != 0) {
            return Err(LoadError::Start);
        }
        let rising = steps.windows(2).all(|pair| pair[0].from < pair[1].from);
        if !rising || steps.last().is_some_and(|last| last.from >= period) {
            return Err(LoadError::Order);
        }
        if steps.iter().any(|step| step.level > FULL) {
            return Err(LoadError::Level);
        }
        Ok(Load { steps: steps.into(), period })
    }

    /// Length of the pattern in microseconds; `u64::MAX` for a constant load.
    pub fn period(&self) -> u64 {
        self.period
    }

    /// Wanted use at `at`, for an instance that is `phase` microseconds into the pattern when the run starts.
    pub fn at(&self, at: SimTime, phase: u64) -> Piece {
        if let [only] = *self.steps {
            return Piece { level: only.level, until: SimTime::NEVER };
        }
        let within = ((u128::from(at.0) + u128::from(phase)) % u128::from(self.period)) as u64;
        let next = self.steps.partition_point(|step| step.from <= within);
        let end = self.steps.get(next).map_or(self.period, |step| step.from);
        Piece { level: self.steps[next - 1].level, until: SimTime(at.0.saturating_add(end - within)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_repeats_and_says_when_it_changes() {
        let steps = [Step { from: 0, level: 100 }, Step { from: 10, level: 900 }];
        let load = Load::new(&steps, 30).unwrap();
        let at = |at, phase| {
            let piece = load.at(SimTime(at), phase);
            (piece.level, piece.until.0)
        };
        assert_eq!(
            [at(0, 0), at(9, 0), at(10, 0), at(29, 0), at(30, 0)],
            [(100, 10), (100, 10), (900, 30), (900, 30), (100, 40)]
        );
        assert_eq!(at(0, 25), (900, 5), "the phase shifts the pattern");
        let constant = Load::constant(20_000);
        assert_eq!(constant.at(SimTime(7), 3), Piece { level: FULL, until: SimTime::NEVER });
    }

    #[test]
    fn what_is_no_load_is_refused() {
        let step = |from, level| Step { from, level };
        assert_eq!(Load::new(&[], 10), Err(LoadError::Start));
        assert_eq!(Load::new(&[step(1, 0)], 10), Err(LoadError::Start));
        assert_eq!(Load::new(&[step(0, 0), step(0, 1)], 10), Err(LoadError::Order));
        assert_eq!(Load::new(&[step(0, 0), step(10, 1)], 10), Err(LoadError::Order));
        assert_eq!(Load::new(&[step(0, FULL + 1)], 10), Err(LoadError::Level));
    }
}
