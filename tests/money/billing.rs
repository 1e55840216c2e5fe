//! Bills, due days, arrears and subscriptions.

use packyard::sim::{BillingSummary, Gone};

use super::{cloud, hours, millionths, run};

const FREE_DISKS: &str = r#"disk = { "*" = 0.0 }"#;

/// `size` instances that are created when the run starts.
fn fleet(size: u32, params: &str, lifetime: &str) -> String {
    format!(
        r#"
        [[workloads]]
        name = "fleet"
        fleet = {{ size = {size}, every = "1000d" }}
        {lifetime}
        mix = [{{ type = "ecs.g5.large", params = {{ {params} }} }}]
        "#
    )
}

fn lifetime(span: &str) -> String {
    format!(r#"lifetime = {{ distribution = "constant", value = "{span}" }}"#)
}

fn bills(text: &str) -> (BillingSummary, super::Seen) {
    let (summary, seen) = run(text);
    (summary.billing.expect("the scenario has bills"), seen)
}

#[test]
fn a_life_is_charged_to_the_second_and_free_below_a_cent() {
    // LIFE-64
    let cost = |span: &str| {
        let prices = format!("[prices]\ntypes = {{ \"ecs.g5.large\" = {{ hour = 0.36 }} }}\n{FREE_DISKS}\n");
        let (billing, _) = bills(&cloud("3d", &(prices + &fleet(3, "", &lifetime(span)))));
        millionths(billing.revenue)
    };
    assert_eq!(cost("99s"), 0);
    assert_eq!(cost("100s"), 3 * 10_000);
    assert_eq!(cost("2h"), 3 * 720_000);
    assert_eq!(cost("25h1s"), 3 * 9_000_100);
}

#[test]
fn disks_and_bandwidth_are_bills_of_their_own() {
    // 40 GiB of the default system disk category and 100 GiB of cloud_ssd; 5 Mbit/s by width (LIFE-35).
    let text = r#"
        [prices]
        types = { "ecs.g5.large" = { hour = 0.1 } }
        disk = { "*" = 0.0, cloud_ssd = 0.001, cloud_efficiency = 0.002 }
        bandwidth = 0.01
        [world.regions.cn-hangzhou]
        internet_charge_types = ["PayByBandwidth"]
        [[workloads]]
        name = "fleet"
        fleet = { size = 1, every = "1000d" }
        params = { InternetChargeType = "PayByBandwidth", InternetMaxBandwidthOut = "5" }
        system_disk = { category = "cloud_efficiency", size = "40GiB" }
        data_disks = [{ category = "cloud_ssd", size = "100GiB" }]
        mix = [{ type = "ecs.g5.large" }]
    "#;
    let (billing, _) = bills(&cloud("10h", text));
    let of = |charge: &str| {
        let one = billing.by_charge.iter().find(|one| one.charge == charge);
        millionths(one.map_or(0.0, |one| one.amount))
    };
    assert_eq!(of("pay as you go"), 1_000_000);
    assert_eq!(of("disks and bandwidth"), 10 * (80_000 + 100_000 + 50_000));
    assert_eq!(millionths(billing.revenue), 1_000_000 + 2_300_000);
}

#[test]
fn a_month_is_due_on_the_first_in_beijing() {
    // LIFE-63: 2 September to 1 October, 0:00 in Beijing, are 688 hours.
    let prices = format!("[prices]\ntypes = {{ \"ecs.g5.large\" = {{ hour = 0.36 }} }}\n{FREE_DISKS}\n");
    let (billing, _) = bills(&cloud("35d", &(prices.clone() + &fleet(1, "", ""))));
    assert_eq!(millionths(billing.paid), 688 * 360_000);
    assert_eq!(millionths(billing.not_due), (35 * 24 - 688) * 360_000);
    // Ten of them pass 1000 within the month: 278 hours make 1000.80.
    let (billing, _) = bills(&cloud("12d", &(prices + &fleet(10, "", ""))));
    assert_eq!(millionths(billing.paid), 278 * 3_600_000);
}

/// An account with 200, an instance at 1 an hour that is paid every hour: the 201st hour is overdue.
fn runs_dry(more: &str) -> String {
    let head = format!(
        r#"
        [billing]
        due = "hour"
        {more}
        [prices]
        types = {{ "ecs.g5.large" = {{ hour = 1.0 }} }}
        {FREE_DISKS}
        [[accounts]]
        id = "dry"
        balance = 200.0
        "#
    );
    cloud("40d", &(head + &fleet(1, "", "")))
}

#[test]
fn an_account_without_money_is_stopped_and_released() {
    // LIFE-60, LIFE-61, LIFE-62
    let (billing, seen) = bills(&runs_dry(""));
    assert_eq!(seen.locked, [(hours(201 + 15 * 24), true)]);
    assert_eq!(seen.released, [(hours(201 + 30 * 24), Gone::Overdue)]);
    assert_eq!(millionths(billing.revenue), 561 * 1_000_000, "nothing is billed after the stop");
    assert_eq!((millionths(billing.paid), millionths(billing.owed)), (200_000_000, 361_000_000));
    assert_eq!((billing.fell_overdue, billing.stopped_overdue, billing.released_overdue), (1, 1, 1));
    assert!(billing.accounts[0].overdue);
    assert_eq!(billing.accounts[0].balance, Some(0.0));
}

#[test]
fn the_instance_comes_back_ten_minutes_after_the_account_paid() {
    // LIFE-62
    let (billing, seen) =
        bills(&runs_dry(r#"payments = [{ account = "dry", at = "25d", amount = 1000.0 }]"#));
    let back = hours(600).0 + 600_000_000;
    assert_eq!(seen.locked, [(hours(561), true)]);
    assert_eq!(seen.again.iter().map(|at| at.0).collect::<Vec<_>>(), [back]);
    assert!(seen.released.is_empty());
    // 561 hours, and from 600 hours and 10 minutes to 960 hours.
    assert_eq!(millionths(billing.revenue), 561_000_000 + 359_833_333);
    assert_eq!(billing.restored, 1);
    assert!(!billing.accounts[0].overdue);
    let left = 1_200_000_000 - millionths(billing.paid);
    assert_eq!(millionths(billing.accounts[0].balance.unwrap()), left);
}

#[test]
fn an_account_in_arrears_creates_nothing() {
    let text = runs_dry("")
        + r#"
        [[workloads]]
        name = "more"
        arrivals.rate = "12/d"
        lifetime = { distribution = "constant", value = "1h" }
        mix = [{ type = "ecs.g5.large" }]
        "#;
    let (summary, _) = run(&text);
    let codes: Vec<&str> = summary.requests.rejected_by_code.iter().map(|code| code.code.as_str()).collect();
    assert!(codes.contains(&"InvalidAccountStatus.NotEnoughBalance"), "R139: {codes:?}");
    assert!(codes.contains(&"Account.Arrearage"), "{codes:?}");
    let early = summary.requests.created;
    assert!(early > 10, "while there was money: {early}");
}

/// A week of subscription at 10, for an account with so much.
fn subscribed(balance: f64, billing: &str, params: &str, end: &str, duration: &str) -> String {
    let head = format!(
        r#"
        [billing]
        {billing}
        [prices]
        types = {{ "ecs.g5.large" = {{ hour = 1.0, month = 40.0 }} }}
        [[accounts]]
        id = "one"
        balance = {balance}
        "#
    );
    let params = format!(r#"InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week"{params}"#);
    cloud(duration, &(head + &fleet(1, &params, end)))
}

const RENEWS: &str = r#", AutoRenew = "true", AutoRenewPeriod = "1""#;
/// Expiry T of a week that begins with the run: 10 September, 0:00 in Beijing.
const T: u64 = 184;

#[test]
fn a_subscription_that_ends_stops_within_a_day_and_goes_after_fifteen() {
    // LIFE-50, LIFE-51
    let (billing, seen) = bills(&subscribed(1000.0, "", "", "", "40d"));
    let [(stop, false)] = seen.locked[..] else { panic!("one stop: {:?}", seen.locked) };
    assert!((hours(T)..hours(T + 24)).contains(&stop), "{stop}");
    assert_eq!(seen.released, [(hours(T + 15 * 24), Gone::Expired)]);
    assert_eq!(millionths(billing.revenue), 10_000_000);
    assert_eq!((billing.expired, billing.released_expired), (1, 1));
}

#[test]
fn automatic_renewal_goes_on_while_there_is_money() {
    // LIFE-52, LIFE-54: terms end 184, 352, 520, 688, 856 hours after the start; renewals come three days before.
    let (billing, seen) = bills(&subscribed(1000.0, "", RENEWS, "", "30d"));
    assert!(seen.locked.is_empty() && seen.released.is_empty());
    assert_eq!((billing.renewed, billing.renewals_refused), (4, 0));
    assert_eq!(millionths(billing.revenue), 50_000_000);
    // 10 for the first week leave 5: five attempts, and it works fifteen days on the house (LIFE-53).
    let (billing, seen) = bills(&subscribed(15.0, "", RENEWS, "", "60d"));
    assert_eq!((billing.renewed, billing.renewals_refused), (0, 5));
    let [(stop, false)] = seen.locked[..] else { panic!("one stop: {:?}", seen.locked) };
    assert!((hours(T + 15 * 24)..hours(T + 16 * 24)).contains(&stop), "{stop}");
    assert_eq!(seen.released, [(hours(T + 30 * 24), Gone::Expired)]);
}

#[test]
fn a_renewal_by_hand_brings_an_expired_instance_back() {
    // LIFE-54: paid at T+5, the new term ends at T+7.
    let pays = r#"payments = [{ account = "one", at = "304h", amount = 10.0, renew = true }]"#;
    let (billing, seen) = bills(&subscribed(10.0, pays, "", "", "60d"));
    assert_eq!(seen.again, [hours(304)]);
    assert_eq!(seen.locked.len(), 2);
    assert!((hours(T + 7 * 24)..hours(T + 8 * 24)).contains(&seen.locked[1].0));
    assert_eq!(seen.released, [(hours(T + 22 * 24), Gone::Expired)]);
    assert_eq!((billing.renewed, millionths(billing.revenue)), (1, 20_000_000));
    assert_eq!(billing.accounts[0].balance, Some(0.0));
}

#[test]
fn what_lost_its_host_while_it_was_expired_gets_a_place_when_it_is_paid_for() {
    // LIFE-37, LIFE-54: both zones fail before the term ends, so it has no place at its end, and none is sought until it is
    // paid for.
    let pays = r#"payments = [{ account = "one", at = "304h", amount = 10.0, renew = true }]"#;
    let outages = ["g", "h"]
        .map(|zone| format!("[[events]]\nat = \"180h\"\ndo = \"fail zone cn-hangzhou-{zone} for 110h\"\n"));
    let text = subscribed(10.0, pays, "", "", "60d") + &outages.concat();
    let (billing, seen) = bills(&text);
    assert_eq!(seen.again, [hours(304)]);
    assert_eq!(billing.renewed, 1);
    assert_eq!(seen.locked.len(), 2);
}

#[test]
fn a_subscription_cannot_be_deleted_before_its_end() {
    // LIFE-57: the customer is done after a day; it is not renewed and goes with its term.
    let (billing, seen) = bills(&subscribed(1000.0, "", RENEWS, &lifetime("1d"), "40d"));
    assert_eq!((billing.deletions_refused, billing.renewed), (1, 0));
    assert_eq!(seen.released, [(hours(T + 15 * 24), Gone::Expired)]);
    // After the end it can (T = 7d16h, the stop comes within the day).
    let (billing, seen) = bills(&subscribed(1000.0, "", "", &lifetime("10d"), "40d"));
    assert_eq!(billing.deletions_refused, 0);
    assert_eq!(seen.released, [(hours(240), Gone::Lifetime)]);
}

#[test]
fn without_bills_a_subscription_ends_with_its_lifetime() {
    let params = r#"InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week""#;
    let (summary, seen) = run(&cloud("20d", &fleet(1, params, &lifetime("1d"))));
    assert!(summary.billing.is_none());
    assert_eq!(seen.released, [(hours(24), Gone::Lifetime)]);
}

#[test]
fn what_is_wrong_with_bills_and_prices_is_said_at_its_line() {
    let said = |more: &str| {
        let error =
            packyard::scenario::Scenario::from_str(&cloud("3d", &(more.to_owned() + &fleet(1, "", ""))), "x");
        let error = error.expect_err(more);
        assert!(error.line().is_some() || error.advice().is_some(), "{error:?}");
        format!("{error:?} {:?}", error.advice())
    };
    assert!(
        said("[billing]\npayments = [{ account = \"none\", at = \"1d\", amount = 1.0 }]").contains("none")
    );
    assert!(
        said("[billing]\npayments = [{ account = \"1000000001\", at = \"1d\", amount = -1.0 }]")
            .contains("-1")
    );
    assert!(said("[billing]\ndue = \"week\"").contains("month"));
    assert!(said("[prices]\ntypes = { \"ecs.g5.larg\" = { hour = 1.0 } }").contains("ecs.g5.large"));
    assert!(said("[prices]\nvcpu = { generel = 1.0 }").contains("general"));
    assert!(said("[prices]\ndisk = { \"cloud_essd PL9\" = 1.0 }").contains("cloud_essd PL"));
    assert!(said("[prices]\ncredit = -0.1").contains("-0.1"));
}
