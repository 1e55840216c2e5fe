//! One shard's state: hosts, shapes, queries. Every method works on one shard, under its lock.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::class::{HostClass, Label};
use super::demand::{Demand, DemandId};
use super::fit::{self, Spot, Verdict};
use super::hostset::BLOCK;
use super::policy::{Pick, Policy};
use super::query::{Eval, Key, Mark, Masks, Query, Rows, UNKNOWN};
use super::shape::{self, Shapes, Vector};
use super::stats::Stats;
use super::want::{NO_NODE, Reason};
use crate::model::{ClassIx, Resources};

/// What all shards share and none changes.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) classes: Vec<HostClass>,
    pub(super) demands: Vec<Demand>,
    /// The sum of what each demand takes, and whether it takes GPUs: all that most claims need to know.
    pub(super) sums: Vec<(Resources, bool)>,
    pub(super) policy: Policy,
    pub(super) pick: Pick,
}

impl Facts {
    pub(super) fn new(classes: Vec<HostClass>, demands: Vec<Demand>, policy: Policy) -> Facts {
        let pick = policy.rule().pick();
        let sums = demands.iter().map(Facts::sum).collect();
        Facts { classes, demands, sums, policy, pick }
    }

    pub(super) fn add_demand(&mut self, demand: Demand) {
        self.sums.push(Facts::sum(&demand));
        self.demands.push(demand);
    }

    fn sum(demand: &Demand) -> (Resources, bool) {
        (demand.resources(), demand.gpus().0 > 0)
    }
}

/// Shapes without hosts are thrown out of an order when it holds more than this, and 16 for each that has some.
const MANY: usize = 8_192;

/// Ways an instance can sit on the nodes of a host, as a dense number: one node, or a pair.
const SPOTS: usize = 64;

fn spot_number(nodes: u8) -> usize {
    let (low, high) = (usize::from(nodes & 0xF), nodes >> 4);
    if high == NO_NODE { low } else { (usize::from(high) * 8 + low) & (SPOTS - 1) }
}

/// The state of one shard.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Shape of each host, by position (order of rank).
    pub(super) shape_of: Vec<u32>,
    pub(super) shapes: Shapes,
    pub(super) labels: Vec<Label>,
    /// Shapes that have hosts, in no order that matters.
    pub(super) live: Vec<u32>,
    live_at: Vec<u32>,
    pub(super) queries: Vec<Query>,
    /// By shape and query: the verdict.
    pub(super) marks: Rows<Mark>,
    /// Query of each demand that asks for nothing else.
    plain: Vec<u32>,
    others: FxHashMap<Key, u32>,
    /// By shape: queries in which the shape is marked as without hosts (policies that rank shapes).
    waiting: Masks,
    /// By shape: queries that it has room for (policies that look at positions).
    pub(super) open: Masks,
    /// Queries that follow the shapes.
    following: Vec<u64>,
    /// Shape after a release, by demand and spot, then by shape.
    gives: Vec<Vec<u32>>,
    /// Free thousandths of each device by its real number, for hosts with GPUs.
    devices: Vec<u16>,
    device_start: Vec<u32>,
    /// Claimed now.
    pub(super) used: Resources,
    pub(super) empty: u32,
    pub(super) full: u32,
    pub(super) claims: u64,
    pub(super) stats: Stats,
}

impl State {
    /// Hosts by class and label in order of position, all empty.
    pub(super) fn new(facts: &Facts, hosts: &[(ClassIx, Label)]) -> State {
        let mut state = State {
            shape_of: vec![UNKNOWN; hosts.len()],
            shapes: Shapes::default(),
            labels: Vec::new(),
            live: Vec::new(),
            live_at: Vec::new(),
            queries: Vec::new(),
            marks: Rows::default(),
            plain: vec![UNKNOWN; facts.demands.len()],
            others: FxHashMap::default(),
            waiting: Masks::default(),
            open: Masks::default(),
            following: Vec::new(),
            gives: Vec::new(),
            devices: Vec::new(),
            device_start: Vec::new(),
            used: Resources::default(),
            empty: hosts.len() as u32,
            full: 0,
            claims: 0,
            stats: Stats::default(),
        };
        let mut known: Vec<((ClassIx, Label), u32)> = Vec::new();
        for (at, host) in hosts.iter().enumerate() {
            let shape = match known.iter().find(|(other, _)| other == host) {
                Some(&(_, shape)) => shape,
                None => {
                    let label = state.label(host.1);
                    let class = &facts.classes[host.0.at()];
                    let shape = state.intern(facts, &shape::vector(class, host.0.0, label));
                    known.push((*host, shape));
                    shape
                }
            };
            state.shape_of[at] = shape;
            state.enter(at as u32, shape);
        }
        if hosts.iter().any(|(class, _)| facts.classes[class.at()].gpu_count > 0) {
            for (class, _) in hosts {
                state.device_start.push(state.devices.len() as u32);
                let count = facts.classes[class.at()].gpu_count as usize;
                state.devices.resize(state.devices.len() + count, 1_000);
            }
        }
        state
    }

