//! Hosts that fail, are noticed, mended and drained, as a whole run shows it. Rules are cited where they are shown.

use std::collections::BTreeMap;
use std::path::Path;

use packyard::model::{HostIx, SimTime};
use packyard::scenario::Scenario;
use packyard::sim::{Go, Happened, NodeReport, Observer, Simulation, Summary};

/// Everything that happened, as text, with the moment in seconds.
#[derive(Default)]
struct Diary(Vec<(f64, String)>);

impl Observer for Diary {
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        self.0.push((at.as_secs_f64(), format!("{what:?}")));
    }
}

impl Diary {
    /// Moments of what begins with these words.
    fn moments(&self, what: &str) -> Vec<f64> {
        self.0.iter().filter(|(_, text)| text.starts_with(what)).map(|(at, _)| *at).collect()
    }

    fn count(&self, what: &str) -> usize {
        self.moments(what).len()
    }
}

fn run(text: &str) -> (Summary, Diary) {
    let scenario = Scenario::from_str(text, "test.toml").unwrap_or_else(|error| panic!("{error}"));
    let simulation = Simulation::new(&scenario, Path::new("."), None).expect("it can be built");
    let mut diary = Diary::default();
    let summary = simulation.run_observed(None, &mut diary, |_| Go::On).expect("no trace");
    (summary, diary)
}

fn nodes(summary: &Summary) -> &NodeReport {
    summary.nodes.as_ref().expect("hosts are part of the scenario")
}

/// One zone of `hosts` hosts, `per_hour` instances an hour of the type in `mix` for ever, and these events.
fn cloud(hosts: u32, mix: &str, extra: &str, events: &[(&str, &str)]) -> String {
    let mut text = format!(
        r#"
duration = "1d"
policy = "best-fit"
{extra}
[[pools]]
name = "main"
zone = "cn-hangzhou-g"
class = "ddh.g5"
hosts = {hosts}
hosts_per_rack = 2
[[workloads]]
name = "w"
lifetime = {{ distribution = "forever" }}
mix = [{mix}]
arrivals = {{ rate = "30/h" }}
"#
    );
    for (at, action) in events {
        text += &format!("[[events]]\nat = \"{at}\"\ndo = \"{action}\"\n");
    }
    text
}

