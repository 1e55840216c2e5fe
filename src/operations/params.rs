//! Which operations there are, and the parameters of one call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::refusal::INVALID_PARAMETER;
use crate::api::forms;

/// What an operation is about: it says what a script must name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    /// Instances.
    Instance,
    /// An account's other resources.
    Account,
}

macro_rules! actions {
    ($($name:ident, $subject:ident, [$($param:literal),*], $doc:literal;)*) => {
        /// An operation that a script or a workload can send.
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Deserialize, Serialize, schemars::JsonSchema,
        )]
        pub enum Action {
            $(#[doc = $doc] $name,)*
        }

        impl Action {
            /// All of them, in order.
            pub const ALL: &'static [Action] = &[$(Action::$name),*];

            /// The name on the wire.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Action::$name => stringify!($name),)*
                }
            }

            /// What it is about.
            pub const fn subject(self) -> Subject {
                match self {
                    $(Action::$name => Subject::$subject,)*
                }
            }

            /// The parameters that it takes, beside those that say what it is about.
            pub const fn parameters(self) -> &'static [&'static str] {
                match self {
                    $(Action::$name => &[$($param),*],)*
                }
            }
        }
    };
}

actions! {
    StartInstance, Instance, ["InitLocalDisk", "DryRun"], "Starts a stopped instance (STA).";
    StopInstance, Instance, ["StoppedMode", "ForceStop", "ConfirmStop", "DryRun"], "Stops a running instance (STO).";
    RebootInstance, Instance, ["ForceStop", "DryRun"], "Restarts a running instance (REB).";
    DeleteInstance, Instance, ["Force", "TerminateSubscription"], "Releases an instance (DEL).";
    ModifyInstanceAutoReleaseTime, Instance, ["AutoReleaseTime"],
        "Sets, changes or cancels the time of release (MAR).";
    ModifyInstanceAttribute, Instance, ["DeletionProtection"], "Switches the protection from deletion.";
    ModifyInstanceDeployment, Instance,
        ["DeploymentSetId", "DedicatedHostId", "Force", "Tenancy", "Affinity", "MigrationType",
         "DedicatedHostClusterId"],
        "Moves an instance to a dedicated host, or into a deployment set (MID).";
    AllocatePublicIpAddress, Instance, [], "Gives an instance a public address (APA).";
    RedeployInstance, Instance, ["ForceStop"], "Moves an instance with a pending event to another server (RED).";
    AttachDisk, Instance, ["DiskId", "DeleteWithInstance"], "Attaches an available disk (DISK-61).";
    DetachDisk, Instance, ["DiskId"], "Detaches a portable disk (DISK-62).";
    CreateSnapshot, Instance, ["DiskId", "SnapshotName", "ClientToken"], "Makes a snapshot of a disk of the instance (IMG-32).";
    ResizeDisk, Instance, ["DiskId", "NewSize", "Type", "ClientToken"], "Enlarges a disk of the instance (DISK-64).";
    ModifyDiskAttribute, Instance, ["DiskId", "DeleteWithInstance"],
        "Says whether a data disk goes with its instance (DISK-51).";
    CreateDisk, Account, ["ZoneId", "DiskCategory", "Size", "SnapshotId", "PerformanceLevel", "DiskName",
         "ClientToken"],
        "Makes a disk of its own (DISK-60).";
    DeleteDisk, Account, ["DiskId"], "Deletes an available disk (DISK-63).";
    DeleteSnapshot, Account, ["SnapshotId"], "Deletes a snapshot.";
    AllocateDedicatedHosts, Account,
        ["ZoneId", "DedicatedHostType", "Quantity", "MinQuantity", "ChargeType", "Period", "PeriodUnit", "AutoRenew",
         "AutoRenewPeriod", "AutoPlacement", "ActionOnMaintenance", "AutoReleaseTime", "DedicatedHostName",
         "Description", "DedicatedHostClusterId", "CpuOverCommitRatio", "NetworkAttributes.SlbUdpTimeout",
         "NetworkAttributes.UdpTimeout", "ClientToken"],
        "Allocates dedicated hosts from the zone's stock (ADH).";
    ReleaseDedicatedHost, Account, ["DedicatedHostId"], "Releases an empty pay-as-you-go host (RDH).";
    ModifyDedicatedHostAttribute, Account,
        ["DedicatedHostId", "AutoPlacement", "ActionOnMaintenance", "DedicatedHostName", "Description",
         "NetworkAttributes.SlbUdpTimeout", "NetworkAttributes.UdpTimeout", "DedicatedHostClusterId"],
        "Changes attributes of a dedicated host (MDH).";
    CreateDeploymentSet, Account,
        ["DeploymentSetName", "Description", "Domain", "Granularity", "Strategy", "DeploymentStrategy",
         "OnUnableToRedeployFailedInstance", "ClientToken"],
        "Makes a deployment set (CDS).";
    DeleteDeploymentSet, Account, ["DeploymentSetId"], "Deletes an empty deployment set (DEP-44).";
    CreateHpcCluster, Account, ["Name", "Description", "DeploymentSetId", "ClientToken"],
        "Makes an HPC cluster (HPC-8).";
    RedeployDedicatedHost, Account, ["DedicatedHostId"], "Moves a host that is under assessment (DHST-43).";
    SetHostCondition, Account, ["DedicatedHostId", "Status"],
        "An act of the operator: a dedicated host is Available, UnderAssessment or PermanentFailure from now on.";
    SetLock, Instance, ["LockReason"],
        "An act of the operator: locks an instance (`financial`, `security`), or unlocks it.";
    ShutDown, Instance, [],
        "An act of the system inside: it shuts down, and the instance stops with its place (LIFE-19).";
    RaiseEvent, Instance, ["EventType"],
        "An act of the operator: an event such as `SystemMaintenance.Redeploy` is pending, or no more (RED-B4).";
    DeleteHpcCluster, Account, ["HpcClusterId"], "Deletes an empty HPC cluster (HPC-11).";
}

