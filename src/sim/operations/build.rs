//! From a scenario to what a run keeps for operations.

use crate::engine::{Stream, Streams};
use crate::metrics::Level;
use crate::model::{SimDuration, SimTime};
use crate::operations::hosts::{Condition, Host, OnMaintenance};
use crate::operations::hpc::Cluster;
use crate::operations::sets::{OnUnable, Set};
use crate::operations::{Action, Params};
use crate::placement::Granularity;
use crate::scenario::schema::{Charge, OperationSpec};
use crate::scenario::workload::HabitsSpec;
use crate::scenario::{Class, Families, Scenario};
use crate::sim::cloud::Cloud;
use crate::workload::{Workload, local_hours};
use crate::world::{ChargeType, Quota, SLOTS, World, slot_name};

use super::{HostLevels, Operations, PoolLevel, Restarts, StockHost};

/// Who gets an operation of the script.
#[derive(Clone, Debug)]
pub(in crate::sim) enum Target {
    /// The instance of a request.
    Request(u64),
    /// Instances of a workload by number.
    Some(u32, Vec<u64>),
    /// Each live instance of a workload with this chance.
    Share(u32, f64, Box<Stream>),
    /// An account, in a region.
    Account(u32, u32),
}

/// One operation of the script.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Step {
    pub(in crate::sim) at: SimTime,
    pub(in crate::sim) every: Option<SimDuration>,
    pub(in crate::sim) action: Action,
    pub(in crate::sim) params: Vec<(String, String)>,
    pub(in crate::sim) target: Target,
    /// Id of what it makes.
    pub(in crate::sim) id: Option<String>,
    /// How often it was sent.
    pub(in crate::sim) sent: u64,
}

/// Stops for the night, in microseconds of the day in UTC.
#[derive(Clone, Debug)]
pub(in crate::sim) struct Pause {
    pub(in crate::sim) share: f64,
    pub(in crate::sim) from: u64,
    pub(in crate::sim) to: u64,
    pub(in crate::sim) spread: u64,
    pub(in crate::sim) params: Params,
}

/// Habits of a workload's customers, with their luck.
#[derive(Debug)]
pub(in crate::sim) struct Habits {
    pub(in crate::sim) pause: Option<Pause>,
    /// Mean seconds between two reboots.
    pub(in crate::sim) reboot_secs: Option<f64>,
    pub(in crate::sim) public_address: bool,
    pub(in crate::sim) reuse_disks: bool,
    pub(in crate::sim) luck: Stream,
}

/// Microseconds of a day.
const DAY: u64 = 86_400_000_000;

impl Habits {
    fn new(spec: &HabitsSpec, name: &str, region: &str, streams: Streams) -> Habits {
        let offset = (local_hours(region) * 3_600.0) as i64 * 1_000_000;
        let utc = |local: u64| (local as i64 - offset).rem_euclid(DAY as i64) as u64;
        let pause = spec.pause.as_ref().map(|pause| {
            let pause = pause.get();
            let mode = pause.mode.iter().map(|mode| ("StoppedMode".to_owned(), mode.get().clone()));
            Pause {
                share: pause.share.get().get(),
                from: utc(pause.from.get().0.0),
                to: utc(pause.to.get().0.0),
                spread: pause.spread.get().0.0,
                params: Params::new(mode),
            }
        });
        let rate = spec.reboots.as_ref().map(|rate| rate.get().per_second());
        Habits {
            pause,
            reboot_secs: rate.filter(|rate| *rate > 0.0).map(|rate| 1.0 / rate),
            public_address: spec.public_address,
            reuse_disks: spec.reuse_disks,
            luck: streams.stream(&format!("habits {name}"), 0),
        }
    }
}

