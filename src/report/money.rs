//! Money, CPU use, credits and clients in the terminal report: a few lines each, only where a run has them.

use super::terminal::{duration, grouped, line};
use crate::sim::{BillingSummary, ClientSummary, ContentionSummary, CreditSummary, Summary};

/// Accounts and fleets that are shown by name.
const MOST: usize = 3;

pub(super) fn terminal(out: &mut String, summary: &Summary) {
    if let Some(billing) = &summary.billing {
        bills(out, billing);
    }
    if let Some(contention) = &summary.contention {
        steal(out, contention);
    }
    if let Some(credits) = &summary.credits {
        burstable(out, credits);
    }
    if let Some(clients) = &summary.clients {
        calls(out, clients);
    }
}

/// An amount of money with two decimals, and digits in groups of three.
fn amount(value: f64) -> String {
    let cents = (value.abs() * 100.0).round() as u64;
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{}.{:02}", grouped(cents / 100), cents % 100)
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn bills(out: &mut String, billing: &BillingSummary) {
    let by_charge: Vec<String> =
        billing.by_charge.iter().map(|one| format!("{} {}", one.charge, amount(one.amount))).collect();
    line(out, format!("\nrevenue {}: {}", amount(billing.revenue), by_charge.join(", ")));
    let mut accounts: Vec<_> = billing.accounts.iter().filter(|one| one.billed != 0.0).collect();
    accounts.sort_by(|a, b| b.billed.total_cmp(&a.billed));
    let shown = accounts.iter().take(MOST).map(|one| {
        let overdue = if one.overdue { " (overdue)" } else { "" };
        format!("{} {}{overdue}", one.account, amount(one.billed))
    });
    let mut shown: Vec<String> = shown.collect();
    if accounts.len() > MOST {
        let rest = accounts[MOST..].iter().map(|one| one.billed).sum();
        shown.push(format!("{} others {}", accounts.len() - MOST, amount(rest)));
    }
    let owed = if billing.owed > 0.0 { format!(", owed {}", amount(billing.owed)) } else { String::new() };
    let paid = format!("  paid {}{owed}, not due {}", amount(billing.paid), amount(billing.not_due));
    line(out, format!("{paid}; by account: {}", shown.join(", ")));
    if billing.fell_overdue > 0 {
        line(
            out,
            format!(
                "  arrears: accounts fell overdue {} times; instances stopped {}, back {}, released {}",
                billing.fell_overdue,
                grouped(billing.stopped_overdue),
                grouped(billing.restored),
                grouped(billing.released_overdue)
            ),
        );
    }
    if billing.renewed + billing.renewals_refused + billing.expired + billing.deletions_refused > 0 {
        line(
            out,
            format!(
                "  subscriptions: renewed {}, no money to renew {}, expired {}, released {}, deletions refused {}",
                grouped(billing.renewed),
                grouped(billing.renewals_refused),
                grouped(billing.expired),
                grouped(billing.released_expired),
                grouped(billing.deletions_refused)
            ),
        );
    }
}

fn steal(out: &mut String, contention: &ContentionSummary) {
    line(
        out,
        format!(
            "\nCPU use {} of what was sold; steal by host: p50 {}, p90 {}, p99 {}, max {}, worst moment {}",
            percent(contention.cpu_use),
            percent(contention.steal_p50),
            percent(contention.steal_p90),
            percent(contention.steal_p99),
            percent(contention.steal_max),
            percent(contention.worst_moment)
        ),
    );
}

fn burstable(out: &mut String, credits: &CreditSummary) {
    let whole = |credits: f64| grouped(credits.round() as u64);
    line(
        out,
        format!(
            "burstable: {} instances ({} Unlimited), throttled {} of them for {} h in all",
            grouped(credits.instances),
            grouped(credits.unlimited),
            grouped(credits.throttled_instances),
            whole(credits.throttled_hours)
        ),
    );
    line(
        out,
        format!(
            "  credits earned {}, spent {}, denied {}; paid for: overdrawn {}, advances {}",
            whole(credits.earned),
            whole(credits.spent),
            whole(credits.denied),
            whole(credits.overdrawn),
            whole(credits.advance_charged)
        ),
    );
}

fn calls(out: &mut String, clients: &ClientSummary) {
    let micros = |micros: u64| duration(micros as f64 * 1e3);
    line(
        out,
        format!(
            "\nclients: {} calls; served at once {}, by a retry {}, elsewhere {}; refused {}, gave up {}",
            grouped(clients.calls),
            grouped(clients.served_at_once),
            grouped(clients.served_after_retry),
            grouped(clients.served_elsewhere),
            grouped(clients.refused),
            grouped(clients.given_up)
        ),
    );
    line(
        out,
        format!(
            "  {} further requests; first request to instance p50 {}, p99 {}, max {}",
            grouped(clients.retries),
            micros(clients.served_p50_us),
            micros(clients.served_p99_us),
            micros(clients.served_max_us)
        ),
    );
    for fleet in clients.fleets.iter().take(MOST) {
        line(
            out,
            format!(
                "  fleet {}: wants {:.0} (peak {}), missing {}; created {}, deleted {}, live {}",
                fleet.fleet,
                fleet.wanted_mean,
                grouped(fleet.wanted_peak),
                percent(fleet.missing_share),
                grouped(fleet.created),
                grouped(fleet.deleted),
                grouped(fleet.live)
            ),
        );
    }
    for one in clients.loops.iter().take(MOST) {
        line(
            out,
            format!(
                "  closed loop {}: {} clients, {} calls, {} served; think {}, answer {}; {} wait",
                one.workload,
                grouped(one.clients),
                grouped(one.calls),
                grouped(one.served),
                duration(one.think_mean_s * 1e9),
                duration(one.answer_mean_s * 1e9),
                grouped(one.waiting + one.living)
            ),
        );
    }
}
