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

use calendar::Calendar;
use criterion::{Criterion, SamplingMode, Throughput};
use heaps::{Quaternary, Standard, StandardLazy};
use packyard::engine::{Queue, Ticket};
use packyard::model::SimTime;
use radix::Radix;
use workload::{Cancelling, Event, Load, Model, Pending, Spans, Timeouts};

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

impl Cancelling for Production {
    type Ticket = Ticket;

    #[inline]
    fn schedule_timeout(&mut self, at: u64, class: u8, event: Event) -> Ticket {
        self.0.schedule(SimTime(at), class, event)
    }

    #[inline]
    fn cancel(&mut self, ticket: Ticket) -> bool {
        self.0.cancel(ticket).is_some()
    }
}

/// Numbers of pending events.
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

/// Events per measured call, so that the harness weighs nothing.
const BATCH: usize = 1000;

/// Measures `run` on a load that `make` brings to its steady state, which is only done when the filter of
/// the command line wants it.
fn measure<L>(
    criterion: &mut Criterion,
    group: &str,
    name: &str,
    make: impl Fn() -> L,
    run: impl Fn(&mut L, usize),
) {
    let mut group = criterion.benchmark_group(group);
    // Flat: rare large steps, such as the spread of a full top, count as often as they happen.
    group.throughput(Throughput::Elements(BATCH as u64)).sample_size(10).sampling_mode(SamplingMode::Flat);
    let mut load = None;
    group.bench_function(name, |bencher| {
        let load = load.get_or_insert_with(&make);
        bencher.iter(|| run(load, BATCH));
    });
    group.finish();
}

fn measure_load<Q: Pending>(criterion: &mut Criterion, model: Model, spans: Spans, pending: usize) {
    let group = format!("{model:?}/{}/{pending}", spans.name()).to_lowercase();
    let make = || {
        let mut load = Load::<Q>::new(model, spans, pending);
        load.run(2 * pending);
        load
    };
    measure(criterion, &group, Q::NAME, make, Load::run);
}

fn measure_timeouts<Q: Cancelling>(criterion: &mut Criterion, pending: usize) {
    let make = || {
        let mut load = Timeouts::<Q>::new(pending);
        load.run(2 * pending);
        load
    };
    measure(criterion, &format!("timeouts/{pending}"), Q::NAME, make, Timeouts::run);
}

fn order<Q: Pending>(model: Model, spans: Spans, pending: usize) -> (&'static str, u64) {
    (Q::NAME, Load::<Q>::new(model, spans, pending).digest(4 * pending))
}

fn order_of_timeouts<Q: Cancelling>(pending: usize) -> (&'static str, u64) {
    let mut load = Timeouts::<Q>::new(pending);
    load.run(4 * pending);
    (Q::NAME, load.digest)
}

/// Prints the hash of an order that must be the same for all candidates.
fn agree(load: &str, orders: &[(&'static str, u64)]) {
    for (name, order) in orders {
        assert_eq!(*order, orders[0].1, "{load}: {name} takes another order than {}", orders[0].0);
    }
    println!("engine/{load} order {:016x}", orders[0].1);
}

fn check() {
    let pending = 3000;
    for model in [Model::Hold, Model::Phold] {
        for spans in Spans::ALL {
            let orders = [
                order::<Production>(model, spans, pending),
                order::<Standard>(model, spans, pending),
                order::<Quaternary>(model, spans, pending),
                order::<Radix>(model, spans, pending),
                order::<Calendar>(model, spans, pending),
            ];
            agree(&format!("{model:?}/{}/{pending}", spans.name()).to_lowercase(), &orders);
        }
    }
    let orders = [order_of_timeouts::<Production>(pending), order_of_timeouts::<StandardLazy>(pending)];
    agree(&format!("timeouts/{pending}"), &orders);
}

fn main() {
    check();
    let tiny = !std::env::args().any(|arg| arg == "--bench") || std::env::args().any(|arg| arg == "--test");
    if tiny {
        return;
    }
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1))
        .without_plots()
        .configure_from_args();
    for pending in SIZES {
        for model in [Model::Hold, Model::Phold] {
            for spans in Spans::ALL {
                measure_load::<Production>(&mut criterion, model, spans, pending);
                measure_load::<Standard>(&mut criterion, model, spans, pending);
                measure_load::<Quaternary>(&mut criterion, model, spans, pending);
                measure_load::<Radix>(&mut criterion, model, spans, pending);
                // Events of one moment share a day, however narrow it is: without these limits, hours.
                let most = match spans {
                    Spans::Exponential | Spans::Bimodal => 1_000_000,
                    Spans::Bursts => 100_000,
                    Spans::Lockstep => 1_000,
                };
                if pending <= most {
                    measure_load::<Calendar>(&mut criterion, model, spans, pending);
                }
            }
        }
        measure_timeouts::<Production>(&mut criterion, pending);
        measure_timeouts::<StandardLazy>(&mut criterion, pending);
    }
    criterion.final_summary();
}
