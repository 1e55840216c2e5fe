//! The answers of operations that are refused: status and code of the operations' own error tables.
//!
//! The codes are those of 2019 where a table of that year has one, else those of 2021. The documents give a meaning
//! and no wording for most of them; the messages are this project's.

/// A refused operation. It changed nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// Code.
    pub code: &'static str,
    /// What is wrong, in a sentence.
    pub message: &'static str,
}

const fn refusal(status: u16, code: &'static str, message: &'static str) -> Refusal {
    Refusal { status, code, message }
}

/// No such instance, or not any more (LIFE-75, STA-E007, STO-E005, REB-E004, DEL-E011, MID-E005).
pub const UNKNOWN_INSTANCE: Refusal =
    refusal(404, "InvalidInstanceId.NotFound", "There is no instance of this id.");
/// No such instance, as ModifyInstanceAutoReleaseTime says it (MAR-E004).
pub const NO_SUCH_RESOURCE: Refusal = refusal(404, "NoSuchResource", "There is no instance of this id.");
/// The state does not allow the call (LIFE-20).
pub const WRONG_STATE: Refusal =
    refusal(403, "IncorrectInstanceStatus", "The instance is in a state that does not allow this call.");
/// The instance is still being created (LIFE-20, DEL-E005).
pub const INITIALIZING: Refusal =
    refusal(403, "IncorrectInstanceStatus.Initializing", "The instance is still being created.");
/// A security lock (LIFE-41).
pub const LOCKED_FOR_SECURITY: Refusal =
    refusal(403, "InstanceLockedForSecurity", "The instance is locked for security.");
/// Expired or overdue (LIFE-43).
pub const EXPIRED_OR_IN_ARREARS: Refusal =
    refusal(403, "InstanceExpiredOrInArrears", "The instance has expired or its account is in arrears.");
/// Expired or overdue, as StartInstance says it (LIFE-43, STA-B4, STA-E003).
pub const EXPIRED: Refusal = refusal(403, "InstanceExpired", "The instance has expired or is overdue.");
/// A parameter that the documents require is missing (DISK-60, MAR-E001).
pub const MISSING_PARAMETER: Refusal =
    refusal(400, "MissingParameter", "A parameter that the call needs is missing.");
/// The Period of a subscription is missing, spelled so (DHST-34, ADH-E005).
pub const MISSING_PERIOD: Refusal =
    refusal(400, "MissingParamter", "A subscription needs the parameter Period.");
/// A dry run that would pass (STA-P04, STO-P06, REB-P04).
pub const DRY_RUN: Refusal =
    refusal(400, "DryRunOperation", "The call would succeed; nothing was done, as it is a dry run.");
/// A client token in a bad form (IDEM-7).
pub const BAD_TOKEN: Refusal =
    refusal(400, "InvalidClientToken.ValueNotSupported", "ClientToken is at most 64 ASCII characters.");
/// A client token that came with other parameters before (IDEM-4).
pub const TOKEN_MISMATCH: Refusal =
    refusal(400, "IdempotentParameterMismatch", "The token came with other parameters before.");
/// The same, as CreateSnapshot says it (IDEM-13).
pub const SNAPSHOT_TOKEN_MISMATCH: Refusal =
    refusal(403, "IdempotentParameterMismatch", "The token came with other parameters before.");
/// Amount of RunInstances (QUO-4, RUN-E082).
pub const BAD_AMOUNT: Refusal = refusal(400, "InvalidMaxAmount.Malformed", "Amount is 1 to 100.");
/// MinAmount of RunInstances (RUN-E081).
pub const BAD_LEAST_AMOUNT: Refusal =
    refusal(400, "InvalidMinAmount.Malformed", "MinAmount is 1 to 100 and not above Amount.");
/// One private address for several instances (VPC-25, RUN-E202).
pub const AMOUNT_CONFLICT: Refusal =
    refusal(403, "InvalidParam.Amount", "PrivateIpAddress goes with one instance only.");
