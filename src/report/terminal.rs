//! The report on the terminal: at most 40 lines of 100 columns.

use std::fmt::Write as _;

use crate::metrics::{LatencyStage, Outcome, Percentiles};
use crate::sim::{ReasonCount, Stage, Summary};

/// Error codes, zones and reasons that are shown; the rest is summed up in one line or left to the JSON report.
const MOST_CODES: usize = 5;
const MOST_ZONES: usize = 5;
const MOST_REASONS: usize = 2;

/// The report as text. Fits 40 lines whatever the scenario.
pub fn terminal(summary: &Summary) -> String {
    let mut out = String::new();
    let text = &mut out;
    let run = &summary.run;
    line(
        text,
        format!("packyard {}  {}  seed {}  policy {}", run.version, run.scenario, run.seed, run.policy),
    );
    let cut = if run.cut_short { "  CUT SHORT: figures cover what ran until the interruption" } else { "" };
    let warmup =
        if run.warmup_secs > 0.0 { format!(" (warm-up {})", span(run.warmup_secs)) } else { String::new() };
    line(text, format!("virtual time {}{warmup}  digest {}{cut}", span(run.virtual_secs), run.digest));
    requests(text, summary);
    latency(text, summary);
    engine(text, summary);
    zones(text, summary);
    packing(text, summary);
    text.push_str(&super::operations::section(summary));
    if let Some(spot) = &summary.spot {
        super::spot::terminal(text, spot);
    }
    if let Some(nodes) = &summary.nodes {
        super::nodes::terminal(text, nodes);
    }
    super::money::terminal(text, summary);
    out
}

pub(super) fn line(out: &mut String, text: impl AsRef<str>) {
    out.push_str(text.as_ref().trim_end());
    out.push('\n');
}

fn requests(out: &mut String, summary: &Summary) {
    let counts = &summary.requests;
    let unanswered = if counts.unanswered > 0 {
        format!(", unanswered {}", grouped(counts.unanswered))
    } else {
        String::new()
    };
    line(
        out,
        format!(
            "\nrequests {}: created {}, rejected {}{unanswered}; released {}, live at the end {}",
            grouped(counts.total),
            grouped(counts.created),
            grouped(counts.rejected),
            grouped(counts.released),
            grouped(counts.live)
        ),
    );
    let peaks = &summary.peaks;
    line(
        out,
        format!(
            "peaks: {} instances, {} vCPU, {} GiB",
            grouped(peaks.instances),
            grouped(peaks.vcpus.round() as u64),
            grouped(peaks.memory_gib.round() as u64)
        ),
    );
    let share = |count: u64| 100.0 * count as f64 / counts.total.max(1) as f64;
    for code in counts.rejected_by_code.iter().take(MOST_CODES) {
        line(
            out,
            format!(
                "  {:>10}  {:>6.2} %  {} {}",
                grouped(code.count),
                share(code.count),
                code.status,
                code.code
            ),
        );
    }
    if let rest @ [_, ..] = &counts.rejected_by_code[counts.rejected_by_code.len().min(MOST_CODES)..] {
        let count = rest.iter().map(|code| code.count).sum();
        line(out, format!("  {:>10}  {:>6.2} %  {} other codes", grouped(count), share(count), rest.len()));
    }
    if !summary.no_room.is_empty() {
        let reason =
            |no_room: &ReasonCount| format!("{} ({})", no_room.reason.text(), grouped(no_room.count));
        let reasons: Vec<String> = summary.no_room.iter().take(MOST_REASONS).map(reason).collect();
        line(out, format!("  no room: {}", reasons.join(", ")));
    }
}

fn latency(out: &mut String, summary: &Summary) {
    if summary.simulated_latency_us.is_empty() {
        line(out, "\nsimulated latency: none (the control plane of this scenario is instant)");
        return;
    }
    header(out, "simulated latency");
    let parts = summary.simulated_latency_us.iter().filter(|stage| stage.outcome.is_some() && answers(stage));
    let split = parts.count() > 0;
    let shown = |stage: &&Stage| match stage.outcome {
        None => !(split && answers(stage)),
        Some(outcome) => answers(stage) && outcome != Outcome::Repeated.name(),
    };
    for stage in summary.simulated_latency_us.iter().filter(shown) {
        row(out, stage, |micros| duration(micros * 1_000.0));
    }
}

