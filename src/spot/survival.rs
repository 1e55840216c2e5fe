//! How long spot instances live before they are reclaimed: the product-limit estimate.
//!
//! `S(t) = product over t_i <= t of (1 - d_i / n_i)`, with `d_i` reclaimed at age `t_i` and `n_i` that had reached it.
//! Instances that their customer released, and those that live at the end, are censored: they count as long as they were
//! there (Kaplan and Meier, "Nonparametric Estimation from Incomplete Observations", Journal of the American
//! Statistical Association 53, 1958). Ages are counted in steps of five minutes, the distance of the checks; within a
//! step the reclaimed come before the censored.

use serde::Serialize;

use crate::model::SimDuration;

/// Length of a step of age.
pub const STEP: SimDuration = SimDuration::from_secs(300);
/// Steps that are told apart: sixty days. Longer lives share the last one.
const STEPS: usize = 60 * 288;

/// Ages at which instances ended.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Survival {
    /// Reclaimed and censored, by steps of age.
    ends: Vec<(u32, u32)>,
}

/// A point of the curve: it holds until the next one.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Point {
    /// Age in hours.
    pub hours: f64,
    /// Instances that had reached it.
    pub at_risk: u64,
    /// Of these, reclaimed at it.
    pub reclaimed: u64,
    /// Share that lives on.
    pub survival: f64,
}

impl Survival {
    /// An instance ended at this age, reclaimed or not.
    pub fn ended(&mut self, age: SimDuration, reclaimed: bool) {
        let step = ((age.0 / STEP.0) as usize).min(STEPS);
        if self.ends.len() <= step {
            self.ends.resize(step + 1, (0, 0));
        }
        let (gone, censored) = &mut self.ends[step];
        *(if reclaimed { gone } else { censored }) += 1;
    }

    /// The curve: one point for each age at which one was reclaimed.
    pub fn curve(&self) -> Vec<Point> {
        let mut at_risk: u64 =
            self.ends.iter().map(|&(gone, censored)| u64::from(gone) + u64::from(censored)).sum();
        let mut survival = 1.0;
        let mut points = Vec::new();
        for (step, &(gone, censored)) in self.ends.iter().enumerate() {
            if gone > 0 {
                survival *= 1.0 - f64::from(gone) / at_risk as f64;
                let hours = step as f64 * STEP.as_secs_f64() / 3_600.0;
                points.push(Point { hours, at_risk, reclaimed: gone.into(), survival });
            }
            at_risk -= u64::from(gone) + u64::from(censored);
        }
        points
    }
}

/// The share that lives at an age, by a curve.
pub fn at(curve: &[Point], hours: f64) -> f64 {
    curve.iter().rev().find(|point| point.hours <= hours).map_or(1.0, |point| point.survival)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_limit_estimate_with_censoring() {
        // Ages in steps; + is censored: 2, 3+, 4, 4, 5+, 6+.
        let mut survival = Survival::default();
        for (steps, reclaimed) in [(4, true), (2, true), (3, false), (5, false), (4, true), (6, false)] {
            survival.ended(SimDuration(STEP.0 * steps + 7), reclaimed);
        }
        let curve = survival.curve();
        let seen: Vec<(u64, u64)> = curve.iter().map(|point| (point.at_risk, point.reclaimed)).collect();
        assert_eq!(seen, [(6, 1), (4, 2)]);
        assert!((curve[0].survival - 5.0 / 6.0).abs() < 1e-12);
        assert!((curve[1].survival - 5.0 / 12.0).abs() < 1e-12);
        assert_eq!(at(&curve, 0.1), 1.0);
        assert_eq!(at(&curve, 1.0), curve[1].survival);
        assert!(Survival::default().curve().is_empty());
    }
}
