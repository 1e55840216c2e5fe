//! `data/rules.csv` and `docs/fidelity.md`: what is called modelled is shown by a test that cites it, and the page counts
//! what the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
struct Rule {
    id: String,
    sheet: String,
    status: String,
    note: String,
}

const STATUSES: [&str; 4] = ["modelled", "partly", "later", "out"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> Vec<Rule> {
    let mut reader = csv::Reader::from_path(root().join("data/rules.csv")).expect("the table");
    reader.deserialize().map(|row| row.expect("a sound row")).collect()
}

/// Texts of all files under `folder` with this ending, and their paths.
fn texts(folder: &Path, ending: &str, into: &mut Vec<(PathBuf, String)>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            texts(&path, ending, into);
        } else if path.extension().is_some_and(|known| known == ending) && !path.ends_with("fidelity.rs") {
            let text = std::fs::read_to_string(&path).expect("text");
            into.push((path, text));
        }
    }
}

/// What a source file has of tests: all of a file of tests, else what follows the head of its module of tests.
fn tests_in<'t>(path: &Path, text: &'t str) -> &'t str {
    if path.ends_with("tests.rs") || path.components().any(|part| part.as_os_str() == "tests") {
        return text;
    }
    let heads = text.match_indices("#[cfg(test)]\n").filter(|(at, head)| {
        let next = text[at + head.len()..].lines().next().unwrap_or_default();
        next.ends_with("mod tests {")
    });
    heads.last().map_or("", |(at, _)| &text[at..])
}

/// The prefix and the number of an id: `CDS-P` and 4 of `CDS-P04`, with its digits.
fn parts(id: &str) -> Option<(&str, usize, u32)> {
    let head = id.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &id[head.len()..];
    Some((head, digits.len(), digits.parse().ok()?)).filter(|_| head.contains('-'))
}

/// Words of a text, split where no rule id goes on.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let split = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
    split.filter(|word| !word.is_empty())
}

/// Ids that a text cites, those within `A-1 to A-9` included.
fn ids(text: &str, into: &mut BTreeSet<String>) {
    let mut before: [&str; 2] = [""; 2];
    for word in words(text) {
        if before[1] == "to"
            && let (Some((head, width, from)), Some((same, _, to))) = (parts(before[0]), parts(word))
            && head == same
        {
            into.extend((from..to).map(|number| format!("{head}{number:0width$}")));
        }
        into.insert(word.to_owned());
        before = [before[1], word];
    }
}

/// Every word of the code and the tests.
fn cited() -> BTreeSet<String> {
    let mut files = Vec::new();
    texts(&root().join("src"), "rs", &mut files);
    texts(&root().join("tests"), "rs", &mut files);
    texts(&root().join("tests"), "jsonl", &mut files);
    files.iter().flat_map(|(_, text)| words(text)).map(str::to_owned).collect()
}

/// Ids that a test cites: in its own text, or in the cases that it reads.
fn shown() -> BTreeSet<String> {
    let mut files = Vec::new();
    texts(&root().join("src"), "rs", &mut files);
    texts(&root().join("tests"), "rs", &mut files);
    texts(&root().join("tests"), "jsonl", &mut files);
    texts(&root().join("tests/rules"), "csv", &mut files);
    let mut shown = BTreeSet::new();
    for (path, text) in &files {
        let own = path.strip_prefix(root()).expect("a file of the project");
        ids(if own.starts_with("src") { tests_in(own, text) } else { text }, &mut shown);
    }
    shown
}

#[test]
fn what_is_called_modelled_is_shown_by_a_test() {
    let shown = shown();
    let missing: Vec<String> = rules()
        .into_iter()
        .filter(|rule| rule.status == "modelled" && !shown.contains(&rule.id))
        .map(|rule| rule.id)
        .collect();
    assert!(missing.is_empty(), "modelled, and no test cites it: {missing:?}");
}

#[test]
fn a_citation_is_read_as_it_is_meant() {
    let mut found = BTreeSet::new();
    ids("// LIFE-12 to LIFE-15, CDS-P08 to CDS-P10; MID-B1: and DEP-3 to\n/// DEP-4, R7", &mut found);
    let expected = [
        "LIFE-12", "LIFE-13", "LIFE-14", "LIFE-15", "CDS-P08", "CDS-P09", "CDS-P10", "MID-B1", "DEP-3",
        "DEP-4", "R7",
    ];
    assert!(expected.iter().all(|id| found.contains(*id)), "{found:?}");
    assert!(!found.contains("CDS-P11") && !found.contains("LIFE-11"));
    let source =
        "fn a() {} // X-1\n#[cfg(test)]\npub(crate) fn b() {} // X-2\n#[cfg(test)]\nmod tests {\n// X-3\n}";
    let mut tests = BTreeSet::new();
    ids(tests_in(Path::new("src/a.rs"), source), &mut tests);
    assert!(tests.contains("X-3") && !tests.contains("X-1") && !tests.contains("X-2"));
    assert_eq!(tests_in(Path::new("src/a/tests.rs"), source), source);
}

#[test]
fn every_rule_is_there_once_with_a_status_and_a_note() {
    let rules = rules();
    let ids: BTreeSet<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids.len(), rules.len(), "an id stands twice");
    for rule in &rules {
        assert!(STATUSES.contains(&rule.status.as_str()) && !rule.note.is_empty(), "{}", rule.id);
    }
    for (letter, most) in [('R', 182), ('O', 50), ('G', 14)] {
        for number in 1..=most {
            let id = format!("{letter}{number}");
            assert!(ids.contains(id.as_str()), "{id} is missing");
        }
    }
    let prefixes: BTreeSet<&str> = ids.iter().filter_map(|id| Some(id.split_once('-')?.0)).collect();
    for word in cited() {
        let number = word.split_once('-').filter(|(prefix, rest)| {
            prefixes.contains(prefix) && !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
        });
        assert!(number.is_none() || ids.contains(word.as_str()), "{word} is cited and not in the table");
    }
}

#[test]
fn the_page_counts_what_the_table_says() {
    let page = std::fs::read_to_string(root().join("docs/fidelity.md")).expect("the page");
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for rule in rules() {
        let at = STATUSES.iter().position(|status| *status == rule.status).expect("a known status");
        counts.entry(rule.sheet).or_default()[at] += 1;
        counts.entry("all".to_owned()).or_default()[at] += 1;
    }
    for (sheet, of) in counts {
        let [modelled, partly, later, out] = of;
        let sum: usize = of.iter().sum();
        let line = format!("| {sheet} | {sum} | {modelled} | {partly} | {later} | {out} |");
        assert!(page.contains(&line), "the page lacks: {line}");
    }
}
