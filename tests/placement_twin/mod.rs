//! A plain twin of the placement core: every decision scans every host. Written from the definitions, and slow.

mod scores;

use packyard::model::{ClassIx, HostIx, ZoneIx};
use packyard::placement::{ClusterIx, Demand, Granularity, HostClass, HostGroup, HostState, Owner, SetRule};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// One host.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) zone: ZoneIx,
    pub(crate) class: ClassIx,
    pub(crate) rank: u32,
    pub(crate) rack: u32,
    pub(crate) switch: u32,
    pub(crate) cluster: Option<ClusterIx>,
    pub(crate) owner: Owner,
    pub(crate) auto_placement: bool,
    pub(crate) state: HostState,
    /// Free vCPU thousandths and MiB of each node.
    pub(crate) nodes: Vec<(i64, i64)>,
    pub(crate) gpus: Vec<i64>,
    pub(crate) disks: i64,
    pub(crate) nics: i64,
    pub(crate) tag: u32,
}

/// Where on a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Option_ {
    pub(crate) node: usize,
    pub(crate) second: Option<usize>,
    pub(crate) devices: Vec<usize>,
}

/// A request, in the twin's words.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) demand: usize,
    pub(crate) zones: Vec<ZoneIx>,
    pub(crate) host: Option<HostIx>,
    pub(crate) cluster: Option<ClusterIx>,
    pub(crate) owner: Owner,
    pub(crate) set: Option<usize>,
    pub(crate) lifetime: u8,
}

/// A claim, in the twin's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    pub(crate) host: HostIx,
    pub(crate) demand: usize,
    pub(crate) set: Option<usize>,
    pub(crate) at: Option_,
}

pub(crate) struct Twin {
    pub(crate) policy: String,
    pub(crate) classes: Vec<HostClass>,
    pub(crate) demands: Vec<Demand>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) sets: Vec<(SetRule, Vec<HostIx>)>,
    cursors: Vec<usize>,
    luck: Vec<ChaCha8Rng>,
    leaving: Option<HostIx>,
}

impl Twin {
    pub(crate) fn new(
        policy: &str,
        seed: u64,
        classes: Vec<HostClass>,
        demands: Vec<Demand>,
        groups: &[HostGroup],
        ranks: &[u32],
    ) -> Twin {
        let (mut rack, mut switch) = (0, 0);
        let mut hosts = Vec::new();
        for group in groups {
            let class = &classes[group.class.at()];
            let per_rack = if group.hosts_per_rack == 0 { group.count } else { group.hosts_per_rack };
            let racks = group.count.div_ceil(per_rack);
            let per_switch = if group.racks_per_switch == 0 { racks } else { group.racks_per_switch };
            for number in 0..group.count {
                hosts.push(Host {
                    zone: group.zone,
                    class: group.class,
                    rank: ranks[hosts.len()],
                    rack: rack + number / per_rack,
                    switch: switch + number / per_rack / per_switch,
                    cluster: group.cluster,
                    owner: if class.dedicated && group.owner == Owner::Shared {
                        Owner::Stock
                    } else {
                        group.owner
                    },
                    auto_placement: group.auto_placement,
                    state: HostState::Up,
                    ..empty(class)
                });
            }
            rack += racks;
            switch += racks.div_ceil(per_switch);
        }
        let zones = groups.iter().map(|group| group.zone.at() + 1).max().unwrap();
        let luck = (0..zones as u64).map(|zone| {
            let mut hasher = blake3::Hasher::new_derive_key("packyard placement luck v1");
            hasher.update(&seed.to_le_bytes());
            hasher.update(&zone.to_le_bytes());
            ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
        });
        Twin {
            policy: policy.to_owned(),
            classes,
            demands,
            hosts,
            sets: Vec::new(),
            cursors: vec![0; zones],
            luck: luck.collect(),
            leaving: None,
        }
    }

