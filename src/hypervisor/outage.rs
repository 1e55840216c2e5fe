//! Failures of hosts: when they come, how long the repair takes, and when somebody notices.

use std::ops::Range;

use crate::engine::{Stream, Streams};
use crate::model::{HostIx, SimDuration, SimTime};
use crate::workload::dist::{Distribution, exponential};

/// No host fails again within this time, whatever its law says: a law that gives zero would stop the clock.
const LEAST: SimDuration = SimDuration::from_secs(1);

/// Failures and repairs of the hosts of one pool, with two streams of chance in all, however many hosts there are.
///
/// With an exponential law failures have no memory: those of `n` hosts together are one Poisson process of `n` times
/// the rate, and each strikes any of the hosts alike (superposition; Cinlar, "Introduction to Stochastic Processes",
/// 1975, chapter 4). One event waits for the whole pool then. Any other law has a memory, so that each host has its own
/// next failure. Hosts are new at the start of a run.
///
/// The failures of a pool depend on nothing but the seed and the laws: two runs with other policies or loads see the
/// same ones.
#[derive(Debug)]
pub struct Wear {
    between: Distribution,
    repair: Distribution,
    failures: Stream,
    repairs: Stream,
    hosts: Range<u32>,
}

impl Wear {
    /// Failures of `hosts`, which are pool number `pool` of the scenario.
    pub fn new(
        between: Distribution,
        repair: Distribution,
        streams: Streams,
        pool: u64,
        hosts: Range<u32>,
    ) -> Wear {
        Wear {
            between,
            repair,
            failures: streams.stream("host failures", pool),
            repairs: streams.stream("host repairs", pool),
            hosts,
        }
    }

    /// How far its luck is: that of failures and that of repairs.
    pub fn luck(&self) -> (&Stream, &Stream) {
        (&self.failures, &self.repairs)
    }

    /// Goes on with the luck of a snapshot.
    pub fn go_on(&mut self, failures: Stream, repairs: Stream) {
        (self.failures, self.repairs) = (failures, repairs);
    }

    /// The hosts.
    pub fn hosts(&self) -> Range<u32> {
        self.hosts.clone()
    }

    /// Whether one process serves the whole pool ([`Wear::next_in_pool`]), or each host has its own
    /// ([`Wear::next_of_host`]).
    pub fn pooled(&self) -> bool {
        matches!(self.between, Distribution::Exponential { .. })
    }

    /// Time to the next failure in the pool, and the host that it strikes. A host that is down then is not struck.
    pub fn next_in_pool(&mut self) -> (SimDuration, HostIx) {
        let Distribution::Exponential { mean } = self.between else {
            unreachable!("only a pool of a law without memory has one process")
        };
        let hosts = u64::from(self.hosts.end - self.hosts.start);
        let gap = mean / hosts as f64 * exponential(&mut self.failures);
        let host = self.hosts.start + self.failures.below(hosts) as u32;
        (SimDuration::from_secs_f64(gap), HostIx(host))
    }

    /// Time to the next failure of one host.
    pub fn next_of_host(&mut self) -> SimDuration {
        self.between.sample_span(&mut self.failures).max(LEAST)
    }

    /// Time of the repair of a failure that strikes now.
    pub fn repair(&mut self) -> SimDuration {
        self.repair.sample_span(&mut self.repairs).max(LEAST)
    }
}

/// Heartbeats of node controllers: a host counts as failed when so many in a row are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Heartbeat {
    /// Distance of the heartbeats; each host has its own phase.
    pub interval: SimDuration,
    /// Heartbeats that are missing in a row when the failure is noticed.
    pub missed: u32,
}

impl Heartbeat {
    /// When the failure of a host at `failed` is noticed: `missed` intervals after its last heartbeat, so between
    /// `missed - 1` and `missed` intervals after the failure. A heartbeat that is due in that moment is missing.
    pub fn noticed(self, host: HostIx, failed: SimTime) -> SimTime {
        let interval = self.interval.0.max(1);
        // Phases spread by the golden ratio: hosts of any range do not beat together.
        let phase = (u128::from(host.0.wrapping_mul(0x9E37_79B9)) * u128::from(interval)) >> 32;
        let since_last = (failed.0 + (interval - phase as u64 % interval) - 1) % interval + 1;
        let waits = interval.saturating_mul(u64::from(self.missed.max(1))) - since_last.min(interval);
        failed + SimDuration(waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: f64 = 86_400.0;

    fn wear(between: Distribution, hosts: u32) -> Wear {
        Wear::new(between, Distribution::Constant(3_600.0), Streams::new(5), 0, 100..100 + hosts)
    }

    #[test]
    fn a_pool_fails_as_often_as_its_hosts_do() {
        let mut pool = wear(Distribution::Exponential { mean: 400.0 * DAY }, 200);
        assert!(pool.pooled());
        let (mut now, mut struck) = (0.0, vec![0u32; 200]);
        for _ in 0..20_000 {
            let (gap, host) = pool.next_in_pool();
            now += gap.as_secs_f64();
            struck[host.at() - 100] += 1;
        }
        // 20,000 failures at one every two days: 1 % of standard error is 0.7 %.
        assert!((now / DAY / 40_000.0 - 1.0).abs() < 0.03, "{} days", now / DAY);
        assert!(struck.iter().all(|&count| (60..150).contains(&count)), "{struck:?}");
    }

    #[test]
    fn a_law_with_a_memory_is_each_hosts_own() {
        let mut pool = wear(Distribution::Weibull { shape: 3.0, scale: 100.0 * DAY }, 10);
        assert!(!pool.pooled());
        let mean: f64 = (0..4_000).map(|_| pool.next_of_host().as_secs_f64()).sum::<f64>() / 4_000.0;
        // Mean of a Weibull: scale times gamma(1 + 1/3) = 0.89298.
        assert!((mean / DAY - 89.3).abs() < 2.0, "{} days", mean / DAY);
        assert_eq!(pool.repair(), SimDuration::from_secs(3_600));
        assert_eq!(wear(Distribution::Constant(0.0), 1).next_of_host(), LEAST);
    }

    #[test]
    fn a_failure_is_noticed_after_the_missed_heartbeats_and_not_before() {
        let beat = Heartbeat { interval: SimDuration::from_secs(10), missed: 3 };
        let mut phases = std::collections::BTreeSet::new();
        for host in 0..500 {
            for failed in [0, 1, 4_999_999, 9_999_999, 10_000_000, 123_456_789] {
                let noticed = beat.noticed(HostIx(host), SimTime(failed));
                let waited = noticed.since(SimTime(failed)).0;
                assert!((20_000_000..30_000_000).contains(&waited), "host {host} at {failed}: {waited}");
            }
            phases.insert(beat.noticed(HostIx(host), SimTime::ZERO).0 % 10_000_000);
        }
        assert_eq!(phases.len(), 500, "hosts do not beat together");
        // Two failures between the same heartbeats are noticed in the same moment.
        let (a, b) = (SimTime(50_000_001), SimTime(50_000_002));
        assert_eq!(beat.noticed(HostIx(7), a), beat.noticed(HostIx(7), b));
    }
}
