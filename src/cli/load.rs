//! `packyard bench load`: the control plane under load, in real time.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use crate::load::{self, Fill, Objective, Outcome, Pace, Plan, Verdict};
use crate::scenario::Scenario;
use crate::scenario::units::{Share, Span};

use super::check::key_value;
use super::output::{print, whole_file};
use super::run::interrupt_flag;
use super::{CliError, EXIT_FAILED, EXIT_INTERRUPTED};

/// Load the gate and the placement core in real time, and find the rate at which a latency objective breaks.
///
/// Requests are those of the scenario's workload; their moments are a Poisson process that is fixed beforehand, and
/// latency counts from the intended moment. The rate rises from step to step until an objective breaks.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Scenario file (TOML)
    scenario: PathBuf,
    /// Seed of all chance, instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario, such as `--set policy=first-fit`; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Tasks that answer requests; several numbers are measured one after another and compared [default: one for each core]
    #[arg(long, value_name = "N[,N...]", value_delimiter = ',')]
    workers: Vec<usize>,
    /// What a step has to hold: p50, p90, p99, p99.9 or max of the response time; repeatable [default: p99=1ms]
    #[arg(long, value_name = "PERCENTILE=TIME")]
    objective: Vec<Objective>,
    /// Requests a second of the first step
    #[arg(long, value_name = "RATE", default_value_t = 10_000.0)]
    start_rate: f64,
    /// From one rate to the next
    #[arg(long, default_value_t = 1.5)]
    factor: f64,
    /// Steps between the last rate that held and the first that broke, each half way between the nearest two
    #[arg(long, value_name = "N", default_value_t = 3)]
    refine: u32,
    /// One step of this many requests a second, instead of rising ones; a broken --objective is then exit code 1
    #[arg(long, conflicts_with_all = ["start_rate", "factor", "refine"])]
    rate: Option<f64>,
    /// Measured length of each step
    #[arg(long, value_name = "TIME", default_value = "2s")]
    step: Span,
    /// Begin of each step that is not measured
    #[arg(long, value_name = "TIME", default_value = "500ms")]
    warmup: Span,
    /// A step is given up when a request would begin so much later than it was meant to
    #[arg(long, value_name = "TIME", default_value = "1s")]
    give_up: Span,
    /// Share of all vCPUs that live instances hold all the time
    #[arg(long, value_name = "SHARE", default_value = "50%")]
    fill: Share,
    /// Number of live instances, instead of --fill
    #[arg(long, value_name = "N", conflicts_with = "fill")]
    live: Option<u64>,
    /// Write the response times at the knee (of the only step with --rate) as text for HDR plotters, in nanoseconds
    #[arg(long, value_name = "FILE")]
    hgrm: Option<PathBuf>,
    /// Write the response, service and release times of every step as an HDR histogram log
    #[arg(long, value_name = "FILE")]
    hlog: Option<PathBuf>,
    /// Print the outcome as JSON; with several numbers of workers, a list
    #[arg(long)]
    json: bool,
    /// No line for each step, even on a terminal
    #[arg(long, short)]
    quiet: bool,
}

/// Runs the benchmark; exit code 130 when interrupted, 1 when a single step broke an objective that was asked for.
///
/// # Errors
/// Whatever is wrong with the scenario, the trace or the numbers.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let mut overrides = args.set.clone();
    if let Some(seed) = args.seed {
        overrides.push(("seed".to_owned(), seed.to_string()));
    }
    let scenario = Scenario::load_with(&args.scenario, &overrides).map_err(CliError::diagnostic)?;
    let folder = args.scenario.parent().unwrap_or(Path::new(""));
    let stop = interrupt_flag();
    let show = !args.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr());
    let look = |step: &load::Step| {
        if show {
            eprintln!("{}", load::step_line(step));
        }
    };
    let several = args.workers.len() > 1;
    if several && (args.hgrm.is_some() || args.hlog.is_some()) {
        return Err(CliError::new("--hgrm and --hlog hold one run: give one number of --workers"));
    }
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if args.workers.is_empty() { vec![cores()] } else { args.workers.clone() };
    let mut outcomes: Vec<Outcome> = Vec::new();
    for workers in workers {
        let plan = plan(&args, workers)?;
        if show && several {
            eprintln!("{workers} workers");
        }
        let outcome =
            load::run(&scenario, folder, args.trace.as_deref(), &plan, &stop, look).map_err(CliError::new)?;
        let cut_short = outcome.cut_short;
        outcomes.push(outcome);
        if cut_short {
            break;
        }
    }
    write(&args, &outcomes)?;
    let code = outcomes.iter().map(|outcome| exit_code(&args, outcome)).max().unwrap_or_default();
    Ok(ExitCode::from(code))
}

/// Prints the outcomes and writes the files that were asked for.
fn write(args: &Args, outcomes: &[Outcome]) -> Result<(), CliError> {
    if let [outcome] = outcomes {
        if let Some(path) = &args.hgrm {
            whole_file(path, outcome.hgrm().as_bytes())?;
        }
        if let Some(path) = &args.hlog {
            let mut log = Vec::new();
            outcome.hlog(&mut log).map_err(CliError::new)?;
            whole_file(path, &log)?;
        }
    }
    if args.json {
        let json = match outcomes {
            [outcome] => serde_json::to_string_pretty(outcome),
            several => serde_json::to_string_pretty(several),
        };
        return print(&(json.map_err(CliError::new)? + "\n"));
    }
    let texts: Vec<String> = outcomes.iter().map(load::terminal).collect();
    let compared = if outcomes.len() > 1 { format!("\n{}", load::scaling(outcomes)) } else { String::new() };
    print(&(texts.join("\n") + &compared))
}

fn plan(args: &Args, workers: usize) -> Result<Plan, CliError> {
    let length = |span: Span| match span.is_forever() {
        true => Err(CliError::new("a step of load does not last for ever")),
        false => Ok(Duration::from_micros(span.get().0)),
    };
    let mut objectives = args.objective.clone();
    if objectives.is_empty() {
        objectives.extend("p99=1ms".parse::<Objective>());
    }
    Ok(Plan {
        workers,
        pace: match args.rate {
            Some(rate) => Pace::Fixed(rate),
            None => Pace::Rising { start: args.start_rate, factor: args.factor, refine: args.refine },
        },
        objectives,
        warmup: length(args.warmup)?,
        step: length(args.step)?,
        give_up: length(args.give_up)?,
        fill: args.live.map_or(Fill::Share(args.fill.get()), Fill::Live),
    })
}

/// The exit code of one outcome; of several, the greatest counts.
fn exit_code(args: &Args, outcome: &Outcome) -> u8 {
    let broke = |step: &load::Step| matches!(step.verdict, Verdict::Broke | Verdict::GaveUp);
    let asked = args.rate.is_some() && !args.objective.is_empty();
    if !outcome.conserved || (asked && outcome.steps.iter().any(broke)) {
        EXIT_FAILED
    } else if outcome.cut_short {
        EXIT_INTERRUPTED
    } else {
        0
    }
}
