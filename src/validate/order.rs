//! The order of validation: 14 phases, 55 groups, 244 checks. The first that fires answers.
//!
//! This file reads like the order it was built from; a test holds it against `tests/conformance/order.csv`.

use super::check::{Answer, Check, Group, Phase, always, claims, extra, says, when};
use super::rules::{
    account, billing, catalog, credentials, data_disks, dedicated_host, encryption, image, network, network_options,
    placement_groups, protocol, quota, spot, storage, storage_offer, subscription, system_disk, tags, texts, options,
};
use crate::api::Extra::{DryRun, InvalidParameter, MissingParameter, TokenMismatch};

/// What the message alone decides, who calls, what is asked for, and whether it can be paid: phases 1 to 11.
pub static PURE: [Phase; 11] = [
    Phase {
        title: "1. protocol",
        groups: &[
            Group {
                title: "P1 mandatory parameters",
                applies: protocol::incomplete,
                checks: &[
                    extra("P1.Action", MissingParameter("Action"), protocol::no_action),
                    extra("P1.RegionId", MissingParameter("RegionId"), protocol::no_region),
                    extra("P1.ImageId", MissingParameter("ImageId"), protocol::no_image),
                    extra("P1.InstanceType", MissingParameter("InstanceType"), protocol::no_type),
                ],
            },
            Group {
                title: "P2 client token",
                applies: protocol::has_token,
                checks: &[when("P2.token-format", 210, protocol::token_format)],
            },
            Group {
                title: "P3 boolean values",
                applies: protocol::has_booleans,
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
                applies: protocol::has_token,
                checks: &[
                    when("P4.token-busy", 74, protocol::token_busy),
                    extra("P4.token-mismatch", TokenMismatch, protocol::token_mismatch),
                    Check {
                        answer: Answer::Replay,
                        ..says("P4.token-replay", 0, protocol::token_replay)
                    },
                ],
            },
        ],
    },
    Phase {
        title: "2. syntax",
        groups: &[
            Group {
                title: "S1 identity texts",
                applies: always,
                checks: &[
                    says("S1.type-format", 129, texts::type_format),
                    when("S1.name", 42, texts::name),
                    when("S1.description", 10, texts::description),
                    when("S1.hostname", 11, texts::host_name),
                ],
            },
            Group {
                title: "S2 credentials",
                applies: credentials::has_password,
                checks: &[
                    when("S2.password-inherit", 13, credentials::inherit_and_password),
                    when("S2.password", 12, credentials::password),
                ],
            },
            Group {
                title: "S3 bandwidth",
                applies: texts::has_bandwidth,
                checks: &[
                    when("S3.charge-type", 2, texts::internet_charge_type),
                    when("S3.out", 3, texts::bandwidth_out),
                    when("S3.in", 98, texts::bandwidth_in),
                ],
            },
            Group {
                title: "S4 addresses",
                applies: texts::has_addresses,
                checks: &[
                    when("S4.node-controller", 20, texts::node_controller),
                    when("S4.inner-ip", 21, texts::inner_ip),
                    when("S4.private-ip", 59, texts::private_ip),
                ],
            },
            Group {
                title: "S5 system disk",
                applies: system_disk::has_any,
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
                applies: data_disks::any,
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
                applies: options::has_any,
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
                applies: subscription::has_charge_type,
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
                applies: spot::has_strategy,
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
                applies: tags::any,
                checks: &[
                    when("S10.key", 123, tags::key),
                    when("S10.value", 161, tags::value),
                    when("S10.duplicate", 213, tags::duplicate),
                ],
            },
            Group {
                title: "S11 parameter against parameter",
                applies: always,
                checks: &[
                    says("S11.tenancy-host-id", 127, options::tenancy_host_id),
                    says("S11.affinity-host", 127, options::affinity_host),
                    says("S11.performance-level", 127, options::performance_level),
                    when("S11.hpc-needs-vswitch", 154, options::hpc_needs_vswitch),
                ],
            },
        ],
    },
    Phase {
        title: "3. account",
        groups: &[
            Group {
                title: "A1 who calls, and where",
                applies: always,
                checks: &[
                    when("A1.owner", 96, account::owner),
                    when("A1.caller", 211, account::caller),
                    says("A1.region-unknown", 131, account::region_unknown),
                    when("A1.region-denied", 50, account::region_denied),
                ],
            },
            Group {
                title: "A2 standing of the account",
                applies: always,
                checks: &[
                    when("A2.risk", 208, account::risk),
                    when("A2.real-name", 139, account::real_name),
                    when("A2.policy", 169, account::policy),
                    when("A2.no-method", 87, account::no_method),
                    when("A2.arrears", 109, account::arrears),
                    when("A2.postpaid-balance", 144, account::postpaid_balance),
                ],
            },
            Group {
                title: "A3 grants named by the request",
                applies: account::names_grants,
                checks: &[
                    when("A3.user-data", 100, account::user_data),
                    when("A3.resource-group", 146, account::resource_group),
                    when("A3.ram-role", 142, account::ram_role),
                    when("A3.pass-role", 141, account::pass_role),
                ],
            },
        ],
    },
    Phase {
        title: "4. catalog",
        groups: &[
            Group {
                title: "C1 region sale",
                applies: always,
                checks: &[when("C1.suspended", 46, catalog::suspended)],
            },
            Group {
                title: "C2 instance type",
                applies: always,
                checks: &[
                    when("C2.unknown", 8, catalog::type_unknown),
                    says("C2.offline", 130, catalog::offline),
                    when("C2.family", 106, catalog::family),
                    when("C2.authorized", 1, catalog::authorized),
                    when("C2.authorized-on-host", 178, catalog::authorized_on_host),
                    says("C2.credit-not-burstable", 164, catalog::credit_not_burstable),
                    when("C2.credit-region", 186, catalog::credit_region),
                ],
            },
            Group {
                title: "C3 I/O optimization of the type",
                applies: always,
                checks: &[
                    when("C3.not-optimizable", 5, catalog::not_optimizable),
                    when("C3.must-be-optimized", 86, catalog::must_be_optimized),
                ],
            },
            Group {
                title: "C4 zone named by the request",
                applies: catalog::names_zone,
                checks: &[
                    says("C4.unknown-or-disabled", 133, catalog::zone_unknown_or_disabled),
                    when("C4.not-granted", 103, catalog::zone_not_granted),
                    when("C4.not-on-sale", 104, catalog::zone_not_on_sale),
                    when("C4.creation-frozen", 38, catalog::zone_creation_frozen),
                ],
            },
            Group {
                title: "C5 cluster",
                applies: catalog::names_cluster,
                checks: &[
                    when("C5.unknown", 37, catalog::cluster_unknown),
                    when("C5.foreign", 105, catalog::cluster_foreign),
                    when("C5.region", 47, catalog::cluster_region),
                    when("C5.zone", 40, catalog::cluster_zone),
                ],
            },
            Group {
                title: "C6 node controller",
                applies: catalog::names_node_controller,
                checks: &[
                    when("C6.unknown", 20, catalog::node_unknown),
                    when("C6.unavailable", 49, catalog::node_unavailable),
                ],
            },
            Group {
                title: "C7 type in the named zone",
                applies: always,
                checks: &[when("C7.zone-type", 107, catalog::zone_type)],
            },
        ],
    },
    Phase {
        title: "5. image",
        groups: &[
            Group {
                title: "M1 image exists for this account",
                applies: always,
                checks: &[when("M1.unknown", 69, image::unknown)],
            },
            Group {
                title: "M2 marketplace",
                applies: image::of_marketplace,
                checks: &[
                    when("M2.product-unknown", 189, image::product_unknown),
                    when("M2.removed", 36, image::removed),
                    when("M2.version-unknown", 190, image::version_unknown),
                    when("M2.not-subscribed", 28, image::not_subscribed),
                    when("M2.not-bought-or-quota", 85, image::not_bought_or_quota),
                    when("M2.charge-type", 29, image::charge_type),
                ],
            },
            Group {
                title: "M3 state of the image",
                applies: always,
                checks: &[
                    when("M3.not-published", 188, image::not_published),
                    when("M3.deleted", 121, image::deleted),
                    when("M3.disabled", 30, image::disabled),
                    when("M3.not-available", 187, image::not_available),
                    when("M3.encrypted", 160, image::encrypted),
                    says("M3.not-for-create", 181, image::not_for_create),
                ],
            },
            Group {
                title: "M4 image against type",
                applies: always,
                checks: &[
                    when("M4.memory", 24, image::memory),
                    when("M4.type-list", 72, image::type_list),
                    when("M4.io", 71, image::io),
                ],
            },
            Group {
                title: "M5 texts that depend on the operating system",
                applies: image::names_log_on,
                checks: &[
                    when("M5.hostname", 88, image::host_name),
                    when("M5.password", 12, image::password),
                    says("M5.password-inherit", 164, image::password_inherit),
                ],
            },
            Group {
                title: "M6 log-on and start-up data",
                applies: image::names_key_or_data,
                checks: &[
                    when("M6.windows-key-pair", 137, image::windows_key_pair),
                    when("M6.key-pair-unknown", 136, image::key_pair_unknown),
                    when("M6.key-pair-io", 138, image::key_pair_io),
                    when("M6.cloud-init", 25, image::cloud_init),
                ],
            },
        ],
    },
    Phase {
        title: "6. network",
        groups: &[
            Group {
                title: "N1 security group",
                applies: network::names_group,
                checks: &[
                    when("N1.unknown", 9, network::group_unknown),
                    says("N1.not-here", 215, network::group_not_here),
                ],
            },
            Group {
                title: "N2 vSwitch needed",
                applies: network::names_no_vswitch,
                checks: &[when("N2.missing", 66, network::vswitch_missing)],
            },
            Group {
                title: "N3 vSwitch and VPC",
                applies: network::names_vswitch,
                checks: &[
                    when("N3.no-vpc-here", 65, network::no_vpc_here),
                    when("N3.unknown", 54, network::vswitch_unknown),
                    when("N3.other-region", 93, network::vswitch_other_region),
                    when("N3.vpc-missing", 163, network::vpc_missing),
                    when("N3.vpc-status", 147, network::vpc_status),
                    when("N3.vswitch-status", 63, network::vswitch_status),
                    when("N3.zone", 64, network::vswitch_zone),
                    when("N3.zone-closed", 192, network::zone_closed),
                    when("N3.group-other-vpc", 55, network::group_other_vpc),
                    when("N3.group-classic", 196, network::group_classic),
                ],
            },
            Group {
                title: "N4 default VPC",
                applies: network::default_vpc,
                checks: &[
                    when("N4.status", 193, network::default_vpc_status),
                    says("N4.group", 162, network::group_not_in_default_vpc),
                    when("N4.exists", 198, network::default_vswitch_exists),
                    when("N4.zone", 185, network::default_vswitch_zone),
                    when("N4.cidr", 197, network::default_vpc_full),
                ],
            },
            Group {
                title: "N5 classic network",
                applies: network_options::classic,
                checks: &[
                    says("N5.not-supported", 165, network_options::classic_not_supported),
                    when("N5.ram-role", 140, network_options::classic_ram_role),
                    when("N5.vlan", 23, network_options::vlan),
                    when("N5.inner-ip", 22, network_options::inner_ip),
                ],
            },
            Group {
                title: "N6 network against instance options",
                applies: always,
                checks: &[
                    when("N6.vpc-io", 81, network_options::vpc_io),
                    when("N6.user-data", 102, network_options::user_data),
                    when("N6.zone-type", 107, network_options::zone_type),
                ],
            },
            Group {
                title: "N7 public bandwidth",
                applies: texts::has_bandwidth,
                checks: &[
                    when("N7.vpc-bandwidth", 56, network_options::vpc_bandwidth),
                    when("N7.vpc-charge-type", 57, network_options::vpc_charge_type),
                    says("N7.charge-type-region", 128, network_options::charge_type_region),
                    when("N7.type-cap", 94, network_options::type_cap),
                    says("N7.account-cap", 124, network_options::account_cap),
                ],
            },
            Group {
                title: "N8 private address",
                applies: network_options::in_vpc,
                checks: &[
                    when("N8.outside", 58, network_options::address_outside),
                    says("N8.reserved", 216, network_options::address_reserved),
                    when("N8.other-resource", 99, network_options::address_of_other),
                    when("N8.duplicate", 60, network_options::address_of_instance),
                    when("N8.exhausted", 61, network_options::exhausted),
                ],
            },
        ],
    },
    Phase {
        title: "7. dedicated_host",
        groups: &[
            Group {
                title: "D1 host",
                applies: dedicated_host::on_host,
                checks: &[
                    when("D1.classic", 172, dedicated_host::classic),
                    when("D1.unknown", 173, dedicated_host::unknown),
                    when("D1.failed", 174, dedicated_host::failed),
                    when("D1.changing", 175, dedicated_host::changing),
                    when("D1.migrating", 199, dedicated_host::migrating),
                    when("D1.zone", 201, dedicated_host::zone),
                    when("D1.family", 179, dedicated_host::family),
                ],
            },
            Group {
                title: "D2 charge type of the host",
                applies: dedicated_host::on_host,
                checks: &[
                    when("D2.prepaid-on-postpaid", 176, dedicated_host::prepaid_on_postpaid),
                    when("D2.prepaid-on-postpaid-auto", 180, dedicated_host::prepaid_on_postpaid_auto),
                    when("D2.charge-type", 171, dedicated_host::charge_type),
                    when("D2.period", 177, dedicated_host::period),
                ],
            },
        ],
    },
    Phase {
        title: "8. deployment_set",
        groups: &[
            Group {
                title: "E1 HPC cluster",
                applies: placement_groups::hpc,
                checks: &[
                    when("E1.needed", 155, placement_groups::hpc_needed),
                    when("E1.not-needed", 153, placement_groups::hpc_not_needed),
                    when("E1.unknown", 156, placement_groups::hpc_unknown),
                    when("E1.creating", 157, placement_groups::hpc_creating),
                ],
            },
            Group {
                title: "E2 deployment set",
                applies: placement_groups::names_set,
                checks: &[
                    when("E2.unknown", 194, placement_groups::set_unknown),
                    says("E2.on-host", 170, placement_groups::set_on_host),
                    when("E2.type", 191, placement_groups::set_type),
                ],
            },
        ],
    },
    Phase {
        title: "9. storage",
        groups: &[
            Group {
                title: "T1 system disk size",
                applies: always,
                checks: &[
                    says("T1.default-size", 134, storage_offer::default_size),
                    when("T1.image-size", 89, storage_offer::image_size),
                    when("T1.category-max", 209, storage_offer::category_max),
                ],
            },
            Group {
                title: "T2 disk category offered",
                applies: always,
                checks: &[
                    when("T2.withdrawn", 184, storage_offer::withdrawn),
                    says("T2.system-region", 126, storage_offer::system_region),
                    says("T2.data-region", 125, storage_offer::data_region),
                    when("T2.system-io", 95, storage_offer::system_io),
                    when("T2.authorized", 31, storage_offer::authorized),
                    when("T2.type", 7, storage_offer::instance_type),
                    when("T2.zone-and-cluster", 51, storage_offer::zone_and_cluster),
                    when("T2.cluster", 53, storage_offer::cluster),
                    when("T2.zone", 39, storage_offer::zone),
                ],
            },
            Group {
                title: "T3 disks against each other",
                applies: data_disks::any,
                checks: &[
                    when("T3.local-data", 67, storage::local_data),
                    when("T3.type-combination", 80, storage::type_combination),
                    when("T3.device", 35, storage::device),
                    when("T3.count", 70, storage::count),
                    when("T3.delete-with-instance", 68, storage::delete_with_instance),
                ],
            },
            Group {
                title: "T4 snapshots",
                applies: data_disks::any,
                checks: &[
                    when("T4.local-from-snapshot", 76, storage::local_from_snapshot),
                    when("T4.unknown", 18, storage::snapshot_unknown),
                    when("T4.not-here", 92, storage::snapshot_not_here),
                    when("T4.too-old", 26, storage::snapshot_too_old),
                    when("T4.not-ready", 32, storage::snapshot_not_ready),
                    when("T4.not-allowed", 33, storage::snapshot_not_allowed),
                    when("T4.system-disk", 52, storage::snapshot_of_system_disk),
                    when("T4.source-not-portable", 217, storage::snapshot_source_not_portable),
                    when("T4.capacity", 83, storage::snapshot_capacity),
                    when("T4.size", 75, storage::size_below_snapshot),
                    when("T4.total", 34, storage::total),
                ],
            },
            Group {
                title: "T5 encryption",
                applies: data_disks::any,
                checks: &[
                    says("T5.category", 149, encryption::category),
                    says("T5.snapshot", 150, encryption::snapshot),
                    when("T5.kms-off", 151, encryption::kms_off),
                    when("T5.byok-region", 202, encryption::byok_region),
                    when("T5.byok-user", 203, encryption::byok_user),
                    when("T5.byok-io", 205, encryption::byok_io),
                    when("T5.byok-authorized", 207, encryption::byok_authorized),
                    when("T5.byok-key", 206, encryption::byok_key),
                ],
            },
            Group {
                title: "T6 storage maintenance",
                applies: always,
                checks: &[
                    when("T6.local-freeze", 195, storage_offer::local_freeze),
                    when("T6.category-freeze", 200, storage_offer::category_freeze),
                ],
            },
        ],
    },
    Phase {
        title: "10. spot",
        groups: &[Group {
            title: "O1 preemptible instance",
            applies: spot::preemptible,
            checks: &[
                when("O1.uid", 119, spot::uid),
                when("O1.parameter", 117, spot::parameter),
                when("O1.classic", 167, spot::classic),
                when("O1.local-disk", 168, spot::local_disk),
                when("O1.market-price", 152, spot::market_price),
            ],
        }],
    },
    Phase {
        title: "11. billing",
        groups: &[Group {
            title: "B1 subscription order",
            applies: billing::prepaid,
            checks: &[
                when("B1.pay-method", 120, billing::pay_method),
                when("B1.frozen", 212, billing::frozen),
            ],
        }],
    },
];

