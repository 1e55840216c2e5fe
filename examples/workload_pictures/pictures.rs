//! What each picture of `docs/workload.md` shows.

use std::collections::BTreeMap;
use std::path::Path;

use packyard::model::{SimDuration, SimTime};
use packyard::scenario::Scenario;
use packyard::sim::{self, Go, Happened, Observer, Simulation, View};
use packyard::workload::{Arrival, End, Template};

use super::chart::{Axis, COLOURS, Chart};

/// The run that a block becomes: it begins on a Monday at midnight in Hangzhou.
const HEAD: &str = r#"
name = "picture"
seed = 1
start = "2019-09-01T16:00:00Z"
duration = "HOURSh"
[[pools]]
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 400
[[pools]]
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.c5"
hosts = 400
"#;

/// Seeds of the mean that is drawn over the arrivals of one of them.
const SEEDS: u64 = 40;

/// How a block is shown.
#[derive(Clone, Copy)]
enum Kind {
    /// Arrivals in windows of so many minutes, and their mean over many seeds.
    Counts { hours: u32, window: u32 },
    /// Each batch by its moment and size.
    Batches { hours: u32 },
    /// What a simulation does: requests in windows of so many minutes, and instances that live.
    Run { hours: u32, window: u32 },
    /// Each instance from its begin to its end, groups by colour.
    Lives { hours: u32 },
    /// Shares of the mix in windows of so many minutes.
    Mix { hours: u32, window: u32 },
    /// Requests by account.
    Accounts { hours: u32 },
    /// How many of each workload's instances live how long.
    Survival { hours: u32 },
    /// The lifetimes of each account.
    ByAccount { hours: u32 },
    /// Arrivals of each workload in windows of so many minutes.
    Replays { hours: u32, window: u32 },
}

/// The pictures by name.
const PICTURES: [(&str, Kind); 15] = [
    ("poisson", Kind::Counts { hours: 168, window: 60 }),
    ("day-and-week", Kind::Counts { hours: 336, window: 60 }),
    ("hours", Kind::Counts { hours: 168, window: 60 }),
    ("course", Kind::Counts { hours: 48, window: 10 }),
    ("bursts", Kind::Counts { hours: 48, window: 10 }),
    ("states", Kind::Counts { hours: 72, window: 10 }),
    ("flash", Kind::Counts { hours: 48, window: 10 }),
    ("batches", Kind::Batches { hours: 12 }),
    ("closed-loop", Kind::Run { hours: 24, window: 10 }),
    ("fleet", Kind::Run { hours: 168, window: 60 }),
    ("groups", Kind::Lives { hours: 24 }),
    ("drift", Kind::Mix { hours: 336, window: 360 }),
    ("zipf", Kind::Accounts { hours: 48 }),
    ("lifetimes", Kind::Survival { hours: 48 }),
    ("lifetime-by-account", Kind::ByAccount { hours: 24 }),
];

/// The picture of a replay, which needs a trace.
const REPLAY: (&str, Kind) = ("replay", Kind::Replays { hours: 48, window: 30 });

/// Every block of the page that has a picture, with the picture's name.
pub(crate) fn blocks(page: &str) -> Vec<(String, &str)> {
    let mut blocks = Vec::new();
    for rest in page.split("```toml\n").skip(1) {
        let Some((block, after)) = rest.split_once("```") else { continue };
        let next = after.trim_start().lines().next().unwrap_or_default();
        let name = next.split_once("](img/").and_then(|(_, link)| link.split_once(".svg)"));
        if let (true, Some((name, _))) = (next.starts_with("!["), name) {
            blocks.push((name.to_owned(), block));
        }
    }
    blocks
}

/// Names of all pictures that the page must have.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PICTURES.iter().chain([&REPLAY]).map(|(name, _)| *name)
}

/// Draws every picture of the page. `docs` is where its traces are looked for.
///
/// # Panics
/// When a block is wrong or a picture unknown: both are bugs of the page.
pub(crate) fn all(page: &str, docs: &Path) -> Vec<(String, String)> {
    let draw = |(name, block): (String, &str)| {
        let known = PICTURES.iter().chain([&REPLAY]).find(|(known, _)| *known == name);
        let (_, kind) = known.unwrap_or_else(|| panic!("no picture is called {name}"));
        let svg = Source { block, docs }.draw(*kind).svg(&name);
        (name, svg)
    };
    blocks(page).into_iter().map(draw).collect()
}

/// One block.
struct Source<'a> {
    block: &'a str,
    docs: &'a Path,
}

