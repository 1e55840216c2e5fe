//! What operations set going, as events of a run.

/// What operations set going.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub(in crate::sim) enum OperationEvent {
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
    /// Order within one moment, as [`super::super::event::Event::class`].
    pub(in crate::sim) const fn class(self) -> u8 {
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
