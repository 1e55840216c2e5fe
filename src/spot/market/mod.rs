//! The market of one run: what happens is told to it, and it says what follows.
//!
//! Life of an instance: bought ([`Market::bought`]), on a host ([`Market::placed`]), protected until its SpotDuration is
//! over (SPOT-30), then on the list of those that may go; told ([`Followed::told`]), released five minutes later by the
//! simulator ([`Market::gone`]). Checks come every five minutes ([`Market::check`], SPOT-31). Cost: a price change does
//! not touch instances, a check touches those that it tells and those whose protection ended, and a search for victims
//! goes through [`Index`].

mod life;
mod pools;
mod setup;
mod stats;

use rustc_hash::FxHashMap;

use life::{Life, Lives};
pub use life::{Purchase, SpotState};
use pools::Grounds;
pub use setup::{Listing, Setup};
pub use stats::{
    AccountCost, FleetSummary, Interruptions, PoolPoint, PoolSummary, RegularSummary, SpotSummary, SurvivalAt,
};
use stats::{SeriesStats, Stats};

use super::bill::payable;
use super::fleet::Client;
use super::headroom::Headroom;
use super::model::{Book, Change, Smooth, Utilization};
use super::notice::{CHECK, Cause};
use super::price::{HourPrice, WHOLE};
use super::restart::{NoStart, Restart};
use super::series::Series;
use super::victims::Index;
use crate::engine::Stream;
use crate::model::{HostIx, Money, Resources, SimDuration, SimTime, TypeIx, ZoneIx};
use crate::placement::{Demand, DemandId, Fleet, Hold};

/// Where the price of a series comes from.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[expect(clippy::large_enum_variant, reason = "one source a pool, and most are of the large kind")]
enum Source {
    Utilization(Utilization),
    /// The bids of the pool.
    Auction {
        floor: u64,
        patience: SimDuration,
    },
    Smooth(Smooth),
    Replay,
}

/// One type in one zone.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Listed {
    series: Series,
    source: Source,
    /// Distance of the steps of its model.
    step: SimDuration,
    /// Its pool.
    pool: u32,
    /// Limits of those that may go for the price: limit, tie, slot.
    by_limit: std::collections::BTreeSet<(u64, u32, u32)>,
    stats: SeriesStats,
}

/// The hosts behind some types of a zone.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Pool {
    grounds: Vec<u32>,
    book: Option<Book>,
}

/// What follows from a check or a change.
#[derive(Debug, Default)]
pub struct Followed {
    /// Series whose price changed.
    pub repriced: Vec<u32>,
    /// Instances that were told to go: slot and cause. They are released when their notice is over.
    pub told: Vec<(u32, Cause)>,
}

/// The market.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub struct Market {
    listed: Vec<Listed>,
    #[serde(with = "crate::model::sorted")]
    series_of: FxHashMap<(ZoneIx, TypeIx), u32>,
    pools: Vec<Pool>,
    grounds: Grounds,
    lives: Lives,
    index: Index,
    /// Changes of replayed prices that lie ahead, the next one last.
    changes: Vec<(Change, u32)>,
    ties: Stream,
    stats: Stats,
    /// Clients that keep a number of instances running.
    pub clients: Vec<Client>,
}

impl Market {
    // --- prices ---

    /// The series of a type in a zone, when it is listed.
    pub fn series_of(&self, zone: ZoneIx, instance_type: TypeIx) -> Option<u32> {
        self.series_of.get(&(zone, instance_type)).copied()
    }

    /// A series by its number.
    pub fn series(&self, series: u32) -> &Series {
        &self.listed[series as usize].series
    }

    /// Every series, in the order of their numbers.
    pub fn all_series(&self) -> impl Iterator<Item = &Series> {
        self.listed.iter().map(|listed| &listed.series)
    }

    /// When the next replayed price comes into force.
    pub fn next_change(&self) -> Option<SimTime> {
        self.changes.last().map(|(change, _)| change.at)
    }

    /// Brings replayed prices into force.
    pub fn replay(&mut self, now: SimTime) -> Followed {
        let mut followed = Followed::default();
        self.settle(now);
        while let Some(&(change, series)) = self.changes.last()
            && change.at <= now
        {
            self.changes.pop();
            self.reprice(now, series, change.price, &mut followed);
        }
        followed
    }

    fn reprice(&mut self, now: SimTime, series: u32, price: HourPrice, followed: &mut Followed) {
        let listed = &mut self.listed[series as usize];
        if listed.series.set(now, price) {
            listed.stats.price(price);
            followed.repriced.push(series);
        }
    }

