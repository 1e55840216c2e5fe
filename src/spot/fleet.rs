//! Spot fleets: clients that keep a number of instances running over several zones and types.
//!
//! At its interval a fleet counts what it has (instances that were told to go no longer count) and asks for what is
//! missing, each time in the pool that its strategy names: the lowest price a vCPU, or the one in which it has the
//! fewest. A pool whose price lies above its limit is passed over; one that has refused is left alone for a while. When
//! spot instances have been missing for too long, it takes regular ones for a fixed time.

use crate::model::{SimDuration, SimTime};
use crate::scenario::schema::{FleetStrategy, SpotFleetSpec};

use super::market::FleetSummary;
use super::price::{HourPrice, millionths};

/// Most requests that a fleet sends at once: a large fleet fills over some intervals, as a client that is throttled.
const MOST_AT_ONCE: u32 = 1_000;

/// A pool that a fleet uses.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct ClientPool {
    /// Series of the market; none: the type is not sold there.
    pub series: u32,
    /// Thousandths of a vCPU of its type.
    pub cpu_milli: u64,
    /// Request for a spot instance.
    pub spot: u32,
    /// Request for a regular one.
    pub regular: u32,
    members: u32,
    stand_ins: u32,
    pending: u32,
    closed_until: SimTime,
    closed_to_regular_until: SimTime,
}

impl ClientPool {
    /// A pool with nothing in it yet; `spot` and `regular` are the templates of its two requests.
    pub fn new(series: u32, cpu_milli: u64, spot: u32, regular: u32) -> ClientPool {
        ClientPool {
            series,
            cpu_milli,
            spot,
            regular,
            members: 0,
            stand_ins: 0,
            pending: 0,
            closed_until: SimTime::ZERO,
            closed_to_regular_until: SimTime::ZERO,
        }
    }

    fn all(&self) -> u32 {
        self.members + self.stand_ins + self.pending
    }
}

/// What a member of a fleet is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Member {
    /// The fleet.
    pub fleet: u32,
    /// The pool, of the fleet's.
    pub pool: u32,
    /// A spot instance; otherwise a regular one that stands in.
    pub spot: bool,
}

/// A request that a fleet sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Order {
    /// Its template.
    pub template: u32,
    /// How long the instance is kept; none: until it is reclaimed.
    pub keep: Option<SimDuration>,
    /// Where it belongs.
    pub member: Member,
}

/// The state of a fleet.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Client {
    number: u32,
    name: String,
    target: u32,
    strategy: FleetStrategy,
    /// Share of the list price.
    limit: Option<u64>,
    interval: SimDuration,
    cool_down: SimDuration,
    fall_back_after: Option<SimDuration>,
    fall_back_for: SimDuration,
    pools: Vec<ClientPool>,
    /// Since when spot instances are missing.
    short_since: Option<SimTime>,
    /// Instances that it had, times microseconds.
    filled: u128,
    since: SimTime,
    bought: u64,
    interrupted: u64,
    stood_in: u64,
    refused: u64,
}

impl Client {
    /// A fleet that has nothing yet.
    pub fn new(number: u32, spec: &SpotFleetSpec, pools: Vec<ClientPool>) -> Client {
        Client {
            number,
            name: spec.name.get().clone(),
            target: *spec.target.get(),
            strategy: spec.strategy,
            limit: spec.limit.as_ref().map(|limit| millionths(limit.get().get())),
            interval: spec.interval.get().get(),
            cool_down: spec.cool_down.get().get(),
            fall_back_after: spec.fall_back_after.as_ref().map(|span| span.get().get()),
            fall_back_for: spec.fall_back_for.get().get(),
            pools,
            short_since: None,
            filled: 0,
            since: SimTime::ZERO,
            bought: 0,
            interrupted: 0,
            stood_in: 0,
            refused: 0,
        }
    }

    /// How often it looks.
    pub fn interval(&self) -> SimDuration {
        self.interval
    }

    fn spot(&self) -> u32 {
        self.pools.iter().map(|pool| pool.members).sum()
    }

    fn regular(&self) -> u32 {
        self.pools.iter().map(|pool| pool.stand_ins).sum()
    }

    /// Counts what it had up to now; before every change.
    fn count(&mut self, now: SimTime) {
        let had = (self.spot() + self.regular()).min(self.target);
        self.filled += u128::from(had) * u128::from(now.since(self.since).0);
        self.since = now;
    }

