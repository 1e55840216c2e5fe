//! Generated requests: arrivals, a mix, lifetimes, faults.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::{ArrivalsSpec, Choice, Distribution, Fault, Rows, WorkloadSpec, Wrong};
use crate::validate::estate::{self, Estate};

use super::arrivals::Arrivals;
use super::template::{Builder, Parts, Place, check_count};
use super::{Arrival, End, Setting, Template, WorkloadError};

/// Makes the arrivals of one workload.
pub(super) struct Generator {
    arrivals: Arrivals,
    alike: bool,
    mix: Picker,
    zone: Picker,
    account: Picker,
    faults: Option<Faults>,
    /// Law and stream by mix entry.
    lifetimes: Vec<(Distribution, Stream)>,
    /// First of the good templates, which follow by mix entry, zone and account.
    first: u32,
    /// What is left of the current batch.
    batch: Batch,
}

struct Picker {
    choice: Choice,
    stream: Stream,
}

impl Picker {
    fn draw(&mut self) -> u32 {
        self.choice.at(self.stream.unit()) as u32
    }
}

struct Faults {
    share: f64,
    kind: Picker,
    /// Which requests are wrong.
    stream: Stream,
    /// Kinds of fault; what is drawn beyond them is a row.
    kinds: u32,
    /// First of the wrong templates, which follow by fault, mix entry and zone.
    first: u32,
    /// First of the templates of rows.
    first_row: u32,
}

#[derive(Default)]
struct Batch {
    at: SimTime,
    left: u32,
    /// Template and mix entry of a batch that is alike.
    shared: Option<(u32, usize)>,
}

impl Generator {
    pub(super) fn new(
        spec: &WorkloadSpec,
        number: u32,
        arrivals: &ArrivalsSpec,
        setting: &Setting<'_>,
        builder: &mut Builder,
    ) -> Result<Generator, WorkloadError> {
        let name = spec.name.get();
        let wrong = |wrong: Wrong| WorkloadError::Wrong { workload: name.clone(), wrong };
        let unsound = || wrong(Wrong::at(&spec.name, "a weight or a name is not sound"));
        let place = Place::new(spec, number, setting).ok_or_else(unsound)?;
        let weights: Vec<f64> = spec.mix.iter().map(|mix| *mix.get().weight.get()).collect();
        let mix = Choice::new(&weights).ok_or_else(unsound)?;
        let faults = fault_kinds(spec, place_count(spec, setting));
        let rows = fault_rows(spec);
        let variants = place.accounts.len().saturating_add(faults.len());
        check_count(name, mix.len().saturating_mul(place.zones.len()).saturating_mul(variants))?;

        let streams = Streams::new(setting.seed);
        let stream = |purpose: &str, entity| streams.stream(&format!("workload/{name}/{purpose}"), entity);
        let picker = |purpose: &str, choice| Picker { choice, stream: stream(purpose, 0) };
        let mut lifetimes = Vec::with_capacity(mix.len());
        for (entry, mix) in spec.mix.iter().enumerate() {
            let law = mix.get().lifetime.as_ref().or(spec.lifetime.as_ref());
            let law = law.ok_or_else(|| wrong(Wrong::at(mix, "no lifetime")))?;
            lifetimes.push((law.get().resolve().map_err(wrong)?, stream("lifetime", entry as u64)));
        }
        let first = add_templates(spec, &place, builder);
        let faults = match (&spec.faults, fault_choice(&faults, rows.len())) {
            (Some(wanted), Some(choice)) => {
                let all_zones = zones_of(&place.region, setting);
                Some(Faults {
                    share: wanted.get().share.get().get(),
                    kinds: faults.len() as u32,
                    first: add_faulty(spec, &place, &faults, &all_zones, builder),
                    first_row: add_rows(number, &place, &rows, builder),
                    kind: picker("fault-kind", choice),
                    stream: stream("faults", 0),
                })
            }
            _ => None,
        };
        Ok(Generator {
            arrivals: Arrivals::new(arrivals, &streams, name, &place.region, setting.start, setting.duration),
            alike: arrivals.batch.as_ref().is_some_and(|batch| batch.get().alike),
            mix: picker("mix", mix),
            zone: picker("zone", place.zone_choice),
            account: picker("account", place.account_choice),
            faults,
            lifetimes,
            first,
            batch: Batch::default(),
        })
    }

    pub(super) fn next(&mut self) -> Option<Arrival> {
        if self.batch.left == 0 {
            let (at, size) = self.arrivals.next()?;
            let shared = if self.alike { Some(self.draw_request()) } else { None };
            self.batch = Batch { at, left: size, shared };
        }
        self.batch.left -= 1;
        let (template, entry) = match self.batch.shared {
            Some(shared) => shared,
            None => self.draw_request(),
        };
        let (law, stream) = &mut self.lifetimes[entry];
        let end = match law.sample_span(stream) {
            SimDuration::FOREVER => End::Never,
            span => End::After(span),
        };
        Some(Arrival { at: self.batch.at, template, end })
    }

