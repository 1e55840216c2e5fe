//! N1 to N4: security group, vSwitch and VPC, named or default.

use crate::api::Param;
use crate::validate::cx::{Cx, Net};
use crate::world::{SecurityGroup, VSwitch};

/// The named group exists and this holds of it.
fn of_group(cx: &Cx<'_>, holds: impl Fn(&SecurityGroup) -> bool) -> bool {
    cx.group.is_some_and(|(_, group)| holds(group))
}

/// The vSwitch exists and this holds of it.
fn of_vswitch(cx: &Cx<'_>, holds: impl Fn(&VSwitch) -> bool) -> bool {
    cx.vswitch.is_some_and(|(_, vswitch)| holds(vswitch))
}

pub(in crate::validate) fn names_group(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::SecurityGroupId)
}

/// O4.
pub(in crate::validate) fn group_unknown(cx: &Cx<'_>) -> bool {
    names_group(cx) && cx.group.is_none()
}

/// O4.
pub(in crate::validate) fn group_not_here(cx: &Cx<'_>) -> Option<String> {
    let (id, region) = (cx.text(Param::SecurityGroupId)?, cx.text(Param::RegionId)?);
    of_group(cx, |group| Some(group.region) != cx.region_ix() || group.owner != cx.account_ix.0).then(|| {
        format!("The specified security group {id} does not exist in region {region} under this account.")
    })
}

pub(in crate::validate) fn names_no_vswitch(cx: &Cx<'_>) -> bool {
    !names_vswitch(cx)
}

/// R71, R72, O24.
pub(in crate::validate) fn vswitch_missing(cx: &Cx<'_>) -> bool {
    names_no_vswitch(cx)
        && (cx.req.has(Param::PrivateIpAddress)
            || (cx.net == Net::Classic && of_group(cx, |group| group.vpc.is_some())))
}

pub(in crate::validate) fn names_vswitch(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::VSwitchId)
}

pub(in crate::validate) fn no_vpc_here(cx: &Cx<'_>) -> bool {
    let region_lacks = cx.region.is_some_and(|(_, region)| !region.vpc_supported);
    let zone_lacks = || {
        of_vswitch(cx, |vswitch| {
            Some(vswitch.region) == cx.region_ix()
                && cx.world.zones.get(vswitch.zone).is_some_and(|zone| !zone.vpc_supported)
        })
    };
    names_vswitch(cx) && (region_lacks || zone_lacks())
}

/// O3.
pub(in crate::validate) fn vswitch_unknown(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && cx.vswitch.is_none()
}

/// O3.
pub(in crate::validate) fn vswitch_other_region(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && of_vswitch(cx, |vswitch| Some(vswitch.region) != cx.region_ix())
}

pub(in crate::validate) fn vpc_missing(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && cx.vpc.is_none_or(|(_, vpc)| vpc.owner != cx.account_ix.0)
}

pub(in crate::validate) fn vpc_status(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && cx.vpc.is_some_and(|(_, vpc)| !vpc.available)
}

pub(in crate::validate) fn vswitch_status(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && of_vswitch(cx, |vswitch| !vswitch.available)
}

/// R77.
pub(in crate::validate) fn vswitch_zone(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && cx.named_zone.is_some_and(|named| of_vswitch(cx, |vswitch| vswitch.zone != named))
}

/// Closed for VPC instances or, when ZoneId does not name it, closed at all.
pub(in crate::validate) fn zone_closed(cx: &Cx<'_>) -> bool {
    names_vswitch(cx)
        && of_vswitch(cx, |vswitch| {
            cx.world.zones.get(vswitch.zone).is_some_and(|zone| !zone.vpc_create_available)
                || (!cx.req.has(Param::ZoneId) && !cx.world.zone_usable(vswitch.zone, cx.account))
        })
}

/// R76, O25.
pub(in crate::validate) fn group_other_vpc(cx: &Cx<'_>) -> bool {
    names_vswitch(cx)
        && of_group(cx, |group| group.vpc.is_some_and(|vpc| of_vswitch(cx, |vswitch| vswitch.vpc != vpc)))
}

/// R76, O25.
pub(in crate::validate) fn group_classic(cx: &Cx<'_>) -> bool {
    names_vswitch(cx) && of_group(cx, |group| group.vpc.is_none())
}

pub(in crate::validate) fn default_vpc(cx: &Cx<'_>) -> bool {
    matches!(cx.net, Net::Default(_))
}

/// R88.
pub(in crate::validate) fn default_vpc_status(cx: &Cx<'_>) -> bool {
    default_vpc(cx) && cx.vpc.is_some_and(|(_, vpc)| !vpc.available)
}

/// R71. A default VPC that is still to be made has no group at all.
pub(in crate::validate) fn group_not_in_default_vpc(cx: &Cx<'_>) -> Option<String> {
    let id = cx.text(Param::SecurityGroupId)?;
    let default = cx.region.and_then(|(_, region)| region.default_vpc);
    (default_vpc(cx) && of_group(cx, |group| group.vpc.is_none() || group.vpc != default))
        .then(|| format!("The specified security group {id} is not in the default VPC."))
}

/// Default vSwitches of the zone in which one would have to be made.
pub(in crate::validate) fn default_vswitch_exists(cx: &Cx<'_>) -> bool {
    cx.makes_vswitch()
        && cx.region.zip(cx.fixed_zone).is_some_and(|((_, region), zone)| {
            let of_zone = |at: &u32| cx.world.vswitches.get(*at).is_some_and(|vswitch| vswitch.zone == zone);
            region.default_vswitches.iter().any(of_zone)
        })
}

pub(in crate::validate) fn default_vswitch_zone(cx: &Cx<'_>) -> bool {
    cx.makes_vswitch()
        && cx
            .fixed_zone
            .and_then(|zone| cx.world.zones.get(zone))
            .is_some_and(|zone| !zone.default_vswitch_supported)
}

/// A vSwitch as large as its VPC must be the only one (VPC-13).
pub(in crate::validate) fn default_vpc_full(cx: &Cx<'_>) -> bool {
    cx.makes_vswitch()
        && cx.vpc.is_some_and(|(_, vpc)| {
            let mut blocks = vpc.vswitches.iter().filter_map(|at| cx.world.vswitches.get(*at));
            blocks.any(|vswitch| vswitch.pool.cidr() == vpc.cidr)
        })
}

/// Whether any check of N1 fires: one call for the many requests of which none does.
pub(in crate::validate) fn group_refused(cx: &Cx<'_>) -> bool {
    group_unknown(cx) || group_not_here(cx).is_some()
}

/// Whether any check of N3 fires: one call for the many requests of which none does.
pub(in crate::validate) fn vswitch_refused(cx: &Cx<'_>) -> bool {
    no_vpc_here(cx)
        || vswitch_unknown(cx)
        || vswitch_other_region(cx)
        || vpc_missing(cx)
        || vpc_status(cx)
        || vswitch_status(cx)
        || vswitch_zone(cx)
        || zone_closed(cx)
        || group_other_vpc(cx)
        || group_classic(cx)
}