/// InstanceName of RunInstances (NAME-1, RUN-E035).
pub const BAD_INSTANCE_NAME: Refusal =
    refusal(400, "InvalidInstanceName.Malformed", "InstanceName breaks its form.");
/// A name that is too long with its digits (NAME-35, RUN-E009).
pub const NAME_TOO_LONG: Refusal =
    refusal(403, "InvalidParams.InstanceNameExceed", "InstanceName is too long with its digits.");
/// A host name that is too long with its digits (NAME-35, RUN-E010).
pub const HOST_NAME_TOO_LONG: Refusal =
    refusal(403, "InvalidParams.HostnameExceed", "HostName is too long with its digits.");
/// A value that the parameter does not take.
pub const INVALID_PARAMETER: Refusal =
    refusal(400, "InvalidParameter", "A parameter has a value that it does not take.");
/// Parameters of ModifyInstanceDeployment that do not go together (MID-B1, MID-E015).
pub const INVALID_PARAM: Refusal =
    refusal(400, "InvalidParameter.Param", "The parameters of the call do not go together.");
/// StoppedMode for an instance outside the feature (LIFE-34, STO-B4, STO-E004).
pub const STOPPED_MODE_NOT_SUPPORTED: Refusal = refusal(
    403,
    "InvalidInstanceId.NotSupport",
    "The instance does not take part in stopping without charges.",
);
/// A stop of i1 that does not confirm the loss of its local disks (STO-B3, STO-E002).
pub const UNCONFIRMED_STOP: Refusal = refusal(
    403,
    "InstanceType.ParameterMismatch",
    "A stop wipes the local disks of this instance type and needs ConfirmStop.",
);
/// How the instance is paid does not allow the call (LIFE-57, LIFE-73, DEL-E002, MAR-E003).
pub const CHARGE_TYPE_VIOLATION: Refusal =
    refusal(403, "ChargeTypeViolation", "How the instance is paid does not allow this call.");
/// Protected from deletion (LIFE-74, DEL-B6, DEL-E006).
pub const DELETION_PROTECTION: Refusal =
    refusal(403, "InvalidOperation.DeletionProtection", "The instance is protected from deletion.");
/// A release time in a wrong form or outside half an hour to three years (LIFE-73, MAR-E005, DHST-8).
pub const BAD_RELEASE_TIME: Refusal = refusal(
    400,
    "InvalidAutoReleaseTime.Malformed",
    "AutoReleaseTime is a UTC time from 30 minutes to 3 years ahead.",
);
/// The bid of a spot instance lies below the market price at its start (SPOT-44, STA-E013).
pub const PRICE_ABOVE_BID: Refusal = refusal(
    403,
    "OperationDenied.SpotPriceLowerThanPublicPrice",
    "The price limit of the instance is lower than the market price.",
);
/// Nothing in stock for a start (LIFE-36, STA-B3, STA-E012).
pub const NO_STOCK: Refusal = refusal(403, "OperationDenied.NoStock", "The resource is out of stock.");
/// No event asks for a redeployment (RED-B4, RED-E007), or the instance is on a dedicated host (RED-B3).
pub const NO_REDEPLOY: Refusal = refusal(
    403,
    "InvalidOperation.RedeployInstance",
    "The instance has no pending event that allows a redeployment.",
);

/// The instance has a public address (VPC-31, APA-E004).
pub const ALLOCATED_ALREADY: Refusal =
    refusal(403, "AllocatedAlready", "The instance has a public address already.");
/// No outbound bandwidth (APA-B3, APA-E006).
pub const NO_BANDWIDTH: Refusal = refusal(
    400,
    "AllocateIpInvalidInstanceBandwidth",
    "The outbound bandwidth of the instance does not allow a public address.",
);
/// The region has no public address left (APA-E014).
pub const NO_PUBLIC_ADDRESS: Refusal =
    refusal(400, "InsufficientPublicIp", "The region has no public address left.");

/// No such dedicated host, or another account's (RDH-E003, MID-E006, MDH-E004).
pub const UNKNOWN_HOST: Refusal =
    refusal(404, "InvalidDedicatedHostId.NotFound", "There is no dedicated host of this id.");
