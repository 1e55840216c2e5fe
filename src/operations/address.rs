//! AllocatePublicIpAddress.

use crate::hypervisor::State;
use crate::model::Utc;

use super::refusal::{ALLOCATED_ALREADY, NO_BANDWIDTH, NO_PUBLIC_ADDRESS};
use super::{Instance, Refusal};

/// AllocatePublicIpAddress (APA-B1 to APA-B3, VPC-30 to VPC-32). `left`: public addresses that the region has left. The
/// address works after the next start or reboot.
///
/// # Errors
/// A state, a lock, an address that is there already, no bandwidth, no address left.
pub fn allocate(instance: &Instance, left: u64, now: Utc) -> Result<(), Refusal> {
    instance.open()?;
    instance.paid(now)?;
    instance.in_state(&[State::Running, State::Stopped])?;
    if instance.public_address {
        return Err(ALLOCATED_ALREADY);
    }
    if instance.bandwidth_out == 0 {
        return Err(NO_BANDWIDTH);
    }
    if left == 0 {
        return Err(NO_PUBLIC_ADDRESS);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::refusal::*;
    use super::super::{Lock, StoppedMode};
    use super::*;

    #[test]
    fn one_address_an_instance_and_only_with_bandwidth() {
        // APA-B1, APA-B2, APA-B3, APA-E002, APA-E004, APA-E006, APA-E011, APA-E012, APA-E014, VPC-31, VPC-32
        let now = Utc(0);
        let running = Instance::running();
        assert_eq!(allocate(&running, 1, now), Ok(()));
        assert_eq!(allocate(&Instance::stopped(StoppedMode::KeepCharging), 1, now), Ok(()));
        assert_eq!(allocate(&running, 0, now), Err(NO_PUBLIC_ADDRESS));
        let with = |change: fn(&mut Instance)| {
            let mut instance = running.clone();
            change(&mut instance);
            allocate(&instance, 9, now)
        };
        assert_eq!(with(|one| one.public_address = true), Err(ALLOCATED_ALREADY));
        assert_eq!(with(|one| one.bandwidth_out = 0), Err(NO_BANDWIDTH));
        assert_eq!(with(|one| one.state = State::Starting), Err(WRONG_STATE));
        assert_eq!(with(|one| one.lock = Some(Lock::Security)), Err(LOCKED_FOR_SECURITY));
        assert_eq!(with(|one| one.lock = Some(Lock::Financial)), Err(EXPIRED_OR_IN_ARREARS));
    }
}
