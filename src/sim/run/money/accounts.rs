//! Accounts that do not pay, and what becomes of what they have (LIFE-60 to LIFE-62).

use super::*;

impl Run<'_> {
    pub(super) fn plan_arrears(&mut self, now: SimTime, account: AccountIx) {
        let utc = self.utc(now);
        let Some(book) = &self.money else { return };
        let Some((at, next)) = book.ledgers[account.at()].next(utc) else { return };
        let at = self.calendar(now, at);
        let ticket = self.at(at, Event::Money(MoneyEvent::Arrears { account: account.0 }));
        if let Some(book) = &mut self.money {
            book.arrears[account.at()] = Some((ticket, next));
        }
    }

    pub(super) fn arrears_step(&mut self, now: SimTime, account: AccountIx) {
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
        match next {
            Next::Deduct => {}
            Next::Stop => self.stop_overdue_hosts(now, account),
            Next::Release => self.release_overdue_hosts(now, account),
        }
        self.plan_arrears(now, account);
    }

    /// Stops an instance for money (LIFE-17). An overdue one gives its place up and is not billed any more (LIFE-61); an
    /// expired one keeps its place until it is released (LIFE-37, LIFE-51).
    pub(super) fn lock_for_money(&mut self, now: SimTime, slot: u32, lock: Lock) {
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
            // SPOT-51: an overdue spot instance is stopped like any other, and costs nothing.
            self.market_charge(now, slot, false);
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
    pub(in crate::sim::run) fn locked_for_money(&self, slot: u32) -> bool {
        self.live_lock(slot).is_some()
    }

    /// A stop without charge: vCPUs and memory cost nothing from now on, and credits are lost (LIFE-35, BURST-21).
    pub(in crate::sim::run) fn stops_charging(&mut self, now: SimTime, slot: u32) {
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
    pub(super) fn restore_paid(&mut self, now: SimTime, account: AccountIx) {
        let Some(book) = &self.money else { return };
        if book.ledgers[account.at()].standing() != Standing::Good {
            return;
        }
        self.restore_hosts(now, account);
        let Some(book) = &self.money else { return };
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
                // A spot instance comes back where price and stock allow (SPOT-43, SPOT-51).
                let may = self.market_may_start(now, slot).is_ok();
                let place = self.want(slot).filter(|_| may).and_then(|want| self.fleet.place(&want).ok());
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

    pub(super) fn live_lock(&self, slot: u32) -> Option<(Lock, bool)> {
        self.money.as_ref()?.lives.get(slot as usize)?.as_ref()?.lock
    }

    /// Bills an instance again that was stopped for money, and starts it unless its owner had stopped it before.
    pub(super) fn unlock_paid(&mut self, now: SimTime, slot: u32) {
        let utc = self.utc(now);
        let starts = self.live_lock(slot).is_some_and(|(_, starts)| starts);
        let live = self.money.as_mut().and_then(|book| book.live(slot));
        if live.is_some_and(|live| live.overdue() && !live.paused) {
            self.market_charge(now, slot, true);
        }
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
        match starts {
            // Its host failed in the meantime, and nobody sought another place for it while it was locked.
            true if self.instances[slot as usize].claim.is_none() => self.place_again(now, slot),
            true => self.start_again(now, slot),
            false => {}
        }
    }

    pub(super) fn paid_in(&mut self, now: SimTime, number: usize) {
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
}
