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
    /// `boot`, then the `boots` of the scenario.
    boots: Vec<Timer>,
    clone_setup: Timer,
}

/// A [`ControlPlane`] as data.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct ControlState {
    api: Station,
    schedulers: Station,
    starts: StartState,
    clones: Vec<CloneState>,
    /// Positions of the streams of API, schedulers and clones, then of the boots.
    streams: Vec<u128>,
}

/// A distribution with the stream that it draws from.
#[derive(Debug)]
struct Timer {
    distribution: Distribution,
    stream: Stream,
}

impl Timer {
    fn new(spec: &DistributionSpec, streams: Streams, purpose: &str, entity: u64) -> Timer {
        let distribution = spec.resolve().expect("the scenario's checks have built it once");
        Timer { distribution, stream: streams.stream(purpose, entity) }
    }

    fn span(&mut self) -> SimDuration {
        self.distribution.sample_span(&mut self.stream)
    }
}

impl ControlPlane {
    pub(super) fn new(spec: &ControlPlaneSpec, streams: Streams, hosts: usize, zones: usize) -> ControlPlane {
        let bandwidth = spec.clone_bandwidth.get().bytes_per_second();
        let own = spec.boots.iter().enumerate();
        let own = own.map(|(at, spec)| Timer::new(&spec.boot, streams, "boot of some", at as u64));
        ControlPlane {
            api: Station::new(*spec.api_workers.get()),
            schedulers: Station::new(*spec.schedulers.get()),
            starts: StartSlots::new(hosts, u16::try_from(*spec.node_concurrency.get()).unwrap_or(u16::MAX)),
            clones: (0..zones).map(|_| ClonePool::new(bandwidth)).collect(),
            api_service: Timer::new(&spec.api_service, streams, "api service", 0),
            schedule_service: Timer::new(&spec.schedule_service, streams, "schedule service", 0),
            boots: std::iter::once(Timer::new(&spec.boot, streams, "boot", 0)).chain(own).collect(),
            clone_setup: Timer::new(&spec.clone_setup, streams, "clone setup", 0),
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

    /// Time that the next instance takes to boot by the law number `boot`: 0 is `boot`, then come the `boots` of the
    /// scenario.
    pub(super) fn boot_time(&mut self, boot: u16) -> SimDuration {
        self.boots[usize::from(boot)].span()
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
            boots,
            clone_setup,
        } = self;
        let timers = [api_service, schedule_service, clone_setup].into_iter().chain(boots);
        ControlState {
            api: api.clone(),
            schedulers: schedulers.clone(),
            starts: starts.save(),
            clones: clones.iter().map(ClonePool::save).collect(),
            streams: timers.map(|timer| timer.stream.position()).collect(),
        }
    }

    /// Goes on from a state; false when that is of another cloud.
    pub(super) fn restore(&mut self, state: &ControlState) -> bool {
        self.api.restore(&state.api);
        self.schedulers.restore(&state.schedulers);
        let timers = [&mut self.api_service, &mut self.schedule_service, &mut self.clone_setup];
        let timers: Vec<&mut Timer> = timers.into_iter().chain(&mut self.boots).collect();
        if timers.len() != state.streams.len() || self.clones.len() != state.clones.len() {
            return false;
        }
        for (timer, position) in timers.into_iter().zip(&state.streams) {
            timer.stream.seek(*position);
        }
        for (pool, saved) in self.clones.iter_mut().zip(&state.clones) {
            pool.restore(saved);
        }
        self.starts.restore(&state.starts)
    }

    /// Clone pool of a zone.
    pub(super) fn clones(&mut self, zone: ZoneIx) -> &mut ClonePool {
        &mut self.clones[zone.at()]
    }
}
