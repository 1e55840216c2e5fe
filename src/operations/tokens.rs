//! Client tokens of operations: a repeated call is answered as the first one and does nothing.

use std::collections::BTreeMap;

use crate::api::forms;

use super::refusal::{BAD_TOKEN, SNAPSHOT_TOKEN_MISMATCH, TOKEN_MISMATCH};
use super::{Action, Params, Refusal};

/// Who sent a token, to which operation, in which region (IDEM-11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize)]
pub struct Scope {
    /// Account, by number.
    pub account: u32,
    /// The operation.
    pub action: Action,
    /// Region, by number.
    pub region: u32,
}

/// Tokens of calls that were accepted. They are remembered to the end of the run, as the documents name no time (IDEM-10).
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Tokens(BTreeMap<(Scope, String), Vec<(String, String)>>);

/// What decides whether two calls are the same: all parameters, in the order of their names (IDEM-5), and the instance
/// that the call is about.
fn content(params: &Params, about: Option<u64>) -> Vec<(String, String)> {
    let pairs = params.pairs().map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.chain(about.map(|request| ("InstanceId".to_owned(), request.to_string()))).collect()
}

impl Tokens {
    /// True for a call that was accepted before with the same token and parameters (IDEM-3). A call without a token is a
    /// new one (IDEM-2).
    ///
    /// # Errors
    /// A token in a bad form (IDEM-7), or one that came with other parameters (IDEM-4, IDEM-13).
    pub fn repeats(&self, scope: Scope, params: &Params, about: Option<u64>) -> Result<bool, Refusal> {
        let Some(token) = params.get("ClientToken") else { return Ok(false) };
        if !forms::client_token(token) {
            return Err(BAD_TOKEN);
        }
        match self.0.get(&(scope, token.to_owned())) {
            None => Ok(false),
            Some(first) if *first == content(params, about) => Ok(true),
            Some(_) if scope.action == Action::CreateSnapshot => Err(SNAPSHOT_TOKEN_MISMATCH),
            Some(_) => Err(TOKEN_MISMATCH),
        }
    }

    /// Remembers an accepted call; one that was refused leaves its token free (IDEM-9).
    pub fn accepted(&mut self, scope: Scope, params: &Params, about: Option<u64>) {
        if let Some(token) = params.get("ClientToken") {
            self.0.insert((scope, token.to_owned()), content(params, about));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_call_is_known_within_its_scope() {
        // IDEM-2 to IDEM-5, IDEM-7, IDEM-9 to IDEM-11, IDEM-13, IDEM-15
        let scope = Scope { account: 0, action: Action::AllocateDedicatedHosts, region: 0 };
        let one = Params::of(&[("ClientToken", "tok"), ("Quantity", "1")]);
        let other = Params::of(&[("ClientToken", "tok"), ("Quantity", "2")]);
        let mut tokens = Tokens::default();
        assert_eq!(tokens.repeats(scope, &one, None), Ok(false), "refused before, or never sent");
        tokens.accepted(scope, &one, None);
        assert_eq!(tokens.repeats(scope, &one, None), Ok(true));
        assert_eq!(tokens.repeats(scope, &other, None), Err(TOKEN_MISMATCH));
        assert_eq!((TOKEN_MISMATCH.status, TOKEN_MISMATCH.code), (400, "IdempotentParameterMismatch"));
        for elsewhere in [
            Scope { account: 1, ..scope },
            Scope { region: 1, ..scope },
            Scope { action: Action::CreateDeploymentSet, ..scope },
        ] {
            assert_eq!(tokens.repeats(elsewhere, &one, None), Ok(false));
        }
        let upper = Params::of(&[("ClientToken", "TOK"), ("Quantity", "1")]);
        assert_eq!(tokens.repeats(scope, &upper, None), Ok(false), "IDEM-1: letter case counts");
        let long = "t".repeat(65);
        assert_eq!(tokens.repeats(scope, &Params::of(&[("ClientToken", &long)]), None), Err(BAD_TOKEN));
        let bare = Params::of(&[("Quantity", "1")]);
        tokens.accepted(scope, &bare, None);
        assert_eq!(tokens.repeats(scope, &bare, None), Ok(false));
    }

    #[test]
    fn a_call_about_an_instance_is_about_that_instance() {
        // IDEM-4, IDEM-13
        let scope = Scope { account: 0, action: Action::CreateSnapshot, region: 0 };
        let call = Params::of(&[("ClientToken", "tok"), ("DiskId", "system")]);
        let mut tokens = Tokens::default();
        tokens.accepted(scope, &call, Some(7));
        assert_eq!(tokens.repeats(scope, &call, Some(7)), Ok(true));
        assert_eq!(tokens.repeats(scope, &call, Some(8)), Err(SNAPSHOT_TOKEN_MISMATCH));
        assert_eq!(SNAPSHOT_TOKEN_MISMATCH.status, 403);
    }
}