    /// What it asks for now. `price` gives the market price and the list price of a series.
    pub fn orders(&mut self, now: SimTime, price: impl Fn(u32) -> (HourPrice, HourPrice)) -> Vec<Order> {
        let have: u32 = self.pools.iter().map(ClientPool::all).sum();
        let missing = self.target.saturating_sub(have).min(MOST_AT_ONCE);
        let mut orders = Vec::new();
        for _ in 0..missing {
            let Some(pool) = self.choose(now, &price) else { break };
            orders.push(self.order(pool, true));
        }
        let spot = self.spot() + orders.len() as u32;
        self.short_since = if spot < self.target { self.short_since.or(Some(now)) } else { None };
        let waited = self.short_since.map(|since| now.since(since));
        if let (Some(after), Some(waited)) = (self.fall_back_after, waited)
            && waited >= after
        {
            for _ in orders.len() as u32..missing {
                let Some(pool) = self.choose_regular(now) else { break };
                orders.push(self.order(pool, false));
            }
        }
        orders
    }

    fn order(&mut self, at: usize, spot: bool) -> Order {
        let pool = &mut self.pools[at];
        pool.pending += 1;
        Order {
            template: if spot { pool.spot } else { pool.regular },
            keep: (!spot).then_some(self.fall_back_for),
            member: Member { fleet: self.number, pool: at as u32, spot },
        }
    }

    /// The pool for the next spot instance; the first of equals.
    fn choose(&self, now: SimTime, price: impl Fn(u32) -> (HourPrice, HourPrice)) -> Option<usize> {
        let open = self.pools.iter().enumerate().filter(|(_, pool)| pool.closed_until <= now);
        let priced = open.filter_map(|(at, pool)| {
            let (market, list) = price(pool.series);
            let dear = self.limit.is_some_and(|limit| market > list.part(limit));
            let each = u128::from(market.0) * 1_000_000 / u128::from(pool.cpu_milli.max(1));
            (!dear).then_some((at, pool, each))
        });
        priced
            .min_by_key(|&(at, pool, each)| match self.strategy {
                FleetStrategy::LowestPrice => (each, 0, at),
                FleetStrategy::Diversified => (u128::from(pool.all()), each, at),
            })
            .map(|(at, ..)| at)
    }

    /// The pool for a regular one: the least used.
    fn choose_regular(&self, now: SimTime) -> Option<usize> {
        let open = self.pools.iter().enumerate().filter(|(_, pool)| pool.closed_to_regular_until <= now);
        open.min_by_key(|(at, pool)| (pool.all(), *at)).map(|(at, _)| at)
    }

    /// Whether a request that it decided on is still to be sent: not to a pool that has refused it in the meantime.
    pub fn still_wants(&mut self, now: SimTime, member: Member) -> bool {
        let pool = &mut self.pools[member.pool as usize];
        let closed_until = if member.spot { pool.closed_until } else { pool.closed_to_regular_until };
        if closed_until > now {
            pool.pending -= 1;
        }
        closed_until <= now
    }

    /// A request of it was answered.
    pub fn answered(&mut self, now: SimTime, member: Member, created: bool) {
        self.count(now);
        let pool = &mut self.pools[member.pool as usize];
        pool.pending -= 1;
        match (created, member.spot) {
            (true, true) => {
                pool.members += 1;
                self.bought += 1;
            }
            (true, false) => {
                pool.stand_ins += 1;
                self.stood_in += 1;
            }
            (false, spot) => {
                self.refused += 1;
                let closed = if spot { &mut pool.closed_until } else { &mut pool.closed_to_regular_until };
                *closed = now + self.cool_down;
            }
        }
    }

    /// A spot instance of it was told to go: it is replaced at the next look.
    pub fn told(&mut self, now: SimTime, member: Member) {
        self.count(now);
        self.interrupted += 1;
        self.pools[member.pool as usize].members -= 1;
    }

    /// An instance of it is gone that had not been told to go: its time was over, or its host failed.
    pub fn lost(&mut self, now: SimTime, member: Member) {
        self.count(now);
        let pool = &mut self.pools[member.pool as usize];
        *(if member.spot { &mut pool.members } else { &mut pool.stand_ins }) -= 1;
    }

