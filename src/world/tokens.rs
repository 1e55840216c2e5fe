//! Client tokens of one account: what was asked with them, and what came of it.

use rustc_hash::FxHashMap;

use super::facts::TokenState;
use crate::model::Utc;

/// What is remembered of a token.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Token {
    pub(crate) state: TokenState,
    /// Of the first request's parameters.
    pub(crate) fingerprint: u128,
    pub(crate) instance_id: Box<str>,
    pub(crate) since: Utc,
}

/// A token store as data.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct TokensState {
    known: Vec<(Box<str>, Token)>,
    sweep_at: usize,
}

/// The token store of one account. Takes no memory while no token is used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    known: FxHashMap<Box<str>, Token>,
    /// Size at which expired tokens are swept next.
    sweep_at: usize,
}

impl Tokens {
    /// What is remembered of a token; nothing once it has outlived `ttl_s`.
    pub(crate) fn get(&self, token: &str, now: Utc, ttl_s: Option<u64>) -> Option<&Token> {
        self.known.get(token).filter(|known| !expired(known, now, ttl_s))
    }

    /// Remembers a token.
    pub(crate) fn put(&mut self, token: &str, known: Token, ttl_s: Option<u64>) {
        if ttl_s.is_some() && self.known.len() >= self.sweep_at.max(64) {
            let now = known.since;
            self.known.retain(|_, old| !expired(old, now, ttl_s));
            self.sweep_at = self.known.len() * 2;
        }
        self.known.insert(token.into(), known);
    }

    /// Forgets a token whose first call, with these parameters, is still running.
    pub(crate) fn forget_running(&mut self, token: &str, fingerprint: u128) {
        let running =
            |known: &Token| known.state == TokenState::InProgress && known.fingerprint == fingerprint;
        if self.known.get(token).is_some_and(running) {
            self.known.remove(token);
        }
    }

    /// All of them in order, and when they are swept next.
    pub(super) fn save(&self) -> TokensState {
        let mut known: Vec<_> = self.known.iter().map(|(name, one)| (name.clone(), one.clone())).collect();
        known.sort_by(|(one, _), (other, _)| one.cmp(other));
        TokensState { known, sweep_at: self.sweep_at }
    }

    /// The store of a saved state.
    pub(super) fn restore(state: &TokensState) -> Tokens {
        Tokens { known: state.known.iter().cloned().collect(), sweep_at: state.sweep_at }
    }

    /// Number of tokens remembered.
    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Feeds the store into a hash, in the order of the tokens.
    pub(super) fn digest(&self, hash: &mut blake3::Hasher) {
        let mut known: Vec<_> = self.known.iter().collect();
        known.sort_by_key(|(token, _)| *token);
        for (token, known) in known {
            hash.update(token.as_bytes()).update(&[known.state as u8]);
            hash.update(&known.fingerprint.to_le_bytes()).update(known.instance_id.as_bytes());
            hash.update(&known.since.0.to_le_bytes());
        }
    }
}

fn expired(known: &Token, now: Utc, ttl_s: Option<u64>) -> bool {
    ttl_s.is_some_and(|ttl| now.0.saturating_sub(known.since.0) > i64::try_from(ttl).unwrap_or(i64::MAX))
}
