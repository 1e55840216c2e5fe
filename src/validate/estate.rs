//! Estates: for each row of the error table, a customer with surroundings of its own in which one request gets the
//! answer of that row, for its true reason.
//!
//! A workload that is to exercise the whole gate needs more than wrong parameters: half of the rows follow from the
//! state of the world (an account in arrears, a damaged image, a full vSwitch). An estate is a copy of the default
//! world of the conformance fixtures under names of its own, changed as one case of the row says. It shares nothing
//! with the rest of a scenario's world but the catalog of disk categories, and no host stands in it but where the
//! row's answer comes after a place was found.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::conformance::Defaults;
use super::fixture;
use crate::model::Utc;
use crate::world::WorldFacts;

/// Kinds of entities that an estate has of its own. The catalog's kinds are copied only as far as the request or the
/// change names them.
const OWN: [&str; 19] = [
    "accounts",
    "regions",
    "zones",
    "clusters",
    "node_controllers",
    "images",
    "marketplace",
    "snapshots",
    "vpcs",
    "vswitches",
    "security_groups",
    "vlans",
    "dedicated_hosts",
    "deployment_sets",
    "hpc_clusters",
    "key_pairs",
    "kms_keys",
    "idempotency",
    "spot_market",
];

/// The calendar of the fixtures.
const FIXTURE_NOW: Utc = Utc(1_579_075_200); // 2020-01-15 08:00

/// Estate number of all rows whose case leaves the default world as it is.
const UNCHANGED: u16 = 0;

/// How one row is reached: differences from the default request and the default world.
#[derive(Debug, Deserialize)]
struct Way {
    row: u16,
    request: Map<String, Value>,
    world: Map<String, Value>,
    #[serde(default)]
    room: bool,
}

static WAYS: LazyLock<BTreeMap<u16, Way>> = LazyLock::new(|| {
    let lines = include_str!("../../data/fault_rows.jsonl").lines();
    lines
        .map(|line| serde_json::from_str::<Way>(line).expect("the shipped ways are tested"))
        .map(|way| (way.row, way))
        .collect()
});

static DEFAULTS: LazyLock<Defaults> =
    LazyLock::new(|| Defaults::shipped().expect("the shipped defaults are tested"));

/// Every row of the error table, in its order: each can be drawn.
pub fn rows() -> impl Iterator<Item = u16> {
    WAYS.keys().copied()
}

/// A row's request and the facts that it needs.
#[derive(Clone, Debug)]
pub struct Estate {
    /// Number of the row.
    pub row: u16,
    /// Account that sends the request.
    pub account: String,
    /// Region that it lies in.
    pub region: String,
    /// Zone of its vSwitch.
    pub zone: String,
    /// The answer comes after a place was found: the zone needs a host with room for one instance.
    pub needs_room: bool,
    /// The request, as on the wire.
    pub params: Vec<(String, String)>,
    facts: Value,
}

impl Estate {
    /// The estate of a row; none when the error table has no such row.
    pub fn of_row(row: u16) -> Option<Estate> {
        let way = WAYS.get(&row)?;
        let number = if way.world.is_empty() { UNCHANGED } else { row };
        Some(Estate { needs_room: way.room, ..Estate::made(row, number, &way.request, &way.world) })
    }

    fn made(row: u16, number: u16, request: &Map<String, Value>, changes: &Map<String, Value>) -> Estate {
        let defaults = &*DEFAULTS;
        let mut world = defaults.world().clone();
        fixture::apply(&mut world, changes).expect("the shipped ways are tested");
        let mut world = match world {
            Value::Object(world) => world,
            _ => unreachable!("the default world is an object"),
        };
        localize(&mut world);
        let params = defaults.params(request);
        let named = |name: &String| {
            params.values().any(|value| value == name)
                || changes.keys().any(|path| path.split('/').any(|part| part == name))
        };
        keep(&mut world, "instance_types", named);
        let changed = |name: &String| changes.contains_key(&format!("disk_categories/{name}/system_max_gib"));
        keep(&mut world, "disk_categories", changed);

        let names = Names::of(&world, number);
        let mut facts = Map::new();
        for (kind, content) in world {
            facts.insert(kind, names.renamed(content));
        }
        let text = |value: Value| match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Estate {
            row,
            needs_room: false,
            account: names.of_name(&account_of(defaults)),
            region: names.of_name(&text(defaults.params(&Map::new())["RegionId"].clone())),
            zone: names.of_name("cn-hangzhou-g"),
            params: params.into_iter().map(|(name, value)| (name, text(names.renamed(value)))).collect(),
            facts: Value::Object(facts),
        }
    }

