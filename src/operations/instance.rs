//! An instance as operations see it.

use crate::hypervisor::State;
use crate::model::Utc;
use crate::validate::Affinity;
use crate::world::ChargeType;

use super::Refusal;
use super::refusal::{EXPIRED_OR_IN_ARREARS, INITIALIZING, LOCKED_FOR_SECURITY, WRONG_STATE};

/// How a stopped instance is stopped (LIFE-30).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum StoppedMode {
    /// It keeps its place and goes on costing.
    KeepCharging,
    /// It has given up vCPUs, memory and its public address (LIFE-35).
    StopCharging,
    /// It is not stopped.
    NotApplicable,
}

impl StoppedMode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            StoppedMode::KeepCharging => "KeepCharging",
            StoppedMode::StopCharging => "StopCharging",
            StoppedMode::NotApplicable => "Not-applicable",
        }
    }
}

/// Why an instance is locked (LIFE-40).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Lock {
    /// Expired or overdue: `financial`.
    Financial,
    /// For security: `security`.
    Security,
    /// A spot instance that is being reclaimed: `recycling`.
    Recycling,
    /// Its dedicated host is overdue or expired: `dedicatedhostfinancial` (DHST-4).
    HostFinancial,
}

/// An event that asks for a redeployment (RED-B4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Event {
    /// Maintenance that needs a reboot, or another server.
    Maintenance,
    /// The server has failed.
    Failure,
}

/// An instance as operations see it: a copy of what the world and its host know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Instance {
    /// Its state.
    pub state: State,
    /// How it is stopped.
    pub mode: StoppedMode,
    /// Why it is locked.
    pub lock: Option<Lock>,
    /// How it is paid.
    pub charge: ChargeType,
    /// End of its subscription.
    pub expires: Option<Utc>,
    /// A spot instance.
    pub spot: bool,
    /// In a VPC.
    pub vpc: bool,
    /// Comes with local disks.
    pub local_disks: bool,
    /// A stop wipes its local disks (i1; STO-B3).
    pub wiped_by_stop: bool,
    /// It has been running at least once.
    pub ever_ran: bool,
    /// Protected from deletion.
    pub protected: bool,
    /// When it is released by itself.
    pub auto_release: Option<Utc>,
    /// The dedicated host that it is on, or was on when it gave its place up.
    pub host: Option<u32>,
    /// Affinity to that host.
    pub affinity: Affinity,
    /// Its deployment set.
    pub set: Option<u32>,
    /// Account, by number.
    pub account: u32,
    /// Region, by number.
    pub region: u32,
    /// Zone, by number.
    pub zone: u32,
    /// Family of its type, by number.
    pub family: u32,
    /// Outbound public bandwidth in Mbit/s.
    pub bandwidth_out: u16,
    /// It has a public address.
    pub public_address: bool,
    /// What asks for a redeployment.
    pub event: Option<Event>,
    /// Data disks that it has, local ones not counted.
    pub data_disks: u32,
    /// The most that its type takes.
    pub max_data_disks: u32,
}

impl Instance {
    /// True for an instance that can stop without charges: VPC, pay-as-you-go or spot, no local disks (LIFE-33).
    pub fn stops_without_charges(&self) -> bool {
        self.vpc && self.charge == ChargeType::PostPaid && !self.local_disks
    }

    /// Under a lock for money, or past its end.
    pub fn overdue(&self, now: Utc) -> bool {
        matches!(self.lock, Some(Lock::Financial | Lock::HostFinancial))
            || self.expires.is_some_and(|end| end <= now)
    }

    /// What is asked first by every operation: no creation under way (LIFE-20, LIFE-21), no security lock (LIFE-41).
    pub(super) fn open(&self) -> Result<(), Refusal> {
        match self.state {
            State::Pending => Err(INITIALIZING),
            _ if self.lock == Some(Lock::Security) => Err(LOCKED_FOR_SECURITY),
            _ => Ok(()),
        }
    }

    /// Neither expired nor overdue (LIFE-43).
    pub(super) fn paid(&self, now: Utc) -> Result<(), Refusal> {
        if self.overdue(now) { Err(EXPIRED_OR_IN_ARREARS) } else { Ok(()) }
    }

    /// In one of these states (LIFE-20).
    pub(super) fn in_state(&self, states: &[State]) -> Result<(), Refusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(WRONG_STATE) }
    }

    /// A running pay-as-you-go instance in a VPC, for tests.
    #[cfg(test)]
    pub(crate) fn running() -> Instance {
        Instance {
            state: State::Running,
            mode: StoppedMode::NotApplicable,
            lock: None,
            charge: ChargeType::PostPaid,
            expires: None,
            spot: false,
            vpc: true,
            local_disks: false,
            wiped_by_stop: false,
            ever_ran: true,
            protected: false,
            auto_release: None,
            host: None,
            affinity: Affinity::Default,
            set: None,
            account: 0,
            region: 0,
            zone: 0,
            family: 0,
            bandwidth_out: 5,
            public_address: false,
            event: None,
            data_disks: 0,
            max_data_disks: 16,
        }
    }

    /// The same, stopped.
    #[cfg(test)]
    pub(crate) fn stopped(mode: StoppedMode) -> Instance {
        Instance { state: State::Stopped, mode, ..Instance::running() }
    }
}
