//! A plan as a section of a report's page, and the frame of pages of the planner's own. No script, no network: text, tables,
//! inline SVG.

use std::fmt::Write as _;

use super::outcome::{FrontierPoint, Plan};
use super::terminal::{interval, terminal};
use super::whatif::Table;

/// Width and height of the drawing, and the room around its axes.
const SIZE: (f64, f64) = (720.0, 320.0);
const EDGE: (f64, f64) = (90.0, 40.0);

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;\
color:#1c1e21;background:#fff}pre{background:#f4f5f7;padding:1em;overflow-x:auto;font-size:13px;line-height:1.4}\
table{border-collapse:collapse}th,td{padding:.2em .8em;text-align:right;border-bottom:1px solid #d9dce1}\
tr.answer{background:#e8f3ea;font-weight:600}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}\
svg text{font:12px system-ui,sans-serif;fill:#444}";

/// A page of its own around a body.
pub(super) fn around(title: &str, body: &str) -> String {
    let title = escaped(title);
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head>\n\
         <body><h1>{title}</h1>\n{body}</body></html>\n"
    )
}

/// A plan as a section of a report's page: the frontier drawn and as a table, and the plan's text.
pub fn section(plan: &Plan) -> String {
    let mut out = String::new();
    if !plan.frontier.is_empty() {
        out.push_str(
            "<p class=\"about\">Cost against rejections: points that nothing cheaper beats, with their \
             intervals; the answer is filled.</p>\n<div class=\"chart\">",
        );
        out.push_str(&drawing(plan));
        out.push_str("</div>\n<div class=\"scroll\"><table class=\"data\"><thead><tr>");
        for name in ["cost", "hosts", "rejections", "holds", "setting"] {
            let _ = write!(out, "<th style=\"padding:5px 10px\">{name}</th>");
        }
        out.push_str("</tr></thead><tbody>\n");
        for FrontierPoint { setting, rejection_rate, holds, answer } in &plan.frontier {
            let _ = writeln!(
                out,
                "<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                if *answer { " style=\"font-weight:600\"" } else { "" },
                super::terminal::number(setting.cost),
                setting.hosts,
                interval(rejection_rate),
                if *holds { "yes" } else { "no" },
                escaped(&super::terminal::values(setting))
            );
        }
        out.push_str("</tbody></table></div>\n");
    }
    out.push_str(&text_block(&terminal(plan)));
    card("Plan", &out)
}

/// A what-if table as a section of a report's page.
pub fn table_section(table: &Table) -> String {
    card("What if", &text_block(&super::terminal::table(table)))
}

fn text_block(text: &str) -> String {
    format!("<pre tabindex=\"0\">{}</pre>\n", escaped(text))
}

/// A section in the style of the report's page, whose colours it takes.
fn card(title: &str, body: &str) -> String {
    format!(
        "<section class=\"card\" id=\"plan\" aria-labelledby=\"plan-title\">\
         <div class=\"head\"><h2 id=\"plan-title\">{title}</h2></div>\n{body}</section>\n"
    )
}

/// The frontier as inline SVG: points with their intervals, the answer filled.
fn drawing(plan: &Plan) -> String {
    let costs = plan.frontier.iter().map(|spot| spot.setting.cost);
    let (low, high) = costs.fold((f64::MAX, f64::MIN), |(low, high), cost| (low.min(cost), high.max(cost)));
    let most = plan.frontier.iter().map(|spot| spot.rejection_rate.high).fold(0.0, f64::max);
    let share = |value: f64, from: f64, to: f64| if to > from { (value - from) / (to - from) } else { 0.5 };
    let x = |cost: f64| EDGE.0 + share(cost, low, high) * (SIZE.0 - EDGE.0 - 30.0);
    let y = |rate: f64| SIZE.1 - EDGE.1 - share(rate, 0.0, most) * (SIZE.1 - EDGE.1 - 20.0);
    let mut svg = format!(
        "<svg role=\"img\" aria-label=\"cost against rejection rate\" viewBox=\"0 0 {} {}\" width=\"100%\">\n",
        SIZE.0, SIZE.1
    );
    let floor = SIZE.1 - EDGE.1;
    let _ = writeln!(
        svg,
        "<path d=\"M{0:.1} 20V{floor:.1}H{1:.1}\" fill=\"none\" class=\"axis\"/>",
        EDGE.0,
        SIZE.0 - 20.0
    );
    for part in 0..=4 {
        let part = f64::from(part) / 4.0;
        let (rate, cost) = (most * part, low + (high - low) * part);
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
            EDGE.0 - 6.0,
            y(rate) + 4.0,
            super::terminal::percent(rate),
            x(cost),
            floor + 18.0,
            super::terminal::number(cost)
        );
    }
    for spot in &plan.frontier {
        let (rate, at) = (spot.rejection_rate, x(spot.setting.cost));
        let fill = if spot.answer { "good" } else { "card" };
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {:.1}V{:.1}\" style=\"stroke:var(--accent)\"/>\
             <circle cx=\"{at:.1}\" cy=\"{:.1}\" r=\"4\" style=\"fill:var(--{fill});stroke:var(--accent)\">\
             <title>{}</title></circle>",
            y(rate.low),
            y(rate.high),
            y(rate.mean),
            escaped(&format!("{}: {}", super::terminal::values(&spot.setting), interval(&rate)))
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">cost {}</text></svg>",
        SIZE.0 / 2.0,
        SIZE.1 - 4.0,
        escaped(&plan.currency)
    );
    svg
}

/// Text inside HTML.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}
