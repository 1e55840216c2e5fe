//! `azure-v1-2017`: creations of a public cloud, by tenant batch, with lifetimes in bins.
//!
//! The trace is a set of files in one folder, each plain or compressed (`.zst`, `.gz`):
//! - `NAME.txt`, the one that is named: seconds, a blank, then comma-separated flavours; `|` closes a batch;
//! - `NAME.c<second>.txt`, when there is one: the same layout with `U<bin>` (ended) or `C<bin>` (still running);
//! - `VERSION.interval_map.txt` (VERSION is NAME up to its first period): lifetimes in seconds with their bin;
//! - `flav_map.txt`: vCPU, GiB and the flavour's letter.

use std::path::{Path, PathBuf};

use super::lines::{Lines, micros, number};
use super::{Asked, Names, Record, RecordEnd, TraceError};
use crate::model::{SimDuration, SimTime};

pub(super) struct Azure {
    creations: Lines,
    lifetimes: Option<Lifetimes>,
    /// Place in `Names::asked` by the flavour's letter.
    flavours: [Option<u32>; 128],
    at: SimTime,
    line: u64,
    batch: u64,
    /// Flavours of the current line that are still to come, in reverse; none is the end of a batch.
    waiting: Vec<Option<u32>>,
    /// Ends of the current line, in the same order.
    ends: Vec<Option<RecordEnd>>,
}

struct Lifetimes {
    lines: Lines,
    bins: Vec<SimDuration>,
}

impl Azure {
    pub(super) fn open(path: &Path, names: &mut Names) -> Result<Azure, TraceError> {
        let files = Companions::of(path)?;
        let flavours = read_flavours(&files.flavours, names)?;
        let lifetimes = match &files.lifetimes {
            None => None,
            Some(path) => {
                Some(Lifetimes { lines: Lines::open(path)?, bins: read_bins(&files.intervals()?)? })
            }
        };
        Ok(Azure {
            creations: Lines::open(path)?,
            lifetimes,
            flavours,
            at: SimTime::ZERO,
            line: 0,
            batch: 0,
            waiting: Vec::new(),
            ends: Vec::new(),
        })
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.creations
    }

    pub(super) fn next(&mut self) -> Result<Option<Record>, TraceError> {
        loop {
            let end = if self.lifetimes.is_some() { self.ends.pop().flatten() } else { None };
            match self.waiting.pop() {
                Some(Some(asked)) => {
                    let end = end.unwrap_or(RecordEnd::Unknown);
                    return Ok(Some(Record::new(self.line, self.at, asked, self.batch, end)));
                }
                Some(None) => self.batch += 1,
                None => {
                    if !self.read_line()? {
                        return Ok(None);
                    }
                }
            }
        }
    }

    /// Reads the next line of both files; false at the end of both.
    fn read_line(&mut self) -> Result<bool, TraceError> {
        let more = self.creations.advance_to_data()?;
        self.line = self.creations.number();
        if more {
            let lines = &self.creations;
            let (time, items) = split_time(lines)?;
            self.at = time;
            for item in items.split(',').map(str::trim).filter(|item| !item.is_empty()) {
                let flavour = match item.as_bytes() {
                    b"|" => None,
                    [letter] if letter.is_ascii() && self.flavours[usize::from(*letter)].is_some() => {
                        self.flavours[usize::from(*letter)]
                    }
                    _ => return Err(lines.damaged(format!("unknown flavour `{}`", shown(item)))),
                };
                self.waiting.push(flavour);
            }
            self.waiting.reverse();
        }
        let Some(lifetimes) = &mut self.lifetimes else { return Ok(more) };
        match (more, lifetimes.lines.advance_to_data()?) {
            (false, false) => return Ok(false),
            (false, true) => return Err(lifetimes.lines.damaged("a line more than the trace has")),
            (true, false) => return Err(lifetimes.lines.damaged("the lifetimes end before the trace")),
            (true, true) => {}
        }
        lifetimes.read_ends(self.at, &mut self.ends)?;
        let same_layout = self.ends.len() == self.waiting.len()
            && self.ends.iter().zip(&self.waiting).all(|(end, asked)| end.is_some() == asked.is_some());
        if same_layout {
            Ok(true)
        } else {
            Err(lifetimes.lines.damaged("batches differ from the trace's line of the same time"))
        }
    }
}

impl Lifetimes {
    fn read_ends(&mut self, at: SimTime, ends: &mut Vec<Option<RecordEnd>>) -> Result<(), TraceError> {
        let lines = &self.lines;
        let (time, items) = split_time(lines)?;
        if time != at {
            return Err(lines.damaged("time differs from the trace's line of the same place"));
        }
        for item in items.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            let bad = || lines.damaged(format!("`{}` is no lifetime (U<bin>, C<bin>)", shown(item)));
            let end = match item.split_at_checked(1).ok_or_else(bad)? {
                ("|", "") => None,
                ("U", bin) => {
                    let bin: usize = bin.parse().map_err(|_| bad())?;
                    let lifetime = self
                        .bins
                        .get(bin)
                        .ok_or_else(|| lines.damaged(format!("bin {bin} is not in the interval map")))?;
                    Some(RecordEnd::After(*lifetime))
                }
                ("C", bin) if bin.parse::<u32>().is_ok() => Some(RecordEnd::Never),
                _ => return Err(bad()),
            };
            ends.push(end);
        }
        ends.reverse();
        Ok(())
    }
}

/// The files beside the one that is named.
struct Companions {
    trace: PathBuf,
    folder: PathBuf,
    version: String,
    flavours: PathBuf,
    lifetimes: Option<PathBuf>,
}