    fn step_prices(&mut self, now: SimTime, followed: &mut Followed) {
        for at in 0..self.listed.len() {
            let Listed { source, step, pool, series, .. } = &mut self.listed[at];
            if !now.0.is_multiple_of(step.0) {
                continue;
            }
            let pool = &mut self.pools[*pool as usize];
            let share = match source {
                Source::Replay => continue,
                Source::Utilization(model) => model.step(self.grounds.use_of(&pool.grounds).0),
                Source::Smooth(model) => model.step(),
                Source::Auction { floor, .. } => {
                    let supply = self.grounds.supply(&pool.grounds);
                    pool.book.as_mut().map_or(0, |book| book.clear(now, supply)).max(*floor)
                }
            };
            let price = series.list.part(share);
            self.reprice(now, at as u32, price, followed);
        }
    }

    // --- checks ---

    /// The check of every five minutes (SPOT-31): protections end, prices move, and whoever has to go is told.
    pub fn check(&mut self, now: SimTime, fleet: &Fleet) -> Followed {
        let mut followed = self.replay(now);
        self.free(now, fleet);
        self.grounds.window_over();
        self.step_prices(now, &mut followed);
        self.check_prices(now, &mut followed);
        self.check_headroom(now, &mut followed);
        self.sample(now);
        followed
    }

    /// SPOT-32: a bid below the market price; the lowest bids first.
    fn check_prices(&mut self, now: SimTime, followed: &mut Followed) {
        for at in 0..self.listed.len() {
            while let Some(&(limit, _, slot)) = self.listed[at].by_limit.first()
                && limit < self.listed[at].series.price().0
            {
                self.tell(now, slot, Cause::Price, followed);
            }
        }
    }

    /// SPOT-32: stock needed elsewhere. What already has its notice counts as free.
    fn check_headroom(&mut self, now: SimTime, followed: &mut Followed) {
        for at in 0..self.grounds.len() {
            let (zone, class) = self.grounds.place(at);
            while self.grounds.is_short(at)
                && let Some(slot) = self.index.first(zone, class)
            {
                self.tell(now, slot, Cause::Headroom, followed);
            }
        }
    }

    // --- requests ---

    /// Whether the headroom leaves room for a spot instance of this size on some hosts of its pool. Whether a host has
    /// room is the placement core's to say.
    pub fn has_stock(&self, series: u32, size: Resources) -> bool {
        let pool = &self.pools[self.listed[series as usize].pool as usize];
        pool.grounds.iter().any(|&ground| self.grounds.has_stock(ground as usize, size))
    }

    /// A spot request was refused, for its limit or for want of stock: its bid stays in the book of an auction.
    pub fn bid_refused(
        &mut self,
        now: SimTime,
        series: u32,
        limit: Option<HourPrice>,
        size: Resources,
        price: bool,
    ) {
        if price {
            self.stats.refused_price += 1;
        } else {
            self.stats.refused_stock += 1;
        }
        let Listed { source, series, pool, .. } = &self.listed[series as usize];
        if let (Source::Auction { patience, .. }, Some(book)) = (source, &mut self.pools[*pool as usize].book)
        {
            let bid = limit.map_or(WHOLE, |limit| limit.share_of(series.list).min(WHOLE));
            book.refuse(now + *patience, bid, size.cpu_milli);
        }
    }

    /// A regular request of this demand found no room in the zone. Without headroom that starts a reclaim; otherwise it
    /// is only counted whether one would have helped.
    pub fn regular_refused(
        &mut self,
        now: SimTime,
        fleet: &Fleet,
        zone: ZoneIx,
        demand: DemandId,
    ) -> Followed {
        let mut followed = Followed::default();
        let Some(row) = fleet.demands().get(demand.0 as usize) else { return followed };
        self.grounds.asked(zone, row);
        self.stats.regular_no_room += 1;
        let Some(victims) = self.index.find(fleet, zone, demand) else { return followed };
        self.stats.regular_saved += 1;
        if self.grounds.without_headroom() {
            for slot in victims {
                self.tell(now, slot, Cause::Stock, &mut followed);
            }
        }
        followed
    }

    // --- places ---

