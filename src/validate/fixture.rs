//! Worlds in the fixture format of the conformance cases: a default world, differences by path, and real capacity.

use serde_json::{Map, Value};

use crate::model::{HostIx, TypeIx, Utc, ZoneIx};
use crate::placement::{
    BuildError, ClassSet, Demand, Fleet, FleetBuilder, HostClass, HostGroup, Owner, Policy, policy,
};
use crate::world::{World, WorldError, WorldFacts};

/// Capacity of a host that serves every type of which there is plenty, in thousandths of a vCPU and in MiB.
const PLENTY: u32 = u32::MAX / 4;

/// Most hosts that a stock entry becomes: more than one request can tell from plenty.
const STOCK_MAX: u64 = 10_000;

/// Why a fixture makes no world.
#[derive(Debug, thiserror::Error)]
pub enum FixtureError {
    /// Not JSON, or not of the fixture's form.
    #[error("not a world of the fixture format: {0}")]
    Form(#[from] serde_json::Error),
    /// A difference that names nothing.
    #[error("a path of a world difference is empty or leads through a value: `{0}`")]
    Path(String),
    /// Facts that cannot be.
    #[error(transparent)]
    World(#[from] WorldError),
    /// Hosts that cannot be.
    #[error("capacity of the fixture: {0}")]
    Capacity(#[from] BuildError),
}

/// Applies differences: the keys of a path are joined by `/`; null removes; missing objects are made.
///
/// # Errors
/// A path leads through something that is no object.
pub fn apply(world: &mut Value, differences: &Map<String, Value>) -> Result<(), FixtureError> {
    for (path, value) in differences {
        let wrong = || FixtureError::Path(path.clone());
        let mut keys = path.split('/');
        let last = keys.next_back().filter(|key| !key.is_empty()).ok_or_else(wrong)?;
        let mut at = &mut *world;
        for key in keys {
            let object = at.as_object_mut().ok_or_else(wrong)?;
            at = object.entry(key).or_insert_with(|| Value::Object(Map::new()));
        }
        let object = at.as_object_mut().ok_or_else(wrong)?;
        if value.is_null() {
            object.shift_remove(last);
        } else {
            object.insert(last.to_owned(), value.clone());
        }
    }
    Ok(())
}

/// Reads facts of the fixture format, whose one `account` becomes the one account of the world.
///
/// # Errors
/// The value does not have the form.
pub fn facts(mut world: Value) -> Result<WorldFacts, FixtureError> {
    if let Some(object) = world.as_object_mut()
        && let Some(account) = object.shift_remove("account")
    {
        let uid = account.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        let accounts = object.entry("accounts").or_insert_with(|| Value::Object(Map::new()));
        if let Some(accounts) = accounts.as_object_mut() {
            accounts.insert(uid, account);
        }
    }
    Ok(serde_json::from_value(world)?)
}

/// A world and its hosts.
#[derive(Debug)]
pub struct Fixture {
    /// Everything but hosts.
    pub world: World,
    /// The hosts.
    pub fleet: Fleet,
    /// The clock.
    pub now: Utc,
}

/// Builds a world from facts, and a fleet from its stock: an entry becomes so many hosts that each fit one instance
/// of the type, a type without entry is served by a host as good as endless, a dedicated host has its free vCPUs.
///
/// # Errors
/// Facts or hosts that cannot be.
pub fn build(facts: WorldFacts) -> Result<Fixture, FixtureError> {
    let now = facts.now;
    let stock: Vec<(String, String, u64)> = facts
        .zones
        .iter()
        .flat_map(|(zone, fact)| fact.stock.iter().map(|(name, left)| (zone.clone(), name.clone(), *left)))
        .collect();
    let mut world = World::new(facts)?;
    let policy = Policy::new("first-fit", policy::FirstFit);
    let mut fleet = FleetBuilder::new(policy, 0);

    let mut plenty = Vec::new();
    for (zone, name) in world.all_zones() {
        let class = fleet.class(HostClass::plain(format!("plenty in {name}"), PLENTY, PLENTY));
        fleet.hosts(HostGroup::new(zone, class, 1));
        plenty.push((zone, class));
    }
    let mut dedicated = Vec::new();
    let mut bound = Vec::new();
    for (_, name, row) in world.hosts.iter() {
        let cpu = u32::try_from(row.free_vcpus.saturating_mul(1000)).unwrap_or(PLENTY);
        if cpu == 0 {
            continue;
        }
        let class = fleet.class(HostClass { dedicated: true, ..HostClass::plain(name, cpu, PLENTY) });
        let group = HostGroup {
            owner: Owner::Account(row.owner),
            auto_placement: row.auto_placement,
            ..HostGroup::new(ZoneIx(row.zone), class, 1)
        };
        bound.push((name.to_owned(), fleet.hosts(group).start));
        dedicated.push(class);
    }
    let mut stocked: Vec<(ZoneIx, TypeIx, crate::model::ClassIx)> = Vec::new();
    for (zone, name, left) in &stock {
        let (Some(zone), Some(instance_type)) = (world.zone_named(zone), world.type_named(name)) else {
            continue;
        };
        let (cpu, memory) = world.size_of(instance_type);
        let class = fleet.class(HostClass::plain(name.as_str(), cpu.max(1), memory.max(1)));
        let count = (*left).min(STOCK_MAX) as u32;
        if count > 0 {
            fleet.hosts(HostGroup::new(zone, class, count));
        }
        stocked.push((zone, instance_type, class));
    }
    let types: Vec<TypeIx> = world.instance_types().map(|(at, ..)| at).collect();
    for instance_type in types {
        let (cpu, memory) = world.size_of(instance_type);
        let own = stocked.iter().filter(|(_, of, _)| *of == instance_type);
        let has_entry = |zone: ZoneIx| own.clone().any(|(of, ..)| *of == zone);
        let mut classes: Vec<_> =
            plenty.iter().filter(|(zone, _)| !has_entry(*zone)).map(|(_, class)| *class).collect();
        classes.extend(own.clone().map(|(.., class)| *class));
        classes.extend(&dedicated);
        let demand = Demand { classes: ClassSet::Only(classes), ..Demand::plain(cpu.max(1), memory) };
        world.bind_type(instance_type, fleet.demand(demand));
    }
    for (name, host) in bound {
        world.bind_dedicated_host(&name, HostIx(host));
    }
    Ok(Fixture { world, fleet: fleet.build()?, now })
}
