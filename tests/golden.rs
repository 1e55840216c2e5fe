//! Golden digests of the shipped scenarios (DESIGN "Determinism"): `tests/golden/digests.txt` holds them. A change that moves one
//! must say why in its commit and in the changelog.

use std::path::Path;

use packyard::scenario::Scenario;
use packyard::sim::{Go, Simulation, Summary};

fn run(name: &str, overrides: &[(&str, &str)]) -> Summary {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(name).with_extension("toml");
    let overrides: Vec<(String, String)> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let scenario = Scenario::load_with(&path, &overrides).expect("shipped scenarios are sound");
    let simulation =
        Simulation::new(&scenario, path.parent().unwrap(), None).expect("shipped scenarios can be built");
    let summary = simulation.run(None, |_| Go::On).expect("shipped traces are whole");
    let counts = &summary.requests;
    assert_eq!(
        counts.created + counts.rejected + counts.replayed,
        counts.total,
        "every request has one answer"
    );
    assert_eq!(counts.unanswered, 0);
    assert_eq!(counts.created - counts.released, counts.live);
    assert_eq!(counts.rejected_by_code.iter().map(|code| code.count).sum::<u64>(), counts.rejected);
    summary
}

fn golden(name: &str) -> String {
    let lines = include_str!("golden/digests.txt").lines();
    let mut pairs = lines.filter_map(|line| line.split_once(' '));
    let (_, digest) = pairs.find(|(known, _)| *known == name).expect("the scenario has a golden digest");
    digest.trim().to_owned()
}

#[test]
fn quickstart_is_golden_and_keeps_its_promises() {
    let summary = run("quickstart", &[]);
    assert_eq!(summary.run.digest, golden("quickstart"));
    assert!(summary.requests.total >= 200_000, "{}", summary.requests.total);
    assert_eq!(summary.zones.len(), 5);
    assert!(summary.requests.rejected_by_code.iter().any(|code| code.code == "OperationDenied.NoStock"));
    assert!(summary.requests.rejected_by_code.len() > 10, "some requests are wrong on purpose");
}

#[test]
fn another_seed_is_another_run() {
    let first = run("quickstart", &[("duration", "12h")]);
    let again = run("quickstart", &[("duration", "12h")]);
    let other = run("quickstart", &[("duration", "12h"), ("seed", "43")]);
    assert_eq!(first.run.digest, again.run.digest);
    assert_ne!(first.run.digest, other.run.digest);
    assert_ne!(first.requests.total, other.requests.total);
}

#[test]
fn azure_2017_is_golden_on_its_nearly_full_fleet() {
    let summary = run("azure-2017", &[]);
    assert_eq!(summary.run.digest, golden("azure-2017"));
    assert_eq!(summary.requests.total, 259_159);
    assert!(summary.requests.rejected > 0 && summary.requests.rejected < 1_000, "nearly filled");
    assert!(summary.zones[0].vcpu_peak > 0.98);
}

#[test]
fn azure_2017_with_room_for_all_has_the_published_peaks() {
    let summary = run("azure-2017", &[("pools.0.hosts", "2000")]);
    assert_eq!((summary.requests.total, summary.requests.created), (259_159, 259_159));
    assert_eq!(summary.peaks.instances, 20_272);
    assert_eq!(summary.peaks.vcpus, 44_122.0);
    assert_eq!(summary.peaks.memory_gib.round(), 112_828.0);
    // The releases are the trace's ends: every `U`, no `C`.
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("data/traces/azure-v1-2017/v1.dev.c2100000.txt.zst");
    let text = zstd::decode_all(std::fs::File::open(file).unwrap()).unwrap();
    let ended = text.iter().filter(|byte| **byte == b'U').count() as u64;
    let running = text.iter().filter(|byte| **byte == b'C').count() as u64;
    assert_eq!((summary.requests.released, summary.requests.live), (ended, running));
}

#[test]
fn million_hosts_is_golden() {
    let summary = run("million-hosts", &[]);
    assert_eq!(summary.run.digest, golden("million-hosts"));
    assert!(summary.requests.total >= 1_000_000);
    assert_eq!(summary.packing.hosts, 1_000_000);
}

