use super::{Fit, Rule, Score};

/// Best fit by the scarcer resource of the NUMA node: the smallest of the node's free core share and its free memory
/// share after placement; for an instance split over two nodes the mean over both.
///
/// Shares and mean are IEEE doubles, as in the studies: means that are equal as fractions can differ in the last bit,
/// and which of them wins is part of the published numbers.
///
/// Source: the best fit of the studies on the Huawei-East-1 trace.
#[derive(Clone, Copy, Debug)]
pub struct NodeBestFit;

impl Rule for NodeBestFit {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let scarcer = |node: usize| {
            let (cpu, memory) = fit.class.node(node as u32);
            let share = |free: u32, all: u32| if all == 0 { 0.0 } else { f64::from(free) / f64::from(all) };
            share(fit.after.node_cpu(node), cpu).min(share(fit.after.node_memory(node), memory))
        };
        let left = match fit.second {
            None => scarcer(fit.node),
            Some(second) => (scarcer(fit.node) + scarcer(second)) / 2.0,
        };
        // The bits of doubles that are not negative order as the doubles do.
        Some(Score(-(left.to_bits() as i64)))
    }
}
