//! Finding victims among many spot instances. `cargo bench --bench spot`; with `--test` tiny, and it prints a hash of the
//! victims, so that "faster because different" shows.
//!
//! A search frees room for a regular request on a full fleet; then the victims go, the request is placed, lives a while
//! and goes, and a new spot instance comes for each victim: so every search finds hosts that have changed since the last
//! one. What a search costs must not grow with the fleet.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use packyard::engine::{Stream, Streams};
use packyard::model::{SimTime, ZoneIx};
use packyard::placement::{Claim, Demand, DemandId, Fleet, FleetBuilder, HostClass, HostGroup, Policy, Want};
use packyard::spot::victims::{Candidate, Index, Rule};

const ZONE: ZoneIx = ZoneIx(0);

/// Numbers of spot instances: all of them when measuring, a few in a test.
fn sizes() -> &'static [u32] {
    if std::env::args().any(|arg| arg == "--test") { &[1_000] } else { &[10_000, 100_000, 1_000_000] }
}

struct Full {
    fleet: Fleet,
    index: Index,
    lives: Vec<Option<Claim>>,
    free: Vec<u32>,
    spot: [DemandId; 3],
    regular: DemandId,
    stream: Stream,
    hash: u64,
}

impl Full {
    /// Hosts of 64 vCPUs, filled with spot instances of 2, 4 and 8 vCPUs with bids of many levels.
    fn new(instances: u32, rule: Rule) -> Full {
        let mut builder = FleetBuilder::new(Policy::named("best-fit").expect("a policy"), 1);
        let class = builder.class(HostClass::plain("host", 64_000, 262_144));
        builder.hosts(HostGroup::new(ZONE, class, instances / 13));
        let demand = |cpu: u32| Demand::plain(cpu * 1_000, cpu * 4_096);
        let spot = [2, 4, 8].map(|cpu| builder.demand(demand(cpu)));
        let regular = builder.demand(demand(16));
        let fleet = builder.build().expect("a fleet");
        let stream = Streams::new(1).stream("spot bench", 0);
        let mut full = Full {
            fleet,
            index: Index::new(rule, 1),
            lives: Vec::new(),
            free: Vec::new(),
            spot,
            regular,
            stream,
            hash: 0,
        };
        while full.buy() {}
        full
    }

    /// A spot instance comes; false when there is no room.
    fn buy(&mut self) -> bool {
        let demand = self.spot[self.stream.below(3) as usize];
        let claim = self.fleet.place(&Want::zone(demand, ZONE));
        let Ok(claim) = claim.or_else(|_| self.fleet.place(&Want::zone(self.spot[0], ZONE))) else {
            return false;
        };
        let life = self.free.pop().unwrap_or(self.lives.len() as u32);
        let bid = self.stream.below(1_000);
        self.index.add(
            &self.fleet,
            Candidate {
                life,
                host: claim.host(),
                hold: claim.hold(),
                size: self.fleet.demands()[claim.demand().0 as usize].resources(),
                bid: bid * 1_000,
                value: bid,
                created: SimTime(self.stream.below(1 << 40)),
                tie: self.stream.below(1 << 32) as u32,
            },
        );
        if self.lives.len() as u32 == life {
            self.lives.push(Some(claim));
        } else {
            self.lives[life as usize] = Some(claim);
        }
        true
    }

    /// A regular request finds no room: victims are found and go, it lives, and spot instances take its place again.
    fn step(&mut self) {
        let victims =
            self.index.find(&self.fleet, ZONE, self.regular).expect("spot instances are everywhere");
        for &life in &victims {
            self.hash = self.hash.wrapping_mul(31).wrapping_add(u64::from(life));
            self.index.remove(life);
            self.fleet.release(self.lives[life as usize].take().expect("alive"));
            self.free.push(life);
        }
        let claim = self.fleet.place(&Want::zone(self.regular, ZONE)).expect("the room was freed");
        self.index.touch(ZONE, claim.host());
        self.fleet.release(claim);
        while self.buy() {}
    }
}

fn find_victims(bench: &mut Criterion) {
    for rule in [Rule::LowestBid, Rule::Youngest, Rule::Fewest, Rule::LeastValue] {
        for &instances in sizes() {
            let mut full = Full::new(instances, rule);
            for _ in 0..200 {
                full.step();
            }
            println!("{rule:?}, {} spot instances: hash {:016x}", full.index.len(), full.hash);
            bench.bench_function(&format!("{rule:?}/find-and-replace/{instances}"), |bench| {
                bench.iter(|| full.step())
            });
            bench.bench_function(&format!("{rule:?}/find/{instances}"), |bench| {
                bench.iter(|| {
                    black_box(full.index.find(&full.fleet, ZONE, full.regular));
                })
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(30).measurement_time(std::time::Duration::from_secs(2));
    targets = find_victims
}
criterion_main!(benches);
