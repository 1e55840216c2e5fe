//! Chance for the policies that draw: one stream a zone, so that zones never shift each other's numbers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

use crate::engine::draws::Tap;
use crate::sync::Mutex;

/// A zone's stream. Its key is a BLAKE3 hash of the seed and the zone; outputs are fixed for ever.
#[derive(Debug)]
pub(super) struct Luck {
    rng: Mutex<ChaCha8Rng>,
    /// Who writes down what is drawn: nobody but in a check of chance.
    tap: Option<Box<Tap>>,
}

impl Luck {
    pub(super) fn new(seed: u64, zone: u64) -> Luck {
        let mut hasher = blake3::Hasher::new_derive_key("packyard placement luck v1");
        hasher.update(&seed.to_le_bytes());
        hasher.update(&zone.to_le_bytes());
        let rng = Mutex::new(ChaCha8Rng::from_seed(*hasher.finalize().as_bytes()));
        Luck { rng, tap: Tap::of("placement", zone) }
    }

    /// How far the stream is.
    pub(super) fn position(&self) -> u128 {
        self.rng.lock().get_word_pos()
    }

    /// Goes to a position that [`Luck::position`] gave.
    pub(super) fn seek(&self, position: u128) {
        self.rng.lock().set_word_pos(position);
    }

    /// A twin that draws the same from here on.
    pub(super) fn fork(&self) -> Luck {
        Luck { rng: Mutex::new(self.rng.lock().clone()), tap: None }
    }

    /// A number below `n`, which is not 0. The bias is below 2^-32 times `n`, and the same on every machine.
    pub(super) fn below(&self, n: u32) -> u32 {
        let drawn = self.rng.lock().next_u64();
        if let Some(tap) = &self.tap {
            tap.drawn(drawn);
        }
        ((u128::from(drawn) * u128::from(n)) >> 64) as u32
    }
}
