//! The first divergence of two runs: by seed, by policy, by one request from outside; and of runs that are equal.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use packyard::journal::diff::{Comparison, Side, compare, text};
use packyard::journal::{Journal, Recording};
use packyard::model::{SimDuration, SimTime};
use packyard::scenario::Scenario;
use packyard::sim::{self, Go, Linked, Simulation};
use packyard::workload::{Arrival, End, Supply, Workload, WorkloadError};

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
arrivals = { rate = "700/h", bursts = { every = "2h", length = "10min", factor = 4.0 } }
lifetime = { distribution = "exponential", mean = "40min" }
mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.2xlarge" }]
faults = { share = "5%" }
"#;

fn set(overrides: &[(&str, &str)]) -> Vec<(String, String)> {
    overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// Records a run of the small scenario; `edit` may change what comes in.
fn journal(
    dir: &Path,
    name: &str,
    overrides: &[(&str, &str)],
    edit: impl FnOnce(Workload) -> Workload,
) -> PathBuf {
    let scenario = Scenario::from_str_with(SMALL, "small.toml", &set(overrides)).expect("a sound scenario");
    let workload = edit(sim::workload(&scenario, dir, None).expect("a sound workload"));
    let path = dir.join(name);
    let (recording, workload) = Recording::begin(&path, &scenario, workload).expect("a folder to write in");
    let chain = recording.chain(Box::new(Linked::default()));
    let simulation = Simulation::of(&scenario, workload).expect("a cloud").chained(chain);
    let summary = simulation.run(None, |_| Go::On).expect("the workload is whole");
    recording.finish(&summary).expect("a disk with room");
    path
}

fn side(path: &Path, with: &[(&str, &str)]) -> Side {
    Side::open(path, &set(with), None).unwrap_or_else(|error| panic!("{error}"))
}

fn between(a: &Side, b: &Side, draws: bool) -> Comparison {
    compare(a, b, draws).expect("both runs are sound")
}

/// Changes one arrival on its way.
struct Edited {
    source: Box<dyn Supply>,
    seen: u64,
    number: u64,
}

impl Supply for Edited {
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        let arrival = self.source.next()?;
        let edited = self.seen == self.number;
        self.seen += 1;
        Ok(arrival.map(|arrival| match edited {
            true => Arrival { end: End::After(SimDuration(1_000_000)), ..arrival },
            false => arrival,
        }))
    }

    fn progress(&self) -> f64 {
        self.source.progress()
    }
}

#[test]
fn equal_runs_are_equal_to_the_last_record() {
    let dir = tempfile::tempdir().unwrap();
    let a = journal(dir.path(), "a", &[], |workload| workload);
    let found = between(&side(&a, &[]), &side(&a, &[]), true);
    assert!(found.is_equal() && found.divergence.is_none() && found.input.is_none() && found.keys.is_empty());
    let recorded = Journal::open(&a, false).unwrap().conclusion.unwrap();
    for side in &found.sides {
        assert_eq!(side.digest.as_ref(), Some(&recorded.digest));
    }
    assert!(found.records > 10_000, "{}", found.records);
    let draws = found.draws.as_ref().unwrap();
    assert!(draws.draws[0] == draws.draws[1] && draws.draws[0] > 1_000, "{:?}", draws.draws);
    assert!(draws.streams.iter().any(|stream| stream.purpose == "boot" && stream.draws[0] > 1_000));
    assert!(text(&found).contains("The event logs are equal"), "{}", text(&found));
    // A journal and the scenario that it was made from are one run.
    let scenario = dir.path().join("small.toml");
    std::fs::write(&scenario, SMALL).unwrap();
    let found = between(&side(&a, &[]), &side(&scenario, &[]), false);
    assert!(found.is_equal(), "{}", text(&found));
}

