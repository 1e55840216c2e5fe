//! From the records of a trace to templates of requests, and what that rounds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use rustc_hash::FxHashMap;

use crate::catalog::Catalog;
use crate::model::{AccountIx, Generation, InstanceType, SimTime};
use crate::scenario::workload::{MapClass, MapNames, MapSizes, MapSpec, TraceFormat, WorkloadSpec, Wrong};

use super::template::{Builder, Parts, Place, check_count};
use super::trace::{Asked, Gpus, Names, Record, RecordEnd, TraceError, TraceReader};
use super::{Setting, Template, WorkloadError};

/// What the sizes of one trace became.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct Mapping {
    /// The workload.
    pub workload: String,
    /// Sizes and types of the trace, in order of first sight.
    pub rows: Vec<MappingRow>,
    /// Classes of the trace, in order of first sight.
    pub classes: Vec<ClassRow>,
    /// Accounts that the trace names.
    pub named_accounts: usize,
    /// What they became.
    pub accounts: MapNames,
    /// Zones that the trace names.
    pub named_zones: usize,
    /// What they became.
    pub zones: MapNames,
}

/// What one size became.
#[derive(Clone, PartialEq, Debug, serde::Serialize)]
pub struct MappingRow {
    /// The size or type that the trace asks for.
    pub asked: String,
    /// The instance type that is requested.
    pub instance_type: String,
    /// Records.
    pub count: u64,
    /// Thousandths of a vCPU that the trace asks for, and that the type has; none where one is not known.
    pub cpu_milli: Option<(u32, u32)>,
    /// Likewise MiB.
    pub memory_mib: Option<(u32, u32)>,
    /// Likewise thousandths of a GPU, all devices together; none where neither has any.
    pub gpu_milli: Option<(u32, u32)>,
}

/// What one class became.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize)]
pub struct ClassRow {
    /// The class.
    pub name: String,
    /// Records.
    pub count: u64,
    /// Of these, those that become spot instances.
    pub spot: u64,
    /// The priority that is sent along.
    pub priority: Option<u32>,
}

/// What tells requests of a trace apart: size, zone, account, class; as places in the reader's names, then mapped.
type Kind = (u32, Option<u32>, Option<u32>, Flavour);

/// Class and whether it is spot.
type Flavour = (Option<u32>, bool);

/// What the first reading of a trace found.
pub(super) struct Scan {
    pub(super) first: SimTime,
    pub(super) unknown_end: bool,
    pub(super) records: u64,
    kinds: BTreeMap<Kind, u64>,
}

impl Scan {
    /// Reads the whole trace.
    pub(super) fn read(reader: &mut TraceReader) -> Result<Scan, TraceError> {
        let mut first = None;
        let mut kinds: FxHashMap<Kind, u64> = FxHashMap::default();
        let (mut unknown_end, mut records) = (false, 0);
        while let Some(record) = reader.next()? {
            first.get_or_insert(record.at);
            records += 1;
            *kinds.entry(kind_of(&record)).or_default() += 1;
            unknown_end |= record.end == RecordEnd::Unknown;
        }
        let first = first.ok_or_else(|| TraceError::Empty { path: reader.path().to_path_buf() })?;
        Ok(Scan { first, unknown_end, records, kinds: kinds.into_iter().collect() })
    }
}

fn kind_of(record: &Record) -> Kind {
    (record.asked, record.zone, record.account, (record.class, record.spot))
}

/// Templates of one kind of record: by zone (one, or those of the choice), then by account (likewise).
#[derive(Clone, Copy)]
pub(super) struct Variants {
    pub(super) first: u32,
    pub(super) accounts: u32,
    /// The zone is fixed, and the account.
    pub(super) zone_fixed: bool,
    pub(super) account_fixed: bool,
}

/// Finds the templates of a record.
pub(super) struct Mapped {
    accounts: Vec<Option<u32>>,
    zones: Vec<Option<u32>>,
    variants: FxHashMap<Kind, Variants>,
}

impl Mapped {
    /// The templates of a record; none for one that the first reading had not met.
    pub(super) fn variants(&self, record: &Record) -> Option<Variants> {
        let (asked, zone, account, flavour) = kind_of(record);
        let at = |table: &[Option<u32>], place: Option<u32>| match place {
            None => Some(None),
            Some(place) => table.get(place as usize).copied(),
        };
        self.variants.get(&(asked, at(&self.zones, zone)?, at(&self.accounts, account)?, flavour)).copied()
    }
}