/// The parameters of one call, as on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Params(BTreeMap<String, String>);

impl Params {
    /// Of these pairs.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Params {
        Params(pairs.into_iter().collect())
    }

    /// Of pairs in the source text, for tests.
    #[cfg(test)]
    pub(crate) fn of(pairs: &[(&str, &str)]) -> Params {
        Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    /// A parameter; an empty value counts as absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// True when the parameter is there.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All pairs, in the order of their names.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A Boolean, `false` when it is absent.
    ///
    /// # Errors
    /// Something else than `true` or `false`.
    pub fn flag(&self, name: &str) -> Result<bool, Refusal> {
        self.get(name).map_or(Ok(false), |text| forms::boolean(text).ok_or(INVALID_PARAMETER))
    }

    /// An integer within bounds, when it is there.
    ///
    /// # Errors
    /// `wrong`, for text that is no integer and for one outside the bounds.
    pub fn integer(
        &self,
        name: &str,
        bounds: std::ops::RangeInclusive<i64>,
        wrong: Refusal,
    ) -> Result<Option<i64>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        forms::integer(text).filter(|value| bounds.contains(value)).map(Some).ok_or(wrong)
    }

    /// One of a few words, when it is there: its place among them.
    ///
    /// # Errors
    /// `wrong`, for any other word.
    pub fn word(&self, name: &str, words: &[&str], wrong: Refusal) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        words.iter().position(|word| *word == text).map(Some).ok_or(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_value_is_refused_and_an_empty_one_is_absent() {
        let params = Params::of(&[("Force", "TRUE"), ("ForceStop", "yes"), ("Quantity", "0"), ("Empty", "")]);
        assert_eq!(params.flag("Force"), Ok(true));
        assert_eq!(params.flag("ForceStop"), Err(INVALID_PARAMETER));
        assert_eq!(params.flag("Empty"), Ok(false));
        assert_eq!(params.integer("Quantity", 1..=100, INVALID_PARAMETER), Err(INVALID_PARAMETER));
        assert_eq!(params.integer("MinQuantity", 1..=100, INVALID_PARAMETER), Ok(None));
    }

    #[test]
    fn every_action_has_a_name_and_no_parameter_twice() {
        for action in Action::ALL {
            let mut names = action.parameters().to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), action.parameters().len(), "{}", action.name());
        }
        assert_eq!(Action::StopInstance.name(), "StopInstance");
    }
}
