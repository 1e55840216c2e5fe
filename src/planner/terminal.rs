//! A plan and a what-if table for people: at most 100 columns wide.

use std::fmt::Write as _;

use crate::report::{duration, grouped};

use super::outcome::{
    Answer, Basis, FrontierPoint, Goal, InTheWay, KnobLine, Neighbour, Plan, Setting, SpotUse,
};
use super::statistics::Interval;
use super::trials::Standing;
use super::whatif::{AsIs, Column, Result, Table};

/// Characters of the names of rows and of a column of the what-if table.
const NAMES: usize = 34;
const WIDTH: usize = 22;
/// Columns side by side.
const ABREAST: usize = 3;

/// A plan as text.
pub fn terminal(plan: &Plan) -> String {
    let mut out = String::new();
    let text = &mut out;
    let _ = writeln!(text, "packyard {}  plan {}  policy {}", plan.version, plan.scenario, plan.policy);
    let _ = writeln!(text, "{}", basis(&plan.basis));
    for goal in &plan.objectives {
        let _ = writeln!(text, "  {}", goal_line(goal));
    }
    for knob in &plan.knobs {
        let KnobLine { key, from, to, values } = knob;
        let _ = writeln!(text, "  knob {key}: {from} to {to}, {values} values");
    }
    match (&plan.answer, &plan.in_the_way) {
        (Some(found), _) => answer(text, plan, found),
        (None, Some(way)) => in_the_way(text, plan, way),
        (None, None) => {}
    }
    if let Some(bound) = &plan.bound {
        let _ = writeln!(text, "\nvolume of the peak (no refusal at all takes at least): {}", values(bound));
    }
    neighbours(text, plan);
    frontier(text, plan);
    let _ = writeln!(text, "\n{} settings judged, {} runs", plan.effort.settings, grouped(plan.effort.runs));
    out
}

fn basis(basis: &Basis) -> String {
    let Basis { first_seed, seeds, confidence, reliability, .. } = basis;
    let on =
        if *seeds == 1 { format!("seed {first_seed}") } else { format!("{seeds} seeds from {first_seed}") };
    match reliability {
        Some(share) => format!(
            "{on}; what holds on each of them holds on at least {} of all seeds, with {} confidence",
            percent(*share),
            percent(*confidence)
        ),
        None => format!("{on}: rates and percentiles by the {} bound of their mean", percent(*confidence)),
    }
}

/// An objective in words.
pub(super) fn goal_line(goal: &Goal) -> String {
    let window = goal.window_secs.map_or(String::new(), |secs| {
        format!(", in every {}", crate::model::SimDuration::from_secs_f64(secs))
    });
    format!("{} {} {}{window}", goal.name, goal.sense, value(goal.unit, goal.limit))
}

fn answer(out: &mut String, plan: &Plan, found: &Answer) {
    let Answer { setting, standings, rejection_rate, vcpu_peak, memory_peak, binds, spot } = found;
    let sure = if plan.effort.complete { "" } else { " (the best so far: the search was cut)" };
    let _ = writeln!(out, "\nanswer: {}{sure}", values(setting));
    let _ = writeln!(out, "  {} hosts, cost {}", grouped(setting.hosts), money(setting.cost, &plan.currency));
    let _ = write!(
        out,
        "  rejections {}, peaks {} of vCPUs and {} of memory",
        interval(rejection_rate),
        percent(*vcpu_peak),
        percent(*memory_peak)
    );
    let _ =
        writeln!(out, "{}", if binds.is_empty() { String::new() } else { format!("; what binds: {binds}") });
    if let Some(SpotUse { instances, told_to_go, paid }) = spot {
        let _ = writeln!(
            out,
            "  spot instances: {} at a time, {} told to go, {} paid",
            grouped(instances.mean.round() as u64),
            interval(told_to_go),
            number(*paid)
        );
    }
    standings_table(out, &plan.objectives, standings);
    if let Some(verified) = &plan.verified {
        let _ = writeln!(
            out,
            "  on {} fresh seeds from {}: {} hold ({} to {})",
            verified.seeds,
            verified.first_seed,
            verified.held,
            percent(verified.share[0]),
            percent(verified.share[1])
        );
    }
}

