//! States of an instance and the transitions between them.

/// State of an instance (LIFE-1 to LIFE-6).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum State {
    /// Being created: placed, waiting for its node controller (LIFE-1).
    Pending,
    /// Its system disk is cloned and it boots (LIFE-2).
    Starting,
    /// In use (LIFE-3).
    Running,
    /// On its way to `Stopped` (LIFE-4).
    Stopping,
    /// Not running (LIFE-5).
    Stopped,
    /// Gone; its place and all that it held are free again (LIFE-6).
    Released,
}

/// A transition that the life cycle does not have.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("an instance cannot go from {from:?} to {to:?}")]
pub struct IllegalTransition {
    /// State it was in.
    pub from: State,
    /// State it was to enter.
    pub to: State,
}

impl State {
    /// Enters `to`, or says that the life cycle has no such transition.
    ///
    /// # Errors
    /// [`IllegalTransition`] for every pair that LIFE-10 to LIFE-18 do not list, but for a start that is cut short.
    #[inline(always)]
    pub fn enter(&mut self, to: State) -> Result<(), IllegalTransition> {
        use State::{Pending, Released, Running, Starting, Stopped, Stopping};
        let allowed = matches!(
            (*self, to),
            (Pending, Stopped | Starting)                   // LIFE-10, LIFE-11
                | (Stopped, Starting)                       // LIFE-12
                | (Starting, Running)                       // LIFE-11, LIFE-12, LIFE-14
                | (Starting, Stopped)                       // its host failed (inferred: no sheet says it)
                | (Running, Stopping | Starting | Stopped)  // LIFE-13, LIFE-14, LIFE-19
                | (Stopping, Stopped | Starting) // LIFE-13, LIFE-16
        ) || (to == Released && *self != Released); // LIFE-15 with Force, LIFE-18
        if !allowed {
            return Err(IllegalTransition { from: *self, to });
        }
        *self = to;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::State::{self, *};

    #[test]
    fn create_and_start_run_through_pending_and_starting() {
        // LIFE-11
        let mut state = Pending;
        for next in [Starting, Running, Released] {
            state.enter(next).unwrap();
        }
        assert_eq!(state, Released);
    }

    #[test]
    fn only_the_transitions_of_the_sheet_are_allowed() {
        // LIFE-1 to LIFE-6, LIFE-10 to LIFE-16, LIFE-18, LIFE-19
        let leads_to = |from: State| -> &[State] {
            match from {
                Pending => &[Starting, Stopped, Released],
                Starting => &[Running, Stopped, Released],
                Running => &[Starting, Stopping, Stopped, Released],
                Stopping => &[Starting, Stopped, Released],
                Stopped => &[Starting, Released],
                Released => &[],
            }
        };
        let all = [Pending, Starting, Running, Stopping, Stopped, Released];
        for (from, to) in all.into_iter().flat_map(|from| all.map(|to| (from, to))) {
            let mut state = from;
            let entered = state.enter(to);
            assert_eq!(entered.is_ok(), leads_to(from).contains(&to), "{from:?} to {to:?}");
            assert_eq!(state, if entered.is_ok() { to } else { from });
        }
    }

    #[test]
    fn released_is_final_and_nothing_skips_starting() {
        for to in [Pending, Starting, Running, Stopping, Stopped, Released] {
            let mut gone: State = Released;
            assert!(gone.enter(to).is_err());
        }
        for from in [Pending, Stopped, Stopping] {
            let mut state = from;
            assert!(state.enter(Running).is_err(), "{from:?} must pass Starting");
        }
    }
}
