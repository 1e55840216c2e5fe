//! The spot market in the loop: what happens is told to it, what follows is scheduled. Absent, nothing of this runs.

use crate::model::{HostIx, SimDuration, SimTime, ZoneIx};
use crate::operations::refusal::{NO_STOCK, PRICE_ABOVE_BID};
use crate::operations::{Lock, Refusal};
use crate::sim::event::{Event, MarketEvent};
use crate::sim::log::Record;
use crate::sim::market::MarketRun;
use crate::sim::observe::{Gone, Happened};
use crate::spot::market::{Followed, Purchase, check_distance};
use crate::spot::notice::NOTICE;
use crate::spot::price::HourPrice;
use crate::spot::restart::NoStart;
use crate::validate::{self, Admitted, Effective, Reject, Spot};
use crate::workload::End;

use super::{Call, Reached, Run};

impl Run<'_> {
    /// Gives the run its market, and schedules its first events.
    pub(in crate::sim) fn open_market(&mut self, market: Option<Box<MarketRun>>) {
        // A run that goes on from a snapshot has its market already.
        if self.begun {
            return;
        }
        self.market = market;
        let Some(market) = &self.market else { return };
        let fleets = market.market.clients.len() as u32;
        let repriced = (0..market.market.all_series().count() as u32).collect();
        self.follow(SimTime::ZERO, &Followed { repriced, told: Vec::new() });
        self.at(SimTime::ZERO + check_distance(), Event::Market(MarketEvent::Check));
        self.plan_replay();
        for fleet in 0..fleets {
            self.at(SimTime::ZERO, Event::Market(MarketEvent::Fleet { fleet }));
        }
    }

    pub(super) fn market_event(&mut self, now: SimTime, event: MarketEvent) {
        let fleet = self.fleet;
        let Some(market) = &mut self.market else { return };
        match event {
            MarketEvent::Check => {
                let followed = market.market.check(now, fleet);
                self.follow(now, &followed);
                self.again(now, check_distance(), Event::Market(MarketEvent::Check));
            }
            MarketEvent::Replay => {
                let followed = market.market.replay(now);
                self.follow(now, &followed);
                self.plan_replay();
            }
            MarketEvent::Fleet { fleet } => self.look_after(now, fleet),
            MarketEvent::Reclaim { instance } => {
                market.reclaims.remove(&instance);
                self.release(now, instance, Gone::Reclaimed);
            }
        }
    }

    /// Schedules what comes again, up to the end of the run.
    fn again(&mut self, now: SimTime, every: SimDuration, event: Event) {
        if now + every <= self.until {
            self.at(now + every, event);
        }
    }

    fn plan_replay(&mut self) {
        let next = self.market.as_ref().and_then(|market| market.market.next_change());
        if let Some(at) = next.filter(|at| *at <= self.until) {
            self.at(at, Event::Market(MarketEvent::Replay));
        }
    }

    /// Makes what the market says happen: prices become facts of the world, instances get their notice.
    fn follow(&mut self, now: SimTime, followed: &Followed) {
        for &number in &followed.repriced {
            let Some(market) = &self.market else { return };
            let series = market.market.series(number);
            let (zone, instance_type, price, list) =
                (series.zone, series.instance_type, series.price(), series.list);
            self.world.set_spot_price(zone, instance_type, Some(price.money()));
            let detail = u32::try_from(price.0).unwrap_or(u32::MAX);
            self.log.note(now, Record::Priced, u64::from(number), detail);
            self.observer.happened(now, &Happened::SpotPrice { zone, instance_type, price, list });
        }
        for &(slot, cause) in &followed.told {
            let number = self.instances[slot as usize].number;
            self.log.note(now, Record::Told, number, cause as u32);
            self.observer.happened(now, &Happened::SpotNotice { number, cause, ends: now + NOTICE });
            let ticket = self.at(now + NOTICE, Event::Market(MarketEvent::Reclaim { instance: slot }));
            let Some(market) = &mut self.market else { return };
            market.reclaims.insert(slot, ticket);
            if let Some(&member) = market.members.get(&slot) {
                market.market.clients[member.fleet as usize].told(now, member);
            }
            if let Some(operations) = &mut self.operations {
                // SPOT-34: OperationLocks holds it from here on.
                operations.record_mut(slot).lock = Some(Lock::Recycling);
            }
        }
    }

    // --- requests ---

    /// Before the commit of an admitted request: whether the headroom leaves stock is a fact of the world.
    #[inline(never)]
    pub(super) fn market_stock(&mut self, call: &Call, admitted: &Admitted) {
        let Some(market) = &self.market else { return };
        let effective = admitted.effective();
        if effective.spot == Spot::None {
            return;
        }
        let Some(zone) = effective.zone else { return };
        if let Some(series) = market.market.series_of(zone, effective.instance_type) {
            let size = self.templates[call.template as usize].demand;
            let stock = market.market.has_stock(series, size);
            self.world.set_spot_stock(zone, effective.instance_type, stock);
        }
    }

    /// A request was refused: its bid may stay in a book, a fleet looks elsewhere, a regular request that found no room
    /// may start a reclaim.
    #[inline(never)]
    pub(super) fn market_refused(&mut self, now: SimTime, call: &Call, reject: &Reject, reached: Reached) {
        let (fleet, templates) = (self.fleet, self.templates);
        let Some(market) = &mut self.market else { return };
        if let Some(member) = market.pending.remove(&call.number) {
            market.market.clients[member.fleet as usize].answered(now, member, false);
        }
        let template = &templates[call.template as usize];
        let (Some(zone), Some(instance_type)) = (template.zone, template.instance_type) else { return };
        if let Some(ask) = template.spot {
            let (price, stock) = (reject.check == "O1.market-price", reject.check == "K1.stock");
            if let Some(series) = market.market.series_of(zone, instance_type).filter(|_| price || stock) {
                market.market.bid_refused(now, series, ask.limit, template.demand, price);
            }
            return;
        }
        // A place that is bound to a host, a cluster or a set is not freed by victims elsewhere.
        if reject.no_room.is_none() || reached != (Reached::Scheduler { loose: true }) {
            return;
        }
        if let Some(demand) = self.world.demand_of(instance_type) {
            let followed = market.market.regular_refused(now, fleet, zone, demand);
            self.follow(now, &followed);
        }
    }

    // --- lives ---

    /// An instance was created, before it takes its place.
    #[inline(never)]
    pub(super) fn market_created(
        &mut self,
        now: SimTime,
        slot: u32,
        call: &Call,
        zone: ZoneIx,
        effective: &Effective,
    ) {
        let size = self.templates[call.template as usize].demand;
        let Some(market) = &mut self.market else { return };
        if let Some(member) = market.pending.remove(&call.number) {
            market.market.clients[member.fleet as usize].answered(now, member, true);
            market.members.insert(slot, member);
        }
        let limit = match effective.spot {
            Spot::None => return,
            Spot::AsPriceGo => None,
            Spot::WithPriceLimit { milli } => Some(HourPrice(milli)),
        };
        market.market.bought(
            now,
            &Purchase {
                slot,
                number: call.number,
                account: effective.account,
                zone,
                instance_type: effective.instance_type,
                size,
                limit,
                hours: effective.spot_hours,
            },
        );
        let lasting = effective.data.iter().filter(|disk| !disk.delete_with_instance);
        let lasting: Vec<validate::Disk> = lasting.copied().collect();
        if !lasting.is_empty() {
            market.lasting.insert(slot, lasting);
        }
    }

    /// An instance has got a place.
    #[inline(never)]
    pub(super) fn market_placed(&mut self, slot: u32) {
        let instance = &self.instances[slot as usize];
        let (Some(market), Some(claim)) = (&mut self.market, &instance.claim) else { return };
        let size = self.templates[instance.template as usize].demand;
        market.market.placed(self.fleet, slot, claim.host(), claim.hold(), size);
    }

    /// An instance is about to give up its place.
    #[inline(never)]
    pub(super) fn market_left(&mut self, slot: u32) {
        let instance = &self.instances[slot as usize];
        let (Some(market), Some(claim)) = (&mut self.market, &instance.claim) else { return };
        let size = self.templates[instance.template as usize].demand;
        market.market.left(self.fleet, slot, claim.host(), size);
    }

    /// An instance that was on `from` has another place.
    pub(super) fn market_moved(&mut self, slot: u32, from: HostIx) {
        let size = self.templates[self.instances[slot as usize].template as usize].demand;
        if let Some(market) = &mut self.market {
            market.market.left(self.fleet, slot, from, size);
        }
        self.market_placed(slot);
    }

    /// A stopped instance wants to start (SPOT-42, SPOT-43).
    pub(super) fn market_may_start(&self, now: SimTime, slot: u32) -> Result<(), Refusal> {
        let Some(market) = &self.market else { return Ok(()) };
        let kept = self.instances[slot as usize].claim.is_some();
        market.market.may_start(now, slot, kept).map_err(|no| match no {
            NoStart::PriceAboveBid => PRICE_ABOVE_BID,
            NoStart::NoStock => NO_STOCK,
        })
    }

    /// An instance stops without charges, or starts after that (SPOT-41).
    pub(super) fn market_charge(&mut self, now: SimTime, slot: u32, charged: bool) {
        if let Some(market) = &mut self.market {
            market.market.charge(now, slot, charged);
        }
    }

    /// An instance is gone, and its place with it. After a reclaim, data disks that do not go with it stay as
    /// pay-as-you-go disks; the system disk, its data and the private address are given up (SPOT-36).
    #[inline(never)]
    pub(super) fn market_gone(&mut self, now: SimTime, slot: u32, cause: Gone) {
        let Some(market) = &mut self.market else { return };
        if let Some(ticket) = market.reclaims.remove(&slot) {
            self.queue.cancel(ticket);
        }
        let told = market.market.state(slot).is_some_and(|state| state.notice.is_some());
        if let Some(member) = market.members.remove(&slot).filter(|_| !told) {
            market.market.clients[member.fleet as usize].lost(now, member);
        }
        market.market.gone(now, slot);
        let lasting = market.lasting.remove(&slot).filter(|_| cause == Gone::Reclaimed);
        // With operations disks have lives of their own, and have been parted from the instance already.
        let parted = self.operations.is_some();
        for disk in lasting.into_iter().flatten() {
            if !parted {
                let portable = self.world.is_portable(disk.category);
                self.instances[slot as usize].holdings.leave_disk(disk.slot(), disk.gib, portable);
            }
            market.left_disks.0 += 1;
            market.left_disks.1 += u64::from(disk.gib);
        }
    }

    /// A fleet looks what is missing and asks for it.
    fn look_after(&mut self, now: SimTime, number: u32) {
        if now >= self.until {
            return;
        }
        let Some(MarketRun { market, .. }) = self.market.as_deref_mut() else { return };
        let mut client = market.clients[number as usize].clone();
        let orders = client.orders(now, |series| {
            let series = market.series(series);
            (series.price(), series.list)
        });
        let every = client.interval();
        market.clients[number as usize] = client;
        for order in orders {
            let end = order.keep.map_or(End::Never, End::After);
            let request = self.tally.requests;
            if let Some(market) = &mut self.market {
                // Where nothing takes any time, a refusal is known before the next request of the same look.
                if !market.market.clients[number as usize].still_wants(now, order.member) {
                    continue;
                }
                market.pending.insert(request, order.member);
            }
            self.request_arrives(now, order.template, end, None);
        }
        self.again(now, every, Event::Market(MarketEvent::Fleet { fleet: number }));
    }
}
