//! Spot instances: bought, protected, told, gone.

use std::collections::VecDeque;

use super::{Followed, Listed, Market, Source, WHOLE};
use crate::model::{AccountIx, HostIx, Resources, SimDuration, SimTime, TypeIx, ZoneIx};
use crate::placement::{Fleet, Hold};
use crate::spot::bill::{Bill, FIRST_HOUR};
use crate::spot::notice::{Cause, Notice};
use crate::spot::price::HourPrice;
use crate::spot::victims::Candidate;

/// Longest protection in hours (SPOT-7).
const MOST_HOURS: usize = 6;

/// A spot instance that was created.
#[derive(Clone, Copy, Debug)]
pub struct Purchase {
    /// The simulator's number of it while it lives.
    pub slot: u32,
    /// Number of its request.
    pub number: u64,
    /// Who pays.
    pub account: AccountIx,
    /// Zone.
    pub zone: ZoneIx,
    /// Type.
    pub instance_type: TypeIx,
    /// What it takes of a host.
    pub size: Resources,
    /// Its limit; none for SpotAsPriceGo.
    pub limit: Option<HourPrice>,
    /// Hours of protection (SpotDuration, SPOT-7).
    pub hours: u8,
}

/// What the market knows of a spot instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SpotState {
    /// Number of its request.
    pub number: u64,
    /// Its limit; none for SpotAsPriceGo.
    pub limit: Option<HourPrice>,
    /// When its protection ends.
    pub protected_until: SimTime,
    /// Its notice, when it has been told to go.
    pub notice: Option<Notice>,
}

/// Where it is.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Place {
    pub(super) ground: u32,
    pub(super) host: HostIx,
    pub(super) hold: Hold,
}

/// A spot instance that lives.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Life {
    pub(super) number: u64,
    pub(super) account: AccountIx,
    pub(super) series: u32,
    pub(super) limit: Option<HourPrice>,
    /// Its bid as a share of the list price.
    bid: u64,
    tie: u32,
    pub(super) created: SimTime,
    pub(super) protected_until: SimTime,
    /// Its protection is over.
    free: bool,
    pub(super) size: Resources,
    pub(super) bill: Bill,
    pub(super) place: Option<Place>,
    pub(super) notice: Option<Notice>,
}

impl Life {
    pub(super) fn state(&self) -> SpotState {
        SpotState {
            number: self.number,
            limit: self.limit,
            protected_until: self.protected_until,
            notice: self.notice,
        }
    }
}

/// All that live, by the simulator's slots, and what they wait for.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
pub(super) struct Lives {
    by_slot: Vec<Option<Box<Life>>>,
    /// Regular instances that have been counted as asked for.
    regular: Vec<bool>,
    /// Ends of first hours: purchases come in order, so their ends do. Number, to know a slot that has changed hands.
    first_hours: VecDeque<(SimTime, u32, u64)>,
    /// Ends of protections, by hours of protection.
    protections: [VecDeque<(SimTime, u32, u64)>; MOST_HOURS + 1],
}

impl Lives {
    pub(super) fn get(&self, slot: u32) -> Option<&Life> {
        self.by_slot.get(slot as usize)?.as_deref()
    }

    pub(super) fn get_mut(&mut self, slot: u32) -> Option<&mut Life> {
        self.by_slot.get_mut(slot as usize)?.as_deref_mut()
    }

    /// Whether a regular instance has had a place before.
    pub(super) fn knows(&self, slot: u32) -> bool {
        self.regular.get(slot as usize).copied().unwrap_or(false)
    }

    pub(super) fn know(&mut self, slot: u32) {
        let at = slot as usize;
        if self.regular.len() <= at {
            self.regular.resize(at + 1, false);
        }
        self.regular[at] = true;
    }

    /// A slot is free for another instance.
    pub(super) fn forget(&mut self, slot: u32) -> Option<Box<Life>> {
        if let Some(known) = self.regular.get_mut(slot as usize) {
            *known = false;
        }
        self.by_slot.get_mut(slot as usize)?.take()
    }

    /// Every spot instance that lives, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Life> {
        self.by_slot.iter().flatten().map(AsRef::as_ref)
    }

    fn insert(&mut self, slot: u32, life: Life) {
        let at = slot as usize;
        if self.by_slot.len() <= at {
            self.by_slot.resize_with(at + 1, || None);
        }
        self.by_slot[at] = Some(Box::new(life));
    }

    fn same(&self, slot: u32, number: u64) -> bool {
        self.get(slot).is_some_and(|life| life.number == number)
    }
}

