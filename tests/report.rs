//! `packyard run --out`: everything in the folder is read back and compared with the summary.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use packyard::evidence::tables::{Kind, TABLES};
use packyard::metrics::hdr::read_log;
use parquet::basic::{LogicalType, TimeUnit};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;

const SCENARIO: &str = r#"
name = "recorded <b>&amp;</b>"
duration = "1d"
seed = 3
[control_plane]
api_workers = 2
[report]
interval = "20min"
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

struct Recorded {
    _root: tempfile::TempDir,
    out: PathBuf,
    summary: Value,
}

fn packyard(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_packyard")).args(arguments).current_dir(folder).output().unwrap()
}

fn record(extra: &[&str]) -> Recorded {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("recorded.toml"), SCENARIO).unwrap();
    let output = packyard(&[&["run", "recorded.toml", "--out", "out"], extra].concat(), root.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = root.path().join("out");
    let summary = serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    Recorded { _root: root, out, summary }
}

fn rows(out: &Path, table: &str) -> Vec<Row> {
    let file = File::open(out.join(table).with_extension("parquet")).unwrap();
    let reader = SerializedFileReader::new(file).unwrap();
    reader.get_row_iter(None).unwrap().map(Result::unwrap).collect()
}

fn field<'a>(row: &'a Row, name: &str) -> &'a Field {
    row.get_column_iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("column {name}")).1
}

fn text<'a>(row: &'a Row, name: &str) -> &'a str {
    match field(row, name) {
        Field::Str(text) => text,
        Field::Null => "",
        other => panic!("{name}: {other:?}"),
    }
}

fn number(row: &Row, name: &str) -> f64 {
    match field(row, name) {
        Field::Long(number) | Field::TimestampMicros(number) => *number as f64,
        Field::Double(number) => *number,
        other => panic!("{name}: {other:?}"),
    }
}

fn count(summary: &Value, name: &str) -> u64 {
    summary["requests"][name].as_u64().unwrap()
}

#[test]
fn tables_hold_every_request_instance_host_and_sample() {
    let Recorded { out, summary, .. } = &record(&["--events"]);
    let requests = rows(out, "requests");
    assert_eq!(requests.len() as u64, count(summary, "total"));
    let mut codes: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &requests {
        assert_eq!(number(row, "answered") - number(row, "arrived"), number(row, "answer_us"));
        match text(row, "outcome") {
            "created" => assert_eq!(text(row, "code"), ""),
            "no room" => assert!(!text(row, "missing").is_empty()),
            _ => {}
        }
        if !text(row, "code").is_empty() {
            *codes.entry(text(row, "code")).or_default() += 1;
        }
    }
    for code in summary["requests"]["rejected_by_code"].as_array().unwrap() {
        assert_eq!(codes[code["code"].as_str().unwrap()], code["count"].as_u64().unwrap());
    }

    let instances = rows(out, "instances");
    assert_eq!(instances.len() as u64, count(summary, "created"));
    let ended = instances.iter().filter(|row| !matches!(field(row, "ended"), Field::Null)).count();
    assert_eq!(ended as u64, count(summary, "released"));
    let mut starts: Vec<f64> = instances
        .iter()
        .filter(|row| !matches!(field(row, "start_us"), Field::Null))
        .map(|row| number(row, "start_us"))
        .collect();
    starts.sort_by(f64::total_cmp);
    let stages = summary["simulated_latency_us"].as_array().unwrap();
    let running = stages.iter().find(|stage| stage["stage"] == "request to running").unwrap();
    assert_eq!(starts.len() as u64, running["count"].as_u64().unwrap());
    let p999 = running["p999"].as_f64().unwrap();
    let exact = starts[(starts.len() as f64 * 0.999).ceil() as usize - 1];
    assert!((p999 / exact - 1.0).abs() < 0.002, "p99.9 {p999} in the summary, {exact} from the table");

    let hosts = rows(out, "hosts");
    assert_eq!(hosts.len() as u64, summary["packing"]["hosts"].as_u64().unwrap());
    let created: f64 = hosts.iter().map(|row| number(row, "created")).sum();
    assert_eq!(created as u64, count(summary, "created"));
    let empty = hosts.iter().filter(|row| number(row, "vcpus") == number(row, "vcpus_free")).count();
    assert_eq!(empty as u64, summary["packing"]["empty"].as_u64().unwrap());

    let series = rows(out, "series");
    let total: f64 = series
        .iter()
        .filter(|row| text(row, "metric") == "requests" && text(row, "zone").is_empty())
        .map(|row| number(row, "value"))
        .sum();
    assert_eq!(total as u64, count(summary, "total"));

    let events = zstd::decode_all(File::open(out.join("events.jsonl.zst")).unwrap()).unwrap();
    let events = String::from_utf8(events).unwrap();
    let lines: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["schema"], "packyard-events/1");
    let of = |name: &str| lines.iter().filter(|line| line["event"] == name).count() as u64;
    assert_eq!(of("requested"), count(summary, "total"));
    assert_eq!(of("created"), count(summary, "created"));
    assert_eq!(of("released"), count(summary, "released"));
    assert_eq!(of("rejected"), count(summary, "rejected") + count(summary, "replayed"));
}

