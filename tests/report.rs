//! `packyard run --out`: everything in the folder is read back and compared with the summary.

mod recorded;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use packyard::evidence::tables::{Kind, TABLES};
use packyard::metrics::hdr::read_log;
use parquet::basic::LogicalType;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::{Field, Row};
use recorded::{Recorded, SCENARIO, packyard, record};
use serde_json::Value;

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
    let Recorded { out, summary, .. } = &record(SCENARIO, &["--events"]);
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
    let Recorded { out, .. } = &record(SCENARIO, &[]);
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
                Kind::Time => {
                    let said = format!("{logical:?}");
                    let utc = said.contains("Timestamp") && said.contains("MICROS") && said.contains("true");
                    assert!(utc, "{}: {said}", spec.name);
                }
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
    let Recorded { out, summary, .. } = &record(SCENARIO, &[]);
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
        // A histogram knows the class of its largest value, the summary the value.
        let most = stage["max"].as_u64().unwrap();
        assert_eq!(histogram.max(), histogram.highest_equivalent(most), "{tag}");
        assert_eq!(histogram.value_at_quantile(0.999).min(most), stage["p999"].as_u64().unwrap(), "{tag}");
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
        let most = stage["max"].as_u64().unwrap();
        assert_eq!(histogram.value_at_quantile(0.99).min(most), stage["p99"].as_u64().unwrap());
    }
}

/// The log as the format's own description says (HdrHistogramLogProcessor 1.3, V2 with deflate), with the reader of the
/// `hdrhistogram` crate and without a line of ours.
#[test]
fn histogram_logs_are_what_other_tools_of_the_format_read() {
    let Recorded { out, summary, .. } = &record(SCENARIO, &[]);
    let log = fs::read(out.join("histograms/simulated-latency.hlog")).unwrap();
    assert!(log.starts_with(b"#[Histogram log format version 1.3]\n"));
    let mut reader = hdrhistogram::serialization::Deserializer::new();
    let (mut counts, mut last) = (BTreeMap::<String, u64>::new(), 0.0);
    for entry in IntervalLogIterator::new(&log) {
        let interval = match entry.unwrap() {
            LogEntry::Interval(interval) => interval,
            LogEntry::StartTime(_) | LogEntry::BaseTime(_) => continue,
        };
        let bytes = base64::engine::general_purpose::STANDARD.decode(interval.encoded_histogram()).unwrap();
        // Cookie of the compressed V2 form with a word size of one, then the length of what follows.
        assert_eq!(bytes[..4], 0x1c84_9314_u32.to_be_bytes());
        assert_eq!(bytes[4..8], (bytes.len() as u32 - 8).to_be_bytes());
        let histogram: Histogram<u64> = reader.deserialize(&mut bytes.as_slice()).unwrap();
        assert!((interval.max() - histogram.max() as f64).abs() < 1.0);
        let begin = interval.start_timestamp().as_secs_f64();
        assert!(begin >= last, "intervals come in order");
        last = begin;
        *counts.entry(interval.tag().unwrap().as_str().to_owned()).or_default() += histogram.len();
    }
    let stages = summary["simulated_latency_us"].as_array().unwrap();
    let created = stages.iter().find(|one| one["stage"] == "answer" && one["outcome"] == "created").unwrap();
    assert_eq!(counts["answer.created"], created["count"].as_u64().unwrap());
    for percentile in ["p50", "p90", "p99", "p999", "p9999", "p99999", "max"] {
        assert!(created[percentile].as_u64().unwrap() > 0, "{percentile}");
    }
}

#[test]
fn histograms_of_several_runs_add_up() {
    let first = record(SCENARIO, &[]);
    let second = record(SCENARIO, &["--seed", "4"]);
    let folders = [first.out.to_str().unwrap(), second.out.to_str().unwrap()];
    let merged = |extra: &[&str]| {
        let output = packyard(&[&["percentiles"], &folders[..], extra].concat(), first.root.path());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let sums: Value = serde_json::from_str(&merged(&["--json", "--hgrm", "sums"])).unwrap();
    let sum = sums.as_array().unwrap().iter().find(|row| row["tag"] == "request-to-running.created").unwrap();
    // From every single value of both runs, not from their percentiles.
    let mut waits: Vec<f64> = [&first, &second]
        .iter()
        .flat_map(|run| rows(&run.out, "instances"))
        .filter(|row| !matches!(field(row, "start_us"), Field::Null))
        .map(|row| number(&row, "start_us"))
        .collect();
    waits.sort_by(f64::total_cmp);
    assert_eq!(sum["count"].as_u64().unwrap(), waits.len() as u64);
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("max", 1.0)] {
        let exact = waits[(waits.len() as f64 * quantile).ceil() as usize - 1];
        let found = sum[name].as_f64().unwrap();
        assert!((found / exact - 1.0).abs() < 0.002, "{name}: {found} in the sum, {exact} from the tables");
    }
    assert!(first.root.path().join("sums/simulated-request-to-running-created.hgrm").exists());
    assert!(merged(&[]).contains("p99.999"));
    let output = packyard(&["percentiles", "."], &first.out.join("histograms"));
    assert_eq!(output.status.code(), Some(2), "a folder without logs is a user error");
}

