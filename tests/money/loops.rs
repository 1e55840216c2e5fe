//! Closed loops: rounds worked out by hand, Little's law, retries within a round, replays.

use packyard::journal::{Journal, Recording};
use packyard::sim::LoopSummary;

use super::*;

/// A closed loop; the control plane takes no time unless a test says otherwise.
fn looped(name: &str, closed: &str, more: &str) -> String {
    format!(
        r#"
        [[workloads]]
        name = "{name}"
        closed_loop = {{ {closed} }}
        {more}
        mix = [{{ type = "ecs.g5.large" }}]
        "#
    )
}

const HOUR_EACH: &str = r#"lifetime = { distribution = "constant", value = "1h" }"#;

#[track_caller]
fn only(summary: &Summary) -> LoopSummary {
    let clients = summary.clients.as_ref().expect("there are clients");
    let [one] = clients.loops.as_slice() else { panic!("one loop") };
    assert_eq!(one.calls, one.served + one.failed + one.waiting);
    assert_eq!(clients.calls, one.calls);
    one.clone()
}

#[test]
fn a_client_that_waits_for_the_answer_asks_after_each_thought() {
    let think = r#"clients = 3, think = { distribution = "constant", value = "10min" }"#;
    let (summary, _) = run(&cloud("10h", &looped("loop", think, HOUR_EACH)));
    let one = only(&summary);
    // At 10, 20 ... 590 minutes; at 600 the run is over.
    assert_eq!((one.calls, one.served, one.failed, one.waiting, one.living), (3 * 59, 3 * 59, 0, 0, 0));
    assert_eq!((one.think_mean_s, one.answer_mean_s), (600.0, 0.0));
    assert_eq!(summary.requests.total, 177);
    // Each lives an hour: six of each client's are there at a time.
    assert_eq!(summary.peaks.instances, 18);
}

#[test]
fn a_client_that_waits_for_the_end_has_one_instance_at_a_time() {
    let closed = r#"clients = 4, think = { distribution = "constant", value = "30min" }, wait_for = "end""#;
    let (summary, seen) = run(&cloud("24h", &looped("loop", closed, HOUR_EACH)));
    let one = only(&summary);
    // Rounds of 90 minutes, asked at 0:30, 2:00 ... 23:00; the last instance ends with the run.
    assert_eq!((one.calls, one.served), (4 * 16, 4 * 16));
    assert_eq!(summary.peaks.instances, 4);
    assert_eq!(seen.released.len() as u64 + one.living, 64);
    assert_eq!((one.failed, one.waiting), (0, 0));
}

#[test]
fn littles_law_holds() {
    // The clients are the rate times a round: think, answer (start included) and life.
    let closed =
        r#"clients = 40, think = { distribution = "exponential", mean = "20min" }, wait_for = "end""#;
    let life = r#"lifetime = { distribution = "exponential", mean = "40min" }"#;
    let (summary, _) = run(&cloud("60d", &looped("loop", closed, life)));
    let one = only(&summary);
    let rate = one.calls as f64 / (60.0 * 24.0 * 60.0);
    let clients = rate * (20.0 + 40.0);
    // 57,600 rounds; the standard deviation of their sum is about 1/3 of a percent.
    assert!((clients / 40.0 - 1.0).abs() < 0.015, "{clients}");
    assert!((one.think_mean_s / 1_200.0 - 1.0).abs() < 0.015, "{}", one.think_mean_s);
}

#[test]
fn slow_answers_slow_a_closed_loop_down_and_never_pile_up() {
    // One API worker that needs a second for each call serves one a second, however many clients there are.
    let slow = |clients: u32| {
        let closed =
            format!("clients = {clients}, think = {{ distribution = \"exponential\", mean = \"20s\" }}");
        let life = r#"lifetime = { distribution = "constant", value = "10s" }"#;
        let plane = "name = \"test\"\n        control_plane = { api_workers = 1, api_service = { distribution = \"constant\", value = \"1s\" } }";
        let text = cloud("2h", &looped("loop", &closed, life)).replacen("name = \"test\"", plane, 1);
        only(&run(&text).0)
    };
    let (few, many) = (slow(5), slow(100));
    let rate = |one: &LoopSummary| one.calls as f64 / 7_200.0;
    // Far from saturation a round is thought and service; beyond it the station serves at its own rate, and all who
    // do not think wait: R = N / X - Z (Denning and Buzen 1978).
    assert!((rate(&few) * (20.0 + few.answer_mean_s) / 5.0 - 1.0).abs() < 0.05, "{few:?}");
    assert!((rate(&many) - 1.0).abs() < 0.02, "{many:?}");
    assert!((many.answer_mean_s - (100.0 / rate(&many) - 20.0)).abs() < 2.5, "{many:?}");
    assert!(many.waiting <= 100);
}

