//! Which texts a rule may object to that looks at the text alone.
//!
//! Found once, when a parameter is set. The gate skips such rules for requests without a suspect text, which are
//! nearly all; a text that is not suspect passes every one of them, and that is all that is said here. The rules
//! themselves, and which of them answers, are in `validate`; a property test holds the two against each other.

use super::forms;
use super::params::{DiskField, Param};

fn integer_in(text: &str, range: std::ops::RangeInclusive<i64>) -> bool {
    forms::integer(text).is_some_and(|value| range.contains(&value))
}

fn boolean(text: &str) -> bool {
    forms::boolean(text).is_some()
}

fn category(text: &str) -> bool {
    forms::DISK_CATEGORIES.contains(&text)
}

fn performance_level(text: &str) -> bool {
    matches!(text, "PL1" | "PL2" | "PL3")
}

/// Whether a rule may object to this text of a parameter. `UserData` is judged by what it decodes to, elsewhere.
pub(super) fn text(param: Param, text: &str) -> bool {
    let sound = match param {
        Param::InstanceType => forms::instance_type(text),
        Param::InstanceName | Param::SystemDiskName => forms::name(text),
        Param::Description | Param::SystemDiskDescription => forms::description(text),
        Param::HostName => forms::host_name(text),
        Param::Password => forms::password(text),
        Param::AutoRenew
        | Param::PasswordInherit
        | Param::UseAdditionalService
        | Param::DryRun
        | Param::DeletionProtection => boolean(text),
        Param::InternetChargeType => matches!(text, "PayByTraffic" | "PayByBandwidth"),
        Param::InternetMaxBandwidthOut => integer_in(text, 0..=100),
        Param::InternetMaxBandwidthIn => integer_in(text, 1..=200),
        Param::NodeControllerId => forms::node_controller(text),
        Param::InnerIpAddress | Param::PrivateIpAddress => forms::ipv4(text).is_some(),
        Param::SystemDiskSize => integer_in(text, 20..=500),
        Param::SystemDiskCategory => category(text),
        Param::SystemDiskPerformanceLevel => performance_level(text),
        Param::IoOptimized => matches!(text, "none" | "optimized"),
        Param::SecurityEnhancementStrategy => matches!(text, "Active" | "Deactive"),
        Param::CreditSpecification => matches!(text, "Standard" | "Unlimited"),
        Param::Affinity | Param::Tenancy => matches!(text, "default" | "host"),
        Param::InstanceChargeType => matches!(text, "PrePaid" | "PostPaid"),
        _ => true,
    };
    !sound
}

/// Whether a rule may object to this text of a field of a data disk.
pub(super) fn disk_text(field: DiskField, text: &str) -> bool {
    let sound = match field {
        DiskField::Size => integer_in(text, 1..=i64::MAX),
        DiskField::Category => category(text),
        DiskField::DiskName => forms::name(text),
        DiskField::Description => forms::description(text),
        DiskField::Device => forms::device(text),
        DiskField::DeleteWithInstance | DiskField::Encrypted => boolean(text),
        DiskField::PerformanceLevel => performance_level(text),
        DiskField::SnapshotId | DiskField::KmsKeyId => true,
    };
    !sound
}

/// Whether a rule may object to a tag by itself.
pub(super) fn tag(index: u32, key: Option<&str>, value: Option<&str>) -> bool {
    !(1..=20).contains(&index)
        || !key.is_some_and(forms::tag_key)
        || value.is_some_and(|value| !forms::tag_value(value))
}
