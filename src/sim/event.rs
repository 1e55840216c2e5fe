//! The events of a run and their order within one moment.

use super::operations::OperationEvent;
use super::run::NodeEvent;

/// What can happen. Small and `Copy`: the queue holds them by value.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
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
    /// CPU use and credits.
    Load(LoadEvent),
    /// Bills, subscriptions and arrears.
    Money(MoneyEvent),
    /// What clients do.
    Client(ClientEvent),
    /// The life of an instance is over.
    Released {
        /// Slot of the instance.
        instance: u32,
    },
    /// Something happens to a host, or to an instance because of one.
    Node(NodeEvent),
    /// Something of an operation of the API.
    Operation(OperationEvent),
    /// Something of the spot market.
    Market(MarketEvent),
}

/// What can happen in the spot market.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum MarketEvent {
    /// The check of every five minutes.
    Check,
    /// A replayed price comes into force.
    Replay,
    /// A fleet looks whether instances are missing.
    Fleet {
        /// Its number.
        fleet: u32,
    },
    /// The notice of an instance is over.
    Reclaim {
        /// Slot of the instance.
        instance: u32,
    },
}

/// CPU use and credits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum LoadEvent {
    /// A burstable instance spends its last credit.
    Empty {
        /// Slot of the instance.
        instance: u32,
    },
    /// The use of all hosts is looked at.
    Sample,
}

/// Bills, subscriptions and arrears.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum MoneyEvent {
    /// A full hour: everything that runs by the second is billed.
    Settle,
    /// The next step of an instance's subscription.
    Term {
        /// Slot of the instance.
        instance: u32,
    },
    /// The next step against an account that does not pay.
    Arrears {
        /// Account index.
        account: u32,
    },
    /// An account pays in.
    Payment {
        /// Number of the payment in the scenario.
        number: u32,
    },
    /// What was stopped for arrears comes back.
    Restore {
        /// Account index.
        account: u32,
    },
}

/// What clients do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(super) enum ClientEvent {
    /// A call is sent again.
    Retry {
        /// Slot of the client's call.
        attempt: u32,
    },
    /// A fleet looks at its size.
    Look {
        /// Number of the fleet.
        fleet: u32,
    },
    /// A client of a closed loop asks.
    Ask {
        /// Number of the client.
        client: u32,
    },
}

impl Event {
    /// Order within one moment: what frees capacity comes first, then work in progress, then new requests.
    /// So "departures at or before a moment first", as published replays of traces do it.
    pub(super) const fn class(self) -> u8 {
        match self {
            Event::Released { .. }
            | Event::Money(MoneyEvent::Term { .. } | MoneyEvent::Arrears { .. })
            | Event::Market(MarketEvent::Reclaim { .. }) => 0,
            // Requests of a moment see its prices.
            Event::Market(MarketEvent::Check | MarketEvent::Replay) => 1,
            Event::Booted { .. } | Event::Cloned { .. } | Event::CloneReady { .. } => 1,
            Event::Load(_) | Event::Money(_) => 1,
            Event::Scheduled { .. } | Event::Validated { .. } => 2,
            Event::Node(event) => event.class(),
            Event::Arrival | Event::Client(_) | Event::Market(MarketEvent::Fleet { .. }) => 3,
            Event::Operation(event) => event.class(),
        }
    }
}
