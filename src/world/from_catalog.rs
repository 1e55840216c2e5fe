//! Facts out of the catalog: regions, zones, instance types, images, disk categories.

use super::facts::{DiskCategoryFacts, ImageFacts, InstanceTypeFacts, RegionFacts, WorldFacts, ZoneFacts};
use super::sets::DOCUMENTED;
use crate::catalog::Catalog;
use crate::model::{Architecture, Generation, Image, InstanceType, IoOptimized};

impl WorldFacts {
    /// Adds everything that the catalog sells. Facts that are there already stay as they are.
    #[must_use]
    pub fn with_catalog(mut self, catalog: &Catalog) -> WorldFacts {
        for region in &catalog.regions {
            let fact = || RegionFacts { real_name_required: region.mainland_china, ..RegionFacts::default() };
            self.regions.entry(region.id.clone()).or_insert_with(fact);
        }
        for zone in &catalog.zones {
            let fact = || ZoneFacts { region: zone.region.clone(), ..ZoneFacts::default() };
            self.zones.entry(zone.id.clone()).or_insert_with(fact);
        }
        for row in &catalog.types {
            self.instance_types.entry(row.name.clone()).or_insert_with(|| InstanceTypeFacts::from(row));
        }
        for image in &catalog.images {
            self.images.entry(image.id.clone()).or_insert_with(|| ImageFacts::from(image));
        }
        for row in &catalog.disks {
            let range = row.data_gib.unwrap_or((5, 800));
            let fact = || DiskCategoryFacts {
                data_min_gib: range.0,
                data_max_gib: range.1,
                system_max_gib: row.system_gib.map_or(500, |(_, most)| most),
                portable: row.portable,
                local: row.local,
                encryptable: row.encryptable,
                withdrawn: false,
            };
            // The reference's own figures for the five that CreateInstance takes: the catalog has one row for each
            // performance level.
            let fact = || {
                if DOCUMENTED.contains(&row.category.as_str()) {
                    DiskCategoryFacts::documented(&row.category)
                } else {
                    fact()
                }
            };
            self.disk_categories.entry(row.category.clone()).or_insert_with(fact);
        }
        self
    }
}

impl From<&InstanceType> for InstanceTypeFacts {
    fn from(row: &InstanceType) -> InstanceTypeFacts {
        let (none, optimized) = match row.io_optimized {
            IoOptimized::Required => (false, true),
            IoOptimized::Optional => (true, true),
            IoOptimized::Unsupported => (true, false),
        };
        let texts = |pairs: &[(&str, bool)]| {
            pairs.iter().filter(|(_, yes)| *yes).map(|(text, _)| (*text).to_owned()).collect::<Vec<_>>()
        };
        let retired = row.generation == Generation::Retired;
        let unsupported =
            DOCUMENTED.into_iter().filter(|category| !row.disk_categories.iter().any(|own| own == category));
        InstanceTypeFacts {
            family: row.family.clone(),
            vcpus: row.cpu_milli.div_ceil(1000),
            cpu_milli: Some(row.cpu_milli),
            memory_mib: row.memory_mib,
            retired,
            io_modes: texts(&[("none", none), ("optimized", optimized)]),
            networks: texts(&[("vpc", true), ("classic", retired)]),
            burstable: row.burstable(),
            requires_hpc: row.family.starts_with("ecs.scc"),
            local_disks: row.local_disks.is_some(),
            max_bandwidth_out: 100,
            unsupported_disk_categories: unsupported.map(str::to_owned).collect(),
            ..InstanceTypeFacts::default()
        }
    }
}

impl From<&Image> for ImageFacts {
    fn from(row: &Image) -> ImageFacts {
        ImageFacts {
            os: row.os,
            os_version: row.os_name.contains("1903").then(|| "1903".to_owned()),
            bits: match row.architecture {
                Architecture::I386 => 32,
                Architecture::X86_64 => 64,
            },
            size_gib: row.size_gib,
            cloud_init: row.cloud_init,
            io_optimized: row.io_optimized,
            ..ImageFacts::default()
        }
    }
}