/// Another account's dedicated host (DHST-7, RDH-E002).
pub const NOT_YOUR_HOST: Refusal =
    refusal(403, "OperationDenied.NotAuthorized", "The dedicated host belongs to another account.");
/// Instances are on the host (DHST-7, RDH-E001).
pub const HOST_IN_USE: Refusal = refusal(400, "InstanceExist", "Instances are on the dedicated host.");
/// A subscription host cannot be released (DHST-7, RDH-E006).
pub const PREPAID_HOST: Refusal =
    refusal(400, "ChargeTypeViolation", "A dedicated host that is paid by subscription cannot be released.");
/// The host is still starting (DHST-7, RDH-E007).
pub const HOST_INITIALIZING: Refusal =
    refusal(400, "IncorrectHostStatus.Initializing", "The dedicated host is still starting.");
/// The target host is not in service, or overdue (DHST-3, MID-E013).
pub const HOST_STATUS: Refusal = refusal(
    400,
    "InvalidDedicatedHostStatus.NotSupport",
    "The dedicated host is not in a state that takes instances.",
);
/// Source and target lie in different zones (DHST-6).
pub const OTHER_ZONE: Refusal =
    refusal(403, "ResourcesNotInSameZone", "The resources are not in the same zone.");
/// The target is the host that the instance is on (DHST-46, MID-B5, MID-E017).
pub const SAME_HOST: Refusal =
    refusal(400, "InvalidParam.DedicatedHostId", "The instance is on this dedicated host already.");
/// Tenancy has a bad value (DHST-11, MID-E016).
pub const BAD_TENANCY: Refusal = refusal(400, "InvalidParam.Tenancy", "Tenancy does not take this value.");
/// Not an instance of a VPC (DHST-18, MID-E010).
pub const NOT_IN_VPC: Refusal =
    refusal(404, "InvalidInstanceNetworkType.NotSupport", "Dedicated hosts take instances of a VPC only.");
/// The target does not take how the instance is paid (DHST-44, MID-B3, MID-E011).
pub const HOST_CHARGE_TYPE: Refusal = refusal(
    404,
    "InvalidInstanceChargeType.NotSupport",
    "The target does not take how the instance is paid.",
);
/// The target host's type does not take the instance's (DHST-17, MID-E012).
pub const HOST_FAMILY: Refusal =
    refusal(404, "InvalidInstanceType.NotSupport", "The dedicated host does not take this instance type.");
/// The instance would outlive the host; the documents spell it so (DHST-33, MID-E009).
pub const OUTLIVES_HOST: Refusal =
    refusal(400, "InvalidPeriod.ExceededDedidactedHost", "The instance would outlive the dedicated host.");
/// Only a stopped instance moves to a host (DHST-46, MID-B2, MID-E008).
pub const UNSTOPPED: Refusal =
    refusal(400, "OperationDenied.UnstoppedInstance", "The instance must be stopped first.");
/// The named host lacks room (DHST-13, MID-E007).
pub const LACK_RESOURCE: Refusal =
    refusal(400, "LackResource", "The dedicated host does not have enough room.");
/// Automatic placement found no host (DHST-13, MID-E019).
pub const NO_HOST_FOUND: Refusal =
    refusal(404, "InvalidDedicatedHost.NotFound", "No dedicated host can take the instance.");

/// ChargeType of a host (ADH-E002).
pub const BAD_CHARGE_TYPE: Refusal =
    refusal(400, "InvalidChargeType.ValueNotSupported", "ChargeType is PrePaid or PostPaid.");
/// Name of a dedicated host (DHST-54, ADH-E003).
pub const BAD_HOST_NAME: Refusal =
    refusal(400, "InvalidDedicatedHostName.Malformed", "DedicatedHostName breaks its form.");
/// A description (ADH-E004, CDS-E002).
pub const BAD_DESCRIPTION: Refusal =
    refusal(400, "InvalidDescription.Malformed", "Description breaks its form.");
