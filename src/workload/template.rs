//! Requests that are made once.

use std::collections::BTreeMap;

use crate::model::{AccountIx, Generation, Gpu, InstanceType, IoOptimized};
use crate::scenario::naming::DEFAULT_IMAGE;
use crate::scenario::units::At;
use crate::scenario::workload::{Choice, DataDiskSpec, MixSpec, SystemDiskSpec, WorkloadSpec};

use super::trace::Asked;
use super::{Setting, Template, WorkloadError};

/// The most templates of one workload: about one KiB each.
const MOST: usize = 100_000;

/// The templates and trace types of all workloads.
#[derive(Default)]
pub(super) struct Builder {
    pub(super) templates: Vec<Template>,
    pub(super) types: Vec<InstanceType>,
}

impl Builder {
    /// Adds a template; its place.
    pub(super) fn add(&mut self, template: Template) -> u32 {
        let place = self.templates.len() as u32;
        self.templates.push(template);
        place
    }

    /// Adds a trace's type, once, keeping the order of vCPUs, memory and name; its name.
    pub(super) fn add_type(&mut self, asked: &Asked) -> String {
        let row = trace_type(asked);
        let name = row.name.clone();
        let key = |row: &InstanceType| (row.cpu_milli, row.memory_mib, row.name.clone());
        if let Err(place) = self.types.binary_search_by_key(&key(&row), key) {
            self.types.insert(place, row);
        }
        name
    }
}

/// Refuses a workload that needs more templates than a run should hold.
pub(super) fn check_count(workload: &str, count: usize) -> Result<(), WorkloadError> {
    if count <= MOST {
        return Ok(());
    }
    Err(WorkloadError::TooManyTemplates { workload: workload.to_owned(), count, most: MOST })
}

/// The instance type of a size in a trace: `ecs.trace.2c-7g`, or with MiB where memory is no whole GiB
/// (`ecs.trace.2c-3584m`) and thousandths where the vCPUs are not whole (`ecs.trace.500mc-1g`); with GPUs
/// `ecs.trace.12c-16g-1gpu`, `-460mgpu` for a share, and the allowed models, in the letters that the API takes (R44). A type
/// that is named keeps its name and has no size here.
pub fn trace_type(asked: &Asked) -> InstanceType {
    let (cpu_milli, memory_mib) = asked.size().unwrap_or((0, 0));
    let gpu = asked.gpus().map(|gpus| Gpu { model: gpus.models.clone(), milli: gpus.milli() });
    InstanceType {
        name: format!("ecs.trace.{}", wire_form(&asked.label())),
        family: "ecs.trace".to_owned(),
        generation: Generation::Current,
        generation_2019: Some(Generation::Current),
        in_2019: true,
        preview: false,
        category: if gpu.is_some() { "gpu" } else { "general" }.to_owned(),
        cpu_milli,
        memory_mib,
        gpu,
        local_disks: None,
        bandwidth_gbps_milli: None,
        pps_k: None,
        eni_max: None,
        private_ip_per_eni: None,
        io_optimized: IoOptimized::Optional,
        disk_categories: ["cloud", "cloud_efficiency", "cloud_ssd", "cloud_essd"].map(str::to_owned).to_vec(),
        baseline_cpu_percent: None,
        cpu_credits_per_hour: None,
    }
}

/// Models of GPUs have capitals and blanks; names of types have neither.
fn wire_form(label: &str) -> String {
    let allowed = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let form = |char: char| if allowed(char) { char } else { '-' };
    label.to_ascii_lowercase().chars().map(form).collect()
}

/// Who asks and where: the region, its zones and the accounts of a checked workload, with their weights.
pub(super) struct Place {
    pub(super) region: String,
    pub(super) zones: Vec<String>,
    pub(super) zone_choice: Choice,
    pub(super) accounts: Vec<AccountIx>,
    pub(super) account_choice: Choice,
    pub(super) number: u32,
    name_zone: bool,
}

