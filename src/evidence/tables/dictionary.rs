//! Columns of few different values, written as Parquet dictionaries from the numbers that the values already have.
//!
//! The `parquet` crate hashes and compares every value to find out which ones are equal, which takes longer than the
//! rest of a row. Here that is known: a column chunk is a dictionary page with the values that occur, in the order in
//! which they first do, and one data page of their numbers, in Parquet's hybrid of runs and packed bits.

use bytes::Bytes;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

/// A value of a dictionary.
pub(super) trait Entry: PartialOrd + Clone {
    /// Its plain form.
    fn put(&self, out: &mut Vec<u8>);
    /// Statistics of a column with these ends.
    fn statistics(ends: Option<(Self, Self)>, nulls: u64) -> Statistics;
}

impl Entry for ByteArray {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend((self.len() as u32).to_le_bytes());
        out.extend(self.data());
    }

    fn statistics(ends: Option<(ByteArray, ByteArray)>, nulls: u64) -> Statistics {
        let (low, high) = ends.unzip();
        Statistics::byte_array(low, high, None, Some(nulls), false)
    }
}

impl Entry for f64 {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }

    fn statistics(ends: Option<(f64, f64)>, nulls: u64) -> Statistics {
        let (low, high) = ends.unzip();
        Statistics::double(low, high, None, Some(nulls), false)
    }
}

/// A finished column chunk: its bytes and what the file has to know of them.
pub(super) type Chunk = (Bytes, ColumnCloseResult);

/// Encodes column chunks; keeps its memory from one to the next.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    /// Number in the chunk by number of the value, where it has one.
    local: Vec<u32>,
    used: Vec<usize>,
    numbers: Vec<u32>,
    levels: Vec<u32>,
}

const UNUSED: u32 = u32::MAX;

impl Encoder {
    /// The chunk of a column in which each row has the number of one of `values`, or none.
    ///
    /// # Errors
    /// None that a sound chunk can have.
    pub(super) fn chunk<E: Entry>(
        &mut self,
        column: ColumnDescPtr,
        rows: impl ExactSizeIterator<Item = Option<usize>>,
        values: &[E],
    ) -> Result<Chunk, ParquetError> {
        let count = rows.len();
        let optional = column.max_def_level() > 0;
        self.take(rows, values.len());
        let nulls = (count - self.numbers.len()) as u64;
        let mut data = Vec::new();
        if optional {
            data.extend([0; 4]);
            hybrid(&self.levels, 1, &mut data);
            let length = data.len() as u32 - 4;
            data[..4].copy_from_slice(&length.to_le_bytes());
        }
        // A chunk of nothing needs no dictionary.
        let encoding = if self.used.is_empty() { Encoding::PLAIN } else { Encoding::RLE_DICTIONARY };
        if !self.used.is_empty() {
            let width = (usize::BITS - (self.used.len() - 1).leading_zeros()).max(1);
            data.push(width as u8);
            hybrid(&self.numbers, width, &mut data);
        }

        let mut file = TrackedWrite::new(Vec::new());
        let mut pages = SerializedPageWriter::new(&mut file);
        let (mut first, mut size) = (None, 0);
        if !self.used.is_empty() {
            let mut plain = Vec::new();
            self.used.iter().for_each(|&value| values[value].put(&mut plain));
            let (length, num_values) = (plain.len(), self.used.len() as u32);
            let page = Page::DictionaryPage {
                buf: plain.into(),
                num_values,
                encoding: Encoding::PLAIN,
                is_sorted: false,
            };
            size += pages.write_page(CompressedPage::new(page, length))?.bytes_written;
            first = Some(0);
        }
        let (length, begin) = (data.len(), size);
        let page = Page::DataPage {
            buf: data.into(),
            num_values: count as u32,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        size += pages.write_page(CompressedPage::new(page, length))?.bytes_written;

        let ends = self.used.iter().map(|&value| &values[value]);
        let ends = ends.fold(None, |ends: Option<(&E, &E)>, value| {
            let (low, high) = ends.unwrap_or((value, value));
            Some((if value < low { value } else { low }, if value > high { value } else { high }))
        });
        let ends = ends.map(|(low, high)| (low.clone(), high.clone()));
        let metadata = ColumnChunkMetaData::builder(column)
            .set_compression(Compression::UNCOMPRESSED)
            .set_encodings(vec![Encoding::PLAIN, Encoding::RLE, encoding])
            .set_num_values(count as i64)
            .set_total_compressed_size(size as i64)
            .set_total_uncompressed_size(size as i64)
            .set_dictionary_page_offset(first)
            .set_data_page_offset(begin as i64)
            .set_statistics(E::statistics(ends, nulls))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: size,
            rows_written: count as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok((file.into_inner()?.into(), close))
    }

    /// Numbers the values that occur in the order in which they first do.
    fn take(&mut self, rows: impl Iterator<Item = Option<usize>>, values: usize) {
        self.used.drain(..).for_each(|value| self.local[value] = UNUSED);
        self.local.resize(values, UNUSED);
        self.numbers.clear();
        self.levels.clear();
        for row in rows {
            self.levels.push(u32::from(row.is_some()));
            let Some(value) = row else { continue };
            let number = &mut self.local[value];
            if *number == UNUSED {
                *number = self.used.len() as u32;
                self.used.push(value);
            }
            self.numbers.push(*number);
        }
    }
}

/// Writes numbers of up to `width` bits in Parquet's hybrid of runs and packed bits.
fn hybrid(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    let mut packed = 0;
    let mut at = 0;
    while let Some(&number) = numbers.get(at) {
        let run = numbers[at..].iter().take_while(|next| **next == number).count();
        // Bits are packed in groups of eight numbers: a run first fills up the group before it.
        let fill = (8 - (at - packed) % 8) % 8;
        if run >= fill + 8 {
            pack(&numbers[packed..at + fill], width, out);
            varint((run - fill) << 1, out);
            out.extend(&number.to_le_bytes()[..width.div_ceil(8) as usize]);
            packed = at + run;
        }
        at += run;
    }
    pack(&numbers[packed..], width, out);
}

/// Packs bits, lowest first; a last group of less than eight is filled with zeros.
fn pack(numbers: &[u32], width: u32, out: &mut Vec<u8>) {
    if numbers.is_empty() {
        return;
    }
    let groups = numbers.len().div_ceil(8);
    varint(groups << 1 | 1, out);
    let end = out.len() + groups * width as usize;
    let (mut bits, mut filled) = (0_u64, 0);
    for &number in numbers {
        bits |= u64::from(number) << filled;
        filled += width;
        while filled >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            filled -= 8;
        }
    }
    if filled > 0 {
        out.push(bits as u8);
    }
    out.resize(end, 0);
}

