use super::{Fit, Rule, SHARE, Score, Taken, free_share};
use crate::model::SimDuration;

/// Lifetime-aware best fit. A host carries the longest lifetime class that it was given since it was last empty. An
/// instance goes to a host of its own class; else to the next longer one (where it ends before the host empties); else
/// to an empty host; else to a shorter one, the longest first (which it keeps from emptying). Within each, the least
/// room left. Instances of unknown lifetime are placed by best fit alone.
///
/// Lifetimes may be known or predicted: the error is the caller's, who says the class.
///
/// Source: after Ling et al., "LAVA: lifetime-aware VM allocation with learned distributions and adaptation to
/// mispredictions", MLSys 2025, without its correction of hosts over time.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime;

impl Rule for Lifetime {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let (own, host) = (i64::from(fit.lifetime), i64::from(fit.before.tag()));
        let step = match (own, host) {
            (0, _) => 0,
            (_, 0) => 256,
            (own, host) if host >= own => 1_024 - (host - own),
            (_, host) => host,
        };
        Some(Score(step * SHARE - free_share(fit.after, fit.class)))
    }

    fn looks_at_lifetime(&self) -> bool {
        true
    }

    fn tag(&self, taken: &Taken<'_>) -> u32 {
        taken.tag.max(taken.lifetime.into())
    }
}

/// The lifetime class of a known or predicted lifetime: 1 below an hour, 2 below ten, 3 below a hundred, else 4 (the
/// classes of Ling et al. 2025).
pub fn lifetime_class(lifetime: SimDuration) -> u8 {
    let hour = SimDuration::from_secs(3_600).0;
    1 + [1, 10, 100].iter().filter(|&&hours| lifetime.0 >= hours * hour).count() as u8
}
