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
}

/// Bytes of one record: time, kind, request number, detail; little-endian.
const RECORD_BYTES: usize = 8 + 1 + 8 + 4;
/// Records that are hashed at once, which keeps BLAKE3 on its wide path. Part of the digest.
const BATCH: usize = 4096;

/// Hashes the event log as it is made; keeps none of it but the batch that is being filled.
///
/// The digest is a chain: after every 4096 records `chain = BLAKE3(chain || records)`, and at the end once more
/// with the records that are left. So the state of the log between two events is 32 bytes and less than a batch
/// of records, which a snapshot can hold (the inner state of a streaming hash cannot be saved).
#[derive(Debug)]
pub(super) struct EventLog {
    chain: [u8; 32],
    pending: Vec<u8>,
}

impl EventLog {
    pub(super) fn new() -> EventLog {
        EventLog { chain: [0; 32], pending: Vec::with_capacity(BATCH * RECORD_BYTES) }
    }

    /// Appends one record about the request (and instance) with this number.
    #[inline]
    pub(super) fn note(&mut self, at: SimTime, record: Record, number: u64, detail: u32) {
        self.pending.extend_from_slice(&at.0.to_le_bytes());
        self.pending.push(record as u8);
        self.pending.extend_from_slice(&number.to_le_bytes());
        self.pending.extend_from_slice(&detail.to_le_bytes());
        if self.pending.len() >= BATCH * RECORD_BYTES {
            self.chain = link(&self.chain, &self.pending);
            self.pending.clear();
        }
    }

    /// The digest: the first 16 bytes of the chain's last value, in hexadecimal.
    pub(super) fn digest(self) -> String {
        blake3::Hash::from_bytes(link(&self.chain, &self.pending)).to_hex()[..32].to_owned()
    }
}

/// The next value of the chain.
fn link(chain: &[u8; 32], records: &[u8]) -> [u8; 32] {
    *blake3::Hasher::new_derive_key("packyard event log v2")
        .update(chain)
        .update(records)
        .finalize()
        .as_bytes()
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
            for batch in bytes[..whole * RECORD_BYTES].chunks(BATCH * RECORD_BYTES) {
                chain = link(&chain, batch);
            }
            let last = blake3::Hash::from_bytes(link(&chain, &bytes[whole * RECORD_BYTES..]));
            assert_eq!(log.digest(), last.to_hex()[..32], "{records} records");
        }
    }
}
