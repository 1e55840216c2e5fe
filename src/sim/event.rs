//! The events of a run and their order within one moment.

use super::run::NodeEvent;

/// What can happen. Small and `Copy`: the queue holds them by value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Event {
    /// The next request of the workload comes in.
    Arrival,
    /// An API worker has validated a call.
    Validated {
        /// Slot of the call.
        call: u32,
    },
    /// A scheduler has decided a call.
    Scheduled {
        /// Slot of the call.
        call: u32,
    },
    /// The clone of an instance's system disk is set up: its data flows from now on.
    CloneReady {
        /// Slot of the instance.
        instance: u32,
    },
    /// The next clone of a zone's pool is done.
    Cloned {
        /// Zone index.
        zone: u32,
    },
    /// An instance has booted.
    Booted {
        /// Slot of the instance.
        instance: u32,
    },
    /// The life of an instance is over.
    Released {
        /// Slot of the instance.
        instance: u32,
    },
    /// A client of a closed loop asks.
    Client {
        /// Number of the client.
        client: u32,
    },
    /// Something happens to a host, or to an instance because of one.
    Node(NodeEvent),
}

impl Event {
    /// Order within one moment: what frees capacity comes first, then work in progress, then new requests.
    /// So "departures at or before a moment first", as published replays of traces do it.
    pub(super) const fn class(self) -> u8 {
        match self {
            Event::Released { .. } => 0,
            Event::Booted { .. } | Event::Cloned { .. } | Event::CloneReady { .. } => 1,
            Event::Scheduled { .. } | Event::Validated { .. } => 2,
            Event::Node(event) => event.class(),
            Event::Arrival | Event::Client { .. } => 3,
        }
    }
}