    /// All ways to put a demand on a host, in the order in which ties are broken.
    fn options(&self, host: &Host, demand: &Demand) -> Vec<Option_> {
        let class = &self.classes[host.class.at()];
        let mut options = Vec::new();
        if host.disks < demand.local_disks.into() || (class.nics.is_some() && host.nics < demand.nics.into())
        {
            return options;
        }
        let (cpu, memory) = (i64::from(demand.cpu_milli), i64::from(demand.memory_mib));
        let fits =
            |node: usize, cpu: i64, memory: i64| host.nodes[node].0 >= cpu && host.nodes[node].1 >= memory;
        let mut nodes = Vec::new();
        if host.nodes.len() > 1 && class.split_above_mib.is_some_and(|limit| demand.memory_mib > limit) {
            for low in 0..host.nodes.len() {
                for high in low + 1..host.nodes.len() {
                    if fits(low, cpu - cpu / 2, memory - memory / 2) && fits(high, cpu / 2, memory / 2) {
                        nodes.push((low, Some(high)));
                    }
                }
            }
        } else {
            nodes.extend(
                (0..host.nodes.len()).filter(|&node| fits(node, cpu, memory)).map(|node| (node, None)),
            );
        }
        let gpu = demand.gpu.clone().unwrap_or_default();
        let milli = i64::from(gpu.milli_each);
        let mut devices: Vec<usize> = (0..host.gpus.len()).filter(|&at| host.gpus[at] >= milli).collect();
        if gpu.count == 0 {
            devices.clear();
        } else if devices.len() < gpu.count as usize {
            return options;
        }
        for (node, second) in nodes {
            if gpu.count == 1 && milli < 1_000 && self.policy.starts_with("fgd") {
                options.extend(devices.iter().map(|&at| Option_ { node, second, devices: vec![at] }));
                continue;
            }
            let mut chosen = devices.clone();
            chosen.sort_by_key(|&at| (host.gpus[at], at));
            chosen.truncate(gpu.count as usize);
            chosen.sort_unstable();
            options.push(Option_ { node, second, devices: chosen });
        }
        options
    }

    fn change(&self, host: &mut Host, demand: &Demand, at: &Option_, sign: i64) {
        let (cpu, memory) = (i64::from(demand.cpu_milli), i64::from(demand.memory_mib));
        let mut node = |node: usize, cpu: i64, memory: i64| {
            host.nodes[node].0 += sign * cpu;
            host.nodes[node].1 += sign * memory;
        };
        match at.second {
            None => node(at.node, cpu, memory),
            Some(second) => {
                node(at.node, cpu - cpu / 2, memory - memory / 2);
                node(second, cpu / 2, memory / 2);
            }
        }
        for &device in &at.devices {
            host.gpus[device] += sign * i64::from(demand.gpu.as_ref().unwrap().milli_each);
        }
        host.disks += sign * i64::from(demand.local_disks);
        if self.classes[host.class.at()].nics.is_some() {
            host.nics += sign * i64::from(demand.nics);
        }
    }

    /// The best way to put a request on a host that serves it.
    fn judge(&self, host: &Host, ask: &Ask) -> Option<(i64, Option_)> {
        let (demand, class) = (&self.demands[ask.demand], &self.classes[host.class.at()]);
        let models = demand.gpu.as_ref().map_or(&[][..], |gpu| &gpu.models);
        let model_fits =
            models.is_empty() || class.gpu_model.as_ref().is_some_and(|model| models.contains(model));
        let owner_fits = host.owner == ask.owner
            && ask.owner != Owner::Stock
            && (ask.owner == Owner::Shared || ask.host.is_some() || host.auto_placement);
        let serves = demand.classes.contains(host.class)
            && model_fits
            && owner_fits
            && (ask.cluster.is_none() || ask.cluster == host.cluster)
            && host.state == HostState::Up;
        if !serves {
            return None;
        }
        let mut best: Option<(i64, Option_)> = None;
        for option in self.options(host, demand) {
            let mut after = host.clone();
            self.change(&mut after, demand, &option, -1);
            let score = self.score(demand, class, host, &after, &option, ask.lifetime);
            if best.as_ref().is_none_or(|(held, _)| score > *held) {
                best = Some((score, option));
            }
        }
        best
    }

    /// What a request gets, and whether any host would do.
    pub(crate) fn place(&mut self, ask: &Ask) -> Option<Held> {
        ask.zones.iter().find_map(|&zone| {
            let (host, at) = self.place_in(ask, zone)?;
            let demand = self.demands[ask.demand].clone();
            let mut after = self.hosts[host.at()].clone();
            self.change(&mut after, &demand, &at, -1);
            after.tag = self.tag(&demand, ask.lifetime, after.tag);
            self.hosts[host.at()] = after;
            if let Some(set) = ask.set {
                self.sets[set].1.push(host);
            }
            Some(Held { host, demand: ask.demand, set: ask.set, at })
        })
    }

