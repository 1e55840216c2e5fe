//! What generated requests ask for: a mix that may drift, zones, accounts, lifetimes, faults.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::{Choice, Distribution, Fault, Rows, WorkloadSpec, Wrong};
use crate::validate::estate::{self, Estate};

use super::client::add_alternatives;
use super::dist::normal;
use super::template::{Builder, Parts, Place, check_count};
use super::{End, Setting, Template, WorkloadError};

/// Makes the requests of one workload, without their moments.
pub(super) struct Requests {
    mix: Mix,
    zone: Picker,
    account: Picker,
    faults: Option<Faults>,
    /// Law and stream by mix entry.
    lifetimes: Vec<(Distribution, Stream)>,
    /// Factor of all lifetimes by place among the accounts; none where they do not hang on the account.
    account_factors: Vec<f64>,
    /// First of the good templates, which follow by mix entry, zone and account.
    first: u32,
}

/// One request.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    pub(super) template: u32,
    /// Mix entry.
    entry: usize,
    /// Place among the workload's accounts.
    account: usize,
}

pub(super) struct Picker {
    choice: Choice,
    stream: Stream,
}

impl Picker {
    pub(super) fn new(choice: Choice, stream: Stream) -> Picker {
        Picker { choice, stream }
    }

    pub(super) fn draw(&mut self) -> u32 {
        self.choice.at(self.stream.unit()) as u32
    }

    pub(super) fn shares(&self) -> impl Iterator<Item = f64> + '_ {
        self.choice.shares()
    }
}

/// The choice among the mix entries.
struct Mix {
    picker: Picker,
    /// Where weights drift: by entry the weight at the start, the one that it goes to, and the microsecond of that.
    drift: Option<Vec<(f64, f64, f64)>>,
}

impl Mix {
    /// The entry of a request at a moment.
    fn draw(&mut self, at: SimTime) -> u32 {
        if self.drift.is_some() { self.draw_drifted(at) } else { self.picker.draw() }
    }

