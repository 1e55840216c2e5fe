//! The statistics behind a plan's statements.
//!
//! - **Clopper and Pearson (1934)**: bounds of a share from a count, exact for independent trials.
//! - **Wilks (1941)**: when all of K independent runs hold, a further run holds with probability at least
//!   `(1 - c)^(1/K)`, with confidence c. That is Clopper and Pearson's lower bound for K of K. It stays exact when the
//!   setting was chosen as the cheapest that holds on all K, as long as more is never worse: the threshold of the
//!   chosen setting is then the largest of K independent thresholds, and the share of the population below it is
//!   distributed as the largest of K uniform numbers.
//! - **Student (1908)**: bounds of a mean from a few values that are about normal.
//!
//! Everything goes through the regularised incomplete beta function, by its continued fraction (DLMF 8.17.22).

/// Regularised incomplete beta function I_x(a, b).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges quickly below the mean; above it the mirror image does.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let log_front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x);
    libm::exp(log_front) * fraction(x, a, b) / a
}

/// The continued fraction of DLMF 8.17.22, by Lentz's method.
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guard = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut result = d;
    for step in 1..500 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        result *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        let change = d * c;
        result *= change;
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

/// The argument in `low..high` at which an increasing function reaches `value`, by halving.
fn inverse(value: f64, low: f64, high: f64, function: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if function(middle) < value { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// Lower bound of a share after `hits` of `trials`, one-sided with this confidence.
pub fn share_at_least(hits: u64, trials: u64, confidence: f64) -> f64 {
    if hits == 0 {
        return 0.0;
    }
    let (a, b) = (hits as f64, (trials - hits) as f64 + 1.0);
    inverse(1.0 - confidence, 0.0, 1.0, |x| incomplete_beta(x, a, b))
}

/// Upper bound of a share after `hits` of `trials`, one-sided with this confidence.
pub fn share_at_most(hits: u64, trials: u64, confidence: f64) -> f64 {
    1.0 - share_at_least(trials - hits, trials, confidence)
}

/// Student's t: the value below which a share `probability` (at least one half) of the distribution with `freedom`
/// degrees of freedom lies.
pub fn student(probability: f64, freedom: f64) -> f64 {
    let below = |t: f64| 1.0 - 0.5 * incomplete_beta(freedom / (freedom + t * t), 0.5 * freedom, 0.5);
    inverse(probability, 0.0, 1e7, below)
}

/// A mean of independent values and an interval around it.
#[derive(Clone, Copy, PartialEq, Debug, Default, serde::Serialize)]
pub struct Interval {
    /// The mean.
    pub mean: f64,
    /// Lower end of the two-sided interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Interval {
    /// Mean and two-sided t interval of `values`. One value has no interval: it stands for all three.
    pub fn of(values: &[f64], confidence: f64) -> Interval {
        let (mean, error) = mean_and_error(values);
        let half = match values.len() {
            0 | 1 => 0.0,
            count => student(0.5 + 0.5 * confidence, (count - 1) as f64) * error,
        };
        Interval { mean, low: mean - half, high: mean + half }
    }

    /// The same, for values that cannot be below zero.
    #[must_use]
    pub fn above_zero(self) -> Interval {
        Interval { low: self.low.max(0.0), ..self }
    }
}

/// Upper bound of a mean, one-sided with this confidence; of one value that value.
pub fn mean_at_most(values: &[f64], confidence: f64) -> f64 {
    let (mean, error) = mean_and_error(values);
    if values.len() < 2 || error == 0.0 {
        return mean;
    }
    mean + student(confidence, (values.len() - 1) as f64) * error
}

/// Mean, and the standard error of it.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    if values.len() < 2 {
        return (mean, 0.0);
    }
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (count - 1.0) / count).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn near(got: f64, wanted: f64, by: f64) {
        assert!((got - wanted).abs() < by, "{got} is not {wanted}");
    }

    #[test]
    fn bounds_of_a_share_are_those_of_the_tables() {
        // All of K: (1 - c)^(1/K).
        for trials in [1u64, 5, 20, 59] {
            near(share_at_least(trials, trials, 0.95), libm::pow(0.05, 1.0 / trials as f64), 1e-12);
        }
        near(share_at_least(59, 59, 0.95), 0.9505, 1e-4);
        // Two-sided 95 % of 8 in 10 (scipy.stats.beta): 0.44390 to 0.97479.
        near(share_at_least(8, 10, 0.975), 0.443_904, 1e-5);
        near(share_at_most(8, 10, 0.975), 0.974_789, 1e-5);
        assert_eq!((share_at_least(0, 10, 0.9), share_at_most(10, 10, 0.9)), (0.0, 1.0));
        near(share_at_most(0, 10, 0.95), 1.0 - libm::pow(0.05, 0.1), 1e-12);
    }

    #[test]
    fn student_is_that_of_the_tables() {
        near(student(0.975, 9.0), 2.262_157, 1e-5);
        near(student(0.95, 1.0), 6.313_752, 1e-5);
        near(student(0.99, 30.0), 2.457_262, 1e-5);
        near(student(0.975, 1e6), 1.959_966, 1e-4);
        near(student(0.5, 5.0), 0.0, 1e-6);
    }

    #[test]
    fn an_interval_of_a_mean() {
        let interval = Interval::of(&[1.0, 2.0, 3.0, 4.0], 0.95);
        near(interval.mean, 2.5, 1e-12);
        // s = 1.2910, error 0.6455, t(0.975, 3) = 3.1824.
        near(interval.high - interval.mean, 2.0543, 1e-3);
        near(mean_at_most(&[1.0, 2.0, 3.0, 4.0], 0.975), interval.high, 1e-9);
        assert_eq!(Interval::of(&[5.0], 0.95), Interval { mean: 5.0, low: 5.0, high: 5.0 });
        assert_eq!(mean_at_most(&[2.0, 2.0], 0.95), 2.0);
    }
}
