//! ModifyInstanceAutoReleaseTime, and the same time of a dedicated host.

use crate::hypervisor::State;
use crate::model::Utc;
use crate::world::{ChargeType, parse_utc};

use super::refusal::{BAD_RELEASE_TIME, CHARGE_TYPE_VIOLATION, INITIALIZING};
use super::{Instance, Params, Refusal};

/// Least distance of a release time: half an hour (LIFE-73).
const LEAST: i64 = 30 * 60;
/// Largest distance of a release time: three years of 365 days (LIFE-73).
const MOST: i64 = 3 * 365 * 86_400;

/// Reads AutoReleaseTime: UTC, seconds dropped, half an hour to three years ahead (LIFE-73, DHST-8).
///
/// # Errors
/// Another form, or a time outside these bounds.
pub fn read(text: &str, now: Utc) -> Result<Utc, Refusal> {
    let form = text.len() == "2019-09-02T00:00:00Z".len() && text.ends_with('Z');
    let given = parse_utc(text).filter(|_| form).ok_or(BAD_RELEASE_TIME)?;
    let at = Utc(given.0 - given.0.rem_euclid(60));
    if (now.0 + LEAST..=now.0 + MOST).contains(&at.0) { Ok(at) } else { Err(BAD_RELEASE_TIME) }
}

/// ModifyInstanceAutoReleaseTime (MAR-B1, MAR-B2): the new time; none cancels.
///
/// # Errors
/// An instance that is not pay-as-you-go, or a bad time.
pub fn modify(params: &Params, instance: &Instance, now: Utc) -> Result<Option<Utc>, Refusal> {
    if instance.state == State::Pending {
        return Err(INITIALIZING);
    }
    if instance.charge != ChargeType::PostPaid {
        return Err(CHARGE_TYPE_VIOLATION);
    }
    params.get("AutoReleaseTime").map(|text| read(text, now)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Utc = Utc(1_567_382_400); // 2019-09-02T00:00:00Z

    #[test]
    fn a_release_time_lies_half_an_hour_to_three_years_ahead() {
        // NAME-61, LIFE-73, MAR-P03, MAR-E005, DHST-8
        assert_eq!(read("2019-09-02T00:30:59Z", NOW), Ok(Utc(NOW.0 + 1800)), "seconds are dropped");
        assert_eq!(read("2019-09-02T00:29:59Z", NOW), Err(BAD_RELEASE_TIME));
        assert_eq!(read("2022-09-01T00:00:00Z", NOW), Ok(Utc(NOW.0 + MOST)), "2020 has a leap day");
        assert_eq!(read("2022-09-01T00:01:00Z", NOW), Err(BAD_RELEASE_TIME));
        assert_eq!(read("2019-09-02T02:00Z", NOW), Err(BAD_RELEASE_TIME));
        assert_eq!(read("2019-09-02T02:00:00+01", NOW), Err(BAD_RELEASE_TIME));
    }

    #[test]
    fn a_new_time_replaces_and_an_absent_one_cancels() {
        // LIFE-73, MAR-B1, MAR-B2, MAR-E003
        let time = Params::of(&[("AutoReleaseTime", "2019-09-03T00:00:00Z")]);
        let instance = Instance { auto_release: Some(Utc(NOW.0 + 9_000)), ..Instance::running() };
        assert_eq!(modify(&time, &instance, NOW), Ok(Some(Utc(NOW.0 + 86_400))));
        assert_eq!(modify(&Params::default(), &instance, NOW), Ok(None));
        let prepaid = Instance { charge: ChargeType::PrePaid, ..instance };
        assert_eq!(modify(&time, &prepaid, NOW), Err(CHARGE_TYPE_VIOLATION));
    }
}
