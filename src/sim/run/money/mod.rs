//! Bills of everything that runs, subscriptions, and accounts that do not pay.

mod accounts;
mod hosts;
mod saved;
mod terms;

use crate::billing::{Charge, DueRule, Ledger, Meter, Metered, Next, Prices, Standing, Step, Term};
use crate::engine::{Stream, Streams, Ticket};
use crate::hypervisor::State;
use crate::model::{AccountIx, InstanceType, Money, SimDuration, SimTime, Utc};
use crate::scenario::Scenario;
use crate::scenario::schema::Due;
use crate::sim::event::{Event, MoneyEvent};
use crate::sim::log::Record;
use crate::sim::market::MarketRun;
use crate::sim::observe::{Gone, Happened};
use crate::sim::summary::{AccountBill, BillingSummary, ChargeAmount};
use crate::validate::{Effective, InternetCharge, Period, Spot};
use crate::workload::{self, End};
use crate::world::{ChargeType, World};

use crate::sim::run::{Instance, Run};

const HOUR: SimDuration = SimDuration::from_secs(3_600);
/// How long instances take to come back once all is paid (LIFE-62).
const RESTORE: SimDuration = SimDuration::from_secs(600);

/// Money of one run; there when the scenario has bills.
#[derive(Debug)]
pub(in crate::sim) struct Book {
    due: DueRule,
    prices: Prices,
    streams: Streams,
    /// Pay-as-you-go price of an hour, by template.
    hours: Vec<Money>,
    /// By account of the world.
    ledgers: Vec<Ledger>,
    /// Coupons that each account had when they were last looked at.
    coupons: Vec<Money>,
    /// What comes next for each account that does not pay.
    arrears: Vec<Option<(Ticket, Next)>>,
    /// Instances of each account that are stopped for arrears, and when they may come back.
    locked: Vec<u32>,
    ready: Vec<SimTime>,
    payments: Vec<PaidIn>,
    /// By slot.
    lives: Vec<Option<Live>>,
    hosts: hosts::HostBills,
    counts: Counts,
}

#[derive(Clone, Copy, Debug)]
struct PaidIn {
    account: AccountIx,
    at: SimTime,
    amount: Money,
    renew: bool,
}

/// What is billed of one instance.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Live {
    account: AccountIx,
    /// Of pay as you go and spot instances.
    meter: Option<Meter>,
    /// What an hour of the running instance costs.
    rate: Metered,
    spot: bool,
    /// The market keeps the bill of its vCPUs and memory, and so much of it has been charged; none: the meter does.
    charged: Option<Money>,
    subscription: Option<Box<Subscription>>,
    /// Stopped without charge: it pays for its disks and its bandwidth only (LIFE-35).
    paused: bool,
    /// Why it is stopped for money, and whether it starts again when it is paid.
    lock: Option<(Lock, bool)>,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Subscription {
    term: Term,
    period: Period,
    /// Price of a month.
    month: Money,
    stream: Stream,
    next: Option<(Ticket, Step)>,
}

/// Why an instance is stopped for money (LIFE-40).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
enum Lock {
    Expired,
    Overdue,
}

#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Counts {
    overdue: u64,
    stopped: u64,
    restored: u64,
    no_room: u64,
    released_overdue: u64,
    renewed: u64,
    renewals_refused: u64,
    expired: u64,
    released_expired: u64,
    deletions_refused: u64,
    coupons: Money,
}

impl Live {
    fn overdue(&self) -> bool {
        matches!(self.lock, Some((Lock::Overdue, _)))
    }
}

