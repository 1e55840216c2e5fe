//! `packyard trace info`: what a recorded workload holds.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::output::print;
use super::{CliError, Input};
use crate::catalog::Catalog;
use crate::model::SimDuration;
use crate::workload::trace::{NodeList, Quantiles, SizeShare, TraceInfo, WindowStats};

#[derive(clap::Args, Debug)]
pub(super) struct Args {
    #[command(flatten)]
    input: Input,
    /// Another trace of the same format, whose records are merged in order of time; repeatable
    #[arg(long, value_name = "FILE")]
    also: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// A trace is missing, damaged or empty.
pub(super) fn run(args: &Args) -> Result<ExitCode, CliError> {
    let file = &args.input.file;
    // Only CSV can be a list of nodes: what cannot be read as text is told by the reader of its format.
    if args.also.is_empty() && NodeList::is_one(file).unwrap_or(false) {
        return nodes(file, args.json);
    }
    let format = args.input.format()?;
    let size_of = |name: &str| {
        let row = Catalog::shipped().type_named(name)?;
        Some((row.cpu_milli, row.memory_mib))
    };
    let paths: Vec<&Path> = std::iter::once(file).chain(&args.also).map(PathBuf::as_path).collect();
    let info = TraceInfo::read_all(&paths, format, &args.input.options(), &size_of).map_err(CliError::new)?;
    let text = if args.json {
        serde_json::to_string_pretty(&info).map_err(CliError::new)? + "\n"
    } else {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        format!("{} ({format})\n\n{}", names.join(" + "), table(&info))
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Prints a list of nodes.
fn nodes(file: &Path, json: bool) -> Result<ExitCode, CliError> {
    let list = NodeList::read(file).map_err(CliError::new)?;
    let mut counts = vec![0u64; list.classes.len()];
    for &node in &list.nodes {
        counts[node as usize] += 1;
    }
    let kinds = list.classes.iter().zip(&counts);
    let sum = |of: &dyn Fn(usize) -> u64| (0..counts.len()).map(|at| of(at) * counts[at]).sum::<u64>();
    let gpus = sum(&|at| list.classes[at].gpus.into());
    let with_gpus = sum(&|at| u64::from(list.classes[at].gpus > 0));
    let vcpus = sum(&|at| list.classes[at].cpu_milli.into()) as f64 / 1e3;
    let gib = sum(&|at| list.classes[at].memory_mib.into()) as f64 / 1_024.0;
    let text = if json {
        let classes: Vec<serde_json::Value> = kinds
            .map(|(class, count)| {
                serde_json::json!({
                    "nodes": count, "cpu_milli": class.cpu_milli, "memory_mib": class.memory_mib,
                    "gpus": class.gpus, "model": class.model,
                })
            })
            .collect();
        let all = serde_json::json!({
            "nodes": list.nodes.len(), "nodes_with_gpus": with_gpus, "gpus": gpus, "vcpus": vcpus,
            "memory_gib": gib, "classes": classes,
        });
        serde_json::to_string_pretty(&all).map_err(CliError::new)? + "\n"
    } else {
        let mut text = format!(
            "{} (list of nodes)\n\n{} nodes, {} with GPUs, {} GPUs, {vcpus} vCPU, {gib:.0} GiB\n\n{:>8} {:>8} {:>10} {:>6}  model\n",
            file.display(),
            grouped(list.nodes.len() as u64),
            grouped(with_gpus),
            grouped(gpus),
            "nodes",
            "vCPU",
            "GiB",
            "GPUs",
        );
        for (class, count) in kinds {
            let (cpu, memory) = (thousandths(class.cpu_milli.into()), f64::from(class.memory_mib) / 1_024.0);
            let row =
                format!("{:>8} {cpu:>8} {memory:>10} {:>6}  {}", grouped(*count), class.gpus, class.model);
            let _ = writeln!(text, "{}", row.trim_end());
        }
        text
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
    if info.accounts > 0 {
        line("accounts", grouped(info.accounts));
    }
    if !info.classes.is_empty() {
        let one = |class: &crate::workload::trace::Count| {
            format!("{} {} ({:.1} %)", class.name, grouped(class.count), percent(class.count, info.requests))
        };
        line("classes", info.classes.iter().map(one).collect::<Vec<_>>().join(", "));
    }
    if info.spot > 0 {
        line("spot", format!("{} ({:.1} %)", grouped(info.spot), percent(info.spot, info.requests)));
    }
    if info.lived_before > 0 {
        line(
            "lived before",
            format!("{}; their lifetimes count from their true beginning", grouped(info.lived_before)),
        );
    }
    line("a day", format!("{:.0}", info.per_day));
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
                "{} instances, {} vCPU, {} GiB{}",
                grouped(info.peak_instances),
                thousandths(info.peak_cpu_milli),
                grouped(info.peak_memory_mib.div_ceil(1_024)),
                match info.peak_gpu_milli {
                    0 => String::new(),
                    milli => format!(", {} GPU", thousandths(milli)),
                },
            ),
        );
        line("mean", format!("{:.1} instances", info.mean_instances));
    }
    line("sizes", format!("{}; {:.2} GiB for each vCPU", info.sizes.len(), info.gib_per_vcpu));
    let _ =
        writeln!(text, "\n{:>10} {:>8} {:>8} {:>10}  type or GPUs", "creations", "share %", "vCPU", "GiB");
    for size in &info.sizes {
        let SizeShare { name, cpu_milli, memory_mib, count, gpus, .. } = size;
        let cpu = cpu_milli.map_or("?".to_owned(), |cpu| thousandths(cpu.into()));
        let memory = memory_mib.map_or("?".to_owned(), |mib| format!("{}", f64::from(mib) / 1_024.0));
        let share = percent(*count, info.requests);
        let row = format!("{:>10} {share:>8.1} {cpu:>8} {memory:>10}  ", grouped(*count));
        let _ =
            writeln!(text, "{}", (row + name.as_deref().or(gpus.as_deref()).unwrap_or_default()).trim_end());
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
pub(super) fn grouped(number: u64) -> String {
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
