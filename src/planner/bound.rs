//! Where a search begins: the volume bound. A pool without refusals holds at least the peak of what was placed, so its
//! hosts are at least that volume divided by what one host sells.
//!
//! With a target above zero a fleet may lie below it, and the search then goes below: it is a start, no limit.

use crate::scenario::Scenario;

use super::knobs::{Knob, Knobs, Point};
use super::trials::Full;

/// The setting in which every knob for hosts of a pool is at its volume bound, given what was placed with all knobs at
/// `top`; other knobs stand as low as they go.
pub(super) fn start(knobs: &Knobs, top: &[usize], scenario: &Scenario, full: &Full) -> Point {
    let place = |(knob, &place): (&Knob, &usize)| {
        if !knob.is_range() {
            return place;
        }
        hosts_bound(&knob.key, scenario, full).map_or(0, |hosts| knob.place_of(hosts as f64).min(place))
    };
    knobs.0.iter().zip(top).map(place).collect()
}

/// The least hosts in each zone of the pools of table `pools.X.hosts`, all other hosts of the scenario given.
fn hosts_bound(key: &str, scenario: &Scenario, full: &Full) -> Option<u64> {
    let of = key.strip_prefix("pools.")?.strip_suffix(".hosts")?;
    let named =
        |spec: &crate::scenario::schema::PoolSpec| spec.name.as_ref().is_some_and(|name| name.as_str() == of);
    let numbered = of.parse::<usize>().ok().filter(|at| *at < scenario.spec.pools.len());
    let table = numbered.or_else(|| scenario.spec.pools.iter().position(named))?;
    let mut least = 0;
    for pool in scenario.pools.iter().filter(|pool| pool.table == table) {
        let class = &scenario.classes[pool.class.at()];
        let zone = &scenario.zones[pool.zone.at()].id;
        let mut others = (0u64, 0u64);
        let rest = scenario.pools.iter().filter(|other| other.zone == pool.zone && other.table != table);
        let dedicated = scenario.dedicated_hosts.iter().filter(|host| host.zone == pool.zone);
        let counted = rest.map(|pool| (pool.class, pool.hosts)).chain(dedicated.map(|host| (host.class, 1)));
        for (class, hosts) in counted {
            let class = &scenario.classes[class.at()];
            others.0 += u64::from(class.cpu_milli) * u64::from(hosts);
            others.1 += u64::from(class.memory_mib) * u64::from(hosts);
        }
        for trial in &full.trials {
            let Some((_, cpu_milli, memory_mib)) = trial.peaks.iter().find(|(name, ..)| name == zone) else {
                continue;
            };
            let cpu = cpu_milli.saturating_sub(others.0).div_ceil(u64::from(class.cpu_milli).max(1));
            let memory = memory_mib.saturating_sub(others.1).div_ceil(u64::from(class.memory_mib).max(1));
            least = least.max(cpu).max(memory);
        }
    }
    Some(least)
}
