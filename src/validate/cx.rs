//! What the checks look at: the request, the world, and what follows from both, computed once.

use smallvec::SmallVec;

use super::effective::{
    Affinity, Credit, Disk, Effective, InternetCharge, Network, PerformanceLevel, Period, PeriodUnit, Spot,
};
use crate::api::{DataDisk, DiskField, Param, Request, forms};
use crate::model::{AccountIx, ImageIx, RegionIx, TypeIx, Utc, ZoneIx};
use crate::world::{
    Account, CategoryIx, CategorySet, ChargeType, Cluster, DedicatedHost, Image, NodeController, Product,
    Region, SecurityGroup, Snapshot, TypeRow, VSwitch, Vpc, VpcPlace, World, Zone,
};

/// A data disk of the request with what the world knows of it.
#[derive(Clone, Copy)]
pub(super) struct DiskCx<'a> {
    pub(super) raw: &'a DataDisk,
    /// As asked, else `cloud`; none while the text is no documented category.
    pub(super) category: Option<CategoryIx>,
    pub(super) snapshot_id: Option<&'a str>,
    pub(super) snapshot: Option<&'a Snapshot>,
    /// The named size, when it is an integer.
    pub(super) size: Option<i64>,
    pub(super) encrypted: bool,
}

impl DiskCx<'_> {
    pub(super) fn explicit_encrypted(&self) -> Option<bool> {
        self.raw.text(DiskField::Encrypted).and_then(forms::boolean)
    }

    pub(super) fn has_key(&self) -> bool {
        self.raw.text(DiskField::KmsKeyId).is_some()
    }

    /// The size that the disk gets: its snapshot's, else as asked (R108).
    pub(super) fn gib(&self) -> u64 {
        match self.snapshot {
            Some(snapshot) => u64::from(snapshot.size_gib),
            None => self.size.and_then(|size| u64::try_from(size).ok()).unwrap_or(0),
        }
    }
}

/// A named entity of the world: position and row.
pub(super) type Named<'a, T> = Option<(u32, &'a T)>;

/// Where the instance would be on the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Net {
    /// The vSwitch that the request names.
    VSwitch,
    /// The default VPC of the region, through the default vSwitch at this position, or one that is still to be made.
    Default(Option<u32>),
    /// The classic network.
    Classic,
}

/// Everything that the checks look at. All of it is total: what does not exist is none, and the checks before have
/// said so by the time that a check relies on it.
pub(super) struct Cx<'a> {
    pub(super) req: &'a Request,
    pub(super) world: &'a World,
    pub(super) account_ix: AccountIx,
    pub(super) account: &'a Account,
    pub(super) now: Utc,
    /// DedicatedHostId is there, or Tenancy is host.
    pub(super) on_host: bool,
    /// Not on a host, with a spot strategy other than NoSpot.
    pub(super) spot: bool,
    pub(super) charge: ChargeType,
    pub(super) region: Named<'a, Region>,
    pub(super) instance_type: Named<'a, TypeRow>,
    /// Effective IoOptimized (R47).
    pub(super) optimized: bool,
    pub(super) image: Named<'a, Image>,
    pub(super) product: Option<&'a Product>,
    /// The zone that ZoneId names, when it is of the region.
    pub(super) zone: Named<'a, Zone>,
    pub(super) cluster: Named<'a, Cluster>,
    pub(super) node: Option<(u32, NodeController)>,
    /// ZoneId, else zone of ClusterId, else zone of NodeControllerId.
    pub(super) named_zone: Option<u32>,
    /// The named zone, else that of the vSwitch.
    pub(super) fixed_zone: Option<u32>,
    pub(super) group: Named<'a, SecurityGroup>,
    pub(super) net: Net,
    /// The vSwitch named, or the default one that would be used.
    pub(super) vswitch: Named<'a, VSwitch>,
    /// The VPC of the instance; none: classic, or still to be made.
    pub(super) vpc: Named<'a, Vpc>,
    /// The host named, or chosen.
    pub(super) host: Named<'a, DedicatedHost>,
    /// As asked, else by rule R98; none while the text is no documented category.
    pub(super) system_category: Option<CategoryIx>,
    /// As asked, else the greater of 40 and the image (R96).
    pub(super) system_gib: i64,
    pub(super) disks: &'a [DiskCx<'a>],
    /// Categories of the data disks.
    pub(super) data_categories: CategorySet,
    /// Categories of all disks.
    pub(super) categories: CategorySet,
}