    #[inline(never)]
    fn draw_drifted(&mut self, at: SimTime) -> u32 {
        let Some(drift) = &self.drift else { return self.picker.draw() };
        let weight = |(from, to, by): &(f64, f64, f64)| from + (to - from) * (at.0 as f64 / by).min(1.0);
        let weights: Vec<f64> = drift.iter().map(weight).collect();
        let mut left = self.picker.stream.unit() * weights.iter().sum::<f64>();
        for (entry, weight) in weights.iter().enumerate() {
            if left < *weight {
                return entry as u32;
            }
            left -= weight;
        }
        // Rounding may leave a rest beyond the last weight.
        weights.iter().rposition(|weight| *weight > 0.0).unwrap_or(0) as u32
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

impl Requests {
    /// Points to templates that stand `by` places further on.
    pub(super) fn move_templates(&mut self, by: u32) {
        self.first += by;
        if let Some(faults) = &mut self.faults {
            faults.first += by;
            faults.first_row += by;
        }
    }

    pub(super) fn new(
        spec: &WorkloadSpec,
        number: u32,
        setting: &Setting<'_>,
        builder: &mut Builder,
    ) -> Result<Requests, WorkloadError> {
        let name = spec.name.get();
        let wrong = |wrong: Wrong| WorkloadError::Wrong { workload: name.clone(), wrong };
        let unsound = || wrong(Wrong::at(&spec.name, "a weight or a name is not sound"));
        let place = Place::new(spec, number, setting).ok_or_else(unsound)?;
        let weights: Vec<f64> = spec.mix.iter().map(|mix| *mix.get().weight.get()).collect();
        let mix = Choice::new(&weights).ok_or_else(unsound)?;
        let faults = fault_kinds(spec, place_count(spec, setting));
        let rows = fault_rows(spec);
        let variants = place.accounts.len().saturating_add(faults.len());
        let others: usize = spec.mix.iter().map(|mix| mix.get().or.len()).sum();
        let kinds = mix.len().saturating_add(others);
        check_count(name, kinds.saturating_mul(place.zones.len()).saturating_mul(variants))?;

        let streams = Streams::new(setting.seed);
        let stream = |purpose: &str, entity| streams.stream(&format!("workload/{name}/{purpose}"), entity);
        let picker = |purpose: &str, choice| Picker { choice, stream: stream(purpose, 0) };
        let mut lifetimes = Vec::with_capacity(mix.len());
        for (entry, mix) in spec.mix.iter().enumerate() {
            // Where groups say how long they live, an entry may not.
            let law = mix.get().lifetime.as_ref().or(spec.lifetime.as_ref());
            let law = match law {
                Some(law) => law.get().resolve().map_err(wrong)?,
                None if !spec.groups.is_empty() => Distribution::Forever,
                // The fleet itself says when they go.
                None if spec.fleet.is_some() => Distribution::Constant(f64::INFINITY),
                None => return Err(wrong(Wrong::at(mix, "no lifetime"))),
            };
            lifetimes.push((law, stream("lifetime", entry as u64)));
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
        add_alternatives(spec, &place, first, builder);
        let account_factors = match &spec.lifetime_by_account {
            None => Vec::new(),
            Some(sigma) => {
                let sigma = *sigma.get();
                // By the account's own number, so that another account changes no other's factor.
                let factor = |account: &crate::model::AccountIx| {
                    let mut stream = stream("lifetime-by-account", account.0.into());
                    libm::exp(sigma * normal(&mut stream) - sigma * sigma / 2.0)
                };
                place.accounts.iter().map(factor).collect()
            }
        };
        Ok(Requests {
            mix: Mix { picker: picker("mix", mix), drift: drift(spec) },
            zone: picker("zone", place.zone_choice),
            account: picker("account", place.account_choice),
            faults,
            lifetimes,
            account_factors,
            first,
        })
    }

    /// One request. Every stream is drawn from every time, whatever the others say.
    pub(super) fn draw(&mut self, at: SimTime) -> Drawn {
        let (entry, zone, account) = (self.mix.draw(at), self.zone.draw(), self.account.draw());
        self.drawn(entry, zone, account)
    }

    /// One request of an account that is known.
    pub(super) fn draw_for(&mut self, at: SimTime, account: u32) -> Drawn {
        let (entry, zone) = (self.mix.draw(at), self.zone.draw());
        self.drawn(entry, zone, account)
    }

    /// Every stream, in an order that is always the same.
    pub(super) fn streams(&self) -> impl Iterator<Item = &Stream> {
        let Requests { mix, zone, account, faults, lifetimes, account_factors: _, first: _ } = self;
        let pickers = [&mix.picker.stream, &zone.stream, &account.stream];
        let faults = faults.iter().flat_map(|faults| [&faults.kind.stream, &faults.stream]);
        pickers.into_iter().chain(faults).chain(lifetimes.iter().map(|(_, stream)| stream))
    }

    /// As [`Requests::streams`], to go on from other positions.
    pub(super) fn streams_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        let Requests { mix, zone, account, faults, lifetimes, account_factors: _, first: _ } = self;
        let pickers = [&mut mix.picker.stream, &mut zone.stream, &mut account.stream];
        let faults = faults.iter_mut().flat_map(|faults| [&mut faults.kind.stream, &mut faults.stream]);
        pickers.into_iter().chain(faults).chain(lifetimes.iter_mut().map(|(_, stream)| stream))
    }

    /// An account.
    pub(super) fn draw_account(&mut self) -> u32 {
        self.account.draw()
    }

    /// Zone and account of a group.
    pub(super) fn draw_place(&mut self) -> (u32, u32) {
        (self.zone.draw(), self.account.draw())
    }

    /// A request of a mix entry, zone and account; or a wrong one in its place.
    pub(super) fn drawn(&mut self, entry: u32, zone: u32, account: u32) -> Drawn {
        let (zones, accounts) = (self.zone.choice.len() as u32, self.account.choice.len() as u32);
        let mut template = self.first + (entry * zones + zone) * accounts + account;
        if let Some(faults) = &mut self.faults {
            let kind = faults.kind.draw();
            if faults.stream.unit() < faults.share {
                template = match kind.checked_sub(faults.kinds) {
                    Some(row) => faults.first_row + row,
                    None => {
                        faults.first + (kind * self.mix.picker.choice.len() as u32 + entry) * zones + zone
                    }
                };
            }
        }
        Drawn { template, entry: entry as usize, account: account as usize }
    }

    /// How long the instance of a request lives.
    pub(super) fn lifetime(&mut self, drawn: Drawn) -> SimDuration {
        let (law, stream) = &mut self.lifetimes[drawn.entry];
        match self.account_factors.get(drawn.account) {
            None => law.sample_span(stream),
            Some(factor) => SimDuration::from_secs_f64(law.sample(stream) * factor),
        }
    }

    /// A lifetime that a group has by another law, on its account.
    pub(super) fn scaled(&self, account: u32, secs: f64) -> SimDuration {
        SimDuration::from_secs_f64(secs * self.account_factors.get(account as usize).copied().unwrap_or(1.0))
    }
}

/// The end of an instance that lives so long from the moment it runs.
pub(super) fn end_after(lifetime: SimDuration) -> End {
    if lifetime == SimDuration::FOREVER { End::Never } else { End::After(lifetime) }
}

/// The end of instances that live so long from one moment.
pub(super) fn end_at(at: SimTime, lifetime: SimDuration) -> End {
    if lifetime == SimDuration::FOREVER { End::Never } else { End::At(at + lifetime) }
}

/// How the weights of a mix move; none when none does.
fn drift(spec: &WorkloadSpec) -> Option<Vec<(f64, f64, f64)>> {
    let moves = spec.mix.iter().any(|mix| mix.get().drift.is_some());
    let one = |mix: &crate::scenario::units::At<crate::scenario::workload::MixSpec>| {
        let from = *mix.get().weight.get();
        match &mix.get().drift {
            None => (from, from, 1.0),
            Some(drift) => (from, *drift.get().to.get(), drift.get().by.get().get().0 as f64),
        }
    };
    moves.then(|| spec.mix.iter().map(one).collect())
}

/// The good templates, by mix entry, zone and account; the place of the first.
fn add_templates(spec: &WorkloadSpec, place: &Place, builder: &mut Builder) -> u32 {
    let first = builder.templates.len() as u32;
    for (entry, mix) in (0..).zip(&spec.mix) {
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
                template.entry = Some(entry);
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
        for (entry, mix) in (0..).zip(&spec.mix) {
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
                template.entry = Some(entry);
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
            entry: None,
            instead: Vec::new(),
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
