//! A comparison as text and as one self-contained page.

use std::fmt::Write as _;

use super::{Better, Comparison, Difference, Row, Standing};

/// The comparison as an aligned table.
pub fn text(comparison: &Comparison) -> String {
    let mut out = String::new();
    for (at, (name, runs)) in comparison.names.iter().zip(&comparison.runs).enumerate() {
        let seeds = if *runs == 1 { "1 run".to_owned() } else { format!("{runs} seeds") };
        let _ = writeln!(out, "{}  {name}  ({seeds})", letter(at));
    }
    for at in 1..comparison.names.len() {
        let _ = writeln!(out, "\n{} against {}", letter(at), letter(0));
        let mut lines =
            vec![["", "A", "this", "difference", "", "95 % interval", ""].map(str::to_owned).to_vec()];
        lines[0][1] = letter(0).to_string();
        lines[0][2] = letter(at).to_string();
        for row in &comparison.rows {
            let Some(found) = &row.others[at - 1] else { continue };
            lines.push(cells(row, found));
        }
        let _ = writeln!(out, "  {}", headline(comparison, at));
        let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..7).map(width).collect();
        for line in &lines {
            let mut shown = format!("  {:<1$}", line[0], widths[0]);
            for at in 1..6 {
                let _ = write!(shown, "  {:>1$}", line[at], widths[at]);
            }
            let _ = writeln!(out, "{}", format!("{shown}  {}", line[6]).trim_end());
        }
    }
    let _ = writeln!(out, "\n{}", note(comparison));
    out
}

