//! B1: can a subscription be paid? Amounts are exact: quarters of millionths.

use crate::validate::cx::Cx;

/// Price of the order after coupons (R137, O50).
fn price(cx: &Cx<'_>) -> i128 {
    let (Some(row), Some(period)) = (cx.row(), cx.period()) else { return 0 };
    period.price_quarters(row.price_month) - 4 * i128::from(cx.account.coupons)
}

/// R136.
pub(in crate::validate) fn pay_method(cx: &Cx<'_>) -> bool {
    cx.prepaid() && 4 * cx.account.funds() < price(cx)
}

/// R138.
pub(in crate::validate) fn frozen(cx: &Cx<'_>) -> bool {
    cx.prepaid() && 4 * (cx.account.funds() - i128::from(cx.account.frozen)) < price(cx)
}
