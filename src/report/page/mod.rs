//! `report.html`: one page that holds everything it needs, drawn from the same structs as `summary.json`.

mod data;
mod findings;

use std::fmt::Write as _;

use crate::evidence::Recorded;
use crate::sim::Summary;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("page.css");
/// The script: its parts share one scope, and its last line draws the page.
const SCRIPT: [&str; 3] = [include_str!("kit.js"), include_str!("features.js"), include_str!("page.js")];

/// The page. `scenario` is the effective scenario; `section` is HTML that stands before the charts, such as that of a plan.
pub fn html(summary: &Summary, recorded: &Recorded, scenario: &str, section: &str) -> String {
    let data = script_safe(&data::json(summary, recorded, scenario));
    let title = escaped(&format!("{} - Packyard report", summary.run.scenario));
    // Section and data go between the parts: nothing in them can be taken for a place to fill in.
    let (head, tail) = PAGE.split_once("{{section}}").expect("the page has a place for a section");
    let (tail, end) = tail.split_once("{{data}}").expect("the page has a place for its data");
    let head = head.replace("{{title}}", &title).replace("{{style}}", STYLE);
    let script = format!("\"use strict\";\n(function () {{\n{}}})();", SCRIPT.concat());
    [&head, section, tail, &data, &end.replace("{{script}}", &script)].concat()
}

/// JSON as it may stand inside a `script` element: no `<` can end it.
fn script_safe(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' | '<' | '>' | '"' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_data_can_end_the_script() {
        assert_eq!(script_safe("\"</script>\""), "\"\\u003c/script>\"");
        assert_eq!(escaped("a<b>&\"c\""), "a&#60;b&#62;&#38;&#34;c&#34;");
    }
}
