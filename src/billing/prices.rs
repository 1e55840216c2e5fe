//! The price table.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use crate::model::{InstanceType, Money, Os};

/// Why a price table cannot be used: an error of the shipped file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("data/prices.csv:{line}: {what}")]
pub struct PriceError {
    /// Line, from 1 (the header).
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

/// Price of one instance type.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TypePrice {
    /// Pay as you go, an hour.
    pub hour: Money,
    /// By subscription, a month.
    pub month: Money,
}

/// What things cost. The figures of `data/prices.csv` are assumptions where the public documents name none; every row
/// says which. A scenario lays its own over them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prices {
    /// By item and name; `*` stands for every name that has no row.
    rows: BTreeMap<(String, String), Money>,
    /// Prices of types that are named as a whole.
    types: BTreeMap<String, TypePrice>,
    /// Prices of dedicated-host types, as far as they are named: an hour, a month.
    hosts: BTreeMap<String, (Option<Money>, Option<Money>)>,
}

/// Items of the table, with their unit.
const ITEMS: [(&str, &str); 9] = [
    ("vcpu", "vCPU hour"),
    ("memory", "GiB hour"),
    ("gpu", "device hour"),
    ("local_disk", "GiB hour"),
    ("disk", "GiB hour"),
    ("bandwidth", "Mbit/s hour"),
    ("month", "hours"),
    ("credit", "CPU credit"),
    ("minimum", "life of an instance"),
];
const DUE: (&str, &str) = ("due", "month");

