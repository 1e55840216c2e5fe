//! The scenario that imitates a trace, as TOML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::Model;
use super::customers::{Customers, Places};
use super::kinds::{Kind, Wanted};
use super::observed::HOUR;
use super::sample::{Sample, Step};
use super::trace::{Entry, Group, Traced};
use crate::model::SimDuration;
use crate::scenario::units::Span;
use crate::workload::trace_type;

/// A type with fewer creations shares the lifetimes of all such types.
const FEW: u64 = 100;
/// Parts of equal weight that a lifetime distribution is cut into: where all is one workload, and where batches are told
/// apart by their lifetimes already.
const PARTS: (u32, u32) = (100, 25);
/// Hosts have room for so much more than the trace's peak.
const ROOM: f64 = 1.5;
/// vCPUs and GPUs of a host, where no instance is larger.
const USUAL_VCPUS: u64 = 64;
const USUAL_GPUS: u64 = 8;
const MOST_GPUS: u64 = 16;
/// The most instances that a fleet of the scenario may keep.
const MOST_FLEET: u64 = 1_000_000;

/// A scenario, and what its workloads stand for.
pub(super) struct Written {
    pub(super) text: String,
    /// By workload: the trace's entry of each entry of the mix.
    pub(super) entries: Vec<Vec<usize>>,
    /// By workload: how many are there from the beginning; zero for those that arrive.
    pub(super) there: Vec<u64>,
}

/// Writes the scenario. `said` goes on top as a comment.
pub(super) fn scenario(traced: &Traced, model: Model, scale: f64, said: &str) -> Written {
    let name = traced.path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let mut text = String::new();
    for line in said.lines() {
        let _ = writeln!(text, "{}", format!("# {line}").trim_end());
    }
    let places = Places::of(&traced.zones);
    let _ = writeln!(
        text,
        "name = {}\ndescription = {}\nduration = \"{}\"\npolicy = \"best-fit\"",
        quoted(&format!("fit-{name}")),
        quoted(&format!("Imitates the trace {name}")),
        Span::from(traced.bounds.window),
    );
    text += &places.regions();
    hosts(traced, &places, scale, &mut text);
    let parts: Vec<(String, Kind)> = match model {
        Model::Week => vec![("all".to_owned(), traced.whole.clone())],
        Model::Kinds | Model::Run => traced.kinds.told_apart(),
    };
    let most_entries = parts.iter().map(|(_, kind)| kind.wanted.len()).max();
    let customers = Customers::of(&traced.accounts, most_entries.unwrap_or(1) * places.count());
    text += &customers.tables();
    let (mut entries, mut there) = (Vec::new(), Vec::new());
    let common = places.weights() + &customers.weights();
    for (name, kind) in &parts {
        let parts = if parts.len() == 1 { PARTS.0 } else { PARTS.1 };
        let mix = Mix::of(traced, &kind.wanted, parts, kind.residents);
        let _ = write!(text, "\n[[workloads]]\nname = \"fit-{name}\"\n{common}{}", mix.rest);
        text += &arrivals(traced, kind, model, scale);
        text += &mix.entries;
        entries.push(mix.places);
        there.push(0);
    }
    let mut left = (traced.there() as f64 * scale).round() as u64;
    for number in 1.. {
        let size = left.min(MOST_FLEET);
        if size == 0 {
            break;
        }
        left -= size;
        let mix = Mix::of(traced, &traced.before, PARTS.0, true);
        // A fleet that looks once, at the beginning: its instances are not replaced.
        let once = SimDuration(traced.bounds.window.0.saturating_mul(2));
        let _ = write!(
            text,
            "\n# What was there when the trace began.\n[[workloads]]\nname = \"there-{number}\"\n{common}{}fleet = {{ size = {size}, every = \"{}\" }}\n{}",
            mix.rest,
            Span::from(once),
            mix.entries
        );
        entries.push(mix.places);
        there.push(size);
    }
    Written { text, entries, there }
}

