//! Moments in facts: `2020-01-15T08:00:00Z`, or seconds since 1970.

use serde::{Deserialize, Deserializer, Serializer, de::Error};

use crate::model::Utc;

#[derive(Deserialize)]
#[serde(untagged)]
enum Moment {
    Seconds(i64),
    Text(String),
}

impl Moment {
    fn utc<E: Error>(self) -> Result<Utc, E> {
        match self {
            Moment::Seconds(seconds) => Ok(Utc(seconds)),
            Moment::Text(text) => parse(&text).ok_or_else(|| {
                E::custom(format!("`{text}` is no moment: expected a form like 2020-01-15T08:00:00Z"))
            }),
        }
    }
}

/// Reads a moment of the form `2020-01-15T08:00:00Z`.
pub(crate) fn parse(text: &str) -> Option<Utc> {
    text.parse::<jiff::Timestamp>().ok().map(|moment| Utc(moment.as_second()))
}

pub(super) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Utc, D::Error> {
    Moment::deserialize(deserializer)?.utc()
}

pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Utc>, D::Error> {
    Option::<Moment>::deserialize(deserializer)?.map(Moment::utc).transpose()
}

pub(super) fn write<S: Serializer>(moment: &Utc, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(moment.0)
}

pub(super) fn write_optional<S: Serializer>(moment: &Option<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    match moment {
        Some(moment) => write(moment, serializer),
        None => serializer.serialize_none(),
    }
}
