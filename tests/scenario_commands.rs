//! `check`, `schema` and `catalog` as a shell sees them, and the page that documents scenarios.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use packyard::scenario::{POLICIES, Scenario};

fn packyard(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_packyard")).args(words).output().expect("the program runs")
}

fn stdout(words: &[&str]) -> String {
    let output = packyard(words);
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn full() -> PathBuf {
    root().join("tests/scenarios/full.toml")
}

#[test]
fn check_prints_a_scenario_that_checks() {
    let file = full();
    let first = stdout(&["check", file.to_str().expect("a path"), "--set", "seed=9"]);
    assert!(first.starts_with("# full: 3 zones in 2 regions, 49 hosts"), "{first}");
    let again = Scenario::from_str(&first, "full.toml").expect("what check prints is a scenario");
    assert_eq!(again.spec.seed, 9);
    let quiet = stdout(&["check", "-q", file.to_str().expect("a path")]);
    assert_eq!(quiet.lines().count(), 1);
}

#[test]
fn bad_input_ends_with_2_and_one_message() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path.to_str().expect("a path").to_owned()
    };
    let text = std::fs::read_to_string(full()).expect("the scenario");
    let check = |path: &str| vec!["check".to_owned(), path.to_owned()];
    let catalog = |filter: &str| format!("catalog types {filter}").split(' ').map(str::to_owned).collect();
    let wrong_key = text.replace("hosts = 20", "hosst = 20");
    let cases: [(Vec<String>, &str); 8] = [
        (check("no-such.toml"), "there is no such file"),
        (check(folder.path().to_str().expect("a path")), "it is a directory"),
        (check(&file("bin.toml", b"\xff\xfe")), "line 1 is not UTF-8 text"),
        (check(&file("broken.toml", b"name = \n")), "the scenario is no TOML"),
        (check(&file("empty.toml", b"")), "the scenario has no hosts"),
        (check(&file("key.toml", wrong_key.as_bytes())), "did you mean `hosts`?"),
        (catalog("--family ecs.g55"), "did you mean `ecs.g5`?"),
        (catalog("--vcpu 16..4"), "the range is empty"),
    ];
    for (words, want) in cases {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = packyard(&words);
        // Long messages are wrapped: their words count.
        let message = String::from_utf8_lossy(&output.stderr).replace('│', " ");
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(output.status.code(), Some(2), "{words:?}");
        assert!(message.contains(want), "{words:?}: {message}");
        assert!(!message.contains("panicked"), "{message}");
        assert!(output.stdout.is_empty(), "{words:?}");
    }
}

#[test]
fn lists_print_as_tables_json_and_csv() {
    let table = stdout(&["catalog", "types", "--family", "ecs.g5", "--vcpu", "4..16"]);
    assert_eq!(table.lines().count(), 5, "{table}");
    let json: serde_json::Value =
        serde_json::from_str(&stdout(&["catalog", "types", "--json"])).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(658));
    assert_eq!(json[0]["name"], "ecs.d1.2xlarge");
    let csv = stdout(&["catalog", "zones", "--csv"]);
    assert_eq!(csv.lines().next(), Some("zone,region,name,in 2019"));
    assert_eq!(csv.lines().count(), 77);
    let schema: serde_json::Value = serde_json::from_str(&stdout(&["schema"])).expect("JSON");
    assert_eq!(schema["title"], "ScenarioSpec");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["catalog", "types", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_page_names_every_key_and_its_example_runs() {
    let page = std::fs::read_to_string(root().join("docs/scenario.md")).expect("the page");
    let example =
        page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    Scenario::from_str(example, "example.toml").expect("the example is sound");
    let schema = serde_json::to_value(packyard::scenario::json_schema()).expect("JSON");
    let tables = [
        "ControlPlaneSpec",
        "BootSpec",
        "FailuresSpec",
        "MaintenanceSpec",
        "EventSpec",
        "NetworkSpec",
        "ReportSpec",
        "RegionSpec",
        "ClassSpec",
        "PoolSpec",
        "DedicatedHostSpec",
        "DiskPoolSpec",
        "TypeSpec",
        "ImageSpec",
        "AccountSpec",
    ];
    let keys = tables.iter().map(|name| &schema["$defs"][name]).chain([&schema]);
    for key in keys.flat_map(|table| table["properties"].as_object().expect("keys").keys()) {
        let named = page.contains(&format!("`{key}`")) || page.contains(&format!("[{key}]"));
        assert!(named, "docs/scenario.md does not name `{key}`");
    }
    for policy in POLICIES {
        assert!(page.contains(&format!("`{policy}`")), "docs/scenario.md does not name `{policy}`");
    }
}
