//! Time-weighted use of a resource, exact: integers, updated at each change, no sampling.

use crate::model::{Resources, SimTime};

/// A level that changes in steps: its present value, its peak, and its integral over time.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Level {
    now: u64,
    peak: u64,
    /// Over the whole run.
    integral: u128,
    /// The integral at the last restart.
    forgotten: u128,
    since: SimTime,
}

impl Level {
    /// Present value.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Largest value so far, over the whole run.
    pub fn peak(&self) -> u64 {
        self.peak
    }

    /// Sets the value from `at` on.
    #[inline]
    pub fn set(&mut self, at: SimTime, value: u64) {
        self.integral = self.integral(at);
        self.since = at;
        self.now = value;
        self.peak = self.peak.max(value);
    }

    /// Forgets the integral up to `at` (end of the warm-up); value and peak stay.
    pub fn restart(&mut self, at: SimTime) {
        self.integral = self.integral(at);
        self.forgotten = self.integral;
        self.since = at;
    }

    /// Value times microseconds from the start of the run to `at`, whatever was forgotten: the mean over any span
    /// is the difference of two of these by its length.
    #[inline]
    pub fn integral(&self, at: SimTime) -> u128 {
        self.integral + u128::from(self.now) * u128::from(at.since(self.since).0)
    }

    /// Mean over `from..at`, where `from` is the start or the last [`Level::restart`].
    pub fn mean(&self, from: SimTime, at: SimTime) -> f64 {
        let span = at.since(from).0;
        if span == 0 {
            return self.now as f64;
        }
        (self.integral(at) - self.forgotten) as f64 / span as f64
    }
}

/// Use of all resources of one place (a zone, or everything).
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// Instances.
    pub instances: Level,
    /// Thousandths of a vCPU.
    pub cpu_milli: Level,
    /// Memory in MiB.
    pub memory_mib: Level,
    /// Thousandths of a GPU.
    pub gpu_milli: Level,
}

impl Usage {
    /// An instance with `demand` was placed.
    pub fn add(&mut self, at: SimTime, demand: Resources) {
        self.instances.set(at, self.instances.now() + 1);
        self.cpu_milli.set(at, self.cpu_milli.now() + demand.cpu_milli);
        self.memory_mib.set(at, self.memory_mib.now() + demand.memory_mib);
        if demand.gpu_milli > 0 {
            self.gpu_milli.set(at, self.gpu_milli.now() + demand.gpu_milli);
        }
    }

    /// An instance with `demand` gave its place back.
    pub fn remove(&mut self, at: SimTime, demand: Resources) {
        let less = |a: u64, b: u64| a.checked_sub(b).expect("use below zero");
        self.instances.set(at, less(self.instances.now(), 1));
        self.cpu_milli.set(at, less(self.cpu_milli.now(), demand.cpu_milli));
        self.memory_mib.set(at, less(self.memory_mib.now(), demand.memory_mib));
        if demand.gpu_milli > 0 {
            self.gpu_milli.set(at, less(self.gpu_milli.now(), demand.gpu_milli));
        }
    }

    /// Forgets the integrals up to `at`.
    pub fn restart(&mut self, at: SimTime) {
        for level in [&mut self.instances, &mut self.cpu_milli, &mut self.memory_mib, &mut self.gpu_milli] {
            level.restart(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_weighted_by_time_and_the_peak_is_exact() {
        let mut level = Level::default();
        level.set(SimTime(10), 4);
        level.set(SimTime(20), 8);
        level.set(SimTime(20), 2);
        assert_eq!(level.peak(), 8);
        // 0 for 10, 4 for 10, 2 for 20 of 40.
        assert_eq!(level.mean(SimTime::ZERO, SimTime(40)), 2.0);
    }

    #[test]
    fn a_restart_forgets_the_warm_up() {
        let mut level = Level::default();
        level.set(SimTime(0), 100);
        level.set(SimTime(10), 6);
        level.restart(SimTime(10));
        assert_eq!(level.mean(SimTime(10), SimTime(20)), 6.0);
        assert_eq!(level.peak(), 100);
        assert_eq!(level.integral(SimTime(20)), 100 * 10 + 6 * 10);
    }
}
