//! The state of a run around one of its events.

use std::cell::{Cell, RefCell};

use serde::Serialize;

use super::side::Side;
use crate::model::{HostIx, SimTime};
use crate::placement::HostView;
use crate::sim::{Ahead, Counters, Go, Happened, InstanceView, Labels, Observer, SimError};

/// A host between two events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HostSight {
    /// Its number.
    pub host: u32,
    /// Its zone.
    pub zone: String,
    /// Its class.
    pub class: String,
    /// Whether it takes instances.
    pub state: String,
    /// Free thousandths of a vCPU.
    pub free_cpu_milli: u64,
    /// Free MiB of memory.
    pub free_memory_mib: u64,
    /// Free thousandths of a GPU.
    pub free_gpu_milli: u64,
}

/// A run between two events.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Sight {
    /// What it has counted.
    pub counters: Counters,
    /// The hosts that the first difference is about.
    pub hosts: Vec<HostSight>,
    /// The instances that it is about, as far as they live.
    pub instances: Vec<InstanceView>,
}

/// An event of a run, with the state before and after it.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct EventSight {
    /// Number of the event, from 1.
    pub event: u64,
    /// Its virtual time, in microseconds.
    pub at: SimTime,
    /// Everything that happened in it that someone could see.
    pub happened: Vec<serde_json::Value>,
    /// The state before it.
    pub before: Sight,
    /// The state after it; none when it was the last one.
    pub after: Option<Sight>,
}

/// What a look is for.
pub(super) struct Wanted<'w> {
    pub(super) hosts: &'w [HostIx],
    pub(super) requests: &'w [u64],
}

/// Writes down what happens in one event.
#[derive(Default)]
struct Witness {
    looks: Cell<bool>,
    seen: RefCell<Vec<serde_json::Value>>,
}

impl Observer for &Witness {
    fn happened(&mut self, _at: SimTime, what: &Happened<'_>) {
        // An event can touch a whole zone.
        const MOST: usize = 64;
        if self.looks.get() && self.seen.borrow().len() < MOST {
            self.seen.borrow_mut().push(serde_json::to_value(what).expect("plain data has a form in JSON"));
        }
    }
}

/// Runs a side up to an event and looks at the state before and after it; none when the run has no such event.
pub(super) fn look(
    side: &Side,
    event: u64,
    wanted: &Wanted<'_>,
) -> Result<(Option<EventSight>, Labels), SimError> {
    let simulation = side.simulation(Ok)?;
    let labels = simulation.labels();
    let witness = Witness::default();
    let mut found: Option<EventSight> = None;
    let before = |ahead: &Ahead<'_>| {
        let view = |ahead: &Ahead<'_>| sight(ahead, wanted, &labels);
        witness.looks.set(ahead.number == event);
        if ahead.number == event {
            let (at, before) = (ahead.at, view(ahead));
            found = Some(EventSight { event, at, happened: Vec::new(), before, after: None });
        }
        match &mut found {
            Some(found) if ahead.number > event => {
                found.after = Some(view(ahead));
                Go::Stop
            }
            _ => Go::On,
        }
    };
    simulation.follow(&mut &witness, None, before)?;
    if let Some(found) = &mut found {
        found.happened = witness.seen.take();
    }
    Ok((found, labels))
}

fn sight(ahead: &Ahead<'_>, wanted: &Wanted<'_>, labels: &Labels) -> Sight {
    let host = |host: &HostIx| {
        let HostView { zone, class, state, free, .. } = ahead.host(*host)?;
        Some(HostSight {
            host: host.0,
            zone: labels.zone(zone).to_owned(),
            class: labels.classes.get(class.at()).cloned().unwrap_or_default(),
            state: format!("{state:?}").to_lowercase(),
            free_cpu_milli: free.cpu_milli,
            free_memory_mib: free.memory_mib,
            free_gpu_milli: free.gpu_milli,
        })
    };
    Sight {
        counters: ahead.counters(),
        hosts: wanted.hosts.iter().filter_map(host).collect(),
        instances: wanted.requests.iter().filter_map(|number| ahead.instance(*number)).collect(),
    }
}
