//! A request as a JSON object: flat wire names, or nested objects and lists, or both.

use serde_json::{Map, Value};

use super::Request;

/// Why a JSON text is no request.
#[derive(Debug, thiserror::Error)]
pub enum RequestJsonError {
    /// Not JSON at all.
    #[error("not JSON: {0}")]
    Syntax(#[from] serde_json::Error),
    /// JSON, but no object.
    #[error("a request is a JSON object of parameter names and values")]
    NotAnObject,
}

impl Request {
    /// Parses a JSON object. Values are texts, numbers or Booleans; null leaves a parameter out. An inner object is
    /// a dotted name (`{"SystemDisk": {"Size": 40}}`), a list counts from 1 (`{"DataDisk": [{"Size": 20}]}`).
    ///
    /// # Errors
    /// The text is not JSON, or no object.
    pub fn from_json(text: &str) -> Result<Request, RequestJsonError> {
        Request::from_value(&serde_json::from_str(text)?)
    }

    /// As [`Request::from_json`], from a parsed value.
    ///
    /// # Errors
    /// The value is no object.
    pub fn from_value(value: &Value) -> Result<Request, RequestJsonError> {
        let Value::Object(object) = value else { return Err(RequestJsonError::NotAnObject) };
        Ok(Request::from_object(object))
    }

    /// As [`Request::from_json`], from a parsed object.
    pub fn from_object(object: &Map<String, Value>) -> Request {
        let mut request = Request::default();
        add(&mut request, &mut String::new(), object);
        request
    }
}

fn add(request: &mut Request, prefix: &mut String, object: &Map<String, Value>) {
    for (name, value) in object {
        add_value(request, prefix, name, value);
    }
}

fn add_value(request: &mut Request, prefix: &mut String, name: &str, value: &Value) {
    let length = prefix.len();
    prefix.push_str(name);
    match value {
        Value::Null => {}
        Value::String(text) => {
            request.set_named(prefix, text);
        }
        Value::Bool(_) | Value::Number(_) => {
            request.set_named(prefix, &value.to_string());
        }
        Value::Object(inner) => {
            prefix.push('.');
            add(request, prefix, inner);
        }
        Value::Array(items) => {
            prefix.push('.');
            for (at, item) in items.iter().enumerate() {
                add_value(request, prefix, &(at + 1).to_string(), item);
            }
        }
    }
    prefix.truncate(length);
}
