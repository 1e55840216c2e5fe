//! The events of a run and their order within one moment.

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
    /// Something of an operation of the API.
    Operation(OperationEvent),
}

/// What operations set going.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OperationEvent {
    /// A step of the script is due.
    Scripted {
        /// Its number.
        step: u32,
    },
    /// A stop is done.
    Stopped {
        /// Slot of the instance.
        instance: u32,
    },
    /// An instance is released by itself.
    AutoRelease {
        /// Slot of the instance.
        instance: u32,
    },
    /// A customer stops an instance for the night.
    Pause {
        /// Slot of the instance.
        instance: u32,
    },
    /// A customer starts it in the morning.
    Resume {
        /// Slot of the instance.
        instance: u32,
    },
    /// A customer reboots an instance.
    Reboot {
        /// Slot of the instance.
        instance: u32,
    },
    /// A dedicated host is in service.
    HostReady {
        /// Its number in the world.
        host: u32,
    },
    /// The subscription of a dedicated host ends.
    HostEnds {
        /// Its number in the world.
        host: u32,
    },
    /// An expired host is released.
    HostGoes {
        /// Its number in the world.
        host: u32,
    },
    /// A dedicated host is released by itself.
    HostAutoRelease {
        /// Its number in the world.
        host: u32,
    },
    /// A disk is off its instance.
    Detached {
        /// Its slot.
        disk: u32,
    },
    /// A snapshot is accomplished.
    SnapshotDone {
        /// Its number in the world.
        snapshot: u32,
    },
}

impl OperationEvent {
    const fn class(self) -> u8 {
        match self {
            OperationEvent::AutoRelease { .. }
            | OperationEvent::HostGoes { .. }
            | OperationEvent::HostAutoRelease { .. } => 0,
            OperationEvent::Stopped { .. }
            | OperationEvent::HostReady { .. }
            | OperationEvent::HostEnds { .. }
            | OperationEvent::Detached { .. }
            | OperationEvent::SnapshotDone { .. } => 1,
            OperationEvent::Scripted { .. }
            | OperationEvent::Pause { .. }
            | OperationEvent::Resume { .. }
            | OperationEvent::Reboot { .. } => 2,
        }
    }
}

impl Event {
    /// Order within one moment: what frees capacity comes first, then work in progress, then new requests.
    /// So "departures at or before a moment first", as published replays of traces do it.
    pub(super) const fn class(self) -> u8 {
        match self {
            Event::Released { .. } => 0,
            Event::Booted { .. } | Event::Cloned { .. } | Event::CloneReady { .. } => 1,
            Event::Scheduled { .. } | Event::Validated { .. } => 2,
            Event::Arrival => 3,
            Event::Operation(event) => event.class(),
        }
    }
}
