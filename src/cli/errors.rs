//! `packyard errors`: the error table.

use std::process::ExitCode;

use serde::Serialize;

use super::CliError;
use super::output::print;
use super::table::{Format, left, right, show};
use crate::api::ErrorTable;
use crate::validate::{Answer, checks};

/// Print the error table: every row with its trigger and its number of conformance cases.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Only rows with this code, or whose code starts with it
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Print JSON
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long)]
    csv: bool,
}

/// One line of the table.
#[derive(Serialize)]
struct Line {
    row: String,
    status: u16,
    code: String,
    message: String,
    phase: String,
    trigger: String,
    checks: String,
    cases: u32,
}

/// Prints the table.
///
/// # Errors
/// When standard output cannot be written.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let lines = lines();
    let wanted: Vec<&Line> = lines
        .iter()
        .filter(|line| args.code.as_ref().is_none_or(|code| line.code.starts_with(code.as_str())))
        .collect();
    if wanted.is_empty() {
        return Err(CliError::new("no row has this code; codes are case-sensitive"));
    }
    let columns = [
        right("row", |line: &Line| line.row.clone()),
        right("status", |line: &Line| line.status.to_string()),
        left("code", |line: &Line| line.code.clone()),
        left("phase", |line: &Line| line.phase.clone()),
        right("cases", |line: &Line| line.cases.to_string()),
        left("checks", |line: &Line| line.checks.clone()),
        left("trigger", |line: &Line| line.trigger.clone()),
    ];
    let format = match (args.json, args.csv) {
        (true, _) => Format::Json,
        (_, true) => Format::Csv,
        _ => Format::Table,
    };
    print(&show(&wanted, &columns, format).map_err(CliError::new)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The rows in document order, then the answers without a row.
fn lines() -> Vec<Line> {
    let cases = ErrorTable::shipped().cases();
    let of = |id: &str| cases.iter().find(|(row, _)| row == id).map_or(0, |(_, cases)| *cases);
    let mut lines: Vec<Line> = ErrorTable::shipped()
        .rows()
        .iter()
        .map(|row| Line {
            row: row.n.to_string(),
            status: row.status,
            code: row.code.clone(),
            message: row.message.clone(),
            phase: row.phase.clone(),
            trigger: row.trigger.clone(),
            checks: row.check_ids.clone(),
            cases: of(&row.n.to_string()),
        })
        .collect();
    for (id, phase, trigger) in EXTRAS {
        let mut ids = Vec::new();
        let mut line = None;
        for check in checks() {
            if let Answer::Extra(extra) = check.answer
                && extra.id() == id
            {
                ids.push(check.id);
                line = Some(extra);
            }
        }
        let Some(extra) = line else { continue };
        lines.push(Line {
            row: id.to_owned(),
            status: extra.status(),
            code: extra.code().to_owned(),
            message: extra.message(),
            phase: phase.to_owned(),
            trigger: trigger.to_owned(),
            checks: ids.join(";"),
            cases: of(id),
        });
    }
    lines
}

/// Answers without a row (G1 to G4): id, phase, trigger.
const EXTRAS: [(&str, &str, &str); 4] = [
    ("X1", "protocol", "a mandatory parameter is absent or empty; the message names it"),
    ("X2", "syntax", "a value is not of the documented set; the message names the parameter"),
    ("X3", "protocol", "the client token came before, with other parameters"),
    ("X4", "internal", "DryRun=true and nothing else to refuse"),
];
