//! What the cloud is made of, resolved.

use rustc_hash::FxHashSet;

use super::checks::{above_zero, between, memory, overcommit, twice};
use super::*;

/// Most NUMA nodes and GPUs of a host that a shape of the placement core can hold.
const MOST_SOCKETS: u32 = 8;
const MOST_GPUS: u32 = 16;
/// Most hosts of a scenario: as many as a run's memory can hold.
const MOST_HOSTS: u64 = 100_000_000;

/// Thousandths of a vCPU, given as a decimal; rounding hides the binary form of 0.1.
fn milli(number: &At<f64>, name: &str, most: u32) -> Result<u32, Problem> {
    let milli = (**number * 1000.0).round();
    let exact = (milli / 1000.0 - **number).abs() < 1e-9;
    if exact && milli >= 1.0 && milli <= f64::from(most) * 1000.0 {
        return Ok(milli as u32);
    }
    Err(Problem::at(number, format!("`{name}` is {number}"))
        .label(format!("above 0, at most {most}, at most three decimals")))
}

fn local_disks(spec: &LocalDiskSpec) -> Result<LocalDisks, Problem> {
    above_zero(&spec.count, "count")?;
    let gib = u32::try_from(spec.size.as_gib()).unwrap_or(0);
    if gib == 0 {
        return Err(Problem::at(&spec.size, format!("a local disk of {}", spec.size)).label("from 1GiB on"));
    }
    Ok(LocalDisks { count: *spec.count, gib_each: gib, kind: spec.kind.as_str().to_owned() })
}

/// Instance types of the scenario's own.
pub(super) fn types(specs: &[TypeSpec], catalog: &Catalog) -> Result<Vec<InstanceType>, Problem> {
    let mut seen = FxHashSet::default();
    let mut types = Vec::with_capacity(specs.len());
    for spec in specs {
        if spec.name.is_empty() {
            return Err(Problem::at(&spec.name, "an instance type needs a name"));
        }
        if catalog.type_named(&spec.name).is_some() {
            return Err(Problem::at(&spec.name, format!("the catalog has a type `{}` already", spec.name))
                .label("another name"));
        }
        if !seen.insert(spec.name.get().as_str()) {
            return Err(twice(&spec.name, "instance types"));
        }
        types.push(instance_type(spec, catalog)?);
    }
    Ok(types)
}

fn instance_type(spec: &TypeSpec, catalog: &Catalog) -> Result<InstanceType, Problem> {
    let gpu = match &spec.gpu {
        None => None,
        Some(gpu) => {
            let count = milli(&gpu.count, "count", MOST_GPUS)?;
            if count > 1000 && !count.is_multiple_of(1000) {
                return Err(Problem::at(&gpu.count, format!("{} GPUs", gpu.count))
                    .label("a share of one, or a whole number"));
            }
            Some(Gpu { model: gpu.model.get().clone(), milli: count })
        }
    };
    for category in &spec.disk_categories {
        disk_category(category, catalog)?;
    }
    Ok(InstanceType {
        name: spec.name.get().clone(),
        family: spec.family.get().clone(),
        generation: Generation::Current,
        category: if gpu.is_some() { "gpu" } else { "general" }.to_owned(),
        cpu_milli: milli(&spec.vcpus, "vcpus", 4_000)?,
        memory_mib: memory(&spec.memory, "memory")?,
        gpu,
        local_disks: spec.local_disks.as_ref().map(local_disks).transpose()?,
        bandwidth_gbps_milli: None,
        pps_k: None,
        eni_max: None,
        private_ip_per_eni: None,
        io_optimized: IoOptimized::Required,
        disk_categories: spec.disk_categories.iter().map(|name| name.get().clone()).collect(),
        baseline_cpu_percent: None,
        cpu_credits_per_hour: None,
        in_2019: true,
        generation_2019: Some(Generation::Current),
        preview: false,
    })
}

