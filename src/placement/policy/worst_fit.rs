use super::{Fit, Rule, Score, free_share};

/// Worst fit: the host that has the most left, as the mean over its resources of the free share of its capacity
/// after placement. Spreads the load.
#[derive(Clone, Copy, Debug)]
pub struct WorstFit;

impl Rule for WorstFit {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        Some(Score(free_share(fit.after, fit.class)))
    }
}
