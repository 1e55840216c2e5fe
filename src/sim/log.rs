//! The canonical event log and its digest (DESIGN "Determinism").
//!
//! Every record that a customer or an operator of the modelled cloud could observe is hashed in a fixed binary
//! form, in the order of the run. Two runs with one digest took the same decisions at the same virtual times.

use crate::model::{HostIx, SimTime};

/// What happened. The numbers are part of the digest and never change their meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(super) enum Record {
    /// A request came in; detail: its template.
    Requested = 1,
    /// It was refused; detail: the check that fired.
    Rejected = 2,
    /// An instance was created; detail: its host.
    Created = 3,
    /// The instance runs; detail: zone.
    Running = 4,
    /// The instance was released; detail: its host.
    Released = 5,
    /// A spot price changed; number: its series; detail: thousandths an hour.
    Priced = 32,
    /// A spot instance was told to go; detail: the cause.
    Told = 33,
    /// A host failed; in place of the request stands the host, as in all records about hosts.
    HostFailed = 6,
    /// The failure of a host was noticed.
    HostNoticed = 7,
    /// A host is back.
    HostBack = 8,
    /// The instance went down; detail: its host.
    Down = 9,
    /// The instance has another place; detail: its host.
    Replaced = 10,
    /// The instance begins to move while it runs; detail: the host that it goes to.
    MoveBegun = 11,
    /// It has moved; detail: its host.
    Moved = 12,
    /// It stays where it is; detail: its host.
    MoveCut = 13,
    /// A host was closed, emptied or opened for maintenance (detail 0, 1, 2).
    Maintenance = 14,
    /// The instance left its deployment set; detail: its host.
    LeftSet = 15,
    /// An operation was accepted; detail: its name.
    Operated = 16,
    /// An operation was refused; detail: the code.
    OperationRefused = 17,
    /// The instance is stopped; detail: 1 when it has given its place up.
    Stopped = 18,
    /// The instance has another place, or one again; detail: its host.
    PlacedAgain = 19,
    /// A dedicated host was allocated, or has another server; detail: the host behind it.
    HostAllocated = 20,
    /// A dedicated host was released; detail: the host behind it.
    HostReleased = 21,
    /// A disk of its own was made, or an instance's became one; detail: GiB.
    DiskMade = 22,
    /// A disk of its own was deleted; detail: GiB.
    DiskGone = 23,
    /// An account was billed for an hour (number: the account); detail: millionths, the low 32 bits.
    Billed = 40,
    /// What an account owed was taken (number: the account); detail: as above.
    Paid = 41,
    /// It could not be taken (number: the account); detail: as above.
    Unpaid = 42,
    /// The instance was stopped for money; detail: 0 expired, 1 overdue.
    Locked = 43,
    /// The instance's subscription was renewed; detail: hours from now to its end.
    Renewed = 44,
    /// What was stopped for money comes back; detail: its host.
    Restored = 45,
    /// The instance spent its last credit; detail: 1 when it is throttled, 0 when it pays from now on.
    CreditsSpent = 46,
    /// A customer's deletion was refused, because a subscription is not over; detail: 0.
    Kept = 47,
    /// A client sends a call again (number: of its first request); detail: number of the try.
    Retried = 48,
    /// A client gives up (number: of its first request); detail: tries.
    GaveUp = 49,
    /// A fleet looked at its size (number: the fleet); detail: wanted size.
    Looked = 50,
    /// A client of a closed loop has thought and asks (number: the client); detail: template.
    Asked = 51,
}

impl Record {
    /// What the kind of this number stands for.
    const fn name(kind: u8) -> &'static str {
        match kind {
            1 => "requested",
            2 => "rejected",
            3 => "created",
            4 => "running",
            5 => "released",
            6 => "host failed",
            7 => "failure noticed",
            8 => "host back",
            9 => "down",
            10 => "replaced",
            11 => "move begun",
            12 => "moved",
            13 => "move cut",
            14 => "host maintenance",
            15 => "left its set",
            16 => "operation accepted",
            17 => "operation refused",
            18 => "stopped",
            19 => "placed again",
            20 => "dedicated host allocated",
            21 => "dedicated host released",
            22 => "disk made",
            23 => "disk gone",
            32 => "spot price",
            33 => "spot notice",
            40 => "billed",
            41 => "paid",
            42 => "unpaid",
            43 => "locked",
            44 => "renewed",
            45 => "restored",
            46 => "credits spent",
            47 => "kept",
            48 => "retried",
            49 => "gave up",
            50 => "fleet looked",
            51 => "client asks",
            _ => "other",
        }
    }
}

