//! S1, S3, S4: identity texts, bandwidth and addresses.

use super::{malformed, none_of};
use crate::api::{Param, forms};
use crate::validate::cx::Cx;

pub(in crate::validate) const IDENTITY: &[Param] =
    &[Param::InstanceType, Param::InstanceName, Param::Description, Param::HostName];

/// R44.
pub(in crate::validate) fn type_format(cx: &Cx<'_>) -> Option<String> {
    let name = cx.text(Param::InstanceType)?;
    (!forms::instance_type(name)).then(|| format!("The specified InstanceType \"{name}\" is malformed."))
}

/// R27, R28.
pub(in crate::validate) fn name(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::InstanceName, forms::name)
}

/// R30.
pub(in crate::validate) fn description(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::Description, forms::description)
}

/// R31, R32.
pub(in crate::validate) fn host_name(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::HostName, forms::host_name)
}

pub(in crate::validate) const BANDWIDTH: &[Param] =
    &[Param::InternetChargeType, Param::InternetMaxBandwidthOut, Param::InternetMaxBandwidthIn];

/// R92.
pub(in crate::validate) fn internet_charge_type(cx: &Cx<'_>) -> bool {
    none_of(cx, Param::InternetChargeType, &["PayByTraffic", "PayByBandwidth"])
}

/// R90.
pub(in crate::validate) fn bandwidth_out(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::InternetMaxBandwidthOut, |text| {
        forms::integer(text).is_some_and(|value| (0..=100).contains(&value))
    })
}

/// R89.
pub(in crate::validate) fn bandwidth_in(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::InternetMaxBandwidthIn, |text| {
        forms::integer(text).is_some_and(|value| (1..=200).contains(&value))
    })
}

pub(in crate::validate) const ADDRESSES: &[Param] =
    &[Param::NodeControllerId, Param::InnerIpAddress, Param::PrivateIpAddress];

/// R69.
pub(in crate::validate) fn node_controller(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::NodeControllerId, forms::node_controller)
}

/// R82.
pub(in crate::validate) fn inner_ip(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::InnerIpAddress, |text| forms::ipv4(text).is_some())
}

/// R73.
pub(in crate::validate) fn private_ip(cx: &Cx<'_>) -> bool {
    malformed(cx, Param::PrivateIpAddress, |text| forms::ipv4(text).is_some())
}
