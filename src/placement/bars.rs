//! Hosts that a request must not get: near the members of its set, or the one that it is about to leave.
//!
//! Nothing is kept but the hosts of the members: whether a host is barred is found when the search meets it, so that a
//! member that comes or goes costs one entry of a short list.

use std::ops::Range;

use super::layout::Layout;
use super::sets::Granularity;
use crate::model::HostIx;

/// What is barred in one shard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bars<'a> {
    layout: &'a Layout,
    shard: u32,
    /// What nobody may share with a member.
    apart: Granularity,
    /// Hosts of the members, in any order.
    members: &'a [HostIx],
    /// One more host, barred alone.
    leaving: Option<HostIx>,
}

/// Hosts that a member on `host` bars.
#[inline]
pub(super) fn reach(layout: &Layout, apart: Granularity, host: HostIx) -> Range<u32> {
    match apart {
        Granularity::Host => host.0..host.0 + 1,
        Granularity::Rack => layout.segment(host).rack_hosts(host),
        Granularity::Switch => layout.segment(host).switch_hosts(host),
    }
}

impl<'a> Bars<'a> {
    /// Bars around members and over the host that is left; none when that is nothing.
    #[inline]
    pub(super) fn new(
        layout: &'a Layout,
        apart: Granularity,
        members: &'a [HostIx],
        leaving: Option<HostIx>,
    ) -> Option<Bars<'a>> {
        let some = !members.is_empty() || leaving.is_some();
        some.then_some(Bars { layout, shard: 0, apart, members, leaving })
    }

    /// The same in another shard.
    #[inline]
    pub(super) fn of(self, shard: u32) -> Bars<'a> {
        Bars { shard, ..self }
    }

    /// When a position is barred: where to go on, not behind the next position that is not.
    #[inline]
    pub(super) fn over(&self, at: u32) -> Option<u32> {
        let host = self.layout.host(self.shard as usize, at);
        if self.leaving == Some(host) {
            return Some(at + 1);
        }
        if self.apart == Granularity::Host {
            return self.members.contains(&host).then_some(at + 1);
        }
        let reach = reach(self.layout, self.apart, host);
        if !self.members.iter().any(|member| reach.contains(&member.0)) {
            return None;
        }
        let mut end = at + 1;
        self.layout.positions(host.0..reach.end, |shard, positions| {
            if shard == self.shard && positions.start == at {
                end = positions.end;
            }
        });
        Some(end)
    }

    /// All barred positions, in disjoint stretches.
    pub(super) fn positions(&self) -> Vec<Range<u32>> {
        let reach = |&member| reach(self.layout, self.apart, member);
        let mut reached: Vec<Range<u32>> = self.members.iter().map(reach).collect();
        reached.sort_unstable_by_key(|hosts| hosts.start);
        reached.dedup();
        let mut barred: Vec<Range<u32>> = Vec::new();
        for hosts in reached {
            self.layout.positions(hosts, |shard, positions| {
                if shard == self.shard {
                    barred.push(positions);
                }
            });
        }
        if let Some(host) = self.leaving {
            let (shard, at) = self.layout.locate(host);
            if shard as u32 == self.shard && !barred.iter().any(|stretch| stretch.contains(&at)) {
                barred.push(at..at + 1);
            }
        }
        barred
    }
}

/// [`Bars::over`], where there may be none.
#[inline]
pub(super) fn barred(bars: Option<Bars<'_>>, at: u32) -> Option<u32> {
    bars?.over(at)
}