/// `[workloads.arrivals]` of a kind. A scenario starts on a Monday at 0:00, which stands for the trace's first creation.
fn arrivals(traced: &Traced, kind: &Kind, model: Model, scale: f64) -> String {
    let (window, tick) = (traced.bounds.window, traced.tick());
    let table = "\n[workloads.arrivals]\n";
    let mut text = if model == Model::Run {
        let course = kind.course(window, tick);
        let rate = kind.count() as f64 * HOUR as f64 / window.0 as f64;
        let until = joined(course.iter().map(|(until, _)| format!("\"{}\"", Span::from(*until))));
        let weights = joined(course.iter().map(|(_, count)| format!("{count}.0")));
        format!(
            "{table}rate = \"{}/h\"\ncourse = {{ until = [{until}], weights = [{weights}] }}\n",
            number(rate * scale)
        )
    } else {
        let rates = kind.rates(window, tick);
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        let hours = joined(rates.iter().map(|rate| short(rate / mean)));
        format!("{table}rate = \"{}/h\"\nutc_offset_hours = 0.0\nhours = [{hours}]\n", number(mean * scale))
    };
    if model != Model::Week {
        text += "spacing = \"even\"\n";
    }
    if kind.sizes.keys().any(|size| *size > 1) {
        let sizes = joined(kind.sizes.keys().map(u32::to_string));
        let weights = joined(kind.sizes.values().map(|count| format!("{count}.0")));
        let together = if kind.leaves_together() { ", leave_together = true" } else { "" };
        let _ = writeln!(
            text,
            "batch = {{ sizes = [{sizes}], weights = [{weights}], alike = {}{together} }}",
            kind.alike()
        );
    }
    text
}

/// What is asked for.
struct Mix {
    /// `lifetime` of the workload, for the entries without their own.
    rest: String,
    entries: String,
    places: Vec<usize>,
}

impl Mix {
    fn of(traced: &Traced, wanted: &BTreeMap<usize, Wanted>, parts: u32, live_on: bool) -> Mix {
        let (mut few, mut all) = (Sample::default(), Sample::default());
        for Wanted { lifetimes, .. } in wanted.values() {
            all.merge(lifetimes);
            if lifetimes.count() < FEW {
                few.merge(lifetimes);
            }
        }
        // Types about whose ends the trace says nothing share the lifetimes of all.
        let shared = if few.count() > 0 { &few } else { &all };
        let needed = wanted.values().any(|wanted| wanted.lifetimes.count() < FEW);
        let rest =
            if needed { format!("lifetime = {}\n", law(shared, parts, live_on)) } else { String::new() };
        let mut mix = Mix { rest, entries: String::new(), places: Vec::new() };
        for (place, Wanted { count, lifetimes }) in wanted {
            let entry = &traced.entries[*place];
            let name = quoted(&type_name(entry));
            let _ = write!(mix.entries, "\n[[workloads.mix]]\ntype = {name}\nweight = {count}.0\n");
            if lifetimes.count() >= FEW {
                let _ = writeln!(mix.entries, "lifetime = {}", law(lifetimes, parts, live_on));
            }
            if entry.spot {
                mix.entries += "params = { SpotStrategy = \"SpotAsPriceGo\" }\n";
            }
            mix.places.push(*place);
        }
        mix
    }
}

fn type_name(entry: &Entry) -> String {
    entry.row.map_or_else(|| trace_type(&entry.asked).name, |row| row.name.clone())
}

/// A lifetime distribution as a scenario writes it.
fn law(lives: &Sample, parts: u32, live_on: bool) -> String {
    let (steps, beyond) = lives.parts(parts, live_on);
    if steps.is_empty() {
        return "{ distribution = \"forever\" }".to_owned();
    }
    let mut values: Vec<String> =
        steps.iter().map(|step| format!("\"{}\"", Span::from(rounded(step)))).collect();
    let mut weights: Vec<String> = steps.iter().map(|step| number(step.share)).collect();
    if beyond > 0.0 {
        values.push("\"forever\"".to_owned());
        weights.push(number(beyond));
    }
    format!(
        "{{ distribution = \"empirical\", values = [{}], weights = [{}] }}",
        values.join(", "),
        weights.join(", ")
    )
}

/// A lifetime to four or more digits, so that the file stays short.
fn rounded(step: &Step) -> SimDuration {
    let micros = step.value.round() as u64;
    let unit = match micros {
        0..10_000_000 => 1,
        10_000_000..10_000_000_000 => 1_000,
        _ => 1_000_000,
    };
    SimDuration((micros + unit / 2) / unit * unit)
}

