use super::*;
use std::collections::BTreeMap;

const PLAIN: &str = r#"
    [[workloads]]
    name = "web"
    arrivals = { rate = "600/h" }
    lifetime = { distribution = "exponential", mean = "1h" }
    mix = [{ type = "ecs.g5.large", weight = 3 }, { type = "ecs.c5.xlarge" }]
"#;

fn with(line: &str) -> String {
    format!("{PLAIN}{line}\n")
}

/// A workload of one type with the arrivals that `arrivals` says.
fn arriving(arrivals: &str, seed: u64, days: u64) -> Vec<Arrival> {
    let text = format!(
        "[[workloads]]\nname = \"w\"\nlifetime = {{ distribution = \"forever\" }}\n\
         mix = [{{ type = \"ecs.g5.large\" }}]\n[workloads.arrivals]\n{arrivals}\n"
    );
    all(workload(&text, seed, SimDuration(DAY.0 * days))).0
}

fn counts_per(width: u64, arrivals: &[Arrival], windows: usize) -> Vec<f64> {
    let mut counts = vec![0.0; windows];
    for arrival in arrivals {
        counts[(arrival.at.0 / width) as usize] += 1.0;
    }
    counts
}

fn mean_and_dispersion(counts: &[f64]) -> (f64, f64) {
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let variance =
        counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / counts.len() as f64;
    (mean, variance / mean)
}

#[test]
fn the_first_arrivals_of_a_seed_are_pinned_for_ever() {
    let text = with(
        r#"
        accounts = { main = 1, lab = 1 }
        [workloads.faults]
        share = "10%"
        kinds = { bad-name = 1, unknown-type = 1 }
        "#,
    );
    let (arrivals, _) = all(workload(&text, 42, SimDuration::from_secs(3_600)));
    let told: Vec<(u64, u32, End)> =
        arrivals.iter().take(4).map(|arrival| (arrival.at.0, arrival.template, arrival.end)).collect();
    assert_eq!(told, GOLDEN, "a seed's luck must not move unseen");
}

const GOLDEN: [(u64, u32, End); 4] = [
    (768397, 3, End::After(SimDuration(3646491381))),
    (2119926, 6, End::After(SimDuration(447478751))),
    (8101283, 3, End::After(SimDuration(7034078271))),
    (15981931, 2, End::After(SimDuration(2838505643))),
];

#[test]
fn arrivals_come_in_order_and_end_with_the_run() {
    let (arrivals, templates) = all(workload(PLAIN, 1, DAY));
    assert!(arrivals.windows(2).all(|pair| pair[0].at <= pair[1].at));
    assert!(arrivals.iter().all(|arrival| arrival.at.0 < DAY.0));
    assert!(arrivals.iter().all(|arrival| (arrival.template as usize) < templates.len()));
    assert!(arrivals.iter().all(|arrival| matches!(arrival.end, End::After(_))));
    // Nothing but the seed changes the numbers.
    assert_eq!(arrivals, all(workload(PLAIN, 1, DAY)).0);
    assert_ne!(arrivals, all(workload(PLAIN, 2, DAY)).0);
    // A longer run begins like a shorter one.
    let longer = all(workload(PLAIN, 1, SimDuration(2 * DAY.0))).0;
    assert_eq!(arrivals[..], longer[..arrivals.len()]);
}

#[test]
fn a_poisson_process_has_its_rate_and_no_more_spread() {
    let arrivals = arriving("rate = \"600/h\"", 3, 30);
    let (mean, dispersion) = mean_and_dispersion(&counts_per(3_600_000_000, &arrivals, 720));
    assert!((mean - 600.0).abs() < 4.0, "{mean}");
    assert!((0.8..1.2).contains(&dispersion), "{dispersion}");
}

#[test]
fn high_rates_are_not_rounded_away() {
    let arrivals = all(workload(&PLAIN.replace("600/h", "400000/s"), 5, SimDuration::from_secs(1))).0;
    assert!((arrivals.len() as f64 / 400_000.0 - 1.0).abs() < 0.01, "{}", arrivals.len());
}

