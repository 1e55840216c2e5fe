//! Bills in a snapshot: everything but prices and what the scenario says.

use super::hosts::HostBills;
use super::{Book, Counts, Ledger, Live, Money, Next, SimTime, Ticket};

type Saved = (
    Vec<Ledger>,
    Vec<Money>,
    Vec<Option<(Ticket, Next)>>,
    Vec<u32>,
    Vec<SimTime>,
    Vec<Option<Live>>,
    HostBills,
    Counts,
);

impl Book {
    /// Everything that changes, as bytes.
    pub(in crate::sim::run) fn save(&self) -> Vec<u8> {
        let Book {
            due: _,
            prices: _,
            streams: _,
            hours: _,
            ledgers,
            coupons,
            arrears,
            locked,
            ready,
            payments: _,
            lives,
            hosts,
            counts,
        } = self;
        postcard::to_stdvec(&(ledgers, coupons, arrears, locked, ready, lives, hosts, counts))
            .expect("plain data")
    }

    /// Goes on from a state; none when that is of other accounts.
    pub(in crate::sim::run) fn restore(&mut self, bytes: &[u8]) -> Option<()> {
        let (ledgers, coupons, arrears, locked, ready, lives, hosts, counts): Saved =
            postcard::from_bytes(bytes).ok()?;
        let accounts = self.ledgers.len();
        let lengths = [ledgers.len(), coupons.len(), arrears.len(), locked.len(), ready.len()];
        let known = |live: &Live| live.account.at() < accounts;
        if lengths != [accounts; 5] || !lives.iter().flatten().all(known) || !hosts.of_accounts(accounts) {
            return None;
        }
        (self.ledgers, self.coupons, self.arrears) = (ledgers, coupons, arrears);
        (self.locked, self.ready, self.lives) = (locked, ready, lives);
        (self.hosts, self.counts) = (hosts, counts);
        Some(())
    }
}
