//! `packyard check`: is the scenario sound, and what does it amount to?

use std::path::PathBuf;
use std::process::ExitCode;

use super::CliError;
use super::output::print;
use crate::scenario::Scenario;

/// Check a scenario and print its effective configuration, all defaults filled in.
///
/// The output is TOML and a scenario itself; the first line, a comment, sums it up.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML)
    scenario: PathBuf,
    /// Change one key of the scenario, such as `--set policy=first-fit` or `--set pools.0.hosts=500`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Print the summary line only
    #[arg(long, short)]
    quiet: bool,
}

/// Splits the argument of `--set`.
pub(super) fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.trim().to_owned())),
        _ => Err("write KEY=VALUE, for example pools.0.hosts=500".to_owned()),
    }
}

/// Checks the scenario.
///
/// # Errors
/// Whatever is wrong with the scenario, at its line.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let scenario = Scenario::load_with(&args.scenario, &args.set).map_err(CliError::diagnostic)?;
    let mut text = format!("# {}\n", scenario.summary());
    if !args.quiet {
        text.push('\n');
        text.push_str(&scenario.effective_toml());
    }
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}
