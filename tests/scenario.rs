//! Scenarios as users write them: what they resolve to, and what wrong ones get.

use std::path::Path;

use packyard::model::{ClassIx, SimDuration, ZoneIx};
use packyard::scenario::{Families, Scenario, ScenarioError};

/// A scenario that uses every table.
const FULL: &str = r#"
name = "full"
description = "every table"
seed = 7
start = "2019-09-02"
duration = "3d"
warmup = "6h"
policy = "first-fit"

[control_plane]
api_workers = 8
schedulers = 2
node_concurrency = 3
clone_bandwidth = "2GiB/s"
boot = { distribution = "lognormal", median = "20s", sigma = 0.4 }

[network]
addresses_per_vswitch = 4000

[report]
interval = "5min"

[[regions]]
id = "cn-hangzhou"
zones = ["cn-hangzhou-b", "cn-hangzhou-g"]

[[regions]]
id = "mars-1"
zones = ["mars-1a"]

[[classes]]
name = "big"
vcpus = 104
memory = "384GiB"
sockets = 2
overcommit = 1.5
families = ["ecs.g5", "custom"]

[[classes]]
name = "gpu-box"
vcpus = 64
memory = "256GiB"
sockets = 2
split_above = "10GiB"
gpus = { model = "NVIDIA V100", count = 8 }
local_disks = { count = 4, size = "1788GiB", kind = "nvme" }

[[pools]]
name = "main"
zones = ["cn-hangzhou-b", "cn-hangzhou-g"]
class = "ddh.g5"
hosts = 20
shards = 2
hosts_per_rack = 10
racks_per_switch = 4

[[pools]]
zone = "mars-1a"
class = "big"
hosts = 5
cluster = "c-red"

[[pools]]
zone = "cn-hangzhou-b"
class = "gpu-box"
hosts = 2

[[dedicated_hosts]]
account = "second"
type = "ddh.i2"
zone = "cn-hangzhou-g"
count = 2
charge = "PostPaid"

[[disk_pools]]
zone = "cn-hangzhou-b"
category = "cloud_ssd"
capacity = "10TiB"
overcommit = 2.0

[[types]]
name = "custom.a"
vcpus = 0.5
memory = "1.75GiB"

[[types]]
name = "custom.gpu"
family = "custom"
vcpus = 4
memory = "16GiB"
gpu = { model = "NVIDIA V100", count = 0.25 }
disk_categories = ["cloud_ssd"]

[[images]]
id = "m-base"
size = "40GiB"

[[accounts]]
id = "first"
balance = 1000.5

[[accounts]]
id = "second"
max_instances = 50
real_name_verified = false

[[workloads]]
name = "web"
region = "cn-hangzhou"
zones = { cn-hangzhou-b = 1.0, cn-hangzhou-g = 3.0 }
arrivals = { rate = "120/h", day = { peak_hour = 15.0, swing = "50%" } }
lifetime = { distribution = "exponential", mean = "6h" }
image = "m-base"
mix = [{ type = "ecs.g5.large", weight = 3.0 }, { type = "custom.a" }]
"#;

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

/// `FULL` with one text replaced must be refused: with this message, at a line that holds `line`, with this help.
#[track_caller]
fn refused(from: &str, to: &str, message: &str, line: &str, help: Option<&str>) {
    assert!(FULL.contains(from), "{from}");
    let text = FULL.replacen(from, to, 1);
    let error = Scenario::from_str(&text, "test.toml").expect_err(to);
    assert_eq!(error.to_string(), message, "{to}");
    let at = error.line().and_then(|line| text.lines().nth(line - 1)).unwrap_or("nowhere");
    assert!(at.contains(line), "{to}: points at `{at}`");
    assert_eq!(error.advice(), help, "{to}");
    let shown = format!("{:?}", miette::Report::new(error));
    assert!(line == "nowhere" || shown.contains(line), "{shown}");
}

