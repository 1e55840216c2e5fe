//! Node lists, pod lists and arrival orders.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::placement::{Demand, GpuDemand, HostClass};
use crate::workload::trace::TraceError;
use crate::workload::trace::columns::{Columns, count};
use crate::workload::trace::lines::Lines;
use crate::workload::trace::{NodeClass, NodeList};

/// A node list, in order of file.
#[derive(Clone, Debug)]
pub struct Nodes {
    /// The file.
    pub path: PathBuf,
    /// Classes of equal nodes, in order of first sight.
    pub classes: Vec<HostClass>,
    /// Class of each node: place in `classes`.
    pub nodes: Vec<u32>,
}

impl Nodes {
    /// Thousandths of a GPU in the cluster.
    pub fn gpu_milli(&self) -> u64 {
        self.nodes.iter().map(|&class| u64::from(self.classes[class as usize].gpu_count) * 1_000).sum()
    }
}

/// A pod list, in order of file.
#[derive(Clone, Debug)]
pub struct Pods {
    /// The file.
    pub path: PathBuf,
    /// Distinct demands, in order of first sight.
    pub demands: Vec<Demand>,
    /// Demand of each pod: place in `demands`.
    pub pods: Vec<u32>,
}

/// One published run: which pods arrive in which order, and the order of nodes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Order {
    /// Seed of the run; orders files list the runs of seeds from 42 on.
    pub seed: u64,
    /// Places in the pod list.
    pub arrivals: Vec<u32>,
    /// Rank of each node: the lowest wins ties, and comes first under first fit.
    pub ranks: Vec<u32>,
}

/// Seed of the first run of an orders file.
const FIRST_SEED: u64 = 42;

/// Reads a node list: columns `cpu_milli`, `memory_mib`, `gpu` (number of devices) and `model`.
///
/// # Errors
/// The file is missing, empty, or has a damaged line.
pub fn read_nodes(path: &Path) -> Result<Nodes, TraceError> {
    let list = NodeList::read(path)?;
    let class = |class: &NodeClass| HostClass {
        gpu_model: (!class.model.is_empty()).then(|| class.model.clone()),
        gpu_count: class.gpus,
        ..HostClass::plain(class.label(), class.cpu_milli, class.memory_mib)
    };
    Ok(Nodes { path: list.path, classes: list.classes.iter().map(class).collect(), nodes: list.nodes })
}

/// Reads a pod list: columns `cpu_milli`, `memory_mib`, `num_gpu`, `gpu_milli` (of each GPU; 1000 is a whole one) and,
/// where there is one, `gpu_spec` (allowed models joined by `|`; empty: any).
///
/// # Errors
/// The file is missing, empty, or has a damaged line.
pub fn read_pods(path: &Path) -> Result<Pods, TraceError> {
    let mut file = Columns::open(path)?;
    let [cpu, memory, gpu, milli] = [
        file.place("cpu_milli")?,
        file.place("memory_mib")?,
        file.place("num_gpu")?,
        file.place("gpu_milli")?,
    ];
    let spec = file.maybe("gpu_spec");
    let mut pods = Pods { path: path.to_path_buf(), demands: Vec::new(), pods: Vec::new() };
    let mut places: BTreeMap<(u32, u32, u32, u32, String), u32> = BTreeMap::new();
    while let Some(fields) = file.next()? {
        let read = (
            count(fields[cpu], u32::MAX),
            count(fields[memory], u32::MAX),
            count(fields[gpu], crate::placement::MAX_GPUS),
            count(fields[milli], 1_000),
        );
        let models = spec.map_or("", |spec| fields[spec]).to_owned();
        let (cpu_milli, memory_mib, count, milli_each) = match read {
            (None, ..) => return Err(file.bad(cpu, "amount of CPU")),
            (_, None, ..) => return Err(file.bad(memory, "amount of memory")),
            (_, _, None, _) => return Err(file.bad(gpu, "number of GPUs that a host can have")),
            (.., None) => return Err(file.bad(milli, "share of a GPU")),
            (Some(cpu), Some(memory), Some(gpu), Some(milli)) => (cpu, memory, gpu, milli),
        };
        if count > 0 && milli_each == 0 {
            return Err(file.bad(milli, "share of a GPU"));
        }
        if cpu_milli == 0 && memory_mib == 0 && count == 0 {
            return Err(file.lines.damaged("the pod asks for nothing"));
        }
        let next = pods.demands.len() as u32;
        let key = (cpu_milli, memory_mib, count, milli_each, models);
        let gpu = (count > 0).then(|| GpuDemand {
            count,
            milli_each,
            models: key.4.split('|').filter(|model| !model.is_empty()).map(str::to_owned).collect(),
        });
        let demand = *places.entry(key).or_insert(next);
        if demand == next {
            pods.demands.push(Demand { gpu, ..Demand::plain(cpu_milli, memory_mib) });
        }
        pods.pods.push(demand);
    }
    if pods.pods.is_empty() {
        return Err(file.lines.damaged("the list holds no pod"));
    }
    Ok(pods)
}

/// Reads an orders file: for each seed from 42 on two lines of numbers, the places in the pod list in order of arrival, and
/// the rank of each node.
///
/// # Errors
/// The file is missing or empty, or a line does not go with the two lists.
pub fn read_orders(path: &Path, pods: &Pods, nodes: &Nodes) -> Result<Vec<Order>, TraceError> {
    let mut lines = Lines::open(path)?;
    let mut orders = Vec::new();
    while lines.advance_to_data()? {
        let arrivals = numbers(&lines, pods.pods.len(), "pods")?;
        if !lines.advance_to_data()? {
            return Err(lines.damaged("the line of node ranks of the last run is missing"));
        }
        let ranks = numbers(&lines, u32::MAX as usize, "ranks")?;
        if ranks.len() != nodes.nodes.len() {
            let (found, expected) = (ranks.len(), nodes.nodes.len());
            return Err(lines.damaged(format!("{found} ranks where the node list has {expected} nodes")));
        }
        orders.push(Order { seed: FIRST_SEED + orders.len() as u64, arrivals, ranks });
    }
    if orders.is_empty() { Err(lines.damaged("the file holds no run")) } else { Ok(orders) }
}

/// The numbers of a line, each less than `below`.
fn numbers(lines: &Lines, below: usize, what: &str) -> Result<Vec<u32>, TraceError> {
    let number = |word: &str| {
        word.parse::<u32>().ok().filter(|&number| (number as usize) < below).ok_or_else(|| {
            let word: String = word.chars().take(20).collect();
            lines.damaged(format!("`{word}` is not one of {below} {what}"))
        })
    };
    lines.text()?.split_ascii_whitespace().map(number).collect()
}
