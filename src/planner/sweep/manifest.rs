//! The manifest of a sweep: a TOML file that names a scenario, the keys that vary, and the seeds.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::planner::knobs::number_text;

use super::SweepError;
use super::design;

/// Most runs of one sweep.
const MOST_RUNS: u64 = 10_000_000;

/// A manifest as written.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of the sweep; default: the file's.
    #[serde(default)]
    pub name: String,
    /// The scenario, relative to the manifest.
    pub scenario: Spanned<String>,
    /// Seeds of every point.
    #[serde(default = "one_seed")]
    pub seeds: Spanned<u32>,
    /// The first of them; default: the scenario's seed.
    pub first_seed: Option<u64>,
    /// How points are laid.
    #[serde(default)]
    pub design: Design,
    /// Points of a Latin hypercube.
    pub points: Option<Spanned<u32>>,
    /// Seed of a hypercube's own chance.
    #[serde(default)]
    pub draw: u64,
    /// Keys that are the same at every point.
    #[serde(default)]
    pub set: toml::Table,
    /// Keys that vary.
    pub axes: Vec<Spanned<Axis>>,
}

/// How points are laid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Every combination.
    #[default]
    Grid,
    /// As many points as are asked for, each axis cut into as many strata, one point in each.
    LatinHypercube,
}

/// One key that varies.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Axis {
    /// Path of the key, as for `--set`.
    pub key: String,
    /// Its values: TOML.
    #[serde(default)]
    pub values: Vec<toml::Value>,
    /// Or numbers from here
    pub low: Option<f64>,
    /// to here,
    pub high: Option<f64>,
    /// so far apart (a hypercube without it draws any number between).
    pub step: Option<f64>,
    /// Unit that is written behind the number.
    #[serde(default)]
    pub unit: String,
}

fn one_seed() -> Spanned<u32> {
    Spanned::new(0..0, 1)
}

/// A sweep: every run of it, by number.
#[derive(Clone, PartialEq, Debug)]
pub struct Sweep {
    /// Name.
    pub name: String,
    /// The scenario file.
    pub scenario: PathBuf,
    /// Overrides of every run.
    pub fixed: Vec<(String, String)>,
    /// Keys that vary.
    pub keys: Vec<String>,
    /// Points: one text a key, as `--set` takes it.
    pub points: Vec<Vec<String>>,
    /// Seeds of every point.
    pub seeds: u32,
    /// The first seed, when the manifest names it.
    pub first_seed: Option<u64>,
}

