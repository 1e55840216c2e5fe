//! `replay`: prices out of a file.
//!
//! CSV with the header `time,zone,instance_type,price`; one row a change, in order of time within a series. `time` is
//! a date with its offset (RFC 3339), or seconds since the start of the run; whole seconds either way. A price holds
//! until the next row of its series; before the first row the price is that of the first row. Prices are taken as they
//! are: a recorded market may pass the list price, and `SpotAsPriceGo` pays no more than that (SPOT-20).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::model::{SimTime, Utc};
use crate::spot::price::HourPrice;

/// Why a price file cannot be replayed.
#[derive(Debug, thiserror::Error)]
#[error("price file {}{}: {what}", file.display(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct ReplayError {
    file: PathBuf,
    line: Option<u64>,
    what: String,
}

/// A change of a price.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Change {
    /// When; [`SimTime::ZERO`] also stands for everything before the run.
    pub at: SimTime,
    /// The price from then on.
    pub price: HourPrice,
}

/// A price file: the changes of each zone and type, in order of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Replay {
    series: BTreeMap<(String, String), Vec<Change>>,
}

#[derive(serde::Deserialize)]
struct Row {
    time: String,
    zone: String,
    instance_type: String,
    price: String,
}

impl Replay {
    /// Reads a price file for a run that starts at `start`.
    ///
    /// # Errors
    /// The file cannot be read, or a row of it is none: the message names the line.
    pub fn read(path: &Path, start: Utc) -> Result<Replay, ReplayError> {
        let content = std::fs::read(path).map_err(|error| ReplayError {
            file: path.to_owned(),
            line: None,
            what: error.to_string(),
        })?;
        Replay::of(path, &content, start)
    }

    /// Reads the content of a price file; `path` is for messages.
    ///
    /// # Errors
    /// As [`Replay::read`].
    pub fn of(path: &Path, content: &[u8], start: Utc) -> Result<Replay, ReplayError> {
        let bad = |line, what: String| ReplayError { file: path.to_owned(), line, what };
        let text = std::str::from_utf8(content).map_err(|error| bad(None, error.to_string()))?;
        Replay::parse(text, start).map_err(|(line, what)| bad(line, what))
    }

    fn parse(text: &str, start: Utc) -> Result<Replay, (Option<u64>, String)> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let mut seconds: BTreeMap<(String, String), Vec<(i64, HourPrice)>> = BTreeMap::new();
        for row in reader.deserialize() {
            let Row { time, zone, instance_type, price } = row.map_err(|error: csv::Error| {
                (error.position().map(csv::Position::line), error.to_string())
            })?;
            // The reader has moved on to the next row; this row is counted from the ones that were read.
            let rows: usize = seconds.values().map(Vec::len).sum();
            let line = Some(rows as u64 + 2);
            let at = moment(&time, start).ok_or_else(|| {
                (line, format!("`{time}` is no time: write 2019-09-02T08:00:00Z, or seconds since the start"))
            })?;
            let price = price.trim().parse::<f64>().ok().and_then(HourPrice::from_f64);
            let price = price.ok_or_else(|| (line, "the price is no number from 0 on".to_owned()))?;
            let series = seconds.entry((zone, instance_type)).or_default();
            if series.last().is_some_and(|(before, _)| at <= *before) {
                return Err((
                    line,
                    format!("`{time}` does not come after the row before it of the same zone and type"),
                ));
            }
            series.push((at, price));
        }
        if seconds.is_empty() {
            return Err((None, "it has no prices".to_owned()));
        }
        let series = seconds.into_iter().map(|(key, rows)| (key, changes(&rows))).collect();
        Ok(Replay { series })
    }

    /// The changes of a type in a zone, the first at the start of the run; empty when the file has none.
    pub fn changes(&self, zone: &str, instance_type: &str) -> &[Change] {
        let key = (zone.to_owned(), instance_type.to_owned());
        self.series.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Every zone and type of the file.
    pub fn series(&self) -> impl Iterator<Item = (&str, &str)> {
        self.series.keys().map(|(zone, instance_type)| (zone.as_str(), instance_type.as_str()))
    }
}

/// Seconds since the start of the run, negative before it.
fn moment(text: &str, start: Utc) -> Option<i64> {
    let text = text.trim();
    let seconds = text.parse::<i64>().ok();
    seconds.or_else(|| Some(text.parse::<jiff::Timestamp>().ok()?.as_second() - start.0))
}

fn changes(rows: &[(i64, HourPrice)]) -> Vec<Change> {
    let begun = rows.iter().rposition(|(at, _)| *at <= 0).unwrap_or(0);
    let change = |&(at, price): &(i64, HourPrice)| Change {
        at: SimTime(u64::try_from(at).unwrap_or(0).saturating_mul(1_000_000)),
        price,
    };
    let mut changes: Vec<Change> = rows[begun..].iter().map(change).collect();
    if changes[0].at > SimTime::ZERO {
        changes.insert(0, Change { at: SimTime::ZERO, price: changes[0].price });
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Utc = Utc(1_567_382_400); // 2019-09-02T00:00:00Z

    #[test]
    fn golden() {
        let text = "time,zone,instance_type,price\n\
                    2019-09-01T23:00:00Z,z-a,t.small,0.1\n\
                    2019-09-02T00:00:00Z,z-a,t.small,0.1204\n\
                    -5,z-b,t.small,0.5\n\
                    2019-09-02T03:00:00+02:00,z-a,t.small,3\n\
                    7200,z-b,t.big,2.5\n\
                    10800,z-b,t.big,0\n";
        let file = Replay::parse(text, START).expect("a sound file");
        let at = |hour: u64, milli| Change { at: SimTime(hour * 3_600_000_000), price: HourPrice(milli) };
        assert_eq!(file.changes("z-a", "t.small"), [at(0, 120), at(1, 3_000)]);
        assert_eq!(file.changes("z-b", "t.small"), [at(0, 500)]);
        assert_eq!(file.changes("z-b", "t.big"), [at(0, 2_500), at(2, 2_500), at(3, 0)]);
        assert_eq!(file.changes("z-c", "t.big"), []);
        assert_eq!(file.series().count(), 3);
    }

    #[test]
    fn a_faulty_row_is_told_with_its_line() {
        let head = "time,zone,instance_type,price\n0,z,t,1\n";
        for (rest, line, what) in [
            ("soon,z,t,1\n", 3, "no time"),
            ("60,z,t,cheap\n", 3, "no number"),
            ("60,z,t,-1\n", 3, "no number"),
            ("60,z,t,1\n60,z,t,2\n", 4, "does not come after"),
            ("60,z,t\n", 3, "field"),
        ] {
            let (at, text) = Replay::parse(&format!("{head}{rest}"), START).expect_err(rest);
            assert_eq!(at, Some(line), "{rest}");
            assert!(text.contains(what), "{text}");
        }
        assert!(Replay::parse("time,zone,instance_type,price\n", START).is_err());
        assert!(Replay::parse("when,zone,instance_type,price\n0,z,t,1\n", START).is_err());
        let missing = Replay::read(Path::new("no/such/file.csv"), START).expect_err("no file");
        assert!(missing.to_string().contains("no/such/file.csv"));
    }
}