const TIMES: &str = "
[control_plane]
boot = { distribution = \"constant\", value = \"20s\" }
clone_setup = { distribution = \"constant\", value = \"1s\" }
api_service = { distribution = \"constant\", value = \"1ms\" }
schedule_service = { distribution = \"constant\", value = \"1ms\" }
";

const LARGE: &str = "{ type = \"ecs.g5.large\" }";

#[test]
fn a_failure_is_noticed_after_the_missed_heartbeats_and_instances_boot_elsewhere() {
    let failures = format!("{TIMES}[failures]\nheartbeat = \"10s\"\nmissed = 6\n");
    let (summary, diary) = run(&cloud(6, LARGE, &failures, &[("1h", "fail host 1 of main for 3h")]));
    let (failed, noticed) = (diary.moments("HostFailed"), diary.moments("HostNoticed"));
    assert_eq!(failed, [3_600.0]);
    assert!((3_650.0..3_660.0).contains(&noticed[0]), "5 to 6 heartbeats later: {noticed:?}");
    assert_eq!(diary.moments("HostBack"), [4.0 * 3_600.0]);
    let report = nodes(&summary);
    assert!(report.went_down > 20, "best fit fills the first host: {report:?}");
    assert_eq!((report.recovered_elsewhere, report.recovered_in_place), (report.went_down, 0));
    assert_eq!((report.down, report.tries_without_room), (0, 0));
    // Four start slots at a time and no clone: with n instances the last is back after ceil(n / 4) boots.
    let rounds = (report.went_down as f64 / 4.0).ceil();
    let last = diary.moments("RunsAgain").into_iter().fold(0.0, f64::max);
    assert!(last - noticed[0] <= 20.0 * rounds + 1e-6, "{last} {rounds} {report:?}");
    assert!(report.downtime_us.p50 >= 70_000_000, "notice and boot: {report:?}");
}

#[test]
fn without_room_an_instance_stays_down_tries_with_growing_distances_and_comes_back_with_a_host() {
    let failures = format!("{TIMES}[failures]\nretry = \"30s\"\nretry_at_most = \"4min\"\n");
    let events = [("2h", "fail pool main"), ("5h", "repair host 2 of main")];
    let (summary, diary) = run(&cloud(3, LARGE, &failures, &events).replace("30/h", "8/h"));
    let report = nodes(&summary);
    assert_eq!((report.host_failures, report.hosts_down, report.peak_hosts_down), (3, 2, 3));
    let back = report.recovered_elsewhere + report.recovered_in_place;
    assert_eq!((back, report.down), (report.went_down, 0), "{report:?}");
    assert_eq!(summary.requests.rejected_by_code[0].code, "OperationDenied.NoStock");
    // One instance: 30 s, 1 min, 2 min, 4 min, 4 min ..
    let first = diary.0.iter().find(|(_, text)| text.starts_with("NoPlace")).expect("no room").1.clone();
    let tries = diary.moments(&first);
    let gaps: Vec<f64> = tries.windows(2).map(|pair| (pair[1] - pair[0]).round()).collect();
    assert_eq!(gaps[..5], [30.0, 60.0, 120.0, 240.0, 240.0]);
    assert!(tries.len() > 30 && tries.last().unwrap() < &(5.0 * 3_600.0 + 1.0));
}

#[test]
fn a_failure_that_nobody_noticed_restarts_in_place_and_new_instances_wait_with_it() {
    let failures = format!("{TIMES}[failures]\nheartbeat = \"10s\"\nmissed = 60\n");
    let (summary, diary) = run(&cloud(1, LARGE, &failures, &[("1h", "fail host 1 of main for 9min")]));
    assert_eq!((diary.count("HostFailed"), diary.count("HostNoticed"), diary.count("HostBack")), (1, 0, 1));
    let report = nodes(&summary);
    assert_eq!((report.recovered_in_place, report.recovered_elsewhere), (report.went_down, 0));
    assert!(
        report.went_down > report.downtime_us.count,
        "some were created on the dead host and had not run"
    );
    assert!(report.downtime_us.p50 > 540_000_000, "{report:?}");
}

#[test]
fn instances_with_local_disks_wait_for_their_host_unless_the_scenario_gives_their_data_up() {
    // DISK-71, DISK-72: data on local disks are lost by a failover, and nobody is moved without being asked.
    let text = |recover: &str| {
        let failures =
            format!("{TIMES}wipe_bandwidth = \"1GiB/s\"\n[failures]\nrecover_local_disks = \"{recover}\"\n");
        let store = "[[classes]]\nname = \"store\"\nvcpus = 56\nmemory = \"224GiB\"\nfamilies = [\"ecs.d1\"]\n\
                     local_disks = { count = 12, size = \"5500GiB\", kind = \"hdd\" }\n";
        cloud(
            8,
            "{ type = \"ecs.d1.2xlarge\" }",
            &format!("{failures}{store}"),
            &[("30min", "fail host 1 of main for 2h")],
        )
        .replace("ddh.g5", "store")
        .replace("30/h", "20/h")
    };
    let (waits, _) = run(&text("in-place"));
    let report = nodes(&waits);
    assert!(report.went_down > 0);
    assert_eq!((report.recovered_in_place, report.recovered_elsewhere), (report.went_down, 0));
    assert!(report.downtime_us.p50 >= 7_200_000_000 && report.places_wiped == 0);
    let (moves, _) = run(&text("elsewhere"));
    let report = nodes(&moves);
    assert_eq!((report.recovered_in_place, report.recovered_elsewhere), (0, report.went_down));
    assert_eq!(report.places_wiped, report.went_down, "the place that was left is wiped first");
}

#[test]
fn a_place_with_local_disks_is_free_only_when_they_are_wiped() {
    let store = "[[classes]]\nname = \"store\"\nvcpus = 56\nmemory = \"224GiB\"\nfamilies = [\"ecs.d1\"]\n\
                 local_disks = { count = 12, size = \"5500GiB\", kind = \"hdd\" }\n";
    let text = |wipe: &str| {
        cloud(1, "{ type = \"ecs.d1.6xlarge\" }", &format!("{TIMES}{wipe}{store}"), &[])
            .replace("ddh.g5", "store")
            .replace("forever\"", "constant\", value = \"10min\"")
    };
    let (without, _) = run(&text(""));
    assert!(without.nodes.is_none());
    // 5,500 GiB at 1 GiB/s are 5,500 s on all disks at once: an instance every 102 minutes at most.
    let (with, diary) = run(&text("wipe_bandwidth = \"1GiB/s\"\n"));
    assert!(
        with.requests.created * 5 < without.requests.created,
        "{} {}",
        with.requests.created,
        without.requests.created
    );
    let (created, gone) = (diary.moments("Created"), diary.moments("Released"));
    for (gone, next) in gone.iter().zip(&created[1..]) {
        assert!(next - gone >= 5_500.0, "{gone} {next}");
    }
    assert_eq!(
        nodes(&with).places_wiped,
        gone.len() as u64 - u64::from(86_400.0 - gone.last().unwrap() < 5_500.0)
    );
}

#[test]
fn windows_boots_by_its_own_law_and_so_does_a_family() {
    let boots = format!(
        "{TIMES}boots = [{{ os = \"windows\", boot = {{ distribution = \"constant\", value = \"90s\" }} }}, \
         {{ type = \"ecs.g5.xlarge\", boot = {{ distribution = \"constant\", value = \"5s\" }} }}]\n"
    );
    let windows = "win2019_64_dtc_1809_en-us_40G_alibase_20190816.vhd";
    for (mix, boot) in [
        (LARGE.to_owned(), 20),
        ("{ type = \"ecs.g5.xlarge\" }".to_owned(), 5),
        (format!("{{ type = \"ecs.g5.xlarge\", image = \"{windows}\" }}"), 90),
    ] {
        let (summary, _) = run(&cloud(60, &mix, &boots, &[]));
        let stage = summary.simulated_latency_us.iter().find(|stage| stage.stage == "boot").expect("a stage");
        let p50 = stage.percentiles.p50 as f64 / 1e6;
        assert!((p50 - f64::from(boot)).abs() < 0.1, "{mix}: {p50}");
    }
}

#[test]
fn a_node_controller_that_is_known_to_be_down_is_unavailable_and_one_that_is_back_is_not() {
    // R69: the request names a host; once the failure is noticed the answer is NodeControllerUnavailable.
    let mix = "{ type = \"ecs.g5.large\", params = { NodeControllerId = \"nc-cn-hangzhou-g-2\" } }";
    let failures = format!("{TIMES}[failures]\nrecover = \"in-place\"\n");
    let text = cloud(4, mix, &failures, &[("1h", "fail host 2 of main for 40min")]);
    let (summary, diary) = run(&text.replace("\"forever\"", "\"constant\", value = \"30min\""));
    let codes = &summary.requests.rejected_by_code;
    assert_eq!((codes[0].status, codes[0].code.as_str()), (403, "NodeControllerUnavailable"));
    let during = |at: &f64| (3_660.0..6_000.0).contains(at);
    let refused: Vec<f64> = diary
        .0
        .iter()
        .filter(|(_, text)| text.contains("NodeControllerUnavailable"))
        .map(|(at, _)| *at)
        .collect();
    assert_eq!(refused.len() as u64, codes[0].count);
    assert!(refused.iter().all(during), "{refused:?}");
    assert!(!diary.moments("Created").iter().any(during), "nobody is placed there in that time");
    assert!(diary.moments("Created").iter().any(|at| *at > 6_000.0), "and again afterwards");
    let on_other =
        diary.0.iter().filter(|(_, text)| text.starts_with("Created") && !text.contains("HostIx(1)"));
    assert_eq!(on_other.count(), 0);
}

/// A full set over `hosts` hosts, one of which fails.
fn set_of_seven(hosts: u32, on_unable: &str) -> (Summary, Diary) {
    let mix = "{ type = \"ecs.g5.large\", params = { DeploymentSetId = \"ds-1\" } }";
    let set = format!(
        "{TIMES}[world.deployment_sets.ds-1]\nregion = \"cn-hangzhou\"\non_unable_to_redeploy = \"{on_unable}\"\n"
    );
    run(&cloud(hosts, mix, &set, &[("10h", "fail host 3 of main for 2h")]))
}

#[test]
fn a_member_of_a_set_keeps_the_rule_leaves_the_set_or_stays_stopped() {
    // DEP-41: another server that keeps the rule.
    let (summary, _) = set_of_seven(8, "CancelMembershipAndStart");
    let report = nodes(&summary);
    assert_eq!((report.went_down, report.recovered_elsewhere, report.left_their_set), (1, 1, 0));
    // DEP-10, DEP-11: after the failure the set is as full as before.
    assert_eq!(summary.requests.created, 7);
    assert_eq!(summary.requests.rejected_by_code[0].code, "QuotaExceed.DeploymentSetInstanceQuotaFull");

    // No such server: it leaves the set and starts, and its place in the set is taken by the next request.
    let (summary, diary) = set_of_seven(7, "CancelMembershipAndStart");
    let report = nodes(&summary);
    assert_eq!((report.went_down, report.recovered_elsewhere, report.left_their_set), (1, 1, 1));
    assert_eq!((diary.count("LeftSet"), summary.requests.created), (1, 8));

    // KeepStopped: it stays down until the host is back.
    let (summary, _) = set_of_seven(7, "KeepStopped");
    let report = nodes(&summary);
    assert_eq!((report.left_their_set, report.down, summary.requests.created), (0, 0, 7));
    assert!(report.downtime_us.max >= 7_200_000_000 && report.tries_without_room > 10);
}

#[test]
fn a_host_is_emptied_by_live_migration_and_both_ends_are_claimed_meanwhile() {
    let slow =
        format!("{TIMES}[maintenance]\nbandwidth = \"64MiB/s\"\ndirty_rate = \"1MiB/s\"\nper_host = 2\n");
    let mix = "{ type = \"ecs.g5.2xlarge\" }";
    let (summary, diary) =
        run(&cloud(6, mix, &slow, &[("20min", "drain host 1 of main for 1h")]).replace("30/h", "12/h"));
    let moves = &nodes(&summary).migrations;
    assert!(moves.done >= 2 && moves.begun == moves.done, "{moves:?}");
    // 32 GiB at 64 MiB/s are 512 s, and the rounds after it.
    assert!((512_000_000..620_000_000).contains(&moves.copy_us.p50), "{moves:?}");
    assert!(moves.pause_us.max < 1_100_000, "{moves:?}");
    // Two at a time: the n-th pair ends n copies after the start.
    let (begun, moved) = (diary.moments("MoveBegun"), diary.moments("Moved"));
    for at in 2..begun.len() {
        assert!(begun[at] >= moved[at - 2], "{begun:?} {moved:?}");
    }
    let (closed, empty, opened) =
        (diary.moments("HostClosed"), diary.moments("HostEmpty"), diary.moments("HostOpened"));
    assert_eq!(
        (closed[0], (opened[0] - empty[0]).round()),
        (1_200.0, 3_600.0),
        "the work begins when the host is empty"
    );
    assert_eq!(empty[0], *moved.last().unwrap());
    assert_eq!(nodes(&summary).went_down, 0, "nobody noticed");
    let placed = diary.0.iter().filter(|(at, text)| {
        text.starts_with("Created") && text.contains("HostIx(0)") && (closed[0]..opened[0]).contains(at)
    });
    assert_eq!(placed.count(), 0, "a closed host takes nothing");
}

#[test]
fn racks_are_drained_one_after_the_other_and_what_cannot_move_is_stopped_for_the_work() {
    // Two racks of two hosts, all full of instances that fill a host: nothing can move.
    let rules = format!("{TIMES}[maintenance]\npatience = \"30min\"\nretry = \"10min\"\n");
    let mix = "{ type = \"ecs.g5.16xlarge\" }";
    let (summary, diary) = run(&cloud(4, mix, &rules, &[("6h", "drain pool main rack by rack for 20min")]));
    let report = nodes(&summary);
    assert_eq!((report.hosts_emptied, report.hosts_worked_on, report.stopped_for_work), (0, 4, 4));
    assert_eq!((report.recovered_in_place, report.went_down, report.down), (4, 4, 0));
    assert!(report.migrations.tries_without_room >= 12 && report.migrations.begun == 0);
    assert_eq!(diary.moments("HostClosed"), [21_600.0, 21_600.0, 24_600.0, 24_600.0]);
    assert_eq!(diary.moments("HostOpened"), [24_600.0, 24_600.0, 27_600.0, 27_600.0]);
    // 20 minutes of work, then the boot.
    assert!((1_219_000_000..1_222_000_000).contains(&report.downtime_us.p50), "{report:?}");
}

#[test]
fn a_repair_ends_a_rolling_drain_and_a_failure_without_an_end() {
    let events = [
        ("2h", "fail rack 2 of main"),
        ("3h", "drain pool main rack by rack for 5h"),
        ("4h", "repair pool main"),
    ];
    let (summary, diary) = run(&cloud(8, LARGE, TIMES, &events));
    assert_eq!((diary.count("HostFailed"), diary.count("HostBack"), nodes(&summary).hosts_down), (2, 2, 0));
    assert_eq!(diary.moments("HostClosed"), [10_800.0; 2], "the second rack's turn never came");
    assert_eq!(diary.moments("HostOpened"), [14_400.0; 2]);
}

#[test]
fn failures_come_as_often_as_the_law_says_and_are_the_same_under_every_policy() {
    let text = |policy: &str, law: &str| {
        let failures = format!(
            "[failures]\nbetween = {{ {law} }}\nrepair = {{ distribution = \"constant\", value = \"2h\" }}\n"
        );
        cloud(300, LARGE, &failures, &[])
            .replace("best-fit", policy)
            .replace("1d", "200d")
            .replace("30/h", "1/d")
    };
    let exponential = "distribution = \"exponential\", mean = \"100d\"";
    let weibull = "distribution = \"weibull\", shape = 1.5, mean = \"100d\"";
    let failed = |diary: &Diary| -> Vec<(String, String)> {
        let hosts =
            diary.0.iter().filter(|(_, text)| text.starts_with("HostFailed") || text.starts_with("HostBack"));
        hosts.map(|(at, text)| (at.to_string(), text.clone())).collect()
    };
    let (summary, best) = run(&text("best-fit", exponential));
    // 300 hosts for 200 days at one in 100 days: 600, give or take 3 standard deviations of 24.5.
    let count = nodes(&summary).host_failures;
    assert!((527..=673).contains(&count), "{count}");
    assert_eq!(failed(&best), failed(&run(&text("worst-fit", exponential)).1));
    let (summary, diary) = run(&text("first-fit", weibull));
    // New hosts wear in: fewer than 600 in the first two means, by renewal theory about 570.
    let count = nodes(&summary).host_failures;
    assert!((500..=640).contains(&count), "{count}");
    let mut gaps: BTreeMap<String, f64> = BTreeMap::new();
    for (at, text) in &diary.0 {
        if text.starts_with("HostFailed") {
            gaps.insert(text.clone(), *at);
        } else if let Some(failed) = gaps.get(&text.replace("HostBack", "HostFailed"))
            && text.starts_with("HostBack")
        {
            assert!((at - failed - 7_200.0).abs() < 1e-3, "every repair takes two hours");
        }
    }
    assert_eq!(failed(&diary), failed(&run(&text("worst-fit", weibull)).1));
}

/// Which set each request is for, and where its instance is.
struct Sets {
    set_of_template: Vec<Option<usize>>,
    set_of: BTreeMap<u64, usize>,
    at: BTreeMap<u64, Vec<HostIx>>,
    moved: usize,
}

impl Observer for Sets {
    fn happened(&mut self, _: SimTime, what: &Happened<'_>) {
        match *what {
            Happened::Created { number, template, host, .. } => {
                if let Some(set) = self.set_of_template[template as usize] {
                    self.set_of.insert(number, set);
                    self.stand(number, vec![host]);
                }
            }
            Happened::MoveBegun { number, from, to } => self.stand(number, vec![from, to]),
            Happened::Moved { number, to, .. } => {
                self.moved += usize::from(self.set_of.contains_key(&number));
                self.stand(number, vec![to]);
            }
            Happened::Released { number, .. } => {
                self.at.remove(&number);
            }
            Happened::Down { .. } | Happened::MoveCut { .. } => panic!("nobody is stopped or cut: {what:?}"),
            _ => {}
        }
    }
}

impl Sets {
    fn stand(&mut self, number: u64, hosts: Vec<HostIx>) {
        let Some(set) = self.set_of.get(&number) else { return };
        for (other, theirs) in
            self.at.iter().filter(|(other, _)| **other != number && self.set_of[other] == *set)
        {
            assert!(
                hosts.iter().all(|host| !theirs.contains(host)),
                "{number} and {other} of set {set} meet"
            );
        }
        self.at.insert(number, hosts);
    }
}

#[test]
fn rolling_maintenance_empties_every_host_and_breaks_no_set() {
    // DEP-1: every instance of a set sits on a different physical server, also while some of them move.
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/rolling-maintenance.toml");
    let scenario = Scenario::load(&path).expect("a shipped scenario");
    let simulation = Simulation::new(&scenario, path.parent().unwrap(), None).expect("it can be built");
    // Templates come in the order of the mixes: four plain ones, then one a set.
    let set_of_template = (0..16).map(|at: usize| at.checked_sub(4)).collect();
    let mut sets = Sets { set_of_template, set_of: BTreeMap::new(), at: BTreeMap::new(), moved: 0 };
    let summary = simulation.run_observed(None, &mut sets, |_| Go::On).expect("no trace");
    let report = nodes(&summary);
    assert_eq!((report.hosts_emptied, report.hosts_worked_on, report.stopped_for_work), (48, 48, 0));
    assert_eq!((report.went_down, report.left_their_set, report.migrations.under_way), (0, 0, 0));
    assert!(sets.moved > 60 && sets.set_of.len() > 150, "{} {}", sets.moved, sets.set_of.len());
    let full = "QuotaExceed.DeploymentSetInstanceQuotaFull";
    assert_eq!(summary.requests.rejected_by_code[0].code, full, "full sets move too");
}

#[test]
fn a_zone_outage_takes_everybody_down_and_brings_everybody_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/zone-outage.toml");
    let scenario = Scenario::load(&path).expect("a shipped scenario");
    let simulation = Simulation::new(&scenario, path.parent().unwrap(), None).expect("it can be built");
    let summary = simulation.run(None, |_| Go::On).expect("no trace");
    let report = nodes(&summary);
    assert_eq!((report.peak_hosts_down, report.down), (72, 0));
    assert!(report.peak_down > 1_000 && report.tries_without_room > 10_000, "{report:?}");
    assert!(report.downtime_us.p50 >= 7_200_000_000, "{report:?}");
    assert!(report.downtime_us.max < 3 * 3_600_000_000, "{report:?}");
}
