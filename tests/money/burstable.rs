//! CPU credits and contention.

use packyard::model::SimTime;

use super::{cloud, hours, millionths, run};

/// `size` instances of a burstable type under a load.
fn fleet(size: u32, of: &str, load: &str, more: &str) -> String {
    format!(
        r#"
        [[workloads]]
        name = "fleet"
        fleet = {{ size = {size}, every = "1000d" }}
        load = {{ {load} }}
        mix = [{{ type = "{of}" }}]
        {more}
        "#
    )
}

const BUSY: &str = r#"model = "constant", use = "100%""#;
const UNLIMITED: &str = r#"params = { CreditSpecification = "Unlimited" }"#;

#[test]
fn a_standard_instance_is_throttled_when_its_launch_credits_are_gone() {
    // BURST-3, BURST-10, BURST-12: 30 credits at 0.9 a minute last 2000 seconds; the parameter left out is Standard.
    let (summary, seen) = run(&cloud("10h", &fleet(2, "ecs.t5-lc1m1.small", BUSY, "")));
    assert_eq!(seen.spent, [(SimTime(2_000_000_000), true); 2]);
    let credits = summary.credits.expect("burstable instances");
    assert_eq!((credits.instances, credits.unlimited, credits.throttled_instances), (2, 0, 2));
    assert_eq!(millionths(credits.spent), 60_000_000);
    // The rest of ten hours at its baseline: 0.9 credits a minute are denied.
    assert_eq!(millionths(credits.denied), 2 * (600 * 900_000 - 30_000_000));
    assert!((credits.throttled_hours - 2.0 * (10.0 - 2_000.0 / 3_600.0)).abs() < 1e-6);
    // CPU use of what was sold, sampled every ten minutes after the creation: full speed, then 10 %.
    let contention = summary.contention.expect("there is a load");
    let expected = (3.0 + 56.0 * 0.1) / 59.0;
    assert!((contention.cpu_use - expected).abs() < 1e-9, "{}", contention.cpu_use);
}

#[test]
fn the_day_is_paid_with_the_credits_of_the_night() {
    // 5 % by night and 25 % for a third of the day, on a baseline of 10 %: earns 48, wants 72, has 30 to begin with. It is
    // throttled once on each later day.
    let load = r#"model = "periodic", low = "5%", high = "25%", busy = "8h""#;
    let (summary, seen) = run(&cloud("5d", &fleet(1, "ecs.t5-lc1m1.small", load, "")));
    assert_eq!(seen.spent.len(), 5);
    // The first day: 30 credits at 0.15 a minute last 200 minutes. Then each night leaves 48, for 320 minutes.
    let minutes: Vec<u64> = seen.spent.iter().map(|(at, _)| at.0 / 60_000_000).collect();
    assert_eq!(minutes, [200, 1_760, 3_200, 4_640, 6_080]);
    assert_eq!(summary.credits.unwrap().throttlings, 5);
}

#[test]
fn unlimited_pays_by_the_hour_and_what_it_borrowed_at_its_end() {
    // BURST-13, BURST-14, BURST-15, BURST-16: 174 credits, then 0.9 a minute at 0.0008.
    let prices = "[prices]\ntypes = { \"ecs.t5-lc1m1.small\" = { hour = 0.0 } }\ndisk = { \"*\" = 0.0 }\n";
    let of = |duration: &str, end: &str| {
        let fleet = fleet(1, "ecs.t5-lc1m1.small", BUSY, &format!("{UNLIMITED}\n{end}"));
        let (summary, seen) = run(&cloud(duration, &(prices.to_owned() + &fleet)));
        (millionths(summary.billing.unwrap().revenue), seen, summary.credits.unwrap())
    };
    let (fee, seen, credits) = of("5h", "");
    assert_eq!(seen.spent, [(SimTime(11_600_000_000), false)]);
    assert_eq!((fee, millionths(credits.overdrawn)), (76_800, 96_000_000));
    // Two hours: 108 spent, of which 78 were an advance.
    let two_hours = r#"lifetime = { distribution = "constant", value = "2h" }"#;
    let (fee, _, credits) = of("5h", two_hours);
    assert_eq!((fee, millionths(credits.advance_charged)), (62_400, 78_000_000));
    assert_eq!(credits.overdrawn, 0.0);
}

