//! Checks of a workload that need the whole of it, or what the scenario defines elsewhere.

use std::collections::BTreeMap;

use super::super::did_you_mean;
use super::super::units::At;
use super::{
    ArrivalsSpec, BatchSpec, BurstsSpec, Choice, DataDiskSpec, DaySpec, Fault, FleetSpec, MixSpec, Rows,
    SystemDiskSpec, WeekSpec, WorkloadSpec, Wrong,
};
use crate::api::ErrorTable;
use crate::model::InstanceType;

/// The names that a workload can refer to.
#[derive(Clone, Debug, Default)]
pub struct Known<'a> {
    /// Regions of the scenario with their zones, in its order.
    pub regions: Vec<(&'a str, Vec<&'a str>)>,
    /// Accounts of the scenario, in its order.
    pub accounts: Vec<&'a str>,
    /// Instance types of the catalog and of the scenario.
    pub types: Vec<&'a str>,
    /// The scenario's own ones of them.
    pub own_types: &'a [InstanceType],
    /// Images of the catalog and of the scenario.
    pub images: Vec<&'a str>,
    /// Disk categories.
    pub disk_categories: Vec<&'a str>,
}

impl WorkloadSpec {
    /// Everything that is wrong with the workload, in the order of its keys.
    pub fn check(&self, known: &Known<'_>) -> Vec<Wrong> {
        let mut wrongs = Wrongs(Vec::new());
        self.check_source(known, &mut wrongs);
        self.check_generator(&mut wrongs);
        let zones = self.check_region(known, &mut wrongs);
        if let Some(accounts) = &self.accounts {
            wrongs.weights(accounts, "account", &known.accounts);
        }
        for mix in &self.mix {
            mix.get().check(known, &mut wrongs);
            if self.lifetime.is_none() && mix.get().lifetime.is_none() && self.fleet.is_none() {
                wrongs.add(
                    mix,
                    "neither the entry nor the workload says how long instances live: set `lifetime`",
                );
            }
        }
        if !self.mix.is_empty() && self.mix.iter().all(|mix| *mix.get().weight.get() == 0.0) {
            wrongs.add(&self.name, "every mix entry has weight 0");
        }
        if let Some(lifetime) = &self.lifetime {
            wrongs.take(lifetime.get().resolve());
        }
        check_request(known, &self.image, &self.system_disk, &self.data_disks, &mut wrongs);
        wrongs.params(&self.params, &self.name);
        self.check_faults(zones, &mut wrongs);
        if let Some(load) = &self.load {
            wrongs.take(load.get().resolve());
        }
        if let Some(client) = &self.client {
            wrongs.take(client.get().check());
        }
        if let Some(habits) = &self.operations {
            wrongs.0.extend(habits.get().check());
        }
        wrongs.0
    }

    fn check_source(&self, known: &Known<'_>, wrongs: &mut Wrongs) {
        const ONE: &str =
            "a workload has `arrivals`, a `closed_loop`, a `fleet` or a `trace`, not several of them";
        if let Some(fleet) = &self.fleet {
            if self.arrivals.is_some() || self.trace.is_some() || self.closed_loop.is_some() {
                wrongs.add(fleet, ONE);
            }
            if self.mix.is_empty() {
                wrongs.add(fleet, "a fleet needs a `mix` of at least one entry");
            }
            return fleet.get().check(wrongs);
        }
        if let Some(closed) = &self.closed_loop {
            if self.arrivals.is_some() || self.trace.is_some() {
                wrongs.add(closed, ONE);
            }
            if self.mix.is_empty() {
                wrongs.add(closed, "a closed loop needs a `mix` of at least one entry");
            }
            return closed.get().check(wrongs);
        }
        match (&self.arrivals, &self.trace) {
            (None, None) => {
                wrongs.add(&self.name, "a workload needs `arrivals`, `closed_loop`, `fleet` or `trace`");
            }
            (Some(_), Some(trace)) => wrongs.add(trace, "a workload has `arrivals` or a `trace`, not both"),
            (Some(arrivals), None) => {
                arrivals.get().check(wrongs);
                if self.mix.is_empty() {
                    wrongs.add(&self.name, "a workload with arrivals needs a `mix` of at least one entry");
                }
            }
            (None, Some(trace)) => {
                if let Some(mix) = self.mix.first() {
                    wrongs.add(mix, "a trace says itself what is asked for: `mix` means nothing to it");
                }
                if trace.get().path.as_ref().is_some_and(|path| path.get().is_empty()) {
                    wrongs.add(trace, "the path of the trace is empty");
                }
                trace.get().check(known, wrongs);
            }
        }
    }

