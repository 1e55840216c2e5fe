//! Runs side by side: what differs, which way, and whether the difference is more than chance.
//!
//! A side is a folder of one run or of one run a seed. Sides are compared with the first one, seed by seed: two runs of
//! one seed share their luck (common random numbers), so their difference is far steadier than either figure, and the
//! interval around the mean difference is Student's for paired values. `docs/journal.md` says more.

mod measures;
mod show;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::planner::statistics::Interval;

pub use measures::{Better, Measure};
pub use show::{page, text};

/// Share of intervals that hold the true difference.
pub const CONFIDENCE: f64 = 0.95;

/// Why folders cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    /// A folder without a summary.
    #[error("{}: no summary.json, and no seed-N/summary.json: write one with `packyard run --out DIR`", .0.display())]
    NoRuns(PathBuf),
    /// A summary that cannot be read.
    #[error("{}: {what}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Sides of several seeds without one in common.
    #[error("{} has no seed in common with {}", .0, .1)]
    NoCommonSeed(String, String),
}

/// One folder: its runs by seed.
#[derive(Clone, PartialEq, Debug)]
pub struct Side {
    /// Name of the folder.
    pub name: String,
    /// Summaries by seed.
    pub runs: BTreeMap<u64, Value>,
}

impl Side {
    /// Reads a folder of `packyard run --out` or `packyard run --seeds --out`.
    ///
    /// # Errors
    /// When it holds no summary, or one that cannot be read.
    pub fn read(folder: &Path) -> Result<Side, CompareError> {
        let mut files = vec![folder.join("summary.json")];
        if !files[0].is_file() {
            let entries = std::fs::read_dir(folder).map_err(|error| CompareError::Unreadable {
                path: folder.to_owned(),
                what: error.to_string(),
            })?;
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            let seeds = names.filter(|name| name.starts_with("seed-"));
            files = seeds.map(|name| folder.join(name).join("summary.json")).collect();
            files.retain(|file| file.is_file());
        }
        let mut runs = BTreeMap::new();
        for path in files {
            let unreadable = |what: String| CompareError::Unreadable { path: path.clone(), what };
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(error.to_string()))?;
            let run: Value = serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
            let schema = run["schema"].as_str().unwrap_or_default();
            if schema != crate::sim::SUMMARY_SCHEMA {
                return Err(unreadable(format!(
                    "a summary of schema `{schema}`; this program compares {}",
                    crate::sim::SUMMARY_SCHEMA
                )));
            }
            let seed = run["run"]["seed"].as_u64().ok_or_else(|| unreadable("no seed".to_owned()))?;
            runs.insert(seed, run);
        }
        if runs.is_empty() {
            return Err(CompareError::NoRuns(folder.to_owned()));
        }
        Ok(Side { name: folder.display().to_string(), runs })
    }

    /// Values of a measure by seed, where a run has it.
    fn values(&self, measure: &Measure) -> BTreeMap<u64, f64> {
        self.runs.iter().filter_map(|(seed, run)| Some((*seed, measure.of(run)?))).collect()
    }
}

/// How sure a difference is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// No difference in any run.
    Same,
    /// One pair of runs: nothing can be said about chance.
    Single,
    /// Zero lies inside the interval.
    NotSignificant,
    /// Zero lies outside the interval.
    Significant,
}

/// One side against the first one.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Difference {
    /// Mean of this side over the common seeds.
    pub value: f64,
    /// Mean difference to the first side, with its interval.
    pub by: Interval,
    /// Pairs of runs.
    pub pairs: usize,
    /// How sure it is.
    pub standing: Standing,
    /// Whether it is for the better; none where neither way is.
    pub better: Option<bool>,
}

/// One measure over all sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// What is measured.
    pub measure: Measure,
    /// Mean of the first side.
    pub base: f64,
    /// The other sides, in order; none where a side lacks the measure.
    pub others: Vec<Option<Difference>>,
}

/// A whole comparison.
#[derive(Clone, PartialEq, Debug)]
pub struct Comparison {
    /// Names of the sides.
    pub names: Vec<String>,
    /// Runs of each side.
    pub runs: Vec<usize>,
    /// The measures.
    pub rows: Vec<Row>,
}

/// Compares sides with the first one.
///
/// # Errors
/// When two sides have no seed in common, unless both are of one run.
pub fn compare(sides: &[Side]) -> Result<Comparison, CompareError> {
    let base = &sides[0];
    for other in &sides[1..] {
        let single = base.runs.len() == 1 && other.runs.len() == 1;
        if !single && !other.runs.keys().any(|seed| base.runs.contains_key(seed)) {
            return Err(CompareError::NoCommonSeed(other.name.clone(), base.name.clone()));
        }
    }
    let all = sides.iter().flat_map(|side| side.runs.values());
    let rows = measures::all(all).into_iter().filter_map(|measure| {
        let values = base.values(&measure);
        let others = sides[1..].iter().map(|side| difference(&measure, &values, &side.values(&measure)));
        let others: Vec<Option<Difference>> = others.collect();
        let mean = mean(values.values())?;
        Some(Row { measure, base: mean, others })
    });
    Ok(Comparison {
        names: sides.iter().map(|side| side.name.clone()).collect(),
        runs: sides.iter().map(|side| side.runs.len()).collect(),
        rows: rows.collect(),
    })
}

