//! What requests and events change in a world, as data; and a world that goes on from it.
//!
//! A world is built from facts that a scenario fixes; this is the rest. Entities keep their positions. That nothing was
//! forgotten is checked by [`World::digest`], which a state carries.

use serde::{Deserialize, Serialize};

use super::World;
use super::entities::{DedicatedHost, DeploymentSet, HpcCluster, Snapshot};
use super::facts::InternalFault;
use super::pools::SLOTS;
use super::sets::Table;
use super::tokens::{Tokens, TokensState};
use crate::placement::SetIx;

/// The state of a world.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WorldState {
    next_instance: u64,
    accounts: Vec<AccountState>,
    /// Default VPC, default vSwitches, classic addresses.
    #[expect(clippy::type_complexity, reason = "plain data of a snapshot")]
    regions: Vec<(Option<u32>, Vec<u32>, (u32, Vec<u64>))>,
    zones: Vec<[u64; SLOTS]>,
    vpcs: Vec<u64>,
    /// Addresses, and how many of them calls in flight hold.
    vswitches: Vec<((u32, Vec<u64>), u32)>,
    groups: Vec<u64>,
    vlans: Vec<u32>,
    spot: Vec<((u32, u32), i64)>,
    spot_sold_out: Vec<(u32, u32)>,
    /// What operations make and take away: dedicated hosts, deployment sets, HPC clusters, snapshots; as bytes, because
    /// rows of a world are not copied.
    made: Vec<u8>,
    hosts_to_choose: Vec<((u32, u32), Vec<u32>)>,
    set_bindings: [Vec<Option<SetIx>>; 2],
    fault: Option<InternalFault>,
    digest: [u8; 32],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AccountState {
    balance: i64,
    credit_line: i64,
    frozen: i64,
    coupons: i64,
    arrears: bool,
    postpaid_instances: u64,
    postpaid_disks: u64,
    portable_disks: u64,
    by_region: Vec<u64>,
    subscriptions: Vec<(bool, u64)>,
    tokens: TokensState,
}

/// Why a state does not fit a world.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorldMisfit {
    /// The world has other entities of a kind than the state.
    #[error("the {kind} of the state ({saved}) are not those of this world ({here})")]
    Entities {
        /// Which.
        kind: &'static str,
        /// In the state.
        saved: usize,
        /// In this world.
        here: usize,
    },
    /// The world is not what it was: something is not part of the state.
    #[error("the state does not make this world what it was when it was saved")]
    Digest,
}

impl World {
    /// The state, as data.
    pub fn save(&self) -> WorldState {
        let account = |row: &super::Account| AccountState {
            balance: row.balance,
            credit_line: row.credit_line,
            frozen: row.frozen,
            coupons: row.coupons,
            arrears: row.arrears,
            postpaid_instances: row.postpaid_instances.used,
            postpaid_disks: row.postpaid_disks.used,
            portable_disks: row.portable_disks.used,
            by_region: row.postpaid_by_region.iter().map(|(_, quota)| quota.used).collect(),
            subscriptions: row.subscriptions.iter().map(|(_, one)| (one.bought, one.quota.used)).collect(),
            tokens: row.tokens.save(),
        };
        let mut spot: Vec<((u32, u32), i64)> =
            self.spot_market.iter().map(|(key, price)| (*key, *price)).collect();
        spot.sort_unstable();
        let mut spot_sold_out: Vec<(u32, u32)> = self.spot_sold_out.iter().copied().collect();
        spot_sold_out.sort_unstable();
        let made = (self.hosts.rows(), self.sets.rows(), self.hpc_clusters.rows(), self.snapshots.rows());
        let mut hosts_to_choose: Vec<((u32, u32), Vec<u32>)> =
            self.auto_hosts.iter().map(|(key, hosts)| (*key, hosts.clone())).collect();
        hosts_to_choose.sort_unstable();
        WorldState {
            next_instance: self.next_instance,
            accounts: each(&self.accounts, account),
            regions: each(&self.regions, |row| {
                (row.default_vpc, row.default_vswitches.clone(), row.classic.save())
            }),
            zones: each(&self.zones, |row| row.pools.free()),
            vpcs: each(&self.vpcs, |row| row.instances.used),
            vswitches: each(&self.vswitches, |row| (row.pool.save(), row.reserved_in_flight)),
            groups: each(&self.groups, |row| row.instances.used),
            vlans: each(&self.vlans, |row| row.free_ips),
            spot,
            spot_sold_out,
            made: postcard::to_stdvec(&made).expect("plain data"),
            hosts_to_choose,
            set_bindings: self.bindings.sets(),
            fault: self.fault.clone(),
            digest: *self.digest().as_bytes(),
        }
    }