    /// Checks region and zones; the number of the region's zones, when it is known.
    fn check_region(&self, known: &Known<'_>, wrongs: &mut Wrongs) -> Option<usize> {
        let names: Vec<&str> = known.regions.iter().map(|(region, _)| *region).collect();
        let region = match &self.region {
            None => known.regions.first(),
            Some(region) => {
                wrongs.named(region, "region", &names);
                known.regions.iter().find(|(name, _)| name == region.get())
            }
        };
        let Some((name, zones)) = region else {
            if self.region.is_none() {
                wrongs.add(&self.name, "the scenario has no region for it");
            }
            return None;
        };
        if zones.is_empty() {
            wrongs.add(&self.name, format!("region `{name}` has no zone"));
        }
        if let Some(weights) = &self.zones {
            wrongs.weights(weights, "zone", zones);
        }
        Some(zones.len())
    }

    fn check_faults(&self, zones: Option<usize>, wrongs: &mut Wrongs) {
        if let Some(rows) = self.faults.as_ref().and_then(|faults| faults.get().rows.as_ref())
            && let Rows::Only(numbers) = rows.get()
        {
            let rows_known = ErrorTable::shipped();
            if let Some(row) = numbers.iter().find(|row| rows_known.row(**row).is_none()) {
                let most = rows_known.rows().len();
                wrongs.add(rows, format!("the error table has rows 1 to {most}, and no row {row}"));
            }
            if numbers.is_empty() {
                wrongs.add(rows, "no row is named: write `\"all\"` or a list such as `[1, 45]`");
            }
        }
        let Some(kinds) = self.faults.as_ref().and_then(|faults| faults.get().kinds.as_ref()) else { return };
        let weights: Vec<f64> = kinds.get().values().copied().collect();
        if Choice::new(&weights).is_none() {
            wrongs.add(kinds, "weights of faults are numbers of at least 0, not all of them 0");
        }
        if zones == Some(1) && kinds.get().contains_key(&Fault::WrongZone) {
            wrongs.add(kinds, "`wrong-zone` needs a region of at least two zones");
        }
    }
}

impl MixSpec {
    fn check(&self, known: &Known<'_>, wrongs: &mut Wrongs) {
        wrongs.named(&self.instance_type, "instance type", &known.types);
        for other in &self.or {
            wrongs.named(other, "instance type", &known.types);
        }
        if let Some(load) = &self.load {
            wrongs.take(load.get().resolve());
        }
        wrongs.number(&self.weight, 0.0, 1e12);
        if let Some(lifetime) = &self.lifetime {
            wrongs.take(lifetime.get().resolve());
        }
        check_request(known, &self.image, &self.system_disk, &self.data_disks, wrongs);
        wrongs.params(&self.params, &self.instance_type);
    }
}

fn check_request(
    known: &Known<'_>,
    image: &Option<At<String>>,
    system_disk: &Option<At<SystemDiskSpec>>,
    data_disks: &Option<At<Vec<DataDiskSpec>>>,
    wrongs: &mut Wrongs,
) {
    if let Some(image) = image {
        wrongs.named(image, "image", &known.images);
    }
    if let Some(category) = system_disk.as_ref().and_then(|disk| disk.get().category.as_ref()) {
        wrongs.named(category, "disk category", &known.disk_categories);
    }
    let Some(disks) = data_disks else { return };
    for disk in disks.get() {
        if let Some(category) = &disk.category {
            wrongs.named(category, "disk category", &known.disk_categories);
        }
    }
    // The API takes 16 data disks and the gate judges that; this bound only guards memory.
    let count: u64 = disks.get().iter().map(|disk| u64::from(*disk.count.get())).sum();
    if count > 64 {
        wrongs.add(disks, format!("{count} data disks: more than 64 are never asked for"));
    }
}

impl ArrivalsSpec {
    fn check(&self, wrongs: &mut Wrongs) {
        let rate = self.rate.get().per_second();
        if !(1e-12..=1e9).contains(&rate) {
            wrongs.add(&self.rate, "the rate must be above 0 and at most 1e9 a second");
        }
        if let Some(hours) = &self.utc_offset_hours {
            wrongs.number(hours, -12.0, 14.0);
        }
        if let Some(day) = &self.day {
            day.get().check(day, wrongs);
        }
        if let Some(week) = &self.week {
            week.get().check(week, wrongs);
        }
        if let Some(bursts) = &self.bursts {
            bursts.get().check(wrongs);
        }
        self.check_more(wrongs);
        if let Some(batch) = &self.batch {
            batch.get().check(batch, wrongs);
        }
    }
}

impl FleetSpec {
    fn check(&self, wrongs: &mut Wrongs) {
        if !(1..=1_000_000).contains(self.size.get()) {
            wrongs.add(&self.size, "the size of a fleet is a whole number from 1 to 1000000");
        }
        if self.every.get().is_zero() || self.every.get().is_forever() {
            wrongs.add(&self.every, "must be a duration that ends, and longer than nothing");
        }
        if let Some(step) = self.step.as_ref().filter(|step| *step.get() == 0) {
            wrongs.add(step, "a step of nothing never gets there");
        }
        if let Some(hours) = &self.utc_offset_hours {
            wrongs.number(hours, -12.0, 14.0);
        }
        if let Some(day) = &self.day {
            day.get().check(day, wrongs);
        }
        if let Some(week) = &self.week {
            week.get().check(week, wrongs);
        }
    }
}

