//! `packyard trace`: recorded workloads looked into, converted, sampled, mapped, imitated, drawn.

mod convert;
mod fit;
mod info;
mod map;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;

use super::CliError;
use crate::scenario::units::Size;
use crate::scenario::workload::TraceFormat;
use crate::workload::trace::{Machine, Options, TraceReader, guess};

/// Look into recorded workloads, convert and sample them, and see what they become
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Subcommand, Debug)]
enum TraceCommand {
    /// Print what a trace holds: requests, arrivals, lifetimes, peaks, sizes; or what a list of nodes holds
    Info(info::Args),
    /// Write a trace of any format as our own CSV or Parquet
    Convert(convert::Convert),
    /// Write a part of a trace: thinned, cut, in copies, at another speed
    Sample(convert::Sample),
    /// Write a scenario whose generators imitate a trace, and print how well they do
    Fit(fit::Args),
    /// Print what the traces of a scenario ask for, what is requested for it, and what was rounded by how much
    Map(map::Args),
}

/// A trace on the command line.
#[derive(clap::Args, Debug)]
struct Input {
    /// The trace, plain or compressed by gzip or zstd
    file: PathBuf,
    /// Its format: azure-v1-2017, azure-packing-2020, azure-vm, huawei-east-1, openb, alibaba-spot-2026, packyard-csv or
    /// packyard-parquet [default: told by its content]
    #[arg(long)]
    format: Option<TraceFormat>,
    /// The machine that fractions of a machine are measured by (azure-packing-2020)
    #[arg(long, value_name = "VCPUS,MEMORY", value_parser = machine, default_value = "64,256GiB")]
    machine: Machine,
}

impl Input {
    fn format(&self) -> Result<TraceFormat, CliError> {
        match self.format {
            Some(format) => Ok(format),
            None => guess(&self.file).map_err(CliError::new)?.ok_or_else(|| unknown(&self.file)),
        }
    }

    fn options(&self) -> Options {
        Options { machine: self.machine }
    }

    fn open(&self) -> Result<TraceReader, CliError> {
        TraceReader::open_with(&self.file, self.format()?, &self.options()).map_err(CliError::new)
    }
}

fn unknown(file: &Path) -> CliError {
    let names = TraceFormat::ALL.map(TraceFormat::name).join(", ");
    CliError::new(format!(
        "the content of {} does not tell its format: name it with --format, one of {names}",
        file.display()
    ))
}

/// Reads `64,256GiB`.
fn machine(text: &str) -> Result<Machine, String> {
    let shape = || format!("`{text}` is no machine: write for example 64,256GiB");
    let (vcpus, memory) = text.split_once(',').ok_or_else(shape)?;
    let vcpus: u32 = vcpus.trim().parse().map_err(|_| shape())?;
    let memory: Size = memory.trim().parse().map_err(|_| shape())?;
    let memory_mib = u32::try_from(memory.as_mib()).ok().filter(|mib| *mib > 0).ok_or_else(shape)?;
    let cpu_milli = vcpus.checked_mul(1_000).filter(|milli| *milli > 0).ok_or_else(shape)?;
    Ok(Machine { cpu_milli, memory_mib })
}

/// Runs the command.
///
/// # Errors
/// The trace is missing, damaged or empty; a file cannot be written.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    match args.command {
        TraceCommand::Info(args) => info::run(&args),
        TraceCommand::Convert(args) => convert::convert(&args),
        TraceCommand::Sample(args) => convert::sample(&args),
        TraceCommand::Fit(args) => fit::run(&args),
        TraceCommand::Map(args) => map::run(&args),
    }
}
