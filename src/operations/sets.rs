//! CreateDeploymentSet, DeleteDeploymentSet, and what a deployment set is.

use std::collections::BTreeMap;

use crate::api::forms;
use crate::placement::{Granularity, SetRule};
use crate::world::Quota;

use super::refusal::*;
use super::{Params, Refusal};

/// Most members of a set in a zone (DEP-10, QUO-61).
pub const PER_ZONE: u32 = 7;

/// Families that deployment sets take: those of 2021, those of 2019 among them (DEP-20, DEP-21).
pub const FAMILIES: [&str; 25] = [
    "ecs.c6",
    "ecs.g6",
    "ecs.r6",
    "ecs.c5",
    "ecs.g5",
    "ecs.ic5",
    "ecs.r5",
    "ecs.hfc6",
    "ecs.hfg6",
    "ecs.hfr6",
    "ecs.hfc5",
    "ecs.hfg5",
    "ecs.d2",
    "ecs.d2s",
    "ecs.d2c",
    "ecs.d1",
    "ecs.d1ne",
    "ecs.i2",
    "ecs.i2g",
    "ecs.i2ne",
    "ecs.i2gne",
    "ecs.i1",
    "ecs.se1ne",
    "ecs.sn1ne",
    "ecs.sn2ne",
];

/// What becomes of a member when its server has failed and no other keeps the rule (DEP-41, CDS-B1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum OnUnable {
    /// It leaves the set and starts.
    #[default]
    CancelMembershipAndStart,
    /// It stays down until the set has room.
    KeepStopped,
}

/// A deployment set.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Set {
    /// Id (DEP-50).
    pub id: String,
    /// Account, by number; none: every account's (a fact of the scenario).
    pub account: Option<u32>,
    /// Region, by number; it spans all its zones (DEP-4).
    pub region: u32,
    /// Families that it does not take, by number, ascending (DEP-20).
    pub refused: Vec<u32>,
    /// What its members do not share.
    pub apart: Granularity,
    /// What becomes of a member that has no server.
    pub on_unable: OnUnable,
    /// An HPC cluster refers to it (HPC-12).
    pub of_hpc: bool,
    /// Members.
    pub members: u32,
}

impl Set {
    /// The account may use it and delete it.
    pub fn belongs_to(&self, account: u32) -> bool {
        self.account.is_none_or(|own| own == account)
    }

    /// The rule for the placement core (DEP-1, DEP-10).
    pub fn rule(&self) -> SetRule {
        SetRule::Spread { apart: self.apart, per_zone: PER_ZONE }
    }
}

/// All deployment sets, by their number in the world.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Sets(pub BTreeMap<u32, Set>);

impl Sets {
    /// The set of this id.
    pub fn named(&self, id: &str) -> Option<(u32, &Set)> {
        self.0.iter().find(|(_, set)| set.id == id).map(|(at, set)| (*at, set))
    }

    /// Sets of an account in a region (DEP-12).
    pub fn of(&self, account: u32, region: u32) -> u64 {
        self.0.values().filter(|set| set.account == Some(account) && set.region == region).count() as u64
    }
}

/// What a new set is like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Create {
    /// What its members do not share.
    pub apart: Granularity,
    /// What becomes of a member that has no server.
    pub on_unable: OnUnable,
}

/// CreateDeploymentSet (CDS-B1, CDS-B2, DEP-2, DEP-3). `quota`: sets of the account in the region (DEP-12).
///
/// One strategy is documented; racks and switches are the wider granularities that DEP-2 hints at: members of a
/// `switch` set with LooseDispersion share no switch here.
///
/// # Errors
/// A bad value, or too many sets.
pub fn create(params: &Params, quota: Quota) -> Result<Create, Refusal> {
    if params.get("DeploymentSetName").is_some_and(|name| !forms::name(name)) {
        return Err(BAD_SET_NAME);
    }
    if params.get("Description").is_some_and(|text| !forms::description(text)) {
        return Err(BAD_DESCRIPTION);
    }
    params.word("Domain", &["Default"], BAD_DOMAIN)?;
    let strategies = ["Availability", "StrictDispersion", "LooseDispersion"];
    // Samples send DeploymentStrategy, which the table of parameters lacks (CDS-B2).
    let spelled = params.word("DeploymentStrategy", &strategies, BAD_STRATEGY)?;
    let strategy = params.word("Strategy", &strategies, BAD_STRATEGY)?.or(spelled);
    let granularity = params.word("Granularity", &["Host", "Rack", "Switch", "switch"], BAD_GRANULARITY)?;
    let apart = match granularity {
        None | Some(0) => Granularity::Host,
        Some(1) => Granularity::Rack,
        Some(_) => Granularity::Switch,
    };
    // LooseDispersion is shown with Granularity switch only (DEP-2).
    if strategy == Some(2) && apart != Granularity::Switch {
        return Err(STRATEGY_GRANULARITY);
    }
    let choices = ["CancelMembershipAndStart", "KeepStopped"];
    let on_unable = params.word("OnUnableToRedeployFailedInstance", &choices, INVALID_PARAMETER)?;
    if quota.exceeded_by(1) {
        return Err(SET_QUOTA);
    }
    let on_unable = [OnUnable::CancelMembershipAndStart, OnUnable::KeepStopped][on_unable.unwrap_or(0)];
    Ok(Create { apart, on_unable })
}

