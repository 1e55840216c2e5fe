//! Named random streams.
//!
//! Every consumer of chance names what it draws for (a purpose) and for whom (an entity number). The key of
//! its ChaCha8 stream is a BLAKE3 hash of (seed, purpose, entity), so a new consumer never shifts the numbers
//! of an old one, and two runs that differ in one policy still share their luck (common random numbers).

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::draws::Tap;

/// The root of all chance of one run.
#[derive(Clone, Copy, Debug)]
pub struct Streams {
    seed: u64,
}

impl Streams {
    /// The root for a run's seed.
    pub const fn new(seed: u64) -> Streams {
        Streams { seed }
    }

    /// The stream for `purpose` (a stable name such as `"arrivals"`) and `entity` (a stable number).
    pub fn stream(&self, purpose: &str, entity: u64) -> Stream {
        let mut hasher = blake3::Hasher::new_derive_key("packyard random stream v1");
        hasher.update(&self.seed.to_le_bytes());
        hasher.update(&entity.to_le_bytes());
        hasher.update(purpose.as_bytes());
        let rng = ChaCha8Rng::from_seed(*hasher.finalize().as_bytes());
        Stream { rng, tap: Tap::of(purpose, entity) }
    }
}

/// A stream as data: its key and how far it is.
impl Serialize for Stream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.rng.get_seed(), self.position()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Stream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Stream, D::Error> {
        let (key, position) = <([u8; 32], u128)>::deserialize(deserializer)?;
        let mut stream = Stream { rng: ChaCha8Rng::from_seed(key), tap: None };
        stream.seek(position);
        Ok(stream)
    }
}

/// One stream of random numbers. Its outputs are fixed for ever by (seed, purpose, entity): golden-tested.
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
    /// Who writes down what is drawn: nobody but in a check of chance.
    tap: Option<Box<Tap>>,
}

impl Stream {
    /// 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        let value = self.rng.next_u64();
        if let Some(tap) = &self.tap {
            tap.drawn(value);
        }
        value
    }

    /// How far the stream is: words of 32 bits drawn so far.
    pub fn position(&self) -> u128 {
        self.rng.get_word_pos()
    }

    /// Goes to a position that [`Stream::position`] gave.
    pub fn seek(&mut self, position: u128) {
        self.rng.set_word_pos(position);
    }

    /// A uniform number in `[0, 1)` with 53 random bits.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A uniform number in `(0, 1]`: safe under a logarithm.
    #[inline]
    pub fn unit_open_below(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A uniform integer in `0..n` without bias (Lemire 2019, multiply and reject). Panics when `n` is zero.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "an empty range has no number to draw");
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let least = n.wrapping_neg() % n;
            while (product as u64) < least {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_pinned_for_ever() {
        let mut stream = Streams::new(42).stream("arrivals", 0);
        let drawn: Vec<u64> = (0..3).map(|_| stream.next_u64()).collect();
        assert_eq!(drawn, GOLDEN, "a crate upgrade must not move results unseen");
    }

    const GOLDEN: [u64; 3] = [2645725826906315801, 4888072631188401279, 4360853339392751189];

    #[test]
    fn a_stream_depends_on_seed_purpose_and_entity_only() {
        let first = |seed, purpose: &str, entity| Streams::new(seed).stream(purpose, entity).next_u64();
        assert_eq!(first(1, "boot", 7), first(1, "boot", 7));
        assert_ne!(first(1, "boot", 7), first(2, "boot", 7));
        assert_ne!(first(1, "boot", 7), first(1, "clone", 7));
        assert_ne!(first(1, "boot", 7), first(1, "boot", 8));
    }

    #[test]
    fn a_stream_goes_on_from_any_position() {
        for drawn in [0, 1, 2, 31, 32, 33, 1_000] {
            let mut stream = Streams::new(9).stream("test", 1);
            (0..drawn).for_each(|_| {
                stream.next_u64();
            });
            let mut other = Streams::new(9).stream("test", 1);
            other.seek(stream.position());
            assert_eq!(stream.position(), other.position());
            let bytes = postcard::to_stdvec(&stream).expect("plain data");
            let mut third: Stream = postcard::from_bytes(&bytes).expect("what was written");
            for _ in 0..100 {
                let next = stream.next_u64();
                assert!(next == other.next_u64() && next == third.next_u64(), "after {drawn}");
            }
        }
    }

    #[test]
    fn below_stays_below_and_reaches_every_value() {
        let mut stream = Streams::new(3).stream("test", 0);
        let mut seen = [0u32; 7];
        for _ in 0..7_000 {
            seen[stream.below(7) as usize] += 1;
        }
        assert!(seen.iter().all(|&count| (800..1_200).contains(&count)), "{seen:?}");
    }
}
