//! Files of checked frames: the form of journals and of snapshots.
//!
//! A file begins with twelve bytes: `packyard`, a letter for what it is, the version of its form, and a line end that
//! copying as text would break. Frames follow; the last one closes the file. A frame is
//!
//! | bytes | what |
//! |---|---|
//! | 1 | kind |
//! | 4 | number of the frame, from 0 |
//! | 4 | length of the content |
//! | 4 | length of the packed content |
//! | 16 | BLAKE3 of the file's first bytes, the four fields above and the packed content |
//! | ... | the content, packed with zstd |
//!
//! So every flipped bit, every cut, and every frame that is lost, doubled or moved is noticed, and said where.
//! Numbers are little-endian.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Bytes before the first frame.
const HEAD: usize = 12;
/// Bytes of a frame before its content.
const FRAME_HEAD: usize = 1 + 4 + 4 + 4 + CHECK;
/// Bytes of the check.
const CHECK: usize = 16;
/// No frame holds more than this: a damaged length must not fill the memory.
const LONGEST: u32 = 1 << 26;
/// How hard zstd tries: its fastest ordinary level.
const LEVEL: i32 = 1;

/// What a file is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct FileKind {
    /// In words, for errors.
    pub(crate) name: &'static str,
    /// The letter in the file.
    pub(crate) letter: u8,
    /// The version of the form that this program writes and reads.
    pub(crate) version: u8,
    /// The kind of the frame that closes a file.
    pub(crate) last: u8,
}

impl FileKind {
    fn head(self) -> [u8; HEAD] {
        let mut head = *b"packyard\0\0\r\n";
        (head[8], head[9]) = (self.letter, self.version);
        head
    }
}

/// Why a file is not what it should be.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be opened, read or written.
    #[error("cannot {doing} {}: {cause}", path.display())]
    Io {
        /// `open`, `read` or `write`.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// It is something else.
    #[error("{}: {what}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What it is, or is not.
        what: String,
    },
    /// It is cut or changed.
    #[error(transparent)]
    Damaged(Damage),
}

/// A place where a file is cut or changed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}: damaged at byte {offset} (frame {frame}): {what}", path.display())]
pub struct Damage {
    /// The file.
    pub path: PathBuf,
    /// Where the damaged frame begins.
    pub offset: u64,
    /// Its number, from 0.
    pub frame: u32,
    /// What is wrong with it.
    pub what: String,
}

/// One frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) content: Vec<u8>,
}

fn check(head: &[u8; HEAD], fields: &[u8], packed: &[u8]) -> [u8; CHECK] {
    let mut hasher = blake3::Hasher::new_derive_key("packyard frame v1");
    hasher.update(head).update(fields).update(packed);
    hasher.finalize().as_bytes()[..CHECK].try_into().expect("a hash has 32 bytes")
}

/// Writes frames to a temporary sibling of a file, which takes its place when it is whole.
pub(crate) struct FrameWriter {
    head: [u8; HEAD],
    last: u8,
    path: PathBuf,
    file: BufWriter<tempfile::NamedTempFile>,
    packer: zstd::bulk::Compressor<'static>,
    packed: Vec<u8>,
    frames: u32,
}

impl FrameWriter {
    /// Begins the file `path`.
    pub(crate) fn create(path: &Path, kind: FileKind) -> Result<FrameWriter, FileError> {
        let failed = |cause| FileError::Io { doing: "write", path: path.to_owned(), cause };
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let temporary = tempfile::Builder::new().prefix(".packyard-").tempfile_in(folder).map_err(failed)?;
        let mut file = BufWriter::with_capacity(1 << 16, temporary);
        let head = kind.head();
        file.write_all(&head).map_err(failed)?;
        let packer = zstd::bulk::Compressor::new(LEVEL).map_err(failed)?;
        let (path, packed) = (path.to_owned(), Vec::new());
        Ok(FrameWriter { head, last: kind.last, path, file, packer, packed, frames: 0 })
    }

    /// Adds a frame.
    pub(crate) fn frame(&mut self, kind: u8, content: &[u8]) -> Result<(), FileError> {
        self.add(kind, content).map_err(|cause| FileError::Io {
            doing: "write",
            path: self.path.clone(),
            cause,
        })
    }

