//! CPU use of instances, the credits of burstable ones, and what over-committed hosts cannot give.

mod saved;

use crate::engine::{Streams, Ticket};
use crate::hypervisor::State;
use crate::hypervisor::credits::{CREDIT, Credits, Mode};
use crate::hypervisor::load::{FULL, Load};
use crate::hypervisor::steal::Steal;
use crate::model::{AccountIx, HostIx, InstanceType, Money, SimDuration, SimTime};
use crate::scenario::Scenario;
use crate::scenario::workload::LoadSpec;
use crate::sim::event::{Event, LoadEvent};
use crate::sim::log::Record;
use crate::sim::observe::Happened;
use crate::sim::summary::{ContentionSummary, CreditSummary};
use crate::validate::{Credit, Effective};
use crate::workload::{self, End};

use super::{Instance, Run};

/// Loads and credits of one run; there when a workload of the scenario says how its instances use their CPU.
#[derive(Debug)]
pub(in crate::sim) struct Loads {
    plans: Vec<Plan>,
    /// By template; none where no load is known.
    kinds: Vec<Option<Kind>>,
    /// By slot.
    lives: Vec<Option<Live>>,
    streams: Streams,
    interval: SimDuration,
    /// vCPUs of a host before over-commit, in thousandths, by class.
    physical: Vec<u64>,
    hosts: Vec<HostUse>,
    /// Hosts that the sample under way has met.
    touched: Vec<HostIx>,
    /// Thousandths of a vCPU, summed over samples: given to instances, and what they were sold.
    used: u64,
    sold: u64,
    samples: u64,
    burst: Burst,
}

/// A load as a workload or an entry of its mix describes it.
#[derive(Debug)]
struct Plan {
    load: Load,
    phase: u64,
    /// Name of the stream that spreads instances over the pattern.
    spread: Option<String>,
}

/// What the instances of one template have in common.
#[derive(Clone, Copy, Debug, serde::Serialize, serde::Deserialize)]
struct Kind {
    plan: u32,
    cpu_milli: u32,
    baseline_percent: Option<u32>,
    credit_price: Money,
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Live {
    kind: Kind,
    account: AccountIx,
    phase: u64,
    credits: Option<Credits>,
    /// Its next [`LoadEvent::Empty`].
    empty: Option<Ticket>,
    fees: Money,
}

#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
struct HostUse {
    /// vCPUs before over-commit in thousandths; 0 while not looked up.
    physical: u64,
    demand: u64,
    steal: Steal,
}

/// Sums over burstable instances.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Burst {
    instances: u64,
    unlimited: u64,
    throttled: u64,
    throttlings: u64,
    throttled_time: u128,
    earned: i128,
    spent: i128,
    overdrawn: i128,
    advance_charged: i128,
    denied: i128,
}

