//! From a scenario to what exists: hosts in the placement core, everything else in the world.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::model::{ClassIx, HostIx, InstanceType, ZoneIx};
use crate::operations::sets::PER_ZONE;
use crate::placement::policy::Fgd;
use crate::placement::{
    ClassSet, ClusterIx, Demand, Fleet, FleetBuilder, GpuDemand, Granularity, HostClass, HostGroup, Owner,
    Policy, SetRule,
};
use crate::scenario::units::Limit;
use crate::scenario::{Class, Families, Scenario, naming};
use crate::validate::estate::Estate;
use crate::validate::{Period, PeriodUnit};
use crate::workload;
use crate::world::{
    AccountFacts, ClusterFacts, DedicatedHostFacts, ImageFacts, InstanceTypeFacts, Quota, RegionFacts,
    SecurityGroupFacts, VSwitchFacts, VpcFacts, World, WorldFacts, ZoneFacts,
};

use super::SimError;

/// Addresses of a /16 vSwitch that instances can have (VPC-12).
const ADDRESSES: u64 = 65_532;
/// /16 blocks in the 10.0.0.0/8 of a generated VPC.
const BLOCKS: u64 = 256;

/// A cloud that is built and empty.
#[derive(Debug)]
pub struct Cloud {
    /// Everything but hosts.
    pub world: World,
    /// The hosts.
    pub fleet: Fleet,
    /// vSwitches of each zone of the world, per account.
    pub vswitches: Vec<u32>,
    /// Number of each of the scenario's dedicated hosts.
    pub dedicated: Vec<HostIx>,
}

/// Builds the cloud of a scenario. `extra` are instance types that a trace brings along.
///
/// Zones of the world are numbered by name, and so are the fleet's.
///
/// # Errors
/// When the scenario describes a host, a type or a network that cannot be.
pub fn build(scenario: &Scenario, extra: &[InstanceType]) -> Result<Cloud, SimError> {
    build_for(scenario, extra, &[])
}

/// Builds the cloud of a scenario for a load that is known: `load` is how often each instance type will be asked for.
/// The policies `fgd` and `fgd-balanced` take their typical instances from it; others do not look ahead.
///
/// # Errors
/// As [`build`].
pub(super) fn build_for(
    scenario: &Scenario,
    extra: &[InstanceType],
    load: &[(String, u64)],
) -> Result<Cloud, SimError> {
    let catalog = Catalog::shipped();
    let own: Vec<&InstanceType> = scenario.types.iter().chain(extra).collect();
    let vswitches = vswitches_per_zone(scenario, &own);
    let mut facts = facts(scenario, catalog, &own, &vswitches);
    let estates: Vec<Estate> =
        workload::fault_rows(&scenario.spec.workloads).into_iter().filter_map(Estate::of_row).collect();
    for estate in &estates {
        estate.settle(&mut facts);
    }
    let facts = if scenario.spec.world.is_empty() {
        facts
    } else {
        facts.overlaid(&scenario.spec.world).map_err(SimError::bug)?
    };
    let mut world = World::new(facts).map_err(SimError::bug)?;

    let zone_of: Vec<ZoneIx> = scenario
        .zones
        .iter()
        .map(|zone| world.zone_named(&zone.id).expect("every zone of the scenario is in its world"))
        .collect();
    let name = scenario.spec.policy.get();
    let policy = match name.as_str() {
        "fgd" | "fgd-balanced" if !load.is_empty() => {
            let types = own.iter().copied().chain(&catalog.types);
            let fgd = typical(load, types, &scenario.classes);
            if name == "fgd" { Policy::new("fgd", fgd) } else { Policy::new("fgd-balanced", fgd.balanced()) }
        }
        name => Policy::named(name).ok_or_else(|| SimError::bug(format!("no policy `{name}`")))?,
    };
    let mut fleet = FleetBuilder::new(policy, scenario.spec.seed);
    for class in &scenario.classes {
        fleet.class(host_class(class));
    }
    let clusters = add_pools(&mut fleet, scenario, &zone_of);
    for (name, cluster) in clusters {
        world.bind_cluster(name, cluster);
    }
    let dedicated = add_dedicated_hosts(&mut fleet, scenario, &world, &zone_of);
    for row in own.into_iter().chain(&catalog.types) {
        let Some(demand) = demand(row, &scenario.classes) else { continue };
        let instance_type = world.type_named(&row.name).expect("every type is in the world");
        // A type of the scenario's own takes the place of a catalog type of the same name.
        if world.demand_of(instance_type).is_none() {
            world.bind_type(instance_type, fleet.demand(demand));
        }
    }
    for (host, at) in scenario.dedicated_hosts.iter().zip(&dedicated).filter(|(host, _)| !host.stock) {
        world.bind_dedicated_host(&host.id, *at);
    }
    add_estates(&mut fleet, &mut world, &estates);
    let fleet = fleet.build().map_err(SimError::bug)?;
    name_hosts(&mut world, scenario);
    bind_sets(&mut world, &fleet);

    let mut per_zone = vec![1; world.all_zones().count()];
    for (at, zone) in zone_of.iter().enumerate() {
        per_zone[zone.at()] = vswitches[at];
    }
    Ok(Cloud { world, fleet, vswitches: per_zone, dedicated })
}

