//! How much GPU no placement can exceed: a linear program over classes of nodes.
//!
//! Relaxed are whole pods, single nodes and single devices: a class of nodes is one pool of CPU, memory and GPU thousandths, and
//! pods may be cut. Prices of those pools bound what can be placed, whatever they are (weak duality): the worth of the pools at
//! their prices, and for each pod what its GPU is worth above the price of its place where that is cheapest. The program finds the
//! best prices; the sum is then taken in integers, so that a rounding in the program makes the bound weaker at worst, never untrue.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

use super::read::{Nodes, Order, Pods};
use crate::placement::{Demand, HostClass};

/// Resources with a price: CPU, memory, GPU.
const PRICED: usize = 3;
/// Price 1 in integers.
const ONE: f64 = (1_u64 << 20) as f64;

/// Thousandths of GPUs that no placement of the pods that arrive can exceed.
pub fn most_gpu_milli(nodes: &Nodes, pods: &Pods, order: Option<&Order>) -> u64 {
    let mut counts = vec![0_u64; pods.demands.len()];
    match order {
        Some(order) => order.arrivals.iter().for_each(|&pod| counts[pods.pods[pod as usize] as usize] += 1),
        None => pods.pods.iter().for_each(|&demand| counts[demand as usize] += 1),
    }
    let pools: Vec<Pool> = (0u32..)
        .zip(&nodes.classes)
        .map(|(at, class)| {
            let hosts = nodes.nodes.iter().filter(|&&of| of == at).count() as u64;
            Pool { class, room: room(class).map(|of_one| of_one * hosts) }
        })
        .collect();
    // What asks for no GPU adds none.
    let asked: Vec<(Asked, u64)> = pods
        .demands
        .iter()
        .zip(counts)
        .filter(|&(demand, count)| count > 0 && demand.resources().gpu_milli > 0)
        .map(|(demand, count)| (Asked::new(demand, &pools), count))
        .collect();
    let all: u64 = asked.iter().map(|(one, count)| one.needs[GPU] * count).sum();
    let free = vec![[0; PRICED]; pools.len()];
    let prices = prices(&pools, &asked).unwrap_or(free);
    all.min(worth(&pools, &asked, &prices)).min(nodes.gpu_milli())
}

const GPU: usize = 2;

/// All nodes of a class as one.
struct Pool<'a> {
    class: &'a HostClass,
    room: [u64; PRICED],
}

fn room(class: &HostClass) -> [u64; PRICED] {
    [class.cpu_milli.into(), class.memory_mib.into(), u64::from(class.gpu_count) * 1_000]
}

/// Pods of one demand.
struct Asked {
    needs: [u64; PRICED],
    /// Pools in which a node can hold one.
    pools: Vec<usize>,
}

impl Asked {
    fn new(demand: &Demand, pools: &[Pool<'_>]) -> Asked {
        let needs = demand.resources();
        let needs = [needs.cpu_milli, needs.memory_mib, needs.gpu_milli];
        let holds = |pool: &Pool<'_>| {
            demand.model_allowed(pool.class)
                && demand.gpu.as_ref().is_none_or(|gpu| gpu.count <= pool.class.gpu_count)
                && needs.iter().zip(room(pool.class)).all(|(&need, room)| need <= room)
        };
        Asked { needs, pools: (0..pools.len()).filter(|&at| holds(&pools[at])).collect() }
    }
}