/// The comparison as a page: no script, no network.
pub fn page(comparison: &Comparison) -> String {
    let mut body = String::from("<ul>\n");
    for (at, (name, runs)) in comparison.names.iter().zip(&comparison.runs).enumerate() {
        let _ =
            writeln!(body, "<li><b>{}</b> {} ({runs} run{})</li>", letter(at), escaped(name), plural(*runs));
    }
    body.push_str("</ul>\n");
    for at in 1..comparison.names.len() {
        let _ = writeln!(
            body,
            "<h2>{1} against {0}</h2>\n<p>{2}</p>\n<div class=\"wide\"><table>\n<thead><tr><th scope=\"col\">measure</th>\
             <th scope=\"col\">{0}</th><th scope=\"col\">{1}</th><th scope=\"col\">difference</th>\
             <th scope=\"col\">relative</th><th scope=\"col\">95&nbsp;% interval</th><th scope=\"col\">verdict</th>\
             </tr></thead><tbody>",
            letter(0),
            letter(at),
            headline(comparison, at)
        );
        for row in &comparison.rows {
            let Some(found) = &row.others[at - 1] else { continue };
            let class = match (found.standing, found.better) {
                (Standing::Significant | Standing::Single, Some(true)) => "better",
                (Standing::Significant | Standing::Single, Some(false)) => "worse",
                _ => "even",
            };
            let cells = cells(row, found);
            let _ = write!(body, "<tr class=\"{class}\"><th scope=\"row\">{}</th>", escaped(&cells[0]));
            for cell in &cells[1..] {
                let _ = write!(body, "<td>{}</td>", escaped(cell));
            }
            body.push_str("</tr>\n");
        }
        body.push_str("</tbody></table></div>\n");
    }
    let _ = writeln!(body, "<p>{}</p>", escaped(&note(comparison)));
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Comparison</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head>\n\
         <body><h1>Comparison</h1>\n{body}</body></html>\n"
    )
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:70em;\
margin:2em auto;padding:0 1em}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}.wide{overflow-x:auto}\
table{border-collapse:collapse;font-variant-numeric:tabular-nums}\
th,td{padding:.2em .8em;text-align:right;border-bottom:1px solid #8884;white-space:nowrap}\
tbody th,td:last-child,thead th:first-child,thead th:last-child{text-align:left;font-weight:inherit}\
.better td:last-child{color:light-dark(#1a6b32,#6fd48b)}.worse td:last-child{color:light-dark(#a3231f,#ff8d86)}";

fn letter(at: usize) -> char {
    char::from(b'A' + (at % 26) as u8)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Name, base, value, difference, relative difference, interval, verdict.
fn cells(row: &Row, found: &Difference) -> Vec<String> {
    let unit = if row.measure.unit.is_empty() { String::new() } else { format!(" ({})", row.measure.unit) };
    let base = found.value - found.by.mean;
    let relative = match base {
        _ if found.by.mean == 0.0 => String::new(),
        0.0 => "new".to_owned(),
        base => format!("{:+.1} %", 100.0 * found.by.mean / base.abs()),
    };
    let interval = match found.standing {
        Standing::Same | Standing::Single => String::new(),
        _ => format!("{} .. {}", signed(found.by.low), signed(found.by.high)),
    };
    vec![
        format!("{}{unit}", row.measure.name),
        number(base),
        number(found.value),
        signed(found.by.mean),
        relative,
        interval,
        verdict(row, found),
    ]
}

/// How many measures are better, worse, or not told apart.
fn headline(comparison: &Comparison, at: usize) -> String {
    let found: Vec<&Difference> =
        comparison.rows.iter().filter_map(|row| row.others[at - 1].as_ref()).collect();
    let count = |wanted: &dyn Fn(&Difference) -> bool| found.iter().filter(|found| wanted(found)).count();
    let sure = |found: &Difference| matches!(found.standing, Standing::Significant | Standing::Single);
    format!(
        "Of {} measures {} better, {} worse, {} neither way, {} not significant, {} the same.",
        found.len(),
        count(&|found| sure(found) && found.better == Some(true)),
        count(&|found| sure(found) && found.better == Some(false)),
        count(&|found| sure(found) && found.better.is_none()),
        count(&|found| found.standing == Standing::NotSignificant),
        count(&|found| found.standing == Standing::Same),
    )
}

fn verdict(row: &Row, found: &Difference) -> String {
    let way = match (row.measure.better, found.better) {
        (Better::Neither, _) | (_, None) if found.by.mean > 0.0 => "more",
        (Better::Neither, _) | (_, None) => "less",
        (_, Some(true)) => "better",
        (_, Some(false)) => "worse",
    };
    match found.standing {
        Standing::Same => "the same".to_owned(),
        Standing::Single => format!("{way} (one run: no interval)"),
        Standing::NotSignificant => format!("not significant over {} seeds", found.pairs),
        Standing::Significant => way.to_owned(),
    }
}

fn note(comparison: &Comparison) -> String {
    let rows = comparison.rows.len();
    if comparison.runs.iter().all(|runs| *runs == 1) {
        return "One run a side: the differences are exact for these runs, and may be chance. Run both with --seeds \
                1..20 to judge them."
            .to_owned();
    }
    format!(
        "Intervals: mean difference of runs of the same seed, Student's t, 95 %. A difference is significant when its \
         interval leaves zero out. Of {rows} measures that do not differ, about {:.0} would look significant by chance.",
        (rows as f64 * 0.05).max(1.0)
    )
}

fn number(value: f64) -> String {
    let digits = match value.abs() {
        0.0 => return "0".to_owned(),
        size if size >= 1_000.0 || size == size.trunc() && size < 1e15 => 0,
        size if size >= 10.0 => 1,
        size if size >= 0.1 => 2,
        _ => 4,
    };
    format!("{value:.digits$}")
}

fn signed(value: f64) -> String {
    if value > 0.0 { format!("+{}", number(value)) } else { number(value) }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{Side, compare};
    use super::*;

    #[test]
    fn a_page_holds_every_verdict_and_escapes_names() {
        let side = |name: &str, rejected: [u64; 3]| Side {
            name: name.to_owned(),
            runs: (1..)
                .zip(rejected)
                .map(|(seed, rejected)| {
                    let requests = json!({ "total": 1_000, "created": 500, "rejected": rejected });
                    (seed, json!({ "run": { "seed": seed }, "requests": requests }))
                })
                .collect(),
        };
        let sides = [side("<a&b>", [100, 110, 120]), side("b", [50, 60, 71]), side("c", [90, 130, 119])];
        let comparison = compare(&sides).unwrap();
        let (text, page) = (text(&comparison), page(&comparison));
        for shown in [&text, &page] {
            assert!(shown.contains("better") && shown.contains("not significant over 3 seeds"), "{shown}");
            assert!(shown.contains("the same"), "{shown}");
            assert!(
                shown.contains(
                    "Of 3 measures 1 better, 0 worse, 0 neither way, 0 not significant, 2 the same."
                ),
                "{shown}"
            );
        }
        assert!(page.contains("&lt;a&amp;b&gt;") && !page.contains("<a&b>"));
        assert!(!page.contains("http") && !page.contains("<script"));
        assert!(
            text.lines().any(|line| line.contains("requests rejected (%)") && line.contains("-4.97")),
            "{text}"
        );
    }
}
