//! One function a table: from its rows to the model's structs, filling the holes that `data/README.md` lists.

use super::Files;
use super::table::{CatalogError, Row, Table};
use crate::model::{
    Architecture, DedicatedHostType, DiskCategory, Generation, Gpu, Image, InstanceType, IoOptimized,
    LocalDisks, Os, Region, Zone,
};

const GENERATIONS: &[(&str, Generation)] =
    &[("current", Generation::Current), ("previous", Generation::Previous), ("retired", Generation::Retired)];

/// What a type with no documented categories takes (hole H2 of `data/README.md`).
const CATEGORIES_WHEN_SILENT: [&str; 2] = ["cloud_efficiency", "cloud_ssd"];

/// Smallest data disk where only the largest is documented (hole H7 of `data/README.md`), in GiB.
const LEAST_DATA_GIB_WHEN_SILENT: u32 = 20;

const TYPE_COLUMNS: &[&str] = &[
    "instance_type",
    "family",
    "generation",
    "category",
    "vcpu",
    "memory_gib",
    "gpu_count",
    "gpu_model",
    "local_disk_count",
    "local_disk_gib_each",
    "local_disk_kind",
    "bandwidth_gbps",
    "pps_k",
    "eni_max",
    "private_ip_per_eni",
    "io_optimized",
    "disk_categories",
    "baseline_cpu_percent",
    "cpu_credits_per_hour",
];

const TYPE_SOURCE_COLUMNS: &[&str] = &[
    "instance_type",
    "in_2019_docs",
    "generation_2019",
    "invitational_preview",
    "sources",
    "conflicting_figures",
];

/// Instance types; the sources file must list the same types in the same order.
pub(super) fn instance_types(files: &Files<'_>) -> Result<Vec<InstanceType>, CatalogError> {
    let table = Table::read("data/instance_types.csv", TYPE_COLUMNS, files.instance_types)?;
    let sources =
        Table::read("data/instance_types_sources.csv", TYPE_SOURCE_COLUMNS, files.instance_type_sources)?;
    if sources.rows().len() < table.rows().len() {
        let first = table.rows().nth(sources.rows().len()).expect("a row beyond the shorter table");
        return Err(first.wrong("instance_type", "the sources file ends before this type"));
    }
    if let Some(extra) = sources.rows().nth(table.rows().len()) {
        return Err(extra.wrong("instance_type", "instance_types.csv ends before this type"));
    }
    table.rows().zip(sources.rows()).map(|(row, source)| instance_type(row, source)).collect()
}

fn instance_type(row: Row<'_>, source: Row<'_>) -> Result<InstanceType, CatalogError> {
    let name = row.text("instance_type")?;
    if source.raw("instance_type") != name {
        return Err(source.expected("instance_type", &format!("`{name}`, as in instance_types.csv")));
    }
    let family = row.text("family")?;
    if !name.strip_prefix(&family).is_some_and(|size| size.starts_with(['.', '-'])) {
        return Err(row.expected("family", &format!("the start of `{name}`")));
    }
    let vcpus = row.positive("vcpu")?;
    let io_optimized = match row.raw("io_optimized") {
        "" => IoOptimized::Required, // hole H1
        _ => row.one_of(
            "io_optimized",
            &[
                ("required", IoOptimized::Required),
                ("optional", IoOptimized::Optional),
                ("unsupported", IoOptimized::Unsupported),
            ],
        )?,
    };
    let mut disk_categories = row.list("disk_categories");
    if disk_categories.is_empty() {
        disk_categories = CATEGORIES_WHEN_SILENT.map(str::to_owned).to_vec();
    }
    let generation_2019 = match source.raw("generation_2019") {
        "" => None,
        _ => Some(source.one_of("generation_2019", GENERATIONS)?),
    };
    Ok(InstanceType {
        cpu_milli: vcpus.checked_mul(1000).ok_or_else(|| row.expected("vcpu", "fewer vCPUs"))?,
        memory_mib: row.gib_as_mib("memory_gib")?,
        gpu: gpu(row)?,
        local_disks: local_disks(row)?,
        generation: row.one_of("generation", GENERATIONS)?,
        category: row.text("category")?,
        bandwidth_gbps_milli: row.milli_or_none("bandwidth_gbps")?,
        pps_k: row.number_or_none("pps_k")?,
        eni_max: row.number_or_none("eni_max")?,
        private_ip_per_eni: row.number_or_none("private_ip_per_eni")?,
        io_optimized,
        disk_categories,
        baseline_cpu_percent: row.number_or_none("baseline_cpu_percent")?,
        cpu_credits_per_hour: row.number_or_none("cpu_credits_per_hour")?,
        in_2019: source.yes("in_2019_docs")?,
        generation_2019,
        preview: source.yes("invitational_preview")?,
        name,
        family,
    })
}

