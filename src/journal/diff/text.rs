//! A comparison as text.

use std::fmt::Write as _;

use super::{Comparison, Divergence, DrawDifference, Drawn, EventSight, Told};
use crate::model::SimTime;
use crate::report::grouped;
use crate::sim::{Counters, Labels, LogRecord};
use crate::workload::{Arrival, End};

/// Keys of the scenarios that are printed at most; JSON has them all.
const KEYS: usize = 20;
/// Streams that are printed at most.
const STREAMS: usize = 20;

/// A moment to the microsecond.
fn exact(at: SimTime) -> String {
    format!("{at}.{:06}", at.0 % 1_000_000)
}

/// A record of the event log in words.
pub(super) fn tell(number: u64, record: LogRecord, labels: &Labels) -> Told {
    let kind = record.kind_name();
    let what = match (record.kind, record.request(), record.host()) {
        (1, Some(request), _) => {
            let Some(template) = labels.templates.get(record.detail as usize) else {
                return Told { record: number, at: record.at, what: format!("request {request} came in") };
            };
            format!(
                "request {request} came in: {} of workload {:?}, account {}",
                template.instance_type, template.workload, template.account
            )
        }
        (4, Some(request), _) => {
            let zone = labels.zones.get(record.detail as usize).map_or("", String::as_str);
            format!("request {request} running in {zone}")
        }
        (_, Some(request), Some(host)) => format!("request {request} {kind}: host {}", host.0),
        (_, None, Some(host)) => format!("{kind}: host {}", host.0),
        // What else there is to say stands with the event.
        (_, Some(request), None) => format!("request {request} {kind}"),
        (40..=42, None, None) => format!("account {} {kind}: {} millionths", record.number, record.detail),
        (_, None, None) if record.number == u64::MAX => format!("{kind}: {}", record.detail),
        (_, None, None) => format!("{kind} {}: {}", record.number, record.detail),
    };
    Told { record: number, at: record.at, what }
}

fn arrival(arrival: Option<Arrival>) -> String {
    let Some(Arrival { at, template, end }) = arrival else { return "no more requests".to_owned() };
    let end = match end {
        End::Never => "never ends".to_owned(),
        End::After(span) => format!("ends after {span}"),
        End::At(at) => format!("ends at {}", exact(at)),
    };
    format!("{}  kind {template}, {end}", exact(at))
}

/// The comparison for people, with a final line break.
pub fn text(found: &Comparison) -> String {
    let mut text = String::new();
    for (letter, side) in ['A', 'B'].into_iter().zip(&found.sides) {
        let _ = writeln!(text, "{letter}  {}  scenario {:?}, seed {}", side.path, side.scenario, side.seed);
    }
    for (letter, side) in ['A', 'B'].into_iter().zip(&found.sides) {
        if let (Some(digest), Some(recorded)) = (&side.digest, &side.recorded)
            && digest != recorded
        {
            let version = side.version.as_deref().unwrap_or("an unknown version");
            let _ = writeln!(
                text,
                "note: {letter} has digest {digest} here, and {recorded} where it was recorded by {version}"
            );
        }
    }
    given(&mut text, found);
    match &found.divergence {
        None => {
            let digest = found.sides[0].digest.as_deref().unwrap_or_default();
            let _ = writeln!(
                text,
                "\nThe event logs are equal: {} records, digest {digest}.",
                grouped(found.records)
            );
        }
        Some(divergence) => diverged(&mut text, divergence),
    }
    chance(&mut text, found);
    text
}

