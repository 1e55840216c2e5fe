//! `report.html` in a real browser: no console error, numbers of the summary, clicks, hovers, keys, two widths.
//!
//! Needs Chromium. Where it is missing and this runs as root on a system with apt, the test installs it
//! (`tests/browser/chromium.sh`); else it says so and skips.

mod browser;
mod recorded;

use std::path::Path;
use std::process::Command;

use browser::Browser;
use recorded::{Recorded, SCENARIO, record};
use serde_json::Value;

/// Pixels between the margins of a sheet of A4 or Letter.
const SHEET: i64 = 718;

/// The browser; none, said aloud, where there is none and none can be installed.
fn chromium() -> Option<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/chromium.sh");
    let found = Command::new("bash").arg(script).output().expect("bash runs");
    if !found.status.success() {
        eprintln!("SKIPPED: {}", String::from_utf8_lossy(&found.stderr).trim());
        return None;
    }
    Some(String::from_utf8(found.stdout).unwrap().trim().to_owned())
}

/// The scenario of the other tests with a spot market, bills and failures.
fn with_parts() -> String {
    let parts = r#"
[failures]
between = { distribution = "exponential", mean = "12h" }
repair = { distribution = "exponential", mean = "1h" }
recover = "elsewhere"
[billing]
due = "hour"
[spot]
price = { model = "utilization", floor = "10%", low = "50%", high = "98%", half_life = "30min" }
[[spot.fleets]]
name = "batch"
target = 30
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
types = ["ecs.g5.xlarge"]
strategy = "lowest-price"
[[disk_pools]]
zone = "cn-hangzhou-g"
category = "cloud_essd"
performance_level = "PL2"
capacity = "20TiB"
"#;
    SCENARIO.replacen("[[pools]]", &format!("{parts}[[pools]]"), 1)
}

#[test]
fn the_page_shows_the_parts_that_only_some_runs_have() {
    let Recorded { root, out, summary } = &record(&with_parts(), &["--columns", "hosts=none"]);
    let Some(program) = chromium() else { return };
    let mut page = Browser::open(&program, root.path(), &out.join("report.html"));
    let grouped = |path: &str| {
        let digits =
            summary.pointer(path).and_then(Value::as_u64).unwrap_or_else(|| panic!("{path}")).to_string();
        let parts: Vec<&str> =
            digits.as_bytes().rchunks(3).rev().map(|part| std::str::from_utf8(part).unwrap()).collect();
        parts.join(",")
    };
    let spot = page.text("#spot");
    for path in ["/spot/bought", "/spot/live", "/spot/interruptions/stock", "/spot/regular/no_room"] {
        assert!(spot.contains(&grouped(path)), "{path}: {spot}");
    }
    assert!(page.text("#nodes").contains(&grouped("/nodes/host_failures")));
    assert!(page.text("#accounts").contains("1000000001"));
    assert!(page.text("#disks").contains("cloud_essd PL2"));
    assert!(page.text("#operations").contains("cloud_essd PL2"));
    // Prices by pool: hidden by the legend, another way by the menu, read by hover.
    let lines = "document.querySelectorAll('#spot-prices path.line').length";
    assert_eq!(page.eval(lines), Value::from(2));
    page.hover("#spot-prices .chart");
    let tip = page.text("#tip");
    assert!(tip.contains("ecs.g5.xlarge") && tip.contains("UTC"), "{tip}");
    page.eval(
        "(() => { const s = document.querySelector('section[aria-labelledby=spot-prices-title] select'); \
         s.value = 'used'; s.dispatchEvent(new Event('change')); })()",
    );
    page.hover("#spot-prices .chart");
    assert!(page.text("#tip").contains('%'));
    for chart in ["#spot-told path.area", "#survival path.line", "#money path.line", "#failures path.line"] {
        let path = format!("document.querySelector('{chart}').getAttribute('d').length > 40");
        assert_eq!(page.eval(&path), Value::Bool(true), "{chart}");
        assert_eq!(
            page.eval(&format!("document.querySelector('{chart}').getAttribute('d').includes('NaN')")),
            Value::Bool(false)
        );
    }
    // The map of hosts answers to the pointer and to keys.
    page.hover("#hosts canvas");
    assert!(page.text("#tip").contains("vCPU placed"));
    page.eval("document.querySelector('#hosts canvas').focus()");
    page.key("ArrowRight", 39);
    assert!(page.text("#tip").contains("host 3 "), "{}", page.text("#tip"));
    page.resize(390);
    let wide = page.eval("document.documentElement.scrollWidth").as_i64().unwrap();
    assert!(wide <= 390, "{wide} pixels on a phone");
    // On paper everything is light, and the scenario is open.
    page.eval("window.dispatchEvent(new Event('beforeprint'))");
    assert_eq!(page.eval("document.documentElement.dataset.theme"), Value::from("light"));
    assert_eq!(page.eval("document.querySelector('#scenario').open"), Value::Bool(true));
    // No table is cut off at the edge of a sheet.
    page.resize(SHEET);
    page.media("print");
    let cut = page.eval(
        "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth).length",
    );
    assert_eq!(cut, Value::from(0), "tables cut off on paper");
    let wide = page.eval("document.documentElement.scrollWidth").as_i64().unwrap();
    assert!(wide <= SHEET, "{wide} pixels on a sheet of {SHEET}");
    assert_eq!(page.errors(), Vec::<String>::new(), "no console error");
}