/// Classes, pools and types of the scenario.
fn hosts(traced: &Traced, places: &Places, scale: f64, text: &mut String) {
    let (mut classes, mut pools) = (String::new(), String::new());
    for (number, group) in traced.groups.iter().enumerate() {
        let of_group: Vec<&Entry> = traced.entries.iter().filter(|entry| entry.group == number).collect();
        let class = Class::of(group, &of_group);
        let name = if number == 0 { "host".to_owned() } else { format!("host-{}", number + 1) };
        let families: BTreeMap<String, ()> = of_group.iter().map(|entry| (family(entry), ())).collect();
        let _ = write!(
            classes,
            "\n[[classes]]\nname = \"{name}\"\nvcpus = {}\nmemory = \"{}GiB\"\nfamilies = [{}]\n",
            class.vcpus,
            class.memory_gib,
            joined(families.keys().map(|family| quoted(family)))
        );
        if let Some(models) = &group.models {
            let model = models.split('|').next().filter(|model| !model.is_empty()).unwrap_or("any");
            let _ = writeln!(classes, "gpus = {{ model = {}, count = {} }}", quoted(model), class.gpus);
        }
        if let Some((kind, gib)) = &group.disks {
            let _ = writeln!(
                classes,
                "local_disks = {{ count = {}, size = \"{gib}GiB\", kind = \"{kind}\" }}",
                class.disks
            );
        }
        for (zone, share) in places.zones() {
            let hosts = (class.hosts * share * scale).ceil() as u64 + 1;
            let _ = write!(
                pools,
                "\n[[pools]]\nname = {}\nzone = {}\nclass = \"{name}\"\nhosts = {hosts}\n",
                quoted(&format!("{zone}-{name}")),
                quoted(zone)
            );
        }
    }
    *text += &classes;
    *text += &pools;
    let mut named: Vec<String> = Vec::new();
    for entry in traced.entries.iter().filter(|entry| entry.row.is_none()) {
        let name = type_name(entry);
        // One that is asked for as spot and as regular is one type.
        if named.contains(&name) {
            continue;
        }
        let _ = write!(
            text,
            "\n[[types]]\nname = {}\nfamily = \"{}\"\nvcpus = {}\nmemory = \"{}MiB\"\n",
            quoted(&name),
            family(entry),
            number(entry.load.cpu_milli.max(1) as f64 / 1e3),
            entry.load.memory_mib.max(1),
        );
        if let Some(gpus) = entry.asked.gpus() {
            let count = number(f64::from(gpus.milli()) / 1e3);
            let _ = writeln!(text, "gpu = {{ model = {}, count = {count} }}", quoted(&gpus.models));
        }
        named.push(name);
    }
}

/// Instances alike in their GPUs share a family, for the hosts that serve it.
fn family(entry: &Entry) -> String {
    match entry.row {
        Some(row) => row.family.clone(),
        None if entry.group == 0 => "ecs.trace".to_owned(),
        None => format!("ecs.trace-{}", entry.group + 1),
    }
}

/// A class of hosts in the ratio of what its instances took at their peak, and how many hosts that needs.
struct Class {
    vcpus: u64,
    memory_gib: u64,
    gpus: u64,
    disks: u64,
    hosts: f64,
}

impl Class {
    fn of(group: &Group, entries: &[&Entry]) -> Class {
        let peak = group.alive.peak();
        let largest = |of: fn(&Entry) -> u64| entries.iter().map(|entry| of(entry)).max().unwrap_or(0);
        let (cpu, memory, gpu) = (
            largest(|entry| entry.load.cpu_milli),
            largest(|entry| entry.load.memory_mib),
            largest(|entry| entry.load.gpu_milli),
        );
        let ratio = |of: u64, to: u64| of as f64 / to.max(1) as f64;
        let gpus = if group.models.is_some() { gpu.div_ceil(1_000).clamp(USUAL_GPUS, MOST_GPUS) } else { 0 };
        let least_cpu = match gpus {
            0 => USUAL_VCPUS * 1_000,
            gpus => (ratio(peak.cpu_milli, peak.gpu_milli) * gpus as f64 * 1e3 * ROOM) as u64,
        };
        let cpu_milli = cpu.max(least_cpu).div_ceil(1_000) * 1_000;
        let mib = memory.max((ratio(peak.memory_mib, peak.cpu_milli) * cpu_milli as f64).ceil() as u64);
        let memory_gib = mib.div_ceil(1_024).max(1);
        let fill = [
            ratio(peak.cpu_milli, cpu_milli),
            ratio(peak.memory_mib, memory_gib << 10),
            if gpus > 0 { ratio(peak.gpu_milli, gpus * 1_000) } else { 0.0 },
        ];
        let disks = |entry: &&Entry| {
            let each = u64::from(entry.row?.local_disks.as_ref()?.count);
            Some(each * (cpu_milli / entry.load.cpu_milli.max(1)).max(1))
        };
        Class {
            vcpus: (cpu_milli / 1_000).max(1),
            memory_gib,
            gpus,
            disks: entries.iter().filter_map(disks).max().unwrap_or(0),
            hosts: ROOM * fill.into_iter().fold(0.0, f64::max),
        }
    }
}

/// A number with the digits that matter.
pub(super) fn number(value: f64) -> String {
    let text = if value >= 1_000.0 { format!("{value:.2}") } else { format!("{value:.6}") };
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short.contains('.') { short.to_owned() } else { format!("{short}.0") }
}

/// A number of a long list, in four digits.
fn short(value: f64) -> String {
    let text = if value >= 100.0 { format!("{value:.1}") } else { format!("{value:.4}") };
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

pub(super) fn joined(values: impl Iterator<Item = String>) -> String {
    values.collect::<Vec<_>>().join(", ")
}

/// A text as TOML writes it.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