#[test]
fn a_day_and_a_week_shape_the_rate_and_keep_its_mean() {
    let shaped = "rate = \"600/h\"\nday = { peak_hour = 20, swing = 0.8 }\nweek = { weekend = 0.5 }";
    let arrivals = arriving(shaped, 3, 28);
    let hours = counts_per(3_600_000_000, &arrivals, 28 * 24);
    let (mean, _) = mean_and_dispersion(&hours);
    assert!((mean - 600.0).abs() < 10.0, "{mean}");
    // 20:00 in Hangzhou is 12:00 UTC; count the hour around it on weekdays (Monday is the first day).
    let around = |hour: usize| {
        let weekdays = (0..28).filter(|day| day % 7 < 5);
        weekdays.map(|day| (hours[day * 24 + hour] + hours[day * 24 + hour - 1]) / 2.0).sum::<f64>() / 20.0
    };
    let (peak, trough) = (around(12), around(1));
    assert!((7.0..8.1).contains(&(peak / trough)), "{peak} at the peak, {trough} near the trough");
    let day = |day: usize| hours[day * 24..(day + 1) * 24].iter().sum::<f64>();
    let ratio = (day(5) + day(12) + day(19) + day(26)) / (day(1) + day(8) + day(15) + day(22));
    assert!((0.4..0.7).contains(&ratio), "{ratio}");
}

#[test]
fn a_listed_shape_can_silence_hours() {
    let shape = (0..24).map(|hour| if hour < 12 { "0" } else { "1" }).collect::<Vec<_>>().join(", ");
    let arrivals =
        arriving(&format!("rate = \"60/h\"\nutc_offset_hours = 0\nday = {{ shape = [{shape}] }}"), 3, 10);
    let quiet =
        arrivals.iter().filter(|arrival| (1..11).contains(&(arrival.at.0 / 3_600_000_000 % 24))).count();
    assert_eq!(quiet, 0);
    assert!((arrivals.len() as f64 / 14_400.0 - 1.0).abs() < 0.03, "{}", arrivals.len());
}

#[test]
fn bursts_keep_the_mean_and_spread_the_counts() {
    let bursts = "rate = \"600/h\"\nbursts = { every = \"50min\", length = \"10min\", factor = 10 }";
    let arrivals = arriving(bursts, 3, 60);
    let (mean, dispersion) = mean_and_dispersion(&counts_per(600_000_000, &arrivals, 60 * 144));
    assert!((mean / 100.0 - 1.0).abs() < 0.06, "{mean}");
    assert!(dispersion > 20.0, "{dispersion}");
}

#[test]
fn batches_arrive_at_one_moment_and_keep_the_mean() {
    for batch in ["{ mean = 5 }", "{ sizes = [1, 10], weights = [5, 4] }"] {
        let arrivals = arriving(&format!("rate = \"600/h\"\nbatch = {batch}"), 3, 30);
        let moments = arrivals.chunk_by(|one, other| one.at == other.at).count();
        let size = arrivals.len() as f64 / moments as f64;
        assert!((size - 5.0).abs() < 0.1, "{batch}: mean size {size}");
        assert!((arrivals.len() as f64 / 432_000.0 - 1.0).abs() < 0.02, "{batch}: {}", arrivals.len());
    }
}

#[test]
fn a_batch_asks_for_the_same_unless_told_otherwise() {
    let arrivals = |alike: bool| {
        let batch = format!("rate = \"600/h\", batch = {{ mean = 4, alike = {alike} }}");
        all(workload(&PLAIN.replace("rate = \"600/h\"", &batch), 9, DAY)).0
    };
    let mixed = |arrivals: &[Arrival]| {
        let batches = arrivals.chunk_by(|one, other| one.at == other.at);
        batches.filter(|batch| batch.iter().any(|one| one.template != batch[0].template)).count()
    };
    assert_eq!(mixed(&arrivals(true)), 0);
    assert!(mixed(&arrivals(false)) > 1_000);
    let ends: Vec<End> = arrivals(true).iter().take(8).map(|arrival| arrival.end).collect();
    assert!(ends.windows(2).all(|pair| pair[0] != pair[1]), "lifetimes differ within a batch");
}

