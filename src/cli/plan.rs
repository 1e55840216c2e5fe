//! `packyard plan`: the smallest fleet that holds.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::evidence::tables::Sample;
use crate::evidence::{Options, Recorder};
use crate::metrics::clock::WallMark;
use crate::planner::whatif::{self, Change, Table};
use crate::planner::{self, Extras, Knobs, Look, Plan, PlanError, Source, Terms};
use crate::scenario::Scenario;
use crate::scenario::schema::{Judge, PlanSpec};
use crate::scenario::units::{Share, Span};
use crate::sim::{Go, Progress, Simulation};

use super::check::key_value;
use super::output::{OutDir, print};
use super::record;
use super::run::{interrupt_flag, peak_memory_mib};
use super::{CliError, EXIT_FAILED, EXIT_INTERRUPTED};

/// Find the cheapest setting of some keys with which the scenario's objectives hold.
///
/// The scenario says what has to hold ([objectives]) and what may change ([plan]). Every setting is judged on the same
/// seeds. With --policy, --grow, --mix, --fail or --try the answer is a table, one column a change; with --as-is nothing
/// is searched and the scenario is judged as it stands. Exit code 1: nothing within the bounds holds.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML)
    scenario: PathBuf,
    /// First seed, instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario, such as `--set objectives.rejection_rate=0.1%`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// What may change, instead of the scenario's knobs: `pools.0.hosts=10..200`, with a step `:5` and a cost `@1.5`
    /// of each one; repeatable
    #[arg(long, value_name = "KEY=LOW..HIGH[:STEP][@COST]", value_parser = knob)]
    knob: Vec<Vec<(String, String)>>,
    /// Seeds that every setting is judged on [default: the scenario's, else 20]
    #[arg(long, value_name = "K")]
    seeds: Option<u32>,
    /// Confidence of every statement [default: the scenario's, else 90%]
    #[arg(long, value_name = "SHARE")]
    confidence: Option<Share>,
    /// Judge the scenario as it stands
    #[arg(long, conflicts_with_all = ["knob", "verify"])]
    as_is: bool,
    /// What if: these policies, a column each
    #[arg(long, value_name = "A,B,C")]
    policy: Vec<String>,
    /// What if: the arrivals grow so, such as 2%/week, over the time of --for; repeatable
    #[arg(long, value_name = "SHARE/TIME", allow_hyphen_values = true)]
    grow: Vec<String>,
    /// How long they grow: the scenario is planned for the end of it
    #[arg(long = "for", value_name = "TIME", default_value = "13w", requires = "grow")]
    horizon: Span,
    /// What if: other weights of some types, such as ecs.g5.large=50,ecs.g5.xlarge=10; repeatable
    #[arg(long, value_name = "TYPE=WEIGHT,..")]
    mix: Vec<String>,
    /// What if: this fails, such as zone=cn-hangzhou-g@peak, rack@peak, hosts=3@peak (do all its instances find another
    /// place?), or at a moment of the run, zone=cn-hangzhou-g@36h+2h (a scripted event); repeatable
    #[arg(long, value_name = "WHAT@WHEN")]
    fail: Vec<String>,
    /// What if: any key of the scenario changes; repeatable
    #[arg(long = "try", value_name = "KEY=VALUE", value_parser = key_value)]
    change: Vec<(String, String)>,
    /// Run the answer on so many fresh seeds
    #[arg(long, value_name = "N", default_value_t = 0)]
    verify: u32,
    /// Leave out the neighbours and the frontier, which take many complete runs
    #[arg(long)]
    brief: bool,
    /// Runs side by side [default: one for each core]
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Also write the result into a new folder: `plan.json`, `plan.txt`, and the run of the answer with the plan in its
    /// page (`report.html`, `summary.json`, `scenario.toml` with the answer in it; see `docs/report.md`)
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the folder of `--out` when it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// No line for each setting, even on a terminal
    #[arg(long, short)]
    quiet: bool,
}

