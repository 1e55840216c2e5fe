//! The canonical event log and its digest (DESIGN "Determinism").
//!
//! Every record that a customer or an operator of the modelled cloud could observe is hashed in a fixed binary
//! form, in the order of the run. Two runs with one digest took the same decisions at the same virtual times.

use crate::model::SimTime;

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
}

/// Bytes of one record: time, kind, request number, detail; little-endian.
const RECORD_BYTES: usize = 8 + 1 + 8 + 4;
/// Records are hashed in runs of this many, which keeps BLAKE3 on its wide path.
const BATCH: usize = 4096;

/// Hashes the event log as it is made; keeps none of it.
#[derive(Debug)]
pub(super) struct EventLog {
    hasher: blake3::Hasher,
    pending: Vec<u8>,
}

impl EventLog {
    pub(super) fn new() -> EventLog {
        EventLog {
            hasher: blake3::Hasher::new_derive_key("packyard event log v1"),
            pending: Vec::with_capacity(BATCH * RECORD_BYTES),
        }
    }

    /// Appends one record about the request (and instance) with this number.
    #[inline]
    pub(super) fn note(&mut self, at: SimTime, record: Record, number: u64, detail: u32) {
        self.pending.extend_from_slice(&at.0.to_le_bytes());
        self.pending.push(record as u8);
        self.pending.extend_from_slice(&number.to_le_bytes());
        self.pending.extend_from_slice(&detail.to_le_bytes());
        if self.pending.len() >= BATCH * RECORD_BYTES {
            self.hasher.update(&self.pending);
            self.pending.clear();
        }
    }

    /// The digest: the first 16 bytes of the hash, in hexadecimal.
    pub(super) fn digest(mut self) -> String {
        self.hasher.update(&self.pending);
        self.hasher.finalize().to_hex()[..32].to_owned()
    }
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
    fn batching_does_not_show() {
        let mut log = EventLog::new();
        let mut plain = blake3::Hasher::new_derive_key("packyard event log v1");
        for n in 0..10_000u64 {
            log.note(SimTime(n), Record::Running, n, 7);
            plain.update(&n.to_le_bytes()).update(&[4]).update(&n.to_le_bytes()).update(&7u32.to_le_bytes());
        }
        assert_eq!(log.digest(), plain.finalize().to_hex()[..32]);
    }
}
