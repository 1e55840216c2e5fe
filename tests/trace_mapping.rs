//! From records to CreateInstance parameters: types, accounts, zones, spot, priority; and what was rounded by how much.

use std::path::Path;

use packyard::scenario::Scenario;
use packyard::sim;
use packyard::workload::{Mapping, Template, Workload};

/// Sizes that no type has, GPUs, names, classes, spot.
const TRACE: &str = "at,vcpus,memory,gpus,gpu_milli,gpu_models,lifetime,zone,account,class,spot,batch\n\
                     0,2,7,,,,60,z-one,alice,batch,1,0\n\
                     1,2,7,,,,60,z-one,alice,batch,1,0\n\
                     2,3,11,,,,60,z-two,bob,serve,0,1\n\
                     3,8,32,1,500,V100|P100,60,z-two,carol,serve,0,2\n\
                     4,2,8,,,,60,,,,0,3\n";

const BASE: &str = r#"
name = "map"
duration = "1h"

[[pools]]
zones = ["cn-hangzhou-b", "cn-hangzhou-g"]
class = "ddh.g5"
hosts = 1

[[types]]
name = "own.small"
vcpus = 2
memory = "6GiB"

[[accounts]]
id = "one"

[[accounts]]
id = "two"

[[workloads]]
name = "t"
params = { "Tag.1.Key" = "team", "Tag.1.Value" = "x" }

[workloads.trace]
format = "packyard-csv"
path = "t.csv"
"#;

struct Made {
    templates: Vec<Template>,
    /// Template of each record.
    records: Vec<usize>,
    mapping: Mapping,
    required: Vec<String>,
}

fn workload(map: &str, folder: &Path) -> Result<Workload, String> {
    std::fs::write(folder.join("t.csv"), TRACE).expect("written");
    let text = format!("{BASE}\n[workloads.trace.map]\n{map}\n");
    std::fs::write(folder.join("s.toml"), &text).expect("written");
    let scenario = Scenario::from_str(&text, "s.toml").map_err(|error| error.to_string())?;
    sim::workload(&scenario, folder, None).map_err(|error| error.to_string())
}

fn made(map: &str) -> Made {
    let dir = tempfile::tempdir().expect("temporary directory");
    let mut workload = workload(map, dir.path()).unwrap_or_else(|error| panic!("{error}"));
    let mut records = Vec::new();
    while let Some(arrival) = workload.next().expect("sound") {
        records.push(arrival.template as usize);
    }
    let mapping = workload.mappings().next().expect("one trace").clone();
    let required = workload.required_types().iter().map(|row| row.name.clone()).collect();
    Made { templates: workload.templates().to_vec(), records, mapping, required }
}

impl Made {
    /// A parameter of the request of each record.
    fn params(&self, name: &str) -> Vec<Option<&str>> {
        let of = |record: &usize| {
            let params = &self.templates[*record].params;
            params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
        };
        self.records.iter().map(of).collect()
    }

    fn types(&self) -> Vec<&str> {
        self.params("InstanceType").into_iter().map(|name| name.expect("a type")).collect()
    }
}

const SPREAD: &str = "accounts = \"spread\"\nzones = \"spread\"\n";

#[test]
fn sizes_become_custom_types_exactly() {
    let made = made(SPREAD);
    assert_eq!(
        made.types(),
        [
            "ecs.trace.2c-7g",
            "ecs.trace.2c-7g",
            "ecs.trace.3c-11g",
            "ecs.trace.8c-32g-500mgpu-v100-p100",
            "ecs.trace.2c-8g"
        ]
    );
    assert_eq!(made.required.len(), 4);
    for row in &made.mapping.rows {
        for pair in [row.cpu_milli, row.memory_mib, row.gpu_milli].into_iter().flatten() {
            assert_eq!(pair.0, pair.1, "nothing is rounded: {row:?}");
        }
    }
    assert_eq!(made.mapping.rows[0].count, 2);
}

#[test]
fn sizes_become_the_nearest_or_the_covering_catalog_type() {
    let nearest =
        made(&format!("{SPREAD}sizes = \"nearest\"\nfamilies = [\"ecs.g5\", \"ecs.gn6v\", \"ecs.gn5\"]\n"));
    // 3 vCPU and 11 GiB: 2 and 8 differ by log 1.5 + log 1.375, 4 and 16 by log 1.333 + log 1.4545.
    assert_eq!(&nearest.types()[..3], ["ecs.g5.large", "ecs.g5.large", "ecs.g5.xlarge"]);
    assert_eq!(nearest.types()[4], "ecs.g5.large");
    assert!(nearest.types()[3].starts_with("ecs.gn"), "half a V100 or P100: {}", nearest.types()[3]);
    assert!(nearest.required.is_empty());
    let rows = &nearest.mapping.rows;
    assert_eq!((rows[0].cpu_milli, rows[0].memory_mib), (Some((2_000, 2_000)), Some((7_168, 8_192))));
    assert_eq!(rows[1].cpu_milli, Some((3_000, 4_000)));
    assert_eq!(rows[2].gpu_milli, Some((500, 1_000)), "the smallest that holds it, not one with eight");
    assert_eq!(rows[0].gpu_milli, None);

    // Without families: current ones, no local disks, not burstable.
    let usual = made(&format!("{SPREAD}sizes = \"cover\"\n"));
    let catalog = packyard::catalog::Catalog::shipped();
    for (name, row) in usual.types().iter().zip([(2, 7), (2, 7), (3, 11), (8, 32), (2, 8)]) {
        let found = catalog.type_named(name).expect("of the catalog");
        assert!(
            found.cpu_milli >= row.0 * 1_000 && found.memory_mib >= row.1 * 1_024,
            "{name} holds {row:?}"
        );
        assert!(found.local_disks.is_none() && !found.burstable(), "{name}");
    }

    let dir = tempfile::tempdir().expect("temporary directory");
    let told = workload(&format!("{SPREAD}sizes = \"nearest\"\nfamilies = [\"ecs.g5\"]\n"), dir.path()).err();
    let told = told.expect("no family has GPUs");
    assert!(told.contains("no catalog type can stand for `8c-32g-500mgpu-V100-P100`"), "{told}");
}

