//! The input side and the digest of a run on a second thread, beside the simulation.
//!
//! One thread makes arrivals (generators, trace readers, the decoder of a journal) ahead of the run and hands them over
//! in batches; the same thread links the batches of the event log into the chain of the digest. Both channels hold a
//! few batches and then make the other side wait, so memory stays bounded. What the run sees is the same sequence,
//! whatever thread it was made on: threads change speed and nothing else.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use crossbeam::channel::{Receiver, Sender, bounded, select};

use crate::sim::Chain;
use crate::workload::{Arrival, Supply, Workload, WorkloadError};

/// Arrivals in a batch.
const ARRIVALS: usize = 1 << 12;
/// Batches that wait at most.
const WAITING: usize = 4;

/// A batch of arrivals: at most [`ARRIVALS`]; an empty one is the end.
type Batch = Result<Vec<Arrival>, WorkloadError>;

/// Puts the arrivals of `workload` and the linking by `chain` on a second thread. Give the chain to
/// [`crate::sim::Simulation::chained`].
///
/// # Errors
/// When the first arrival cannot be had, or the system has no thread to give.
pub fn beside(
    workload: Workload,
    chain: Box<dyn Chain>,
) -> Result<(Workload, Box<dyn Chain>), WorkloadError> {
    let (arrivals_in, arrivals) = bounded(WAITING);
    let (records, records_out) = bounded(WAITING);
    let (buffers_in, buffers) = bounded(WAITING + 1);
    let (done_in, done) = bounded(1);
    let progress = Arc::new(AtomicU64::new(0));
    let shown = Arc::clone(&progress);
    let mut worker = None;
    let workload = workload.through(|source| {
        let side = Side { source, chain, shown, records: records_out, buffers: buffers_in };
        worker = Some(std::thread::Builder::new().name("packyard-beside".to_owned()).spawn(move || {
            let value = side.work(arrivals_in);
            // Nobody waits for the value of a run that was given up.
            let _ = done_in.send(value);
        }));
        Box::new(Handed { arrivals, batch: VecDeque::new(), ended: false, progress })
    })?;
    match worker {
        Some(Ok(worker)) => {
            let there = There { records: Some(records), buffers, done, worker: Some(worker), value: None };
            Ok((workload, Box::new(there)))
        }
        Some(Err(error)) => Err(WorkloadError::Supplied(format!("no second thread: {error}"))),
        None => unreachable!("the wrapper is called once"),
    }
}

/// The second thread.
struct Side {
    source: Box<dyn Supply>,
    chain: Box<dyn Chain>,
    shown: Arc<AtomicU64>,
    records: Receiver<Vec<u8>>,
    buffers: Sender<Vec<u8>>,
}

impl Side {
    /// Works until the run wants the value of the chain, or is given up; that value.
    fn work(mut self, arrivals: Sender<Batch>) -> [u8; 32] {
        let records = self.records.clone();
        let mut next = Some(self.batch());
        loop {
            // With nothing to hand over (or nobody to take it) only the log is left to wait for.
            let Some(batch) = next.take() else {
                match records.recv() {
                    Ok(log) => self.link(log),
                    Err(_) => break,
                }
                continue;
            };
            let last = !matches!(&batch, Ok(some) if !some.is_empty());
            let mut offered = Some(batch);
            select! {
                recv(records) -> log => match log {
                    // A batch that was not taken in the meantime is offered again.
                    Ok(log) => {
                        self.link(log);
                        next = offered;
                    }
                    Err(_) => break,
                },
                send(arrivals, offered.take().expect("a batch is offered once")) -> sent => {
                    if !last && sent.is_ok() {
                        next = Some(self.batch());
                    }
                }
            }
        }
        self.chain.value()
    }

    fn link(&mut self, records: Vec<u8>) {
        // When the run is over nobody wants the buffer back.
        let _ = self.buffers.try_send(self.chain.link(records));
    }

    fn batch(&mut self) -> Batch {
        let mut batch = Vec::with_capacity(ARRIVALS);
        while batch.len() < ARRIVALS
            && let Some(arrival) = self.source.next()?
        {
            batch.push(arrival);
        }
        self.shown.store(self.source.progress().to_bits(), Ordering::Relaxed);
        Ok(batch)
    }
}

/// The run's end of the arrivals.
struct Handed {
    arrivals: Receiver<Batch>,
    batch: VecDeque<Arrival>,
    ended: bool,
    progress: Arc<AtomicU64>,
}

impl Supply for Handed {
    fn next(&mut self) -> Result<Option<Arrival>, WorkloadError> {
        if self.batch.is_empty() && !self.ended {
            let early =
                |_| WorkloadError::Supplied("the thread that makes the requests has ended".to_owned());
            self.batch = self.arrivals.recv().map_err(early)??.into();
            self.ended = self.batch.is_empty();
        }
        Ok(self.batch.pop_front())
    }

    fn progress(&self) -> f64 {
        f64::from_bits(self.progress.load(Ordering::Relaxed))
    }
}

/// The run's end of the chain.
struct There {
    records: Option<Sender<Vec<u8>>>,
    buffers: Receiver<Vec<u8>>,
    done: Receiver<[u8; 32]>,
    worker: Option<JoinHandle<()>>,
    value: Option<[u8; 32]>,
}

impl Chain for There {
    fn link(&mut self, records: Vec<u8>) -> Vec<u8> {
        let there = self.records.as_ref().expect("nothing is linked after the last value");
        there.send(records).expect("the second thread lives as long as the run");
        self.buffers.try_recv().unwrap_or_default()
    }

    fn value(&mut self) -> [u8; 32] {
        // Without a sender the second thread ends, after everything that was sent.
        self.records = None;
        let value =
            *self.value.get_or_insert_with(|| self.done.recv().expect("the second thread ends with a value"));
        if let Some(worker) = self.worker.take() {
            worker.join().expect("the second thread does not panic");
        }
        value
    }
}
