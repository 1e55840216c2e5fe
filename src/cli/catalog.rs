//! `packyard catalog`: what the cloud sells, and where, as a table, JSON or CSV.

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::CliError;
use super::output::print;
use super::table::{Column, Format, left, right, show};
use crate::catalog::{Catalog, Family};
use crate::model::{
    Architecture, DedicatedHostType, DiskCategory, Generation, Image, InstanceType, IoOptimized, LocalDisks, Os,
    Region, Zone,
};
use crate::scenario::did_you_mean;
use crate::scenario::units::Size;

/// List instance types, families, dedicated-host types, disk categories, images, regions or zones.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    list: List,
    /// Print JSON (one array, full field names)
    #[arg(long, global = true, conflicts_with = "csv")]
    json: bool,
    /// Print CSV
    #[arg(long, global = true)]
    csv: bool,
}

#[derive(Subcommand, Debug)]
enum List {
    /// Instance types
    Types(Types),
    /// Families of instance types
    Families {
        /// Category, such as general, compute, memory, gpu, burstable
        #[arg(long)]
        category: Option<String>,
    },
    /// Dedicated-host types: also the host classes that pools of a scenario may use
    Hosts {
        /// Hosts that serve this family
        #[arg(long)]
        family: Option<String>,
        /// vCPUs sold: 64, 64..128, 64.. or ..128, both ends included
        #[arg(long, value_name = "RANGE")]
        vcpu: Option<Within<u32>>,
        /// Memory: 384GiB, 128GiB..512GiB, 128GiB.. or ..512GiB
        #[arg(long, value_name = "RANGE")]
        memory: Option<Within<Size>>,
    },
    /// Disk categories, one row a performance level
    Disks {
        /// Category, such as cloud_essd
        #[arg(long)]
        category: Option<String>,
    },
    /// Public images
    Images {
        /// Operating system
        #[arg(long)]
        os: Option<OsArg>,
        /// Platform, such as CentOS, as a whole or in part
        #[arg(long)]
        platform: Option<String>,
    },
    /// Regions
    Regions {
        /// One region
        #[arg(long)]
        region: Option<String>,
    },
    /// Zones
    Zones {
        /// Zones of this region
        #[arg(long)]
        region: Option<String>,
    },
}

