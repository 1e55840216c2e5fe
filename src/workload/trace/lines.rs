//! Lines of a plain, gzip- or zstd-compressed file, one at a time, with their numbers.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::TraceError;

/// The longest line that is read. A line beyond it is damage, not data, and must not fill the memory.
const LONGEST: u64 = 1 << 20;
/// How every zstd frame begins.
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How every gzip member begins.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// Bytes that are read at a time.
const BUFFER: usize = 1 << 16;

/// Opens a file for reading, unpacked; compression is told by its first bytes, not by its name.
pub(crate) fn open_unpacked(path: &Path) -> Result<Box<dyn BufRead + Send>, TraceError> {
    let failed = |cause| TraceError::Open { path: path.to_path_buf(), cause };
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(failed(io::ErrorKind::IsADirectory.into()));
    }
    unpacked(BufReader::with_capacity(BUFFER, file)).map_err(failed)
}

/// Unpacks what is read, if it is packed.
fn unpacked(mut plain: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let begin = plain.fill_buf()?;
    Ok(if begin.starts_with(&ZSTD_MAGIC) {
        let unpacked = zstd::stream::read::Decoder::with_buffer(plain)?;
        Box::new(BufReader::with_capacity(BUFFER, unpacked))
    } else if begin.starts_with(&GZIP_MAGIC) {
        // Several members in a row are one file, as gzip itself has it.
        Box::new(BufReader::with_capacity(BUFFER, flate2::bufread::MultiGzDecoder::new(plain)))
    } else {
        Box::new(plain)
    })
}

/// A temporary unpacked copy of a file that does not begin with `magic`; none when it does. For formats that are read from
/// several places of the file.
pub(super) fn unpacked_copy(
    path: &Path,
    magic: &[u8],
) -> Result<Option<tempfile::NamedTempFile>, TraceError> {
    let failed = |cause| TraceError::Open { path: path.to_path_buf(), cause };
    let mut begin = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(magic.len() as u64).read_to_end(&mut begin).map_err(failed)?;
    if begin == magic {
        return Ok(None);
    }
    let mut input = open_unpacked(path)?;
    let copied = (|| {
        let mut copy = tempfile::NamedTempFile::new()?;
        io::copy(&mut input, &mut copy)?;
        Ok(copy)
    })();
    copied.map(Some).map_err(|cause| TraceError::Spill { path: path.to_path_buf(), cause })
}

/// Reads lines; knows the file's name and the number of the current line, for errors.
pub(crate) struct Lines {
    path: PathBuf,
    input: Box<dyn BufRead + Send>,
    number: u64,
    bytes: Vec<u8>,
}

impl Lines {
    /// Opens a file; compression is told by its first bytes, not by its name.
    pub(crate) fn open(path: &Path) -> Result<Lines, TraceError> {
        let input = open_unpacked(path)?;
        Ok(Lines { path: path.to_path_buf(), input, number: 0, bytes: Vec::new() })
    }

    /// Lines of a content that was read already; `path` is for messages.
    pub(crate) fn of(path: &Path, content: Vec<u8>) -> Result<Lines, TraceError> {
        let failed = |cause| TraceError::Open { path: path.to_path_buf(), cause };
        let input = unpacked(io::Cursor::new(content)).map_err(failed)?;
        Ok(Lines { path: path.to_path_buf(), input, number: 0, bytes: Vec::new() })
    }

    /// Goes to the next line; false at the end of the file.
    pub(crate) fn advance(&mut self) -> Result<bool, TraceError> {
        self.bytes.clear();
        self.number += 1;
        let read = (&mut self.input).take(LONGEST).read_until(b'\n', &mut self.bytes);
        let read =
            read.map_err(|cause| TraceError::Read { path: self.path.clone(), line: self.number, cause })?;
        if read as u64 == LONGEST && self.bytes.last() != Some(&b'\n') {
            return Err(self.damaged("line longer than 1 MiB"));
        }
        while matches!(self.bytes.last(), Some(b'\n' | b'\r')) {
            self.bytes.pop();
        }
        Ok(read > 0)
    }

    /// The current line, without its end.
    pub(crate) fn text(&self) -> Result<&str, TraceError> {
        std::str::from_utf8(&self.bytes).map_err(|_| self.damaged("not UTF-8 text"))
    }