#[test]
fn unknown_keys_get_the_nearest_one() {
    let did = |near| Some(near);
    refused("seed = 7", "sede = 7", "unknown key `sede`", "sede = 7", did("did you mean `seed`?"));
    refused("hosts = 20", "hosst = 20", "unknown key `hosst`", "hosst = 20", did("did you mean `hosts`?"));
    refused("[[pools]]", "[[pool]]", "unknown key `pool`", "[[pool]]", did("did you mean `pools`?"));
    refused("swing =", "swng =", "unknown key `swng`", "swng", did("did you mean `swing`?"));
    refused("median =", "mediam =", "unknown key `mediam`", "mediam", did("did you mean `median`?"));
    refused("[network]", "[newtork]", "unknown key `newtork`", "[newtork]", did("did you mean `network`?"));
    refused(
        "charge = \"PostPaid\"",
        "charge = \"Postpaid\"",
        "unknown value `Postpaid`",
        "Postpaid",
        did("did you mean `PostPaid`?"),
    );
    refused(
        "distribution = \"lognormal\"",
        "distribution = \"lognormale\"",
        "unknown value `lognormale`",
        "lognormale",
        did("did you mean `lognormal`?"),
    );
    refused(
        "addresses_per_vswitch",
        "colour",
        "unknown key `colour`",
        "colour = 4000",
        did("known: `addresses_per_vswitch`, `instances_per_vpc`, `instances_per_security_group`"),
    );
}

#[test]
fn wrong_kinds_and_units_are_told_at_their_line() {
    refused(
        "duration = \"3d\"",
        "duration = 3",
        "expected a duration with its unit (us, ms, s, min, h, d, w), such as `\"5min\"` or `\"1h30m\"`, found integer `3`",
        "duration = 3",
        None,
    );
    refused(
        "\"3d\"",
        "\"3 fortnights\"",
        "`3 fortnights`: unknown unit of time `fortnights`: use us, ms, s, min, h, d or w",
        "3 fortnights",
        None,
    );
    refused("\"384GiB\"", "\"384GB\"", "`384GB`: unknown unit of size `GB`: write `GiB`", "384GB", None);
    refused(
        "seed = 7",
        "seed = \"7\"",
        "expected a whole number of at least 0, found string \"7\"",
        "seed",
        None,
    );
    refused(
        "seed = 7",
        "seed = -7",
        "expected a whole number of at least 0, found integer `-7`",
        "seed",
        None,
    );
    refused(
        "vcpus = 104",
        "vcpus = 10.5",
        "expected a whole number of at least 0, found floating point `10.5`",
        "10.5",
        None,
    );
    refused("name = \"full\"", "name = 1", "expected text in quotes, found integer `1`", "name = 1", None);
    refused(
        "families = [\"ecs.g5\", \"custom\"]",
        "families = \"ecs.g5\"",
        "expected a list in brackets, found string \"ecs.g5\"",
        "families",
        None,
    );
    refused(
        "[report]",
        "[[report]]",
        "`report` is one table, not a list of them",
        "[[report]]",
        Some("write `[report]` with single brackets"),
    );
    refused(
        "gpu = { model = \"NVIDIA V100\", count = 0.25 }",
        "gpu = [\"NVIDIA V100\", 0.25]",
        "`gpu` is one table, not a list of them",
        "gpu = [",
        Some("write `[gpu]` with single brackets"),
    );
    refused("hosts = 5\n", "", "missing key `hosts`", "[[pools]]", None);
    refused(
        "\"120/h\"",
        "\"120\"",
        "`120` is no rate: write for example `120/h`, `2.5/s`, `30/min` or `1000/d`",
        "120",
        None,
    );
    refused(
        "\"50%\"",
        "\"150%\"",
        "`150%` is no share: write a number from 0 to 1 or for example `\"80%\"`",
        "150%",
        None,
    );
}