fn mean<'v>(values: impl ExactSizeIterator<Item = &'v f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / count as f64)
}

/// What a value differs by; none where only the rounding of a mean does.
fn apart(base: f64, other: f64) -> f64 {
    let difference = other - base;
    if difference.abs() <= 1e-9 * base.abs().max(other.abs()) { 0.0 } else { difference }
}

fn difference(
    measure: &Measure,
    base: &BTreeMap<u64, f64>,
    other: &BTreeMap<u64, f64>,
) -> Option<Difference> {
    let mut pairs: Vec<(f64, f64)> =
        base.iter().filter_map(|(seed, value)| Some((*value, *other.get(seed)?))).collect();
    if pairs.is_empty() && base.len() == 1 && other.len() == 1 {
        // Two single runs of different seeds: a difference, and nothing to judge it by.
        pairs = base.values().copied().zip(other.values().copied()).collect();
    }
    let differences: Vec<f64> = pairs.iter().map(|(base, other)| apart(*base, *other)).collect();
    if differences.is_empty() {
        return None;
    }
    let by = Interval::of(&differences, CONFIDENCE);
    let standing = match differences.len() {
        _ if differences.iter().all(|difference| *difference == 0.0) => Standing::Same,
        1 => Standing::Single,
        _ if by.low <= 0.0 && by.high >= 0.0 => Standing::NotSignificant,
        _ => Standing::Significant,
    };
    let better = match (measure.better, standing) {
        (_, Standing::Same) | (Better::Neither, _) => None,
        (Better::Higher, _) => Some(by.mean > 0.0),
        (Better::Lower, _) => Some(by.mean < 0.0),
    };
    let value = pairs.iter().map(|(_, other)| other).sum::<f64>() / pairs.len() as f64;
    Some(Difference { value, by, pairs: differences.len(), standing, better })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn side(name: &str, created: &[(u64, u64)]) -> Side {
        let run = |seed: u64, created: u64| {
            json!({
                "run": { "seed": seed },
                "requests": { "total": 1_000, "created": created, "rejected": 1_000 - created },
            })
        };
        let runs = created.iter().map(|&(seed, created)| (seed, run(seed, created))).collect();
        Side { name: name.to_owned(), runs }
    }

    fn created(sides: &[Side]) -> Difference {
        let comparison = compare(sides).unwrap();
        let row = comparison.rows.iter().find(|row| row.measure.name == "instances created").unwrap();
        row.others[0].unwrap()
    }

    #[test]
    fn a_steady_difference_is_significant_however_the_seeds_scatter() {
        // Differences 10, 11, 9, 10 (mean 10, s = 0.8165, t(3) = 3.18245): 10 +- 1.2992.
        let base = side("a", &[(1, 100), (2, 500), (3, 900), (4, 300)]);
        let other = side("b", &[(1, 110), (2, 511), (3, 909), (4, 310), (5, 1)]);
        let found = created(&[base, other]);
        assert_eq!((found.pairs, found.standing, found.better), (4, Standing::Significant, Some(true)));
        assert!((found.by.mean - 10.0).abs() < 1e-9 && (found.by.high - 11.2992).abs() < 1e-3, "{found:?}");
    }

    #[test]
    fn a_difference_that_may_be_chance_is_said_to_be_that() {
        let base = side("a", &[(1, 100), (2, 100), (3, 100)]);
        let other = side("b", &[(1, 90), (2, 120), (3, 105)]);
        assert_eq!(created(&[base.clone(), other]).standing, Standing::NotSignificant);
        assert_eq!(created(&[base.clone(), base]).standing, Standing::Same);
    }

    #[test]
    fn rounding_is_no_difference() {
        assert_eq!(apart(0.1 + 0.2, 0.3), 0.0);
        assert_eq!(apart(0.0, 1e-12), 1e-12, "a small value is not nothing");
        assert_eq!(apart(3.0, 2.0), -1.0);
    }

    #[test]
    fn one_run_a_side_says_nothing_about_chance() {
        let found = created(&[side("a", &[(1, 100)]), side("b", &[(2, 90)])]);
        assert_eq!((found.standing, found.better, found.by.mean), (Standing::Single, Some(false), -10.0));
        let none = compare(&[side("a", &[(1, 100), (2, 100)]), side("b", &[(3, 90), (4, 1)])]);
        assert!(matches!(none, Err(CompareError::NoCommonSeed(..))));
    }
}
