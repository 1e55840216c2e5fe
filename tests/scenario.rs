//! Scenarios as users write them: what they resolve to, and what wrong ones get.

use std::path::Path;

use packyard::model::{ClassIx, SimDuration, ZoneIx};
use packyard::scenario::{Families, Scenario, ScenarioError};

/// A scenario that uses every table.
const FULL: &str = include_str!("scenarios/full.toml");

const SMALL: &str = r#"
[[pools]]
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 40

[[workloads]]
name = "web"
arrivals.rate = "100/h"
lifetime = { distribution = "exponential", mean = "6h" }
mix = [{ type = "ecs.g5.large" }]
"#;

fn sound(text: &str) -> Scenario {
    Scenario::from_str(text, "test.toml").unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)))
}

#[test]
fn a_few_lines_make_a_cloud() {
    let small = sound(SMALL);
    assert_eq!(small.spec.name, "test");
    assert_eq!(small.spec.duration.get().get(), SimDuration::from_secs(86_400));
    assert_eq!(small.zones.iter().map(|zone| zone.id.as_str()).collect::<Vec<_>>(), ["cn-hangzhou-g"]);
    assert_eq!(small.regions[0].city, "Hangzhou");
    assert_eq!(small.accounts, ["1000000001"]);
    assert!(small.control_plane().instant);
    assert_eq!((small.classes[0].cpu_milli, small.classes[0].memory_mib), (84_000, 336 * 1024));
    assert_eq!(small.classes[0].families, Families::Only(vec!["ecs.g5".to_owned()]));
    assert_eq!(small.pools[0].cluster, "c-cn-hangzhou-g");
    assert_eq!(small.spec.workloads[0].region.as_ref().map(|id| id.get().as_str()), Some("cn-hangzhou"));
    assert_eq!(
        small.summary(),
        "test: 1 zone in 1 region, 40 hosts with 3360 vCPU and 13440 GiB, 1 account, best-fit for 1d, seed 1"
    );
}

#[test]
fn every_table_resolves() {
    let full = sound(FULL);
    assert!(!full.control_plane().instant);
    assert_eq!(full.zones.len(), 3);
    assert_eq!(full.region_of(ZoneIx(2)).at(), 1);
    let names: Vec<_> = full.classes.iter().map(|class| (class.name.as_str(), class.dedicated)).collect();
    assert_eq!(names, [("ddh.g5", false), ("big", false), ("gpu-box", false), ("ddh.i2", true)]);
    let big = &full.classes[1];
    assert_eq!((big.cpu_milli, big.numa_nodes, big.split_above_mib), (156_000, 2, Some(192 * 1024)));
    assert!(big.families.serves("ecs.g5") && !big.families.serves("ecs.r5"));
    let gpu = &full.classes[2];
    assert_eq!(gpu.split_above_mib, Some(10 * 1024));
    assert_eq!(gpu.gpus, Some(("NVIDIA V100".to_owned(), 8)));
    assert_eq!(gpu.local_disks.as_ref().map(|disks| (disks.count, disks.gib_each)), Some((4, 1788)));
    assert_eq!(gpu.families, Families::All);
    let pools: Vec<_> = full.pools.iter().map(|pool| (pool.name.as_str(), pool.zone, pool.class)).collect();
    assert_eq!(
        pools,
        [
            ("main", ZoneIx(0), ClassIx(0)),
            ("main", ZoneIx(1), ClassIx(0)),
            ("mars-1a/big", ZoneIx(2), ClassIx(1)),
            ("cn-hangzhou-b/gpu-box", ZoneIx(0), ClassIx(2)),
        ]
    );
    assert_eq!(full.pools[2].cluster, "c-red");
    assert_eq!(full.host_count(), 49);
    let ids: Vec<_> = full.dedicated_hosts.iter().map(|host| (host.id.as_str(), host.account.0)).collect();
    assert_eq!(ids, [("dh-cn-hangzhou-g-1", 1), ("dh-cn-hangzhou-g-2", 1)]);
    assert_eq!(full.disk_pools[0].gib, 20 * 1024);
    assert_eq!((full.types[0].cpu_milli, full.types[0].memory_mib), (500, 1792));
    assert_eq!(full.types[1].gpu.as_ref().map(|gpu| gpu.milli), Some(250));
    assert_eq!(full.images[0].size_gib, 40);
}

#[test]
fn the_effective_scenario_reads_back_as_itself() {
    for text in [FULL, SMALL] {
        let first = sound(text);
        let printed = first.effective_toml();
        let second = sound(&printed);
        assert_eq!(first, second);
        assert_eq!(printed, second.effective_toml());
    }
}

