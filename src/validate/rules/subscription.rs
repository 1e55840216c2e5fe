//! S8: charge type, and the length of a subscription. Values for weeks are decided here (O21).

use super::none_of;
use crate::api::Param;
use crate::validate::cx::Cx;

/// Months that Period may be (R130).
const MONTHS: [i64; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60];
/// Weeks that Period may be (R131).
const WEEKS: [i64; 4] = [1, 2, 3, 4];
/// Months that AutoRenewPeriod may be (R134).
const RENEW_MONTHS: [i64; 5] = [1, 2, 3, 6, 12];
/// Weeks that AutoRenewPeriod may be (R135).
const RENEW_WEEKS: [i64; 3] = [1, 2, 3];

/// R129.
pub(in crate::validate) fn charge_type(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::InstanceChargeType, &["PrePaid", "PostPaid"])
}

/// R132, R133.
pub(in crate::validate) fn period_unit(cx: &Cx<'_>) -> bool {
    cx.prepaid() && none_of(cx, Param::PeriodUnit, &["Week", "Month"])
}

/// O23.
pub(in crate::validate) fn period_missing(cx: &Cx<'_>) -> bool {
    cx.prepaid() && !cx.req.has(Param::Period)
}

/// The parameter is an integer of the list for the request's unit.
fn listed(cx: &Cx<'_>, param: Param, months: &[i64], weeks: &[i64]) -> bool {
    let list = if cx.req.is(Param::PeriodUnit, "Week") { weeks } else { months };
    cx.req.integer(param).is_some_and(|value| list.contains(&value))
}

/// R130, R131.
pub(in crate::validate) fn period(cx: &Cx<'_>) -> bool {
    cx.prepaid() && !listed(cx, Param::Period, &MONTHS, &WEEKS)
}

/// R134, R135, O22.
pub(in crate::validate) fn auto_renew_period(cx: &Cx<'_>) -> bool {
    cx.prepaid()
        && cx.req.flag(Param::AutoRenew)
        && !listed(cx, Param::AutoRenewPeriod, &RENEW_MONTHS, &RENEW_WEEKS)
}
