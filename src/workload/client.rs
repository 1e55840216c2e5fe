//! What clients ask for when there is no room, and how large a fleet wants to be.

use crate::model::{SimTime, Utc};
use crate::scenario::units::{At, Rate};
use crate::scenario::workload::{ArrivalsSpec, Fallback, FleetSpec, WorkloadSpec};

use super::shape::Shape;
use super::template::{Builder, Parts, Place};

/// Adds the templates of the types that mix entries name in `or`, and tells each good template what a client asks for
/// instead of it: other zones of one type before another type, each from its own zone on. `first` is the first of the
/// good templates, which follow by mix entry, zone and account.
pub(super) fn add_alternatives(spec: &WorkloadSpec, place: &Place, first: u32, builder: &mut Builder) {
    let Some(client) = &spec.client else { return };
    let (other_zones, other_types) = {
        let takes = |fallback| client.get().fallback.contains(&fallback);
        (takes(Fallback::Zone), takes(Fallback::Type))
    };
    let (zones, accounts) = (place.zones.len() as u32, place.accounts.len() as u32);
    for (entry, mix) in (0..).zip(&spec.mix) {
        // Where the templates of each type begin, its own first.
        let mut begins = vec![first + entry * zones * accounts];
        let others = mix.get().or.iter().filter(|_| other_types);
        begins.extend(others.map(|other| {
            let parts = Parts::new(spec, Some(mix.get()));
            let begin = builder.templates.len() as u32;
            for zone in &place.zones {
                for account in &place.accounts {
                    let mut template =
                        place.template((&place.region, zone), other.get(), parts.image, *account);
                    parts.apply(&mut template);
                    template.entry = Some(entry);
                    builder.add(template);
                }
            }
            begin
        }));
        for zone in 0..zones {
            for account in 0..accounts {
                let at = |begin: u32, zone: u32| begin + zone * accounts + account;
                let turns = if other_zones { zones } else { 1 };
                let all = begins
                    .iter()
                    .flat_map(|begin| (0..turns).map(move |turn| at(*begin, (zone + turn) % zones)));
                builder.templates[at(begins[0], zone) as usize].instead = all.skip(1).collect();
            }
        }
    }
}

/// The size that a fleet wants.
#[derive(Debug)]
pub(crate) struct Target {
    size: f64,
    shape: Option<Shape>,
}

impl Target {
    pub(crate) fn new(spec: &FleetSpec, start: Utc, region: &str) -> Target {
        // The shape of a week is that of an arrival process; its rate has no part in it.
        let process = ArrivalsSpec {
            rate: At::default_of(Rate::per_second_of(1.0).expect("one is a rate")),
            day: spec.day.clone(),
            week: spec.week.clone(),
            utc_offset_hours: spec.utc_offset_hours.clone(),
            hours: None,
            each: None,
            course: None,
            spacing: None,
            states: Vec::new(),
            flash: Vec::new(),
            bursts: None,
            batch: None,
        };
        Target { size: f64::from(*spec.size.get()), shape: Shape::new(&process, start, region) }
    }

    /// Wanted number of instances at a moment of the run.
    pub(crate) fn at(&self, moment: SimTime) -> u32 {
        (self.size * self.shape.as_ref().map_or(1.0, |shape| shape.at(moment))).round() as u32
    }
}