/// Names the hosts of pools as node controllers, and the clusters that they are in.
fn name_hosts(world: &mut World, scenario: &Scenario) {
    let mut numbers = vec![1; scenario.zones.len()];
    let mut next = 0;
    for pool in &scenario.pools {
        let number = &mut numbers[pool.zone.at()];
        let prefix = naming::node_controller_prefix(&scenario.zones[pool.zone.at()].id);
        world.number_node_controllers(&prefix, *number, next..next + pool.hosts, &pool.cluster);
        *number += pool.hosts;
        next += pool.hosts;
    }
}

/// Share of a load that its typical instances cover, as in the published runs.
const TYPICAL: f64 = 0.95;

/// FGD for a load: its most frequent shapes of CPU, GPUs and allowed models (memory aside).
fn typical<'a>(
    load: &[(String, u64)],
    types: impl Iterator<Item = &'a InstanceType> + Clone,
    classes: &[Class],
) -> Fgd {
    let mut counts: Vec<(Demand, u64)> = Vec::new();
    for (name, count) in load {
        let Some(row) = types.clone().find(|row| row.name == *name) else { continue };
        let Some(shape) = demand(row, classes) else { continue };
        let shape = Demand { memory_mib: 0, ..shape };
        match counts.iter_mut().find(|(known, _)| *known == shape) {
            Some((_, sum)) => *sum += count,
            None => counts.push((shape, *count)),
        }
    }
    Fgd::of_load(counts, TYPICAL)
}

/// Name of the vSwitch number `at` of an account in a zone; the first has the plain name.
pub(super) fn vswitch_name(zone: &str, account: &str, at: u32) -> String {
    let plain = naming::vswitch_id(zone, account);
    if at == 0 { plain } else { format!("{plain}-{}", at + 1) }
}

fn host_class(class: &Class) -> HostClass {
    let (gpu_model, gpu_count) = match &class.gpus {
        Some((model, count)) => (Some(model.clone()), *count),
        None => (None, 0),
    };
    HostClass {
        name: class.name.clone(),
        cpu_milli: class.cpu_milli,
        memory_mib: class.memory_mib,
        numa_nodes: class.numa_nodes,
        gpu_model,
        gpu_count,
        local_disks: class.local_disks.as_ref().map_or(0, |disks| disks.count),
        nics: None,
        split_above_mib: class.split_above_mib,
        dedicated: class.dedicated,
    }
}

