//! The control plane behind the workers: facts that nobody has to lock, one world of counters behind a lock, one fleet with
//! locks of its own.
//!
//! Phases 1 to 11 of the gate and the search for a place read facts: types, images, networks, rights. They read a copy of
//! the world that was made when it was empty and that no one writes to, so workers do not meet there. Only what creations
//! use up (quotas, addresses, disk room, money) is decided in the world behind the lock, for all requests in one order. The
//! answers are those of a gate that works alone ([`validate::confirm`]).

use crossbeam::utils::CachePadded;
use serde::Serialize;
use smallvec::SmallVec;

use crate::api::Param;
use crate::metrics::clock::WallMark;
use crate::model::{HostIx, Utc};
use crate::placement::{Claim, Fleet};
use crate::sim::Cloud;
use crate::sim::templates::Template;
use crate::sync::{Mutex, MutexGuard};
use crate::validate::{self, Created, Reject, Reserved};
use crate::world::{Holdings, World};

use super::lanes;

/// The most requests that are decided under one lock: the lines that move with it cost as much as some decisions.
pub(super) const GROUP: usize = 64;

/// A live instance: what has to be given back.
pub(super) struct Live {
    claim: Claim,
    holdings: Holdings,
}

impl Live {
    pub(super) fn of(created: Created) -> Live {
        Live { claim: created.claim, holdings: created.holdings }
    }

    /// Where it is.
    pub(super) fn host(&self) -> HostIx {
        self.claim.host()
    }
}

/// How the lock was used for one purpose.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct LockUse {
    /// Times taken.
    pub taken: u64,
    /// Requests decided, or instances given back, in all those times.
    pub served: u64,
    /// Times that it was not free at once.
    pub contended: u64,
    /// Time spent waiting for it in nanoseconds, all workers together.
    pub waited_ns: u64,
}

/// How the lock of the world was used.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Locks {
    /// To decide requests: counters and claims of those that were admitted and have their places, the rest in `whole`.
    pub decide: LockUse,
    /// To give back what instances held.
    pub release: LockUse,
    /// Decided requests that went through the whole gate under the lock: those with a client token, and those that the
    /// facts alone cannot refuse for good.
    pub whole: u64,
}

impl LockUse {
    /// Takes a lock: at once, or with its wait measured. The clock is read only when there is a wait.
    fn take<'w>(&mut self, world: &'w Mutex<World>) -> MutexGuard<'w, World> {
        self.taken += 1;
        world.try_lock().unwrap_or_else(|| {
            let since = WallMark::now();
            let guard = world.lock();
            self.contended += 1;
            self.waited_ns += since.elapsed_nanos();
            guard
        })
    }

    fn add(&mut self, other: LockUse) {
        self.taken += other.taken;
        self.served += other.served;
        self.contended += other.contended;
        self.waited_ns += other.waited_ns;
    }
}

impl Locks {
    pub(super) fn add(&mut self, other: Locks) {
        self.decide.add(other.decide);
        self.release.add(other.release);
        self.whole += other.whole;
    }
}

/// A request with everything done that needs no lock of the world.
pub(super) struct Draft {
    number: u64,
    stage: Stage,
}

/// What is left to do of a request.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly every request is reserved, and a box would be allocated for each"
)]
enum Stage {
    /// To be decided: it was admitted, and has its place or the answer that there is none.
    Reserved(Reserved),
    /// Nothing: no other request can change this answer.
    Refused(Reject),
    /// Everything, under the lock.
    Whole,
}

/// What all workers share.
pub(super) struct Desk {
    /// The world as it was when it was empty.
    facts: World,
    /// Apart from what is only read: its lock and its counters go from core to core.
    world: CachePadded<Mutex<World>>,
    pub(super) fleet: Fleet,
    templates: Vec<Template>,
    /// Templates in the order in which the workload asks for them; requests walk round it.
    order: Vec<u32>,
}

impl Desk {
    pub(super) fn new(cloud: Cloud, templates: Vec<Template>, order: Vec<u32>) -> Desk {
        let Cloud { world, fleet, .. } = cloud;
        Desk { facts: world.clone(), world: Mutex::new(world).into(), fleet, templates, order }
    }

    /// The worker of each request of a round through the order, when there are so many workers.
    pub(super) fn deal(&self, workers: usize) -> Vec<u32> {
        let home = |template: &u32| {
            let template = &self.templates[*template as usize];
            (template.zone, template.account)
        };
        lanes::deal(&self.order.iter().map(home).collect::<Vec<_>>(), workers)
    }

    /// The template of request `number`.
    pub(super) fn template(&self, number: u64) -> &Template {
        let at = (number % self.order.len() as u64) as usize;
        &self.templates[self.order[at] as usize]
    }

