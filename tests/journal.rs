//! Journals: a run, its replay and its replay on two threads have one digest; damage is always noticed.

use std::path::{Path, PathBuf};

use packyard::journal::{Check, FileError, Journal, Recording, Verdict, beside};
use packyard::model::{SimDuration, SimTime};
use packyard::scenario::Scenario;
use packyard::sim::{self, Chain, Go, Linked, Simulation, Summary};
use proptest::prelude::*;

/// Every policy family, every part of the control plane, faults, bursts, batches: small.
const SMALL: &str = r#"
name = "small"
seed = 5
duration = "6h"

[control_plane]
schedulers = 1

[[pools]]
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 6

[[workloads]]
name = "load"
arrivals = { rate = "700/h", batch = { mean = 2.0 }, bursts = { every = "2h", length = "10min", factor = 4.0 } }
lifetime = { distribution = "exponential", mean = "40min" }
mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.2xlarge" }]
faults = { share = "5%" }

[[workloads]]
name = "batch jobs"
arrivals = { rate = "100/h" }
lifetime = { distribution = "lognormal", median = "30min", sigma = 1.0 }
mix = [{ type = "ecs.g5.xlarge" }]
"#;

fn shipped(name: &str) -> (Scenario, PathBuf) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    let scenario = Scenario::load(&path).expect("shipped scenarios are sound");
    (scenario, path.parent().unwrap().to_owned())
}

/// Shipped scenarios that need no file of the user's, with the digests that are golden.
fn golden() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("golden/digests.txt").lines().filter_map(|line| line.split_once(' '))
}

fn go(simulation: Simulation<'_>) -> Summary {
    simulation.run(None, |_| Go::On).expect("the workload is whole")
}

fn record(scenario: &Scenario, folder: &Path, path: &Path) -> Summary {
    let workload = sim::workload(scenario, folder, None).expect("a sound workload");
    let (recording, workload) = Recording::begin(path, scenario, workload).expect("a folder to write in");
    let chain = recording.chain(Box::new(Linked::default()));
    let summary = go(Simulation::of(scenario, workload).expect("a cloud").chained(chain));
    recording.finish(&summary).expect("a disk with room");
    summary
}

/// A scenario that names a node list and a price file, with failures, operations, bills and clients: small.
const RICH: &str = r#"
name = "rich"
seed = 8
duration = "12h"

[control_plane]
schedulers = 1

[failures]
between = { distribution = "exponential", mean = "40h" }
repair = { distribution = "constant", value = "2h" }

[billing]

[spot]
price = { model = "replay", file = "prices.csv" }

[[spot.fleets]]
name = "cheap"
target = 12
zones = ["cn-hangzhou-g"]
types = ["ecs.g5.large"]
limit = "50%"

[[pools]]
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 3

[[node_lists]]
path = "nodes.csv"
zone = "cn-hangzhou-g"

[[workloads]]
name = "load"
arrivals = { rate = "150/h" }
lifetime = { distribution = "exponential", mean = "2h" }
mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.2xlarge" }]
client = { retries = 3 }
operations = { reboots = "1/d" }
load = { model = "periodic", low = "2%", high = "60%", busy = "2h" }
"#;

/// Records the rich scenario in `dir`, with its state every two hours.
fn rich(dir: &Path) -> (Summary, PathBuf) {
    let prices = "time,zone,instance_type,price\n0,cn-hangzhou-g,ecs.g5.large,0.05\n\
        18000,cn-hangzhou-g,ecs.g5.large,0.9\n25200,cn-hangzhou-g,ecs.g5.large,0.04\n";
    std::fs::write(dir.join("prices.csv"), prices).unwrap();
    let nodes = "sn,cpu_milli,memory_mib,gpu,model\na,32000,131072,0,\nb,64000,262144,0,\n";
    std::fs::write(dir.join("nodes.csv"), nodes).unwrap();
    let file = dir.join("rich.toml");
    std::fs::write(&file, RICH).unwrap();
    let scenario = Scenario::load(&file).expect("a sound scenario");
    let path = dir.join("rich.journal");
    let workload = sim::workload(&scenario, dir, None).unwrap();
    let (recording, workload) = Recording::begin(&path, &scenario, workload).unwrap();
    let chain = recording.chain(Box::new(Linked::default()));
    let every = SimDuration::from_secs(2 * 3_600);
    let simulation = Simulation::of(&scenario, workload).unwrap();
    let summary = go(simulation.chained(chain).keeping(every, recording.keeper()));
    recording.finish(&summary).unwrap();
    (summary, path)
}