    /// The number of a label.
    pub(super) fn label(&mut self, label: Label) -> u32 {
        match self.labels.iter().position(|known| *known == label) {
            Some(at) => at as u32,
            None => {
                self.labels.push(label);
                self.labels.len() as u32 - 1
            }
        }
    }

    /// Makes room for demands registered after the fleet was built.
    pub(super) fn add_demands(&mut self, demands: usize) {
        self.plain.resize(demands, UNKNOWN);
    }

    // --- shapes ---

    /// The number of a vector; a new one is announced to the queries.
    pub(super) fn intern(&mut self, facts: &Facts, words: &[u32]) -> u32 {
        if let Some(shape) = self.shapes.find(words) {
            return shape;
        }
        let shape = self.shapes.add(words, &facts.classes[shape::class_of(words)]);
        self.live_at.push(UNKNOWN);
        self.marks.push();
        if facts.pick == Pick::Best {
            self.waiting.push();
            self.waiting.row(shape).copy_from_slice(&self.following);
        } else {
            self.open.push();
            for query in 0..self.queries.len() {
                if self.following[query / 64] >> (query % 64) & 1 == 1 && self.judge(facts, query, shape) {
                    self.open.set(shape, query);
                }
            }
        }
        shape
    }

    /// Judges a shape for a query, once. Whether it has room.
    pub(super) fn judge(&mut self, facts: &Facts, query: usize, shape: u32) -> bool {
        let known = self.marks.get(shape, query);
        if known == Mark::UNJUDGED { self.judge_anew(facts, query, shape) } else { known.has_room() }
    }

    #[cold]
    fn judge_anew(&mut self, facts: &Facts, query: usize, shape: u32) -> bool {
        self.stats.judged += 1;
        let key = self.queries[query].key;
        let demand = &facts.demands[key.demand.0 as usize];
        let words = self.shapes.vector(shape);
        let class_ix = shape::class_of(words);
        let class = &facts.classes[class_ix];
        let mark = if !demand.served_by(ClassIx::from(class_ix), class) {
            Mark::short(Reason::Class)
        } else if let Some(reason) = key.refuses(&self.labels[shape::label_of(words)]) {
            Mark::short(reason)
        } else {
            match fit::judge(facts.policy.rule(), demand, key.lifetime, class, words) {
                Verdict::Fits(score, spot) => {
                    self.queries[query].remember(shape, Eval::new(score, spot));
                    Mark::UNRANKED
                }
                Verdict::Short(reason) => Mark::short(reason),
            }
        };
        self.marks.put(shape, query, mark);
        mark.has_room()
    }

    // --- queries ---

    /// The number of a kind of request; made when it is asked for the first time.
    #[inline]
    pub(super) fn query(&mut self, facts: &Facts, key: Key) -> usize {
        let known = if key.is_plain() {
            self.plain[key.demand.0 as usize]
        } else {
            self.others.get(&key).copied().unwrap_or(UNKNOWN)
        };
        if known == UNKNOWN { self.add_query(facts, key) } else { known as usize }
    }

    #[cold]
    fn add_query(&mut self, facts: &Facts, key: Key) -> usize {
        let query = self.queries.len();
        if key.is_plain() {
            self.plain[key.demand.0 as usize] = query as u32;
        } else {
            self.others.insert(key, query as u32);
        }
        self.queries.push(Query::new(key));
        self.following.resize((query + 1).div_ceil(64), 0);
        let shapes = self.shapes.list.len();
        let ranked = facts.pick == Pick::Best;
        let masks = if ranked { &mut self.waiting } else { &mut self.open };
        masks.widen((query + 1).div_ceil(64), shapes);
        self.marks.widen((query + 1).next_multiple_of(16), shapes);
        if key.named {
            return query;
        }
        self.following[query / 64] |= 1 << (query % 64);
        if ranked {
            for shape in 0..shapes as u32 {
                if self.is_live(shape) {
                    self.queries[query].inbox.push(shape);
                } else {
                    self.waiting.set(shape, query);
                }
            }
            return query;
        }
        self.queries[query].blocks = super::bits::Bits::with_len(self.shape_of.len().div_ceil(BLOCK));
        for shape in 0..shapes as u32 {
            if self.judge(facts, query, shape) {
                self.open.set(shape, query);
            }
        }
        for (at, &shape) in self.shape_of.iter().enumerate() {
            if self.open.has(shape, query) {
                self.queries[query].blocks.set(at / BLOCK);
            }
        }
        query
    }