fn in_the_way(out: &mut String, plan: &Plan, way: &InTheWay) {
    let InTheWay { objective, setting, standings, binds } = way;
    let _ = writeln!(out, "\nnothing within the bounds holds: `{objective}` is in the way");
    let _ = writeln!(
        out,
        "with everything at its top: {}, {} hosts, cost {}{}",
        values(setting),
        grouped(setting.hosts),
        money(setting.cost, &plan.currency),
        if binds.is_empty() { String::new() } else { format!("; short of {binds}") }
    );
    standings_table(out, &plan.objectives, standings);
}

pub(super) fn standings_table(out: &mut String, goals: &[Goal], standings: &[Standing]) {
    let _ = writeln!(
        out,
        "  {:<34}{:>10}{:>10}{:>10}{:>10}{:>9}",
        "objective", "limit", "worst", "on seed", "mean", "margin"
    );
    for (goal, standing) in goals.iter().zip(standings) {
        let mark = if standing.holds { "" } else { "  missed" };
        let margin = if standing.limit > 0.0 {
            format!("{:.0} %", 100.0 * standing.margin)
        } else {
            number(standing.margin)
        };
        let _ = writeln!(
            out,
            "  {:<34}{:>10}{:>10}{:>10}{:>10}{:>9}{mark}",
            shortened(&standing.objective, 33),
            value(goal.unit, standing.limit),
            value(goal.unit, standing.worst),
            standing.worst_seed,
            value(goal.unit, standing.mean.mean),
            margin
        );
    }
}

fn neighbours(out: &mut String, plan: &Plan) {
    if plan.sensitivity.is_empty() {
        return;
    }
    let _ = writeln!(out, "\none step less or more");
    for near in &plan.sensitivity {
        let Neighbour {
            key, change, value, cost_change, broken, failed_seeds, rejection_rate, binds, ..
        } = near;
        let verdict = match broken {
            None => "holds".to_owned(),
            // The bound of a mean can miss what each seed keeps.
            Some(name) if *failed_seeds == 0 => format!("{name} does not hold by the bound of its mean"),
            Some(name) => format!("{name} fails on {failed_seeds} of {} seeds", plan.basis.seeds),
        };
        let short = if binds.is_empty() { String::new() } else { format!(", short of {binds}") };
        let sign = if *cost_change >= 0.0 { "+" } else { "" };
        let _ = writeln!(
            out,
            "  {key} {change} = {value}: cost {sign}{}; {verdict}\n{:6}rejections {}{short}",
            number(*cost_change),
            "",
            interval(rejection_rate)
        );
    }
}

fn frontier(out: &mut String, plan: &Plan) {
    if plan.frontier.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{:>12}{:>9}  {:<32}{:<8}setting",
        "cost",
        "hosts",
        format!("rejections ({} interval)", percent(plan.basis.confidence)),
        "holds"
    );
    for FrontierPoint { setting, rejection_rate, holds, answer } in &plan.frontier {
        let _ = writeln!(
            out,
            "{:>12}{:>9}  {:<32}{:<8}{}{}",
            number(setting.cost),
            grouped(setting.hosts),
            interval(rejection_rate),
            if *holds { "yes" } else { "no" },
            values(setting),
            if *answer { "  <- the answer" } else { "" }
        );
    }
}

/// A what-if table as text: as many columns side by side as a screen takes.
pub fn table(table: &Table) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "packyard {}  plan {}", table.version, table.scenario);
    let _ = writeln!(out, "{}", basis(&table.basis));
    let first = &table.columns[..1];
    for part in table.columns[1..].chunks(ABREAST - 1) {
        let columns: Vec<&Column> = first.iter().chain(part).collect();
        rows(&mut out, &columns, &table.currency);
    }
    if table.columns.len() == 1 {
        rows(&mut out, &[&table.columns[0]], &table.currency);
    }
    out
}

