//! `packyard bench`: how fast this program is on this machine.

mod curve;
mod hdr;
mod packing;
mod placement;

use std::process::ExitCode;

use clap::Subcommand;

use super::{CliError, load};

/// Measure this program on this machine
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    Placement(placement::Args),
    Load(load::Args),
    Packing(packing::Args),
}

/// Runs the benchmark that was asked for.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    match args.what {
        What::Placement(args) => placement::run(args),
        What::Load(args) => load::run(args),
        What::Packing(args) => packing::run(args),
    }
}
