use std::sync::Arc;

use super::{BestFit, Fit, Rule, SHARE, Score, Taken, free_shares};

/// A weighted chain of rules: the highest weighted sum of their scores, as production allocators rank hosts by a
/// list of preferences of different weight.
///
/// Scores are summed in units of 2^-20 of a whole share, so rules in a chain should score within a few
/// [`SHARE`]s. A rule that refuses ends the chain.
///
/// Source: the preference rules of Hadary et al., "Protean: VM allocation service at scale", OSDI 2020, and the
/// weighted scores of kube-scheduler.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Rules with their weights.
    pub links: Vec<(Arc<dyn Rule>, i64)>,
}

impl Default for Chain {
    /// Keep GPU hosts for those who ask for GPUs (weight 8), keep empty hosts empty (4), keep the room
    /// in proportion (1), best fit (2).
    fn default() -> Chain {
        Chain {
            links: vec![
                (Arc::new(KeepGpus), 8),
                (Arc::new(KeepEmpty), 4),
                (Arc::new(Balance), 1),
                (Arc::new(BestFit), 2),
            ],
        }
    }
}

impl Rule for Chain {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let mut sum = 0i64;
        for (rule, weight) in &self.links {
            sum += weight * (rule.score(fit)?.0 >> 20);
        }
        Some(Score(sum))
    }

    fn tries_devices(&self) -> bool {
        self.links.iter().any(|(rule, _)| rule.tries_devices())
    }

    fn looks_at_lifetime(&self) -> bool {
        self.links.iter().any(|(rule, _)| rule.looks_at_lifetime())
    }

    /// The tag of the one rule in the chain that keeps one: the first that is not 0.
    fn tag(&self, taken: &Taken<'_>) -> u32 {
        self.links.iter().map(|(rule, _)| rule.tag(taken)).find(|&tag| tag != 0).unwrap_or(0)
    }
}

/// Prefers hosts without GPUs for demands without GPUs.
#[derive(Clone, Copy, Debug)]
pub struct KeepGpus;

impl Rule for KeepGpus {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let wasted = fit.class.gpu_count > 0 && fit.demand.resources().gpu_milli == 0;
        Some(Score(if wasted { 0 } else { SHARE }))
    }
}

/// Prefers hosts that already hold something.
#[derive(Clone, Copy, Debug)]
pub struct KeepEmpty;

impl Rule for KeepEmpty {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        Some(Score(if fit.before.is_empty_host(fit.class) { 0 } else { SHARE }))
    }
}

/// Prefers hosts whose free CPU and memory shares stay close to each other.
#[derive(Clone, Copy, Debug)]
pub struct Balance;

impl Rule for Balance {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let [cpu, memory, _] = free_shares(fit.after, fit.class);
        Some(Score(SHARE - (cpu - memory).abs()))
    }
}
