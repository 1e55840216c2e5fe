//! Phases 1 and 2: what the message alone decides.

use crate::api::Extra::{InvalidParameter, MissingParameter, TokenMismatch};
use crate::api::Param;
use crate::validate::check::{
    Answer, Check, Group, Guard, Phase, extra, names, names_or_suspects, says, suspects, when,
};
use crate::validate::rules::{
    credentials, data_disks, options, protocol, spot, subscription, system_disk, tags, texts,
};

pub(super) const PROTOCOL: Phase = Phase {
    title: "1. protocol",
    groups: &[
        Group {
            title: "P1 mandatory parameters",
            applies: Guard::Holds(protocol::incomplete),
            checks: &[
                extra("P1.Action", MissingParameter("Action"), protocol::no_action),
                extra("P1.RegionId", MissingParameter("RegionId"), protocol::no_region),
                extra("P1.ImageId", MissingParameter("ImageId"), protocol::no_image),
                extra("P1.InstanceType", MissingParameter("InstanceType"), protocol::no_type),
            ],
        },
        Group {
            title: "P2 client token",
            applies: names(&[Param::ClientToken]),
            checks: &[when("P2.token-format", 210, protocol::token_format)],
        },
        Group {
            title: "P3 boolean values",
            applies: suspects(protocol::BOOLEANS),
            checks: &[
                extra("P3.AutoRenew", InvalidParameter("AutoRenew"), protocol::auto_renew),
                extra("P3.PasswordInherit", InvalidParameter("PasswordInherit"), protocol::password_inherit),
                extra(
                    "P3.UseAdditionalService",
                    InvalidParameter("UseAdditionalService"),
                    protocol::use_additional_service,
                ),
                extra("P3.DryRun", InvalidParameter("DryRun"), protocol::dry_run),
                extra(
                    "P3.DeletionProtection",
                    InvalidParameter("DeletionProtection"),
                    protocol::deletion_protection,
                ),
            ],
        },
        Group {
            title: "P4 idempotency",
            applies: names(&[Param::ClientToken]),
            checks: &[
                when("P4.token-busy", 74, protocol::token_busy),
                extra("P4.token-mismatch", TokenMismatch, protocol::token_mismatch),
                Check { answer: Answer::Replay, ..says("P4.token-replay", 0, protocol::token_replay) },
            ],
        },
    ],
};