    /// Its figures at the end of the run.
    pub fn summary(&self, now: SimTime) -> FleetSummary {
        let mut ended = self.clone();
        ended.count(now);
        let whole = f64::from(self.target.max(1)) * now.0.max(1) as f64;
        FleetSummary {
            name: self.name.clone(),
            target: self.target.into(),
            spot: self.spot().into(),
            regular: self.regular().into(),
            filled: ended.filled as f64 / whole,
            bought: self.bought,
            interrupted: self.interrupted,
            stood_in: self.stood_in,
            refused: self.refused,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(rest: &str) -> Client {
        let text = format!("name = \"f\"\ntarget = 6\nzones = [\"z\"]\ntypes = [\"t\"]\n{rest}");
        let spec: SpotFleetSpec = toml::from_str(&text).expect("a sound fleet");
        let pools = vec![
            ClientPool::new(0, 2_000, 0, 1),
            ClientPool::new(1, 4_000, 2, 3),
            ClientPool::new(2, 2_000, 4, 5),
        ];
        Client::new(0, &spec, pools)
    }

    /// Prices of the three pools; a vCPU costs 0.05, 0.04 and 0.06.
    fn prices(series: u32) -> (HourPrice, HourPrice) {
        let (market, list) = [(100, 200), (160, 400), (120, 200)][series as usize];
        (HourPrice(market), HourPrice(list))
    }

    fn at(minutes: u64) -> SimTime {
        SimTime(minutes * 60_000_000)
    }

    fn pools(orders: &[Order]) -> Vec<u32> {
        orders.iter().map(|order| order.member.pool).collect()
    }

    #[test]
    fn the_lowest_price_a_vcpu_or_the_most_diverse() {
        assert_eq!(pools(&client("").orders(at(0), prices)), [1; 6]);
        assert_eq!(pools(&client("strategy = \"diversified\"").orders(at(0), prices)), [1, 0, 2, 1, 0, 2]);
        // A limit passes pools over: 50 %, 40 % and 60 % of their list prices.
        let mut limited = client("strategy = \"diversified\"\nlimit = \"50%\"");
        assert_eq!(pools(&limited.orders(at(0), prices)), [1, 0, 1, 0, 1, 0]);
        assert!(client("limit = \"30%\"").orders(at(0), prices).is_empty());
    }

    #[test]
    fn it_replaces_what_goes_and_leaves_a_pool_that_refused_alone() {
        let mut client = client("");
        let orders = client.orders(at(0), prices);
        assert!(client.orders(at(0), prices).is_empty(), "all six are under way");
        for order in &orders {
            client.answered(at(0), order.member, true);
        }
        client.told(at(30), orders[0].member);
        let replaced = client.orders(at(31), prices);
        assert_eq!(pools(&replaced), [1]);
        assert!(client.still_wants(at(31), replaced[0].member));
        client.answered(at(31), replaced[0].member, false);
        // Another one that was decided on at the same look is not sent any more.
        client.pools[1].pending += 1;
        assert!(!client.still_wants(at(31), replaced[0].member) && client.pools[1].pending == 0);
        let elsewhere = client.orders(at(32), prices);
        assert_eq!(pools(&elsewhere), [0]);
        client.answered(at(32), elsewhere[0].member, false);
        client.lost(at(33), orders[1].member);
        assert_eq!(pools(&client.orders(at(36), prices)), [1, 1], "the first pool again after five minutes");
        let summary = client.summary(at(60));
        assert_eq!((summary.bought, summary.interrupted, summary.refused, summary.spot), (6, 1, 2, 4));
        // 30 minutes of six, 3 of five, 27 of four.
        assert!((summary.filled - (30.0 * 6.0 + 3.0 * 5.0 + 27.0 * 4.0) / 360.0).abs() < 1e-9);
    }

    #[test]
    fn regular_instances_stand_in_after_a_while() {
        let mut client = client("fall_back_after = \"10min\"\nfall_back_for = \"2h\"\nlimit = \"1%\"");
        assert!(client.orders(at(0), prices).is_empty() && client.orders(at(9), prices).is_empty());
        let orders = client.orders(at(10), prices);
        assert_eq!(pools(&orders), [0, 1, 2, 0, 1, 2]);
        assert!(
            orders
                .iter()
                .all(|order| order.template % 2 == 1 && order.keep == Some(SimDuration::from_secs(7_200)))
        );
        client.answered(at(10), orders[0].member, true);
        client.lost(at(130), orders[0].member);
        assert_eq!(client.summary(at(130)).stood_in, 1);
    }
}
