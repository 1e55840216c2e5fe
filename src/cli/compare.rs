//! `packyard compare`: runs side by side.

use std::path::PathBuf;
use std::process::ExitCode;

use super::CliError;
use super::output::print;
use crate::compare::{Side, compare, page, text};

/// Compare runs: differences with their sign, better or worse, and whether they are more than chance.
///
/// The first folder is the base. Folders of several seeds (`packyard run --seeds 1..20 --out DIR`) are compared seed by
/// seed, with 95 % intervals around the mean difference.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Folders that `packyard run --out` or `packyard replay --out` wrote; at least two
    #[arg(required = true, num_args = 2.., value_name = "DIR")]
    folders: Vec<PathBuf>,
    /// Also write the comparison as one self-contained page
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Compares the folders.
///
/// # Errors
/// A folder without a summary, sides without a common seed, a page that cannot be written.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let sides: Result<Vec<Side>, _> = args.folders.iter().map(|folder| Side::read(folder)).collect();
    let comparison = compare(&sides.map_err(CliError::new)?).map_err(CliError::new)?;
    if let Some(path) = &args.html {
        let fail = |error: std::io::Error| CliError::new(format!("cannot write {}: {error}", path.display()));
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(std::path::Path::new("."));
        let file = tempfile::Builder::new().prefix(".packyard-").tempfile_in(folder).map_err(fail)?;
        std::fs::write(file.path(), page(&comparison)).map_err(fail)?;
        file.persist(path).map_err(|error| fail(error.error))?;
    }
    print(&text(&comparison))?;
    Ok(ExitCode::SUCCESS)
}
