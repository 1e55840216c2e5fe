//! `packyard bench packing`: published packing experiments on recorded workloads, run on the placement core.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::CliError;
use crate::cli::output::print;
use crate::metrics::clock::WallMark;
use crate::packing::{azure, huawei, openb};
use crate::placement::Policy;

/// Where the shipped openb files lie, below the folder of the repository.
const OPENB: &str = "data/traces/openb";
/// The shipped dev window of the Azure trace.
const AZURE: &str = "data/traces/azure-v1-2017/v1.dev.txt.zst";
/// huawei: GiB above which a VM is split, in runs over the whole file.
const WHOLE_THRESHOLD: u32 = 32;

/// Run a published packing experiment and print its table; `docs/packing.md` has the protocols
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// Data set
    #[arg(value_enum)]
    set: Set,
    /// Placement policy; repeatable. Default: those with published results
    #[arg(long)]
    policy: Vec<String>,
    /// openb: pod list (CSV, plain or zstd)
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// openb: node list
    #[arg(long, value_name = "FILE")]
    nodes: Option<PathBuf>,
    /// openb: arrival orders and ranks, two lines a seed
    #[arg(long, value_name = "FILE", conflicts_with = "file_order")]
    orders: Option<PathBuf>,
    /// openb: in order of file, without inflation, instead of the orders
    #[arg(long)]
    file_order: bool,
    /// huawei, azure: trace file; huawei needs one
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// huawei: a second file that is merged in by time
    #[arg(long, value_name = "FILE")]
    also: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Set {
    /// GPU cluster: allocation as pods arrive
    Openb,
    /// Two-node servers: VMs until the first that fits nowhere
    Huawei,
    /// Hosts that are opened for a window of creations
    Azure,
}

/// Lines for people, and the same for machines.
struct Table {
    lines: Vec<String>,
    rows: Vec<Value>,
}

impl Table {
    fn new(head: String) -> Table {
        Table { lines: vec![head], rows: Vec::new() }
    }

    fn row(&mut self, line: String, row: Value) {
        self.lines.push(line);
        self.rows.push(row);
    }
}

