use super::{Fit, Rule, Score, free_share};

/// Best fit: the host that has the least left, as the mean over its resources of the free share of its capacity
/// after placement.
///
/// Source: the one-dimensional rule of Johnson 1973, carried over to vectors by the (normalised) sum as in
/// Panigrahy et al., "Heuristics for vector bin packing", 2011.
#[derive(Clone, Copy, Debug)]
pub struct BestFit;

impl Rule for BestFit {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        Some(Score(-free_share(fit.after, fit.class)))
    }
}