#[test]
fn a_run_needs_hosts_and_requests() {
    let error = |text: &str| Scenario::from_str(text, "test.toml").expect_err("nothing to do").to_string();
    assert_eq!(error(""), "the scenario has no hosts");
    assert_eq!(
        error(&SMALL[..SMALL.find("[[workloads]]").expect("a workload")]),
        "the scenario has no workload"
    );
}

#[test]
fn zones_of_a_scenario_without_regions_are_the_catalogs() {
    let error =
        Scenario::from_str(&SMALL.replace("hangzhou-g", "hangzho-g"), "test.toml").expect_err("no such zone");
    assert_eq!(error.to_string(), "no region of the catalog has a zone `cn-hangzho-g`");
    assert_eq!((error.line(), error.advice()), (Some(3), Some("did you mean `cn-hangzhou-g`?")));
}

#[test]
fn broken_toml_is_shown_where_it_breaks() {
    let error = Scenario::from_str("name = \"x\"\nseed = \n", "test.toml").expect_err("broken");
    assert!(error.to_string().starts_with("the scenario is no TOML: "), "{error}");
    assert_eq!(error.line(), Some(2));
    let error = Scenario::from_str("seed = 1\nseed = 2\n", "test.toml").expect_err("twice");
    assert_eq!(
        (error.line(), error.to_string().as_str()),
        (Some(2), "the scenario is no TOML: duplicate key")
    );
    for text in ["[[pools", "x", "= 1", "a = \"", "a = [1,", "\u{0}", "é = \"", "[a]\n[a]", "a.b = 1\na = 2"]
    {
        assert!(Scenario::from_str(text, "test.toml").is_err(), "{text}");
    }
}

#[test]
fn files_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |path: &Path, want: &str| {
        let error = Scenario::load(path).expect_err(want);
        assert!(matches!(error, ScenarioError::Unreadable { .. }));
        assert!(error.to_string().ends_with(want), "{error}");
    };
    check(&folder.path().join("none.toml"), "none.toml: there is no such file");
    check(folder.path(), ": it is a directory");
    let bad = folder.path().join("bad.toml");
    std::fs::write(&bad, b"a = 1\nb = \"\xff\"\n").expect("written");
    check(&bad, "bad.toml: line 2 is not UTF-8 text");
    let good = folder.path().join("good.toml");
    std::fs::write(&good, SMALL).expect("written");
    assert_eq!(Scenario::load(&good).expect("sound").spec.name, "good");
}

#[test]
fn a_trace_must_be_where_the_scenario_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("replay.toml");
    let pools = &SMALL[..SMALL.find("[[workloads]]").expect("a workload")];
    let workload =
        "[[workloads]]\nname = \"replay\"\n[workloads.trace]\nformat = \"packyard-csv\"\npath = \"t.csv\"\n";
    std::fs::write(&file, format!("duration = \"forever\"\n{pools}{workload}")).expect("written");
    let error = Scenario::load(&file).expect_err("no trace");
    assert!(error.to_string().starts_with("there is no trace file "), "{error}");
    assert_eq!(error.line(), Some(12));
    std::fs::write(folder.path().join("t.csv"), "").expect("written");
    let scenario = Scenario::load(&file).expect("a trace");
    assert_eq!(scenario.folder, folder.path());
    // A copy of the effective scenario in another folder finds the trace still.
    let elsewhere = folder.path().join("out");
    std::fs::create_dir(&elsewhere).expect("made");
    let copy = elsewhere.join("scenario.toml");
    std::fs::write(&copy, scenario.effective_toml()).expect("written");
    assert!(Scenario::load(&copy).is_err(), "relative to the first folder");
    std::fs::write(&copy, scenario.effective_toml_elsewhere()).expect("written");
    let copy = Scenario::load(&copy).expect("it is there");
    let path = copy.spec.workloads[0].trace.as_ref().and_then(|trace| trace.path.as_ref()).expect("named");
    assert_eq!(Path::new(path.as_str()), std::path::absolute(folder.path().join("t.csv")).expect("a path"));
}

fn set(pairs: &[(&str, &str)]) -> Result<Scenario, ScenarioError> {
    let pairs: Vec<_> = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    Scenario::from_str_with(FULL, "test.toml", &pairs)
}