/// Runs the experiment.
///
/// # Errors
/// A file is missing or damaged, or a policy is unknown.
pub(in crate::cli) fn run(args: Args) -> Result<ExitCode, CliError> {
    let began = WallMark::now();
    let table = match args.set {
        Set::Openb => openb_table(&args)?,
        Set::Huawei => huawei_table(&args)?,
        Set::Azure => azure_table(&args)?,
    };
    let text = if args.json {
        serde_json::to_string_pretty(&table.rows).map_err(CliError::new)? + "\n"
    } else {
        format!("{}\nwall {:.2} s\n", table.lines.join("\n"), began.elapsed_secs())
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn policies(args: &Args, usual: &[&str]) -> Vec<String> {
    if args.policy.is_empty() {
        usual.iter().map(|name| (*name).to_owned()).collect()
    } else {
        args.policy.clone()
    }
}

fn policy_named(name: &str) -> Result<Policy, CliError> {
    Policy::named(name).ok_or_else(|| {
        let known: Vec<&str> = Policy::all().map(|(name, _)| name).collect();
        CliError::new(format!("there is no policy `{name}`; there are {}", known.join(", ")))
    })
}

/// The stem of a file's name, such as `openb_pod_list_default`.
fn stem(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.split('.').next().unwrap_or_default().to_owned()
}

fn openb_table(args: &Args) -> Result<Table, CliError> {
    let folder = Path::new(OPENB);
    let list = args.list.clone().unwrap_or_else(|| folder.join("openb_pod_list_default.csv.zst"));
    let nodes = args.nodes.clone().unwrap_or_else(|| folder.join("openb_node_list_gpu_node.csv.zst"));
    let nodes = openb::read_nodes(&nodes).map_err(CliError::new)?;
    let pods = openb::read_pods(&list).map_err(CliError::new)?;
    let orders = if args.file_order {
        vec![None]
    } else {
        let short = stem(&list).replace("openb_pod_list_", "");
        let shipped = folder.join(format!("orders/openb_orders_{short}.txt.zst"));
        let path = args.orders.clone().unwrap_or(shipped);
        let read = openb::read_orders(&path, &pods, &nodes).map_err(CliError::new)?;
        read.into_iter().map(Some).collect()
    };
    // Published curves, where this list, policy and seed have one.
    let expected = openb::Expected::read(&folder.join("expected_gpu_allocation_percent.csv.zst")).ok();
    let made = openb::Policies::of(&pods);
    let bound = |order: &Option<_>| openb::most_gpu_milli(&nodes, &pods, order.as_ref());
    let bounds: Vec<u64> = orders.iter().map(bound).collect();
    let mut table = Table::new(format!(
        "{:<16}{:>6}{:>10}{:>10}{:>10}{:>12}{:>10}{:>13}  {}",
        "policy",
        "seed",
        "arrived",
        "placed",
        "failed",
        "GPU milli",
        "GPU %",
        "below bound",
        "points off the published curve"
    ));
    for name in policies(args, &["gpu-best-fit", "fgd"]) {
        let policy = made.named(&name).map_or_else(|| policy_named(&name), Ok)?;
        let mut last = Vec::new();
        for (order, &bound) in orders.iter().zip(&bounds) {
            let outcome = openb::run(&nodes, &pods, order.as_ref(), policy.clone()).map_err(CliError::new)?;
            let seed = order.as_ref().map(|order| order.seed);
            let curve = expected.as_ref().and_then(|all| all.curve(&stem(&list), &name, seed?));
            let compared = curve.map(|curve| openb::Expected::compare(&outcome.curve, curve));
            let off = compared.map_or_else(String::new, |(points, off, _)| format!("{off} of {points}"));
            last.extend(outcome.curve.0.last().copied().flatten());
            table.row(
                format!(
                    "{name:<16}{:>6}{:>10}{:>10}{:>10}{:>12}{:>10.2}{:>11.2} %  {off}",
                    seed.map_or_else(|| "-".to_owned(), |seed| seed.to_string()),
                    outcome.arrived,
                    outcome.placed,
                    outcome.failed(),
                    outcome.gpu_milli,
                    outcome.gpu_percent(),
                    100.0 * (1.0 - outcome.gpu_milli as f64 / bound.max(1) as f64)
                ),
                json!({
                    "list": stem(&list), "policy": name, "seed": seed, "outcome": outcome,
                    "gpu_bound_milli": bound,
                    "points_compared": compared.map(|all| all.0), "points_off": compared.map(|all| all.1),
                }),
            );
        }
        if !args.file_order && !last.is_empty() {
            let mean = last.iter().map(|&value| f64::from(value)).sum::<f64>() / last.len() as f64 / 100.0;
            table
                .lines
                .push(format!("{name:<16}mean of {} seeds, all arrived: {mean:.2} % of GPUs", last.len()));
        }
    }
    Ok(table)
}

fn huawei_table(args: &Args) -> Result<Table, CliError> {
    let Some(path) = &args.trace else {
        return Err(CliError::new(
            "name the trace with --trace FILE: Huawei-East-1-lt.csv in the GitHub repository \
             huaweicloud/VM-placement-dataset (its licence does not let us ship it)",
        ));
    };
    let trace = huawei::Trace::read(path, args.also.as_deref()).map_err(CliError::new)?;
    let mut table = Table::new(format!(
        "{:<16}{:>8}{:>12}{:>11}{:>12}{:>12}  {}",
        "policy", "servers", "mode", "threshold", "from 0", "from 1000", "bounds: no placement can do more"
    ));
    for name in policies(args, &["first-fit", "node-best-fit"]) {
        let policy = policy_named(&name)?;
        for (release, threshold_gib) in [(false, 32), (true, 10)] {
            for servers in [5, 20, 50] {
                let setup = huawei::Setup { servers, threshold_gib, release, policy: policy.clone() };
                let placed = |start| setup.until_full(&trace, start).map_err(CliError::new);
                let (from_0, from_1000) = (placed(0)?, placed(1_000)?);
                let bounds = (setup.at_most(&trace, 0), setup.at_most(&trace, 1_000));
                let mode = if release { "release" } else { "no release" };
                table.row(
                    format!(
                        "{name:<16}{servers:>8}{mode:>12}{threshold_gib:>11}{from_0:>12}{from_1000:>12}  \
                         {} and {}",
                        bounds.0, bounds.1
                    ),
                    json!({
                        "policy": name, "servers": servers, "release": release, "threshold_gib": threshold_gib,
                        "from_0": from_0, "from_1000": from_1000,
                        "from_0_at_most": bounds.0, "from_1000_at_most": bounds.1,
                    }),
                );
            }
        }
        for servers in if args.also.is_some() { vec![440, 450] } else { vec![50, 54, 60, 70] } {
            let setup = huawei::Setup {
                servers,
                threshold_gib: WHOLE_THRESHOLD,
                release: true,
                policy: policy.clone(),
            };
            let whole = setup.whole(&trace).map_err(CliError::new)?;
            let least = setup.least_servers(&trace);
            table.row(
                format!(
                    "{name:<16}{servers:>8}  whole file, threshold {WHOLE_THRESHOLD}: rejected {}, peak {} vCPU; \
                     to reject none takes {least} servers or more",
                    whole.rejected,
                    whole.peak_cpu_milli as f64 / 1e3
                ),
                json!({
                    "policy": name, "servers": servers, "threshold_gib": WHOLE_THRESHOLD, "whole": whole,
                    "least_servers": least,
                }),
            );
        }
    }
    Ok(table)
}

fn azure_table(args: &Args) -> Result<Table, CliError> {
    let path = args.trace.clone().unwrap_or_else(|| PathBuf::from(AZURE));
    let trace = azure::Trace::read(&path).map_err(CliError::new)?;
    let mut table = Table::new(format!(
        "{:<16}{:>8}{:>8}{:>14}{:>8}  {}",
        "policy", "vCPU", "GiB", "hosts opened", "bound", "at most above the bound"
    ));
    let hosts = [(64, 128), (64, 256), (96, 384)];
    let bounds = hosts.map(|(cores, gib)| azure::least_hosts(&trace, cores, gib));
    for name in policies(args, &["first-fit", "best-fit"]) {
        let policy = policy_named(&name)?;
        for ((cores, gib), bound) in hosts.into_iter().zip(bounds) {
            let opened = azure::hosts_opened(&trace, cores, gib, &policy).map_err(CliError::new)?;
            table.row(
                format!(
                    "{name:<16}{cores:>8}{gib:>8}{opened:>14}{bound:>8}  {:.1} %",
                    (f64::from(opened) / bound.max(1) as f64 - 1.0) * 100.0
                ),
                json!({
                    "policy": name, "vcpus": cores, "memory_gib": gib, "hosts": opened, "bound": bound,
                }),
            );
        }
    }
    Ok(table)
}
