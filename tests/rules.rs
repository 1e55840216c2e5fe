//! Rules of the sheets that the gate follows, each shown by requests that it lets pass and requests that it refuses.
//!
//! `tests/rules/SHEET.jsonl` has a case a line: ids of the rules, a difference to the default request and to the default
//! world of the conformance cases, and the answer: `ok`, or status and code. `shows` has values that the instance must
//! get, `row` the row of the error table, `instance` the id of a repeated request. `(a*128)` in a text stands for 128 letters. `tests/fidelity.rs` reads the ids.

use std::collections::BTreeSet;
use std::path::Path;

use packyard::catalog::Catalog;
use packyard::model::AccountIx;
use packyard::validate::conformance::{Case, Defaults};
use packyard::validate::fixture::{self, Fixture};
use packyard::validate::{self, Created, Reject};
use serde_json::{Map, Value, json};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Ids of the rules that the case shows.
    rules: String,
    /// What is special about it.
    #[serde(default)]
    why: String,
    #[serde(default)]
    request: Map<String, Value>,
    #[serde(default)]
    world: Map<String, Value>,
    answer: String,
    #[serde(default)]
    shows: Map<String, Value>,
    /// Row of CreateInstance's error table, where several have the same code.
    #[serde(default)]
    row: Option<u16>,
    /// Id that a repeated request is answered with.
    #[serde(default)]
    instance: Option<String>,
}

/// `x(ab*3)y` is `xabababy`.
fn spell_out(text: &str) -> String {
    let Some((before, rest)) = text.split_once('(') else { return text.to_owned() };
    let Some((inside, after)) = rest.split_once(')') else { return text.to_owned() };
    match inside.rsplit_once('*').map(|(part, times)| (part, times.parse::<usize>())) {
        Some((part, Ok(times))) => format!("{before}{}{after}", part.repeat(times)),
        _ => text.to_owned(),
    }
}

/// The answer to a row, and whether the instance shows what it must.
fn answered(defaults: &Defaults, row: &Row) -> (String, bool) {
    let mut request = row.request.clone();
    for value in request.values_mut() {
        if let Value::String(text) = value {
            *text = spell_out(text);
        }
    }
    let case = Case { request, world: row.world.clone(), ..Case::default() };
    let answered = defaults.answer(&case).expect("a world");
    let refused = answered.reject.as_ref().filter(|reject| reject.replay.is_none());
    let answer = refused.map_or("ok".to_owned(), |reject| format!("{} {}", reject.status, reject.code));
    let id = answered.instance_id.as_deref();
    let shows = row.shows.iter().all(|(name, value)| {
        let shown = answered.effective.get(name).unwrap_or(&Value::Null);
        if value == "<InstanceId>" { shown.as_str() == id } else { shown == value }
    });
    let row_is = row.row.is_none_or(|number| refused.and_then(|reject| reject.row) == Some(number));
    let id_is = row.instance.as_deref().is_none_or(|known| id == Some(known));
    (answer, shows && row_is && id_is)
}

#[test]
fn the_gate_follows_the_sheets() {
    let defaults = Defaults::shipped().expect("the shipped defaults are sound");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the sheets").map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|known| known == "jsonl"));
    files.sort();
    let (mut wrong, mut total) = (Vec::new(), 0);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a sheet");
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let place = format!("{}:{}", path.display(), at + 1);
            let row: Row = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let (answer, shows) = answered(&defaults, &row);
            if answer != row.answer || !shows {
                wrong.push(format!("{place}: {} ({}) answers {answer}, shows {shows}", row.rules, row.why));
            }
            total += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {total} are answered otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert!(total > 0, "no sheet was read");
}

#[test]
fn texts_are_spelled_out() {
    assert_eq!(spell_out("a(b*3)c"), "abbbc");
    assert_eq!(spell_out("(x)"), "(x)");
}

/// Rows of RunInstances' error table that CreateInstance's has too: a workload's creation is a RunInstances of one
/// instance, and the gate answers it. Every (status, code) of `run_errors.csv` is given to a case of the conformance suite.
#[test]
fn the_gate_gives_the_answers_of_run_instances() {
    let defaults = Defaults::shipped().expect("the shipped defaults are sound");
    let cases = std::fs::read_to_string("tests/conformance/cases.jsonl").expect("the cases are there");
    let mut given = BTreeSet::new();
    for line in cases.lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let answered = defaults.answer(&case).expect("a world");
        given.extend(answered.reject.map(|reject| (reject.status, reject.code)));
    }
    let mut table = csv::Reader::from_path("tests/rules/run_errors.csv").expect("the rows are there");
    let mut missing = Vec::new();
    for row in table.deserialize() {
        let (rule, status, code): (String, u16, String) = row.expect("a sound row");
        if !given.contains(&(status, code.as_str())) {
            missing.push(format!("{rule}: {status} {code}"));
        }
    }
    assert!(missing.is_empty(), "never answered: {missing:?}");
}

/// A world of the fixture format to which requests are sent one after the other.
struct Cloud(Fixture);

