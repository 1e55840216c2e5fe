//! `packyard trace`: what a recorded workload holds.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;

use super::CliError;
use super::output::print;
use crate::catalog::Catalog;
use crate::model::SimDuration;
use crate::scenario::workload::TraceFormat;
use crate::workload::trace::{Quantiles, SizeShare, TraceInfo, WindowStats};

/// Look into recorded workloads.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(subcommand)]
    command: TraceCommand,
}

#[derive(Subcommand, Debug)]
enum TraceCommand {
    /// Print what a trace holds: requests, arrivals, lifetimes, peaks, sizes
    Info(Info),
}

#[derive(clap::Args, Debug)]
struct Info {
    /// The trace, plain or zstd-compressed
    file: PathBuf,
    /// Its format: azure-v1-2017, huawei-east-1 or packyard-csv
    #[arg(long)]
    format: TraceFormat,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The trace is missing, damaged or empty.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let TraceCommand::Info(Info { file, format, json }) = args.command;
    let size_of = |name: &str| {
        let row = Catalog::shipped().type_named(name)?;
        Some((row.cpu_milli, row.memory_mib))
    };
    let info = TraceInfo::read(&file, format, &size_of).map_err(CliError::new)?;
    let text = if json {
        serde_json::to_string_pretty(&info).map_err(CliError::new)? + "\n"
    } else {
        format!("{} ({format})\n\n{}", file.display(), table(&info))
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The figures as text for people.
fn table(info: &TraceInfo) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "{name:<20} {value}");
    };
    line("creations", grouped(info.requests));
    if info.batches != info.requests {
        line("batches", format!("{}; size {}", grouped(info.batches), quantiles(&info.batch_size)));
    }
    let span = info.last.since(info.first);
    line("time", format!("{} s to {} s ({})", info.first.0 / MICROS, info.last.0 / MICROS, days(span)));
    for windows in [&info.per_5min, &info.per_hour] {
        let WindowStats { width_s, mean, p50, p99, max } = windows;
        let name = format!("arrivals per {} min", width_s / 60);
        line(&name, format!("mean {mean:.0}, p50 {p50}, p99 {p99}, max {max}"));
    }
    let ends = [(info.ended, "ended"), (info.still_running, "never end"), (info.unknown_end, "unknown")];
    let ends: Vec<String> = ends
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{what} {} ({:.1} %)", grouped(*count), percent(*count, info.requests)))
        .collect();
    line("ends", ends.join(", "));
    if let Some(lifetimes) = &info.lifetime_s {
        line("lifetime (s)", quantiles(lifetimes));
    }
    if info.unknown_end < info.requests {
        line(
            "peak",
            format!(
                "{} instances, {} vCPU, {} GiB",
                grouped(info.peak_instances),
                thousandths(info.peak_cpu_milli),
                grouped(info.peak_memory_mib.div_ceil(1_024)),
            ),
        );
    }
    let _ = writeln!(text, "\n{:>10} {:>8} {:>8} {:>10}  type", "creations", "share %", "vCPU", "GiB");
    for size in &info.sizes {
        let SizeShare { name, cpu_milli, memory_mib, count, .. } = size;
        let cpu = cpu_milli.map_or("?".to_owned(), |cpu| thousandths(cpu.into()));
        let memory = memory_mib.map_or("?".to_owned(), |mib| format!("{}", f64::from(mib) / 1_024.0));
        let share = percent(*count, info.requests);
        let row = format!("{:>10} {share:>8.1} {cpu:>8} {memory:>10}  ", grouped(*count));
        let _ = writeln!(text, "{}", (row + name.as_deref().unwrap_or_default()).trim_end());
    }
    text
}

const MICROS: u64 = 1_000_000;

fn quantiles(values: &Quantiles) -> String {
    let Quantiles { p25, p50, p75, p90, p99, max } = values;
    [("p25", p25), ("p50", p50), ("p75", p75), ("p90", p90), ("p99", p99), ("max", max)]
        .map(|(name, value)| format!("{name} {}", grouped(*value)))
        .join(", ")
}

fn percent(part: u64, whole: u64) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

fn days(span: SimDuration) -> String {
    format!("{:.2} days", span.as_secs_f64() / 86_400.0)
}

/// A number of thousandths, with decimals where it has some.
fn thousandths(milli: u64) -> String {
    match milli % 1_000 {
        0 => grouped(milli / 1_000),
        _ => format!("{}", milli as f64 / 1_000.0),
    }
}

/// A number with a comma between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [0, 999, 1_000, 259_159, 1_200_998].map(grouped).join(" "),
            "0 999 1,000 259,159 1,200,998"
        );
        assert_eq!([2_000, 500, 1_234_500].map(thousandths).join(" "), "2 0.5 1234.5");
    }
}
