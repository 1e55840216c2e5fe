//! A market out of a scenario.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::{Change, Grounds, Listed, Lives, Market, Pool, SeriesStats, Source, Stats};
use crate::engine::Streams;
use crate::model::{SimDuration, TypeIx, ZoneIx};
use crate::placement::{DemandId, Fleet};
use crate::scenario::Scenario;
use crate::scenario::schema::{
    HeadroomPolicy, HeadroomSpec, PriceModel, PriceSpec, SpotOverrideSpec, SpotSpec, VictimsSpec,
};
use crate::scenario::units::{At, Share, Span};
use crate::spot::headroom::{Headroom, Predicted};
use crate::spot::model::{Replay, ReplayError, Smooth, Utilization};
use crate::spot::notice::CHECK;
use crate::spot::price::{HourPrice, WHOLE, millionths};
use crate::spot::series::Series;
use crate::spot::victims::{Index, Rule};
use crate::world::World;

/// A type that is sold in a zone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Listing {
    /// Zone.
    pub zone: ZoneIx,
    /// Type.
    pub instance_type: TypeIx,
    /// What the type asks of a host.
    pub demand: DemandId,
    /// Pay-as-you-go price.
    pub list: HourPrice,
}

/// What a market is made of.
#[derive(Debug)]
pub struct Setup<'a> {
    /// The scenario, with a `[spot]` table.
    pub scenario: &'a Scenario,
    /// Names of zones and types.
    pub world: &'a World,
    /// The hosts.
    pub fleet: &'a Fleet,
    /// What is sold where: one series each, in this order.
    pub listings: Vec<Listing>,
}

fn share(spec: &Option<At<Share>>, default: f64) -> u64 {
    millionths(spec.as_ref().map_or(default, |share| share.get().get()))
}

fn span(spec: &Option<At<Span>>, default: u64) -> SimDuration {
    spec.as_ref().map_or(SimDuration::from_secs(default), |span| span.get().get())
}

