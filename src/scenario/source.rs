//! From text to [`ScenarioSpec`]: overrides, strict reading, and errors in the words of a scenario.

use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{Problem, ScenarioError};
use super::nearest::did_you_mean;
use super::schema::ScenarioSpec;
use super::shape;

/// A text with its overrides appended as lines that errors can point at.
pub(super) struct Source {
    file: String,
    text: String,
    /// Bytes of `text` that are the file's.
    own: usize,
    lines: Vec<OverrideLine>,
}

struct OverrideLine {
    path: Vec<Step>,
    value: Range<usize>,
    /// `v = VALUE` behind as many spaces as there is text before it, so that its places are places in the text.
    document: String,
}

/// One name of a path, and where it stands in the text.
#[derive(Clone)]
struct Step {
    name: String,
    span: Range<usize>,
}

impl Source {
    pub(super) fn new(
        file: &str,
        text: &str,
        overrides: &[(String, String)],
    ) -> Result<Source, ScenarioError> {
        let mut all = text.to_owned();
        let mut lines = Vec::with_capacity(overrides.len());
        if !overrides.is_empty() {
            all.push_str(if text.is_empty() || text.ends_with('\n') { "# --set\n" } else { "\n# --set\n" });
        }
        for (key, value) in overrides {
            let path = path(key, all.len()).ok_or_else(|| ScenarioError::Override {
                key: key.clone(),
                what: "it is no path".to_owned(),
                help: Some("write names with dots between them, for example `pools.0.hosts`".to_owned()),
            })?;
            all.push_str(key);
            all.push_str(" = ");
            let start = all.len();
            if is_value(value) {
                all.push_str(value);
            } else {
                all.push_str(&toml::Value::String(value.clone()).to_string());
            }
            let document = format!("{}v = {}", " ".repeat(start - "v = ".len()), &all[start..]);
            lines.push(OverrideLine { path, value: start..all.len(), document });
            all.push('\n');
        }
        Ok(Source { file: file.to_owned(), text: all, own: text.len(), lines })
    }

    /// Reads the scenario as written; nothing is checked yet but names and types of the keys.
    pub(super) fn read(&self) -> Result<ScenarioSpec, ScenarioError> {
        let mut root =
            DeTable::parse(&self.text[..self.own]).map_err(|error| self.error(self.syntax(&error)))?;
        for line in &self.lines {
            self.apply(root.get_mut(), line)?;
        }
        shape::check(root.get_ref()).map_err(|problem| self.error(problem))?;
        let reader = toml::de::Deserializer::from(root);
        ScenarioSpec::deserialize(reader).map_err(|error| self.error(self.schema(&error)))
    }

    pub(super) fn error(&self, problem: Problem) -> ScenarioError {
        problem.in_text(&self.file, &self.text)
    }

    fn apply<'s>(&'s self, root: &mut DeTable<'s>, line: &'s OverrideLine) -> Result<(), ScenarioError> {
        let mut parsed = DeTable::parse(&line.document).map_err(|error| self.error(self.syntax(&error)))?;
        let value = parsed.get_mut().remove("v").map(Spanned::into_inner);
        let value = value.ok_or_else(|| self.error(Problem::at_span(line.value.clone(), "no value")))?;
        let value = Spanned::new(line.value.clone(), value);
        let (last, above) = line.path.split_last().expect("a path has at least one step");
        let mut place = Place::Table(root);
        for step in above {
            place = place.into_step(step).map_err(|problem| self.error(problem))?;
        }
        place.set(last, value).map_err(|problem| self.error(problem))
    }

    fn syntax(&self, error: &toml::de::Error) -> Problem {
        let span = error.span().map(|span| visible(&self.text, span));
        let problem = format!("the scenario is no TOML: {}", error.message());
        match span {
            Some(span) => Problem::at_span(span, problem),
            None => Problem::new(problem),
        }
    }

    fn schema(&self, error: &toml::de::Error) -> Problem {
        let span = error.span().map_or(0..0, |span| visible(&self.text, span));
        let message = error.message();
        if let Some((name, known)) = unknown_name(message, "unknown field ") {
            let known: Vec<&str> = known.collect();
            return Problem::at_span(span, format!("unknown key `{name}`"))
                .label("unknown key")
                .maybe_help(did_you_mean(name, known.iter().copied()));
        }
        if let Some((name, known)) = unknown_name(message, "unknown variant ") {
            let known: Vec<&str> = known.collect();
            return Problem::at_span(span, format!("unknown value `{name}`"))
                .label("unknown value")
                .maybe_help(did_you_mean(name, known.iter().copied()));
        }
        if let Some(name) = message.strip_prefix("missing field ") {
            return Problem::at_span(span, format!("missing key {name}")).label("in this table");
        }
        for prefix in ["invalid type: ", "invalid value: ", "invalid length: "] {
            if let Some((found, expected)) =
                message.strip_prefix(prefix).and_then(|rest| rest.split_once(", expected "))
            {
                let expected = plain(expected);
                return Problem::at_span(span, format!("expected {expected}, found {found}"))
                    .label(format!("expected {expected}"));
            }
        }
        Problem::at_span(span, message)
    }
}

