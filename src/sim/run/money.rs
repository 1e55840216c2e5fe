//! Bills of everything that runs, subscriptions, and accounts that do not pay.

use crate::billing::{Charge, DueRule, Ledger, Meter, Metered, Next, Prices, Standing, Step, Term};
use crate::engine::{Stream, Streams, Ticket};
use crate::hypervisor::State;
use crate::metrics::CostProbe;
use crate::model::{AccountIx, InstanceType, Money, SimDuration, SimTime, Utc};
use crate::scenario::Scenario;
use crate::scenario::schema::Due;
use crate::sim::event::{Event, MoneyEvent};
use crate::sim::log::Record;
use crate::sim::observe::{Gone, Happened, Observer};
use crate::sim::summary::{AccountBill, BillingSummary, ChargeAmount};
use crate::validate::{Effective, InternetCharge, Period, Spot};
use crate::workload::{self, End};
use crate::world::{ChargeType, World};

use super::Run;

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
#[derive(Debug)]
struct Live {
    account: AccountIx,
    created: SimTime,
    /// Of pay as you go and spot instances.
    meter: Option<Meter>,
    /// What an hour of the running instance costs.
    rate: Metered,
    spot: bool,
    subscription: Option<Box<Subscription>>,
    /// Stopped without charge: it pays for its disks and its bandwidth only (LIFE-35).
    paused: bool,
    /// Why it is stopped for money, and whether it starts again when it is paid.
    lock: Option<(Lock, bool)>,
}

#[derive(Debug)]
struct Subscription {
    term: Term,
    period: Period,
    /// Price of a month.
    month: Money,
    stream: Stream,
    next: Option<(Ticket, Step)>,
}

/// Why an instance is stopped for money (LIFE-40).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lock {
    Expired,
    Overdue,
}

