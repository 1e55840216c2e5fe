use super::{Fit, Rule, SHARE, Score, share};

/// Best fit by the scarcer resource of each NUMA node, summed over all nodes of the host: the host whose nodes have the least
/// left in all takes the instance, so that hosts with two open nodes stay open for instances that are split.
///
/// Source: our own, after `node-best-fit`, which sees only the nodes that the instance sits on.
#[derive(Clone, Copy, Debug)]
pub struct ServerBestFit;

impl Rule for ServerBestFit {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let scarcer = |node: usize| {
            let (cpu, memory) = fit.class.node(node as u32);
            share(fit.after.node_cpu(node).into(), cpu.into())
                .min(share(fit.after.node_memory(node).into(), memory.into()))
        };
        let left: i64 = (0..fit.after.nodes()).map(scarcer).sum();
        // To 2^-30: sums that are equal as fractions tie.
        Some(Score(-((left + (SHARE >> 31)) / (SHARE >> 30))))
    }
}