/// Makes the templates of a scanned trace.
pub(super) struct Mapper<'a> {
    spec: &'a WorkloadSpec,
    map: MapSpec,
    format: TraceFormat,
    path: &'a Path,
    place: &'a Place,
    setting: &'a Setting<'a>,
    names: &'a Names,
    /// All zones of the scenario with their region.
    all_zones: Vec<(&'a str, &'a str)>,
}

impl<'a> Mapper<'a> {
    pub(super) fn new(
        spec: &'a WorkloadSpec,
        path: &'a Path,
        place: &'a Place,
        setting: &'a Setting<'_>,
        scanned: &'a TraceReader,
    ) -> Mapper<'a> {
        let trace = spec.trace.as_ref().map(|trace| trace.get());
        let regions = setting.known.regions.iter();
        Mapper {
            spec,
            map: trace
                .and_then(|trace| trace.map.as_ref())
                .map_or_else(MapSpec::default, |map| map.get().clone()),
            format: trace.map_or(TraceFormat::PackyardCsv, |trace| *trace.format.get()),
            path,
            place,
            setting,
            names: scanned.names(),
            all_zones: regions
                .flat_map(|(region, zones)| zones.iter().map(|zone| (*region, *zone)))
                .collect(),
        }
    }

    /// Adds the templates to the builder.
    pub(super) fn map(&self, scan: &Scan, builder: &mut Builder) -> Result<(Mapped, Mapping), WorkloadError> {
        let accounts = self.accounts()?;
        let zones = self.zones()?;
        let at = |table: &[Option<u32>], place: Option<u32>| place.and_then(|place| table[place as usize]);
        let kinds: BTreeSet<Kind> = scan
            .kinds
            .keys()
            .map(|(asked, zone, account, flavour)| {
                (*asked, at(&zones, *zone), at(&accounts, *account), *flavour)
            })
            .collect();
        let (zone_count, account_count) = (self.place.zones.len(), self.place.accounts.len());
        let count = |(_, zone, account, _): &Kind| {
            zone.map_or(zone_count, |_| 1).saturating_mul(account.map_or(account_count, |_| 1))
        };
        check_count(self.spec.name.get(), kinds.iter().map(count).fold(0, usize::saturating_add))?;

        let types = self.types(builder)?;
        let parts = Parts::new(self.spec, None);
        let mut variants = FxHashMap::default();
        for kind in kinds {
            let (asked, zone, account, flavour) = kind;
            let first = builder.templates.len() as u32;
            let accounts = match account {
                None => self.place.accounts.clone(),
                Some(account) => vec![AccountIx(account)],
            };
            let zones: Vec<(&str, &str)> = match zone {
                None => {
                    self.place.zones.iter().map(|zone| (self.place.region.as_str(), zone.as_str())).collect()
                }
                Some(zone) => vec![self.all_zones[zone as usize]],
            };
            for place in zones {
                for account in &accounts {
                    let name = &types[asked as usize].name;
                    let mut template = self.place.template(place, name, parts.image, *account);
                    parts.apply(&mut template);
                    self.apply_class(flavour, &mut template);
                    builder.add(template);
                }
            }
            let made = Variants {
                first,
                accounts: accounts.len() as u32,
                zone_fixed: zone.is_some(),
                account_fixed: account.is_some(),
            };
            variants.insert(kind, made);
        }
        let mapping = self.report(scan, &types);
        Ok((Mapped { accounts, zones, variants }, mapping))
    }

    /// The instance type of everything that the trace asks for.
    fn types(&self, builder: &mut Builder) -> Result<Vec<Given>, WorkloadError> {
        let own = self.setting.known.own_types;
        let row = |name: &str| {
            own.iter().find(|row| row.name == name).or_else(|| Catalog::shipped().type_named(name))
        };
        let named = |name: &String| Given { name: name.clone(), size: row(name).map(size_of) };
        let mut types = Vec::new();
        for asked in self.names.asked.values() {
            let label = asked.label();
            let given = self.map.types.as_ref().and_then(|types| types.get().get(&label));
            types.push(match (given, asked, self.map.sizes.as_ref().map(|sizes| *sizes.get())) {
                (Some(name), ..) => named(name),
                (None, Asked::Type(name), _) => named(name),
                (None, asked, None | Some(MapSizes::Exact)) => {
                    Given { name: builder.add_type(asked), size: asked_size(asked) }
                }
                (None, asked, Some(way)) => {
                    let row = self.nearest(asked, way).ok_or_else(|| self.no_type(&label))?;
                    Given { name: row.name.clone(), size: Some(size_of(row)) }
                }
            });
        }
        Ok(types)
    }

    /// The catalog type that a size comes nearest to; of several, the first by name.
    fn nearest(&self, asked: &Asked, way: MapSizes) -> Option<&'static InstanceType> {
        let (cpu, memory) = asked.size()?;
        let gpus = asked.gpus();
        let usual = |row: &InstanceType| {
            row.generation == Generation::Current
                && !row.burstable()
                && row.local_disks.is_none()
                && !row.preview
                && row.gpu.is_some() == gpus.is_some()
        };
        let allowed = |row: &&InstanceType| {
            let family = match &self.map.families {
                None => usual(row),
                Some(families) => families.get().contains(&row.family),
            };
            let gpu = match (gpus, &row.gpu) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(wanted), Some(gpu)) => {
                    // A trace calls an `NVIDIA V100` by its last word too.
                    let is = |one: &str| one == gpu.model || gpu.model.rsplit(' ').next() == Some(one);
                    let model = wanted.models.is_empty() || wanted.models.split('|').any(is);
                    model && gpu.milli >= wanted.milli()
                }
            };
            let covers = row.cpu_milli >= cpu && row.memory_mib >= memory;
            family && gpu && (way != MapSizes::Cover || covers)
        };
        let distance = |row: &InstanceType| {
            let apart =
                |given: u32, asked: u32| libm::fabs(libm::log(f64::from(given) / f64::from(asked.max(1))));
            let gpu = match (gpus, &row.gpu) {
                (Some(wanted), Some(gpu)) => apart(gpu.milli, wanted.milli()),
                _ => 0.0,
            };
            apart(row.cpu_milli, cpu) + apart(row.memory_mib, memory) + gpu
        };
        let candidates = Catalog::shipped().types.iter().filter(allowed);
        candidates.min_by(|a, b| distance(a).total_cmp(&distance(b)).then_with(|| a.name.cmp(&b.name)))
    }

    fn no_type(&self, label: &str) -> WorkloadError {
        let what = format!(
            "no catalog type can stand for `{label}`: name one in `map.types`, or more `map.families`"
        );
        let wrong = match self.spec.trace.as_ref().and_then(|trace| trace.get().map.as_ref()) {
            Some(map) => Wrong::at(map, what),
            None => Wrong::at(&self.spec.name, what),
        };
        WorkloadError::Wrong { workload: self.spec.name.get().clone(), wrong }
    }

    /// How names are mapped when the scenario does not say: our own formats mean the scenario's names.
    fn way(&self, given: Option<MapNames>) -> MapNames {
        given.unwrap_or(match self.format {
            TraceFormat::PackyardCsv | TraceFormat::PackyardParquet => MapNames::Named,
            _ => MapNames::Spread,
        })
    }

    /// Account by place in the trace's names; none for any account of the workload.
    fn accounts(&self) -> Result<Vec<Option<u32>>, WorkloadError> {
        let way = self.way(self.map.accounts.as_ref().map(|way| *way.get()));
        let known = &self.setting.known.accounts;
        let by_name: FxHashMap<&str, u32> =
            known.iter().enumerate().map(|(at, name)| (*name, at as u32)).collect();
        let names = self.names.accounts.values().iter();
        let map = |name: &String| match way {
            MapNames::Ignore => Ok(None),
            MapNames::Spread => {
                let chosen = self.place.account_choice.at(spread(name));
                Ok(Some(self.place.accounts[chosen].0))
            }
            MapNames::Named => {
                by_name.get(name.as_str()).map(|at| Some(*at)).ok_or_else(|| self.missing("account", name))
            }
        };
        names.map(map).collect()
    }

    /// Place in `all_zones` by place in the trace's names; none for any zone of the workload.
    fn zones(&self) -> Result<Vec<Option<u32>>, WorkloadError> {
        let way = self.way(self.map.zones.as_ref().map(|way| *way.get()));
        let find =
            |zone: &str| self.all_zones.iter().position(|(_, known)| *known == zone).map(|at| at as u32);
        let names = self.names.zones.values().iter();
        let map = |name: &String| match way {
            MapNames::Ignore => Ok(None),
            MapNames::Spread => Ok(find(&self.place.zones[self.place.zone_choice.at(spread(name))])),
            MapNames::Named => find(name).map(Some).ok_or_else(|| self.missing("zone", name)),
        };
        names.map(map).collect()
    }

    fn missing(&self, kind: &'static str, name: &str) -> WorkloadError {
        WorkloadError::NotInScenario {
            workload: self.spec.name.get().clone(),
            path: PathBuf::from(self.path),
            kind,
            name: name.to_owned(),
        }
    }

    fn class(&self, place: Option<u32>) -> Option<&MapClass> {
        self.map.classes.get(&self.names.classes.values()[place? as usize])
    }

    /// Whether records of a flavour become spot instances.
    fn spot(&self, (class, spot): Flavour) -> bool {
        self.class(class).and_then(|class| class.spot).unwrap_or(spot)
    }

    /// Spot or regular, priority, and the parameters of the class.
    fn apply_class(&self, flavour: Flavour, template: &mut Template) {
        if self.spot(flavour) {
            template.set("SpotStrategy", Some("SpotAsPriceGo".to_owned()));
        }
        let Some(class) = self.class(flavour.0) else { return };
        for (name, value) in &class.params {
            template.set(name, Some(value.clone()));
        }
        if let Some(priority) = class.priority {
            let used = |number: u32| {
                let key = format!("Tag.{number}.Key");
                template.params.iter().any(|(name, _)| *name == key)
            };
            let number = (1..).find(|number| !used(*number)).unwrap_or(1);
            template.set(&format!("Tag.{number}.Key"), Some("priority".to_owned()));
            template.set(&format!("Tag.{number}.Value"), Some(priority.to_string()));
        }
    }

    fn report(&self, scan: &Scan, types: &[Given]) -> Mapping {
        let mut counts = vec![0; types.len()];
        let mut classes: BTreeMap<u32, ClassRow> = BTreeMap::new();
        for ((asked, _, _, flavour), count) in &scan.kinds {
            counts[*asked as usize] += count;
            if let Some(place) = flavour.0 {
                let row = classes.entry(place).or_insert_with(|| ClassRow {
                    name: self.names.classes.values()[place as usize].clone(),
                    count: 0,
                    spot: 0,
                    priority: self.class(flavour.0).and_then(|class| class.priority),
                });
                row.count += count;
                row.spot += if self.spot(*flavour) { *count } else { 0 };
            }
        }
        let rows = self.names.asked.values().iter().zip(types).zip(counts).map(|((asked, given), count)| {
            let of = match asked {
                Asked::Type(name) if *name == given.name => given.size,
                Asked::Type(name) => Catalog::shipped().type_named(name).map(size_of),
                sized => asked_size(sized),
            };
            let pair = |part: usize| of.zip(given.size).map(|(asked, given)| (asked[part], given[part]));
            MappingRow {
                asked: asked.label(),
                instance_type: given.name.clone(),
                count,
                cpu_milli: pair(0),
                memory_mib: pair(1),
                gpu_milli: pair(2).filter(|pair| *pair != (0, 0)),
            }
        });
        Mapping {
            workload: self.spec.name.get().clone(),
            rows: rows.filter(|row| row.count > 0).collect(),
            classes: classes.into_values().collect(),
            named_accounts: self.names.accounts.values().len(),
            accounts: self.way(self.map.accounts.as_ref().map(|way| *way.get())),
            named_zones: self.names.zones.values().len(),
            zones: self.way(self.map.zones.as_ref().map(|way| *way.get())),
        }
    }
}

/// A type that is requested, and its size where that is known.
struct Given {
    name: String,
    size: Option<[u32; 3]>,
}

/// Thousandths of a vCPU, MiB, thousandths of a GPU.
fn size_of(row: &InstanceType) -> [u32; 3] {
    [row.cpu_milli, row.memory_mib, row.gpu.as_ref().map_or(0, |gpu| gpu.milli)]
}

/// The same of what a trace asks for by size.
fn asked_size(asked: &Asked) -> Option<[u32; 3]> {
    let (cpu_milli, memory_mib) = asked.size()?;
    Some([cpu_milli, memory_mib, asked.gpus().map_or(0, Gpus::milli)])
}

/// A number of `[0, 1)` that is always the same for a name.
fn spread(name: &str) -> f64 {
    let hash = blake3::hash(name.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    (u64::from_le_bytes(bytes) >> 11) as f64 / (1u64 << 53) as f64
}