#[test]
fn another_seed_differs_from_the_first_request_on() {
    let dir = tempfile::tempdir().unwrap();
    let a = journal(dir.path(), "a", &[], |workload| workload);
    let b = journal(dir.path(), "b", &[("seed", "6")], |workload| workload);
    let found = between(&side(&a, &[]), &side(&b, &[]), false);
    let divergence = found.divergence.as_ref().unwrap();
    assert_eq!((divergence.record, found.records), (0, 0));
    assert_eq!(found.keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["seed"]);
    assert_eq!(found.input.as_ref().unwrap().number, 0);
    for event in divergence.events.iter().flatten() {
        assert_eq!((event.event, event.before.counters.requests), (1, 0));
        assert_eq!(event.after.as_ref().unwrap().counters.requests, 1);
        assert_eq!(event.happened[0]["event"], "requested");
    }
    assert!(found.sides.iter().all(|side| side.digest.is_none()), "neither was run to its end");
}

#[test]
fn another_policy_differs_at_its_first_other_choice() {
    let dir = tempfile::tempdir().unwrap();
    let a = journal(dir.path(), "a", &[("policy", "first-fit")], |workload| workload);
    let found = between(&side(&a, &[]), &side(&a, &[("policy", "worst-fit")]), true);
    assert!(!found.is_equal() && found.input.is_none() && found.kinds.is_none());
    let divergence = found.divergence.as_ref().unwrap();
    assert!(divergence.record > 0 && !divergence.before.is_empty());
    assert_eq!(divergence.before.last().unwrap().record, divergence.record - 1);
    let [Some(a), Some(b)] = &divergence.events else { panic!("{divergence:?}") };
    assert_eq!(
        (a.event, a.at, a.before.counters),
        (b.event, b.at, b.before.counters),
        "the same up to there"
    );
    let host = |event: &packyard::journal::diff::EventSight| {
        assert_eq!(event.happened.last().unwrap()["event"], "created");
        event.happened.last().unwrap()["host"].as_u64().unwrap() as u32
    };
    let chosen = [host(a), host(b)];
    assert_ne!(chosen[0], chosen[1]);
    // Both hosts are shown on both sides: alike before, different after.
    for event in [a, b] {
        let hosts: Vec<u32> = event.before.hosts.iter().map(|host| host.host).collect();
        assert!(chosen.iter().all(|host| hosts.contains(host)), "{chosen:?} {hosts:?}");
    }
    assert_eq!(a.before.hosts, b.before.hosts);
    assert_ne!(a.after.as_ref().unwrap().hosts, b.after.as_ref().unwrap().hosts);
    // The luck is the same: what comes in is drawn from the same streams at the same times.
    let draws = found.draws.as_ref().unwrap();
    assert!(
        draws
            .streams
            .iter()
            .all(|stream| stream.value.is_none_or(|found| found.a.is_none() || found.b.is_none()))
    );
    let shown = text(&found);
    for needle in [
        "policy = \"first-fit\" in A, \"worst-fit\" in B",
        "The event logs differ from record",
        "created: host",
    ] {
        assert!(shown.contains(needle), "{needle:?} is missing in\n{shown}");
    }
}

#[test]
fn one_edited_request_is_found_where_it_came_in_and_where_it_shows() {
    const NUMBER: u64 = 40;
    let dir = tempfile::tempdir().unwrap();
    let a = journal(dir.path(), "a", &[], |workload| workload);
    let b = journal(dir.path(), "b", &[], |workload| {
        workload.through(|source| Box::new(Edited { source, seen: 0, number: NUMBER })).unwrap()
    });
    let found = between(&side(&a, &[]), &side(&b, &[]), false);
    assert!(found.keys.is_empty() && found.kinds.is_none());
    let input = found.input.as_ref().unwrap();
    assert_eq!(input.number, NUMBER);
    assert_eq!(input.b.unwrap().end, End::After(SimDuration(1_000_000)));
    assert_eq!(input.a.unwrap().at, input.b.unwrap().at);
    // It shows when B releases what lives on in A.
    let divergence = found.divergence.as_ref().unwrap();
    assert!(divergence.records[1][0].what.contains("released"), "{:?}", divergence.records[1]);
    let b = divergence.events[1].as_ref().unwrap();
    let gone = divergence.records[1][0].what.split(' ').nth(1).unwrap().parse::<u64>().unwrap();
    assert!(b.before.instances.iter().any(|one| one.number == gone));
    assert!(b.after.as_ref().unwrap().instances.iter().all(|one| one.number != gone));
    let a = divergence.events[0].as_ref().unwrap();
    assert!(a.before.instances.iter().any(|one| one.number == gone), "it lives on in A");
    assert!(input.a.unwrap().at < b.at && b.at < SimTime(6 * 3_600_000_000));
}

