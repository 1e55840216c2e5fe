//! Facts that a scenario lays over the ones that follow from its pools, accounts and regions.

use toml::{Table, Value};

use super::facts::WorldFacts;

/// A fact that no world has, or with a value of the wrong kind.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}")]
pub struct OverlayError {
    /// The key, with dots: `accounts.1000000001.arrears`.
    pub path: String,
    /// What is wrong, a sentence without its end.
    pub what: String,
    /// The keys that there are in its place, when the key is what is wrong.
    pub known: Vec<String>,
}

impl WorldFacts {
    /// These facts with `changes` laid over them: tables are merged key by key, anything else takes the place of what
    /// was there, and what was not there is made with the defaults of its kind.
    ///
    /// # Errors
    /// A key that names no fact, or a value that the fact cannot have.
    pub fn overlaid(&self, changes: &Table) -> Result<WorldFacts, OverlayError> {
        let mut merged = Table::try_from(self).expect("facts are plain data");
        for (kind, value) in changes {
            check_kind(kind, value)?;
        }
        merge(&mut merged, changes);
        let facts: WorldFacts = merged.try_into().map_err(|error: toml::de::Error| OverlayError {
            path: String::new(),
            what: error.message().to_owned(),
            known: Vec::new(),
        })?;
        let understood = Table::try_from(&facts).expect("facts are plain data");
        unread("", changes, &understood).map_or(Ok(facts), Err)
    }
}

/// Reads each entity of a kind on its own, so that an error names it.
fn check_kind(kind: &str, value: &Value) -> Result<(), OverlayError> {
    let alone = |path: String, content: Table| {
        let read: Result<WorldFacts, _> = content.try_into();
        let wrong = |error: toml::de::Error| OverlayError {
            what: error.message().to_owned(),
            path,
            known: Vec::new(),
        };
        read.map(|_| ()).map_err(wrong)
    };
    match value {
        Value::Table(entities) => entities.iter().try_for_each(|(name, fact)| {
            let one = Table::from_iter([(name.clone(), fact.clone())]);
            alone(format!("{kind}.{name}"), Table::from_iter([(kind.to_owned(), Value::Table(one))]))
        }),
        other => alone(kind.to_owned(), Table::from_iter([(kind.to_owned(), other.clone())])),
    }
}

fn merge(into: &mut Table, changes: &Table) {
    for (key, value) in changes {
        match (into.get_mut(key), value) {
            (Some(Value::Table(old)), Value::Table(new)) => merge(old, new),
            _ => drop(into.insert(key.clone(), value.clone())),
        }
    }
}

/// The first key of `changes` that reading has passed over: no fact has this name.
fn unread(path: &str, changes: &Table, understood: &Table) -> Option<OverlayError> {
    changes.iter().find_map(|(key, value)| {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (value, understood.get(key)) {
            (_, None) => Some(OverlayError {
                what: format!("there is no fact `{key}`"),
                path,
                known: understood.keys().cloned().collect(),
            }),
            (Value::Table(changes), Some(Value::Table(understood))) => unread(&path, changes, understood),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{AccountFacts, Quota};

    fn base() -> WorldFacts {
        let mut facts = WorldFacts::default();
        let account = AccountFacts { postpaid_instances: Quota::limited(50), ..AccountFacts::default() };
        facts.accounts.insert("1000000001".to_owned(), account);
        facts
    }

    fn over(text: &str) -> Result<WorldFacts, OverlayError> {
        base().overlaid(&text.parse().expect("TOML"))
    }

    #[test]
    fn facts_are_changed_one_by_one_and_made_where_there_were_none() {
        let facts = over(
            "[accounts.1000000001]\narrears = true\npostpaid_instances = { used = 3 }\n\
             [images.m-one]\nsource = \"custom\"\nstatus = \"Disabled\"\n\
             [dedicated_hosts.dh-1]\nexpires = \"2020-01-15T08:00:00Z\"\n",
        )
        .unwrap();
        let account = &facts.accounts["1000000001"];
        assert!(account.arrears && account.balance.is_infinite());
        assert_eq!(account.postpaid_instances, Quota { used: 3, limit: Some(50) });
        assert_eq!(facts.images["m-one"].status, "Disabled");
        assert_eq!(facts.dedicated_hosts["dh-1"].expires.unwrap().0, 1_579_075_200);
    }

    #[test]
    fn a_wrong_key_or_value_is_named() {
        let error = over("[accounts.1000000001]\narears = true\n").unwrap_err();
        assert_eq!(error.path, "accounts.1000000001.arears");
        assert!(error.known.iter().any(|key| key == "arrears"));
        let error = over("[accounts.1000000001]\narrears = \"yes\"\n").unwrap_err();
        assert_eq!(error.path, "accounts.1000000001");
        assert!(error.what.contains("boolean"), "{}", error.what);
        assert_eq!(over("[acounts.x]\n").unwrap_err().path, "acounts");
        assert_eq!(over("accounts = 3\n").unwrap_err().path, "accounts");
    }

    #[test]
    fn no_change_changes_nothing() {
        let facts = base().overlaid(&Table::new()).unwrap();
        assert_eq!(Table::try_from(&facts).unwrap(), Table::try_from(base()).unwrap());
    }
}