/// Records that are hashed at once, which keeps BLAKE3 on its wide path. Part of the digest.
pub const BATCH: usize = 4096;

/// One record of the event log, as others than the log see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LogRecord {
    /// When it happened.
    pub at: SimTime,
    /// What happened: the number of a kind, see [`LogRecord::kind_name`].
    pub kind: u8,
    /// Number of the request (and instance) that it is about.
    pub number: u64,
    /// What else there is to say: a template, a check, a host, a zone, as the kind has it.
    pub detail: u32,
}

impl LogRecord {
    /// Bytes of a record: time, kind, number, detail; little-endian.
    pub const BYTES: usize = 8 + 1 + 8 + 4;

    /// The records of a part of the log.
    pub fn all(bytes: &[u8]) -> impl Iterator<Item = LogRecord> {
        bytes.chunks_exact(LogRecord::BYTES).map(|bytes| {
            let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
            let detail = u32::from_le_bytes(bytes[17..].try_into().expect("four bytes"));
            LogRecord { at: SimTime(word(0)), kind: bytes[8], number: word(9), detail }
        })
    }

    /// The time of the last record of a part of the log; none when it is empty.
    pub fn last_time(bytes: &[u8]) -> Option<SimTime> {
        LogRecord::all(&bytes[bytes.len().saturating_sub(LogRecord::BYTES)..]).next().map(|record| record.at)
    }

    /// The host that it names, when it names one.
    pub fn host(&self) -> Option<HostIx> {
        let host = match self.kind {
            6..=8 | 14 => u32::try_from(self.number).ok()?,
            3 | 5 | 9..=13 | 15 | 19..=21 | 45 => self.detail,
            _ => return None,
        };
        (host != u32::MAX).then_some(HostIx(host))
    }

    /// The request (and instance) that it is about, when it is about one.
    pub fn request(&self) -> Option<u64> {
        match self.kind {
            6..=8 | 14 | 32 | 40..=42 | 50 | 51 => None,
            _ => (self.number != u64::MAX).then_some(self.number),
        }
    }

    /// What its kind stands for, in a word or two.
    pub fn kind_name(&self) -> &'static str {
        Record::name(self.kind)
    }
}

/// Links the batches of the event log into the chain of the digest, in the run or beside it.
pub trait Chain: Send {
    /// Links a full batch of records. Gives back a buffer for the next batch, of any content.
    fn link(&mut self, records: Vec<u8>) -> Vec<u8>;

    /// The value of the chain after everything that was linked.
    fn value(&mut self) -> [u8; 32];

    /// The log ends with these records, less than a batch.
    fn last(&mut self, _records: &[u8]) {}
}

/// The next value of the chain: `BLAKE3(chain || records)`, in a domain of its own.
pub fn link(chain: &[u8; 32], records: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_derive_key("packyard event log v2")
        .update(chain)
        .update(records)
        .finalize()
        .as_bytes()
}

/// The chain, linked where the log is made.
#[derive(Debug, Default)]
pub struct Linked {
    value: [u8; 32],
}

impl Linked {
    /// A chain that goes on from a value.
    pub fn from(value: [u8; 32]) -> Linked {
        Linked { value }
    }
}

impl Chain for Linked {
    fn link(&mut self, records: Vec<u8>) -> Vec<u8> {
        self.value = link(&self.value, &records);
        records
    }

    fn value(&mut self) -> [u8; 32] {
        self.value
    }
}

/// Hashes the event log as it is made; keeps none of it but the batch that is being filled.
///
/// The digest is a chain: after every 4096 records `chain = BLAKE3(chain || records)`, and at the end once more
/// with the records that are left. So the state of the log between two events is 32 bytes and less than a batch
/// of records, which a snapshot can hold (the inner state of a streaming hash cannot be saved).
pub(super) struct EventLog {
    chain: Box<dyn Chain>,
    pending: Vec<u8>,
    /// Full batches so far.
    batches: u64,
}

/// The state of a log between two events.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct LogState {
    chain: [u8; 32],
    pending: Vec<u8>,
    batches: u64,
}

impl LogState {
    /// The chain up to the last full batch.
    pub(super) fn chain(&self) -> [u8; 32] {
        self.chain
    }