#[test]
fn runs_of_several_seeds_are_compared_in_a_table_and_on_a_page() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("recorded.toml"), SCENARIO).unwrap();
    for (out, hosts) in [("small", "4"), ("large", "7")] {
        let set = format!("pools.0.hosts={hosts}");
        let output = packyard(
            &["run", "recorded.toml", "-q", "--seeds", "1..3", "--out", out, "--set", &set],
            root.path(),
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let output = packyard(&["compare", "small", "large", "--html", "page.html"], root.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let page = fs::read_to_string(root.path().join("page.html")).unwrap();
    let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_else(|| panic!("{text}"));
    assert!(line("requests without room (%)").ends_with("better"), "{text}");
    assert!(line("  requests  ").ends_with("the same"), "{text}");
    for shown in [&text, &page] {
        assert!(shown.contains("not significant") && shown.contains("better"), "{shown}");
    }
    assert!(!text.contains("-0 "), "{text}");
}

/// Names of all fields of a JSON value.
fn names<'v>(value: &'v Value, found: &mut std::collections::BTreeSet<&'v str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            found.insert(name);
            names(value, found);
        }),
        Value::Array(values) => values.iter().for_each(|value| names(value, found)),
        _ => {}
    }
}

#[test]
fn every_field_of_the_summary_is_documented() {
    let docs = include_str!("../docs/summary.md");
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut sections = 0;
    for (name, short) in [
        ("burstable-credits", "3d"),
        ("disk-pool-exhaustion", "2d"),
        ("spot-fleet", "6h"),
        ("rolling-maintenance", "2d"),
        ("dedicated-hosts", "5d"),
    ] {
        let path = scenarios.join(name).with_extension("toml");
        let set = format!("duration={short}");
        let output = packyard(&["run", path.to_str().unwrap(), "--json", "-q", "--set", &set], &scenarios);
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(docs.contains(summary["schema"].as_str().unwrap()), "the version is documented");
        let mut found = std::collections::BTreeSet::new();
        names(&summary, &mut found);
        sections = sections.max(summary.as_object().unwrap().len());
        // Sets and clusters are listed by their own ids.
        for id in ["deployment_sets", "hpc_clusters"] {
            for given in
                summary.pointer(&format!("/operations/{id}")).and_then(Value::as_object).into_iter().flatten()
            {
                found.remove(given.0.as_str());
            }
        }
        for field in found {
            assert!(docs.contains(&format!("`{field}`")), "{name}: docs/summary.md does not name `{field}`");
        }
    }
    assert!(sections > 10, "the scenarios have sections of their own");
}

/// Thirty-one days on ten zones, at a request every two minutes: 4,464 samples of 20 columns or more a zone.
#[test]
fn a_month_with_ten_zones_makes_a_small_page() {
    let scenario = r#"
        name = "a month"
        duration = "31d"
        seed = 5
        [control_plane]
        api_workers = 2
        [[pools]]
        zones = ["cn-hangzhou-b", "cn-hangzhou-c", "cn-hangzhou-d", "cn-hangzhou-e", "cn-hangzhou-f",
                 "cn-hangzhou-g", "cn-hangzhou-h", "cn-hangzhou-i", "cn-beijing-a", "cn-beijing-b"]
        class = "ddh.g5"
        hosts = 120
        [[pools]]
        zones = ["cn-hangzhou-b", "cn-hangzhou-g", "cn-beijing-a"]
        class = "ddh.c5"
        hosts = 40
        [[workloads]]
        name = "load"
        arrivals = { rate = "30/h", day = { peak_hour = 14.0, swing = "60%" } }
        lifetime = { distribution = "lognormal", median = "20h", sigma = 1.5 }
        mix = [{ type = "ecs.g5.large", weight = 3 }, { type = "ecs.g5.8xlarge", weight = 1 }]
        faults = { share = "10%" }
    "#;
    let Recorded { out, summary, .. } = &record(scenario, &["--columns", "requests=none"]);
    assert_eq!(summary["zones"].as_array().unwrap().len(), 10);
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    let data = page.split_once(r#"id="data">"#).unwrap().1.split_once("</script>").unwrap().0;
    let data: Value = serde_json::from_str(data).unwrap();
    let points = data["series"]["ends"].as_array().unwrap().len();
    assert!((360..=720).contains(&points), "{points} points");
    let columns = data["series"]["columns"].as_array().unwrap().len();
    assert!(columns > 120, "{columns} columns");
    let samples: std::collections::BTreeSet<u64> =
        rows(out, "series").iter().map(|row| number(row, "time") as u64).collect();
    assert_eq!(samples.len(), 31 * 144, "the table has every sample");
}

#[test]
fn the_manifest_hashes_every_file_and_the_page_needs_no_network() {
    let Recorded { out, summary, .. } = &record(SCENARIO, &[]);
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
    let whole = record(SCENARIO, &["--events"]);
    let part = record(
        SCENARIO,
        &["--events", "--sample", "10%", "--columns", "requests=request,outcome", "--columns", "hosts=none"],
    );
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
        let said = String::from_utf8_lossy(&output.stderr).replace('│', " ");
        let text = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(says), "{text}");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left");
    }
}

/// pandas or DuckDB read the tables: `tests/python/tables.py`. Skips, and says so, where there is no Python with
/// DuckDB and none can be installed.
#[test]
fn duckdb_reads_the_tables() {
    let recorded = record(SCENARIO, &[]);
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
