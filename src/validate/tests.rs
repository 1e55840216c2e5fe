use super::conformance::{Case, Defaults};

fn cases() -> Vec<Case> {
    include_str!("../../tests/conformance/cases.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a case"))
        .collect()
}

#[test]
fn every_case_passes() {
    let defaults = Defaults::shipped().expect("defaults");
    let failed: Vec<String> = cases()
        .iter()
        .filter_map(|case| {
            let answered = defaults.answer(case).expect("a world");
            (answered.passes(case) != Some(true))
                .then(|| format!("{}\n  expected {:?} {:?}", answered.to_json(case), case.check, case.expect))
        })
        .collect();
    assert!(failed.is_empty(), "{} cases fail:\n{}", failed.len(), failed.join("\n"));
}