fn disk_category(category: &At<String>, catalog: &Catalog) -> Result<(), Problem> {
    if catalog.disk_rows(category).next().is_some() {
        return Ok(());
    }
    let known = catalog.disks.iter().map(|disk| disk.category.as_str());
    Err(unknown(category, "category", "the catalog has no disk category", known))
}

/// Images of the scenario's own.
pub(super) fn images(specs: &[schema::ImageSpec], catalog: &Catalog) -> Result<Vec<Image>, Problem> {
    let mut images: Vec<Image> = Vec::with_capacity(specs.len());
    for spec in specs {
        if catalog.image_named(&spec.id).is_some() {
            return Err(Problem::at(&spec.id, format!("the catalog has an image `{}` already", spec.id))
                .label("another id"));
        }
        if images.iter().any(|image| image.id == **spec.id) {
            return Err(twice(&spec.id, "images"));
        }
        let architecture = match *spec.bits {
            32 => Architecture::I386,
            64 => Architecture::X86_64,
            bits => return Err(Problem::at(&spec.bits, format!("`bits` is {bits}")).label("32 or 64")),
        };
        let size_gib = u32::try_from(spec.size.as_gib()).ok();
        let size_gib = size_gib.filter(|gib| *gib > 0 && Size::gib(u64::from(*gib)) == *spec.size);
        let size_gib = size_gib.ok_or_else(|| {
            Problem::at(&spec.size, format!("an image of {}", spec.size))
                .label("a whole number of GiB above zero")
        })?;
        images.push(Image {
            id: spec.id.get().clone(),
            os: spec.os,
            architecture,
            size_gib,
            cloud_init: spec.cloud_init,
            io_optimized: true,
            io_optimized_only: false,
            platform: "scenario".to_owned(),
            os_name: spec.id.get().clone(),
            release_date: "2019-09-01".to_owned(),
        });
    }
    Ok(images)
}

/// Regions and zones; those that the file leaves out are filled in.
pub(super) fn regions(
    spec: &mut ScenarioSpec,
    catalog: &Catalog,
) -> Result<(Vec<Region>, Vec<Zone>), Problem> {
    if spec.regions.is_empty() {
        spec.regions = regions_of_pools(spec, catalog)?;
    }
    let mut regions: Vec<Region> = Vec::with_capacity(spec.regions.len());
    let mut zones: Vec<Zone> = Vec::new();
    for region in &mut spec.regions {
        if regions.iter().any(|known| known.id == **region.id) {
            return Err(twice(&region.id, "regions"));
        }
        let shipped = catalog.region_named(&region.id);
        if region.zones.is_empty() {
            if shipped.is_none() {
                let known = catalog.regions.iter().map(|region| region.id.as_str());
                return Err(Problem::at(
                    &region.id,
                    format!("the catalog has no region `{}`, and it lists no zones of its own", region.id),
                )
                .label("unknown region")
                .maybe_help(did_you_mean(&region.id, known)));
            }
            let own = catalog.zones_of(&region.id).map(|zone| At::default_of(zone.id.clone()));
            region.zones = own.collect();
        }
        for id in &region.zones {
            if zones.iter().any(|zone| zone.id == **id) {
                return Err(twice(id, "zones"));
            }
            zones.push(zone(id, region, shipped.is_some(), catalog)?);
        }
        regions.push(shipped.cloned().unwrap_or_else(|| Region {
            id: region.id.get().clone(),
            name: region.id.get().clone(),
            city: String::new(),
            mainland_china: false,
            endpoint: String::new(),
            in_2019: true,
        }));
    }
    Ok((regions, zones))
}

