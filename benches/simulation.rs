//! The whole simulated instance: request, gate, placement, start, end, metrics (DESIGN "Numbers to design for").
//!
//! One iteration is one run from an empty cloud; divide by the number of requests that the header prints. The
//! digest is printed first, so that "faster because different" shows.

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use packyard::metrics::EngineCost;
use packyard::scenario::Scenario;
use packyard::sim::{Go, Simulation, Summary};

/// A cloud of `hosts` hosts at about 80 % of its vCPUs, for `hours` of virtual time. Lives are short against the
/// run, so that most instances start and end within it.
fn scenario(hosts: u32, hours: u32, instant: bool) -> Scenario {
    // 84 vCPUs a host, 2.9 vCPUs and half an hour an instance.
    let rate = (0.8 * f64::from(hosts) * 84.0 / 2.9 / 0.5) as u32;
    let plane = if instant {
        "instant = true"
    } else {
        "api_workers = 64\nschedulers = 16\nclone_bandwidth = \"500GiB/s\""
    };
    let text = format!(
        r#"
        name = "bench"
        seed = 1
        duration = "{hours}h"
        [control_plane]
        {plane}
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "ddh.g5"
        hosts = {hosts}
        [[workloads]]
        name = "load"
        arrivals = {{ rate = "{rate}/h" }}
        lifetime = {{ distribution = "exponential", mean = "30min" }}
        mix = [
            {{ type = "ecs.g5.large", weight = 7 }},
            {{ type = "ecs.g5.xlarge", weight = 2 }},
            {{ type = "ecs.g5.2xlarge", weight = 1 }},
        ]
        "#
    );
    Scenario::from_str(&text, "bench.toml").expect("the bench's own scenario is sound")
}

/// `hosts` hosts that are filled from empty with two instances each, none of which ends.
fn filling(hosts: u32) -> Scenario {
    let text = format!(
        r#"
        name = "filling"
        seed = 1
        duration = "1h"
        [control_plane]
        instant = true
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "ddh.g5"
        hosts = {hosts}
        [[workloads]]
        name = "load"
        arrivals = {{ rate = "{}/h" }}
        lifetime = {{ distribution = "constant", value = "1000h" }}
        mix = [
            {{ type = "ecs.g5.large", weight = 7 }},
            {{ type = "ecs.g5.xlarge", weight = 2 }},
            {{ type = "ecs.g5.2xlarge", weight = 1 }},
        ]
        "#,
        2 * hosts
    );
    Scenario::from_str(&text, "filling.toml").expect("the bench's own scenario is sound")
}

fn run(simulation: Simulation<'_>) -> Summary {
    simulation.run(None, |_| Go::On).expect("a generated workload cannot fail")
}

fn build(scenario: &Scenario) -> Simulation<'_> {
    Simulation::new(scenario, Path::new(""), None).expect("the bench's own scenario can be built")
}

fn simulation(criterion: &mut Criterion) {
    let tiny = std::env::args().any(|argument| argument == "--test");
    let mut group = criterion.benchmark_group("simulation");
    group.sample_size(10);
    let sizes: &[(u32, u32)] = if tiny { &[(20, 1)] } else { &[(1_000, 2), (20_000, 1)] };
    for &(hosts, hours) in sizes {
        for instant in [true, false] {
            let scenario = scenario(hosts, hours, instant);
            let summary = run(build(&scenario));
            let plane = if instant { "instant" } else { "queues" };
            println!(
                "simulation/{plane}/{hosts} hosts: {} requests, digest {}",
                summary.requests.total, summary.run.digest
            );
            assert_eq!(summary.requests.created + summary.requests.rejected, summary.requests.total);
            group.throughput(Throughput::Elements(summary.requests.total));
            group.bench_function(format!("{plane}/{hosts}"), |bencher| {
                bencher.iter_batched(
                    || build(&scenario),
                    |simulation| black_box(run(simulation)),
                    BatchSize::PerIteration,
                );
            });
            if instant {
                group.bench_function(format!("{plane}, engine cost measured/{hosts}"), |bencher| {
                    bencher.iter_batched(
                        || build(&scenario),
                        |simulation| {
                            let mut cost = EngineCost::new();
                            black_box(simulation.run(Some(&mut cost), |_| Go::On).expect("it ran before"))
                        },
                        BatchSize::PerIteration,
                    );
                });
            }
        }
    }
    // 100,000 instances onto 50,000 hosts, the building of the cloud included.
    let hosts = if tiny { 50 } else { 50_000 };
    let scenario = filling(hosts);
    let summary = run(build(&scenario));
    println!(
        "simulation/filling/{hosts} hosts: {} requests, digest {}",
        summary.requests.total, summary.run.digest
    );
    group.throughput(Throughput::Elements(summary.requests.total));
    group.bench_function(format!("filling/{hosts}"), |bencher| {
        bencher.iter(|| black_box(run(build(&scenario))));
    });
    group.finish();
}

criterion_group!(benches, simulation);
criterion_main!(benches);