#[test]
fn a_refused_call_is_tried_again_before_the_client_thinks() {
    // Nothing has room: a call is over after three retries, 1 + 1 + 1 minutes later, then ten minutes of thought.
    let closed = r#"clients = 1, think = { distribution = "constant", value = "10min" }, wait_for = "end""#;
    let client = format!(
        "client = {{ on = [\"no-stock\"], retries = 3, backoff = \"1min\", factor = 1.0, most = \"1min\", jitter = 0.0 }}\n{HOUR_EACH}"
    );
    let text = cloud("130min", &looped("loop", closed, &client)).replace("vcpus = 1000", "vcpus = 1");
    let (summary, _) = run(&text);
    let one = only(&summary);
    let clients = summary.clients.as_ref().unwrap();
    // Asked at 10, 23, 36 ... 127 minutes: ten calls, the last of them at 127 + 3 = 130 still under way.
    assert_eq!((one.calls, one.served, one.failed + one.waiting), (10, 0, 10));
    assert_eq!(one.waiting, clients.under_way);
    assert_eq!(clients.given_up, one.failed);
    assert_eq!(summary.requests.total, one.calls + clients.retries);
    assert!((one.answer_mean_s - 180.0).abs() < 1e-9, "{}", one.answer_mean_s);
}

#[test]
fn a_loop_disturbs_no_other_workload_and_another_client_no_other_thought() {
    let others = r#"
        [[workloads]]
        name = "steady"
        arrivals.rate = "30/h"
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }]
    "#;
    let arrivals = |text: &str| {
        let scenario = scenario(text);
        let mut seen = Arrived::default();
        let simulation = Simulation::new(&scenario, Path::new(""), None).expect("a cloud");
        seen.steady = simulation.workload().names().iter().position(|name| name == "steady");
        seen.of = simulation.workload().templates().iter().map(|template| template.workload).collect();
        simulation.run_observed(None, &mut seen, |_| Go::On).expect("a run");
        seen
    };
    let closed = |clients: u32| {
        let closed =
            format!("clients = {clients}, think = {{ distribution = \"exponential\", mean = \"20min\" }}");
        cloud("1d", &(others.to_owned() + &looped("loop", &closed, HOUR_EACH)))
    };
    let alone = arrivals(&cloud("1d", others));
    let (two, three) = (arrivals(&closed(2)), arrivals(&closed(3)));
    assert!(!alone.steady_at.is_empty() && !two.loop_at.is_empty());
    assert_eq!(alone.steady_at, two.steady_at);
    // Without waits a client's moments are its own thoughts: those of two are among those of three.
    assert!(two.loop_at.iter().all(|at| three.loop_at.contains(at)));
    assert!(three.loop_at.len() > two.loop_at.len());
}

#[derive(Default)]
struct Arrived {
    steady: Option<usize>,
    of: Vec<u32>,
    steady_at: Vec<SimTime>,
    loop_at: Vec<SimTime>,
}

impl Observer for Arrived {
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if let Happened::Requested { template, .. } = *what {
            let steady = Some(self.of[template as usize] as usize) == self.steady;
            if steady { &mut self.steady_at } else { &mut self.loop_at }.push(at);
        }
    }
}

#[test]
fn a_loop_is_the_same_from_a_journal() {
    let closed =
        r#"clients = 30, think = { distribution = "exponential", mean = "10min" }, wait_for = "end""#;
    let life = r#"lifetime = { distribution = "lognormal", median = "20min", sigma = 1.0 }
        client = { retries = 2 }"#;
    let text = cloud("1d", &looped("loop", closed, life));
    let text = text.replacen("name = \"test\"", "name = \"test\"\n        control_plane = {}", 1);
    let scenario = scenario(&text);
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("loop.journal");
    let workload = packyard::sim::workload(&scenario, Path::new(""), None).expect("sound");
    let (recording, workload) = Recording::begin(&path, &scenario, workload).expect("a folder to write in");
    let go = |simulation: Simulation<'_>| simulation.run(None, |_| Go::On).expect("a run");
    let chain = recording.chain(Box::new(packyard::sim::Linked::default()));
    let recorded = go(Simulation::of(&scenario, workload).expect("a cloud").chained(chain));
    recording.finish(&recorded).expect("a disk with room");
    let journal = Journal::open(&path, false).expect("a whole file");
    let again = journal.scenario(&[]).expect("a sound scenario");
    let replayed = go(Simulation::of(&again, journal.workload().expect("whole")).expect("a cloud"));
    assert!(only(&recorded).calls > 1_000);
    assert_eq!(recorded.run.digest, replayed.run.digest);
    assert_eq!(recorded.run.digest, run(&text).0.run.digest, "the same without a journal");
}