#[derive(clap::Args, Debug)]
struct Types {
    /// Family, such as ecs.g5
    #[arg(long)]
    family: Option<String>,
    /// Category, such as general, compute, memory, gpu, burstable
    #[arg(long)]
    category: Option<String>,
    /// vCPUs: 4, 4..16, 4.. or ..16, both ends included
    #[arg(long, value_name = "RANGE")]
    vcpu: Option<Within<u32>>,
    /// Memory: 8GiB, 8GiB..64GiB, 8GiB.. or ..64GiB
    #[arg(long, value_name = "RANGE")]
    memory: Option<Within<Size>>,
    /// How current the type is
    #[arg(long)]
    generation: Option<GenerationArg>,
    /// Only types with a GPU, FPGA or NPU
    #[arg(long)]
    gpu: bool,
    /// Only types that the documents of September 2019 name
    #[arg(long = "in-2019")]
    in_2019: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum GenerationArg {
    Current,
    Previous,
    Retired,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum OsArg {
    Linux,
    Windows,
}

/// A range of values, both ends included.
#[derive(Clone, PartialEq, Debug)]
struct Within<T>(RangeInclusive<T>);

/// Least and greatest value of a type, for ranges that are open at one end.
trait Bounds {
    const LEAST: Self;
    const MOST: Self;
}

impl Bounds for u32 {
    const LEAST: u32 = 0;
    const MOST: u32 = u32::MAX;
}

impl Bounds for Size {
    const LEAST: Size = Size(0);
    const MOST: Size = Size(u64::MAX);
}

impl<T: FromStr + Bounds + PartialOrd + Clone> FromStr for Within<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Within<T>, String> {
        let one = |text: &str| text.trim().parse::<T>().map_err(|error| error.to_string());
        let Some((low, high)) = text.split_once("..") else {
            let value = one(text)?;
            return Ok(Within(value.clone()..=value));
        };
        let low = if low.is_empty() { T::LEAST } else { one(low)? };
        let high = if high.is_empty() { T::MOST } else { one(high.trim_start_matches('='))? };
        if low > high { Err("the range is empty".to_owned()) } else { Ok(Within(low..=high)) }
    }
}

/// True when there is no range, or the value is in it.
fn within<T: PartialOrd>(range: Option<&Within<T>>, value: T) -> bool {
    range.is_none_or(|range| range.0.contains(&value))
}

/// Prints one list of the catalog.
///
/// # Errors
/// A family, category or region that the catalog does not have.
pub fn run(args: Args) -> Result<ExitCode, CliError> {
    let format = match (args.json, args.csv) {
        (true, _) => Format::Json,
        (_, true) => Format::Csv,
        _ => Format::Table,
    };
    print(&list(Catalog::shipped(), &args.list, format)?)?;
    Ok(ExitCode::SUCCESS)
}

fn list(catalog: &Catalog, list: &List, format: Format) -> Result<String, CliError> {
    match list {
        List::Types(filter) => {
            known("family", filter.family.as_deref(), catalog.families.iter().map(|f| f.name.as_str()))?;
            known("category", filter.category.as_deref(), catalog.families.iter().map(|f| f.category.as_str()))?;
            pick(&catalog.types, |row| filter.takes(row), &type_columns(), format)
        }
        List::Families { category } => {
            known("category", category.as_deref(), catalog.families.iter().map(|f| f.category.as_str()))?;
            let families: Vec<FamilyRow> =
                catalog.families.iter().map(|family| FamilyRow::new(family, catalog)).collect();
            pick(&families, |row| same(category.as_deref(), row.category), &family_columns(), format)
        }
        List::Hosts { family, vcpu, memory } => {
            let served = catalog.host_types.iter().flat_map(|host| host.families.iter().map(String::as_str));
            known("family", family.as_deref(), served)?;
            let takes = |row: &DedicatedHostType| {
                family.as_ref().is_none_or(|family| row.families.contains(family))
                    && within(vcpu.as_ref(), row.vcpus)
                    && within(memory.as_ref(), Size::mib(row.memory_mib.into()))
            };
            pick(&catalog.host_types, takes, &host_columns(), format)
        }
        List::Disks { category } => {
            known("category", category.as_deref(), catalog.disks.iter().map(|disk| disk.category.as_str()))?;
            pick(&catalog.disks, |row| same(category.as_deref(), &row.category), &disk_columns(), format)
        }
        List::Images { os, platform } => {
            let platform = platform.as_ref().map(|platform| platform.to_lowercase());
            let takes = |row: &Image| {
                os.is_none_or(|os| (os == OsArg::Windows) == (row.os == Os::Windows))
                    && platform.as_ref().is_none_or(|part| row.platform.to_lowercase().contains(part))
            };
            pick(&catalog.images, takes, &image_columns(), format)
        }
        List::Regions { region } => {
            known("region", region.as_deref(), catalog.regions.iter().map(|region| region.id.as_str()))?;
            pick(&catalog.regions, |row| same(region.as_deref(), &row.id), &region_columns(), format)
        }
        List::Zones { region } => {
            known("region", region.as_deref(), catalog.regions.iter().map(|region| region.id.as_str()))?;
            pick(&catalog.zones, |row| same(region.as_deref(), &row.region), &zone_columns(), format)
        }
    }
}

impl Types {
    fn takes(&self, row: &InstanceType) -> bool {
        let generation = self.generation.is_none_or(|generation| {
            row.generation
                == match generation {
                    GenerationArg::Current => Generation::Current,
                    GenerationArg::Previous => Generation::Previous,
                    GenerationArg::Retired => Generation::Retired,
                }
        });
        generation
            && same(self.family.as_deref(), &row.family)
            && same(self.category.as_deref(), &row.category)
            && within(self.vcpu.as_ref(), row.cpu_milli.div_ceil(1000))
            && within(self.memory.as_ref(), Size::mib(row.memory_mib.into()))
            && (!self.gpu || row.gpu.is_some())
            && (!self.in_2019 || row.in_2019)
    }
}

fn same(filter: Option<&str>, value: &str) -> bool {
    filter.is_none_or(|filter| filter == value)
}

/// A filter by name must name something.
fn known<'k>(
    kind: &str,
    name: Option<&str>,
    names: impl Iterator<Item = &'k str>,
) -> Result<(), CliError> {
    let Some(name) = name else { return Ok(()) };
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    if names.contains(&name) {
        return Ok(());
    }
    let help = did_you_mean(name, names.iter().copied()).map_or_else(String::new, |help| format!(": {help}"));
    Err(CliError::new(format!("the catalog has no {kind} `{name}`{help}")))
}

