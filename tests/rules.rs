//! Rules of the sheets that the gate follows, each shown by requests that it lets pass and requests that it refuses.
//!
//! `tests/rules/SHEET.jsonl` has a case a line: ids of the rules, a difference to the default request and to the default
//! world of the conformance cases, and the answer: `ok`, or status and code. `shows` has values that the instance must
//! get, `row` the row of the error table, `instance` the id of a repeated request. `(a*128)` in a text stands for 128 letters. `tests/fidelity.rs` reads the ids.

use std::path::Path;

use packyard::validate::conformance::{Case, Defaults};
use serde_json::{Map, Value};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    /// Ids of the rules that the case shows.
    rules: String,
    /// What is special about it.
    #[serde(default)]
    why: String,
    #[serde(default)]
    request: Map<String, Value>,
    #[serde(default)]
    world: Map<String, Value>,
    answer: String,
    #[serde(default)]
    shows: Map<String, Value>,
    /// Row of CreateInstance's error table, where several have the same code.
    #[serde(default)]
    row: Option<u16>,
    /// Id that a repeated request is answered with.
    #[serde(default)]
    instance: Option<String>,
}

/// `x(ab*3)y` is `xabababy`.
fn spell_out(text: &str) -> String {
    let Some((before, rest)) = text.split_once('(') else { return text.to_owned() };
    let Some((inside, after)) = rest.split_once(')') else { return text.to_owned() };
    match inside.rsplit_once('*').map(|(part, times)| (part, times.parse::<usize>())) {
        Some((part, Ok(times))) => format!("{before}{}{after}", part.repeat(times)),
        _ => text.to_owned(),
    }
}

/// The answer to a row, and whether the instance shows what it must.
fn answered(defaults: &Defaults, row: &Row) -> (String, bool) {
    let mut request = row.request.clone();
    for value in request.values_mut() {
        if let Value::String(text) = value {
            *text = spell_out(text);
        }
    }
    let case = Case { request, world: row.world.clone(), ..Case::default() };
    let answered = defaults.answer(&case).expect("a world");
    let refused = answered.reject.as_ref().filter(|reject| reject.replay.is_none());
    let answer = refused.map_or("ok".to_owned(), |reject| format!("{} {}", reject.status, reject.code));
    let id = answered.instance_id.as_deref();
    let shows = row.shows.iter().all(|(name, value)| {
        let shown = answered.effective.get(name).unwrap_or(&Value::Null);
        if value == "<InstanceId>" { shown.as_str() == id } else { shown == value }
    });
    let row_is = row.row.is_none_or(|number| refused.and_then(|reject| reject.row) == Some(number));
    let id_is = row.instance.as_deref().is_none_or(|known| id == Some(known));
    (answer, shows && row_is && id_is)
}

#[test]
fn the_gate_follows_the_sheets() {
    let defaults = Defaults::shipped().expect("the shipped defaults are sound");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("the sheets").map(|entry| entry.expect("a file").path()).collect();
    files.retain(|path| path.extension().is_some_and(|known| known == "jsonl"));
    files.sort();
    let (mut wrong, mut total) = (Vec::new(), 0);
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a sheet");
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let place = format!("{}:{}", path.display(), at + 1);
            let row: Row = serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
            let (answer, shows) = answered(&defaults, &row);
            if answer != row.answer || !shows {
                wrong.push(format!("{place}: {} ({}) answers {answer}, shows {shows}", row.rules, row.why));
            }
            total += 1;
        }
    }
    assert!(wrong.is_empty(), "{} of {total} are answered otherwise:\n{}", wrong.len(), wrong.join("\n"));
    assert!(total > 0, "no sheet was read");
}

#[test]
fn texts_are_spelled_out() {
    assert_eq!(spell_out("a(b*3)c"), "abbbc");
    assert_eq!(spell_out("(x)"), "(x)");
}
