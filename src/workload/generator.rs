//! Generated requests: arrivals, alone, in batches or in deployment groups.

use crate::engine::{Stream, Streams};
use crate::model::{SimDuration, SimTime};
use crate::scenario::workload::{ArrivalsSpec, Choice, Distribution, WorkloadSpec, Wrong};

use super::arrivals::Arrivals;
use super::requests::{Drawn, Picker, Requests, end_after, end_at};
use super::template::Builder;
use super::{Arrival, Customer, End, Setting, WorkloadError};

/// Makes the arrivals of one workload.
pub(super) struct Generator {
    /// None for a fleet or a closed loop, which draws one request at a time.
    arrivals: Option<Arrivals>,
    alike: bool,
    leave_together: bool,
    requests: Requests,
    groups: Option<Groups>,
    /// What is left of the current batch.
    batch: Batch,
}

#[derive(Default)]
struct Batch {
    at: SimTime,
    left: u32,
    /// The request of a batch that is alike.
    shared: Option<Drawn>,
    /// The end of a batch that leaves together, once it is known.
    end: Option<End>,
}

/// Deployment groups.
struct Groups {
    choice: Picker,
    /// Mix entries with their counts, by group.
    members: Vec<Vec<(u32, u32)>>,
    lifetimes: Vec<(Distribution, Stream)>,
    /// Members of the current group that are still to come, in reverse.
    waiting: Vec<Arrival>,
}

impl Generator {
    pub(super) fn new(
        spec: &WorkloadSpec,
        number: u32,
        arrivals: Option<&ArrivalsSpec>,
        setting: &Setting<'_>,
        builder: &mut Builder,
    ) -> Result<Generator, WorkloadError> {
        let name = spec.name.get();
        let requests = Requests::new(spec, number, setting, builder)?;
        let streams = Streams::new(setting.seed);
        let groups = Groups::new(spec, &streams)?;
        let first = setting.known.regions.first().map_or("", |(region, _)| region);
        let region = spec.region.as_ref().map_or(first, |region| region.get());
        let at_once = groups.as_ref().map_or(1.0, Groups::mean_size);
        let batch = arrivals.and_then(|arrivals| arrivals.batch.as_ref()).map(|batch| batch.get());
        let process = arrivals.map(|arrivals| {
            Arrivals::new(arrivals, &streams, name, region, setting.start, setting.duration, at_once)
        });
        Ok(Generator {
            arrivals: process,
            alike: batch.is_some_and(|batch| batch.alike),
            leave_together: batch.is_some_and(|batch| batch.leave_together),
            requests,
            groups,
            batch: Batch::default(),
        })
    }

    pub(super) fn next(&mut self) -> Option<Arrival> {
        if let Some(groups) = &mut self.groups {
            if groups.waiting.is_empty() {
                let (at, _) = self.arrivals.as_mut()?.next()?;
                groups.fill(at, &mut self.requests);
            }
            return groups.waiting.pop();
        }
        if self.batch.left == 0 {
            let (at, size) = self.arrivals.as_mut()?.next()?;
            let shared = if self.alike { Some(self.requests.draw(at)) } else { None };
            self.batch = Batch { at, left: size, shared, end: None };
        }
        self.batch.left -= 1;
        let at = self.batch.at;
        let drawn = match self.batch.shared {
            Some(shared) => shared,
            None => self.requests.draw(at),
        };
        let end = match (self.leave_together, self.batch.end) {
            (false, _) => end_after(self.requests.lifetime(drawn)),
            (true, Some(end)) => end,
            (true, None) => *self.batch.end.insert(end_at(at, self.requests.lifetime(drawn))),
        };
        Some(Arrival { at, template: drawn.template, end })
    }

    /// Points to templates that stand `by` places further on.
    pub(super) fn move_templates(&mut self, by: u32) {
        self.requests.move_templates(by);
    }

    /// One request at a moment, and when its instance ends.
    pub(super) fn draw(&mut self, at: SimTime, customer: Option<Customer>) -> (u32, End) {
        let drawn = match customer {
            None => self.requests.draw(at),
            Some(Customer(account)) => self.requests.draw_for(at, account),
        };
        (drawn.template, end_after(self.requests.lifetime(drawn)))
    }

    /// How far its luck is, when it is asked for one request at a time.
    pub(super) fn luck(&self) -> Vec<u128> {
        self.requests.streams().map(Stream::position).collect()
    }

    /// Goes on from there; false when it has other streams.
    pub(super) fn go_on(&mut self, luck: &[u128]) -> bool {
        let streams: Vec<&mut Stream> = self.requests.streams_mut().collect();
        let same = streams.len() == luck.len();
        streams.into_iter().zip(luck).for_each(|(stream, position)| stream.seek(*position));
        same
    }

    /// The account of a client.
    pub(super) fn draw_customer(&mut self) -> Customer {
        Customer(self.requests.draw_account())
    }
}

impl Groups {
    /// The groups of a workload; none when it has none.
    fn new(spec: &WorkloadSpec, streams: &Streams) -> Result<Option<Groups>, WorkloadError> {
        if spec.groups.is_empty() {
            return Ok(None);
        }
        let name = spec.name.get();
        let wrong = |wrong: Wrong| WorkloadError::Wrong { workload: name.clone(), wrong };
        let stream = |purpose: &str, entity| streams.stream(&format!("workload/{name}/{purpose}"), entity);
        let (mut members, mut lifetimes, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for (number, group) in spec.groups.iter().enumerate() {
            let law = group.get().lifetime.as_ref().or(spec.lifetime.as_ref());
            let law = law.ok_or_else(|| wrong(Wrong::at(group, "no lifetime")))?;
            lifetimes.push((law.get().resolve().map_err(wrong)?, stream("group-lifetime", number as u64)));
            weights.push(*group.get().weight.get());
            let entry = |name: &String| spec.mix.iter().position(|mix| mix.get().instance_type.get() == name);
            let counts = group.get().members.get().iter();
            members.push(counts.filter_map(|(name, count)| Some((entry(name)? as u32, *count))).collect());
        }
        let choice =
            Choice::new(&weights).ok_or_else(|| wrong(Wrong::at(&spec.name, "no weight is sound")))?;
        let choice = Picker::new(choice, stream("groups", 0));
        Ok(Some(Groups { choice, members, lifetimes, waiting: Vec::new() }))
    }

    /// Mean number of instances of a group.
    fn mean_size(&self) -> f64 {
        let size =
            |members: &Vec<(u32, u32)>| members.iter().map(|(_, count)| f64::from(*count)).sum::<f64>();
        self.members.iter().zip(self.choice.shares()).map(|(members, share)| size(members) * share).sum()
    }

    /// Draws a group: all its members, in one place, with one end.
    fn fill(&mut self, at: SimTime, requests: &mut Requests) {
        let group = self.choice.draw() as usize;
        let (zone, account) = requests.draw_place();
        let (law, stream) = &mut self.lifetimes[group];
        let secs = law.sample(stream);
        let lifetime = if secs.is_finite() { requests.scaled(account, secs) } else { SimDuration::FOREVER };
        let end = end_at(at, lifetime);
        for (entry, count) in &self.members[group] {
            for _ in 0..*count {
                let template = requests.drawn(*entry, zone, account).template;
                self.waiting.push(Arrival { at, template, end });
            }
        }
        self.waiting.reverse();
    }
}
