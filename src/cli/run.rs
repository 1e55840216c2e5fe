//! `packyard run`: one scenario, one run, one report.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::journal::Snapshot;
use crate::metrics::clock::WallMark;
use crate::report;
use crate::scenario::Scenario;
use crate::sim::{self, Go, Progress, State, Summary};

use super::check::key_value;
use super::output::{OutDir, print};
use super::progress::RunBar;
use super::record;
use super::seeds::{self, Seeds};
use super::wiring::{Wiring, close};
use super::{CliError, EXIT_INTERRUPTED};

/// Run a scenario and report what happened.
///
/// The same version, scenario, seed and trace always give the same digest, on any machine.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML); see `packyard schema` and the `scenarios` folder
    #[arg(required_unless_present = "from_snapshot", conflicts_with = "from_snapshot")]
    scenario: Option<PathBuf>,
    /// Go on from a snapshot, written by `packyard snapshot`, instead of beginning a scenario
    #[arg(long, value_name = "FILE", conflicts_with = "record")]
    from_snapshot: Option<PathBuf>,
    /// Seed of all chance, instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario, such as `--set policy=first-fit` or `--set pools.0.hosts=500`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Run once with each of these seeds, such as `1..20`, side by side on all cores; `--out` gets one folder a seed,
    /// for `packyard compare`
    #[arg(long, value_name = "FIRST..LAST", requires = "out", requires = "scenario",
        conflicts_with_all = ["seed", "from_snapshot", "record", "json"])]
    seeds: Option<Seeds>,
    #[command(flatten)]
    wiring: Wiring,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Also record the run into a new folder: `report.html`, `summary.json`, Parquet tables, histograms and more (see
    /// `docs/report.md`)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the folder of `--out` when it exists
    #[arg(long, requires = "out")]
    force: bool,
    #[command(flatten)]
    record: record::RecordArgs,
    /// No progress bar, even on a terminal
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the scenario; exit code 130 when interrupted.
///
/// # Errors
/// Whatever is wrong with the scenario, the trace or the output folder.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    if let (Some(seeds), Some(path), Some(dir)) = (args.seeds, &args.scenario, &args.out) {
        let out = OutDir::create(dir, args.force)?;
        let code = seeds::run(path, &args.set, args.trace.as_deref(), seeds, &out, &interrupt_flag())?;
        out.finish()?;
        return Ok(code);
    }
    let (scenario, state) = load(&args)?;
    let out = args.out.as_deref().map(|dir| OutDir::create(dir, args.force)).transpose()?;
    let stop = interrupt_flag();
    let workload =
        sim::workload(&scenario, &scenario.folder, args.trace.as_deref()).map_err(CliError::new)?;
    let (simulation, recording) = args.wiring.simulation(&scenario, workload, state, |chain| chain)?;

    let (mut recorder, mut cost) = record::begin(&args.record, out.as_ref(), &scenario, &simulation)?;
    let bar = RunBar::new(args.quiet);
    let began = WallMark::now();
    let watch = |progress: &Progress| {
        bar.show(progress, progress.events as f64 / began.elapsed_secs().max(1e-9));
        if stop.load(Ordering::Relaxed) { Go::Stop } else { Go::On }
    };
    let result = simulation.run_observed(Some(&mut cost), &mut recorder, watch);
    let wall = began.elapsed_secs();
    bar.clear();

    let mut summary = result.map_err(CliError::new)?;
    close(recording, &summary)?;
    summary.measured(&cost, wall, peak_memory_mib());
    let json = report::json(&summary);
    let text = report::terminal(&summary);
    if let (Some(out), Some(recorder)) = (out, recorder) {
        record::end(out, recorder, &mut cost, &summary, &scenario, "")?;
    }
    print(if args.json { &json } else { &text })?;
    Ok(exit_code(&summary))
}

/// The scenario, and the state that the run goes on from when it is that of a snapshot.
fn load(args: &Args) -> Result<(Scenario, Option<State>), CliError> {
    let mut overrides = args.set.clone();
    if let Some(seed) = args.seed {
        overrides.push(("seed".to_owned(), seed.to_string()));
    }
    match (&args.from_snapshot, &args.scenario) {
        (Some(path), _) => {
            let snapshot = Snapshot::open(path).map_err(CliError::new)?;
            let scenario = snapshot.scenario(&overrides).map_err(CliError::diagnostic)?;
            Ok((scenario, Some(snapshot.state)))
        }
        (None, Some(path)) => {
            Ok((Scenario::load_with(path, &overrides).map_err(CliError::diagnostic)?, None))
        }
        (None, None) => Err(CliError::new("name a scenario, or a snapshot with --from-snapshot")),
    }
}

fn exit_code(summary: &Summary) -> ExitCode {
    if summary.run.cut_short { ExitCode::from(EXIT_INTERRUPTED) } else { ExitCode::SUCCESS }
}

/// A flag that the first Ctrl-C raises; the second one ends the program at once.
pub(super) fn interrupt_flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    // Without a handler (a sandbox that forbids it) Ctrl-C ends the program the hard way: nothing is lost
    // but the report, so that is no reason to refuse to run.
    let _ = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            super::output::abandon();
            std::process::exit(EXIT_INTERRUPTED.into());
        }
    });
    flag
}

/// Largest resident memory of this process in MiB, from `/proc/self/status`; zero where there is none.
pub(super) fn peak_memory_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}
