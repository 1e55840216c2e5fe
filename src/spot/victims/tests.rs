//! Against a brute force that tries every subset of every host.

use super::*;
use crate::engine::{Stream, Streams};
use crate::placement::{Claim, Demand, FleetBuilder, HostClass, HostGroup, Policy, Want};

const ZONE: ZoneIx = ZoneIx(0);

struct Bench {
    fleet: Fleet,
    demands: Vec<DemandId>,
    index: Index,
    /// By life.
    live: Vec<Option<(Candidate, Claim)>>,
    regular: Vec<Claim>,
    stream: Stream,
}

impl Bench {
    fn new(rule: Rule, seed: u64) -> Bench {
        let mut builder = FleetBuilder::new(Policy::named("worst-fit").expect("a policy"), 1);
        let class = builder.class(HostClass::plain("a", 16_000, 65_536));
        let numa = HostClass {
            numa_nodes: 2,
            split_above_mib: Some(30_000),
            ..HostClass::plain("b", 16_000, 65_536)
        };
        let numa = builder.class(numa);
        builder.hosts(HostGroup::new(ZONE, class, 3));
        builder.hosts(HostGroup::new(ZONE, numa, 3));
        let sizes = [(1_000, 2_048), (2_000, 4_096), (2_000, 16_384), (4_000, 16_384), (8_000, 32_768)];
        let demands = sizes.map(|(cpu, memory)| builder.demand(Demand::plain(cpu, memory))).to_vec();
        let fleet = builder.build().expect("a fleet");
        let stream = Streams::new(seed).stream("victims test", 0);
        Bench { fleet, demands, index: Index::new(rule, 1), live: Vec::new(), regular: Vec::new(), stream }
    }

    fn demand(&mut self) -> DemandId {
        self.demands[self.stream.below(self.demands.len() as u64) as usize]
    }

    /// Something happens: a placement or a release, of a spot instance or of a regular one.
    fn step(&mut self) {
        match self.stream.below(8) {
            0..3 => {
                let demand = self.demand();
                let Ok(claim) = self.fleet.place(&Want::zone(demand, ZONE)) else { return };
                let bid = self.stream.below(4);
                let candidate = Candidate {
                    life: self.live.len() as u32,
                    host: claim.host(),
                    hold: claim.hold(),
                    size: self.fleet.demands()[demand.0 as usize].resources(),
                    bid: bid * 100_000,
                    value: bid * 100 + self.stream.below(3),
                    created: SimTime(self.stream.below(5)),
                    tie: self.stream.below(1 << 32) as u32,
                };
                self.index.add(&self.fleet, candidate);
                self.live.push(Some((candidate, claim)));
            }
            3..6 => {
                let demand = self.demand();
                if let Ok(claim) = self.fleet.place(&Want::zone(demand, ZONE)) {
                    self.index.touch(ZONE, claim.host());
                    self.regular.push(claim);
                }
            }
            6 if !self.regular.is_empty() => {
                let at = self.stream.below(self.regular.len() as u64) as usize;
                let claim = self.regular.swap_remove(at);
                self.index.touch(ZONE, claim.host());
                self.fleet.release(claim);
            }
            _ if !self.live.is_empty() => {
                let life = self.stream.below(self.live.len() as u64) as u32;
                self.release(life);
            }
            _ => {}
        }
    }

    fn release(&mut self, life: u32) {
        if let Some((_, claim)) = self.live[life as usize].take() {
            self.index.remove(life);
            self.fleet.release(claim);
        }
    }

    /// Every set of victims on one host that frees the room.
    fn ways(&self, demand: DemandId) -> Vec<Vec<Candidate>> {
        let mut ways = Vec::new();
        for host in 0..self.fleet.len() {
            let there = self.live.iter().flatten().map(|(candidate, _)| *candidate);
            let there: Vec<Candidate> = there.filter(|candidate| candidate.host.0 == host).collect();
            for subset in 1u32..1 << there.len() {
                let chosen: Vec<Candidate> =
                    (0..there.len()).filter(|at| subset >> at & 1 == 1).map(|at| there[at]).collect();
                let mut room = self.fleet.what_if(HostIx(host)).expect("up");
                chosen.iter().for_each(|candidate| room.give(candidate.hold));
                if room.fits(demand) {
                    ways.push(chosen);
                }
            }
        }
        ways
    }
}