    /// Goes on from a state.
    ///
    /// # Errors
    /// When the state is of another world; this one is of no use then.
    pub fn restore(&mut self, state: &WorldState) -> Result<(), WorldMisfit> {
        let WorldState {
            next_instance,
            accounts,
            regions,
            zones,
            vpcs,
            vswitches,
            groups,
            vlans,
            spot,
            spot_sold_out,
            made,
            hosts_to_choose,
            set_bindings,
            fault,
            digest,
        } = state;
        self.next_instance = *next_instance;
        fill(&mut self.accounts, "accounts", accounts, |row, saved| row.restore(saved))?;
        fill(&mut self.regions, "regions", regions, |row, (vpc, vswitches, classic)| {
            row.default_vpc = *vpc;
            row.default_vswitches.clone_from(vswitches);
            row.classic.restore(classic)
        })?;
        fill(&mut self.zones, "zones", zones, |row, free| {
            row.pools.refill(*free);
            true
        })?;
        fill(&mut self.vpcs, "VPCs", vpcs, |row, used| set(&mut row.instances.used, *used))?;
        fill(&mut self.vswitches, "vSwitches", vswitches, |row, (pool, reserved)| {
            row.reserved_in_flight = *reserved;
            row.pool.restore(pool)
        })?;
        fill(&mut self.groups, "security groups", groups, |row, used| set(&mut row.instances.used, *used))?;
        fill(&mut self.vlans, "VLANs", vlans, |row, free| set(&mut row.free_ips, *free))?;
        let made: Made = postcard::from_bytes(made).map_err(|_| WorldMisfit::Digest)?;
        self.hosts = put_back("dedicated hosts", &self.hosts, made.0)?;
        self.sets = put_back("deployment sets", &self.sets, made.1)?;
        self.hpc_clusters = put_back("HPC clusters", &self.hpc_clusters, made.2)?;
        self.snapshots = put_back("snapshots", &self.snapshots, made.3)?;
        self.auto_hosts = hosts_to_choose.iter().cloned().collect();
        self.bindings.set_sets(set_bindings);
        self.spot_market = spot.iter().copied().collect();
        self.spot_sold_out = spot_sold_out.iter().copied().collect();
        self.fault.clone_from(fault);
        if self.digest().as_bytes() == digest { Ok(()) } else { Err(WorldMisfit::Digest) }
    }
}

impl super::Account {
    /// False when the account has other quotas than the state.
    fn restore(&mut self, state: &AccountState) -> bool {
        if state.by_region.len() != self.postpaid_by_region.len()
            || state.subscriptions.len() != self.subscriptions.len()
        {
            return false;
        }
        self.balance = state.balance;
        self.credit_line = state.credit_line;
        self.frozen = state.frozen;
        self.coupons = state.coupons;
        self.arrears = state.arrears;
        self.postpaid_instances.used = state.postpaid_instances;
        self.postpaid_disks.used = state.postpaid_disks;
        self.portable_disks.used = state.portable_disks;
        for ((_, quota), used) in self.postpaid_by_region.iter_mut().zip(&state.by_region) {
            quota.used = *used;
        }
        for ((_, one), (bought, used)) in self.subscriptions.iter_mut().zip(&state.subscriptions) {
            one.bought = *bought;
            one.quota.used = *used;
        }
        self.tokens = Tokens::restore(&state.tokens);
        true
    }
}

fn set<T>(place: &mut T, value: T) -> bool {
    *place = value;
    true
}

/// Names and rows of a table.
type Rows<T> = Vec<(Box<str>, Option<T>)>;

/// What operations make and take away.
type Made = (Rows<DedicatedHost>, Rows<DeploymentSet>, Rows<HpcCluster>, Rows<Snapshot>);

/// The table of a state, which begins with the names of the table that was built.
fn put_back<T>(kind: &'static str, built: &Table<T>, saved: Rows<T>) -> Result<Table<T>, WorldMisfit> {
    let same = |((_, name), (saved, _)): ((u32, &str), &(Box<str>, Option<T>))| *name == **saved;
    let here = built.rows().len();
    if saved.len() < here || !built.all_names().zip(&saved).all(same) {
        return Err(WorldMisfit::Entities { kind, saved: saved.len(), here });
    }
    Ok(Table::of_rows(saved))
}

/// One value for each entity that exists.
fn each<T, S>(table: &Table<T>, save: impl Fn(&T) -> S) -> Vec<S> {
    table.iter().map(|(_, _, row)| save(row)).collect()
}

/// Gives each entity its value; `put` is false when the value is none for it.
fn fill<T, S>(
    table: &mut Table<T>,
    kind: &'static str,
    saved: &[S],
    put: impl Fn(&mut T, &S) -> bool,
) -> Result<(), WorldMisfit> {
    let places: Vec<u32> = table.iter().map(|(at, ..)| at).collect();
    if places.len() != saved.len() {
        return Err(WorldMisfit::Entities { kind, saved: saved.len(), here: places.len() });
    }
    for (at, value) in places.into_iter().zip(saved) {
        let row = table.get_mut(at).expect("an entity of the table");
        if !put(row, value) {
            return Err(WorldMisfit::Entities { kind, saved: saved.len(), here: saved.len() });
        }
    }
    Ok(())
}
