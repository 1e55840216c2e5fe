//! The control plane in virtual time: API workers, schedulers, and what node controllers do to start an
//! instance. Absent when the scenario's control plane is instant.

use crate::engine::{Stream, Streams};
use crate::hypervisor::{ClonePool, CloneState, StartSlots, StartState};
use crate::model::{SimDuration, ZoneIx};
use crate::scenario::schema::ControlPlaneSpec;
use crate::scenario::workload::{Distribution, DistributionSpec};

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
    clone_setup: Timer,
}

/// A [`ControlPlane`] as data.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct ControlState {
    api: Station,
    schedulers: Station,
    starts: StartState,
    clones: Vec<CloneState>,
    /// Positions of the streams of API, schedulers, boots and clones.
    streams: [u128; 4],
}

/// A distribution with the stream that it draws from.
#[derive(Debug)]
struct Timer {
    distribution: Distribution,
    stream: Stream,
}

impl Timer {
    fn new(spec: &DistributionSpec, streams: Streams, purpose: &str) -> Timer {
        let distribution = spec.resolve().expect("the scenario's checks have built it once");
        Timer { distribution, stream: streams.stream(purpose, 0) }
    }

    fn span(&mut self) -> SimDuration {
        self.distribution.sample_span(&mut self.stream)
    }
}

impl ControlPlane {
    pub(super) fn new(spec: &ControlPlaneSpec, streams: Streams, hosts: usize, zones: usize) -> ControlPlane {
        let bandwidth = spec.clone_bandwidth.get().bytes_per_second();
        ControlPlane {
            api: Station::new(*spec.api_workers.get()),
            schedulers: Station::new(*spec.schedulers.get()),
            starts: StartSlots::new(hosts, u16::try_from(*spec.node_concurrency.get()).unwrap_or(u16::MAX)),
            clones: (0..zones).map(|_| ClonePool::new(bandwidth)).collect(),
            api_service: Timer::new(&spec.api_service, streams, "api service"),
            schedule_service: Timer::new(&spec.schedule_service, streams, "schedule service"),
            boot: Timer::new(&spec.boot, streams, "boot"),
            clone_setup: Timer::new(&spec.clone_setup, streams, "clone setup"),
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

    /// Time to set up the next clone.
    pub(super) fn clone_setup_time(&mut self) -> SimDuration {
        self.clone_setup.span()
    }

    /// Everything that changes, as data.
    pub(super) fn save(&self) -> ControlState {
        let ControlPlane {
            api,
            schedulers,
            starts,
            clones,
            api_service,
            schedule_service,
            boot,
            clone_setup,
        } = self;
        ControlState {
            api: api.clone(),
            schedulers: schedulers.clone(),
            starts: starts.save(),
            clones: clones.iter().map(ClonePool::save).collect(),
            streams: [api_service, schedule_service, boot, clone_setup].map(|timer| timer.stream.position()),
        }
    }

    /// Goes on from a state; false when that is of another cloud.
    pub(super) fn restore(&mut self, state: &ControlState) -> bool {
        self.api.restore(&state.api);
        self.schedulers.restore(&state.schedulers);
        let timers =
            [&mut self.api_service, &mut self.schedule_service, &mut self.boot, &mut self.clone_setup];
        for (timer, position) in timers.into_iter().zip(state.streams) {
            timer.stream.seek(position);
        }
        for (pool, saved) in self.clones.iter_mut().zip(&state.clones) {
            pool.restore(saved);
        }
        self.clones.len() == state.clones.len() && self.starts.restore(&state.starts)
    }

    /// Clone pool of a zone.
    pub(super) fn clones(&mut self, zone: ZoneIx) -> &mut ClonePool {
        &mut self.clones[zone.at()]
    }
}
