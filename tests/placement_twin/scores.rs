//! The scores of the policies, from their definitions: the highest wins.

use packyard::placement::{Demand, HostClass};

use super::{Host, Option_, Twin};

const ONE: i128 = 1 << 40;

fn share(part: i64, whole: i64) -> i128 {
    if whole == 0 { 0 } else { i128::from(part) * ONE / i128::from(whole) }
}

fn total(host: &Host) -> (i64, i64, i64) {
    let (cpu, memory) = host.nodes.iter().fold((0, 0), |sum, node| (sum.0 + node.0, sum.1 + node.1));
    (cpu, memory, host.gpus.iter().sum())
}

fn shares((cpu, memory, gpu): (i64, i64, i64), class: &HostClass) -> [i128; 3] {
    let gpus = i64::from(class.gpu_count) * 1_000;
    [share(cpu, class.cpu_milli.into()), share(memory, class.memory_mib.into()), share(gpu, gpus)]
}

fn mean_left(after: &Host, class: &HostClass) -> i128 {
    let [cpu, memory, gpu] = shares(total(after), class);
    if class.gpu_count == 0 { (cpu + memory) / 2 } else { (cpu + memory + gpu) / 3 }
}

fn dot(a: [i128; 3], b: [i128; 3]) -> i128 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn kind(demand: &Demand) -> u32 {
    match &demand.gpu {
        None => 0,
        Some(gpu) if gpu.count == 1 && gpu.milli_each < 1_000 => 1,
        Some(gpu) => 2 << gpu.count.next_power_of_two().trailing_zeros(),
    }
}

impl Twin {
    /// The tag of a host that took a demand.
    pub(crate) fn tag(&self, demand: &Demand, lifetime: u8, tag: u32) -> u32 {
        match self.policy.as_str() {
            "lifetime" => tag.max(lifetime.into()),
            "gpu-clustering" => tag | kind(demand),
            _ => 0,
        }
    }

    pub(crate) fn score(
        &self,
        demand: &Demand,
        class: &HostClass,
        before: &Host,
        after: &Host,
        at: &Option_,
        lifetime: u8,
    ) -> i64 {
        let gpu = demand.gpu.as_ref().map_or(0, |gpu| i64::from(gpu.count) * i64::from(gpu.milli_each));
        let asked = shares((demand.cpu_milli.into(), demand.memory_mib.into(), gpu), class);
        let free = shares(total(before), class);
        let left = mean_left(after, class);
        let fresh = super::empty(class);
        let is_empty = (&before.nodes, &before.gpus, before.disks, before.nics)
            == (&fresh.nodes, &fresh.gpus, fresh.disks, fresh.nics);
        let score: i128 = match self.policy.as_str() {
            "first-fit" | "next-fit" | "random-fit" => 0,
            "best-fit" => -left,
            "worst-fit" | "power-of-3" => left,
            "dot-product" => dot(asked, free) / ONE,
            "cosine" => {
                let lengths = (dot(asked, asked) as f64).sqrt() * (dot(free, free) as f64).sqrt();
                if lengths > 0.0 { (dot(asked, free) as f64 / lengths * ONE as f64) as i128 } else { 0 }
            }
            "l2-norm" => {
                let left = shares(total(after), class);
                -(dot(left, left) / ONE)
            }
            "chain" => {
                let keeps_gpus = class.gpu_count == 0 || gpu > 0;
                let [cpu, memory, _] = shares(total(after), class);
                8 * (i128::from(keeps_gpus) << 20)
                    + 4 * (i128::from(!is_empty) << 20)
                    + ((ONE - (cpu - memory).abs()) >> 20)
                    + 2 * (-left >> 20)
            }
            "node-best-fit" => {
                let scarcer = |node: usize| {
                    let ((cpu, memory), (free_cpu, free_memory)) = (fresh.nodes[node], after.nodes[node]);
                    (free_cpu as f64 / cpu as f64).min(free_memory as f64 / memory as f64)
                };
                let left =
                    at.second.map_or(scarcer(at.node), |second| (scarcer(at.node) + scarcer(second)) / 2.0);
                -i128::from(left.to_bits())
            }
            "server-best-fit" => {
                let scarcer = |(&(free_cpu, free_memory), &(cpu, memory))| {
                    share(free_cpu, cpu).min(share(free_memory, memory))
                };
                let left: i128 = after.nodes.iter().zip(&fresh.nodes).map(scarcer).sum();
                -((left + (1 << 9)) >> 10)
            }
            "gpu-best-fit-exact" => {
                let (cpu, _, gpu) = total(after);
                -i128::from(cpu + 16 * gpu)
            }
            "gpu-best-fit" => {
                let (cpu, _, gpu) = total(after);
                (100.0 * (1.0 - (0.5 * cpu as f64 / 128_000.0 + 0.5 * gpu as f64 / 8_000.0))) as i128
            }
            "gpu-packing" => {
                let idle = |host: &Host| host.gpus.iter().filter(|&&left| left == 1_000).count();
                let step = match (gpu, idle(before), idle(after)) {
                    (0, ..) => i128::from(total(before).2 == 0),
                    (_, before, after) if before == after => 2,
                    (_, before, _) => i128::from(before < class.gpu_count as usize),
                };
                step * ONE - left
            }
            "gpu-clustering" => {
                let step = if before.tag == kind(demand) { 2 } else { i128::from(before.tag == 0) };
                step * ONE - left
            }
            "fgd" => {
                let gain = self.fragment(before, class) - self.fragment(after, class);
                (100.0 * (1.0 / (1.0 + libm::exp(-gain / 1_000.0)))) as i128
            }
            "fgd-balanced" => {
                let lost = |host| self.fragment(host, class) + self.without_cpu(host);
                let gain = lost(before) - lost(after);
                (100.0 * (1.0 / (1.0 + libm::exp(-gain / 1_000.0)))) as i128
            }
            "lifetime" => {
                let (own, host) = (i128::from(lifetime), i128::from(before.tag));
                let step = if own == 0 {
                    0
                } else if host == 0 {
                    256
                } else if host >= own {
                    1_024 - (host - own)
                } else {
                    host
                };
                step * ONE - left
            }
            other => panic!("no twin of {other}"),
        };
        score as i64
    }

