//! Answers as the API would send them: success and error, XML and JSON (R9 to R12, RPC-40 to RPC-53).

use serde_json::json;

/// Format of an answer; the common parameter `Format` chooses it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// JSON.
    Json,
    /// XML: what the API sends when nothing is asked for.
    #[default]
    Xml,
}

impl Format {
    /// The format that the parameter `Format` asks for, in any letter case; XML otherwise.
    pub fn of(parameter: Option<&str>) -> Format {
        if parameter.is_some_and(|text| text.eq_ignore_ascii_case("json")) {
            Format::Json
        } else {
            Format::Xml
        }
    }
}

/// Name of the host in error bodies (RPC-53).
const HOST_ID: &str = "ecs.aliyuncs.com";

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(c),
        }
    }
    out
}

fn xml(root: &str, members: &[(&str, &str)]) -> String {
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}>");
    for (name, value) in members {
        out.push_str(&format!("<{name}>{}</{name}>", escaped(value)));
    }
    out.push_str(&format!("</{root}>"));
    out
}

/// Body of a success (R9).
pub fn success(format: Format, request_id: &str, instance_id: &str) -> String {
    match format {
        Format::Json => json!({"RequestId": request_id, "InstanceId": instance_id}).to_string(),
        Format::Xml => {
            xml("CreateInstanceResponse", &[("RequestId", request_id), ("InstanceId", instance_id)])
        }
    }
}

/// Body of an error (R11).
pub fn failure(format: Format, request_id: &str, code: &str, message: &str) -> String {
    match format {
        Format::Json => {
            json!({"RequestId": request_id, "HostId": HOST_ID, "Code": code, "Message": message}).to_string()
        }
        Format::Xml => xml(
            "Error",
            &[("RequestId", request_id), ("HostId", HOST_ID), ("Code", code), ("Message", message)],
        ),
    }
}
