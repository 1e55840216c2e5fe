//! The values that an instance gets: what was asked for, with everything that was left out filled in (issue item
//! "Effective"). Computed once, by the gate; placement and the life of the instance use them.

use serde_json::{Map, Value, json};
use smallvec::SmallVec;

use crate::api::{DiskField, Param, Request};
use crate::model::{AccountIx, ImageIx, Money, RegionIx, TypeIx, Utc, ZoneIx, calendar};
use crate::world::{CategoryIx, ChargeType, VpcPlace, World};

/// Unit of a subscription's length.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum PeriodUnit {
    /// Seven days.
    Week,
    /// A calendar month.
    Month,
}

/// Length of a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Period {
    /// How many.
    pub count: u32,
    /// Of what.
    pub unit: PeriodUnit,
}

impl Period {
    /// The end of a subscription that starts at `start`: months are calendar months, clamped to the last day of a
    /// shorter month (R162).
    pub fn end(self, start: Utc) -> Utc {
        let (day, second) = (start.0.div_euclid(86_400), start.0.rem_euclid(86_400));
        let day = match self.unit {
            PeriodUnit::Week => day + 7 * i64::from(self.count),
            PeriodUnit::Month => calendar::months_later(day, self.count),
        };
        Utc(day * 86_400 + second)
    }

    /// Price of a subscription at a price a month: a week is a quarter of a month, to the millionth below (O50).
    pub fn price(self, month: Money) -> Money {
        Money(i64::try_from(self.price_quarters(month.0) / 4).unwrap_or(i64::MAX))
    }

    /// Price of a subscription in quarters of millionths, at a price a month: a week is a quarter of a month (O50).
    pub(super) fn price_quarters(self, price_month: i64) -> i128 {
        let quarters = match self.unit {
            PeriodUnit::Week => self.count,
            PeriodUnit::Month => self.count * 4,
        };
        i128::from(price_month) * i128::from(quarters)
    }
}

/// How public bandwidth is paid.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum InternetCharge {
    /// By traffic.
    PayByTraffic,
    /// By bandwidth.
    PayByBandwidth,
}

/// Network of an instance (R70).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Network {
    /// A VPC.
    Vpc(VpcPlace),
    /// The classic network of the region.
    Classic,
}

/// Spot strategy (R141).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Spot {
    /// Not preemptible.
    None,
    /// Preemptible, up to a price of its own per hour, in thousandths.
    WithPriceLimit {
        /// The limit.
        milli: u64,
    },
    /// Preemptible, at the price of the market.
    AsPriceGo,
}

impl Spot {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Spot::None => "NoSpot",
            Spot::WithPriceLimit { .. } => "SpotWithPriceLimit",
            Spot::AsPriceGo => "SpotAsPriceGo",
        }
    }
}

/// Affinity to the dedicated host after a stop without charges (R157).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Affinity {
    /// The same host if it has room, else another.
    Default,
    /// The same host.
    Host,
}

/// CPU credit mode of burstable types (R49).
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub enum Credit {
    /// Throttled without credits.
    Standard,
    /// Never throttled, billed for the excess.
    Unlimited,
}

/// Performance level of an ESSD (R112).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Serialize, serde::Deserialize)]
pub enum PerformanceLevel {
    /// Up to 50,000 IOPS.
    #[default]
    Pl1,
    /// Up to 100,000 IOPS.
    Pl2,
    /// Up to 1,000,000 IOPS.
    Pl3,
}

impl PerformanceLevel {
    /// The level of this name.
    pub(super) fn named(text: Option<&str>) -> Option<PerformanceLevel> {
        match text? {
            "PL1" => Some(PerformanceLevel::Pl1),
            "PL2" => Some(PerformanceLevel::Pl2),
            "PL3" => Some(PerformanceLevel::Pl3),
            _ => None,
        }
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            PerformanceLevel::Pl1 => "PL1",
            PerformanceLevel::Pl2 => "PL2",
            PerformanceLevel::Pl3 => "PL3",
        }
    }
}

/// A disk that is created with the instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Disk {
    /// N of `DataDisk.N`; 0 for the system disk.
    pub index: u8,
    /// Category.
    pub category: CategoryIx,
    /// Size in GiB.
    pub gib: u32,
    /// Performance level of an ESSD.
    pub performance_level: Option<PerformanceLevel>,
    /// Encrypted.
    pub encrypted: bool,
    /// Goes with the instance.
    pub delete_with_instance: bool,
}

