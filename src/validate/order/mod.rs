//! The order of validation: 14 phases, 55 groups, 244 checks. The first that fires answers.
//!
//! These files read like the order they were built from; a test holds them against `tests/conformance/order.csv`.

mod facts;
mod message;
mod resources;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use super::check::{Answer, Check, Group, Guard, Phase, Plan, claims, counts, counts_says, groups_of};
use super::reject::Reject;
use super::rules::quota;
use crate::api::Extra::DryRun;

/// What the message alone decides, who calls, what is asked for, and whether it can be paid: phases 1 to 11.
pub(super) static PURE: [Phase; 11] = [
    message::PROTOCOL,
    message::SYNTAX,
    facts::ACCOUNT,
    facts::CATALOG,
    facts::IMAGE,
    facts::NETWORK,
    resources::DEDICATED_HOST,
    resources::DEPLOYMENT_SET,
    resources::STORAGE,
    resources::SPOT,
    resources::BILLING,
];

/// The way through [`PURE`].
pub(super) static PLAN: Plan<{ groups_of(&PURE) }> = Plan::of(&PURE);

/// What counters, capacity and the commit decide: phases 12 to 14.
pub(super) static COMMIT: [Phase; 3] = [
    Phase {
        title: "12. quota",
        groups: &[
            Group {
                title: "Q1 instances",
                applies: Guard::Always,
                checks: &[
                    counts("Q1.lock", 74, quota::lock),
                    counts("Q1.postpaid-account", 112, quota::postpaid_account),
                    counts_says("Q1.postpaid-region", 27, quota::postpaid_region),
                    counts("Q1.deployment-set", 183, quota::deployment_set),
                    counts("Q1.vpc", 62, quota::vpc),
                    counts("Q1.security-group", 48, quota::security_group),
                ],
            },
            Group {
                title: "Q2 disks",
                applies: Guard::Always,
                checks: &[
                    counts("Q2.postpaid-disks", 182, quota::postpaid_disks),
                    counts("Q2.portable-disks", 44, quota::portable_disks),
                ],
            },
        ],
    },
    Phase {
        title: "13. capacity",
        groups: &[Group {
            title: "K1 placement",
            applies: Guard::Always,
            checks: &[NO_ZONE, STOCK, DISK_POOL, IP_RESERVED],
        }],
    },
    Phase {
        title: "14. internal",
        groups: &[Group {
            title: "I1 internal",
            applies: Guard::Always,
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

/// Number of a check in the order, from 1.
pub fn number_of(id: &str) -> Option<u16> {
    static NUMBERS: OnceLock<FxHashMap<&'static str, u16>> = OnceLock::new();
    let numbers = NUMBERS.get_or_init(|| checks().map(|check| check.id).zip(1..).collect());
    numbers.get(id).copied()
}

/// The answer of a check of this id, with no text of ours.
pub(super) fn refuse(id: &str) -> Option<Reject> {
    let at = usize::from(number_of(id)?.checked_sub(1)?);
    checks().nth(at).map(|check| Reject::new(check, None))
}
