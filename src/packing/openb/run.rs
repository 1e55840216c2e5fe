//! One run: pods in order of arrival onto an empty cluster.

use super::read::{Nodes, Order, Pods};
use crate::model::{ClassIx, ZoneIx};
use crate::packing::PackingError;
use crate::placement::policy::Fgd;
use crate::placement::{Demand, DemandId, FleetBuilder, HostGroup, Policy, Want};

/// Policies by name, made ready for a pod list.
#[derive(Clone, Debug)]
pub struct Policies {
    fgd: Fgd,
}

/// Share of a list that its typical pods cover, in the published runs.
const TYPICAL: f64 = 0.95;

impl Policies {
    /// For runs on this list: FGD is given the list's typical pods, the most frequent shapes of CPU, GPUs and allowed models
    /// (memory aside) that together make up 95 % of it.
    pub fn of(pods: &Pods) -> Policies {
        let mut counts: Vec<(Demand, u64)> = Vec::new();
        for &pod in &pods.pods {
            let shape = Demand { memory_mib: 0, ..pods.demands[pod as usize].clone() };
            match counts.iter_mut().find(|(known, _)| *known == shape) {
                Some((_, count)) => *count += 1,
                None => counts.push((shape, 1)),
            }
        }
        Policies { fgd: Fgd::of_load(counts, TYPICAL) }
    }

    /// The policy of that name; none for an unknown one.
    pub fn named(&self, name: &str) -> Option<Policy> {
        match name {
            "fgd" => Some(Policy::new("fgd", self.fgd.clone())),
            "fgd-balanced" => Some(Policy::new("fgd-balanced", self.fgd.clone().balanced())),
            name => Policy::named(name),
        }
    }
}

/// Allocated GPU against arrived GPU. Place k holds the mean, over the arrivals up to and with which the requested GPU
/// thousandths round to k % of the cluster's, of the share allocated then; in hundredths of a percent, each rounded to one
/// before the mean and the mean rounded again, in binary floating point as published. None where no arrival fell.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Curve(pub Vec<Option<u32>>);

/// What a run came to.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct Outcome {
    /// Pods that arrived.
    pub arrived: u64,
    /// Pods that found a node.
    pub placed: u64,
    /// Allocated thousandths of GPUs.
    pub gpu_milli: u64,
    /// Allocated thousandths of vCPUs.
    pub cpu_milli: u64,
    /// Allocated MiB.
    pub memory_mib: u64,
    /// The cluster's thousandths of GPUs.
    pub gpu_capacity_milli: u64,
    /// Allocation as pods arrive.
    pub curve: Curve,
}

impl Outcome {
    /// Pods that found no node.
    pub fn failed(&self) -> u64 {
        self.arrived - self.placed
    }

    /// Allocated GPU at the end, in percent.
    pub fn gpu_percent(&self) -> f64 {
        100.0 * self.gpu_milli as f64 / self.gpu_capacity_milli.max(1) as f64
    }
}

/// `part` of `whole`, times `scale`, rounded half to even.
fn rounded(part: u64, whole: u64, scale: u64) -> u64 {
    let (doubled, whole) = (2 * u128::from(part) * u128::from(scale), u128::from(whole.max(1)));
    let floor = doubled / (2 * whole);
    let rest = doubled - floor * 2 * whole;
    let up = rest > whole || (rest == whole && floor % 2 == 1);
    (floor + u128::from(up)) as u64
}

/// The mean of percentages, in hundredths: rounded half to even after the mean was scaled.
fn hundredths(percentages: &[f64]) -> u32 {
    let mean = pairwise_sum(percentages) / percentages.len() as f64;
    (mean * 100.0).round_ties_even() as u32
}

/// The sum in the order in which NumPy adds doubles: halves of more than 128 values, each in eight lanes. The published means
/// were taken so, and where one lies on the edge of a rounding the order tells.
fn pairwise_sum(values: &[f64]) -> f64 {
    const BLOCK: usize = 128;
    const LANES: usize = 8;
    if values.len() > BLOCK {
        let half = values.len() / 2 / LANES * LANES;
        return pairwise_sum(&values[..half]) + pairwise_sum(&values[half..]);
    }
    let (whole, rest) = values.as_chunks::<LANES>();
    let lanes =
        whole.iter().copied().reduce(|sums, next| std::array::from_fn(|lane| sums[lane] + next[lane]));
    let [a, b, c, d, e, f, g, h] = lanes.unwrap_or_default();
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// Runs one order, or the list in order of file on nodes that rank in order of file.
///
/// # Errors
/// When a node or a pod cannot be, as the placement core sees it.
pub fn run(
    nodes: &Nodes,
    pods: &Pods,
    order: Option<&Order>,
    policy: Policy,
) -> Result<Outcome, PackingError> {
    let seed = order.map_or(0, |order| order.seed);
    let mut builder = FleetBuilder::new(policy, seed);
    for class in &nodes.classes {
        builder.class(class.clone());
    }
    for &class in &nodes.nodes {
        builder.hosts(HostGroup::new(ZoneIx(0), ClassIx(class), 1));
    }
    for demand in &pods.demands {
        builder.demand(demand.clone());
    }
    if let Some(order) = order {
        builder.ranks(order.ranks.clone());
    }
    let fleet = builder.build().map_err(|cause| PackingError::Fleet { path: pods.path.clone(), cause })?;

    let capacity = nodes.gpu_milli();
    let gpu_of: Vec<u64> = pods.demands.iter().map(|demand| demand.resources().gpu_milli).collect();
    let (mut arrived, mut placed) = (0, 0);
    let (mut asked, mut allocated) = (0, 0);
    let mut percentages: Vec<Vec<f64>> = Vec::new();
    let mut arrive = |pod: u32| {
        let demand = pods.pods[pod as usize];
        let gpu = gpu_of[demand as usize];
        arrived += 1;
        asked += gpu;
        // No pod of these runs ever leaves: its claim is never given back.
        if fleet.place(&Want::zone(DemandId(demand), ZoneIx(0))).is_ok() {
            placed += 1;
            allocated += gpu;
        }
        let at = rounded(asked, capacity, 100) as usize;
        if percentages.len() <= at {
            percentages.resize(at + 1, Vec::new());
        }
        percentages[at].push(rounded(allocated, capacity, 10_000) as f64 / 100.0);
    };
    match order {
        Some(order) => order.arrivals.iter().for_each(|&pod| arrive(pod)),
        None => (0..pods.pods.len() as u32).for_each(arrive),
    }
    let used = fleet.zone_usage(ZoneIx(0)).used;
    let means = percentages.iter().map(|of_k| (!of_k.is_empty()).then(|| hundredths(of_k)));
    Ok(Outcome {
        arrived,
        placed,
        gpu_milli: used.gpu_milli,
        cpu_milli: used.cpu_milli,
        memory_mib: used.memory_mib,
        gpu_capacity_milli: capacity,
        curve: Curve(means.collect()),
    })
}