/// The type of a dedicated host is unknown (ADH-E030).
pub const BAD_HOST_TYPE: Refusal = refusal(
    400,
    "InvalidDedicatedHostType.ValueNotSupported",
    "There is no dedicated-host type of this name.",
);
/// The zone has no such hosts at all (ADH-E027).
pub const ZONE_WITHOUT_HOST_TYPE: Refusal =
    refusal(403, "InvalidDedicatedHostType.ZoneNotSupported", "The zone has no hosts of this type.");
/// The zone is no longer sold (DHST-53, ADH-E009).
pub const ZONE_NOT_ON_SALE: Refusal = refusal(400, "Zone.NotOnSale", "The zone is no longer sold.");
/// The zone is not open to the account (DHST-53, ADH-E012).
pub const ZONE_NOT_OPEN: Refusal = refusal(403, "Zone.NotOpen", "The zone is not open to the account.");
/// The account owes money (ADH-E001).
pub const ARREARAGE: Refusal = refusal(400, "Account.Arrearage", "The account is in arrears.");
/// The account cannot pay a subscription of hosts: the sheets name no code, so it is that of an instance (R136).
pub const NOT_ENOUGH_BALANCE: Refusal = refusal(
    403,
    "InvalidAccountStatus.NotEnoughBalance",
    "The account has too little money for the subscription.",
);
/// Too few hosts are left (DHST-53, ADH-E007).
pub const NO_HOST_STOCK: Refusal =
    refusal(400, "OperationDenied.NoStock", "The dedicated-host type is out of stock.");
/// Too many pay-as-you-go hosts (DHST-51, ADH-E008).
pub const HOST_QUOTA: Refusal = refusal(
    400,
    "QuotaExceed.AfterpayDedicatedHost",
    "The account has as many pay-as-you-go dedicated hosts as it may.",
);
/// The region is not open to the account (ADH-E011).
pub const REGION_DENIED: Refusal =
    refusal(403, "RegionUnauthorized", "The region is not open to the account.");
/// Sales of the region are suspended (ADH-E006).
pub const SALES_SUSPENDED: Refusal =
    refusal(400, "OperationDenied", "Nothing is sold in the region at the moment.");
/// The account has no way to pay (ADH-E021).
pub const NO_PAYMENT_METHOD: Refusal =
    refusal(404, "PaymentMethodNotFound", "The account has no payment method on file.");
/// PeriodUnit of a host (ADH-E032).
pub const BAD_PERIOD_UNIT: Refusal =
    refusal(400, "InvalidPeriodUnit.ValueNotSupported", "PeriodUnit is Month or Year.");
/// AutoRenewPeriod (DHST-34, ADH-E028).
pub const BAD_RENEW_PERIOD: Refusal =
    refusal(400, "InvalidAutoRenewPeriod.ValueNotSupported", "AutoRenewPeriod is 1, 2, 3, 6 or 12 months.");
/// Time-outs of a host (DHST-52, ADH-E036, MDH-E008).
pub const BAD_SLB_TIMEOUT: Refusal =
    refusal(400, "InvalidParameter.SlbUdpTimeout", "NetworkAttributes.SlbUdpTimeout is 15 to 310 seconds.");
/// Time-outs of a host (DHST-52, ADH-E037, MDH-E009).
pub const BAD_UDP_TIMEOUT: Refusal =
    refusal(400, "InvalidParameter.UdpTimeout", "NetworkAttributes.UdpTimeout is 15 to 310 seconds.");

/// No such set for ModifyInstanceDeployment (DEP-32, MID-E001).
pub const UNKNOWN_SET: Refusal =
    refusal(400, "DeploymentSet.InvalidId", "There is no deployment set of this id in the region.");
/// The set is full (DEP-11, MID-E002).
pub const SET_FULL: Refusal = refusal(
    403,
    "DeploymentSet.InstanceLimitExceeded",
    "The deployment set has as many instances in the zone as it may.",
);
/// The change of the set needs another server, or is not possible at all (DEP-42, MID-E004).
pub const SET_NOT_CHANGED: Refusal =
    refusal(403, "DeploymentSet.ModificationFailed", "The deployment set of the instance cannot be changed.");