fn pick<T: Serialize>(
    rows: &[T],
    takes: impl Fn(&T) -> bool,
    columns: &[Column<T>],
    format: Format,
) -> Result<String, CliError> {
    let rows: Vec<&T> = rows.iter().filter(|row| takes(row)).collect();
    show(&rows, columns, format).map_err(CliError::new)
}

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

fn type_columns() -> Vec<Column<InstanceType>> {
    vec![
        left("type", |row| row.name.clone()),
        left("category", |row| row.category.clone()),
        left("generation", |row| generation(row.generation)),
        right("vCPU", |row| decimal(row.cpu_milli)),
        right("GiB", |row| gib(row.memory_mib)),
        left("accelerators", |row| {
            row.gpu.as_ref().map_or_else(String::new, |gpu| format!("{} x {}", decimal(gpu.milli), gpu.model))
        }),
        left("local disks", |row| disks_of(row.local_disks.as_ref())),
        right("Gbit/s", |row| or_blank(row.bandwidth_gbps_milli.map(decimal))),
        right("kpps", |row| or_blank(row.pps_k)),
        left("I/O optimized", |row| {
            match row.io_optimized {
                IoOptimized::Required => "required",
                IoOptimized::Optional => "optional",
                IoOptimized::Unsupported => "unsupported",
            }
            .to_owned()
        }),
        left("disk categories", |row| row.disk_categories.join(" ")),
    ]
}

/// A family with what its types span.
#[derive(Serialize)]
struct FamilyRow<'c> {
    family: &'c str,
    category: &'c str,
    types: usize,
    vcpu_min: u32,
    vcpu_max: u32,
    memory_mib_min: u32,
    memory_mib_max: u32,
}

