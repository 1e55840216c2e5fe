//! A standard load for benchmarks: a fleet filled to a stated level, then one release and one placement a step.
//!
//! It reads no clock and starts no thread; who measures it does.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use super::{
    BuildError, Claim, ClusterIx, Demand, DemandId, Fleet, FleetBuilder, Granularity, HostClass, HostGroup,
    NoRoom, Policy, SetIx, SetRule, Want,
};
use crate::model::{HostIx, ZoneIx};

/// Sizes of instances in vCPUs and GiB with their weights: the shape of public-cloud requests, many small ones,
/// from 1 to 8 GiB a vCPU.
const MIX: [(u32, u32, u32); 10] = [
    (1, 1, 8),
    (1, 2, 20),
    (2, 4, 20),
    (2, 8, 14),
    (4, 8, 10),
    (4, 16, 12),
    (8, 16, 5),
    (8, 32, 6),
    (16, 64, 3),
    (16, 128, 2),
];

/// Members of a set.
const MEMBERS: u32 = 7;
/// Free places in sets that a client draws from.
const FREE_PLACES: usize = 256;

/// What to build and how to load it.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Hosts in all, of 64 vCPUs and 256 GiB.
    pub hosts: u32,
    /// Zones they are spread over.
    pub zones: u32,
    /// Shards a zone.
    pub shards: u32,
    /// The policy.
    pub policy: Policy,
    /// Share of the vCPUs claimed before the measurement, below 1.
    pub load: f64,
    /// Seed of sizes and releases.
    pub seed: u64,
    /// Share of requests that are members of a deployment set of up to 7. Sets live on: a place that a member left is
    /// taken by a later one.
    pub in_sets: f64,
    /// Share of requests that ask for one of 4 clusters of their zone.
    pub in_clusters: f64,
}

impl Spec {
    /// One zone, one shard, no constraints, 80 % load.
    pub fn plain(hosts: u32, policy: Policy) -> Spec {
        Spec { hosts, zones: 1, shards: 1, policy, load: 0.8, seed: 1, in_sets: 0.0, in_clusters: 0.0 }
    }

    /// The fleet, empty, and its demands.
    ///
    /// # Errors
    /// When the policy or the numbers of hosts cannot be.
    pub fn build(&self) -> Result<(Fleet, Vec<DemandId>), BuildError> {
        let mut builder = FleetBuilder::new(self.policy.clone(), self.seed);
        let class = builder.class(HostClass::plain("bench", 64_000, 256 * 1_024));
        let zones = self.zones.max(1);
        for zone in 0..zones {
            let count = self.hosts / zones + u32::from(zone < self.hosts % zones);
            let clusters = if self.in_clusters > 0.0 { 4 } else { 1 };
            for part in 0..clusters {
                let group = HostGroup {
                    cluster: (clusters > 1).then_some(ClusterIx(zone * clusters + part)),
                    hosts_per_rack: 20,
                    racks_per_switch: 10,
                    ..HostGroup::new(
                        ZoneIx(zone),
                        class,
                        count / clusters + u32::from(part < count % clusters),
                    )
                };
                builder.hosts(group);
            }
        }
        builder.shards_per_zone(self.shards);
        let demands = MIX.map(|(cpu, gib, _)| builder.demand(Demand::plain(cpu * 1_000, gib * 1_024)));
        Ok((builder.build()?, demands.to_vec()))
    }
}

/// One client of a fleet: its own luck, its own claims.
#[derive(Debug)]
pub struct Client<'f> {
    fleet: &'f Fleet,
    rng: ChaCha8Rng,
    /// Demand of each possible draw of the mix.
    table: Vec<DemandId>,
    /// Zones asked, each with equal chance.
    zones: Vec<ZoneIx>,
    claims: Vec<Claim>,
    in_sets: u32,
    in_clusters: u32,
    /// Sets with a place to give, each as often as it has places.
    places: Vec<SetIx>,
    /// Requests that found no room.
    pub refused: u64,
    hash: u64,
}

