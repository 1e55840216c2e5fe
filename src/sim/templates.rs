//! Requests of a workload, parsed once: what the simulator and the load benchmark send.

use std::collections::BTreeMap;

use crate::api::Request;
use crate::model::{AccountIx, InstanceType, Resources, TypeIx};
use crate::scenario::Scenario;
use crate::workload::{self, Workload};

use super::Cloud;
use super::cloud::vswitch_name;

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
    pub(crate) image_bytes: u64,
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
pub(super) struct Types(BTreeMap<String, InstanceType>);

impl Types {
    pub(super) fn new(scenario: &Scenario, workload: &Workload) -> Types {
        let shipped = &crate::catalog::Catalog::shipped().types;
        let rows = shipped.iter().chain(workload.required_types()).chain(&scenario.types);
        Types(rows.map(|row| (row.name.clone(), row.clone())).collect())
    }

    /// The type that a template asks for.
    pub(super) fn of(&self, template: &workload::Template) -> Option<&InstanceType> {
        let named = template.params.iter().find(|(name, _)| name == "InstanceType")?;
        self.0.get(&named.1)
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
    let account_id = &scenario.accounts[template.account.at()];
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
    let demand =
        types.iter().find(|row| row.name == named).map_or_else(Resources::default, |row| row.resources());
    let image = value("ImageId");
    let images = scenario.images.iter().chain(&crate::catalog::Catalog::shipped().images);
    let gib = images.into_iter().find(|known| known.id == image).map_or(0, |image| u64::from(image.size_gib));
    Template {
        requests,
        account: cloud
            .world
            .account_named(account_id)
            .expect("every account of the scenario is in its world"),
        instance_type: cloud.world.type_named(named),
        faulty: template.fault.is_some(),
        demand,
        image_bytes: gib << 30,
    }
}
