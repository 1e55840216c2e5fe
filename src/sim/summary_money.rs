//! The parts of the summary that a run has only when its scenario asks: money, CPU use, credits, clients.

use serde::Serialize;

/// Money of the whole run, in the currency unit. `revenue = paid + owed + not_due`, to the millionth.
#[derive(Clone, Debug, Serialize)]
pub struct BillingSummary {
    /// Everything that was billed.
    pub revenue: f64,
    /// What accounts paid.
    pub paid: f64,
    /// What was due and not paid.
    pub owed: f64,
    /// What was billed and not due at the end.
    pub not_due: f64,
    /// Coupons that were used beside it (R137).
    pub coupons: f64,
    /// Revenue by what was charged.
    pub by_charge: Vec<ChargeAmount>,
    /// Bills of each account.
    pub accounts: Vec<AccountBill>,
    /// How often an account fell overdue (LIFE-60).
    pub fell_overdue: u64,
    /// Instances stopped because their owner was overdue (LIFE-61).
    pub stopped_overdue: u64,
    /// Instances that came back after their owner paid (LIFE-54, LIFE-62).
    pub restored: u64,
    /// Attempts to bring one back that found no room.
    pub no_room_to_restore: u64,
    /// Instances released because their owner did not pay (LIFE-62).
    pub released_overdue: u64,
    /// Terms of subscriptions that were renewed.
    pub renewed: u64,
    /// Attempts to renew one that the account had no money for (LIFE-53).
    pub renewals_refused: u64,
    /// Instances stopped because their subscription was over (LIFE-51).
    pub expired: u64,
    /// Instances released because it was not renewed either.
    pub released_expired: u64,
    /// Deletions that were refused before the end of a subscription (LIFE-57).
    pub deletions_refused: u64,
}

/// Revenue of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct ChargeAmount {
    /// What was charged.
    pub charge: &'static str,
    /// How much.
    pub amount: f64,
}

/// Bills of one account.
#[derive(Clone, Debug, Serialize)]
pub struct AccountBill {
    /// Account id.
    pub account: String,
    /// Everything that was billed.
    pub billed: f64,
    /// What it paid.
    pub paid: f64,
    /// What was due and not paid.
    pub owed: f64,
    /// What was billed and not due at the end.
    pub not_due: f64,
    /// Its balance at the end; none when it never ends.
    pub balance: Option<f64>,
    /// Overdue at the end.
    pub overdue: bool,
}

/// CPU use of instances, and what over-committed hosts could not give of it (`docs/burstable.md`). Sampled, after the
/// warm-up.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ContentionSummary {
    /// Samples taken.
    pub samples: u64,
    /// Hosts on which an instance used its CPU in one of them.
    pub hosts: u64,
    /// Hosts of which more was wanted at some moment than they have.
    pub hosts_with_steal: u64,
    /// CPU time that instances used of what they were sold.
    pub cpu_use: f64,
    /// Estimated share of the wanted CPU time that was stolen: median over hosts.
    pub steal_p50: f64,
    /// As above: 90 % of the hosts have no more.
    pub steal_p90: f64,
    /// As above: 99 % of the hosts have no more.
    pub steal_p99: f64,
    /// As above: the worst host.
    pub steal_max: f64,
    /// The worst host in its worst sample.
    pub worst_moment: f64,
}

/// CPU credits of all burstable instances, over the whole run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CreditSummary {
    /// Burstable instances with a load.
    pub instances: u64,
    /// Of these, created Unlimited.
    pub unlimited: u64,
    /// Instances that were throttled at some time (BURST-12).
    pub throttled_instances: u64,
    /// How often throttling began.
    pub throttlings: u64,
    /// Hours that instances were throttled.
    pub throttled_hours: f64,
    /// Credits that use below the baseline left over.
    pub earned: f64,
    /// Credits spent by use above it: of the launch, the balance and in advance.
    pub spent: f64,
    /// Credits' worth of CPU time that was wanted and not given.
    pub denied: f64,
    /// Credits used beyond all that, for a fee (BURST-13).
    pub overdrawn: f64,
    /// Advances charged because an instance stopped, went or turned Standard (BURST-14).
    pub advance_charged: f64,
}

/// What clients did about refusals, over the whole run.
#[derive(Clone, Debug, Serialize)]
pub struct ClientSummary {
    /// Calls, each with all its retries: `served_at_once + served_after_retry + served_elsewhere + refused + given_up +
    /// under_way`, and calls that were answered with an instance of an earlier one.
    pub calls: u64,
    /// Served by their first request.
    pub served_at_once: u64,
    /// Served with what they wanted, by a later request.
    pub served_after_retry: u64,
    /// Served in another zone or with another type.
    pub served_elsewhere: u64,
    /// Ended by an answer that would always be the same (IDEM-8).
    pub refused: u64,
    /// Given up: retries used up, or nothing left to try.
    pub given_up: u64,
    /// Waiting for an answer or a retry at the end.
    pub under_way: u64,
    /// Requests that were no first ones.
    pub retries: u64,
    /// First request to instance in microseconds: median.
    pub served_p50_us: u64,
    /// As above: 99 % take no longer.
    pub served_p99_us: u64,
    /// As above: the longest.
    pub served_max_us: u64,
    /// Fleets.
    pub fleets: Vec<FleetSummary>,
    /// Closed loops.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loops: Vec<LoopSummary>,
}

/// A fleet that scales.
#[derive(Clone, Debug, Serialize)]
pub struct FleetSummary {
    /// Name of its workload.
    pub fleet: String,
    /// Mean of the wanted size over its looks.
    pub wanted_mean: f64,
    /// Largest wanted size.
    pub wanted_peak: u64,
    /// Share of the wanted instances that were not there when it looked.
    pub missing_share: f64,
    /// Instances created.
    pub created: u64,
    /// Instances that it deleted.
    pub deleted: u64,
    /// Instances at the end.
    pub live: u64,
}

/// A closed loop. By Little's law its clients are its rate of calls times the sum of what a round takes.
#[derive(Clone, Debug, Serialize)]
pub struct LoopSummary {
    /// Name of its workload.
    pub workload: String,
    /// Clients.
    pub clients: u64,
    /// Calls, each with all its retries: `served + failed + waiting`.
    pub calls: u64,
    /// Calls that created an instance.
    pub served: u64,
    /// Calls that ended without one.
    pub failed: u64,
    /// Mean time of thought before a call, in seconds.
    pub think_mean_s: f64,
    /// Mean time from the first request of a call to its last answer, in seconds.
    pub answer_mean_s: f64,
    /// Clients that wait for an answer or a retry at the end.
    pub waiting: u64,
    /// Clients that wait for the end of their instance at the end.
    pub living: u64,
}
