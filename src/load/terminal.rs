//! The outcome for people.

use std::fmt::Write as _;

use crate::metrics::Percentiles;
use crate::report::{duration, grouped};

use super::desk::{LockUse, Locks};
use super::outcome::{Outcome, Step, Verdict};

/// Error codes shown before the rest is summed up.
const MOST_CODES: usize = 4;

/// The outcome as text, at most 100 columns wide.
pub fn terminal(outcome: &Outcome) -> String {
    let mut out = String::new();
    head(&mut out, outcome);
    if !outcome.steps.is_empty() {
        let _ = writeln!(
            out,
            "\n{:>11} {:>11}  {:<9}{:>9}{:>9}{:>9}{:>9}{:>9}  {:>6}",
            "offered/s", "achieved/s", "", "p50", "p90", "p99", "p99.9", "max", "busy"
        );
    }
    for step in &outcome.steps {
        let (offered, achieved) = (rate(step.offered_rate), rate(step.achieved_rate));
        let _ = writeln!(
            out,
            "{offered:>11} {achieved:>11}  {:<9}{}  {:>5.0}%  {}",
            "response",
            percentiles(&step.response_ns),
            100.0 * step.busy,
            step.verdict.name()
        );
        let _ = writeln!(out, "{:>25}{:<9}{}", "", "service", percentiles(&step.service_ns));
    }
    if let Some(step) = outcome.at_knee() {
        details(&mut out, step);
    }
    verdict(&mut out, outcome);
    out
}

/// How the control plane scales: one line for each number of workers, with ratios to the first.
pub fn scaling(outcomes: &[Outcome]) -> String {
    let mut out = String::new();
    let _ =
        writeln!(out, "{:>8}{:>14}{:>8}{:>18}{:>8}", "workers", "knee/s", "ratio", "most answers/s", "ratio");
    let held = |outcome: &Outcome| outcome.knee.and_then(|knee| knee.held);
    let base = outcomes.first().map(|first| (held(first), first.most_achieved()));
    for outcome in outcomes {
        let ratio = |value: Option<f64>, base: Option<f64>| match (value, base) {
            (Some(value), Some(base)) if base > 0.0 => format!("{:.2}", value / base),
            _ => "-".to_owned(),
        };
        let (knee, most) = (held(outcome), outcome.most_achieved());
        let _ = writeln!(
            out,
            "{:>8}{:>14}{:>8}{:>18}{:>8}",
            outcome.workers,
            knee.map_or_else(|| "-".to_owned(), rate),
            ratio(knee, base.and_then(|base| base.0)),
            rate(most),
            ratio(Some(most), base.map(|base| base.1))
        );
    }
    out
}

/// One step in one line, for those who wait.
pub fn step_line(step: &Step) -> String {
    format!(
        "{:>11}/s  p50 {}  p99 {}  {}",
        rate(step.offered_rate),
        duration(step.response_ns.p50 as f64),
        duration(step.response_ns.p99 as f64),
        step.verdict.name()
    )
}

fn head(out: &mut String, outcome: &Outcome) {
    let Outcome { version, scenario, seed, policy, workers, threads, .. } = outcome;
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let _ = writeln!(out, "packyard {version}  bench load  {scenario}  seed {seed}  policy {policy}");
    let _ = writeln!(
        out,
        "{workers} worker{} on {threads} thread{}; open loop, Poisson; steps of {} s after {} s of warm-up",
        plural(*workers),
        plural(*threads),
        outcome.step_secs,
        outcome.warmup_secs
    );
    let population = &outcome.population;
    let _ = writeln!(
        out,
        "{} hosts, {} live instances on {:.1} % of the vCPUs, kept{}",
        grouped(population.hosts),
        grouped(population.live),
        100.0 * population.vcpu_share,
        if population.short { " (no room for more of this mix)" } else { "" }
    );
}

fn percentiles(of: &Percentiles) -> String {
    let values = [of.p50, of.p90, of.p99, of.p999, of.max];
    values.iter().map(|value| format!("{:>9}", duration(*value as f64))).collect()
}

