//! The control plane in virtual time: API workers, schedulers, and what node controllers do to start an
//! instance. Absent when the scenario's control plane is instant.

use crate::engine::{Stream, Streams};
use crate::hypervisor::{ClonePool, StartSlots};
use crate::model::{SimDuration, ZoneIx};
use crate::scenario::ControlPlane as Config;
use crate::workload::Distribution;

use super::station::Station;

/// Stations, start slots and clone pools of one run, each with its own stream of chance.
#[derive(Debug)]
pub(super) struct ControlPlane {
    /// API workers.
    pub(super) api: Station,
    /// Schedulers.
    pub(super) schedulers: Station,
    /// Start slots of all hosts.
    pub(super) starts: StartSlots,
    /// Clone bandwidth of each zone.
    pub(super) clones: Vec<ClonePool>,
    api_service: Timer,
    schedule_service: Timer,
    boot: Timer,
    clone_share: Timer,
}

/// A distribution with the stream that it draws from.
#[derive(Debug)]
struct Timer {
    distribution: Distribution,
    stream: Stream,
}

impl Timer {
    fn new(distribution: Distribution, streams: Streams, purpose: &str) -> Timer {
        Timer { distribution, stream: streams.stream(purpose, 0) }
    }

    fn span(&mut self) -> SimDuration {
        SimDuration::from_secs_f64(self.distribution.sample(&mut self.stream))
    }
}

impl ControlPlane {
    pub(super) fn new(config: &Config, streams: Streams, hosts: usize, zones: usize) -> ControlPlane {
        let pool = |_| ClonePool::new(config.clone_bandwidth_bytes());
        ControlPlane {
            api: Station::new(config.api_workers),
            schedulers: Station::new(config.schedulers),
            starts: StartSlots::new(hosts, config.node_concurrency),
            clones: (0..zones).map(pool).collect(),
            api_service: Timer::new(config.api_service(), streams, "api service"),
            schedule_service: Timer::new(config.schedule_service(), streams, "schedule service"),
            boot: Timer::new(config.boot(), streams, "boot"),
            clone_share: Timer::new(config.clone_share(), streams, "clone share"),
        }
    }

    /// Time that an API worker takes for the next call.
    pub(super) fn api_time(&mut self) -> SimDuration {
        self.api_service.span()
    }

    /// Time that a scheduler takes for the next call.
    pub(super) fn schedule_time(&mut self) -> SimDuration {
        self.schedule_service.span()
    }

    /// Time that the next instance takes to boot.
    pub(super) fn boot_time(&mut self) -> SimDuration {
        self.boot.span()
    }

    /// Bytes of an image of `image_bytes` that are copied before the next instance can boot.
    pub(super) fn clone_bytes(&mut self, image_bytes: u64) -> u64 {
        let share = self.clone_share.distribution.sample(&mut self.clone_share.stream).clamp(0.0, 1.0);
        (image_bytes as f64 * share) as u64
    }

    /// Clone pool of a zone.
    pub(super) fn clones(&mut self, zone: ZoneIx) -> &mut ClonePool {
        &mut self.clones[zone.at()]
    }
}