impl<'f> Client<'f> {
    /// A client that asks for room in these zones, one a request, each with equal chance. Clients with different
    /// numbers draw different luck. Panics without a zone.
    pub fn new(
        fleet: &'f Fleet,
        spec: &Spec,
        demands: &[DemandId],
        zones: &[ZoneIx],
        number: u64,
    ) -> Client<'f> {
        assert!(!zones.is_empty(), "a client asks in some zone");
        let table = demands.iter().zip(MIX);
        let table = table.flat_map(|(&demand, (.., weight))| std::iter::repeat_n(demand, weight as usize));
        let share = |share: f64| (share.clamp(0.0, 1.0) * 65_536.0) as u32;
        Client {
            fleet,
            rng: ChaCha8Rng::seed_from_u64(spec.seed ^ (number << 32)),
            table: table.collect(),
            zones: zones.to_vec(),
            claims: Vec::new(),
            in_sets: share(spec.in_sets),
            in_clusters: share(spec.in_clusters),
            places: Vec::new(),
            refused: 0,
            hash: 0,
        }
    }

    /// Claims room until `vcpus` are held or twenty requests in a row found none.
    pub fn fill(&mut self, vcpus: f64) {
        let mut held: f64 = 0.0;
        let mut misses = 0;
        while held < vcpus && misses < 20 {
            match self.place() {
                Ok(demand) => {
                    held += f64::from(self.fleet.demands()[demand.0 as usize].cpu_milli) / 1_000.0;
                    misses = 0;
                }
                Err(_) => misses += 1,
            }
        }
        self.claims.reserve(self.claims.len() / 8);
    }

    /// Claims held.
    pub fn held(&self) -> usize {
        self.claims.len()
    }

    /// One request of the mix; what was asked for.
    ///
    /// # Errors
    /// When there was no room.
    #[inline]
    pub fn place(&mut self) -> Result<DemandId, NoRoom> {
        let drawn = self.rng.next_u64();
        let at = ((drawn >> 32) * self.table.len() as u64) >> 32;
        let demand = self.table[at as usize];
        let zone = match self.zones[..] {
            [zone] => zone,
            _ => self.zones[(((self.rng.next_u64() >> 32) * self.zones.len() as u64) >> 32) as usize],
        };
        let mut want = Want::zone(demand, zone);
        if (drawn as u32 & 0xFFFF) < self.in_sets {
            want = want.member_of(self.some_set());
        }
        if (drawn as u32 >> 16) < self.in_clusters {
            want = want.in_cluster(ClusterIx(zone.0 * 4 + (drawn as u32 & 3)));
        }
        match self.fleet.place(&want) {
            Ok(claim) => {
                self.hash = (self.hash ^ u64::from(claim.host().0)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                self.claims.push(claim);
                Ok(demand)
            }
            Err(none) => {
                self.places.extend(want.set);
                self.refused += 1;
                self.hash = (self.hash ^ !0).wrapping_mul(0x9E37_79B9_7F4A_7C15);
                Err(none)
            }
        }
    }

    /// A set with a place, each place with equal chance; there are always some hundred.
    fn some_set(&mut self) -> SetIx {
        while self.places.len() < FREE_PLACES {
            let set = self.fleet.add_set(SetRule::Spread { apart: Granularity::Host, per_zone: MEMBERS });
            self.places.extend([set; MEMBERS as usize]);
        }
        let at = ((self.rng.next_u64() >> 32) * self.places.len() as u64) >> 32;
        self.places.swap_remove(at as usize)
    }

    /// Gives one claim back, any with equal chance.
    #[inline]
    pub fn release(&mut self) {
        if self.claims.is_empty() {
            return;
        }
        let at = ((self.rng.next_u64() >> 32) * self.claims.len() as u64) >> 32;
        let claim = self.claims.swap_remove(at as usize);
        self.places.extend(claim.set());
        self.fleet.release(claim);
    }

    /// Where a plain request of the mix would go now; claims nothing.
    #[inline]
    pub fn look(&mut self) -> Option<HostIx> {
        let at = ((self.rng.next_u64() >> 32) * self.table.len() as u64) >> 32;
        self.fleet.peek(&Want::zone(self.table[at as usize], self.zones[0])).ok()
    }

    /// One release and one placement.
    #[inline]
    pub fn step(&mut self) {
        self.release();
        // A refusal is counted, and the level sinks by one claim: the next steps find room again.
        let _ = self.place();
    }

    /// A hash of all decisions so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }
}