impl Operations {
    /// What a run of this scenario keeps; none when nothing in it has to do with operations.
    pub(in crate::sim) fn new(
        scenario: &Scenario,
        cloud: &Cloud,
        workload: &Workload,
    ) -> Option<Box<Operations>> {
        let spec = &scenario.spec;
        let (world, templates) = (&cloud.world, workload.templates());
        let keeps_disks = templates.iter().any(|template| {
            let keeps = |(name, value): &(String, String)| {
                name.ends_with(".DeleteWithInstance") && value.eq_ignore_ascii_case("false")
            };
            template.params.iter().any(keeps)
        });
        let wanted = !spec.operations.is_empty()
            || spec.workloads.iter().any(|workload| workload.operations.is_some() || !workload.start)
            || !scenario.dedicated_hosts.is_empty()
            || !scenario.disk_pools.is_empty()
            || world.sets.iter().next().is_some()
            || world.hpc_clusters.iter().next().is_some()
            || keeps_disks;
        if !wanted {
            return None;
        }
        let streams = Streams::new(spec.seed);
        let fleets = spec.spot.as_ref().map_or(0, |spot| spot.fleets.len());
        let mut own = Operations {
            workload_of: templates.iter().map(|template| template.workload).collect(),
            // Spot fleets are workloads of their own, after the others.
            created: vec![0; spec.workloads.len() + fleets],
            restarts: workload.names().iter().map(|name| (name.clone(), Restarts::default())).collect(),
            starts: spec.workloads.iter().map(|workload| workload.start).chain(vec![true; fleets]).collect(),
            ..Operations::default()
        };
        own.habits = spec
            .workloads
            .iter()
            .map(|workload| {
                let region = workload.region.as_ref().map_or("", |region| region.get());
                let habits = workload.operations.as_ref()?;
                Some(Habits::new(habits.get(), &workload.name, region, streams))
            })
            .collect();
        own.steps = spec
            .operations
            .iter()
            .enumerate()
            .map(|(at, step)| read_step(step, at, scenario, world, streams))
            .collect();
        own.accounts(scenario, world);
        own.hosts(scenario, cloud);
        own.groups(world);
        for pool in &scenario.disk_pools {
            let name = pool
                .level
                .as_ref()
                .map_or_else(|| pool.category.clone(), |level| format!("{} {level}", pool.category));
            let zone = world.zone_named(&scenario.zones[pool.zone.at()].id);
            if let (Some(slot), Some(zone)) = ((0..SLOTS).find(|slot| slot_name(*slot) == name), zone) {
                let (gib, physical_gib) = (pool.gib, pool.physical_gib);
                own.pools.push(PoolLevel { zone: zone.0, slot, gib, physical_gib, sold: Level::default() });
            }
        }
        Some(Box::new(own))
    }

    /// What accounts and regions may have.
    fn accounts(&mut self, scenario: &Scenario, world: &World) {
        let count = world.all_accounts().map(|(at, _)| at.at() + 1).max().unwrap_or(0);
        self.stops_without_charges = vec![false; count];
        self.limits = vec![(None, None); count];
        for account in &scenario.spec.accounts {
            if let Some(at) = world.account_named(&account.id) {
                self.stops_without_charges[at.at()] = account.stop_without_charges;
                let limit = |limit: crate::scenario::units::Limit| limit.get().map(u64::from);
                self.limits[at.at()] =
                    (limit(account.max_dedicated_hosts), limit(account.max_deployment_sets));
            }
        }
        let limit = scenario.spec.network.public_addresses_per_region.get().map(u64::from);
        let regions = world.regions.iter().map(|(at, ..)| at as usize + 1).max().unwrap_or(0);
        self.public = vec![Quota { used: 0, limit }; regions];
    }

    /// Dedicated hosts that accounts have from the start, and the stock.
    fn hosts(&mut self, scenario: &Scenario, cloud: &Cloud) {
        let world = &cloud.world;
        for (host, at) in scenario.dedicated_hosts.iter().zip(&cloud.dedicated) {
            let class = &scenario.classes[host.class.at()];
            let entry = StockHost {
                host: *at,
                zone: world.zone_named(&scenario.zones[host.zone.at()].id).map_or(u32::MAX, |zone| zone.0),
                host_type: class.name.clone(),
                ratio_milli: host.ratio_milli,
                families: families(class, world),
                vcpus: u64::from(class.cpu_milli / 1_000),
                memory_mib: class.memory_mib.into(),
                local_disks: class.local_disks.is_some(),
                free: host.stock,
            };
            if let Some(number) = world.hosts.find(&host.id) {
                let action = match host.stops {
                    Some(stops) => {
                        if stops {
                            OnMaintenance::Stop
                        } else {
                            OnMaintenance::Migrate
                        }
                    }
                    None => default_action(entry.local_disks),
                };
                let prepaid = host.charge == Charge::PrePaid;
                let row = world.hosts.get(number);
                let allocated = Host {
                    id: host.id.clone(),
                    host_type: entry.host_type.clone(),
                    account: row.map_or(u32::MAX, |row| row.owner),
                    zone: entry.zone,
                    families: entry.families.clone(),
                    charge: if prepaid { ChargeType::PrePaid } else { ChargeType::PostPaid },
                    expires: row.and_then(|row| row.expires),
                    auto_renew: host.period.filter(|_| host.auto_renew),
                    renewals_failed: 0,
                    auto_release: None,
                    auto_placement: host.auto_placement,
                    action,
                    cluster: None,
                    condition: Condition::Available,
                    instances: 0,
                };
                self.hosts.0.insert(number, allocated);
                self.put_in_front(number, &entry, SimTime::ZERO);
            }
            self.stock.0.push(entry);
        }
    }

