//! Phases 3 to 6: account, catalog, image, network.

use crate::api::Param;
use crate::validate::check::{Group, Guard, Phase, names, says, when};
use crate::validate::rules::{account, catalog, image, network, network_options, texts};

pub(super) const ACCOUNT: Phase = Phase {
    title: "3. account",
    groups: &[
        Group {
            title: "A1 who calls, and where",
            applies: Guard::Holds(account::unwelcome),
            checks: &[
                when("A1.owner", 96, account::owner),
                when("A1.caller", 211, account::caller),
                says("A1.region-unknown", 131, account::region_unknown),
                when("A1.region-denied", 50, account::region_denied),
            ],
        },
        Group {
            title: "A2 standing of the account",
            applies: Guard::Holds(account::bad_standing),
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
            applies: names(account::GRANTS),
            checks: &[
                when("A3.user-data", 100, account::user_data),
                when("A3.resource-group", 146, account::resource_group),
                when("A3.ram-role", 142, account::ram_role),
                when("A3.pass-role", 141, account::pass_role),
            ],
        },
    ],
};

pub(super) const CATALOG: Phase = Phase {
    title: "4. catalog",
    groups: &[
        Group {
            title: "C1 region sale",
            applies: Guard::Always,
            checks: &[when("C1.suspended", 46, catalog::suspended)],
        },
        Group {
            title: "C2 instance type",
            applies: Guard::Holds(catalog::type_refused),
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
            applies: Guard::Holds(catalog::io_mismatch),
            checks: &[
                when("C3.not-optimizable", 5, catalog::not_optimizable),
                when("C3.must-be-optimized", 86, catalog::must_be_optimized),
            ],
        },
        Group {
            title: "C4 zone named by the request",
            applies: names(&[Param::ZoneId]),
            checks: &[
                says("C4.unknown-or-disabled", 133, catalog::zone_unknown_or_disabled),
                when("C4.not-granted", 103, catalog::zone_not_granted),
                when("C4.not-on-sale", 104, catalog::zone_not_on_sale),
                when("C4.creation-frozen", 38, catalog::zone_creation_frozen),
            ],
        },
        Group {
            title: "C5 cluster",
            applies: names(&[Param::ClusterId]),
            checks: &[
                when("C5.unknown", 37, catalog::cluster_unknown),
                when("C5.foreign", 105, catalog::cluster_foreign),
                when("C5.region", 47, catalog::cluster_region),
                when("C5.zone", 40, catalog::cluster_zone),
            ],
        },
        Group {
            title: "C6 node controller",
            applies: names(&[Param::NodeControllerId]),
            checks: &[
                when("C6.unknown", 20, catalog::node_unknown),
                when("C6.unavailable", 49, catalog::node_unavailable),
            ],
        },
        Group {
            title: "C7 type in the named zone",
            applies: Guard::Always,
            checks: &[when("C7.zone-type", 107, catalog::zone_type)],
        },
    ],
};

pub(super) const IMAGE: Phase = Phase {
    title: "5. image",
    groups: &[
        Group {
            title: "M1 image exists for this account",
            applies: Guard::Always,
            checks: &[when("M1.unknown", 69, image::unknown)],
        },
        Group {
            title: "M2 marketplace",
            applies: Guard::Holds(image::of_marketplace),
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
            applies: Guard::Holds(image::unsound),
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
            applies: Guard::Holds(image::misfit),
            checks: &[
                when("M4.memory", 24, image::memory),
                when("M4.type-list", 72, image::type_list),
                when("M4.io", 71, image::io),
            ],
        },
        Group {
            title: "M5 texts that depend on the operating system",
            applies: names(image::LOG_ON),
            checks: &[
                when("M5.hostname", 88, image::host_name),
                when("M5.password", 12, image::password),
                says("M5.password-inherit", 164, image::password_inherit),
            ],
        },
        Group {
            title: "M6 log-on and start-up data",
            applies: names(image::KEY_OR_DATA),
            checks: &[
                when("M6.windows-key-pair", 137, image::windows_key_pair),
                when("M6.key-pair-unknown", 136, image::key_pair_unknown),
                when("M6.key-pair-io", 138, image::key_pair_io),
                when("M6.cloud-init", 25, image::cloud_init),
            ],
        },
    ],
};

pub(super) const NETWORK: Phase = Phase {
    title: "6. network",
    groups: &[
        Group {
            title: "N1 security group",
            applies: Guard::Holds(network::group_refused),
            checks: &[
                when("N1.unknown", 9, network::group_unknown),
                says("N1.not-here", 215, network::group_not_here),
            ],
        },
        Group {
            title: "N2 vSwitch needed",
            applies: Guard::Holds(network::names_no_vswitch),
            checks: &[when("N2.missing", 66, network::vswitch_missing)],
        },
        Group {
            title: "N3 vSwitch and VPC",
            applies: Guard::Holds(network::vswitch_refused),
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
            applies: Guard::Holds(network::default_vpc),
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
            applies: Guard::Holds(network_options::classic),
            checks: &[
                says("N5.not-supported", 165, network_options::classic_not_supported),
                when("N5.ram-role", 140, network_options::classic_ram_role),
                when("N5.vlan", 23, network_options::vlan),
                when("N5.inner-ip", 22, network_options::inner_ip),
            ],
        },
        Group {
            title: "N6 network against instance options",
            applies: Guard::Holds(network_options::options_refused),
            checks: &[
                when("N6.vpc-io", 81, network_options::vpc_io),
                when("N6.user-data", 102, network_options::user_data),
                when("N6.zone-type", 107, network_options::zone_type),
            ],
        },
        Group {
            title: "N7 public bandwidth",
            applies: names(texts::BANDWIDTH),
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
            applies: Guard::Holds(network_options::address_refused),
            checks: &[
                when("N8.outside", 58, network_options::address_outside),
                says("N8.reserved", 216, network_options::address_reserved),
                when("N8.other-resource", 99, network_options::address_of_other),
                when("N8.duplicate", 60, network_options::address_of_instance),
                when("N8.exhausted", 61, network_options::exhausted),
            ],
        },
    ],
};
