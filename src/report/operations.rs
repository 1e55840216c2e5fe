//! The report's section on operations, dedicated hosts and disk pools: at most 35 lines.

use super::grouped;
use crate::sim::{OperationsSummary, Summary};

const MOST_OPERATIONS: usize = 5;
const MOST_WORKLOADS: usize = 4;
const MOST_HOSTS: usize = 6;
const MOST_POOLS: usize = 4;

/// The section; empty for a run without operations.
pub(super) fn section(summary: &Summary) -> String {
    let Some(operations) = &summary.operations else { return String::new() };
    let mut lines = Vec::new();
    calls(&mut lines, operations);
    restarts(&mut lines, operations);
    hosts(&mut lines, operations);
    pools(&mut lines, operations);
    lines.into_iter().map(|line| line + "\n").collect()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn calls(lines: &mut Vec<String>, operations: &OperationsSummary) {
    if operations.calls.is_empty() {
        return;
    }
    lines.push(format!("\n{:<32}{:>10}{:>10}  most frequent refusal", "operations", "accepted", "refused"));
    for call in operations.calls.iter().take(MOST_OPERATIONS) {
        let refused: u64 = call.refused.iter().map(|refusal| refusal.count).sum();
        let first = call.refused.first().map(|first| format!("  {} {}", first.status, first.code));
        lines.push(format!(
            "  {:<30}{:>10}{:>10}{}",
            call.operation,
            grouped(call.accepted),
            grouped(refused),
            first.unwrap_or_default()
        ));
    }
    if let more @ 1.. = operations.calls.len().saturating_sub(MOST_OPERATIONS) {
        lines.push(format!("  {more} more operations"));
    }
    let OperationsSummary {
        stopped_keep_charging, stopped_without_charges, own_disks, own_disks_gib, ..
    } = operations;
    lines.push(format!(
        "stopped at the end: {} with their place, {} without; disks of their own: {} ({} GiB)",
        grouped(*stopped_keep_charging),
        grouped(*stopped_without_charges),
        grouped(*own_disks),
        grouped(*own_disks_gib)
    ));
}

fn restarts(lines: &mut Vec<String>, operations: &OperationsSummary) {
    if operations.restarts.is_empty() {
        return;
    }
    lines.push(format!(
        "\n{:<24}{:>10}{:>12}{:>10}{:>10}{:>12}{:>12}",
        "stops without charges", "stopped", "came back", "refused", "waited", "mean wait", "longest"
    ));
    let time = |secs: f64| super::duration(secs * 1e9);
    for one in operations.restarts.iter().take(MOST_WORKLOADS) {
        lines.push(format!(
            "  {:<22}{:>10}{:>12}{:>10}{:>10}{:>12}{:>12}",
            one.workload,
            grouped(one.given_up),
            grouped(one.restarted),
            grouped(one.refused),
            grouped(one.waited),
            time(one.wait_mean_secs),
            time(one.wait_longest_secs)
        ));
    }
    if let more @ 1.. = operations.restarts.len().saturating_sub(MOST_WORKLOADS) {
        lines.push(format!("  {more} more workloads"));
    }
}

fn hosts(lines: &mut Vec<String>, operations: &OperationsSummary) {
    if operations.dedicated_hosts.is_empty() {
        return;
    }
    lines.push(format!(
        "\n{:<24}{:<12}{:>8}{:>10}{:>10}{:>14}{:>10}",
        "dedicated host", "type", "vCPU", "mean", "peak", "memory mean", "at end"
    ));
    for host in operations.dedicated_hosts.iter().take(MOST_HOSTS) {
        let end = match host.condition {
            None => "released".to_owned(),
            Some(_) => grouped(host.instances.into()),
        };
        lines.push(format!(
            "  {:<22}{:<12}{:>8}{:>10}{:>10}{:>14}{:>10}",
            host.id,
            host.host_type,
            grouped(host.vcpus),
            percent(host.vcpu_mean),
            percent(host.vcpu_peak),
            percent(host.memory_mean),
            end
        ));
    }
    if let more @ 1.. = operations.dedicated_hosts.len().saturating_sub(MOST_HOSTS) {
        lines.push(format!("  {more} more hosts"));
    }
}

fn pools(lines: &mut Vec<String>, operations: &OperationsSummary) {
    if operations.disk_pools.is_empty() {
        return;
    }
    lines.push(format!(
        "\n{:<18}{:<20}{:>12}{:>12}{:>10}{:>10}{:>12}",
        "disk pool", "category", "GiB there", "for sale", "mean", "peak", "overcommit"
    ));
    for pool in operations.disk_pools.iter().take(MOST_POOLS) {
        lines.push(format!(
            "  {:<16}{:<20}{:>12}{:>12}{:>10}{:>10}{:>12.2}",
            pool.zone,
            pool.category,
            grouped(pool.physical_gib),
            grouped(pool.sellable_gib),
            percent(pool.sold_mean),
            percent(pool.sold_peak),
            pool.peak_overcommit
        ));
    }
    if let more @ 1.. = operations.disk_pools.len().saturating_sub(MOST_POOLS) {
        lines.push(format!("  {more} more pools"));
    }
    if operations.pool_refusals > 0 {
        lines.push(format!("creations that found their pool full: {}", grouped(operations.pool_refusals)));
    }
}