#[test]
fn the_page_shows_the_numbers_of_the_summary_and_answers_to_people() {
    let Recorded { root, out, summary } = &record(SCENARIO, &["--columns", "hosts=none"]);
    let Some(program) = chromium() else { return };
    let mut page = Browser::open(&program, root.path(), &out.join("report.html"));

    // Numbers.
    let number = |path: &str| summary.pointer(path).and_then(Value::as_f64).unwrap();
    let no_room: f64 =
        summary["no_room"].as_array().unwrap().iter().map(|r| r["count"].as_f64().unwrap()).sum();
    let share = format!("{:.2}%", 100.0 * no_room / number("/requests/total"));
    assert_eq!(page.text("#stat-no-room"), share);
    let peak = summary["zones"].as_array().unwrap().iter().map(|z| z["vcpu_peak"].as_f64().unwrap());
    assert_eq!(page.text("#stat-peak"), format!("{:.1}%", 100.0 * peak.fold(0.0, f64::max)));
    assert_eq!(page.text("#digest"), summary["run"]["digest"].as_str().unwrap());
    let rows = page.text("#code-table tbody");
    for code in summary["requests"]["rejected_by_code"].as_array().unwrap() {
        assert!(rows.contains(code["code"].as_str().unwrap()), "{rows}");
    }
    assert!(page.text("#findings").contains("free ("), "what was short");

    // Hover: values appear, and go.
    page.hover("#utilization .chart");
    let tip = page.text("#tip");
    assert!(tip.contains("cn-hangzhou-g") && tip.contains('%') && tip.contains("UTC"), "{tip}");
    page.hover("#title");
    assert_eq!(page.eval("document.getElementById('tip').hidden"), Value::Bool(true));
    // The keyboard reads the same values.
    page.eval("document.querySelector('#utilization .chart').focus()");
    page.key("ArrowRight", 39);
    assert!(page.text("#tip").contains("cn-hangzhou-h"));

    // A click on the legend hides a series and brings it back.
    let lines = "document.querySelectorAll('#utilization path.line').length";
    assert_eq!(page.eval(lines), Value::from(2));
    page.click("#utilization .legend button");
    assert_eq!(page.eval(lines), Value::from(1));
    page.click("#utilization .legend button");
    assert_eq!(page.eval(lines), Value::from(2));

    // Tables sort both ways.
    let first = "document.querySelector('#code-table tbody tr td:nth-child(3)').textContent";
    page.click("#code-table th:nth-child(3) button");
    let most = page.eval(first);
    page.click("#code-table th:nth-child(3) button");
    assert_ne!(page.eval(first), most);

    // Light and dark; a phone's width without a page that scrolls sideways.
    let theme = page.eval("document.documentElement.dataset.theme");
    page.click("#theme");
    assert_ne!(page.eval("document.documentElement.dataset.theme"), theme);
    for width in [390, 1280] {
        page.resize(width);
        let wide = page.eval("document.documentElement.scrollWidth").as_i64().unwrap();
        assert!(wide <= width, "{wide} pixels on a screen of {width}");
    }
    assert_eq!(page.errors(), Vec::<String>::new(), "no console error");
}
