//! Bills of dedicated hosts (DHST-30 to DHST-38). What runs on a host costs its disks and bandwidth only (DHST-31).

use std::collections::BTreeMap;

use super::*;
use crate::operations::Refusal;
use crate::operations::hosts::{Condition, Host};
use crate::operations::refusal::NOT_ENOUGH_BALANCE;
use crate::sim::operations::HostLevels;
use crate::validate::PeriodUnit;
use crate::world::HostStatus;

const DAY: SimDuration = SimDuration::from_secs(86_400);
/// Days after the expiry on which a renewal that failed is tried again, as for instances (LIFE-52); the last of them is
/// the one on which the host stops (DHST-36).
const TRIES: [u64; 3] = [6, 14, 15];

/// Bills of pay-as-you-go hosts, by number of the host.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct HostBills(BTreeMap<u32, HostBill>);

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct HostBill {
    account: AccountIx,
    meter: Meter,
    rate: Metered,
}

impl HostBills {
    /// Whether all of them are of one of so many accounts.
    pub(super) fn of_accounts(&self, accounts: usize) -> bool {
        self.0.values().all(|bill| bill.account.at() < accounts)
    }

    /// Bills every host, to the second.
    pub(super) fn settle(&mut self, at: Utc, ledgers: &mut [Ledger]) {
        for bill in self.0.values_mut() {
            bill.settle(at, ledgers);
        }
    }
}

impl HostBill {
    fn settle(&mut self, at: Utc, ledgers: &mut [Ledger]) {
        let sum = self.meter.settle(at).sum();
        ledgers[self.account.at()].bill(Charge::DedicatedHosts, sum);
    }
}

impl Book {
    /// So many months of a host.
    fn host_months(&self, host: &Host, levels: &HostLevels, months: u32) -> Money {
        let price = self.prices.host(&host.host_type, levels.vcpus, levels.memory_mib);
        Period { count: months, unit: PeriodUnit::Month }.price(price.month)
    }
}

