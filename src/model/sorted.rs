//! Hash maps as data: a list in the order of the keys, for `#[serde(with = ..)]`. So equal maps have one form, whatever
//! was put into them when.

use std::hash::Hash;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes the map in the order of its keys.
///
/// # Errors
/// Those of the serializer.
pub(crate) fn serialize<K, V, S>(map: &FxHashMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
where
    K: Ord + Serialize,
    V: Serialize,
    S: Serializer,
{
    let mut list: Vec<(&K, &V)> = map.iter().collect();
    list.sort_by_key(|(key, _)| *key);
    list.serialize(serializer)
}

/// Reads what [`serialize`] wrote.
///
/// # Errors
/// Those of the deserializer.
pub(crate) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<FxHashMap<K, V>, D::Error>
where
    K: Eq + Hash + Deserialize<'de>,
    V: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
}