fn gpu(row: Row<'_>) -> Result<Option<Gpu>, CatalogError> {
    match row.milli_or_none("gpu_count")? {
        None if row.raw("gpu_model").is_empty() => Ok(None),
        None => Err(row.expected("gpu_count", "a count beside the model")),
        Some(0) => Err(row.expected("gpu_count", "a number above 0")),
        Some(milli) => Ok(Some(Gpu { model: row.text("gpu_model")?, milli })),
    }
}

/// Local disks of a type or of a host: three cells that stand or fall together (a host writes 0 for none).
fn local_disks(row: Row<'_>) -> Result<Option<LocalDisks>, CatalogError> {
    match row.number_or_none::<u32>("local_disk_count")? {
        None | Some(0) => {
            if !row.raw("local_disk_kind").is_empty() {
                return Err(row.expected("local_disk_count", "a count beside the kind"));
            }
            if !matches!(row.raw("local_disk_gib_each"), "" | "0") {
                return Err(row.expected("local_disk_count", "a count beside the size"));
            }
            Ok(None)
        }
        Some(count) => Ok(Some(LocalDisks {
            count,
            gib_each: row.positive("local_disk_gib_each")?,
            kind: row
                .one_of("local_disk_kind", &[("hdd", "hdd"), ("ssd", "ssd"), ("nvme", "nvme")])?
                .to_owned(),
        })),
    }
}

const HOST_COLUMNS: &[&str] = &[
    "dedicated_host_type",
    "generation",
    "in_2019_docs",
    "id_in_docs",
    "sockets",
    "physical_cores",
    "vcpus",
    "memory_gib",
    "local_storage_gib",
    "local_disk_count",
    "local_disk_gib_each",
    "local_disk_kind",
    "supported_instance_families",
    "custom_instance_types",
    "cpu_overcommit_adjustable",
    "cpu_overcommit_range",
    "default_overcommit_ratio",
    "cpu_model",
    "bandwidth_gbps",
    "pps_k",
    "notes",
];

/// Dedicated-host types.
pub(super) fn host_types(text: &str) -> Result<Vec<DedicatedHostType>, CatalogError> {
    Table::read("data/dedicated_host_types.csv", HOST_COLUMNS, text)?.rows().map(host_type).collect()
}

fn host_type(row: Row<'_>) -> Result<DedicatedHostType, CatalogError> {
    let local_disks = local_disks(row)?;
    let total = local_disks.as_ref().map_or(0, |disks| u64::from(disks.count) * u64::from(disks.gib_each));
    if row.number::<u64>("local_storage_gib")? != total {
        return Err(row.expected("local_storage_gib", &format!("{total}, the sum of the disks")));
    }
    let families = row.list("supported_instance_families");
    if families.is_empty() {
        return Err(row.expected("supported_instance_families", "at least one family"));
    }
    let overcommit_range = if row.yes("cpu_overcommit_adjustable")? {
        let range = row.raw("cpu_overcommit_range").split_once('-');
        let range = range.and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
        Some(range.ok_or_else(|| row.expected("cpu_overcommit_range", "a range such as `1-5`"))?)
    } else {
        None
    };
    Ok(DedicatedHostType {
        name: row.text("dedicated_host_type")?,
        generation: row.one_of("generation", GENERATIONS)?,
        sockets: row.positive("sockets")?,
        physical_cores: row.positive("physical_cores")?,
        vcpus: row.positive("vcpus")?,
        memory_mib: row.gib_as_mib("memory_gib")?,
        local_disks,
        families,
        custom_types: row.yes("custom_instance_types")?,
        overcommit_range,
        overcommit_default: row.number_or_none("default_overcommit_ratio")?,
        cpu_model: row.text("cpu_model")?,
        bandwidth_gbps: row.positive("bandwidth_gbps")?,
        pps_k: row.positive("pps_k")?,
        in_2019: row.yes("in_2019_docs")?,
    })
}