fn varint(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads the hybrid form, as the format describes it.
    fn read(bytes: &[u8], width: u32, count: usize) -> Vec<u32> {
        let mut numbers = Vec::new();
        let mut at = 0;
        while numbers.len() < count {
            let (mut head, mut shift) = (0_usize, 0);
            loop {
                let byte = bytes[at];
                at += 1;
                head |= usize::from(byte & 0x7F) << shift;
                shift += 7;
                if byte < 0x80 {
                    break;
                }
            }
            if head & 1 == 0 {
                let size = width.div_ceil(8) as usize;
                let mut number = [0; 4];
                number[..size].copy_from_slice(&bytes[at..at + size]);
                at += size;
                numbers.extend(std::iter::repeat_n(u32::from_le_bytes(number), head >> 1));
            } else {
                for place in 0..(head >> 1) * 8 {
                    let bit = |bit: usize| u32::from(bytes[at + bit / 8] >> (bit % 8) & 1);
                    let first = place * width as usize;
                    numbers.push((0..width as usize).map(|of| bit(first + of) << of).sum());
                }
                at += (head >> 1) * width as usize;
            }
        }
        assert_eq!(at, bytes.len(), "every byte is read");
        numbers.truncate(count);
        numbers
    }

    proptest! {
        #[test]
        fn runs_and_packed_bits_read_back(
            runs in prop::collection::vec((0_u32..1 << 17, 1_usize..40), 0..60),
            width in 1_u32..18,
        ) {
            let whole = runs.iter().flat_map(|&(number, length)| std::iter::repeat_n(number % (1 << width), length));
            let numbers: Vec<u32> = whole.collect();
            let mut bytes = Vec::new();
            hybrid(&numbers, width, &mut bytes);
            prop_assert_eq!(read(&bytes, width, numbers.len()), numbers);
        }
    }

    #[test]
    fn a_long_run_takes_a_few_bytes() {
        let mut bytes = Vec::new();
        hybrid(&[1; 65_536], 3, &mut bytes);
        assert!(bytes.len() <= 4, "{} bytes", bytes.len());
    }
}
