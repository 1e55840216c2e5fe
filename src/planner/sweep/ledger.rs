//! The ledger of a sweep: a folder with the sweep's description and append-only files of JSON lines, one a run.
//!
//! A line ends with a check sum of what stands before it, and is written in one piece and flushed to the disk before
//! the run counts as done. A process that is killed leaves at most one torn line at the end of its file, which is cut
//! off when the file is opened again. Any number of files may lie beside one another: each shard writes its own, and a
//! run that stands in any of them is done.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::planner::trial::Figures;

use super::SweepError;

/// Name of the description.
const DESCRIPTION: &str = "sweep.json";
/// Hexadecimal digits of a check sum.
const DIGITS: usize = 16;

/// What a sweep is: enough to gather its runs without the manifest.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Description {
    /// `packyard-sweep/1`.
    pub schema: String,
    /// Identity: a hash of the version, the scenario, its traces, all points and seeds.
    pub sweep: String,
    /// Version of Packyard.
    pub version: String,
    /// Name.
    pub name: String,
    /// Name of the scenario.
    pub scenario: String,
    /// Keys that vary.
    pub keys: Vec<String>,
    /// Points: one text a key.
    pub points: Vec<Vec<String>>,
    /// Seeds of every point.
    pub seeds: Vec<u64>,
}

impl Description {
    /// Number of runs.
    pub fn runs(&self) -> u64 {
        self.points.len() as u64 * self.seeds.len() as u64
    }
}

/// One run, as its line says it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Identity of the sweep.
    pub sweep: String,
    /// Number of the run: point times seeds, plus the place of the seed.
    pub run: u64,
    /// Number of the point.
    pub point: u64,
    /// Seed.
    pub seed: u64,
    /// Key and value of each axis.
    pub settings: BTreeMap<String, String>,
    /// What came out.
    pub figures: Figures,
    /// The scenario's objectives: value, and whether it holds.
    pub objectives: BTreeMap<String, (f64, bool)>,
}

impl Line {
    /// The line with its check sum and line end.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string(self).expect("a line has only plain values");
        let sum = check_sum(&text);
        text.pop();
        text.push_str(&format!(",\"check\":\"{sum}\"}}\n"));
        text
    }

    /// Reads a line; none when it is damaged.
    pub fn read(text: &str) -> Option<Line> {
        let body = text.strip_suffix("\"}")?;
        let (body, sum) = body.split_at_checked(body.len().checked_sub(DIGITS)?)?;
        let body = format!("{}}}", body.strip_suffix(",\"check\":\"")?);
        if check_sum(&body) != sum {
            return None;
        }
        serde_json::from_str(&body).ok()
    }
}

fn check_sum(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..DIGITS].to_owned()
}

/// Everything that the files of a folder say.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Found {
    /// Runs that are done, by number.
    pub lines: BTreeMap<u64, Line>,
    /// Lines that are damaged, as file and number; their runs count as not done.
    pub damaged: Vec<(PathBuf, usize)>,
}

/// The folder of a sweep.
#[derive(Clone, Debug)]
pub struct Ledger {
    folder: PathBuf,
    description: Description,
}

impl Ledger {
    /// Makes the folder of a sweep, or opens it when it is that of the same sweep.
    ///
    /// # Errors
    /// A folder that cannot be written, or that belongs to another sweep.
    pub fn create(folder: &Path, description: Description) -> Result<Ledger, SweepError> {
        let place = folder.join(DESCRIPTION);
        let io = |error| SweepError::io(&place, error);
        if place.exists() {
            let there = Ledger::open(folder)?;
            if there.description != description {
                return Err(SweepError::OtherSweep { folder: folder.to_owned() });
            }
            return Ok(there);
        }
        fs::create_dir_all(folder).map_err(io)?;
        let text = serde_json::to_string_pretty(&description).expect("a description has only plain values");
        // Shards that begin at the same moment write the same bytes: whose rename comes last does not matter.
        let beside = folder.join(format!(".{DESCRIPTION}.{}", std::process::id()));
        let mut file = File::create(&beside).map_err(io)?;
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(io)?;
        fs::rename(&beside, &place).map_err(io)?;
        Ok(Ledger { folder: folder.to_owned(), description })
    }

    /// Opens the folder of a sweep.
    ///
    /// # Errors
    /// A folder without a sweep.
    pub fn open(folder: &Path) -> Result<Ledger, SweepError> {
        let place = folder.join(DESCRIPTION);
        let text = fs::read_to_string(&place).map_err(|error| SweepError::io(&place, error))?;
        let description = serde_json::from_str(&text)
            .map_err(|error| SweepError::Damaged { path: place, what: error.to_string() })?;
        Ok(Ledger { folder: folder.to_owned(), description })
    }