#[test]
fn the_types_of_columns_are_logical_ones_and_match_the_documentation() {
    let Recorded { out, .. } = &record(&[]);
    let docs = include_str!("../docs/report.md");
    for table in &TABLES {
        let file = File::open(out.join(table.name).with_extension("parquet")).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        assert_eq!(schema.num_columns(), table.columns.len());
        for (column, spec) in schema.columns().iter().zip(table.columns) {
            assert_eq!(column.name(), spec.name);
            let logical = column.logical_type_ref();
            match spec.kind {
                Kind::Time => assert!(
                    matches!(
                        logical,
                        Some(LogicalType::Timestamp {
                            is_adjusted_to_u_t_c: true,
                            unit: TimeUnit::MICROS,
                            ..
                        })
                    ),
                    "{}: {logical:?}",
                    spec.name
                ),
                Kind::Text => assert_eq!(logical, Some(&LogicalType::String), "{}", spec.name),
                _ => {}
            }
            let row = format!("| `{}.{}` |", table.name, spec.name);
            assert!(docs.contains(&row), "docs/report.md has no row {row}");
        }
    }
}

#[test]
fn histogram_logs_read_back_to_the_percentiles_of_the_summary() {
    let Recorded { out, summary, .. } = &record(&[]);
    let read = |name: &str| {
        let mut sum = BTreeMap::new();
        read_log(&fs::read(out.join("histograms").join(name)).unwrap(), &mut sum).unwrap();
        sum
    };
    let simulated = read("simulated-latency.hlog");
    let mut checked = 0;
    for stage in summary["simulated_latency_us"].as_array().unwrap() {
        let Some(outcome) = stage["outcome"].as_str() else { continue };
        let tag = format!("{}.{outcome}", stage["stage"].as_str().unwrap()).replace(' ', "-");
        let histogram = &simulated[&tag];
        assert_eq!(histogram.len(), stage["count"].as_u64().unwrap(), "{tag}");
        assert_eq!(histogram.max(), stage["max"].as_u64().unwrap(), "{tag}");
        assert_eq!(histogram.value_at_quantile(0.999), stage["p999"].as_u64().unwrap(), "{tag}");
        checked += 1;
        let text =
            fs::read_to_string(out.join(format!("histograms/simulated-{}.hgrm", tag.replace('.', "-"))));
        assert!(text.unwrap().contains(&format!("Total count    = {:12}]", histogram.len())));
    }
    assert!(checked > 4, "answers have several outcomes");
    let engine = read("engine-cost.hlog");
    for stage in summary["engine"]["cost_ns"].as_array().unwrap() {
        let histogram = &engine[stage["stage"].as_str().unwrap()];
        assert_eq!(histogram.len(), stage["count"].as_u64().unwrap());
        assert_eq!(histogram.value_at_quantile(0.99), stage["p99"].as_u64().unwrap());
    }
}

