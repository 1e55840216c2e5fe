//! Histories of spot prices: one row for each change of a price.
//!
//! CSV with the columns `time` (RFC 3339, or seconds on a clock of the file's own), `zone`, `instance_type` and `price`
//! (an hour). Rows of one series, a zone and a type, are in order of time; series may be mixed in any way.

use std::path::Path;

use crate::model::{Money, SimTime, Utc};

use super::columns::Columns;
use super::lines::micros;
use super::{Table, TraceError};

/// When a price changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum PriceTime {
    /// A date.
    Date(Utc),
    /// A moment on the file's own clock.
    Clock(SimTime),
}

/// One change of a price. Names are numbers into the reader's tables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PriceChange {
    /// Line of the file, from 1.
    pub line: u64,
    /// When it holds from.
    pub time: PriceTime,
    /// Zone: place in [`PriceReader::zones`].
    pub zone: u32,
    /// Instance type: place in [`PriceReader::types`].
    pub instance_type: u32,
    /// Price of an hour.
    pub price: Money,
}

/// Reads a price history row by row. It holds the names and the latest moment of each series, and nothing else.
pub struct PriceReader {
    columns: Columns,
    places: [usize; 4],
    zones: Table<String>,
    types: Table<String>,
    /// Latest moment by series.
    latest: rustc_hash::FxHashMap<(u32, u32), PriceTime>,
    dated: Option<bool>,
}

impl PriceReader {
    /// Opens a history, plain or compressed, and reads its header.
    ///
    /// # Errors
    /// The file is missing or empty, or its header lacks a column.
    pub fn open(path: &Path) -> Result<PriceReader, TraceError> {
        let columns = Columns::open(path)?;
        let places = [
            columns.place("time")?,
            columns.place("zone")?,
            columns.place("instance_type")?,
            columns.place("price")?,
        ];
        Ok(PriceReader {
            columns,
            places,
            zones: Table::default(),
            types: Table::default(),
            latest: rustc_hash::FxHashMap::default(),
            dated: None,
        })
    }

    /// The next change; none at the end.
    ///
    /// # Errors
    /// A damaged row, told with its line.
    #[expect(
        clippy::should_implement_trait,
        reason = "a fallible source that ends for good at its first error"
    )]
    pub fn next(&mut self) -> Result<Option<PriceChange>, TraceError> {
        let [time_at, zone_at, type_at, price_at] = self.places;
        if !self.columns.advance()? {
            return Ok(None);
        }
        let columns = &self.columns;
        let fields = columns.fields()?;
        let time = moment(fields[time_at])
            .ok_or_else(|| columns.bad(time_at, "moment: RFC 3339 or seconds are read"))?;
        let dated = matches!(time, PriceTime::Date(_));
        if *self.dated.get_or_insert(dated) != dated {
            return Err(columns.lines.damaged("dates and seconds in one file"));
        }
        for place in [zone_at, type_at] {
            if fields[place].is_empty() {
                return Err(columns.bad(place, "name"));
            }
        }
        let price = price(fields[price_at]).ok_or_else(|| columns.bad(price_at, "price of an hour"))?;
        let (zone, instance_type) = (self.zones.place(fields[zone_at]), self.types.place(fields[type_at]));
        let latest = self.latest.entry((zone, instance_type)).or_insert(time);
        if time < *latest {
            return Err(columns.lines.damaged("time goes back: the rows of a series are in order of time"));
        }
        *latest = time;
        Ok(Some(PriceChange { line: columns.lines.number(), time, zone, instance_type, price }))
    }

    /// Zones met so far.
    pub fn zones(&self) -> &[String] {
        self.zones.values()
    }

    /// Instance types met so far.
    pub fn types(&self) -> &[String] {
        self.types.values()
    }

    /// The error for the row that was read last.
    pub fn damaged(&self, what: &str) -> TraceError {
        self.columns.lines.damaged(what)
    }
}

/// A date as RFC 3339 writes it (a blank for the `T` is taken too), or seconds.
fn moment(text: &str) -> Option<PriceTime> {
    if let Some(micros) = micros(text) {
        return Some(PriceTime::Clock(SimTime(micros)));
    }
    let stamp: jiff::Timestamp = text.parse().ok()?;
    Some(PriceTime::Date(Utc(stamp.as_second())))
}

/// A plain decimal with up to six places, exactly.
fn price(text: &str) -> Option<Money> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let micros = micros(text).filter(|_| plain)?;
    i64::try_from(micros).ok().map(Money)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<(Vec<PriceChange>, Vec<String>), String> {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("prices.csv");
        std::fs::write(&path, text).expect("written");
        let mut reader = PriceReader::open(&path).map_err(|error| error.to_string())?;
        let mut changes = Vec::new();
        while let Some(change) = reader.next().map_err(|error| error.to_string())? {
            changes.push(change);
        }
        Ok((changes, reader.types().to_vec()))
    }

    #[test]
    fn dates_and_seconds_are_read_exactly() {
        let text = "time,zone,instance_type,price\n2019-09-02T08:00:00+08:00,z-a,ecs.g5.large,0.135\n\
                    2019-09-02T01:00:00Z,z-a,ecs.g5.large,0.14\n2019-09-01T00:00:00Z,z-b,ecs.g5.large,1\n";
        let (changes, types) = read(text).expect("sound");
        assert_eq!(changes[0].time, PriceTime::Date(Utc(1_567_382_400)));
        assert_eq!(
            changes.iter().map(|change| change.price.0).collect::<Vec<_>>(),
            [135_000, 140_000, 1_000_000]
        );
        assert_eq!(
            (changes[2].zone, changes[2].line, types.as_slice()),
            (1, 4, ["ecs.g5.large".to_owned()].as_slice())
        );
        let (changes, _) = read("price,instance_type,zone,time\n0.5,a,z,12.5\n").expect("sound");
        assert_eq!(changes[0].time, PriceTime::Clock(SimTime(12_500_000)));
    }

    #[test]
    fn damage_is_told_with_its_line() {
        let check = |rows: &str, line: u64, what: &str| {
            let told = read(&format!("time,zone,instance_type,price\n{rows}")).expect_err("damaged");
            assert!(told.contains(&format!("prices.csv:{line}: ")) && told.contains(what), "{told}");
        };
        check("1,z,a,0.1\n0,z,a,0.1\n", 3, "time goes back");
        check("1,z,a,0.1\n2019-09-02T01:00:00Z,z,a,0.1\n", 3, "dates and seconds");
        check("soon,z,a,0.1\n", 2, "column time is no moment");
        check("1,,a,0.1\n", 2, "column zone is no name");
        check("1,z,a,-0.1\n", 2, "column price is no price");
        check("1,z,a\n", 2, "3 columns where the header names 4");
        let told = read("time,zone,price\n").expect_err("no type");
        assert!(told.contains("no column instance_type"), "{told}");
    }
}
