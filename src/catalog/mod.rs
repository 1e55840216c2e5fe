//! The catalog: instance types, dedicated-host types, disk categories, images, regions and zones.
//!
//! Built once from the tables in `data/` (they are part of the program: no file is read at run time). The figures
//! are those of the public ECS documentation; the holes in them and how each is filled are listed in
//! `data/README.md`. A damaged row is a [`CatalogError`] that names file, line and column.
//!
//! The order of every table is the order of its file; nothing here depends on the order of a hash map.

mod rows;
mod table;

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

pub use self::table::CatalogError;
use crate::model::{DedicatedHostType, DiskCategory, Image, InstanceType, Region, Zone};

/// The texts that a catalog is built from: one CSV table each.
#[derive(Clone, Copy, Debug)]
pub struct Files<'a> {
    /// `data/instance_types.csv`.
    pub instance_types: &'a str,
    /// `data/instance_types_sources.csv`: the same types in the same order, and where their figures come from.
    pub instance_type_sources: &'a str,
    /// `data/dedicated_host_types.csv`.
    pub dedicated_host_types: &'a str,
    /// `data/disk_categories.csv`.
    pub disk_categories: &'a str,
    /// `data/images.csv`.
    pub images: &'a str,
    /// `data/regions.csv`.
    pub regions: &'a str,
    /// `data/zones.csv`.
    pub zones: &'a str,
}

impl Files<'static> {
    /// The tables that ship with the program.
    pub const fn shipped() -> Files<'static> {
        Files {
            instance_types: include_str!("../../data/instance_types.csv"),
            instance_type_sources: include_str!("../../data/instance_types_sources.csv"),
            dedicated_host_types: include_str!("../../data/dedicated_host_types.csv"),
            disk_categories: include_str!("../../data/disk_categories.csv"),
            images: include_str!("../../data/images.csv"),
            regions: include_str!("../../data/regions.csv"),
            zones: include_str!("../../data/zones.csv"),
        }
    }
}

/// A family of instance types, with the positions of its members.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Family {
    /// Family in API form, such as `ecs.g5`.
    pub name: String,
    /// `general`, `compute`, `memory`, `gpu`, `burstable` ...
    pub category: String,
    /// Positions of its types in [`Catalog::types`], ascending.
    pub types: Vec<usize>,
}

/// Everything that the cloud sells, and where.
#[derive(Debug)]
pub struct Catalog {
    /// Instance types (658).
    pub types: Vec<InstanceType>,
    /// Dedicated-host types (18).
    pub host_types: Vec<DedicatedHostType>,
    /// Disk categories, one row a performance level (12).
    pub disks: Vec<DiskCategory>,
    /// Public images (36).
    pub images: Vec<Image>,
    /// Regions (24).
    pub regions: Vec<Region>,
    /// Zones (76).
    pub zones: Vec<Zone>,
    /// Families (138), in the order of their first type.
    pub families: Vec<Family>,
    by_name: Names,
}

#[derive(Debug)]
struct Names {
    types: FxHashMap<String, usize>,
    host_types: FxHashMap<String, usize>,
    images: FxHashMap<String, usize>,
    regions: FxHashMap<String, usize>,
    zones: FxHashMap<String, usize>,
    families: FxHashMap<String, usize>,
}

