use std::sync::Arc;

use super::{Demand, Fit, Free, HostClass, Rule, Score};

/// A typical instance of the expected load, for the measure of fragmentation.
#[derive(Clone, PartialEq, Debug)]
pub struct Typical {
    /// What it asks for.
    pub demand: Demand,
    /// How often, relative to the others.
    pub weight: f64,
}

/// Fragmentation gradient descent: the placement that adds the least to the expected GPU room that typical instances
/// cannot use. A share of a GPU is tried on every device.
///
/// The fragment of a host for a typical instance is all its free GPU when the instance asks for none, when its
/// models do not include the host's, or when CPU or fitting devices are too few; else the free room of the devices that
/// are too small for it. Score: `int(100 * sigmoid((before - after) / 1000))` of the weighted sums.
///
/// Source: Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient
/// Descent", USENIX ATC 2023.
#[derive(Clone, Debug, Default)]
pub struct Fgd {
    typical: Arc<[Typical]>,
    /// Whether GPU room that CPU is missing for counts as lost too.
    balanced: bool,
    /// Thousandths of a vCPU that the typical instances with GPUs ask for with each GPU thousandth; 0 when there are none.
    cpu_per_gpu: f64,
}

impl Fgd {
    /// With these typical instances, in this order (sums of floats follow it).
    pub fn new(typical: Vec<Typical>) -> Fgd {
        let of_gpus = || typical.iter().filter(|one| one.demand.gpus().0 > 0);
        let cpu: f64 = of_gpus().map(|one| one.weight * f64::from(one.demand.cpu_milli)).sum();
        let gpu: f64 = of_gpus().map(|one| one.weight * one.demand.resources().gpu_milli as f64).sum();
        let cpu_per_gpu = if gpu > 0.0 { cpu / gpu } else { 0.0 };
        Fgd { typical: typical.into(), balanced: false, cpu_per_gpu }
    }

    /// The same, but free GPU room of a host beyond what its free CPU can go with, by the ratio of the typical instances with
    /// GPUs, is lost as well: an instance goes where it leaves the two in balance. Ours (`docs/packing.md`).
    #[must_use]
    pub fn balanced(self) -> Fgd {
        Fgd { balanced: true, ..self }
    }

    /// The typical instances of a load: the most frequent demands that together make up `cover` of it (0.95 in the
    /// published runs), weighted by their share of those. Equal frequencies keep the order given.
    pub fn of_load(mut counts: Vec<(Demand, u64)>, cover: f64) -> Fgd {
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let total = counts.iter().map(|(_, count)| *count as f64).sum::<f64>();
        let (mut seen, mut kept) = (0.0, 0);
        while kept < counts.len() && seen < cover * total {
            seen += counts[kept].1 as f64;
            kept += 1;
        }
        counts.truncate(kept);
        // First shares of the whole load, then of what is kept: the published weights, to the last bit.
        let weight = |count: u64| count as f64 / total / (seen / total);
        let typical = counts.into_iter().map(|(demand, count)| Typical { demand, weight: weight(count) });
        Fgd::new(typical.collect())
    }

    /// The expected free GPU thousandths that typical instances cannot use. They are summed up by cause first and then over the
    /// causes, as the published runs did: where a placement changes nothing, the last bit of the sum decides between two scores.
    fn fragment(&self, free: Free<'_>, class: &HostClass) -> f64 {
        let (gpus, cpu) = (free.gpus(), free.cpu());
        let all = free.gpu();
        let mut lost = [0.0; Cause::COUNT];
        for typical in &*self.typical {
            let demand = &typical.demand;
            let (count, milli) = demand.gpus();
            // Ascending: the devices before `fitting` are too small.
            let fitting = gpus.partition_point(|&left| left < milli);
            let has_gpus = (gpus.len() - fitting) as u32 >= count;
            let has_cpu = cpu >= u64::from(demand.cpu_milli);
            let cause = match (count > 0, has_gpus, has_cpu) {
                (false, _, true) => Cause::AsksForNone,
                (false, _, false) => Cause::AsksForNoneNoCpu,
                (true, ..) if !demand.model_allowed(class) => Cause::OtherModel,
                (true, true, true) => {
                    let small: u64 = gpus[..fitting].iter().map(|&left| u64::from(left)).sum();
                    lost[Cause::Gpu as usize] += typical.weight * small as f64;
                    continue;
                }
                (true, false, true) => Cause::Gpu,
                (true, true, false) => Cause::Cpu,
                (true, false, false) => Cause::Both,
            };
            lost[cause as usize] += typical.weight * all as f64;
        }
        let fragments: f64 = lost.iter().sum();
        if self.balanced && self.cpu_per_gpu > 0.0 {
            fragments + (all as f64 - cpu as f64 / self.cpu_per_gpu).max(0.0)
        } else {
            fragments
        }
    }
}

/// Why a typical instance cannot use free GPU room, in the order of summation.
#[derive(Clone, Copy)]
enum Cause {
    /// Devices and CPU are too few.
    Both,
    /// Devices are too few or too small.
    Gpu,
    /// CPU is too little.
    Cpu,
    /// It asks for no GPU.
    AsksForNone,
    /// It asks for no GPU, and CPU is too little.
    AsksForNoneNoCpu,
    /// It wants another model.
    OtherModel,
}

impl Cause {
    const COUNT: usize = Cause::OtherModel as usize + 1;
}

impl Rule for Fgd {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let before = self.fragment(fit.before, fit.class);
        let after = self.fragment(fit.after, fit.class);
        let sigmoid = 1.0 / (1.0 + libm::exp(-(before - after) / 1_000.0));
        Some(Score((100.0 * sigmoid) as i64))
    }

    fn tries_devices(&self) -> bool {
        true
    }

    /// Without typical instances of its own: the registered demands, equally often.
    fn learn(&self, demands: &[Demand]) -> Option<Arc<dyn Rule>> {
        if !self.typical.is_empty() || demands.is_empty() {
            return None;
        }
        let weight = 1.0 / demands.len() as f64;
        let typical = demands.iter().map(|demand| Typical { demand: demand.clone(), weight });
        let learned = Fgd::new(typical.collect());
        Some(Arc::new(Fgd { balanced: self.balanced, ..learned }))
    }
}