    /// Puts a dedicated host in front of a host.
    pub(in crate::sim) fn put_in_front(&mut self, number: u32, entry: &StockHost, now: SimTime) {
        let levels = HostLevels {
            host: entry.host,
            since: now,
            vcpus: entry.vcpus,
            memory_mib: entry.memory_mib,
            cpu_milli: Level::default(),
            used_mib: Level::default(),
        };
        self.levels.insert(number, levels);
        self.in_front.insert(entry.host, number);
    }

    /// Deployment sets and HPC clusters of the facts: of every account.
    fn groups(&mut self, world: &World) {
        for (at, id, set) in world.sets.iter() {
            let refused = world.families.all_names().map(|(family, _)| family);
            let set = Set {
                id: id.to_owned(),
                account: None,
                region: set.region,
                refused: refused.filter(|family| set.unsupported_families.has(*family)).collect(),
                apart: Granularity::Host,
                on_unable: OnUnable::default(),
                of_hpc: false,
                members: 0,
            };
            self.sets.0.insert(at, set);
        }
        for (at, id, cluster) in world.hpc_clusters.iter() {
            let cluster =
                Cluster { id: id.to_owned(), account: None, region: cluster.region, set: None, instances: 0 };
            self.clusters.0.insert(at, cluster);
        }
    }
}

/// What a host does when its server fails and nothing was said: with local disks its instances stop (DHST-40).
pub(in crate::sim) fn default_action(local_disks: bool) -> OnMaintenance {
    if local_disks { OnMaintenance::Stop } else { OnMaintenance::Migrate }
}

/// Families that a class serves, by number in the world, ascending.
fn families(class: &Class, world: &World) -> Vec<u32> {
    let all = world.families.all_names();
    match &class.families {
        Families::All => all.map(|(at, _)| at).collect(),
        Families::Only(names) => {
            all.filter(|(_, name)| names.iter().any(|own| own == name)).map(|(at, _)| at).collect()
        }
    }
}

fn read_step(
    spec: &OperationSpec,
    place: usize,
    scenario: &Scenario,
    world: &World,
    streams: Streams,
) -> Step {
    let named = Action::ALL.iter().copied().find(|action| action.name() == spec.action.as_str());
    let action = named.expect("the scenario's checks know every operation");
    let workload = spec
        .workload
        .as_ref()
        .and_then(|name| scenario.spec.workloads.iter().position(|workload| workload.name == *name));
    let target = match (workload, &spec.request) {
        (Some(workload), _) if !spec.instances.is_empty() => {
            Target::Some(workload as u32, spec.instances.clone())
        }
        (Some(workload), _) => {
            let share = spec.share.as_ref().map_or(1.0, |share| share.get().get());
            Target::Share(workload as u32, share, Box::new(streams.stream("operations", place as u64)))
        }
        (None, Some(request)) => Target::Request(*request.get()),
        (None, None) => {
            let account = spec.account.as_ref().map_or(&scenario.accounts[0], |account| account.get());
            let region = spec.region.as_ref().map_or(&scenario.regions[0].id, |region| region.get());
            let account = world.account_named(account).map_or(u32::MAX, |account| account.0);
            Target::Account(account, world.region_named(region).map_or(u32::MAX, |region| region.0))
        }
    };
    Step {
        at: spec.at.get().get(),
        every: spec.every.as_ref().map(|every| every.get().get()),
        action,
        params: spec.params.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        target,
        id: spec.id.as_ref().map(|id| id.get().clone()),
        sent: 0,
    }
}
