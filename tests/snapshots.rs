//! Snapshots: a run that goes on from one has the digest, and every other figure, of the run that was never interrupted.

use std::path::{Path, PathBuf};

use packyard::journal::{FileError, Snapshot};
use packyard::model::SimTime;
use packyard::placement::Policy;
use packyard::scenario::Scenario;
use packyard::sim::{self, Go, SimError, Simulation, State, Summary};
use proptest::prelude::*;

const HOUR: u64 = 3_600_000_000;

/// Two NUMA nodes, shares of GPUs and whole ones, wrong requests, and a control plane that bursts overload.
/// Small.
const EVERYTHING: &str = r#"
name = "everything"
seed = 11
duration = "8h"
warmup = "3h"

[control_plane]
api_workers = 1
api_service = { distribution = "exponential", mean = "3s" }
schedulers = 1
schedule_service = { distribution = "exponential", mean = "4s" }
node_concurrency = 2
clone_bandwidth = "1GiB/s"

[[classes]]
name = "numa"
vcpus = 32
memory = "128GiB"
sockets = 2
split_above = "24GiB"

[[classes]]
name = "gpu"
vcpus = 32
memory = "128GiB"
gpus = { model = "T4", count = 4 }

[[types]]
name = "ecs.share.large"
vcpus = 4
memory = "16GiB"
gpu = { model = "T4", count = 0.3 }

[[types]]
name = "ecs.whole.2xlarge"
vcpus = 8
memory = "32GiB"
gpu = { model = "T4", count = 2.0 }

[[pools]]
zone = "cn-hangzhou-g"
class = "numa"
hosts = 8
shards = 2

[[pools]]
zone = "cn-hangzhou-h"
class = "gpu"
hosts = 5

[[accounts]]
id = "1000000001"
max_instances = 90

[[accounts]]
id = "1000000002"

[[workloads]]
name = "mixed"
arrivals = { rate = "600/h", batch = { mean = 2.0, alike = true }, bursts = { every = "1h", length = "10min", factor = 4.0 } }
lifetime = { distribution = "gamma", mean = "35min", shape = 0.7 }
mix = [
  { type = "ecs.g5.large", weight = 4 },
  { type = "ecs.g5.2xlarge", weight = 2 },
  { type = "ecs.share.large", weight = 2 },
  { type = "ecs.whole.2xlarge", weight = 1 },
]
faults = { share = "5%" }
"#;

/// Every part that only some scenarios have, all at once: failures and maintenance, operations, a dedicated host, a disk
/// pool, bills and an account that does not pay, CPU credits, clients and a fleet of one, a rate limit, a spot market.
const ALL_PARTS: &str = r#"
name = "all parts"
seed = 21
duration = "3d"
warmup = "6h"

[control_plane]
schedulers = 1
node_concurrency = 2
clone_bandwidth = "1GiB/s"

[failures]
between = { distribution = "weibull", shape = 0.8, scale = "60h" }
repair = { distribution = "exponential", mean = "2h" }
recover = "elsewhere"

[maintenance]
dirty_rate = "60MiB/s"
patience = "40min"

[billing]
due = "hour"
payments = [{ account = "poor", at = "2d 12:00", amount = 500.0 }]

[spot]
price = { model = "auction" }
headroom = { policy = "predicted" }
overrides = [
  { type = "ecs.g5.xlarge", price = { model = "smooth", step = "10min" } },
  { type = "ecs.g5.2xlarge", price = { model = "utilization" } },
]

[[spot.fleets]]
name = "many"
account = "rich"
target = 25
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
types = ["ecs.g5.large", "ecs.g5.xlarge", "ecs.g5.2xlarge"]
limit = "40%"
fall_back_after = "1h"

[[regions]]
id = "cn-hangzhou"
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]

[[classes]]
name = "burst"
vcpus = 32
memory = "128GiB"
overcommit = 3.0
families = ["ecs.t5", "ecs.t6"]

[[pools]]
name = "main"
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 8
hosts_per_rack = 2

[[pools]]
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "burst"
hosts = 3

