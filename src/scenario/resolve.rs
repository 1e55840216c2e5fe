//! From the file as written to what the simulator builds: defaults that depend on other values, names turned into
//! indices, and every check that a type alone cannot make.

use std::path::{Path, PathBuf};

use super::error::Problem;
use super::files::Files;
use super::known::Known;
use super::naming;
use super::nearest::did_you_mean;
use super::schema::{
    AccountSpec, Charge, ClassSpec, ControlPlaneSpec, DedicatedHostSpec, LocalDiskSpec, PoolSpec, RegionSpec,
    ScenarioSpec, TypeSpec,
};
use super::script::{self, ScriptedEvent};
use super::topology::Topology;
use super::units::{At, Size, Span};
use super::workload::{self, WorkloadSpec};
use super::{POLICIES, schema, unknown};
use crate::billing::Prices;
use crate::catalog::Catalog;
use crate::model::{
    AccountIx, Architecture, ClassIx, DedicatedHostType, Generation, Gpu, Image, InstanceType, IoOptimized,
    LocalDisks, Region, RegionIx, SimTime, Zone, ZoneIx,
};

mod check_plan;
mod checks;
mod checks_money;
mod checks_nodes;
mod checks_operations;
mod checks_params;
mod cloud;
mod node_list;
mod spot;

/// A scenario that has passed every check: as written, and resolved.
#[derive(Clone, PartialEq, Debug)]
pub struct Scenario {
    /// The file with every default filled in.
    pub spec: ScenarioSpec,
    /// Regions; [`RegionIx`] is the position here.
    pub regions: Vec<Region>,
    /// Zones of all regions; [`ZoneIx`] is the position here.
    pub zones: Vec<Zone>,
    /// Host classes in use, of pools first; [`ClassIx`] is the position here.
    pub classes: Vec<Class>,
    /// Pools, one a zone, in the order of the file.
    pub pools: Vec<Pool>,
    /// Dedicated hosts, one by one, in the order of the file.
    pub dedicated_hosts: Vec<DedicatedHost>,
    /// Disk pools with a limit.
    pub disk_pools: Vec<DiskPool>,
    /// Instance types of the scenario's own, beside the catalog's.
    pub types: Vec<InstanceType>,
    /// Images of the scenario's own, beside the catalog's.
    pub images: Vec<Image>,
    /// What happens to hosts at set times, in order of time.
    pub events: Vec<ScriptedEvent>,
    /// Account ids; [`AccountIx`] is the position here, and in `spec.accounts`.
    pub accounts: Vec<String>,
    /// What things cost: the price table with the scenario's figures over it.
    pub prices: Prices,
    /// Folder of the file, which paths of traces are relative to.
    pub folder: PathBuf,
    /// Contents of files that it names, where they were given and not read.
    pub files: Files,
}

/// A host class in use: one of the catalog's or of the scenario's.
#[derive(Clone, PartialEq, Debug)]
pub struct Class {
    /// Name.
    pub name: String,
    /// Thousandths of a vCPU that may be sold, over-commit included.
    pub cpu_milli: u32,
    /// Over-commit of vCPUs, already inside `cpu_milli`.
    pub overcommit: f64,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// NUMA nodes, each with an equal part of vCPUs and memory.
    pub numa_nodes: u32,
    /// Instances with more memory may be split over two nodes; none where there is one node.
    pub split_above_mib: Option<u32>,
    /// Model and number of the GPUs.
    pub gpus: Option<(String, u32)>,
    /// Local disks.
    pub local_disks: Option<LocalDisks>,
    /// Families that it serves.
    pub families: Families,
    /// Hosts of this class belong to accounts (`[[dedicated_hosts]]`).
    pub dedicated: bool,
}

/// The families of instance types that a class serves.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Families {
    /// Every one.
    All,
    /// These.
    Only(Vec<String>),
}

impl Families {
    /// True when the class serves this family.
    pub fn serves(&self, family: &str) -> bool {
        match self {
            Families::All => true,
            Families::Only(names) => names.iter().any(|name| name == family),
        }
    }
}

