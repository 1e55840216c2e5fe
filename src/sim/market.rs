//! The spot market of a run: what is sold where, at what list price, and who keeps fleets.

use rustc_hash::FxHashMap;

use crate::api::forms::price_milli;
use crate::catalog::Catalog;
use crate::engine::Ticket;
use crate::model::{AccountIx, InstanceType, SimTime};
use crate::scenario::Scenario;
use crate::scenario::naming::DEFAULT_IMAGE;
use crate::spot::Market;
use crate::spot::fleet::{Client, ClientPool, Member};
use crate::spot::market::{Listing, Setup, SpotSummary};
use crate::spot::model::ReplayError;
use crate::spot::price::HourPrice;
use crate::validate::Disk;
use crate::workload::{self, Workload};
use crate::world::World;

use super::Cloud;
use super::templates::{SpotAsk, Template};

/// The market, and what the simulator keeps for it.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct MarketRun {
    pub(super) market: Market,
    /// Requests of fleets that have no answer yet, by number.
    #[serde(with = "crate::model::sorted")]
    pub(super) pending: FxHashMap<u64, Member>,
    /// Instances of fleets, by slot.
    #[serde(with = "crate::model::sorted")]
    pub(super) members: FxHashMap<u32, Member>,
    /// Releases that notices have set, by slot.
    #[serde(with = "crate::model::sorted")]
    pub(super) reclaims: FxHashMap<u32, Ticket>,
    /// Disks that outlive their spot instance, by slot (SPOT-36).
    #[serde(with = "crate::model::sorted")]
    pub(super) lasting: FxHashMap<u32, Vec<Disk>>,
    /// Disks that reclaimed instances have left behind, and their GiB.
    pub(super) left_disks: (u64, u64),
}

impl MarketRun {
    /// Everything, as bytes: prices that lie ahead and clients too, so that nothing has to be found again.
    pub(super) fn save(&self) -> Vec<u8> {
        postcard::to_stdvec(self).expect("plain data")
    }

    /// A market that goes on; none when the bytes are none.
    pub(super) fn restore(bytes: &[u8]) -> Option<Box<MarketRun>> {
        postcard::from_bytes(bytes).ok()
    }

    /// The figures of the run, which ends at `now`.
    pub(super) fn summary(self, now: SimTime, world: &World) -> SpotSummary {
        let (disks, gib) = self.left_disks;
        SpotSummary { disks_left: disks, disks_left_gib: gib, ..self.market.summary(now, world) }
    }
}

/// Pay-as-you-go price of an instance type, by the price table and the scenario's `[prices]`, to three decimals.
fn list_price(scenario: &Scenario, row: &InstanceType) -> HourPrice {
    let hour = u64::try_from(scenario.prices.instance_type(row).hour.0).unwrap_or(0);
    HourPrice(((hour + 500) / 1_000).max(1))
}

/// The instance type of a name: the scenario's, a trace's, or the catalog's.
fn row<'t>(scenario: &'t Scenario, workload: &'t Workload, name: &str) -> Option<&'t InstanceType> {
    let own = scenario.types.iter().chain(workload.required_types());
    own.chain(&Catalog::shipped().types).find(|row| row.name == name)
}