#[test]
fn overrides_take_the_place_of_the_files_values() {
    let changed = set(&[
        ("pools.0.hosts", "500"),
        ("pools.main.shards", "4"),
        ("policy", "best-fit"),
        ("duration", "12d"),
        ("seed", "99"),
        ("classes.big.memory", "768GiB"),
        ("types.\"custom.a\".vcpus", "0.25"),
        ("control_plane.instant", "true"),
        ("workloads.web.mix.0.weight", "9.0"),
        ("regions.mars-1.zones.0", "mars-1x"),
        ("pools.1.zone", "mars-1x"),
        ("report", "{ interval = \"1h\" }"),
    ])
    .unwrap_or_else(|error| panic!("{:?}", miette::Report::new(error)));
    assert_eq!((changed.pools[0].hosts, changed.pools[0].shards, changed.spec.seed), (500, 4, 99));
    assert_eq!(
        (changed.spec.policy.as_str(), changed.spec.duration.to_string().as_str()),
        ("best-fit", "12d")
    );
    assert_eq!(changed.classes[1].memory_mib, 768 * 1024);
    assert_eq!(changed.types[0].cpu_milli, 250);
    assert!(changed.control_plane().instant);
    assert_eq!(changed.zones[2].id, "mars-1x");
    assert_eq!(changed.spec.report.interval.to_string(), "1h");
    let small = [("control_plane.schedulers".to_owned(), "9".to_owned())];
    let small = Scenario::from_str_with(SMALL, "test.toml", &small).expect("a table that was not there");
    assert_eq!(*small.control_plane().schedulers, 9);
}

#[test]
fn a_wrong_override_is_named_with_the_nearest_key() {
    let check = |key: &str, value: &str, message: &str, help: Option<&str>| {
        let error = set(&[(key, value)]).expect_err(key);
        assert_eq!((error.to_string().as_str(), error.advice()), (message, help), "{key}={value}");
        let shown = format!("{:?}", miette::Report::new(error));
        assert!(shown.contains(key), "{shown}");
    };
    check("pools.0.hosst", "5", "unknown key `hosst`", Some("did you mean `hosts`?"));
    check("polcy", "x", "unknown key `polcy`", Some("did you mean `policy`?"));
    check("policy", "best", "there is no placement policy `best`", Some("did you mean `best-fit`?"));
    check(
        "controlplane.schedulers",
        "5",
        "unknown key `controlplane`",
        Some("did you mean `control_plane`?"),
    );
    check("pools.9.hosts", "5", "`pools` has the elements 0 to 2: there is no `9`", Some("known: `main`"));
    check(
        "pools.mian.hosts",
        "5",
        "`pools` has the elements 0 to 2: there is no `mian`",
        Some("did you mean `main`?"),
    );
    check("pools.main.hosts", "many", "expected a whole number of at least 0, found string \"many\"", None);
    check("duration.days", "5", "`duration` is a string: it has nothing inside that can be set", None);
    check(
        "",
        "5",
        "cannot set ``: it is no path",
        Some("write names with dots between them, for example `pools.0.hosts`"),
    );
    check(
        "a..b",
        "5",
        "cannot set `a..b`: it is no path",
        Some("write names with dots between them, for example `pools.0.hosts`"),
    );
}

#[test]
fn the_schema_describes_every_key() {
    let schema = serde_json::to_value(packyard::scenario::json_schema()).expect("JSON");
    assert_eq!(schema["additionalProperties"], false);
    let definitions = schema["$defs"].as_object().expect("definitions");
    assert!(definitions.len() > 15);
    let mut keys = 0;
    for (name, table) in definitions.iter().chain([(&"ScenarioSpec".to_owned(), &schema)]) {
        for (key, value) in table["properties"].as_object().into_iter().flatten() {
            assert!(value["description"].is_string(), "{name}.{key} has no description");
            keys += 1;
        }
    }
    assert!(keys > 80, "{keys}");
    assert_eq!(schema["properties"]["policy"]["anyOf"][0]["enum"][0], "first-fit");
}

#[test]
fn the_policies_are_those_of_the_placement_core() {
    let known: Vec<_> = packyard::placement::Policy::all().map(|(name, _)| name).collect();
    assert_eq!(known, packyard::scenario::POLICIES);
    assert!(set(&[("policy", "power-of-5")]).is_ok());
    assert!(set(&[("policy", "power-of-0")]).is_err());
}

proptest::proptest! {
    /// Whatever is cut out of a scenario or written into it, reading it ends with a scenario or an error.
    #[test]
    fn nothing_panics(at in 0..FULL.len(), cut in 0..40usize, insert in "[ -~\\n\"]{0,12}") {
        let mut text = FULL.to_owned();
        text.replace_range(at..(at + cut).min(FULL.len()), &insert);
        if let Err(error) = Scenario::from_str(&text, "test.toml") {
            let shown = format!("{:?}", miette::Report::new(error));
            proptest::prop_assert!(!shown.is_empty());
        }
    }
}
