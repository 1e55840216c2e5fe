//! `packyard trace convert` and `packyard trace sample`: traces written in our own forms.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::output::{OutFile, print};
use super::info::grouped;
use super::{CliError, Input};
use crate::engine::Streams;
use crate::model::SimTime;
use crate::scenario::units::{Share, Span};
use crate::workload::trace::{Form, Reshape, Shaped, TraceWriter};

#[derive(clap::Args, Debug)]
pub(super) struct Convert {
    #[command(flatten)]
    input: Input,
    /// File to write: .csv or .parquet
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    force: bool,
}

#[derive(clap::Args, Debug)]
pub(super) struct Sample {
    #[command(flatten)]
    input: Input,
    /// File to write: .csv or .parquet
    #[arg(long, short, value_name = "FILE")]
    out: PathBuf,
    /// Replace the file when it exists
    #[arg(long)]
    force: bool,
    /// Share of the batches that is kept, picked by chance
    #[arg(long, value_name = "SHARE", default_value = "100%")]
    keep: Share,
    /// Moment on the trace's clock that becomes 0; what is created before is left out [default: the first creation]
    #[arg(long, value_name = "TIME")]
    from: Option<Span>,
    /// Moment on the trace's clock from which on nothing is created any more
    #[arg(long, value_name = "TIME")]
    until: Option<Span>,
    /// Seconds of the trace that pass in a second
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// So much later everything comes
    #[arg(long, value_name = "TIME", default_value = "0s")]
    shift: Span,
    /// How often every batch comes
    #[arg(long, default_value_t = 1)]
    copies: u32,
    /// Every copy of a batch but the first comes later by a time of its own, up to this
    #[arg(long, value_name = "TIME", default_value = "0s")]
    jitter: Span,
    /// Seed of the chance
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Writes a trace as it is.
pub(super) fn convert(args: &Convert) -> Result<ExitCode, CliError> {
    let mut reader = args.input.open()?;
    let count = write(&args.out, args.force, |writer| {
        let mut count = 0;
        while let Some(record) = reader.next().map_err(CliError::new)? {
            writer.write(&record, reader.names()).map_err(|cause| unwritable(&args.out, &cause))?;
            count += 1;
        }
        Ok(count)
    })?;
    done(&args.out, count)
}

/// Writes a part of a trace, or more than it.
pub(super) fn sample(args: &Sample) -> Result<ExitCode, CliError> {
    if !(1e-3..=1e6).contains(&args.speed) {
        return Err(CliError::new("--speed is a number from 0.001 to 1000000"));
    }
    if !(1..=10_000).contains(&args.copies) {
        return Err(CliError::new("--copies is a number from 1 to 10000"));
    }
    if args.shift.is_forever() || args.jitter.is_forever() {
        return Err(CliError::new("--shift and --jitter are times that end"));
    }
    let moment = |span: Span| SimTime(span.get().0);
    let reshape = Reshape {
        from: args.from.map(moment),
        until: args.until.map(moment),
        keep: args.keep.get(),
        speed: args.speed,
        shift: args.shift.get(),
        copies: args.copies,
        jitter: args.jitter.get(),
    };
    let first = match args.from {
        Some(from) => moment(from),
        None => args.input.open()?.next().map_err(CliError::new)?.map_or(SimTime::ZERO, |record| record.at),
    };
    let mut shaped = Shaped::new(args.input.open()?, reshape, first, &Streams::new(args.seed), "sample");
    let count = write(&args.out, args.force, |writer| {
        let mut count = 0;
        while let Some(record) = shaped.next().map_err(CliError::new)? {
            let written = writer.write(&record, shaped.reader().names());
            written.map_err(|cause| unwritable(&args.out, &cause))?;
            count += 1;
        }
        Ok(count)
    })?;
    done(&args.out, count)
}

fn unwritable(path: &Path, cause: &std::io::Error) -> CliError {
    CliError::new(format!("cannot write {}: {cause}", path.display()))
}

/// Writes a file beside its place and moves it there when it is whole.
fn write(
    path: &Path,
    force: bool,
    fill: impl FnOnce(&mut TraceWriter) -> Result<u64, CliError>,
) -> Result<u64, CliError> {
    let form = match path.extension().and_then(|extension| extension.to_str()) {
        Some("csv") => Form::Csv,
        Some("parquet") => Form::Parquet,
        _ => return Err(CliError::new(format!("{} ends neither in .csv nor in .parquet", path.display()))),
    };
    let failed = |cause: &std::io::Error| unwritable(path, cause);
    let building = OutFile::create(path, force)?;
    let file = building.file().try_clone().map_err(|cause| failed(&cause))?;
    let mut writer = TraceWriter::new(file, form).map_err(|cause| failed(&cause))?;
    let count = fill(&mut writer)?;
    if count == 0 {
        return Err(CliError::new("nothing is left of the trace: no file was written"));
    }
    writer.finish().map_err(|cause| failed(&cause))?;
    building.finish()?;
    Ok(count)
}

fn done(path: &Path, count: u64) -> Result<ExitCode, CliError> {
    print(&format!("{}: {} records\n", path.display(), grouped(count)))?;
    Ok(ExitCode::SUCCESS)
}