/// The best prices of each pool, in GPU thousandths a unit of its resources, times [`ONE`].
fn prices(pools: &[Pool<'_>], asked: &[(Asked, u64)]) -> Option<Vec<[u64; PRICED]>> {
    let mut variables = ProblemVariables::new();
    let mut objective = Expression::from(0.0);
    // A price is for the whole pool, and a gain for all pods of a demand, so that the numbers of the program are near 1.
    let price: Vec<[Variable; PRICED]> =
        pools.iter().map(|_| std::array::from_fn(|_| variables.add(variable().min(0.0)))).collect();
    price.iter().flatten().for_each(|&price| objective += price);
    let gain: Vec<Variable> = asked.iter().map(|_| variables.add(variable().min(0.0))).collect();
    gain.iter().for_each(|&gain| objective += gain);
    let mut model = variables.minimise(objective).using(microlp);
    let unit = pools.iter().map(|pool| pool.room[GPU]).sum::<u64>().max(1) as f64;
    for ((one, count), &gain) in asked.iter().zip(&gain) {
        let count = *count as f64;
        for &at in &one.pools {
            let mut sum = Expression::from(gain);
            for ((price, &need), &room) in price[at].iter().zip(&one.needs).zip(&pools[at].room) {
                sum.add_mul(count * need as f64 / room.max(1) as f64, *price);
            }
            model.add_constraint(sum.geq(count * one.needs[GPU] as f64 / unit));
        }
    }
    let solution = model.solve().ok()?;
    let of_pool = |(pool, prices): (&Pool<'_>, &[Variable; PRICED])| {
        std::array::from_fn(|resource| {
            let whole = solution.value(prices[resource]).max(0.0) * unit;
            (whole / pool.room[resource].max(1) as f64 * ONE).round() as u64
        })
    };
    Some(pools.iter().zip(&price).map(of_pool).collect())
}

/// The bound that prices give, in GPU thousandths, rounded down: GPU is allocated in whole ones.
fn worth(pools: &[Pool<'_>], asked: &[(Asked, u64)], prices: &[[u64; PRICED]]) -> u64 {
    let cost = |amounts: &[u64; PRICED], at: usize| -> u128 {
        amounts.iter().zip(prices[at]).map(|(&amount, price)| u128::from(amount) * u128::from(price)).sum()
    };
    let rooms: u128 = pools.iter().enumerate().map(|(at, pool)| cost(&pool.room, at)).sum();
    let gains = asked.iter().map(|(one, count)| {
        let worth = u128::from(one.needs[GPU]) * ONE as u128;
        let cheapest = one.pools.iter().map(|&at| cost(&one.needs, at)).min();
        // Without a pool that holds one, none is placed.
        cheapest.map_or(0, |cheapest| worth.saturating_sub(cheapest)) * u128::from(*count)
    });
    ((rooms + gains.sum::<u128>()) / ONE as u128).min(u128::from(u64::MAX)) as u64
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::placement::GpuDemand;

    fn host(cpu_milli: u32, gpus: u32, model: &str) -> HostClass {
        HostClass {
            gpu_count: gpus,
            gpu_model: Some(model.to_owned()),
            ..HostClass::plain(model, cpu_milli, 1_000)
        }
    }

    fn pod(cpu_milli: u32, count: u32, milli: u32, models: &[&str]) -> Demand {
        let models = models.iter().map(|model| (*model).to_owned()).collect();
        Demand { gpu: Some(GpuDemand { count, milli_each: milli, models }), ..Demand::plain(cpu_milli, 1) }
    }

    fn bound(nodes: Vec<(HostClass, usize)>, pods: Vec<(Demand, usize)>) -> u64 {
        let each = |counts: Vec<usize>| -> Vec<u32> {
            (0u32..).zip(counts).flat_map(|(at, count)| std::iter::repeat_n(at, count)).collect()
        };
        let (classes, hosts) = nodes.into_iter().unzip();
        let (demands, counts) = pods.into_iter().unzip();
        let nodes = Nodes { path: PathBuf::new(), classes, nodes: each(hosts) };
        let pods = Pods { path: PathBuf::new(), demands, pods: each(counts) };
        most_gpu_milli(&nodes, &pods, None)
    }

    #[test]
    fn what_is_asked_for_and_what_is_there_bound_it() {
        let node = || vec![(host(8_000, 2, "A"), 3)];
        assert_eq!(bound(node(), vec![(pod(1_000, 1, 500, &[]), 4)]), 2_000);
        assert_eq!(bound(node(), vec![(pod(1_000, 1, 1_000, &[]), 9)]), 6_000);
    }

    #[test]
    fn cpu_that_runs_out_bounds_it() {
        // Three nodes of 8 vCPUs hold 6 pods of 4 vCPUs, of half a GPU each.
        assert_eq!(bound(vec![(host(8_000, 2, "A"), 3)], vec![(pod(4_000, 1, 500, &[]), 100)]), 3_000);
    }

    #[test]
    fn models_and_devices_bound_it() {
        let nodes = || vec![(host(64_000, 2, "A"), 1), (host(64_000, 4, "B"), 1)];
        assert_eq!(bound(nodes(), vec![(pod(1_000, 1, 1_000, &["A"]), 100)]), 2_000);
        assert_eq!(bound(nodes(), vec![(pod(1_000, 4, 1_000, &[]), 100)]), 4_000);
        assert_eq!(bound(nodes(), vec![(pod(1_000, 8, 1_000, &[]), 100)]), 0);
    }
}
