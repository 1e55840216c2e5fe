use std::borrow::Cow;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Money;

const UNLIMITED: &str = "unlimited";

/// A largest number of something: a whole number, or `"unlimited"` (the default).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Limit(pub Option<u32>);

impl Limit {
    /// No limit.
    pub const NONE: Limit = Limit(None);

    /// The number; none when there is no limit.
    pub const fn get(self) -> Option<u32> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Limit, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Limit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of at least 0 or `\"unlimited\"`")
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Limit, E> {
                let limit = u32::try_from(value).map_err(|_| {
                    E::custom(format_args!(
                        "{value} is no limit: write a whole number from 0 to {}",
                        u32::MAX
                    ))
                })?;
                Ok(Limit(Some(limit)))
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Limit, E> {
                self.visit_i64(i64::try_from(value).unwrap_or(i64::MAX))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Limit, E> {
                if text == UNLIMITED {
                    return Ok(Limit::NONE);
                }
                Err(E::custom(format_args!("`{text}` is no limit: write a whole number or `\"unlimited\"`")))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(limit) => serializer.serialize_u32(limit),
            None => serializer.serialize_str(UNLIMITED),
        }
    }
}

impl schemars::JsonSchema for Limit {
    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "a largest number of something",
            "anyOf": [{ "type": "integer", "minimum": 0, "maximum": u32::MAX }, { "const": UNLIMITED }],
        })
    }
}

/// An amount of money: a number, or `"unlimited"` (more than any run can spend).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Amount(pub Option<Money>);

impl Amount {
    /// More than any run can spend.
    pub const UNLIMITED: Amount = Amount(None);

    /// The money; none when it is unlimited.
    pub const fn get(self) -> Option<Money> {
        self.0
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Amount, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Amount;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of money (a number) or `\"unlimited\"`")
            }
            fn visit_f64<E: Error>(self, value: f64) -> Result<Amount, E> {
                if value.abs() <= 9e12 {
                    return Ok(Amount(Some(Money::from_f64(value))));
                }
                Err(E::custom(format_args!(
                    "{value} is no amount of money: write a number or `\"unlimited\"`"
                )))
            }
            fn visit_i64<E: Error>(self, value: i64) -> Result<Amount, E> {
                self.visit_f64(value as f64)
            }
            fn visit_u64<E: Error>(self, value: u64) -> Result<Amount, E> {
                self.visit_f64(value as f64)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Amount, E> {
                if text == UNLIMITED {
                    return Ok(Amount::UNLIMITED);
                }
                Err(E::custom(format_args!(
                    "`{text}` is no amount of money: write a number or `\"unlimited\"`"
                )))
            }
        }
        deserializer.deserialize_any(Number)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(money) => serializer.serialize_f64(money.as_f64()),
            None => serializer.serialize_str(UNLIMITED),
        }
    }
}

impl schemars::JsonSchema for Amount {
    fn schema_name() -> Cow<'static, str> {
        "Amount".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "an amount of money",
            "anyOf": [{ "type": "number" }, { "const": UNLIMITED }],
        })
    }
}
