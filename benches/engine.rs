//! The event queue against the structures it was chosen over.
//!
//! `cargo bench --bench engine` measures; `cargo bench --bench engine -- --test` and `cargo test --benches`
//! run a tiny form. Both begin with a check that all candidates give the same events in the same order, and
//! print a hash of it.

#[path = "engine/calendar.rs"]
mod calendar;
#[path = "engine/heaps.rs"]
mod heaps;
#[path = "engine/radix.rs"]
mod radix;
#[path = "engine/workload.rs"]
mod workload;

use std::time::Duration;

use criterion::{Criterion, Throughput};
use packyard::engine::Queue;
use packyard::model::SimTime;
use workload::{Event, Load, Model, Pending, Spans};

/// The queue of the engine, with all that it can do (cancellation included).
struct Production(Queue<Event>);

impl Pending for Production {
    const NAME: &'static str = "packyard";

    fn empty() -> Production {
        Production(Queue::new())
    }

    #[inline]
    fn schedule(&mut self, at: u64, class: u8, event: Event) {
        self.0.schedule(SimTime(at), class, event);
    }

    #[inline]
    fn next(&mut self) -> Option<(u64, Event)> {
        self.0.pop().map(|(at, event)| (at.0, event))
    }
}

/// Events per measured call, so that the harness weighs nothing.
const BATCH: usize = 1000;

fn measure<Q: Pending>(criterion: &mut Criterion, model: Model, spans: Spans, pending: usize) {
    let name = format!("{model:?}/{}/{pending}", spans.name()).to_lowercase();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(BATCH as u64));
    group.sample_size(10);
    let mut load = None;
    group.bench_function(Q::NAME, |bencher| {
        let load = load.get_or_insert_with(|| {
            let mut load = Load::<Q>::new(model, spans, pending);
            load.run(2 * pending);
            load
        });
        bencher.iter(|| load.run(BATCH));
    });
    group.finish();
}

fn digest<Q: Pending>(spans: Spans, pending: usize) -> (&'static str, u64) {
    (Q::NAME, Load::<Q>::new(Model::Hold, spans, pending).digest(4 * pending))
}

/// All candidates must take the same events in the same order.
fn check() {
    for spans in Spans::ALL {
        let pending = 3000;
        let digests = [
            digest::<Production>(spans, pending),
            digest::<heaps::Standard>(spans, pending),
            digest::<heaps::Quaternary>(spans, pending),
            digest::<radix::Radix>(spans, pending),
            digest::<calendar::Calendar>(spans, pending),
        ];
        for (name, digest) in digests {
            assert_eq!(digest, digests[0].1, "{name} differs from {} ({})", digests[0].0, spans.name());
        }
        println!("engine/hold/{}/{pending} order {:016x}", spans.name(), digests[0].1);
    }
}

fn main() {
    check();
    let tiny = !std::env::args().any(|arg| arg == "--bench") || std::env::args().any(|arg| arg == "--test");
    if tiny {
        return;
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    for pending in [1_000, 100_000, 1_000_000] {
        for model in [Model::Hold, Model::Phold] {
            for spans in Spans::ALL {
                measure::<Production>(&mut criterion, model, spans, pending);
                measure::<heaps::Standard>(&mut criterion, model, spans, pending);
                measure::<heaps::Quaternary>(&mut criterion, model, spans, pending);
                measure::<radix::Radix>(&mut criterion, model, spans, pending);
                measure::<calendar::Calendar>(&mut criterion, model, spans, pending);
            }
        }
    }
    criterion.final_summary();
}