const DISK_COLUMNS: &[&str] = &[
    "category",
    "name",
    "performance_level",
    "api_value",
    "system_disk",
    "system_min_gib",
    "system_max_gib",
    "data_disk",
    "data_min_gib",
    "data_max_gib",
    "max_data_disks_per_instance",
    "max_total_gib_per_instance",
    "iops_base",
    "iops_per_gib",
    "iops_max",
    "throughput_base_mbps",
    "throughput_per_gib_mbps",
    "throughput_max_mbps",
    "random_write_latency_ms",
    "portable",
    "detachable",
    "encryptable",
    "snapshot",
    "billing_with_instance",
    "needs_io_optimized",
    "purchasable",
    "notes",
];

/// Disk categories, one row a performance level for ESSD.
pub(super) fn disks(text: &str) -> Result<Vec<DiskCategory>, CatalogError> {
    Table::read("data/disk_categories.csv", DISK_COLUMNS, text)?.rows().map(disk).collect()
}

fn disk(row: Row<'_>) -> Result<DiskCategory, CatalogError> {
    // A cell that is silent (hole H9) means no, but a word that is neither is an error.
    let yes_if_said = |column| if row.raw(column).is_empty() { Ok(false) } else { row.yes(column) };
    let system_gib = if row.yes("system_disk")? {
        Some(ordered(row, "system_min_gib", row.number("system_min_gib")?, row.number("system_max_gib")?)?)
    } else {
        None
    };
    let by_type = row.raw("data_disk") == "fixed by type";
    let data_gib = if !by_type && row.yes("data_disk")? {
        let least = row.number_or_none("data_min_gib")?.unwrap_or(LEAST_DATA_GIB_WHEN_SILENT);
        Some(ordered(row, "data_min_gib", least, row.number("data_max_gib")?)?)
    } else {
        None
    };
    let max_data_disks = match row.raw("max_data_disks_per_instance") {
        "by type" => None,
        _ => row.number_or_none("max_data_disks_per_instance")?,
    };
    Ok(DiskCategory {
        category: row.text("api_value")?,
        name: row.text("name")?,
        performance_level: Some(row.raw("performance_level").to_owned()).filter(|level| !level.is_empty()),
        system_gib,
        data_gib,
        max_data_disks,
        max_total_gib: row.number_or_none("max_total_gib_per_instance")?,
        iops: match row.number_or_none("iops_max")? {
            None => None,
            Some(max) => Some((
                row.number_or_none("iops_base")?.unwrap_or(0), // hole H8
                row.milli_or_none("iops_per_gib")?.unwrap_or(0),
                max,
            )),
        },
        throughput_milli: throughput(row)?,
        portable: row.yes("portable")?,
        detachable: row.yes("detachable")?,
        encryptable: yes_if_said("encryptable")?,
        snapshot: row.yes("snapshot")?,
        needs_io_optimized: yes_if_said("needs_io_optimized")?,
        purchasable: row.yes("purchasable")?,
        local: row.yes("billing_with_instance")?,
    })
}

fn ordered(row: Row<'_>, column: &str, least: u32, most: u32) -> Result<(u32, u32), CatalogError> {
    if least == 0 || least > most {
        return Err(row.wrong(column, format!("the sizes {least} to {most} GiB are no range")));
    }
    Ok((least, most))
}