/// How bad the worst victim is, how many there are, what they are worth.
fn judge(rule: Rule, victims: &[Candidate]) -> (Key, usize, u64) {
    let worst = victims.iter().map(|candidate| rule.key(candidate)).max().expect("victims");
    (worst, victims.len(), victims.iter().map(|candidate| candidate.value).sum())
}

fn check(rule: Rule) {
    let mut found = 0;
    for seed in 0..12 {
        let mut bench = Bench::new(rule, seed);
        for step in 0..400 {
            bench.step();
            if step % 4 != 0 || bench.live.iter().flatten().count() > 40 {
                continue;
            }
            let demand = bench.demand();
            if bench.fleet.fits(&Want::zone(demand, ZONE)) {
                continue;
            }
            let ways = bench.ways(demand);
            let victims = bench.index.find(&bench.fleet, ZONE, demand);
            assert_eq!(victims.is_some(), !ways.is_empty(), "seed {seed} step {step}");
            let Some(victims) = victims else { continue };
            found += 1;
            let chosen: Vec<Candidate> =
                victims.iter().map(|&life| bench.live[life as usize].as_ref().expect("alive").0).collect();
            let (worst, count, value) = judge(rule, &chosen);
            let judged = || ways.iter().map(|way| judge(rule, way));
            match rule {
                // The order of the rule, until some host is free.
                Rule::LowestBid | Rule::Youngest => assert_eq!(Some(worst), judged().map(|way| way.0).min()),
                Rule::Fewest => {
                    let least = judged().map(|way| way.1).min().expect("a way");
                    assert!(count == least || (least > 2 && count > least), "{count} and {least}");
                }
                Rule::LeastValue => {
                    let small = ways.iter().filter(|way| way.len() <= 2).map(|way| judge(rule, way).2).min();
                    assert!(small.is_none_or(|small| value <= small), "{value} and {small:?}");
                }
            }
            // None is spared that could be, and they do free the room.
            for &life in &victims {
                bench.release(life);
            }
            assert!(bench.fleet.fits(&Want::zone(demand, ZONE)));
        }
    }
    assert!(found > 30, "{found}");
}

#[test]
fn lowest_bid_first() {
    // SPOT-33.
    check(Rule::LowestBid);
}

#[test]
fn youngest_first() {
    check(Rule::Youngest);
}

#[test]
fn fewest_victims() {
    check(Rule::Fewest);
}

#[test]
fn least_value_lost() {
    check(Rule::LeastValue);
}

#[test]
fn a_class_has_its_candidates_in_the_order_of_the_rule() {
    // SPOT-33: lowest bid first, ties by the random number.
    let mut bench = Bench::new(Rule::LowestBid, 99);
    for _ in 0..300 {
        bench.step();
    }
    let standing =
        |bench: &Bench, candidate: &Candidate| bench.fleet.standing(candidate.host).expect("a host").1;
    for class in [ClassIx(0), ClassIx(1)] {
        let mut keys = Vec::new();
        while let Some(life) = bench.index.first(ZONE, class) {
            let candidate = bench.live[life as usize].as_ref().expect("alive").0;
            assert_eq!(standing(&bench, &candidate), class);
            keys.push(Rule::LowestBid.key(&candidate));
            bench.index.remove(life);
        }
        assert!(keys.len() > 2 && keys.is_sorted());
    }
    assert!(bench.index.is_empty());
}

#[test]
fn a_change_that_nobody_told_is_found_out() {
    let mut bench = Bench::new(Rule::LowestBid, 3);
    for _ in 0..300 {
        bench.step();
    }
    let demand = bench.demands[4];
    let first = bench.index.find(&bench.fleet, ZONE, demand).expect("victims");
    // The host goes down, and nobody marks it.
    let host = bench.live[first[0] as usize].as_ref().expect("alive").0.host;
    bench.fleet.set_host_state(host, crate::placement::HostState::Failed);
    if let Some(second) = bench.index.find(&bench.fleet, ZONE, demand) {
        assert_ne!(bench.live[second[0] as usize].as_ref().expect("alive").0.host, host);
    }
}
