//! `packyard schema`: the JSON schema of scenario files.

use std::process::ExitCode;

use super::CliError;
use super::output::print;
use crate::scenario;

/// Print the JSON schema of scenario files, for editors that complete and check TOML.
#[derive(clap::Args, Debug)]
pub(super) struct Args {}

/// Prints the schema.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn run(_: Args) -> Result<ExitCode, CliError> {
    let schema = serde_json::to_string_pretty(&scenario::json_schema()).map_err(CliError::new)?;
    print(&(schema + "\n"))?;
    Ok(ExitCode::SUCCESS)
}