#[test]
fn values_must_go_together() {
    refused(
        "duration = \"3d\"",
        "duration = \"0s\"",
        "the duration is zero: nothing would happen",
        "duration = \"0s\"",
        Some("write for example `\"3d\"`"),
    );
    refused(
        "warmup = \"6h\"",
        "warmup = \"3d\"",
        "the warm-up of 3d leaves nothing of the run of 3d",
        "warmup",
        None,
    );
    refused("interval = \"5min\"", "interval = \"0s\"", "samples need a distance in time", "interval", None);
    refused(
        "\"5min\"",
        "\"1ms\"",
        "a run of 3d sampled every 1ms has more than 1000000 samples",
        "interval",
        None,
    );
    refused(
        "\"first-fit\"",
        "\"first-fitt\"",
        "there is no placement policy `first-fitt`",
        "policy",
        Some("did you mean `first-fit`?"),
    );
    refused("schedulers = 2", "schedulers = 0", "`schedulers` is zero", "schedulers = 0", None);
    refused("sigma = 0.4", "sigma = -0.4", "`boot`: must be a number from 0 to 1000", "sigma", None);
    refused(
        "duration = \"3d\"",
        "duration = \"forever\"",
        "a run for ever never ends: the arrivals of workload `web` do not",
        "forever",
        None,
    );
}

#[test]
fn zones_lie_in_regions() {
    refused(
        "zone = \"mars-1a\"",
        "zone = \"mars-1b\"",
        "no region of the scenario has a zone `mars-1b`",
        "zone = \"mars-1b\"",
        Some("did you mean `mars-1a`?"),
    );
    refused(
        "zone = \"mars-1a\"",
        "zone = \"venus\"",
        "no region of the scenario has a zone `venus`",
        "venus",
        Some("known: `cn-hangzhou-b`, `cn-hangzhou-g`, `mars-1a`"),
    );
    refused(
        "zones = [\"cn-hangzhou-b\", \"cn-hangzhou-g\"]\n\n[[regions]]",
        "zones = [\"cn-hangzhou-b\", \"cn-hangzhou-z\"]\n\n[[regions]]",
        "region `cn-hangzhou` of the catalog has no zone `cn-hangzhou-z`",
        "cn-hangzhou-z",
        Some("did you mean `cn-hangzhou-b`?"),
    );
    refused(
        "zones = [\"mars-1a\"]",
        "zones = [\"mars-1a\", \"cn-beijing-a\"]",
        "zone `cn-beijing-a` lies in region `cn-beijing`, not in `mars-1`",
        "cn-beijing-a",
        None,
    );
    refused(
        "zones = [\"mars-1a\"]",
        "zones = [\"mars-1a\", \"mars-1a\"]",
        "two zones are called `mars-1a`",
        "mars-1a",
        None,
    );
    refused(
        "id = \"mars-1\"",
        "id = \"cn-hangzhou\"",
        "two regions are called `cn-hangzhou`",
        "cn-hangzhou",
        None,
    );
    refused(
        "id = \"mars-1\"\nzones = [\"mars-1a\"]",
        "id = \"cn-hangzou\"",
        "the catalog has no region `cn-hangzou`, and it lists no zones of its own",
        "cn-hangzou",
        Some("did you mean `cn-hangzhou`?"),
    );
    let error =
        Scenario::from_str(&SMALL.replace("hangzhou-g", "hangzho-g"), "test.toml").expect_err("no such zone");
    assert_eq!(error.to_string(), "no region of the catalog has a zone `cn-hangzho-g`");
    assert_eq!((error.line(), error.advice()), (Some(3), Some("did you mean `cn-hangzhou-g`?")));
}