#[test]
fn single_sizes_are_named_in_a_table() {
    let made = made(&format!(
        "{SPREAD}types = {{ \"2c-7g\" = \"own.small\", \"3c-11g\" = \"ecs.g5.xlarge\", \"8c-32g-500mgpu-V100-P100\" = \"ecs.gn6v-c8g1.2xlarge\" }}\n"
    ));
    assert_eq!(
        made.types(),
        ["own.small", "own.small", "ecs.g5.xlarge", "ecs.gn6v-c8g1.2xlarge", "ecs.trace.2c-8g"]
    );
    let rows = &made.mapping.rows;
    assert_eq!(rows[0].memory_mib, Some((7_168, 6_144)), "a type of the scenario's own has a known size too");
    assert_eq!(rows[2].gpu_milli, Some((500, 1_000)));
}

#[test]
fn accounts_and_zones_are_named_spread_or_ignored() {
    let dir = tempfile::tempdir().expect("temporary directory");
    // Our own formats mean the scenario's names, unless told otherwise.
    let told = workload("", dir.path()).err().expect("alice is nobody there");
    assert!(told.contains("names account `alice`, which the scenario does not have"), "{told}");
    let told = workload("accounts = \"ignore\"\n", dir.path()).err().expect("no such zone");
    assert!(told.contains("names zone `z-one`"), "{told}");

    let spread = made(SPREAD);
    let account = |made: &Made, at: usize| made.templates[made.records[at]].account;
    assert_eq!(account(&spread, 0), account(&spread, 1));
    let zones = spread.params("ZoneId");
    assert!(zones[0] == zones[1] && zones[2] == zones[3], "always the same for a name: {zones:?}");
    let again = made(SPREAD);
    assert!((0..5).all(|at| account(&spread, at) == account(&again, at)));
    assert_eq!((spread.mapping.named_accounts, spread.mapping.named_zones), (3, 2));

    let ignored = made("accounts = \"ignore\"\nzones = \"ignore\"\n");
    assert_eq!(account(&ignored, 0), account(&ignored, 1), "a batch comes from one account");
}

#[test]
fn spot_priority_and_parameters_follow_the_class() {
    let plain = made(SPREAD);
    let spot = Some("SpotAsPriceGo");
    assert_eq!(plain.params("SpotStrategy"), [spot, spot, None, None, None]);
    let made = made(&format!(
        "{SPREAD}[workloads.trace.map.classes]\nbatch = {{ spot = false, priority = 9 }}\nserve = {{ spot = true, params = {{ HostName = \"srv\" }} }}\n"
    ));
    assert_eq!(made.params("SpotStrategy"), [None, None, spot, spot, None]);
    assert_eq!(made.params("HostName"), [None, None, Some("srv"), Some("srv"), None]);
    // The workload's own tag is the first: the priority is the second.
    assert_eq!(made.params("Tag.2.Key"), [Some("priority"), Some("priority"), None, None, None]);
    assert_eq!(made.params("Tag.2.Value")[0], Some("9"));
    assert_eq!(made.params("Tag.1.Value"), [Some("x"); 5]);
    let classes: Vec<_> = made
        .mapping
        .classes
        .iter()
        .map(|row| (row.name.as_str(), row.count, row.spot, row.priority))
        .collect();
    assert_eq!(classes, [("batch", 2, 0, Some(9)), ("serve", 2, 2, None)]);
}

/// Runs `packyard trace map` on the scenario with a mapping.
fn printed(map: &str, rest: &[&str]) -> (Option<i32>, String, String) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let _ = workload(map, dir.path());
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"));
    let output = command
        .args(["trace", "map"])
        .arg(dir.path().join("s.toml"))
        .args(rest)
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_was_rounded_is_printed() {
    let map = format!(
        "{SPREAD}sizes = \"nearest\"\nfamilies = [\"ecs.g5\", \"ecs.gn6v\"]\n[workloads.trace.map.classes]\nbatch = {{ priority = 3 }}\n"
    );
    let (code, told, failed) = printed(&map, &[]);
    assert_eq!(code, Some(0), "{failed}");
    let line = |start: &str| {
        told.lines().find(|line| line.contains(start)).unwrap_or_else(|| panic!("{start}: {told}"))
    };
    assert_eq!(
        line("2c-7g").split_whitespace().collect::<Vec<_>>(),
        ["2", "2c-7g", "ecs.g5.large", "=", "+14.3", "%", "-"]
    );
    assert!(line("500mgpu").ends_with("+100.0 %"), "{told}");
    assert!(
        line("over all records").contains("% vCPU") && line("over all records").ends_with("+100.00 % GPU"),
        "{told}"
    );
    assert!(told.contains("class batch: 2 records, 2 spot, priority 3"), "{told}");
    assert!(told.contains("accounts that the trace names: 3; they become those of the workload"), "{told}");
    assert!(told.contains("zones that the trace names: 2"), "{told}");

    let (code, told, _) = printed(&map, &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((code, &json[0]["rows"][0]["memory_mib"]), (Some(0), &serde_json::json!([7_168, 8_192])));
    assert_eq!(json[0]["accounts"], "spread");
    let (code, _, told) = printed("sizes = \"closest\"\n", &[]);
    assert!(code == Some(2) && told.contains("s.toml") && told.contains("closest"), "{told}");
}