fn rows(out: &mut String, columns: &[&Column], currency: &str) {
    out.push('\n');
    let mut row = |name: &str, cells: Vec<String>| {
        if cells.iter().all(String::is_empty) {
            return;
        }
        let cells: String =
            cells.iter().map(|cell| format!("{:>WIDTH$}", shortened(cell, WIDTH - 1))).collect();
        let _ = writeln!(out, "{}", format!("{:<NAMES$}{cells}", shortened(name, NAMES - 1)).trim_end());
    };
    let each = |of: &dyn Fn(&Column) -> String| columns.iter().map(|column| of(column)).collect::<Vec<_>>();
    for line in 0..columns.iter().map(|column| head(&column.change.name).len()).max().unwrap_or(0) {
        row("", each(&|column| head(&column.change.name).get(line).cloned().unwrap_or_default()));
    }
    row("verdict", each(&|column| verdict(&column.result)));
    let base = hosts(&columns[0].result);
    row("hosts", each(&|column| hosts(&column.result).map_or("-".to_owned(), grouped)));
    row(
        "  beside the first column",
        each(&|column| match (base, hosts(&column.result)) {
            (Some(base), Some(own)) if own != base => format!("{:+}", own as i64 - base as i64),
            _ => String::new(),
        }),
    );
    row(
        &format!("cost{}{currency}", if currency.is_empty() { "" } else { ", " }),
        each(&|column| cost(&column.result)),
    );
    for name in knob_names(columns) {
        row(&name, each(&|column| knob(&column.result, &name)));
    }
    row(
        "rejections, mean",
        each(&|column| rejections(&column.result).map_or("-".to_owned(), |rate| percent(rate.mean))),
    );
    for name in objective_names(columns) {
        row(&format!("worst: {name}"), each(&|column| worst(&column.result, &name)));
    }
    row(
        "peak of vCPUs",
        each(&|column| peaks(&column.result).map_or("-".to_owned(), |peaks| percent(peaks.0))),
    );
    row(
        "peak of memory",
        each(&|column| peaks(&column.result).map_or("-".to_owned(), |peaks| percent(peaks.1))),
    );
    row("short of", each(&|column| short_of(&column.result)));
    let spot = |of: fn(&SpotUse) -> String| each(&|column| spot(&column.result).map_or(String::new(), of));
    row("spot instances at a time", spot(|spot| grouped(spot.instances.mean.round() as u64)));
    row("  told to go", spot(|spot| percent(spot.told_to_go.mean)));
}

/// The name of a column in lines that it has room for.
fn head(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    letters.chunks(WIDTH - 1).map(|line| line.iter().collect()).collect()
}

/// How a column ends.
pub(super) fn verdict(result: &Result) -> String {
    match result {
        Result::AsIs(own) if own.holds => "holds".to_owned(),
        Result::AsIs(own) => missed(own),
        Result::Plan(plan) if plan.answer.is_some() => "found".to_owned(),
        Result::Plan(plan) => {
            plan.in_the_way.as_ref().map_or("-".to_owned(), |way| format!("none: {}", way.objective))
        }
    }
}

fn missed(own: &AsIs) -> String {
    let missed = own.standings.iter().filter(|standing| !standing.holds).count();
    format!("{missed} of {} missed", own.standings.len())
}

pub(super) fn hosts(result: &Result) -> Option<u64> {
    match result {
        Result::AsIs(own) => Some(own.hosts),
        Result::Plan(plan) => plan.answer.as_ref().map(|answer| answer.setting.hosts),
    }
}

pub(super) fn cost(result: &Result) -> String {
    match result {
        Result::Plan(plan) => {
            plan.answer.as_ref().map_or("-".to_owned(), |answer| number(answer.setting.cost))
        }
        Result::AsIs(_) => String::new(),
    }
}

fn knob_names(columns: &[&Column]) -> Vec<String> {
    let plan = columns.iter().find_map(|column| match &column.result {
        Result::Plan(plan) => Some(plan),
        Result::AsIs(_) => None,
    });
    plan.map(|plan| plan.knobs.iter().map(|knob| knob.key.clone()).collect()).unwrap_or_default()
}

fn knob(result: &Result, name: &str) -> String {
    let Result::Plan(plan) = result else { return String::new() };
    let values = plan.answer.as_ref().map(|answer| &answer.setting.values);
    let value = values.and_then(|values| values.iter().find(|(key, _)| key == name));
    value.map_or("-".to_owned(), |(_, value)| value.clone())
}

