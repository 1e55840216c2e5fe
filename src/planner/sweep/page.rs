//! A sweep as one self-contained page: a drawing for every axis with numbers, and a table of all points.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::planner::page::{around, escaped};
use crate::planner::statistics::Interval;
use crate::planner::terminal::{interval, percent};

use super::gather::{number, plain};
use super::ledger::{Description, Line};

/// Confidence of the intervals over the seeds.
const CONFIDENCE: f64 = 0.9;
/// Rows of the table; more are only in the Parquet file.
const MOST_ROWS: usize = 2_000;
const SIZE: (f64, f64) = (720.0, 280.0);
const EDGE: (f64, f64) = (80.0, 36.0);
/// Colours of the lines, in order of the other settings.
const COLOURS: [&str; 8] =
    ["#1f6feb", "#d1242f", "#1a7f37", "#9a6700", "#8250df", "#bf3989", "#0a7ea4", "#57606a"];

/// One point over its seeds.
struct Point<'l> {
    settings: &'l BTreeMap<String, String>,
    lines: Vec<&'l Line>,
    rejections: Interval,
}

pub(super) fn page(description: &Description, lines: &[&Line]) -> String {
    let mut by_point: BTreeMap<u64, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        by_point.entry(line.point).or_default().push(line);
    }
    let points: Vec<Point<'_>> = by_point
        .into_values()
        .map(|lines| {
            let rates: Vec<f64> = lines.iter().map(|line| line.figures.rejection_rate).collect();
            let rejections = Interval::of(&rates, CONFIDENCE).above_zero();
            Point { settings: &lines[0].settings, rejections, lines }
        })
        .collect();
    let mut body = format!(
        "<p>Scenario {}, {} points on {} seeds, {} of {} runs; packyard {}. Intervals are t intervals of {} over the \
         seeds.</p>\n",
        escaped(&description.scenario),
        description.points.len(),
        description.seeds.len(),
        lines.len(),
        description.runs(),
        escaped(&description.version),
        percent(CONFIDENCE)
    );
    for key in &description.keys {
        if points.iter().all(|point| number(&point.settings[key]).is_some()) {
            drawing(&mut body, key, description, &points);
        }
    }
    rows(&mut body, description, &points);
    around(&format!("Sweep: {}", description.name), &body)
}

/// Rejection rate over one axis; points that agree in everything else are joined.
fn drawing(out: &mut String, key: &str, description: &Description, points: &[Point<'_>]) {
    let value = |point: &Point<'_>| number(&point.settings[key]).unwrap_or_default();
    let (low, high) = points.iter().map(value).fold((f64::MAX, f64::MIN), |(l, h), v| (l.min(v), h.max(v)));
    let most = points.iter().map(|point| point.rejections.high).fold(0.0, f64::max);
    let share = |value: f64, from: f64, to: f64| if to > from { (value - from) / (to - from) } else { 0.5 };
    let x = |value: f64| EDGE.0 + share(value, low, high) * (SIZE.0 - EDGE.0 - 30.0);
    let floor = SIZE.1 - EDGE.1;
    let y = |rate: f64| floor - share(rate, 0.0, most) * (floor - 20.0);
    let rest = |point: &Point<'_>| {
        let others = description.keys.iter().filter(|other| *other != key);
        others
            .map(|other| format!("{other} = {}", plain(&point.settings[other])))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let _ = writeln!(
        out,
        "<h2>{}</h2>\n<svg role=\"img\" aria-label=\"rejection rate\" viewBox=\"0 0 {} {}\" width=\"100%\">\n\
         <path d=\"M{:.1} 20V{floor:.1}H{:.1}\" fill=\"none\" stroke=\"#888\"/>",
        escaped(key),
        SIZE.0,
        SIZE.1,
        EDGE.0,
        SIZE.0 - 20.0
    );
    for part in 0..=4 {
        let part = f64::from(part) / 4.0;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            EDGE.0 - 6.0,
            y(most * part) + 4.0,
            percent(most * part),
            x(low + (high - low) * part),
            floor + 18.0,
            crate::planner::terminal::number(low + (high - low) * part)
        );
    }
    let mut groups: BTreeMap<String, Vec<&Point<'_>>> = BTreeMap::new();
    for point in points {
        groups.entry(rest(point)).or_default().push(point);
    }
    for (at, (name, mut group)) in groups.into_iter().enumerate() {
        let colour = COLOURS[at % COLOURS.len()];
        group.sort_by(|a, b| value(a).total_cmp(&value(b)));
        if group.len() > 1 {
            let path: Vec<String> =
                group.iter().map(|p| format!("{:.1} {:.1}", x(value(p)), y(p.rejections.mean))).collect();
            let _ = writeln!(out, "<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\"/>", path.join("L"));
        }
        for point in group {
            let Interval { mean, low, high } = point.rejections;
            let at = x(value(point));
            let _ = writeln!(
                out,
                "<path d=\"M{at:.1} {:.1}V{:.1}\" stroke=\"{colour}\"/>\
                 <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"><title>{}</title></circle>",
                y(low),
                y(high),
                y(mean),
                escaped(&format!("{} = {} {name}: {}", key, value(point), interval(&point.rejections)))
            );
        }
    }
    out.push_str("</svg>\n");
}

fn rows(out: &mut String, description: &Description, points: &[Point<'_>]) {
    out.push_str("<h2>Points</h2>\n<table><tr>");
    let names = ["rejections", "vCPU peak", "memory peak", "objectives hold"];
    for name in description.keys.iter().map(String::as_str).chain(names) {
        let _ = write!(out, "<th>{}</th>", escaped(name));
    }
    out.push_str("</tr>\n");
    for point in points.iter().take(MOST_ROWS) {
        out.push_str("<tr>");
        for key in &description.keys {
            let _ = write!(out, "<td>{}</td>", escaped(&plain(&point.settings[key])));
        }
        let mean = |of: fn(&Line) -> f64| {
            percent(point.lines.iter().map(|line| of(line)).sum::<f64>() / point.lines.len() as f64)
        };
        let with = point.lines.iter().filter(|line| !line.objectives.is_empty()).count();
        let held =
            point.lines.iter().filter(|line| line.objectives.values().all(|(_, holds)| *holds)).count();
        let holds = if with == 0 { "-".to_owned() } else { format!("{held} of {}", point.lines.len()) };
        let _ = writeln!(
            out,
            "<td>{}</td><td>{}</td><td>{}</td><td>{holds}</td></tr>",
            interval(&point.rejections),
            mean(|line| line.figures.vcpu_peak),
            mean(|line| line.figures.memory_peak)
        );
    }
    out.push_str("</table>\n");
    if points.len() > MOST_ROWS {
        let _ = writeln!(out, "<p>{} more points are in the Parquet file.</p>", points.len() - MOST_ROWS);
    }
}
