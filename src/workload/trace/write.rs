//! Writing traces in our own forms, so that what is read back is the same.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::plain::COLUMNS;
use super::{Asked, Names, Record, RecordEnd};

/// Our own forms.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `packyard-csv`.
    Csv,
    /// `packyard-parquet`.
    Parquet,
}

/// Writes one trace.
pub struct TraceWriter(Output);

enum Output {
    Csv(BufWriter<File>),
    Parquet(Box<Parquet>),
}

struct Parquet {
    writer: SerializedFileWriter<BufWriter<File>>,
    rows: Vec<Row>,
}

/// A row as Parquet has it; the names are resolved.
struct Row {
    record: Record,
    asked: Asked,
    zone: Option<String>,
    account: Option<String>,
    class: Option<String>,
}

/// Rows of a row group.
const GROUP: usize = 1 << 16;

const SCHEMA: &str = "message packyard_trace {
    required int64 at_us;
    optional binary type (UTF8);
    optional int32 cpu_milli;
    optional int32 memory_mib;
    optional int32 gpus;
    optional int32 gpu_milli;
    optional binary gpu_models (UTF8);
    optional int64 lifetime_us;
    optional binary zone (UTF8);
    optional binary account (UTF8);
    optional binary class (UTF8);
    required boolean spot;
    required int64 batch;
    required int64 age_us;
}";

impl TraceWriter {
    /// Begins a trace in an empty file.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn new(file: File, form: Form) -> io::Result<TraceWriter> {
        let mut output = BufWriter::with_capacity(1 << 16, file);
        Ok(TraceWriter(match form {
            Form::Csv => {
                writeln!(output, "{}", COLUMNS.join(","))?;
                Output::Csv(output)
            }
            Form::Parquet => {
                let schema = Arc::new(parse_message_type(SCHEMA).map_err(io::Error::other)?);
                let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
                let writer = SerializedFileWriter::new(output, schema, Arc::new(properties));
                let writer = writer.map_err(io::Error::other)?;
                Output::Parquet(Box::new(Parquet { writer, rows: Vec::new() }))
            }
        }))
    }

    /// Writes a record; `names` are those of its reader.
    ///
    /// # Errors
    /// The file cannot be written, or a name cannot stand in a CSV file.
    pub fn write(&mut self, record: &Record, names: &Names) -> io::Result<()> {
        match &mut self.0 {
            Output::Csv(output) => write_csv(output, record, names),
            Output::Parquet(parquet) => {
                let name =
                    |place: Option<u32>, table: &[String]| place.map(|place| table[place as usize].clone());
                parquet.rows.push(Row {
                    record: *record,
                    asked: names.asked.values()[record.asked as usize].clone(),
                    zone: name(record.zone, names.zones.values()),
                    account: name(record.account, names.accounts.values()),
                    class: name(record.class, names.classes.values()),
                });
                if parquet.rows.len() == GROUP { parquet.flush().map_err(io::Error::other) } else { Ok(()) }
            }
        }
    }

    /// Ends the trace and makes sure that it has reached the disk.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> io::Result<()> {
        let file = match self.0 {
            Output::Csv(output) => output.into_inner().map_err(io::IntoInnerError::into_error)?,
            Output::Parquet(mut parquet) => {
                parquet.flush().map_err(io::Error::other)?;
                // Writes the footer too.
                let output = parquet.writer.into_inner().map_err(io::Error::other)?;
                output.into_inner().map_err(io::IntoInnerError::into_error)?
            }
        };
        file.sync_all()
    }
}

fn write_csv(output: &mut impl Write, record: &Record, names: &Names) -> io::Result<()> {
    seconds(output, record.at.0)?;
    match &names.asked.values()[record.asked as usize] {
        Asked::Type(name) => write!(output, ",{},,,,,", field(name)?)?,
        Asked::Size { cpu_milli, memory_mib } => {
            write!(output, ",,{},{},,,", thousandths(*cpu_milli), f64::from(*memory_mib) / 1_024.0)?;
        }
        Asked::WithGpus { cpu_milli, memory_mib, gpus } => {
            let (cpu, memory) = (thousandths(*cpu_milli), f64::from(*memory_mib) / 1_024.0);
            let models = field(&gpus.models)?;
            write!(output, ",,{cpu},{memory},{},{},{models}", gpus.count, gpus.milli_each)?;
        }
    }
    output.write_all(b",")?;
    match record.end {
        RecordEnd::After(lifetime) => seconds(output, lifetime.0)?,
        RecordEnd::Never => {}
        RecordEnd::Unknown => output.write_all(b"?")?,
    }
    let tables = [
        (record.zone, names.zones.values()),
        (record.account, names.accounts.values()),
        (record.class, names.classes.values()),
    ];
    for (place, table) in tables {
        let name = place.map_or("", |place| table[place as usize].as_str());
        write!(output, ",{}", field(name)?)?;
    }
    write!(output, ",{},{},", u8::from(record.spot), record.batch)?;
    if record.age.0 > 0 {
        seconds(output, record.age.0)?;
    }
    output.write_all(b"\n")
}