    /// Template and mix entry of a request. Every stream is drawn from every time, whatever the others say.
    fn draw_request(&mut self) -> (u32, usize) {
        let (entry, zone, account) = (self.mix.draw(), self.zone.draw(), self.account.draw());
        let (zones, accounts) = (self.zone.choice.len() as u32, self.account.choice.len() as u32);
        let mut template = self.first + (entry * zones + zone) * accounts + account;
        if let Some(faults) = &mut self.faults {
            let kind = faults.kind.draw();
            if faults.stream.unit() < faults.share {
                template = match kind.checked_sub(faults.kinds) {
                    Some(row) => faults.first_row + row,
                    None => faults.first + (kind * self.mix.choice.len() as u32 + entry) * zones + zone,
                };
            }
        }
        (template, entry as usize)
    }
}

/// The good templates, by mix entry, zone and account; the place of the first.
fn add_templates(spec: &WorkloadSpec, place: &Place, builder: &mut Builder) -> u32 {
    let first = builder.templates.len() as u32;
    for mix in &spec.mix {
        let parts = Parts::new(spec, Some(mix.get()));
        for zone in &place.zones {
            for account in &place.accounts {
                let mut template = place.template(
                    (&place.region, zone),
                    mix.get().instance_type.get(),
                    parts.image,
                    *account,
                );
                parts.apply(&mut template);
                builder.add(template);
            }
        }
    }
    first
}

/// The wrong templates, by fault, mix entry and zone, the accounts in turn; the place of the first.
fn add_faulty(
    spec: &WorkloadSpec,
    place: &Place,
    faults: &[(Fault, f64)],
    all_zones: &[&str],
    builder: &mut Builder,
) -> u32 {
    let first = builder.templates.len();
    for (fault, _) in faults {
        for mix in &spec.mix {
            let parts = Parts::new(spec, Some(mix.get()));
            for zone in &place.zones {
                let account = place.accounts[(builder.templates.len() - first) % place.accounts.len()];
                let mut template = place.template(
                    (&place.region, zone),
                    mix.get().instance_type.get(),
                    parts.image,
                    account,
                );
                parts.apply(&mut template);
                let other = all_zones.iter().find(|other| *other != zone).copied();
                template.spoil(*fault, other);
                builder.add(template);
            }
        }
    }
    first as u32
}

/// The faults that a workload makes, with their weights. By default all that the region allows.
fn fault_kinds(spec: &WorkloadSpec, zones: usize) -> Vec<(Fault, f64)> {
    let Some(faults) = &spec.faults else { return Vec::new() };
    match &faults.get().kinds {
        Some(kinds) => kinds
            .get()
            .iter()
            .map(|(fault, weight)| (*fault, *weight))
            .filter(|(_, weight)| *weight > 0.0)
            .collect(),
        None if faults.get().rows.is_some() => Vec::new(),
        None => {
            let possible = Fault::ALL.iter().filter(|fault| zones > 1 || **fault != Fault::WrongZone);
            possible.map(|fault| (*fault, 1.0)).collect()
        }
    }
}

/// The rows that a workload draws from.
pub(super) fn fault_rows(spec: &WorkloadSpec) -> Vec<u16> {
    match spec.faults.as_ref().and_then(|faults| faults.get().rows.as_ref()).map(|rows| rows.get()) {
        None => Vec::new(),
        Some(Rows::All) => estate::rows().collect(),
        Some(Rows::Only(rows)) => rows.clone(),
    }
}

/// The templates of rows of the error table; the place of the first.
fn add_rows(number: u32, place: &Place, rows: &[u16], builder: &mut Builder) -> u32 {
    let first = builder.templates.len() as u32;
    for estate in rows.iter().filter_map(|row| Estate::of_row(*row)) {
        builder.add(Template {
            params: estate.params,
            workload: number,
            account: place.accounts[0],
            region: estate.region,
            zone: estate.zone,
            needs_vswitch: false,
            fault: None,
            row: Some(estate.row),
        });
    }
    first
}

/// Kinds of fault by weight, then so many rows of weight 1.
fn fault_choice(faults: &[(Fault, f64)], rows: usize) -> Option<Choice> {
    let weights: Vec<f64> =
        faults.iter().map(|(_, weight)| *weight).chain(std::iter::repeat_n(1.0, rows)).collect();
    Choice::new(&weights)
}

/// All zones of a region, also those that the workload does not ask for.
fn zones_of<'a>(region: &str, setting: &Setting<'a>) -> Vec<&'a str> {
    let regions = &setting.known.regions;
    regions.iter().find(|(name, _)| *name == region).map(|(_, zones)| zones.clone()).unwrap_or_default()
}

/// Number of zones of the workload's region.
fn place_count(spec: &WorkloadSpec, setting: &Setting<'_>) -> usize {
    let first = setting.known.regions.first().map(|(name, _)| *name);
    let region = spec.region.as_ref().map(|region| region.get().as_str()).or(first);
    region.map_or(0, |region| zones_of(region, setting).len())
}