#[test]
fn mix_zones_and_accounts_follow_their_weights() {
    let text = with("accounts = { main = 4, lab = 1 }\nzones = { cn-hangzhou-b = 1, cn-hangzhou-g = 2 }");
    let (arrivals, templates) = all(workload(&text, 7, SimDuration(3 * DAY.0)));
    let share = |wanted: &dyn Fn(&Template) -> bool| {
        let hits = arrivals.iter().filter(|arrival| wanted(&templates[arrival.template as usize])).count();
        hits as f64 / arrivals.len() as f64
    };
    let close = |got: f64, exact: f64| assert!((got - exact).abs() < 0.01, "{got} instead of {exact}");
    close(share(&|t| param(t, "InstanceType") == Some("ecs.g5.large")), 0.75);
    close(share(&|t| t.zone == "cn-hangzhou-g" && param(t, "ZoneId") == Some("cn-hangzhou-g")), 2.0 / 3.0);
    close(share(&|t| t.account == AccountIx(0)), 0.8);
    close(share(&|t| t.fault.is_some()), 0.0);
}

#[test]
fn templates_are_flat_requests() {
    let text = r#"
        [[workloads]]
        name = "w"
        region = "us-west-1"
        name_zone = false
        arrivals = { rate = "1/h" }
        image = "win"
        lifetime = { distribution = "forever" }
        system_disk = { category = "cloud_essd", size = "100GiB", performance_level = "PL1" }
        params = { InstanceChargeType = "PostPaid", "Tag.1.Key" = "team" }
        accounts = { lab = 1 }
        [[workloads.mix]]
        type = "ecs.g5.large"
        data_disks = [{ size = "40GiB", count = 2 }, { category = "cloud_ssd", size = "20GiB" }]
        params = { "Tag.1.Key" = "web", VSwitchId = "vsw-mine" }
        [[workloads.mix]]
        type = "ecs.r5.large"
        image = "linux"
        system_disk = {}
    "#;
    let (_, templates) = all(workload(text, 7, DAY));
    let told: Vec<String> =
        templates[0].params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        told,
        [
            "Action=CreateInstance",
            "RegionId=us-west-1",
            "InstanceType=ecs.g5.large",
            "ImageId=win",
            "SystemDisk.Category=cloud_essd",
            "SystemDisk.Size=100",
            "SystemDisk.PerformanceLevel=PL1",
            "DataDisk.1.Size=40",
            "DataDisk.2.Size=40",
            "DataDisk.3.Category=cloud_ssd",
            "DataDisk.3.Size=20",
            "InstanceChargeType=PostPaid",
            "Tag.1.Key=web",
            "VSwitchId=vsw-mine",
        ]
    );
    assert!(!templates[0].needs_vswitch && templates[1].needs_vswitch);
    assert_eq!((templates[1].zone.as_str(), templates[1].account), ("us-west-1a", AccountIx(1)));
    assert_eq!(param(&templates[1], "ImageId"), Some("linux"));
    assert_eq!(param(&templates[1], "SystemDisk.Size"), None);
    assert_eq!(param(&templates[1], "Tag.1.Key"), Some("team"));
}

#[test]
fn faults_come_with_their_share_and_shift_nothing_else() {
    let faulty = with("faults = { share = 0.2, kinds = { bad-password = 3, unknown-vswitch = 1 } }");
    let (good, _) = all(workload(PLAIN, 11, DAY));
    let (arrivals, templates) = all(workload(&faulty, 11, DAY));
    assert_eq!(good.len(), arrivals.len());
    let mut kinds: BTreeMap<Fault, f64> = BTreeMap::new();
    for (good, arrival) in good.iter().zip(&arrivals) {
        assert_eq!((good.at, good.end), (arrival.at, arrival.end), "times and lifetimes stay");
        match templates[arrival.template as usize].fault {
            None => assert_eq!(good.template, arrival.template),
            Some(fault) => *kinds.entry(fault).or_insert(0.0) += 1.0 / arrivals.len() as f64,
        }
    }
    assert!((kinds[&Fault::BadPassword] - 0.15).abs() < 0.01, "{kinds:?}");
    assert!((kinds[&Fault::UnknownVswitch] - 0.05).abs() < 0.01, "{kinds:?}");
}