/// Reads a knob of the command line as overrides of one knob: key, low, high, step, cost.
fn knob(text: &str) -> Result<Vec<(String, String)>, String> {
    let wrong = || "write KEY=LOW..HIGH[:STEP][@COST], for example pools.0.hosts=10..200:5@1.5".to_owned();
    let (key, rest) = text.split_once('=').ok_or_else(wrong)?;
    let (rest, cost) = rest.split_once('@').map_or((rest, None), |(rest, cost)| (rest, Some(cost)));
    let (range, step) = rest.split_once(':').map_or((rest, None), |(range, step)| (range, Some(step)));
    let (low, high) = range.split_once("..").ok_or_else(wrong)?;
    let mut fields = vec![("key", toml::Value::from(key.trim()).to_string())];
    let numbers = [("low", Some(low)), ("high", Some(high)), ("step", step), ("cost", cost)];
    for (name, value) in numbers {
        if let Some(value) = value {
            let number: f64 = value.trim().parse().map_err(|_| wrong())?;
            fields.push((name, number.to_string()));
        }
    }
    Ok(fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Plans; exit code 1 when nothing holds, 130 when interrupted.
///
/// # Errors
/// Whatever is wrong with the scenario, its objectives, the knobs or the output folder.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let source = source(&args);
    let scenario = source.load(&[]).map_err(CliError::diagnostic)?;
    let changes = changes(&args, &scenario)?;
    let spec = scenario.spec.plan.clone().unwrap_or_default();
    let terms = terms(&args, &scenario, &spec)?;
    let knobs = Knobs::of(spec.knobs.iter().map(|knob| knob.get()));
    let out = args.out.as_deref().map(|dir| OutDir::create(dir, args.force)).transpose()?;
    let stop = interrupt_flag();
    let show = !args.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let mut look = |look: Look<'_>| {
        if show {
            eprintln!("{}", planner::look_line(&look));
        }
    };
    let result = if args.as_is || !changes.is_empty() {
        let knobs = (!args.as_is).then_some(&knobs);
        whatif::table(&source, changes, knobs, &terms, &stop, &mut look).map(Shown::Table)
    } else {
        let extras = Extras { around: !args.brief, verify: args.verify };
        planner::plan(&source, &knobs, &terms, extras, &stop, &mut look)
            .map(|plan| Shown::Plan(Box::new(plan)))
    };
    let shown = match result {
        Ok(shown) => shown,
        Err(PlanError::Interrupted) => {
            eprintln!("interrupted: a plan has no result before its end");
            return Ok(ExitCode::from(EXIT_INTERRUPTED));
        }
        Err(PlanError::Scenario(error)) => {
            if let Some(knob) = to_blame(&source, &spec, &knobs) {
                eprintln!("{knob}");
            }
            return Err(CliError::diagnostic(error));
        }
        Err(error) => return Err(CliError::new(error)),
    };
    let (json, text) = (shown.json()?, shown.text());
    if let Some(out) = out {
        out.write("plan.json", json.as_bytes())?;
        out.write("plan.txt", text.as_bytes())?;
        let made = match shown.example() {
            Some((set, seed)) => example(out, &source.with(set), seed, &shown.section(), &stop)?,
            None => out.finish().map(|()| true)?,
        };
        if !made {
            eprintln!("interrupted: {} is not written", args.out.unwrap_or_default().display());
            return Ok(ExitCode::from(EXIT_INTERRUPTED));
        }
    }
    print(if args.json { &json } else { &text })?;
    Ok(if shown.holds() { ExitCode::SUCCESS } else { ExitCode::from(EXIT_FAILED) })
}

/// The first knob that alone makes the scenario wrong at an end of its range, or with one of its values, and its line.
fn to_blame(source: &Source, spec: &PlanSpec, knobs: &Knobs) -> Option<String> {
    let text = std::fs::read_to_string(&source.path).unwrap_or_default();
    spec.knobs.iter().zip(&knobs.0).find_map(|(own, knob)| {
        let last = knob.places() - 1;
        let mut places = (0..=last).filter(|place| !knob.is_range() || *place == 0 || *place == last);
        let wrong = places.find(|&place| source.load(&[(knob.key.clone(), knob.text(place))]).is_err())?;
        // A knob of the command line stands behind the file's text.
        let line = match text.get(..own.key.span().start).filter(|_| !own.key.span().is_empty()) {
            Some(before) if before.len() < text.len() => {
                format!("{}, line {}", source.path.display(), before.matches('\n').count() + 1)
            }
            _ => "--knob".to_owned(),
        };
        Some(format!("the knob `{}` ({line}) makes no scenario with {}:", knob.key, knob.text(wrong)))
    })
}

