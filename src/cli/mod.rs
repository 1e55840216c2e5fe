//! The command line: one file a command; no logic that a library user would miss.
//!
//! Exit codes: 0 done; 1 a check that the command makes has failed (a conformance case, a digest); 2 the input
//! is wrong (scenario, trace, arguments, a file that cannot be written); 130 interrupted, after a clean end.

mod bench;
mod catalog;
mod check;
mod compare;
mod conformance;
mod diff;
mod errors;
mod explain;
mod load;
mod output;
mod percentiles;
mod plan;
mod prices;
mod progress;
mod record;
mod replay;
mod run;
mod run_instances;
mod schema;
mod seeds;
mod snapshot;
mod sweep;
mod table;
mod trace;
mod validate;
mod wiring;

use std::fmt::Display;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit code of a failed check.
pub const EXIT_FAILED: u8 = 1;
/// Exit code of a user error.
pub const EXIT_USAGE: u8 = 2;
/// Exit code of a run that was interrupted.
pub const EXIT_INTERRUPTED: u8 = 130;

/// A user error: what is wrong, with as much help as there is. Ends the program with [`EXIT_USAGE`].
#[derive(Debug)]
pub struct CliError(miette::Report);

impl CliError {
    /// An error of one sentence that names the culprit.
    pub fn new(message: impl Display) -> CliError {
        CliError(miette::Report::msg(message.to_string()))
    }

    /// An error with source text and labels (a faulty line of a scenario).
    pub fn diagnostic(diagnostic: impl miette::Diagnostic + Send + Sync + 'static) -> CliError {
        CliError(miette::Report::new(diagnostic))
    }
}

/// A deterministic simulated cloud and its placement scheduler.
#[derive(Parser)]
#[command(name = "packyard", version, about, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Replay(replay::Args),
    Compare(compare::Args),
    Diff(diff::Args),
    Percentiles(percentiles::Args),
    Snapshot(snapshot::Args),
    Check(check::Args),
    Schema(schema::Args),
    Catalog(catalog::Args),
    Trace(trace::Args),
    Validate(validate::Args),
    RunInstances(run_instances::Args),
    Conformance(conformance::Args),
    Errors(errors::Args),
    Explain(explain::Args),
    Bench(bench::Args),
    Plan(plan::Args),
    Prices(prices::Args),
    Sweep(sweep::Args),
    Gather(sweep::GatherArgs),
}

/// Entry point of the binary: parses, runs one command, prints errors to standard error.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let done: Result<ExitCode, CliError> = match cli.command {
        Command::Run(args) => run::run(args),
        Command::Replay(args) => replay::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Diff(args) => diff::run(args),
        Command::Percentiles(args) => percentiles::run(args),
        Command::Snapshot(args) => snapshot::run(args),
        Command::Check(args) => check::run(args),
        Command::Schema(args) => schema::run(args),
        Command::Catalog(args) => catalog::run(args),
        Command::Trace(args) => trace::run(args),
        Command::Validate(args) => validate::run(args),
        Command::RunInstances(args) => run_instances::run(&args),
        Command::Conformance(args) => conformance::run(args),
        Command::Errors(args) => errors::run(args),
        Command::Explain(args) => explain::run(args),
        Command::Bench(args) => bench::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Prices(args) => prices::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Gather(args) => sweep::gathered(args),
    };
    match done {
        Ok(code) => code,
        Err(CliError(report)) => {
            eprintln!("{report:?}");
            ExitCode::from(EXIT_USAGE)
        }
    }
}