impl<'c> FamilyRow<'c> {
    fn new(family: &'c Family, catalog: &Catalog) -> FamilyRow<'c> {
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

fn family_columns<'c>() -> Vec<Column<FamilyRow<'c>>> {
    vec![
        left("family", |row| row.family.to_owned()),
        left("category", |row| row.category.to_owned()),
        right("types", |row| row.types.to_string()),
        right("vCPU from", |row| row.vcpu_min.to_string()),
        right("to", |row| row.vcpu_max.to_string()),
        right("GiB from", |row| gib(row.memory_mib_min)),
        right("to", |row| gib(row.memory_mib_max)),
    ]
}

fn host_columns() -> Vec<Column<DedicatedHostType>> {
    vec![
        left("host type", |row| row.name.clone()),
        left("generation", |row| generation(row.generation)),
        right("sockets", |row| row.sockets.to_string()),
        right("cores", |row| row.physical_cores.to_string()),
        right("vCPU", |row| row.vcpus.to_string()),
        right("GiB", |row| gib(row.memory_mib)),
        left("local disks", |row| disks_of(row.local_disks.as_ref())),
        right("over-commit", |row| or_blank(row.overcommit_default)),
        right("Gbit/s", |row| row.bandwidth_gbps.to_string()),
        right("kpps", |row| row.pps_k.to_string()),
        left("CPU", |row| row.cpu_model.clone()),
        left("families", |row| row.families.join(" ")),
    ]
}

fn disk_columns() -> Vec<Column<DiskCategory>> {
    let formula = |figures: Option<(u32, u32, u32)>, base: fn(u32) -> String| {
        figures.map_or_else(
            || "not documented".to_owned(),
            |(least, per_gib, most)| format!("{} + {}/GiB, max {}", base(least), decimal(per_gib), base(most)),
        )
    };
    vec![
        left("category", |row| row.category.clone()),
        left("level", |row| row.performance_level.clone().unwrap_or_default()),
        left("name", |row| row.name.clone()),
        right("system GiB", |row| span(row.system_gib)),
        right("data GiB", |row| span(row.data_gib)),
        left("IOPS", move |row| formula(row.iops, |whole| whole.to_string())),
        left("MB/s", move |row| formula(row.throughput_milli, decimal)),
        left("portable", |row| yes_no(row.portable)),
        left("encryptable", |row| yes_no(row.encryptable)),
        left("snapshots", |row| yes_no(row.snapshot)),
        left("sold", |row| yes_no(row.purchasable)),
    ]
}

fn image_columns() -> Vec<Column<Image>> {
    vec![
        left("image", |row| row.id.clone()),
        left("OS", |row| if row.os == Os::Windows { "windows" } else { "linux" }.to_owned()),
        right("bits", |row| if row.architecture == Architecture::I386 { "32" } else { "64" }.to_owned()),
        right("GiB", |row| row.size_gib.to_string()),
        left("cloud-init", |row| yes_no(row.cloud_init)),
        left("I/O optimized", |row| match (row.io_optimized, row.io_optimized_only) {
            (_, true) => "only".to_owned(),
            (yes, _) => yes_no(yes),
        }),
        left("released", |row| row.release_date.clone()),
        left("name", |row| row.os_name.clone()),
    ]
}

fn region_columns() -> Vec<Column<Region>> {
    vec![
        left("region", |row| row.id.clone()),
        left("name", |row| row.name.clone()),
        left("mainland China", |row| yes_no(row.mainland_china)),
        left("in 2019", |row| yes_no(row.in_2019)),
        right("zones", |row| Catalog::shipped().zones_of(&row.id).count().to_string()),
        left("endpoint", |row| row.endpoint.clone()),
    ]
}

fn zone_columns() -> Vec<Column<Zone>> {
    vec![
        left("zone", |row| row.id.clone()),
        left("region", |row| row.region.clone()),
        left("name", |row| row.local_name.clone()),
        left("in 2019", |row| yes_no(row.in_2019)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    fn lines(words: &str) -> Result<Vec<String>, String> {
        use clap::Parser as _;
        let line = Line::try_parse_from(std::iter::once("catalog").chain(words.split(' '))).map_err(|e| e.to_string())?;
        let format = if line.args.csv { Format::Csv } else { Format::Table };
        let text = list(Catalog::shipped(), &line.args.list, format).map_err(|error| format!("{error:?}"))?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    #[test]
    fn filters_select() {
        let count = |words: &str| lines(&format!("{words} --csv")).expect(words).len() - 1;
        assert_eq!(count("types"), 658);
        assert_eq!(count("types --in-2019"), 293);
        assert_eq!(count("families"), 138);
        assert_eq!(count("hosts"), 18);
        assert_eq!(count("disks"), 12);
        assert_eq!(count("disks --category cloud_essd"), 4);
        assert_eq!(count("images"), 36);
        assert_eq!(count("regions"), 24);
        assert_eq!(count("zones"), 76);
        assert_eq!(count("zones --region cn-hangzhou"), 9);
        assert_eq!(count("hosts --family ecs.g5"), 1);
        let g5 = lines("types --family ecs.g5 --vcpu 4..16 --csv").expect("g5");
        let names: Vec<_> = g5[1..].iter().map(|line| line.split(',').next().unwrap_or("")).collect();
        assert_eq!(names, ["ecs.g5.xlarge", "ecs.g5.2xlarge", "ecs.g5.3xlarge", "ecs.g5.4xlarge"]);
        assert_eq!(count("types --family ecs.g5 --memory 8GiB"), 1);
        assert_eq!(count("types --memory ..0.5GiB"), 2);
    }

    #[test]
    fn what_is_not_there_is_named_with_its_neighbour() {
        let error = lines("types --family ecs.g55").expect_err("no such family");
        assert!(error.contains("the catalog has no family `ecs.g55`: did you mean `ecs.g5`?"), "{error}");
        for words in ["types --vcpu 16..4", "types --vcpu x", "types --memory 8", "zones --json --csv"] {
            assert!(lines(words).is_err(), "{words}");
        }
    }
}
