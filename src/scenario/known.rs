//! Look-ups of names that a scenario may use, with an error that points at the name and offers the nearest one.

use super::error::Problem;
use super::nearest::did_you_mean;
use super::units::At;
use crate::catalog::Catalog;
use crate::model::{AccountIx, Image, InstanceType, Region, RegionIx, Zone, ZoneIx};

/// Every name that may be referred to: the scenario's own, and the catalog's where it reaches.
#[derive(Clone, Copy, Debug)]
pub struct Known<'s> {
    /// The shipped catalog.
    pub catalog: &'static Catalog,
    /// Regions of the scenario; [`RegionIx`] is the position here.
    pub regions: &'s [Region],
    /// Zones of the scenario; [`ZoneIx`] is the position here.
    pub zones: &'s [Zone],
    /// The scenario's own instance types (beside the catalog's).
    pub types: &'s [InstanceType],
    /// The scenario's own images (beside the catalog's).
    pub images: &'s [Image],
    /// Account ids; [`AccountIx`] is the position here.
    pub accounts: &'s [String],
}

impl<'s> Known<'s> {
    /// A region of the scenario.
    ///
    /// # Errors
    /// The scenario has no such region.
    pub fn region(&self, id: &At<String>) -> Result<RegionIx, Problem> {
        let at = self.regions.iter().position(|region| region.id == **id);
        at.map(RegionIx::from).ok_or_else(|| {
            unknown(id, "region", "the scenario has no region", self.regions.iter().map(|r| r.id.as_str()))
        })
    }

    /// A zone of the scenario.
    ///
    /// # Errors
    /// No region of the scenario has such a zone.
    pub fn zone(&self, id: &At<String>) -> Result<ZoneIx, Problem> {
        let at = self.zones.iter().position(|zone| zone.id == **id);
        at.map(ZoneIx::from).ok_or_else(|| {
            unknown(
                id,
                "zone",
                "no region of the scenario has a zone",
                self.zones.iter().map(|zone| zone.id.as_str()),
            )
        })
    }

    /// An instance type of the scenario or of the catalog.
    ///
    /// # Errors
    /// Neither has it.
    pub fn instance_type(&self, name: &At<String>) -> Result<&'s InstanceType, Problem> {
        let own = self.types.iter().find(|row| row.name == **name);
        own.or_else(|| self.catalog.type_named(name)).ok_or_else(|| {
            let names = self.types.iter().chain(&self.catalog.types).map(|row| row.name.as_str());
            unknown(name, "type", "neither [[types]] nor the catalog has an instance type", names)
        })
    }

    /// True when the scenario or the catalog has types of this family, or a dedicated-host type serves it.
    pub fn has_family(&self, family: &str) -> bool {
        self.types.iter().any(|row| row.family == family)
            || self.catalog.family_named(family).is_some()
            || self.catalog.host_types.iter().any(|host| host.families.iter().any(|name| name == family))
    }

    /// A family of instance types, of the scenario or of the catalog.
    ///
    /// # Errors
    /// Neither has it.
    pub fn family(&self, family: &At<String>) -> Result<(), Problem> {
        if self.has_family(family) {
            return Ok(());
        }
        let own = self.types.iter().map(|row| row.family.as_str());
        let names = own.chain(self.catalog.families.iter().map(|row| row.name.as_str()));
        Err(unknown(family, "family", "neither [[types]] nor the catalog has a family", names))
    }

    /// An image of the scenario or of the catalog.
    ///
    /// # Errors
    /// Neither has it.
    pub fn image(&self, id: &At<String>) -> Result<&'s Image, Problem> {
        let own = self.images.iter().find(|image| image.id == **id);
        own.or_else(|| self.catalog.image_named(id)).ok_or_else(|| {
            let names = self.images.iter().chain(&self.catalog.images).map(|image| image.id.as_str());
            unknown(id, "image", "neither [[images]] nor the catalog has an image", names)
        })
    }

    /// An account of the scenario.
    ///
    /// # Errors
    /// The scenario has no such account.
    pub fn account(&self, id: &At<String>) -> Result<AccountIx, Problem> {
        let at = self.accounts.iter().position(|account| *account == **id);
        at.map(AccountIx::from).ok_or_else(|| {
            unknown(id, "account", "the scenario has no account", self.accounts.iter().map(String::as_str))
        })
    }
}

/// The problem of a name that nothing has: "`message` `name`", and the nearest one that is known.
pub fn unknown<'k>(
    name: &At<String>,
    kind: &str,
    message: &str,
    known: impl IntoIterator<Item = &'k str> + Clone,
) -> Problem {
    Problem::at(name, format!("{message} `{name}`"))
        .label(format!("unknown {kind}"))
        .maybe_help(did_you_mean(name, known))
}