impl Book {
    /// None when the scenario has no bills.
    pub(in crate::sim) fn new<'t>(
        scenario: &Scenario,
        world: &World,
        templates: &[workload::Template],
        type_of: impl Fn(&workload::Template) -> Option<&'t InstanceType>,
    ) -> Option<Book> {
        if !scenario.bills() {
            return None;
        }
        let spec = scenario.spec.billing.clone().unwrap_or_default();
        let prices = scenario.prices.clone();
        let price = |template: &workload::Template| {
            type_of(template).map_or(Money::ZERO, |row| prices.instance_type(row).hour)
        };
        let accounts: Vec<AccountIx> = world.all_accounts().map(|(account, _)| account).collect();
        let payments = spec.payments.iter().map(|payment| PaidIn {
            account: world
                .account_named(payment.account.get())
                .expect("the scenario's checks know the account"),
            at: payment.at.get().get(),
            amount: Money::from_f64(*payment.amount.get()),
            renew: payment.renew,
        });
        Some(Book {
            due: match spec.due {
                Due::Month => DueRule::Month(prices.due_above()),
                Due::Hour => DueRule::Hour,
            },
            hours: templates.iter().map(price).collect(),
            ledgers: vec![Ledger::new(scenario.spec.start.0); accounts.len()],
            coupons: accounts.iter().map(|account| world.coupons(*account)).collect(),
            arrears: vec![None; accounts.len()],
            locked: vec![0; accounts.len()],
            ready: vec![SimTime::ZERO; accounts.len()],
            payments: payments.collect(),
            lives: Vec::new(),
            hosts: hosts::HostBills::default(),
            streams: Streams::new(scenario.spec.seed),
            prices,
            counts: Counts::default(),
        })
    }

    fn live(&mut self, slot: u32) -> Option<&mut Live> {
        self.lives.get_mut(slot as usize)?.as_mut()
    }

    /// Bills what an instance has come to, to the second. What a spot instance costs is the market's to say (SPOT-22,
    /// SPOT-23).
    fn settle(&mut self, at: Utc, now: SimTime, slot: u32, market: Option<&MarketRun>) {
        let Some(Some(live)) = self.lives.get_mut(slot as usize) else { return };
        let Some(meter) = &mut live.meter else { return };
        let mut bill = meter.settle(at);
        if let Some(charged) = &mut live.charged
            && let Some(payable) = market.and_then(|market| market.market.payable(now, slot))
        {
            bill.compute = payable - std::mem::replace(charged, payable);
        }
        let charge = if live.spot { Charge::Spot } else { Charge::PayAsYouGo };
        let ledger = &mut self.ledgers[live.account.at()];
        ledger.bill(charge, bill.compute);
        ledger.bill(Charge::DisksAndBandwidth, bill.rest);
    }

    /// What an hour of an instance costs: nothing but disks and bandwidth on a dedicated host (DHST-31).
    fn rate(
        &self,
        template: u32,
        effective: &Effective,
        spot_price: Option<Money>,
        world: &World,
    ) -> Metered {
        let list = self.hours[template as usize];
        let compute = match (effective.on_host, effective.spot) {
            (true, _) => Money::ZERO,
            (false, Spot::None) => list,
            // A market price that stands still: what no market lists. Without protection a tenth less (SPOT-7).
            (false, _) => {
                let price = spot_price.unwrap_or(list);
                if effective.spot_hours == 0 { Money(price.0 - price.0 / 10) } else { price }
            }
        };
        let disks = std::iter::once(&effective.system).chain(&effective.data).map(|disk| {
            let level = disk.performance_level.map(|level| level.name());
            let gib = self.prices.disk_hour(world.category_name(disk.category), level);
            i128::from(gib.0) * i128::from(disk.gib)
        });
        let width = match effective.internet_charge {
            InternetCharge::PayByBandwidth => i128::from(effective.bandwidth_out),
            InternetCharge::PayByTraffic => 0,
        };
        let rest = disks.sum::<i128>() + i128::from(self.prices.bandwidth_hour().0) * width;
        Metered { compute, rest: Money(i64::try_from(rest).unwrap_or(i64::MAX)) }
    }

    /// Panics where two accounts of money differ. `opening`: balances before the run; `slots`: who owns the instance in a
    /// slot, none when it is empty.
    #[cfg(test)]
    pub(super) fn check(
        &self,
        world: &World,
        now: SimTime,
        opening: &[Option<Money>],
        slots: impl Fn(u32) -> Option<AccountIx>,
    ) {
        for (slot, live) in (0u32..).zip(&self.lives) {
            assert_eq!(live.as_ref().map(|live| live.account), slots(slot), "slot {slot}: who pays");
        }
        let mut locked = vec![0; self.ledgers.len()];
        for live in self.lives.iter().flatten().filter(|live| live.overdue()) {
            locked[live.account.at()] += 1;
        }
        assert_eq!(locked, self.locked, "instances that are stopped for arrears");
        for (account, opening) in opening.iter().enumerate() {
            let ledger = &self.ledgers[account];
            let parts = [ledger.paid(), ledger.owed(), ledger.settled()];
            assert!(parts.iter().all(|part| *part >= Money::ZERO));
            assert_eq!(parts.into_iter().fold(Money::ZERO, |sum, part| sum + part), ledger.bills());
            let mine = self.payments.iter().filter(|one| one.account.at() == account && one.at < now);
            let came = mine.fold(Money::ZERO, |sum, one| sum + one.amount);
            let balance = world.balance(AccountIx::from(account));
            let expected = opening.map(|opening| opening + came - ledger.paid());
            // What is paid in at this very moment may have come or not.
            if self.payments.iter().all(|one| one.at != now) {
                assert_eq!(balance, expected, "account {account}: no cent is made or lost");
            }
            let late = matches!(ledger.standing(), Standing::Overdue { .. } | Standing::Stopped { .. });
            assert_eq!(self.arrears[account].is_some(), late, "account {account}: its timeline goes on");
        }
    }

    /// Everything that was billed so far; the hour under way is not yet.
    pub(in crate::sim) fn billed(&self) -> Money {
        self.ledgers.iter().fold(Money::ZERO, |sum, ledger| sum + ledger.bills())
    }

    /// The bills of the run, up to its end.
    pub(in crate::sim) fn summary(
        &mut self,
        world: &World,
        end: Utc,
        now: SimTime,
        market: Option<&MarketRun>,
    ) -> BillingSummary {
        for slot in 0..self.lives.len() as u32 {
            self.settle(end, now, slot, market);
        }
        self.hosts.settle(end, &mut self.ledgers);
        let sum = |of: &dyn Fn(&Ledger) -> Money| {
            self.ledgers.iter().fold(Money::ZERO, |sum, ledger| sum + of(ledger)).as_f64()
        };
        let by_charge = Charge::ALL.into_iter().map(|charge| ChargeAmount {
            charge: charge.name(),
            amount: sum(&|ledger| ledger.billed(charge)),
        });
        let account = |(account, id): (AccountIx, &str)| {
            let ledger = &self.ledgers[account.at()];
            AccountBill {
                account: id.to_owned(),
                billed: ledger.bills().as_f64(),
                paid: ledger.paid().as_f64(),
                owed: ledger.owed().as_f64(),
                not_due: ledger.settled().as_f64(),
                balance: world.balance(account).map(Money::as_f64),
                overdue: ledger.standing() != Standing::Good,
            }
        };
        let counts = &self.counts;
        BillingSummary {
            revenue: sum(&Ledger::bills),
            paid: sum(&Ledger::paid),
            owed: sum(&Ledger::owed),
            not_due: sum(&Ledger::settled),
            coupons: counts.coupons.as_f64(),
            by_charge: by_charge.filter(|one| one.amount != 0.0).collect(),
            accounts: world.all_accounts().map(account).collect(),
            fell_overdue: counts.overdue,
            stopped_overdue: counts.stopped,
            restored: counts.restored,
            no_room_to_restore: counts.no_room,
            released_overdue: counts.released_overdue,
            renewed: counts.renewed,
            renewals_refused: counts.renewals_refused,
            expired: counts.expired,
            released_expired: counts.released_expired,
            deletions_refused: counts.deletions_refused,
        }
    }
}

