//! Rules for GPU fleets that are compared in Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing Workloads
//! with Fragmentation Gradient Descent", USENIX ATC 2023.

use super::{Fit, Rule, SHARE, Score, Taken, free_share};

/// Best fit as the published GPU simulator computes it: `int(100 * (1 - (0.5 * cpu / 128000 + 0.5 * gpu / 8000)))` with what is
/// left of both after placement, in thousandths; the truncation makes ties, and is part of the result.
#[derive(Clone, Copy, Debug)]
pub struct GpuBestFit;

impl Rule for GpuBestFit {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let (cpu, gpu) = (fit.after.cpu() as f64, fit.after.gpu() as f64);
        Some(Score((100.0 * (1.0 - (0.5 * cpu / 128_000.0 + 0.5 * gpu / 8_000.0))) as i64))
    }
}

/// [`GpuBestFit`] without the truncation: the least `cpu / 128000 + gpu / 8000` left, exactly.
#[derive(Clone, Copy, Debug)]
pub struct GpuBestFitExact;

impl Rule for GpuBestFitExact {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        Some(Score(-((fit.after.cpu() + 16 * fit.after.gpu()) as i64)))
    }
}

/// GPU packing: first devices that are already shared, then idle devices of hosts with busy ones, then idle hosts;
/// within each, the least room left. Instances without GPUs prefer hosts without free GPUs.
///
/// Source: "GPU packing" of Weng et al. 2023, after Weng et al., "MLaaS in the wild", NSDI 2022.
#[derive(Clone, Copy, Debug)]
pub struct GpuPacking;

impl Rule for GpuPacking {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let idle = |gpus: &[u32]| gpus.iter().filter(|&&left| left == 1_000).count() as u32;
        let (before, after) = (idle(fit.before.gpus()), idle(fit.after.gpus()));
        let step = if fit.demand.resources().gpu_milli == 0 {
            i64::from(fit.before.gpu() == 0)
        } else if before == after {
            2
        } else {
            i64::from(before < fit.class.gpu_count)
        };
        Some(Score(step * SHARE - free_share(fit.after, fit.class)))
    }
}

/// GPU clustering: hosts that, since they were last empty, were given only GPU demands of the same kind (a share, or
/// one, two, four, eight devices and so on), then idle hosts, then mixed ones; within each, the least room left.
///
/// Source: "GPU clustering" of Weng et al. 2023, after Xiao et al., "Gandiva", OSDI 2018.
#[derive(Clone, Copy, Debug)]
pub struct GpuClustering;

/// One bit a kind of GPU demand: a share, or the next power of two of the number of devices.
fn kind(count: u32, milli: u32) -> u32 {
    match (count, milli) {
        (0, _) => 0,
        (1, ..1_000) => 1,
        (count, _) => 2 << count.next_power_of_two().trailing_zeros(),
    }
}

impl Rule for GpuClustering {
    fn score(&self, fit: &Fit<'_>) -> Option<Score> {
        let (count, milli) = fit.demand.gpus();
        let (own, host) = (kind(count, milli), fit.before.tag());
        let step = if own == host { 2 } else { i64::from(host == 0) };
        Some(Score(step * SHARE - free_share(fit.after, fit.class)))
    }

    fn tag(&self, taken: &Taken<'_>) -> u32 {
        let (count, milli) = taken.demand.gpus();
        taken.tag | kind(count, milli)
    }
}
