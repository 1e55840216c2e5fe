//! `packyard sweep` and `packyard gather`: many runs, in parts if need be, and one table of them.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::planner;
use crate::planner::sweep::{Ledger, Line, Runner, Shard, Sweep, SweepError, gather};

use super::output::{OutDir, print};
use super::run::interrupt_flag;
use super::{CliError, EXIT_INTERRUPTED};

/// Run a grid or a Latin hypercube of settings, each on a number of seeds.
///
/// The manifest (TOML) names a scenario, the keys that vary ([[axes]]) and the seeds. Each run is one JSON line in the
/// folder of --out. A sweep that was ended goes on where it was; a run that is there is never made again.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Manifest of the sweep (TOML)
    manifest: PathBuf,
    /// Folder of the results: made, or gone on with
    #[arg(long, value_name = "DIR", required_unless_present_any = ["list", "run"])]
    out: Option<PathBuf>,
    /// Only this part of the runs, such as 1/4 to 4/4, for batch systems: parts may run anywhere at any time
    #[arg(long, value_name = "I/N", default_value = "1/1")]
    shard: Shard,
    /// Print the runs that are not done yet, one JSON line each, and make none
    #[arg(long)]
    list: bool,
    /// Make these runs and print their lines, into no folder: for engines that gather lines themselves
    #[arg(long, value_name = "N", value_delimiter = ',', conflicts_with = "list")]
    run: Vec<u64>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Runs side by side [default: one for each core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// No line for each run, even on a terminal
    #[arg(long, short)]
    quiet: bool,
}

/// Gather the runs of a sweep into one Parquet table and one page.
///
/// Writes `runs.parquet` and `sweep.html`; their bytes depend on the runs only, not on the order in which, or where,
/// they were made.
#[derive(clap::Args, Debug)]
pub(super) struct GatherArgs {
    /// Folder of the sweep
    folder: PathBuf,
    /// New folder for the table and the page [default: `gathered` inside the sweep's]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the folder when it exists
    #[arg(long)]
    force: bool,
    /// Gather what is there, also when runs are missing
    #[arg(long)]
    partial: bool,
}

fn error(error: SweepError) -> CliError {
    match error {
        SweepError::Scenario { settings, error } => {
            eprintln!("at {settings}:");
            CliError::diagnostic(error)
        }
        error => CliError::new(error),
    }
}

/// Runs a sweep, or a part of it; exit code 130 when interrupted.
///
/// # Errors
/// Whatever is wrong with the manifest, the scenario at a point, or the folder.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    if args.workers == Some(0) {
        return Err(CliError::new("--workers 0: somebody has to do the work"));
    }
    let sweep = Sweep::load(&args.manifest).map_err(error)?;
    let runner = Runner::new(sweep, args.trace.as_deref()).map_err(error)?;
    let stop = interrupt_flag();
    if !args.run.is_empty() {
        for &run in &args.run {
            match runner.run(run, &stop) {
                Ok(line) => print(&line.text())?,
                Err(SweepError::Interrupted) => return Ok(ExitCode::from(EXIT_INTERRUPTED)),
                Err(other) => return Err(error(other)),
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let ledger = args.out.as_deref().map(|out| Ledger::create(out, runner.description().clone()));
    let ledger = ledger.transpose().map_err(error)?;
    if args.list {
        return list(&runner, ledger.as_ref(), args.shard);
    }
    let Some(ledger) = ledger else { return Err(CliError::new("--out DIR is missing")) };
    let show = !args.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let done = AtomicU64::new(0);
    let look = |line: &Line, of: u64| {
        let number = done.fetch_add(1, Ordering::Relaxed) + 1;
        if show {
            let settings: Vec<String> =
                line.settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
            eprintln!("{number} of {of}: run {} {} seed {}", line.run, settings.join(" "), line.seed);
        }
    };
    let workers = args.workers.unwrap_or_else(planner::cores);
    match runner.go(&ledger, args.shard, workers, &stop, look) {
        Ok(made) => {
            let all = runner.description().runs();
            let mine = (0..all).filter(|run| args.shard.has(*run)).count() as u64;
            print(&format!("{made} runs made, {} were there; {all} in the whole sweep\n", mine - made))?;
            Ok(ExitCode::SUCCESS)
        }
        Err(SweepError::Interrupted) => {
            eprintln!("interrupted: the same command goes on from here");
            Ok(ExitCode::from(EXIT_INTERRUPTED))
        }
        Err(other) => Err(error(other)),
    }
}

fn list(runner: &Runner, ledger: Option<&Ledger>, shard: Shard) -> Result<ExitCode, CliError> {
    let found = ledger.map(Ledger::read).transpose().map_err(error)?.unwrap_or_default();
    let mut text = String::new();
    for run in 0..runner.description().runs() {
        if shard.has(run) && !found.lines.contains_key(&run) {
            let (point, seed, settings) = runner.about(run).map_err(error)?;
            let line = serde_json::json!({ "run": run, "point": point, "seed": seed, "settings": settings });
            text.push_str(&format!("{line}\n"));
        }
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Gathers a sweep.
///
/// # Errors
/// A folder without a sweep, damaged lines that contradict others, missing runs, or a folder that cannot be written.
pub(super) fn gathered(args: GatherArgs) -> Result<ExitCode, CliError> {
    let ledger = Ledger::open(&args.folder).map_err(error)?;
    let target = args.out.unwrap_or_else(|| args.folder.join("gathered"));
    let out = OutDir::create(&target, args.force)?;
    let all = gather(&ledger, args.partial).map_err(error)?;
    if all.damaged > 0 {
        eprintln!(
            "warning: {} damaged lines do not count; `packyard sweep` makes their runs again",
            all.damaged
        );
    }
    out.write("runs.parquet", &all.parquet)?;
    out.write("sweep.html", all.html.as_bytes())?;
    out.finish()?;
    print(&format!("{} of {} runs gathered into {}\n", all.runs, all.all, target.display()))?;
    Ok(ExitCode::SUCCESS)
}
