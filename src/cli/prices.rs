//! `packyard prices`: the history of spot prices of a scenario, in the shape of DescribeSpotPriceHistory.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::Serialize;

use super::CliError;
use super::check::key_value;
use super::output::print;
use super::table::{Format, left, right, show};
use crate::model::{SimDuration, SimTime, TypeIx, Utc, ZoneIx};
use crate::scenario::Scenario;
use crate::scenario::units::{Date, Moment};
use crate::sim::{Go, Happened, Observer, Simulation};
use crate::spot::price::HourPrice;

/// Print the history of spot prices of a scenario
///
/// The scenario is run up to the end of the range. One row an hour, on the hour; `--json` has the shape of
/// DescribeSpotPriceHistory: OriginPrice is the pay-as-you-go price, SpotPrice the market's, both an hour.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML) with a `[spot]` table
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
    /// Start: a date, or a moment of the run such as `1d 08:00` [default: three days before the end]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End, at most thirty days after the start [default: the end of the run]
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only this zone
    #[arg(long)]
    zone: Option<String>,
    /// Only this instance type
    #[arg(long = "type", value_name = "TYPE")]
    instance_type: Option<String>,
    /// One row a change instead of one an hour
    #[arg(long)]
    changes: bool,
    /// First row, counted from 0
    #[arg(long, default_value_t = 0)]
    offset: usize,
    /// Most rows [default: all]
    #[arg(long)]
    limit: Option<usize>,
    /// Seed of all chance, instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario, such as `--set spot.price.model=smooth`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Longest range (SPOT-26).
const MOST: SimDuration = SimDuration::from_secs(30 * 86_400);
/// Range when no start is given (SPOT-26).
const USUAL: SimDuration = SimDuration::from_secs(3 * 86_400);
const HOUR: u64 = 3_600_000_000;

/// A row of the history, with the names of the API.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    timestamp: String,
    zone_id: String,
    instance_type: String,
    io_optimized: &'static str,
    network_type: &'static str,
    origin_price: f64,
    spot_price: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Rows<'r> {
    spot_price_type: &'r [&'r Row],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<'r> {
    request_id: String,
    next_offset: usize,
    currency: &'static str,
    spot_prices: Rows<'r>,
}

/// Part of a run, both ends included.
struct Range {
    start: SimTime,
    end: SimTime,
}

/// A price that holds from a moment on.
type Change = (SimTime, HourPrice, HourPrice);

/// Everything that prices did.
#[derive(Default)]
struct Collector {
    changes: std::collections::BTreeMap<(ZoneIx, TypeIx), Vec<Change>>,
}

impl Observer for Collector {
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if let Happened::SpotPrice { zone, instance_type, price, list } = *what {
            self.changes.entry((zone, instance_type)).or_default().push((at, price, list));
        }
    }
}

/// Runs the scenario and prints the history.
///
/// # Errors
/// Whatever is wrong with the scenario, its price file or the range.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let mut overrides = args.set.clone();
    if let Some(seed) = args.seed {
        overrides.push(("seed".to_owned(), seed.to_string()));
    }
    let scenario = Scenario::load_with(&args.scenario, &overrides).map_err(CliError::diagnostic)?;
    if scenario.spec.spot.is_none() {
        return Err(CliError::new(format!(
            "{} has no spot market: add a `[spot]` table",
            args.scenario.display()
        )));
    }
    let range = range(&args, &scenario)?;
    let folder = args.scenario.parent().unwrap_or(Path::new(""));
    let simulation = Simulation::new(&scenario, folder, args.trace.as_deref()).map_err(CliError::new)?;
    let mut collector = Collector::default();
    let names = simulation.labels();
    let last = SimTime(range.end.0.saturating_add(1));
    let summary =
        simulation.until(last).run_observed(None, &mut collector, |_| Go::On).map_err(CliError::new)?;
    let mut rows = Vec::new();
    for (&(zone, instance_type), changes) in &collector.changes {
        let (zone, instance_type) = (&names.zones[zone.at()], &names.types[instance_type.at()]);
        let wanted =
            |filter: &Option<String>, name: &String| filter.as_ref().is_none_or(|filter| filter == name);
        if wanted(&args.zone, zone) && wanted(&args.instance_type, instance_type) {
            let points = if args.changes { changed(changes, &range) } else { hourly(changes, &range) };
            let start = scenario.spec.start.0;
            rows.extend(points.into_iter().map(|point| row(point, start, zone, instance_type)));
        }
    }
    let end = args.offset.saturating_add(args.limit.unwrap_or(usize::MAX)).min(rows.len());
    let shown: Vec<&Row> = rows[args.offset.min(end)..end].iter().collect();
    print(&text(&args, &shown, &summary.run.digest, end)?)?;
    Ok(ExitCode::SUCCESS)
}