    /// Does of request `number` what needs no lock of the world.
    pub(super) fn draft(&self, number: u64, now: Utc) -> Draft {
        let template = self.template(number);
        let request = template.request(number);
        // Two calls with one token must not both pass phase 2: they take turns.
        let stage = if request.has(Param::ClientToken) {
            Stage::Whole
        } else {
            match validate::admit(request, &self.facts, template.account, now) {
                Ok(admitted) => Stage::Reserved(validate::reserve(admitted, &self.facts, &self.fleet)),
                Err(reject) if validate::is_lasting(&reject) => Stage::Refused(reject),
                // What others did may have it refused for another reason.
                Err(_) => Stage::Whole,
            }
        };
        Draft { number, stage }
    }

    /// Decides requests one after another, with the lock of the world taken once for all of them.
    pub(super) fn decide(
        &self,
        drafts: impl IntoIterator<Item = Draft>,
        now: Utc,
        locks: &mut Locks,
        mut answer: impl FnMut(Result<Created, Reject>),
    ) {
        let mut guard = None;
        for Draft { number, stage } in drafts {
            if let Stage::Refused(reject) = stage {
                answer(Err(reject));
                continue;
            }
            let template = self.template(number);
            let request = template.request(number);
            let world = guard.get_or_insert_with(|| locks.decide.take(&self.world));
            locks.decide.served += 1;
            answer(match stage {
                Stage::Reserved(reserved) => validate::confirm(reserved, request, world, &self.fleet, now),
                _ => {
                    locks.whole += 1;
                    validate::create(request, world, &self.fleet, template.account, now)
                }
            });
        }
    }

    /// Answers one request.
    pub(super) fn serve(&self, number: u64, now: Utc, locks: &mut Locks) -> Result<Live, Reject> {
        let mut answered = None;
        self.decide([self.draft(number, now)], now, locks, |answer| answered = Some(answer.map(Live::of)));
        answered.expect("each request gets an answer")
    }

    /// Gives back all that instances held, with the lock of the world taken once for all of them.
    pub(super) fn release(&self, leaving: impl IntoIterator<Item = Live>, locks: &mut Locks) {
        let vacate = |Live { claim, holdings }| {
            self.fleet.release(claim);
            holdings
        };
        let holdings: SmallVec<[Holdings; 1]> = leaving.into_iter().map(vacate).collect();
        let mut world = locks.release.take(&self.world);
        locks.release.served += holdings.len() as u64;
        holdings.into_iter().for_each(|holdings| world.give_back(holdings));
    }