/// The arrivals of a run, and what they point to.
struct Made {
    arrivals: Vec<Arrival>,
    templates: Vec<Template>,
    names: Vec<String>,
    types: Vec<String>,
}

impl Made {
    fn template(&self, arrival: &Arrival) -> &Template {
        &self.templates[arrival.template as usize]
    }

    /// Arrivals in windows of so many hours.
    fn counts(&self, hours: u32, window: f64, of: impl Fn(&Template) -> bool) -> Vec<f64> {
        let mut counts = vec![0.0; (f64::from(hours) / window).round() as usize];
        for arrival in self.arrivals.iter().filter(|arrival| of(self.template(arrival))) {
            if let Some(count) = counts.get_mut((hours_of(arrival.at) / window) as usize) {
                *count += 1.0;
            }
        }
        counts
    }
}

fn hours_of(at: SimTime) -> f64 {
    at.as_secs_f64() / 3_600.0
}

/// Bars of counts in windows.
fn bars(counts: &[f64], window: f64) -> impl Iterator<Item = (f64, f64, f64)> {
    counts.iter().enumerate().map(move |(at, count)| (at as f64 * window, (at + 1) as f64 * window, *count))
}

/// Points in the middle of windows.
fn points(counts: &[f64], window: f64) -> impl Iterator<Item = (f64, f64)> {
    counts.iter().enumerate().map(move |(at, count)| ((at as f64 + 0.5) * window, *count))
}

fn most(values: &[f64]) -> f64 {
    values.iter().copied().fold(1.0, f64::max)
}