impl Loads {
    /// None when no workload says how its instances use their CPU.
    pub(in crate::sim) fn new<'t>(
        scenario: &Scenario,
        templates: &[workload::Template],
        type_of: impl Fn(&workload::Template) -> Option<&'t InstanceType>,
    ) -> Option<Loads> {
        let mut plans = Vec::new();
        let mut own = |spec: &LoadSpec, name: &str| {
            let (load, phase) = spec.resolve().expect("the scenario's checks have resolved it");
            plans.push(Plan { load, phase, spread: spec.spread.then(|| format!("workload/{name}/load")) });
            plans.len() as u32 - 1
        };
        // By workload: its own plan, and one for each entry.
        let mut of_workload: Vec<(Option<u32>, Vec<Option<u32>>)> = Vec::new();
        for spec in &scenario.spec.workloads {
            let name = spec.name.get();
            let common = spec.load.as_ref().map(|load| own(load.get(), name));
            let entries =
                spec.mix.iter().map(|mix| mix.get().load.as_ref().map(|load| own(load.get(), name)));
            of_workload.push((common, entries.collect()));
        }
        if plans.is_empty() {
            return None;
        }
        let kind = |template: &workload::Template| {
            // The requests of spot fleets come after those of the workloads, and have no load.
            let (common, entries) = of_workload.get(template.workload as usize)?;
            let entry = template.entry.and_then(|entry| entries[entry as usize]);
            let row = type_of(template)?;
            Some(Kind {
                plan: entry.or(*common)?,
                cpu_milli: row.cpu_milli,
                baseline_percent: row.baseline_cpu_percent,
                credit_price: credit_price(scenario, template),
            })
        };
        let physical =
            |class: &crate::scenario::Class| (f64::from(class.cpu_milli) / class.overcommit).round() as u64;
        Some(Loads {
            plans,
            kinds: templates.iter().map(kind).collect(),
            lives: Vec::new(),
            streams: Streams::new(scenario.spec.seed),
            interval: scenario.spec.report.interval.get().get(),
            physical: scenario.classes.iter().map(physical).collect(),
            hosts: vec![HostUse::default(); scenario.host_count() as usize],
            touched: Vec::new(),
            used: 0,
            sold: 0,
            samples: 0,
            burst: Burst::default(),
        })
    }

    fn live(&mut self, slot: u32) -> Option<(&mut Live, &Plan)> {
        let live = self.lives.get_mut(slot as usize)?.as_mut()?;
        let plan = &self.plans[live.kind.plan as usize];
        Some((live, plan))
    }

    /// The fees for credits that have come together since the last call, by account (BURST-14).
    pub(super) fn fees(&mut self, now: SimTime) -> Vec<(AccountIx, Money)> {
        let mut fees = Vec::new();
        for live in self.lives.iter_mut().flatten() {
            let Some(credits) = live.credits.as_mut().filter(|credits| credits.mode() == Mode::Unlimited)
            else {
                continue;
            };
            let plan = &self.plans[live.kind.plan as usize];
            credits.advance(now, &plan.load, live.phase);
            let fee = live.fee();
            if fee > Money::ZERO {
                fees.push((live.account, fee));
            }
        }
        fees
    }

    /// CPU use and contention over the run, after the warm-up.
    pub(in crate::sim) fn contention(&self) -> ContentionSummary {
        let mut shares: Vec<u32> = self.hosts.iter().map(|host| host.steal).filter_map(seen).collect();
        shares.sort_unstable();
        let percentile = |percent: usize| {
            let at = (shares.len() * percent).div_ceil(100).saturating_sub(1);
            shares.get(at).map_or(0.0, |share| f64::from(*share) / 1e6)
        };
        let worst = self.hosts.iter().map(|host| host.steal.worst).max().unwrap_or(0);
        ContentionSummary {
            samples: self.samples,
            hosts: shares.len() as u64,
            hosts_with_steal: shares.iter().filter(|share| **share > 0).count() as u64,
            cpu_use: if self.sold == 0 { 0.0 } else { self.used as f64 / self.sold as f64 },
            steal_p50: percentile(50),
            steal_p90: percentile(90),
            steal_p99: percentile(99),
            steal_max: percentile(100),
            worst_moment: f64::from(worst) / 1e6,
        }
    }

    /// Credits of all burstable instances up to `now`; none when there was none.
    pub(in crate::sim) fn credits(&mut self, now: SimTime) -> Option<CreditSummary> {
        let plans = &self.plans;
        for live in self.lives.iter_mut().flatten() {
            if let Some(mut credits) = live.credits {
                let plan = &plans[live.kind.plan as usize];
                credits.advance(now, &plan.load, live.phase);
                self.burst.add(&credits);
            }
        }
        let burst = &self.burst;
        (burst.instances > 0).then(|| {
            let credits = |units: i128| units as f64 / CREDIT as f64;
            CreditSummary {
                instances: burst.instances,
                unlimited: burst.unlimited,
                throttled_instances: burst.throttled,
                throttlings: burst.throttlings,
                throttled_hours: burst.throttled_time as f64 / 3.6e9,
                earned: credits(burst.earned),
                spent: credits(burst.spent),
                denied: credits(burst.denied),
                overdrawn: credits(burst.overdrawn),
                advance_charged: credits(burst.advance_charged),
            }
        })
    }
}

/// The steal share of a host that was looked at.
fn seen(steal: Steal) -> Option<u32> {
    (steal.wanted > 0).then(|| steal.share())
}

/// Price of a credit of the template's instances (BURST-15).
fn credit_price(scenario: &Scenario, template: &workload::Template) -> Money {
    let image = template.params.iter().find(|(name, _)| name == "ImageId").map(|(_, id)| id.as_str());
    let images = scenario.images.iter().chain(&crate::catalog::Catalog::shipped().images);
    let os = images.into_iter().find(|known| Some(known.id.as_str()) == image).map(|image| image.os);
    let region = scenario.regions.iter().find(|region| region.id == template.region);
    let mainland = region.is_some_and(|region| region.mainland_china);
    scenario.prices.credit(os.unwrap_or(crate::model::Os::Linux), mainland)
}