/// What counters, capacity and the commit decide: phases 12 to 14.
pub static COMMIT: [Phase; 3] = [
    Phase {
        title: "12. quota",
        groups: &[
            Group {
                title: "Q1 instances",
                applies: always,
                checks: &[
                    when("Q1.lock", 74, quota::lock),
                    when("Q1.postpaid-account", 112, quota::postpaid_account),
                    says("Q1.postpaid-region", 27, quota::postpaid_region),
                    when("Q1.deployment-set", 183, quota::deployment_set),
                    when("Q1.vpc", 62, quota::vpc),
                    when("Q1.security-group", 48, quota::security_group),
                ],
            },
            Group {
                title: "Q2 disks",
                applies: always,
                checks: &[
                    when("Q2.postpaid-disks", 182, quota::postpaid_disks),
                    when("Q2.portable-disks", 44, quota::portable_disks),
                ],
            },
        ],
    },
    Phase {
        title: "13. capacity",
        groups: &[Group {
            title: "K1 placement",
            applies: always,
            checks: &[NO_ZONE, STOCK, DISK_POOL, IP_RESERVED],
        }],
    },
    Phase {
        title: "14. internal",
        groups: &[Group {
            title: "I1 internal",
            applies: always,
            checks: &[UNKNOWN, DRY_RUN, EXCEPTION, DETAIL],
        }],
    },
];

