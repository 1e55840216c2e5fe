//! N5 to N8: the classic network, network against options, public bandwidth, private addresses.

use super::catalog::carries_not;
use crate::api::{Param, forms};
use crate::validate::cx::{Cx, Net};
use crate::world::Holder;

pub(in crate::validate) fn classic(cx: &Cx<'_>) -> bool {
    cx.net == Net::Classic
}

/// R81.
pub(in crate::validate) fn classic_not_supported(cx: &Cx<'_>) -> Option<String> {
    if !classic(cx) {
        return None;
    }
    if cx.region.is_some_and(|(_, region)| !region.classic_supported) {
        let region = cx.text(Param::RegionId)?;
        return Some(format!("The classic network is not supported in region {region}."));
    }
    let name = cx.text(Param::InstanceType)?;
    cx.row()
        .is_some_and(|row| !row.classic)
        .then(|| format!("The classic network is not supported for instance type {name}."))
}

/// R85.
pub(in crate::validate) fn classic_ram_role(cx: &Cx<'_>) -> bool {
    classic(cx) && cx.req.has(Param::RamRoleName)
}

/// R83.
pub(in crate::validate) fn vlan(cx: &Cx<'_>) -> bool {
    classic(cx)
        && cx.text(Param::VlanId).is_some_and(|id| {
            let vlan = cx.world.vlans.entry(id).map(|(_, vlan)| vlan);
            vlan.is_none_or(|vlan| Some(vlan.region) != cx.region_ix() || vlan.free_ips == 0)
        })
}

/// R82.
pub(in crate::validate) fn inner_ip(cx: &Cx<'_>) -> bool {
    let address = cx.text(Param::InnerIpAddress).and_then(forms::ipv4);
    classic(cx)
        && address
            .zip(cx.region)
            .is_some_and(|(address, (_, region))| region.classic.holder(address) != Some(Holder::Free))
}

pub(in crate::validate) fn vpc_io(cx: &Cx<'_>) -> bool {
    cx.optimized && cx.vpc.is_some_and(|(_, vpc)| !vpc.io_optimized)
}

/// R173.
pub(in crate::validate) fn user_data(cx: &Cx<'_>) -> bool {
    cx.req.has(Param::UserData)
        && (classic(cx) || !cx.optimized || cx.row().is_some_and(|row| !row.user_data))
}

/// The zone that the vSwitch, also one still to be made, implies.
pub(in crate::validate) fn zone_type(cx: &Cx<'_>) -> bool {
    cx.in_vpc() && carries_not(cx, cx.fixed_zone)
}

/// The instance is in a VPC of a region that gives such instances no public bandwidth (R93).
fn no_public_bandwidth(cx: &Cx<'_>) -> bool {
    cx.in_vpc() && cx.region.is_some_and(|(_, region)| !region.vpc_public_bandwidth)
}

fn bandwidth_out(cx: &Cx<'_>) -> i64 {
    cx.req.integer(Param::InternetMaxBandwidthOut).unwrap_or(0)
}

/// R93.
pub(in crate::validate) fn vpc_bandwidth(cx: &Cx<'_>) -> bool {
    no_public_bandwidth(cx) && (cx.req.has(Param::InternetMaxBandwidthIn) || bandwidth_out(cx) > 0)
}

/// R93.
pub(in crate::validate) fn vpc_charge_type(cx: &Cx<'_>) -> bool {
    no_public_bandwidth(cx) && cx.req.has(Param::InternetChargeType)
}

/// R92.
pub(in crate::validate) fn charge_type_region(cx: &Cx<'_>) -> Option<String> {
    let (method, id) = (cx.text(Param::InternetChargeType)?, cx.text(Param::RegionId)?);
    let offered = cx.region.is_some_and(|(_, region)| match method {
        "PayByTraffic" => region.pay_by_traffic,
        _ => region.pay_by_bandwidth,
    });
    (!offered).then(|| format!("The specified InternetChargeType {method} is not supported in region {id}."))
}

/// R91.
pub(in crate::validate) fn type_cap(cx: &Cx<'_>) -> bool {
    cx.row().is_some_and(|row| bandwidth_out(cx) > i64::from(row.max_bandwidth_out))
}

/// R91.
pub(in crate::validate) fn account_cap(cx: &Cx<'_>) -> Option<String> {
    let (out, cap) = (bandwidth_out(cx), cx.account.max_bandwidth_out);
    (out > i64::from(cap)).then(|| {
        format!(
            "The specified InternetMaxBandwidthOut {out} exceeds the maximum bandwidth {cap} of this account."
        )
    })
}

/// Who holds the named private address: none without one, or without a vSwitch.
fn named_address(cx: &Cx<'_>) -> Option<Option<Holder>> {
    let address = cx.text(Param::PrivateIpAddress).and_then(forms::ipv4)?;
    let (_, vswitch) = cx.vswitch?;
    Some(vswitch.pool.holder(address))
}

/// R73.
pub(in crate::validate) fn address_outside(cx: &Cx<'_>) -> bool {
    named_address(cx) == Some(None)
}

/// R74.
pub(in crate::validate) fn address_reserved(cx: &Cx<'_>) -> Option<String> {
    let address = cx.text(Param::PrivateIpAddress)?;
    (named_address(cx) == Some(Some(Holder::System)))
        .then(|| format!("The specified private IP address {address} is reserved by the system."))
}

/// R75.
pub(in crate::validate) fn address_of_other(cx: &Cx<'_>) -> bool {
    named_address(cx) == Some(Some(Holder::Other))
}

/// R75.
pub(in crate::validate) fn address_of_instance(cx: &Cx<'_>) -> bool {
    named_address(cx) == Some(Some(Holder::Instance))
}

/// R181.
pub(in crate::validate) fn exhausted(cx: &Cx<'_>) -> bool {
    !cx.req.has(Param::PrivateIpAddress) && cx.vswitch.is_some_and(|(_, vswitch)| vswitch.pool.free() == 0)
}

/// Whether any check of N6 fires: one call for the many requests of which none does.
pub(in crate::validate) fn options_refused(cx: &Cx<'_>) -> bool {
    vpc_io(cx) || user_data(cx) || zone_type(cx)
}

/// Whether any check of N8 fires: one call for the many requests of which none does.
pub(in crate::validate) fn address_refused(cx: &Cx<'_>) -> bool {
    address_outside(cx)
        || address_reserved(cx).is_some()
        || address_of_other(cx)
        || address_of_instance(cx)
        || exhausted(cx)
}
