//! Small fleets, two or three threads, and what must hold whatever their order.

use shuttle::sync::Arc;
use shuttle::thread;

use crate::model::{HostIx, ZoneIx};
use crate::placement::{
    Claim, Demand, DemandId, Fleet, FleetBuilder, Granularity, HostClass, HostGroup, Policy, SetRule, Want,
};

/// All scenes by name.
pub(crate) const ALL: [(&str, fn()); 6] = [
    ("the last places are given once each", last_places),
    ("room that comes back is found", room_comes_back),
    ("claims add up to what is used", claims_add_up),
    ("a set keeps its limits", set_keeps_limits),
    ("moves that cross do not lock up", crossing_moves),
    ("a reservation holds its room", reservations),
];

const ZONE: ZoneIx = ZoneIx(0);
const SMALL: DemandId = DemandId(0);
const LARGE: DemandId = DemandId(1);

/// Hosts of four places in one zone of some shards; demands of one place and of two.
fn fleet(policy: &str, hosts: u32, shards: u32) -> Arc<Fleet> {
    let mut builder = FleetBuilder::new(Policy::named(policy).expect("a policy"), 1);
    let class = builder.class(HostClass::plain("four", 4_000, 4_096));
    builder.hosts(HostGroup { hosts_per_rack: 1, ..HostGroup::new(ZONE, class, hosts) });
    builder.shards_per_zone(shards);
    assert_eq!(builder.demand(Demand::plain(1_000, 1_024)), SMALL);
    assert_eq!(builder.demand(Demand::plain(2_000, 2_048)), LARGE);
    Arc::new(builder.build().expect("a fleet"))
}

/// Policies that take different ways through the shards.
const POLICIES: [&str; 4] = ["best-fit", "first-fit", "next-fit", "random-fit"];

fn any_policy() -> &'static str {
    use shuttle::rand::Rng as _;
    POLICIES[shuttle::rand::thread_rng().gen_range(0..POLICIES.len())]
}

fn some_shards() -> u32 {
    use shuttle::rand::Rng as _;
    shuttle::rand::thread_rng().gen_range(1..3)
}

/// Runs the same in each thread; what each gives back.
fn threads<T: Send + 'static>(
    count: u32,
    fleet: &Arc<Fleet>,
    work: impl Fn(&Fleet, u32) -> T + Copy + Send + 'static,
) -> Vec<T> {
    let started: Vec<_> = (0..count)
        .map(|number| {
            let fleet = fleet.clone();
            thread::spawn(move || work(&fleet, number))
        })
        .collect();
    started.into_iter().map(|thread| thread.join().expect("no thread panics")).collect()
}

/// The index agrees with the hosts, and what is used is the sum of the claims held.
fn check(fleet: &Fleet, held: &[Claim]) {
    fleet.check();
    let usage = fleet.zone_usage(ZONE);
    let sum: u64 =
        held.iter().map(|claim| u64::from(fleet.demands()[claim.demand().0 as usize].cpu_milli)).sum();
    assert_eq!((usage.used.cpu_milli, usage.claims), (sum, held.len() as u64));
    for host in 0..fleet.len() {
        let free = fleet.host(HostIx(host)).expect("a host").free.cpu_milli;
        let on_it = held.iter().filter(|claim| claim.host() == HostIx(host));
        let taken: u64 =
            on_it.map(|claim| u64::from(fleet.demands()[claim.demand().0 as usize].cpu_milli)).sum();
        assert_eq!(free + taken, 4_000, "host {host}");
    }
}

/// Eight places, three threads that ask for three each: eight are given, and one is refused.
fn last_places() {
    let fleet = fleet(any_policy(), 2, some_shards());
    let held = threads(3, &fleet, |fleet, _| {
        (0..3).filter_map(|_| fleet.place(&Want::zone(SMALL, ZONE)).ok()).collect::<Vec<Claim>>()
    });
    let held: Vec<Claim> = held.into_iter().flatten().collect();
    assert_eq!(held.len(), 8);
    check(&fleet, &held);
}