    /// Claims of the whole fleet, used and sellable thousandths of a vCPU.
    pub(super) fn usage(&self) -> (u64, u64, u64) {
        let zones = (0..self.fleet.zones()).map(|zone| self.fleet.zone_usage(zone.into()));
        zones.fold((0, 0, 0), |sum, zone| {
            (sum.0 + zone.claims, sum.1 + zone.used.cpu_milli, sum.2 + zone.capacity.cpu_milli)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::engine::Streams;
    use crate::scenario::Scenario;
    use crate::sim;

    /// Everything runs out: hosts, quotas, addresses, disk room, money.
    const SCARCE: &str = r#"
        name = "scarce"
        [[pools]]
        zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
        class = "ddh.g5"
        hosts = 4
        [[accounts]]
        id = "rich"
        max_instances = 60
        [[accounts]]
        id = "poor"
        [world.accounts.poor]
        balance = 4000.0
        coupons = 300.0
        [world.vswitches.NARROW]
        free_ips = 12
        [[workloads]]
        name = "plain"
        arrivals = { rate = "3000/h" }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.4xlarge", weight = 0.3 }]
        faults = { share = "20%" }
        [[workloads]]
        name = "subscribed"
        arrivals = { rate = "900/h" }
        accounts = { poor = 1.0 }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }]
        params = { InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Month" }
        [[workloads]]
        name = "named"
        arrivals = { rate = "600/h" }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }]
        params = { PrivateIpAddress = "10.0.0.9", ClientToken = "again" }
        [[workloads]]
        name = "rows"
        arrivals = { rate = "900/h" }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }]
        faults = { share = "100%", rows = "all" }
    "#;

    fn desk() -> Desk {
        let narrow = crate::scenario::naming::vswitch_id("cn-hangzhou-h", "rich");
        let text = SCARCE.replace("NARROW", &format!("\"{narrow}\""));
        let scenario = Scenario::from_str(&text, "scarce.toml").expect("a sound scenario");
        let (cloud, workload, templates) = sim::prepare(&scenario, Path::new(""), None).expect("a cloud");
        Desk::new(cloud, templates, super::super::order(workload).expect("requests"))
    }

    /// One request after another, with releases between: the desk answers as the gate alone does, which reads no copy.
    #[test]
    fn the_desk_answers_as_the_gate_alone() {
        let (desk, alone) = (desk(), desk());
        let now = Utc(1_567_382_400);
        let mut luck = Streams::new(3).stream("test/desk", 0);
        let (mut locks, mut live) = (Locks::default(), Vec::new());
        let mut codes = BTreeSet::new();
        for number in 0..30_000 {
            let template = alone.template(number);
            let request = template.request(number);
            let expected = {
                let mut world = alone.world.lock();
                validate::create(request, &mut world, &alone.fleet, template.account, now)
            };
            let mut got = None;
            desk.decide([desk.draft(number, now)], now, &mut locks, |answer| got = Some(answer));
            match (got.expect("an answer"), expected) {
                (Ok(got), Ok(expected)) => {
                    assert_eq!(got, expected, "request {number}");
                    live.push((got, expected));
                }
                (Err(got), Err(expected)) => {
                    assert_eq!(got, expected, "request {number}");
                    codes.insert(got.check);
                }
                (got, expected) => panic!("request {number}: {got:?} instead of {expected:?}"),
            }
            while live.len() > 40 && luck.below(4) > 0 {
                let (mine, theirs) = live.swap_remove(luck.below(live.len() as u64) as usize);
                desk.release([Live::of(mine)], &mut locks);
                alone.release([Live::of(theirs)], &mut locks);
            }
        }
        assert_eq!(desk.world.lock().digest(), alone.world.lock().digest());
        assert!(locks.decide.taken > 2_000 && locks.whole > 1_000, "{locks:?}");
        // What creations use up was used up, each of it.
        for check in ["K1.stock", "N8.exhausted", "B1.frozen", "Q1.postpaid-account"] {
            assert!(codes.contains(check), "{check} never fired: {codes:?}");
        }
        assert!(codes.len() > 150, "{} checks", codes.len());
    }

    /// Four workers at once, in groups: nothing is given twice or beyond its limit, and all of it comes back.
    #[test]
    fn groups_of_several_workers_keep_every_limit() {
        let desk = desk();
        let now = Utc(1_567_382_400);
        let work = |worker: u64| {
            let desk = &desk;
            move || {
                let mut luck = Streams::new(4).stream("test/desk", worker);
                let (mut locks, mut live, mut refused) = (Locks::default(), Vec::new(), BTreeSet::new());
                for group in 0..500 {
                    let first = (group * 4 + worker) * 8;
                    let drafts: Vec<Draft> =
                        (first..first + 8).map(|number| desk.draft(number, now)).collect();
                    desk.decide(drafts, now, &mut locks, |answer| match answer {
                        Ok(created) => live.push(created),
                        Err(reject) => drop(refused.insert(reject.check)),
                    });
                    // Two hundred are more than some limits allow.
                    let surplus = live.len().saturating_sub(50);
                    let leaving = (0..surplus)
                        .map(|_| Live::of(live.swap_remove(luck.below(live.len() as u64) as usize)));
                    desk.release(leaving, &mut locks);
                }
                assert_eq!((locks.decide.taken, locks.release.taken), (500, 500));
                (live, refused)
            }
        };
        let (mut live, mut refused) = (Vec::new(), BTreeSet::new());
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|worker| scope.spawn(work(worker))).collect();
            for thread in threads {
                let (mine, codes) = thread.join().expect("no panic");
                live.extend(mine);
                refused.extend(codes);
            }
        });
        for check in ["Q1.postpaid-account", "B1.frozen", "N8.exhausted"] {
            assert!(refused.contains(check), "{check} never fired: {refused:?}");
        }
        let numbers: BTreeSet<u64> = live.iter().map(|created| created.number).collect();
        assert_eq!(numbers.len(), live.len(), "no number twice");
        assert_eq!(desk.usage().0, live.len() as u64, "one claim for each instance");
        let used = |world: &World| {
            let quotas = world.accounts.iter().flat_map(|(_, _, account)| {
                [account.postpaid_instances, account.postpaid_disks, account.portable_disks]
            });
            let quotas: Vec<_> =
                quotas.chain(world.groups.iter().map(|(.., group)| group.instances)).collect();
            let vswitches = desk.facts.vswitches.iter();
            let free = vswitches.map(|(at, ..)| world.vswitches.get(at).map(|row| row.pool.free()));
            (quotas, free.collect::<Vec<_>>())
        };
        let over = |quota: &crate::world::Quota| quota.limit.is_some_and(|limit| quota.used > limit);
        let before = used(&desk.facts);
        for (now, before) in used(&desk.world.lock()).0.iter().zip(&before.0) {
            assert!(!over(now) || over(before), "{now:?}");
        }
        desk.release(live.into_iter().map(Live::of), &mut Locks::default());
        assert_eq!(used(&desk.world.lock()), before);
        assert_eq!((desk.usage().0, desk.usage().1), (0, 0));
    }
}
