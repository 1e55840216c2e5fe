//! One step: the workers set going, their books merged, the verdict.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::metrics::Percentiles;
use crate::metrics::clock::WallMark;
use crate::model::Utc;
use crate::sim::CodeCount;

use super::lanes::Lanes;
use super::outcome::{Histograms, Step, Verdict};
use super::worker::{Book, Shift, Worker};
use super::{Objective, Plan};

/// What stays the same from step to step, and the number of the next request.
pub(super) struct Bench<'a> {
    pub(super) plan: &'a Plan,
    pub(super) start: Utc,
    pub(super) threads: usize,
    /// Lane of each request of a round of the workload's order.
    pub(super) deal: &'a [u32],
    pub(super) stop: &'a Arc<AtomicBool>,
    pub(super) first: u64,
    /// When the first step began.
    pub(super) zero: WallMark,
}

impl Bench<'_> {
    /// Runs one step; gives the workers back.
    pub(super) async fn step(
        &mut self,
        workers: Vec<Worker>,
        rate: f64,
        schedule: Vec<u64>,
    ) -> (Vec<Worker>, Step) {
        let plan = self.plan;
        let begun = Duration::from_nanos(self.zero.elapsed_nanos());
        let shift = Arc::new(Shift {
            warmup_ns: plan.warmup.as_nanos() as u64,
            give_up_ns: plan.give_up.as_nanos() as u64,
            first: self.first,
            start: self.start,
            crowded: workers.len() > self.threads,
            stop: Arc::clone(self.stop),
            gave_up: AtomicBool::new(false),
            lanes: Lanes::new(schedule, self.first, self.deal, plan.workers),
            zero: WallMark::now(),
        });
        let tasks: Vec<_> =
            workers.into_iter().map(|worker| tokio::spawn(worker.work(Arc::clone(&shift)))).collect();
        let mut back = Vec::with_capacity(tasks.len());
        let mut book = Book::new();
        for task in tasks {
            match task.await {
                Ok(worker) => {
                    book.add(&worker.book);
                    back.push(worker);
                }
                // A bug of ours goes up as it is.
                Err(failed) => std::panic::resume_unwind(failed.into_panic()),
            }
        }
        self.first += shift.lanes.requests() as u64;
        (back, self.summed(rate, begun, &shift, book))
    }

    fn summed(&self, rate: f64, begun: Duration, shift: &Shift, book: Book) -> Step {
        let plan = self.plan;
        let rejected = book.refused();
        let sent = book.created + rejected + book.replayed;
        let unsent = shift.lanes.requests() as u64 - book.warmup - sent;
        let response_ns = Percentiles::of(&book.response);
        let broken: Vec<Objective> =
            plan.objectives.iter().copied().filter(|objective| !objective.holds(&response_ns)).collect();
        let verdict = if shift.gave_up.load(Ordering::Relaxed) {
            Verdict::GaveUp
        } else if unsent > 0 {
            Verdict::Interrupted
        } else if broken.is_empty() {
            Verdict::Held
        } else {
            Verdict::Broke
        };
        // A step that was ended early lasted up to its last answer.
        let planned = if unsent > 0 { 0 } else { (plan.warmup + plan.step).as_nanos() as u64 };
        let end_ns = book.last_ns.max(planned);
        let worked_ns = end_ns as f64 * plan.workers as f64;
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let mut rejected_by_code: Vec<CodeCount> = book
            .rejected
            .iter()
            .map(|(&(status, code), &count)| CodeCount { status, code: code.to_owned(), count })
            .collect();
        rejected_by_code.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
        Step {
            offered_rate: rate,
            achieved_rate: share((book.warmup + sent) as f64, end_ns as f64 / 1e9),
            verdict,
            broken,
            warmup: book.warmup,
            sent,
            unsent,
            created: book.created,
            rejected,
            replayed: book.replayed,
            helped: book.helped,
            rejected_by_code,
            response_ns,
            service_ns: Percentiles::of(&book.service),
            release_ns: Percentiles::of(&book.release),
            busy: share(book.busy_ns as f64, worked_ns),
            locks: book.locks,
            histograms: Histograms {
                from: begun + plan.warmup,
                to: begun + Duration::from_nanos(end_ns).max(plan.warmup),
                response: book.response,
                service: book.service,
                release: book.release,
            },
        }
    }
}
