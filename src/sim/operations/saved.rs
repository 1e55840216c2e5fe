//! Operations in a snapshot: everything but what the scenario says of steps, habits and limits.

use std::collections::{BTreeMap, BTreeSet};

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::{
    Action, Clusters, Habits, HostIx, HostLevels, Hosts, Operations, OwnDisks, Record, Refusal, Restarts,
    Sets, SimTime, Source, Step, Stock, Target, Tokens,
};
use crate::engine::Stream;
use crate::metrics::Level;

/// What changes of operations.
#[derive(Deserialize)]
struct OperationsState {
    /// Of each step of the script: how often it was sent, and its luck where it has some.
    steps: Vec<(u64, Option<Stream>)>,
    /// Luck of the habits of each workload that has some.
    habits: Vec<Option<Stream>>,
    restarts: Vec<Restarts>,
    created: Vec<u64>,
    records: Vec<Option<Box<Record>>>,
    by_workload: BTreeMap<(u32, u64), u32>,
    #[serde(with = "crate::model::sorted")]
    by_request: FxHashMap<u64, u32>,
    hosts: Hosts,
    levels: BTreeMap<u32, HostLevels>,
    #[serde(with = "crate::model::sorted")]
    in_front: FxHashMap<HostIx, u32>,
    gone_hosts: Vec<(String, String, u32, HostLevels, SimTime)>,
    /// Hosts of the stock that are free.
    stock: Vec<bool>,
    sets: Sets,
    clusters: Clusters,
    disks: OwnDisks,
    snapshots: BTreeMap<u32, Source>,
    public: Vec<u64>,
    pools: Vec<Level>,
    /// Refusals by full pools, failed redeployments, the next name.
    counts: [u64; 3],
    tokens: Tokens,
    answers: Vec<(Action, Option<(u16, String, String)>, u64)>,
}

/// As [`OperationsState`], of what is there: the same fields in the same order.
#[derive(Serialize)]
struct Borrowed<'o> {
    steps: Vec<(u64, Option<&'o Stream>)>,
    habits: Vec<Option<&'o Stream>>,
    restarts: Vec<Restarts>,
    created: &'o [u64],
    records: &'o [Option<Box<Record>>],
    by_workload: &'o BTreeMap<(u32, u64), u32>,
    #[serde(with = "crate::model::sorted")]
    by_request: &'o FxHashMap<u64, u32>,
    hosts: &'o Hosts,
    levels: &'o BTreeMap<u32, HostLevels>,
    #[serde(with = "crate::model::sorted")]
    in_front: &'o FxHashMap<HostIx, u32>,
    gone_hosts: &'o [(String, String, u32, HostLevels, SimTime)],
    stock: Vec<bool>,
    sets: &'o Sets,
    clusters: &'o Clusters,
    disks: &'o OwnDisks,
    snapshots: &'o BTreeMap<u32, Source>,
    public: Vec<u64>,
    pools: Vec<Level>,
    counts: [u64; 3],
    tokens: &'o Tokens,
    answers: Vec<(Action, Option<(u16, &'static str, &'static str)>, u64)>,
}

/// The text of an answer, as one that lives as long as the program: a refusal's own texts are constants. Each text is
/// kept once, and only snapshots of this program's version are read.
fn constant(text: String) -> &'static str {
    static TEXTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut texts = TEXTS.lock();
    match texts.get(text.as_str()) {
        Some(known) => known,
        None => {
            let kept: &'static str = Box::leak(text.into_boxed_str());
            texts.insert(kept);
            kept
        }
    }
}

fn luck(step: &Step) -> Option<&Stream> {
    match &step.target {
        Target::Share(_, _, luck) => Some(luck),
        Target::Request(_) | Target::Some(..) | Target::Account(..) => None,
    }
}

