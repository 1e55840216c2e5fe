//! What a run with a market ends with.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Market;
use super::life::Life;
use crate::model::{AccountIx, Money, SimDuration, SimTime};
use crate::spot::bill::{Cost, money, payable};
use crate::spot::notice::Cause;
use crate::spot::price::HourPrice;
use crate::spot::survival::{Point, Survival, at};
use crate::world::World;

/// Most points of a series in the summary: beyond, every second one is left out, again and again.
const MOST_POINTS: usize = 192;
/// Most points of the survival curve in the summary.
const MOST_CURVE: usize = 200;
/// Ages in hours at which the summary tells the survival.
const AGES: [f64; 7] = [1.0, 2.0, 6.0, 12.0, 24.0, 72.0, 168.0];

/// Instances told to go, by cause.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, serde::Deserialize)]
pub struct Interruptions {
    /// Market price above the bid.
    pub price: u64,
    /// A regular request found no room.
    pub stock: u64,
    /// Headroom was gone.
    pub headroom: u64,
}

impl Interruptions {
    pub(super) fn add(&mut self, cause: Cause) {
        *match cause {
            Cause::Price => &mut self.price,
            Cause::Stock => &mut self.stock,
            Cause::Headroom => &mut self.headroom,
        } += 1;
    }

    /// All causes.
    pub fn total(self) -> u64 {
        self.price + self.stock + self.headroom
    }
}

/// Price and use of a pool at a moment.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, serde::Deserialize)]
pub struct PoolPoint {
    /// Hours since the start of the run.
    pub hours: f64,
    /// Market price an hour.
    pub price: f64,
    /// Share of the pool that is taken.
    pub used: f64,
    /// Share of the pool that spot instances hold.
    pub spot: f64,
}

/// Running figures of a series.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct SeriesStats {
    pub(super) bought: u64,
    pub(super) interruptions: Interruptions,
    ended: u64,
    paid: u128,
    lowest: HourPrice,
    highest: HourPrice,
    points: Vec<PoolPoint>,
    /// Samples that one point stands for.
    stride: u64,
}

impl SeriesStats {
    pub(super) fn new(price: HourPrice) -> SeriesStats {
        SeriesStats {
            bought: 0,
            interruptions: Interruptions::default(),
            ended: 0,
            paid: 0,
            lowest: price,
            highest: price,
            points: Vec::new(),
            stride: 1,
        }
    }

    pub(super) fn price(&mut self, price: HourPrice) {
        self.lowest = self.lowest.min(price);
        self.highest = self.highest.max(price);
    }

    pub(super) fn ended(&mut self, cost: Cost) {
        self.ended += 1;
        self.paid += cost.paid;
    }

    fn sample(&mut self, number: u64, point: PoolPoint) {
        if !number.is_multiple_of(self.stride) {
            return;
        }
        self.points.push(point);
        if self.points.len() > MOST_POINTS {
            let mut at = 0;
            self.points.retain(|_| {
                at += 1;
                at % 2 == 1
            });
            self.stride *= 2;
        }
    }
}

/// What an account has paid.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
struct Paid {
    cost: Money,
    list: Money,
    instances: u64,
}

/// Running figures of the market.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Stats {
    pub(super) bought: u64,
    pub(super) refused_price: u64,
    pub(super) refused_stock: u64,
    pub(super) regular_no_room: u64,
    pub(super) regular_saved: u64,
    reclaimed: u64,
    released: u64,
    /// Microseconds of life, and those of them within the protection.
    lived: u128,
    protected: u128,
    seconds: u64,
    survival: Survival,
    accounts: BTreeMap<AccountIx, Paid>,
    /// Samples taken.
    samples: u64,
}

impl Stats {
    /// A life is over, or the run is (`reclaimed` none).
    pub(super) fn ended(&mut self, now: SimTime, life: &Life, cost: Cost, reclaimed: Option<bool>) {
        let age = now.since(life.created);
        match reclaimed {
            Some(true) => self.reclaimed += 1,
            Some(false) => self.released += 1,
            None => {}
        }
        self.survival.ended(age, reclaimed == Some(true));
        self.lived += u128::from(age.0);
        self.protected += u128::from(now.min(life.protected_until).since(life.created).0);
        self.seconds += cost.seconds;
        let paid = self.accounts.entry(life.account).or_default();
        // Settled to two decimals for each instance (SPOT-23).
        paid.cost += payable(cost.paid);
        paid.list += payable(cost.list);
        paid.instances += 1;
    }
}

