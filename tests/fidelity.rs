//! `data/rules.csv` and `docs/fidelity.md`: what is called modelled is cited, and the page counts what the table says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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

/// Words of every Rust file under `folder`, split where no rule id goes on.
fn words(folder: &Path, into: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            words(&path, into);
        } else if path.extension().is_some_and(|known| known == "rs") && !path.ends_with("fidelity.rs") {
            let text = std::fs::read_to_string(&path).expect("source text");
            let split = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'));
            into.extend(split.map(str::to_owned));
        }
    }
}

fn cited() -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    words(&root().join("src"), &mut cited);
    words(&root().join("tests"), &mut cited);
    cited
}

#[test]
fn what_is_called_modelled_is_cited() {
    let cited = cited();
    let missing: Vec<String> = rules()
        .into_iter()
        .filter(|rule| rule.status == "modelled" && !cited.contains(&rule.id))
        .map(|rule| rule.id)
        .collect();
    assert!(missing.is_empty(), "modelled and cited nowhere: {missing:?}");
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
