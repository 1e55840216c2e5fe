//! `packyard trace fit`: a scenario that imitates a trace.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use super::super::output::{OutFile, print};
use super::{CliError, Input};
use crate::fit::{CLOSE, Compared, Distance, Fitted, Goodness, Model, Options, fit};
use crate::workload::trace::TraceReader;

/// Rows of the table of distances; `--json` has all.
const SHOWN: usize = 24;

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    /// Scenario to write (TOML)
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    force: bool,
    /// So many times the trace: a real day at ten times its size
    #[arg(long, default_value_t = 1.0)]
    scale: f64,
    /// How it is imitated: `week` (one workload, rates by hour of the week), `kinds` (a workload for each kind of lifetime and
    /// size), `run` (the same, with the course of the whole trace) [default: the simplest that comes within 5 %]
    #[arg(long, value_parser = model)]
    model: Option<Model>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn model(text: &str) -> Result<Model, String> {
    let names = Model::ALL.map(Model::name).join(", ");
    let known = Model::ALL.into_iter().find(|model| model.name() == text);
    known.ok_or_else(|| format!("`{text}` is none of {names}"))
}

/// Runs the command.
///
/// # Errors
/// The trace is missing, damaged or cannot be imitated; the scenario cannot be written.
pub(super) fn run(args: &Args) -> Result<ExitCode, CliError> {
    if !(1e-3..=1e4).contains(&args.scale) {
        return Err(CliError::new("--scale is a number from 0.001 to 10000"));
    }
    let (format, options) = (args.input.format()?, args.input.options());
    // Before the work, not after it.
    let out = OutFile::create(&args.out, args.force)?;
    let open = || TraceReader::open_with(&args.input.file, format, &options);
    let wanted = Options { scale: args.scale, model: args.model };
    let Fitted { scenario, goodness } = fit(&open, &wanted).map_err(CliError::new)?;
    let unwritable = |error| CliError::new(format!("cannot write {}: {error}", args.out.display()));
    out.file().write_all(scenario.as_bytes()).map_err(unwritable)?;
    out.finish()?;
    let text = if args.json {
        serde_json::to_string_pretty(&goodness).map_err(CliError::new)? + "\n"
    } else {
        let mut text = table(&goodness);
        let _ = writeln!(text, "\n{}: run it with `packyard run {0}`", args.out.display());
        text
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The goodness of a fit for people.
fn table(goodness: &Goodness) -> String {
    let mut text = format!(
        "{}: {:.2} days, clock of {} s, imitated by model `{}`",
        goodness.file,
        goodness.window_s / 86_400.0,
        goodness.step_s,
        goodness.model.name()
    );
    let tried = goodness
        .tried
        .iter()
        .map(|tried| format!("`{}` off by {:.1} %", tried.model.name(), 100.0 * tried.worst));
    let _ = writeln!(text, " (tried: {})\n", tried.collect::<Vec<_>>().join(", "));
    figures(&goodness.figures, &format!("{} seeds", goodness.seeds.len()), &mut text);
    let last = goodness.tried.iter().find(|tried| tried.model == goodness.model);
    if last.is_some_and(|tried| tried.worst > CLOSE) {
        let _ = writeln!(
            text,
            "\nno model comes within {:.0} % in creations a day, mean and peak of instances: this is the closest",
            100.0 * CLOSE
        );
    }
    if !goodness.scaled.is_empty() {
        let _ = writeln!(text, "\nat {} times the trace:\n", goodness.scale);
        figures(&goodness.scaled, "1 seed", &mut text);
    }
    text += "\ndistances of Kolmogorov and Smirnov (0: the same, 1: nothing in common)\n\n";
    let _ =
        writeln!(text, "{:>8} {:>12} {:>12} {:>12}", "distance", "in trace", "still alive", "in imitation");
    for row in goodness.distances.iter().take(SHOWN) {
        let Distance { name, distance, trace, censored, fitted } = row;
        let distance = distance.map_or_else(|| "-".to_owned(), |distance| format!("{distance:.3}"));
        let _ = writeln!(text, "{distance:>8} {trace:>12} {censored:>12} {fitted:>12}  {name}");
    }
    let more = goodness.distances.len().saturating_sub(SHOWN);
    if more > 0 {
        let _ = writeln!(text, "and {more} types more: see --json");
    }
    for note in &goodness.notes {
        let _ = writeln!(text, "\nnote: {note}");
    }
    text
}

fn figures(rows: &[Compared], seeds: &str, text: &mut String) {
    let _ = writeln!(text, "{:>14} {:>14} {:>8}  range over {seeds}", "trace", "imitation", "off");
    for Compared { name, trace, fitted, range: (least, most), off } in rows {
        let _ = writeln!(
            text,
            "{trace:>14.1} {fitted:>14.1} {:>+7.1} %  {least:.1} to {most:.1}  {name}",
            100.0 * off
        );
    }
}
