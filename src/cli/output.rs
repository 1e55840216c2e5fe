//! Output that is whole or not there: standard output that may be closed, folders that appear by a rename.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempDir};

use super::CliError;

/// Writes `text` to standard output. A reader that has gone (a closed pipe) is no error.
///
/// # Errors
/// When standard output cannot be written, for example to a full disk.
pub(super) fn print(text: &str) -> Result<(), CliError> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(CliError::new(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Writes one file by way of a hidden one beside it: it is whole or not there.
///
/// # Errors
/// When it cannot be written in full; what stood there before is then still there.
pub(super) fn whole_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let write = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut building = tempfile::Builder::new();
        building.prefix(".packyard-");
        // Temporary files are private to the user; results get the mode of any new file.
        #[cfg(unix)]
        building.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = building.tempfile_in(parent)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)
    };
    write().map(|_| ()).map_err(|error| CliError::new(format!("cannot write {}: {error}", path.display())))
}

/// The hidden folders that are being built now.
static UNDER_WAY: parking_lot::Mutex<Vec<PathBuf>> = parking_lot::Mutex::new(Vec::new());

/// Removes what is half-built, for a program that ends at once.
pub(super) fn abandon() {
    for folder in UNDER_WAY.lock().drain(..) {
        let _ = fs::remove_dir_all(folder);
    }
}

/// A folder of results under construction: a hidden sibling of its final place, renamed when complete, and
/// removed when the program ends before that.
pub(super) struct OutDir {
    building: TempDir,
    target: PathBuf,
}

impl OutDir {
    /// Begins the folder `target`. An existing one is refused unless `force`, and then replaced at the end.
    ///
    /// # Errors
    /// When `target` exists and `force` is off, or its parent cannot be written.
    pub(super) fn create(target: &Path, force: bool) -> Result<OutDir, CliError> {
        let shown = target.display();
        if target.exists() && !force {
            return Err(CliError::new(format!("{shown} exists already; --force replaces it")));
        }
        if target.exists() && !target.is_dir() {
            return Err(CliError::new(format!("{shown} is a file, not a folder")));
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent)
            .and_then(|()| tempfile::Builder::new().prefix(".packyard-").tempdir_in(parent))
            .map(|building| {
                UNDER_WAY.lock().push(building.path().to_owned());
                OutDir { building, target: target.to_owned() }
            })
            .map_err(|error| CliError::new(format!("cannot create {shown}: {error}")))
    }

    /// Where the folder is being built, for what writes files of its own.
    pub(super) fn path(&self) -> &Path {
        self.building.path()
    }

    /// Writes one file of the folder and makes sure that it has reached the disk.
    ///
    /// # Errors
    /// When it cannot be written in full, for example on a full disk; the folder then never appears.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), CliError> {
        let write = || {
            let path = self.building.path().join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            let mut file = fs::File::create(path)?;
            file.write_all(bytes)?;
            file.sync_all()
        };
        write().map_err(|error| {
            CliError::new(format!("cannot write {}: {error}", self.target.join(name).display()))
        })
    }

    /// Puts the folder in its place.
    ///
    /// # Errors
    /// When the rename fails; what stood there before is then still there.
    pub(super) fn finish(self) -> Result<(), CliError> {
        let OutDir { building, target } = self;
        let fail = |error| CliError::new(format!("cannot put {} in place: {error}", target.display()));
        set_default_mode(building.path()).map_err(fail)?;
        if target.exists() {
            // The old folder moves into the hidden one and goes with it.
            let parent = building.path().parent().unwrap_or(Path::new("."));
            let old = tempfile::Builder::new().prefix(".packyard-old-").tempdir_in(parent).map_err(fail)?;
            let aside = old.path().join("replaced");
            fs::rename(&target, &aside).map_err(fail)?;
            if let Err(error) = fs::rename(building.path(), &target) {
                let _ = fs::rename(&aside, &target);
                return Err(fail(error));
            }
        } else {
            fs::rename(building.path(), &target).map_err(fail)?;
        }
        UNDER_WAY.lock().retain(|folder| folder != building.path());
        // Its content now lives under its final name: nothing is left to remove.
        let _ = building.keep();
        Ok(())
    }
}

/// A file of results under construction: a hidden sibling of its final place, renamed when complete, and removed when the
/// program ends before that.
pub(super) struct OutFile {
    building: NamedTempFile,
    target: PathBuf,
}

impl OutFile {
    /// Begins the file `target`. An existing one is refused unless `force`, and then replaced at the end.
    ///
    /// # Errors
    /// When `target` exists and `force` is off, or its folder cannot be written.
    pub(super) fn create(target: &Path, force: bool) -> Result<OutFile, CliError> {
        if target.exists() && !force {
            return Err(CliError::new(format!("{} exists already; --force replaces it", target.display())));
        }
        let folder =
            target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut building = tempfile::Builder::new();
        readable(building.prefix(".packyard-"));
        match building.tempfile_in(folder) {
            Ok(building) => Ok(OutFile { building, target: target.to_owned() }),
            Err(error) => Err(CliError::new(format!("cannot write {}: {error}", target.display()))),
        }
    }

    /// The file, for what writes into it by itself.
    pub(super) fn file(&self) -> &fs::File {
        self.building.as_file()
    }

    /// Puts the file in its place, once it has reached the disk.
    ///
    /// # Errors
    /// When it cannot be written in full or renamed; what stood there before is then still there.
    pub(super) fn finish(self) -> Result<(), CliError> {
        let OutFile { building, target } = self;
        let put = || {
            building.as_file().sync_all()?;
            building.persist(&target).map_err(|error| error.error)
        };
        put().map(drop).map_err(|error| CliError::new(format!("cannot write {}: {error}", target.display())))
    }
}

/// Temporary files are private to the user; results get the mode of any new file.
#[cfg(unix)]
fn readable(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o644));
}

#[cfg(not(unix))]
fn readable(_: &mut tempfile::Builder<'_, '_>) {}

/// Temporary folders are private to the user; results get the mode of any new folder.
#[cfg(unix)]
fn set_default_mode(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_default_mode(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_appears_whole_and_an_old_one_is_kept_unless_forced() {
        let root = tempfile::tempdir().unwrap();
        let target = root.path().join("deep/out");
        let out = OutDir::create(&target, false).unwrap();
        out.write("a.txt", b"one").unwrap();
        assert!(!target.exists(), "nothing half-written is ever visible");
        out.finish().unwrap();
        assert_eq!(fs::read(target.join("a.txt")).unwrap(), b"one");

        assert!(OutDir::create(&target, false).is_err());
        let out = OutDir::create(&target, true).unwrap();
        out.write("b.txt", b"two").unwrap();
        out.finish().unwrap();
        assert!(!target.join("a.txt").exists());
        assert_eq!(fs::read(target.join("b.txt")).unwrap(), b"two");
        assert_eq!(fs::read_dir(target.parent().unwrap()).unwrap().count(), 1, "no temporary folder is left");
    }

    #[test]
    fn an_abandoned_folder_leaves_nothing() {
        let root = tempfile::tempdir().unwrap();
        let out = OutDir::create(&root.path().join("out"), false).unwrap();
        out.write("a.txt", b"one").unwrap();
        drop(out);
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
