//! `report.html` in a real browser: no console error, numbers of the summary, clicks, hovers, keys, two widths.
//!
//! Needs Chromium. Where it is missing and this runs as root on a system with apt, the test installs it
//! (`tests/browser/chromium.sh`); else it says so and skips.

mod browser;

use std::fs;
use std::path::Path;
use std::process::Command;

use browser::Browser;
use serde_json::Value;

const SCENARIO: &str = r#"
name = "looked at"
duration = "1d"
seed = 3
[control_plane]
api_workers = 2
[[pools]]
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 4
[[workloads]]
name = "load"
arrivals = { rate = "600/h", batch = { mean = 4.0 } }
lifetime = { distribution = "exponential", mean = "2h" }
mix = [{ type = "ecs.g5.large", weight = 3 }, { type = "ecs.g5.4xlarge", weight = 1 }]
faults = { share = "5%" }
"#;

#[test]
fn the_page_shows_the_numbers_of_the_summary_and_answers_to_people() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("looked.toml"), SCENARIO).unwrap();
    let ran = Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["run", "looked.toml", "--out", "out", "--columns", "hosts=none"])
        .current_dir(root.path())
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let out = root.path().join("out");
    let summary: Value = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();

    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/chromium.sh");
    let found = Command::new("bash").arg(script).output().expect("bash runs");
    if !found.status.success() {
        eprintln!("SKIPPED: {}", String::from_utf8_lossy(&found.stderr).trim());
        return;
    }
    let program = String::from_utf8(found.stdout).unwrap();
    let mut page = Browser::open(program.trim(), root.path(), &out.join("report.html"));

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
    assert!(page.text("#findings").contains("too few vCPUs are free"), "what was short");

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
