use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::super::units::{At, Share};

macro_rules! faults {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A way to make a good request wrong. Each names the one error that it is meant to get.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, JsonSchema)]
        pub enum Fault {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Fault {
            /// All faults.
            pub const ALL: &'static [Fault] = &[$(Fault::$variant),*];

            /// The name that scenarios use.
            pub const fn name(self) -> &'static str {
                match self { $(Fault::$variant => $name,)* }
            }
        }
    };
}

faults! {
    /// `ImageId` is left out: MissingParameter.
    MissingImage = "missing-image",
    /// `InstanceType` is left out: MissingParameter.
    MissingType = "missing-type",
    /// `InstanceName` begins with a digit: InvalidInstanceName.Malformed.
    BadName = "bad-name",
    /// `HostName` ends in a hyphen: InvalidHostName.Malformed.
    BadHostName = "bad-host-name",
    /// `Description` begins with `http://`: InvalidDescription.Malformed.
    BadDescription = "bad-description",
    /// `Password` is too short: InvalidPassword.Malformed.
    BadPassword = "bad-password",
    /// `InternetMaxBandwidthOut` is 101: InvalidParameter.
    BandwidthTooLarge = "bandwidth-too-large",
    /// `PrivateIpAddress` is no address: InvalidPrivateIpAddress.Malformed.
    BadPrivateIp = "bad-private-ip",
    /// `SystemDisk.Category` does not exist: InvalidSystemDiskCategory.ValueNotSupported.
    UnknownDiskCategory = "unknown-disk-category",
    /// `SystemDisk.Size` is 1: InvalidSystemDiskSize.LessThanMinSize.
    SizeTooSmall = "size-too-small",
    /// `SystemDisk.Size` is 501: InvalidSystemDiskSize.MoreThanMaxSize.
    SizeTooLarge = "size-too-large",
    /// A 17th data disk: InstanceDiskNumber.LimitExceed.
    TooManyDisks = "too-many-disks",
    /// `UserData` is not Base64: InvalidUserData.Base64FormatInvalid.
    BadUserData = "bad-user-data",
    /// `IoOptimized` is `Optimized`: InvalidIoOptimizedValue.ValueNotSupported.
    BadIoOptimized = "bad-io-optimized",
    /// `InstanceChargeType` is `Free`: InvalidInstanceChargeType.NotFound.
    BadChargeType = "bad-charge-type",
    /// `InstanceChargeType` is `PrePaid`, but no `Period` is given: MissingParamter.
    MissingPeriod = "missing-period",
    /// `SpotStrategy` is `Cheap`: InvalidSpotStrategy.
    BadSpotStrategy = "bad-spot-strategy",
    /// `Tag.1.Key` holds a URL: InvalidTagKey.Malformed.
    BadTag = "bad-tag",
    /// `InstanceType` does not exist: InvalidInstanceType.ValueNotSupported.
    UnknownType = "unknown-type",
    /// `ZoneId` does not exist: Zone.NotOnSale.
    UnknownZone = "unknown-zone",
    /// `ZoneId` is another zone than the vSwitch's: InvalidParameter.Mismatch. Needs a region of two zones.
    WrongZone = "wrong-zone",
    /// `ImageId` does not exist: InvalidImageId.NotFound.
    UnknownImage = "unknown-image",
    /// `SecurityGroupId` does not exist: InvalidSecurityGroupId.NotFound.
    UnknownSecurityGroup = "unknown-security-group",
    /// `VSwitchId` does not exist: InvalidVSwitchId.NotFound.
    UnknownVswitch = "unknown-vswitch",
    /// `KeyPairName` does not exist: InvalidKeyPairName.NotFound.
    UnknownKeyPair = "unknown-key-pair",
    /// `DedicatedHostId` does not exist: InvalidDedicatedHostId.NotFound.
    UnknownDedicatedHost = "unknown-dedicated-host",
    /// `DeploymentSetId` does not exist: DeploymentSet.NotFound.
    UnknownDeploymentSet = "unknown-deployment-set",
    /// `ResourceGroupId` does not exist: InvalidResourceGroup.NotFound.
    UnknownResourceGroup = "unknown-resource-group",
}

/// Requests that are wrong on purpose: `[workloads.faults]`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FaultsSpec {
    /// Share of the requests that are wrong.
    pub share: At<Share>,
    /// Weight of each kind of fault. Default: all kinds alike that can be made in the region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinds: Option<At<BTreeMap<Fault, f64>>>,
    /// Rows of the API's error table to draw from, all alike: `"all"`, or a list of their numbers. Each row has a
    /// customer of its own, in a region of its own, whose state and request are what that row is about. Beside
    /// `kinds` a row weighs 1; without `kinds` only rows are drawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<At<Rows>>,
}

/// Rows of the error table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rows {
    /// Every row.
    All,
    /// These.
    Only(Vec<u16>),
}

impl Serialize for Rows {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Rows::All => serializer.serialize_str("all"),
            Rows::Only(rows) => rows.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rows, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Rows;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"all\", or a list of row numbers of the error table such as `[1, 45]`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Rows, E> {
                if text == "all" {
                    Ok(Rows::All)
                } else {
                    Err(E::invalid_value(Unexpected::Str(text), &self))
                }
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rows, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = items.next_element()? {
                    rows.push(row);
                }
                Ok(Rows::Only(rows))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl JsonSchema for Rows {
    fn schema_name() -> Cow<'static, str> {
        "Rows".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "const": "all" }, { "type": "array", "items": { "type": "integer", "minimum": 1 } }]
        })
    }
}
