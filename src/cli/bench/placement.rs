//! `packyard bench placement`: placements and releases on a fleet at a stated load.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Barrier;

use clap::ValueEnum;
use hdrhistogram::Histogram;
use serde::Serialize;

use super::hdr::{self, Percentiles};
use crate::cli::output::print;
use crate::cli::{CliError, EXIT_FAILED};
use crate::metrics::clock::WallMark;
use crate::model::ZoneIx;
use crate::placement::exercise::{Client, Spec};
use crate::placement::{Claim, Fleet, Policy, Stats};

/// Which shards the threads meet on
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum Contention {
    /// Each thread has a zone of its own.
    None,
    /// One zone a thread, and every request picks any of them.
    Some,
    /// All threads work on one zone.
    All,
}

/// Place and release on a fleet that is kept at a stated load
///
/// Closed loop (the default): as fast as possible. Open loop (--rate): requests are due at fixed moments, and each
/// latency counts from the moment when its request was due, so that a stall is charged to all whom it delayed. A step is
/// one release of a random claim and one placement of a random size out of ten.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Hosts in all, of 64 vCPUs and 256 GiB.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=50_000_000))]
    hosts: u32,
    /// Placement policy; `list` prints all.
    #[arg(long, value_name = "POLICY", default_value = "best-fit")]
    policy: String,
    /// Share of the vCPUs that is claimed before the measurement.
    #[arg(long, value_name = "SHARE", default_value_t = 0.8)]
    load: f64,
    /// Threads.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256))]
    threads: u32,
    /// Which shards the threads meet on.
    #[arg(long, value_enum, default_value_t = Contention::None)]
    contention: Contention,
    /// Shards that each zone is cut into.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    shards: u32,
    /// Steps of each thread.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    steps: u64,
    /// Open loop: steps a second of all threads together.
    #[arg(long, value_name = "PER_SECOND")]
    rate: Option<f64>,
    /// Share of the requests that are members of a deployment set of 7.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    sets: f64,
    /// Share of the requests that ask for one of four clusters.
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    clusters: f64,
    /// Seed of sizes and releases.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Write the latency distribution of steps in the HDR text form.
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    /// Measure from 1,000 to 1,000,000 hosts on one thread, print the table and write the curves to this SVG file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["threads", "rate", "hgrm", "json", "hosts"])]
    curve: Option<PathBuf>,
}

#[derive(Serialize)]
struct Report {
    hosts: u32,
    policy: &'static str,
    load: f64,
    threads: u32,
    contention: Contention,
    shards: u32,
    rate: Option<f64>,
    /// Claims held by all threads.
    instances: usize,
    /// Steps of the pass without clocks, over its wall time.
    steps_per_second: Option<f64>,
    /// The same as time a step of one thread.
    nanos_per_step: Option<f64>,
    refused: u64,
    /// Steps timed one by one; the cost of two clock readings is inside.
    latency: Percentiles,
    /// Share of decisions that computed no score.
    remembered: f64,
    stats: Stats,
    bytes_per_host: f64,
    bytes_per_instance: usize,
    /// Of all decisions; only one thread decides the same each time.
    hash: Option<String>,
}

/// One thread's share of the work.
struct Lap {
    nanos: u64,
    histogram: Histogram<u64>,
    refused: u64,
    held: usize,
    hash: u64,
}