    pub(crate) fn fits(&self, ask: &Ask) -> bool {
        ask.zones.iter().any(|&zone| !self.candidates(ask, zone).is_empty())
    }

    pub(crate) fn release(&mut self, held: Held) {
        let demand = self.demands[held.demand].clone();
        let mut after = self.hosts[held.host.at()].clone();
        self.change(&mut after, &demand, &held.at, 1);
        let fresh = empty(&self.classes[after.class.at()]);
        let now = (&after.nodes, &after.gpus, after.disks, after.nics);
        if now == (&fresh.nodes, &fresh.gpus, fresh.disks, fresh.nics) {
            after.tag = 0;
        }
        self.hosts[held.host.at()] = after;
        if let Some(set) = held.set {
            let members = &mut self.sets[set].1;
            let at = members.iter().rposition(|&host| host == held.host).unwrap();
            members.remove(at);
        }
    }

    /// Another demand on the same host.
    pub(crate) fn resize(&mut self, held: &Held, to: usize) -> Option<Held> {
        let before = (self.hosts.clone(), self.sets.clone());
        self.release(held.clone());
        let host = &self.hosts[held.host.at()];
        let ask = Ask {
            demand: to,
            zones: vec![host.zone],
            host: Some(held.host),
            cluster: None,
            owner: host.owner,
            set: None,
            lifetime: 0,
        };
        match self.place(&ask) {
            Some(new) => {
                self.sets = before.1;
                Some(Held { set: held.set, ..new })
            }
            None => {
                (self.hosts, self.sets) = before;
                None
            }
        }
    }

    /// Another host. The old host keeps its instance until the new one is found.
    pub(crate) fn migrate(&mut self, held: &Held, ask: &Ask) -> Option<Held> {
        if held.set == ask.set
            && let Some(set) = held.set
        {
            // A member does not stand in its own way.
            let members = &mut self.sets[set].1;
            let at = members.iter().rposition(|&host| host == held.host).unwrap();
            members.remove(at);
        }
        self.leaving = Some(held.host);
        let new = self.place(ask);
        self.leaving = None;
        if held.set == ask.set
            && let Some(set) = held.set
        {
            self.sets[set].1.push(held.host);
        }
        new.inspect(|_| self.release(held.clone()))
    }

    /// Hosts of a zone in order of rank.
    fn positions(&self, zone: ZoneIx) -> Vec<HostIx> {
        let hosts = (0..self.hosts.len()).filter(|&host| self.hosts[host].zone == zone);
        let mut hosts: Vec<HostIx> = hosts.map(HostIx::from).collect();
        hosts.sort_by_key(|host| (self.hosts[host.at()].rank, *host));
        hosts
    }

    fn set_full(&self, set: usize, zone: ZoneIx) -> bool {
        let (SetRule::Spread { per_zone, .. }, members) = &self.sets[set] else { return false };
        members.iter().filter(|member| self.hosts[member.at()].zone == zone).count() >= *per_zone as usize
    }

    /// Hosts that would do in a zone, in order of rank: position, host, score, best way.
    fn candidates(&self, ask: &Ask, zone: ZoneIx) -> Vec<(usize, HostIx, i64, Option_)> {
        let mut found = Vec::new();
        let barred = |host: &Host| {
            let Some((SetRule::Spread { apart, .. }, members)) = ask.set.map(|set| &self.sets[set]) else {
                return None;
            };
            members.iter().map(|member| &self.hosts[member.at()]).find(|member| match apart {
                Granularity::Host => std::ptr::eq(*member, host),
                Granularity::Rack => member.rack == host.rack,
                Granularity::Switch => member.switch == host.switch,
            })
        };
        if ask.set.is_some_and(|set| self.set_full(set, zone)) {
            return found;
        }
        for (position, host) in self.positions(zone).into_iter().enumerate() {
            if self.leaving == Some(host)
                || ask.host.is_some_and(|named| named != host)
                || barred(&self.hosts[host.at()]).is_some()
            {
                continue;
            }
            if let Some((score, at)) = self.judge(&self.hosts[host.at()], ask) {
                found.push((position, host, score, at));
            }
        }
        found
    }

