//! `packyard run --seeds`: the same scenario with many seeds, side by side on the cores of the machine.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::output::{OutDir, print};
use super::{CliError, EXIT_INTERRUPTED};
use crate::report;
use crate::scenario::Scenario;
use crate::sim::{Go, Simulation, Summary};

/// Seeds of `--seeds`: both ends belong to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Seeds {
    first: u64,
    last: u64,
}

/// Most runs of one call.
const MOST: u64 = 100_000;

impl std::str::FromStr for Seeds {
    type Err = String;

    fn from_str(text: &str) -> Result<Seeds, String> {
        let number = |part: &str| part.trim().parse::<u64>().ok();
        let ends = text.split_once("..").and_then(|(first, last)| Some((number(first)?, number(last)?)));
        match ends {
            Some((first, last)) if first <= last && last - first < MOST => Ok(Seeds { first, last }),
            _ => Err("write FIRST..LAST, for example 1..20: both belong to it".to_owned()),
        }
    }
}

/// Runs every seed and writes `seed-N/summary.json` for each; exit code 130 when interrupted.
///
/// # Errors
/// Whatever is wrong with the scenario, its trace or the output folder. Nothing is written then.
pub(super) fn run(
    path: &Path,
    set: &[(String, String)],
    trace: Option<&Path>,
    seeds: Seeds,
    out: &OutDir,
    stop: &AtomicBool,
) -> Result<ExitCode, CliError> {
    let one = |seed: u64| -> Result<(Scenario, Summary), CliError> {
        let mut overrides = set.to_vec();
        overrides.push(("seed".to_owned(), seed.to_string()));
        let scenario = Scenario::load_with(path, &overrides).map_err(CliError::diagnostic)?;
        let watch = |_: &_| if stop.load(Ordering::Relaxed) { Go::Stop } else { Go::On };
        let simulation = Simulation::new(&scenario, &scenario.folder, trace).map_err(CliError::new)?;
        let summary = simulation.run(None, watch).map_err(CliError::new)?;
        Ok((scenario, summary))
    };
    let count = (seeds.last - seeds.first + 1) as usize;
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<CliError>> = Mutex::new(None);
    let lines: Mutex<Vec<(u64, String)>> = Mutex::new(Vec::new());
    let worker = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count || stop.load(Ordering::Relaxed) || failed.lock().is_some() {
                return;
            }
            let seed = seeds.first + at as u64;
            let done = one(seed).and_then(|(scenario, summary)| {
                out.write(&format!("seed-{seed}/summary.json"), report::json(&summary).as_bytes())?;
                out.write(
                    &format!("seed-{seed}/scenario.toml"),
                    scenario.effective_toml_elsewhere().as_bytes(),
                )?;
                Ok(summary)
            });
            match done {
                Ok(summary) => lines.lock().push((seed, line(seed, &summary))),
                Err(error) => drop(failed.lock().get_or_insert(error)),
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..crate::planner::cores().min(count) {
            scope.spawn(worker);
        }
    });
    if let Some(error) = failed.into_inner() {
        return Err(error);
    }
    let mut lines = lines.into_inner();
    lines.sort();
    let text: String = lines.into_iter().map(|(_, line)| line).collect();
    print(&text)?;
    let cut = stop.load(Ordering::Relaxed);
    Ok(if cut { ExitCode::from(EXIT_INTERRUPTED) } else { ExitCode::SUCCESS })
}

fn line(seed: u64, summary: &Summary) -> String {
    let counts = &summary.requests;
    let share = 100.0 * counts.rejected as f64 / (counts.total.max(1)) as f64;
    format!(
        "seed {seed}: {} requests, {} created, {} rejected ({share:.2} %), digest {}\n",
        counts.total, counts.created, counts.rejected, summary.run.digest
    )
}
