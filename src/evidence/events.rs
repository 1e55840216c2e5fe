//! The events of a run as JSON lines, compressed with zstd: for `grep`, `jq` and eyes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::Serialize;

use super::tables::Sample;
use crate::model::SimTime;
use crate::sim::{Happened, Labels, TemplateLabel};

/// Compression level: about a hundred megabytes a second.
const LEVEL: i32 = 3;

/// Writes one line for each event that someone could observe; the first line names what later ones number.
pub struct EventFile {
    out: BufWriter<zstd::Encoder<'static, File>>,
    sample: Sample,
    line: Vec<u8>,
    failed: Option<io::Error>,
}

/// The first line.
#[derive(Serialize)]
struct Names<'a> {
    schema: &'static str,
    start: i64,
    zones: &'a [String],
    classes: &'a [String],
    templates: Vec<TemplateName<'a>>,
}

#[derive(Serialize)]
struct TemplateName<'a> {
    workload: &'a str,
    account: &'a str,
    instance_type: &'a str,
    zone: Option<u32>,
    faulty: bool,
}

impl<'a> TemplateName<'a> {
    fn of(template: &'a TemplateLabel) -> TemplateName<'a> {
        TemplateName {
            workload: &template.workload,
            account: &template.account,
            instance_type: &template.instance_type,
            zone: template.zone.map(|zone| zone.0),
            faulty: template.faulty,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    us: u64,
    #[serde(flatten)]
    what: &'a Happened<'a>,
}

impl EventFile {
    /// Creates `events.jsonl.zst` in `folder`.
    ///
    /// # Errors
    /// When it cannot be created.
    pub fn create(folder: &Path, labels: &Labels, sample: Sample) -> io::Result<EventFile> {
        let file = File::create(folder.join("events.jsonl.zst"))?;
        let mut encoder = zstd::Encoder::new(file, LEVEL)?;
        encoder.include_checksum(true)?;
        let mut events = EventFile { out: BufWriter::new(encoder), sample, line: Vec::new(), failed: None };
        let names = Names {
            schema: "packyard-events/1",
            start: labels.start.0,
            zones: &labels.zones,
            classes: &labels.classes,
            templates: labels.templates.iter().map(TemplateName::of).collect(),
        };
        events.write(&names);
        Ok(events)
    }

    fn write(&mut self, line: &impl Serialize) {
        if self.failed.is_some() {
            return;
        }
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, line).map_err(io::Error::from);
        self.line.push(b'\n');
        self.failed = written.and_then(|()| self.out.write_all(&self.line)).err();
    }

    /// Something happened.
    pub fn happened(&mut self, at: SimTime, what: &Happened<'_>) {
        if what.request().is_none_or(|number| self.sample.keeps(number)) {
            self.write(&Line { us: at.0, what });
        }
    }

    /// Writes what is left and closes the file.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish(self) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let encoder = self.out.into_inner().map_err(|error| error.into_error())?;
        encoder.finish()?.sync_all()
    }
}

impl std::fmt::Debug for EventFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventFile").field("failed", &self.failed).finish_non_exhaustive()
    }
}