impl Live {
    /// Price of what was overdrawn or borrowed and charged, less what was billed before: to the millionth below, over
    /// the whole life.
    fn fee(&mut self) -> Money {
        let Some(credits) = &self.credits else { return Money::ZERO };
        let charged = credits.totals().overdrawn + credits.totals().advance_charged;
        let whole = charged * i128::from(self.kind.credit_price.0) / CREDIT;
        let all = Money(i64::try_from(whole).unwrap_or(i64::MAX));
        let fee = all - self.fees;
        self.fees = all;
        fee
    }
}

impl Burst {
    fn add(&mut self, credits: &Credits) {
        let totals = credits.totals();
        self.instances += 1;
        self.throttled += u64::from(totals.throttlings > 0);
        self.throttlings += u64::from(totals.throttlings);
        self.throttled_time += u128::from(totals.throttled.0);
        self.earned += totals.earned;
        self.spent += totals.spent;
        self.overdrawn += totals.overdrawn;
        self.advance_charged += totals.advance_charged;
        self.denied += totals.denied;
    }
}

impl Run<'_> {
    /// The first look at the hosts.
    pub(in crate::sim) fn load_begins(&mut self) {
        if self.loads.is_some() {
            self.at(SimTime::ZERO, Event::Load(LoadEvent::Sample));
        }
    }

    /// An instance was created: it has its launch credits (BURST-3).
    #[inline(never)]
    pub(super) fn load_created(&mut self, now: SimTime, slot: u32, effective: &Effective) {
        let Some(loads) = &mut self.loads else { return };
        let Instance { template, number, .. } = self.instances[slot as usize];
        let Some(kind) = loads.kinds[template as usize] else { return };
        let plan = &loads.plans[kind.plan as usize];
        let chance = plan
            .spread
            .as_ref()
            .map_or(0, |name| loads.streams.stream(name, number).below(plan.load.period()));
        // Without the parameter an instance runs Standard (BURST-10); other families have no credits (BURST-11).
        let mode = match effective.credit {
            Some(Credit::Unlimited) => Mode::Unlimited,
            Some(Credit::Standard) | None => Mode::Standard,
        };
        let credits = kind.baseline_percent.map(|baseline| Credits::new(kind.cpu_milli, baseline, mode, now));
        loads.burst.unlimited += u64::from(credits.is_some() && mode == Mode::Unlimited);
        if loads.lives.len() <= slot as usize {
            loads.lives.resize_with(slot as usize + 1, || None);
        }
        loads.lives[slot as usize] = Some(Live {
            kind,
            account: effective.account,
            phase: plan.phase.wrapping_add(chance),
            credits,
            empty: None,
            fees: Money::ZERO,
        });
    }

    /// An instance entered a state: its credits follow, and fees are billed.
    pub(super) fn load_entered(&mut self, now: SimTime, slot: u32, state: State) {
        let Some(loads) = &mut self.loads else { return };
        let Some((live, plan)) = loads.live(slot) else { return };
        let ticket = live.empty.take();
        if let Some(credits) = &mut live.credits {
            credits.advance(now, &plan.load, live.phase);
            match state {
                State::Pending => {}
                State::Starting => credits.pause(),
                State::Running => {
                    credits.start();
                    credits.advance(now, &plan.load, live.phase);
                }
                State::Stopping | State::Stopped => {
                    credits.stop();
                }
                State::Released => {
                    credits.release();
                }
            }
        }
        let (account, fee) = (live.account, live.fee());
        if let Some(ticket) = ticket {
            self.queue.cancel(ticket);
        }
        match state {
            State::Running => self.plan_empty(slot),
            State::Released => self.load_gone(slot),
            _ => {}
        }
        self.bill_credits(account, fee);
    }

    /// An instance is locked for money: its credits stand still (BURST-22).
    pub(super) fn load_frozen(&mut self, now: SimTime, slot: u32, overdue: bool) {
        let Some(loads) = &mut self.loads else { return };
        let Some((live, plan)) = loads.live(slot) else { return };
        if let Some(credits) = &mut live.credits {
            credits.advance(now, &plan.load, live.phase);
            credits.freeze(overdue);
        }
        let (account, fee) = (live.account, live.fee());
        self.bill_credits(account, fee);
    }

    /// An instance is stopped without charge: its credits are lost (BURST-21).
    pub(super) fn load_lost(&mut self, now: SimTime, slot: u32) {
        let Some(loads) = &mut self.loads else { return };
        let Some((live, plan)) = loads.live(slot) else { return };
        if let Some(credits) = &mut live.credits {
            credits.advance(now, &plan.load, live.phase);
            credits.stop_without_charge();
        }
        let (account, fee) = (live.account, live.fee());
        self.bill_credits(account, fee);
    }

    fn load_gone(&mut self, slot: u32) {
        let Some(loads) = &mut self.loads else { return };
        let gone = loads.lives.get_mut(slot as usize).and_then(Option::take);
        if let Some(credits) = gone.and_then(|live| live.credits) {
            loads.burst.add(&credits);
        }
    }

    /// Schedules the moment at which the credits of a running instance end, if it comes before its own end.
    fn plan_empty(&mut self, slot: u32) {
        let ends = match self.instances[slot as usize].end {
            End::At(at) => at.min(self.until),
            End::After(_) | End::Never => self.until,
        };
        let Some(loads) = &mut self.loads else { return };
        let Some((live, plan)) = loads.live(slot) else { return };
        let empty = live.credits.and_then(|credits| credits.next_empty(&plan.load, live.phase, ends));
        let Some(at) = empty else { return };
        let ticket = self.at(at, Event::Load(LoadEvent::Empty { instance: slot }));
        if let Some((live, _)) = self.loads.as_mut().and_then(|loads| loads.live(slot)) {
            live.empty = Some(ticket);
        }
    }

    pub(super) fn load_event(&mut self, now: SimTime, event: LoadEvent) {
        match event {
            LoadEvent::Empty { instance } => self.load_empty(now, instance),
            LoadEvent::Sample => self.load_sample(now),
        }
    }

    /// BURST-12, BURST-13.
    fn load_empty(&mut self, now: SimTime, slot: u32) {
        let Some(loads) = &mut self.loads else { return };
        let Some((live, plan)) = loads.live(slot) else { return };
        live.empty = None;
        let Some(credits) = &mut live.credits else { return };
        credits.advance(now, &plan.load, live.phase);
        let throttled = credits.mode() == Mode::Standard;
        let number = self.instances[slot as usize].number;
        self.log.note(now, Record::CreditsSpent, number, throttled.into());
        self.observer.happened(now, &Happened::CreditsSpent { number, throttled });
        self.plan_empty(slot);
    }

    /// Adds up the use that the instances of each host get or would get, and what the host cannot give of it.
    fn load_sample(&mut self, now: SimTime) {
        let Run { loads, instances, fleet, .. } = self;
        let Some(loads) = loads else { return };
        let next = now + loads.interval;
        if self.warm {
            for (slot, instance) in instances.iter() {
                let running = instance.state == State::Running;
                let Some(host) = instance.claim.as_ref().filter(|_| running).map(|claim| claim.host()) else {
                    continue;
                };
                let Some(live) = loads.lives.get_mut(slot).and_then(Option::as_mut) else { continue };
                let plan = &loads.plans[live.kind.plan as usize];
                let wanted = plan.load.at(now, live.phase).level;
                let level = match &mut live.credits {
                    Some(credits) => {
                        credits.advance(now, &plan.load, live.phase);
                        credits.given(wanted)
                    }
                    None => wanted,
                };
                let milli = u64::from(live.kind.cpu_milli) * u64::from(level) / u64::from(FULL);
                loads.used += milli;
                loads.sold += u64::from(live.kind.cpu_milli);
                let at = &mut loads.hosts[host.at()];
                if at.demand == 0 && milli > 0 {
                    loads.touched.push(host);
                }
                at.demand += milli;
            }
            loads.samples += 1;
            for host in loads.touched.drain(..) {
                let at = &mut loads.hosts[host.at()];
                if at.physical == 0 {
                    let class = fleet.host(host).map_or(0, |view| view.class.at());
                    at.physical = loads.physical[class];
                }
                at.steal.add(std::mem::take(&mut at.demand), at.physical);
            }
        }
        if next < self.until {
            self.at(next, Event::Load(LoadEvent::Sample));
        }
    }
}