/// A set on a dedicated host (DEP-31).
pub const SET_ON_HOST: Refusal =
    refusal(400, "InvalidDeploymentOnHost", "An instance on a dedicated host cannot be in a deployment set.");
/// A family that sets do not take (DEP-22).
pub const SET_FAMILY: Refusal =
    refusal(400, "InvalidInstanceType.NotSupported", "Deployment sets do not take this instance type.");
/// Too many sets (DEP-12, CDS-E009).
pub const SET_QUOTA: Refusal = refusal(
    400,
    "DEPLOYMENTSET.QUOTA_FULL",
    "The account has as many deployment sets in the region as it may.",
);
/// Name of a set (DEP-50, CDS-E003).
pub const BAD_SET_NAME: Refusal =
    refusal(400, "InvalidDeploymentSetName.Malformed", "DeploymentSetName breaks its form.");
/// Strategy of a set (DEP-3, CDS-E005).
pub const BAD_STRATEGY: Refusal =
    refusal(400, "InvalidParameter.Strategy", "Strategy is Availability or StrictDispersion.");
/// Domain of a set (DEP-3, CDS-E004).
pub const BAD_DOMAIN: Refusal = refusal(400, "InvalidParameter.Domain", "Domain is Default.");
/// Granularity of a set (DEP-3, CDS-E006).
pub const BAD_GRANULARITY: Refusal =
    refusal(400, "InvalidParameter.granularity", "Granularity is Host, Rack or Switch.");
/// Strategy and Granularity do not fit (DEP-3, CDS-E008).
pub const STRATEGY_GRANULARITY: Refusal = refusal(
    400,
    "DependencyViolation.strategy.granularity",
    "This Strategy does not go with this Granularity.",
);
/// The set has instances (DEP-44).
pub const SET_NOT_EMPTY: Refusal =
    refusal(403, "DependencyViolation.NotEmpty", "Instances are in the deployment set.");
/// An HPC cluster refers to the set (DEP-44, HPC-12).
pub const SET_OF_HPC: Refusal =
    refusal(403, "DependencyViolation.ReferByHPC", "An HPC cluster refers to the deployment set.");

/// Name of an HPC cluster (HPC-8).
pub const BAD_HPC_NAME: Refusal =
    refusal(400, "InvalidHpcClusterName.Malformed", "The name of the HPC cluster breaks its form.");
/// Description of an HPC cluster (HPC-8).
pub const BAD_HPC_DESCRIPTION: Refusal = refusal(
    400,
    "InvalidHpcClusterDescription.Malformed",
    "The description of the HPC cluster breaks its form.",
);
/// Instances are in the cluster (HPC-11).
pub const HPC_NOT_EMPTY: Refusal = refusal(400, "NotEmpty.HpcCluster", "Instances are in the HPC cluster.");
/// No such cluster (HPC-11).
pub const UNKNOWN_HPC: Refusal = refusal(400, "NotExists.HpcCluster", "There is no HPC cluster of this id.");

/// No such disk.
pub const UNKNOWN_DISK: Refusal = refusal(404, "InvalidDiskId.NotFound", "There is no disk of this id.");
/// The disk is not Available (DISK-61).
pub const DISK_STATUS: Refusal =
    refusal(403, "DiskId.StatusNotSupported", "The disk is in a state that does not allow this call.");
/// The disk is attached (DISK-61).
pub const DISK_IN_USE: Refusal = refusal(404, "InvalidDisk.InUse", "The disk is attached to an instance.");
/// The disk cannot leave its instance (DISK-50, DISK-62).
pub const NOT_PORTABLE: Refusal =
    refusal(403, "DiskNotPortable", "The disk cannot be detached from its instance.");
/// The disk is attached and cannot be deleted (DISK-63).
pub const DISK_STILL_ATTACHED: Refusal =
    refusal(403, "DiskStillAttached", "The disk is attached to an instance.");
/// A snapshot of the disk is being made (DISK-63, DISK-64).
pub const DISK_CREATING_SNAPSHOT: Refusal =
    refusal(403, "DiskCreatingSnapshot", "A snapshot of the disk is being made.");