    fn add(&mut self, kind: u8, content: &[u8]) -> io::Result<()> {
        let length = u32::try_from(content.len()).ok().filter(|length| *length <= LONGEST);
        let length = length.ok_or_else(|| io::Error::other("a frame of more than 64 MiB"))?;
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(content.len()));
        self.packer.compress_to_buffer(content, &mut self.packed)?;
        let mut fields = [kind; FRAME_HEAD - CHECK];
        fields[1..5].copy_from_slice(&self.frames.to_le_bytes());
        fields[5..9].copy_from_slice(&length.to_le_bytes());
        fields[9..13].copy_from_slice(&(self.packed.len() as u32).to_le_bytes());
        self.file.write_all(&fields)?;
        self.file.write_all(&check(&self.head, &fields, &self.packed))?;
        self.file.write_all(&self.packed)?;
        self.frames += 1;
        Ok(())
    }

    /// Adds a content of any length as frames of one kind, the last of them shorter than the longest.
    pub(crate) fn long(&mut self, kind: u8, content: &[u8]) -> Result<(), FileError> {
        let mut parts = content.chunks_exact(LONGEST as usize);
        for part in &mut parts {
            self.frame(kind, part)?;
        }
        self.frame(kind, parts.remainder())
    }

    /// Adds the last frame and puts the file in its place.
    pub(crate) fn finish(mut self, content: &[u8]) -> Result<(), FileError> {
        self.frame(self.last, content)?;
        let FrameWriter { path, file, .. } = self;
        let failed = |cause| FileError::Io { doing: "write", path: path.clone(), cause };
        let file = file.into_inner().map_err(|error| failed(error.into_error()))?;
        file.as_file().sync_all().map_err(failed)?;
        set_default_mode(file.path()).map_err(failed)?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

/// Temporary files are private to the user; results get the mode of any new file.
#[cfg(unix)]
fn set_default_mode(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_default_mode(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads and checks frames, one at a time.
pub(crate) struct FrameReader {
    head: [u8; HEAD],
    kind: FileKind,
    path: PathBuf,
    input: BufReader<File>,
    unpacker: zstd::bulk::Decompressor<'static>,
    packed: Vec<u8>,
    offset: u64,
    frames: u32,
    closed: bool,
}

impl FrameReader {
    /// Opens a file of this kind.
    pub(crate) fn open(path: &Path, kind: FileKind) -> Result<FrameReader, FileError> {
        let failed = |doing| move |cause| FileError::Io { doing, path: path.to_owned(), cause };
        let other = |what: String| FileError::Other { path: path.to_owned(), what };
        let file = File::open(path).map_err(failed("open"))?;
        if file.metadata().map_err(failed("open"))?.is_dir() {
            return Err(other(format!("is a folder, not a {}", kind.name)));
        }
        let mut input = BufReader::with_capacity(1 << 16, file);
        let mut found = Vec::new();
        (&mut input).take(HEAD as u64).read_to_end(&mut found).map_err(failed("read"))?;
        let head = kind.head();
        if found.get(..9) != Some(&head[..9]) || found.get(10..) != Some(&head[10..]) {
            return Err(other(format!("is no {} of packyard", kind.name)));
        }
        if found[9] != kind.version {
            let what = format!(
                "is a {} of version {}; this program reads version {}",
                kind.name, found[9], kind.version
            );
            return Err(other(what));
        }
        let unpacker = zstd::bulk::Decompressor::new().map_err(failed("read"))?;
        Ok(FrameReader {
            head,
            kind,
            path: path.to_owned(),
            input,
            unpacker,
            packed: Vec::new(),
            offset: HEAD as u64,
            frames: 0,
            closed: false,
        })
    }

    /// The next frame; none after the last one.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, FileError> {
        let mut fields = [0u8; FRAME_HEAD];
        let got = self.fill(&mut fields)?;
        if self.closed {
            return if got == 0 { Ok(None) } else { Err(self.damage("bytes after the end of the file")) };
        }
        match got {
            FRAME_HEAD => {}
            0 => return Err(self.damage("the file ends before its last frame")),
            _ => return Err(self.damage("the file ends within the head of a frame")),
        }
        let number =
            |at: usize| u32::from_le_bytes(fields[at..at + 4].try_into().expect("four bytes of a frame"));
        let (kind, frame, length, packed_length) = (fields[0], number(1), number(5), number(9));
        // Packing makes nothing much longer.
        if length > LONGEST || packed_length > LONGEST + (LONGEST >> 4) {
            return Err(self.damage("a length that no frame has"));
        }
        let mut packed = std::mem::take(&mut self.packed);
        packed.resize(packed_length as usize, 0);
        if self.fill(&mut packed)? < packed.len() {
            return Err(self.damage("the file ends within a frame"));
        }
        if check(&self.head, &fields[..FRAME_HEAD - CHECK], &packed) != fields[FRAME_HEAD - CHECK..] {
            return Err(self.damage("the check of the frame does not agree with its bytes"));
        }
        if frame != self.frames {
            return Err(self.damage(format!("frame {frame} is in the place of frame {}", self.frames)));
        }
        let content = self.unpacker.decompress(&packed, length as usize);
        let content = content.ok().filter(|content| content.len() == length as usize);
        let content = content.ok_or_else(|| self.damage("the content of the frame cannot be unpacked"))?;
        self.offset += (FRAME_HEAD + packed.len()) as u64;
        self.packed = packed;
        self.frames += 1;
        self.closed = kind == self.kind.last;
        Ok(Some(Frame { kind, content }))
    }

    /// Reads as many bytes as there are, at most `into` holds.
    fn fill(&mut self, into: &mut [u8]) -> Result<usize, FileError> {
        let mut got = 0;
        while got < into.len() {
            match self.input.read(&mut into[got..]) {
                Ok(0) => break,
                Ok(more) => got += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => {
                    return Err(FileError::Io { doing: "read", path: self.path.clone(), cause });
                }
            }
        }
        Ok(got)
    }

    /// The error for the frame that begins here.
    pub(crate) fn damage(&self, what: impl Into<String>) -> FileError {
        FileError::Damaged(Damage {
            path: self.path.clone(),
            offset: self.offset,
            frame: self.frames,
            what: what.into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KIND: FileKind = FileKind { name: "test file", letter: b'T', version: 3, last: 9 };

    fn file(dir: &Path, contents: &[&[u8]]) -> PathBuf {
        let path = dir.join("file");
        let mut writer = FrameWriter::create(&path, KIND).unwrap();
        for content in contents {
            writer.frame(1, content).unwrap();
        }
        writer.finish(b"the end").unwrap();
        path
    }

    fn read(path: &Path) -> Result<Vec<Frame>, FileError> {
        let mut reader = FrameReader::open(path, KIND)?;
        std::iter::from_fn(|| reader.next().transpose()).collect()
    }

    #[test]
    fn frames_come_back_and_nothing_is_left_beside() {
        let dir = tempfile::tempdir().unwrap();
        let long = vec![7u8; 100_000];
        let path = file(dir.path(), &[b"", b"one", &long]);
        let frames = read(&path).unwrap();
        assert_eq!(frames.iter().map(|frame| frame.kind).collect::<Vec<_>>(), [1, 1, 1, 9]);
        assert_eq!((&frames[2].content, &frames[3].content[..]), (&long, &b"the end"[..]));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_unfinished_file_never_appears() {
        let dir = tempfile::tempdir().unwrap();
        let mut writer = FrameWriter::create(&dir.path().join("file"), KIND).unwrap();
        writer.frame(1, b"something").unwrap();
        drop(writer);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn other_files_are_told_as_that() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for (bytes, expected) in [
            (&b""[..], "is no test file"),
            (b"packyardT", "is no test file"),
            (b"name = 1\nduration", "is no"),
        ] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        std::fs::write(&path, b"packyardT\x07\r\n").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("version 7; this program reads version 3"));
        assert!(read(dir.path()).unwrap_err().to_string().contains("folder"));
        assert!(read(&dir.path().join("none")).unwrap_err().to_string().contains("cannot open"));
    }

    #[test]
    fn frames_that_are_lost_doubled_or_moved_are_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = file(dir.path(), &[b"one", b"two", b"six"]);
        let bytes = std::fs::read(&path).unwrap();
        let size = (bytes.len() - HEAD) / 4;
        let part = |at: usize| bytes[HEAD + at * size..HEAD + (at + 1) * size].to_vec();
        let last = bytes[HEAD + 3 * size..].to_vec();
        for order in [vec![0, 2], vec![0, 0, 1, 2], vec![1, 0, 2]] {
            let mut changed = bytes[..HEAD].to_vec();
            order.into_iter().for_each(|at| changed.extend(part(at)));
            changed.extend(&last);
            std::fs::write(&path, changed).unwrap();
            assert!(matches!(read(&path), Err(FileError::Damaged(_))));
        }
    }

    proptest! {
        #[test]
        fn every_change_and_every_cut_is_noticed(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..5),
            place in any::<prop::sample::Index>(),
            bit in 0u8..8,
            more in prop::collection::vec(any::<u8>(), 1..40),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let contents: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
            let path = file(dir.path(), &contents);
            let bytes = std::fs::read(&path).unwrap();
            prop_assert!(read(&path).is_ok());

            let at = place.index(bytes.len());
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            std::fs::write(&path, flipped).unwrap();
            prop_assert!(read(&path).is_err(), "bit {bit} of byte {at}");

            std::fs::write(&path, &bytes[..at]).unwrap();
            prop_assert!(read(&path).is_err(), "cut at {at}");

            std::fs::write(&path, [&bytes[..], &more[..]].concat()).unwrap();
            prop_assert!(read(&path).is_err(), "{} bytes more", more.len());
        }
    }
}
