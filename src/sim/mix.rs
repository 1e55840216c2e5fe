//! What a run has asked for so far: the mix that free room is judged by.

use crate::placement::DemandId;

use super::templates::Template;

/// Demands by zone, in the order in which they were first asked for. Requests that are wrong on purpose do not
/// count, nor do those for types that no host class serves.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Mix {
    seen: Vec<bool>,
    zones: Vec<Vec<DemandId>>,
}

impl Mix {
    pub(super) fn new(zones: usize, templates: usize) -> Mix {
        Mix { seen: vec![false; templates], zones: vec![Vec::new(); zones] }
    }

    /// Whether it is one of a workload with so many zones and templates.
    pub(super) fn fits(&self, zones: usize, templates: usize) -> bool {
        self.seen.len() == templates && self.zones.len() == zones
    }

    /// A request of this template came in.
    #[inline]
    pub(super) fn saw(&mut self, template: u32, templates: &[Template]) {
        if !self.seen[template as usize] {
            self.add(template, &templates[template as usize]);
        }
    }

    #[cold]
    fn add(&mut self, number: u32, template: &Template) {
        self.seen[number as usize] = true;
        let (Some(zone), Some(demand), false) = (template.zone, template.demand_id, template.faulty) else {
            return;
        };
        let zone = &mut self.zones[zone.at()];
        if !zone.contains(&demand) {
            zone.push(demand);
        }
    }

    /// The demands of each zone.
    pub(super) fn by_zone(&self) -> &[Vec<DemandId>] {
        &self.zones
    }
}
