//! Random scenarios with everything on: no cent is made or lost, and every count adds up.

use packyard::engine::{Stream, Streams};

use super::{millionths, run};

fn pick<'a>(luck: &mut Stream, of: &[&'a str]) -> &'a str {
    of[luck.below(of.len() as u64) as usize]
}

/// A few customers with little money on a small cloud with failing hosts.
fn scenario(seed: u64) -> String {
    let mut luck = Streams::new(seed).stream("random scenario", 0);
    let l = &mut luck;
    let mut text = format!(
        r#"
        name = "random"
        seed = {seed}
        duration = "{}d"
        [[classes]]
        name = "any"
        vcpus = {}
        memory = "256GiB"
        overcommit = 2.0
        [[pools]]
        zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
        class = "any"
        hosts = {}
        [failures]
        between = {{ distribution = "exponential", mean = "20d" }}
        repair = {{ distribution = "exponential", mean = "5h" }}
        [billing]
        due = "{}"
        payments = [
          {{ account = "a", at = "{}d", amount = {}.25, renew = true }},
          {{ account = "b", at = "{}d", amount = {}.5 }},
        ]
        [[accounts]]
        id = "a"
        balance = {}.125
        credit = {}.0
        [[accounts]]
        id = "b"
        balance = {}.0
        calls_per_minute = {}
        [[accounts]]
        id = "c"
        "#,
        20 + l.below(40),
        24 + l.below(64),
        2 + l.below(4),
        pick(l, &["hour", "month"]),
        1 + l.below(30),
        l.below(2_000),
        1 + l.below(30),
        l.below(2_000),
        100 + l.below(400),
        l.below(100),
        100 + l.below(400),
        1 + l.below(4),
    );
    for number in 0..3 {
        let subscription = pick(
            l,
            &[
                r#"InstanceChargeType = "PrePaid", Period = "1", PeriodUnit = "Week""#,
                r#"InstanceChargeType = "PrePaid", Period = "2", PeriodUnit = "Week", AutoRenew = "true", AutoRenewPeriod = "1""#,
                r#"InstanceChargeType = "PrePaid", Period = "1", AutoRenew = "true", AutoRenewPeriod = "1""#,
            ],
        );
        let source = match l.below(3) {
            0 => format!(
                r#"arrivals = {{ rate = "{}/d" }}
                lifetime = {{ distribution = "exponential", mean = "{}h" }}"#,
                10 + l.below(60),
                1 + l.below(200)
            ),
            1 => format!(
                r#"closed_loop = {{ clients = {}, think = {{ distribution = "exponential", mean = "{}min" }}, wait_for = "{}" }}
                lifetime = {{ distribution = "exponential", mean = "{}h" }}"#,
                1 + l.below(20),
                30 + l.below(600),
                pick(l, &["answer", "end"]),
                1 + l.below(100)
            ),
            _ => format!(
                r#"fleet = {{ size = {}, day = {{ swing = "80%" }}, every = "{}min" }}"#,
                1 + l.below(30),
                10 + l.below(100)
            ),
        };
        text += &format!(
            r#"
            [[workloads]]
            name = "w{number}"
            {source}
            load = {{ model = "periodic", low = "{}%", high = "{}%", busy = "{}h", spread = true }}
            client = {{ retries = {}, on = ["throttling", "server", "no-stock"], fallback = ["zone", "type"] }}
            mix = [
              {{ type = "ecs.t5-lc1m2.small", params = {{ CreditSpecification = "Unlimited" }}, or = ["ecs.g5.large"] }},
              {{ type = "ecs.t5-c1m1.large" }},
              {{ type = "ecs.g5.large", params = {{ {subscription} }} }},
            ]
            "#,
            l.below(30),
            30 + l.below(70),
            1 + l.below(20),
            l.below(6),
        );
    }
    text
}

#[test]
fn money_and_counts_add_up_whatever_happens() {
    let (mut seen, mut rounds) = ([0u64; 6], 0);
    for seed in 0..24 {
        let text = scenario(seed);
        let (summary, happened) = run(&text);
        let billing = summary.billing.as_ref().expect("there are bills");
        let revenue = millionths(billing.revenue);
        let sum = |amounts: &mut dyn Iterator<Item = f64>| amounts.map(millionths).sum::<i64>();
        assert_eq!(sum(&mut billing.by_charge.iter().map(|one| one.amount)), revenue, "seed {seed}");
        assert_eq!(sum(&mut billing.accounts.iter().map(|one| one.billed)), revenue, "seed {seed}");
        let parts = [billing.paid, billing.owed, billing.not_due];
        assert_eq!(sum(&mut parts.into_iter()), revenue, "seed {seed}: paid, owed and not due");
        let scenario = super::scenario(&text);
        for (account, spec) in billing.accounts.iter().zip(&scenario.spec.accounts) {
            let parts = millionths(account.paid) + millionths(account.owed) + millionths(account.not_due);
            assert_eq!(parts, millionths(account.billed), "seed {seed}: {}", account.account);
            assert!(account.owed >= 0.0 && account.paid >= 0.0 && account.not_due >= 0.0);
            assert_eq!(account.overdue, account.owed > 0.0, "seed {seed}: {}", account.account);
            let Some(start) = spec.balance.get() else {
                assert_eq!((account.balance, account.owed), (None, 0.0), "endless funds owe nothing");
                continue;
            };
            let payments = scenario.spec.billing.iter().flat_map(|billing| &billing.payments);
            let paid_in = payments
                .filter(|one| *one.account.get() == account.account)
                .filter(|one| one.at.get().get().0 <= scenario.spec.duration.get().get().0)
                .map(|one| millionths(*one.amount.get()))
                .sum::<i64>();
            let balance = millionths(account.balance.expect("a balance that ends"));
            assert_eq!(
                start.0 + paid_in - millionths(account.paid),
                balance,
                "seed {seed}: {}",
                account.account
            );
            assert!(balance + spec.credit.get().unwrap().0 >= 0, "seed {seed}: never beyond the credit line");
        }
        let counts = &summary.requests;
        assert_eq!(counts.created + counts.rejected + counts.replayed, counts.total);
        let clients = summary.clients.as_ref().expect("there are clients");
        let ended = [
            clients.served_at_once,
            clients.served_after_retry,
            clients.served_elsewhere,
            clients.refused,
            clients.given_up,
            clients.under_way,
        ];
        assert_eq!(ended.iter().sum::<u64>(), clients.calls, "seed {seed}");
        for one in &clients.loops {
            assert_eq!(one.calls, one.served + one.failed + one.waiting, "seed {seed}: {one:?}");
            assert!(one.waiting + one.living <= one.clients, "seed {seed}: {one:?}");
            rounds += one.served + one.failed;
        }
        assert_eq!(counts.replayed, 0, "no call is answered twice");
        assert_eq!(happened.released.len() as u64, counts.released);
        let also = [
            billing.fell_overdue,
            billing.restored,
            billing.released_overdue + billing.released_expired,
            billing.renewed,
            clients.served_elsewhere,
            summary.credits.map_or(0, |credits| credits.throttlings),
        ];
        for (sum, one) in seen.iter_mut().zip(also) {
            *sum += one;
        }
        if seed < 3 {
            assert_eq!(run(&text).0.run.digest, summary.run.digest, "seed {seed} twice");
        }
    }
    assert!(seen.iter().all(|count| *count >= 10), "the walk meets everything: {seen:?}");
    assert!(rounds > 1_000, "closed loops go round: {rounds}");
}