/// Adds the pools; returns the clusters by name.
fn add_pools<'a>(
    fleet: &mut FleetBuilder,
    scenario: &'a Scenario,
    zone_of: &[ZoneIx],
) -> BTreeMap<&'a str, ClusterIx> {
    let mut clusters = BTreeMap::new();
    for pool in &scenario.pools {
        let next = ClusterIx(clusters.len() as u32);
        let cluster = *clusters.entry(pool.cluster.as_str()).or_insert(next);
        fleet.hosts(HostGroup {
            cluster: Some(cluster),
            hosts_per_rack: pool.hosts_per_rack,
            racks_per_switch: pool.racks_per_switch,
            ..HostGroup::new(zone_of[pool.zone.at()], pool.class, pool.hosts)
        });
    }
    let shards = scenario.pools.iter().map(|pool| pool.shards).max().unwrap_or(1);
    fleet.shards_per_zone(shards);
    clusters
}

/// Gives every deployment set and HPC cluster of the facts its set in the fleet (DEP-1, DEP-10, HPC-1).
fn bind_sets(world: &mut World, fleet: &Fleet) {
    let names = |table: Vec<&str>| table.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let sets = names(world.sets.iter().map(|(_, name, _)| name).collect());
    for name in sets {
        let rule = SetRule::Spread { apart: Granularity::Host, per_zone: PER_ZONE };
        world.bind_deployment_set(&name, fleet.add_set(rule));
    }
    let clusters = names(world.hpc_clusters.iter().map(|(_, name, _)| name).collect());
    for name in clusters {
        world.bind_hpc_cluster(&name, fleet.add_set(SetRule::Near));
    }
}

/// Adds the dedicated hosts, those in stock too; returns the number of each.
fn add_dedicated_hosts(
    fleet: &mut FleetBuilder,
    scenario: &Scenario,
    world: &World,
    zone_of: &[ZoneIx],
) -> Vec<HostIx> {
    let add = |host: &crate::scenario::DedicatedHost| {
        // Accounts of the world are numbered by name, those of the scenario as written.
        let account = world.account_named(&scenario.accounts[host.account.at()]);
        let account = account.expect("every account of the scenario is in its world");
        let hosts = fleet.hosts(HostGroup {
            owner: if host.stock { Owner::Stock } else { Owner::Account(account.0) },
            auto_placement: host.auto_placement,
            ..HostGroup::new(zone_of[host.zone.at()], host.class, 1)
        });
        HostIx(hosts.start)
    };
    scenario.dedicated_hosts.iter().map(add).collect()
}

/// Adds one host to each estate that needs room, for its type alone.
fn add_estates(fleet: &mut FleetBuilder, world: &mut World, estates: &[Estate]) {
    for estate in estates.iter().filter(|estate| estate.needs_room) {
        let named = estate.params.iter().find(|(name, _)| name == "InstanceType");
        let instance_type = named.and_then(|(_, value)| world.type_named(value));
        let (Some(zone), Some(instance_type)) = (world.zone_named(&estate.zone), instance_type) else {
            continue;
        };
        let (cpu_milli, memory_mib) = world.size_of(instance_type);
        let name = format!("estate of row {}", estate.row);
        let class = fleet.class(HostClass::plain(name, cpu_milli, memory_mib));
        fleet.hosts(HostGroup::new(zone, class, 1));
        let demand = Demand { classes: ClassSet::Only(vec![class]), ..Demand::plain(cpu_milli, memory_mib) };
        world.bind_type(instance_type, fleet.demand(demand));
    }
}