#[test]
fn pools_serve_somebody() {
    refused(
        "class = \"ddh.g5\"",
        "class = \"dhh.g5\"",
        "neither [[classes]] nor the catalog's dedicated-host types have a class `dhh.g5`",
        "dhh.g5",
        Some("did you mean `ddh.g5`?"),
    );
    refused(
        "families = [\"ecs.g5\", \"custom\"]",
        "families = [\"ecs.g55\"]",
        "neither [[types]] nor the catalog has a family `ecs.g55`",
        "ecs.g55",
        Some("did you mean `ecs.g5`?"),
    );
    refused(
        "class = \"ddh.g5\"",
        "class = \"ddh.c6s\"",
        "class `ddh.c6s` serves no family that has instance types",
        "ddh.c6s",
        Some("add types of its families under [[types]], or name another class"),
    );
    refused("hosts = 20", "hosts = 0", "`hosts` is zero", "hosts = 0", None);
    refused("shards = 2", "shards = 21", "`shards` is 21", "shards = 21", None);
    refused("hosts = 5", "hosts = 4000000000", "more than 100000000 hosts", "4000000000", None);
    refused(
        "zone = \"mars-1a\"\n",
        "",
        "a pool needs a `zone` (or several `zones`)",
        "class = \"big\"",
        None,
    );
    refused(
        "zone = \"mars-1a\"",
        "zone = \"mars-1a\"\nzones = [\"mars-1a\"]",
        "a pool has either `zone` or `zones`",
        "zones",
        None,
    );
    refused(
        "name = \"gpu-box\"",
        "name = \"big\"",
        "two host classes are called `big`",
        "name = \"big\"",
        None,
    );
    refused(
        "name = \"big\"",
        "name = \"ddh.r5\"",
        "the catalog has a dedicated-host type `ddh.r5` already",
        "ddh.r5",
        None,
    );
    refused("sockets = 2", "sockets = 9", "`sockets` is 9", "sockets = 9", None);
    refused(
        "overcommit = 1.5",
        "overcommit = 0.5",
        "an over-commit of 0.5 cannot be",
        "overcommit = 0.5",
        None,
    );
    refused(
        "overcommit = 1.5",
        "overcommit = nan",
        "an over-commit of NaN cannot be",
        "overcommit = nan",
        None,
    );
    refused("count = 8", "count = 17", "`count` is 17", "17", None);
    refused(
        "cluster = \"c-red\"",
        "cluster = \"c-red\"\n[[pools]]\nzone = \"cn-hangzhou-g\"\nclass = \"big\"\nhosts = 1\ncluster = \"c-red\"",
        "cluster `c-red` would lie in zone `mars-1a` and in zone `cn-hangzhou-g`",
        "c-red",
        None,
    );
}

#[test]
fn names_are_known_and_unique() {
    refused(
        "account = \"second\"",
        "account = \"secnd\"",
        "the scenario has no account `secnd`",
        "secnd",
        Some("did you mean `second`?"),
    );
    refused(
        "category = \"cloud_ssd\"",
        "category = \"cloud_sdd\"",
        "the catalog has no disk category `cloud_sdd`",
        "cloud_sdd",
        Some("did you mean `cloud_ssd`?"),
    );
    refused(
        "disk_categories = [\"cloud_ssd\"]",
        "disk_categories = [\"clouds\"]",
        "the catalog has no disk category `clouds`",
        "clouds",
        Some("did you mean `cloud`?"),
    );
    refused(
        "name = \"custom.a\"",
        "name = \"ecs.g5.large\"",
        "the catalog has a type `ecs.g5.large` already",
        "ecs.g5.large",
        None,
    );
    refused(
        "name = \"custom.gpu\"",
        "name = \"custom.a\"",
        "two instance types are called `custom.a`",
        "custom.a",
        None,
    );
    refused("vcpus = 0.5", "vcpus = 0", "`vcpus` is 0", "vcpus = 0", None);
    refused("vcpus = 0.5", "vcpus = 0.00001", "`vcpus` is 0.00001", "vcpus = 0.00001", None);
    refused("\"1.75GiB\"", "\"0.5MiB\"", "`memory` is 512KiB", "0.5MiB", None);
    refused("count = 0.25", "count = 1.25", "1.25 GPUs", "1.25", None);
    refused("id = \"second\"", "id = \"first\"", "two accounts are called `first`", "id = \"first\"", None);
    refused("size = \"40GiB\"", "size = \"40.5GiB\"", "an image of 41472MiB", "40.5GiB", None);
    refused(
        "type = \"custom.a\"",
        "type = \"custom.b\"",
        "workload `web`: unknown instance type `custom.b`: did you mean `custom.a`?",
        "custom.b",
        None,
    );
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
    assert_eq!(Scenario::load(&file).expect("a trace").folder, folder.path());
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