/// A replay that begins with the last state before `from`, which is measured from there on.
fn jump(journal: &Journal, from: SimTime) -> (SimTime, Summary, Verdict) {
    let (at, state) = journal.state_before(from).expect("a whole journal").expect("a state before that");
    let scenario = journal.scenario(&[]).unwrap();
    let check = Check::new(journal, None).after(state.batches());
    let chain = check.chain(Box::new(Linked::from(state.chain())));
    let simulation = Simulation::of(&scenario, journal.workload().unwrap()).unwrap();
    let summary = go(simulation.resume(state).chained(chain).measured_from(from));
    let verdict = check.verdict(journal, &summary, true);
    (at, summary, verdict)
}

fn replay(
    journal: &Journal,
    with: &[(&str, &str)],
    until: Option<SimTime>,
    threads: u8,
) -> (Summary, Verdict) {
    let with: Vec<(String, String)> =
        with.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let scenario = journal.scenario(&with).expect("a sound scenario");
    let check = Check::new(journal, until);
    let mut workload = journal.workload().expect("a whole journal");
    let mut chain: Box<dyn Chain> = check.chain(Box::new(Linked::default()));
    if threads == 2 {
        (workload, chain) = beside(workload, chain).expect("a second thread");
    }
    let mut simulation = Simulation::of(&scenario, workload).expect("a cloud").chained(chain);
    if let Some(until) = until {
        simulation = simulation.until(until);
    }
    let summary = go(simulation);
    let verdict = check.verdict(journal, &summary, until.is_none());
    (summary, verdict)
}

/// All of a summary but what the machine spent.
fn figures(summary: &Summary) -> String {
    let mut value = serde_json::to_value(summary).unwrap();
    value["engine"] = serde_json::Value::Null;
    value.to_string()
}

#[test]
fn a_run_its_replay_and_its_replay_on_two_threads_are_one_for_every_shipped_scenario() {
    let dir = tempfile::tempdir().unwrap();
    for (name, digest) in golden() {
        let (scenario, folder) = shipped(name);
        let path = dir.path().join(name);
        let recorded = record(&scenario, &folder, &path);
        assert_eq!(recorded.run.digest, digest.trim(), "{name}: recording changes nothing");
        let journal = Journal::open(&path, false).unwrap();
        for threads in [1, 2] {
            let (again, verdict) = replay(&journal, &[], None, threads);
            assert_eq!(verdict, Verdict::Same, "{name} on {threads} threads");
            assert_eq!(figures(&again), figures(&recorded), "{name} on {threads} threads");
        }
        let workload = sim::workload(&scenario, &folder, None).unwrap();
        let (workload, chain) = beside(workload, Box::new(Linked::default())).unwrap();
        let plain = go(Simulation::of(&scenario, workload).unwrap().chained(chain));
        assert_eq!(figures(&plain), figures(&recorded), "{name}: run on two threads");
        let bytes = std::fs::metadata(&path).unwrap().len();
        let each = bytes as f64 / recorded.requests.total as f64;
        assert!(each < 16.0, "{name}: {each:.1} bytes a request");
    }
}

fn small(dir: &Path) -> (Summary, PathBuf) {
    let scenario = Scenario::from_str(SMALL, "small.toml").unwrap();
    let path = dir.join("small.journal");
    (record(&scenario, dir, &path), path)
}