impl Run<'_> {
    /// A pay-as-you-go host is there: it is charged by the second from now on, whether anything is on it or not
    /// (DHST-30), unless its whole life stays below a cent (DHST-38).
    pub(in crate::sim::run) fn host_bill_begins(&mut self, now: SimTime, at: u32) {
        let utc = self.utc(now);
        let (Some(book), Some(ops)) = (&mut self.money, &self.operations) else { return };
        let (Some(host), Some(levels)) = (ops.hosts.0.get(&at), ops.levels.get(&at)) else { return };
        if host.charge != ChargeType::PostPaid {
            return;
        }
        let hour = book.prices.host(&host.host_type, levels.vcpus, levels.memory_mib).hour;
        let rate = Metered { compute: hour, rest: Money::ZERO };
        let meter = Meter::new(utc, rate, book.prices.minimum());
        book.hosts.0.insert(at, HostBill { account: AccountIx(host.account), meter, rate });
    }

    /// A host is gone: its last bill.
    pub(in crate::sim::run) fn host_bill_ends(&mut self, now: SimTime, at: u32) {
        let utc = self.utc(now);
        let Some(book) = &mut self.money else { return };
        if let Some(mut bill) = book.hosts.0.remove(&at) {
            bill.settle(utc, &mut book.ledgers);
        }
    }

    /// Whether an account can pay for subscriptions of so many months of hosts like this.
    pub(in crate::sim::run) fn hosts_payable(
        &self,
        account: u32,
        host_type: &str,
        (vcpus, memory_mib): (u64, u64),
        months: u32,
        count: u32,
    ) -> Result<(), Refusal> {
        let Some(book) = &self.money else { return Ok(()) };
        let month = book.prices.host(host_type, vcpus, memory_mib).month;
        let price = Period { count: months, unit: PeriodUnit::Month }.price(month);
        let sum = Money(price.0.saturating_mul(count.into()));
        let funds = self.world.funds(AccountIx(account));
        if funds.is_some_and(|funds| funds < sum) { Err(NOT_ENOUGH_BALANCE) } else { Ok(()) }
    }

    /// Pays so many months of a host in advance; false when the account has no money for them.
    pub(in crate::sim::run) fn host_months_paid(&mut self, now: SimTime, at: u32, months: u32) -> bool {
        let (Some(book), Some(ops)) = (&mut self.money, &self.operations) else { return true };
        let (Some(host), Some(levels)) = (ops.hosts.0.get(&at), ops.levels.get(&at)) else { return true };
        let account = AccountIx(host.account);
        let price = book.host_months(host, levels, months);
        if self.world.funds(account).is_some_and(|funds| funds < price) {
            book.counts.renewals_refused += 1;
            return false;
        }
        self.world.debit(account, price);
        book.ledgers[account.at()].bill_paid(Charge::DedicatedHosts, price);
        self.log.note(now, Record::Paid, account.0.into(), price.0 as u32);
        true
    }

    /// When a renewal that has failed so many times is tried again, and whether that is the end: the host runs for 15
    /// days after its expiry and stops then (DHST-36).
    pub(in crate::sim::run) fn host_renewal_again(expiry: SimTime, failed: usize) -> Option<SimTime> {
        let days = TRIES.get(failed.checked_sub(1)?)?;
        Some(expiry + SimDuration(DAY.0 * days))
    }

    /// The pay-as-you-go hosts of an account that does not pay stop with its instances on T+15, and cost nothing
    /// (DHST-37).
    pub(super) fn stop_overdue_hosts(&mut self, now: SimTime, account: AccountIx) {
        let utc = self.utc(now);
        for at in self.overdue_hosts(account) {
            if let Some(bill) = self.money.as_mut().and_then(|book| book.hosts.0.get_mut(&at)) {
                bill.meter.set_rate(utc, Metered::default());
            }
            self.set_condition(at, Condition::Expired, HostStatus::Changing);
        }
    }

    /// Their owner has paid: they are in service and cost again.
    pub(super) fn restore_hosts(&mut self, now: SimTime, account: AccountIx) {
        let utc = self.utc(now);
        for at in self.overdue_hosts(account) {
            let expired = self.operations.as_deref().and_then(|ops| ops.hosts.0.get(&at));
            if expired.is_none_or(|host| host.condition != Condition::Expired) {
                continue;
            }
            if let Some(bill) = self.money.as_mut().and_then(|book| book.hosts.0.get_mut(&at)) {
                bill.meter.set_rate(utc, bill.rate);
            }
            self.set_condition(at, Condition::Available, HostStatus::Available);
        }
    }

    /// On T+30 they go (DHST-37); what was on them is gone.
    pub(super) fn release_overdue_hosts(&mut self, now: SimTime, account: AccountIx) {
        for at in self.overdue_hosts(account) {
            self.host_goes(now, at);
        }
    }

    fn overdue_hosts(&self, account: AccountIx) -> Vec<u32> {
        let hosts = self.money.iter().flat_map(|book| &book.hosts.0);
        hosts.filter(|(_, bill)| bill.account == account).map(|(at, _)| *at).collect()
    }

    fn set_condition(&mut self, at: u32, condition: Condition, status: HostStatus) {
        if let Some(host) = self.operations.as_mut().and_then(|ops| ops.hosts.0.get_mut(&at)) {
            host.condition = condition;
        }
        self.world.set_host_status(at, status);
    }

    /// Whether a term up to `ends` outlives the dedicated host that the instance is on: it cannot be renewed then
    /// (DHST-33).
    pub(super) fn outlives_host(&self, slot: u32, ends: Utc) -> bool {
        let Some(ops) = self.operations.as_deref() else { return false };
        let host = ops.record(slot).host.and_then(|at| ops.hosts.0.get(&at));
        host.is_some_and(|host| !host.outlives(Some(ends)))
    }
}
