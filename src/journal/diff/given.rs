//! What two runs were given: keys of their scenarios, kinds of requests.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::scenario::Scenario;
use crate::workload::Template;

/// A key of the effective scenario with different values; none: the scenario has no such key.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KeyDifference {
    /// Path of the key, such as `pools.0.hosts`.
    pub key: String,
    /// Value of the first run, as TOML.
    pub a: Option<String>,
    /// Value of the second run.
    pub b: Option<String>,
}

/// The keys that differ, in order.
pub(super) fn keys(a: &Scenario, b: &Scenario) -> Vec<KeyDifference> {
    let (a, b) = (flat(a), flat(b));
    let mut all: Vec<&String> = a.keys().chain(b.keys()).collect();
    all.sort();
    all.dedup();
    all.into_iter()
        .filter(|key| a.get(*key) != b.get(*key))
        .map(|key| KeyDifference { key: key.clone(), a: a.get(key).cloned(), b: b.get(key).cloned() })
        .collect()
}

/// Every value of the effective scenario by its path.
fn flat(scenario: &Scenario) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let table: toml::Table = toml::from_str(&scenario.effective_toml()).expect("what was written as TOML");
    walk("", &toml::Value::Table(table), &mut values);
    values
}

fn walk(path: &str, value: &toml::Value, values: &mut BTreeMap<String, String>) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| walk(&below(name), value, values)),
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            list.iter().enumerate().for_each(|(at, value)| walk(&below(&at.to_string()), value, values));
        }
        other => drop(values.insert(path.to_owned(), other.to_string())),
    }
}

/// In words, the first kind of request that differs; none when all are the same.
pub(super) fn kinds(a: &[Template], b: &[Template]) -> Option<String> {
    if a.len() != b.len() {
        return Some(format!("{} kinds of requests in A, {} in B", a.len(), b.len()));
    }
    let (at, (a, b)) = a.iter().zip(b).enumerate().find(|(_, (a, b))| a != b)?;
    let differs = a.params.iter().zip(&b.params).find(|(a, b)| a != b);
    let what =
        differs.map_or_else(String::new, |(a, b)| format!(": {}={} in A, {}={} in B", a.0, a.1, b.0, b.1));
    Some(format!("kind {at} of requests{what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "name = \"x\"\n[[pools]]\nzone = \"cn-hangzhou-g\"\nclass = \"ddh.g5\"\nhosts = 4\n\
        [[workloads]]\nname = \"load\"\narrivals = { rate = \"400/h\" }\n\
        lifetime = { distribution = \"exponential\", mean = \"1h\" }\nmix = [{ type = \"ecs.g5.large\" }]\n";

    #[test]
    fn keys_that_differ_are_named_by_their_path() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<_> =
                set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            Scenario::from_str_with(SMALL, "x.toml", &set).expect("a sound scenario")
        };
        assert_eq!(keys(&of(&[]), &of(&[])), []);
        let found = keys(&of(&[]), &of(&[("pools.0.hosts", "5"), ("policy", "worst-fit")]));
        let keys: Vec<&str> = found.iter().map(|found| found.key.as_str()).collect();
        assert_eq!(keys, ["policy", "pools.0.hosts"]);
        assert_eq!((found[1].a.as_deref(), found[1].b.as_deref()), (Some("4"), Some("5")));
    }
}
