//! How well an imitation does: the generators of the written scenario themselves, looked at as the trace was.

use std::path::Path;

use serde::Serialize;

use super::observed::{Creation, Figures, Samples, Watch};
use super::sample::Sample;
use super::trace::Traced;
use super::write::Written;
use super::{FitError, Model};
use crate::model::SimTime;
use crate::scenario::Scenario;
use crate::sim;
use crate::workload::{End, Workload};

/// A figure of the trace beside that of its imitation.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Compared {
    /// What it is.
    pub name: &'static str,
    /// In the trace, times the scale.
    pub trace: f64,
    /// In the imitation: mean over the seeds.
    pub fitted: f64,
    /// The least and the greatest over the seeds.
    pub range: (f64, f64),
    /// How far the mean is off, as a share of the trace's figure.
    pub off: f64,
}

/// A distance between two distributions.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Distance {
    /// Of what.
    pub name: String,
    /// The statistic of Kolmogorov and Smirnov: the greatest difference between the two cumulative distributions, 0 to 1. None
    /// where nothing ended.
    pub distance: Option<f64>,
    /// Values in the trace, and how many of them are bounds (still alive at the end).
    pub trace: u64,
    /// See `trace`.
    pub censored: u64,
    /// Values in the imitation, all seeds together.
    pub fitted: u64,
}

/// A model that was tried.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Tried {
    /// The model.
    pub model: Model,
    /// The greatest deviation of creations a day, mean and peak of instances with any of the seeds, as a share.
    pub worst: f64,
}

/// How well a trace is imitated.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Goodness {
    /// The trace.
    pub file: String,
    /// The model that the scenario follows.
    pub model: Model,
    /// The models that were tried, in order.
    pub tried: Vec<Tried>,
    /// Seeds of the imitation's runs.
    pub seeds: Vec<u64>,
    /// Length of the trace in seconds: to one step of its clock after the last creation.
    pub window_s: f64,
    /// Step of its clock in seconds; gaps are compared on it.
    pub step_s: f64,
    /// Figures of the imitation at scale 1.
    pub figures: Vec<Compared>,
    /// Scale of the scenario that was written.
    pub scale: f64,
    /// Figures at that scale, of one run with the first seed; empty at scale 1.
    pub scaled: Vec<Compared>,
    /// Distances of distributions at scale 1.
    pub distances: Vec<Distance>,
    /// What the scenario leaves out, and what stands for something else.
    pub notes: Vec<String>,
}

/// What the generators of a scenario were seen to make.
pub(super) struct Imitation {
    runs: Vec<Figures>,
    samples: Samples,
}

impl Imitation {
    /// Runs the generators with each seed.
    pub(super) fn run(written: &Written, traced: &Traced, seeds: &[u64]) -> Result<Imitation, FitError> {
        let scenario = Scenario::from_str(&written.text, "the fitted scenario")
            .map_err(|error| FitError::Scenario(Box::new(error)))?;
        let lifetimes = vec![Sample::default(); traced.entries.len()];
        let mut samples = Samples { lifetimes, ..Samples::default() };
        let mut runs = Vec::with_capacity(seeds.len());
        for seed in seeds {
            runs.push(one(&scenario, *seed, written, traced, &mut samples)?);
        }
        Ok(Imitation { runs, samples })
    }

