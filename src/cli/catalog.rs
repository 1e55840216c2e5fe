//! `packyard catalog`: what the cloud sells, and where, as a table, JSON or CSV.

mod columns;

use std::ops::RangeInclusive;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use super::CliError;
use super::output::print;
use super::table::{Column, Format, show};
use crate::catalog::Catalog;
use crate::model::{DedicatedHostType, Generation, Image, InstanceType, Os};
use crate::scenario::did_you_mean;
use crate::scenario::units::Size;
use columns::FamilyRow;

/// List instance types, families, dedicated-host types, disk categories, images, regions or zones.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
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
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
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
            known(
                "category",
                filter.category.as_deref(),
                catalog.families.iter().map(|f| f.category.as_str()),
            )?;
            pick(&catalog.types, |row| filter.takes(row), &columns::type_columns(), format)
        }
        List::Families { category } => {
            known("category", category.as_deref(), catalog.families.iter().map(|f| f.category.as_str()))?;
            let families: Vec<FamilyRow> =
                catalog.families.iter().map(|family| FamilyRow::new(family, catalog)).collect();
            pick(&families, |row| same(category.as_deref(), row.category), &columns::family_columns(), format)
        }
        List::Hosts { family, vcpu, memory } => {
            let served = catalog.host_types.iter().flat_map(|host| host.families.iter().map(String::as_str));
            known("family", family.as_deref(), served)?;
            let takes = |row: &DedicatedHostType| {
                family.as_ref().is_none_or(|family| row.families.contains(family))
                    && within(vcpu.as_ref(), row.vcpus)
                    && within(memory.as_ref(), Size::mib(row.memory_mib.into()))
            };
            pick(&catalog.host_types, takes, &columns::host_columns(), format)
        }
        List::Disks { category } => {
            known("category", category.as_deref(), catalog.disks.iter().map(|disk| disk.category.as_str()))?;
            pick(
                &catalog.disks,
                |row| same(category.as_deref(), &row.category),
                &columns::disk_columns(),
                format,
            )
        }
        List::Images { os, platform } => {
            let platform = platform.as_ref().map(|platform| platform.to_lowercase());
            let takes = |row: &Image| {
                os.is_none_or(|os| (os == OsArg::Windows) == (row.os == Os::Windows))
                    && platform.as_ref().is_none_or(|part| row.platform.to_lowercase().contains(part))
            };
            pick(&catalog.images, takes, &columns::image_columns(), format)
        }
        List::Regions { region } => {
            known("region", region.as_deref(), catalog.regions.iter().map(|region| region.id.as_str()))?;
            pick(&catalog.regions, |row| same(region.as_deref(), &row.id), &columns::region_columns(), format)
        }
        List::Zones { region } => {
            known("region", region.as_deref(), catalog.regions.iter().map(|region| region.id.as_str()))?;
            pick(&catalog.zones, |row| same(region.as_deref(), &row.region), &columns::zone_columns(), format)
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
fn known<'k>(kind: &str, name: Option<&str>, names: impl Iterator<Item = &'k str>) -> Result<(), CliError> {
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
        let line = Line::try_parse_from(std::iter::once("catalog").chain(words.split(' ')))
            .map_err(|e| e.to_string())?;
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
