use super::{Fit, Rule, Score, share};

/// Best fit by the scarcer resource of the NUMA node: the smallest of the node's free core share and its free memory
/// share after placement; for an instance split over two nodes the mean over both.
///
/// Source: the best fit of the studies on the Huawei-East-1 trace.
#[derive(Clone, Copy, Debug)]
pub struct NodeBestFit;

impl Rule for NodeBestFit {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let scarcer = |node: usize| {
            let (cpu, memory) = fit.class.node(node as u32);
            let cpu = share(fit.after.node_cpu(node).into(), cpu.into());
            cpu.min(share(fit.after.node_memory(node).into(), memory.into()))
        };
        // Twice the share, so that the mean of two nodes stays exact.
        let left = scarcer(fit.node) + scarcer(fit.second.unwrap_or(fit.node));
        Some(Score(-left))
    }
}