/// A zone of a region: the catalog's for a region of the catalog, anything new for an invented one.
fn zone(id: &At<String>, region: &RegionSpec, shipped: bool, catalog: &Catalog) -> Result<Zone, Problem> {
    match catalog.zone_named(id) {
        Some(zone) if zone.region == **region.id => Ok(zone.clone()),
        Some(zone) => Err(Problem::at(
            id,
            format!("zone `{id}` lies in region `{}`, not in `{}`", zone.region, region.id),
        )
        .label("in another region")),
        None if shipped => Err(unknown(
            id,
            "zone",
            &format!("region `{}` of the catalog has no zone", region.id),
            catalog.zones.iter().filter(|zone| zone.region == **region.id).map(|zone| zone.id.as_str()),
        )),
        None if id.is_empty() => Err(Problem::at(id, "a zone needs an id")),
        None => Ok(Zone {
            id: id.get().clone(),
            region: region.id.get().clone(),
            local_name: id.get().clone(),
            in_2019: true,
        }),
    }
}

/// The regions of a scenario that lists none: those of the catalog's zones that pools and dedicated hosts name.
fn regions_of_pools(spec: &ScenarioSpec, catalog: &Catalog) -> Result<Vec<RegionSpec>, Problem> {
    let named = spec.pools.iter().flat_map(|pool| pool.zone.iter().chain(&pool.zones));
    let mut regions: Vec<RegionSpec> = Vec::new();
    let listed = spec.node_lists.iter().map(|list| &list.zone);
    for id in named.chain(spec.dedicated_hosts.iter().map(|host| &host.zone)).chain(listed) {
        let Some(zone) = catalog.zone_named(id) else {
            let known = catalog.zones.iter().map(|zone| zone.id.as_str());
            let problem = unknown(id, "zone", "no region of the catalog has a zone", known);
            return Err(match did_you_mean(id, catalog.zones.iter().map(|zone| zone.id.as_str())) {
                Some(_) => problem,
                None => problem.help("list it under a [[regions]] table to invent it"),
            });
        };
        let at = regions.iter().position(|region| **region.id == *zone.region).unwrap_or_else(|| {
            regions.push(RegionSpec { id: At::default_of(zone.region.clone()), zones: Vec::new() });
            regions.len() - 1
        });
        if !regions[at].zones.contains(id) {
            regions[at].zones.push(At::default_of(zone.id.clone()));
        }
    }
    Ok(regions)
}

/// Classes by name, and those in use by index.
pub(super) struct Classes<'s> {
    own: &'s [ClassSpec],
    known: Known<'s>,
    pub(super) in_use: Vec<Class>,
}

impl<'s> Classes<'s> {
    /// Checks the scenario's own classes, in use or not.
    pub(super) fn new(own: &'s [ClassSpec], known: Known<'s>) -> Result<Classes<'s>, Problem> {
        for (at, spec) in own.iter().enumerate() {
            if spec.name.is_empty() {
                return Err(Problem::at(&spec.name, "a class needs a name"));
            }
            if known.catalog.host_type_named(&spec.name).is_some() {
                return Err(Problem::at(
                    &spec.name,
                    format!("the catalog has a dedicated-host type `{}` already", spec.name),
                )
                .label("another name"));
            }
            if own[..at].iter().any(|other| other.name == spec.name) {
                return Err(twice(&spec.name, "host classes"));
            }
            own_class(spec, known)?;
        }
        Ok(Classes { own, known, in_use: Vec::new() })
    }

    /// The index of a class by name.
    fn index(&mut self, name: &At<String>, dedicated: bool) -> Result<ClassIx, Problem> {
        let at = self.in_use.iter().position(|class| class.name == **name && class.dedicated == dedicated);
        if let Some(at) = at {
            return Ok(ClassIx::from(at));
        }
        let own = self.own.iter().find(|spec| spec.name == *name);
        let mut class = match (own, self.known.catalog.host_type_named(name)) {
            (Some(spec), _) => own_class(spec, self.known)?,
            (None, Some(host)) => shipped_class(host),
            (None, None) => {
                let own = self.own.iter().map(|spec| spec.name.as_str());
                let shipped = self.known.catalog.host_types.iter().map(|host| host.name.as_str());
                let message = "neither [[classes]] nor the catalog's dedicated-host types have a class";
                return Err(unknown(name, "class", message, own.chain(shipped)));
            }
        };
        let types = self.known.types.iter().chain(&self.known.catalog.types);
        if !types.into_iter().any(|row| class.families.serves(&row.family)) {
            return Err(Problem::at(
                name,
                format!("class `{name}` serves no family that has instance types"),
            )
            .label("its hosts would stay empty")
            .help("add types of its families under [[types]], or name another class"));
        }
        class.dedicated = dedicated;
        self.in_use.push(class);
        Ok(ClassIx::from(self.in_use.len() - 1))
    }
}