/// The derive's words for what it expected, in words of a scenario.
fn plain(expected: &str) -> Cow<'_, str> {
    match expected {
        "u32" | "u64" | "usize" => "a whole number of at least 0".into(),
        "f64" => "a number".into(),
        "a string" => "text in quotes".into(),
        "a sequence" => "a list in brackets".into(),
        "a boolean" => "`true` or `false`".into(),
        _ => match expected.strip_prefix("struct ") {
            Some(_) => "a table".into(),
            None => expected.into(),
        },
    }
}

/// The name and the known names of a message such as "unknown field `x`, expected one of `a`, `b`".
fn unknown_name<'m>(message: &'m str, prefix: &str) -> Option<(&'m str, impl Iterator<Item = &'m str>)> {
    let mut quoted = message.strip_prefix(prefix)?.split('`').skip(1).step_by(2);
    let name = quoted.next()?;
    Some((name, quoted))
}

/// A span that has something to show: an empty one (end of the text, end of a line) takes the character before it.
fn visible(text: &str, span: Range<usize>) -> Range<usize> {
    let (start, end) = (span.start.min(text.len()), span.end.min(text.len()));
    if start < end {
        return start..end;
    }
    let before = text[..start].trim_end().char_indices().next_back();
    before.map_or(0..0, |(at, letter)| at..at + letter.len_utf8())
}

/// True when the text is one TOML value.
fn is_value(text: &str) -> bool {
    let document = format!("v = {text}");
    DeTable::parse(&document).is_ok_and(|table| table.get_ref().len() == 1)
}

/// Splits a path at its dots; parts in quotes are taken whole. `start` is where the path will stand in the text.
fn path(key: &str, start: usize) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut at = 0;
    loop {
        let rest = &key[at..];
        let (name, len) = match rest.chars().next()? {
            quote @ ('"' | '\'') => {
                let end = rest[1..].find(quote)?;
                (&rest[1..=end], end + 2)
            }
            _ => {
                let end = rest.find('.').unwrap_or(rest.len());
                (rest[..end].trim(), end)
            }
        };
        if name.is_empty() {
            return None;
        }
        steps.push(Step { name: name.to_owned(), span: start + at..start + at + len });
        at += len;
        match key[at..].chars().next() {
            None => return Some(steps),
            Some('.') => at += 1,
            Some(_) => return None,
        }
    }
}

/// A place in the tree of a document that an override goes into or through.
enum Place<'t, 'i> {
    Table(&'t mut DeTable<'i>),
    List(&'t mut [Spanned<DeValue<'i>>], String),
}

impl<'t, 'i> Place<'t, 'i> {
    fn of(value: &'t mut DeValue<'i>, step: &Step) -> Result<Place<'t, 'i>, Problem> {
        match value {
            DeValue::Table(table) => Ok(Place::Table(table)),
            DeValue::Array(list) => Ok(Place::List(list, step.name.clone())),
            other => Err(Problem::at_span(
                step.span.clone(),
                format!("`{}` is a {}: it has nothing inside that can be set", step.name, other.type_str()),
            )),
        }
    }

    fn into_step(self, step: &Step) -> Result<Place<'t, 'i>, Problem> {
        match self {
            Place::Table(table) => {
                if table.get(step.name.as_str()).is_none() {
                    let empty = DeValue::Table(DeTable::new());
                    table.insert(step.key(), Spanned::new(step.span.clone(), empty));
                }
                let value = table.get_mut(step.name.as_str()).expect("it is there now");
                Place::of(value.get_mut(), step)
            }
            Place::List(list, name) => {
                let at = element(list, &name, step)?;
                Place::of(list[at].get_mut(), step)
            }
        }
    }

    fn set(self, step: &Step, value: Spanned<DeValue<'i>>) -> Result<(), Problem> {
        match self {
            Place::Table(table) => {
                table.remove(step.name.as_str());
                table.insert(step.key(), value);
            }
            Place::List(list, name) => {
                let at = element(list, &name, step)?;
                list[at] = value;
            }
        }
        Ok(())
    }
}

impl Step {
    fn key<'i>(&self) -> Spanned<Cow<'i, str>> {
        Spanned::new(self.span.clone(), Cow::Owned(self.name.clone()))
    }
}

/// The element of a list that a step means: by number, else by its `name` or `id`.
fn element(list: &[Spanned<DeValue<'_>>], of: &str, step: &Step) -> Result<usize, Problem> {
    if let Ok(at) = step.name.parse::<usize>()
        && at < list.len()
    {
        return Ok(at);
    }
    let names: Vec<(usize, &str)> = list
        .iter()
        .enumerate()
        .flat_map(|(at, value)| {
            let table = value.get_ref().as_table();
            ["name", "id"].into_iter().filter_map(move |key| Some((at, table?.get(key)?.get_ref().as_str()?)))
        })
        .collect();
    if let Some((at, _)) = names.iter().find(|(_, name)| *name == step.name) {
        return Ok(*at);
    }
    let what = match list.len() {
        0 => format!("`{of}` has no elements"),
        1 => format!("`{of}` has one element, number 0: there is no `{}`", step.name),
        len => format!("`{of}` has the elements 0 to {}: there is no `{}`", len - 1, step.name),
    };
    let help = did_you_mean(&step.name, names.iter().map(|(_, name)| *name));
    Err(Problem::at_span(step.span.clone(), what).maybe_help(help))
}
