//! A station of the control plane: a number of equal servers and one queue, first come, first served.

use std::collections::VecDeque;

/// API workers or schedulers. It says who is served next; service times are the caller's.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Station {
    servers: u32,
    busy: u32,
    queue: VecDeque<u32>,
}

impl Station {
    /// A station with `servers` servers (at least one).
    pub(super) fn new(servers: u32) -> Station {
        Station { servers: servers.max(1), busy: 0, queue: VecDeque::new() }
    }

    /// Goes on from the state of another one; the number of servers stays this one's.
    pub(super) fn restore(&mut self, state: &Station) {
        self.busy = state.busy;
        self.queue.clone_from(&state.queue);
    }

    /// A call arrives; true when a server takes it at once, false when it waits.
    pub(super) fn enter(&mut self, call: u32) -> bool {
        if self.busy < self.servers {
            self.busy += 1;
            return true;
        }
        self.queue.push_back(call);
        false
    }

    /// Calls that wait.
    pub(super) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// A server is done; returns the call that it takes next, if one waits.
    pub(super) fn leave(&mut self) -> Option<u32> {
        let next = self.queue.pop_front();
        if next.is_none() {
            self.busy = self.busy.checked_sub(1).expect("a server was done that never began");
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_served_in_order_by_a_bounded_number_of_servers() {
        let mut station = Station::new(2);
        assert!(station.enter(1) && station.enter(2));
        assert!(!station.enter(3) && !station.enter(4));
        assert_eq!(station.waiting(), 2);
        assert_eq!(
            [station.leave(), station.leave(), station.leave(), station.leave()],
            [Some(3), Some(4), None, None]
        );
        assert!(station.enter(5));
    }
}
