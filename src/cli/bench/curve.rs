//! `packyard bench placement --curve FILE`: cost against the number of hosts, as a table and as a picture.

use std::fmt::Write as _;
use std::path::Path;

use crate::cli::CliError;
use crate::cli::output::whole_file;
use crate::metrics::clock::WallMark;
use crate::model::ZoneIx;
use crate::placement::exercise::{Client, Spec};

/// Numbers of hosts.
const SIZES: [u32; 7] = [1_000, 3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000];
/// Passes of which the middle one counts.
const LAPS: usize = 3;

/// Costs at one number of hosts, in ns.
struct Point {
    hosts: u32,
    /// One release and one placement.
    plain: f64,
    /// The same, every request a member of a deployment set.
    in_sets: f64,
    /// The choice of a host alone, between releases and placements.
    decision: f64,
}

/// Measures, writes the picture, and gives the table.
///
/// # Errors
/// When a fleet cannot be built or the file cannot be written.
pub(super) fn run(base: &Spec, steps: u64, path: &Path) -> Result<String, CliError> {
    let mut points = Vec::new();
    for hosts in SIZES {
        let plain = Spec { hosts, in_sets: 0.0, ..base.clone() };
        let (step, with_look) = measure(&plain, steps)?;
        let (in_sets, _) = measure(&Spec { in_sets: 1.0, ..plain }, steps)?;
        points.push(Point { hosts, plain: step, in_sets, decision: (with_look - step).max(0.0) });
    }
    whole_file(path, picture(&points, base).as_bytes())?;
    Ok(table(&points))
}

/// ns of a step, and of a step with one more decision that claims nothing.
fn measure(spec: &Spec, steps: u64) -> Result<(f64, f64), CliError> {
    let (fleet, demands) = spec.build().map_err(CliError::new)?;
    let mut client = Client::new(&fleet, spec, &demands, &[ZoneIx(0)], 0);
    client.fill(f64::from(spec.hosts) * 64.0 * spec.load);
    let mut laps = (Vec::new(), Vec::new());
    for lap in 0..=LAPS {
        let begin = WallMark::now();
        (0..steps).for_each(|_| client.step());
        let plain = begin.elapsed_nanos() as f64 / steps as f64;
        let begin = WallMark::now();
        for _ in 0..steps {
            client.step();
            std::hint::black_box(client.look());
        }
        let with_look = begin.elapsed_nanos() as f64 / steps as f64;
        // The first pass warms up.
        if lap > 0 {
            laps.0.push(plain);
            laps.1.push(with_look);
        }
    }
    let middle = |laps: &mut Vec<f64>| {
        laps.sort_by(f64::total_cmp);
        laps[LAPS / 2]
    };
    Ok((middle(&mut laps.0), middle(&mut laps.1)))
}

fn table(points: &[Point]) -> String {
    let mut text = format!(
        "{:>10}{:>22}{:>10}{:>8}{:>16}\n",
        "hosts", "release + place, ns", "in sets", "times", "decision alone"
    );
    for point in points {
        let _ = writeln!(
            text,
            "{:>10}{:>22.0}{:>10.0}{:>8.2}{:>16.0}",
            point.hosts,
            point.plain,
            point.in_sets,
            point.in_sets / point.plain,
            point.decision
        );
    }
    text
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 380.0;
/// Left, right, top, bottom of the plot.
const PLOT: (f64, f64, f64, f64) = (60.0, 550.0, 40.0, 330.0);

/// The costs over the hosts, hosts on a logarithmic scale.
fn picture(points: &[Point], spec: &Spec) -> String {
    let (left, right, top, bottom) = PLOT;
    let most = points.iter().map(|point| point.in_sets.max(point.plain)).fold(1.0, f64::max);
    let step = [50.0, 100.0, 200.0, 500.0, 1_000.0].into_iter().find(|step| most / step <= 8.0);
    let step = step.unwrap_or(5_000.0);
    let ceiling = (most / step).ceil() * step;
    let place = |at: usize| left + (right - left) * at as f64 / (points.len() - 1).max(1) as f64;
    let level = |nanos: f64| bottom - (bottom - top) * nanos / ceiling;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" \
         font-size=\"12\" role=\"img\"><title>Cost of a placement against the number of hosts</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n\
         <text x=\"{left}\" y=\"22\" font-size=\"14\">ns on one thread: {}, {:.0} % load</text>\n",
        spec.policy.name(),
        spec.load * 100.0
    );
    let mut nanos = 0.0;
    while nanos <= ceiling {
        let y = level(nanos);
        let _ = writeln!(
            svg,
            "<path d=\"M{left} {y:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{nanos}</text>",
            left - 6.0,
            y + 4.0
        );
        nanos += step;
    }
    for (at, point) in points.iter().enumerate() {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\">{}</text>",
            place(at),
            bottom + 18.0,
            hosts_text(point.hosts)
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">hosts</text>",
        (left + right) / 2.0,
        bottom + 38.0
    );
    let series: [(&str, &str, fn(&Point) -> f64); 3] = [
        ("in deployment sets", "#b5541c", |point| point.in_sets),
        ("release + placement", "#1f5fa8", |point| point.plain),
        ("the decision alone", "#2e7d32", |point| point.decision),
    ];
    for (name, color, cost) in series {
        let line: Vec<String> = points
            .iter()
            .enumerate()
            .map(|(at, point)| format!("{:.1},{:.1}", place(at), level(cost(point))))
            .collect();
        let end = points.last().map_or(bottom, |point| level(cost(point)));
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"2\"/>\
             <text x=\"{}\" y=\"{:.1}\" fill=\"{color}\">{name}</text>",
            line.join(" "),
            right + 8.0,
            end + 4.0
        );
    }
    svg + "</svg>\n"
}

/// 30,000 as `30k`.
fn hosts_text(hosts: u32) -> String {
    if hosts >= 1_000_000 { format!("{}M", hosts / 1_000_000) } else { format!("{}k", hosts / 1_000) }
}
