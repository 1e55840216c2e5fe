//! Names of what observers are told about by number.

use crate::model::{Resources, Utc, ZoneIx};
use crate::scenario::Scenario;
use crate::workload::Workload;

use super::cloud::Cloud;
use super::templates::Template;

/// Names and sizes that hold for a whole run.
#[derive(Clone, Debug)]
pub struct Labels {
    /// Date of the start of the run.
    pub start: Utc,
    /// Zones by [`ZoneIx`].
    pub zones: Vec<String>,
    /// Instance types by [`crate::model::TypeIx`].
    pub types: Vec<String>,
    /// Host classes by [`crate::model::ClassIx`].
    pub classes: Vec<String>,
    /// Requests by template.
    pub templates: Vec<TemplateLabel>,
    /// Ids of the dedicated hosts of the scenario with the host's number, in order of number.
    pub dedicated_hosts: Vec<(u32, String)>,
}

/// What the requests of one template have in common.
#[derive(Clone, Debug)]
pub struct TemplateLabel {
    /// Name of the workload that sends them.
    pub workload: String,
    /// Account that sends them.
    pub account: String,
    /// Instance type as named in the request, existing or not.
    pub instance_type: String,
    /// Zone that they are meant for, when there is one of that name.
    pub zone: Option<ZoneIx>,
    /// What an instance takes.
    pub demand: Resources,
    /// Wrong on purpose.
    pub faulty: bool,
}

impl Labels {
    pub(super) fn new(
        scenario: &Scenario,
        cloud: &Cloud,
        workload: &Workload,
        templates: &[Template],
    ) -> Labels {
        let value = |params: &[(String, String)], name: &str| {
            let found = params.iter().find(|(known, _)| known == name);
            found.map_or_else(String::new, |(_, value)| value.clone())
        };
        let template = |(wire, parsed): (&crate::workload::Template, &Template)| TemplateLabel {
            workload: workload.names()[wire.workload as usize].clone(),
            account: scenario.accounts[wire.account.at()].clone(),
            instance_type: value(&wire.params, "InstanceType"),
            zone: parsed.zone,
            demand: parsed.demand,
            faulty: parsed.faulty,
        };
        // Dedicated hosts come after the hosts of all pools (`sim::build`).
        let shared: u32 = scenario.pools.iter().map(|pool| pool.hosts).sum();
        let dedicated = scenario.dedicated_hosts.iter().enumerate();
        Labels {
            start: scenario.spec.start.0,
            zones: cloud.world.all_zones().map(|(_, name)| name.to_owned()).collect(),
            types: cloud.world.instance_types().map(|(_, name, ..)| name.to_owned()).collect(),
            classes: scenario.classes.iter().map(|class| class.name.clone()).collect(),
            templates: workload.templates().iter().zip(templates).map(template).collect(),
            dedicated_hosts: dedicated.map(|(at, host)| (shared + at as u32, host.id.clone())).collect(),
        }
    }

    /// Name of a zone.
    pub fn zone(&self, zone: ZoneIx) -> &str {
        &self.zones[zone.at()]
    }

    /// What the requests of a template have in common.
    pub fn template(&self, template: u32) -> &TemplateLabel {
        &self.templates[template as usize]
    }
}
