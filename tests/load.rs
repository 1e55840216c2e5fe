//! The load benchmark: accounts, percentiles, the knee, bounded ends, interruption.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use packyard::load::{self, Fill, Histograms, LoadError, Locks, Outcome, Pace, Plan, Step, Verdict};
use packyard::metrics::hdr::read_log;
use packyard::scenario::Scenario;

const TINY: &str = r#"
name = "tiny"
seed = 5
duration = "6h"

[[pools]]
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = 6

[[workloads]]
name = "load"
arrivals = { rate = "4000/h" }
lifetime = { distribution = "exponential", mean = "40min" }
mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.2xlarge" }]
faults = { share = "5%" }
"#;

/// Short steps, so that the tests are quick; nothing here depends on how fast the machine is.
fn plan(pace: Pace) -> Plan {
    Plan {
        pace,
        warmup: Duration::from_millis(20),
        step: Duration::from_millis(100),
        give_up: Duration::from_secs(30),
        ..Plan::default()
    }
}

fn try_bench(text: &str, plan: &Plan) -> Result<Outcome, LoadError> {
    let scenario = Scenario::from_str(text, "tiny.toml").expect("a sound scenario");
    let stop = Arc::new(AtomicBool::new(false));
    load::run(&scenario, Path::new(""), None, plan, &stop, |_| {})
}

#[track_caller]
fn check(plan: &Plan) -> Outcome {
    let outcome = try_bench(TINY, plan).expect("a sound plan");
    for step in &outcome.steps {
        check_step(step);
    }
    assert!(outcome.conserved, "everything is given back");
    let text = load::terminal(&outcome);
    assert!(text.lines().all(|line| line.chars().count() <= 110), "{text}");
    outcome
}

#[track_caller]
fn check_step(step: &Step) {
    assert_eq!(step.sent, step.created + step.rejected + step.replayed, "every request is answered");
    assert_eq!(step.rejected, step.rejected_by_code.iter().map(|code| code.count).sum::<u64>());
    for times in [&step.response_ns, &step.service_ns] {
        assert_eq!(times.count, step.sent, "every answer is timed");
    }
    for times in [&step.response_ns, &step.service_ns, &step.release_ns] {
        let rising = [times.p50, times.p90, times.p99, times.p999, times.max];
        assert!(rising.is_sorted(), "{rising:?}");
    }
    assert!(step.response_ns.max >= step.service_ns.p50, "a response takes at least its service");
    let Locks { decide, release, whole } = step.locks;
    for lock in [decide, release] {
        assert!(lock.contended <= lock.taken && lock.taken <= lock.served, "{lock:?}");
    }
    assert!(decide.served >= step.created.max(whole), "what was created was decided under the lock");
    assert!(step.helped <= step.sent + step.warmup);
    let Histograms { from, to, response, service, release } = &step.histograms;
    assert!(from <= to);
    assert_eq!((response.len(), service.len()), (step.sent, step.sent));
    assert_eq!(release.len(), step.release_ns.count);
}

#[test]
fn a_fixed_rate_is_one_step_that_accounts_for_every_request() {
    for workers in [1, 2, 5] {
        let outcome = check(&Plan { workers, ..plan(Pace::Fixed(5_000.0)) });
        let [step] = outcome.steps.as_slice() else { panic!("one step") };
        assert_eq!((step.verdict, step.unsent), (Verdict::Held, 0));
        let scheduled = step.sent + step.warmup;
        assert!((450..750).contains(&scheduled), "5,000 a second for 120 ms: {scheduled}");
        assert!(step.rejected > 0, "some requests are wrong on purpose");
        assert!(outcome.knee.is_none());
    }
}

#[test]
fn the_schedule_and_the_population_depend_on_the_seed_alone() {
    let sent = || {
        let outcome = check(&plan(Pace::Fixed(3_000.0)));
        (outcome.population.live, outcome.steps[0].sent + outcome.steps[0].warmup)
    };
    assert_eq!(sent(), sent());
}

#[test]
fn the_fleet_stays_as_full_as_it_was_filled() {
    let outcome = check(&Plan { fill: Fill::Live(40), ..plan(Pace::Fixed(2_000.0)) });
    assert_eq!((outcome.population.live, outcome.population.short), (40, false));
    let full = check(&Plan { fill: Fill::Share(1.0), ..plan(Pace::Fixed(1_000.0)) });
    assert!(full.population.vcpu_share > 0.9 && full.population.vcpu_share <= 1.0);
    let empty = check(&Plan { fill: Fill::Share(0.0), ..plan(Pace::Fixed(1_000.0)) });
    assert_eq!(empty.population.live, 0);
    let over = check(&Plan { fill: Fill::Live(1_000_000), ..plan(Pace::Fixed(1_000.0)) });
    assert!(over.population.short, "the fleet cannot take a million");
}