    /// Adds what the estate has to a world. Row 209 changes a disk category of the whole platform: the system disks of
    /// `ephemeral_ssd` get a lower maximum.
    pub fn settle(&self, world: &mut WorldFacts) {
        let facts: WorldFacts =
            serde_json::from_value(self.facts.clone()).expect("the shipped ways are tested");
        world.accounts.extend(facts.accounts);
        world.regions.extend(facts.regions);
        world.zones.extend(facts.zones);
        world.clusters.extend(facts.clusters);
        world.node_controllers.extend(facts.node_controllers);
        world.instance_types.extend(facts.instance_types);
        world.disk_categories.extend(facts.disk_categories);
        world.images.extend(facts.images);
        world.marketplace.extend(facts.marketplace);
        world.snapshots.extend(facts.snapshots);
        world.vpcs.extend(facts.vpcs);
        world.vswitches.extend(facts.vswitches);
        world.security_groups.extend(facts.security_groups);
        world.vlans.extend(facts.vlans);
        // Subscriptions of hosts end as long after the start as in the fixture.
        let later = world.now.0 - FIXTURE_NOW.0;
        world.dedicated_hosts.extend(facts.dedicated_hosts.into_iter().map(|(name, mut host)| {
            host.expires = host.expires.map(|end| Utc(end.0 + later));
            (name, host)
        }));
        world.deployment_sets.extend(facts.deployment_sets);
        world.hpc_clusters.extend(facts.hpc_clusters);
        world.key_pairs.extend(facts.key_pairs);
        world.kms_keys.extend(facts.kms_keys);
        world.idempotency.extend(facts.idempotency);
        world.spot_market.extend(facts.spot_market);
        add_new(&mut world.ram_roles, facts.ram_roles);
        add_new(&mut world.resource_groups, facts.resource_groups);
    }
}