fn given(text: &mut String, found: &Comparison) {
    if !found.keys.is_empty() {
        let _ = writeln!(text, "\nThe scenarios differ:");
    }
    for key in found.keys.iter().take(KEYS) {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "(not there)".to_owned());
        let _ = writeln!(text, "  {} = {} in A, {} in B", key.key, value(&key.a), value(&key.b));
    }
    if found.keys.len() > KEYS {
        let _ = writeln!(text, "  and {} more (--json has them all)", found.keys.len() - KEYS);
    }
    if let Some(kinds) = &found.kinds {
        let _ = writeln!(text, "\nThe requests differ: {kinds}.");
    }
    if let Some(input) = &found.input {
        let _ = writeln!(
            text,
            "\nWhat comes in differs first at request {} from outside:",
            grouped(input.number)
        );
        let _ = writeln!(text, "  A  {}", arrival(input.a));
        let _ = writeln!(text, "  B  {}", arrival(input.b));
    }
}

fn diverged(text: &mut String, found: &Divergence) {
    let _ = writeln!(text, "\nThe event logs differ from record {} on.", grouped(found.record));
    if !found.before.is_empty() {
        let _ = writeln!(text, "\nBefore it, in both:");
        told(text, ' ', &found.before);
    }
    for (letter, records) in ['A', 'B'].into_iter().zip(&found.records) {
        let _ = writeln!(text, "\n{letter} from there on:");
        told(text, letter, records);
        if records.is_empty() {
            let _ = writeln!(text, "  {letter}  the run has ended");
        }
    }
    for (letter, event) in ['A', 'B'].into_iter().zip(&found.events) {
        let Some(event) = event else { continue };
        let _ =
            writeln!(text, "\nIn {letter} this is event {} at {}:", grouped(event.event), exact(event.at));
        for what in &event.happened {
            let _ = writeln!(text, "  {what}");
        }
        if event.happened.is_empty() {
            let _ = writeln!(text, "  nothing that a customer or an operator could see");
        }
    }
    if found.events.iter().any(Option::is_some) {
        counters(text, &found.events);
        hosts(text, &found.events);
        instances(text, &found.events);
    }
}

fn told(text: &mut String, letter: char, records: &[Told]) {
    for one in records {
        let _ = writeln!(text, "  {letter}  {:>10}  {}  {}", grouped(one.record), exact(one.at), one.what);
    }
}

/// Counters before the event and, where they change in it, after it.
fn counters(text: &mut String, events: &[Option<EventSight>; 2]) {
    type Get = fn(&Counters) -> u64;
    const ROWS: [(&str, Get); 16] = [
        ("requests", |c| c.requests),
        ("created", |c| c.created),
        ("rejected", |c| c.rejected),
        ("unanswered", |c| c.unanswered),
        ("released", |c| c.released),
        ("live", |c| c.live),
        ("placed", |c| c.placed),
        ("vCPU/1000 in use", |c| c.cpu_milli),
        ("MiB in use", |c| c.memory_mib),
        ("GPU/1000 in use", |c| c.gpu_milli),
        ("down", |c| c.down),
        ("hosts down", |c| c.hosts_down),
        ("waiting for the API", |c| c.queues.map_or(0, |queues| queues.api)),
        ("waiting for a scheduler", |c| c.queues.map_or(0, |queues| queues.scheduler)),
        ("waiting for a start slot", |c| c.queues.map_or(0, |queues| queues.node)),
        ("events scheduled", |c| c.pending),
    ];
    let _ = writeln!(text, "\nCounters before the event (-> after it):");
    let _ = writeln!(text, "  {:<24} {:>28} {:>28}", "", "A", "B");
    for (name, get) in ROWS {
        let cells = events.each_ref().map(|event| {
            let Some(event) = event else { return String::new() };
            let before = get(&event.before.counters);
            match event.after.as_ref().map(|after| get(&after.counters)) {
                Some(after) if after != before => format!("{} -> {}", grouped(before), grouped(after)),
                _ => grouped(before),
            }
        });
        if cells.iter().any(|cell| !cell.is_empty() && cell != "0") {
            let _ = writeln!(text, "  {name:<24} {:>28} {:>28}", cells[0], cells[1]);
        }
    }
}

