//! Retries, fallbacks, rate limits and fleets.

use std::path::Path;

use packyard::model::SimTime;
use packyard::sim::Simulation;

use super::{cloud, hours, run, scenario};

/// 25 calls at once, of which the API takes 10 a minute; retries every 30 seconds, without chance.
const THROTTLED: &str = r#"
    [[accounts]]
    id = "hasty"
    calls_per_minute = 10
    [[workloads]]
    name = "fleet"
    fleet = { size = 25, every = "1000d" }
    client = { retries = 10, backoff = "30s", factor = 1.0, jitter = 0.0, on = ["throttling"] }
    mix = [{ type = "ecs.g5.large" }]
"#;

#[test]
fn a_throttled_client_comes_again_until_it_is_served() {
    // QUO-9, RPC-70, IDEM-8, RPC-98. The calls of 0:00, 0:30, 1:00, 1:30 and 2:00: 25, 15, 15, 5 and 5.
    let (summary, _) = run(&cloud("1h", THROTTLED));
    assert_eq!((summary.requests.total, summary.requests.created), (25 + 15 + 15 + 5 + 5, 25));
    assert_eq!(summary.requests.rejected_by_code[0].code, "Throttling");
    let clients = summary.clients.unwrap();
    assert_eq!((clients.calls, clients.served_at_once, clients.served_after_retry), (25, 10, 15));
    assert_eq!((clients.retries, clients.given_up, clients.under_way), (40, 0, 0));
    // The last were served after two minutes.
    assert!((120_000_000..121_000_000).contains(&clients.served_max_us), "{}", clients.served_max_us);
}

#[test]
fn every_call_has_one_token_however_often_it_is_sent() {
    // IDEM-1, IDEM-3, IDEM-9: 65 requests, and 25 tokens that hold an instance each.
    let scenario = scenario(&cloud("1h", THROTTLED));
    let simulation = Simulation::new(&scenario, Path::new(""), None).unwrap();
    let cloud = simulation.cloud_at(SimTime(600_000_000)).unwrap();
    assert_eq!(cloud.world.tokens_known(), 25);
    assert_eq!(cloud.world.next_instance(), 25);
}

#[test]
fn a_client_gives_up_after_its_retries() {
    let text = THROTTLED.replace("retries = 10", "retries = 2").replace("size = 25", "size = 40");
    let (summary, _) = run(&cloud("1h", &text));
    let clients = summary.clients.unwrap();
    // Ten at 0:00, ten at 1:00 with their second retry; twenty had no third one.
    assert_eq!((summary.requests.created, clients.given_up), (20, 20));
    assert_eq!(clients.calls, clients.served_at_once + clients.served_after_retry + clients.given_up);
}

#[test]
fn waits_grow_to_their_limit_and_keep_to_their_share_of_chance() {
    // No call is served: waits 1, 2, 4, 5, 5, each up to half shorter.
    let text = r#"
        [[accounts]]
        id = "none"
        calls_per_minute = 0
        [[workloads]]
        name = "fleet"
        fleet = { size = 1, every = "1000d" }
        client = { retries = 5, backoff = "1s", most = "5s" }
        mix = [{ type = "ecs.g5.large" }]
    "#;
    let last = |jitter: &str| {
        let scenario = scenario(&cloud("1h", &text.replace("most", &format!("jitter = {jitter}, most"))));
        let mut last = SimTime::ZERO;
        struct Last<'a>(&'a mut SimTime);
        impl packyard::sim::Observer for Last<'_> {
            fn happened(&mut self, at: SimTime, what: &packyard::sim::Happened<'_>) {
                if matches!(what, packyard::sim::Happened::Rejected { .. }) {
                    *self.0 = at;
                }
            }
        }
        let simulation = Simulation::new(&scenario, Path::new(""), None).unwrap();
        let go = |_: &packyard::sim::Progress| packyard::sim::Go::On;
        simulation.run_observed(None, &mut Last(&mut last), go).unwrap();
        last.0
    };
    assert_eq!(last("0.0"), 17_000_000);
    let chance = last("0.5");
    assert!((8_500_000..17_000_000).contains(&chance), "{chance}");
}

/// Two zones with a host for two instances each, and one host of another kind.
fn small(fleet: &str, client: &str) -> String {
    format!(
        r#"
        name = "test"
        duration = "1h"
        [[classes]]
        name = "general"
        vcpus = 4
        memory = "16GiB"
        families = ["ecs.g5"]
        [[classes]]
        name = "compute"
        vcpus = 4
        memory = "16GiB"
        families = ["ecs.c5"]
        [[pools]]
        zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
        class = "general"
        hosts = 1
        [[pools]]
        zone = "cn-hangzhou-h"
        class = "compute"
        hosts = 1
        [[workloads]]
        name = "fleet"
        fleet = {{ {fleet} }}
        client = {{ {client} }}
        mix = [{{ type = "ecs.g5.large", or = ["ecs.c5.large"] }}]
        "#
    )
}