fn standings(result: &Result) -> (&[Goal], &[Standing]) {
    match result {
        Result::AsIs(own) => (&own.objectives, &own.standings),
        Result::Plan(plan) => {
            let found = plan.answer.as_ref().map(|answer| answer.standings.as_slice());
            let missed = plan.in_the_way.as_ref().map(|way| way.standings.as_slice());
            (&plan.objectives, found.or(missed).unwrap_or_default())
        }
    }
}

fn objective_names(columns: &[&Column]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for goal in columns.iter().flat_map(|column| standings(&column.result).0) {
        if !names.contains(&goal.name) {
            names.push(goal.name.clone());
        }
    }
    names
}

fn worst(result: &Result, name: &str) -> String {
    let (goals, standings) = standings(result);
    let both = goals.iter().zip(standings).find(|(goal, _)| goal.name == name);
    both.map_or(String::new(), |(goal, standing)| {
        let mark = if standing.holds { "" } else { " missed" };
        format!("{}{mark}", value(goal.unit, standing.worst))
    })
}

pub(super) fn rejections(result: &Result) -> Option<Interval> {
    match result {
        Result::AsIs(own) => Some(own.rejection_rate),
        Result::Plan(plan) => plan.answer.as_ref().map(|answer| answer.rejection_rate),
    }
}

fn peaks(result: &Result) -> Option<(f64, f64)> {
    match result {
        Result::AsIs(own) => Some((own.vcpu_peak, own.memory_peak)),
        Result::Plan(plan) => plan.answer.as_ref().map(|answer| (answer.vcpu_peak, answer.memory_peak)),
    }
}

fn short_of(result: &Result) -> String {
    match result {
        Result::AsIs(own) => own.binds.clone(),
        Result::Plan(plan) => {
            let found = plan.answer.as_ref().map(|answer| &answer.binds);
            found.or(plan.in_the_way.as_ref().map(|way| &way.binds)).cloned().unwrap_or_default()
        }
    }
}

fn spot(result: &Result) -> Option<&SpotUse> {
    match result {
        Result::AsIs(own) => own.spot.as_ref(),
        Result::Plan(plan) => plan.answer.as_ref().and_then(|answer| answer.spot.as_ref()),
    }
}

// --- figures in words ---

/// The values of a setting.
pub(super) fn values(setting: &Setting) -> String {
    let parts: Vec<String> = setting.values.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    parts.join(", ")
}

/// A value of an objective.
pub(super) fn value(unit: &str, value: f64) -> String {
    match unit {
        "share" => percent(value),
        "us" => duration(value * 1e3),
        _ => number(value),
    }
}

/// A share as percent, with three figures.
pub(super) fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let decimals = match percent.abs() {
        0.0 => 0,
        p if p < 0.01 => 4,
        p if p < 1.0 => 3,
        p if p < 10.0 => 2,
        _ => 1,
    };
    let text = format!("{percent:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text} %")
}

/// A mean with its interval.
pub(super) fn interval(interval: &Interval) -> String {
    if interval.low == interval.high {
        return percent(interval.mean);
    }
    format!("{} ({} to {})", percent(interval.mean), percent(interval.low), percent(interval.high))
}

/// A number with two decimals when it has any.
pub(super) fn number(number: f64) -> String {
    let text = format!("{number:.2}");
    text.strip_suffix(".00").unwrap_or(&text).to_owned()
}

pub(super) fn money(amount: f64, currency: &str) -> String {
    format!("{}{}{currency}", number(amount), if currency.is_empty() { "" } else { " " })
}

fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 2).collect();
    format!("{kept}..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_keep_three_figures() {
        for (share, text) in [
            (0.0, "0 %"),
            (0.001, "0.1 %"),
            (0.000_012_3, "0.0012 %"),
            (0.0341, "3.41 %"),
            (0.5, "50 %"),
            (1.0, "100 %"),
        ] {
            assert_eq!(percent(share), text);
        }
        let narrow = Interval { mean: 0.001, low: 0.0, high: 0.002 };
        assert_eq!(interval(&narrow), "0.1 % (0 % to 0.2 %)");
        assert_eq!(shortened("abcdefgh", 6), "abcd..");
    }
}
