//! What a sample takes of the parts that only some runs have: queues, disk pools, failures, the spot market, money.

use crate::metrics::Kind;
use crate::model::{Money, SimTime, ZoneIx};
use crate::sim::{Happened, View};
use crate::spot::Market;
use crate::spot::notice::Cause;
use crate::world::{SLOTS, slot_name};

use super::{Detail, NONE, Sampler, metric};

/// What is counted and does not happen in most runs, or not often: metric, and what it is split by.
const RARE: [(&str, Option<(u32, &str)>); 9] = [
    (metric::REPEATED, None),
    (metric::HOSTS_FAILED, None),
    (metric::WENT_DOWN, None),
    (metric::MOVED, None),
    (metric::LOCKED, None),
    (metric::THROTTLED, None),
    (metric::SPOT_INTERRUPTIONS, Some((0, "price"))),
    (metric::SPOT_INTERRUPTIONS, Some((1, "stock"))),
    (metric::SPOT_INTERRUPTIONS, Some((2, "headroom"))),
];

/// Counts of [`RARE`] in the interval that is under way.
#[derive(Debug, Default)]
pub(super) struct Rare([u64; RARE.len()]);

impl Rare {
    #[inline]
    pub(super) fn add(&mut self, what: &Happened<'_>) {
        let at = match what {
            Happened::Rejected { .. } => 0,
            Happened::HostFailed { .. } => 1,
            Happened::Down { .. } => 2,
            Happened::Moved { .. } => 3,
            Happened::Locked { .. } => 4,
            Happened::CreditsSpent { throttled: true, .. } => 5,
            Happened::SpotNotice { cause: Cause::Price, .. } => 6,
            Happened::SpotNotice { cause: Cause::Stock, .. } => 7,
            Happened::SpotNotice { cause: Cause::Headroom, .. } => 8,
            _ => return,
        };
        self.0[at] += 1;
    }

    /// What happened in the interval; begins anew.
    pub(super) fn take(&mut self) -> impl Iterator<Item = (&'static str, Option<(u32, &'static str)>, u64)> {
        let counts = std::mem::take(&mut self.0);
        RARE.into_iter()
            .zip(counts)
            .filter(|(_, count)| *count > 0)
            .map(|((metric, detail), count)| (metric, detail, count))
    }
}

/// Price times time of each series of the market at the last sample.
#[derive(Debug, Default)]
pub(super) struct Spot(Vec<u128>);

impl Sampler {
    pub(super) fn features(&mut self, at: SimTime, view: &View<'_>) {
        if view.down > 0 || self.columns.0.contains_key(&(metric::DOWN, NONE, NONE, NONE)) {
            self.level(metric::DOWN, NONE, NONE, Detail::None, view.down as f64);
        }
        self.queues(view);
        self.disks(view);
        if let Some(market) = view.market {
            self.market(at, market);
        }
        if let Some(billed) = view.billed {
            self.billed(billed);
        }
    }

    fn queues(&mut self, view: &View<'_>) {
        let Some(queues) = view.queues else { return };
        let lengths = [
            ("api", queues.api),
            ("scheduler", queues.scheduler),
            ("node", queues.node),
            ("clones", queues.clones),
        ];
        for (at, (name, length)) in lengths.into_iter().enumerate() {
            self.level(metric::QUEUE, NONE, NONE, Detail::Named(at as u32, name), length as f64);
        }
        self.level(metric::UNANSWERED, NONE, NONE, Detail::None, view.unanswered as f64);
    }

    fn disks(&mut self, view: &View<'_>) {
        for zone in 0..self.zones.len() as u32 {
            for slot in 0..SLOTS {
                let Some(room) = view.world.slot_room(ZoneIx(zone), slot) else { continue };
                let detail = Detail::Named(slot as u32, slot_name(slot));
                self.level(metric::DISK_FREE, zone, NONE, detail, room as f64);
            }
        }
    }

    /// Mean price over the interval, exact; the range has the price at its end as well.
    fn market(&mut self, at: SimTime, market: &Market) {
        let span = at.since(self.last).0.max(1) as f64;
        let mut before = std::mem::take(&mut self.spot.0);
        for (number, series) in market.all_series().enumerate() {
            let paid = series.paid(at, false);
            if before.len() == number {
                before.push(0);
            }
            let mean = (paid - before[number]) as f64 / span / 1e3;
            before[number] = paid;
            let end = series.price().as_f64();
            let name = self.types[series.instance_type.at()].clone();
            let detail = Detail::Named(series.instance_type.0, &name);
            let column = self.column(Kind::Level, metric::SPOT_PRICE, series.zone.0, NONE, detail);
            self.series.level(column, mean, mean.min(end), mean.max(end));
        }
        self.spot.0 = before;
        self.level(metric::SPOT_INSTANCES, NONE, NONE, Detail::None, market.living() as f64);
    }

    fn billed(&mut self, billed: Money) {
        let column = self.column(Kind::Count, metric::BILLED, NONE, NONE, Detail::None);
        self.series.count(column, (billed - self.billed).as_f64());
        self.billed = billed;
    }
}