    /// What the sweep is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Reads all files of the folder.
    ///
    /// # Errors
    /// A file that cannot be read, a line of another sweep, or two lines that give one run different results.
    pub fn read(&self) -> Result<Found, SweepError> {
        let mut names: Vec<PathBuf> = fs::read_dir(&self.folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
            .map_err(|error| SweepError::io(&self.folder, error))?;
        names.retain(|path| path.extension().is_some_and(|end| end == "jsonl"));
        names.sort();
        let mut found = Found::default();
        for path in names {
            let text = fs::read(&path).map_err(|error| SweepError::io(&path, error))?;
            self.read_lines(&path, &String::from_utf8_lossy(&text), &mut found)?;
        }
        Ok(found)
    }

    fn read_lines(&self, path: &Path, text: &str, found: &mut Found) -> Result<(), SweepError> {
        for (number, piece) in text.split_inclusive('\n').enumerate() {
            let Some(whole) = piece.strip_suffix('\n') else { break }; // torn: its run is not done
            let Some(line) = Line::read(whole) else {
                found.damaged.push((path.to_owned(), number + 1));
                continue;
            };
            if line.sweep != self.description.sweep || line.run >= self.description.runs() {
                let what = format!("line {} is of another sweep", number + 1);
                return Err(SweepError::Damaged { path: path.to_owned(), what });
            }
            match found.lines.get(&line.run) {
                Some(other) if *other != line => {
                    let what = format!("line {} gives run {} another result", number + 1, line.run);
                    return Err(SweepError::Damaged { path: path.to_owned(), what });
                }
                Some(_) => {}
                None => {
                    found.lines.insert(line.run, line);
                }
            }
        }
        Ok(())
    }

    /// Opens the file of one writer, cuts a torn line off, and keeps others out.
    ///
    /// # Errors
    /// A file that cannot be written, or that another process writes.
    pub fn writer(&self, name: &str) -> Result<Writer, SweepError> {
        let path = self.folder.join(format!("{name}.jsonl"));
        let io = |error| SweepError::io(&path, error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SweepError::Busy { path }),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        if whole < bytes.len() {
            file.set_len(whole as u64).and_then(|()| file.seek(SeekFrom::End(0))).map_err(io)?;
        }
        Ok(Writer { path, file: Mutex::new(file) })
    }
}

/// The file of one writer.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: Mutex<File>,
}

impl Writer {
    /// Writes a line; it is on the disk when this returns.
    ///
    /// # Errors
    /// A full disk, or the like.
    pub fn write(&self, line: &Line) -> Result<(), SweepError> {
        let mut file = self.file.lock();
        file.write_all(line.text().as_bytes())
            .and_then(|()| file.sync_data())
            .map_err(|error| SweepError::io(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description() -> Description {
        Description {
            schema: "packyard-sweep/1".into(),
            sweep: "abc".into(),
            version: "0".into(),
            name: "n".into(),
            scenario: "s".into(),
            keys: vec!["k".into()],
            points: vec![vec!["1".into()], vec!["2".into()]],
            seeds: vec![1, 2],
        }
    }

    fn line(run: u64) -> Line {
        let figures = Figures { rejection_rate: 0.1 + 0.2, requests: run, ..Figures::default() };
        Line {
            sweep: "abc".into(),
            run,
            point: run / 2,
            seed: run % 2 + 1,
            settings: [("k".to_owned(), "1".to_owned())].into(),
            figures,
            objectives: [("rejection rate".to_owned(), (1.0 / 3.0, true))].into(),
        }
    }

    #[test]
    fn a_line_reads_back_exactly_and_any_damage_shows() {
        let text = line(3).text();
        let whole = text.strip_suffix('\n').unwrap();
        assert_eq!(Line::read(whole), Some(line(3)));
        for at in 0..whole.len() {
            let mut bytes = whole.as_bytes().to_vec();
            bytes[at] ^= 1;
            let changed = String::from_utf8_lossy(&bytes).into_owned();
            assert_eq!(Line::read(&changed), None, "{changed}");
            assert_eq!(Line::read(&whole[..at]), None, "torn at {at}");
        }
    }

    #[test]
    fn a_torn_line_is_cut_off_and_a_damaged_one_does_not_count() {
        let root = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(root.path(), description()).unwrap();
        let writer = ledger.writer("runs-1-of-2").unwrap();
        writer.write(&line(0)).unwrap();
        writer.write(&line(2)).unwrap();
        assert!(matches!(ledger.writer("runs-1-of-2"), Err(SweepError::Busy { .. })));
        drop(writer);
        let path = root.path().join("runs-1-of-2.jsonl");
        let torn = line(1).text();
        for keep in [1, 40, torn.len() - 1] {
            let mut file = OpenOptions::new().append(true).open(&path).unwrap();
            file.write_all(&torn.as_bytes()[..keep]).unwrap();
            drop(file);
            let found = ledger.read().unwrap();
            assert_eq!(found.lines.keys().copied().collect::<Vec<_>>(), [0, 2]);
            assert!(found.damaged.is_empty());
            drop(ledger.writer("runs-1-of-2").unwrap());
        }
        let writer = ledger.writer("runs-1-of-2").unwrap();
        writer.write(&line(1)).unwrap();
        assert_eq!(ledger.read().unwrap().lines.len(), 3);

        let mut text = fs::read_to_string(&path).unwrap();
        text = text.replacen("\"run\":2", "\"run\":3", 1);
        fs::write(&path, &text).unwrap();
        let found = ledger.read().unwrap();
        assert_eq!((found.lines.len(), found.damaged.len()), (2, 1));
        assert_eq!(found.damaged[0].1, 2);
    }

    #[test]
    fn another_sweep_and_two_results_for_one_run_are_refused() {
        let root = tempfile::tempdir().unwrap();
        let ledger = Ledger::create(root.path(), description()).unwrap();
        assert!(Ledger::create(root.path(), description()).is_ok());
        let other = Description { sweep: "abd".into(), ..description() };
        assert!(matches!(Ledger::create(root.path(), other), Err(SweepError::OtherSweep { .. })));
        ledger.writer("a").unwrap().write(&line(1)).unwrap();
        ledger.writer("b").unwrap().write(&line(1)).unwrap();
        assert_eq!(ledger.read().unwrap().lines.len(), 1, "the same twice is no harm");
        let mut wrong = line(1);
        wrong.figures.requests = 99;
        ledger.writer("c").unwrap().write(&wrong).unwrap();
        assert!(matches!(ledger.read(), Err(SweepError::Damaged { .. })));
    }
}