impl Run<'_> {
    /// Moment of the run at which the calendar says so; not before `now`.
    fn calendar(&self, now: SimTime, utc: Utc) -> SimTime {
        let seconds = u64::try_from(utc.0 - self.start.0).unwrap_or(0);
        (SimTime::ZERO + SimDuration::from_secs(seconds)).max(now)
    }

    /// Schedules the first settlement, at the next full hour, and the payments of the scenario.
    pub(in crate::sim) fn money_begins(&mut self) {
        let Some(book) = &self.money else { return };
        let payments: Vec<SimTime> = book.payments.iter().map(|payment| payment.at).collect();
        for (number, at) in payments.into_iter().enumerate() {
            self.at(at, Event::Money(MoneyEvent::Payment { number: number as u32 }));
        }
        // What an account has from the start with a subscription was paid before.
        let hosts = self.operations.iter().flat_map(|ops| ops.hosts.0.keys().copied());
        for at in hosts.collect::<Vec<u32>>() {
            self.host_bill_begins(SimTime::ZERO, at);
        }
        let past = self.start.0.rem_euclid(3_600) as u64;
        self.at(SimTime::ZERO + SimDuration::from_secs(3_600 - past), Event::Money(MoneyEvent::Settle));
    }

    /// An instance was created: it is charged from now on (LIFE-22), or its subscription has been paid.
    #[inline(never)]
    pub(in crate::sim::run) fn money_created(&mut self, now: SimTime, slot: u32, effective: &Effective) {
        let utc = self.utc(now);
        let Some(book) = &mut self.money else { return };
        let Instance { template, number, zone, .. } = self.instances[slot as usize];
        let spot_price = self.world.spot_price(zone, effective.instance_type);
        let account = effective.account;
        let mut live = Live {
            account,
            meter: None,
            rate: Metered::default(),
            spot: effective.spot != Spot::None && !effective.on_host,
            charged: None,
            subscription: None,
            paused: false,
            lock: None,
        };
        match (effective.charge, effective.period) {
            (ChargeType::PrePaid, Some(period)) => {
                // The gate's commit has taken the price, coupons first (R137).
                let left = self.world.coupons(account);
                let coupons = std::mem::replace(&mut book.coupons[account.at()], left) - left;
                book.counts.coupons += coupons;
                let price = effective.price(self.world) - coupons;
                book.ledgers[account.at()].bill_paid(Charge::Subscription, price);
                let renewal =
                    effective.auto_renew.map(|count| Period { count: count.into(), unit: period.unit });
                live.subscription = Some(Box::new(Subscription {
                    term: Term::new(utc, period, renewal),
                    period,
                    month: self.world.price_month(effective.instance_type),
                    stream: book.streams.stream("subscription", number),
                    next: None,
                }));
            }
            _ => {
                live.rate = book.rate(template, effective, spot_price, self.world);
                if self.market.as_ref().is_some_and(|market| market.market.state(slot).is_some()) {
                    live.rate.compute = Money::ZERO;
                    live.charged = Some(Money::ZERO);
                }
                live.meter = Some(Meter::new(utc, live.rate, book.prices.minimum()));
            }
        }
        if book.lives.len() <= slot as usize {
            book.lives.resize_with(slot as usize + 1, || None);
        }
        let ends = live.subscription.as_ref().map(|one| one.term.ends());
        book.lives[slot as usize] = Some(live);
        if let Some(ends) = ends {
            self.subscribed_until(slot, ends);
        }
        self.plan_term(now, slot);
    }

    /// An instance entered a state. Stopped or not, it is charged until it is gone, but for a stop without charge, which
    /// ends with the next start (LIFE-22, LIFE-35).
    pub(in crate::sim::run) fn money_entered(&mut self, now: SimTime, slot: u32, state: State) {
        let utc = self.utc(now);
        let Some(book) = &mut self.money else { return };
        if state != State::Released {
            let starts = matches!(state, State::Starting | State::Running);
            if let Some(live) = book.live(slot).filter(|live| starts && live.paused) {
                live.paused = false;
                if let Some(meter) = &mut live.meter {
                    meter.set_rate(utc, live.rate);
                }
            }
            return;
        }
        book.settle(utc, now, slot, self.market.as_deref());
        let Some(gone) = book.lives.get_mut(slot as usize).and_then(Option::take) else { return };
        book.locked[gone.account.at()] -= u32::from(gone.overdue());
        if let Some((ticket, _)) = gone.subscription.and_then(|one| one.next) {
            self.queue.cancel(ticket);
        }
    }

    /// Bills CPU credits beyond what an instance has (BURST-14).
    pub(in crate::sim::run) fn bill_credits(&mut self, account: AccountIx, fee: Money) {
        if let Some(book) = &mut self.money {
            book.ledgers[account.at()].bill(Charge::CpuCredits, fee);
        }
    }

    pub(in crate::sim::run) fn money_event(&mut self, now: SimTime, event: MoneyEvent) {
        match event {
            MoneyEvent::Settle => self.money_settle(now),
            MoneyEvent::Term { instance } => self.term_step(now, instance),
            MoneyEvent::Arrears { account } => self.arrears_step(now, AccountIx(account)),
            MoneyEvent::Payment { number } => self.paid_in(now, number as usize),
            MoneyEvent::Restore { account } => self.restore_paid(now, AccountIx(account)),
        }
    }

    // --- settlement ---

    /// A full hour: everything is billed, and what is due is taken (LIFE-63, LIFE-64).
    fn money_settle(&mut self, now: SimTime) {
        let utc = self.utc(now);
        let fees = self.loads.as_mut().map(|loads| loads.fees(now)).unwrap_or_default();
        for (account, fee) in fees {
            self.bill_credits(account, fee);
        }
        let Run { money, market, .. } = self;
        let Some(book) = money else { return };
        let before: Vec<Money> = book.ledgers.iter().map(Ledger::bills).collect();
        for slot in 0..book.lives.len() as u32 {
            book.settle(utc, now, slot, market.as_deref());
        }
        book.hosts.settle(utc, &mut book.ledgers);
        for account in (0..before.len()).map(AccountIx::from) {
            let Some(book) = &mut self.money else { return };
            let ledger = &mut book.ledgers[account.at()];
            let bill = ledger.bills() - before[account.at()];
            if bill > Money::ZERO {
                self.log.note(now, Record::Billed, account.0.into(), bill.0 as u32);
            }
            let due = ledger.fall_due(utc, book.due);
            if due && ledger.standing() == Standing::Good {
                self.money_deduct(now, account);
            }
            let waits = |book: &Book| book.locked[account.at()] > 0 && now >= book.ready[account.at()];
            if self.money.as_deref().is_some_and(waits) {
                self.restore_paid(now, account);
            }
        }
        let next = now + HOUR;
        if next <= self.until {
            self.at(next, Event::Money(MoneyEvent::Settle));
        }
    }

    /// Tries to take what an account owes; true when it is paid.
    fn money_deduct(&mut self, now: SimTime, account: AccountIx) -> bool {
        let utc = self.utc(now);
        let Some(book) = &mut self.money else { return false };
        let ledger = &mut book.ledgers[account.at()];
        let (before, owed) = (ledger.standing(), ledger.owed());
        match ledger.deduct(utc, self.world.funds(account)) {
            Some(taken) => {
                self.world.debit(account, taken);
                self.log.note(now, Record::Paid, account.0.into(), taken.0 as u32);
                if before != Standing::Good {
                    self.world.set_arrears(account, false);
                    if let Some((ticket, _)) = book.arrears[account.at()].take() {
                        self.queue.cancel(ticket);
                    }
                    if matches!(before, Standing::Stopped { .. }) {
                        book.ready[account.at()] = now + RESTORE;
                        self.at(now + RESTORE, Event::Money(MoneyEvent::Restore { account: account.0 }));
                    }
                }
                true
            }
            None => {
                book.counts.overdue += u64::from(before == Standing::Good);
                self.log.note(now, Record::Unpaid, account.0.into(), owed.0 as u32);
                self.world.set_arrears(account, true);
                if before == Standing::Good {
                    self.plan_arrears(now, account);
                }
                false
            }
        }
    }
}
