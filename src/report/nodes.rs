//! Failures and maintenance of hosts, on the terminal: a few lines, and only of what happened.

use crate::metrics::Percentiles;
use crate::sim::{MigrationReport, NodeReport};

use super::terminal::{duration, grouped, line};

pub(super) fn terminal(out: &mut String, nodes: &NodeReport) {
    out.push('\n');
    if nodes.host_failures > 0 {
        line(
            out,
            format!(
                "hosts failed {} times: most down at once {}, down at the end {}",
                grouped(nodes.host_failures),
                grouped(nodes.peak_hosts_down),
                grouped(nodes.hosts_down)
            ),
        );
    }
    if nodes.went_down > 0 {
        line(
            out,
            format!(
                "instances went down {} times: back elsewhere {}, in place {}; released while down {}, down now {}",
                grouped(nodes.went_down),
                grouped(nodes.recovered_elsewhere),
                grouped(nodes.recovered_in_place),
                grouped(nodes.released_while_down),
                grouped(nodes.down)
            ),
        );
        line(
            out,
            format!(
                "  most down at once {}, tries that found no room {}, left their set {}; downtime {}",
                grouped(nodes.peak_down),
                grouped(nodes.tries_without_room),
                grouped(nodes.left_their_set),
                percentiles(&nodes.downtime_us)
            ),
        );
    }
    if nodes.hosts_emptied + nodes.hosts_worked_on > 0 {
        line(
            out,
            format!(
                "maintenance: hosts emptied {}, worked on {}; instances stopped for it {}",
                grouped(nodes.hosts_emptied),
                grouped(nodes.hosts_worked_on),
                grouped(nodes.stopped_for_work)
            ),
        );
    }
    if nodes.migrations.begun + nodes.migrations.tries_without_room > 0 {
        migrations(out, &nodes.migrations);
    }
    if nodes.places_wiped > 0 {
        line(out, format!("places whose local disks were wiped: {}", grouped(nodes.places_wiped)));
    }
}

fn migrations(out: &mut String, moves: &MigrationReport) {
    line(
        out,
        format!(
            "live migrations {}: done {}, cut {}, under way {}; tries that found no room {}; {} GiB copied",
            grouped(moves.begun),
            grouped(moves.done),
            grouped(moves.cut),
            grouped(moves.under_way),
            grouped(moves.tries_without_room),
            grouped(moves.bytes >> 30)
        ),
    );
    line(out, format!("  copy {}; pause {}", percentiles(&moves.copy_us), percentiles(&moves.pause_us)));
}

fn percentiles(of: &Percentiles) -> String {
    if of.count == 0 {
        return "none".to_owned();
    }
    let time = |micros: u64| duration(micros as f64 * 1_000.0);
    format!("p50 {}, p99 {}, max {}", time(of.p50), time(of.p99), time(of.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_of_nothing_are_none() {
        let mut of = Percentiles::default();
        assert_eq!(percentiles(&of), "none");
        (of.count, of.p50, of.p99, of.max) = (3, 61_500_000, 400_000_000, 3_600_000_000);
        assert_eq!(percentiles(&of), "p50 61.5 s, p99 6.67 min, max 60.0 min");
    }
}
