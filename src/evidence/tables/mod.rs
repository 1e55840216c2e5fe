//! Parquet tables of a run: requests, instances, hosts, time series.
//!
//! They are written on a thread of their own, in row groups, while the run goes on: making and encoding rows takes about
//! a fifth of the time that simulating takes, and nothing of it comes back to the run.

mod dictionary;
mod fact;
mod rows;
mod schema;
mod sink;

use std::io;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::JoinHandle;

use parquet::errors::ParquetError;

use crate::metrics::{Outcome, Series, Waits};
use crate::model::{HostIx, SimTime};
use crate::placement::Fleet;
use crate::sim::{Happened, Labels};
use crate::validate::Reject;

use fact::{Answer, BATCH, Fact, HostFact, Message, Sampled, What};
use rows::Writer;
pub use schema::{ColumnSpec, Kind, Selection, TABLES, TableSpec};
use schema::{HOSTS, INSTANCES, REQUESTS, SERIES};

/// Batches that may wait for the thread: what the run may be ahead, and the memory that costs.
const AHEAD: usize = 4;

/// Which requests a big run keeps: a share of them, chosen by their number, the same in every table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample(u64);

impl Sample {
    /// All requests.
    pub const ALL: Sample = Sample(u64::MAX);

    /// A share from above 0 to 1.
    pub fn share(share: f64) -> Sample {
        if share >= 1.0 { Sample::ALL } else { Sample((share * u64::MAX as f64) as u64) }
    }

    /// Whether the request of this number is kept.
    #[inline]
    pub fn keeps(self, number: u64) -> bool {
        // SplitMix64's finalizer: neighbours are independent.
        let mut hash = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self == Sample::ALL || (hash ^ (hash >> 31)) < self.0
    }
}

/// Writes the tables while a run goes on.
#[derive(Debug)]
pub struct Tables {
    to: SyncSender<Message>,
    /// Batches that the thread is done with.
    spare: Receiver<Vec<Fact>>,
    thread: JoinHandle<Result<(), ParquetError>>,
    facts: Vec<Fact>,
    sample: Sample,
    /// Tables that are written.
    wanted: [bool; TABLES.len()],
    created_on: Vec<u32>,
    /// Columns of the series that the thread knows by name.
    named: usize,
}

impl Tables {
    /// Creates the files in `folder`, and the thread that fills them.
    ///
    /// # Errors
    /// When a file cannot be created.
    pub fn create(
        folder: &Path,
        labels: &Labels,
        selection: &Selection,
        sample: Sample,
    ) -> io::Result<Tables> {
        let writer = Writer::create(folder, labels, selection)?;
        let (to, from) = mpsc::sync_channel(AHEAD);
        let (back, spare) = mpsc::sync_channel(AHEAD);
        let work = move || write(writer, &from, &back);
        Ok(Tables {
            to,
            spare,
            thread: std::thread::Builder::new().name("tables".to_owned()).spawn(work)?,
            facts: Vec::with_capacity(BATCH),
            sample,
            wanted: std::array::from_fn(|table| !selection.of(table).is_empty()),
            created_on: Vec::new(),
            named: 0,
        })
    }

    fn tell(&self, message: Message) {
        // A thread that is gone says why when it is joined.
        let _ = self.to.send(message);
    }

    #[inline]
    fn fact(&mut self, at: SimTime, number: u64, what: What) {
        if self.sample.keeps(number) {
            self.facts.push(Fact { at, number, what });
            if self.facts.len() == BATCH {
                self.flush();
            }
        }
    }

    #[cold]
    fn flush(&mut self) {
        let empty = self.spare.try_recv().unwrap_or_else(|_| Vec::with_capacity(BATCH));
        let full = std::mem::replace(&mut self.facts, empty);
        self.tell(Message::Facts(full));
    }

