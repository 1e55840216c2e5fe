//! The spot market on the terminal: prices and use over time, interruptions, survival, money.

use crate::spot::market::{PoolPoint, PoolSummary, SpotSummary};

use super::terminal::{grouped, line};

/// Pools and fleets that are shown; the rest is left to the JSON report.
const MOST_POOLS: usize = 6;
const MOST_FLEETS: usize = 4;
/// Characters of a curve.
const WIDTH: usize = 24;
const STEPS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

pub(super) fn terminal(out: &mut String, spot: &SpotSummary) {
    let told = spot.interruptions;
    line(
        out,
        format!(
            "\nspot instances {}: told to go {} (price {}, stock {}, headroom {}), released {}, live {}",
            grouped(spot.bought),
            grouped(told.total()),
            grouped(told.price),
            grouped(told.stock),
            grouped(told.headroom),
            grouped(spot.released),
            grouped(spot.live)
        ),
    );
    line(
        out,
        format!(
            "  refused: limit below the price {}, no stock {}; regular requests without room {}, a reclaim would have saved {}",
            grouped(spot.refused_price),
            grouped(spot.refused_stock),
            grouped(spot.regular.no_room),
            grouped(spot.regular.saved_by_reclaim)
        ),
    );
    let ages = spot.survival_at.iter().map(|at| format!("{} h {:.1} %", at.hours, 100.0 * at.share));
    let disks = match spot.disks_left {
        0 => String::new(),
        count => format!("; disks left behind {} ({} GiB)", grouped(count), grouped(spot.disks_left_gib)),
    };
    line(out, format!("  survival until a reclaim: {}{disks}", ages.collect::<Vec<_>>().join(", ")));
    line(
        out,
        format!(
            "  {} instance hours, {:.1} % protected; cost {:.2}, at list price {:.2}: {:.1} % saved",
            grouped(spot.instance_hours.round() as u64),
            100.0 * spot.protected_share,
            spot.cost,
            spot.list_cost,
            100.0 * spot.saving
        ),
    );
    pools(out, &spot.pools);
    for fleet in spot.fleets.iter().take(MOST_FLEETS) {
        line(
            out,
            format!(
                "  fleet {:<14} filled {:.1} % of {}: bought {}, told to go {}, stood in {}, refused {}",
                fleet.name,
                100.0 * fleet.filled,
                grouped(fleet.target),
                grouped(fleet.bought),
                grouped(fleet.interrupted),
                grouped(fleet.stood_in),
                grouped(fleet.refused)
            ),
        );
    }
}

fn pools(out: &mut String, pools: &[PoolSummary]) {
    if pools.is_empty() {
        return;
    }
    line(
        out,
        format!(
            "  {:<30}{:>8}{:>8}{:>8}{:>8}{:>8}  {:<WIDTH$} {:<WIDTH$}",
            "price an hour",
            "list",
            "mean",
            "max",
            "bought",
            "told",
            "price (of list) over time",
            "use over time"
        ),
    );
    for pool in pools.iter().take(MOST_POOLS) {
        let list = pool.list_price.max(1e-9);
        line(
            out,
            format!(
                "  {:<30}{:>8.3}{:>8.3}{:>8.3}{:>8}{:>8}  {} {}",
                format!("{} {}", pool.zone, pool.instance_type),
                pool.list_price,
                pool.mean,
                pool.highest,
                grouped(pool.bought),
                grouped(pool.interruptions.total()),
                curve(&pool.points, |point| point.price / list),
                curve(&pool.points, |point| point.used)
            ),
        );
    }
    if pools.len() > MOST_POOLS {
        line(out, format!("  {} more pools", pools.len() - MOST_POOLS));
    }
}

/// Shares of one over time, as a row of bars: each the mean of its part.
fn curve(points: &[PoolPoint], share: impl Fn(&PoolPoint) -> f64) -> String {
    let bar = |at: usize| {
        let part =
            &points[at * points.len() / WIDTH..((at + 1) * points.len()).div_ceil(WIDTH).min(points.len())];
        let mean = part.iter().map(&share).sum::<f64>() / part.len().max(1) as f64;
        STEPS[((mean.clamp(0.0, 1.0) * 8.0) as usize).min(7)]
    };
    if points.is_empty() { " ".repeat(WIDTH) } else { (0..WIDTH).map(bar).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_shows_its_parts() {
        let point = |used: f64| PoolPoint { hours: 0.0, price: 0.0, used, spot: 0.0 };
        let rising: Vec<PoolPoint> = (0..48).map(|at| point(f64::from(at) / 47.0)).collect();
        assert_eq!(curve(&rising, |point| point.used), "▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇███");
        assert_eq!(curve(&[point(1.0)], |point| point.used), "█".repeat(24));
        assert_eq!(curve(&[], |point| point.used).len(), 24);
    }
}