/// Adds the requests of the scenario's spot fleets to the workload: for each zone and type a spot instance and a regular
/// one.
pub(super) fn add_fleets(scenario: &Scenario, workload: &mut Workload) {
    let Some(spot) = &scenario.spec.spot else { return };
    for fleet in &spot.fleets {
        let account = fleet
            .account
            .as_ref()
            .and_then(|id| scenario.accounts.iter().position(|known| known == id.get()));
        let mut templates = Vec::new();
        for zone in fleet.zones.iter() {
            let region =
                scenario.zones.iter().find(|known| known.id == **zone).map_or("", |known| &known.region);
            for name in fleet.types.iter() {
                for is_spot in [true, false] {
                    let mut params: Vec<(String, String)> = [
                        ("Action", "CreateInstance"),
                        ("RegionId", region),
                        ("ZoneId", zone.as_str()),
                        ("InstanceType", name.as_str()),
                        ("ImageId", DEFAULT_IMAGE),
                    ]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .to_vec();
                    if is_spot {
                        let strategy =
                            if fleet.limit.is_some() { "SpotWithPriceLimit" } else { "SpotAsPriceGo" };
                        params.push(("SpotStrategy".to_owned(), strategy.to_owned()));
                        if let Some(limit) = &fleet.limit {
                            let list = row(scenario, workload, name)
                                .map_or(HourPrice(0), |row| list_price(scenario, row));
                            let share = (limit.get().get() * 1e6).round() as u64;
                            params.push(("SpotPriceLimit".to_owned(), list.part(share).to_string()));
                        }
                    }
                    let own = fleet.params.iter().filter(|(name, _)| is_spot || !name.starts_with("Spot"));
                    params.extend(own.map(|(name, value)| (name.clone(), value.clone())));
                    templates.push(workload::Template {
                        params,
                        workload: 0,
                        account: AccountIx::from(account.unwrap_or(0)),
                        region: region.to_owned(),
                        zone: zone.get().clone(),
                        needs_vswitch: !fleet.params.contains_key("VSwitchId"),
                        fault: None,
                        entry: None,
                        instead: Vec::new(),
                        row: None,
                    });
                }
            }
        }
        workload.extend(fleet.name.get(), templates);
    }
}

/// The market of a scenario that has one. Its first prices are facts of the world from now on.
pub(super) fn open(
    scenario: &Scenario,
    cloud: &mut Cloud,
    workload: &Workload,
    templates: &[Template],
) -> Result<Option<Box<MarketRun>>, ReplayError> {
    let Some(spot) = &scenario.spec.spot else { return Ok(None) };
    let mut listings: Vec<Listing> = Vec::new();
    for template in templates.iter().filter(|template| template.spot.is_some()) {
        let (Some(zone), Some(instance_type)) = (template.zone, template.instance_type) else { continue };
        let Some(demand) = cloud.world.demand_of(instance_type) else { continue };
        let list = row(scenario, workload, cloud.world.type_name(instance_type))
            .map_or(HourPrice(1), |row| list_price(scenario, row));
        listings.push(Listing { zone, instance_type, demand, list });
    }
    listings.sort();
    listings.dedup();
    let mut market = Setup { scenario, world: &cloud.world, fleet: &cloud.fleet, listings }.build()?;
    for series in market.all_series() {
        cloud.world.set_spot_price(series.zone, series.instance_type, Some(series.price().money()));
    }
    // The fleets' templates follow one another, in their order, at the end.
    let each = |fleet: &crate::scenario::schema::SpotFleetSpec| fleet.zones.len() * fleet.types.len();
    let mut next = templates.len() - 2 * spot.fleets.iter().map(each).sum::<usize>();
    for (number, fleet) in spot.fleets.iter().enumerate() {
        let mut pools = Vec::new();
        for _ in 0..each(fleet) {
            let template = &templates[next];
            let sold = template.zone.zip(template.instance_type);
            // A type that no host of the scenario takes is not sold: no pool.
            if let Some(series) = sold.and_then(|(zone, instance_type)| market.series_of(zone, instance_type))
            {
                pools.push(ClientPool::new(series, template.demand.cpu_milli, next as u32, next as u32 + 1));
            }
            next += 2;
        }
        market.clients.push(Client::new(number as u32, fleet, pools));
    }
    Ok(Some(Box::new(MarketRun {
        market,
        pending: FxHashMap::default(),
        members: FxHashMap::default(),
        reclaims: FxHashMap::default(),
        lasting: FxHashMap::default(),
        left_disks: (0, 0),
    })))
}

/// What a request asks of the market; none when it is no spot request. What is wrong with it is the gate's to say.
pub(super) fn spot_ask(strategy: &str, limit: &str) -> Option<SpotAsk> {
    match strategy {
        "SpotWithPriceLimit" => Some(SpotAsk { limit: price_milli(limit).map(HourPrice) }),
        "SpotAsPriceGo" => Some(SpotAsk { limit: None }),
        _ => None,
    }
}