impl Operations {
    /// Everything that changes, as bytes.
    pub(in crate::sim) fn save(&self) -> Vec<u8> {
        let Operations {
            steps,
            habits,
            starts: _,
            workload_of: _,
            restarts,
            created,
            stops_without_charges: _,
            limits: _,
            records,
            by_workload,
            by_request,
            hosts,
            levels,
            in_front,
            gone_hosts,
            stock,
            sets,
            clusters,
            disks,
            snapshots,
            public,
            pools,
            pool_refusals,
            redeploys_failed,
            next_name,
            tokens,
            answers,
        } = self;
        let told = |((action, refusal), count): (&(Action, Option<Refusal>), &u64)| {
            (*action, refusal.map(|Refusal { status, code, message }| (status, code, message)), *count)
        };
        let state = Borrowed {
            steps: steps.iter().map(|step| (step.sent, luck(step))).collect(),
            habits: habits.iter().map(|habits| habits.as_ref().map(|habits| &habits.luck)).collect(),
            restarts: restarts.iter().map(|(_, restarts)| *restarts).collect(),
            created,
            records,
            by_workload,
            by_request,
            hosts,
            levels,
            in_front,
            gone_hosts,
            stock: stock.0.iter().map(|host| host.free).collect(),
            sets,
            clusters,
            disks,
            snapshots,
            public: public.iter().map(|quota| quota.used).collect(),
            pools: pools.iter().map(|pool| pool.sold).collect(),
            counts: [*pool_refusals, *redeploys_failed, *next_name],
            tokens,
            answers: answers.iter().map(told).collect(),
        };
        postcard::to_stdvec(&state).expect("plain data")
    }

    /// Goes on from a state; none when that is of another scenario.
    pub(in crate::sim) fn restore(&mut self, bytes: &[u8]) -> Option<()> {
        let state: OperationsState = postcard::from_bytes(bytes).ok()?;
        let Operations { steps, habits, restarts, stock: Stock(stock), public, pools, .. } = self;
        let same = state.steps.len() == steps.len()
            && state.habits.len() == habits.len()
            && state.restarts.len() == restarts.len()
            && state.stock.len() == stock.len()
            && state.public.len() == public.len()
            && state.pools.len() == pools.len()
            && state.created.len() == self.created.len();
        if !same {
            return None;
        }
        for (step, (sent, saved)) in steps.iter_mut().zip(state.steps) {
            step.sent = sent;
            match (&mut step.target, saved) {
                (Target::Share(_, _, luck), Some(saved)) => **luck = saved,
                (Target::Share(..), None) | (_, Some(_)) => return None,
                (Target::Request(_) | Target::Some(..) | Target::Account(..), None) => {}
            }
        }
        for (habits, saved) in habits.iter_mut().zip(state.habits) {
            match (habits, saved) {
                (Some(Habits { luck, .. }), Some(saved)) => *luck = saved,
                (None, None) => {}
                _ => return None,
            }
        }
        for ((_, restarts), saved) in restarts.iter_mut().zip(state.restarts) {
            *restarts = saved;
        }
        for (host, free) in stock.iter_mut().zip(state.stock) {
            host.free = free;
        }
        for (quota, used) in public.iter_mut().zip(state.public) {
            quota.used = used;
        }
        for (pool, sold) in pools.iter_mut().zip(state.pools) {
            pool.sold = sold;
        }
        let answer = |(action, refusal, count): (Action, Option<(u16, String, String)>, u64)| {
            let refusal = refusal.map(|(status, code, message)| Refusal {
                status,
                code: constant(code),
                message: constant(message),
            });
            ((action, refusal), count)
        };
        self.answers = state.answers.into_iter().map(answer).collect();
        (self.created, self.records) = (state.created, state.records);
        (self.by_workload, self.by_request) = (state.by_workload, state.by_request);
        (self.hosts, self.levels, self.in_front) = (state.hosts, state.levels, state.in_front);
        (self.gone_hosts, self.sets, self.clusters) = (state.gone_hosts, state.sets, state.clusters);
        (self.disks, self.snapshots) = (state.disks, state.snapshots);
        self.tokens = state.tokens;
        [self.pool_refusals, self.redeploys_failed, self.next_name] = state.counts;
        Some(())
    }
}