    /// An instance got a place, a spot instance or another.
    pub fn placed(&mut self, fleet: &Fleet, slot: u32, host: HostIx, hold: Hold, size: Resources) {
        let Some((zone, class)) = fleet.standing(host) else { return };
        let Some(ground) = self.grounds.find(zone, class) else { return };
        let is_spot = self.lives.get(slot).is_some();
        self.grounds.take(ground, size, is_spot);
        if let Some(life) = self.lives.get_mut(slot) {
            life.place = Some(life::Place { ground: ground as u32, host, hold });
            if life.notice.is_some() {
                self.grounds.leaving(ground, size);
            }
            self.enlist(slot, fleet);
        } else {
            self.index.touch(zone, host);
            if !self.lives.knows(slot) {
                self.lives.know(slot);
                self.grounds.asked_on(ground, size);
            }
        }
    }

    /// An instance gave its place up.
    pub fn left(&mut self, fleet: &Fleet, slot: u32, host: HostIx, size: Resources) {
        let Some((zone, class)) = fleet.standing(host) else { return };
        let Some(ground) = self.grounds.find(zone, class) else { return };
        let is_spot = self.lives.get(slot).is_some();
        self.grounds.give(ground, size, is_spot);
        if let Some(life) = self.lives.get_mut(slot) {
            life.place = None;
            if life.notice.is_some() {
                self.grounds.left(ground, size);
            }
            self.delist(slot);
        } else {
            self.index.touch(zone, host);
        }
    }

    // --- what others ask ---

    /// What the market knows of an instance; none when it is no spot instance.
    pub fn state(&self, slot: u32) -> Option<SpotState> {
        self.lives.get(slot).map(Life::state)
    }

    /// What a spot instance has cost up to now, as far as it is payable: two decimals (SPOT-23). The one source of what
    /// accounts are charged. None when it is no spot instance.
    pub fn payable(&self, now: SimTime, slot: u32) -> Option<Money> {
        let life = self.lives.get(slot)?;
        Some(payable(life.bill.cost(now, &self.listed[life.series as usize].series).paid))
    }

    /// Whether a stopped spot instance may start (SPOT-42, SPOT-43). `kept`: it has kept its place and paid for it.
    ///
    /// # Errors
    /// Its bid is too low, or there is no stock (SPOT-44).
    pub fn may_start(&self, now: SimTime, slot: u32, kept: bool) -> Result<(), NoStart> {
        let Some(life) = self.lives.get(slot) else { return Ok(()) };
        let start = Restart {
            protected: now < life.protected_until,
            kept,
            limit: life.limit,
            price: self.series(life.series).price(),
            stock: kept || self.has_stock(life.series, life.size),
        };
        start.check()
    }

    /// Panics where the market's count of places differs from these: slot, host, what it takes, and whether it is a spot
    /// instance, of every instance that has a place.
    #[cfg(test)]
    pub(crate) fn check_places(&self, fleet: &Fleet, places: &[(u32, HostIx, Resources, bool)]) {
        let mut sums = vec![[0u64; 4]; self.grounds.len()];
        for &(slot, host, size, spot) in places {
            let life = self.lives.get(slot);
            assert_eq!(life.is_some(), spot, "the market knows spot instances and no others");
            let ground = fleet.standing(host).and_then(|(zone, class)| self.grounds.find(zone, class));
            let Some(ground) = ground else { continue };
            if let Some(life) = life {
                assert_eq!(life.place.map(|place| place.host), Some(host), "it is where the market thinks");
            }
            let part = u64::from(spot);
            let more = [size.cpu_milli, size.memory_mib, part * size.cpu_milli, part * size.memory_mib];
            for (sum, more) in sums[ground].iter_mut().zip(more) {
                *sum += more;
            }
        }
        for (at, sum) in sums.into_iter().enumerate() {
            assert_eq!(self.grounds.taken(at), sum, "hosts {at} of the market: used and spot");
        }
    }

    /// A spot instance stops to cost anything, or begins again: a stop without charges, and the start after it
    /// (SPOT-41).
    pub fn charge(&mut self, now: SimTime, slot: u32, charged: bool) {
        self.settle(now);
        let Some(life) = self.lives.get_mut(slot) else { return };
        let series = &self.listed[life.series as usize].series;
        if charged { life.bill.resume(now, series) } else { life.bill.pause(now, series) }
    }
}

/// The distance of checks, as the simulator schedules them.
pub const fn check_distance() -> SimDuration {
    CHECK
}

/// Which grounds of a zone serve a demand.
fn serves(demand: &Demand, class: crate::model::ClassIx) -> bool {
    demand.classes.contains(class)
}
