//! Histograms on disk, in the formats of the HdrHistogram family: the interval log (`.hlog`, V2 with deflate) and the
//! percentile distribution as text (`.hgrm`). Other tools of that family read both.
//!
//! Logs of several shards, runs or machines are merged by [`read_log`] into one map: histograms add up exactly, and
//! percentiles are taken from the sum, never averaged.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use base64::Engine as _;
use flate2::{Compress, Compression, FlushCompress};
use hdrhistogram::serialization::interval_log::{
    IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, Tag,
};
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use hdrhistogram::{Counter, Histogram};

use super::intervals::{histogram, merge};
use crate::model::{SimTime, Utc};

/// The compressed V2 form. It is that of `hdrhistogram`'s own serializer, but fast: one compressor for all histograms
/// (setting one up costs more than using it), at its lowest level.
struct Deflated {
    plain: V2Serializer,
    bytes: Vec<u8>,
    packed: Vec<u8>,
    zlib: Compress,
}

/// First word of the compressed V2 form.
const COOKIE: u32 = 0x1c84_9304 | 0x10;

impl Deflated {
    fn new() -> Deflated {
        let zlib = Compress::new(Compression::fast(), true);
        Deflated { plain: V2Serializer::new(), bytes: Vec::new(), packed: Vec::new(), zlib }
    }
}

impl Serializer for Deflated {
    type SerializeError = String;

    fn serialize<T: Counter, W: Write>(
        &mut self,
        histogram: &Histogram<T>,
        out: &mut W,
    ) -> Result<usize, String> {
        self.bytes.clear();
        self.plain.serialize(histogram, &mut self.bytes).map_err(|error| error.to_string())?;
        self.packed.clear();
        // Deflate adds at most five bytes for each block that does not shrink, beside the frame of zlib.
        self.packed.reserve(self.bytes.len() + self.bytes.len() / 1_000 + 64);
        self.zlib.reset();
        let ended = self.zlib.compress_vec(&self.bytes, &mut self.packed, FlushCompress::Finish);
        match ended {
            Ok(flate2::Status::StreamEnd) => {}
            other => return Err(format!("deflate: {other:?}")),
        }
        let length = u32::try_from(self.packed.len()).map_err(|error| error.to_string())?;
        let head = [COOKIE.to_be_bytes(), length.to_be_bytes()].concat();
        out.write_all(&head).and_then(|()| out.write_all(&self.packed)).map_err(|error| error.to_string())?;
        Ok(head.len() + self.packed.len())
    }
}

/// Writes an interval log. The first error is kept and told by [`HistogramLog::finish`].
pub struct HistogramLog<W: Write> {
    out: W,
    serializer: Deflated,
    failed: Option<io::Error>,
}

impl<W: Write> HistogramLog<W> {
    /// Begins a log of values in `unit`, for a run that starts at this date. Times of intervals are virtual time.
    pub fn new(out: W, unit: &str, start: Utc) -> HistogramLog<W> {
        HistogramLog::of_clock(out, unit, "virtual seconds", start)
    }

    /// Begins a log whose times of intervals are of another clock, such as `seconds of wall time`.
    pub fn of_clock(out: W, unit: &str, clock: &str, start: Utc) -> HistogramLog<W> {
        let mut log = HistogramLog { out, serializer: Deflated::new(), failed: None };
        let head = format!(
            "#[Histogram log format version 1.3]\n\
             #[packyard {}: values in {unit}; a tag for each histogram; times in {clock}]\n\
             #[StartTime: {start}.000 (seconds since epoch)]\n\
             #[BaseTime: {start}.000 (seconds since epoch)]\n\
             \"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n",
            env!("CARGO_PKG_VERSION"),
            start = start.0,
        );
        log.failed = log.out.write_all(head.as_bytes()).err();
        log
    }

    /// Writes one histogram of the interval `from..to`.
    pub fn write(&mut self, tag: &str, from: SimTime, to: SimTime, histogram: &Histogram<u64>) {
        if self.failed.is_some() {
            return;
        }
        let tag: String =
            tag.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        let span = |time: SimTime| Duration::from_micros(time.0);
        let written = IntervalLogWriterBuilder::new()
            .begin_log_with(&mut self.out, &mut self.serializer)
            .map_err(|error| error.to_string())
            .and_then(|mut line| {
                line.write_histogram(histogram, span(from), span(to) - span(from.min(to)), Tag::new(&tag))
                    .map_err(|error| error.to_string())
            });
        self.failed = written.err().map(io::Error::other);
    }

    /// Ends the log.
    ///
    /// # Errors
    /// The first error of any write.
    pub fn finish(mut self) -> io::Result<W> {
        match self.failed {
            Some(error) => Err(error),
            None => self.out.flush().map(|()| self.out),
        }
    }
}

impl<W: Write> std::fmt::Debug for HistogramLog<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistogramLog").field("failed", &self.failed).finish_non_exhaustive()
    }
}

/// Why an interval log cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A line is not of the format.
    #[error("record {record} of the histogram log is damaged: {what}")]
    Damaged {
        /// Number of the record, from 1.
        record: usize,
        /// What is wrong.
        what: String,
    },
}

