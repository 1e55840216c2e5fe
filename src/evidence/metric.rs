//! Names of the metrics of time series; `docs/report.md` lists them with their units.

/// Requests that came in; split by zone.
pub const REQUESTS: &str = "requests";
/// Instances created; split by zone.
pub const CREATED: &str = "created";
/// Requests refused; split by error code.
pub const REJECTED: &str = "rejected";
/// Requests that found no room; split by zone and by the constraint that was missing ([`crate::placement::Reason`]).
pub const NO_ROOM: &str = "no_room";
/// Repeated calls that got their first answer again.
pub const REPEATED: &str = "repeated";
/// Instances that began to run.
pub const STARTED: &str = "started";
/// Instances released.
pub const RELEASED: &str = "released";
/// Instances that have a place; split by zone.
pub const INSTANCES: &str = "instances";
/// Share of the vCPUs that is placed, 0 to 1; split by zone, by class, and by both.
pub const VCPU_USED: &str = "vcpu_used";
/// Share of the memory that is placed; split as `vcpu_used`.
pub const MEMORY_USED: &str = "memory_used";
/// Share of the GPUs that is placed; split as `vcpu_used`.
pub const GPU_USED: &str = "gpu_used";
/// Share of the local disks that is placed; split by class and by zone and class.
pub const LOCAL_DISKS_USED: &str = "local_disks_used";
/// Free vCPUs on hosts that take instances; split by zone.
pub const VCPUS_FREE: &str = "vcpus_free";
/// Free memory on such hosts; split by zone.
pub const MEMORY_FREE: &str = "memory_gib_free";
/// Free vCPUs on hosts with instances and no room for any demand of the mix; split by zone and by class.
pub const VCPUS_STRANDED: &str = "vcpus_stranded";
/// Free memory on such hosts; split by zone and by class.
pub const MEMORY_STRANDED: &str = "memory_gib_stranded";
/// Hosts without an instance; split by zone.
pub const HOSTS_EMPTY: &str = "hosts_empty";
/// Hosts with instances and no room for any demand of the mix; split by zone.
pub const HOSTS_FULL: &str = "hosts_full";
/// Hosts that take no instances: draining or failed; split by zone.
pub const HOSTS_DOWN: &str = "hosts_down";
/// Hosts by fullness: detail 0 is empty, then tenths up to 10, by the fuller of vCPUs and memory.
pub const HOSTS_BY_FILL: &str = "hosts_by_fill";
/// What waits: detail `api`, `scheduler`, `node`; and `clones` under way.
pub const QUEUE: &str = "queue";
/// Calls without an answer yet.
pub const UNANSWERED: &str = "unanswered";
/// Room left in a limited disk pool in GiB; split by zone and category.
pub const DISK_FREE: &str = "disk_gib_free";
/// Request to answer: waits, over all outcomes.
pub const ANSWER: &str = "answer";
/// Request to running instance: waits.
pub const RUNNING: &str = "request to running";
/// Hosts that failed.
pub const HOSTS_FAILED: &str = "hosts_failed";
/// Instances that went down with their host, or were stopped for the work on it.
pub const WENT_DOWN: &str = "went_down";
/// Instances that moved to another host while they ran.
pub const MOVED: &str = "moved";
/// Instances that are down.
pub const DOWN: &str = "instances_down";
/// Instances that were stopped for money: their owner did not pay, or their subscription was over.
pub const LOCKED: &str = "locked";
/// Burstable instances that spent their last credit and run at their baseline from then on.
pub const THROTTLED: &str = "throttled";
/// Market price of a spot instance an hour; split by zone and instance type.
pub const SPOT_PRICE: &str = "spot_price";
/// Spot instances that were told to go; split by cause: `price`, `stock`, `headroom`.
pub const SPOT_INTERRUPTIONS: &str = "spot_interruptions";
/// Spot instances that live.
pub const SPOT_INSTANCES: &str = "spot_instances";
/// Money that was billed: the hour under way is not yet.
pub const BILLED: &str = "billed";
