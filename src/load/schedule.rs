//! When requests are meant to be sent: fixed before a step begins, whatever the control plane does.

use crate::engine::Streams;
use crate::workload::dist::exponential;

use super::{LoadError, Plan};

/// The most requests of one step: their moments take eight bytes each.
const MOST: f64 = 16_000_000.0;

/// Moments of a Poisson process of `rate` a second in nanoseconds from the start of the step, over the warm-up and
/// the step itself. `number` is the number of the step: each has luck of its own, the same in every run of a seed.
pub(super) fn poisson(seed: u64, number: u64, rate: f64, plan: &Plan) -> Result<Vec<u64>, LoadError> {
    let length = (plan.warmup + plan.step).as_secs_f64();
    let expected = rate * length;
    if expected > MOST {
        return Err(LoadError::TooMany { rate, expected, most: MOST });
    }
    let mut stream = Streams::new(seed).stream("load/arrivals", number);
    let (end, gap) = (length * 1e9, 1e9 / rate);
    let mut moments = Vec::with_capacity((expected * 1.01) as usize + 16);
    let mut at = gap * exponential(&mut stream);
    while at < end {
        moments.push(at as u64);
        at += gap * exponential(&mut stream);
    }
    Ok(moments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_is_a_poisson_process_of_its_rate_and_its_seed() {
        let plan = Plan::default();
        let schedule = poisson(1, 0, 20_000.0, &plan).unwrap();
        let length = (plan.warmup + plan.step).as_secs_f64();
        let expected = 20_000.0 * length;
        assert!((schedule.len() as f64 - expected).abs() < 5.0 * expected.sqrt());
        assert!(schedule.is_sorted());
        // The gaps of a Poisson process vary as much as their mean.
        let gaps: Vec<f64> = schedule.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum::<f64>() / gaps.len() as f64;
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05);
        assert_eq!(schedule, poisson(1, 0, 20_000.0, &plan).unwrap());
        assert_ne!(schedule, poisson(1, 1, 20_000.0, &plan).unwrap());
    }

    #[test]
    fn a_step_has_a_bounded_number_of_requests() {
        assert!(matches!(poisson(1, 0, 1e12, &Plan::default()), Err(LoadError::TooMany { .. })));
    }
}