    /// Something happened.
    #[inline]
    pub fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if let Happened::Created { host, .. } = *what {
            if self.created_on.len() <= host.at() {
                self.created_on.resize(host.at() + 1, 0);
            }
            self.created_on[host.at()] += 1;
        }
        if !self.wanted[REQUESTS] && !self.wanted[INSTANCES] {
            return;
        }
        match *what {
            Happened::Created { number, template, arrived, zone, host } => {
                self.fact(at, number, What::Created { template, arrived, zone, host });
            }
            Happened::Rejected { number, template, arrived, reject } => {
                let outcome = match reject {
                    Reject { replay: Some(_), .. } => Outcome::Repeated,
                    Reject { no_room: Some(_), .. } => Outcome::NoRoom,
                    _ => Outcome::Refused,
                };
                let Reject { code, check, no_room: missing, .. } = *reject;
                let answer = Answer { outcome, code, check, missing };
                self.fact(at, number, What::Rejected { template, arrived, answer });
            }
            Happened::Running { number, .. } => self.fact(at, number, What::Running),
            Happened::RunsAgain { number, host } => self.fact(at, number, What::RunsAgain { host }),
            Happened::Moved { number, to: host, .. } | Happened::Replaced { number, host } => {
                self.fact(at, number, What::Moved { host });
            }
            Happened::Released { number, cause } => self.fact(at, number, What::Released { cause }),
            _ => {}
        }
    }

    /// Writes what a sample has put into the series for the interval `from..to`.
    pub fn sampled(&mut self, series: &Series, from: SimTime, to: SimTime) {
        if !self.wanted[SERIES] {
            return;
        }
        let columns = series.columns();
        let names = columns[self.named..].iter().map(|column| column.key.clone()).collect();
        self.named = columns.len();
        let value = |(column, value): (crate::metrics::ColumnIx, crate::metrics::Value)| {
            let kind = columns[column.at()].kind;
            let range = (kind == crate::metrics::Kind::Level).then(|| value.range());
            Some((column.at(), value.get(kind)?, range))
        };
        let wait = |(metric, waits): (&'static str, &Waits)| {
            QUANTILES.map(|(name, quantile)| Some((metric, name, waits.quantile(quantile)? as f64)))
        };
        let values = series.fresh().filter_map(value).collect();
        let waits = series.fresh_waits().flat_map(wait).flatten().collect();
        self.tell(Message::Sampled(Sampled { from, to, names, values, waits }));
    }

    /// The run has ended with this fleet: writes the hosts.
    pub fn ended(&mut self, fleet: &Fleet) {
        if !self.wanted[HOSTS] {
            return;
        }
        let mut hosts = (0..fleet.len()).map(HostIx).filter_map(|host| {
            let view = fleet.host(host)?;
            let created = self.created_on.get(host.at()).copied().unwrap_or(0);
            let class = view.class.at();
            let (zone, rack, switch, state) = (view.zone, view.rack, view.switch, view.state);
            let (capacity, free) = (view.capacity, view.free);
            Some(HostFact { host, zone, class, rack, switch, state, capacity, free, created })
        });
        loop {
            let batch: Vec<HostFact> = hosts.by_ref().take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            self.tell(Message::Hosts(batch));
        }
    }

    /// Writes what is left and closes the files.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush();
        drop(self.to);
        let done = self.thread.join();
        done.unwrap_or_else(|_| Err(ParquetError::General("the writer panicked".into()))).map_err(sink::plain)
    }
}

/// The thread: writes what comes until the run has hung up.
fn write(
    mut writer: Writer,
    from: &Receiver<Message>,
    back: &SyncSender<Vec<Fact>>,
) -> Result<(), ParquetError> {
    while let Ok(message) = from.recv() {
        if let Some(spare) = writer.take(message)? {
            // The run has enough of them, or has ended.
            let _ = back.try_send(spare);
        }
    }
    writer.finish()
}

/// The percentiles of waits that the series table has, as details.
const QUANTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_keeps_its_share_and_always_the_same() {
        let kept = |sample: Sample| (0..100_000).filter(|&number| sample.keeps(number)).count();
        assert_eq!(kept(Sample::ALL), 100_000);
        assert_eq!(kept(Sample::share(1.0)), 100_000);
        let tenth = kept(Sample::share(0.1));
        assert!((9_500..10_500).contains(&tenth), "{tenth}");
        let rare = (0..100_000).filter(|&number| Sample::share(0.01).keeps(number));
        assert!(
            rare.into_iter().all(|number| Sample::share(0.1).keeps(number)),
            "a smaller sample is a part"
        );
    }
}