/// The market's part of a summary.
#[derive(Clone, Debug, Serialize)]
pub struct SpotSummary {
    /// Spot instances created.
    pub bought: u64,
    /// Spot requests refused because their limit was below the market price.
    pub refused_price: u64,
    /// Spot requests refused for want of stock.
    pub refused_stock: u64,
    /// Told to go, by cause.
    pub interruptions: Interruptions,
    /// Released when their notice was over.
    pub reclaimed: u64,
    /// Released by their customer, or lost with their host.
    pub released: u64,
    /// Living at the end.
    pub live: u64,
    /// Hours that spot instances lived, summed.
    pub instance_hours: f64,
    /// Share of these within the protection.
    pub protected_share: f64,
    /// Survival until a reclaim (Kaplan-Meier): one point an age at which one was reclaimed, thinned out.
    pub survival: Vec<Point>,
    /// The same at some ages.
    pub survival_at: Vec<SurvivalAt>,
    /// What spot instances cost.
    pub cost: f64,
    /// The same seconds at list price.
    pub list_cost: f64,
    /// Share saved.
    pub saving: f64,
    /// By account.
    pub accounts: Vec<AccountCost>,
    /// Data disks that reclaimed instances left behind (SPOT-36).
    pub disks_left: u64,
    /// Their GiB.
    pub disks_left_gib: u64,
    /// Regular requests and the market.
    pub regular: RegularSummary,
    /// Price and use by type and zone.
    pub pools: Vec<PoolSummary>,
    /// Fleets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fleets: Vec<FleetSummary>,
}

/// Survival to an age.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct SurvivalAt {
    /// Age in hours.
    pub hours: f64,
    /// Share that reaches it.
    pub share: f64,
}

/// What an account paid for its spot instances.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AccountCost {
    /// Account id.
    pub account: String,
    /// Spot instances.
    pub instances: u64,
    /// At the market's price, each to two decimals.
    pub cost: f64,
    /// At list price.
    pub list_cost: f64,
}

/// Regular requests and the market.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct RegularSummary {
    /// Regular requests that found no room.
    pub no_room: u64,
    /// Of these, those for which a reclaim would have made room at that moment: they would have been saved by headroom,
    /// or by a reclaim that takes no time.
    pub saved_by_reclaim: u64,
}

/// One type in one zone.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct PoolSummary {
    /// Zone id.
    pub zone: String,
    /// Instance type.
    pub instance_type: String,
    /// Pay-as-you-go price an hour.
    pub list_price: f64,
    /// Lowest market price.
    pub lowest: f64,
    /// Mean market price over the run.
    pub mean: f64,
    /// Highest market price.
    pub highest: f64,
    /// Market price at the end.
    pub last: f64,
    /// Spot instances created.
    pub bought: u64,
    /// Of these told to go.
    pub interruptions: Interruptions,
    /// Share of those bought that were told to go, as DescribeSpotAdvice groups it: `0-3`, `3-5`, `5-10` or `10-100`
    /// percent (SPOT-27).
    pub interruption_class: &'static str,
    /// What they cost.
    pub cost: f64,
    /// Price and use over time.
    pub points: Vec<PoolPoint>,
}

/// A fleet at the end.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct FleetSummary {
    /// Name.
    pub name: String,
    /// Instances it wants.
    pub target: u64,
    /// Spot instances it has.
    pub spot: u64,
    /// Regular instances it has.
    pub regular: u64,
    /// Mean share of the target that it had, over time.
    pub filled: f64,
    /// Spot instances created.
    pub bought: u64,
    /// Of these told to go.
    pub interrupted: u64,
    /// Regular instances that stood in.
    pub stood_in: u64,
    /// Requests refused.
    pub refused: u64,
}

/// The group of DescribeSpotAdvice that a share of interruptions belongs to (SPOT-27).
fn class_of(interrupted: u64, bought: u64) -> &'static str {
    match 100.0 * interrupted as f64 / bought.max(1) as f64 {
        rate if rate < 3.0 => "0-3",
        rate if rate < 5.0 => "3-5",
        rate if rate < 10.0 => "5-10",
        _ => "10-100",
    }
}

impl Market {
    /// Spot instances that live.
    pub fn living(&self) -> u64 {
        self.stats.bought - self.stats.reclaimed - self.stats.released
    }

    /// Price and use of every pool, at a check.
    pub(super) fn sample(&mut self, now: SimTime) {
        let share = |part: u64| part as f64 / 1e6;
        let hours = now.as_secs_f64() / 3_600.0;
        for listed in &mut self.listed {
            let (used, spot) = self.grounds.use_of(&self.pools[listed.pool as usize].grounds);
            let price = listed.series.price().as_f64();
            listed
                .stats
                .sample(self.stats.samples, PoolPoint { hours, price, used: share(used), spot: share(spot) });
        }
        self.stats.samples += 1;
    }