/// One disk too many for the instance (DISK-2).
pub const TOO_MANY_DISKS: Refusal =
    refusal(403, "InstanceDiskLimitExceeded", "The instance has as many disks as it may.");
/// A category that does not exist, or that CreateDisk does not make (DISK-24, DISK-70).
pub const BAD_CATEGORY: Refusal =
    refusal(400, "InvalidDiskCategory.ValueNotSupported", "Category does not take this value.");
/// A category that the instance type does not take (DISK-24).
pub const CATEGORY_OF_TYPE: Refusal =
    refusal(403, "InvalidDiskCategory.NotSupported", "The instance type does not take this disk category.");
/// A size outside the category's range (DISK-7).
pub const BAD_DISK_SIZE: Refusal =
    refusal(400, "InvalidDataDiskSize.ValueNotSupported", "Size lies outside the range of the category.");
/// A disk below the size of its snapshot, or one that is to shrink (DISK-8, DISK-64).
pub const DISK_TOO_SMALL: Refusal =
    refusal(403, "InvalidDiskSize.TooSmall", "The size is below what the disk holds.");
/// Too many pay-as-you-go disks (DISK-90, QUO-20).
pub const DISK_QUOTA: Refusal =
    refusal(403, "QuotaExceed.PostPaidDisk", "The account has as many pay-as-you-go disks as it may.");
/// Too many portable disks (DISK-90, QUO-20).
pub const PORTABLE_QUOTA: Refusal =
    refusal(403, "QuotaExceed.PortableCloudDisk", "The account has as many portable disks as it may.");
/// DeleteWithInstance of a disk that cannot outlive its instance (DISK-51).
pub const DELETE_WITH_INSTANCE: Refusal =
    refusal(403, "DeleteWithInstance.Conflict", "A disk that is not portable goes with its instance.");

/// No such snapshot (IMG-37).
pub const UNKNOWN_SNAPSHOT: Refusal =
    refusal(404, "InvalidSnapshotId.NotFound", "There is no snapshot of this id.");
/// The snapshot is still being made (IMG-37).
pub const SNAPSHOT_NOT_READY: Refusal =
    refusal(403, "InvalidSnapshotId.NotReady", "The snapshot is not finished yet.");
/// The snapshot is of a system disk (IMG-37).
pub const SNAPSHOT_OF_SYSTEM: Refusal =
    refusal(403, "InvalidSnapshotId.NotDataDiskSnapshot", "The snapshot is not of a data disk.");
/// The disk was never attached (IMG-32).
pub const NEVER_ATTACHED: Refusal =
    refusal(403, "IncorrectDiskStatus.NeverAttached", "The disk was never attached to an instance.");
/// Its instance never ran (IMG-32).
pub const NEVER_USED: Refusal =
    refusal(403, "IncorrectDiskStatus.NeverUsed", "The instance of the disk was never started.");
/// The instance is neither running nor stopped, as CreateSnapshot says it (IMG-32).
pub const SNAPSHOT_STATE: Refusal =
    refusal(400, "IncorrectInstanceStatus", "The instance is in a state that does not allow this call.");
/// Another snapshot of the disk is being made (IMG-33).
pub const CREATING_SNAPSHOT: Refusal =
    refusal(403, "IncorrectDiskStatus.CreatingSnapshot", "Another snapshot of the disk is being made.");
/// Too many snapshots of the disk (IMG-30, QUO-30).
pub const SNAPSHOT_QUOTA: Refusal =
    refusal(403, "QuotaExceed.Snapshot", "The disk has as many snapshots as it may.");
/// A snapshot's name (IMG-35).
pub const BAD_SNAPSHOT_NAME: Refusal =
    refusal(400, "InvalidSnapshotName.Malformed", "SnapshotName breaks its form or starts with `auto`.");
/// The disk pool of the zone is full: row 84 of CreateInstance's table (R182).
pub const POOL_FULL: Refusal = refusal(403, "OperationDenied", "The resource is out of usage.");
