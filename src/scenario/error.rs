//! What can be wrong with a scenario, and where.

use std::ops::Range;
use std::path::PathBuf;

use miette::{Diagnostic, LabeledSpan, NamedSource, Severity, SourceCode};

use super::units::At;
use super::workload::Wrong;

/// A scenario that cannot be used. Always the user's to mend (exit code 2).
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file cannot be read.
    #[error("cannot read the scenario {}: {what}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// A `--set` that names no place in the scenario.
    #[error("cannot set `{key}`: {what}")]
    Override {
        /// The path as given.
        key: String,
        /// Why not.
        what: String,
        /// What to do, when it can be told.
        help: Option<String>,
    },
    /// The text is wrong at a place, or as a whole.
    #[error("{}", .0.problem.message)]
    Wrong(Box<Faulty>),
}

/// A problem together with the text that it is in.
#[derive(Debug)]
pub struct Faulty {
    problem: Problem,
    source: NamedSource<String>,
}

/// What is wrong, where (bytes of the text), and what would be right: made by checks, shown as a [`ScenarioError`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Problem {
    message: String,
    span: Option<Range<usize>>,
    label: Option<String>,
    help: Option<String>,
}

impl Problem {
    /// A problem of the scenario as a whole.
    pub fn new(message: impl Into<String>) -> Problem {
        Problem { message: message.into(), span: None, label: None, help: None }
    }

    /// A problem with one value. It points at no line when the value is a default.
    pub fn at<T>(value: &At<T>, message: impl Into<String>) -> Problem {
        Problem::at_span(value.span(), message)
    }

    /// A problem with a part of the text; an empty part points nowhere.
    pub fn at_span(span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem { span: Some(span).filter(|span| !span.is_empty()), ..Problem::new(message) }
    }

    /// The words at the place itself (default: "here").
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Problem {
        self.label = Some(label.into());
        self
    }

    /// What would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }

    /// What would be right, when it is known.
    #[must_use]
    pub fn maybe_help(mut self, help: Option<String>) -> Problem {
        self.help = help;
        self
    }

    /// A problem with a part of `of`, which the message names first.
    pub fn inside(of: &str, wrong: Wrong) -> Problem {
        Problem::at_span(wrong.span, format!("{of}: {}", wrong.what))
    }

    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(super) fn in_text(self, file: &str, text: &str) -> ScenarioError {
        let source = NamedSource::new(file, text.to_owned()).with_language("TOML");
        ScenarioError::Wrong(Box::new(Faulty { problem: self, source }))
    }
}

impl ScenarioError {
    /// The bytes of the text that are wrong, when one place is.
    pub fn span(&self) -> Option<Range<usize>> {
        match self {
            ScenarioError::Wrong(faulty) => faulty.problem.span.clone(),
            _ => None,
        }
    }

    /// The line that is wrong, counted from 1, when one is.
    pub fn line(&self) -> Option<usize> {
        let ScenarioError::Wrong(faulty) = self else { return None };
        let start = faulty.problem.span.as_ref()?.start;
        let before = faulty.source.inner().as_bytes().get(..start)?;
        Some(before.iter().filter(|byte| **byte == b'\n').count() + 1)
    }

    /// What would be right, when it is known.
    pub fn advice(&self) -> Option<&str> {
        match self {
            ScenarioError::Wrong(faulty) => faulty.problem.help.as_deref(),
            ScenarioError::Override { help, .. } => help.as_deref(),
            ScenarioError::Unreadable { .. } => None,
        }
    }
}

impl Diagnostic for ScenarioError {
    fn severity(&self) -> Option<Severity> {
        Some(Severity::Error)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.advice().map(|help| Box::new(help) as Box<dyn std::fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            ScenarioError::Wrong(faulty) if faulty.problem.span.is_some() => Some(&faulty.source),
            _ => None,
        }
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let ScenarioError::Wrong(faulty) = self else { return None };
        let span = faulty.problem.span.clone()?;
        let label = faulty.problem.label.clone().unwrap_or_else(|| "here".to_owned());
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some(label), span))))
    }
}
