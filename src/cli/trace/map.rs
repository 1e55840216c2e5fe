//! `packyard trace map`: what the traces of a scenario become.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::check::key_value;
use super::super::output::print;
use super::CliError;
use super::info::grouped;
use crate::scenario::Scenario;
use crate::scenario::workload::MapNames;
use crate::sim;
use crate::workload::{Mapping, MappingRow, Workload};

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
    let folder = args.scenario.parent().unwrap_or(Path::new(""));
    let setting = sim::setting(&scenario, folder, args.trace.as_deref());
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
    let gpus = rows.iter().any(|row| row.gpu_milli.is_some());
    let mut text = format!("workload {}\n\n", mapping.workload);
    let _ = writeln!(
        text,
        "{:>10}  {:asked$}  {:given$} {:>9} {:>9}{}",
        "records",
        "asked",
        "requested",
        "vCPU",
        "memory",
        if gpus { format!(" {:>9}", "GPU") } else { String::new() }
    );
    for row in &rows {
        let change = |pair: Option<(u32, u32)>| match pair {
            None => "?".to_owned(),
            Some((from, to)) if from == to => "=".to_owned(),
            Some((0, _)) => "added".to_owned(),
            Some((from, to)) => format!("{:+.1} %", 100.0 * (f64::from(to) / f64::from(from.max(1)) - 1.0)),
        };
        let (cpu, memory) = (change(row.cpu_milli), change(row.memory_mib));
        let gpu = match row.gpu_milli {
            _ if !gpus => String::new(),
            None => format!(" {:>9}", "-"),
            some => format!(" {:>9}", change(some)),
        };
        let count = grouped(row.count);
        let _ = writeln!(
            text,
            "{count:>10}  {:asked$}  {:given$} {cpu:>9} {memory:>9}{gpu}",
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
    let gpu = match gpus {
        false => String::new(),
        true => format!(", {:+.2} % GPU", total(&|row| row.gpu_milli)),
    };
    let _ = writeln!(text, "\nover all records: {cpu:+.2} % vCPU, {memory:+.2} % memory{gpu}");
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
    for (kind, count, way) in [
        ("accounts", mapping.named_accounts, mapping.accounts),
        ("zones", mapping.named_zones, mapping.zones),
    ] {
        let became = match way {
            MapNames::Named => "those of the scenario with the same name",
            MapNames::Spread => "those of the workload, always the same for a name",
            MapNames::Ignore => "any of the workload, by chance",
        };
        if count > 0 {
            let _ = writeln!(
                text,
                "{kind} that the trace names: {}; they become {became}",
                grouped(count as u64)
            );
        }
    }
    text
}
