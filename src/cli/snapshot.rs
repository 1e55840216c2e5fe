//! `packyard snapshot`: the whole state of a run at a moment, in a file.

use std::path::PathBuf;
use std::process::ExitCode;

use super::CliError;
use super::check::key_value;
use super::output::print;
use crate::journal::Snapshot;
use crate::report::grouped;
use crate::scenario::Scenario;
use crate::scenario::units::Moment;
use crate::sim::{self, Simulation};

/// Write the whole state of a run at a moment into a file; `packyard run --from-snapshot FILE` goes on from it, with
/// the digest of the run that was never interrupted.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML)
    scenario: PathBuf,
    /// Moment of the run, such as `36h` or `"3d 04:00"`: everything that happens at it is part of the snapshot
    #[arg(long, value_name = "MOMENT")]
    at: Moment,
    /// The snapshot
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    force: bool,
    /// Seed of all chance, instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
}

/// Runs up to the moment, writes the snapshot, and tries it out.
///
/// # Errors
/// Whatever is wrong with the scenario or its trace, a part of the scenario that a snapshot cannot hold, a file that
/// cannot be written.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    if args.out.exists() && !args.force {
        return Err(CliError::new(format!("{} exists already; --force replaces it", args.out.display())));
    }
    let mut overrides = args.set;
    overrides.extend(args.seed.map(|seed| ("seed".to_owned(), seed.to_string())));
    let scenario = Scenario::load_with(&args.scenario, &overrides).map_err(CliError::diagnostic)?;
    let trace = args.trace.as_deref();
    let workload = || sim::workload(&scenario, &scenario.folder, trace).map_err(CliError::new);
    let moment = args.at.get();
    let simulation = Simulation::of(&scenario, workload()?).map_err(CliError::new)?;
    let state = simulation.save_at(moment).map_err(CliError::new)?;
    let size = state.size();
    Snapshot::write(&args.out, &scenario, moment, &state).map_err(CliError::new)?;
    // What was written must be good for going on: read back, and fitted into a cloud of its own.
    let back = Snapshot::open(&args.out).map_err(CliError::new)?;
    let simulation = Simulation::of(&scenario, workload()?).map_err(CliError::new)?;
    simulation.resume(back.state).try_out().map_err(|error| {
        let _ = std::fs::remove_file(&args.out);
        CliError::new(format!("no snapshot was written: {error}"))
    })?;
    let bytes = std::fs::metadata(&args.out).map_or(0, |data| data.len());
    print(&format!(
        "{} at {moment}: {} requests so far, {} live instances, {} calls under way, {} events pending, {} bytes\n",
        args.out.display(),
        grouped(size.requests),
        grouped(size.instances as u64),
        grouped(size.calls as u64),
        grouped(size.events as u64),
        grouped(bytes)
    ))?;
    Ok(ExitCode::SUCCESS)
}
