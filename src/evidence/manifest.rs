//! The manifest of an output folder: every file with its length and hash.

use std::fs;
use std::io;
use std::path::Path;

use serde::Serialize;

use crate::sim::RunInfo;

/// Name of the manifest in its folder.
pub const MANIFEST: &str = "manifest.json";

/// What a folder holds.
#[derive(Clone, Debug, Serialize)]
pub struct Manifest<'a> {
    /// `packyard-manifest/1`.
    pub schema: &'static str,
    /// The run.
    pub run: &'a RunInfo,
    /// The files in the order of their names, the manifest itself left out.
    pub files: Vec<FileEntry>,
}

/// One file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FileEntry {
    /// Its name, with `/` where it lies deeper.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 hash of its content, in hexadecimal.
    pub blake3: String,
}

impl<'a> Manifest<'a> {
    /// Reads every file of `folder`.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of(folder: &Path, run: &'a RunInfo) -> io::Result<Manifest<'a>> {
        let mut files = Vec::new();
        collect(folder, "", &mut files)?;
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Manifest { schema: "packyard-manifest/1", run, files })
    }

    /// The manifest as pretty JSON with a final newline.
    pub fn json(&self) -> String {
        serde_json::to_string_pretty(self).expect("a manifest has only plain values") + "\n"
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<FileEntry>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else if name != MANIFEST {
            let mut hasher = blake3::Hasher::new();
            let bytes = io::copy(&mut fs::File::open(entry.path())?, &mut hasher)?;
            files.push(FileEntry { name, bytes, blake3: hasher.finalize().to_hex().to_string() });
        }
    }
    Ok(())
}
