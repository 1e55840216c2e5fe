//! `packyard conformance`: cases in, answers out.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::output::print;
use super::{CliError, EXIT_FAILED};
use crate::validate::conformance::{Case, Defaults};

/// Answer conformance cases: one JSON line a case, then a summary.
///
/// A case is the default request with its `request` differences in the default world with its `world` differences.
/// Cases without `expect` are answered too; their `pass` is null.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Cases, one JSON object a line
    cases: PathBuf,
    /// The request that cases start from, instead of the shipped one
    #[arg(long, value_name = "FILE")]
    request: Option<PathBuf>,
    /// The world that cases start from, instead of the shipped one
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Print the cases that fail and the summary only
    #[arg(long, short)]
    quiet: bool,
}

/// Bytes of output collected before they are written.
const CHUNK: usize = 1 << 16;

/// Answers the cases; exit code 1 when one fails.
///
/// # Errors
/// A file that cannot be read, a line that is no case, a world that cannot be built.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| CliError::new(format!("cannot read {}: {error}", path.display())))
    };
    let request = args.request.as_deref().map_or_else(|| Ok(Defaults::REQUEST.to_owned()), read)?;
    let world = args.world.as_deref().map_or_else(|| Ok(Defaults::WORLD.to_owned()), read)?;
    let defaults = Defaults::parse(&request, &world).map_err(CliError::new)?;

    let name = args.cases.display();
    let file =
        File::open(&args.cases).map_err(|error| CliError::new(format!("cannot read {name}: {error}")))?;
    let mut out = String::new();
    let (mut total, mut passed, mut failed) = (0u64, 0u64, 0u64);
    for (line, number) in BufReader::new(file).lines().zip(1u64..) {
        let at = |what: &dyn std::fmt::Display| CliError::new(format!("{name}:{number}: {what}"));
        let line = line.map_err(|error| at(&error))?;
        if line.trim().is_empty() {
            continue;
        }
        let case: Case = serde_json::from_str(&line).map_err(|error| at(&format!("no case: {error}")))?;
        let answered = defaults.answer(&case).map_err(|error| at(&error))?;
        let pass = answered.passes(&case);
        total += 1;
        passed += u64::from(pass == Some(true));
        failed += u64::from(pass == Some(false));
        if !args.quiet || pass == Some(false) {
            out.push_str(&answered.to_json(&case).to_string());
            out.push('\n');
        }
        if out.len() >= CHUNK {
            print(&out)?;
            out.clear();
        }
    }
    let open = total - passed - failed;
    let summary =
        serde_json::json!({"cases": total, "passed": passed, "failed": failed, "without_expectation": open});
    out.push_str(&summary.to_string());
    out.push('\n');
    print(&out)?;
    Ok(if failed > 0 { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}
