//! Bills of dedicated hosts, and what becomes of hosts that nobody pays for.

use packyard::sim::{BillingSummary, Gone};

use super::{cloud, hours, millionths, run};

/// Prices of hosts, an account with so much money, and more.
fn text(duration: &str, balance: &str, more: &str) -> String {
    let head = format!(
        r#"
        [billing]
        due = "hour"
        [prices]
        types = {{ "ecs.g5.large" = {{ hour = 1.0 }} }}
        hosts = {{ "ddh.g5" = {{ hour = 1.0, month = 300.0 }} }}
        disk = {{ "*" = 0.0 }}
        [[accounts]]
        id = "own"
        balance = {balance}
        "#
    );
    cloud(duration, &(head + more))
}

const POSTPAID: &str = r#"
    [[dedicated_hosts]]
    type = "ddh.g5"
    zone = "cn-hangzhou-g"
    charge = "PostPaid"
    "#;

const STOCK: &str = r#"
    [[dedicated_hosts]]
    type = "ddh.g5"
    zone = "cn-hangzhou-g"
    stock = true
    "#;

/// One instance on a dedicated host, made as soon as there is one.
const ON_HOST: &str = r#"
    [[workloads]]
    name = "on host"
    zones = { cn-hangzhou-g = 1 }
    fleet = { size = 1, every = "1h" }
    params = { Tenancy = "host" }
    mix = [{ type = "ecs.g5.large" }]
    "#;

fn bills(text: &str) -> (BillingSummary, super::Seen) {
    let (summary, seen) = run(text);
    (summary.billing.expect("the scenario has bills"), seen)
}

fn of_hosts(billing: &BillingSummary) -> i64 {
    let one = billing.by_charge.iter().find(|one| one.charge == "dedicated hosts");
    one.map_or(0, |one| millionths(one.amount))
}

#[test]
fn a_host_is_charged_and_what_runs_on_it_is_not() {
    // DHST-30, DHST-31: ten hours of the host; vCPUs and memory of the instance are free, and its disk costs nothing here.
    let (billing, _) = bills(&text("10h", "1000.0", &format!("{POSTPAID}{ON_HOST}")));
    assert_eq!(of_hosts(&billing), 10_000_000);
    assert_eq!(millionths(billing.revenue), 10_000_000);
}

#[test]
fn a_host_of_less_than_a_cent_costs_nothing() {
    // DHST-38: 30 seconds are 0.008333, 37 seconds 0.010277.
    let cost = |span: &str| {
        let more = format!(
            "{STOCK}[[operations]]\nat = \"1h\"\ndo = \"AllocateDedicatedHosts\"\nid = \"dh-x\"\n\
             params = {{ DedicatedHostType = \"ddh.g5\", ZoneId = \"cn-hangzhou-g\" }}\n\
             [[operations]]\nat = \"{span}\"\ndo = \"ReleaseDedicatedHost\"\nparams = {{ DedicatedHostId = \"dh-x\" }}\n\
             {}",
            super::idle()
        );
        of_hosts(&bills(&text("5h", "1000.0", &more)).0)
    };
    assert_eq!(cost("1h30s"), 0);
    assert_eq!(cost("1h37s"), 10_277);
}

#[test]
fn a_host_that_cannot_be_renewed_runs_on_for_fifteen_days_and_goes_on_the_thirtieth() {
    // DHST-36: September and October are paid; in November a balance of 100 is too little, on T, T+6 and T+14.
    let more = format!(
        "{STOCK}[[operations]]\nat = \"0h\"\ndo = \"AllocateDedicatedHosts\"\nparams = {{ DedicatedHostType = \"ddh.g5\", \
         ZoneId = \"cn-hangzhou-g\", ChargeType = \"PrePaid\", Period = \"1\", AutoRenew = \"true\", AutoRenewPeriod = \"1\" }}\n\
         {ON_HOST}"
    );
    let (billing, seen) = bills(&text("100d", "700.0", &more));
    assert_eq!((of_hosts(&billing), billing.renewals_refused), (600_000_000, 3));
    assert_eq!(billing.accounts[0].balance, Some(100.0));
    // One month and another: 61 days.
    assert_eq!(seen.released.first(), Some(&(hours((61 + 30) * 24), Gone::HostReleased)));
    // Without the money for the first month there is no host at all, and no instance on it.
    let (billing, seen) = bills(&text("10d", "299.0", &more));
    assert_eq!((of_hosts(&billing), seen.released.len()), (0, 0));
    assert!(seen.live.iter().all(|(_, live)| *live == 0));
}

#[test]
fn a_pay_as_you_go_host_of_an_overdue_account_stops_and_goes() {
    // DHST-37, as LIFE-60 to LIFE-62: the 201st hour is not paid.
    let more = format!("{POSTPAID}{ON_HOST}");
    let (billing, seen) = bills(&text("40d", "200.0", &more));
    assert_eq!(seen.locked, [(hours(201 + 15 * 24), true)]);
    assert_eq!(seen.released, [(hours(201 + 30 * 24), Gone::Overdue)]);
    assert_eq!(of_hosts(&billing), 561_000_000, "nothing is billed after the stop");
    // Paid on day 25, host and instance are back ten minutes later.
    let pay = "payments = [{ account = \"own\", at = \"25d\", amount = 1000.0 }]\n        [prices]";
    let (billing, seen) = bills(&text("40d", "200.0", &more).replacen("[prices]", pay, 1));
    assert_eq!(seen.again.iter().map(|at| at.0).collect::<Vec<_>>(), [hours(600).0 + 600_000_000]);
    assert_eq!(of_hosts(&billing), 561_000_000 + 359_833_333);
    assert!(seen.released.is_empty());
}

#[test]
fn a_subscription_is_not_renewed_beyond_its_host() {
    // DHST-33: a host until 2 October; an instance by the week, from 2 September, that renews itself.
    let more = r#"
        [[dedicated_hosts]]
        type = "ddh.g5"
        zone = "cn-hangzhou-g"
        period = 1
        [[workloads]]
        name = "weekly"
        zones = { cn-hangzhou-g = 1 }
        fleet = { size = 1, every = "1000d" }
        params = { Tenancy = "host", InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week", AutoRenew = "true", AutoRenewPeriod = "1" }
        mix = [{ type = "ecs.g5.large" }]
        "#;
    let (billing, _) = bills(&text("29d", "100000.0", more));
    assert_eq!((billing.renewed, billing.renewals_refused), (3, 2), "the fourth would end on 7 October");
}