/// Throughput in thousandths of MB/s; none where the table has no figure or prose (`2000 read / 1200 write`).
fn throughput(row: Row<'_>) -> Result<Option<(u32, u32, u32)>, CatalogError> {
    if row.raw("throughput_max_mbps").contains(" read / ") {
        return Ok(None);
    }
    let Some(max) = row.milli_or_none("throughput_max_mbps")? else { return Ok(None) };
    let base = row.milli_or_none("throughput_base_mbps")?;
    let per_gib = row.milli_or_none("throughput_per_gib_mbps")?;
    Ok(Some(match (base, per_gib) {
        (None, None) => (max, 0, max), // hole H8: one figure, whatever the size
        (base, per_gib) => (base.unwrap_or(0), per_gib.unwrap_or(0), max),
    }))
}

const IMAGE_COLUMNS: &[&str] = &[
    "image_id",
    "os",
    "architecture_bits",
    "architecture",
    "size_gib",
    "cloud_init",
    "io_optimized",
    "platform",
    "os_name",
    "release_date",
    "owner_alias",
    "id_in_docs",
    "cloud_init_basis",
    "io_optimized_basis",
    "notes",
];

/// Public images.
pub(super) fn images(text: &str) -> Result<Vec<Image>, CatalogError> {
    Table::read("data/images.csv", IMAGE_COLUMNS, text)?.rows().map(image).collect()
}

fn image(row: Row<'_>) -> Result<Image, CatalogError> {
    let architectures = [("i386", Architecture::I386), ("x86_64", Architecture::X86_64)];
    let architecture = row.one_of("architecture", &architectures)?;
    let bits = if architecture == Architecture::I386 { 32 } else { 64 };
    if row.number::<u32>("architecture_bits")? != bits {
        return Err(row.expected("architecture_bits", &format!("{bits}, as the architecture says")));
    }
    let release_date = row.text("release_date")?;
    if release_date.parse::<jiff::civil::Date>().is_err() {
        return Err(row.expected("release_date", "a date such as 2019-08-16"));
    }
    let (io_optimized, io_optimized_only) = row
        .one_of("io_optimized", &[("yes", (true, false)), ("no", (false, false)), ("only", (true, true))])?;
    Ok(Image {
        id: row.text("image_id")?,
        os: row.one_of("os", &[("linux", Os::Linux), ("windows", Os::Windows)])?,
        architecture,
        size_gib: row.positive("size_gib")?,
        cloud_init: row.yes("cloud_init")?,
        io_optimized,
        io_optimized_only,
        platform: row.text("platform")?,
        os_name: row.text("os_name")?,
        release_date,
    })
}

const REGION_COLUMNS: &[&str] = &[
    "region_id",
    "name",
    "name_2019",
    "city",
    "mainland_china",
    "zones_2019",
    "zones_2021",
    "endpoint",
    "in_2019_docs",
];

/// Regions.
pub(super) fn regions(text: &str) -> Result<Vec<Region>, CatalogError> {
    Table::read("data/regions.csv", REGION_COLUMNS, text)?.rows().map(region).collect()
}

fn region(row: Row<'_>) -> Result<Region, CatalogError> {
    Ok(Region {
        id: row.text("region_id")?,
        name: row.text("name")?,
        city: row.text("city")?,
        mainland_china: row.yes("mainland_china")?,
        endpoint: row.text("endpoint")?,
        in_2019: row.yes("in_2019_docs")?,
    })
}

const ZONE_COLUMNS: &[&str] =
    &["zone_id", "region_id", "local_name", "id_in_docs", "within_2019_count", "notes"];

/// Zones; each must name one of `regions`.
pub(super) fn zones(text: &str, regions: &[Region]) -> Result<Vec<Zone>, CatalogError> {
    let table = Table::read("data/zones.csv", ZONE_COLUMNS, text)?;
    table.rows().map(|row| zone(row, regions)).collect()
}

fn zone(row: Row<'_>, regions: &[Region]) -> Result<Zone, CatalogError> {
    let region = row.text("region_id")?;
    if !regions.iter().any(|known| known.id == region) {
        return Err(row.expected("region_id", "a region of data/regions.csv"));
    }
    let id = row.text("zone_id")?;
    if !id.starts_with(&region) {
        return Err(row.expected("zone_id", &format!("an id that starts with `{region}`")));
    }
    Ok(Zone { id, region, local_name: row.text("local_name")?, in_2019: row.yes("within_2019_count")? })
}
