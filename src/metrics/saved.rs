//! Histograms as data, for `#[serde(with = ..)]`: the V2 form of HDR histograms.

use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer as Reader, Serializer as _, V2Serializer};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the histogram.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<S: Serializer>(histogram: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut bytes = Vec::new();
    V2Serializer::new().serialize(histogram, &mut bytes).expect("a vector takes everything");
    bytes.serialize(serializer)
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// Bytes that are no histogram.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let bytes = Vec::<u8>::deserialize(deserializer)?;
    let mut histogram: Histogram<u64> = Reader::new()
        .deserialize(&mut bytes.as_slice())
        .map_err(|error| D::Error::custom(format!("{error:?}")))?;
    histogram.auto(true);
    Ok(histogram)
}