#[test]
fn a_run_that_goes_on_longer_differs_where_the_other_ends() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("small.toml");
    std::fs::write(&path, SMALL).unwrap();
    let found = between(&side(&path, &[("duration", "2h")]), &side(&path, &[("duration", "3h")]), false);
    let divergence = found.divergence.as_ref().unwrap();
    assert!(divergence.record > 1_000);
    assert!(divergence.records[0].is_empty() || divergence.records[0][0] != divergence.records[1][0]);
    assert!(divergence.events[1].is_some());
}

#[test]
fn every_draw_is_compared_and_the_first_other_one_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("small.toml");
    std::fs::write(&path, SMALL).unwrap();
    // Another law of boot times: the draws stay what they are, and come at other times.
    let boot = [("control_plane.boot", "{ distribution = \"constant\", value = \"31s\" }")];
    let found = between(&side(&path, &[]), &side(&path, &boot), true);
    let draws = found.draws.as_ref().unwrap();
    let stream = |name: &str| draws.streams.iter().find(|stream| stream.purpose == name).unwrap();
    // A constant draws nothing.
    let boots = stream("boot");
    assert!(boots.draws[0] > 1_000 && boots.draws[1] == 0);
    assert!(boots.value.unwrap().b.is_none() && boots.value.unwrap().draw == 0);
    assert!(stream("workload/load/arrivals").is_same());
    // Another seed: every stream differs from its first draw on.
    let found = between(&side(&path, &[]), &side(&path, &[("seed", "6")]), true);
    let draws = found.draws.as_ref().unwrap();
    for stream in draws.streams.iter().filter(|stream| stream.draws.iter().all(|draws| *draws > 0)) {
        let value = stream.value.unwrap_or_else(|| panic!("{}", stream.purpose));
        assert_eq!(value.draw, 0, "{}", stream.purpose);
        assert_ne!(value.a.unwrap().value, value.b.unwrap().value);
    }
    let (_, first) = draws.first().unwrap();
    let shown = text(&found);
    assert!(shown.contains(&format!("{:016x}", first.a.unwrap().value)), "{shown}");
}

fn packyard(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_packyard")).args(args).output().expect("the binary starts")
}

#[test]
fn the_command_compares_journals_folders_and_scenarios() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (scenario, folder, journal) = (file("small.toml"), file("out"), file("run.journal"));
    std::fs::write(&scenario, SMALL).unwrap();
    let made = packyard(&["run", &scenario, "--out", &folder, "--record", &journal, "--quiet"]);
    assert!(made.status.success());
    let equal = packyard(&["diff", &folder, &journal]);
    let shown = String::from_utf8_lossy(&equal.stdout);
    assert_eq!(equal.status.code(), Some(0), "{shown}{}", String::from_utf8_lossy(&equal.stderr));
    assert!(shown.contains("The event logs are equal") && !shown.contains("note:"), "{shown}");
    let other = packyard(&["diff", &scenario, "--with", "pools.0.hosts=5", "--json", "--draws"]);
    assert_eq!(other.status.code(), Some(1));
    let found: serde_json::Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(found["keys"][0]["key"], "pools.0.hosts");
    assert!(found["divergence"]["events"][0]["before"]["counters"]["requests"].as_u64().unwrap() > 0);
    assert!(found["draws"]["streams"].as_array().unwrap().len() > 3);
    for (args, needle) in [
        (vec!["diff", dir.path().to_str().unwrap()], "holds no scenario.toml"),
        (vec!["diff", &journal, "--with", "workloads.0.name=x"], "the requests of a journal"),
        (vec!["diff", "nothing-here.toml"], "there is no such file"),
        (vec!["diff", &scenario, "--with", "hosts=5"], "hosts"),
    ] {
        let refused = packyard(&args);
        let stderr = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        assert!(stderr.contains(needle), "{args:?}: {stderr}");
    }
}
