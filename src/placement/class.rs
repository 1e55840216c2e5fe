//! What hosts are: classes, groups, and the labels that say who may use a host.

use crate::model::{ClassIx, ZoneIx};

/// Most NUMA nodes of a host.
pub const MAX_NODES: u32 = 8;
/// Most GPUs of a host.
pub const MAX_GPUS: u32 = 16;

/// A host class: hosts of one class have the same capacity and serve the same demands.
///
/// Capacity is what may be sold: over-commit of vCPUs is already inside `cpu_milli` (DHST-21, DHST-24).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostClass {
    /// Name, for reports and explanations.
    pub name: String,
    /// Thousandths of a vCPU, summed over the NUMA nodes.
    pub cpu_milli: u32,
    /// Memory in MiB, summed over the NUMA nodes.
    pub memory_mib: u32,
    /// NUMA nodes, 1 to [`MAX_NODES`]; CPU and memory are divided evenly, the rest goes to the first nodes.
    pub numa_nodes: u32,
    /// Model of the GPUs, when there are any.
    pub gpu_model: Option<String>,
    /// GPUs, up to [`MAX_GPUS`].
    pub gpu_count: u32,
    /// Local disks, each given to one instance as a whole.
    pub local_disks: u32,
    /// Network cards that instances may take in all; none when the class does not limit them.
    pub nics: Option<u32>,
    /// On hosts of several nodes: an instance with more memory than this takes half its CPU and memory on each
    /// of two nodes; any other sits on one node. None: every instance sits on one node.
    pub split_above_mib: Option<u32>,
    /// Hosts of this class serve only the account that owns them (dedicated hosts, DHST-1 and on).
    pub dedicated: bool,
}

impl HostClass {
    /// A class of one NUMA node with CPU and memory only.
    pub fn plain(name: impl Into<String>, cpu_milli: u32, memory_mib: u32) -> HostClass {
        HostClass {
            name: name.into(),
            cpu_milli,
            memory_mib,
            numa_nodes: 1,
            gpu_model: None,
            gpu_count: 0,
            local_disks: 0,
            nics: None,
            split_above_mib: None,
            dedicated: false,
        }
    }

    /// CPU and memory of one node.
    pub(super) fn node(&self, node: u32) -> (u32, u32) {
        let share = |total: u32| total / self.numa_nodes + u32::from(node < total % self.numa_nodes);
        (share(self.cpu_milli), share(self.memory_mib))
    }

    /// Why the class cannot be: an empty host, or more nodes or GPUs than a shape can hold.
    pub(super) fn check(&self) -> Result<(), BuildError> {
        let name = || self.name.clone();
        if self.cpu_milli == 0 || self.memory_mib == 0 {
            return Err(BuildError::EmptyClass { class: name() });
        }
        if !(1..=MAX_NODES).contains(&self.numa_nodes) {
            return Err(BuildError::Nodes { class: name(), nodes: self.numa_nodes });
        }
        if self.gpu_count > MAX_GPUS {
            return Err(BuildError::Gpus { class: name(), gpus: self.gpu_count });
        }
        Ok(())
    }
}

/// A set of host classes: which classes may serve a demand.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum ClassSet {
    /// Every class.
    #[default]
    All,
    /// These classes, in any order.
    Only(Vec<ClassIx>),
}

impl ClassSet {
    /// Whether `class` is in the set.
    pub fn contains(&self, class: ClassIx) -> bool {
        match self {
            ClassSet::All => true,
            ClassSet::Only(classes) => classes.contains(&class),
        }
    }
}

/// A cluster: a named part of one zone's hosts, or of one account's dedicated hosts (SchedulerOptions, DHST-16).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct ClusterIx(pub u32);

/// Who may use a host: everybody, or the account that rents it as a dedicated host.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
pub enum Owner {
    /// A shared host: any instance of default tenancy.
    #[default]
    Shared,
    /// A dedicated host that no account has allocated yet: takes nothing.
    Stock,
    /// A dedicated host of this account (the number is the caller's).
    Account(u32),
}

/// Hosts to add: `count` alike, in one zone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostGroup {
    /// Zone they stand in.
    pub zone: ZoneIx,
    /// Their class.
    pub class: ClassIx,
    /// How many.
    pub count: u32,
    /// Cluster they belong to.
    pub cluster: Option<ClusterIx>,
    /// Who may use them. `Shared` on a dedicated class means `Stock`.
    pub owner: Owner,
    /// Whether a dedicated host takes instances that do not name it (AutoPlacement, DHST-12, DHST-14).
    pub auto_placement: bool,
    /// Hosts a rack; 0 puts the whole group into one rack. Racks are filled in order and never shared by groups.
    pub hosts_per_rack: u32,
    /// Racks a switch; 0 puts the whole group behind one switch.
    pub racks_per_switch: u32,
}

impl HostGroup {
    /// A group of shared hosts in one rack.
    pub fn new(zone: ZoneIx, class: ClassIx, count: u32) -> HostGroup {
        HostGroup {
            zone,
            class,
            count,
            cluster: None,
            owner: Owner::Shared,
            auto_placement: true,
            hosts_per_rack: 0,
            racks_per_switch: 0,
        }
    }
}

/// Whether a host takes new instances. What it already holds stays claimed in every state.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, serde::Serialize, serde::Deserialize,
)]
pub enum HostState {
    /// Takes instances.
    #[default]
    Up,
    /// Being emptied for maintenance.
    Draining,
    /// Down.
    Failed,
}

/// What decides, beside room, who may use a host. Part of the shape, so that a filter costs nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Label {
    pub(super) owner: Owner,
    pub(super) cluster: Option<ClusterIx>,
    pub(super) auto_placement: bool,
    pub(super) state: HostState,
}

/// Why a fleet cannot be built.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BuildError {
    /// A class without CPU or memory.
    #[error("host class `{class}` has no CPU or no memory")]
    EmptyClass {
        /// Its name.
        class: String,
    },
    /// A class with no NUMA node, or too many.
    #[error("host class `{class}` has {nodes} NUMA nodes, expected 1 to {MAX_NODES}")]
    Nodes {
        /// Its name.
        class: String,
        /// Nodes asked for.
        nodes: u32,
    },
    /// A class with too many GPUs.
    #[error("host class `{class}` has {gpus} GPUs, expected at most {MAX_GPUS}")]
    Gpus {
        /// Its name.
        class: String,
        /// GPUs asked for.
        gpus: u32,
    },
    /// A demand that names no resource or an impossible share of a GPU.
    #[error("demand {demand}: {why}")]
    Demand {
        /// Number of the demand in order of registration.
        demand: usize,
        /// What is wrong.
        why: &'static str,
    },
    /// A group names a class that was not added.
    #[error("a group of hosts names class {class}, and only {classes} were added")]
    UnknownClass {
        /// The class named.
        class: u32,
        /// Classes added.
        classes: usize,
    },
    /// The order of hosts does not have one rank for each host.
    #[error("{ranks} ranks were given for {hosts} hosts")]
    Ranks {
        /// Ranks given.
        ranks: usize,
        /// Hosts added.
        hosts: usize,
    },
}