    /// Brings the order of a query up to date.
    #[inline]
    pub(super) fn settle(&mut self, facts: &Facts, query: usize) {
        if !self.queries[query].inbox.is_empty() {
            self.settle_inbox(facts, query);
        }
    }

    #[cold]
    fn settle_inbox(&mut self, facts: &Facts, query: usize) {
        let mut inbox = std::mem::take(&mut self.queries[query].inbox);
        for shape in inbox.drain(..) {
            if !self.is_live(shape) {
                self.waiting.set(shape, query);
            } else if self.judge(facts, query, shape) {
                self.stats.ranked += 1;
                let (queries, marks) = (&mut self.queries, &mut self.marks);
                let query_of = &mut queries[query];
                let score = query_of.evals[shape as usize].score;
                query_of
                    .order
                    .insert(score, shape, |shape, slot| marks.put(shape, query, Mark::ranked(slot)));
            }
        }
        self.queries[query].inbox = inbox;
        if self.queries[query].order.len() > MANY + 16 * self.live.len() {
            self.forget(query);
        }
    }

    /// Throws the shapes without hosts out of an order. They come back when they get hosts.
    fn forget(&mut self, query: usize) {
        let (live_at, marks, waiting) = (&self.live_at, &mut self.marks, &mut self.waiting);
        let mut dropped = Vec::new();
        self.queries[query].order.spread(
            |shape| live_at[shape as usize] != UNKNOWN,
            |shape, slot| marks.put(shape, query, Mark::ranked(slot)),
            |shape| dropped.push(shape),
        );
        for shape in dropped {
            marks.put(shape, query, Mark::UNRANKED);
            waiting.set(shape, query);
        }
    }

    /// Whether a shape has hosts.
    #[inline]
    pub(super) fn is_live(&self, shape: u32) -> bool {
        self.live_at[shape as usize] != UNKNOWN
    }

    /// Strikes an empty shape off a query until it has hosts again.
    #[inline]
    pub(super) fn strike(&mut self, query: usize, slot: usize, shape: u32) {
        self.queries[query].order.strike(slot);
        self.waiting.set(shape, query);
        self.stats.stale += 1;
    }

    // --- moving hosts ---

    /// Puts the host at a position, whose shape is already written, into the set of its shape.
    #[inline]
    fn enter(&mut self, at: u32, to: u32) {
        let shape = &mut self.shapes.list[to as usize];
        shape.hosts.insert(&self.shape_of, to, at);
        if shape.hosts.len() == 1 {
            self.live_at[to as usize] = self.live.len() as u32;
            self.live.push(to);
            self.wake(to);
        }
    }

    /// Tells the queries that wait for a shape that it has hosts.
    #[inline]
    fn wake(&mut self, shape: u32) {
        if self.waiting.width() == 0 {
            return;
        }
        for word in 0..self.waiting.width() {
            let mut bits = std::mem::take(&mut self.waiting.row(shape)[word]);
            while bits != 0 {
                let query = word * 64 + bits.trailing_zeros() as usize;
                match self.marks.get(shape, query).slot() {
                    Some(slot) => self.queries[query].order.wake(slot),
                    None => self.queries[query].inbox.push(shape),
                }
                bits &= bits - 1;
            }
        }
    }

    /// Gives a host another shape.
    pub(super) fn move_host(&mut self, at: u32, to: u32) {
        let from = std::mem::replace(&mut self.shape_of[at as usize], to);
        if from == to {
            return;
        }
        let shape = &mut self.shapes.list[from as usize];
        self.empty -= u32::from(shape.empty);
        self.full -= u32::from(shape.full);
        shape.hosts.remove(&self.shape_of, from, at);
        if shape.hosts.len() == 0 {
            let hole = std::mem::replace(&mut self.live_at[from as usize], UNKNOWN);
            self.live.swap_remove(hole as usize);
            if let Some(&moved) = self.live.get(hole as usize) {
                self.live_at[moved as usize] = hole;
            }
        }
        self.enter(at, to);
        let shape = &self.shapes.list[to as usize];
        self.empty += u32::from(shape.empty);
        self.full += u32::from(shape.full);
        for word in 0..self.open.width() {
            let mut bits = self.open.get(to, word) & !self.open.get(from, word);
            while bits != 0 {
                let query = word * 64 + bits.trailing_zeros() as usize;
                self.queries[query].blocks.set(at as usize / BLOCK);
                bits &= bits - 1;
            }
        }
    }

