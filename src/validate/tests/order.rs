use super::super::check::{Answer, first_unguarded};
use super::super::{Reject, checks, number_of, order, phases};
use crate::api::ErrorTable;

#[test]
fn the_registered_order_is_the_order_of_precedence() {
    let listed: Vec<(usize, String, String)> =
        csv::Reader::from_reader(include_str!("../../../tests/conformance/order.csv").as_bytes())
            .deserialize()
            .collect::<Result<_, _>>()
            .expect("the list of checks");
    let registered: Vec<(usize, String, String)> = checks()
        .enumerate()
        .map(|(at, check)| {
            let answer = match check.answer {
                Answer::Row(n) => n.to_string(),
                Answer::Extra(extra) => extra.id().to_owned(),
                Answer::Replay => "REPLAY".to_owned(),
            };
            (at + 1, check.id.to_owned(), answer)
        })
        .collect();
    assert_eq!(registered, listed);
    assert_eq!(registered.len(), 244);
    assert_eq!(phases().count(), 14);
    assert_eq!(phases().flat_map(|phase| phase.groups).count(), 55);
}

#[test]
fn every_row_has_the_checks_that_the_table_names() {
    for row in ErrorTable::shipped().rows() {
        let named: Vec<&str> = row.check_ids.split(';').collect();
        let of_row = |check: &&super::super::Check| check.answer == Answer::Row(row.n);
        let registered: Vec<&str> = checks().filter(of_row).map(|check| check.id).collect();
        assert_eq!(registered, named, "row {}", row.n);
        let phase = phases().find(|phase| phase.title.split(". ").nth(1) == Some(row.phase.as_str()));
        assert!(phase.is_some(), "row {}: {}", row.n, row.phase);
    }
}

#[test]
fn checks_have_numbers() {
    assert_eq!(number_of("P1.Action"), Some(1));
    assert_eq!(number_of("I1.detail"), Some(244));
    assert_eq!(number_of("nothing"), None);
    assert_eq!(order::refuse("K1.stock").map(|reject| reject.number()), Some(238));
}

#[test]
fn every_answer_is_that_of_its_row() {
    for check in checks() {
        let reject = Reject::new(check, Some("text".to_owned()));
        match check.answer {
            Answer::Row(n) => {
                let row = ErrorTable::shipped().row(n).expect("a row");
                assert_eq!((reject.status, reject.code), (row.status, row.code.as_str()));
                assert_eq!(reject.message, row.message.replace("%s", "text"));
            }
            Answer::Extra(extra) => assert_eq!((reject.status, reject.code), (extra.status(), extra.code())),
            Answer::Replay => assert_eq!((reject.status, reject.replay.as_deref()), (200, Some("text"))),
        }
    }
}

/// Skipping a group never changes an answer: every check that fires belongs to a group that applies.
#[test]
fn groups_are_skipped_only_when_none_of_their_checks_fires() {
    let defaults = super::defaults();
    for case in super::cases() {
        let mut world = defaults.world().clone();
        super::fixture::apply(&mut world, &case.world).expect("differences");
        let built = super::fixture::build(super::fixture::facts(world).expect("facts")).expect("a world");
        let request = defaults.request(&case.request);
        let unguarded = first_unguarded(&request, &built.world, super::ACCOUNT, built.now);
        let guarded = super::super::admit(&request, &built.world, super::ACCOUNT, built.now).err();
        assert_eq!(guarded, unguarded, "{}", case.id);
    }
}