impl Disk {
    /// Slot of its room in the pools of a zone.
    pub(crate) fn slot(&self) -> usize {
        let extra = match self.performance_level {
            Some(PerformanceLevel::Pl2) => 1,
            Some(PerformanceLevel::Pl3) => 2,
            Some(PerformanceLevel::Pl1) | None => 0,
        };
        crate::world::pool_slot(self.category, extra)
    }
}

/// The values that an instance gets.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Effective {
    /// Who pays.
    pub account: AccountIx,
    /// Region.
    pub region: RegionIx,
    /// Instance type.
    pub instance_type: TypeIx,
    /// Image.
    pub image: ImageIx,
    /// How it is paid.
    pub charge: ChargeType,
    /// Length of the subscription.
    pub period: Option<Period>,
    /// End of the subscription, counted from the moment of the check.
    pub(crate) ends: Option<Utc>,
    /// Renewed automatically, by this many units of the period.
    pub auto_renew: Option<u8>,
    /// I/O optimized (R47).
    pub io_optimized: bool,
    /// Network.
    pub network: Network,
    /// Zone; before the commit none while nothing in the request fixes it (R66).
    pub zone: Option<ZoneIx>,
    /// System disk (R96, R98).
    pub system: Disk,
    /// Data disks by rising N.
    pub data: SmallVec<[Disk; 16]>,
    /// Inbound public bandwidth in Mbit/s (R89).
    pub bandwidth_in: u16,
    /// Outbound public bandwidth in Mbit/s (R90).
    pub bandwidth_out: u16,
    /// How bandwidth is paid (R92).
    pub internet_charge: InternetCharge,
    /// Spot strategy; always none on dedicated hosts (R151).
    pub spot: Spot,
    /// Hours of protection of a spot instance (R147).
    pub spot_hours: u8,
    /// On a dedicated host, named or chosen (R154).
    pub on_host: bool,
    pub(crate) dedicated_host: Option<u32>,
    /// The request names the host; otherwise the commit chooses among those that may be chosen (DHST-12).
    pub(crate) host_named: bool,
    /// Affinity.
    pub affinity: Affinity,
    /// Protected from deletion by the API (pay as you go only, R140).
    pub deletion_protection: bool,
    /// CPU credit mode, when one was named.
    pub credit: Option<Credit>,
    /// Security enhancement, when it was named: true is Active with effect (R63).
    pub security_enhancement: Option<bool>,
    /// The key pair of the request is in use (R41).
    pub key_pair: bool,
    pub(crate) security_group: Option<u32>,
    pub(crate) deployment_set: Option<u32>,
    pub(crate) hpc_cluster: Option<u32>,
    pub(crate) cluster: Option<u32>,
    pub(crate) node_controller: Option<u32>,
    pub(crate) product: Option<u32>,
    pub(crate) vlan: Option<u32>,
    /// PrivateIpAddress of a VPC instance, InnerIpAddress of a classic one.
    pub(crate) named_address: Option<u32>,
    /// Nothing is to be created.
    pub dry_run: bool,
}

impl Effective {
    /// True when nothing binds its place but the zone: no host, cluster or set.
    pub fn is_loose(&self) -> bool {
        let bound = [self.cluster, self.node_controller, self.hpc_cluster, self.deployment_set];
        !self.on_host && bound.iter().all(Option::is_none)
    }

    /// Position of the deployment set in the world, when there is one.
    pub fn deployment_set(&self) -> Option<u32> {
        self.deployment_set
    }

    /// Position of the HPC cluster in the world, when there is one.
    pub fn hpc_cluster(&self) -> Option<u32> {
        self.hpc_cluster
    }