/// Answers and locks of one step.
fn details(out: &mut String, step: &Step) {
    let _ = writeln!(
        out,
        "\nat {}/s: created {}, rejected {}; a release takes p50 {}, p99 {}",
        rate(step.offered_rate),
        grouped(step.created),
        grouped(step.rejected),
        duration(step.release_ns.p50 as f64),
        duration(step.release_ns.p99 as f64)
    );
    if step.helped > 0 {
        let _ =
            writeln!(out, "{} were late and answered by another worker than their own", grouped(step.helped));
    }
    for code in step.rejected_by_code.iter().take(MOST_CODES) {
        let _ = writeln!(out, "  {:>10}  {} {}", grouped(code.count), code.status, code.code);
    }
    if let rest @ [_, ..] = &step.rejected_by_code[step.rejected_by_code.len().min(MOST_CODES)..] {
        let count = rest.iter().map(|code| code.count).sum();
        let _ = writeln!(out, "  {:>10}  {} other codes", grouped(count), rest.len());
    }
    let Locks { decide, release, whole } = &step.locks;
    let _ = writeln!(out, "world lock to decide: {}", lock(decide));
    let _ = writeln!(out, "world lock to give back: {}", lock(release));
    let _ = writeln!(out, "requests that went through the whole gate under the lock: {}", grouped(*whole));
}

fn lock(used: &LockUse) -> String {
    let share = 100.0 * used.contended as f64 / used.taken.max(1) as f64;
    let wait = used.waited_ns as f64 / used.contended.max(1) as f64;
    let each = used.served as f64 / used.taken.max(1) as f64;
    let taken = grouped(used.taken);
    format!("{taken} taken, {share:.2} % waited, {} each; for {each:.1} instances", duration(wait))
}

fn verdict(out: &mut String, outcome: &Outcome) {
    let wanted: Vec<String> = outcome.objectives.iter().map(ToString::to_string).collect();
    let wanted = if wanted.is_empty() {
        format!("begin less than {} s late", outcome.give_up_secs)
    } else {
        wanted.join(", ")
    };
    out.push('\n');
    if let Some(knee) = &outcome.knee {
        let text = match (knee.held, knee.broke) {
            (Some(held), Some(broke)) => {
                format!("knee: {} requests/s hold {wanted}; {} do not", rate(held), rate(broke))
            }
            (None, Some(broke)) => format!("knee: not even {} requests/s hold {wanted}", rate(broke)),
            (Some(held), None) => {
                format!("knee: not reached; {} requests/s hold {wanted}", rate(held))
            }
            (None, None) => "knee: nothing measured".to_owned(),
        };
        let _ = writeln!(out, "{text}");
    }
    for step in outcome.steps.iter().filter(|step| step.verdict != Verdict::Held) {
        let _ = writeln!(out, "{}/s {}", rate(step.offered_rate), why(step, outcome.give_up_secs));
    }
    if outcome.cut_short {
        out.push_str("CUT SHORT: the figures cover what ran until the interruption\n");
    }
    if !outcome.conserved {
        out.push_str("NOT CONSERVED: something stayed claimed after every instance was released\n");
    }
}

/// Why a step did not hold.
fn why(step: &Step, give_up_secs: f64) -> String {
    let broken = |sep: &str| {
        let each = step.broken.iter().map(|objective| {
            format!("{} was {}", objective.name(), duration(objective.value(&step.response_ns) as f64))
        });
        each.collect::<Vec<_>>().join(sep)
    };
    match step.verdict {
        Verdict::Held => "held".to_owned(),
        Verdict::Broke => format!("broke: {}", broken(", ")),
        Verdict::GaveUp => format!(
            "given up more than {give_up_secs} s behind its schedule, with {} requests unsent",
            grouped(step.unsent)
        ),
        Verdict::Interrupted => format!("interrupted, with {} requests unsent", grouped(step.unsent)),
    }
}

fn rate(rate: f64) -> String {
    if rate < 100.0 { format!("{rate:.1}") } else { grouped(rate.round() as u64) }
}