    /// Goes to the next line that holds data: not blank, not a `#` comment.
    pub(crate) fn advance_to_data(&mut self) -> Result<bool, TraceError> {
        while self.advance()? {
            if !matches!(self.bytes.trim_ascii_start().first(), None | Some(b'#')) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The error for the current line.
    pub(crate) fn damaged(&self, what: impl Into<String>) -> TraceError {
        let mut text: String = String::from_utf8_lossy(&self.bytes).chars().take(TEXT_SHOWN + 1).collect();
        if text.chars().count() > TEXT_SHOWN {
            text.pop();
            text.push('…');
        }
        TraceError::Damaged { path: self.path.clone(), line: self.number, what: what.into(), text }
    }

    /// Number of the current line, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }
}

/// How many characters of a damaged line an error shows.
const TEXT_SHOWN: usize = 120;

/// Reads a count or an amount such as `12` or `1.75`; not negative, not beyond `limit`.
pub(crate) fn number(text: &str, limit: f64) -> Option<f64> {
    let value: f64 = text.trim().parse().ok()?;
    (value >= 0.0 && value <= limit).then_some(value)
}

/// Reads seconds, with decimals to the microsecond, into microseconds (exactly, while plain decimals are used).
pub(crate) fn micros(text: &str) -> Option<u64> {
    let text = text.trim();
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !whole.is_empty() && digits(whole) && digits(decimals) && decimals.len() <= 6 {
        let mut fraction: u64 = if decimals.is_empty() { 0 } else { decimals.parse().ok()? };
        for _ in decimals.len()..6 {
            fraction *= 10;
        }
        let micros = whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)?;
        return (micros <= LATEST_MICROS).then_some(micros);
    }
    number(text, LATEST_MICROS as f64 / 1e6).map(|secs| (secs * 1e6).round() as u64)
}

/// No trace reaches beyond 30,000 years.
const LATEST_MICROS: u64 = 1_000_000_000_000 * 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_read_exactly() {
        assert_eq!(micros("194.0"), Some(194_000_000));
        assert_eq!(micros("0.000001"), Some(1));
        assert_eq!(micros("12."), Some(12_000_000));
        assert_eq!(micros("1e3"), Some(1_000_000_000));
        assert_eq!(micros("0.1234567"), Some(123_457));
        for bad in ["", "-1", "x", "nan", "inf", "1e40", "99999999999999999999", ".5.", "1_000"] {
            assert_eq!(micros(bad), None, "{bad}");
        }
    }

    #[test]
    fn long_lines_and_broken_text_are_damage() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("long");
        std::fs::write(&path, vec![b'a'; (LONGEST + 10) as usize]).expect("written");
        let error = Lines::open(&path).and_then(|mut lines| lines.advance()).expect_err("too long");
        assert!(error.to_string().contains(":1: line longer than 1 MiB"), "{error}");
        assert!(error.to_string().len() < 600, "{error}");

        std::fs::write(&path, b"ok\n\xff\n").expect("written");
        let mut lines = Lines::open(&path).expect("opens");
        assert!(lines.advance().expect("first") && lines.text().is_ok());
        assert!(lines.advance().expect("second"));
        assert!(lines.text().expect_err("not text").to_string().contains(":2: not UTF-8 text"));
    }

    #[test]
    fn a_directory_or_a_cut_archive_is_an_error() {
        let dir = tempfile::tempdir().expect("temporary directory");
        assert!(matches!(Lines::open(dir.path()), Err(TraceError::Open { .. })));
        let path = dir.path().join("cut.zst");
        for packed in [zstd(&b"one\ntwo\n".repeat(2_000)), gzip(&b"one\ntwo\n".repeat(2_000))] {
            std::fs::write(&path, &packed[..packed.len() / 2]).expect("written");
            let mut lines = Lines::open(&path).expect("opens");
            let end = loop {
                match lines.advance() {
                    Ok(true) => {}
                    other => break other,
                }
            };
            assert!(matches!(end, Err(TraceError::Read { .. })), "{end:?}");
        }
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 1).expect("packed")
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        use std::io::Write as _;
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(text).expect("packed");
        packer.finish().expect("packed")
    }

    #[test]
    fn packed_files_are_read_as_they_are_whatever_their_name() {
        let dir = tempfile::tempdir().expect("temporary directory");
        let path = dir.path().join("trace.csv");
        // Two members or frames in a row are one file.
        let twice = |part: Vec<u8>| [part.clone(), part].concat();
        for bytes in [b"a\nb\na\nb\n".to_vec(), twice(zstd(b"a\nb\n")), twice(gzip(b"a\nb\n"))] {
            std::fs::write(&path, bytes).expect("written");
            let mut lines = Lines::open(&path).expect("opens");
            let mut read = Vec::new();
            while lines.advance().expect("sound") {
                read.push(lines.text().expect("text").to_owned());
            }
            assert_eq!((read.join(" "), lines.number()), ("a b a b".to_owned(), 5));
        }
    }
}
