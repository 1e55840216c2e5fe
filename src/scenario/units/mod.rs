//! Values with units, as scenarios write them: `"30d"`, `"512GiB"`, `"80%"`, `"120/h"`, `"3d 04:00"`.
//!
//! Each is a newtype that parses from text, prints the text that parses back to it, has a JSON schema, and says
//! what it expected when the text is wrong. [`At`] keeps where in the file a value stands, so that a check that
//! comes later can still point at it.

mod at;
mod decimal;
mod limit;
mod number;
mod size;
mod span;
#[cfg(test)]
mod tests;

pub use at::At;
pub use limit::{Amount, Limit};
pub use number::{Rate, Share};
pub use size::{Bandwidth, Size};
pub use span::{Date, Moment, Span};

/// Why a text is no value of its kind: a fragment that names the text and says what was expected.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct UnitError(pub(crate) String);

impl UnitError {
    fn new(what: impl Into<String>) -> UnitError {
        UnitError(what.into())
    }
}

/// Serde and JSON schema of a value that is written as text: `FromStr` reads it, `Display` writes it.
macro_rules! text_value {
    ($name:ident, $what:literal, $pattern:literal, [$($example:literal),+ $(,)?]) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, concat!($what, ", such as {}"), [$(concat!("`\"", $example, "\"`")),+].join(" or "))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": $what,
                    "pattern": $pattern,
                    "examples": [$($example),+],
                })
            }
        }
    };
}
use text_value;