impl Classes<'_> {
    /// The class of a dedicated host, and its over-commit in thousandths when one was chosen (DHST-24, DHST-25).
    fn host_type(&mut self, spec: &DedicatedHostSpec) -> Result<(ClassIx, Option<u32>), Problem> {
        let plain = self.index(&spec.host_type, true)?;
        let Some(ratio) = &spec.overcommit else { return Ok((plain, None)) };
        let host = self.known.catalog.host_type_named(&spec.host_type);
        let adjustable = host.and_then(|host| Some((host, host.overcommit_range?)));
        let Some((host, (least, most))) = adjustable else {
            return Err(Problem::at(
                ratio,
                format!("the over-commit of `{}` cannot be chosen", spec.host_type),
            )
            .label("only ddh.c6s, ddh.g6s and ddh.r6s let it"));
        };
        let milli = milli(ratio, "overcommit", most)?;
        if milli < least * 1000 {
            return Err(Problem::at(ratio, format!("`overcommit` is {ratio}"))
                .label(format!("from {least} to {most}")));
        }
        // Each core has two threads (DHST-21).
        let cpu_milli = host.physical_cores * 2 * milli;
        let same = |class: &Class| class.name == host.name && class.dedicated && class.cpu_milli == cpu_milli;
        let at = self.in_use.iter().position(same).unwrap_or_else(|| {
            let class = Class { cpu_milli, overcommit: **ratio, ..self.in_use[plain.at()].clone() };
            self.in_use.push(class);
            self.in_use.len() - 1
        });
        Ok((ClassIx::from(at), Some(milli)))
    }
}

fn own_class(spec: &ClassSpec, known: Known<'_>) -> Result<Class, Problem> {
    between(&spec.sockets, "sockets", 1, MOST_SOCKETS)?;
    above_zero(&spec.vcpus, "vcpus")?;
    let ratio = overcommit(&spec.overcommit)?;
    let cpu_milli = (f64::from(*spec.vcpus) * 1000.0 * ratio).round();
    if cpu_milli > f64::from(u32::MAX) {
        return Err(Problem::at(&spec.vcpus, format!("`vcpus` is {}", spec.vcpus)).label("fewer"));
    }
    let memory_mib = memory(&spec.memory, "memory")?;
    let split_above_mib = match (&spec.split_above, *spec.sockets) {
        (_, 1) => None,
        (None, sockets) => Some(memory_mib / sockets),
        (Some(size), _) => Some(u32::try_from(size.as_mib()).unwrap_or(u32::MAX)),
    };
    let gpus = match &spec.gpus {
        None => None,
        Some(gpus) => {
            between(&gpus.count, "count", 1, MOST_GPUS)?;
            Some((gpus.model.get().clone(), *gpus.count))
        }
    };
    Ok(Class {
        name: spec.name.get().clone(),
        cpu_milli: cpu_milli as u32,
        overcommit: ratio,
        memory_mib,
        numa_nodes: *spec.sockets,
        split_above_mib,
        gpus,
        local_disks: spec.local_disks.as_ref().map(local_disks).transpose()?,
        families: families(spec, known)?,
        dedicated: false,
    })
}

fn families(spec: &ClassSpec, known: Known<'_>) -> Result<Families, Problem> {
    families_of(&spec.name, "class", &spec.families, known)
}