    // --- claims ---

    /// Puts an instance on the host at a position, which has room for the query. Nodes and devices it got.
    pub(super) fn occupy(&mut self, facts: &Facts, query: usize, at: u32) -> (u8, u16) {
        let shape = self.shape_of[at as usize];
        let eval = self.queries[query].evals[shape as usize];
        debug_assert!(self.marks.get(shape, query).has_room());
        let key = self.queries[query].key;
        let (taken, gpus) = facts.sums[key.demand.0 as usize];
        let demand = &facts.demands[key.demand.0 as usize];
        self.used += taken;
        self.claims += 1;
        let (spot, devices) = if gpus { self.take_devices(demand, at, eval.spot) } else { (eval.spot, 0) };
        let next = if eval.next != UNKNOWN && spot == eval.spot {
            eval.next
        } else {
            let mut words = Vector::from_slice(self.shapes.vector(shape));
            let class = &facts.classes[shape::class_of(&words)];
            let tag = fit::tag_after(facts.policy.rule(), demand, key.lifetime, &words);
            fit::take(demand, class, tag, spot, &mut words);
            let next = self.intern(facts, &words);
            if spot == eval.spot {
                self.queries[query].evals[shape as usize].next = next;
            }
            next
        };
        self.move_host(at, next);
        (spot.nodes, devices)
    }

    /// Takes real devices: the spot made definite, and the devices.
    fn take_devices(&mut self, demand: &Demand, at: u32, mut spot: Spot) -> (Spot, u16) {
        let (count, milli) = demand.gpus();
        let start = self.device_start[at as usize] as usize;
        let shape = self.shape_of[at as usize];
        let words = self.shapes.vector(shape);
        let end = self.device_start.get(at as usize + 1).map_or(self.devices.len(), |&end| end as usize);
        let real = &mut self.devices[start..end];
        let canonical = &words[words.len() - real.len()..];
        let mut taken = 0u16;
        if demand.gpu_share() {
            // The lowest real device whose room is among those named.
            let named = |left: u16| {
                (0..canonical.len())
                    .find(|&at| spot.devices >> at & 1 == 1 && canonical[at] == u32::from(left))
            };
            let (device, position) = real
                .iter()
                .enumerate()
                .find_map(|(device, &left)| named(left).map(|position| (device, position)))
                .expect("the devices of a host agree with its shape");
            real[device] -= milli as u16;
            spot.devices = 1 << position;
            taken = 1 << device;
        } else {
            // The devices with the least room that fit; the lowest among equals.
            let mut order: SmallVec<[usize; 16]> =
                (0..real.len()).filter(|&device| u32::from(real[device]) >= milli).collect();
            order.sort_by_key(|&device| real[device]);
            for &device in &order[..count as usize] {
                real[device] -= milli as u16;
                taken |= 1 << device;
            }
        }
        (spot, taken)
    }

    /// Takes an instance off the host at a position.
    pub(super) fn vacate(&mut self, facts: &Facts, demand: DemandId, at: u32, nodes: u8, devices: u16) {
        let from = self.shape_of[at as usize];
        let facts_of = &facts.demands[demand.0 as usize];
        self.used -= facts.sums[demand.0 as usize].0;
        self.claims = self.claims.checked_sub(1).expect("no more claims come back than were given");
        let to = if devices == 0 {
            let row = demand.0 as usize * SPOTS + spot_number(nodes);
            match self.gives.get(row).and_then(|row| row.get(from as usize)) {
                Some(&to) if to != UNKNOWN => to,
                _ => self.give_anew(facts, facts_of, row, from, nodes),
            }
        } else {
            self.give_devices(facts, facts_of, at, nodes, devices)
        };
        self.move_host(at, to);
    }