fn text(args: &Args, shown: &[&Row], digest: &str, next_offset: usize) -> Result<String, CliError> {
    if args.json {
        let answer = Answer {
            request_id: request_id(digest),
            next_offset,
            currency: "USD",
            spot_prices: Rows { spot_price_type: shown },
        };
        let text = serde_json::to_string_pretty(&answer).map_err(CliError::new)?;
        return Ok(text + "\n");
    }
    let columns = [
        left("time", |row: &Row| row.timestamp.clone()),
        left("zone", |row: &Row| row.zone_id.clone()),
        left("type", |row: &Row| row.instance_type.clone()),
        right("list", |row: &Row| format!("{:.3}", row.origin_price)),
        right("spot", |row: &Row| format!("{:.3}", row.spot_price)),
        right("share", |row: &Row| format!("{:.1} %", 100.0 * row.spot_price / row.origin_price.max(1e-9))),
    ];
    show(shown, &columns, Format::Table).map_err(CliError::new)
}

/// A request id in the form of the API, out of the run's digest: the same run, the same id.
fn request_id(digest: &str) -> String {
    let digest = digest.to_uppercase();
    let part = |from: usize, to: usize| digest.get(from..to).unwrap_or_default();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

/// A date, or a moment of the run, as a moment of the run.
fn moment(text: &str, name: &str, start: Utc) -> Result<SimTime, CliError> {
    if let Ok(moment) = text.parse::<Moment>() {
        return Ok(moment.get());
    }
    let date = text.parse::<Date>().map_err(|_| {
        CliError::new(format!(
            "--{name}: `{text}` is no time: write for example `2019-09-02T08:00:00Z`, `1d 08:00` or `36h`"
        ))
    })?;
    let seconds = u64::try_from(date.get().0 - start.0).map_err(|_| {
        CliError::new(format!("--{name}: `{text}` lies before the start of the run, {}", Date(start)))
    })?;
    Ok(SimTime(seconds.saturating_mul(1_000_000)))
}

fn range(args: &Args, scenario: &Scenario) -> Result<Range, CliError> {
    let (start, whole) = (scenario.spec.start.0, SimTime::ZERO + scenario.spec.duration.get().get());
    let end = args.to.as_ref().map_or(Ok(whole), |text| moment(text, "to", start))?;
    if end > whole {
        return Err(CliError::new(format!("--to lies after the end of the run, {whole}")));
    }
    let usual = SimTime(end.0.saturating_sub(USUAL.0));
    let from = args.from.as_ref().map_or(Ok(usual), |text| moment(text, "from", start))?;
    if from > end {
        return Err(CliError::new("--from lies after --to"));
    }
    if end.since(from) > MOST {
        return Err(CliError::new("the history covers 30 days at most: move --from or --to"));
    }
    Ok(Range { start: from, end })
}

/// The prices on every full hour of the calendar within the range (the run starts on a second, not always on an hour).
fn hourly(changes: &[Change], range: &Range) -> Vec<Change> {
    let mut points = Vec::new();
    let mut at = range.start.0.div_ceil(HOUR) * HOUR;
    while at <= range.end.0 {
        let held = changes.iter().rev().find(|(since, ..)| since.0 <= at);
        points.extend(held.map(|&(_, price, list)| (SimTime(at), price, list)));
        at += HOUR;
    }
    points
}

/// What held at the start of the range, and every change in it.
fn changed(changes: &[Change], range: &Range) -> Vec<Change> {
    let first = changes.iter().rposition(|(since, ..)| *since <= range.start).unwrap_or(0);
    let within = changes[first..].iter().take_while(|(since, ..)| *since <= range.end);
    within.map(|&(since, price, list)| (since.max(range.start), price, list)).collect()
}

fn row((at, price, list): Change, start: Utc, zone: &str, instance_type: &str) -> Row {
    Row {
        timestamp: Date(start.after(at.since(SimTime::ZERO))).to_string(),
        zone_id: zone.to_owned(),
        instance_type: instance_type.to_owned(),
        io_optimized: "optimized",
        network_type: "vpc",
        origin_price: list.as_f64(),
        spot_price: price.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_hourly_or_by_change() {
        // SPOT-26: points on the hour.
        let change =
            |minutes: u64, price| (SimTime(minutes * 60_000_000), HourPrice(price), HourPrice(1_000));
        let changes = [change(0, 100), change(90, 200), change(120, 300), change(150, 400)];
        let minutes = |points: Vec<Change>| -> Vec<(u64, u64)> {
            points.iter().map(|(at, price, _)| (at.0 / 60_000_000, price.0)).collect()
        };
        let range = Range { start: SimTime(30 * 60_000_000), end: SimTime(3 * HOUR) };
        assert_eq!(minutes(hourly(&changes, &range)), [(60, 100), (120, 300), (180, 400)]);
        assert_eq!(minutes(changed(&changes, &range)), [(30, 100), (90, 200), (120, 300), (150, 400)]);
        assert_eq!(request_id("c851f1a7083c52c9bb0c79482ee660da"), "C851F1A7-083C-52C9-BB0C-79482EE660DA");
    }
}