#[test]
fn the_manifest_hashes_every_file_and_the_page_needs_no_network() {
    let Recorded { out, summary, .. } = &record(&[]);
    let manifest: Value = serde_json::from_slice(&fs::read(out.join("manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["run"]["digest"], summary["run"]["digest"]);
    let files = manifest["files"].as_array().unwrap();
    for file in files {
        let bytes = fs::read(out.join(file["name"].as_str().unwrap())).unwrap();
        assert_eq!(file["bytes"].as_u64().unwrap(), bytes.len() as u64);
        assert_eq!(file["blake3"], blake3::hash(&bytes).to_hex().as_str());
    }
    let has = |name: &str| files.iter().any(|file| file["name"] == name);
    for name in
        ["report.html", "summary.json", "requests.parquet", "histograms/engine-cost.hlog", "scenario.toml"]
    {
        assert!(has(name), "{name}");
    }
    assert!(!has("events.jsonl.zst"), "events are written on demand only");

    let page = fs::read_to_string(out.join("report.html")).unwrap();
    for outside in ["http:", "https:", "src=", "@import", "url("] {
        let found = page
            .match_indices(outside)
            .find(|(at, _)| !page[*at..].starts_with("http://www.w3.org/2000/svg"));
        assert!(found.is_none(), "the page refers to something outside: {outside}");
    }
    assert!(!page.contains("recorded <b>"), "names are escaped");
    assert!(page.len() < 2_000_000);
}

#[test]
fn columns_and_a_sample_keep_big_runs_small() {
    let whole = record(&["--events"]);
    let part = record(&[
        "--events",
        "--sample",
        "10%",
        "--columns",
        "requests=request,outcome",
        "--columns",
        "hosts=none",
    ]);
    assert_eq!(whole.summary["run"]["digest"], part.summary["run"]["digest"]);
    assert!(!part.out.join("hosts.parquet").exists());
    let kept = rows(&part.out, "requests");
    let share = kept.len() as f64 / count(&whole.summary, "total") as f64;
    assert!((0.08..0.12).contains(&share), "{share}");
    assert_eq!(kept[0].get_column_iter().count(), 2);
    let numbers = |rows: &[Row], outcome: &str| -> Vec<u64> {
        let kept = rows.iter().filter(|row| outcome.is_empty() || text(row, "outcome") == outcome);
        let mut numbers: Vec<u64> = kept.map(|row| number(row, "request") as u64).collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(numbers(&kept, "created"), numbers(&rows(&part.out, "instances"), ""), "the same requests");
}

#[test]
fn wrong_columns_and_samples_are_user_errors_that_leave_nothing() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("recorded.toml"), SCENARIO).unwrap();
    for (wrong, says) in [
        (["--columns", "requests=price"], "known: request, arrived"),
        (["--columns", "request=outcome"], "known: requests"),
        (["--sample", "0"], "above 0"),
    ] {
        let output = packyard(&[&["run", "recorded.toml", "--out", "out"][..], &wrong].concat(), root.path());
        assert_eq!(output.status.code(), Some(2));
        let text = String::from_utf8_lossy(&output.stderr).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(says), "{text}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left");
    }
}

/// pandas or DuckDB read the tables: `tests/python/tables.py`. Skips, and says so, where there is no Python with
/// DuckDB and none can be installed.
#[test]
fn duckdb_reads_the_tables() {
    let recorded = record(&[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/tables.sh");
    let output = Command::new("bash").arg(script).arg(&recorded.out).output().expect("bash runs");
    let said =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if output.status.code() == Some(77) {
        eprintln!("SKIPPED: {said}");
        return;
    }
    assert!(output.status.success(), "{said}");
    assert!(said.contains("tables agree with the summary"), "{said}");
}
