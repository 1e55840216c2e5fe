//! `packyard percentiles`: the histograms of several runs, added up.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::CliError;
use super::output::print;
use super::table::{Format, left, right, show};
use crate::evidence::{ENGINE_LOG, LATENCY_LOG};
use crate::metrics::Percentiles;
use crate::metrics::hdr::{distribution, read_log};
use crate::report::{duration, grouped};

/// Add up the histograms of several runs: shards, seeds, machines.
///
/// Percentiles are taken from the sum of all values, never averaged. Reads the logs in `histograms/` of each folder: the
/// simulated latency by stage and outcome, and the engine cost by stage. Any tool of the HdrHistogram family reads them
/// as well.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folders that `packyard run --out` wrote, with or without `--seeds`
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Print JSON: microseconds of virtual time, nanoseconds of wall time
    #[arg(long)]
    json: bool,
    /// Also write the percentile distribution of each sum into this new folder, as `.hgrm`
    #[arg(long, value_name = "DIR")]
    hgrm: Option<PathBuf>,
}

/// One sum.
#[derive(Serialize)]
struct Row {
    log: &'static str,
    tag: String,
    #[serde(flatten)]
    percentiles: Percentiles,
    /// Nanoseconds of one unit.
    #[serde(skip)]
    unit: f64,
}

/// Reads, adds up and prints.
///
/// # Errors
/// A folder without logs, a damaged log, or a folder that cannot be written.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let mut runs = Vec::new();
    for folder in &args.folders {
        runs.extend(runs_of(folder)?);
    }
    let mut rows = Vec::new();
    let mut distributions = Vec::new();
    for (log, file, unit) in [("simulated", LATENCY_LOG, 1_000.0), ("engine", ENGINE_LOG, 1.0)] {
        for (tag, sum) in added(&runs, file)? {
            distributions.push((format!("{log}-{}.hgrm", tag.replace('.', "-")), distribution(&sum)));
            rows.push(Row { log, tag, percentiles: Percentiles::of(&sum), unit });
        }
    }
    if rows.is_empty() {
        return Err(CliError::new("the logs hold no values"));
    }
    if let Some(folder) = &args.hgrm {
        let out = super::output::OutDir::create(folder, false)?;
        for (name, text) in &distributions {
            out.write(name, text.as_bytes())?;
        }
        out.finish()?;
    }
    let of =
        |value: fn(&Percentiles) -> u64| move |row: &Row| duration(value(&row.percentiles) as f64 * row.unit);
    let columns = [
        left("log", |row: &Row| row.log.to_owned()),
        left("stage", |row: &Row| row.tag.clone()),
        right("count", |row: &Row| grouped(row.percentiles.count)),
        right("p50", of(|p| p.p50)),
        right("p90", of(|p| p.p90)),
        right("p99", of(|p| p.p99)),
        right("p99.9", of(|p| p.p999)),
        right("p99.99", of(|p| p.p9999)),
        right("p99.999", of(|p| p.p99999)),
        right("max", of(|p| p.max)),
    ];
    let format = if args.json { Format::Json } else { Format::Table };
    print(&show(&rows.iter().collect::<Vec<_>>(), &columns, format).map_err(CliError::new)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The folders of single runs in a folder: itself, or one a seed.
fn runs_of(folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let has_logs = |folder: &Path| folder.join(ENGINE_LOG).is_file();
    if has_logs(folder) {
        return Ok(vec![folder.to_owned()]);
    }
    let shown = folder.display();
    let entries = std::fs::read_dir(folder).map_err(|error| CliError::new(format!("{shown}: {error}")))?;
    let mut runs: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    runs.retain(|run| has_logs(run));
    runs.sort_unstable();
    match runs.is_empty() {
        true => {
            Err(CliError::new(format!("{shown}: no {ENGINE_LOG}: write one with `packyard run --out DIR`")))
        }
        false => Ok(runs),
    }
}

/// The logs of one name in all runs, by tag. A run under an instant control plane has no simulated latency.
fn added(runs: &[PathBuf], name: &str) -> Result<BTreeMap<String, Histogram<u64>>, CliError> {
    let mut sum = BTreeMap::new();
    for path in runs.iter().map(|run| run.join(name)).filter(|path| path.is_file()) {
        let fail = |what: String| CliError::new(format!("{}: {what}", path.display()));
        let log = std::fs::read(&path).map_err(|error| fail(error.to_string()))?;
        read_log(&log, &mut sum).map_err(|error| fail(error.to_string()))?;
    }
    Ok(sum)
}