/// Hosts of one class in one zone.
#[derive(Clone, PartialEq, Debug)]
pub struct Pool {
    /// Name as given, else its zone and class.
    pub name: String,
    /// Zone of the hosts.
    pub zone: ZoneIx,
    /// Class of the hosts.
    pub class: ClassIx,
    /// Number of hosts.
    pub hosts: u32,
    /// Locks that the hosts are divided among.
    pub shards: u32,
    /// Hosts of one rack.
    pub hosts_per_rack: u32,
    /// Racks behind one switch.
    pub racks_per_switch: u32,
    /// Cluster id.
    pub cluster: String,
    /// Position of its table in `spec.pools`, or in `spec.node_lists`.
    pub table: usize,
}

/// A host that belongs to an account.
#[derive(Clone, PartialEq, Debug)]
pub struct DedicatedHost {
    /// Id, such as `dh-cn-hangzhou-g-1`.
    pub id: String,
    /// Account that it belongs to.
    pub account: AccountIx,
    /// Class of the host.
    pub class: ClassIx,
    /// Zone that it is in.
    pub zone: ZoneIx,
    /// How it is paid for.
    pub charge: Charge,
    /// Takes instances that ask for a dedicated host without naming one.
    pub auto_placement: bool,
    /// Nobody has it yet.
    pub stock: bool,
    /// Months of its subscription.
    pub period: Option<u32>,
    /// Its subscription is renewed.
    pub auto_renew: bool,
    /// A failure stops its instances (`true`) or moves them; none: by its local disks.
    pub stops: Option<bool>,
    /// Over-commit of vCPUs in thousandths, when it was chosen.
    pub ratio_milli: Option<u32>,
}

/// Room for cloud disks of one category in one zone.
#[derive(Clone, PartialEq, Debug)]
pub struct DiskPool {
    /// Zone.
    pub zone: ZoneIx,
    /// Disk category.
    pub category: String,
    /// Performance level, when the pool is for one.
    pub level: Option<String>,
    /// Room in GiB before over-commit.
    pub physical_gib: u64,
    /// Room in GiB, over-commit included.
    pub gib: u64,
}

impl Scenario {
    /// The names that workloads may refer to, in the form that [`workload`] takes.
    pub fn known(&self) -> workload::Known<'_> {
        workload_names(&self.regions, &self.zones, &self.types, &self.images, &self.accounts)
    }

    /// The region that a zone lies in.
    pub fn region_of(&self, zone: ZoneIx) -> RegionIx {
        let region = &self.zones[zone.at()].region;
        let at = self.regions.iter().position(|known| known.id == *region);
        at.map(RegionIx::from).expect("a resolved zone lies in a resolved region")
    }

    /// The control plane; one that takes no time when the scenario has none.
    pub fn control_plane(&self) -> &ControlPlaneSpec {
        self.spec.control_plane.as_ref().expect("resolving fills it in")
    }

    /// True when what runs is charged: `[billing]` or `[prices]` is there.
    pub fn bills(&self) -> bool {
        self.spec.billing.is_some() || self.spec.prices.is_some()
    }

    /// What the scenario amounts to, in one line.
    pub fn summary(&self) -> String {
        let plural = |count: u64, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        let mut cpu_milli: u128 = 0;
        let mut memory_mib: u128 = 0;
        for (class, count) in self
            .pools
            .iter()
            .map(|pool| (pool.class, pool.hosts))
            .chain(self.dedicated_hosts.iter().map(|host| (host.class, 1)))
        {
            cpu_milli += u128::from(self.classes[class.at()].cpu_milli) * u128::from(count);
            memory_mib += u128::from(self.classes[class.at()].memory_mib) * u128::from(count);
        }
        format!(
            "{}: {} in {}, {} with {} vCPU and {} GiB, {}, {} for {}, seed {}",
            self.spec.name,
            plural(self.zones.len() as u64, "zone"),
            plural(self.regions.len() as u64, "region"),
            plural(self.host_count(), "host"),
            cpu_milli / 1000,
            memory_mib / 1024,
            plural(self.accounts.len() as u64, "account"),
            self.spec.policy,
            self.spec.duration,
            self.spec.seed,
        )
    }

    /// Number of hosts, dedicated ones included.
    pub fn host_count(&self) -> u64 {
        self.pools.iter().map(|pool| u64::from(pool.hosts)).sum::<u64>() + self.dedicated_hosts.len() as u64
    }
}