/// The families that hosts serve; `owner` names what lists them.
pub(super) fn families_of(
    owner: &At<String>,
    kind: &str,
    families: &[At<String>],
    known: Known<'_>,
) -> Result<Families, Problem> {
    if families.is_empty() {
        return Err(Problem::at(owner, format!("{kind} `{owner}` serves no family at all"))
            .label("its `families` are empty")
            .help("leave `families` out to serve every family"));
    }
    if families.iter().any(|family| **family == "*") {
        return Ok(Families::All);
    }
    let mut names = Vec::with_capacity(families.len());
    for family in families {
        known.family(family)?;
        names.push(family.get().clone());
    }
    Ok(Families::Only(names))
}

/// A dedicated-host type as a class: what it sells, as one NUMA node (the documents say nothing of its nodes).
fn shipped_class(host: &DedicatedHostType) -> Class {
    Class {
        name: host.name.clone(),
        cpu_milli: host.vcpus * 1000,
        overcommit: host.overcommit_default.map_or(1.0, f64::from),
        memory_mib: host.memory_mib,
        numa_nodes: 1,
        split_above_mib: None,
        gpus: None,
        local_disks: host.local_disks.clone(),
        families: Families::Only(host.families.clone()),
        dedicated: false,
    }
}

/// Pools, one a zone.
pub(super) fn pools(
    specs: &[PoolSpec],
    classes: &mut Classes<'_>,
    known: Known<'_>,
) -> Result<Vec<Pool>, Problem> {
    let mut pools = Vec::with_capacity(specs.len());
    let mut names: FxHashSet<&str> = FxHashSet::default();
    let mut total: u64 = 0;
    for (table, spec) in specs.iter().enumerate() {
        if let Some(name) = &spec.name
            && !names.insert(name.as_str())
        {
            return Err(twice(name, "pools"));
        }
        if spec.zone.is_some() && !spec.zones.is_empty() {
            return Err(
                Problem::at(&spec.zones[0], "a pool has either `zone` or `zones`").label("one too many")
            );
        }
        if spec.zone.is_none() && spec.zones.is_empty() {
            return Err(Problem::at(&spec.class, "a pool needs a `zone` (or several `zones`)")
                .label("in this [[pools]] table"));
        }
        above_zero(&spec.hosts, "hosts")?;
        between(&spec.shards, "shards", 1, (*spec.hosts).min(4096))?;
        above_zero(&spec.hosts_per_rack, "hosts_per_rack")?;
        above_zero(&spec.racks_per_switch, "racks_per_switch")?;
        let class = classes.index(&spec.class, false)?;
        for (at, id) in spec.zone.iter().chain(&spec.zones).enumerate() {
            let zone = known.zone(id)?;
            if spec.zones[..at].contains(id) {
                return Err(Problem::at(id, format!("zone `{id}` is listed twice")).label("the second time"));
            }
            total += u64::from(*spec.hosts);
            if total > MOST_HOSTS {
                return Err(Problem::at(&spec.hosts, format!("more than {MOST_HOSTS} hosts")).label("fewer"));
            }
            let name = spec.name.as_ref().map_or_else(|| format!("{id}/{}", spec.class), |n| n.get().clone());
            let cluster = spec.cluster.as_ref().map_or_else(|| naming::cluster_id(id), |c| c.get().clone());
            pools.push(Pool {
                name,
                zone,
                class,
                hosts: *spec.hosts,
                shards: *spec.shards,
                hosts_per_rack: *spec.hosts_per_rack,
                racks_per_switch: *spec.racks_per_switch,
                cluster,
                table,
            });
        }
    }
    one_zone_a_cluster(specs, &pools, known)?;
    Ok(pools)
}