/// Makes one run again, on one seed, and writes it with its page into the folder; false when it was interrupted.
fn example(
    out: OutDir,
    source: &Source,
    seed: u64,
    section: &str,
    stop: &AtomicBool,
) -> Result<bool, CliError> {
    let failed = |error| CliError::new(format!("cannot record the run: {error}"));
    let seeded = [("seed".to_owned(), seed.to_string())];
    let scenario = source.load(&seeded).map_err(CliError::diagnostic)?;
    let simulation =
        Simulation::new(&scenario, source.folder(), source.trace.as_deref()).map_err(CliError::new)?;
    let every = scenario.spec.report.interval.get().get();
    let options = Options { every, tables: None, sample: Sample::ALL, events: false };
    let mut recorder = Recorder::create(out.path(), simulation.labels(), &options).map_err(failed)?;
    let mut cost = recorder.engine_cost().map_err(failed)?;
    let began = WallMark::now();
    let watch = |_: &Progress| if stop.load(Ordering::Relaxed) { Go::Stop } else { Go::On };
    let mut summary =
        simulation.run_observed(Some(&mut cost), &mut recorder, watch).map_err(CliError::new)?;
    if stop.load(Ordering::Relaxed) {
        return Ok(false);
    }
    summary.measured(&cost, began.elapsed_secs(), peak_memory_mib());
    record::end(out, recorder, &mut cost, &summary, &scenario, section)?;
    Ok(true)
}

/// What is shown.
enum Shown {
    Plan(Box<Plan>),
    Table(Table),
}

impl Shown {
    fn json(&self) -> Result<String, CliError> {
        let text = match self {
            Shown::Plan(plan) => serde_json::to_string_pretty(plan),
            Shown::Table(table) => serde_json::to_string_pretty(table),
        };
        text.map(|text| text + "\n").map_err(CliError::new)
    }

    fn text(&self) -> String {
        match self {
            Shown::Plan(plan) => planner::terminal(plan),
            Shown::Table(table) => planner::table_text(table),
        }
    }

    fn section(&self) -> String {
        match self {
            Shown::Plan(plan) => planner::section(plan),
            Shown::Table(table) => planner::table_section(table),
        }
    }

    /// Settings and seed of the run that shows it.
    fn example(&self) -> Option<(&[(String, String)], u64)> {
        match self {
            Shown::Plan(plan) => plan.example().map(|(setting, seed)| (setting.values.as_slice(), seed)),
            Shown::Table(table) => table.example(),
        }
    }

    fn holds(&self) -> bool {
        match self {
            Shown::Plan(plan) => plan.answer.is_some(),
            Shown::Table(table) => table.columns.iter().all(|column| match &column.result {
                whatif::Result::Plan(plan) => plan.answer.is_some(),
                whatif::Result::AsIs(own) => own.holds,
            }),
        }
    }
}

fn source(args: &Args) -> Source {
    let mut overrides = args.set.clone();
    if let Some(seed) = args.seed {
        overrides.push(("seed".to_owned(), seed.to_string()));
    }
    if !args.knob.is_empty() {
        let tables: Vec<String> = args
            .knob
            .iter()
            .map(|fields| {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                format!("{{ {} }}", fields.join(", "))
            })
            .collect();
        overrides.push(("plan.knobs".to_owned(), format!("[{}]", tables.join(", "))));
    }
    if let Some(seeds) = args.seeds {
        overrides.push(("plan.seeds".to_owned(), seeds.to_string()));
    }
    if let Some(confidence) = args.confidence {
        overrides.push(("plan.confidence".to_owned(), confidence.get().to_string()));
    }
    Source { path: args.scenario.clone(), overrides, trace: args.trace.clone() }
}

fn changes(args: &Args, scenario: &Scenario) -> Result<Vec<Change>, CliError> {
    let mut changes: Vec<Change> = args.policy.iter().flat_map(|list| whatif::policies(list)).collect();
    for text in &args.grow {
        changes.push(whatif::growth(text, args.horizon, scenario).map_err(CliError::new)?);
    }
    for text in &args.mix {
        changes.push(whatif::mix(text, scenario).map_err(CliError::new)?);
    }
    for text in &args.fail {
        changes.push(whatif::failure(text, scenario).map_err(CliError::new)?);
    }
    for (key, value) in &args.change {
        if key == "seed" || key == "plan" || key.starts_with("plan.") {
            return Err(CliError::new(format!(
                "--try {key}: every column is judged on the same seeds and terms; change them for all with --set"
            )));
        }
        changes.push(whatif::setting(key, value));
    }
    Ok(changes)
}

fn terms(args: &Args, scenario: &Scenario, spec: &PlanSpec) -> Result<Terms, CliError> {
    if args.workers == Some(0) {
        return Err(CliError::new("--workers 0: somebody has to do the work"));
    }
    if spec.judge == Judge::Mean && *spec.seeds < 2 {
        return Err(CliError::new("a mean with an interval takes at least 2 seeds"));
    }
    Ok(Terms {
        first_seed: scenario.spec.seed,
        seeds: *spec.seeds,
        confidence: spec.confidence.get().get(),
        rule: spec.judge,
        workers: args.workers.unwrap_or_else(planner::cores),
        most_settings: *spec.most_settings,
    })
}
