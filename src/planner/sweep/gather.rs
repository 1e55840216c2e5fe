//! From the files of a sweep to one table and one page.

use std::collections::BTreeSet;

use crate::planner::trial::Figures;

use super::ledger::{Description, Found, Ledger, Line};
use super::table::{self, Column, Values};
use super::{SweepError, page};

/// A sweep, gathered.
#[derive(Clone, PartialEq, Debug)]
pub struct Gathered {
    /// The table as a Parquet file, one row a run, in order of the runs.
    pub parquet: Vec<u8>,
    /// The page.
    pub html: String,
    /// Runs that are there.
    pub runs: u64,
    /// Runs of the whole sweep.
    pub all: u64,
    /// Lines that were damaged and do not count.
    pub damaged: usize,
}

/// Gathers what the files of a sweep say. The bytes depend on the runs only.
///
/// # Errors
/// A damaged folder; runs that are missing, unless `partial`.
pub fn gather(ledger: &Ledger, partial: bool) -> Result<Gathered, SweepError> {
    let description = ledger.description();
    let Found { lines, damaged } = ledger.read()?;
    let all = description.runs();
    let there = lines.len() as u64;
    if there < all && !partial {
        let first = (0..all).find(|run| !lines.contains_key(run)).unwrap_or_default();
        return Err(SweepError::Incomplete { missing: all - there, all, first });
    }
    let lines: Vec<&Line> = lines.values().collect();
    let parquet = table::parquet(&columns(description, &lines))
        .map_err(|error| SweepError::Damaged { path: "runs.parquet".into(), what: error.to_string() })?;
    let html = page::page(description, &lines);
    Ok(Gathered { parquet, html, runs: there, all, damaged: damaged.len() })
}

/// The number behind the text of a setting, when it is one.
pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A text value of TOML without its quotes.
pub(super) fn plain(text: &str) -> String {
    let value = format!("v = {text}").parse::<toml::Table>().ok().and_then(|mut table| table.remove("v"));
    match value {
        Some(toml::Value::String(text)) => text,
        _ => text.to_owned(),
    }
}

fn columns(description: &Description, lines: &[&Line]) -> Vec<Column> {
    let counts = |name: &str, of: fn(&Line) -> u64| {
        (name.to_owned(), Values::Counts(lines.iter().map(|line| of(line)).collect()))
    };
    let mut columns = vec![
        counts("run", |line| line.run),
        counts("point", |line| line.point),
        counts("seed", |line| line.seed),
    ];
    for key in &description.keys {
        let texts: Vec<&str> = lines.iter().map(|line| line.settings[key].as_str()).collect();
        let numbers: Vec<Option<f64>> = texts.iter().map(|text| number(text)).collect();
        let values = if numbers.iter().all(Option::is_some) {
            Values::Numbers(numbers)
        } else {
            Values::Texts(texts.into_iter().map(plain).collect())
        };
        columns.push((key.clone(), values));
    }
    figures(&mut columns, lines);
    let names: BTreeSet<&String> = lines.iter().flat_map(|line| line.objectives.keys()).collect();
    for name in names {
        let values = lines.iter().map(|line| line.objectives.get(name).map(|(value, _)| *value));
        let holds = lines.iter().map(|line| line.objectives.get(name).map(|(_, holds)| *holds));
        columns.push((format!("value: {name}"), Values::Numbers(values.collect())));
        columns.push((format!("holds: {name}"), Values::Flags(holds.collect())));
    }
    columns
}

/// The name of a column and the figure in it.
type Named<T> = (&'static str, fn(&Figures) -> T);

fn figures(columns: &mut Vec<Column>, lines: &[&Line]) {
    let texts: [Named<String>; 2] = [("digest", |f| f.digest.clone()), ("short_of", |f| f.short_of.clone())];
    let counts: [Named<u64>; 15] = [
        ("events", |f| f.events),
        ("requests", |f| f.requests),
        ("created", |f| f.created),
        ("rejected", |f| f.rejected),
        ("no_room", |f| f.no_room),
        ("live", |f| f.live),
        ("peak_instances", |f| f.peak_instances),
        ("hosts", |f| f.hosts),
        ("empty_hosts", |f| f.empty_hosts),
        ("answer_p50_us", |f| f.answer_p50_us),
        ("answer_p99_us", |f| f.answer_p99_us),
        ("running_p50_us", |f| f.running_p50_us),
        ("running_p99_us", |f| f.running_p99_us),
        ("spot_bought", |f| f.spot_bought),
        ("spot_told", |f| f.spot_told),
    ];
    let numbers: [Named<f64>; 14] = [
        ("virtual_secs", |f| f.virtual_secs),
        ("rejection_rate", |f| f.rejection_rate),
        ("peak_vcpus", |f| f.peak_vcpus),
        ("peak_memory_gib", |f| f.peak_memory_gib),
        ("vcpus", |f| f.vcpus),
        ("memory_gib", |f| f.memory_gib),
        ("vcpu_mean", |f| f.vcpu_mean),
        ("vcpu_peak", |f| f.vcpu_peak),
        ("memory_mean", |f| f.memory_mean),
        ("memory_peak", |f| f.memory_peak),
        ("stranded_vcpus", |f| f.stranded_vcpus),
        ("stranded_memory_gib", |f| f.stranded_memory_gib),
        ("spot_hours", |f| f.spot_hours),
        ("spot_paid", |f| f.spot_paid),
    ];
    for (name, of) in texts {
        let values = lines.iter().map(|line| of(&line.figures)).collect();
        columns.push((name.to_owned(), Values::Texts(values)));
    }
    for (name, of) in counts {
        columns.push((name.to_owned(), Values::Counts(lines.iter().map(|line| of(&line.figures)).collect())));
    }
    for (name, of) in numbers {
        let values = lines.iter().map(|line| Some(of(&line.figures))).collect();
        columns.push((name.to_owned(), Values::Numbers(values)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_its_column() {
        let line = Line {
            sweep: String::new(),
            run: 0,
            point: 0,
            seed: 1,
            settings: [("pools.0.hosts".to_owned(), "5".to_owned())].into(),
            figures: Figures::default(),
            objectives: [("headroom".to_owned(), (0.5, true))].into(),
        };
        let description = Description {
            schema: String::new(),
            sweep: String::new(),
            version: String::new(),
            name: String::new(),
            scenario: String::new(),
            keys: vec!["pools.0.hosts".into()],
            points: vec![vec!["5".into()]],
            seeds: vec![1],
        };
        let columns = columns(&description, &[&line]);
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let serde_json::Value::Object(figures) = serde_json::to_value(Figures::default()).unwrap() else {
            panic!("figures are an object")
        };
        for name in figures.keys() {
            assert_eq!(names.iter().filter(|known| *known == name).count(), 1, "{name}");
        }
        assert_eq!(columns.len(), 3 + 1 + figures.len() + 2);
        assert_eq!(columns[3].1, Values::Numbers(vec![Some(5.0)]));
        assert_eq!(plain("\"best-fit\""), "best-fit");
    }
}
