//! How each fault changes a good request.

use crate::scenario::workload::Fault;

use super::Template;

/// A parameter and its new value; none leaves the parameter out.
type Change = (&'static str, Option<String>);

impl Template {
    /// Makes the request wrong. `other_zone` is another zone of the region, for the fault that needs one.
    pub(super) fn spoil(&mut self, fault: Fault, other_zone: Option<&str>) {
        for (name, value) in changes(fault, &self.region, other_zone) {
            self.set(name, value);
        }
        self.fault = Some(fault);
    }

    /// Sets a parameter in its place, adds it at the end, or leaves it out.
    pub(super) fn set(&mut self, name: &str, value: Option<String>) {
        if name == "VSwitchId" {
            self.needs_vswitch = false;
        }
        match (self.params.iter().position(|(known, _)| known == name), value) {
            (Some(place), Some(value)) => self.params[place].1 = value,
            (Some(place), None) => drop(self.params.remove(place)),
            (None, Some(value)) => self.params.push((name.to_owned(), value)),
            (None, None) => {}
        }
    }
}

fn changes(fault: Fault, region: &str, other_zone: Option<&str>) -> Vec<Change> {
    let set = |name, value: &str| vec![(name, Some(value.to_owned()))];
    let unset = |name| vec![(name, None)];
    match fault {
        Fault::MissingImage => unset("ImageId"),
        Fault::MissingType => unset("InstanceType"),
        Fault::BadName => set("InstanceName", "1st-server"),
        Fault::BadHostName => set("HostName", "server-"),
        Fault::BadDescription => set("Description", "http://example.com"),
        Fault::BadPassword => {
            vec![("PasswordInherit", None), ("Password", Some("short1!".to_owned()))]
        }
        Fault::BandwidthTooLarge => set("InternetMaxBandwidthOut", "101"),
        Fault::BadPrivateIp => set("PrivateIpAddress", "192.168.1.256"),
        Fault::UnknownDiskCategory => set("SystemDisk.Category", "cloud_tape"),
        Fault::SizeTooSmall => set("SystemDisk.Size", "1"),
        Fault::SizeTooLarge => set("SystemDisk.Size", "501"),
        Fault::TooManyDisks => set("DataDisk.17.Size", "20"),
        Fault::BadUserData => set("UserData", "echo hello"),
        Fault::BadIoOptimized => set("IoOptimized", "Optimized"),
        Fault::BadChargeType => set("InstanceChargeType", "Free"),
        Fault::MissingPeriod => {
            vec![("InstanceChargeType", Some("PrePaid".to_owned())), ("Period", None)]
        }
        Fault::BadSpotStrategy => set("SpotStrategy", "Cheap"),
        Fault::BadTag => {
            vec![("Tag.1.Key", Some("see http://x".to_owned())), ("Tag.1.Value", Some("v".to_owned()))]
        }
        Fault::UnknownType => set("InstanceType", "ecs.g99.large"),
        Fault::UnknownZone => set("ZoneId", &format!("{region}-zz")),
        Fault::WrongZone => {
            let zone = other_zone.map(str::to_owned);
            vec![("ZoneId", zone)]
        }
        Fault::UnknownImage => set("ImageId", "m-nosuchimage"),
        Fault::UnknownSecurityGroup => set("SecurityGroupId", "sg-nosuchgroup"),
        Fault::UnknownVswitch => set("VSwitchId", "vsw-nosuchswitch"),
        Fault::UnknownKeyPair => set("KeyPairName", "nosuchkey"),
        Fault::UnknownDedicatedHost => set("DedicatedHostId", "dh-nosuchhost"),
        Fault::UnknownDeploymentSet => set("DeploymentSetId", "ds-nosuchset"),
        Fault::UnknownResourceGroup => set("ResourceGroupId", "rg-nosuchgroup"),
    }
}