impl Place {
    /// None when the specification has not been checked against the same names.
    pub(super) fn new(spec: &WorkloadSpec, number: u32, setting: &Setting<'_>) -> Option<Place> {
        let regions = &setting.known.regions;
        let (region, all_zones) = match &spec.region {
            None => regions.first()?,
            Some(region) => regions.iter().find(|(name, _)| name == region.get())?,
        };
        let (zones, zone_choice) = weighted(&spec.zones, all_zones)?;
        let (accounts, account_choice) = match &spec.account_zipf {
            None => weighted(&spec.accounts, &setting.known.accounts)?,
            Some(exponent) => {
                let count = setting.known.accounts.len();
                let weights: Vec<f64> =
                    (1..=count).map(|rank| libm::pow(rank as f64, -exponent.get())).collect();
                ((0..count).collect(), Choice::new(&weights)?)
            }
        };
        let zones = zones.into_iter().map(|zone| all_zones[zone].to_owned()).collect();
        let accounts = accounts.into_iter().map(AccountIx::from).collect();
        Some(Place {
            region: (*region).to_owned(),
            zones,
            zone_choice,
            accounts,
            account_choice,
            number,
            name_zone: spec.name_zone,
        })
    }

    /// A template without its disks and further parameters.
    pub(super) fn template(
        &self,
        (region, zone): (&str, &str),
        instance_type: &str,
        image: &str,
        account: AccountIx,
    ) -> Template {
        let mut params = vec![("Action", "CreateInstance"), ("RegionId", region)];
        if self.name_zone {
            params.push(("ZoneId", zone));
        }
        params.push(("InstanceType", instance_type));
        params.push(("ImageId", image));
        Template {
            params: params.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            workload: self.number,
            account,
            region: region.to_owned(),
            zone: zone.to_owned(),
            needs_vswitch: true,
            fault: None,
            entry: None,
            instead: Vec::new(),
            row: None,
        }
    }
}

/// The places in `all` of the names with a positive weight, and the choice among them.
fn weighted(weights: &Option<At<BTreeMap<String, f64>>>, all: &[&str]) -> Option<(Vec<usize>, Choice)> {
    let weight = |name: &str| match weights {
        None => 1.0,
        Some(weights) => weights.get().get(name).copied().unwrap_or(0.0),
    };
    let chosen = all.iter().map(|name| weight(name)).enumerate().filter(|(_, weight)| *weight > 0.0);
    let (places, weights): (Vec<usize>, Vec<f64>) = chosen.unzip();
    Some((places, Choice::new(&weights)?))
}

/// The request parts that a mix entry may replace, or the workload's own.
pub(super) struct Parts<'a> {
    pub(super) image: &'a str,
    system_disk: Option<&'a SystemDiskSpec>,
    data_disks: &'a [DataDiskSpec],
    params: [&'a BTreeMap<String, String>; 2],
}

impl<'a> Parts<'a> {
    pub(super) fn new(spec: &'a WorkloadSpec, mix: Option<&'a MixSpec>) -> Parts<'a> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        let image = mix.and_then(|mix| mix.image.as_ref()).or(spec.image.as_ref());
        let system = mix.and_then(|mix| mix.system_disk.as_ref()).or(spec.system_disk.as_ref());
        let data = mix.and_then(|mix| mix.data_disks.as_ref()).or(spec.data_disks.as_ref());
        Parts {
            image: image.map_or(DEFAULT_IMAGE, |image| image.get()),
            system_disk: system.map(|disk| disk.get()),
            data_disks: data.map_or(&[], |disks| disks.get()),
            params: [&spec.params, mix.map_or(&NONE, |mix| &mix.params)],
        }
    }

    /// Adds disks and further parameters.
    pub(super) fn apply(&self, template: &mut Template) {
        if let Some(disk) = self.system_disk {
            let size = disk.size.as_ref().map(|size| size.get().as_gib().to_string());
            template
                .set("SystemDisk.Category", disk.category.as_ref().map(|category| category.get().clone()));
            template.set("SystemDisk.Size", size);
            let level = disk.performance_level.as_ref().map(|level| level.get().clone());
            template.set("SystemDisk.PerformanceLevel", level);
        }
        let each = self.data_disks.iter().flat_map(|disk| (0..*disk.count.get()).map(move |_| disk));
        for (place, disk) in each.enumerate() {
            let name = |field: &str| format!("DataDisk.{}.{field}", place + 1);
            let category = disk.category.as_ref().map(|category| category.get().clone());
            template.set(&name("Category"), category);
            template.set(&name("Size"), Some(disk.size.get().as_gib().to_string()));
            let level = disk.performance_level.as_ref().map(|level| level.get().clone());
            template.set(&name("PerformanceLevel"), level);
        }
        for (name, value) in self.params.iter().flat_map(|params| params.iter()) {
            template.set(name, Some(value.clone()));
        }
    }
}