impl Market {
    /// A spot instance was created (SPOT-21): its bid stands, its first hour has the price of this moment (SPOT-22),
    /// and it is protected for its SpotDuration (SPOT-7, SPOT-30). False when its type is not listed in the zone.
    pub fn bought(&mut self, now: SimTime, purchase: &Purchase) -> bool {
        let Some(number) = self.series_of(purchase.zone, purchase.instance_type) else { return false };
        let Listed { series, source, pool, stats, .. } = &mut self.listed[number as usize];
        stats.bought += 1;
        self.stats.bought += 1;
        let bid = purchase.limit.map_or(WHOLE, |limit| limit.share_of(series.list).min(WHOLE));
        if let (Source::Auction { .. }, Some(book)) = (source, &mut self.pools[*pool as usize].book) {
            book.enter(bid, purchase.size.cpu_milli);
        }
        let hours = usize::from(purchase.hours).min(MOST_HOURS);
        let protected_until = now + SimDuration(FIRST_HOUR.0 * hours as u64);
        let bill = Bill::new(now, series, purchase.limit.is_none());
        let life = Life {
            number: purchase.number,
            account: purchase.account,
            series: number,
            limit: purchase.limit,
            bid,
            tie: (self.ties.next_u64() >> 32) as u32,
            created: now,
            protected_until,
            free: hours == 0,
            size: purchase.size,
            bill: if hours == 0 { bill.unprotected() } else { bill },
            place: None,
            notice: None,
        };
        self.lives.insert(purchase.slot, life);
        self.lives.first_hours.push_back((now + FIRST_HOUR, purchase.slot, purchase.number));
        if hours > 0 {
            self.lives.protections[hours].push_back((protected_until, purchase.slot, purchase.number));
        }
        true
    }

    /// Tells bills whose first hour is over that it is. Before every change of a price.
    pub(super) fn settle(&mut self, now: SimTime) {
        while let Some(&(over, slot, number)) = self.lives.first_hours.front()
            && over <= now
        {
            self.lives.first_hours.pop_front();
            if self.lives.same(slot, number)
                && let Some(life) = self.lives.get_mut(slot)
            {
                life.bill.first_hour_over(&self.listed[life.series as usize].series);
            }
        }
    }

    /// Ends protections.
    pub(super) fn free(&mut self, now: SimTime, fleet: &Fleet) {
        for hours in 1..=MOST_HOURS {
            while let Some(&(over, slot, number)) = self.lives.protections[hours].front()
                && over <= now
            {
                self.lives.protections[hours].pop_front();
                if self.lives.same(slot, number) {
                    if let Some(life) = self.lives.get_mut(slot) {
                        life.free = true;
                    }
                    self.enlist(slot, fleet);
                }
            }
        }
    }

    /// Puts an instance on the list of those that may go, when it is one.
    pub(super) fn enlist(&mut self, slot: u32, fleet: &Fleet) {
        let Some(life) = self.lives.get(slot) else { return };
        let Some(Place { host, hold, .. }) = life.place.filter(|_| life.free && life.notice.is_none()) else {
            return;
        };
        let listed = &mut self.listed[life.series as usize];
        if let Some(limit) = life.limit {
            listed.by_limit.insert((limit.0, life.tie, slot));
        }
        let candidate = Candidate {
            life: slot,
            host,
            hold,
            size: life.size,
            bid: life.bid,
            value: life.limit.map_or(listed.series.list, |limit| limit.min(listed.series.list)).0,
            created: life.created,
            tie: life.tie,
        };
        self.index.add(fleet, candidate);
    }

    /// Takes it off the list.
    pub(super) fn delist(&mut self, slot: u32) {
        let Some(life) = self.lives.get(slot) else { return };
        if let Some(limit) = life.limit {
            self.listed[life.series as usize].by_limit.remove(&(limit.0, life.tie, slot));
        }
        self.index.remove(slot);
    }

    /// Tells an instance to go: it is locked, and released when its notice is over (SPOT-34, SPOT-35).
    pub(super) fn tell(&mut self, now: SimTime, slot: u32, cause: Cause, followed: &mut Followed) {
        self.delist(slot);
        let life = self.lives.get_mut(slot).expect("only those that live are on the list");
        assert!(
            life.free && now >= life.protected_until,
            "an instance is safe within its protection (SPOT-30)"
        );
        assert!(life.notice.is_none(), "an instance is told once");
        life.notice = Some(Notice { cause, at: now });
        let listed = &mut self.listed[life.series as usize];
        listed.stats.interruptions.add(cause);
        if cause == Cause::Price {
            // What lies above the bid is not charged (SPOT-25).
            life.bill.pause(now, &listed.series);
        }
        if let Some(place) = life.place {
            self.grounds.leaving(place.ground as usize, life.size);
        }
        followed.told.push((slot, cause));
    }

    /// An instance is gone, reclaimed or released by its customer (SPOT-37), and its slot free. Its place must have been
    /// given up before. Also for instances that are no spot instances.
    pub fn gone(&mut self, now: SimTime, slot: u32) {
        self.settle(now);
        self.delist(slot);
        let Some(life) = self.lives.forget(slot) else { return };
        assert!(life.place.is_none(), "the place is given up first");
        let Listed { series, source, pool, .. } = &self.listed[life.series as usize];
        if let (Source::Auction { .. }, Some(book)) = (source, &mut self.pools[*pool as usize].book) {
            book.leave(life.bid, life.size.cpu_milli);
        }
        let cost = life.bill.cost(now, series);
        let reclaimed = life.notice.is_some_and(|notice| now >= notice.ends());
        self.stats.ended(now, &life, cost, Some(reclaimed));
        self.listed[life.series as usize].stats.ended(cost);
    }
}