impl DaySpec {
    fn check(&self, at: &At<DaySpec>, wrongs: &mut Wrongs) {
        match (&self.shape, &self.swing) {
            (Some(shape), None) if self.peak_hour.is_none() => wrongs.shape(shape, 24, "hours"),
            (None, Some(_)) => {
                if let Some(hour) = &self.peak_hour {
                    wrongs.number(hour, 0.0, 24.0);
                }
            }
            _ => wrongs.add(at, "a day is shaped by `swing` (and `peak_hour`) or by a `shape` of 24 numbers"),
        }
    }
}

impl WeekSpec {
    fn check(&self, at: &At<WeekSpec>, wrongs: &mut Wrongs) {
        match (&self.shape, &self.weekend) {
            (Some(shape), None) => wrongs.shape(shape, 7, "days from Monday"),
            (None, Some(weekend)) => wrongs.number(weekend, 0.0, 1e3),
            _ => wrongs.add(at, "a week is shaped by `weekend` or by a `shape` of 7 numbers"),
        }
    }
}

impl BurstsSpec {
    fn check(&self, wrongs: &mut Wrongs) {
        for span in [&self.every, &self.length] {
            if span.get().is_zero() || span.get().is_forever() {
                wrongs.add(span, "must be a duration that ends, and longer than nothing");
            }
        }
        wrongs.number(&self.factor, 0.0, 1e6);
    }
}

impl BatchSpec {
    fn check(&self, at: &At<BatchSpec>, wrongs: &mut Wrongs) {
        match (&self.mean, &self.sizes) {
            (Some(mean), None) if self.weights.is_none() => wrongs.number(mean, 1.0, 1e6),
            (None, Some(sizes)) => {
                if sizes.get().is_empty() || sizes.get().iter().any(|size| !(1..=1_000_000).contains(size)) {
                    wrongs.add(sizes, "sizes of batches are whole numbers from 1 to 1000000");
                }
                if let Some(weights) = &self.weights
                    && (weights.get().len() != sizes.get().len() || Choice::new(weights.get()).is_none())
                {
                    wrongs.add(weights, "one weight of at least 0 for each of `sizes` is needed, not all 0");
                }
            }
            _ => wrongs.add(at, "batches have a `mean`, or `sizes` (and `weights`)"),
        }
    }
}

pub(super) struct Wrongs(Vec<Wrong>);

impl Wrongs {
    pub(super) fn add<T>(&mut self, at: &At<T>, what: impl Into<String>) {
        self.0.push(Wrong::at(at, what));
    }

    pub(super) fn take<T>(&mut self, result: Result<T, Wrong>) {
        self.0.extend(result.err());
    }

    /// Something wrong with a value whose place is not kept.
    pub(super) fn nowhere(&mut self, what: String) {
        self.0.push(Wrong { span: 0..0, what });
    }

    pub(super) fn number(&mut self, value: &At<f64>, low: f64, high: f64) {
        if !(low..=high).contains(value.get()) {
            self.add(value, format!("must be a number from {low} to {high}"));
        }
    }

    pub(super) fn shape(&mut self, values: &At<Vec<f64>>, count: usize, of: &str) {
        let usable = values.get().len() == count && Choice::new(values.get()).is_some();
        if !usable {
            self.add(values, format!("needs {count} numbers ({of}) of at least 0, not all of them 0"));
        }
    }

    fn named(&mut self, name: &At<String>, kind: &str, known: &[&str]) {
        if let Some(what) = unknown(name.get(), kind, known) {
            self.add(name, what);
        }
    }

    fn weights(&mut self, weights: &At<BTreeMap<String, f64>>, kind: &str, known: &[&str]) {
        for name in weights.get().keys() {
            if let Some(what) = unknown(name, kind, known) {
                self.add(weights, what);
            }
        }
        let values: Vec<f64> = weights.get().values().copied().collect();
        if Choice::new(&values).is_none() {
            self.add(weights, format!("weights of {kind}s are numbers of at least 0, not all of them 0"));
        }
    }

    fn params<T>(&mut self, params: &BTreeMap<String, String>, at: &At<T>) {
        for name in params.keys().filter(|name| fixed(name)) {
            self.add(at, format!("parameter `{name}` cannot be set through `params`"));
        }
    }
}

/// Parameters that the workload sets itself.
const FIXED: [&str; 5] = ["Action", "RegionId", "InstanceType", "ImageId", "ZoneId"];

/// True for a parameter that cannot be set by hand.
pub(super) fn fixed(name: &str) -> bool {
    name.is_empty() || FIXED.contains(&name)
}

/// What to say when `name` is none of `known`.
fn unknown(name: &str, kind: &str, known: &[&str]) -> Option<String> {
    if known.contains(&name) {
        return None;
    }
    let hint = did_you_mean(name, known.iter().copied()).map(|help| format!(": {help}")).unwrap_or_default();
    Some(format!("unknown {kind} `{name}`{hint}"))
}
