//! The default VPC of a region, and the default vSwitch of a zone, made when the first instance needs them (R87).

use super::World;
use super::addresses::{AddressPool, Cidr};
use super::entities::{VSwitch, Vpc};
use super::facts::Quota;
use crate::model::{AccountIx, RegionIx, ZoneIx};

/// Where in a VPC an instance is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct VpcPlace {
    /// The VPC; none: the default VPC is still to be made.
    pub(crate) vpc: Option<u32>,
    /// The vSwitch; none: a default vSwitch is still to be made.
    pub(crate) vswitch: Option<u32>,
}

/// Block of a default VPC that is made.
const VPC_BLOCK: Cidr = Cidr::new(0xAC1F_0000, 16);
/// Prefix lengths of a default vSwitch that is made, the first with room counts.
const VSWITCH_PREFIXES: [u8; 4] = [20, 24, 28, 29];

impl World {
    /// The default VPC and vSwitch of a zone as they are now.
    pub(crate) fn default_place(&self, region: RegionIx, zone: ZoneIx, place: VpcPlace) -> VpcPlace {
        let Some(region) = self.regions.get(region.0) else { return place };
        let usable =
            |at: &u32| self.vswitches.get(*at).is_some_and(|one| one.available && one.zone == zone.0);
        VpcPlace {
            vpc: place.vpc.or(region.default_vpc.filter(|at| self.vpcs.get(*at).is_some())),
            vswitch: place.vswitch.or(region.default_vswitches.iter().copied().find(usable)),
        }
    }

    /// Makes what is missing of a default VPC and of the default vSwitch of a zone.
    pub(crate) fn make_default_place(
        &mut self,
        account: AccountIx,
        region: RegionIx,
        zone: ZoneIx,
        place: VpcPlace,
    ) -> VpcPlace {
        if place.vswitch.is_some() {
            return place;
        }
        let vpc = place.vpc.unwrap_or_else(|| self.make_vpc(account, region));
        VpcPlace { vpc: Some(vpc), vswitch: Some(self.make_vswitch(region, zone, vpc)) }
    }

    fn make_vpc(&mut self, account: AccountIx, region: RegionIx) -> u32 {
        let name = free_name(&format!("vpc-default-{}", self.region_name(region)), |name| {
            self.vpcs.find(name).is_some()
        });
        let row = Vpc {
            owner: account.0,
            available: true,
            cidr: VPC_BLOCK,
            io_optimized: true,
            instances: Quota::default(),
            vswitches: Vec::new(),
        };
        let at = self.vpcs.put(&name, row);
        if let Some(region) = self.regions.get_mut(region.0) {
            region.default_vpc = Some(at);
            region.default_vswitches.clear();
        }
        at
    }

    fn make_vswitch(&mut self, region: RegionIx, zone: ZoneIx, vpc: u32) -> u32 {
        let name = free_name(&format!("vsw-default-{}", self.zone_name(zone)), |name| {
            self.vswitches.find(name).is_some()
        });
        let (block, taken) = self.vpcs.get(vpc).map_or((VPC_BLOCK, Vec::new()), |row| {
            let blocks = row.vswitches.iter().filter_map(|at| self.vswitches.get(*at));
            (row.cidr, blocks.map(|vswitch| vswitch.pool.cidr()).collect())
        });
        // A VPC without any room left gives a vSwitch without addresses: the next request is told so (row 61).
        let room = VSWITCH_PREFIXES.iter().find_map(|prefix| block.free_block(*prefix, &taken));
        let pool = AddressPool::new(room.unwrap_or(Cidr::new(block.address(0), 32)), true);
        let row = VSwitch {
            vpc,
            region: region.0,
            zone: zone.0,
            available: true,
            is_default: true,
            pool,
            reserved_in_flight: 0,
        };
        let at = self.vswitches.put(&name, row);
        if let Some(vpc) = self.vpcs.get_mut(vpc) {
            vpc.vswitches.push(at);
        }
        if let Some(mut list) =
            self.regions.get_mut(region.0).map(|row| std::mem::take(&mut row.default_vswitches))
        {
            list.push(at);
            list.sort_by(|one, other| self.vswitches.name(*one).cmp(self.vswitches.name(*other)));
            if let Some(row) = self.regions.get_mut(region.0) {
                row.default_vswitches = list;
            }
        }
        at
    }
}

/// The name itself, or with the first number that makes it new.
fn free_name(name: &str, taken: impl Fn(&str) -> bool) -> String {
    if !taken(name) {
        return name.to_owned();
    }
    (2..).map(|n| format!("{name}-{n}")).find(|name| !taken(name)).unwrap_or_default()
}
