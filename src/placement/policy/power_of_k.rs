use std::sync::Arc;

use super::{Fit, Pick, Rule, Score, Taken};

/// Power of k choices: the best, by another rule, of k hosts with room that are drawn with equal chance.
///
/// Source: Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS 2001, there with the
/// least loaded bin (worst fit).
#[derive(Clone, Debug)]
pub struct PowerOfK {
    /// Hosts drawn, with replacement; at least 1.
    pub choices: u32,
    /// The rule that compares them.
    pub rule: Arc<dyn Rule>,
}

impl Rule for PowerOfK {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        self.rule.score(fit)
    }

    fn pick(&self) -> Pick {
        Pick::Power(self.choices)
    }

    fn tries_devices(&self) -> bool {
        self.rule.tries_devices()
    }

    fn looks_at_lifetime(&self) -> bool {
        self.rule.looks_at_lifetime()
    }

    fn tag(&self, fit: &Taken<'_>) -> u32 {
        self.rule.tag(fit)
    }
}