#[test]
fn every_fault_changes_the_request() {
    let text = with("faults = { share = 1 }");
    let (_, templates) = all(workload(&text, 11, SimDuration::from_secs(60)));
    let (good, faulty): (Vec<_>, Vec<_>) = templates.iter().partition(|template| template.fault.is_none());
    for fault in Fault::ALL {
        let spoilt = faulty.iter().find(|template| template.fault == Some(*fault)).expect("by default all");
        let same = good.iter().find(|good| good.zone == spoilt.zone && good.params == spoilt.params);
        assert_eq!(same, None, "{fault:?} is no change");
        assert_eq!(spoilt.needs_vswitch, *fault != Fault::UnknownVswitch);
    }
    let wrong_zone = faulty.iter().find(|template| template.fault == Some(Fault::WrongZone)).expect("made");
    assert_eq!(
        (wrong_zone.zone.as_str(), param(wrong_zone, "ZoneId")),
        ("cn-hangzhou-b", Some("cn-hangzhou-g"))
    );

    let single = text.replace("name = \"web\"", "name = \"web\"\nregion = \"us-west-1\"");
    let (_, templates) = all(workload(&single, 11, SimDuration::from_secs(60)));
    assert!(templates.iter().all(|template| template.fault != Some(Fault::WrongZone)));
}

#[test]
fn another_rate_does_not_change_who_asks_for_what() {
    let (slow, _) = all(workload(PLAIN, 13, DAY));
    let (fast, _) = all(workload(&PLAIN.replace("600/h", "1200/h"), 13, DAY));
    assert!(
        slow.iter().zip(&fast).all(|(slow, fast)| (slow.template, slow.end) == (fast.template, fast.end))
    );
}

#[test]
fn workloads_merge_in_order_of_time_and_do_not_disturb_each_other() {
    let second = PLAIN.replace("\"web\"", "\"batch\"").replace("600/h", "60/h");
    let (alone, _) = all(workload(PLAIN, 17, DAY));
    let (both, templates) = all(workload(&format!("{PLAIN}{second}"), 17, DAY));
    assert!(both.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let of = |number| {
        let mine = both.iter().filter(|arrival| templates[arrival.template as usize].workload == number);
        mine.copied().collect::<Vec<_>>()
    };
    assert_eq!(of(0), alone);
    assert!(!of(1).is_empty());
}

#[test]
fn lifetimes_follow_their_own_law() {
    let text = r#"
        [[workloads]]
        name = "w"
        arrivals = { rate = "600/h" }
        [workloads.lifetime]
        distribution = "mixture"
        parts = [
            { distribution = "lognormal", median = "30min", sigma = 1.0, at_most = "1d", weight = 9 },
            { distribution = "forever" },
        ]
        [[workloads.mix]]
        type = "ecs.g5.large"
        [[workloads.mix]]
        type = "ecs.c5.xlarge"
        lifetime = { distribution = "constant", value = "10s" }
    "#;
    let (arrivals, templates) = all(workload(text, 19, DAY));
    let kind = |arrival: &Arrival| {
        param(&templates[arrival.template as usize], "InstanceType") == Some("ecs.g5.large")
    };
    let (mixed, constant): (Vec<Arrival>, Vec<Arrival>) = arrivals.into_iter().partition(kind);
    assert!(constant.iter().all(|arrival| arrival.end == End::After(SimDuration::from_secs(10))));
    let never = mixed.iter().filter(|arrival| arrival.end == End::Never).count() as f64 / mixed.len() as f64;
    assert!((never - 0.1).abs() < 0.01, "{never}");
}