    /// Name of the dedicated host, when there is one.
    pub fn dedicated_host<'w>(&self, world: &'w World) -> Option<&'w str> {
        self.dedicated_host.map(|at| world.hosts.name(at))
    }

    /// What the subscription costs, before coupons; nothing for pay as you go.
    pub fn price(&self, world: &World) -> Money {
        self.period.map_or(Money::ZERO, |period| period.price(world.price_month(self.instance_type)))
    }

    /// The end of the subscription of an instance that is created now.
    pub fn expires(&self, now: Utc) -> Option<Utc> {
        self.period.map(|period| period.end(now))
    }

    /// Device names of the data disks: as named, the others the next free one from `/dev/xvdb` on (R117).
    pub fn devices(&self, request: &Request) -> Vec<String> {
        let named: Vec<Option<&str>> = self
            .data
            .iter()
            .map(|disk| request.disk(disk.index.into()).and_then(|raw| raw.text(DiskField::Device)))
            .collect();
        let mut free = ('b'..='z')
            .map(|letter| format!("/dev/xvd{letter}"))
            .filter(|device| !named.contains(&Some(device.as_str())));
        named.iter().map(|name| name.map_or_else(|| free.next().unwrap_or_default(), str::to_owned)).collect()
    }

    /// The values under the names of the parameters, for people and for comparison.
    pub fn to_json(&self, request: &Request, world: &World, instance_id: &str) -> Value {
        let mut out = Map::new();
        let text = |param| request.text(param).map_or(Value::Null, |text| json!(text));
        let mut put = |name: &str, value: Value| drop(out.insert(name.to_owned(), value));
        put("RegionId", json!(world.region_name(self.region)));
        put("ZoneId", json!(self.zone.map(|zone| world.zone_name(zone))));
        put("InstanceType", json!(world.type_name(self.instance_type)));
        put("ImageId", text(Param::ImageId));
        put("InstanceName", json!(request.text(Param::InstanceName).unwrap_or(instance_id)));
        put("Description", text(Param::Description));
        put("HostName", text(Param::HostName));
        put("InstanceChargeType", json!(self.charge.name()));
        put("Period", json!(self.period.map(|period| period.count)));
        put(
            "PeriodUnit",
            json!(self.period.map(|period| match period.unit {
                PeriodUnit::Week => "Week",
                PeriodUnit::Month => "Month",
            })),
        );
        put("AutoRenew", json!(self.auto_renew.is_some()));
        put("AutoRenewPeriod", json!(self.auto_renew));
        put("IoOptimized", json!(if self.io_optimized { "optimized" } else { "none" }));
        put("network", json!(if self.network == Network::Classic { "classic" } else { "vpc" }));
        if let Network::Vpc(place) = self.network {
            put("VSwitchId", json!(place.vswitch.map(|at| world.vswitches.name(at))));
        }
        put("SecurityGroupId", text(Param::SecurityGroupId));
        put(
            "InternetChargeType",
            json!(match self.internet_charge {
                InternetCharge::PayByTraffic => "PayByTraffic",
                InternetCharge::PayByBandwidth => "PayByBandwidth",
            }),
        );
        put("InternetMaxBandwidthIn", json!(self.bandwidth_in));
        put("InternetMaxBandwidthOut", json!(self.bandwidth_out));
        let level = |disk: &Disk| json!(disk.performance_level.map(PerformanceLevel::name));
        put("SystemDisk.Category", json!(world.category_name(self.system.category)));
        put("SystemDisk.Size", json!(self.system.gib));
        put("SystemDisk.PerformanceLevel", level(&self.system));
        put("SystemDisk.DiskName", text(Param::SystemDiskName));
        put("SystemDisk.Description", text(Param::SystemDiskDescription));
        for (disk, device) in self.data.iter().zip(self.devices(request)) {
            let mut put = |field: &str, value: Value| put(&format!("DataDisk.{}.{field}", disk.index), value);
            let raw = |field| request.disk(disk.index.into()).and_then(|raw| raw.text(field));
            put("Category", json!(world.category_name(disk.category)));
            put("Size", json!(disk.gib));
            put("PerformanceLevel", level(disk));
            put("Encrypted", json!(disk.encrypted));
            put("DeleteWithInstance", json!(disk.delete_with_instance));
            put("Device", json!(device));
            put("DiskName", json!(raw(DiskField::DiskName)));
            put("Description", json!(raw(DiskField::Description)));
        }
        put("SpotStrategy", json!(self.spot.name()));
        if self.spot != Spot::None {
            put("SpotDuration", json!(self.spot_hours));
            put("SpotInterruptionBehavior", json!("Terminate"));
        }
        put("Tenancy", json!(if self.on_host { "host" } else { "default" }));
        put("DedicatedHostId", json!(self.dedicated_host(world)));
        put("Affinity", json!(if self.affinity == Affinity::Host { "host" } else { "default" }));
        put("DeletionProtection", json!(self.deletion_protection));
        put(
            "CreditSpecification",
            json!(self.credit.map(|credit| match credit {
                Credit::Standard => "Standard",
                Credit::Unlimited => "Unlimited",
            })),
        );
        put(
            "SecurityEnhancementStrategy",
            json!(self.security_enhancement.map(|active| if active { "Active" } else { "Deactive" })),
        );
        put("KeyPairName", if self.key_pair { text(Param::KeyPairName) } else { Value::Null });
        put("DeploymentSetId", text(Param::DeploymentSetId));
        put("HpcClusterId", text(Param::HpcClusterId));
        Value::Object(out)
    }
}