/// Microseconds as seconds, exactly.
fn seconds(output: &mut impl Write, micros: u64) -> io::Result<()> {
    match micros % 1_000_000 {
        0 => write!(output, "{}", micros / 1_000_000),
        rest => {
            let decimals = format!("{rest:06}");
            write!(output, "{}.{}", micros / 1_000_000, decimals.trim_end_matches('0'))
        }
    }
}

fn thousandths(milli: u32) -> f64 {
    f64::from(milli) / 1_000.0
}

/// A name as a field, when it can be one.
fn field(name: &str) -> io::Result<&str> {
    if name.contains([',', '"', '\n', '\r']) || name.trim() != name {
        let what = format!("the name {name:?} cannot stand in our CSV form; Parquet takes it");
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    Ok(name)
}

impl Parquet {
    /// Writes the rows as a row group.
    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let mut group = self.writer.next_row_group()?;
        let text = |name: Option<&str>| name.map(ByteArray::from);
        let size = |row: &Row| row.asked.size();
        let gpus = |row: &Row| row.asked.gpus().cloned();
        required::<Int64Type, _>(&mut group, &rows, |row| row.record.at.0 as i64)?;
        optional::<ByteArrayType, _>(&mut group, &rows, |row| match &row.asked {
            Asked::Type(name) => text(Some(name)),
            _ => None,
        })?;
        optional::<Int32Type, _>(&mut group, &rows, |row| size(row).map(|size| size.0 as i32))?;
        optional::<Int32Type, _>(&mut group, &rows, |row| size(row).map(|size| size.1 as i32))?;
        optional::<Int32Type, _>(&mut group, &rows, |row| gpus(row).map(|gpus| gpus.count as i32))?;
        optional::<Int32Type, _>(&mut group, &rows, |row| gpus(row).map(|gpus| gpus.milli_each as i32))?;
        optional::<ByteArrayType, _>(&mut group, &rows, |row| {
            text(gpus(row).map(|gpus| gpus.models).as_deref())
        })?;
        optional::<Int64Type, _>(&mut group, &rows, |row| match row.record.end {
            RecordEnd::After(lifetime) => Some(lifetime.0 as i64),
            RecordEnd::Never => None,
            RecordEnd::Unknown => Some(-1),
        })?;
        optional::<ByteArrayType, _>(&mut group, &rows, |row| text(row.zone.as_deref()))?;
        optional::<ByteArrayType, _>(&mut group, &rows, |row| text(row.account.as_deref()))?;
        optional::<ByteArrayType, _>(&mut group, &rows, |row| text(row.class.as_deref()))?;
        required::<BoolType, _>(&mut group, &rows, |row| row.record.spot)?;
        required::<Int64Type, _>(&mut group, &rows, |row| row.record.batch as i64)?;
        required::<Int64Type, _>(&mut group, &rows, |row| row.record.age.0 as i64)?;
        group.close()?;
        Ok(())
    }
}

type Group<'a> = SerializedRowGroupWriter<'a, BufWriter<File>>;

fn required<T: DataType, F: Fn(&Row) -> T::T>(
    group: &mut Group<'_>,
    rows: &[Row],
    of: F,
) -> Result<(), ParquetError> {
    let values: Vec<T::T> = rows.iter().map(of).collect();
    write_column::<T>(group, &values, None)
}

fn optional<T: DataType, F: Fn(&Row) -> Option<T::T>>(
    group: &mut Group<'_>,
    rows: &[Row],
    of: F,
) -> Result<(), ParquetError> {
    let all: Vec<Option<T::T>> = rows.iter().map(of).collect();
    let levels: Vec<i16> = all.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = all.into_iter().flatten().collect();
    write_column::<T>(group, &values, Some(&levels))
}

fn write_column<T: DataType>(
    group: &mut Group<'_>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let short = || ParquetError::General("fewer columns in the schema than are written".to_owned());
    let mut column = group.next_column()?.ok_or_else(short)?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}
