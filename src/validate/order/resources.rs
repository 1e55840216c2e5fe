//! Phases 7 to 11: host, groups, storage, spot, billing.

use crate::api::Param;
use crate::validate::check::{Group, Guard, Phase, names, says, when};
use crate::validate::rules::{
    billing, dedicated_host, encryption, placement_groups, spot, storage, storage_offer,
};

pub(super) const DEDICATED_HOST: Phase = Phase {
    title: "7. dedicated_host",
    groups: &[
        Group {
            title: "D1 host",
            applies: names(dedicated_host::HOST),
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
            applies: names(dedicated_host::HOST),
            checks: &[
                when("D2.prepaid-on-postpaid", 176, dedicated_host::prepaid_on_postpaid),
                when("D2.prepaid-on-postpaid-auto", 180, dedicated_host::prepaid_on_postpaid_auto),
                when("D2.charge-type", 171, dedicated_host::charge_type),
                when("D2.period", 177, dedicated_host::period),
            ],
        },
    ],
};

pub(super) const DEPLOYMENT_SET: Phase = Phase {
    title: "8. deployment_set",
    groups: &[
        Group {
            title: "E1 HPC cluster",
            applies: Guard::Holds(placement_groups::hpc),
            checks: &[
                when("E1.needed", 155, placement_groups::hpc_needed),
                when("E1.not-needed", 153, placement_groups::hpc_not_needed),
                when("E1.unknown", 156, placement_groups::hpc_unknown),
                when("E1.creating", 157, placement_groups::hpc_creating),
            ],
        },
        Group {
            title: "E2 deployment set",
            applies: names(&[Param::DeploymentSetId]),
            checks: &[
                when("E2.unknown", 194, placement_groups::set_unknown),
                says("E2.on-host", 170, placement_groups::set_on_host),
                when("E2.type", 191, placement_groups::set_type),
            ],
        },
    ],
};

pub(super) const STORAGE: Phase = Phase {
    title: "9. storage",
    groups: &[
        Group {
            title: "T1 system disk size",
            applies: Guard::Holds(storage_offer::size_refused),
            checks: &[
                says("T1.default-size", 134, storage_offer::default_size),
                when("T1.image-size", 89, storage_offer::image_size),
                when("T1.category-max", 209, storage_offer::category_max),
            ],
        },
        Group {
            title: "T2 disk category offered",
            applies: Guard::Holds(storage_offer::category_refused),
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
            applies: Guard::Holds(storage::at_odds),
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
            applies: Guard::Holds(storage::snapshot_refused),
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
            applies: Guard::Holds(encryption::concerns),
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
            applies: Guard::Holds(storage_offer::frozen),
            checks: &[
                when("T6.local-freeze", 195, storage_offer::local_freeze),
                when("T6.category-freeze", 200, storage_offer::category_freeze),
            ],
        },
    ],
};

pub(super) const SPOT: Phase = Phase {
    title: "10. spot",
    groups: &[Group {
        title: "O1 preemptible instance",
        applies: names(&[Param::SpotStrategy]),
        checks: &[
            when("O1.uid", 119, spot::uid),
            when("O1.parameter", 117, spot::parameter),
            when("O1.classic", 167, spot::classic),
            when("O1.local-disk", 168, spot::local_disk),
            when("O1.market-price", 152, spot::market_price),
        ],
    }],
};

pub(super) const BILLING: Phase = Phase {
    title: "11. billing",
    groups: &[Group {
        title: "B1 subscription order",
        applies: names(&[Param::InstanceChargeType]),
        checks: &[when("B1.pay-method", 120, billing::pay_method), when("B1.frozen", 212, billing::frozen)],
    }],
};