/// Adds all intervals of a log to the histograms of `sum`, by tag (none: the empty text). Called for one log after
/// another, it merges them. The number of intervals read.
///
/// # Errors
/// When a line is damaged; `sum` then has what came before it.
pub fn read_log(log: &[u8], sum: &mut BTreeMap<String, Histogram<u64>>) -> Result<usize, LogError> {
    let mut reader = Deserializer::new();
    let mut intervals = 0;
    for (at, entry) in IntervalLogIterator::new(log).enumerate() {
        let damaged = |what: String| LogError::Damaged { record: at + 1, what };
        let entry = entry.map_err(|error| damaged(format!("{error:?}")))?;
        let LogEntry::Interval(interval) = entry else { continue };
        let bytes = base64::engine::general_purpose::STANDARD
            .decode(interval.encoded_histogram())
            .map_err(|error| damaged(error.to_string()))?;
        let one: Histogram<u64> =
            reader.deserialize(&mut bytes.as_slice()).map_err(|error| damaged(error.to_string()))?;
        let tag = interval.tag().map_or_else(String::new, |tag| tag.as_str().to_owned());
        merge(sum.entry(tag).or_insert_with(histogram), &one);
        intervals += 1;
    }
    Ok(intervals)
}

/// The percentile distribution in the text form that HDR plotters read (`.hgrm`).
pub fn distribution(histogram: &Histogram<u64>) -> String {
    let mut text =
        format!("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    let mut total = 0;
    for value in histogram.iter_quantiles(5) {
        let quantile = value.quantile_iterated_to();
        total += value.count_since_last_iteration();
        let shown = value.value_iterated_to() as f64;
        let _ = if quantile < 1.0 {
            let inverse = 1.0 / (1.0 - quantile);
            writeln!(text, "{shown:>12.3} {quantile:>14.12} {total:>10} {inverse:>14.2}")
        } else {
            writeln!(text, "{shown:>12.3} {quantile:>14.12} {total:>10}")
        };
    }
    let (mean, deviation) = (histogram.mean(), histogram.stdev());
    let (max, count) = (histogram.max() as f64, histogram.len());
    let (buckets, sub) = (histogram.buckets(), histogram.distinct_values());
    let _ = writeln!(text, "#[Mean    = {mean:12.3}, StdDeviation   = {deviation:12.3}]");
    let _ = writeln!(text, "#[Max     = {max:12.3}, Total count    = {count:12}]");
    let _ = writeln!(text, "#[Buckets = {buckets:12}, SubBuckets     = {sub:12}]");
    text
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "a log of one range")]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = u64>) -> Histogram<u64> {
        let mut one = histogram();
        values.into_iter().for_each(|value| one.record(value).unwrap());
        one
    }

    #[test]
    fn logs_of_several_runs_merge_into_the_histogram_of_all_values() {
        let log = |parts: &[std::ops::Range<u64>]| {
            let mut log = HistogramLog::new(Vec::new(), "microseconds", Utc(1_567_382_400));
            for (at, part) in parts.iter().enumerate() {
                let from = SimTime(at as u64 * 10_000_000);
                log.write(
                    "request to running.created",
                    from,
                    SimTime(from.0 + 10_000_000),
                    &of(part.clone()),
                );
            }
            log.finish().unwrap()
        };
        let (first, second) = (log(&[1..4_000, 4_000..70_000]), log(&[70_000..900_000]));
        let mut sum = BTreeMap::new();
        assert_eq!(read_log(&first, &mut sum).unwrap(), 2);
        assert_eq!(read_log(&second, &mut sum).unwrap(), 1);
        assert_eq!(sum.keys().collect::<Vec<_>>(), ["request-to-running.created"]);
        let (merged, all) = (&sum["request-to-running.created"], of(1..900_000));
        assert_eq!(merged.len(), all.len());
        for quantile in [0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999, 1.0] {
            assert_eq!(merged.value_at_quantile(quantile), all.value_at_quantile(quantile));
        }
    }

    #[test]
    fn a_damaged_log_is_told_where() {
        let mut log = HistogramLog::new(Vec::new(), "nanoseconds", Utc(0));
        log.write("a", SimTime(0), SimTime(1_000_000), &of(1..10));
        log.write("b", SimTime(0), SimTime(1_000_000), &of(1..10));
        let mut bytes = log.finish().unwrap();
        let at = bytes.len() - 20;
        bytes[at] = b'!';
        let mut sum = BTreeMap::new();
        let LogError::Damaged { record, .. } = read_log(&bytes, &mut sum).unwrap_err();
        assert!(record >= 2, "{record}");
        assert_eq!(sum["a"].len(), 9);
    }

    #[test]
    fn a_distribution_ends_with_all_values() {
        let text = distribution(&of(1..=1_000));
        let last = text.lines().rfind(|line| !line.starts_with('#')).unwrap();
        assert_eq!(last.split_whitespace().collect::<Vec<_>>(), ["1000.000", "1.000000000000", "1000"]);
        assert!(text.contains("#[Max     =     1000.000, Total count    =         1000]"), "{text}");
    }
}
