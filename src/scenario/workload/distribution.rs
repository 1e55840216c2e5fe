//! Probability distributions as data: the checked form behind every `distribution = "..."` table.

/// A checked distribution of a non-negative quantity. Spans are in seconds; `f64::INFINITY` means for ever.
///
/// Sampling is in [`crate::workload::dist`]: with draws of fixed number and order where the method allows, and
/// no platform mathematics, so that a seed gives the same numbers on every machine.
#[derive(Clone, PartialEq, Debug)]
pub enum Distribution {
    /// Always the same value.
    Constant(f64),
    /// Every value of `low..high` alike.
    Uniform {
        /// Least value.
        low: f64,
        /// Bound above.
        high: f64,
    },
    /// Memoryless.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// The logarithm is normal.
    LogNormal {
        /// Mean of the natural logarithm: the logarithm of the median.
        mu: f64,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
    /// Weibull: a shape below 1 has a heavy tail (the old live on), above 1 wears out.
    Weibull {
        /// Shape.
        shape: f64,
        /// Scale: 63.2 % of the values lie below.
        scale: f64,
    },
    /// Pareto: a power-law tail from `minimum` on.
    Pareto {
        /// Least value.
        minimum: f64,
        /// Tail index; the mean is infinite at 1 and below.
        shape: f64,
    },
    /// Gamma.
    Gamma {
        /// Shape.
        shape: f64,
        /// Scale; the mean is shape times scale.
        scale: f64,
    },
    /// One of some values, by weight.
    Empirical {
        /// The values.
        values: Vec<f64>,
        /// Choice among them.
        choice: Choice,
    },
    /// Equally spaced quantiles from 0 to 1, straight lines between them.
    Quantiles(Vec<f64>),
    /// One of some distributions, by weight.
    Mixture {
        /// The distributions.
        parts: Vec<Distribution>,
        /// Choice among them.
        choice: Choice,
    },
    /// Another distribution, its values cut to a range (not drawn again).
    Clamped {
        /// The distribution that is cut.
        inner: Box<Distribution>,
        /// Least value.
        low: f64,
        /// Greatest value.
        high: f64,
    },
    /// Never ends.
    Forever,
}

/// A weighted choice among `len` things: cumulative shares, the last of which is 1.
#[derive(Clone, PartialEq, Debug)]
pub struct Choice {
    cumulative: Vec<f64>,
}

impl Choice {
    /// A choice by weights. None when there is no weight, one is negative or not finite, or all are zero.
    pub fn new(weights: &[f64]) -> Option<Choice> {
        let total: f64 = weights.iter().sum();
        let usable = weights.iter().all(|&weight| weight >= 0.0) && total > 0.0 && total.is_finite();
        if !usable {
            return None;
        }
        let mut sum = 0.0;
        let mut cumulative: Vec<f64> = weights
            .iter()
            .map(|weight| {
                sum += weight;
                sum / total
            })
            .collect();
        // Rounding may leave the last positive weight short of 1: nothing after it may ever be picked.
        let last = weights.iter().rposition(|&weight| weight > 0.0)?;
        cumulative[last..].fill(1.0);
        Some(Choice { cumulative })
    }

    /// The thing that `unit`, a number of `[0, 1)`, falls on.
    #[inline]
    pub fn at(&self, unit: f64) -> usize {
        self.cumulative.partition_point(|&bound| bound <= unit)
    }

    /// The share of each thing.
    pub fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        let below = std::iter::once(0.0).chain(self.cumulative.iter().copied());
        self.cumulative.iter().zip(below).map(|(above, below)| above - below)
    }

    /// Number of things.
    pub fn len(&self) -> usize {
        self.cumulative.len()
    }

    /// True for no things; [`Choice::new`] makes none such.
    pub fn is_empty(&self) -> bool {
        self.cumulative.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::Choice;

    #[test]
    fn choices_follow_their_weights_and_never_pick_zero() {
        let choice = Choice::new(&[0.0, 1.0, 3.0, 0.0]).expect("usable");
        assert_eq!([0.0, 0.24, 0.25, 0.999_999].map(|unit| choice.at(unit)), [1, 1, 2, 2]);
        assert_eq!(choice.at(1.0 - f64::EPSILON / 2.0), 2);
        assert_eq!(choice.len(), 4);
    }

    #[test]
    fn unusable_weights_make_no_choice() {
        for weights in [&[][..], &[0.0], &[-1.0, 2.0], &[f64::NAN], &[f64::INFINITY]] {
            assert_eq!(Choice::new(weights), None, "{weights:?}");
        }
    }
}
