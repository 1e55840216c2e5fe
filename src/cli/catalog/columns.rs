//! The columns of each list of the catalog.

use serde::Serialize;

use crate::catalog::{Catalog, Family};
use crate::cli::table::{Column, left, right};
use crate::model::{
    Architecture, DedicatedHostType, DiskCategory, Generation, Image, InstanceType, IoOptimized, LocalDisks,
    Os, Region, Zone,
};

/// Thousandths as the shortest decimal.
fn decimal(milli: u32) -> String {
    let text = format!("{}.{:03}", milli / 1000, milli % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn gib(mib: u32) -> String {
    decimal((u64::from(mib) * 1000 / 1024) as u32)
}

fn or_blank<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn yes_no(value: bool) -> String {
    if value { "yes" } else { "no" }.to_owned()
}

fn generation(value: Generation) -> String {
    match value {
        Generation::Current => "current",
        Generation::Previous => "previous",
        Generation::Retired => "retired",
    }
    .to_owned()
}

fn disks_of(disks: Option<&LocalDisks>) -> String {
    disks.map_or_else(String::new, |disks| format!("{} x {} GiB {}", disks.count, disks.gib_each, disks.kind))
}

fn span(range: Option<(u32, u32)>) -> String {
    range.map_or_else(String::new, |(low, high)| format!("{low}-{high}"))
}

/// Instance types.
pub(super) fn type_columns() -> Vec<Column<InstanceType>> {
    vec![
        left("type", |row: &InstanceType| row.name.clone()),
        left("category", |row: &InstanceType| row.category.clone()),
        left("generation", |row: &InstanceType| generation(row.generation)),
        right("vCPU", |row: &InstanceType| decimal(row.cpu_milli)),
        right("GiB", |row: &InstanceType| gib(row.memory_mib)),
        left("accelerators", |row: &InstanceType| {
            row.gpu.as_ref().map_or_else(String::new, |gpu| format!("{} x {}", decimal(gpu.milli), gpu.model))
        }),
        left("local disks", |row: &InstanceType| disks_of(row.local_disks.as_ref())),
        right("Gbit/s", |row: &InstanceType| or_blank(row.bandwidth_gbps_milli.map(decimal))),
        right("kpps", |row: &InstanceType| or_blank(row.pps_k)),
        left("I/O optimized", |row: &InstanceType| {
            match row.io_optimized {
                IoOptimized::Required => "required",
                IoOptimized::Optional => "optional",
                IoOptimized::Unsupported => "unsupported",
            }
            .to_owned()
        }),
        left("disk categories", |row: &InstanceType| row.disk_categories.join(" ")),
    ]
}

/// A family with what its types span.
#[derive(Serialize)]
pub(super) struct FamilyRow<'c> {
    family: &'c str,
    pub(super) category: &'c str,
    types: usize,
    vcpu_min: u32,
    vcpu_max: u32,
    memory_mib_min: u32,
    memory_mib_max: u32,
}

impl<'c> FamilyRow<'c> {
    /// Sums up a family.
    pub(super) fn new(family: &'c Family, catalog: &Catalog) -> FamilyRow<'c> {
        let rows = || family.types.iter().map(|at| &catalog.types[*at]);
        let vcpus = || rows().map(|row| row.cpu_milli.div_ceil(1000));
        let memory = || rows().map(|row| row.memory_mib);
        FamilyRow {
            family: &family.name,
            category: &family.category,
            types: family.types.len(),
            vcpu_min: vcpus().min().unwrap_or(0),
            vcpu_max: vcpus().max().unwrap_or(0),
            memory_mib_min: memory().min().unwrap_or(0),
            memory_mib_max: memory().max().unwrap_or(0),
        }
    }
}

/// Families.
pub(super) fn family_columns<'c>() -> Vec<Column<FamilyRow<'c>>> {
    vec![
        left("family", |row: &FamilyRow<'c>| row.family.to_owned()),
        left("category", |row: &FamilyRow<'c>| row.category.to_owned()),
        right("types", |row: &FamilyRow<'c>| row.types.to_string()),
        right("vCPU from", |row: &FamilyRow<'c>| row.vcpu_min.to_string()),
        right("to", |row: &FamilyRow<'c>| row.vcpu_max.to_string()),
        right("GiB from", |row: &FamilyRow<'c>| gib(row.memory_mib_min)),
        right("to", |row: &FamilyRow<'c>| gib(row.memory_mib_max)),
    ]
}

/// Dedicated-host types.
pub(super) fn host_columns() -> Vec<Column<DedicatedHostType>> {
    vec![
        left("host type", |row: &DedicatedHostType| row.name.clone()),
        left("generation", |row: &DedicatedHostType| generation(row.generation)),
        right("sockets", |row: &DedicatedHostType| row.sockets.to_string()),
        right("cores", |row: &DedicatedHostType| row.physical_cores.to_string()),
        right("vCPU", |row: &DedicatedHostType| row.vcpus.to_string()),
        right("GiB", |row: &DedicatedHostType| gib(row.memory_mib)),
        left("local disks", |row: &DedicatedHostType| disks_of(row.local_disks.as_ref())),
        right("over-commit", |row: &DedicatedHostType| or_blank(row.overcommit_default)),
        right("Gbit/s", |row: &DedicatedHostType| row.bandwidth_gbps.to_string()),
        right("kpps", |row: &DedicatedHostType| row.pps_k.to_string()),
        left("CPU", |row: &DedicatedHostType| row.cpu_model.clone()),
        left("families", |row: &DedicatedHostType| row.families.join(" ")),
    ]
}

/// Disk categories.
pub(super) fn disk_columns() -> Vec<Column<DiskCategory>> {
    let formula = |figures: Option<(u32, u32, u32)>, base: fn(u32) -> String| {
        figures.map_or_else(
            || "not documented".to_owned(),
            |(least, per_gib, most)| {
                format!("{} + {}/GiB, max {}", base(least), decimal(per_gib), base(most))
            },
        )
    };
    vec![
        left("category", |row: &DiskCategory| row.category.clone()),
        left("level", |row: &DiskCategory| row.performance_level.clone().unwrap_or_default()),
        left("name", |row: &DiskCategory| row.name.clone()),
        right("system GiB", |row: &DiskCategory| span(row.system_gib)),
        right("data GiB", |row: &DiskCategory| span(row.data_gib)),
        left("IOPS", move |row: &DiskCategory| formula(row.iops, |whole| whole.to_string())),
        left("MB/s", move |row: &DiskCategory| formula(row.throughput_milli, decimal)),
        left("portable", |row: &DiskCategory| yes_no(row.portable)),
        left("encryptable", |row: &DiskCategory| yes_no(row.encryptable)),
        left("snapshots", |row: &DiskCategory| yes_no(row.snapshot)),
        left("sold", |row: &DiskCategory| yes_no(row.purchasable)),
    ]
}

/// Images.
pub(super) fn image_columns() -> Vec<Column<Image>> {
    vec![
        left("image", |row: &Image| row.id.clone()),
        left("OS", |row: &Image| if row.os == Os::Windows { "windows" } else { "linux" }.to_owned()),
        right("bits", |row: &Image| {
            if row.architecture == Architecture::I386 { "32" } else { "64" }.to_owned()
        }),
        right("GiB", |row: &Image| row.size_gib.to_string()),
        left("cloud-init", |row: &Image| yes_no(row.cloud_init)),
        left("I/O optimized", |row: &Image| match (row.io_optimized, row.io_optimized_only) {
            (_, true) => "only".to_owned(),
            (yes, _) => yes_no(yes),
        }),
        left("released", |row: &Image| row.release_date.clone()),
        left("name", |row: &Image| row.os_name.clone()),
    ]
}

/// Regions.
pub(super) fn region_columns() -> Vec<Column<Region>> {
    vec![
        left("region", |row: &Region| row.id.clone()),
        left("name", |row: &Region| row.name.clone()),
        left("mainland China", |row: &Region| yes_no(row.mainland_china)),
        left("in 2019", |row: &Region| yes_no(row.in_2019)),
        right("zones", |row: &Region| Catalog::shipped().zones_of(&row.id).count().to_string()),
        left("endpoint", |row: &Region| row.endpoint.clone()),
    ]
}

/// Zones.
pub(super) fn zone_columns() -> Vec<Column<Zone>> {
    vec![
        left("zone", |row: &Zone| row.id.clone()),
        left("region", |row: &Zone| row.region.clone()),
        left("name", |row: &Zone| row.local_name.clone()),
        left("in 2019", |row: &Zone| yes_no(row.in_2019)),
    ]
}
