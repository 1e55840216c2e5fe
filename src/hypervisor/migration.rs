//! Live migration by pre-copy: how long the copy takes, and how long the instance is paused.

use crate::model::SimDuration;

/// The pre-copy model of one cloud (Clark et al., "Live Migration of Virtual Machines", NSDI 2005).
///
/// Round 0 copies the whole memory `M` while the instance runs; each further round copies what was written during
/// the round before. With a bandwidth `B` and a rate of dirtying `D`, round `i` copies `V(i) = min(D t(i-1), W)` bytes
/// in `t(i) = V(i) / B`, where `W` is the part of memory that the instance writes to at all: a geometric series of
/// ratio `D / B` (Liu et al., "Performance and Energy Modeling for Live Migration of Virtual Machines", HPDC 2011,
/// equations 1 to 4). Copying stops when little enough is left, when a round leaves no less than the one before, or
/// after a number of rounds; then the instance is paused while the rest is copied and devices are switched over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PreCopy {
    /// Bytes a second of one migration.
    pub bandwidth: u64,
    /// Bytes a second that each vCPU writes anew.
    pub dirty_per_vcpu: u64,
    /// Thousandths of the memory that are written to at all.
    pub working_set_milli: u64,
    /// Bytes that may be left for the pause.
    pub stop_below: u64,
    /// Rounds at most, the first one counted.
    pub rounds: u32,
    /// Part of the pause that does not depend on memory.
    pub switch: SimDuration,
}

/// One live migration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Copying {
    /// From its start to the pause.
    pub copy: SimDuration,
    /// How long the instance is paused.
    pub pause: SimDuration,
    /// Rounds before the pause.
    pub rounds: u32,
    /// Bytes that go over the network, those of the pause included.
    pub bytes: u64,
}

impl PreCopy {
    /// The migration of an instance with this memory and these thousandths of a vCPU.
    pub fn of(&self, memory_mib: u64, cpu_milli: u64) -> Copying {
        let memory = memory_mib << 20;
        let working_set = share(memory, self.working_set_milli);
        let dirty = u128::from(self.dirty_per_vcpu) * u128::from(cpu_milli) / 1_000;
        let (mut left, mut copy, mut bytes) = (memory, 0u64, 0u64);
        let mut rounds = 0;
        loop {
            let took = self.time_of(left);
            copy = copy.saturating_add(took);
            bytes = bytes.saturating_add(left);
            rounds += 1;
            let written = dirty * u128::from(took) / 1_000_000;
            let written = u64::try_from(written).unwrap_or(u64::MAX).min(working_set);
            let shrinks = written < left;
            left = written;
            if left <= self.stop_below || rounds >= self.rounds || !shrinks {
                break;
            }
        }
        Copying {
            copy: SimDuration(copy),
            pause: SimDuration(self.time_of(left)) + self.switch,
            rounds,
            bytes: bytes.saturating_add(left),
        }
    }

    /// Microseconds to copy so many bytes, rounded up.
    fn time_of(&self, bytes: u64) -> u64 {
        let micros = (u128::from(bytes) * 1_000_000).div_ceil(u128::from(self.bandwidth.max(1)));
        u64::try_from(micros).unwrap_or(u64::MAX)
    }
}

fn share(whole: u64, milli: u64) -> u64 {
    (u128::from(whole) * u128::from(milli.min(1_000)) / 1_000) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn model() -> PreCopy {
        PreCopy {
            bandwidth: 1_024 * MIB,
            dirty_per_vcpu: 128 * MIB,
            working_set_milli: 1_000,
            stop_below: MIB * 3 / 2,
            rounds: 30,
            switch: SimDuration::from_millis(30),
        }
    }

    #[test]
    fn an_idle_instance_is_copied_once() {
        let copying = PreCopy { dirty_per_vcpu: 0, ..model() }.of(8 * 1_024, 4_000);
        assert_eq!(copying.copy, SimDuration::from_secs(8));
        assert_eq!((copying.pause, copying.rounds), (SimDuration::from_millis(30), 1));
        assert_eq!(copying.bytes, 8 * 1_024 * MIB);
    }

    #[test]
    fn rounds_are_a_geometric_series_of_the_published_ratio() {
        // Ratio D/B = 4 * 128 / 1024 = 1/2: 8 GiB, 4, 2 .. 2 MiB, then 1 MiB in the pause.
        let copying = model().of(8 * 1_024, 4_000);
        assert_eq!(copying.rounds, 13);
        let series = 8.0 * (1.0 - 0.5f64.powi(13)) / (1.0 - 0.5);
        assert!((copying.copy.as_secs_f64() - series).abs() < 1e-4, "{copying:?}");
        let pause = 0.030 + 1.0 / 1_024.0;
        assert!((copying.pause.as_secs_f64() - pause).abs() < 1e-5, "{copying:?}");
        let bytes = 8.0 * 1_024.0 * (1.0 - 0.5f64.powi(14)) / (1.0 - 0.5) * MIB as f64;
        assert!((copying.bytes as f64 / bytes - 1.0).abs() < 1e-6);
    }

    #[test]
    fn one_that_writes_faster_than_the_network_is_paused_for_its_working_set() {
        let fast = PreCopy { dirty_per_vcpu: 2_048 * MIB, working_set_milli: 250, ..model() };
        // Round 0: 8 s, then the working set of 2 GiB again and again: it does not shrink, so it is stopped.
        let copying = fast.of(8 * 1_024, 1_000);
        assert_eq!(copying.rounds, 2);
        assert_eq!(copying.pause, SimDuration::from_millis(2_030));
        let once = PreCopy { rounds: 1, ..fast }.of(8 * 1_024, 1_000);
        assert_eq!((once.rounds, once.pause), (1, SimDuration::from_millis(2_030)));
    }

    #[test]
    fn more_memory_never_copies_faster() {
        let mut last = SimDuration::ZERO;
        for gib in 1..=512 {
            let copying = model().of(gib * 1_024, 2_000);
            assert!(copying.copy >= last && copying.pause >= model().switch);
            last = copying.copy;
        }
    }
}
