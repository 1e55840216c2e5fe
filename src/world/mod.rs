//! The world: what exists, before and between requests.
//!
//! [`WorldFacts`] says what exists, as data; [`World::new`] builds tables from it that the gate reads without
//! searching: every entity has a dense position and a name, every reference is a position. What creations use up
//! (quotas, addresses, disk room, client tokens) is counted here; capacity of hosts is the placement core's.
//! Nothing here knows a rule.
//!
//! A world holds nothing per instance: what one took of it is in its [`Holdings`], which give it back.

mod addresses;
mod bindings;
mod build;
mod changes;
mod default_vpc;
mod digest;
mod disks;
mod entities;
mod facts;
mod facts_account;
mod facts_network;
mod facts_storage;
mod from_catalog;
mod holdings;
mod money;
mod node_controllers;
mod overlay;
mod pools;
mod saved;
mod sets;
mod timestamp;
mod tokens;

use rustc_hash::{FxHashMap, FxHashSet};

pub use addresses::{Cidr, CidrError, Holder};
use bindings::Bindings;
pub use build::WorldError;
pub(crate) use changes::NewHost;
pub use default_vpc::VpcPlace;
pub use disks::DiskHolding;
pub(crate) use entities::*;
pub use entities::{ChargeType, HostStatus};
pub use facts::*;
pub use holdings::Holdings;
pub(crate) use holdings::{AddressFrom, Take};
use node_controllers::NodeControllers;
pub(crate) use pools::{Gib, SLOTS, pool_slot, slot_name};
pub use saved::{WorldMisfit, WorldState};
use sets::Table;
pub use sets::{CategoryIx, CategorySet, DOCUMENTED};
pub(crate) use timestamp::parse as parse_utc;
pub(crate) use tokens::Token;

use crate::model::{AccountIx, ImageIx, Money, RegionIx, TypeIx, Utc, ZoneIx};

/// What exists, built from [`WorldFacts`]. A clone is another world with the same counts: what an instance holds is given
/// back to the world that it was taken of, and to no other.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) accounts: Table<Account>,
    pub(crate) regions: Table<Region>,
    pub(crate) zones: Table<Zone>,
    pub(crate) clusters: Table<Cluster>,
    pub(crate) node_controllers: NodeControllers,
    pub(crate) types: Table<TypeRow>,
    pub(crate) families: Table<()>,
    pub(crate) categories: Vec<(Box<str>, Category)>,
    pub(crate) kinds: CategoryKinds,
    pub(crate) images: Table<Image>,
    pub(crate) products: Table<Product>,
    pub(crate) snapshots: Table<Snapshot>,
    pub(crate) vpcs: Table<Vpc>,
    pub(crate) vswitches: Table<VSwitch>,
    pub(crate) groups: Table<SecurityGroup>,
    pub(crate) vlans: Table<Vlan>,
    pub(crate) hosts: Table<DedicatedHost>,
    /// Hosts that may be chosen, by owner and zone, by name.
    pub(crate) auto_hosts: FxHashMap<(u32, u32), Vec<u32>>,
    pub(crate) sets: Table<DeploymentSet>,
    pub(crate) hpc_clusters: Table<HpcCluster>,
    /// Region of each key pair.
    pub(crate) key_pairs: Table<u32>,
    pub(crate) ram_roles: FxHashSet<Box<str>>,
    pub(crate) resource_groups: FxHashSet<Box<str>>,
    /// Region of each key.
    pub(crate) kms_keys: Table<u32>,
    /// Price per hour in millionths, by zone and type.
    pub(crate) spot_market: FxHashMap<(u32, u32), i64>,
    /// Zones and types without stock for spot instances.
    pub(crate) spot_sold_out: FxHashSet<(u32, u32)>,
    pub(crate) fault: Option<InternalFault>,
    pub(crate) token_ttl_s: Option<u64>,
    pub(crate) bindings: Bindings,
    /// Number of the next instance.
    next_instance: u64,
}