fn add_new(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

/// Leaves out of a kind what `wanted` does not want.
fn keep(world: &mut Map<String, Value>, kind: &str, wanted: impl Fn(&String) -> bool) {
    if let Some(Value::Object(entities)) = world.get_mut(kind) {
        entities.retain(|name, _| wanted(name));
    }
}

fn account_of(defaults: &Defaults) -> String {
    defaults.world()["account"]["uid"].as_str().unwrap_or_default().to_owned()
}

/// Turns what a fixture says of its whole world into facts of its regions, its account and its tokens: a scenario's
/// world has others beside them.
fn localize(world: &mut Map<String, Value>) {
    let mut account = world.shift_remove("account").unwrap_or_default();
    let uid = account["uid"].clone();
    let mut withdrawn = Vec::new();
    if let Some(fault) =
        world.shift_remove("faults").and_then(|mut faults| faults.get_mut("internal").map(Value::take))
    {
        account["internal_fault"] = fault;
    }
    if let Some(maintenance) = world.shift_remove("maintenance") {
        for region in world["regions"].as_object_mut().into_iter().flat_map(Map::values_mut) {
            region["maintenance"] = maintenance.clone();
        }
    }
    for token in
        world.get_mut("idempotency").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
    {
        token["account"] = uid.clone();
    }
    for (category, fact) in world["disk_categories"].as_object_mut().into_iter().flatten() {
        if fact["withdrawn"] == true {
            fact["withdrawn"] = Value::Bool(false);
            withdrawn.push(Value::String(category.clone()));
        }
    }
    for region in world["regions"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        region["withdrawn_disk_categories"] = Value::Array(withdrawn.clone());
    }
    world.shift_remove("now");
    let name = uid.as_str().unwrap_or_default().to_owned();
    world.insert("accounts".to_owned(), Value::Object(Map::from_iter([(name, account)])));
}

/// The names of an estate's entities, and what they become.
struct Names {
    own: BTreeSet<String>,
    number: u16,
}

impl Names {
    fn of(world: &Map<String, Value>, number: u16) -> Names {
        let mut own = BTreeSet::new();
        for kind in OWN.iter().chain(&["instance_types"]) {
            let entities = world.get(*kind).and_then(Value::as_object);
            own.extend(entities.into_iter().flat_map(Map::keys).cloned());
        }
        for kind in ["ram_roles", "resource_groups"] {
            let names = world.get(kind).and_then(Value::as_array);
            own.extend(names.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned));
        }
        for account in world["accounts"].as_object().into_iter().flat_map(Map::values) {
            own.extend(account["login_name"].as_str().map(str::to_owned));
        }
        Names { own, number }
    }

    fn of_name(&self, name: &str) -> String {
        match self.own.contains(name) {
            false => name.to_owned(),
            // Account ids are digits, and stay so.
            true if name.bytes().all(|byte| byte.is_ascii_digit()) => format!("{name}{:03}", self.number),
            true => format!("{name}-x{}", self.number),
        }
    }

    fn renamed(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.of_name(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.renamed(item)).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, value)| (self.of_name(&name), self.renamed(value))).collect()
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ErrorTable, Request};
    use crate::catalog::Catalog;
    use crate::validate::create;

    /// A world with the estates of `rows`, and hosts of which there is plenty.
    fn built(rows: &[u16]) -> fixture::Fixture {
        let mut facts = WorldFacts::default().with_catalog(Catalog::shipped());
        facts.now = FIXTURE_NOW;
        for row in rows {
            Estate::of_row(*row).expect("a row of the table").settle(&mut facts);
        }
        fixture::build(facts).unwrap()
    }

    #[test]
    fn every_row_of_the_table_is_reached_in_one_world() {
        let table = ErrorTable::shipped().rows();
        let all: Vec<u16> = rows().collect();
        assert_eq!(all, table.iter().map(|row| row.n).collect::<Vec<u16>>());
        let mut fixture = built(&all);
        for row in table {
            let estate = Estate::of_row(row.n).unwrap();
            let account = fixture.world.account_named(&estate.account).expect("settled");
            let request = Request::from_params(
                estate.params.iter().map(|(name, value)| (name.as_str(), value.as_str())),
            );
            let before = fixture.world.digest();
            let answer = create(&request, &mut fixture.world, &fixture.fleet, account, fixture.now);
            let reject = answer.map(|_| ()).expect_err("every row is a refusal");
            assert_eq!((reject.row, reject.code), (Some(row.n), row.code.as_str()), "{:?}", reject.message);
            let (head, tail) = row.message.split_once("%s").unwrap_or((&row.message, ""));
            assert!(reject.message.starts_with(head) && reject.message.ends_with(tail), "{}", reject.message);
            assert_eq!(fixture.world.digest(), before, "row {} left a trace", row.n);
        }
    }

    #[test]
    fn an_estate_keeps_to_itself() {
        let mut plain = WorldFacts::default().with_catalog(Catalog::shipped());
        let before = plain.clone();
        Estate::of_row(45).unwrap().settle(&mut plain);
        assert_eq!(plain.accounts.len(), before.accounts.len() + 1);
        assert!(plain.regions.keys().all(|name| name.ends_with("-x45") || before.regions.contains_key(name)));
        assert_eq!(plain.disk_categories.len(), before.disk_categories.len());
        assert!(plain.faults.internal.is_none(), "the fault hits one account");
    }
}