/// Checks a scenario as written and resolves it.
pub(super) fn resolve(mut spec: ScenarioSpec, file: &Path, files: Files) -> Result<Scenario, Problem> {
    let catalog = Catalog::shipped();
    if spec.name.is_empty() {
        spec.name = file
            .file_stem()
            .map_or_else(|| "scenario".to_owned(), |stem| stem.to_string_lossy().into_owned());
    }
    if spec.name.contains(char::is_control) {
        return Err(Problem::new(
            "the `name` of the scenario is one line of text without control characters",
        ));
    }
    if spec.accounts.is_empty() {
        spec.accounts.push(AccountSpec::unlimited(naming::DEFAULT_ACCOUNT));
    }
    spec.accounts = checks::each_account(spec.accounts)?;
    let control_plane =
        spec.control_plane.get_or_insert_with(|| ControlPlaneSpec { instant: true, ..Default::default() });
    checks::control_plane(control_plane)?;
    checks_nodes::failures(&spec)?;
    checks_nodes::maintenance(spec.maintenance.as_ref())?;
    checks::times(&spec)?;
    checks::something_to_do(&spec)?;
    checks::policy(&spec.policy)?;
    checks::world(&spec.world)?;
    let types = cloud::types(&spec.types, catalog)?;
    let images = cloud::images(&spec.images, catalog)?;
    let accounts = checks::accounts(&spec.accounts)?;
    let (regions, zones) = cloud::regions(&mut spec, catalog)?;
    let known = Known {
        catalog,
        regions: &regions,
        zones: &zones,
        types: &types,
        images: &images,
        accounts: &accounts,
    };
    checks_money::billing(spec.billing.as_ref(), &spec.duration, known)?;
    let prices = checks_money::prices(spec.prices.as_ref(), &spec.classes, known)?;
    spot::market(&spec, known)?;
    checks_params::known(&spec)?;
    checks_nodes::boots(&spec.control_plane, known)?;
    let mut classes = cloud::Classes::new(&spec.classes, known)?;
    let mut pools = cloud::pools(&spec.pools, &mut classes, known)?;
    let dedicated_hosts = cloud::dedicated_hosts(&spec.dedicated_hosts, &mut classes, known)?;
    let disk_pools = cloud::disk_pools(&spec.disk_pools, known)?;
    let mut classes = classes.in_use;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    node_list::add(&spec.node_lists, (&folder, &files), known, &mut classes, &mut pools)?;
    let end = SimTime::ZERO + spec.duration.get().get();
    let topology = Topology::new(&zones, &pools, &dedicated_hosts);
    let events = script::read(&spec.events, &topology, end)?;
    fill_workloads(&mut spec.workloads, &regions);
    let names = workload_names(&regions, &zones, &types, &images, &accounts);
    checks::workloads(&spec.workloads, &spec.duration, &names)?;
    checks_operations::operations(&spec, known)?;
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    check_plan::check(&spec, known)?;
    Ok(Scenario {
        folder,
        regions,
        zones,
        classes,
        pools,
        dedicated_hosts,
        disk_pools,
        types,
        images,
        events,
        accounts,
        prices,
        files,
        spec,
    })
}

/// Fills in where requests go, so that the effective scenario says it.
fn fill_workloads(workloads: &mut [WorkloadSpec], regions: &[Region]) {
    for spec in workloads {
        if let (None, Some(first)) = (&spec.region, regions.first()) {
            spec.region = Some(At::default_of(first.id.clone()));
        }
    }
}

fn workload_names<'s>(
    regions: &'s [Region],
    zones: &'s [Zone],
    types: &'s [InstanceType],
    images: &'s [Image],
    accounts: &'s [String],
) -> workload::Known<'s> {
    let catalog = Catalog::shipped();
    let zones_of = |region: &Region| {
        let inside = zones.iter().filter(|zone| zone.region == region.id);
        inside.map(|zone| zone.id.as_str()).collect()
    };
    workload::Known {
        regions: regions.iter().map(|region| (region.id.as_str(), zones_of(region))).collect(),
        accounts: accounts.iter().map(String::as_str).collect(),
        types: types.iter().chain(&catalog.types).map(|row| row.name.as_str()).collect(),
        own_types: types,
        images: images.iter().chain(&catalog.images).map(|image| image.id.as_str()).collect(),
        disk_categories: catalog.disks.iter().map(|disk| disk.category.as_str()).collect(),
    }
}