impl Sweep {
    /// Reads a manifest.
    ///
    /// # Errors
    /// A file that cannot be read, is no manifest, or describes no sweep.
    pub fn load(path: &Path) -> Result<Sweep, SweepError> {
        let wrong = |what: String| SweepError::Manifest { path: path.to_owned(), what };
        let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let manifest: Manifest =
            toml::from_str(&text).map_err(|error| wrong(error.to_string().trim_end().to_owned()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        manifest.resolve(folder, &stem).map_err(|Wrong { span, what }| {
            let line =
                text.as_bytes()[..span.start.min(text.len())].iter().filter(|byte| **byte == b'\n').count();
            wrong(if span.is_empty() { what } else { format!("line {}: {what}", line + 1) })
        })
    }

    /// Number of runs.
    pub fn runs(&self) -> u64 {
        self.points.len() as u64 * u64::from(self.seeds)
    }

    /// The overrides of a point, those of every run first.
    pub fn overrides(&self, point: usize) -> Vec<(String, String)> {
        let own = self.keys.iter().cloned().zip(self.points[point].iter().cloned());
        self.fixed.iter().cloned().chain(own).collect()
    }
}

/// What is wrong with a manifest, and where.
struct Wrong {
    span: std::ops::Range<usize>,
    what: String,
}

impl Manifest {
    fn resolve(self, folder: &Path, stem: &str) -> Result<Sweep, Wrong> {
        let wrong = |span: std::ops::Range<usize>, what: &str| Wrong { span, what: what.to_owned() };
        if self.axes.is_empty() {
            return Err(wrong(0..0, "nothing varies: add an [[axes]] table with a `key` and `values`"));
        }
        let seeds = *self.seeds.get_ref();
        if seeds == 0 {
            return Err(wrong(self.seeds.span(), "`seeds` is 0: nothing would run"));
        }
        let mut axes = Vec::with_capacity(self.axes.len());
        for (place, axis) in self.axes.iter().enumerate() {
            let same = |other: &Spanned<Axis>| other.get_ref().key == axis.get_ref().key;
            if self.axes[..place].iter().any(same) {
                return Err(wrong(axis.span(), &format!("two axes for `{}`", axis.get_ref().key)));
            }
            axes.push(scale(axis.get_ref()).map_err(|what| wrong(axis.span(), &what))?);
        }
        let count = match (self.design, &self.points) {
            (Design::Grid, Some(points)) => {
                return Err(wrong(
                    points.span(),
                    "a grid has as many points as its axes make: leave `points` out",
                ));
            }
            (Design::Grid, None) => {
                let mut count: u64 = 1;
                for (scale, axis) in axes.iter().zip(&self.axes) {
                    let places = scale
                        .places()
                        .ok_or_else(|| wrong(axis.span(), "an axis of a grid needs `values`, or a `step`"))?;
                    count = count.saturating_mul(places as u64);
                }
                count
            }
            (Design::LatinHypercube, Some(points)) if *points.get_ref() > 0 => u64::from(*points.get_ref()),
            (Design::LatinHypercube, _) => {
                return Err(wrong(0..0, "a Latin hypercube needs its number of `points`"));
            }
        };
        if count.saturating_mul(u64::from(seeds)) > MOST_RUNS {
            return Err(wrong(0..0, &format!("{count} points on {seeds} seeds: more than {MOST_RUNS} runs")));
        }
        let points = match self.design {
            Design::Grid => design::grid(&axes),
            Design::LatinHypercube => design::hypercube(&axes, count as usize, self.draw),
        };
        let text = |(key, value): (&String, &toml::Value)| (key.clone(), value.to_string());
        Ok(Sweep {
            name: if self.name.is_empty() { stem.to_owned() } else { self.name },
            scenario: folder.join(self.scenario.get_ref()),
            fixed: self.set.iter().map(text).collect(),
            keys: self.axes.iter().map(|axis| axis.get_ref().key.clone()).collect(),
            points,
            seeds,
            first_seed: self.first_seed,
        })
    }
}

/// The values of an axis.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Scale {
    /// These.
    Values(Vec<String>),
    /// Numbers `low + step * place`.
    Steps { low: f64, step: f64, count: usize, unit: String },
    /// Any number between.
    Any { low: f64, high: f64, unit: String },
}

impl Scale {
    /// Number of values; none for any number.
    pub(super) fn places(&self) -> Option<usize> {
        match self {
            Scale::Values(values) => Some(values.len()),
            Scale::Steps { count, .. } => Some(*count),
            Scale::Any { .. } => None,
        }
    }

    /// The value at a place.
    pub(super) fn at(&self, place: usize) -> String {
        match self {
            Scale::Values(values) => values[place].clone(),
            Scale::Steps { low, step, unit, .. } => {
                format!("{}{unit}", number_text(low + step * place as f64))
            }
            Scale::Any { low, unit, .. } => format!("{}{unit}", number_text(*low)),
        }
    }

    /// The value at a share (from 0, below 1) of the way.
    pub(super) fn along(&self, share: f64) -> String {
        match self {
            Scale::Any { low, high, unit } => format!("{}{unit}", number_text(low + (high - low) * share)),
            _ => {
                let places = self.places().unwrap_or(1);
                self.at(((share * places as f64) as usize).min(places - 1))
            }
        }
    }
}

fn scale(axis: &Axis) -> Result<Scale, String> {
    let of = &axis.key;
    if of.is_empty() || of == "seed" {
        return Err("an axis needs a `key` of the scenario; seeds are counted by `seeds`".to_owned());
    }
    let unit = axis.unit.clone();
    match (&axis.values[..], axis.low, axis.high) {
        ([], Some(low), Some(high)) if low.is_finite() && high.is_finite() && low <= high => {
            match axis.step {
                None => Ok(Scale::Any { low, high, unit }),
                Some(step) if step.is_finite() && step > 0.0 && (high - low) / step <= MOST_RUNS as f64 => {
                    let count = ((high - low) / step + 1e-9).floor() as usize + 1;
                    Ok(Scale::Steps { low, step, count, unit })
                }
                Some(step) => {
                    Err(format!("a step of {step} for `{of}` gives no reasonable number of values"))
                }
            }
        }
        ([_, ..], None, None) if axis.step.is_none() && unit.is_empty() => {
            Ok(Scale::Values(axis.values.iter().map(ToString::to_string).collect()))
        }
        _ => Err(format!("axis `{of}` needs `values`, or `low` and `high` (and a `step`)")),
    }
}