#[test]
fn where_there_is_no_room_another_zone_or_type_is_asked_for() {
    let served = |client: &str| {
        // All ask for the first zone.
        let zones = "zones = { cn-hangzhou-g = 1.0, cn-hangzhou-h = 1e-12 }\nmix";
        let text = small(r#"size = 12, every = "1000d""#, client).replace("mix", zones);
        let (summary, _) = run(&text);
        let clients = summary.clients.unwrap();
        assert_eq!(summary.requests.total, 12 + clients.retries);
        (summary.requests.created, clients.served_elsewhere > 0, clients.given_up)
    };
    assert_eq!(served(r#"on = []"#), (2, false, 10), "only where it was asked for");
    assert_eq!(served(r#"on = [], fallback = ["zone"]"#), (4, true, 8));
    assert_eq!(served(r#"on = [], fallback = ["zone", "type"]"#), (6, true, 6));
    // The type alone: its own zone has no host for it.
    assert_eq!(served(r#"on = [], fallback = ["type"]"#), (2, false, 10));
    // Retries after all is tried change nothing while nothing is released.
    assert_eq!(served(r#"on = ["no-stock"], retries = 3, fallback = ["zone", "type"]"#), (6, true, 6));
}

#[test]
fn a_wrong_request_is_not_sent_again() {
    // IDEM-8
    let text = r#"
        [[workloads]]
        name = "wrong"
        arrivals.rate = "100/h"
        lifetime = { distribution = "constant", value = "1h" }
        client = { on = ["throttling", "server", "no-stock"] }
        faults = { share = "100%" }
        mix = [{ type = "ecs.g5.large" }]
    "#;
    let (summary, _) = run(&cloud("5h", text));
    let clients = summary.clients.unwrap();
    assert!(clients.calls > 300);
    assert_eq!((clients.refused, clients.retries, summary.requests.created), (clients.calls, 0, 0));
}

#[test]
fn server_errors_are_retried() {
    // IDEM-8: the inside fails for every call.
    let text = r#"
        [world.faults.internal]
        kind = "exception"
        [[workloads]]
        name = "fleet"
        fleet = { size = 3, every = "1000d" }
        client = { retries = 4 }
        mix = [{ type = "ecs.g5.large" }]
    "#;
    let (summary, _) = run(&cloud("1h", text));
    assert!(summary.requests.rejected_by_code[0].status >= 500, "{:?}", summary.requests.rejected_by_code);
    let clients = summary.clients.unwrap();
    assert_eq!((clients.retries, clients.given_up), (12, 3));
}

#[test]
fn a_fleet_follows_the_day() {
    // 2 by night, 8 in the eight hours from 8:00 local time: 0:00 UTC, when the run starts. The mean is 4.
    let mut shape = ["2.0"; 24];
    shape[8..16].fill("8.0");
    let text = format!(
        r#"
        [[workloads]]
        name = "fleet"
        fleet = {{ size = 4, day = {{ shape = [{}] }}, every = "5min" }}
        mix = [{{ type = "ecs.g5.large" }}]
        "#,
        shape.join(", ")
    );
    let (summary, seen) = run(&cloud("2d", &text));
    // Straight lines between the hours: full at 8:00 to 15:00, and at rest from 16:00 to 7:00.
    for (at, live) in &seen.live[1..48] {
        let local = (at.0 / 3_600_000_000 + 8) % 24;
        let wanted = if (9..=15).contains(&local) {
            8
        } else if local <= 7 || local > 16 {
            2
        } else {
            continue;
        };
        assert_eq!(*live, wanted, "{local}:00");
    }
    let fleet = &summary.clients.unwrap().fleets[0];
    assert_eq!(fleet.wanted_peak, 8);
    assert_eq!(fleet.created, fleet.deleted + fleet.live);
    assert_eq!(fleet.created, 8 + 2 * 6, "six go every evening and come every morning");
}

#[test]
fn a_fleet_replaces_what_ends_and_deletes_from_the_end_that_it_is_told() {
    let text = |remove: &str| {
        format!(
            r#"
            [[workloads]]
            name = "fleet"
            fleet = {{ size = 5, every = "1h", step = 2, remove = "{remove}" }}
            lifetime = {{ distribution = "constant", value = "10h" }}
            mix = [{{ type = "ecs.g5.large" }}]
            "#
        )
    };
    let (summary, seen) = run(&cloud("30h", &text("newest")));
    let live: Vec<u64> = seen.live[1..6].iter().map(|(_, live)| *live).collect();
    assert_eq!(live, [2, 4, 5, 5, 5], "two at a look");
    assert_eq!(seen.released[0].0, hours(10));
    assert!(summary.clients.unwrap().fleets[0].created >= 13);
    assert_eq!(run(&cloud("30h", &text("oldest"))).0.requests.released, summary.requests.released);
}

#[test]
fn a_refused_fleet_asks_less_often() {
    // Looks every ten minutes; the host takes four. It asks again after 20, 40, 80 ... minutes.
    let (summary, _) = run(&small(r#"size = 12, every = "1min""#, "retries = 0").replace("1h", "10h"));
    let requests = summary.requests.total;
    assert_eq!(summary.requests.created, 4);
    // 12 at first, then 8 at each of: 2, 6, 14, 30, and every 32 minutes.
    assert!((12 + 8 * 15..=12 + 8 * 25).contains(&requests), "{requests}");
}

#[test]
fn what_is_wrong_with_clients_and_fleets_is_said() {
    let said = |fleet: &str, client: &str| {
        format!("{:?}", packyard::scenario::Scenario::from_str(&small(fleet, client), "x").expect_err(client))
    };
    let sound = r#"size = 1"#;
    assert!(said(sound, "factor = 0.5").contains("from 1 to 100"));
    assert!(said(sound, r#"backoff = "2min""#).contains("longest wait"));
    assert!(said(sound, r#"on = ["stock"]"#).contains("no-stock"));
    assert!(said("size = 0", "").contains("size of a fleet"));
    assert!(said(r#"size = 1, every = "0s""#, "").contains("longer than nothing"));
    assert!(said("size = 1, step = 0", "").contains("never gets there"));
}