#[test]
fn spot_scenarios_are_golden_and_show_what_they_promise() {
    let fleet = run("spot-fleet", &[]);
    assert_eq!(fleet.run.digest, golden("spot-fleet"));
    let market = fleet.spot.expect("a market");
    assert!(market.interruptions.price > 0 && market.interruptions.stock > 0 && market.saving > 0.2);
    assert_eq!(market.survival_at[0].share, 1.0, "everybody lives for an hour");
    assert!(market.fleets[2].stood_in > 0);

    let predicted = run("spot-headroom", &[]);
    assert_eq!(predicted.run.digest, golden("spot-headroom"));
    let none = run("spot-headroom", &[("spot.headroom.policy", "none")]).spot.expect("a market");
    let predicted = predicted.spot.expect("a market");
    assert!(predicted.regular.no_room * 10 < none.regular.no_room, "headroom saves regular requests");
    assert!(predicted.instance_hours < none.instance_hours, "and costs spot hours");

    let replay = run("spot-replay", &[]);
    assert_eq!(replay.run.digest, golden("spot-replay"));
    let fleets = replay.spot.expect("a market").fleets;
    assert!(fleets[0].interrupted > fleets[1].interrupted && fleets[2].interrupted == 0);
}

#[test]
fn burstable_credits_is_golden_and_shows_what_it_says() {
    let summary = run("burstable-credits", &[]);
    assert_eq!(summary.run.digest, golden("burstable-credits"));
    let (billing, credits) = (summary.billing.unwrap(), summary.credits.unwrap());
    assert!(billing.fell_overdue == 1 && billing.stopped_overdue > 0, "a customer runs dry");
    assert_eq!(billing.restored, billing.stopped_overdue, "and comes back");
    assert!(billing.renewed > 0 && billing.released_expired > 0, "subscriptions renew themselves or end");
    assert!(credits.throttled_instances > 0 && credits.overdrawn > 0.0 && credits.advance_charged > 0.0);
    assert!(summary.contention.unwrap().hosts_with_steal > 0);
    assert!(summary.clients.unwrap().served_elsewhere > 0, "another zone or type");
}

#[test]
fn dedicated_hosts_is_golden_and_shows_what_affinity_does() {
    let summary = run("dedicated-hosts", &[]);
    assert_eq!(summary.run.digest, golden("dedicated-hosts"));
    let refused = |summary: &Summary, workload: &str| {
        let restarts = &summary.operations.as_ref().expect("it has operations").restarts;
        restarts.iter().find(|one| one.workload == workload).expect("it stops").refused
    };
    let (pinned, loose) = (refused(&summary, "pinned"), refused(&summary, "loose"));
    assert!(pinned > loose, "{pinned} and {loose}");
    let free = run("dedicated-hosts", &[("workloads.pinned.params.Affinity", "default")]);
    assert!(refused(&free, "pinned") < pinned);
}

#[test]
fn disk_pool_exhaustion_is_golden_and_reuse_keeps_the_pool_from_filling() {
    let summary = run("disk-pool-exhaustion", &[]);
    assert_eq!(summary.run.digest, golden("disk-pool-exhaustion"));
    let operations = summary.operations.expect("it has operations");
    assert!(operations.pool_refusals > 100);
    assert!(operations.disk_pools[0].sold_peak > 0.999 && operations.disk_pools[0].peak_overcommit > 1.4);
    assert!(operations.disk_pools[1].sold_peak < 0.5, "the other pools stay flat");
    let reused = run("disk-pool-exhaustion", &[("workloads.databases.operations.reuse_disks", "true")]);
    assert_eq!(reused.operations.expect("it has operations").pool_refusals, 0);
}

#[test]
fn hosts_that_fail_and_hosts_that_are_drained_are_golden() {
    for name in ["zone-outage", "rolling-maintenance"] {
        let summary = run(name, &[]);
        assert_eq!(summary.run.digest, golden(name), "{name}");
    }
}