/// The data disks of a request with what the world knows of them, by rising N. Apart from [`Cx`], so that the many
/// requests without any do not move room for sixteen about.
pub(super) fn disks<'a>(req: &'a Request, world: &'a World) -> SmallVec<[DiskCx<'a>; 16]> {
    let mut disks = SmallVec::new();
    for raw in req.disks() {
        let snapshot_id = raw.text(DiskField::SnapshotId);
        let snapshot = snapshot_id.and_then(|id| world.snapshots.entry(id)).map(|(_, row)| row);
        let mut disk = DiskCx {
            raw,
            category: raw
                .text(DiskField::Category)
                .map_or(Some(CategoryIx::CLOUD), CategoryIx::of_documented),
            snapshot_id,
            snapshot,
            size: raw.text(DiskField::Size).and_then(forms::integer),
            encrypted: false,
        };
        disk.encrypted =
            disk.explicit_encrypted().unwrap_or_else(|| snapshot.is_some_and(|row| row.encrypted));
        disks.push(disk);
    }
    disks
}

impl<'a> Cx<'a> {
    pub(super) fn new(
        req: &'a Request,
        disks: &'a [DiskCx<'a>],
        world: &'a World,
        account_ix: AccountIx,
        account: &'a Account,
        now: Utc,
    ) -> Cx<'a> {
        let text = |param| req.text(param);
        let on_host = req.has(Param::DedicatedHostId) || req.is(Param::Tenancy, "host");
        let spot =
            !on_host && matches!(text(Param::SpotStrategy), Some("SpotWithPriceLimit" | "SpotAsPriceGo"));
        let charge = if req.is(Param::InstanceChargeType, "PrePaid") {
            ChargeType::PrePaid
        } else {
            ChargeType::PostPaid
        };
        let region = text(Param::RegionId).and_then(|id| world.regions.entry(id));
        let region_ix = region.map(|(at, _)| at);
        let instance_type = text(Param::InstanceType).and_then(|name| world.types.entry(name));
        let retired = instance_type.is_some_and(|(_, row)| row.retired);
        let optimized = match text(Param::IoOptimized) {
            Some("none") => false,
            Some("optimized") => true,
            _ => !retired,
        };
        let image = text(Param::ImageId).and_then(|id| world.images.entry(id));
        let zone = text(Param::ZoneId)
            .and_then(|id| world.zones.entry(id))
            .filter(|(_, zone)| Some(zone.region) == region_ix);
        let cluster = text(Param::ClusterId).and_then(|id| world.clusters.entry(id));
        let node = text(Param::NodeControllerId).and_then(|id| world.node_controllers.find(id));
        let named_zone = if req.has(Param::ZoneId) {
            zone.map(|(at, _)| at)
        } else if let Some((_, cluster)) = cluster {
            Some(cluster.zone)
        } else {
            node.and_then(|(_, node)| world.clusters.get(node.cluster)).map(|cluster| cluster.zone)
        };
        let group = text(Param::SecurityGroupId).and_then(|id| world.groups.entry(id));
        let mut cx = Cx {
            req,
            world,
            account_ix,
            account,
            now,
            on_host,
            spot,
            charge,
            region,
            instance_type,
            optimized,
            image,
            product: image.and_then(|(_, row)| world.products.get(row.product?)),
            zone,
            cluster,
            node,
            named_zone,
            fixed_zone: named_zone,
            group,
            net: Net::Classic,
            vswitch: None,
            vpc: None,
            host: None,
            system_category: None,
            system_gib: 0,
            disks,
            data_categories: CategorySet::default(),
            categories: CategorySet::default(),
        };
        cx.find_network();
        cx.find_host();
        cx.find_disks(retired);
        cx
    }

    fn find_network(&mut self) {
        let world = self.world;
        if let Some(id) = self.req.text(Param::VSwitchId) {
            self.net = Net::VSwitch;
            self.vswitch = world.vswitches.entry(id);
        } else if let Some((_, region)) = self.region
            && region.default_vpc_mode
        {
            let usable = region.default_vswitches.iter().copied().find(|at| {
                world.vswitches.get(*at).is_some_and(|vswitch| {
                    vswitch.available
                        && match self.named_zone {
                            Some(zone) => vswitch.zone == zone,
                            None => world.zone_usable(vswitch.zone, self.account),
                        }
                })
            });
            self.net = Net::Default(usable);
            self.vswitch = usable.and_then(|at| Some((at, world.vswitches.get(at)?)));
            self.vpc = region.default_vpc.and_then(|at| Some((at, world.vpcs.get(at)?)));
            if usable.is_none() && self.fixed_zone.is_none() {
                // The zone in which a default vSwitch would be made (R87).
                self.fixed_zone =
                    region.zones.iter().copied().find(|zone| world.zone_usable(*zone, self.account));
            }
        }
        if let Some((_, vswitch)) = self.vswitch {
            self.fixed_zone = self.fixed_zone.or(Some(vswitch.zone));
            self.vpc = self.vpc.or_else(|| Some((vswitch.vpc, world.vpcs.get(vswitch.vpc)?)));
        }
    }

    fn find_host(&mut self) {
        let world = self.world;
        if let Some(id) = self.req.text(Param::DedicatedHostId) {
            let here = |host: &DedicatedHost| {
                host.owner == self.account_ix.0 && Some(host.region) == self.region.map(|(at, _)| at)
            };
            self.host = world.hosts.entry(id).filter(|(_, host)| here(host));
        } else if self.on_host
            && let (Some(zone), Some((region, _)), Some((_, row))) =
                (self.fixed_zone, self.region, self.instance_type)
        {
            let own = world.auto_hosts.get(&(self.account_ix.0, zone));
            self.host = own.into_iter().flatten().find_map(|at| {
                let host = world.hosts.get(*at)?;
                let fits = host.region == region
                    && host.status == crate::world::HostStatus::Available
                    && host.families.has(row.family);
                fits.then_some((*at, host))
            });
        }
    }

    fn find_disks(&mut self, retired: bool) {
        let req = self.req;
        self.system_category = match req.text(Param::SystemDiskCategory) {
            Some(name) => CategoryIx::of_documented(name),
            None if retired && !self.optimized => Some(CategoryIx::CLOUD),
            None => Some(CategoryIx::EFFICIENCY),
        };
        self.system_gib = match req.text(Param::SystemDiskSize) {
            Some(text) => forms::integer(text).unwrap_or(0),
            None => i64::from(self.image.map_or(0, |(_, image)| image.size_gib).max(40)),
        };
        for category in self.disks.iter().filter_map(|disk| disk.category) {
            self.data_categories.insert(category);
        }
        self.categories = self.data_categories;
        if let Some(category) = self.system_category {
            self.categories.insert(category);
        }
    }

    pub(super) fn text(&self, param: Param) -> Option<&'a str> {
        self.req.text(param)
    }

    pub(super) fn region_ix(&self) -> Option<u32> {
        self.region.map(|(at, _)| at)
    }

    pub(super) fn row(&self) -> Option<&'a TypeRow> {
        self.instance_type.map(|(_, row)| row)
    }

    pub(super) fn prepaid(&self) -> bool {
        self.charge == ChargeType::PrePaid
    }

    /// Months or weeks of a subscription, when they are well-formed.
    pub(super) fn period(&self) -> Option<Period> {
        let unit = match self.text(Param::PeriodUnit) {
            None | Some("Month") => PeriodUnit::Month,
            Some("Week") => PeriodUnit::Week,
            Some(_) => return None,
        };
        let count = u32::try_from(self.req.integer(Param::Period)?).ok()?;
        Some(Period { count, unit })
    }

    /// SpotDuration as asked, else one hour (R147).
    pub(super) fn spot_duration(&self) -> i64 {
        self.req.integer(Param::SpotDuration).unwrap_or(1)
    }

    /// The network is a VPC, named or default.
    pub(super) fn in_vpc(&self) -> bool {
        self.net != Net::Classic
    }

    /// A default vSwitch would have to be made.
    pub(super) fn makes_vswitch(&self) -> bool {
        self.net == Net::Default(None)
    }

    /// KeyPairName has an effect: not a Windows image (R41).
    pub(super) fn key_pair_used(&self) -> bool {
        self.req.has(Param::KeyPairName)
            && self.image.is_some_and(|(_, image)| image.os != crate::model::Os::Windows)
    }

    /// The values that the instance gets; none when a check would have fired.
    pub(super) fn effective(&self) -> Option<Effective> {
        let req = self.req;
        let flag = |param| req.flag(param);
        let prepaid = self.prepaid();
        let network = match self.net {
            Net::Classic => Network::Classic,
            Net::VSwitch | Net::Default(_) => Network::Vpc(VpcPlace {
                vpc: self.vpc.map(|(at, _)| at),
                vswitch: self.vswitch.map(|(at, _)| at),
            }),
        };
        let spot = match self.text(Param::SpotStrategy) {
            Some("SpotWithPriceLimit") if self.spot => {
                Spot::WithPriceLimit { milli: self.text(Param::SpotPriceLimit).and_then(forms::price_milli)? }
            }
            Some("SpotAsPriceGo") if self.spot => Spot::AsPriceGo,
            _ => Spot::None,
        };
        let system_category = self.system_category?;
        let level = |text: Option<&str>, category: CategoryIx| {
            (category == CategoryIx::ESSD).then(|| PerformanceLevel::named(text).unwrap_or_default())
        };
        let image = self.image?;
        let set = self.text(Param::DeploymentSetId).and_then(|id| self.world.sets.find(id));
        let mut effective = Effective {
            account: self.account_ix,
            region: RegionIx(self.region_ix()?),
            instance_type: TypeIx(self.instance_type?.0),
            image: ImageIx(image.0),
            charge: self.charge,
            period: if prepaid { self.period() } else { None },
            ends: self.period().filter(|_| self.prepaid()).map(|period| period.end(self.now)),
            auto_renew: if prepaid && flag(Param::AutoRenew) {
                req.integer(Param::AutoRenewPeriod).and_then(|count| u8::try_from(count).ok())
            } else {
                None
            },
            io_optimized: self.optimized,
            network,
            zone: self.fixed_zone.map(ZoneIx),
            system: Disk {
                index: 0,
                category: system_category,
                gib: u32::try_from(self.system_gib).ok()?,
                performance_level: level(self.text(Param::SystemDiskPerformanceLevel), system_category),
                encrypted: false,
                delete_with_instance: true,
            },
            data: SmallVec::new(),
            bandwidth_in: req.integer(Param::InternetMaxBandwidthIn).map_or(200, |value| value as u16),
            bandwidth_out: req.integer(Param::InternetMaxBandwidthOut).map_or(0, |value| value as u16),
            internet_charge: if req.is(Param::InternetChargeType, "PayByBandwidth") {
                InternetCharge::PayByBandwidth
            } else {
                InternetCharge::PayByTraffic
            },
            spot,
            spot_hours: if self.spot { u8::try_from(self.spot_duration()).ok()? } else { 0 },
            on_host: self.on_host,
            dedicated_host: self.host.map(|(at, _)| at),
            host_named: req.has(Param::DedicatedHostId),
            affinity: if req.is(Param::Affinity, "host") { Affinity::Host } else { Affinity::Default },
            deletion_protection: !prepaid && flag(Param::DeletionProtection),
            credit: match self.text(Param::CreditSpecification) {
                Some("Standard") => Some(Credit::Standard),
                Some("Unlimited") => Some(Credit::Unlimited),
                _ => None,
            },
            security_enhancement: self
                .text(Param::SecurityEnhancementStrategy)
                .map(|strategy| strategy == "Active" && image.1.source == crate::world::ImageSource::System),
            key_pair: self.key_pair_used(),
            security_group: self.group.map(|(at, _)| at),
            deployment_set: set,
            hpc_cluster: self.text(Param::HpcClusterId).and_then(|id| self.world.hpc_clusters.find(id)),
            cluster: self.cluster.map(|(at, _)| at),
            node_controller: self.node.map(|(at, _)| at),
            product: image.1.product.filter(|_| self.product.is_some()),
            vlan: if self.in_vpc() {
                None
            } else {
                self.text(Param::VlanId).and_then(|id| self.world.vlans.find(id))
            },
            named_address: if self.in_vpc() {
                self.text(Param::PrivateIpAddress).and_then(forms::ipv4)
            } else {
                self.text(Param::InnerIpAddress).and_then(forms::ipv4)
            },
            dry_run: flag(Param::DryRun),
        };
        for disk in self.disks {
            let category = disk.category?;
            effective.data.push(Disk {
                index: u8::try_from(disk.raw.index).ok()?,
                category,
                gib: u32::try_from(disk.gib()).ok()?,
                performance_level: level(disk.raw.text(DiskField::PerformanceLevel), category),
                encrypted: disk.encrypted,
                delete_with_instance: disk
                    .raw
                    .text(DiskField::DeleteWithInstance)
                    .and_then(forms::boolean)
                    .unwrap_or(true),
            });
        }
        Some(effective)
    }
}
