//! `packyard diff`: the first event at which two runs differ.

use std::path::PathBuf;
use std::process::ExitCode;

use super::check::key_value;
use super::output::print;
use super::{CliError, EXIT_FAILED};
use crate::journal::diff::{self, Side, SideError};

/// Find the first event at which two runs differ, and show both sides with the state around it.
///
/// A run is named by its journal (`packyard run --record`), its output folder (`--out`) or its scenario. Both are run
/// again, side by side, up to the first difference of their event logs. Exit code 0: equal; 1: they differ.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A journal, an output folder or a scenario
    a: PathBuf,
    /// The same of the other run; left out: A once more, for `--with` or as a check that A repeats itself
    b: Option<PathBuf>,
    /// Change one key of B's scenario, such as `--with policy=worst-fit`; repeatable
    #[arg(long = "with", value_name = "KEY=VALUE", value_parser = key_value)]
    with: Vec<(String, String)>,
    /// Also compare every random draw, stream by stream, to the end of both runs
    #[arg(long)]
    draws: bool,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Compares the runs; exit code 1 when they differ.
///
/// # Errors
/// A run that cannot be had, or fails.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let open = |path: &PathBuf, with: &[(String, String)]| {
        Side::open(path, with, args.trace.as_deref()).map_err(|error| match error {
            SideError::Scenario(error) => CliError::diagnostic(*error),
            other => CliError::new(other),
        })
    };
    let a = open(&args.a, &[])?;
    let b = open(args.b.as_ref().unwrap_or(&args.a), &args.with)?;
    let found = diff::compare(&a, &b, args.draws).map_err(CliError::new)?;
    if args.json {
        print(&(serde_json::to_string_pretty(&found).map_err(CliError::new)? + "\n"))?;
    } else {
        print(&diff::text(&found))?;
    }
    Ok(if found.is_equal() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}