#[test]
fn an_impossible_objective_breaks_in_the_first_step() {
    let objectives = vec!["p50=1us".parse().unwrap(), "max=1us".parse().unwrap()];
    let plan = Plan {
        objectives,
        fill: Fill::Live(0),
        ..plan(Pace::Rising { start: 2_000.0, factor: 2.0, refine: 2 })
    };
    let outcome = check(&plan);
    let knee = outcome.knee.expect("rising steps have a knee");
    assert_eq!((knee.held, knee.broke), (None, Some(2_000.0)));
    assert_eq!(outcome.steps[0].verdict, Verdict::Broke);
    assert_eq!(outcome.steps.len(), 1, "nothing held: there is nothing to be half way from");
    assert!(load::terminal(&outcome).contains("not even 2,000 requests/s"));
}

#[test]
fn a_rate_that_cannot_be_met_is_given_up_in_time() {
    // No machine answers 50 million requests a second: the step would last minutes.
    let plan = Plan { give_up: Duration::from_millis(50), ..plan(Pace::Fixed(50_000_000.0)) };
    let outcome = check(&plan);
    let step = &outcome.steps[0];
    assert_eq!(step.verdict, Verdict::GaveUp);
    assert!(step.unsent > 0);
    assert!(step.achieved_rate < step.offered_rate);
}

#[test]
fn steps_rise_until_the_knee_and_never_without_end() {
    let plan = Plan {
        give_up: Duration::from_millis(20),
        ..plan(Pace::Rising { start: 2e4, factor: 30.0, refine: 0 })
    };
    let outcome = check(&plan);
    let rates: Vec<f64> = outcome.steps.iter().map(|step| step.offered_rate).collect();
    assert!(rates.windows(2).all(|pair| (pair[1] / pair[0] - 30.0).abs() < 1e-6), "{rates:?}");
    assert!(rates.len() <= 3, "the third rate is 18 million a second");
}

#[test]
fn the_knee_is_closed_in_on_between_the_last_two_rates() {
    // A thousand times as much from the first step to the second, which is beyond any machine.
    let plan = Plan {
        give_up: Duration::from_millis(500),
        ..plan(Pace::Rising { start: 2e4, factor: 1e3, refine: 4 })
    };
    let outcome = check(&plan);
    let knee = outcome.knee.expect("rising steps have a knee");
    let (Some(held), Some(broke)) = (knee.held, knee.broke) else { panic!("{knee:?}") };
    let rates: Vec<f64> = outcome.steps.iter().map(|step| step.offered_rate).collect();
    assert_eq!(rates.len(), 2 + 4, "{rates:?}");
    // Four halvings by ratio: the sixteenth root of a thousand lies between.
    assert!((broke / held / 1e3f64.powf(1.0 / 16.0) - 1.0).abs() < 1e-6, "{knee:?}");
    for step in &outcome.steps {
        let below = step.offered_rate <= held;
        assert!(below || step.offered_rate >= broke, "{rates:?}");
        assert!(step.offered_rate != held || step.verdict == Verdict::Held);
    }
    assert_eq!(outcome.at_knee().map(|step| step.offered_rate), Some(held));
}

#[test]
fn histograms_of_all_steps_are_written_and_read_back() {
    let outcome = check(&plan(Pace::Fixed(4_000.0)));
    let (step, mut log, mut read) = (&outcome.steps[0], Vec::new(), std::collections::BTreeMap::new());
    outcome.hlog(&mut log).expect("a vector takes everything");
    assert_eq!(read_log(&log, &mut read).expect("sound"), 3);
    assert_eq!(read["response.4000"].len(), step.sent);
    assert_eq!(read["service.4000"].value_at_quantile(0.99), step.service_ns.p99);
    assert_eq!(read["release.4000"].len(), step.release_ns.count);
    let hgrm = outcome.hgrm();
    assert!(
        hgrm.trim_start().starts_with("Value")
            && hgrm.contains(&format!("Total count    = {:12}", step.sent))
    );
}