#[derive(Debug, Default)]
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
            streams: Streams::new(scenario.spec.seed),
            prices,
            counts: Counts::default(),
        })
    }

    fn live(&mut self, slot: u32) -> Option<&mut Live> {
        self.lives.get_mut(slot as usize)?.as_mut()
    }

    /// Bills what an instance has come to, to the second.
    fn settle(&mut self, at: Utc, slot: u32) {
        let Some(Some(live)) = self.lives.get_mut(slot as usize) else { return };
        let Some(meter) = &mut live.meter else { return };
        let bill = meter.settle(at);
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
            (false, _) => spot_price.unwrap_or(list),
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

    /// The bills of the run, up to its end.
    pub(in crate::sim) fn summary(&mut self, world: &World, end: Utc) -> BillingSummary {
        for slot in 0..self.lives.len() as u32 {
            self.settle(end, slot);
        }
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

impl<P: CostProbe, O: Observer> Run<'_, P, O> {
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
        let past = self.start.0.rem_euclid(3_600) as u64;
        self.at(SimTime::ZERO + SimDuration::from_secs(3_600 - past), Event::Money(MoneyEvent::Settle));
    }

    /// An instance was created: it is charged from now on (LIFE-22), or its subscription has been paid.
    pub(super) fn money_created(&mut self, now: SimTime, slot: u32, effective: &Effective) {
        let utc = self.utc(now);
        let (template, number, zone) = {
            let instance = &self.instances[slot as usize];
            (instance.template, instance.number, instance.zone)
        };
        let Some(book) = &mut self.money else { return };
        let spot_price = self.world.spot_price(zone, effective.instance_type);
        let account = effective.account;
        let mut live = Live {
            account,
            created: now,
            meter: None,
            rate: Metered::default(),
            spot: effective.spot != Spot::None && !effective.on_host,
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
    pub(super) fn money_entered(&mut self, now: SimTime, slot: u32, state: State) {
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
        book.settle(utc, slot);
        let Some(gone) = book.lives.get_mut(slot as usize).and_then(Option::take) else { return };
        book.locked[gone.account.at()] -= u32::from(gone.overdue());
        if let Some((ticket, _)) = gone.subscription.and_then(|one| one.next) {
            self.queue.cancel(ticket);
        }
    }

    /// Bills CPU credits beyond what an instance has (BURST-14).
    pub(super) fn bill_credits(&mut self, account: AccountIx, fee: Money) {
        if let Some(book) = &mut self.money {
            book.ledgers[account.at()].bill(Charge::CpuCredits, fee);
        }
    }

    pub(super) fn money_event(&mut self, now: SimTime, event: MoneyEvent) {
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
        let Run { money, instances, world, .. } = self;
        let Some(book) = money else { return };
        let before: Vec<Money> = book.ledgers.iter().map(Ledger::bills).collect();
        for slot in 0..book.lives.len() as u32 {
            book.settle(utc, slot);
            let Some(live) = book.live(slot) else { continue };
            // The first hour has the price of the purchase; then the market's (SPOT-22).
            if live.spot && live.lock.is_none() && !live.paused && now.since(live.created) >= HOUR {
                let instance = &instances[slot as usize];
                let price = self.templates[instance.template as usize]
                    .instance_type
                    .and_then(|instance_type| world.spot_price(instance.zone, instance_type));
                if let (Some(price), Some(meter)) = (price, &mut live.meter) {
                    live.rate.compute = price;
                    meter.set_rate(utc, live.rate);
                }
            }
        }
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

    // --- accounts that do not pay (LIFE-60 to LIFE-62) ---

    fn plan_arrears(&mut self, now: SimTime, account: AccountIx) {
        let utc = self.utc(now);
        let Some(book) = &self.money else { return };
        let Some((at, next)) = book.ledgers[account.at()].next(utc) else { return };
        let at = self.calendar(now, at);
        let ticket = self.at(at, Event::Money(MoneyEvent::Arrears { account: account.0 }));
        if let Some(book) = &mut self.money {
            book.arrears[account.at()] = Some((ticket, next));
        }
    }

    fn arrears_step(&mut self, now: SimTime, account: AccountIx) {
        let Some(book) = &mut self.money else { return };
        let Some((_, next)) = book.arrears[account.at()].take() else { return };
        if next == Next::Deduct {
            if !self.money_deduct(now, account) {
                self.plan_arrears(now, account);
            }
            return;
        }
        book.ledgers[account.at()].advance(next);
        let metered = |live: &Live| live.account == account && live.meter.is_some();
        let slots: Vec<u32> = (0u32..)
            .zip(&book.lives)
            .filter(|(_, live)| live.as_ref().is_some_and(metered))
            .map(|(slot, _)| slot)
            .collect();
        match next {
            Next::Deduct => {}
            Next::Stop => book.counts.stopped += slots.len() as u64,
            Next::Release => book.counts.released_overdue += slots.len() as u64,
        }
        for slot in slots {
            match next {
                Next::Stop => self.lock_for_money(now, slot, Lock::Overdue),
                _ => self.release(now, slot, Gone::Overdue),
            }
        }
        self.plan_arrears(now, account);
    }

    /// Stops an instance for money (LIFE-17). An overdue one gives its place up and is not billed any more (LIFE-61); an
    /// expired one keeps its place until it is released (LIFE-37, LIFE-51).
    fn lock_for_money(&mut self, now: SimTime, slot: u32, lock: Lock) {
        let utc = self.utc(now);
        let state = self.instances[slot as usize].state;
        let wanted = matches!(state, State::Pending | State::Starting | State::Running) || self.is_down(slot);
        self.holds_still(now, slot);
        self.cut_start(now, slot);
        self.cancel_next(slot);
        if state == State::Running {
            self.enter(slot, State::Stopping);
        }
        if state != State::Stopped {
            self.enter(slot, State::Stopped);
        }
        self.plan_end(now, slot);
        let overdue = lock == Lock::Overdue;
        self.stopped_for_money(slot, overdue);
        self.load_frozen(now, slot, overdue);
        if overdue {
            self.give_up_place(now, slot);
        }
        if let Some(book) = &mut self.money
            && let Some(Some(live)) = book.lives.get_mut(slot as usize)
        {
            book.locked[live.account.at()] += u32::from(overdue);
            live.lock = Some((lock, wanted));
            if let Some(meter) = live.meter.as_mut().filter(|_| overdue) {
                meter.set_rate(utc, Metered::default());
            }
        }
        let number = self.instances[slot as usize].number;
        self.log.note(now, Record::Locked, number, overdue.into());
        self.observer.happened(now, &Happened::Locked { number, overdue });
    }

    /// Whether an instance is stopped for money: it starts for nobody (LIFE-43).
    pub(super) fn locked_for_money(&self, slot: u32) -> bool {
        self.live_lock(slot).is_some()
    }

    /// A stop without charge: vCPUs and memory cost nothing from now on, and credits are lost (LIFE-35, BURST-21).
    pub(super) fn stops_charging(&mut self, now: SimTime, slot: u32) {
        let utc = self.utc(now);
        self.load_lost(now, slot);
        if let Some(live) = self.money.as_mut().and_then(|book| book.live(slot)) {
            live.paused = true;
            if let Some(meter) = &mut live.meter {
                meter.set_rate(utc, Metered { compute: Money::ZERO, ..live.rate });
            }
        }
    }

    /// Brings back what was stopped for arrears, where there is room (LIFE-62). What finds none stays stopped and is
    /// tried again every hour.
    fn restore_paid(&mut self, now: SimTime, account: AccountIx) {
        let Some(book) = &self.money else { return };
        if book.ledgers[account.at()].standing() != Standing::Good {
            return;
        }
        let waits = |live: &Live| live.account == account && live.overdue();
        let slots: Vec<u32> = (0u32..)
            .zip(&book.lives)
            .filter(|(_, live)| live.as_ref().is_some_and(waits))
            .map(|(slot, _)| slot)
            .collect();
        for slot in slots {
            let starts = self.live_lock(slot).is_some_and(|(_, starts)| starts);
            // What its owner had stopped needs a place only when it is started.
            if starts && self.instances[slot as usize].claim.is_none() {
                let place = self.want(slot).and_then(|want| self.fleet.place(&want).ok());
                match (place, &mut self.money) {
                    (Some(claim), _) => self.take_place(now, slot, claim),
                    (None, Some(book)) => {
                        book.counts.no_room += 1;
                        continue;
                    }
                    (None, None) => continue,
                }
            }
            self.unlock_paid(now, slot);
        }
    }

    fn live_lock(&self, slot: u32) -> Option<(Lock, bool)> {
        self.money.as_ref()?.lives.get(slot as usize)?.as_ref()?.lock
    }

    /// Bills an instance again that was stopped for money, and starts it unless its owner had stopped it before.
    fn unlock_paid(&mut self, now: SimTime, slot: u32) {
        let utc = self.utc(now);
        let starts = self.live_lock(slot).is_some_and(|(_, starts)| starts);
        if let Some(book) = &mut self.money {
            book.counts.restored += 1;
            if let Some(Some(live)) = book.lives.get_mut(slot as usize) {
                book.locked[live.account.at()] -= u32::from(live.overdue());
                live.lock = None;
                let compute = if live.paused { Money::ZERO } else { live.rate.compute };
                if let Some(meter) = &mut live.meter {
                    meter.set_rate(utc, Metered { compute, ..live.rate });
                }
            }
        }
        let instance = &self.instances[slot as usize];
        let host = instance.claim.as_ref().map_or(u32::MAX, |claim| claim.host().0);
        self.log.note(now, Record::Restored, instance.number, host);
        self.back_for_money(slot);
        if starts {
            self.start_again(now, slot);
        }
    }

    fn paid_in(&mut self, now: SimTime, number: usize) {
        let Some(book) = &self.money else { return };
        let PaidIn { account, amount, renew, .. } = book.payments[number];
        let overdue = book.ledgers[account.at()].standing() != Standing::Good;
        self.world.pay_in(account, amount);
        if overdue {
            self.money_deduct(now, account);
        }
        if renew {
            self.renew_by_hand(now, account);
        }
    }

    // --- subscriptions (LIFE-50 to LIFE-57) ---

    /// Schedules the next step of a subscription, at a moment of chance within the hours that the documents name.
    fn plan_term(&mut self, now: SimTime, slot: u32) {
        let Some(one) = self.money.as_mut().and_then(|book| book.live(slot)?.subscription.as_mut()) else {
            return;
        };
        if let Some((ticket, _)) = one.next.take() {
            self.queue.cancel(ticket);
        }
        let Some(one) = self.money.as_mut().and_then(|book| book.live(slot)?.subscription.as_mut()) else {
            return;
        };
        let Some(window) = one.term.take_next() else { return };
        let late = if window.seconds == 0 { 0 } else { one.stream.below(window.seconds) };
        let at = self.calendar(now, Utc(window.from.0 + late as i64));
        let ticket = self.at(at, Event::Money(MoneyEvent::Term { instance: slot }));
        if let Some(one) = self.money.as_mut().and_then(|book| book.live(slot)?.subscription.as_mut()) {
            one.next = Some((ticket, window.step));
        }
    }

    fn term_step(&mut self, now: SimTime, slot: u32) {
        let Some(book) = &mut self.money else { return };
        let Some(one) = book.live(slot).and_then(|live| live.subscription.as_mut()) else { return };
        let Some((_, step)) = one.next.take() else { return };
        match step {
            Step::Renew => {
                let by = one.term.renewal().expect("only a subscription with a renewal has this step");
                if !self.renew_term(now, slot, by)
                    && let Some(book) = &mut self.money
                {
                    book.counts.renewals_refused += 1;
                }
                self.plan_term(now, slot);
            }
            Step::Stop => {
                book.counts.expired += 1;
                self.lock_for_money(now, slot, Lock::Expired);
                self.plan_term(now, slot);
            }
            Step::Release => {
                book.counts.released_expired += 1;
                self.release(now, slot, Gone::Expired);
            }
        }
    }

    /// Pays for the next term of a subscription, when the account can: it counts from the old expiry (LIFE-54).
    fn renew_term(&mut self, now: SimTime, slot: u32, by: Period) -> bool {
        let utc = self.utc(now);
        let number = self.instances[slot as usize].number;
        let Some(book) = &mut self.money else { return false };
        let Some(Some(live)) = book.lives.get_mut(slot as usize) else { return false };
        let Some(one) = &mut live.subscription else { return false };
        let price = by.price(one.month);
        if self.world.funds(live.account).is_some_and(|funds| funds < price) {
            return false;
        }
        self.world.debit(live.account, price);
        book.ledgers[live.account.at()].bill_paid(Charge::Subscription, price);
        book.counts.renewed += 1;
        one.term.renew(by);
        let ends = one.term.ends();
        let hours = (ends.0 - utc.0) / 3_600;
        self.log.note(now, Record::Renewed, number, hours as u32);
        self.subscribed_until(slot, ends);
        true
    }

    /// An account renews everything that has expired, by as much as it first bought, as far as its money goes.
    fn renew_by_hand(&mut self, now: SimTime, account: AccountIx) {
        let utc = self.utc(now);
        let Some(book) = &self.money else { return };
        let expired: Vec<(u32, Period)> = (0u32..)
            .zip(&book.lives)
            .filter_map(|(slot, live)| Some((slot, live.as_ref()?)))
            .filter(|(_, live)| live.account == account)
            .filter_map(|(slot, live)| Some((slot, live.subscription.as_ref()?)))
            .filter(|(_, one)| one.term.expired(utc))
            .map(|(slot, one)| (slot, one.period))
            .collect();
        for (slot, period) in expired {
            if !self.renew_term(now, slot, period) {
                continue;
            }
            self.plan_term(now, slot);
            let locked = self.money.as_mut().and_then(|book| book.live(slot)).and_then(|live| live.lock);
            if matches!(locked, Some((Lock::Expired, _))) {
                self.unlock_paid(now, slot);
            }
        }
    }

    /// Whether a customer's deletion is refused, because the instance's subscription is not over (LIFE-57). It is
    /// not renewed any more then, and goes when its term is over.
    pub(super) fn subscription_keeps(&mut self, now: SimTime, slot: u32) -> bool {
        if self.money.is_none() {
            return false;
        }
        let utc = self.utc(now);
        let Some(book) = &mut self.money else { return false };
        let Some(Some(live)) = book.lives.get_mut(slot as usize) else { return false };
        let Some(one) = live.subscription.as_mut().filter(|one| !one.term.expired(utc)) else { return false };
        book.counts.deletions_refused += 1;
        one.term.renew_no_more();
        // Nobody asks a second time.
        self.cancel_next(slot);
        self.instances[slot as usize].end = End::Never;
        let number = self.instances[slot as usize].number;
        self.log.note(now, Record::Kept, number, 0);
        self.plan_term(now, slot);
        true
    }
}