/// The demand of an instance type, or none when no class of the scenario serves its family.
fn demand(row: &InstanceType, classes: &[Class]) -> Option<Demand> {
    let serving: Vec<ClassIx> = classes
        .iter()
        .enumerate()
        .filter(|(_, class)| class.families.serves(&row.family))
        .map(|(at, _)| ClassIx::from(at))
        .collect();
    if serving.is_empty() {
        return None;
    }
    let gpu = row.gpu.as_ref().map(|gpu| GpuDemand {
        count: (gpu.milli / 1_000).max(1),
        milli_each: gpu.milli.min(1_000),
        // A trace may allow several models, or any.
        models: gpu.model.split('|').filter(|model| !model.is_empty()).map(str::to_owned).collect(),
    });
    Some(Demand {
        cpu_milli: row.cpu_milli,
        memory_mib: row.memory_mib,
        gpu,
        local_disks: row.local_disks.as_ref().map_or(0, |disks| disks.count),
        nics: 0,
        classes: ClassSet::Only(serving),
    })
}

/// How many /16 vSwitches each zone needs so that addresses never run out before its hosts do.
fn vswitches_per_zone(scenario: &Scenario, own: &[&InstanceType]) -> Vec<u32> {
    if scenario.spec.network.addresses_per_vswitch.get().is_some() {
        return vec![1; scenario.zones.len()];
    }
    let smallest =
        own.iter().map(|row| u64::from(row.cpu_milli)).chain([1_000]).min().unwrap_or(1_000).max(1);
    (0..scenario.zones.len())
        .map(|zone| {
            let pools = scenario.pools.iter().filter(|pool| pool.zone.at() == zone);
            let cpu_milli: u64 = pools
                .map(|pool| u64::from(pool.hosts) * u64::from(scenario.classes[pool.class.at()].cpu_milli))
                .sum();
            let region = &scenario.zones[zone].region;
            let beside = scenario.zones.iter().filter(|other| other.region == *region).count() as u64;
            let wanted = (cpu_milli / smallest).div_ceil(ADDRESSES).max(1);
            wanted.min(BLOCKS / beside) as u32
        })
        .collect()
}

fn facts(scenario: &Scenario, catalog: &Catalog, own: &[&InstanceType], vswitches: &[u32]) -> WorldFacts {
    let mut facts = WorldFacts::default();
    for row in own {
        facts.instance_types.insert(row.name.clone(), InstanceTypeFacts::from(*row));
    }
    for image in &scenario.images {
        facts.images.insert(image.id.clone(), ImageFacts::from(image));
    }
    let mut facts = facts.with_catalog(catalog);
    if scenario.bills() {
        for row in catalog.types.iter().chain(own.iter().copied()) {
            if let Some(fact) = facts.instance_types.get_mut(&row.name) {
                fact.price_month = scenario.prices.instance_type(row).month.as_f64();
            }
        }
    }
    // What the scenario does not list does not exist in its cloud.
    facts.regions = scenario
        .regions
        .iter()
        .map(|region| {
            let fact = RegionFacts { real_name_required: region.mainland_china, ..RegionFacts::default() };
            (region.id.clone(), fact)
        })
        .collect();
    facts.zones = scenario
        .zones
        .iter()
        .map(|zone| (zone.id.clone(), ZoneFacts { region: zone.region.clone(), ..ZoneFacts::default() }))
        .collect();
    facts.now = scenario.spec.start.0;
    for pool in &scenario.disk_pools {
        let zone = facts.zones.get_mut(&scenario.zones[pool.zone.at()].id).expect("zones were just added");
        let name = pool
            .level
            .as_ref()
            .map_or_else(|| pool.category.clone(), |level| format!("{} {level}", pool.category));
        zone.disk_pool_free_gib.insert(name, pool.gib);
    }
    for pool in &scenario.pools {
        let zone = &scenario.zones[pool.zone.at()];
        facts.clusters.insert(
            pool.cluster.clone(),
            ClusterFacts { region: zone.region.clone(), zone: zone.id.clone(), ..ClusterFacts::default() },
        );
    }
    for (at, id) in scenario.accounts.iter().enumerate() {
        facts.accounts.insert(id.clone(), account(scenario, at));
        networks(&mut facts, scenario, id, vswitches);
    }
    dedicated_hosts(&mut facts, scenario, catalog);
    facts
}

