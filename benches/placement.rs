//! Placement and release at several fleet sizes. `cargo bench --bench placement`; with `--test` tiny, and it prints a
//! hash of the decisions, so that "faster because different" shows.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use packyard::model::ZoneIx;
use packyard::placement::exercise::{Client, Spec};
use packyard::placement::{Policy, Want};

/// Fleet sizes: all of them when measuring, the smallest in a test.
fn sizes() -> &'static [u32] {
    if std::env::args().any(|arg| arg == "--test") { &[1_000] } else { &[1_000, 100_000, 1_000_000] }
}

fn policy(name: &str) -> Policy {
    Policy::named(name).expect("a policy of the registry")
}

fn place_and_release(bench: &mut Criterion) {
    for &hosts in sizes() {
        let spec = Spec::plain(hosts, policy("best-fit"));
        let (fleet, demands) = spec.build().expect("a fleet");
        let mut client = Client::new(&fleet, &spec, &demands, &[ZoneIx(0)], 0);
        client.fill(f64::from(hosts) * 64.0 * spec.load);
        for _ in 0..1_000 {
            client.step();
        }
        println!("{hosts} hosts: hash {:016x}, {} bytes", client.hash(), fleet.bytes());
        bench.bench_function(&format!("best-fit/step/{hosts}"), |bench| bench.iter(|| client.step()));
        let want = Want::zone(demands[3], ZoneIx(0));
        bench.bench_function(&format!("best-fit/fits/{hosts}"), |bench| {
            bench.iter(|| black_box(fleet.fits(black_box(&want))))
        });
    }
}

fn every_policy(bench: &mut Criterion) {
    for (name, _) in Policy::all() {
        let spec = Spec::plain(sizes()[0], policy(name));
        let (fleet, demands) = spec.build().expect("a fleet");
        let mut client = Client::new(&fleet, &spec, &demands, &[ZoneIx(0)], 0);
        client.fill(f64::from(spec.hosts) * 64.0 * spec.load);
        println!("{name}: hash {:016x}", client.hash());
        bench.bench_function(&format!("{name}/step/{}", spec.hosts), |bench| bench.iter(|| client.step()));
    }
}

fn constraints(bench: &mut Criterion) {
    let plain = Spec::plain(sizes()[0], policy("best-fit"));
    let specs = [
        ("sets", Spec { in_sets: 1.0, ..plain.clone() }),
        ("clusters", Spec { in_clusters: 1.0, ..plain.clone() }),
        ("shards-4", Spec { shards: 4, ..plain }),
    ];
    for (name, spec) in specs {
        let (fleet, demands) = spec.build().expect("a fleet");
        let mut client = Client::new(&fleet, &spec, &demands, &[ZoneIx(0)], 0);
        client.fill(f64::from(spec.hosts) * 64.0 * spec.load);
        println!("{name}: hash {:016x}", client.hash());
        bench
            .bench_function(&format!("best-fit/{name}/{}", spec.hosts), |bench| bench.iter(|| client.step()));
    }
}

/// A fleet of 12,500 hosts packed anew from empty until 90 % of its vCPUs are claimed.
fn repack(bench: &mut Criterion) {
    let hosts = if sizes().len() == 1 { 125 } else { 12_500 };
    let spec = Spec { load: 0.9, ..Spec::plain(hosts, policy("best-fit")) };
    let pack = |(fleet, demands): &(packyard::placement::Fleet, Vec<packyard::placement::DemandId>)| {
        let mut client = Client::new(fleet, &spec, demands, &[ZoneIx(0)], 0);
        client.fill(f64::from(hosts) * 64.0 * spec.load);
        (client.held(), client.hash())
    };
    let (held, hash) = pack(&spec.build().expect("a fleet"));
    println!("repack {hosts} hosts: {held} instances, hash {hash:016x}");
    bench.bench_function(&format!("best-fit/repack/{hosts}"), |bench| {
        bench.iter_batched(
            || spec.build().expect("a fleet"),
            |fleet| black_box(pack(&fleet)),
            BatchSize::PerIteration,
        )
    });
}

criterion_group!(benches, place_and_release, every_policy, constraints, repack);
criterion_main!(benches);
