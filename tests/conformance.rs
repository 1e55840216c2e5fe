//! Every conformance case through the public gate: all pass, byte for byte, and every row of the table is produced, those
//! with a place for a text (RPC-55) with theirs.

use std::collections::BTreeSet;

use packyard::api::ErrorTable;
use packyard::validate::conformance::{Case, Defaults};

#[test]
fn every_case_passes_and_every_row_is_produced() {
    let defaults = Defaults::shipped().expect("the shipped defaults are sound");
    let text = std::fs::read_to_string("tests/conformance/cases.jsonl").expect("the cases are there");
    let (mut failed, mut rows, mut total) = (Vec::new(), BTreeSet::new(), 0);
    for line in text.lines() {
        let case: Case = serde_json::from_str(line).expect("a case");
        let answered = defaults.answer(&case).expect("a world");
        let expected = case.expect.as_ref().expect("an expectation");
        let reject = answered.reject.as_ref().filter(|reject| reject.replay.is_none());
        let message = reject.map(|reject| reject.message.to_string());
        let exact = answered.passes(&case) == Some(true)
            && message == expected.message
            && reject.and_then(|reject| reject.row) == case.row;
        if !exact {
            failed.push(format!("{}: {}", case.id, answered.to_json(&case)));
        }
        rows.extend(reject.and_then(|reject| reject.row));
        total += 1;
    }
    println!("{total} cases, {} of {} rows produced", rows.len(), ErrorTable::shipped().rows().len());
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
    assert_eq!(total, 908);
    assert_eq!(rows.len(), ErrorTable::shipped().rows().len());
}

#[test]
fn the_numbers_of_cases_are_those_of_the_table() {
    let text = std::fs::read_to_string("tests/conformance/cases.jsonl").expect("the cases are there");
    let cases: Vec<Case> = text.lines().map(|line| serde_json::from_str(line).expect("a case")).collect();
    for (row, count) in ErrorTable::shipped().cases() {
        let counted = match row.parse::<u16>() {
            Ok(n) => cases.iter().filter(|case| case.row == Some(n)).count(),
            Err(_) => {
                let answers = |case: &&Case| {
                    let id = case.check.as_deref();
                    packyard::validate::checks().any(|check| {
                        Some(check.id) == id
                            && matches!(check.answer, packyard::validate::Answer::Extra(extra) if extra.id() == row)
                    })
                };
                cases.iter().filter(answers).count()
            }
        };
        assert_eq!(counted, count as usize, "row {row}");
        assert!(count > 0, "row {row}");
    }
}
