//! Names of the parameters, and sets of them.

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($name:ident = $wire:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[repr(u8)]
        pub enum $kind {
            $(#[doc = concat!("`", $wire, "`")] $name,)*
        }

        impl $kind {
            /// All of them, in the order of the reference.
            pub const ALL: &'static [$kind] = &[$($kind::$name),*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self { $($kind::$name => $wire),* }
            }

            /// The parameter of this name; names are case-sensitive (R6, R7).
            pub fn named(name: &str) -> Option<$kind> {
                match name { $($wire => Some($kind::$name),)* _ => None }
            }
        }
    };
}

names! {
    /// A parameter that occurs once in a request.
    Param {
        ImageId = "ImageId",
        InstanceType = "InstanceType",
        RegionId = "RegionId",
        Action = "Action",
        SecurityGroupId = "SecurityGroupId",
        InstanceName = "InstanceName",
        AutoRenew = "AutoRenew",
        InternetChargeType = "InternetChargeType",
        AutoRenewPeriod = "AutoRenewPeriod",
        InternetMaxBandwidthIn = "InternetMaxBandwidthIn",
        InternetMaxBandwidthOut = "InternetMaxBandwidthOut",
        HostName = "HostName",
        Password = "Password",
        PasswordInherit = "PasswordInherit",
        DeploymentSetId = "DeploymentSetId",
        ZoneId = "ZoneId",
        ClusterId = "ClusterId",
        ClientToken = "ClientToken",
        VlanId = "VlanId",
        InnerIpAddress = "InnerIpAddress",
        SystemDiskSize = "SystemDisk.Size",
        SystemDiskCategory = "SystemDisk.Category",
        SystemDiskName = "SystemDisk.DiskName",
        SystemDiskDescription = "SystemDisk.Description",
        SystemDiskPerformanceLevel = "SystemDisk.PerformanceLevel",
        Description = "Description",
        VSwitchId = "VSwitchId",
        PrivateIpAddress = "PrivateIpAddress",
        IoOptimized = "IoOptimized",
        UseAdditionalService = "UseAdditionalService",
        InstanceChargeType = "InstanceChargeType",
        Period = "Period",
        PeriodUnit = "PeriodUnit",
        UserData = "UserData",
        SpotStrategy = "SpotStrategy",
        KeyPairName = "KeyPairName",
        SpotPriceLimit = "SpotPriceLimit",
        SpotInterruptionBehavior = "SpotInterruptionBehavior",
        RamRoleName = "RamRoleName",
        SecurityEnhancementStrategy = "SecurityEnhancementStrategy",
        ResourceGroupId = "ResourceGroupId",
        HpcClusterId = "HpcClusterId",
        DryRun = "DryRun",
        DedicatedHostId = "DedicatedHostId",
        CreditSpecification = "CreditSpecification",
        DeletionProtection = "DeletionProtection",
        Affinity = "Affinity",
        Tenancy = "Tenancy",
        SpotDuration = "SpotDuration",
        NodeControllerId = "NodeControllerId",
        ResourceOwnerAccount = "ResourceOwnerAccount",
    }
}

names! {
    /// A field of `DataDisk.N`.
    DiskField {
        Size = "Size",
        SnapshotId = "SnapshotId",
        Category = "Category",
        DiskName = "DiskName",
        Description = "Description",
        Device = "Device",
        DeleteWithInstance = "DeleteWithInstance",
        Encrypted = "Encrypted",
        PerformanceLevel = "PerformanceLevel",
        KmsKeyId = "KMSKeyId",
    }
}

/// A set of [`Param`]s: one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Params(u64);

const _: () = assert!(Param::ALL.len() <= 64, "a set of parameters is one word");

impl Params {
    /// No parameter.
    pub const NONE: Params = Params(0);

    /// The set of these parameters.
    pub const fn of(params: &[Param]) -> Params {
        let (mut bits, mut at) = (0, 0);
        while at < params.len() {
            bits |= 1 << params[at] as u8;
            at += 1;
        }
        Params(bits)
    }

    /// True when the two sets share a parameter.
    #[inline]
    pub const fn meets(self, other: Params) -> bool {
        self.0 & other.0 != 0
    }

    /// True when the set holds the parameter.
    #[inline]
    pub const fn has(self, param: Param) -> bool {
        self.0 >> param as u8 & 1 == 1
    }

    /// The places of its parameters in [`Param::ALL`].
    #[inline]
    pub fn places(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let place = left.trailing_zeros() as usize;
            left &= left.checked_sub(1)?;
            Some(place)
        })
    }

    /// The set with or without the parameter.
    #[must_use]
    pub const fn with(self, param: Param, present: bool) -> Params {
        let bit = 1 << param as u8;
        Params(if present { self.0 | bit } else { self.0 & !bit })
    }
}

/// Common parameters of the RPC protocol (RPC-10 to RPC-19): no part of validation (R12).
pub(super) const COMMON: [&str; 11] = [
    "Version",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SignatureNonce",
    "Timestamp",
    "Format",
    "OwnerId",
    "OwnerAccount",
    "ResourceOwnerId",
];