/// No zone is fixed and none can take the instance.
pub(super) const NO_ZONE: Check = claims("K1.no-zone", Answer::Row(143));
/// No host has room.
pub(super) const STOCK: Check = claims("K1.stock", Answer::Row(41));
/// The zone's disk pool has too little room.
pub(super) const DISK_POOL: Check = claims("K1.disk-pool", Answer::Row(84));
/// Every address left is spoken for.
pub(super) const IP_RESERVED: Check = claims("K1.ip-reserved", Answer::Row(158));
/// Injected: validation fails.
pub(super) const UNKNOWN: Check = claims("I1.unknown", Answer::Row(45));
/// A dry run ends here.
pub(super) const DRY_RUN: Check = claims("I1.dry-run", Answer::Extra(DryRun));
/// Injected: the commit throws.
pub(super) const EXCEPTION: Check = claims("I1.exception", Answer::Row(145));
/// Injected: the commit fails with a text.
pub(super) const DETAIL: Check = claims("I1.detail", Answer::Row(132));

/// All 14 phases in order.
pub fn phases() -> impl Iterator<Item = &'static Phase> {
    PURE.iter().chain(COMMIT.iter())
}

/// All 244 checks in order.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    phases().flat_map(|phase| phase.groups).flat_map(|group| group.checks)
}