[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-g"
count = 3
stock = true

[[disk_pools]]
zone = "cn-hangzhou-g"
category = "cloud_ssd"
capacity = "12TiB"

[[accounts]]
id = "rich"
calls_per_minute = 40

[[accounts]]
id = "poor"
balance = 110.0

[world.deployment_sets]
ds-1 = { region = "cn-hangzhou" }

[[events]]
at = "1d 02:00"
do = "drain pool main rack by rack for 20min"

[[events]]
at = "2d 05:00"
do = "fail zone cn-hangzhou-h for 2h"

[[workloads]]
name = "web"
accounts = { rich = 1 }
arrivals = { rate = "60/h", bursts = { every = "8h", length = "30min", factor = 8.0 } }
lifetime = { distribution = "lognormal", median = "2h", sigma = 1.0 }
client = { retries = 3, fallback = ["zone", "type"], on = ["no-stock", "throttling"] }
operations = { pause = { share = 0.3, from = "20:00", to = "06:00", mode = "StopCharging" }, reboots = "1/d" }
mix = [
  { type = "ecs.g5.large", weight = 6, or = ["ecs.g5.xlarge"] },
  { type = "ecs.g5.2xlarge", weight = 2 },
  { type = "ecs.g5.xlarge", weight = 1, params = { DeploymentSetId = "ds-1" } },
  { type = "ecs.g5.large", weight = 2, params = { SpotStrategy = "SpotWithPriceLimit", SpotPriceLimit = "0.2" } },
]

[[workloads]]
name = "databases"
accounts = { rich = 1 }
arrivals = { rate = "3/h" }
lifetime = { distribution = "exponential", mean = "10h" }
zones = { cn-hangzhou-g = 1 }
mix = [{ type = "ecs.g5.xlarge" }]
data_disks = [{ category = "cloud_ssd", size = "200GiB" }]
params = { "DataDisk.1.DeleteWithInstance" = "false" }
operations = { reuse_disks = true, public_address = true }

[[workloads]]
name = "office"
accounts = { rich = 1 }
load = { model = "trace", step = "1h", values = ["100%", "100%", "5%", "5%"], spread = true }
fleet = { size = 20, day = { peak_hour = 12.0, swing = "60%" }, every = "10min" }
client = { retries = 2 }
mix = [
  { type = "ecs.t5-c1m2.xlarge", params = { CreditSpecification = "Standard" } },
  { type = "ecs.t6-c1m2.large", params = { CreditSpecification = "Unlimited" } },
]

[[workloads]]
name = "steady"
accounts = { poor = 1 }
arrivals = { rate = "6/h" }
lifetime = { distribution = "exponential", mean = "3d" }
mix = [{ type = "ecs.g5.large" }]

[[workloads]]
name = "subscribed"
accounts = { rich = 1 }
arrivals = { rate = "6/d" }
lifetime = { distribution = "exponential", mean = "20d" }
mix = [{ type = "ecs.g5.large", params = { InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week" } }]

[[operations]]
at = "10:00"
do = "AllocateDedicatedHosts"
id = "dh-own"
account = "rich"
params = { DedicatedHostType = "ddh.g5", ZoneId = "cn-hangzhou-g", Quantity = "1", AutoPlacement = "on" }

[[operations]]
at = "12:00"
do = "CreateDeploymentSet"
id = "ds-own"
account = "rich"

[[operations]]
at = "14:00"
every = "5h"
do = "StopInstance"
workload = "web"
share = 0.2

[[operations]]
at = "15:00"
every = "7h"
do = "CreateSnapshot"
workload = "databases"
share = 0.5
params = { DiskId = "data-1" }

[[operations]]
at = "2d 12:00"
do = "ReleaseDedicatedHost"
account = "rich"
params = { DedicatedHostId = "dh-own" }
"#;

fn go(simulation: Simulation<'_>) -> Summary {
    simulation.run(None, |_| Go::On).expect("the workload is whole")
}

fn simulation(scenario: &Scenario) -> Simulation<'_> {
    let workload = sim::workload(scenario, &scenario.folder, None).expect("a sound workload");
    Simulation::of(scenario, workload).expect("a cloud")
}

/// All of a summary but what the machine spent.
fn figures(summary: &Summary) -> String {
    let mut value = serde_json::to_value(summary).unwrap();
    value["engine"] = serde_json::json!(summary.engine.events);
    value.to_string()
}

fn shipped(name: &str) -> Scenario {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    Scenario::load(&path).expect("shipped scenarios are sound")
}

fn written(dir: &Path, scenario: &Scenario, at: SimTime, state: &State) -> PathBuf {
    let path = dir.join(format!("at-{}", at.0));
    Snapshot::write(&path, scenario, at, state).expect("a disk with room");
    path
}

/// Interrupts the run at some moments, each time through a file, and compares the end with the run in one go.
fn interrupted(scenario: &Scenario, moments: &[u64]) {
    let dir = tempfile::tempdir().unwrap();
    let whole = go(simulation(scenario));
    let mut before: Option<State> = None;
    for &moment in moments {
        let at = SimTime(moment);
        let first = match before.take() {
            None => simulation(scenario),
            Some(state) => simulation(scenario).resume(state),
        };
        let path = written(dir.path(), scenario, at, &first.save_at(at).expect("a state"));
        let snapshot = Snapshot::open(&path).expect("a whole file");
        let again = snapshot.scenario(&[]).expect("a sound scenario");
        assert_eq!(again.spec, scenario.spec);
        let end = go(simulation(&again).resume(snapshot.state));
        assert_eq!(figures(&end), figures(&whole), "{}: interrupted at {at}", scenario.spec.name);
        // At its own moment a state that was restored is the state that was saved, to the byte.
        let restored = simulation(scenario).resume(Snapshot::open(&path).unwrap().state);
        let copy = dir.path().join("copy");
        Snapshot::write(&copy, scenario, at, &restored.save_at(at).unwrap()).unwrap();
        assert!(std::fs::read(&copy).unwrap() == std::fs::read(&path).unwrap(), "saved twice at {at}");
        before = Some(Snapshot::open(&path).unwrap().state);
    }
}

#[test]
fn every_shipped_scenario_goes_on_from_a_snapshot() {
    let digests = include_str!("golden/digests.txt").lines().filter_map(|line| line.split_once(' '));
    for (name, _) in digests {
        let scenario = shipped(name);
        let whole = match scenario.spec.duration.get().get().0 {
            u64::MAX => 80 * HOUR,
            duration => duration,
        };
        interrupted(&scenario, &[whole / 3, whole / 4 * 3 + 1_234_567]);
    }
}

#[test]
fn all_parts_together_go_on_from_a_snapshot() {
    let scenario = Scenario::from_str(ALL_PARTS, "all-parts.toml").unwrap_or_else(|error| panic!("{error}"));
    let end = go(simulation(&scenario));
    let nodes = end.nodes.as_ref().expect("failures");
    assert!(
        nodes.host_failures > 10 && nodes.migrations.done > 3 && nodes.recovered_elsewhere > 0,
        "{nodes:?}"
    );
    let billing = end.billing.as_ref().expect("bills");
    assert!(billing.fell_overdue > 0 && billing.by_charge.len() > 3, "{billing:?}");
    let clients = end.clients.as_ref().expect("clients");
    assert!(clients.retries > 10 && clients.fleets[0].deleted > 0, "{clients:?}");
    let spot = end.spot.as_ref().expect("a market");
    assert!(spot.bought > 30 && spot.interruptions.total() > 0, "{spot:?}");
    assert!(end.credits.as_ref().is_some_and(|credits| credits.throttlings > 0), "{:?}", end.credits);
    assert!(end.operations.is_some());
    // Every three hours, and at moments at which nothing is still.
    let moments: Vec<u64> = (1..24).map(|at| at * 3 * HOUR + at * 7_777_777).collect();
    interrupted(&scenario, &moments);
}

#[test]
fn every_policy_goes_on_from_a_snapshot() {
    let names = Policy::all().map(|(name, _)| name.to_owned()).chain(["power-of-5".to_owned()]);
    for name in names {
        let overrides = [("policy".to_owned(), name)];
        let scenario = Scenario::from_str_with(EVERYTHING, "everything.toml", &overrides).unwrap();
        interrupted(&scenario, &[2 * HOUR + 1, 4 * HOUR + 59_000_003]);
    }
}

#[test]
fn the_everything_scenario_is_what_it_says() {
    let scenario = Scenario::from_str(EVERYTHING, "everything.toml").unwrap();
    let state = simulation(&scenario).save_at(SimTime(4 * HOUR)).unwrap();
    let size = state.size();
    assert!(size.instances > 30 && size.requests > 1_000, "{size:?}");
    let end = go(simulation(&scenario));
    let codes: Vec<&str> = end.requests.rejected_by_code.iter().map(|code| code.code.as_str()).collect();
    assert!(codes.contains(&"OperationDenied.NoStock"), "{codes:?}");
    assert!(end.packing.full > 0, "{:?}", end.packing);
}

#[test]
fn a_snapshot_before_the_first_and_after_the_last_event() {
    let scenario = Scenario::from_str(EVERYTHING, "everything.toml").unwrap();
    interrupted(&scenario, &[0, 8 * HOUR - 1, 8 * HOUR]);
}

#[test]
fn from_a_snapshot_on_something_may_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = Scenario::from_str(EVERYTHING, "everything.toml").unwrap();
    let at = SimTime(4 * HOUR);
    let path = written(dir.path(), &scenario, at, &simulation(&scenario).save_at(at).unwrap());
    let go_on = |key: &str, value: &str| {
        let snapshot = Snapshot::open(&path).unwrap();
        let changed = snapshot.scenario(&[(key.to_owned(), value.to_owned())]).unwrap();
        simulation(&changed).resume(snapshot.state).run(None, |_| Go::On)
    };
    let whole = go(simulation(&scenario));
    let other = go_on("policy", "worst-fit").unwrap();
    assert_eq!(other.requests.total, whole.requests.total);
    assert_ne!(other.run.digest, whole.run.digest);
    assert!(go_on("control_plane.schedulers", "4").unwrap().requests.created != whole.requests.created);
    for (key, value, expected) in [
        ("pools.0.hosts", "9", "fleet of 13 hosts"),
        ("classes.numa.vcpus", "8", "does not fit host"),
        ("seed", "12", "does not fit the workload"),
        ("control_plane.instant", "true", "control plane"),
        ("billing", "{}", "bills are not what they were"),
    ] {
        let error = go_on(key, value).expect_err(key);
        assert!(matches!(error, SimError::State(_)), "{error}");
        assert!(error.to_string().contains(expected), "{key}={value}: {error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]
    #[test]
    fn damage_is_always_noticed(
        place in any::<prop::sample::Index>(),
        bits in prop::collection::vec(0usize..64, 1..4),
        cut in any::<bool>(),
        rich in any::<bool>(),
    ) {
        static PLAIN: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        static RICH: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let bytes = if rich { &RICH } else { &PLAIN }.get_or_init(|| {
            let dir = tempfile::tempdir().unwrap();
            // The second one has a file beside its state, and parts that only some scenarios have.
            let scenario = if rich { shipped("spot-replay") } else {
                Scenario::from_str(EVERYTHING, "everything.toml").unwrap()
            };
            let at = SimTime(3 * HOUR);
            let state = simulation(&scenario).save_at(at).unwrap();
            std::fs::read(written(dir.path(), &scenario, at, &state)).unwrap()
        });
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("damaged");
        let at = place.index(bytes.len());
        let mut damaged = bytes.clone();
        if cut {
            damaged.truncate(at);
        } else {
            // One bit, or some close together.
            for bit in bits {
                damaged[(at + bit / 8).min(bytes.len() - 1)] ^= 1 << (bit % 8);
            }
        }
        prop_assume!(damaged != *bytes);
        std::fs::write(&path, damaged).unwrap();
        match Snapshot::open(&path) {
            Ok(_) => prop_assert!(false, "byte {at}, cut {cut}"),
            Err(FileError::Damaged(damage)) => prop_assert!(damage.offset <= at as u64 + 8),
            Err(_) => {}
        }
    }
}