    fn place_in(&mut self, ask: &Ask, zone: ZoneIx) -> Option<(HostIx, Option_)> {
        let found = self.candidates(ask, zone);
        if found.is_empty() {
            // Policies that draw have drawn before they know.
            let full = ask.set.is_some_and(|set| self.set_full(set, zone));
            if !full && ask.host.is_none() && ["random-fit", "power-of-3"].contains(&self.policy.as_str()) {
                let hosts = self.positions(zone).len();
                for _ in 0..24 {
                    self.below(zone, hosts);
                }
            }
            return None;
        }
        if ask.host.is_some() {
            return found.into_iter().next().map(|(_, host, _, at)| (host, at));
        }
        if let Some((SetRule::Near, members)) = ask.set.map(|set| &self.sets[set]) {
            for behind_switch in [false, true] {
                let place = |host: HostIx| {
                    let host = &self.hosts[host.at()];
                    if behind_switch { host.switch } else { host.rack }
                };
                let mut places: Vec<(usize, u32)> = Vec::new();
                for &member in members.iter().filter(|member| self.hosts[member.at()].zone == zone) {
                    match places.iter_mut().find(|(_, known)| *known == place(member)) {
                        Some((count, _)) => *count += 1,
                        None => places.push((1, place(member))),
                    }
                }
                places.sort_by_key(|&(count, place)| (std::cmp::Reverse(count), place));
                for (_, wanted) in places {
                    let near: Vec<_> =
                        found.iter().filter(|(_, host, ..)| place(*host) == wanted).cloned().collect();
                    let lowest =
                        ["first-fit", "next-fit", "random-fit", "power-of-3"].contains(&self.policy.as_str());
                    let pick = if lowest { near.into_iter().next() } else { highest(near) };
                    if let Some((_, host, _, at)) = pick {
                        return Some((host, at));
                    }
                }
            }
        }
        let (_, host, _, at) = match self.policy.as_str() {
            "first-fit" => found.into_iter().next()?,
            "next-fit" => {
                let cursor = self.cursors[zone.at()];
                let pick =
                    found.iter().find(|(position, ..)| *position >= cursor).unwrap_or(&found[0]).clone();
                self.cursors[zone.at()] = pick.0;
                pick
            }
            "random-fit" => self.draw(&found, zone),
            "power-of-3" => {
                let drawn: Vec<_> = (0..3).map(|_| self.draw(&found, zone)).collect();
                highest(drawn)?
            }
            _ => highest(found)?,
        };
        Some((host, at))
    }

    fn below(&mut self, zone: ZoneIx, n: usize) -> usize {
        ((u128::from(self.luck[zone.at()].next_u64()) * n as u128) >> 64) as usize
    }

    /// One host of those found: 24 draws of any host of the zone, then one among those found.
    fn draw(
        &mut self,
        found: &[(usize, HostIx, i64, Option_)],
        zone: ZoneIx,
    ) -> (usize, HostIx, i64, Option_) {
        let hosts = self.positions(zone).len();
        for _ in 0..24 {
            let drawn = self.below(zone, hosts);
            if let Some(hit) = found.iter().find(|(position, ..)| *position == drawn) {
                return hit.clone();
            }
        }
        let drawn = self.below(zone, found.len());
        found[drawn].clone()
    }
}

/// The highest score, the lowest position among equals.
fn highest(found: Vec<(usize, HostIx, i64, Option_)>) -> Option<(usize, HostIx, i64, Option_)> {
    found.into_iter().min_by_key(|&(position, _, score, _)| (std::cmp::Reverse(score), position))
}

/// An empty host of a class.
fn empty(class: &HostClass) -> Host {
    let share = |total: u32, node: u32| {
        i64::from(total / class.numa_nodes + u32::from(node < total % class.numa_nodes))
    };
    Host {
        zone: ZoneIx(0),
        class: ClassIx(0),
        rank: 0,
        rack: 0,
        switch: 0,
        cluster: None,
        owner: Owner::Shared,
        auto_placement: true,
        state: HostState::Up,
        nodes: (0..class.numa_nodes)
            .map(|node| (share(class.cpu_milli, node), share(class.memory_mib, node)))
            .collect(),
        gpus: vec![1_000; class.gpu_count as usize],
        disks: class.local_disks.into(),
        nics: class.nics.unwrap_or(0).into(),
        tag: 0,
    }
}