fn hosts(text: &mut String, events: &[Option<EventSight>; 2]) {
    let mut head = false;
    for (letter, event) in ['A', 'B'].into_iter().zip(events) {
        let Some(event) = event else { continue };
        for host in &event.before.hosts {
            if !std::mem::replace(&mut head, true) {
                let _ = writeln!(text, "\nHosts before the event (-> after it):");
            }
            let after = event.after.as_ref();
            let after = after.and_then(|after| after.hosts.iter().find(|other| other.host == host.host));
            let after = after
                .filter(|after| *after != host)
                .map_or_else(String::new, |after| format!(" -> {}, {}", after.state, free(after)));
            let _ = writeln!(
                text,
                "  {letter}  host {} ({}, {}): {}, {}{after}",
                host.host,
                host.zone,
                host.class,
                host.state,
                free(host)
            );
        }
    }
}

fn free(host: &super::HostSight) -> String {
    let gpu = match host.free_gpu_milli {
        0 => String::new(),
        milli => format!(" {} GPU", milli as f64 / 1e3),
    };
    format!(
        "free {} vCPU {} GiB{gpu}",
        host.free_cpu_milli as f64 / 1e3,
        host.free_memory_mib as f64 / 1024.0
    )
}

fn instances(text: &mut String, events: &[Option<EventSight>; 2]) {
    for (letter, event) in ['A', 'B'].into_iter().zip(events) {
        let Some(event) = event else { continue };
        for one in &event.before.instances {
            let host = one.host.map_or_else(|| "no host".to_owned(), |host| format!("host {}", host.0));
            let end = match one.end {
                End::Never => "never ends".to_owned(),
                End::After(span) => format!("ends {span} after its first start"),
                End::At(at) => format!("ends at {}", exact(at)),
            };
            let _ = writeln!(text, "  {letter}  request {}: {:?} on {host}, {end}", one.number, one.state);
        }
    }
}

fn chance(text: &mut String, found: &Comparison) {
    let Some(report) = &found.draws else { return };
    let (same, differs): (Vec<_>, Vec<_>) = report.streams.iter().partition(|stream| stream.is_same());
    let _ = writeln!(
        text,
        "\nRandom draws: {} in A, {} in B; {} of {} streams are the same draw by draw.",
        grouped(report.draws[0]),
        grouped(report.draws[1]),
        grouped(same.len() as u64),
        grouped(report.streams.len() as u64)
    );
    if let Some((stream, first)) = report.first() {
        let _ = writeln!(
            text,
            "The first difference is draw {} of stream {:?} ({}):",
            grouped(first.draw),
            stream.purpose,
            stream.entity
        );
        for (letter, drawn) in [('A', first.a), ('B', first.b)] {
            let _ = writeln!(text, "  {letter}  {}", drawn_text(drawn));
        }
    }
    for stream in differs.iter().take(STREAMS) {
        let _ = writeln!(
            text,
            "  {} ({}): {} draws in A, {} in B; {}; {}",
            stream.purpose,
            stream.entity,
            grouped(stream.draws[0]),
            grouped(stream.draws[1]),
            first_of("value", stream.value),
            first_of("moment", stream.moment)
        );
    }
    if differs.len() > STREAMS {
        let _ =
            writeln!(text, "  and {} more (--json has them all)", grouped((differs.len() - STREAMS) as u64));
    }
}

fn first_of(what: &str, found: Option<DrawDifference>) -> String {
    match found {
        None => format!("no other {what}"),
        Some(DrawDifference { draw, b: None, .. }) => format!("only A goes on from draw {}", grouped(draw)),
        Some(DrawDifference { draw, a: None, .. }) => format!("only B goes on from draw {}", grouped(draw)),
        Some(found) => format!("other {what} from draw {} on", grouped(found.draw)),
    }
}

fn drawn_text(drawn: Option<Drawn>) -> String {
    match drawn {
        None => "never drawn".to_owned(),
        Some(Drawn { value, event: 0, .. }) => format!("{value:016x} before the first event"),
        Some(Drawn { value, event, at }) => {
            format!("{value:016x} in event {} at {}", grouped(event), exact(at))
        }
    }
}