impl Companions {
    fn of(trace: &Path) -> Result<Companions, TraceError> {
        let missing = |what: String| TraceError::Companion { path: trace.to_path_buf(), what };
        let folder = match trace.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        // The trace itself first: a missing file is told as that, not as a missing companion.
        std::fs::metadata(trace).map_err(|cause| TraceError::Open { path: trace.to_path_buf(), cause })?;
        let name = trace.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let stem = unpacked_name(name).trim_end_matches(".txt");
        if let Some((window, _)) = stem.rsplit_once(".c").filter(|(window, _)| is_lifetimes_of(name, window))
        {
            return Err(missing(format!(
                "this file holds lifetimes: name {window}.txt (or .txt.zst, .txt.gz)"
            )));
        }
        let version = stem.split('.').next().unwrap_or_default().to_owned();
        let flavours = either(&folder, "flav_map.txt")
            .ok_or_else(|| missing("no flav_map.txt (sizes of the flavours) in the same folder".into()))?;
        let entries =
            std::fs::read_dir(&folder).map_err(|cause| TraceError::Open { path: folder.clone(), cause })?;
        let mut lifetimes: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|file| is_lifetimes_of(file, stem))
            .collect();
        lifetimes.sort();
        if lifetimes.len() > 1 {
            return Err(missing(format!("several files with lifetimes: {}", lifetimes.join(", "))));
        }
        let lifetimes = lifetimes.pop().map(|file| folder.join(file));
        Ok(Companions { trace: trace.to_path_buf(), folder, version, flavours, lifetimes })
    }

    fn intervals(&self) -> Result<PathBuf, TraceError> {
        let name = format!("{}.interval_map.txt", self.version);
        either(&self.folder, &name).ok_or_else(|| TraceError::Companion {
            path: self.trace.clone(),
            what: format!("no {name} (lifetime bins) in the same folder"),
        })
    }
}

/// A name without the ending of a compressed file.
fn unpacked_name(file: &str) -> &str {
    file.strip_suffix(".zst").or_else(|| file.strip_suffix(".gz")).unwrap_or(file)
}

/// True for `STEM.c<digits>.txt` and the same with `.zst` or `.gz`.
fn is_lifetimes_of(file: &str, stem: &str) -> bool {
    let Some(rest) = file.strip_prefix(stem).and_then(|rest| rest.strip_prefix(".c")) else { return false };
    let Some(digits) = unpacked_name(rest).strip_suffix(".txt") else { return false };
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn either(folder: &Path, name: &str) -> Option<PathBuf> {
    ["", ".zst", ".gz"].map(|end| folder.join(format!("{name}{end}"))).into_iter().find(|path| path.is_file())
}

fn split_time(lines: &Lines) -> Result<(SimTime, &str), TraceError> {
    let text = lines.text()?.trim();
    let (time, items) = text.split_once(' ').unwrap_or((text, ""));
    let at = micros(time).ok_or_else(|| lines.damaged("does not begin with a time in seconds"))?;
    Ok((SimTime(at), items))
}

fn read_flavours(path: &Path, names: &mut Names) -> Result<[Option<u32>; 128], TraceError> {
    let mut flavours = [None; 128];
    let mut lines = Lines::open(path)?;
    while lines.advance_to_data()? {
        let parsed = (|| {
            let (size, letter) = lines.text().ok()?.trim().split_once(' ')?;
            let (vcpu, gib) = size.split_once(',')?;
            let [letter] = letter.trim().as_bytes() else { return None };
            let cpu_milli = (number(vcpu, 100_000.0)? * 1_000.0).round() as u32;
            let memory_mib = (number(gib, 1_000_000.0)? * 1_024.0).round() as u32;
            let sound = letter.is_ascii_alphabetic() && cpu_milli > 0 && memory_mib > 0;
            sound.then_some((*letter, Asked::Size { cpu_milli, memory_mib }))
        })();
        let Some((letter, size)) = parsed else {
            return Err(lines.damaged("not of the form `vCPU,GiB letter`"));
        };
        flavours[usize::from(letter)] = Some(names.asked.place(&size));
    }
    Ok(flavours)
}

/// The lifetime that stands for each bin: midway between the first and the last lifetime that the map puts into it.
/// Bin 0 holds what was created and deleted within one step of the clock; it gets half a step.
fn read_bins(path: &Path) -> Result<Vec<SimDuration>, TraceError> {
    let mut lines = Lines::open(path)?;
    let mut ranges: Vec<(u64, u64)> = Vec::new();
    let mut step = None;
    while lines.advance_to_data()? {
        let parsed = (|| {
            let (lifetime, bin) = lines.text().ok()?.trim().split_once(' ')?;
            Some((micros(lifetime)?, bin.trim().parse::<usize>().ok()?))
        })();
        let Some((lifetime, bin)) = parsed else {
            return Err(lines.damaged("not of the form `seconds bin`"));
        };
        if lifetime > 0 && step.is_none() {
            step = Some(lifetime);
        }
        match ranges.len() {
            count if bin == count => ranges.push((lifetime, lifetime)),
            count if bin + 1 == count && ranges[bin].1 <= lifetime => ranges[bin].1 = lifetime,
            _ => return Err(lines.damaged("bins must rise by one, and lifetimes too")),
        }
    }
    Ok(ranges
        .into_iter()
        .map(|(first, last)| match first + last {
            0 => SimDuration(step.unwrap_or(0) / 2),
            sum => SimDuration(sum / 2),
        })
        .collect())
}

/// A piece of a damaged line, short enough for a message.
fn shown(item: &str) -> String {
    item.chars().take(20).collect()
}