impl Prices {
    /// The table that ships with the program.
    pub fn shipped() -> &'static Prices {
        static SHIPPED: OnceLock<Prices> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            Prices::parse(include_str!("../../data/prices.csv")).expect("the shipped table is tested")
        })
    }

    /// Reads a table.
    ///
    /// # Errors
    /// A row of an unknown item or unit, twice the same, or without a price or a source.
    pub fn parse(text: &str) -> Result<Prices, PriceError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut rows = BTreeMap::new();
        for record in reader.deserialize::<Row>() {
            let line = |error: &csv::Error| error.position().map_or(0, csv::Position::line);
            let row = record.map_err(|error| PriceError { line: line(&error), what: error.to_string() })?;
            let wrong = |what: String| PriceError { line: rows.len() as u64 + 2, what };
            let known = ITEMS.iter().chain([&DUE]).find(|(item, _)| *item == row.item);
            if known.is_none_or(|(_, unit)| *unit != row.unit) {
                return Err(wrong(format!("there is no `{}` by the `{}`", row.item, row.unit)));
            }
            if !["assumed", "documented"].contains(&row.basis.as_str()) || row.source.is_empty() {
                return Err(wrong("a price is `assumed` or `documented`, and its source is told".to_owned()));
            }
            if !(row.usd.is_finite() && row.usd >= 0.0) {
                return Err(wrong(format!("{} is no price", row.usd)));
            }
            let key = (row.item, row.name);
            if rows.contains_key(&key) {
                return Err(wrong(format!("`{} {}` stands twice", key.0, key.1)));
            }
            rows.insert(key, Money::from_f64(row.usd));
        }
        let missing = ITEMS
            .iter()
            .chain([&DUE])
            .find(|(item, _)| *item != "credit" && !rows.contains_key(&((*item).to_owned(), "*".to_owned())));
        if let Some((item, _)) = missing {
            return Err(PriceError { line: 1, what: format!("no row `{item},*`") });
        }
        Ok(Prices { rows, types: BTreeMap::new(), hosts: BTreeMap::new() })
    }

    /// True when the table has an item of this name.
    pub fn has_item(item: &str) -> bool {
        ITEMS.iter().chain([&DUE]).any(|(known, _)| *known == item)
    }

    /// Sets the price of an item; `name` is `*` for all that have none of their own.
    pub fn set(&mut self, item: &str, name: &str, price: Money) {
        if name == "*" {
            // The scenario speaks of all of them: the table's finer rows give way.
            self.rows.retain(|(known, _), _| known != item);
        }
        self.rows.insert((item.to_owned(), name.to_owned()), price);
    }

    /// Sets the price of one instance type as a whole. An hour that is left out is the table's, a month that is left
    /// out costs as many hours as the table says.
    pub fn set_type(&mut self, row: &InstanceType, hour: Option<Money>, month: Option<Money>) {
        let hour = hour.unwrap_or_else(|| self.instance_type(row).hour);
        let month = month.unwrap_or_else(|| self.month_of(hour));
        self.types.insert(row.name.clone(), TypePrice { hour, month });
    }

    /// Sets the price of a dedicated-host type. An hour that is left out is the sum of its parts, a month that is left
    /// out costs as many hours as the table says.
    pub fn set_host(&mut self, name: &str, hour: Option<Money>, month: Option<Money>) {
        self.hosts.insert(name.to_owned(), (hour, month));
    }

    /// Price of a dedicated host of this type: its own, or that of the vCPUs that it sells and of its memory.
    pub fn host(&self, name: &str, vcpus: u64, memory_mib: u64) -> TypePrice {
        let (hour, month) = self.hosts.get(name).copied().unwrap_or_default();
        let hour = hour.unwrap_or_else(|| {
            let sum = i128::from(self.get("vcpu", "*").0) * i128::from(vcpus)
                + i128::from(self.get("memory", "*").0) * i128::from(memory_mib) / 1_024;
            Money(i64::try_from(sum).unwrap_or(i64::MAX))
        });
        TypePrice { hour, month: month.unwrap_or_else(|| self.month_of(hour)) }
    }

    fn get(&self, item: &str, name: &str) -> Money {
        let row = |name: &str| self.rows.get(&(item.to_owned(), name.to_owned())).copied();
        row(name).or_else(|| row("*")).unwrap_or(Money::ZERO)
    }

    /// Price of an instance type: its own, or the sum of its parts. To the millionth below.
    pub fn instance_type(&self, row: &InstanceType) -> TypePrice {
        if let Some(price) = self.types.get(&row.name) {
            return *price;
        }
        let part =
            |item, name: &str, count: i128, each: i128| i128::from(self.get(item, name).0) * count / each;
        let gpu = row.gpu.as_ref().map_or(0, |gpu| part("gpu", &gpu.model, gpu.milli.into(), 1_000));
        let local = row.local_disks.as_ref().map_or(0, |disks| {
            part("local_disk", &disks.kind, i128::from(disks.count) * i128::from(disks.gib_each), 1)
        });
        let sum = part("vcpu", &row.category, row.cpu_milli.into(), 1_000)
            + part("memory", &row.category, row.memory_mib.into(), 1_024)
            + gpu
            + local;
        let hour = Money(i64::try_from(sum).unwrap_or(i64::MAX));
        TypePrice { hour, month: self.month_of(hour) }
    }

    /// A month of subscription at a price per hour.
    fn month_of(&self, hour: Money) -> Money {
        // The row holds hours as if they were money: 400 hours are 400 units.
        let month = i128::from(hour.0) * i128::from(self.get("month", "*").0) / 1_000_000;
        Money(i64::try_from(month).unwrap_or(i64::MAX))
    }

    /// A GiB of cloud disk, an hour. `level` is the performance level of an ESSD.
    pub fn disk_hour(&self, category: &str, level: Option<&str>) -> Money {
        let named = level.map(|level| format!("{category} {level}"));
        let own = named.and_then(|name| self.rows.get(&("disk".to_owned(), name)).copied());
        own.unwrap_or_else(|| self.get("disk", category))
    }

    /// A Mbit/s of public bandwidth that is paid by its width, an hour.
    pub fn bandwidth_hour(&self) -> Money {
        self.get("bandwidth", "*")
    }

    /// A CPU credit beyond what an instance has (BURST-15, CON-4).
    pub fn credit(&self, os: Os, mainland: bool) -> Money {
        self.get(
            "credit",
            match (os, mainland) {
                (Os::Linux, _) => "linux",
                (Os::Windows, true) => "windows",
                (Os::Windows, false) => "windows abroad",
            },
        )
    }

    /// What a life must cost to cost anything (LIFE-64).
    pub fn minimum(&self) -> Money {
        self.get("minimum", "*")
    }

    /// What a month's bill must pass to be due at once (LIFE-63).
    pub fn due_above(&self) -> Money {
        self.get("due", "*")
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    item: String,
    name: String,
    unit: String,
    usd: f64,
    basis: String,
    source: String,
}
