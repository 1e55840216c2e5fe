//! `packyard replay`: the run of a journal again.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;

use super::check::key_value;
use super::output::{OutDir, print};
use super::progress::RunBar;
use super::run::{interrupt_flag, peak_memory_mib};
use super::wiring::{Wiring, close};
use super::{CliError, EXIT_FAILED, EXIT_INTERRUPTED};
use crate::journal::{Check, Journal, Verdict};
use crate::metrics::EngineCost;
use crate::metrics::clock::WallMark;
use crate::model::SimTime;
use crate::report;
use crate::scenario::units::Moment;
use crate::sim::{Go, Progress, State, Summary};

/// Run a journal again: the same requests in the same cloud, and the digest must be the same.
///
/// With `--with` the same requests meet a changed cloud (another policy, more hosts), and the digest is a new one.
/// Exit code 1 when an unchanged replay differs from its recording.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Journal, written by `packyard run --record FILE`
    journal: PathBuf,
    /// Change one key of the recorded scenario, such as `--with policy=worst-fit`; repeatable. The requests stay
    #[arg(long = "with", value_name = "KEY=VALUE", value_parser = key_value)]
    with: Vec<(String, String)>,
    /// End at this moment of the run, such as `36h` or `"3d 04:00"`
    #[arg(long, value_name = "MOMENT")]
    until: Option<Moment>,
    /// Measure from this moment on: what comes before is warm-up. The replay begins with the last state before it that the
    /// journal holds (`packyard run --record FILE --states 6h`), otherwise at the beginning
    #[arg(long, value_name = "MOMENT")]
    from: Option<Moment>,
    /// Replay a damaged journal up to the damage
    #[arg(long)]
    salvage: bool,
    #[command(flatten)]
    wiring: Wiring,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Also write the report into a new folder: `summary.json`, `report.txt`, `scenario.toml`
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Replace the folder of `--out` when it exists
    #[arg(long, requires = "out")]
    force: bool,
    /// No progress bar, even on a terminal
    #[arg(long, short)]
    quiet: bool,
}

/// Replays the journal; exit code 1 when it differs from the recording, 130 when interrupted.
///
/// # Errors
/// Whatever is wrong with the journal, the changes or the output folder.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    if let Some((key, _)) = args.with.iter().find(|(key, _)| key.split('.').next() == Some("workloads")) {
        return Err(CliError::new(format!(
            "--with {key}: the requests of a replay are those of the journal, whatever the workloads say"
        )));
    }
    let journal = Journal::open(&args.journal, args.salvage).map_err(|error| {
        let hint = match &error {
            crate::journal::FileError::Damaged(_) => "\n  --salvage replays what comes before",
            _ => "",
        };
        CliError::new(format!("{error}{hint}"))
    })?;
    if let Some(damage) = &journal.damage {
        eprintln!("{damage}\nreplaying the {} requests before it", journal.arrivals);
    }
    let scenario = journal.scenario(&args.with).map_err(CliError::diagnostic)?;
    let out = args.out.as_deref().map(|dir| OutDir::create(dir, args.force)).transpose()?;
    let until = end(&journal, args.until.map(Moment::get));
    let mut check = Check::new(&journal, until);
    let state = jump(&args, &journal, until)?;
    if let Some((at, state)) = &state {
        eprintln!("replay: begins with the recorded state of {at}");
        check = check.after(state.batches());
    }
    let workload = journal.workload().map_err(CliError::new)?;
    let (mut simulation, recording) =
        args.wiring
            .simulation(&scenario, workload, state.map(|(_, state)| state), |chain| check.chain(chain))?;
    if let Some(until) = until {
        simulation = simulation.until(until);
    }
    if let Some(from) = args.from {
        simulation = simulation.measured_from(from.get());
    }

    let stop = interrupt_flag();
    let recorded_cut = journal.conclusion.as_ref().filter(|end| end.cut_short).map(|end| end.events);
    let mut interrupted = false;
    let bar = RunBar::new(args.quiet);
    let mut cost = EngineCost::new();
    let began = WallMark::now();
    let watch = |progress: &Progress| {
        bar.show(progress, progress.events as f64 / began.elapsed_secs().max(1e-9));
        interrupted = stop.load(Ordering::Relaxed);
        let over = recorded_cut.is_some_and(|events| progress.events >= events);
        if interrupted || over { Go::Stop } else { Go::On }
    };
    let result = simulation.run(Some(&mut cost), watch);
    let wall = began.elapsed_secs();
    bar.clear();
    let mut summary = result.map_err(CliError::new)?;
    close(recording, &summary)?;
    summary.measured(&cost, wall, peak_memory_mib());

    let json = report::json(&summary);
    let text = report::terminal(&summary);
    if let Some(out) = out {
        out.write("summary.json", json.as_bytes())?;
        out.write("report.txt", text.as_bytes())?;
        out.write("scenario.toml", scenario.effective_toml().as_bytes())?;
        out.finish()?;
    }
    print(if args.json { &json } else { &text })?;
    if interrupted {
        return Ok(ExitCode::from(EXIT_INTERRUPTED));
    }
    if !args.with.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Ok(told(&journal, &summary, check.verdict(&journal, &summary, until.is_none())))
}

/// The state that the replay begins with: the last one that the journal holds before `--from`. A changed scenario changes
/// the whole run, and a new journal records a whole run: both begin at the beginning.
fn jump(
    args: &Args,
    journal: &Journal,
    until: Option<SimTime>,
) -> Result<Option<(SimTime, State)>, CliError> {
    match args.from {
        Some(from) if args.with.is_empty() && args.wiring.record.is_none() => {
            let moment = until.map_or(from.get(), |until| from.get().min(until));
            journal.state_before(moment).map_err(CliError::new)
        }
        _ => Ok(None),
    }
}

/// Where the replay ends before the scenario does: where it was told to, and at the last request of a damaged journal.
fn end(journal: &Journal, until: Option<SimTime>) -> Option<SimTime> {
    let salvaged = journal.damage.as_ref().map(|_| SimTime(journal.last.0.saturating_add(1)));
    [until, salvaged].into_iter().flatten().min()
}

/// Says on standard error how the replay compares with the recording.
fn told(journal: &Journal, summary: &Summary, verdict: Verdict) -> ExitCode {
    match verdict {
        Verdict::Same => {
            eprintln!("replay: the digest is that of the recording");
            ExitCode::SUCCESS
        }
        Verdict::SamePart { records } => {
            eprintln!("replay of a part: {records} records of the event log compared, all the same");
            ExitCode::SUCCESS
        }
        Verdict::Differs { from, to, after } => {
            let expected = journal.conclusion.as_ref().map_or("unknown", |end| end.digest.as_str());
            let to = to.map_or_else(|| "the end".to_owned(), |to| format!("record {to}"));
            eprintln!("replay: DIFFERS from the recording: digest {} is not {expected}", summary.run.digest);
            eprintln!(
                "  the first difference is between record {from} (after {after}) and {to} of the event log"
            );
            if journal.header.version != summary.run.version {
                eprintln!(
                    "  recorded by packyard {}, replayed by {}: results may change between versions",
                    journal.header.version, summary.run.version
                );
            }
            ExitCode::from(EXIT_FAILED)
        }
    }
}
