use super::{Fit, Pick, Rule, Score};

/// First fit: the host of the lowest rank with room (and on it the lowest NUMA node).
///
/// Source: Johnson, "Near-optimal bin packing algorithms", MIT 1973.
#[derive(Clone, Copy, Debug)]
pub struct FirstFit;

impl Rule for FirstFit {
    fn score(&self, _: &Fit<'_>) -> Option<Score> {
        Some(Score(0))
    }

    fn pick(&self) -> Pick {
        Pick::Lowest
    }
}