/// A full fleet. Each thread gives one place back and asks for one: whoever finds none was overtaken by another, so that
/// all together got as many as came back, or the rest is still there.
fn room_comes_back() {
    let fleet = fleet(any_policy(), 2, some_shards());
    let places = || (0..8).map(|_| fleet.place(&Want::zone(SMALL, ZONE)).expect("a place"));
    let full: Vec<Claim> = places().collect();
    assert!(fleet.place(&Want::zone(SMALL, ZONE)).is_err());
    let given = Arc::new(shuttle::sync::Mutex::new(full));
    let hands: Vec<_> = (0..2)
        .map(|_| {
            let (fleet, given) = (fleet.clone(), given.clone());
            thread::spawn(move || {
                let claim = given.lock().expect("no thread panics").pop().expect("a claim");
                fleet.release(claim);
                fleet.place(&Want::zone(SMALL, ZONE)).ok()
            })
        })
        .collect();
    let mut held: Vec<Claim> =
        hands.into_iter().filter_map(|hand| hand.join().expect("no thread panics")).collect();
    held.append(&mut given.lock().expect("no thread panics"));
    // No note of a full shard outlives the room that came back.
    while held.len() < 8 {
        held.push(fleet.place(&Want::zone(SMALL, ZONE)).expect("the room that came back"));
    }
    assert!(fleet.place(&Want::zone(SMALL, ZONE)).is_err());
    check(&fleet, &held);
}

/// Places, resizes and releases of different sizes.
fn claims_add_up() {
    let fleet = fleet(any_policy(), 2, some_shards());
    let held = threads(3, &fleet, |fleet, number| {
        let mut held = Vec::new();
        held.extend(fleet.place(&Want::zone(if number == 0 { LARGE } else { SMALL }, ZONE)).ok());
        held.extend(fleet.place(&Want::zone(LARGE, ZONE)).ok());
        if let Some(claim) = held.pop() {
            let other = if claim.demand() == LARGE { SMALL } else { LARGE };
            held.push(fleet.resize(claim, other).unwrap_or_else(|unchanged| unchanged.claim));
        }
        if number == 1 && !held.is_empty() {
            fleet.release(held.remove(0));
        }
        held
    });
    let held: Vec<Claim> = held.into_iter().flatten().collect();
    check(&fleet, &held);
}

/// Two members of a set a zone, never on one host, while others come, go and move.
fn set_keeps_limits() {
    let fleet = fleet(any_policy(), 3, some_shards());
    let set = fleet.add_set(SetRule::Spread { apart: Granularity::Host, per_zone: 2 });
    let held = threads(3, &fleet, move |fleet, number| {
        let want = Want::zone(SMALL, ZONE).member_of(set);
        let mut held: Vec<Claim> = fleet.place(&want).ok().into_iter().collect();
        assert!(fleet.set_members(set, ZONE) <= 2);
        match held.pop() {
            Some(claim) if number == 0 => {
                held.push(fleet.migrate(claim, &want).unwrap_or_else(|unchanged| unchanged.claim));
            }
            Some(claim) => {
                fleet.release(claim);
                held.extend(fleet.place(&want).ok());
            }
            None => {}
        }
        held
    });
    let held: Vec<Claim> = held.into_iter().flatten().collect();
    assert_eq!(fleet.set_members(set, ZONE) as usize, held.len());
    let mut hosts: Vec<HostIx> = held.iter().map(Claim::host).collect();
    hosts.sort();
    hosts.dedup();
    assert!(hosts.len() == held.len() && held.len() <= 2, "{hosts:?}");
    check(&fleet, &held);
}

/// Instances change places between two shards: both locks, from both sides.
fn crossing_moves() {
    let fleet = fleet(any_policy(), 2, 2);
    let start: Vec<Claim> =
        (0..2).map(|host| fleet.place(&Want::zone(LARGE, ZONE).on(HostIx(host))).expect("room")).collect();
    let started: Vec<_> = start
        .into_iter()
        .map(|claim| {
            let fleet = fleet.clone();
            thread::spawn(move || {
                let other = HostIx(1 - claim.host().0);
                let claim =
                    fleet.migrate(claim, &Want::zone(LARGE, ZONE).on(other)).expect("room on the other");
                let claim = fleet.migrate(claim, &Want::zone(LARGE, ZONE)).expect("room on the first");
                assert_ne!(claim.host(), other);
                claim
            })
        })
        .collect();
    let held: Vec<Claim> =
        started.into_iter().map(|thread| thread.join().expect("no thread panics")).collect();
    check(&fleet, &held);
}

/// What is reserved is nobody else's until it is cancelled.
fn reservations() {
    let fleet = fleet(any_policy(), 1, 1);
    let held = threads(3, &fleet, |fleet, number| {
        let reserved = fleet.reserve(&Want::zone(LARGE, ZONE)).ok()?;
        if number == 0 {
            fleet.cancel(reserved);
            return None;
        }
        Some(fleet.commit(reserved))
    });
    let held: Vec<Claim> = held.into_iter().flatten().collect();
    // Two fit. The one that cancels may have kept one of the others out.
    assert!((1..=2).contains(&held.len()));
    check(&fleet, &held);
}
