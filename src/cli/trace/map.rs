//! `packyard trace map`: what the traces of a scenario become.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::check::key_value;
use super::super::output::print;
use super::CliError;
use super::info::grouped;
use crate::scenario::Scenario;
use crate::workload::{Mapping, MappingRow, Setting, Workload};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML)
    scenario: PathBuf,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The scenario or its trace is wrong.
pub(super) fn run(args: &Args) -> Result<ExitCode, CliError> {
    let scenario = Scenario::load_with(&args.scenario, &args.set).map_err(CliError::diagnostic)?;
    let setting = Setting {
        seed: scenario.spec.seed,
        duration: scenario.spec.duration.get().get(),
        start: scenario.spec.start.0,
        known: scenario.known(),
        folder: args.scenario.parent().unwrap_or(Path::new("")),
        trace: args.trace.as_deref(),
    };
    let workload = Workload::new(&scenario.spec.workloads, &setting).map_err(CliError::new)?;
    let mappings: Vec<&Mapping> = workload.mappings().collect();
    if mappings.is_empty() {
        return Err(CliError::new("no workload of the scenario replays a trace"));
    }
    let text = if args.json {
        serde_json::to_string_pretty(&mappings).map_err(CliError::new)? + "\n"
    } else {
        mappings.into_iter().map(table).collect::<Vec<_>>().join("\n")
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// One trace as text.
fn table(mapping: &Mapping) -> String {
    let mut rows: Vec<&MappingRow> = mapping.rows.iter().collect();
    rows.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.asked.cmp(&b.asked)));
    let wide = |of: &dyn Fn(&MappingRow) -> usize, least| {
        rows.iter().map(|row| of(row)).max().unwrap_or(0).max(least)
    };
    let asked = wide(&|row| row.asked.len(), 5);
    let given = wide(&|row| row.instance_type.len(), 9);
    let mut text = format!("workload {}\n\n", mapping.workload);
    let _ = writeln!(
        text,
        "{:>10}  {:asked$}  {:given$} {:>9} {:>9}",
        "records", "asked", "requested", "vCPU", "memory"
    );
    for row in &rows {
        let change = |pair: Option<(u32, u32)>| match pair {
            None => "?".to_owned(),
            Some((from, to)) if from == to => "=".to_owned(),
            Some((from, to)) => format!("{:+.1} %", 100.0 * (f64::from(to) / f64::from(from.max(1)) - 1.0)),
        };
        let (cpu, memory) = (change(row.cpu_milli), change(row.memory_mib));
        let count = grouped(row.count);
        let _ = writeln!(
            text,
            "{count:>10}  {:asked$}  {:given$} {cpu:>9} {memory:>9}",
            row.asked, row.instance_type
        );
    }
    let total = |of: &dyn Fn(&MappingRow) -> Option<(u32, u32)>| {
        let pairs = rows.iter().filter_map(|row| Some((of(row)?, row.count as f64)));
        let sums = pairs.fold((0.0, 0.0), |sum, ((from, to), count)| {
            (sum.0 + f64::from(from) * count, sum.1 + f64::from(to) * count)
        });
        if sums.0 > 0.0 { 100.0 * (sums.1 / sums.0 - 1.0) } else { 0.0 }
    };
    let (cpu, memory) = (total(&|row| row.cpu_milli), total(&|row| row.memory_mib));
    let _ = writeln!(text, "\nover all records: {cpu:+.2} % vCPU, {memory:+.2} % memory");
    for class in &mapping.classes {
        let priority = class.priority.map_or_else(String::new, |priority| format!(", priority {priority}"));
        let _ = writeln!(
            text,
            "class {}: {} records, {} spot{priority}",
            class.name,
            grouped(class.count),
            grouped(class.spot)
        );
    }
    if mapping.named_accounts > 0 {
        let _ = writeln!(text, "accounts that the trace names: {}", grouped(mapping.named_accounts as u64));
    }
    if mapping.named_zones > 0 {
        let _ = writeln!(text, "zones that the trace names: {}", grouped(mapping.named_zones as u64));
    }
    text
}