    /// Free GPU that the registered demands, equally often, cannot use: for want of both, of GPUs, of CPU, because they ask for none
    /// (with CPU and without), or for another model. Sums of floats follow that order.
    fn fragment(&self, host: &Host, class: &HostClass) -> f64 {
        let (cpu, _, all) = total(host);
        let mut by_cause = [0.0; 6];
        for demand in &self.demands {
            let has_cpu = cpu >= demand.cpu_milli.into();
            let (cause, lost) = match &demand.gpu {
                None => (if has_cpu { 3 } else { 4 }, all),
                Some(gpu) => {
                    let milli = i64::from(gpu.milli_each);
                    let fitting = host.gpus.iter().filter(|&&left| left >= milli).count();
                    let enough = fitting >= gpu.count as usize;
                    let allowed = gpu.models.is_empty()
                        || class.gpu_model.as_ref().is_some_and(|model| gpu.models.contains(model));
                    if !allowed {
                        (5, all)
                    } else if enough && has_cpu {
                        (1, host.gpus.iter().filter(|&&left| left < milli).sum())
                    } else if enough {
                        (2, all)
                    } else if has_cpu {
                        (1, all)
                    } else {
                        (0, all)
                    }
                }
            };
            by_cause[cause] += 1.0 / self.demands.len() as f64 * lost as f64;
        }
        by_cause.iter().sum()
    }

    /// Free GPU that the free CPU is too little for, by the mean of the registered demands with GPUs.
    fn without_cpu(&self, host: &Host) -> f64 {
        let share = 1.0 / self.demands.len() as f64;
        let (mut of_cpu, mut of_gpu) = (0.0, 0.0);
        for demand in &self.demands {
            let Some(gpu) = &demand.gpu else { continue };
            of_cpu += share * f64::from(demand.cpu_milli);
            of_gpu += share * f64::from(gpu.count * gpu.milli_each);
        }
        let (cpu, _, all) = total(host);
        if of_gpu == 0.0 { 0.0 } else { (all as f64 - cpu as f64 / (of_cpu / of_gpu)).max(0.0) }
    }
}