#[test]
fn a_journal_replays_where_the_files_of_its_scenario_are_not() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (recorded, path) = rich(dir.path());
    assert!(recorded.nodes.as_ref().is_some_and(|nodes| nodes.host_failures > 0));
    assert!(
        recorded.spot.as_ref().is_some_and(|spot| spot.interruptions.price > 0),
        "the price rose above the limit"
    );
    let moved = other.path().join("moved");
    std::fs::copy(&path, &moved).unwrap();
    drop(dir);
    let journal = Journal::open(&moved, false).unwrap();
    let files: Vec<&str> = journal.files.iter().map(|(name, _)| name).collect();
    assert_eq!(files, ["nodes.csv", "prices.csv"]);
    for threads in [1, 2] {
        let (again, verdict) = replay(&journal, &[], None, threads);
        assert_eq!((figures(&again), verdict), (figures(&recorded), Verdict::Same));
    }
    // Recorded once more, it is as good as the first.
    let scenario = journal.scenario(&[]).unwrap();
    let copy = other.path().join("copy");
    let (recording, workload) = Recording::begin(&copy, &scenario, journal.workload().unwrap()).unwrap();
    let chain = recording.chain(Box::new(Linked::default()));
    let summary = go(Simulation::of(&scenario, workload).unwrap().chained(chain));
    recording.finish(&summary).unwrap();
    assert_eq!(Journal::open(&copy, false).unwrap().files, journal.files);
    // A file that is named anew is read, and missed where it is not.
    let missing = journal.scenario(&[("node_lists.0.path".to_owned(), "other.csv".to_owned())]);
    assert!(missing.unwrap_err().to_string().contains("other.csv"));
}

#[test]
fn a_replay_begins_with_a_recorded_state() {
    let dir = tempfile::tempdir().unwrap();
    let (recorded, path) = rich(dir.path());
    let journal = Journal::open(&path, false).unwrap();
    let hours = |hours: u64| SimTime(hours * 3_600_000_000);
    assert_eq!(journal.states, [2, 4, 6, 8, 10].map(hours));
    assert!(
        journal.state_before(hours(2)).unwrap().is_none(),
        "what happens at a moment is part of its state"
    );
    for (from, begin) in [(3, 2), (6, 4), (9, 8), (12, 10)] {
        let (at, jumped, verdict) = jump(&journal, hours(from));
        assert_eq!((at, verdict), (hours(begin), Verdict::Same));
        assert_eq!(jumped.run.digest, recorded.run.digest);
        // What is measured is what a replay from the beginning measures.
        let scenario = journal.scenario(&[]).unwrap();
        let whole = Simulation::of(&scenario, journal.workload().unwrap()).unwrap();
        let whole = go(whole.measured_from(hours(from)));
        assert_eq!(figures(&jumped), figures(&whole), "from hour {from}");
    }
}

#[test]
fn the_same_requests_meet_a_changed_cloud() {
    let dir = tempfile::tempdir().unwrap();
    let (recorded, path) = small(dir.path());
    let journal = Journal::open(&path, false).unwrap();
    let (other, verdict) = replay(&journal, &[("policy", "worst-fit")], None, 1);
    assert!(matches!(verdict, Verdict::Differs { .. }));
    assert_eq!(other.requests.total, recorded.requests.total);
    let (larger, _) = replay(&journal, &[("pools.0.hosts", "60")], None, 2);
    assert_eq!(larger.requests.total, recorded.requests.total);
    assert!(larger.requests.created > recorded.requests.created);
    // Chance that is not the workload's is the scenario's, not the journal's.
    let (reseeded, _) = replay(&journal, &[("seed", "6")], None, 1);
    assert_eq!(reseeded.requests.total, recorded.requests.total);
    assert_ne!(reseeded.run.digest, recorded.run.digest);
}

#[test]
fn a_part_of_a_replay_is_compared_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let (recorded, path) = small(dir.path());
    let journal = Journal::open(&path, false).unwrap();
    let until = SimTime(4 * 3_600_000_000);
    let (part, verdict) = replay(&journal, &[], Some(until), 1);
    assert!(part.requests.total < recorded.requests.total);
    assert!(matches!(verdict, Verdict::SamePart { records } if records >= 4_096), "{verdict:?}");
    // The check would have seen a change early, and says where.
    let (_, changed) = replay(&journal, &[("policy", "worst-fit")], Some(until), 1);
    assert!(matches!(changed, Verdict::Differs { from: 0, to: Some(4_096), .. }), "{changed:?}");
}