pub(super) const SYNTAX: Phase = Phase {
    title: "2. syntax",
    groups: &[
        Group {
            title: "S1 identity texts",
            applies: suspects(texts::IDENTITY),
            checks: &[
                says("S1.type-format", 129, texts::type_format),
                when("S1.name", 42, texts::name),
                when("S1.description", 10, texts::description),
                when("S1.hostname", 11, texts::host_name),
            ],
        },
        Group {
            title: "S2 credentials",
            applies: names_or_suspects(&[Param::PasswordInherit], &[Param::Password]),
            checks: &[
                when("S2.password-inherit", 13, credentials::inherit_and_password),
                when("S2.password", 12, credentials::password),
            ],
        },
        Group {
            title: "S3 bandwidth",
            applies: suspects(texts::BANDWIDTH),
            checks: &[
                when("S3.charge-type", 2, texts::internet_charge_type),
                when("S3.out", 3, texts::bandwidth_out),
                when("S3.in", 98, texts::bandwidth_in),
            ],
        },
        Group {
            title: "S4 addresses",
            applies: suspects(texts::ADDRESSES),
            checks: &[
                when("S4.node-controller", 20, texts::node_controller),
                when("S4.inner-ip", 21, texts::inner_ip),
                when("S4.private-ip", 59, texts::private_ip),
            ],
        },
        Group {
            title: "S5 system disk",
            applies: suspects(system_disk::SYSTEM_DISK),
            checks: &[
                when("S5.size-integer", 97, system_disk::size_integer),
                when("S5.size-min", 90, system_disk::size_min),
                when("S5.size-max", 91, system_disk::size_max),
                when("S5.category-padded", 4, system_disk::category_padded),
                when("S5.category-other-product", 110, system_disk::category_other_product),
                when("S5.category", 14, system_disk::category),
                when("S5.disk-name", 15, system_disk::disk_name),
                when("S5.disk-description", 16, system_disk::disk_description),
                extra(
                    "S5.performance-level",
                    InvalidParameter("SystemDisk.PerformanceLevel"),
                    system_disk::performance_level,
                ),
            ],
        },
        Group {
            title: "S6 data disks",
            applies: Guard::Holds(data_disks::suspect),
            checks: &[
                when("S6.index", 108, data_disks::index),
                when("S6.category-padded", 82, data_disks::category_padded),
                when("S6.category-other-product", 110, data_disks::category_other_product),
                when("S6.category", 17, data_disks::category),
                says("S6.size-integer", 135, data_disks::size_integer),
                when("S6.size-range", 6, data_disks::size_range),
                when("S6.disk-name", 15, data_disks::disk_name),
                when("S6.disk-description", 43, data_disks::disk_description),
                when("S6.device", 19, data_disks::device),
                extra(
                    "S6.delete-with-instance",
                    InvalidParameter("DataDisk.n.DeleteWithInstance"),
                    data_disks::delete_with_instance,
                ),
                extra(
                    "S6.performance-level",
                    InvalidParameter("DataDisk.n.PerformanceLevel"),
                    data_disks::performance_level,
                ),
                says("S6.encrypted-boolean", 148, data_disks::encrypted_boolean),
                when("S6.key-needs-encrypted", 204, data_disks::key_needs_encrypted),
            ],
        },
        Group {
            title: "S7 instance options",
            applies: names_or_suspects(&[Param::UserData], options::OPTIONS),
            checks: &[
                when("S7.io-optimized", 73, options::io_optimized),
                when("S7.user-data-base64", 122, options::user_data_base64),
                when("S7.user-data-size", 101, options::user_data_size),
                extra(
                    "S7.security-enhancement",
                    InvalidParameter("SecurityEnhancementStrategy"),
                    options::security_enhancement,
                ),
                extra(
                    "S7.credit-specification",
                    InvalidParameter("CreditSpecification"),
                    options::credit_specification,
                ),
                extra("S7.affinity", InvalidParameter("Affinity"), options::affinity),
                when("S7.tenancy", 214, options::tenancy),
            ],
        },
        Group {
            title: "S8 charge type",
            applies: names(&[Param::InstanceChargeType]),
            checks: &[
                when("S8.charge-type", 77, subscription::charge_type),
                when("S8.period-unit", 159, subscription::period_unit),
                when("S8.period-missing", 78, subscription::period_missing),
                when("S8.period", 79, subscription::period),
                when("S8.auto-renew-period", 111, subscription::auto_renew_period),
            ],
        },
        Group {
            title: "S9 spot",
            applies: names(&[Param::SpotStrategy]),
            checks: &[
                when("S9.strategy", 113, spot::strategy),
                when("S9.prepaid", 118, spot::prepaid),
                when("S9.zone", 114, spot::zone),
                when("S9.price-limit", 115, spot::price_limit),
                when("S9.duration", 116, spot::duration),
                says("S9.interruption", 166, spot::interruption),
            ],
        },
        Group {
            title: "S10 tags",
            applies: Guard::Holds(tags::suspect),
            checks: &[
                when("S10.key", 123, tags::key),
                when("S10.value", 161, tags::value),
                when("S10.duplicate", 213, tags::duplicate),
            ],
        },
        Group {
            title: "S11 parameter against parameter",
            applies: Guard::Holds(options::contradiction),
            checks: &[
                says("S11.tenancy-host-id", 127, options::tenancy_host_id),
                says("S11.affinity-host", 127, options::affinity_host),
                says("S11.performance-level", 127, options::performance_level),
                when("S11.hpc-needs-vswitch", 154, options::hpc_needs_vswitch),
            ],
        },
    ],
};
