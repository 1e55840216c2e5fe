//! The spot market as a whole: what is promised to customers, what is billed, and every rule at the gate.

use std::collections::BTreeMap;
use std::path::Path;

use packyard::model::SimTime;
use packyard::scenario::Scenario;
use packyard::sim::{Go, Gone, Happened, Labels, Observer, Simulation, Summary};
use packyard::spot::notice::Cause;

const HOUR: u64 = 3_600_000_000;

/// A cloud of one zone with a `[spot]` table.
fn cloud(hosts: u32, rest: &str) -> String {
    format!(
        "duration = \"30h\"\n\
         [[pools]]\nzone = \"cn-hangzhou-g\"\nclass = \"ddh.g5\"\nhosts = {hosts}\n{rest}"
    )
}

fn run(text: &str, observer: &mut impl Observer) -> (Summary, Labels) {
    let scenario = Scenario::from_str(text, "test.toml").unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    let simulation = Simulation::new(&scenario, Path::new(""), None).expect("a cloud");
    let labels = simulation.labels();
    let summary = simulation.run_observed(None, observer, |_| Go::On).expect("a run");
    (summary, labels)
}

/// A workload of one type; its name says what it is.
fn workload(name: &str, rate: &str, mean: &str, params: &str) -> String {
    format!(
        "[[workloads]]\nname = \"{name}\"\narrivals = {{ rate = \"{rate}\", day = {{ peak_hour = 12.0, swing = \"80%\" }} }}\n\
         lifetime = {{ distribution = \"exponential\", mean = \"{mean}\" }}\nparams = {{ {params} }}\n\
         mix = [{{ type = \"ecs.g5.xlarge\", weight = 3 }}, {{ type = \"ecs.g5.4xlarge\" }}]\n"
    )
}

#[derive(Debug, Default)]
struct Life {
    template: u32,
    created: u64,
    notice: Option<(u64, Cause, u64)>,
    gone: Option<(u64, bool)>,
}

/// Everything that a customer sees.
#[derive(Default)]
struct Seen {
    lives: BTreeMap<u64, Life>,
    /// By zone and type: time, price, list price, in thousandths.
    prices: BTreeMap<(u32, u32), Vec<(u64, u64, u64)>>,
}

impl Observer for Seen {
    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        match *what {
            Happened::Created { number, template, .. } => {
                self.lives.insert(number, Life { template, created: at.0, ..Life::default() });
            }
            Happened::SpotPrice { zone, instance_type, price, list } => {
                self.prices.entry((zone.0, instance_type.0)).or_default().push((at.0, price.0, list.0));
            }
            Happened::SpotNotice { number, cause, ends } => {
                let life = self.lives.get_mut(&number).expect("alive");
                assert!(life.notice.is_none() && life.gone.is_none());
                life.notice = Some((at.0, cause, ends.0));
            }
            Happened::Released { number, cause } => {
                let life = self.lives.get_mut(&number).expect("alive");
                assert!(life.gone.is_none());
                life.gone = Some((at.0, cause == Gone::Reclaimed));
            }
            _ => {}
        }
    }
}

/// What a spot workload of the tests is, by its name.
fn terms(name: &str) -> Option<(Option<u64>, u64)> {
    match name {
        "limit" => Some((Some(60), HOUR)),
        "go" => Some((None, HOUR)),
        "bare" => Some((None, 0)),
        "long" => Some((Some(90), 3 * HOUR)),
        _ => None,
    }
}

const SPOT: &str = r#"SpotStrategy = "SpotAsPriceGo""#;

