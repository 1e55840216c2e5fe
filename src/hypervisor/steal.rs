//! Steal time: how much of the CPU time that the instances of a host want it cannot give.
//!
//! Where vCPUs are sold more than once, the use that instances want can pass what the host has. The estimate is the
//! fluid limit of a fair scheduler: at a moment at which the instances of a host want `d` vCPUs together and the host
//! has `c`, the share `max(0, d - c) / d` of the wanted time is stolen. Queueing inside the scheduler below full use
//! is left out, so the estimate is a lower bound. Over time both parts are summed, so that busy moments weigh more:
//!
//! ```text
//! steal = sum of max(0, d - c) / sum of d
//! ```

/// CPU time that the instances of one host wanted and did not get, over samples.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Steal {
    /// Wanted: thousandths of a vCPU, summed over samples.
    pub wanted: u64,
    /// Of that, not given.
    pub stolen: u64,
    /// Largest share stolen in one sample, in millionths.
    pub worst: u32,
}

impl Steal {
    /// Adds a sample: `demand` is wanted of a host that has `capacity`, both in thousandths of a vCPU.
    pub fn add(&mut self, demand: u64, capacity: u64) {
        let stolen = demand.saturating_sub(capacity);
        self.wanted += demand;
        self.stolen += stolen;
        self.worst = self.worst.max(millionths(stolen, demand));
    }

    /// The estimate in millionths; zero when nothing was wanted.
    pub fn share(&self) -> u32 {
        millionths(self.stolen, self.wanted)
    }
}

fn millionths(part: u64, of: u64) -> u32 {
    if of == 0 { 0 } else { (u128::from(part) * 1_000_000 / u128::from(of)) as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wanted_beyond_the_host_is_stolen() {
        let mut steal = Steal::default();
        steal.add(3_000, 4_000);
        assert_eq!((steal.share(), steal.worst), (0, 0), "room for all");
        steal.add(5_000, 4_000);
        assert_eq!(steal.worst, 200_000, "one of five vCPUs");
        assert_eq!(steal.share(), 125_000, "one of eight vCPUs wanted over both samples");
        assert_eq!(Steal::default().share(), 0);
    }
}
