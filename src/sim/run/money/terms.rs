//! Terms of subscriptions (LIFE-50 to LIFE-57).

use super::*;

impl Run<'_> {
    /// Schedules the next step of a subscription, at a moment of chance within the hours that the documents name.
    pub(super) fn plan_term(&mut self, now: SimTime, slot: u32) {
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

    pub(super) fn term_step(&mut self, now: SimTime, slot: u32) {
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
    pub(super) fn renew_term(&mut self, now: SimTime, slot: u32, by: Period) -> bool {
        let utc = self.utc(now);
        let number = self.instances[slot as usize].number;
        let Some(book) = &mut self.money else { return false };
        let Some(Some(live)) = book.lives.get_mut(slot as usize) else { return false };
        let Some(one) = &mut live.subscription else { return false };
        let price = by.price(one.month);
        let mut next = one.term;
        next.renew(by);
        if self.world.funds(live.account).is_some_and(|funds| funds < price)
            || self.outlives_host(slot, next.ends())
        {
            return false;
        }
        let Some(book) = &mut self.money else { return false };
        let Some(Some(live)) = book.lives.get_mut(slot as usize) else { return false };
        let Some(one) = &mut live.subscription else { return false };
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
    pub(super) fn renew_by_hand(&mut self, now: SimTime, account: AccountIx) {
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
    pub(in crate::sim::run) fn subscription_keeps(&mut self, now: SimTime, slot: u32) -> bool {
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
