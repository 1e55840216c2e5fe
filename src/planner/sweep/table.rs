//! A Parquet table whose bytes depend on nothing but its values.

use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

/// The values of a column.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Values {
    /// Whole numbers without a sign.
    Counts(Vec<u64>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
    /// Texts.
    Texts(Vec<String>),
    /// Yes or no.
    Flags(Vec<Option<bool>>),
}

/// A column and its name.
pub(super) type Column = (String, Values);

/// The table as a Parquet file: one row group, Snappy, no date and no name of a machine.
pub(super) fn parquet(columns: &[Column]) -> Result<Vec<u8>, ParquetError> {
    let fields = columns.iter().map(field).collect::<Result<Vec<_>, _>>()?;
    let schema = Type::group_type_builder("runs").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_created_by(concat!("packyard ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::SNAPPY)
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, Arc::new(schema), Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    for (_, values) in columns {
        let Some(mut writer) = group.next_column()? else { break };
        match values {
            Values::Counts(counts) => {
                let counts: Vec<i64> = counts.iter().map(|&count| count as i64).collect();
                writer.typed::<Int64Type>().write_batch(&counts, None, None)?;
            }
            Values::Numbers(numbers) => {
                let there: Vec<f64> = numbers.iter().flatten().copied().collect();
                writer.typed::<DoubleType>().write_batch(&there, Some(&levels(numbers)), None)?;
            }
            Values::Texts(texts) => {
                let texts: Vec<ByteArray> = texts.iter().map(|text| ByteArray::from(text.as_str())).collect();
                writer.typed::<ByteArrayType>().write_batch(&texts, None, None)?;
            }
            Values::Flags(flags) => {
                let there: Vec<bool> = flags.iter().flatten().copied().collect();
                writer.typed::<BoolType>().write_batch(&there, Some(&levels(flags)), None)?;
            }
        }
        writer.close()?;
    }
    group.close()?;
    file.close()?;
    Ok(bytes)
}

/// By value: whether it is there.
fn levels<T>(values: &[Option<T>]) -> Vec<i16> {
    values.iter().map(|value| i16::from(value.is_some())).collect()
}

fn field((name, values): &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, repetition, logical) = match values {
        Values::Counts(_) => (Physical::INT64, Repetition::REQUIRED, Some(LogicalType::integer(64, false))),
        Values::Numbers(_) => (Physical::DOUBLE, Repetition::OPTIONAL, None),
        Values::Texts(_) => (Physical::BYTE_ARRAY, Repetition::REQUIRED, Some(LogicalType::String)),
        Values::Flags(_) => (Physical::BOOLEAN, Repetition::OPTIONAL, None),
    };
    Type::primitive_type_builder(name, physical)
        .with_repetition(repetition)
        .with_logical_type(logical)
        .build()
        .map(Arc::new)
}

#[cfg(test)]
mod tests {
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use super::*;

    #[test]
    fn a_table_reads_back_and_has_the_same_bytes_each_time() {
        let columns = [
            ("run".to_owned(), Values::Counts(vec![0, u64::MAX])),
            ("worst: rejection rate".to_owned(), Values::Numbers(vec![Some(0.1), None])),
            ("policy".to_owned(), Values::Texts(vec!["best-fit".into(), "fgd".into()])),
            ("holds".to_owned(), Values::Flags(vec![None, Some(true)])),
        ];
        let bytes = parquet(&columns).unwrap();
        assert_eq!(bytes, parquet(&columns).unwrap());
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
        let values =
            |row: usize| rows[row].get_column_iter().map(|(_, field)| field.clone()).collect::<Vec<_>>();
        assert_eq!(
            values(1),
            [Field::ULong(u64::MAX), Field::Null, Field::Str("fgd".into()), Field::Bool(true)]
        );
        assert_eq!(values(0)[1], Field::Double(0.1));
    }
}
