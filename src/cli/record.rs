//! The output folder of a run: what `--out` writes.

use crate::evidence::tables::{Sample, Selection};
use crate::evidence::{MANIFEST, Manifest, Options, Recorder};
use crate::metrics::EngineCost;
use crate::report;
use crate::scenario::Scenario;
use crate::sim::{Simulation, Summary};

use super::CliError;
use super::output::OutDir;

/// What is recorded beside the summary.
#[derive(clap::Args, Debug)]
pub(super) struct RecordArgs {
    /// Also write every event of the run: `events.jsonl.zst`
    #[arg(long, requires = "out")]
    events: bool,
    /// Limit a table to some columns, such as `--columns requests=request,outcome`, or leave it out: `hosts=none`;
    /// repeatable, for big runs
    #[arg(long, value_name = "TABLE=COLUMNS", requires = "out")]
    columns: Vec<String>,
    /// Keep only this share of the requests in tables and events, such as `1%` or `0.01`; the same requests in each
    #[arg(long, value_name = "SHARE", requires = "out", value_parser = share)]
    sample: Option<f64>,
}

/// A share above 0 and up to 1, as a number or in per cent.
fn share(text: &str) -> Result<f64, String> {
    let (number, unit) = match text.strip_suffix('%') {
        Some(number) => (number, 100.0),
        None => (text, 1.0),
    };
    let share = number.trim().parse::<f64>().map(|number| number / unit);
    match share {
        Ok(share) if share > 0.0 && share <= 1.0 => Ok(share),
        _ => Err("a share is above 0 and at most 1, for example 1% or 0.01".to_owned()),
    }
}

/// Makes the recorder of a run that has an output folder, and the histograms of engine cost.
///
/// # Errors
/// A table or column that does not exist, or a file that cannot be created.
pub(super) fn begin(
    args: &RecordArgs,
    out: Option<&OutDir>,
    scenario: &Scenario,
    simulation: &Simulation<'_>,
) -> Result<(Option<Recorder>, EngineCost), CliError> {
    let Some(out) = out else { return Ok((None, EngineCost::new())) };
    let mut tables = Selection::default();
    for text in &args.columns {
        tables.limit(text).map_err(|wrong| CliError::new(format!("--columns: {wrong}")))?;
    }
    let options = Options {
        every: scenario.spec.report.interval.get().get(),
        tables: Some(tables),
        sample: args.sample.map_or(Sample::ALL, Sample::share),
        events: args.events,
    };
    let recorder = Recorder::create(out.path(), simulation.labels(), &options);
    let both = recorder.and_then(|recorder| recorder.engine_cost().map(|cost| (Some(recorder), cost)));
    both.map_err(|error| CliError::new(format!("cannot record the run: {error}")))
}

/// Writes the rest of the folder and puts it in its place. `section`: HTML for the page, before its charts.
///
/// # Errors
/// When a file cannot be written in full; then nothing appears.
pub(super) fn end(
    out: OutDir,
    recorder: Recorder,
    cost: &mut EngineCost,
    summary: &Summary,
    scenario: &Scenario,
    section: &str,
) -> Result<(), CliError> {
    let failed = |error| CliError::new(format!("cannot record the run: {error}"));
    let recorded = recorder.finish(cost).map_err(failed)?;
    let toml = scenario.effective_toml();
    out.write("summary.json", report::json(summary).as_bytes())?;
    out.write("report.txt", report::terminal(summary).as_bytes())?;
    out.write("report.html", report::page::html(summary, &recorded, &toml, section).as_bytes())?;
    out.write("scenario.toml", scenario.effective_toml_elsewhere().as_bytes())?;
    let manifest = Manifest::of(out.path(), &summary.run).map_err(failed)?;
    out.write(MANIFEST, manifest.json().as_bytes())?;
    out.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_or_per_cent() {
        assert_eq!(share("0.01"), Ok(0.01));
        assert_eq!(share("1%"), Ok(0.01));
        assert_eq!(share("100 %"), Ok(1.0));
        assert!(share("0").is_err() && share("101%").is_err() && share("x").is_err());
    }
}
