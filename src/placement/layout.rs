//! Where each host stands: zone, class, rack, switch; and its position in its shard.

use std::ops::Range;

use super::class::Label;
use crate::model::{ClassIx, HostIx, ZoneIx};

/// Hosts added together.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    pub(super) hosts: Range<HostIx>,
    pub(super) zone: ZoneIx,
    pub(super) class: ClassIx,
    /// As built; it may have changed since.
    pub(super) label: Label,
    pub(super) first_rack: u32,
    pub(super) per_rack: u32,
    pub(super) first_switch: u32,
    /// Racks a switch.
    pub(super) per_switch: u32,
}

impl Segment {
    /// Rack of one of its hosts.
    pub(super) fn rack(&self, host: HostIx) -> u32 {
        self.first_rack + (host.0 - self.hosts.start.0) / self.per_rack
    }

    /// Switch of one of its hosts.
    pub(super) fn switch(&self, host: HostIx) -> u32 {
        self.first_switch + (host.0 - self.hosts.start.0) / self.per_rack / self.per_switch
    }

    /// All hosts of the rack of `host`.
    pub(super) fn rack_hosts(&self, host: HostIx) -> Range<u32> {
        self.part(host, self.per_rack)
    }

    /// All hosts behind the switch of `host`.
    pub(super) fn switch_hosts(&self, host: HostIx) -> Range<u32> {
        self.part(host, self.per_rack.saturating_mul(self.per_switch))
    }

    fn part(&self, host: HostIx, size: u32) -> Range<u32> {
        let first = self.hosts.start.0;
        let start = first + (host.0 - first) / size * size;
        start..start.saturating_add(size).min(self.hosts.end.0)
    }
}

/// A stretch of hosts that stand in one shard, in order of their numbers.
#[derive(Clone, Copy, Debug)]
struct Run {
    host: u32,
    shard: u32,
    at: u32,
}

/// The two-way map between hosts and positions in shards.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    segments: Vec<Segment>,
    /// In order of hosts.
    runs: Vec<Run>,
    /// By shard, the runs in order of positions.
    by_shard: Vec<Vec<Run>>,
}

impl Layout {
    /// Every segment, in order of hosts.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Lays hosts out: each zone's hosts in order of rank, cut into equal parts. Also the zone and the hosts of
    /// each shard in order of position.
    pub(super) fn new(
        segments: Vec<Segment>,
        zones: usize,
        parts: u32,
        ranks: Option<&[u32]>,
    ) -> (Layout, Vec<(usize, Vec<HostIx>)>) {
        let mut hosts: Vec<Vec<HostIx>> = vec![Vec::new(); zones];
        for segment in &segments {
            hosts[segment.zone.at()].extend((segment.hosts.start.0..segment.hosts.end.0).map(HostIx));
        }
        let mut members = Vec::new();
        for (zone, mut hosts) in hosts.into_iter().enumerate() {
            if let Some(ranks) = ranks {
                hosts.sort_by_key(|host| ranks[host.at()]);
            }
            let size = hosts.len().div_ceil(parts as usize).max(1);
            members.extend(hosts.chunks(size).map(|part| (zone, part.to_vec())));
        }
        let mut by_shard = Vec::with_capacity(members.len());
        let mut runs = Vec::new();
        for (shard, (_, hosts)) in members.iter().enumerate() {
            let first = runs.len();
            for (at, host) in hosts.iter().enumerate() {
                if at == 0 || hosts[at - 1].0 + 1 != host.0 {
                    runs.push(Run { host: host.0, shard: shard as u32, at: at as u32 });
                }
            }
            by_shard.push(runs[first..].to_vec());
        }
        runs.sort_unstable_by_key(|run| run.host);
        (Layout { segments, runs, by_shard }, members)
    }

    /// The segment of a host that exists.
    #[inline]
    pub(super) fn segment(&self, host: HostIx) -> &Segment {
        &self.segments[self.segments.partition_point(|segment| segment.hosts.end <= host)]
    }

    /// Shard and position of a host that exists.
    #[inline]
    pub(super) fn locate(&self, host: HostIx) -> (usize, u32) {
        let run = self.runs[self.runs.partition_point(|run| run.host <= host.0) - 1];
        (run.shard as usize, run.at + (host.0 - run.host))
    }

    /// The host at a position of a shard.
    #[inline]
    pub(super) fn host(&self, shard: usize, at: u32) -> HostIx {
        let runs = &self.by_shard[shard];
        let run = runs[runs.partition_point(|run| run.at <= at) - 1];
        HostIx(run.host + (at - run.at))
    }

    /// Shards and positions of a range of hosts, in stretches.
    #[inline]
    pub(super) fn positions(&self, hosts: Range<u32>, mut each: impl FnMut(u32, Range<u32>)) {
        let mut host = hosts.start;
        while host < hosts.end {
            let next = self.runs.partition_point(|run| run.host <= host);
            let run = self.runs[next - 1];
            let end = self.runs.get(next).map_or(hosts.end, |next| next.host.min(hosts.end));
            let at = run.at + (host - run.host);
            each(run.shard, at..at + (end - host));
            host = end;
        }
    }

    /// Bytes on the heap.
    pub(super) fn bytes(&self) -> usize {
        self.segments.capacity() * size_of::<Segment>() + 2 * self.runs.capacity() * size_of::<Run>()
    }
}
