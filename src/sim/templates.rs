//! Requests of a workload, parsed once: what the simulator and the load benchmark send.

use std::collections::BTreeMap;

use crate::api::Request;
use crate::model::{AccountIx, Image, InstanceType, Resources, SimDuration, TypeIx, ZoneIx};
use crate::placement::DemandId;
use crate::scenario::Scenario;
use crate::scenario::schema::{BootSpec, ControlPlaneSpec};
use crate::spot::price::HourPrice;
use crate::validate::estate::Estate;
use crate::workload::{self, Workload};

use super::Cloud;
use super::cloud::vswitch_name;
use super::market::spot_ask;

/// What a request asks of the spot market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct SpotAsk {
    /// Its price limit; none for SpotAsPriceGo.
    pub(crate) limit: Option<HourPrice>,
}

/// A request template, parsed once.
#[derive(Debug)]
pub(crate) struct Template {
    /// One request, or one for each vSwitch that may take it: they are used in turn.
    pub(crate) requests: Vec<Request>,
    pub(crate) account: AccountIx,
    /// Its instance type, when there is one of that name.
    pub(crate) instance_type: Option<TypeIx>,
    /// Wrong on purpose.
    pub(crate) faulty: bool,
    pub(crate) demand: Resources,
    /// Zone that it is meant for.
    pub(crate) zone: Option<ZoneIx>,
    /// What it asks of the spot market; none when it is no spot request.
    pub(crate) spot: Option<SpotAsk>,
    /// What it asks of a host, when a host class serves its type.
    pub(crate) demand_id: Option<DemandId>,
    pub(crate) image_bytes: u64,
    /// Law of its boot time: 0 is `boot`, then the `boots` of the scenario.
    pub(crate) boot: u16,
    /// Time to wipe its local disks once it is gone.
    pub(crate) wipe: SimDuration,
    /// Its system disk is a local disk of the host.
    pub(crate) local_system_disk: bool,
}

impl Template {
    /// The request number `number` of the run. Runs of requests share a vSwitch, so that the requests in use stay
    /// in the processor's cache.
    pub(crate) fn request(&self, number: u64) -> &Request {
        const RUN: u64 = 4096;
        &self.requests[(number / RUN % self.requests.len() as u64) as usize]
    }
}

/// Instance types by name: the scenario's own first, then those of a trace, then the catalog's.
pub(super) struct Types<'a>(BTreeMap<&'a str, &'a InstanceType>);

impl<'a> Types<'a> {
    pub(super) fn new(scenario: &'a Scenario, workload: &'a Workload) -> Types<'a> {
        let shipped = &crate::catalog::Catalog::shipped().types;
        let rows = shipped.iter().chain(workload.required_types()).chain(&scenario.types);
        Types(rows.map(|row| (row.name.as_str(), row)).collect())
    }

    /// The type that a template asks for.
    pub(super) fn of(&self, template: &workload::Template) -> Option<&'a InstanceType> {
        let named = template.params.iter().find(|(name, _)| name == "InstanceType")?;
        self.0.get(named.1.as_str()).copied()
    }
}

/// Parses every request of the workload once, with a vSwitch filled in where one is needed.
pub(crate) fn parse(scenario: &Scenario, cloud: &Cloud, workload: &Workload) -> Vec<Template> {
    let types: Vec<&InstanceType> = scenario
        .types
        .iter()
        .chain(workload.required_types())
        .chain(&crate::catalog::Catalog::shipped().types)
        .collect();
    workload.templates().iter().map(|template| one(scenario, cloud, &types, template)).collect()
}

fn one(
    scenario: &Scenario,
    cloud: &Cloud,
    types: &[&InstanceType],
    template: &workload::Template,
) -> Template {
    let estate = template.row.and_then(Estate::of_row);
    let account_id =
        estate.as_ref().map_or(&scenario.accounts[template.account.at()], |estate| &estate.account);
    let vswitches = match cloud.world.zone_named(&template.zone) {
        Some(zone) if template.needs_vswitch => cloud.vswitches[zone.at()],
        _ => 1,
    };
    let requests = (0..vswitches)
        .map(|at| {
            let vswitch = vswitch_name(&template.zone, account_id, at);
            let filled = template.needs_vswitch.then_some(("VSwitchId", vswitch.as_str()));
            let params = template.params.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            Request::from_params(params.chain(filled))
        })
        .collect();
    let value = |name: &str| {
        template.params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    };
    let named = value("InstanceType");
    let row = types.iter().find(|row| row.name == named).copied();
    let demand = row.map_or_else(Resources::default, InstanceType::resources);
    let image = value("ImageId");
    let images = scenario.images.iter().chain(&crate::catalog::Catalog::shipped().images);
    let image = images.into_iter().find(|known| known.id == image);
    let gib = image.map_or(0, |image| u64::from(image.size_gib));
    let plane = scenario.control_plane();
    Template {
        requests,
        account: cloud
            .world
            .account_named(account_id)
            .expect("every account of the scenario and of its estates is in its world"),
        instance_type: cloud.world.type_named(named),
        faulty: template.fault.is_some() || template.row.is_some(),
        spot: spot_ask(value("SpotStrategy"), value("SpotPriceLimit")),
        demand,
        zone: cloud.world.zone_named(&template.zone),
        demand_id: cloud.world.type_named(named).and_then(|row| cloud.world.demand_of(row)),
        image_bytes: gib << 30,
        boot: boot_law(plane, row, image),
        wipe: wipe_time(plane, row),
        local_system_disk: value("SystemDisk.Category") == "ephemeral_ssd",
    }
}

/// The first of the scenario's `boots` that fits, counted from 1; 0 when none does.
fn boot_law(plane: &ControlPlaneSpec, row: Option<&InstanceType>, image: Option<&Image>) -> u16 {
    let fits = |spec: &BootSpec| {
        spec.os.is_none_or(|os| image.is_some_and(|image| image.os == os))
            && spec.family.as_ref().is_none_or(|family| row.is_some_and(|row| row.family == **family))
            && spec.instance_type.as_ref().is_none_or(|name| row.is_some_and(|row| row.name == **name))
    };
    plane.boots.iter().position(fits).map_or(0, |at| at as u16 + 1)
}

/// Local disks are wiped side by side, each at the scenario's flow.
fn wipe_time(plane: &ControlPlaneSpec, row: Option<&InstanceType>) -> SimDuration {
    let (Some(flow), Some(disks)) = (&plane.wipe_bandwidth, row.and_then(|row| row.local_disks.as_ref()))
    else {
        return SimDuration::ZERO;
    };
    let bytes = u128::from(disks.gib_each) << 30;
    let micros = (bytes * 1_000_000).div_ceil(u128::from(flow.bytes_per_second()));
    SimDuration(micros.try_into().unwrap_or(u64::MAX))
}
