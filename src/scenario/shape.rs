//! Tables where tables belong.
//!
//! The derived readers take a list for a table, field by field: `[[report]]` for `[report]` would be read as a list of
//! values and get a message about the first of them. The schema knows which keys are tables.

use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::error::Problem;
use super::json_schema;

/// Finds the first list that stands where the schema has a table.
pub(super) fn check(root: &toml::de::DeTable<'_>) -> Result<(), Problem> {
    let schema = json_schema().to_value();
    table(root, &schema, &schema)
}

fn table(table: &toml::de::DeTable<'_>, schema: &Value, root: &Value) -> Result<(), Problem> {
    for (key, value) in table.iter() {
        if let Some(inner) = schema["properties"].get(key.get_ref().as_ref()) {
            check_value(value, resolve(inner, root), root, key.get_ref())?;
        }
    }
    Ok(())
}

fn check_value(value: &Spanned<DeValue<'_>>, schema: &Value, root: &Value, key: &str) -> Result<(), Problem> {
    match value.get_ref() {
        DeValue::Table(inner) => table(inner, schema, root),
        DeValue::Array(list) => {
            if schema["type"] == "object" {
                return Err(Problem::at_span(
                    value.span(),
                    format!("`{key}` is one table, not a list of them"),
                )
                .label("expected a table")
                .help(format!("write `[{key}]` with single brackets")));
            }
            let items = resolve(&schema["items"], root);
            list.iter().try_for_each(|item| check_value(item, items, root, key))
        }
        _ => Ok(()),
    }
}

/// Follows references, and the optional form of a reference.
fn resolve<'s>(schema: &'s Value, root: &'s Value) -> &'s Value {
    let named = schema["$ref"].as_str().or_else(|| schema["anyOf"][0]["$ref"].as_str());
    let target =
        named.and_then(|path| path.strip_prefix("#/$defs/")).and_then(|name| root["$defs"].get(name));
    target.unwrap_or(schema)
}
