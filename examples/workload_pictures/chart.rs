//! A chart as SVG: axes, bars, lines, dots. Coordinates have one decimal, so that a picture is the same on every machine.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 62.0;
const RIGHT: f64 = 22.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 38.0;

/// Colours that are told apart by people with any colour vision (Okabe and Ito 2008).
pub(crate) const COLOURS: [&str; 7] =
    ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#555555"];

/// One axis: its ends, its marks, what it counts.
pub(crate) struct Axis {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) log: bool,
    pub(crate) ticks: Vec<(f64, String)>,
    pub(crate) label: &'static str,
}

impl Axis {
    /// From nothing to a round number above `most`, with round marks.
    pub(crate) fn up_to(most: f64, label: &'static str) -> Axis {
        let steps = (0..40).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * tens(power) / 1e6));
        let step = steps.into_iter().find(|step| most / step <= 5.0).unwrap_or(most);
        let count = (most / step).ceil().max(1.0);
        let ticks =
            (0..=count as u32).map(|at| (f64::from(at) * step, number(f64::from(at) * step))).collect();
        Axis { low: 0.0, high: count * step, log: false, ticks, label }
    }

    /// Powers of ten.
    pub(crate) fn powers(from: i32, to: i32, label: &'static str) -> Axis {
        let power = |at: i32| if at < 0 { 1.0 / tens(at.unsigned_abs()) } else { tens(at.unsigned_abs()) };
        let ticks = (from..=to).map(|at| (power(at), number(power(at)))).collect();
        Axis { low: power(from), high: power(to), log: true, ticks, label }
    }

    /// Marks of a caller's own.
    pub(crate) fn marked(low: f64, high: f64, ticks: Vec<(f64, String)>, label: &'static str) -> Axis {
        Axis { low, high, log: low > 0.0, ticks, label }
    }

    /// Days of a run, from `days` of them; hours where it is short.
    pub(crate) fn time(hours: f64, label: &'static str) -> Axis {
        let step = if hours > 96.0 {
            24.0
        } else if hours > 30.0 {
            12.0
        } else {
            3.0
        };
        let count = (hours / step).floor() as u32;
        let text =
            |at: u32| if step == 24.0 { format!("{at} d") } else { format!("{} h", f64::from(at) * step) };
        let ticks = (0..=count).map(|at| (f64::from(at) * step, text(at))).collect();
        Axis { low: 0.0, high: hours, log: false, ticks, label }
    }

    /// How far along the axis a value lies: 0 to 1, and no further.
    fn place(&self, value: f64) -> f64 {
        let along = |value: f64| if self.log { libm::log10(value.max(f64::MIN_POSITIVE)) } else { value };
        let (low, high) = (along(self.low), along(self.high));
        ((along(value) - low) / (high - low)).clamp(0.0, 1.0)
    }
}

fn tens(power: u32) -> f64 {
    (0..power).fold(1.0, |value, _| value * 10.0)
}

fn number(value: f64) -> String {
    // A multiple of a decimal step is not always the nearest number of its digits.
    match (value * 1e6).round() / 1e6 {
        value if value >= 1e6 => format!("{}M", value / 1e6),
        value if value >= 1e4 => format!("{}k", value / 1e3),
        value => format!("{value}"),
    }
}

/// A chart that is being drawn.
pub(crate) struct Chart {
    x: Axis,
    y: Axis,
    height: f64,
    body: String,
    legend: f64,
}

impl Chart {
    pub(crate) fn new(x: Axis, y: Axis, height: f64) -> Chart {
        Chart { x, y, height, body: String::new(), legend: LEFT + 8.0 }
    }

    fn at(&self, x: f64, y: f64) -> (f64, f64) {
        let (wide, high) = (WIDTH - LEFT - RIGHT, self.height - TOP - BOTTOM);
        (LEFT + wide * self.x.place(x), TOP + high * (1.0 - self.y.place(y)))
    }