/// DeleteDeploymentSet (DEP-44): the number of the set that goes.
///
/// # Errors
/// A set that does not exist or is another's, has members, or is an HPC cluster's.
pub fn delete(params: &Params, account: u32, sets: &Sets) -> Result<u32, Refusal> {
    let id = params.get("DeploymentSetId").ok_or(MISSING_PARAMETER)?;
    let (at, set) = sets.named(id).filter(|(_, set)| set.belongs_to(account)).ok_or(UNKNOWN_SET)?;
    if set.of_hpc {
        return Err(SET_OF_HPC);
    }
    if set.members > 0 {
        return Err(SET_NOT_EMPTY);
    }
    Ok(at)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn set(id: &str) -> Set {
        Set {
            id: id.to_owned(),
            account: Some(0),
            region: 0,
            refused: vec![3],
            apart: Granularity::Host,
            on_unable: OnUnable::default(),
            of_hpc: false,
            members: 0,
        }
    }

    #[test]
    fn a_set_is_made_by_either_spelling_of_its_one_strategy() {
        // DEP-1, DEP-2, DEP-3, DEP-50, NAME-6, CDS-B1, CDS-B2, CDS-P04 to CDS-P09, CDS-E002 to CDS-E006, CDS-E008
        let make = |pairs: &[(&str, &str)]| create(&Params::of(pairs), Quota::default());
        let host = Create { apart: Granularity::Host, on_unable: OnUnable::CancelMembershipAndStart };
        assert_eq!(make(&[]), Ok(host));
        assert_eq!(make(&[("Strategy", "Availability")]), Ok(host));
        assert_eq!(make(&[("DeploymentStrategy", "Availability")]), Ok(host));
        assert_eq!(make(&[("DeploymentStrategy", "Packed")]), Err(BAD_STRATEGY));
        assert_eq!(make(&[("DeploymentSetName", "set:1_a-b"), ("Description", "of the web")]), Ok(host));
        let old = [("Strategy", "StrictDispersion"), ("Domain", "Default"), ("Granularity", "Host")];
        assert_eq!(make(&old), Ok(host));
        let wide = make(&[("Strategy", "LooseDispersion"), ("Granularity", "switch")]).unwrap();
        assert_eq!(wide.apart, Granularity::Switch);
        assert_eq!(make(&[("Strategy", "LooseDispersion")]), Err(STRATEGY_GRANULARITY));
        let stopped = make(&[("OnUnableToRedeployFailedInstance", "KeepStopped")]).unwrap();
        assert_eq!(stopped.on_unable, OnUnable::KeepStopped);
        assert_eq!(make(&[("DeploymentSetName", &"s".repeat(128))]), Ok(host));
        assert_eq!(make(&[("DeploymentSetName", &"s".repeat(129))]), Err(BAD_SET_NAME));
        for (name, value, wrong) in [
            ("Strategy", "Packed", BAD_STRATEGY),
            ("DeploymentSetName", "s", BAD_SET_NAME),
            ("DeploymentSetName", "http://s", BAD_SET_NAME),
            ("Domain", "City", BAD_DOMAIN),
            ("Granularity", "Room", BAD_GRANULARITY),
            ("DeploymentSetName", "7up", BAD_SET_NAME),
            ("Description", "http://a", BAD_DESCRIPTION),
            ("OnUnableToRedeployFailedInstance", "Wait", INVALID_PARAMETER),
        ] {
            assert_eq!(make(&[(name, value)]), Err(wrong), "{name}");
        }
    }

    #[test]
    fn sets_take_the_families_of_2021_which_are_those_of_2019_and_more() {
        // DEP-20, DEP-21
        let of_2019 =
            ["c5", "g5", "hfc5", "hfg5", "r5", "se1ne", "sn1ne", "sn2ne", "d1", "d1ne", "i2", "ic5"];
        for family in of_2019.iter().chain(&["c6", "g6", "r6", "hfr6", "d2c", "i1", "i2gne"]) {
            assert!(FAMILIES.contains(&format!("ecs.{family}").as_str()), "{family}");
        }
        for family in ["ecs.t5", "ecs.gn6v", "ecs.sccg5", "ecs.n4"] {
            assert!(!FAMILIES.contains(&family), "{family}");
        }
    }

    #[test]
    fn two_sets_an_account_and_region() {
        // DEP-12, QUO-60, CDS-E009
        let mut sets = Sets::default();
        sets.0.insert(1, set("ds-a"));
        let quota = |sets: &Sets| Quota { used: sets.of(0, 0), limit: Some(2) };
        assert!(create(&Params::default(), quota(&sets)).is_ok());
        sets.0.insert(2, set("ds-b"));
        assert_eq!(create(&Params::default(), quota(&sets)), Err(SET_QUOTA));
        assert_eq!((SET_QUOTA.status, SET_QUOTA.code), (400, "DEPLOYMENTSET.QUOTA_FULL"));
        assert_eq!(sets.of(1, 0) + sets.of(0, 1), 0);
    }

    #[test]
    fn only_an_empty_set_is_deleted() {
        // DEP-44, HPC-12
        let of = |id: &str| Params::of(&[("DeploymentSetId", id)]);
        let mut sets = Sets::default();
        sets.0.insert(5, set("ds-a"));
        assert_eq!(delete(&of("ds-a"), 0, &sets), Ok(5));
        assert_eq!(delete(&of("ds-a"), 1, &sets), Err(UNKNOWN_SET));
        assert_eq!(delete(&of("ds-x"), 0, &sets), Err(UNKNOWN_SET));
        sets.0.get_mut(&5).unwrap().members = 1;
        assert_eq!(delete(&of("ds-a"), 0, &sets), Err(SET_NOT_EMPTY));
        sets.0.get_mut(&5).unwrap().of_hpc = true;
        assert_eq!(delete(&of("ds-a"), 0, &sets), Err(SET_OF_HPC));
    }
}