/// The stage whose parts by outcome the screen shows.
fn answers(stage: &Stage) -> bool {
    stage.stage == LatencyStage::Answer.name()
}

fn engine(out: &mut String, summary: &Summary) {
    let engine = &summary.engine;
    header(out, "engine cost (wall)");
    for stage in &engine.cost_ns {
        row(out, stage, duration);
    }
    line(
        out,
        format!(
            "wall {:.2} s: {} events/s, {} requests/s; peak memory {} MiB",
            engine.wall_secs,
            grouped(engine.events_per_sec as u64),
            grouped(engine.requests_per_sec as u64),
            grouped(engine.peak_memory_mib as u64)
        ),
    );
}

fn header(out: &mut String, title: &str) {
    line(
        out,
        format!(
            "\n{title:<20}{:>10}{:>10}{:>10}{:>10}{:>10}{:>10}",
            "count", "p50", "p90", "p99", "p99.9", "max"
        ),
    );
}

fn row(out: &mut String, stage: &Stage, show: impl Fn(f64) -> String) {
    let Percentiles { count, p50, p90, p99, p999, max, .. } = stage.percentiles;
    let name = match stage.outcome {
        None => stage.stage.to_owned(),
        Some(outcome) => format!("{}, {outcome}", stage.stage),
    };
    let mut text = format!("  {name:<18}{:>10}", grouped(count));
    for value in [p50, p90, p99, p999, max] {
        let _ = write!(text, "{:>10}", show(value as f64));
    }
    line(out, text);
}

fn zones(out: &mut String, summary: &Summary) {
    line(
        out,
        format!(
            "\n{:<20}{:>10}{:>12}{:>10}{:>10}{:>12}{:>10}",
            "zone", "hosts", "vCPU", "mean", "peak", "memory mean", "peak"
        ),
    );
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    for zone in summary.zones.iter().take(MOST_ZONES) {
        line(
            out,
            format!(
                "  {:<18}{:>10}{:>12}{:>10}{:>10}{:>12}{:>10}",
                zone.zone,
                grouped(zone.hosts),
                grouped(zone.vcpus as u64),
                percent(zone.vcpu_mean),
                percent(zone.vcpu_peak),
                percent(zone.memory_mean),
                percent(zone.memory_peak)
            ),
        );
    }
    if let rest @ [_, ..] = &summary.zones[summary.zones.len().min(MOST_ZONES)..] {
        let hosts = rest.iter().map(|zone| zone.hosts).sum();
        let vcpus: f64 = rest.iter().map(|zone| zone.vcpus).sum();
        let mean: f64 = rest.iter().map(|zone| zone.vcpu_mean * zone.vcpus).sum::<f64>() / vcpus.max(1.0);
        let more = format!("{} more zones", rest.len());
        line(
            out,
            format!("  {more:<18}{:>10}{:>12}{:>10}", grouped(hosts), grouped(vcpus as u64), percent(mean)),
        );
    }
}

fn packing(out: &mut String, summary: &Summary) {
    let packing = &summary.packing;
    line(
        out,
        format!(
            "hosts at the end: {} empty, {} partly, {} full; stranded {} vCPU, {} GiB",
            grouped(packing.empty),
            grouped(packing.partly),
            grouped(packing.full),
            grouped(packing.stranded_vcpus.round() as u64),
            grouped(packing.stranded_memory_gib.round() as u64)
        ),
    );
}

/// Digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Nanoseconds in the unit that keeps three figures.
pub(crate) fn duration(nanos: f64) -> String {
    let (value, unit) = match nanos {
        n if n < 1e3 => return format!("{n:.0} ns"),
        n if n < 1e6 => (n / 1e3, "us"),
        n if n < 1e9 => (n / 1e6, "ms"),
        n if n < 120e9 => (n / 1e9, "s"),
        n => (n / 60e9, "min"),
    };
    let decimals = if value >= 100.0 { 0 } else { 1 + usize::from(value < 10.0) };
    format!("{value:.decimals$} {unit}")
}

/// Seconds as days and clock time.
fn span(secs: f64) -> String {
    crate::model::SimTime((secs * 1e6) as u64).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(12_345_678), "12,345,678");
        assert_eq!(duration(12.0), "12 ns");
        assert_eq!(duration(1_234.0), "1.23 us");
        assert_eq!(duration(123_456_789.0), "123 ms");
        assert_eq!(duration(12_345_678_901.0), "12.3 s");
    }
}