    /// Bars from `x` to the next, as high as they say.
    pub(crate) fn bars(&mut self, bars: impl IntoIterator<Item = (f64, f64, f64)>, colour: &str) {
        let _ = write!(self.body, "<path fill=\"{colour}\" fill-opacity=\"0.45\" d=\"");
        for (from, to, value) in bars.into_iter().filter(|bar| bar.2 > 0.0) {
            let ((left, top), (right, bottom)) = (self.at(from, value), self.at(to, 0.0));
            let _ = write!(self.body, "M{left:.1} {bottom:.1}V{top:.1}H{right:.1}V{bottom:.1}Z");
        }
        self.body.push_str("\"/>\n");
    }

    /// A line through points.
    pub(crate) fn line(&mut self, points: impl IntoIterator<Item = (f64, f64)>, colour: &str) {
        let _ = write!(self.body, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" d=\"");
        for (at, (x, y)) in points.into_iter().enumerate() {
            let (x, y) = self.at(x, y);
            let _ = write!(self.body, "{}{x:.1} {y:.1}", if at == 0 { "M" } else { "L" });
        }
        self.body.push_str("\"/>\n");
    }

    /// Separate strokes, each from one point to another.
    pub(crate) fn strokes(
        &mut self,
        strokes: impl IntoIterator<Item = [(f64, f64); 2]>,
        colour: &str,
        width: f64,
    ) {
        let _ = write!(self.body, "<path fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" d=\"");
        for [(x, y), (to_x, to_y)] in strokes {
            let ((x, y), (to_x, to_y)) = (self.at(x, y), self.at(to_x, to_y));
            let _ = write!(self.body, "M{x:.1} {y:.1}L{to_x:.1} {to_y:.1}");
        }
        self.body.push_str("\"/>\n");
    }

    /// Small dots.
    pub(crate) fn dots(&mut self, dots: impl IntoIterator<Item = (f64, f64)>, colour: &str) {
        let _ =
            write!(self.body, "<path stroke=\"{colour}\" stroke-width=\"3\" stroke-linecap=\"round\" d=\"");
        for (x, y) in dots {
            let (x, y) = self.at(x, y);
            let _ = write!(self.body, "M{x:.1} {y:.1}h0");
        }
        self.body.push_str("\"/>\n");
    }

    /// One entry of the legend, above the chart.
    pub(crate) fn name(&mut self, colour: &str, name: &str) {
        let (x, text) = (self.legend, self.legend + 14.0);
        let _ =
            writeln!(self.body, "<rect x=\"{x:.1}\" y=\"3\" width=\"10\" height=\"8\" fill=\"{colour}\"/>");
        let _ = writeln!(self.body, "<text x=\"{text:.1}\" y=\"11\">{name}</text>");
        self.legend += 26.0 + 6.2 * name.chars().count() as f64;
    }

    /// The whole picture.
    pub(crate) fn svg(self, title: &str) -> String {
        let (right, bottom) = (WIDTH - RIGHT, self.height - BOTTOM);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
             font-family=\"sans-serif\" font-size=\"11\" fill=\"#333\" role=\"img\">\n<title>{title}</title>\n\
             <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n",
            height = self.height
        );
        for (value, text) in &self.y.ticks {
            let (_, y) = self.at(self.x.low, *value);
            let _ = writeln!(out, "<path stroke=\"#ddd\" d=\"M{LEFT} {y:.1}H{right}\"/>");
            let _ = writeln!(
                out,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
                LEFT - 6.0,
                y + 4.0
            );
        }
        for (value, text) in &self.x.ticks {
            let (x, _) = self.at(*value, self.y.low);
            let _ = writeln!(out, "<path stroke=\"#999\" d=\"M{x:.1} {bottom:.1}v4\"/>");
            let _ = writeln!(
                out,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{text}</text>",
                bottom + 16.0
            );
        }
        let _ =
            writeln!(out, "<path stroke=\"#999\" fill=\"none\" d=\"M{LEFT} {TOP}V{bottom:.1}H{right}\"/>");
        out += &self.body;
        let middle = (LEFT + right) / 2.0;
        let _ = writeln!(
            out,
            "<text x=\"{middle:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            self.height - 6.0,
            self.x.label
        );
        let centre = (TOP + bottom) / 2.0;
        let _ = writeln!(
            out,
            "<text transform=\"translate(13 {centre:.1}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n</svg>",
            self.y.label
        );
        out
    }
}
