use super::{Fit, Pick, Rule, Score};

/// Next fit: the lowest host with room from the one where the last instance went, wrapping round; one cursor a
/// zone.
///
/// Source: Johnson, "Near-optimal bin packing algorithms", MIT 1973; without the rule that a host is closed.
#[derive(Clone, Copy, Debug)]
pub struct NextFit;

impl Rule for NextFit {
    fn score(&self, _: &Fit<'_>) -> Option<Score> {
        Some(Score(0))
    }

    fn pick(&self) -> Pick {
        Pick::Next
    }
}
