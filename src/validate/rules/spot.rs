//! S9 and O1: preemptible instances. On a dedicated host every spot parameter is ignored (R151).

use super::none_of;
use crate::api::{Param, forms};
use crate::validate::cx::{Cx, Net};

/// R141.
pub(in crate::validate) fn strategy(cx: &Cx<'_>) -> bool {
    !cx.on_host && none_of(cx, Param::SpotStrategy, &["NoSpot", "SpotWithPriceLimit", "SpotAsPriceGo"])
}

/// R142, O9.
pub(in crate::validate) fn prepaid(cx: &Cx<'_>) -> bool {
    cx.spot && cx.prepaid()
}

/// R143.
pub(in crate::validate) fn zone(cx: &Cx<'_>) -> bool {
    cx.spot && !cx.req.has(Param::ZoneId)
}

fn limited(cx: &Cx<'_>) -> bool {
    cx.spot && cx.req.is(Param::SpotStrategy, "SpotWithPriceLimit")
}

fn limit(cx: &Cx<'_>) -> Option<u64> {
    cx.text(Param::SpotPriceLimit).and_then(forms::price_milli)
}

/// R144, G12.
pub(in crate::validate) fn price_limit(cx: &Cx<'_>) -> bool {
    limited(cx) && limit(cx).is_none_or(|milli| milli == 0)
}

/// R147.
pub(in crate::validate) fn duration(cx: &Cx<'_>) -> bool {
    cx.spot
        && cx
            .text(Param::SpotDuration)
            .is_some_and(|text| forms::integer(text).is_none_or(|hours| !(0..=6).contains(&hours)))
}

/// R148.
pub(in crate::validate) fn interruption(cx: &Cx<'_>) -> Option<String> {
    let behavior = cx.text(Param::SpotInterruptionBehavior).filter(|_| cx.spot)?;
    (behavior != "Terminate")
        .then(|| format!("The specified SpotInterruptionBehavior \"{behavior}\" is not valid."))
}

/// R150.
pub(in crate::validate) fn uid(cx: &Cx<'_>) -> bool {
    cx.spot && !cx.account.spot_enabled
}

/// R150.
pub(in crate::validate) fn parameter(cx: &Cx<'_>) -> bool {
    let allowed = if limited(cx) { cx.account.spot_with_price_limit } else { cx.account.spot_as_price_go };
    cx.spot && (!allowed || cx.spot_duration() > i64::from(cx.account.spot_max_duration))
}

fn names_interruption(cx: &Cx<'_>) -> bool {
    cx.spot && cx.req.has(Param::SpotInterruptionBehavior)
}

/// R149.
pub(in crate::validate) fn classic(cx: &Cx<'_>) -> bool {
    names_interruption(cx) && cx.net == Net::Classic
}

/// R149.
pub(in crate::validate) fn local_disk(cx: &Cx<'_>) -> bool {
    names_interruption(cx)
        && (cx.row().is_some_and(|row| row.local_disks) || cx.categories.meets(cx.world.kinds.local))
}

/// R146: equal to the market's price is enough.
pub(in crate::validate) fn market_price(cx: &Cx<'_>) -> bool {
    let price =
        cx.fixed_zone.zip(cx.instance_type).and_then(|(zone, (at, _))| cx.world.spot_market.get(&(zone, at)));
    limited(cx)
        && price.is_some_and(|price| {
            limit(cx).is_some_and(|milli| u128::from(milli) * 1000 < u128::try_from(*price).unwrap_or(0))
        })
}