fn account(scenario: &Scenario, at: usize) -> AccountFacts {
    let spec = &scenario.spec.accounts[at];
    let quota = |limit: Limit| Quota { used: 0, limit: limit.get().map(u64::from) };
    let by_region = spec.max_instances_per_region.get().map_or_else(BTreeMap::new, |limit| {
        scenario.regions.iter().map(|region| (region.id.clone(), Quota::limited(limit.into()))).collect()
    });
    AccountFacts {
        balance: spec.balance.get().map_or(f64::INFINITY, |money| money.as_f64()),
        credit_line: spec.credit.get().map_or(f64::INFINITY, |money| money.as_f64()),
        postpaid_instances: quota(spec.max_instances),
        postpaid_instances_by_region: by_region,
        postpaid_disks: quota(spec.max_disks),
        portable_disks: quota(spec.max_portable_disks),
        max_bandwidth_out: spec.max_bandwidth_out,
        spot_enabled: spec.spot,
        real_name_verified: spec.real_name_verified,
        ..AccountFacts::default()
    }
}

/// One VPC and one security group a region, and the vSwitches of each zone, for one account.
fn networks(facts: &mut WorldFacts, scenario: &Scenario, account: &str, vswitches: &[u32]) {
    let spec = &scenario.spec.network;
    for region in &scenario.regions {
        let vpc = naming::vpc_id(&region.id, account);
        facts.vpcs.insert(
            vpc.clone(),
            VpcFacts {
                region: region.id.clone(),
                owner: account.to_owned(),
                cidr: "10.0.0.0/8".to_owned(),
                instances: Quota { used: 0, limit: spec.instances_per_vpc.get().map(u64::from) },
                ..VpcFacts::default()
            },
        );
        facts.security_groups.insert(
            naming::security_group_id(&region.id, account),
            SecurityGroupFacts {
                region: region.id.clone(),
                vpc: Some(vpc.clone()),
                owner: account.to_owned(),
                instances: 0,
                limit: spec.instances_per_security_group.get().map(u64::from),
            },
        );
        let zones = scenario.zones.iter().enumerate().filter(|(_, zone)| zone.region == region.id);
        let mut block = 0;
        for (at, zone) in zones {
            for number in 0..vswitches[at] {
                facts.vswitches.insert(
                    vswitch_name(&zone.id, account, number),
                    VSwitchFacts {
                        vpc: vpc.clone(),
                        region: region.id.clone(),
                        zone: zone.id.clone(),
                        cidr: format!("10.{block}.0.0/16"),
                        free_ips: spec.addresses_per_vswitch.get().map(|limit| limit.min(ADDRESSES as u32)),
                        ..VSwitchFacts::default()
                    },
                );
                block += 1;
            }
        }
    }
}

fn dedicated_hosts(facts: &mut WorldFacts, scenario: &Scenario, catalog: &Catalog) {
    for host in scenario.dedicated_hosts.iter().filter(|host| !host.stock) {
        let class = &scenario.classes[host.class.at()];
        let zone = &scenario.zones[host.zone.at()];
        let supported_families = match &class.families {
            Families::Only(names) => names.clone(),
            Families::All => {
                let types = catalog.types.iter().chain(&scenario.types);
                let mut names: Vec<String> = types.map(|row| row.family.clone()).collect();
                names.sort();
                names.dedup();
                names
            }
        };
        facts.dedicated_hosts.insert(
            host.id.clone(),
            DedicatedHostFacts {
                owner: scenario.accounts[host.account.at()].clone(),
                region: zone.region.clone(),
                zone: zone.id.clone(),
                charge_type: format!("{:?}", host.charge),
                supported_families,
                auto_placement: host.auto_placement,
                expires: host
                    .period
                    .map(|count| Period { count, unit: PeriodUnit::Month }.end(scenario.spec.start.0)),
                free_vcpus: u64::from(class.cpu_milli / 1_000),
                ..DedicatedHostFacts::default()
            },
        );
    }
}
