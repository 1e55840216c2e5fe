//! Rules that look at the demand and the free room as vectors of shares of the host.

use super::{Fit, Rule, SHARE, Score, free_shares, share};

/// Shares of the host that the demand asks for: CPU, memory, GPUs.
fn asked(fit: &Fit<'_>) -> [i64; 3] {
    let ask = fit.demand.resources();
    [
        share(ask.cpu_milli, fit.class.cpu_milli.into()),
        share(ask.memory_mib, fit.class.memory_mib.into()),
        share(ask.gpu_milli, u64::from(fit.class.gpu_count) * 1_000),
    ]
}

fn dot(a: [i64; 3], b: [i64; 3]) -> i128 {
    a.iter().zip(b).map(|(&a, b)| i128::from(a) * i128::from(b)).sum()
}

/// Dot product: the largest product of demand and free room, as shares of the host: demands go where their own
/// proportions are left over.
///
/// Source: Panigrahy et al., "Heuristics for vector bin packing", 2011. The comparison of GPU policies by Weng et al.
/// (USENIX ATC 2023) takes the smallest product instead.
#[derive(Clone, Copy, Debug, Default)]
pub struct DotProduct {
    /// Take the smallest product.
    pub smallest: bool,
}

impl Rule for DotProduct {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let product = (dot(asked(fit), free_shares(fit.before, fit.class)) / i128::from(SHARE)) as i64;
        Some(Score(if self.smallest { -product } else { product }))
    }
}

/// Cosine: the smallest angle between demand and free room, as shares of the host.
///
/// Source: the alignment of Grandl et al., "Multi-resource packing for cluster schedulers", SIGCOMM 2014, without
/// the lengths.
#[derive(Clone, Copy, Debug)]
pub struct Cosine;

impl Rule for Cosine {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let (ask, free) = (asked(fit), free_shares(fit.before, fit.class));
        // IEEE multiplication, division and square root are exact to the last bit everywhere.
        let lengths = (dot(ask, ask) as f64).sqrt() * (dot(free, free) as f64).sqrt();
        let cosine = if lengths > 0.0 { dot(ask, free) as f64 / lengths } else { 0.0 };
        Some(Score((cosine * SHARE as f64) as i64))
    }
}

/// L2, or norm-greedy: the smallest sum of squares of the free shares after placement.
///
/// Source: Panigrahy et al., "Heuristics for vector bin packing", 2011, with equal weights.
#[derive(Clone, Copy, Debug)]
pub struct L2Norm;

impl Rule for L2Norm {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let left = free_shares(fit.after, fit.class);
        Some(Score(-((dot(left, left) / i128::from(SHARE)) as i64)))
    }
}