    /// The figures of the whole run, which ends at `now`.
    pub fn summary(mut self, now: SimTime, world: &World) -> SpotSummary {
        self.settle(now);
        let mut live = 0;
        for life in self.lives.iter() {
            let cost = life.bill.cost(now, &self.listed[life.series as usize].series);
            self.stats.ended(now, life, cost, None);
            self.listed[life.series as usize].stats.paid += cost.paid;
            live += 1;
        }
        let stats = &self.stats;
        let curve = stats.survival.curve();
        let ages = AGES
            .into_iter()
            .filter(|age| SimDuration::from_secs_f64(age * 3_600.0) <= now.since(SimTime::ZERO));
        let survival_at = ages.map(|hours| SurvivalAt { hours, share: at(&curve, hours) }).collect();
        let (mut cost, mut list) = (Money::ZERO, Money::ZERO);
        let mut accounts = Vec::new();
        for (&account, paid) in &stats.accounts {
            cost += paid.cost;
            list += paid.list;
            accounts.push(AccountCost {
                account: world.account_name(account).to_owned(),
                instances: paid.instances,
                cost: paid.cost.as_f64(),
                list_cost: paid.list.as_f64(),
            });
        }
        let mut interruptions = Interruptions::default();
        let mut pools = Vec::new();
        for listed in &mut self.listed {
            let of = &listed.stats;
            interruptions.price += of.interruptions.price;
            interruptions.stock += of.interruptions.stock;
            interruptions.headroom += of.interruptions.headroom;
            let span = now.since(SimTime::ZERO).0.max(1) as f64;
            pools.push(PoolSummary {
                zone: world.zone_name(listed.series.zone).to_owned(),
                instance_type: world.type_name(listed.series.instance_type).to_owned(),
                list_price: listed.series.list.as_f64(),
                lowest: of.lowest.as_f64(),
                mean: listed.series.paid(now, false) as f64 / span / 1e3,
                highest: of.highest.as_f64(),
                last: listed.series.price().as_f64(),
                bought: of.bought,
                interruptions: of.interruptions,
                interruption_class: class_of(of.interruptions.total(), of.bought),
                cost: money(of.paid).as_f64(),
                points: std::mem::take(&mut listed.stats.points),
            });
        }
        SpotSummary {
            bought: stats.bought,
            refused_price: stats.refused_price,
            refused_stock: stats.refused_stock,
            interruptions,
            reclaimed: stats.reclaimed,
            released: stats.released,
            live,
            instance_hours: stats.lived as f64 / 3.6e9,
            protected_share: stats.protected as f64 / stats.lived.max(1) as f64,
            survival: thinned(curve),
            survival_at,
            cost: cost.as_f64(),
            list_cost: list.as_f64(),
            saving: if list == Money::ZERO { 0.0 } else { 1.0 - cost.as_f64() / list.as_f64() },
            accounts,
            disks_left: 0,
            disks_left_gib: 0,
            regular: RegularSummary { no_room: stats.regular_no_room, saved_by_reclaim: stats.regular_saved },
            pools,
            fleets: self.clients.iter().map(|client| client.summary(now)).collect(),
        }
    }
}

/// A curve of at most so many points: every n-th, and the last.
fn thinned(curve: Vec<Point>) -> Vec<Point> {
    let every = curve.len().div_ceil(MOST_CURVE).max(1);
    let last = curve.len().saturating_sub(1);
    curve
        .into_iter()
        .enumerate()
        .filter(|(at, _)| at % every == 0 || *at == last)
        .map(|(_, point)| point)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_rates_are_grouped_as_documented() {
        // SPOT-27.
        let classes: Vec<&str> =
            [0, 29, 30, 49, 50, 99, 100, 1_000].map(|count| class_of(count, 1_000)).to_vec();
        assert_eq!(classes, ["0-3", "0-3", "3-5", "3-5", "5-10", "5-10", "10-100", "10-100"]);
        assert_eq!(class_of(0, 0), "0-3");
    }

    #[test]
    fn points_are_thinned_out_evenly() {
        let mut stats = SeriesStats::new(HourPrice(1));
        for number in 0..10_000u64 {
            stats.sample(number, PoolPoint { hours: number as f64, price: 0.0, used: 0.0, spot: 0.0 });
        }
        assert!(stats.points.len() > MOST_POINTS / 2 && stats.points.len() <= MOST_POINTS);
        let gaps: Vec<f64> = stats.points.windows(2).map(|pair| pair[1].hours - pair[0].hours).collect();
        assert!(gaps.iter().all(|gap| *gap == gaps[0]));
    }
}
