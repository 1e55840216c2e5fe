//! The published curves.

use std::path::Path;

use super::run::Curve;
use crate::workload::trace::TraceError;
use crate::workload::trace::lines::Lines;

/// Policies here, and their names in the published tables.
pub const PUBLISHED: &[(&str, &str)] = &[
    ("random-fit", "01-Random"),
    ("dot-product", "02-DotProd"),
    ("gpu-clustering", "03-GpuClustering"),
    ("gpu-packing", "04-GpuPacking"),
    ("gpu-best-fit", "05-BestFit"),
    ("fgd", "06-FGD"),
];

/// A table of published curves: columns `workload`, `sc_policy`, `seed`, and the percentages of arrived GPU.
#[derive(Clone, Debug)]
pub struct Expected {
    rows: Vec<Row>,
}

/// List, policy and seed of a run, and its published curve: (per cent arrived, allocated percentage in hundredths).
type Row = (String, String, u64, Vec<(usize, u32)>);

impl Expected {
    /// Reads a table.
    ///
    /// # Errors
    /// The file is missing or has a damaged line.
    pub fn read(path: &Path) -> Result<Expected, TraceError> {
        let mut lines = Lines::open(path)?;
        if !lines.advance_to_data()? {
            return Err(lines.damaged("no header"));
        }
        let header: Vec<String> = lines.text()?.split(',').map(|name| name.trim().to_owned()).collect();
        let find = |name: &str| {
            let place = header.iter().position(|known| known == name);
            place.ok_or_else(|| lines.damaged(format!("the header names no column {name}")))
        };
        let (workload, policy, seed) = (find("workload")?, find("sc_policy")?, find("seed")?);
        let points: Vec<(usize, usize)> = header
            .iter()
            .enumerate()
            .filter_map(|(column, name)| Some((column, name.parse().ok()?)))
            .collect();
        let mut rows = Vec::new();
        while lines.advance_to_data()? {
            let fields: Vec<&str> = lines.text()?.split(',').map(str::trim).collect();
            if fields.len() != header.len() {
                let (found, expected) = (fields.len(), header.len());
                return Err(lines.damaged(format!("{found} columns where the header names {expected}")));
            }
            let bad = |column: usize| lines.damaged(format!("column {} is no number", header[column]));
            let curve = points.iter().map(|&(column, k)| {
                let value: f64 = fields[column].parse().map_err(|_| bad(column))?;
                if (0.0..=100.0).contains(&value) {
                    Ok((k, (value * 100.0).round() as u32))
                } else {
                    Err(bad(column))
                }
            });
            let curve = curve.collect::<Result<Vec<_>, TraceError>>()?;
            let seed = fields[seed].parse().map_err(|_| bad(seed))?;
            rows.push((fields[workload].to_owned(), fields[policy].to_owned(), seed, curve));
        }
        Ok(Expected { rows })
    }

    /// The published curve of a list (the stem of its file's name), a policy by its name here, and a seed: percentages of
    /// arrived GPU, and hundredths of a percent allocated.
    pub fn curve(&self, list: &str, policy: &str, seed: u64) -> Option<&[(usize, u32)]> {
        let &(_, published) = PUBLISHED.iter().find(|(name, _)| *name == policy)?;
        let row = self
            .rows
            .iter()
            .find(|row| (row.0.as_str(), row.1.as_str(), row.2) == (list, published, seed))?;
        Some(&row.3)
    }

    /// Compares a curve with a published one: points compared, points off, and the largest distance in hundredths of a percent.
    pub fn compare(curve: &Curve, published: &[(usize, u32)]) -> (usize, usize, u32) {
        let distances = published.iter().map(|&(k, value)| {
            let ours = curve.0.get(k).copied().flatten();
            ours.map_or(10_000, |ours| ours.abs_diff(value))
        });
        let distances: Vec<u32> = distances.collect();
        let off = distances.iter().filter(|&&distance| distance > 0).count();
        (distances.len(), off, distances.into_iter().max().unwrap_or(0))
    }
}
