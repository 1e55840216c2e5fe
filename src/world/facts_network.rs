//! Facts of networks and security groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::facts::Quota;

/// The classic network of a region.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct ClassicFacts {
    /// Its range.
    pub cidr: String,
    /// Addresses in use.
    pub used_ips: Vec<String>,
}

impl Default for ClassicFacts {
    fn default() -> ClassicFacts {
        ClassicFacts { cidr: "10.0.0.0/16".to_owned(), used_ips: Vec::new() }
    }
}

/// A VPC.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct VpcFacts {
    /// Region.
    pub region: String,
    /// Account it belongs to.
    pub owner: String,
    /// `Available`, or anything else.
    pub status: String,
    /// Its block.
    pub cidr: String,
    /// Takes I/O optimized instances.
    pub io_optimized: bool,
    /// Living instances.
    pub instances: Quota,
}

impl Default for VpcFacts {
    fn default() -> VpcFacts {
        VpcFacts {
            region: String::new(),
            owner: String::new(),
            status: "Available".to_owned(),
            cidr: "172.16.0.0/12".to_owned(),
            io_optimized: true,
            instances: Quota::default(),
        }
    }
}

/// A vSwitch.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct VSwitchFacts {
    /// VPC it is part of.
    pub vpc: String,
    /// Region.
    pub region: String,
    /// Zone.
    pub zone: String,
    /// Its block.
    pub cidr: String,
    /// `Available`, or anything else.
    pub status: String,
    /// The default vSwitch of its zone.
    pub is_default: bool,
    /// Addresses in use, with the kind of their holder (`instance`, `slb` ...).
    pub used_ips: BTreeMap<String, String>,
    /// Addresses left; counted from the block and `used_ips` when left out.
    pub free_ips: Option<u32>,
    /// Of those, spoken for by creations in flight.
    pub reserved_in_flight: u32,
}

impl Default for VSwitchFacts {
    fn default() -> VSwitchFacts {
        VSwitchFacts {
            vpc: String::new(),
            region: String::new(),
            zone: String::new(),
            cidr: "172.16.0.0/16".to_owned(),
            status: "Available".to_owned(),
            is_default: false,
            used_ips: BTreeMap::new(),
            free_ips: None,
            reserved_in_flight: 0,
        }
    }
}

/// A security group.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default)]
pub struct SecurityGroupFacts {
    /// Region.
    pub region: String,
    /// VPC; none: of the classic network.
    pub vpc: Option<String>,
    /// Account it belongs to.
    pub owner: String,
    /// Instances in it.
    pub instances: u64,
    /// The most; none is unlimited.
    pub limit: Option<u64>,
}

impl Default for SecurityGroupFacts {
    /// 1,000 instances at most (R79).
    fn default() -> SecurityGroupFacts {
        SecurityGroupFacts {
            region: String::new(),
            vpc: None,
            owner: String::new(),
            instances: 0,
            limit: Some(1000),
        }
    }
}

/// A VLAN of the classic network.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct VlanFacts {
    /// Region.
    pub region: String,
    /// Addresses left.
    pub free_ips: u32,
}