    /// The trace's figures beside those of the imitation.
    pub(super) fn compared(&self, traced: &Traced, scale: f64) -> Vec<Compared> {
        type Of = fn(&Figures) -> f64;
        let rows: [(&'static str, Of); 7] = [
            ("creations a day", |figures| figures.per_day),
            ("creations in the busiest hour", |figures| figures.busiest_hour),
            ("instances, mean", |figures| figures.mean_alive),
            ("instances, peak", |figures| figures.peak_alive),
            ("vCPU, peak", |figures| figures.peak_vcpus),
            ("GiB, peak", |figures| figures.peak_memory_gib),
            ("GPU, peak", |figures| figures.peak_gpus),
        ];
        // Where some ends are not known, nobody knows what was alive.
        let shown = if traced.bounds.unknown > 0 { &rows[..2] } else { &rows[..] };
        let row = |(name, of): &(&'static str, Of)| {
            let trace = of(&traced.figures) * scale;
            let values = || self.runs.iter().map(of);
            let fitted = values().sum::<f64>() / self.runs.len() as f64;
            let range = (values().fold(f64::INFINITY, f64::min), values().fold(0.0, f64::max));
            Compared { name, trace, fitted, range, off: if trace > 0.0 { fitted / trace - 1.0 } else { 0.0 } }
        };
        shown.iter().map(row).filter(|row| row.trace > 0.0).collect()
    }

    /// The greatest deviation of creations a day, mean and peak of instances with any of the seeds.
    pub(super) fn worst(&self, traced: &Traced) -> f64 {
        let rows = self.compared(traced, 1.0);
        let counted = ["creations a day", "instances, mean", "instances, peak"];
        let off = |row: &Compared| (1.0 - row.range.0 / row.trace).max(row.range.1 / row.trace - 1.0);
        rows.iter().filter(|row| counted.contains(&row.name)).map(off).fold(0.0, f64::max)
    }

    /// Distances of all distributions: gaps, batches, sizes, lifetimes of all and by type, the most frequent first.
    pub(super) fn distances(&self, traced: &Traced) -> Vec<Distance> {
        let of = |name: String, trace: &Sample, fitted: &Sample| Distance {
            name,
            distance: trace.distance(fitted),
            trace: trace.count(),
            censored: trace.censored(),
            fitted: fitted.count(),
        };
        let (trace, fitted) = (&traced.samples, &self.samples);
        let mut rows = vec![
            of("time between batches".to_owned(), &trace.gaps, &fitted.gaps),
            of("size of batches".to_owned(), &trace.batches, &fitted.batches),
        ];
        for (place, name) in ["vCPU", "memory", "GPU"].into_iter().enumerate() {
            if place < 2 || traced.figures.peak_gpus > 0.0 {
                rows.push(of(format!("size: {name}"), &trace.sizes[place], &fitted.sizes[place]));
            }
        }
        let all = |samples: &Samples| {
            let mut all = Sample::default();
            samples.lifetimes.iter().for_each(|one| all.merge(one));
            all
        };
        rows.push(of("lifetime: all types".to_owned(), &all(trace), &all(fitted)));
        let mut types: Vec<usize> = (0..traced.entries.len()).collect();
        types.sort_by_key(|place| (std::cmp::Reverse(trace.lifetimes[*place].count()), *place));
        for place in types.into_iter().filter(|place| trace.lifetimes[*place].count() > 0) {
            let entry = &traced.entries[place];
            let spot = if entry.spot { ", spot" } else { "" };
            let name = format!("lifetime: {}{spot}", entry.asked.label());
            rows.push(of(name, &trace.lifetimes[place], &fitted.lifetimes[place]));
        }
        rows
    }
}

/// One run of the generators.
fn one(
    scenario: &Scenario,
    seed: u64,
    written: &Written,
    traced: &Traced,
    samples: &mut Samples,
) -> Result<Figures, FitError> {
    let setting = workload_setting(scenario, seed);
    let mut workload = Workload::new(&scenario.spec.workloads, &setting)?;
    let mut watch = Watch::new(traced.bounds.window, traced.bounds.step);
    let entry_of = |workload: &Workload, template: u32| {
        let template = &workload.templates()[template as usize];
        written.entries[template.workload as usize][template.entry.unwrap_or(0) as usize]
    };
    let ends = |at: SimTime, end: End| match end {
        End::After(lifetime) => Some(at + lifetime),
        End::At(end) => Some(end),
        End::Never => None,
    };
    for (number, there) in (0u32..).zip(&written.there) {
        for _ in 0..*there {
            let Some((template, end)) = workload.draw(number, SimTime::ZERO, None) else { break };
            watch.there(traced.entries[entry_of(&workload, template)].load, ends(SimTime::ZERO, end));
        }
    }
    let seen_until = SimTime(traced.bounds.seen_until.since(traced.bounds.first).0);
    let (mut batch, mut latest) = (0, None);
    while let Some(arrival) = workload.next()? {
        let entry = entry_of(&workload, arrival.template);
        let of = (arrival.at, workload.templates()[arrival.template as usize].workload);
        if latest.replace(of).is_some_and(|before| before != of) {
            batch += 1;
        }
        let end = ends(arrival.at, arrival.end);
        match end {
            Some(end) if end <= seen_until => samples.lifetimes[entry].add(end.since(arrival.at).0),
            // Seen for as long as it would have been in the trace.
            _ => samples.lifetimes[entry].add_censored(seen_until.since(arrival.at).0),
        }
        let load = traced.entries[entry].load;
        watch.add(&Creation { at: arrival.at, batch, load, end }, samples);
    }
    Ok(watch.finish(samples))
}

fn workload_setting(scenario: &Scenario, seed: u64) -> crate::workload::Setting<'_> {
    crate::workload::Setting { seed, ..sim::setting(scenario, Path::new(""), None) }
}