impl Cloud {
    fn new(differences: &Value) -> Cloud {
        let mut world = Defaults::shipped().expect("defaults").world().clone();
        fixture::apply(&mut world, differences.as_object().expect("differences")).expect("paths");
        Cloud(fixture::build(fixture::facts(world).expect("facts")).expect("a world"))
    }

    fn send(&mut self, differences: &Value) -> Result<Created, Reject> {
        let request =
            Defaults::shipped().expect("defaults").request(differences.as_object().expect("a request"));
        validate::create(&request, &mut self.0.world, &self.0.fleet, AccountIx(0), self.0.now)
    }

    fn release(&mut self, created: Created) {
        self.0.fleet.release(created.claim);
        self.0.world.give_back(created.holdings);
    }
}

#[test]
fn a_token_outlives_its_instance_and_names_are_shared() {
    // IDEM-3, IDEM-10, IDEM-12, R20, R21, R23, G3, RPC-71: to the end of the run, also when the instance is gone
    let mut cloud = Cloud::new(&json!({}));
    let call = json!({"ClientToken": "tok", "InstanceName": "web"});
    let first = cloud.send(&call).expect("created");
    let id = first.instance_id();
    cloud.release(first);
    cloud.0.now.0 += 10 * 365 * 86_400;
    let again = cloud.send(&call).expect_err("a repeated call makes nothing");
    assert_eq!(again.replay.as_deref(), Some(id.as_str()));
    let other = cloud.send(&json!({"ClientToken": "tok", "InstanceName": "db"})).expect_err("it differs");
    assert_eq!((other.status, other.code), (400, "IdempotentParameterMismatch"));
    // IDEM-2, NAME-21: without a token each call is a new one, and a name may be had twice.
    let named = json!({"InstanceName": "web"});
    let (one, two) = (cloud.send(&named).expect("created"), cloud.send(&named).expect("created"));
    assert_ne!(one.instance_id(), two.instance_id());
}

#[test]
fn a_call_that_was_refused_leaves_its_token_free() {
    // IDEM-9, R23, RPC-50: and it changed nothing
    let mut cloud = Cloud::new(&json!({"zones/cn-hangzhou-g/stock": {"ecs.g5.large": 0}}));
    let before = cloud.0.world.digest();
    let refused = cloud.send(&json!({"ClientToken": "tok"})).expect_err("nothing is left");
    assert_eq!(refused.code, "OperationDenied.NoStock");
    assert_eq!(cloud.0.world.digest(), before);
    assert!(cloud.send(&json!({"ClientToken": "tok", "InstanceType": "ecs.n4.small"})).is_ok());
}

#[test]
fn an_instance_id_has_its_prefix() {
    // NAME-70: `i-`, then about twenty lower-case letters and digits (NAME-71)
    let mut cloud = Cloud::new(&json!({}));
    let id = cloud.send(&json!({})).expect("created").instance_id();
    let rest = id.strip_prefix("i-").expect("the prefix");
    assert!((18..=22).contains(&rest.len()), "{id}");
    assert!(rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()), "{id}");
}

#[test]
fn the_catalog_has_what_the_sheets_say_of_types() {
    let catalog = Catalog::shipped();
    let type_named = |name: &str| catalog.type_named(name).unwrap_or_else(|| panic!("no {name}"));
    // QUO-26, DISK-74: local NVMe of i1, each and together.
    let largest = |family: &str| {
        let local = catalog.types_of(family).filter_map(|one| one.local_disks.as_ref());
        local.map(|disks| (disks.gib_each, disks.count * disks.gib_each)).max().expect("it has local disks")
    };
    assert_eq!(largest("ecs.i1"), (1456, 2912));
    // QUO-27, DISK-74: local SATA of d1.
    assert_eq!(largest("ecs.d1"), (5500, 154_000));
    let i2 =
        |size: &str| type_named(&format!("ecs.i2.{size}")).local_disks.clone().expect("local disks").gib_each;
    assert_eq!((i2("xlarge"), i2("2xlarge")), (894, 1788));
    // BURST-8 (of 2019), BURST-34.
    let t6: Vec<&str> = type_named("ecs.t6-c1m1.large").disk_categories.iter().map(String::as_str).collect();
    assert_eq!(t6, ["cloud_efficiency", "cloud_ssd", "cloud_essd"]);
    // HPC-1: super computing types.
    for family in ["ecs.sccg5", "ecs.scch5", "ecs.sccgn6"] {
        assert!(catalog.types_of(family).all(|one| one.category.starts_with("scc")), "{family}");
        assert!(catalog.types_of(family).next().is_some(), "{family}");
    }
    // DHST-21: what a host sells is twice its cores, less a reserve.
    let host = catalog.host_type_named("ddh.sn1ne").expect("the type");
    assert_eq!((host.physical_cores, host.vcpus), (32, 56));
    // DHST-24, DHST-25: the ratio is 1 to 5, and 52 cores at 4 sell 416 vCPUs.
    let dense = catalog.host_type_named("ddh.c6s").expect("the type");
    assert_eq!((dense.physical_cores, dense.overcommit_range), (52, Some((1, 5))));
    assert_eq!(dense.physical_cores * 2 * 4, 416);
}