#[test]
fn an_interrupted_run_leaves_a_whole_journal() {
    let dir = tempfile::tempdir().unwrap();
    let (scenario, folder) = shipped("quickstart");
    let path = dir.path().join("cut");
    let workload = sim::workload(&scenario, &folder, None).unwrap();
    let (recording, workload) = Recording::begin(&path, &scenario, workload).unwrap();
    let chain = recording.chain(Box::new(Linked::default()));
    let simulation = Simulation::of(&scenario, workload).unwrap().chained(chain);
    let stop = |progress: &sim::Progress| if progress.events >= 60_000 { Go::Stop } else { Go::On };
    let summary = simulation.run(None, stop).unwrap();
    assert!(summary.run.cut_short);
    recording.finish(&summary).unwrap();
    let journal = Journal::open(&path, false).unwrap();
    let end = journal.conclusion.clone().unwrap();
    assert!(end.cut_short && end.requests == summary.requests.total);
    let check = Check::new(&journal, None);
    let again = Simulation::of(&scenario, journal.workload().unwrap())
        .unwrap()
        .chained(check.chain(Box::new(Linked::default())))
        .run(None, |progress| if progress.events >= end.events { Go::Stop } else { Go::On })
        .unwrap();
    assert_eq!(check.verdict(&journal, &again, true), Verdict::Same);
}

#[test]
fn a_run_that_fails_leaves_no_journal() {
    let dir = tempfile::tempdir().unwrap();
    let scenario = Scenario::from_str(SMALL, "small.toml").unwrap();
    let path = dir.path().join("none");
    let workload = sim::workload(&scenario, dir.path(), None).unwrap();
    let (recording, workload) = Recording::begin(&path, &scenario, workload).unwrap();
    drop(Simulation::of(&scenario, workload).unwrap());
    drop(recording);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_cut_journal_is_salvaged_up_to_the_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (scenario, folder) = shipped("azure-2017");
    let path = dir.path().join("whole");
    record(&scenario, &folder, &path);
    let whole = Journal::open(&path, false).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let cut = dir.path().join("cut");
    std::fs::write(&cut, &bytes[..bytes.len() / 2 + 200]).unwrap();
    let error = Journal::open(&cut, false).unwrap_err();
    let FileError::Damaged(damage) = &error else { panic!("{error}") };
    assert!(damage.offset <= bytes.len() as u64 / 2 + 200 && damage.frame > 1, "{damage}");
    assert!(error.to_string().contains("the file ends within a frame"), "{error}");
    let salvaged = Journal::open(&cut, true).unwrap();
    assert_eq!(salvaged.damage.as_ref(), Some(damage));
    assert!(salvaged.arrivals > whole.arrivals / 4 && salvaged.arrivals < whole.arrivals);
    let (summary, _) = replay(&salvaged, &[], Some(SimTime(salvaged.last.0 + 1)), 2);
    assert_eq!(summary.requests.total, salvaged.arrivals);
    // Up to there it is the run that was recorded.
    let (part, verdict) = replay(&whole, &[], Some(SimTime(salvaged.last.0 + 1)), 1);
    assert!(matches!(verdict, Verdict::SamePart { records } if records > 100_000));
    assert!(part.requests.total >= summary.requests.total);
}

/// A journal with every kind of frame, as bytes.
fn every_frame() -> &'static [u8] {
    static MADE: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    MADE.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::read(rich(dir.path()).1).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn damage_is_always_noticed(
        place in any::<prop::sample::Index>(),
        bits in prop::collection::vec(0usize..64, 1..4),
        cut in any::<bool>(),
    ) {
        let bytes = every_frame();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("damaged");
        let at = place.index(bytes.len());
        let mut damaged = bytes.to_vec();
        if cut {
            damaged.truncate(at);
        } else {
            // One bit, or some close together.
            for bit in bits {
                damaged[(at + bit / 8).min(bytes.len() - 1)] ^= 1 << (bit % 8);
            }
        }
        prop_assume!(damaged != bytes);
        std::fs::write(&path, damaged).unwrap();
        let error = Journal::open(&path, false);
        prop_assert!(error.is_err());
        if let Err(FileError::Damaged(damage)) = error {
            prop_assert!(damage.offset <= at as u64 + 8, "said to be at {}, is at {at}", damage.offset);
        }
        // What can be salvaged can be run, and its states can be had or are said to be damaged.
        if let Ok(journal) = Journal::open(&path, true) {
            prop_assert!(journal.damage.is_some());
            if let Some(last) = journal.states.last() {
                let _ = journal.state_before(SimTime(last.0 + 1));
            }
            if journal.scenario(&[]).is_ok() {
                let (summary, _) = replay(&journal, &[], Some(SimTime(journal.last.0 + 1)), 1);
                let outside = summary.requests.total;
                prop_assert!(outside >= journal.arrivals, "{outside} of {}", journal.arrivals);
            }
        }
    }
}
