//! Ids of what a scenario does not name itself: the simulator builds them into its world, workloads put them into
//! requests.

/// Account of a scenario that lists none.
pub const DEFAULT_ACCOUNT: &str = "1000000001";

/// Image of a request that the workload names none for: Linux, 64 bits, 20 GiB, cloud-init.
pub const DEFAULT_IMAGE: &str = "centos_7_06_64_20G_alibase_20190711.vhd";

/// The VPC of an account in a region.
pub fn vpc_id(region: &str, account: &str) -> String {
    format!("vpc-{region}-{account}")
}

/// The vSwitch of an account in a zone.
pub fn vswitch_id(zone: &str, account: &str) -> String {
    format!("vsw-{zone}-{account}")
}

/// The security group of an account in a region (inside [`vpc_id`]).
pub fn security_group_id(region: &str, account: &str) -> String {
    format!("sg-{region}-{account}")
}

/// The cluster of a zone's hosts whose pool names none.
pub fn cluster_id(zone: &str) -> String {
    format!("c-{zone}")
}

/// A dedicated host, numbered from 1 in the order of the scenario.
pub fn dedicated_host_id(zone: &str, number: u32) -> String {
    format!("dh-{zone}-{number}")
}

/// Ids of the node controllers of a zone before their number; those of the pools are numbered from 1 in the order of
/// the scenario.
pub fn node_controller_prefix(zone: &str) -> String {
    format!("nc-{zone}-")
}
