//! What-if tables.

use std::sync::atomic::AtomicBool;

use packyard::planner::whatif;

use crate::case::{Case, knobs_and_terms};
use crate::loss::LOSS;

#[test]
fn what_if_has_a_column_for_each_change() {
    let case = Case::new(LOSS, None);
    let source = case.source(&[("duration", "10d"), ("plan.seeds", "4")]);
    let (knobs, terms) = knobs_and_terms(&source, 2);
    let scenario = source.load(&[]).unwrap();
    let mut changes = whatif::policies("first-fit, worst-fit");
    changes.push(whatif::growth("10%/month", "60d".parse().unwrap(), &scenario).unwrap());
    changes.push(whatif::failure("hosts=2@peak", &scenario).unwrap());
    changes.push(whatif::setting("workloads.calls.arrivals.rate", "5/h"));
    let stop = AtomicBool::new(false);
    let table = whatif::table(&source, changes.clone(), Some(&knobs), &terms, &stop, &mut |_| {}).unwrap();
    let hosts: Vec<u64> = table
        .columns
        .iter()
        .map(|column| match &column.result {
            whatif::Result::Plan(plan) => plan.answer.as_ref().unwrap().setting.hosts,
            whatif::Result::AsIs(_) => panic!("a search was asked for"),
        })
        .collect();
    // Hosts of one place each: the policy does not matter; 21 % more calls do, and so do two hosts that fail.
    let (base, grown, failing, fewer) = (hosts[0], hosts[3], hosts[4], hosts[5]);
    assert_eq!((hosts[1], hosts[2]), (base, base));
    assert!(grown > base && fewer < base && failing >= base + 2, "{hosts:?}");

    let source = case.source(&[("duration", "10d"), ("plan.seeds", "4"), ("pools.line.hosts", "31")]);
    let judged = whatif::table(&source, changes, None, &terms, &stop, &mut |_| {}).unwrap();
    let holds: Vec<bool> = judged
        .columns
        .iter()
        .map(|column| matches!(&column.result, whatif::Result::AsIs(own) if own.holds))
        .collect();
    assert_eq!(holds[3..], [false, false, true], "grown, failing, fewer");
}