    /// Full batches before it.
    pub(super) fn batches(&self) -> u64 {
        self.batches
    }
}

impl EventLog {
    pub(super) fn new() -> EventLog {
        let pending = Vec::with_capacity(BATCH * LogRecord::BYTES);
        EventLog { chain: Box::new(Linked::default()), pending, batches: 0 }
    }

    /// Appends one record about the request (and instance) with this number.
    #[inline]
    pub(super) fn note(&mut self, at: SimTime, record: Record, number: u64, detail: u32) {
        // Put together first: the batch is asked for room once.
        let mut bytes = [0; LogRecord::BYTES];
        bytes[..8].copy_from_slice(&at.0.to_le_bytes());
        bytes[8] = record as u8;
        bytes[9..17].copy_from_slice(&number.to_le_bytes());
        bytes[17..].copy_from_slice(&detail.to_le_bytes());
        self.pending.extend_from_slice(&bytes);
        if self.pending.len() >= BATCH * LogRecord::BYTES {
            self.link_batch();
        }
    }

    #[cold]
    fn link_batch(&mut self) {
        let batch = std::mem::take(&mut self.pending);
        self.pending = self.chain.link(batch);
        self.pending.clear();
        self.batches += 1;
    }

    /// Lets another chain, of the same value, link what follows.
    pub(super) fn rechain(&mut self, chain: Box<dyn Chain>) {
        self.chain = chain;
    }

    /// The digest: the first 16 bytes of the chain's last value, in hexadecimal.
    pub(super) fn digest(&mut self) -> String {
        self.chain.last(&self.pending);
        hex(&link(&self.chain.value(), &self.pending))
    }

    /// Records so far.
    pub(super) fn records(&self) -> u64 {
        self.batches * BATCH as u64 + (self.pending.len() / LogRecord::BYTES) as u64
    }

    /// What a snapshot keeps.
    pub(super) fn save(&mut self) -> LogState {
        LogState { chain: self.chain.value(), pending: self.pending.clone(), batches: self.batches }
    }

    /// A log that goes on from a saved state; none when the state is none of a log.
    pub(super) fn restore(state: LogState) -> Option<EventLog> {
        let LogState { chain, pending, batches } = state;
        let sound = pending.len() % LogRecord::BYTES == 0 && pending.len() < BATCH * LogRecord::BYTES;
        sound.then(|| EventLog { chain: Box::new(Linked::from(chain)), pending, batches })
    }
}

/// A value of the chain as a digest: 16 bytes in hexadecimal.
fn hex(value: &[u8; 32]) -> String {
    blake3::Hash::from_bytes(*value).to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_depends_on_every_field_and_on_order() {
        let digest = |records: &[(u64, Record, u64, u32)]| {
            let mut log = EventLog::new();
            for &(at, record, number, detail) in records {
                log.note(SimTime(at), record, number, detail);
            }
            log.digest()
        };
        let base = [(1, Record::Requested, 2, 3), (4, Record::Created, 2, 5)];
        assert_eq!(digest(&base), digest(&base));
        let mut seen = vec![digest(&base), digest(&[base[1], base[0]])];
        for at in 0..4 {
            let mut other = base;
            match at {
                0 => other[0].0 += 1,
                1 => other[0].1 = Record::Running,
                2 => other[0].2 += 1,
                _ => other[0].3 += 1,
            }
            seen.push(digest(&other));
        }
        let all = seen.len();
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all);
    }

    #[test]
    fn the_digest_is_the_documented_chain() {
        for records in [0, 1, BATCH - 1, BATCH, BATCH + 1, 10_000] {
            let mut log = EventLog::new();
            let mut bytes = Vec::new();
            for n in 0..records as u64 {
                log.note(SimTime(n), Record::Running, n, 7);
                bytes.extend([&n.to_le_bytes()[..], &[4], &n.to_le_bytes(), &7u32.to_le_bytes()].concat());
            }
            let mut chain = [0; 32];
            let whole = records - records % BATCH;
            for batch in bytes[..whole * LogRecord::BYTES].chunks(BATCH * LogRecord::BYTES) {
                chain = link(&chain, batch);
            }
            let last = blake3::Hash::from_bytes(link(&chain, &bytes[whole * LogRecord::BYTES..]));
            assert_eq!(log.digest(), last.to_hex()[..32], "{records} records");
        }
    }
}