fn busy(spot: &str, seed: u32) -> String {
    let limited = |limit: &str, hours: u32| {
        format!(
            r#"SpotStrategy = "SpotWithPriceLimit", SpotPriceLimit = "{limit}", SpotDuration = "{hours}""#
        )
    };
    let parts = [
        format!("seed = {seed}\n"),
        cloud(8, &format!("[spot]\n{spot}\n")),
        workload("regular", "50/h", "2h", ""),
        workload("limit", "25/h", "5h", &limited("0.06", 1)),
        workload("go", "25/h", "5h", SPOT),
        workload("bare", "10/h", "3h", r#"SpotStrategy = "SpotAsPriceGo", SpotDuration = "0""#),
        workload("long", "10/h", "8h", &limited("0.09", 3)),
    ];
    parts.concat()
}

/// The market variants that are tried.
fn variants() -> Vec<String> {
    let prices = [
        r#"price = { model = "utilization", low = "40%", high = "95%", half_life = "20min" }"#,
        r#"price = { model = "auction" }"#,
        r#"price = { model = "smooth", mean = "35%", spread = "15%", half_life = "2h", step = "10min" }"#,
    ];
    let rules = ["lowest-bid", "youngest", "fewest", "least-value"];
    let rooms = [
        r#"policy = "none""#,
        r#"policy = "fixed", share = "10%""#,
        r#"policy = "predicted", memory = "2h""#,
    ];
    let each = |at: usize| {
        format!("{}\nvictims = \"{}\"\nheadroom = {{ {} }}", prices[at % 3], rules[at % 4], rooms[at / 3 % 3])
    };
    (0..12).map(each).collect()
}

#[test]
fn nobody_is_reclaimed_inside_the_protection_or_without_notice() {
    let mut causes = BTreeMap::new();
    for (at, spot) in variants().iter().enumerate() {
        let mut seen = Seen::default();
        let (summary, labels) = run(&busy(spot, at as u32), &mut seen);
        let market = summary.spot.as_ref().expect("a market");
        let mut told = 0;
        for life in seen.lives.values() {
            let terms = terms(&labels.template(life.template).workload);
            if let Some((when, cause, ends)) = life.notice {
                let (limit, protection) = terms.expect("only spot instances are told to go");
                // SPOT-7, SPOT-30: not inside the protection; SPOT-31: at a check, or when a regular request needs room.
                assert!(when >= life.created + protection, "{spot}: {life:?}");
                assert!(when % 300_000_000 == 0 || cause == Cause::Stock);
                // SPOT-34: about five minutes.
                assert_eq!(ends, when + 300_000_000);
                // SPOT-32: SpotAsPriceGo goes for stock only.
                assert!(limit.is_some() || cause != Cause::Price);
                told += 1;
                *causes.entry(format!("{cause:?}")).or_insert(0) += 1;
            }
            if let Some((when, reclaimed)) = life.gone {
                let due = life.notice.map(|(.., ends)| ends);
                assert!(
                    !reclaimed || due == Some(when),
                    "reclaimed when its notice was over, and told before"
                );
                assert!(due.is_none_or(|due| when <= due), "no notice is forgotten");
            }
        }
        assert_eq!(market.interruptions.total(), told);
        // SPOT-20: between the floor and the list price.
        for (_, price, list) in seen.prices.values().flatten() {
            assert!(*price <= *list && *price * 10 + 10 >= *list, "{price} of {list}");
        }
        assert!((0.0..=1.0).contains(&market.protected_share));
        assert!(market.survival.windows(2).all(|pair| pair[0].survival >= pair[1].survival));
        // Regular ones are never taken: whatever they hold, they hold to their end.
        let regular =
            seen.lives.values().filter(|life| terms(&labels.template(life.template).workload).is_none());
        assert!(regular.clone().count() > 300);
        assert!(regular.filter_map(|life| life.gone).all(|(_, reclaimed)| !reclaimed));
    }
    assert!(causes.len() == 3 && causes.values().all(|count| *count > 20), "{causes:?}");
}

#[test]
fn the_bill_is_the_integral_of_the_price_over_the_life() {
    // SPOT-22, SPOT-23, SPOT-24, SPOT-25: against an account of our own, kept from what a customer sees.
    for (at, spot) in variants().iter().enumerate().take(6) {
        let mut seen = Seen::default();
        let (summary, labels) = run(&busy(spot, 100 + at as u32), &mut seen);
        let market = summary.spot.as_ref().expect("a market");
        let end = 30 * HOUR;
        let mut cents = 0u128;
        for life in seen.lives.values() {
            let label = labels.template(life.template);
            if terms(&label.workload).is_none() {
                continue;
            }
            let zone = label.zone.expect("a zone").0;
            let instance_type =
                labels.types.iter().position(|name| *name == label.instance_type).expect("a type");
            let series = &seen.prices[&(zone, instance_type as u32)];
            let price_at = |moment: u64| {
                u128::from(series.iter().rev().find(|(since, ..)| *since <= moment).expect("a price").1)
            };
            let mut until = life.gone.map_or(end, |(when, _)| when);
            if let Some((when, Cause::Price, _)) = life.notice {
                until = when;
            }
            let seconds = (until - life.created) / 1_000_000;
            let until = life.created + seconds * 1_000_000;
            let over = life.created + HOUR;
            let mut paid = price_at(life.created) * u128::from(until.min(over) - life.created);
            let mut from = over;
            while from < until {
                let next =
                    series.iter().map(|(since, ..)| *since).find(|since| *since > from).unwrap_or(u64::MAX);
                let to = next.min(until);
                paid += price_at(from) * u128::from(to - from);
                from = to;
            }
            // SPOT-7: a tenth less without protection.
            if label.workload == "bare" {
                paid = paid * 9 / 10;
            }
            // Thousandths an hour times microseconds, to hundredths, rounded down.
            cents += paid / 36_000_000_000;
        }
        assert_eq!((market.cost * 100.0).round() as u128, cents, "{spot}");
        assert!(market.cost > 0.0 && market.cost <= market.list_cost && market.saving >= 0.0);
    }
}

/// Spot instances of two accounts and regular ones of a third, with bills. Disks cost nothing, so that an account's bill
/// is that of its instances.
fn billed(spot: &str, seed: u32, more: &str) -> String {
    let account = |id: &str, balance: &str| format!("[[accounts]]\nid = \"{id}\"\nbalance = {balance}\n");
    let owned = |id: &str, name: &str, rate: &str, params: &str| {
        workload(name, rate, "3h", params).replacen(
            "\nname",
            &format!("\naccounts = {{ {id} = 1 }}\nname"),
            1,
        )
    };
    let limited = r#"SpotStrategy = "SpotWithPriceLimit", SpotPriceLimit = "0.06""#;
    let pause = "operations = { pause = { share = 0.5, from = \"20:00\", to = \"23:00\", mode = \"StopCharging\" } }\n";
    let parts = [
        format!("seed = {seed}\n"),
        cloud(
            8,
            &format!("[spot]\n{spot}\n[billing]\ndue = \"hour\"\n{more}[prices]\ndisk = {{ \"*\" = 0.0 }}\n"),
        ),
        account("regular", "\"unlimited\""),
        account("rich", "\"unlimited\""),
        account("poor", "120.0"),
        owned("regular", "regular", "40/h", ""),
        owned("rich", "limit", "20/h", limited),
        pause.to_owned(),
        owned("rich", "bare", "10/h", r#"SpotStrategy = "SpotAsPriceGo", SpotDuration = "0""#),
        owned("poor", "go", "25/h", SPOT),
        pause.to_owned(),
    ];
    parts.concat()
}

#[test]
fn what_an_account_is_charged_is_the_sum_of_its_spot_bills() {
    // SPOT-22, SPOT-23: one bill; settled by the hour, to two decimals for each instance, or read at the end.
    for (at, spot) in variants().iter().enumerate() {
        let (summary, _) = run(&billed(spot, 40 + at as u32, ""), &mut Seen::default());
        let (market, billing) = (summary.spot.expect("a market"), summary.billing.expect("bills"));
        let cents = |amount: f64| (amount * 100.0).round() as i64;
        for cost in &market.accounts {
            let account =
                billing.accounts.iter().find(|one| one.account == cost.account).expect("it is known");
            assert_eq!(cents(account.billed), cents(cost.cost), "{}: {spot}", cost.account);
            assert!((account.billed * 100.0 - cents(account.billed) as f64).abs() < 1e-6, "whole cents");
        }
        let charged = billing.by_charge.iter().find(|one| one.charge == "spot").expect("spot is charged");
        assert_eq!(cents(charged.amount), cents(market.cost));
        assert!(market.cost > 10.0 && market.accounts.len() == 2, "{spot}: {}", market.cost);
        let saved: f64 = market.accounts.iter().map(|cost| cost.list_cost - cost.cost).sum();
        assert!(saved > 0.0);
    }
}

#[test]
fn an_overdue_spot_instance_is_stopped_costs_nothing_and_comes_back_where_price_allows() {
    // SPOT-51, LIFE-60 to LIFE-62.
    let text = |pay: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        let prices = "time,zone,instance_type,price\n0,cn-hangzhou-g,ecs.g5.xlarge,0.100\n\
                      3456000,cn-hangzhou-g,ecs.g5.xlarge,0.190\n";
        std::fs::write(folder.path().join("prices.csv"), prices).expect("a file");
        let text = format!(
            "duration = \"60d\"\n[[pools]]\nzone = \"cn-hangzhou-g\"\nclass = \"ddh.g5\"\nhosts = 1\n\
             [spot]\nprice = {{ model = \"replay\", file = \"prices.csv\" }}\n\
             [billing]\ndue = \"hour\"\n{pay}[prices]\ndisk = {{ \"*\" = 0.0 }}\n\
             [[accounts]]\nid = \"dry\"\nbalance = 100.05\n\
             [[workloads]]\nname = \"one\"\nfleet = {{ size = 14, every = \"1000d\" }}\n\
             params = {{ SpotStrategy = \"SpotWithPriceLimit\", SpotPriceLimit = \"0.15\" }}\n\
             mix = [{{ type = \"ecs.g5.xlarge\" }}]\n"
        );
        let path = folder.path().join("dry.toml");
        std::fs::write(&path, text).expect("a file");
        let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{error:?}"));
        let simulation = Simulation::new(&scenario, folder.path(), None).expect("a cloud");
        let mut seen = Seen::default();
        let summary = simulation.run_observed(None, &mut seen, |_| Go::On).expect("a run");
        (summary, seen)
    };
    // Fourteen at 0.1: the 72nd hour is not paid any more, T; stopped on T+15, released on T+30.
    let (summary, seen) = text("");
    let billing = summary.billing.expect("bills");
    assert_eq!(seen.lives.len(), 14);
    let day = 24 * HOUR;
    let gone: Vec<_> = seen.lives.values().map(|life| life.gone).collect();
    assert!(gone.iter().all(|gone| *gone == Some((72 * HOUR + 30 * day, false))), "{gone:?}");
    let hours = 72 + 15 * 24;
    assert_eq!((billing.revenue * 10.0).round() as u64, 14 * hours, "nothing after the stop");
    assert_eq!((billing.stopped_overdue, billing.released_overdue), (14, 14));
    assert_eq!(summary.spot.expect("a market").cost, billing.revenue);
    // Paid on day 20 they come back ten minutes later; paid on day 45 the price is above their bids, and no one does.
    let pay = |at: &str| format!("payments = [{{ account = \"dry\", at = \"{at}\", amount = 900.0 }}]\n");
    let (summary, _) = text(&pay("20d"));
    assert_eq!(summary.billing.as_ref().expect("bills").restored, 14);
    let market = summary.spot.expect("a market");
    // And from the return on day 20 to the price of day 40: 54,710 minutes each, to two decimals.
    assert_eq!(hours * 60 + 20 * 24 * 60 - 10, 54_710);
    assert_eq!((market.cost * 100.0).round() as u64, 14 * 9_118);
    assert_eq!(market.interruptions.price, 14, "day 40");
    let late = text(&pay("41d").replace("900.0", "9.0"));
    assert_eq!(late.0.billing.expect("bills").restored, 0);
}

#[test]
fn without_a_market_nothing_of_it_happens() {
    let spot = "price = { model = \"utilization\" }";
    let plain = busy(spot, 1).replace(&format!("[spot]\n{spot}\n"), "");
    let mut seen = Seen::default();
    let (summary, _) = run(&plain, &mut seen);
    assert!(summary.spot.is_none() && seen.prices.is_empty());
    assert!(seen.lives.values().all(|life| life.notice.is_none()));
    assert!(!serde_json::to_string(&summary).expect("json").contains("\"spot\""));
}

#[test]
fn the_same_seed_gives_the_same_market() {
    for spot in &variants()[..3] {
        let digest = |seed| run(&busy(spot, seed), &mut ()).0.run.digest;
        assert_eq!(digest(5), digest(5));
        assert_ne!(digest(5), digest(6));
    }
}

/// What the first requests of a workload get: `created`, or the code.
fn answer(params: &str, rest: &str, more: &str) -> (String, Summary) {
    let text = format!(
        "{}[spot]\nprice = {{ model = \"utilization\" }}\n{rest}\n[[workloads]]\nname = \"one\"\n\
         arrivals = {{ rate = \"6/h\" }}\nlifetime = {{ distribution = \"exponential\", mean = \"1h\" }}\n{more}\n\
         params = {{ {params} }}\n",
        cloud(8, "families = []\n").replace("families = []\n", "")
    );
    let (summary, _) = run(&text, &mut ());
    let counts = &summary.requests;
    assert!(counts.total > 20);
    let code = counts.rejected_by_code.first().map_or_else(|| "created".to_owned(), |code| code.code.clone());
    (code, summary)
}

const G5: &str = "mix = [{ type = \"ecs.g5.xlarge\" }]";

#[test]
fn spot_requests_at_the_gate() {
    let code = |params: &str| answer(params, "", G5).0;
    let limit = |text: &str| format!(r#"SpotStrategy = "SpotWithPriceLimit", SpotPriceLimit = "{text}""#);
    // SPOT-1
    assert_eq!(code(r#"SpotStrategy = "Cheap""#), "InvalidSpotStrategy");
    assert_eq!(code(r#"SpotStrategy = "NoSpot""#), "created");
    assert_eq!(code(SPOT), "created");
    // SPOT-2
    assert_eq!(
        code(&format!(r#"{SPOT}, InstanceChargeType = "PrePaid", Period = "1""#)),
        "InvalidSpotPrepaid"
    );
    // SPOT-3: three decimals at most; it means nothing to SpotAsPriceGo.
    assert_eq!(code(&limit("0.1234")), "InvalidSpotPriceLimit");
    assert_eq!(code(&format!(r#"{SPOT}, SpotPriceLimit = "0.1234""#)), "created");
    // SPOT-4, SPOT-21: the price at rest is a tenth of 0.204; a bid of that is enough.
    assert_eq!(code(&limit("0.019")), "InvalidSpotPriceLimit.LowerThanPublicPrice");
    assert_eq!(code(&limit("0.020")), "created");
    // SPOT-5
    let nowhere = answer(SPOT, "", &format!("{G5}\nname_zone = false")).0;
    assert_eq!(nowhere, "InvalidSpotParam.EmptyZoneID");
    // SPOT-6
    assert_eq!(
        code(&format!(r#"{SPOT}, SpotInterruptionBehavior = "Stop""#)),
        "InvalidSpotInterruptionBehavior"
    );
    assert_eq!(code(&format!(r#"{SPOT}, SpotInterruptionBehavior = "Terminate""#)), "created");
    // SPOT-7
    assert_eq!(code(&format!(r#"{SPOT}, SpotDuration = "7""#)), "InvalidSpotDuration");
    assert_eq!(code(&format!(r#"{SPOT}, SpotDuration = "6""#)), "created");
    // SPOT-8
    let account = |rest: &str| answer(SPOT, &format!("[[accounts]]\nid = \"a\"\n{rest}"), G5).0;
    assert_eq!(account("spot = false"), "InvalidSpotAliUid");
    assert_eq!(
        account("[world.accounts.a]\nspot_strategies = [\"SpotWithPriceLimit\"]"),
        "InvalidSpotAuthorized"
    );
}

#[test]
fn on_a_dedicated_host_a_spot_request_is_an_ordinary_one() {
    // SPOT-9: strategy and limit are ignored, even a bad one.
    let own = "[[dedicated_hosts]]\ntype = \"ddh.g5\"\nzone = \"cn-hangzhou-g\"\ncount = 2";
    let params = r#"SpotStrategy = "SpotWithPriceLimit", SpotPriceLimit = "0.001", DedicatedHostId = "dh-cn-hangzhou-g-1""#;
    let (code, summary) = answer(params, own, G5);
    assert_eq!(code, "created");
    let market = summary.spot.expect("a market");
    assert_eq!((market.bought, market.cost), (0, 0.0));
    assert!(summary.requests.created > 20);
}

#[test]
fn every_pay_as_you_go_family_can_be_spot() {
    // SPOT-10: burstable ones too.
    let burst = "[[classes]]\nname = \"burst\"\nvcpus = 64\nmemory = \"256GiB\"\nfamilies = [\"ecs.t5\"]\n\
                 [[pools]]\nzone = \"cn-hangzhou-g\"\nclass = \"burst\"\nhosts = 2";
    let (code, summary) = answer(SPOT, burst, "mix = [{ type = \"ecs.t5-lc1m2.small\" }]");
    assert_eq!(code, "created");
    assert_eq!(summary.spot.expect("a market").bought, summary.requests.created);
}

/// A fleet of one instance against these prices of `cn-hangzhou-g` (time in seconds, thousandths), and operations on it.
fn one(
    prices: &[(u64, u64)],
    fleet: &str,
    operations: &[(&str, &str, &str)],
) -> (Summary, Seen, Vec<Option<&'static str>>) {
    #[derive(Default)]
    struct Answers(Seen, Vec<Option<&'static str>>);
    impl Observer for Answers {
        fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
            self.0.happened(at, what);
            if let Happened::Operated { refusal, .. } = what {
                self.1.push(refusal.map(|refusal| refusal.code));
            }
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut csv = "time,zone,instance_type,price\n".to_owned();
    for (at, price) in prices {
        csv += &format!("{at},cn-hangzhou-g,ecs.g5.xlarge,{}.{:03}\n", price / 1_000, price % 1_000);
    }
    std::fs::write(folder.path().join("prices.csv"), csv).expect("a file");
    let mut text = format!(
        "{}[spot]\nprice = {{ model = \"replay\", file = \"prices.csv\" }}\n\
         [[spot.fleets]]\nname = \"one\"\ntarget = 1\ninterval = \"29h\"\nzones = [\"cn-hangzhou-g\"]\n\
         types = [\"ecs.g5.xlarge\"]\n{fleet}\n{}",
        cloud(2, "").replace("30h", "6h"),
        // Somebody has to ask for something.
        "[[workloads]]\nname = \"other\"\narrivals = { rate = \"1/d\" }\nlifetime = { distribution = \"exponential\", mean = \"1h\" }\nmix = [{ type = \"ecs.g5.large\" }]\n"
    );
    for (at, action, params) in operations {
        text += &format!(
            "[[operations]]\nat = \"{at}\"\ndo = \"{action}\"\nrequest = 0\nparams = {{ {params} }}\n"
        );
    }
    let path = folder.path().join("one.toml");
    std::fs::write(&path, text).expect("a file");
    let scenario = Scenario::load(&path).unwrap_or_else(|error| panic!("{error:?}"));
    let simulation = Simulation::new(&scenario, folder.path(), None).expect("a cloud");
    let mut answers = Answers::default();
    let summary = simulation.run_observed(None, &mut answers, |_| Go::On).expect("a run");
    (summary, answers.0, answers.1)
}

const STOP: &str = "StopInstance";
const START: &str = "StartInstance";
const FREE: &str = "StoppedMode = \"StopCharging\"";

#[test]
fn a_stopped_spot_instance_starts_again_when_price_and_stock_allow() {
    let prices = [(0, 50), (7_200, 150), (14_400, 50)];
    let limit = "limit = \"50%\"";
    // SPOT-41, SPOT-43, SPOT-44, STA-B3, STA-E013: half an hour and an hour and a half are charged.
    let stops = [("00:30", STOP, FREE), ("02:30", START, ""), ("04:30", START, "")];
    let (summary, _, answers) = one(&prices, limit, &stops);
    assert_eq!(answers, [None, Some("OperationDenied.SpotPriceLowerThanPublicPrice"), None]);
    let market = summary.spot.expect("a market");
    assert_eq!((market.cost, market.list_cost), (0.10, 0.40));
    assert_eq!(market.interruptions.total(), 0, "it had no place to be taken");
    // SPOT-40: stopping alone does not stop the charges. SPOT-42: inside the protection it always starts.
    let (summary, _, answers) = one(&[(0, 50)], limit, &[("00:30", STOP, ""), ("00:50", START, "")]);
    assert_eq!(answers, [None, None]);
    assert_eq!(summary.spot.expect("a market").cost, 0.30);
    // SPOT-42: afterwards SpotAsPriceGo needs stock only, whatever the price.
    let (_, _, answers) = one(&prices, "", &[("00:30", STOP, FREE), ("02:30", START, "")]);
    assert_eq!(answers, [None, None]);
}

#[test]
fn what_a_reclaim_leaves() {
    let disk = "limit = \"50%\"\nparams = { \"DataDisk.1.Size\" = \"100\", \"DataDisk.1.Category\" = \"cloud_ssd\", \
                \"DataDisk.1.DeleteWithInstance\" = \"false\" }";
    // SPOT-34, SPOT-35, SPOT-36: told at two o'clock, locked for five minutes, gone; the data disk stays.
    let (summary, seen, answers) = one(&[(0, 50), (7_200, 150)], disk, &[("02:02", STOP, "")]);
    let life = seen.lives.values().next().expect("the instance");
    assert_eq!(life.notice, Some((2 * HOUR, Cause::Price, 2 * HOUR + 300_000_000)));
    assert_eq!(life.gone, Some((2 * HOUR + 300_000_000, true)));
    assert_eq!(answers, [None], "only a security lock keeps operations out (LIFE-41); it goes all the same");
    let market = summary.spot.expect("a market");
    assert_eq!((market.disks_left, market.disks_left_gib, market.reclaimed), (1, 100, 1));
    // No refund, and nothing above the bid: two hours at 0.05 (SPOT-25).
    assert_eq!(market.cost, 0.10);
    // SPOT-37: it ends as any pay-as-you-go instance does.
    for (action, params, at) in [
        ("DeleteInstance", "Force = \"true\"", 2 * HOUR),
        ("ModifyInstanceAutoReleaseTime", "AutoReleaseTime = \"+1h\"", 3 * HOUR),
    ] {
        let (summary, seen, answers) = one(&[(0, 50)], "", &[("02:00", action, params)]);
        assert_eq!(answers, [None]);
        let life = seen.lives.values().next().expect("the instance");
        assert_eq!(life.gone, Some((at, false)));
        let market = summary.spot.expect("a market");
        assert_eq!((market.released, market.reclaimed), (1, 0));
    }
}

#[test]
fn a_spot_instance_moves_to_no_dedicated_host_and_into_no_set() {
    // SPOT-50, DEP-30: and nothing converts it or changes its type, for there is no such operation.
    for target in ["DedicatedHostId = \"dh-1\"", "Tenancy = \"host\"", "DeploymentSetId = \"ds-1\""] {
        let (_, _, answers) = one(&[(0, 50)], "", &[("02:00", "ModifyInstanceDeployment", target)]);
        assert!(answers[0].is_some(), "{target}: {answers:?}");
    }
}
