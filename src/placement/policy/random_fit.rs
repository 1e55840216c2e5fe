use super::{Fit, Pick, Rule, Score};

/// Random fit: any host with room, each with equal chance.
#[derive(Clone, Copy, Debug)]
pub struct RandomFit;

impl Rule for RandomFit {
    fn score(&self, _: &Fit<'_>) -> Option<Score> {
        Some(Score(0))
    }

    fn pick(&self) -> Pick {
        Pick::Random
    }
}