#[test]
fn windows_credits_cost_more_abroad() {
    // BURST-15
    let images = &packyard::catalog::Catalog::shipped().images;
    let windows = images.iter().find(|image| image.os == packyard::model::Os::Windows).unwrap();
    let fee = |region: &str, zone: &str, image: &str| {
        let text = format!(
            r#"
            name = "test"
            duration = "5h"
            [[classes]]
            name = "any"
            vcpus = 1000
            memory = "8000GiB"
            [[pools]]
            zone = "{zone}"
            class = "any"
            hosts = 2
            [prices]
            types = {{ "ecs.t5-c1m4.large" = {{ hour = 0.0 }} }}
            disk = {{ "*" = 0.0 }}
            [[workloads]]
            name = "fleet"
            region = "{region}"
            fleet = {{ size = 1, every = "1000d" }}
            {image}
            load = {{ {BUSY} }}
            {UNLIMITED}
            lifetime = {{ distribution = "constant", value = "100min" }}
            mix = [{{ type = "ecs.t5-c1m4.large" }}]
            "#
        );
        let (summary, _) = run(&text);
        assert_eq!(summary.requests.created, 1, "{:?}", summary.requests.rejected_by_code);
        millionths(summary.billing.unwrap().revenue)
    };
    // 2 vCPUs at 85 % above the baseline for 100 minutes: 170 credits, 60 of them from the launch.
    let windows = format!("image = \"{}\"\nsystem_disk = {{ size = \"100GiB\" }}", windows.id);
    assert_eq!(fee("cn-hangzhou", "cn-hangzhou-g", ""), 110 * 800);
    assert_eq!(fee("us-east-1", "us-east-1a", ""), 110 * 800);
    assert_eq!(fee("cn-hangzhou", "cn-hangzhou-g", &windows), 110 * 800);
    assert_eq!(fee("us-east-1", "us-east-1a", &windows), 110 * 1_600);
}

#[test]
fn credits_stand_still_while_the_owner_is_overdue() {
    // BURST-22: overdue from hour 201 to the stop at 561 it runs; from the stop to the return at 600:10 nothing is earned.
    let text = format!(
        r#"
        [billing]
        due = "hour"
        payments = [{{ account = "dry", at = "25d", amount = 1000.0 }}]
        [prices]
        types = {{ "ecs.t5-lc1m1.small" = {{ hour = 1.0 }} }}
        disk = {{ "*" = 0.0 }}
        [[accounts]]
        id = "dry"
        balance = 200.0
        {}
        "#,
        // 4 % below the baseline from hour 560 on, at the baseline before.
        fleet(
            1,
            "ecs.t5-lc1m1.small",
            r#"model = "periodic", high = "10%", low = "6%", busy = "560h", period = "1000h""#,
            UNLIMITED
        )
    );
    let (summary, seen) = run(&cloud("610h", &text));
    assert_eq!(seen.locked, [(hours(561), true)]);
    let credits = summary.credits.unwrap();
    // An hour before the stop, and 9 hours and 50 minutes after the return, at 0.04 a minute.
    assert_eq!(millionths(credits.earned), (60 + 590) * 40_000);
}

#[test]
fn steal_is_what_a_full_host_cannot_give() {
    // 4 vCPUs sold four times: 8 instances of 2 vCPUs want 16 at the peak, and 4 at other times.
    let text = r#"
        name = "test"
        duration = "10d"
        [[classes]]
        name = "dense"
        vcpus = 4
        memory = "64GiB"
        overcommit = 4.0
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "dense"
        hosts = 1
        [[workloads]]
        name = "fleet"
        fleet = { size = 8, every = "1000d" }
        load = { model = "periodic", low = "25%", high = "100%", busy = "12h" }
        mix = [{ type = "ecs.g5.large" }]
    "#;
    let (summary, _) = run(text);
    let contention = summary.contention.unwrap();
    assert_eq!((contention.hosts, contention.hosts_with_steal), (1, 1));
    assert_eq!(contention.worst_moment, 0.75);
    // Half of the time 12 of 16 are missing, half of the time 0 of 4: 12 of 20.
    assert!((contention.steal_max - 0.6).abs() < 1e-3, "{}", contention.steal_max);
    assert_eq!(contention.steal_p50, contention.steal_max);
    assert!((contention.cpu_use - 0.625).abs() < 1e-3);
}

#[test]
fn instances_spread_over_the_pattern_only_when_asked() {
    let load = r#"model = "periodic", low = "0%", high = "100%", busy = "12h""#;
    let worst = |load: &str| {
        let text = cloud("3d", &fleet(200, "ecs.g5.large", load, "")).replace("vcpus = 1000", "vcpus = 400");
        let text = text.replace("hosts = 20", "hosts = 1\noverride = 0").replace("\noverride = 0", "");
        run(&text).0.contention.unwrap().cpu_use
    };
    // Alike, all are busy for half of the time; spread, half of them are busy all the time: the same use.
    let (alike, spread) = (worst(load), worst(&format!("{load}, spread = true")));
    assert!((alike - 0.5).abs() < 0.01 && (spread - 0.5).abs() < 0.05, "{alike} {spread}");
}

#[test]
fn a_load_that_makes_no_sense_is_refused_with_the_reason() {
    let said = |load: &str| {
        let text = cloud("1d", &fleet(1, "ecs.t5-lc1m1.small", load, ""));
        format!("{:?}", packyard::scenario::Scenario::from_str(&text, "x").expect_err(load))
    };
    assert!(said(r#"model = "constant""#).contains("needs `use`"));
    assert!(said(r#"model = "constant", use = "10%", busy = "1h""#).contains("nothing else"));
    assert!(said(r#"model = "periodic", low = "1%", high = "2%""#).contains("`busy`"));
    assert!(said(r#"model = "periodic", low = "1%", high = "2%", busy = "25h""#).contains("shorter"));
    assert!(said(r#"model = "trace", values = [], step = "1h""#).contains("values"));
    assert!(said(r#"model = "trace", values = ["10%"], step = "0s""#).contains("longer than nothing"));
}