impl Setup<'_> {
    /// The market at the start of the run.
    ///
    /// # Errors
    /// A price file cannot be replayed.
    pub fn build(self) -> Result<Market, ReplayError> {
        let nothing = SpotSpec::default();
        let spec = self.scenario.spec.spot.as_ref().unwrap_or(&nothing);
        let streams = Streams::new(self.scenario.spec.seed);
        let grounds = Grounds::new(self.fleet, &headroom(&spec.headroom));
        let rule = match spec.victims {
            VictimsSpec::LowestBid => Rule::LowestBid,
            VictimsSpec::Youngest => Rule::Youngest,
            VictimsSpec::Fewest => Rule::Fewest,
            VictimsSpec::LeastValue => Rule::LeastValue,
        };
        let zones = self.world.all_zones().count();
        let mut market = Market {
            listed: Vec::new(),
            series_of: FxHashMap::default(),
            pools: Vec::new(),
            grounds,
            lives: Lives::default(),
            index: Index::new(rule, zones),
            changes: Vec::new(),
            ties: streams.stream("spot ties", 0),
            stats: Stats::default(),
            clients: Vec::new(),
        };
        let mut files: BTreeMap<&str, Replay> = BTreeMap::new();
        let mut pools: BTreeMap<(ZoneIx, Vec<u32>), u32> = BTreeMap::new();
        for listing in &self.listings {
            let price = self.price_of(spec, listing);
            let serving =
                market.grounds.serving(listing.zone, &self.fleet.demands()[listing.demand.0 as usize]);
            let next = market.pools.len() as u32;
            let pool = *pools.entry((listing.zone, serving.clone())).or_insert(next);
            if pool == next {
                market.pools.push(Pool { grounds: serving, book: None });
            }
            let number = market.listed.len() as u32;
            let (source, first) = match *price.model.get() {
                PriceModel::Replay => {
                    let file = price.file.as_ref().map_or("", |file| file.get().as_str());
                    if !files.contains_key(file) {
                        let path = self.scenario.folder.join(file);
                        let start = self.scenario.spec.start.0;
                        let replay = match self.scenario.files.get(file) {
                            Some(content) => Replay::of(&path, content, start)?,
                            None => Replay::read(&path, start)?,
                        };
                        files.insert(file, replay);
                    }
                    let changes = self.changes(&files[file], listing);
                    market.changes.extend(changes.iter().skip(1).map(|change| (*change, number)));
                    // What the file does not have costs its list price.
                    (Source::Replay, changes.first().map_or(listing.list, |change| change.price))
                }
                _ => self.source(price, listing, streams, &mut market.pools[pool as usize]),
            };
            market.series_of.insert((listing.zone, listing.instance_type), number);
            market.listed.push(Listed {
                series: Series::new(listing.zone, listing.instance_type, listing.list, first),
                source,
                step: span(&price.step, CHECK.0 / 1_000_000),
                pool,
                by_limit: std::collections::BTreeSet::new(),
                stats: SeriesStats::new(first),
            });
        }
        market.changes.sort_by_key(|(change, series)| std::cmp::Reverse((change.at, *series)));
        Ok(market)
    }

    fn changes<'f>(&self, file: &'f Replay, listing: &Listing) -> &'f [Change] {
        file.changes(self.world.zone_name(listing.zone), self.world.type_name(listing.instance_type))
    }

    /// The prices of a type in a zone: the last override that names them, or the market's own.
    fn price_of<'s>(&self, spec: &'s SpotSpec, listing: &Listing) -> &'s PriceSpec {
        let zone = self.world.zone_name(listing.zone);
        let region = self.world.zone_region(listing.zone).map_or("", |region| self.world.region_name(region));
        let instance_type = self.world.type_name(listing.instance_type);
        let is =
            |named: &Option<At<String>>, name: &str| named.as_ref().is_none_or(|named| named.get() == name);
        let holds = |table: &&SpotOverrideSpec| {
            is(&table.region, region) && is(&table.zone, zone) && is(&table.instance_type, instance_type)
        };
        spec.overrides.iter().rev().find(holds).map_or(&spec.price, |table| &table.price)
    }

    /// A model and its first price.
    fn source(
        &self,
        price: &PriceSpec,
        listing: &Listing,
        streams: Streams,
        pool: &mut Pool,
    ) -> (Source, HourPrice) {
        let floor = share(&price.floor, 0.10);
        let step = span(&price.step, CHECK.0 / 1_000_000);
        let (source, first) = match *price.model.get() {
            PriceModel::Smooth => {
                // The stream hangs on the names, not on the order in which types are listed.
                let names = (self.world.zone_name(listing.zone), self.world.type_name(listing.instance_type));
                let stream = streams.stream(&format!("spot smooth/{}/{}", names.0, names.1), 0);
                let (mean, spread) = (share(&price.mean, 0.30), share(&price.spread, 0.05));
                let half_life = span(&price.half_life, 2 * 86_400);
                let model = Smooth::new(floor, mean, spread, step, half_life, stream);
                let first = model.share();
                (Source::Smooth(model), first)
            }
            PriceModel::Auction => {
                pool.book.get_or_insert_default();
                (Source::Auction { floor, patience: span(&price.patience, 3_600) }, floor)
            }
            _ => {
                let (low, high) = (share(&price.low, 0.50), share(&price.high, 0.95));
                let curve = price.curve.as_ref().map_or(2, |curve| *curve.get());
                let model = Utilization::new(floor, low, high, curve, step, span(&price.half_life, 3_600));
                let first = model.share();
                (Source::Utilization(model), first)
            }
        };
        (source, listing.list.part(first.min(WHOLE)))
    }
}

fn headroom(spec: &HeadroomSpec) -> Headroom {
    match *spec.policy.get() {
        HeadroomPolicy::None => Headroom::None,
        HeadroomPolicy::Fixed => Headroom::Fixed(share(&spec.share, 0.05)),
        HeadroomPolicy::Predicted => {
            let memory = span(&spec.memory, 6 * 3_600).0.div_ceil(CHECK.0) as usize;
            let horizon = span(&spec.horizon, 600).0 * 1_000 / CHECK.0;
            let deviations = spec.deviations.as_ref().map_or(2.0, |number| *number.get());
            Headroom::Predicted(Predicted::new(memory, horizon, (deviations * 1e3).round() as u64))
        }
    }
}
