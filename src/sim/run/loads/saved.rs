//! Loads and credits in a snapshot: everything but what the scenario says.

use super::{Burst, HostUse, Live, Loads, Steal};

type Saved = (Vec<Option<Live>>, Vec<HostUse>, [u64; 3], Burst);

impl Loads {
    /// Everything that changes, as bytes.
    pub(in crate::sim::run) fn save(&self) -> Vec<u8> {
        let Loads {
            plans: _,
            kinds: _,
            lives,
            streams: _,
            interval: _,
            physical: _,
            hosts,
            // Empty between two samples.
            touched: _,
            used,
            sold,
            samples,
            burst,
        } = self;
        postcard::to_stdvec(&(lives, hosts, [*used, *sold, *samples], burst)).expect("plain data")
    }

    /// Forgets what was sampled: it was in the warm-up of the run that goes on.
    pub(in crate::sim::run) fn forget_samples(&mut self) {
        self.hosts.iter_mut().for_each(|host| host.steal = Steal::default());
        (self.used, self.sold, self.samples) = (0, 0, 0);
    }

    /// Goes on from a state; none when that is of other hosts or loads.
    pub(in crate::sim::run) fn restore(&mut self, bytes: &[u8]) -> Option<()> {
        let (lives, hosts, [used, sold, samples], burst): Saved = postcard::from_bytes(bytes).ok()?;
        let known = |live: &Live| (live.kind.plan as usize) < self.plans.len();
        if hosts.len() != self.hosts.len() || !lives.iter().flatten().all(known) {
            return None;
        }
        (self.lives, self.hosts, self.burst) = (lives, hosts, burst);
        (self.used, self.sold, self.samples) = (used, sold, samples);
        Some(())
    }
}