/// A cluster lies in one zone: pools that share its id must too.
fn one_zone_a_cluster(specs: &[PoolSpec], pools: &[Pool], known: Known<'_>) -> Result<(), Problem> {
    for (at, pool) in pools.iter().enumerate() {
        let Some(cluster) = &specs[pool.table].cluster else { continue };
        let other = pools[..at].iter().find(|other| other.cluster == pool.cluster && other.zone != pool.zone);
        if let Some(other) = other {
            let (zone, first) = (&known.zones[pool.zone.at()].id, &known.zones[other.zone.at()].id);
            return Err(Problem::at(
                cluster,
                format!("cluster `{cluster}` would lie in zone `{first}` and in zone `{zone}`"),
            )
            .label("one cluster, one zone"));
        }
    }
    Ok(())
}

/// Dedicated hosts, one by one.
pub(super) fn dedicated_hosts(
    specs: &[DedicatedHostSpec],
    classes: &mut Classes<'_>,
    known: Known<'_>,
) -> Result<Vec<DedicatedHost>, Problem> {
    let mut hosts: Vec<DedicatedHost> = Vec::new();
    let mut numbers = vec![0u32; known.zones.len()];
    for spec in specs {
        between(&spec.count, "count", 1, 1_000_000)?;
        let account = spec.account.as_ref().map_or(Ok(AccountIx(0)), |account| known.account(account))?;
        let zone = known.zone(&spec.zone)?;
        let (class, ratio_milli) = classes.host_type(spec)?;
        let stops = match spec.on_maintenance.as_ref().map(|word| (word, word.get().as_str())) {
            None => None,
            Some((_, "Migrate")) => Some(false),
            Some((_, "Stop")) => Some(true),
            Some((word, _)) => {
                return Err(
                    Problem::at(word, format!("`on_maintenance` is `{word}`")).label("`Migrate` or `Stop`")
                );
            }
        };
        if let Some(period) = &spec.period {
            between(period, "period", 1, 60)?;
            if spec.charge == Charge::PostPaid {
                return Err(Problem::at(period, "a host that is paid by use has no period"));
            }
        }
        for _ in 0..*spec.count {
            numbers[zone.at()] += 1;
            hosts.push(DedicatedHost {
                id: naming::dedicated_host_id(&spec.zone, numbers[zone.at()]),
                account,
                class,
                zone,
                charge: spec.charge,
                auto_placement: spec.auto_placement,
                stock: spec.stock,
                period: spec.period.as_ref().map(|months| *months.get()),
                auto_renew: spec.auto_renew,
                stops,
                ratio_milli,
            });
        }
    }
    Ok(hosts)
}

/// Disk pools.
pub(super) fn disk_pools(specs: &[schema::DiskPoolSpec], known: Known<'_>) -> Result<Vec<DiskPool>, Problem> {
    let mut pools: Vec<DiskPool> = Vec::with_capacity(specs.len());
    for spec in specs {
        let zone = known.zone(&spec.zone)?;
        disk_category(&spec.category, known.catalog)?;
        let level = match &spec.performance_level {
            None => None,
            Some(level)
                if spec.category.as_str() == "cloud_essd" && matches!(level.as_str(), "PL2" | "PL3") =>
            {
                Some(level.get().clone())
            }
            Some(level) => {
                return Err(Problem::at(
                    level,
                    format!("no pool of `{}` is for level {level}", spec.category),
                )
                .label("`PL2` or `PL3` of `cloud_essd`"));
            }
        };
        let same =
            |pool: &DiskPool| pool.zone == zone && pool.category == **spec.category && pool.level == level;
        if pools.iter().any(same) {
            return Err(Problem::at(
                &spec.category,
                format!("zone `{}` has two pools of `{}`", spec.zone, spec.category),
            )
            .label("the second one"));
        }
        let ratio = overcommit(&spec.overcommit)?;
        let physical_gib = spec.capacity.bytes() >> 30;
        let gib = (physical_gib as f64 * ratio) as u64;
        pools.push(DiskPool { zone, category: spec.category.get().clone(), level, physical_gib, gib });
    }
    Ok(pools)
}