impl Source<'_> {
    fn scenario(&self, hours: u32, seed: u64) -> Scenario {
        let text = HEAD.replace("HOURS", &hours.to_string()) + self.block;
        let seed = [("seed".to_owned(), seed.to_string())];
        Scenario::from_str_with(&text, "docs/workload.md", &seed)
            .unwrap_or_else(|error| panic!("{error:?}\n{}", self.block))
    }

    fn made(&self, hours: u32, seed: u64) -> Made {
        let scenario = self.scenario(hours, seed);
        let mut workload = sim::workload(&scenario, self.docs, None).expect("a sound workload");
        let mut arrivals = Vec::new();
        while let Some(arrival) = workload.next().expect("a sound trace") {
            arrivals.push(arrival);
        }
        let types = scenario.spec.workloads[0].mix.iter().map(|mix| mix.get().instance_type.get().clone());
        let (templates, names) = (workload.templates().to_vec(), workload.names().to_vec());
        Made { arrivals, templates, names, types: types.collect() }
    }

    fn draw(&self, kind: Kind) -> Chart {
        match kind {
            Kind::Counts { hours, window } => self.counts(hours, f64::from(window) / 60.0),
            Kind::Batches { hours } => self.batches(hours),
            Kind::Run { hours, window } => self.run(hours, f64::from(window) / 60.0),
            Kind::Lives { hours } => self.lives(hours),
            Kind::Mix { hours, window } => self.mix(hours, f64::from(window) / 60.0),
            Kind::Accounts { hours } => self.accounts(hours),
            Kind::Survival { hours } => self.survival(hours),
            Kind::ByAccount { hours } => self.by_account(hours),
            Kind::Replays { hours, window } => self.replays(hours, f64::from(window) / 60.0),
        }
    }

    fn counts(&self, hours: u32, window: f64) -> Chart {
        let counts = self.made(hours, 1).counts(hours, window, |_| true);
        let mut mean = vec![0.0; counts.len()];
        for seed in 1..=SEEDS {
            let one = self.made(hours, seed).counts(hours, window, |_| true);
            mean.iter_mut().zip(one).for_each(|(sum, count)| *sum += count / SEEDS as f64);
        }
        let label = if window < 1.0 { "requests in 10 min" } else { "requests in an hour" };
        let high = most(&counts).max(most(&mean));
        let time = Axis::time(f64::from(hours), "time since Monday 0:00");
        let mut chart = Chart::new(time, Axis::up_to(high, label), 220.0);
        chart.bars(bars(&counts, window), COLOURS[0]);
        chart.line(points(&mean, window), COLOURS[1]);
        chart.name(COLOURS[0], "one seed");
        chart.name(COLOURS[1], "mean of 40 seeds");
        chart
    }

    fn batches(&self, hours: u32) -> Chart {
        let made = self.made(hours, 1);
        let batches = made.arrivals.chunk_by(|one, other| one.at == other.at);
        let sizes: Vec<(f64, f64)> =
            batches.map(|batch| (hours_of(batch[0].at), batch.len() as f64)).collect();
        let high = sizes.iter().map(|size| size.1).fold(1.0, f64::max);
        let time = Axis::time(f64::from(hours), "time");
        let mut chart = Chart::new(time, Axis::up_to(high, "instances in a batch"), 200.0);
        chart.strokes(sizes.iter().map(|(at, size)| [(*at, 0.0), (*at, *size)]), COLOURS[4], 1.0);
        chart.dots(sizes.iter().copied(), COLOURS[0]);
        chart
    }

    fn run(&self, hours: u32, window: f64) -> Chart {
        let scenario = self.scenario(hours, 1);
        let mut seen =
            Seen { window, requests: vec![0.0; (f64::from(hours) / window) as usize], live: Vec::new() };
        let simulation = Simulation::new(&scenario, self.docs, None).expect("a cloud");
        simulation.run_observed(None, &mut seen, |_| Go::On).expect("a run");
        let high = seen.live.iter().map(|(_, live)| *live).fold(most(&seen.requests), f64::max);
        let time = Axis::time(f64::from(hours), "time since Monday 0:00");
        let mut chart = Chart::new(time, Axis::up_to(high, "number"), 220.0);
        chart.bars(bars(&seen.requests, window), COLOURS[0]);
        chart.line(seen.live, COLOURS[1]);
        chart.name(COLOURS[0], if window < 1.0 { "requests in 10 min" } else { "requests in an hour" });
        chart.name(COLOURS[1], "instances that live");
        chart
    }

    fn lives(&self, hours: u32) -> Chart {
        let made = self.made(hours, 1);
        let rows = made.arrivals.len() as f64;
        let time = Axis::time(f64::from(hours), "time");
        let mut chart =
            Chart::new(time, Axis::marked(0.0, rows, Vec::new(), "instances, as they come"), 240.0);
        let mut row = 0.0;
        let groups: Vec<&[Arrival]> = made.arrivals.chunk_by(|one, other| one.at == other.at).collect();
        for (number, group) in groups.into_iter().enumerate() {
            let strokes = group.iter().map(|one| {
                row += 1.0;
                let end = match one.end {
                    End::At(end) => hours_of(end),
                    End::After(span) => hours_of(one.at + span),
                    End::Never => f64::from(hours),
                };
                [(hours_of(one.at), row - 0.5), (end, row - 0.5)]
            });
            chart.strokes(strokes.collect::<Vec<_>>(), COLOURS[number % 6], 1.6);
        }
        chart
    }

    fn mix(&self, hours: u32, window: f64) -> Chart {
        let made = self.made(hours, 1);
        let all = made.counts(hours, window, |_| true);
        let time = Axis::time(f64::from(hours), "time");
        let mut chart = Chart::new(time, Axis::up_to(1.0, "share of the requests"), 200.0);
        for (entry, name) in made.types.iter().enumerate() {
            let own = made.counts(hours, window, |template| template.entry == Some(entry as u32));
            let share: Vec<f64> = own.iter().zip(&all).map(|(own, all)| own / all.max(1.0)).collect();
            chart.line(points(&share, window), COLOURS[entry]);
            chart.name(COLOURS[entry], name);
        }
        chart
    }

    fn accounts(&self, hours: u32) -> Chart {
        let made = self.made(hours, 1);
        let mut counts: BTreeMap<u32, f64> = BTreeMap::new();
        for arrival in &made.arrivals {
            *counts.entry(made.template(arrival).account.0).or_default() += 1.0;
        }
        let high = counts.values().copied().fold(1.0, f64::max);
        let accounts = counts.keys().last().map_or(1.0, |last| f64::from(*last) + 1.0);
        let digits = |value: f64| libm::ceil(libm::log10(value)) as i32;
        let (x, y) =
            (Axis::powers(0, digits(accounts), "account"), Axis::powers(0, digits(high), "requests"));
        let mut chart = Chart::new(x, y, 220.0);
        chart.dots(counts.iter().map(|(account, count)| (f64::from(*account) + 1.0, *count)), COLOURS[0]);
        chart
    }

    fn survival(&self, hours: u32) -> Chart {
        let made = self.made(hours, 1);
        let ticks =
            [(60.0, "1 min"), (600.0, "10 min"), (3_600.0, "1 h"), (86_400.0, "1 d"), (2_592_000.0, "30 d")];
        let ticks = ticks.map(|(at, text)| (at, text.to_owned())).to_vec();
        let x = Axis::marked(10.0, 10_000_000.0, ticks, "age");
        let mut chart = Chart::new(x, Axis::up_to(1.0, "share that lives longer"), 240.0);
        for (number, name) in made.names.iter().enumerate() {
            let own = made.arrivals.iter().filter(|one| made.template(one).workload as usize == number);
            let mut lives: Vec<f64> = own
                .map(|one| match one.end {
                    End::After(span) => span.as_secs_f64(),
                    End::At(end) => end.since(one.at).as_secs_f64(),
                    End::Never => f64::INFINITY,
                })
                .collect();
            lives.sort_by(f64::total_cmp);
            let share = |age: f64| {
                let longer = lives.len() - lives.partition_point(|life| *life <= age);
                longer as f64 / lives.len().max(1) as f64
            };
            // A hundred ages, evenly on the logarithmic axis: each by a sixth of a tenth power longer than the last.
            let ages = (0..=120).map(|at| 10.0 * libm::exp10(f64::from(at) / 20.0));
            chart.line(ages.map(|age| (age, share(age))), COLOURS[number % COLOURS.len()]);
            chart.name(COLOURS[number % COLOURS.len()], name);
        }
        chart
    }

    fn by_account(&self, hours: u32) -> Chart {
        let made = self.made(hours, 1);
        let mut lives: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for arrival in &made.arrivals {
            if let End::After(span) = arrival.end {
                lives.entry(made.template(arrival).account.0).or_default().push(span.as_secs_f64() / 60.0);
            }
        }
        let mut accounts: Vec<(f64, Vec<f64>)> = lives
            .into_values()
            .map(|mut lives| {
                lives.sort_by(f64::total_cmp);
                (lives[lives.len() / 2], lives)
            })
            .collect();
        accounts.sort_by(|one, other| one.0.total_cmp(&other.0));
        let x = Axis::marked(0.0, accounts.len() as f64, Vec::new(), "accounts, by their median");
        let mut chart = Chart::new(x, Axis::powers(-1, 4, "lifetimes in minutes"), 240.0);
        let at = |(place, of): (usize, &(f64, Vec<f64>))| {
            of.1.iter().map(move |life| (place as f64 + 0.5, *life)).collect::<Vec<_>>()
        };
        chart.dots(accounts.iter().enumerate().flat_map(at), COLOURS[4]);
        chart.dots(accounts.iter().enumerate().map(|(place, one)| (place as f64 + 0.5, one.0)), COLOURS[1]);
        chart.name(COLOURS[4], "instances");
        chart.name(COLOURS[1], "median of an account");
        chart
    }

    fn replays(&self, hours: u32, window: f64) -> Chart {
        let made = self.made(hours, 1);
        let each: Vec<Vec<f64>> = (0..made.names.len())
            .map(|number| made.counts(hours, window, |template| template.workload as usize == number))
            .collect();
        let high = each.iter().map(|counts| most(counts)).fold(1.0, f64::max);
        // One strip for each workload, the first at the top.
        let rows = each.len() as f64;
        let time = Axis::time(f64::from(hours), "time since the start of the run");
        let strips = Axis::marked(0.0, rows, Vec::new(), "creations in half an hour");
        let mut chart = Chart::new(time, strips, 60.0 + 56.0 * rows);
        for (number, counts) in each.iter().enumerate() {
            let floor = rows - 1.0 - number as f64;
            let strip = bars(counts, window)
                .map(|(from, to, count)| [(from, to), (floor, floor + 0.92 * count / high)])
                .flat_map(|[(from, to), (low, top)]| {
                    [[(from, low), (from, top)], [(from, top), (to, top)], [(to, top), (to, low)]]
                });
            chart.strokes(strip.collect::<Vec<_>>(), COLOURS[number % COLOURS.len()], 1.0);
            chart.name(COLOURS[number % COLOURS.len()], &made.names[number]);
        }
        chart
    }
}

/// What a simulation did, hour by hour.
struct Seen {
    window: f64,
    requests: Vec<f64>,
    live: Vec<(f64, f64)>,
}

impl Observer for Seen {
    fn interval(&self) -> Option<SimDuration> {
        Some(SimDuration::from_secs(600))
    }

    fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if let Happened::Requested { .. } = what
            && let Some(count) = self.requests.get_mut((hours_of(at) / self.window) as usize)
        {
            *count += 1.0;
        }
    }

    fn sample(&mut self, at: SimTime, view: &View<'_>) {
        self.live.push((hours_of(at), view.total.instances.now() as f64));
    }
}