impl Catalog {
    /// The catalog that ships with the program, built at the first call. Its tables are tested to be sound.
    pub fn shipped() -> &'static Catalog {
        static SHIPPED: OnceLock<Catalog> = OnceLock::new();
        SHIPPED.get_or_init(|| match Catalog::build(&Files::shipped()) {
            Ok(catalog) => catalog,
            Err(error) => unreachable!("the shipped tables are tested to be sound: {error}"),
        })
    }

    /// Builds a catalog.
    ///
    /// # Errors
    /// The first cell that cannot be used, a name that occurs twice, a zone in a region that does not exist, a
    /// type whose disk category does not exist.
    pub fn build(files: &Files<'_>) -> Result<Catalog, CatalogError> {
        let types = rows::instance_types(files)?;
        let host_types = rows::host_types(files.dedicated_host_types)?;
        let disks = rows::disks(files.disk_categories)?;
        let images = rows::images(files.images)?;
        let regions = rows::regions(files.regions)?;
        let zones = rows::zones(files.zones, &regions)?;
        for (at, row) in types.iter().enumerate() {
            if let Some(unknown) =
                row.disk_categories.iter().find(|name| disks.iter().all(|disk| disk.category != **name))
            {
                let what = format!("`{unknown}` is no disk category of data/disk_categories.csv");
                return Err(at_row("data/instance_types.csv", at, 17, "disk_categories", what));
            }
        }
        let families = families(&types);
        let by_name = Names {
            types: index("data/instance_types.csv", "instance_type", types.iter().map(|row| &row.name))?,
            host_types: index(
                "data/dedicated_host_types.csv",
                "dedicated_host_type",
                host_types.iter().map(|row| &row.name),
            )?,
            images: index("data/images.csv", "image_id", images.iter().map(|row| &row.id))?,
            regions: index("data/regions.csv", "region_id", regions.iter().map(|row| &row.id))?,
            zones: index("data/zones.csv", "zone_id", zones.iter().map(|row| &row.id))?,
            families: families.iter().enumerate().map(|(at, family)| (family.name.clone(), at)).collect(),
        };
        Ok(Catalog { types, host_types, disks, images, regions, zones, families, by_name })
    }

    /// The instance type of this name.
    pub fn type_named(&self, name: &str) -> Option<&InstanceType> {
        self.by_name.types.get(name).map(|at| &self.types[*at])
    }

    /// The dedicated-host type of this name.
    pub fn host_type_named(&self, name: &str) -> Option<&DedicatedHostType> {
        self.by_name.host_types.get(name).map(|at| &self.host_types[*at])
    }

    /// The image of this id.
    pub fn image_named(&self, id: &str) -> Option<&Image> {
        self.by_name.images.get(id).map(|at| &self.images[*at])
    }

    /// The region of this id.
    pub fn region_named(&self, id: &str) -> Option<&Region> {
        self.by_name.regions.get(id).map(|at| &self.regions[*at])
    }

    /// The zone of this id.
    pub fn zone_named(&self, id: &str) -> Option<&Zone> {
        self.by_name.zones.get(id).map(|at| &self.zones[*at])
    }

    /// The family of this name (API form).
    pub fn family_named(&self, name: &str) -> Option<&Family> {
        self.by_name.families.get(name).map(|at| &self.families[*at])
    }

    /// The types of a family, in file order; none for a family that does not exist.
    pub fn types_of<'a>(&'a self, family: &str) -> impl Iterator<Item = &'a InstanceType> + use<'a> {
        let members = self.family_named(family).map_or(&[][..], |family| &family.types);
        members.iter().map(|at| &self.types[*at])
    }

    /// The zones of a region, in file order.
    pub fn zones_of<'a>(&'a self, region: &'a str) -> impl Iterator<Item = &'a Zone> + use<'a> {
        self.zones.iter().filter(move |zone| zone.region == region)
    }

    /// The rows of a disk category: four for `cloud_essd` (PL0 to PL3), one for any other, none for an unknown one.
    pub fn disk_rows<'a>(&'a self, category: &'a str) -> impl Iterator<Item = &'a DiskCategory> + use<'a> {
        self.disks.iter().filter(move |disk| disk.category == category)
    }

    /// The disk row of a category and performance level (level none for every category but `cloud_essd`).
    pub fn disk(&self, category: &str, level: Option<&str>) -> Option<&DiskCategory> {
        self.disks.iter().find(|d| d.category == category && d.performance_level.as_deref() == level)
    }
}

fn families(types: &[InstanceType]) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let mut known: FxHashMap<&str, usize> = FxHashMap::default();
    for (at, row) in types.iter().enumerate() {
        let family = *known.entry(&row.family).or_insert_with(|| {
            families.push(Family {
                name: row.family.clone(),
                category: row.category.clone(),
                types: Vec::new(),
            });
            families.len() - 1
        });
        families[family].types.push(at);
    }
    families
}

/// Positions by name; a name that occurs twice is an error at its second row.
fn index<'a>(
    file: &'static str,
    column: &str,
    names: impl Iterator<Item = &'a String>,
) -> Result<FxHashMap<String, usize>, CatalogError> {
    let mut positions = FxHashMap::default();
    for (at, name) in names.enumerate() {
        if let Some(first) = positions.insert(name.clone(), at) {
            let what = format!("`{name}` is on line {} already", first + 2);
            return Err(at_row(file, at, 1, column, what));
        }
    }
    Ok(positions)
}

/// An error at a row of a table without line breaks inside cells (all of ours): row 0 is line 2.
fn at_row(file: &'static str, row: usize, number: usize, column: &str, what: String) -> CatalogError {
    CatalogError { file, line: row as u64 + 2, number, column: column.to_owned(), what }
}

#[cfg(test)]
mod tests;