#[test]
fn plans_that_make_no_sense_are_refused() {
    let refused = |plan: Plan, needle: &str| {
        let told = try_bench(TINY, &plan).expect_err(needle).to_string();
        assert!(told.contains(needle), "{told}");
    };
    let fixed = plan(Pace::Fixed(1_000.0));
    refused(Plan { workers: 0, ..fixed.clone() }, "worker");
    refused(Plan { step: Duration::ZERO, ..fixed.clone() }, "longer than nothing");
    refused(Plan { fill: Fill::Share(1.5), ..fixed }, "share");
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        refused(plan(Pace::Fixed(rate)), "rate");
    }
    refused(plan(Pace::Fixed(1e12)), "make the step shorter");
    refused(plan(Pace::Rising { start: 1.0, factor: 1.0, refine: 0 }), "factor");
}

#[test]
fn an_interruption_ends_with_what_was_measured() {
    let scenario = Scenario::from_str(TINY, "tiny.toml").expect("a sound scenario");
    let stop = Arc::new(AtomicBool::new(false));
    let raise = Arc::clone(&stop);
    let endless = Plan { step: Duration::from_secs(60), ..plan(Pace::Fixed(2_000.0)) };
    let signal = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(900));
        raise.store(true, Ordering::Relaxed);
    });
    let outcome =
        load::run(&scenario, Path::new(""), None, &endless, &stop, check_step).expect("a sound plan");
    signal.join().unwrap();
    assert!(outcome.cut_short && outcome.conserved);
    assert_eq!(outcome.steps[0].verdict, Verdict::Interrupted);
    assert!(outcome.steps[0].sent > 0 && outcome.steps[0].unsent > 0);
}

#[test]
fn the_command_prints_text_or_json_and_tells_by_its_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.toml");
    std::fs::write(&path, TINY).unwrap();
    let bench = |args: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
        command.args(["bench", "load"]).arg(&path).args(["--warmup", "0s"]).args(args);
        command.output().unwrap()
    };
    let done = bench(&["--rate", "2000", "--step", "50ms", "--json", "--workers", "2"]);
    assert_eq!(done.status.code(), Some(0), "{}", String::from_utf8_lossy(&done.stderr));
    let json: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(json["schema"], load::LOAD_SCHEMA);
    assert_eq!(json["objectives"][0], "p99 <= 1ms");
    assert_eq!(json["steps"][0]["response_ns"]["count"], json["steps"][0]["sent"]);
    let (hgrm, hlog) = (dir.path().join("knee.hgrm"), dir.path().join("all.hlog"));
    let files = ["--hgrm", hgrm.to_str().unwrap(), "--hlog", hlog.to_str().unwrap()];
    let written = bench(&[&["--rate", "2000", "--step", "50ms"], &files[..]].concat());
    assert_eq!(written.status.code(), Some(0), "{}", String::from_utf8_lossy(&written.stderr));
    assert!(std::fs::read_to_string(&hgrm).unwrap().contains("Percentile"));
    assert!(std::fs::read_to_string(&hlog).unwrap().contains("Tag=response.2000,"));
    let several = bench(&["--rate", "2000", "--step", "50ms", "--workers", "1,2,3"]);
    assert_eq!(several.status.code(), Some(0), "{}", String::from_utf8_lossy(&several.stderr));
    let text = String::from_utf8(several.stdout).unwrap();
    assert_eq!(text.matches("bench load").count(), 3);
    let table: Vec<&str> = text.lines().rev().take(4).collect();
    assert!(table[3].contains("most answers/s") && table[2].trim_start().starts_with('1'), "{text}");
    let broke = bench(&["--rate", "2000", "--step", "50ms", "--objective", "max=1us"]);
    assert_eq!(broke.status.code(), Some(1), "a single step that breaks what was asked for");
    assert!(String::from_utf8(broke.stdout).unwrap().contains("broke: max was"));
    for (args, needle) in [
        (vec!["--objective", "p95=1ms"], "p99.9 or max"),
        (vec!["--step", "forever"], "for ever"),
        (vec!["--rate", "0"], "rate"),
        (vec!["--workers", "1,2", "--hgrm", "x.hgrm"], "one number of --workers"),
        (vec!["--rate", "9", "--step", "50ms", "--hlog", "no/such/folder/x.hlog"], "cannot write"),
        (vec!["--trace", "none.csv"], "--trace"),
    ] {
        let refused = bench(&args);
        assert_eq!(refused.status.code(), Some(2), "{args:?}");
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(told.contains(needle) && !told.contains("panicked"), "{args:?}: {told}");
    }
}

#[test]
#[cfg(unix)]
fn ctrl_c_ends_the_command_with_130() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tiny.toml");
    std::fs::write(&path, TINY).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_packyard"));
    command.args(["bench", "load"]).arg(&path).args(["--rate", "500", "--step", "3000s", "--json"]);
    let child = command.stdout(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the outcome is whole");
    assert_eq!(json["cut_short"], true);
}