/// Id of the instance of this number.
pub fn instance_id(number: u64) -> String {
    const DIGITS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";
    let (mut text, mut rest) = (*b"i-pk000000000000000000", number);
    for digit in text[4..].iter_mut().rev() {
        *digit = DIGITS[(rest % 36) as usize];
        rest /= 36;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

impl World {
    /// Number of the next instance.
    pub fn next_instance(&self) -> u64 {
        self.next_instance
    }

    /// The account of this id.
    pub fn account_named(&self, uid: &str) -> Option<AccountIx> {
        self.accounts.find(uid).map(AccountIx)
    }

    /// The region of this id.
    pub fn region_named(&self, id: &str) -> Option<RegionIx> {
        self.regions.find(id).map(RegionIx)
    }

    /// The zone of this id. Zones are numbered in the order of their names, over all regions.
    pub fn zone_named(&self, id: &str) -> Option<ZoneIx> {
        self.zones.find(id).map(ZoneIx)
    }

    /// The instance type of this name. Types are numbered in the order of their names.
    pub fn type_named(&self, name: &str) -> Option<TypeIx> {
        self.types.find(name).map(TypeIx)
    }

    /// The image of this id.
    pub fn image_named(&self, id: &str) -> Option<ImageIx> {
        self.images.find(id).map(ImageIx)
    }

    /// Id of an account.
    pub fn account_name(&self, account: AccountIx) -> &str {
        self.accounts.name(account.0)
    }

    /// Id of a region.
    pub fn region_name(&self, region: RegionIx) -> &str {
        self.regions.name(region.0)
    }

    /// Id of a zone.
    pub fn zone_name(&self, zone: ZoneIx) -> &str {
        self.zones.name(zone.0)
    }

    /// Region of a zone.
    pub fn zone_region(&self, zone: ZoneIx) -> Option<RegionIx> {
        self.zones.get(zone.0).map(|row| RegionIx(row.region))
    }

    /// Name of an instance type.
    pub fn type_name(&self, instance_type: TypeIx) -> &str {
        self.types.name(instance_type.0)
    }

    /// Every instance type: position, name, thousandths of a vCPU, memory in MiB.
    pub fn instance_types(&self) -> impl Iterator<Item = (TypeIx, &str, u32, u32)> {
        self.types.iter().map(|(at, name, row)| (TypeIx(at), name, row.cpu_milli, row.memory_mib))
    }

    /// Thousandths of a vCPU and MiB of memory of a type.
    pub fn size_of(&self, instance_type: TypeIx) -> (u32, u32) {
        self.types.get(instance_type.0).map_or((0, 0), |row| (row.cpu_milli, row.memory_mib))
    }

    /// Every account: position and id.
    pub fn all_accounts(&self) -> impl Iterator<Item = (AccountIx, &str)> {
        self.accounts.iter().map(|(at, name, _)| (AccountIx(at), name))
    }

    /// Every zone: position and name.
    pub fn all_zones(&self) -> impl Iterator<Item = (ZoneIx, &str)> {
        self.zones.iter().map(|(at, name, _)| (ZoneIx(at), name))
    }

    /// Sets the state of a dedicated host. False when there is none of this name.
    pub fn set_dedicated_host_status(&mut self, name: &str, status: HostStatus) -> bool {
        let row = self.hosts.find(name).and_then(|at| self.hosts.get_mut(at));
        row.map(|row| row.status = status).is_some()
    }

    /// Sets the spot price per hour of a type in a zone; none: no price to be below.
    pub fn set_spot_price(&mut self, zone: ZoneIx, instance_type: TypeIx, price: Option<Money>) {
        let key = (zone.0, instance_type.0);
        match price {
            Some(price) => self.spot_market.insert(key, price.0),
            None => self.spot_market.remove(&key),
        };
    }

    /// The spot price per hour of a type in a zone.
    pub fn spot_price(&self, zone: ZoneIx, instance_type: TypeIx) -> Option<Money> {
        self.spot_market.get(&(zone.0, instance_type.0)).copied().map(Money)
    }

    /// Says whether the spot market has stock of a type in a zone (SPOT-21); without a word it has.
    pub fn set_spot_stock(&mut self, zone: ZoneIx, instance_type: TypeIx, stock: bool) {
        let key = (zone.0, instance_type.0);
        if stock {
            self.spot_sold_out.remove(&key);
        } else {
            self.spot_sold_out.insert(key);
        }
    }

    /// Whether a disk category outlives and moves between instances.
    pub(crate) fn is_portable(&self, category: CategoryIx) -> bool {
        self.kinds.portable.has(category)
    }

    /// Subscription price of a type for a month.
    pub fn price_month(&self, instance_type: TypeIx) -> Money {
        self.types.get(instance_type.0).map_or(Money::ZERO, |row| Money(row.price_month))
    }

    /// Sets or clears the fault that hits every request (O37).
    pub fn set_fault(&mut self, fault: Option<InternalFault>) {
        self.fault = fault;
    }

    /// The category of this name, documented or not.
    pub(crate) fn category_named(&self, name: &str) -> Option<CategoryIx> {
        CategoryIx::of_documented(name).or_else(|| {
            let at = self.categories.iter().position(|(known, _)| **known == *name)?;
            u8::try_from(at).ok().map(CategoryIx)
        })
    }

    /// Name of a disk category.
    pub fn category_name(&self, category: CategoryIx) -> &str {
        self.categories.get(usize::from(category.0)).map_or("", |(name, _)| name)
    }

    pub(crate) fn category(&self, category: CategoryIx) -> &Category {
        &self.categories[usize::from(category.0)].1
    }

    /// True when the account may create in the zone: for sale, open to it, not frozen (rows 38, 103, 104, 133).
    pub(crate) fn zone_usable(&self, zone: u32, account: &Account) -> bool {
        self.zones.get(zone).is_some_and(|row| {
            row.status == ZoneStatus::OnSale
                && row.create_allowed
                && (!row.gated || account.zones_granted.has(zone))
        })
    }

    /// Forgets how many instances there were, for tests that compare worlds.
    #[cfg(test)]
    pub(crate) fn forget_numbers(&mut self) {
        self.next_instance = 0;
    }

    /// Number of client tokens remembered.
    pub fn tokens_known(&self) -> usize {
        self.accounts.iter().map(|(_, _, account)| account.tokens.len()).sum()
    }

    /// Client tokens remembered, and for how long.
    pub(crate) fn token(&self, account: AccountIx, token: &str, now: Utc) -> Option<&Token> {
        self.accounts.get(account.0)?.tokens.get(token, now, self.token_ttl_s)
    }
}