/// Runs the benchmark.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    if args.policy == "list" {
        let lines = Policy::all().map(|(name, about)| format!("{name:16} {about}\n"));
        print(&lines.collect::<String>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let policy = Policy::named(&args.policy).ok_or_else(|| {
        CliError::new(format!("there is no policy `{}`; --policy list prints all", args.policy))
    })?;
    for (name, value) in [("load", args.load), ("sets", args.sets), ("clusters", args.clusters)] {
        if !(0.0..=1.0).contains(&value) {
            return Err(CliError::new(format!("--{name} is a share from 0 to 1, not {value}")));
        }
    }
    if args.rate.is_some_and(|rate| !rate.is_finite() || rate <= 0.0) {
        return Err(CliError::new("--rate is a number of steps a second above 0"));
    }
    let zones = if args.contention == Contention::All { 1 } else { args.threads.min(args.hosts) };
    let spec = Spec {
        zones,
        shards: args.shards,
        load: args.load,
        seed: args.seed,
        in_sets: args.sets,
        in_clusters: args.clusters,
        ..Spec::plain(args.hosts, policy)
    };
    if let Some(path) = &args.curve {
        print(&super::curve::run(&spec, args.steps, path)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = measure(&args, &spec)?;
    let text = if args.json {
        serde_json::to_string_pretty(&report).map_err(CliError::new)? + "\n"
    } else {
        show(&report)
    };
    print(&text)?;
    Ok(if report.instances == 0 { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

fn measure(args: &Args, spec: &Spec) -> Result<Report, CliError> {
    let (fleet, demands) = spec.build().map_err(CliError::new)?;
    let all: Vec<ZoneIx> = (0..spec.zones).map(ZoneIx).collect();
    let vcpus = f64::from(args.hosts) * 64.0 * args.load / f64::from(args.threads);
    let start = Barrier::new(args.threads as usize);
    let laps: Vec<Lap> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..args.threads)
            .map(|number| {
                let own = [ZoneIx(number % spec.zones)];
                let zones = if args.contention == Contention::None { own.to_vec() } else { all.clone() };
                let (fleet, demands, start) = (&fleet, &demands, &start);
                scope.spawn(move || {
                    let mut client = Client::new(fleet, spec, demands, &zones, number.into());
                    client.fill(vcpus);
                    start.wait();
                    lap(args, &mut client, start, number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a benchmark thread does not panic")).collect()
    });
    let mut histogram = hdr::histogram();
    for lap in &laps {
        histogram.add(&lap.histogram).map_err(CliError::new)?;
    }
    if let Some(path) = &args.hgrm {
        hdr::write_hgrm(path, &histogram)?;
    }
    Ok(report(args, spec, &fleet, &laps, &histogram))
}

/// Closed loop: one pass without clocks for the throughput, one with for the latencies. Open loop: one pass.
fn lap(args: &Args, client: &mut Client<'_>, start: &Barrier, number: u32) -> Lap {
    let mut histogram = hdr::histogram();
    let mut nanos = 0;
    let mut record = |nanos: u64| {
        histogram.record(nanos.max(1)).expect("an auto-resizing histogram takes any value");
    };
    if let Some(rate) = args.rate {
        let gap = 1e9 * f64::from(args.threads) / rate;
        let offset = gap * f64::from(number) / f64::from(args.threads);
        let begin = WallMark::now();
        for step in 0..args.steps {
            let due = (offset + gap * step as f64) as u64;
            while begin.elapsed_nanos() < due {
                std::hint::spin_loop();
            }
            client.step();
            record(begin.elapsed_nanos().saturating_sub(due));
        }
    } else {
        for _ in 0..args.steps / 10 {
            client.step();
        }
        start.wait();
        let begin = WallMark::now();
        for _ in 0..args.steps {
            client.step();
        }
        nanos = begin.elapsed_nanos();
        start.wait();
        for _ in 0..args.steps.min(2_000_000) {
            let begin = WallMark::now();
            client.step();
            record(begin.elapsed_nanos());
        }
    }
    Lap { nanos, histogram, refused: client.refused, held: client.held(), hash: client.hash() }
}

fn report(args: &Args, spec: &Spec, fleet: &Fleet, laps: &[Lap], histogram: &Histogram<u64>) -> Report {
    let slowest = laps.iter().map(|lap| lap.nanos).max().unwrap_or(0);
    let closed = args.rate.is_none() && slowest > 0;
    let per_second = (args.steps * u64::from(args.threads)) as f64 * 1e9 / slowest.max(1) as f64;
    let stats = fleet.stats();
    Report {
        hosts: args.hosts,
        policy: spec.policy.name(),
        load: args.load,
        threads: args.threads,
        contention: args.contention,
        shards: args.shards,
        rate: args.rate,
        instances: laps.iter().map(|lap| lap.held).sum(),
        steps_per_second: closed.then_some(per_second),
        nanos_per_step: closed.then_some(slowest as f64 / args.steps as f64),
        refused: laps.iter().map(|lap| lap.refused).sum(),
        latency: Percentiles::of(histogram),
        remembered: 1.0 - stats.judged as f64 / stats.decisions.max(1) as f64,
        stats,
        bytes_per_host: fleet.bytes() as f64 / f64::from(args.hosts),
        bytes_per_instance: size_of::<Claim>(),
        hash: (args.threads == 1).then(|| format!("{:016x}", laps[0].hash)),
    }
}

fn show(report: &Report) -> String {
    let mut text = format!(
        "{} hosts, {}, load {:.2}, {} instances, {} thread(s)\n",
        report.hosts, report.policy, report.load, report.instances, report.threads
    );
    if let (Some(rate), Some(nanos)) = (report.steps_per_second, report.nanos_per_step) {
        text += &format!("{rate:.0} placements and releases a second, {nanos:.0} ns each per thread\n");
    }
    if let Some(rate) = report.rate {
        text += &format!("open loop at {rate} a second; latency from the moment when a request was due\n");
    }
    text += &format!(
        "latency of one release and one placement in ns (clock included):\n{}",
        report.latency.table()
    );
    let stats = &report.stats;
    text += &format!(
        "refused {}, retries {}, scores remembered {:.4} %, shapes {} ({} with hosts), queries {}\n",
        report.refused,
        stats.retries,
        report.remembered * 100.0,
        stats.shapes,
        stats.live_shapes,
        stats.queries
    );
    text +=
        &format!("{:.1} bytes a host, {} bytes a claim\n", report.bytes_per_host, report.bytes_per_instance);
    if let Some(hash) = &report.hash {
        text += &format!("hash of the decisions {hash}\n");
    }
    text
}