    #[cold]
    fn give_anew(&mut self, facts: &Facts, demand: &Demand, row: usize, from: u32, nodes: u8) -> u32 {
        let mut words = Vector::from_slice(self.shapes.vector(from));
        let class = &facts.classes[shape::class_of(&words)];
        fit::give(demand, class, nodes, &mut words);
        let to = self.emptied(facts, words);
        if self.gives.len() <= row {
            self.gives.resize_with(row + 1, Vec::new);
        }
        let row = &mut self.gives[row];
        if row.len() <= from as usize {
            row.resize(from as usize + 1, UNKNOWN);
        }
        row[from as usize] = to;
        to
    }

    fn give_devices(&mut self, facts: &Facts, demand: &Demand, at: u32, nodes: u8, devices: u16) -> u32 {
        let mut words = Vector::from_slice(self.shapes.vector(self.shape_of[at as usize]));
        let class = &facts.classes[shape::class_of(&words)];
        fit::give(demand, class, nodes, &mut words);
        let start = self.device_start[at as usize] as usize;
        let real = &mut self.devices[start..start + class.gpu_count as usize];
        let gpus = shape::gpus_mut(&mut words, class.numa_nodes);
        for (device, left) in real.iter_mut().enumerate() {
            if devices >> device & 1 == 1 {
                *left += demand.gpus().1 as u16;
                assert!(
                    *left <= 1_000,
                    "device {device} of position {at} would have {left} thousandths free"
                );
            }
            gpus[device] = u32::from(*left);
        }
        gpus.sort_unstable();
        self.emptied(facts, words)
    }

    /// The number of a vector after a release: an empty host forgets its tag.
    fn emptied(&mut self, facts: &Facts, mut words: Vector) -> u32 {
        if shape::tag_of(&words) != 0 {
            let class = &facts.classes[shape::class_of(&words)];
            if shape::Free::new(&words, class).is_empty_host(class) {
                shape::set_tag(&mut words, 0);
            }
        }
        self.intern(facts, &words)
    }

    /// What [`State::restore`] needs to undo a [`State::vacate`] of the host at a position.
    pub(super) fn save(&self, at: u32) -> (u32, Vec<u16>) {
        (self.shape_of[at as usize], self.devices_at(at).to_vec())
    }

    /// Undoes a [`State::vacate`].
    pub(super) fn restore(&mut self, facts: &Facts, demand: DemandId, at: u32, before: &(u32, Vec<u16>)) {
        self.used += facts.demands[demand.0 as usize].resources();
        self.claims += 1;
        if let Some(&start) = self.device_start.get(at as usize) {
            let start = start as usize;
            self.devices[start..start + before.1.len()].copy_from_slice(&before.1);
        }
        self.move_host(at, before.0);
    }

    /// Gives the host at a position another label.
    pub(super) fn relabel(&mut self, facts: &Facts, at: u32, label: Label) {
        let label = self.label(label);
        let mut words = Vector::from_slice(self.shapes.vector(self.shape_of[at as usize]));
        shape::set_label(&mut words, label);
        let to = self.intern(facts, &words);
        self.move_host(at, to);
    }

    /// Label of the host at a position.
    pub(super) fn label_at(&self, at: u32) -> Label {
        self.labels[shape::label_of(self.shapes.vector(self.shape_of[at as usize]))]
    }

    /// Free thousandths of each device of the host at a position, by real number.
    pub(super) fn devices_at(&self, at: u32) -> &[u16] {
        let Some(&start) = self.device_start.get(at as usize) else { return &[] };
        let end = self.device_start.get(at as usize + 1).map_or(self.devices.len(), |&end| end as usize);
        &self.devices[start as usize..end]
    }

    /// As [`State::devices_at`], to change them.
    pub(super) fn devices_mut(&mut self, at: u32) -> &mut [u16] {
        let Some(&start) = self.device_start.get(at as usize) else { return &mut [] };
        let end = self.device_start.get(at as usize + 1).map_or(self.devices.len(), |&end| end as usize);
        &mut self.devices[start as usize..end]
    }

    /// Bytes on the heap, everything counted.
    pub(super) fn bytes(&self) -> usize {
        self.shape_of.capacity() * 4
            + self.shapes.bytes()
            + (self.live.capacity() + self.live_at.capacity() + self.plain.capacity()) * 4
            + self.queries.iter().map(Query::bytes).sum::<usize>()
            + self.marks.bytes()
            + self.waiting.bytes()
            + self.open.bytes()
            + self.gives.iter().map(|row| row.capacity() * 4).sum::<usize>()
            + self.devices.capacity() * 2
            + self.device_start.capacity() * 4
    }
}
