//! What can be done to a trace before it is replayed: at a speed, thinned, in copies with jitter, shifted, cut.

use super::*;
use std::collections::BTreeMap;

const SECOND: u64 = 1_000_000;

/// A trace of 2,000 batches, one a minute on the trace's clock from 1,000 s on; batch n has 1 + n % 3 instances that live
/// 600 s, and each fifth one stays for ever.
fn file() -> tempfile::NamedTempFile {
    let mut text = String::from("at,type,lifetime,batch\n");
    for batch in 0..2_000 {
        let life = if batch % 5 == 4 { "" } else { "600" };
        for _ in 0..=batch % 3 {
            text += &format!("{},ecs.g5.large,{life},{batch}\n", 1_000 + 60 * batch);
        }
    }
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    file
}

fn replayed(rest: &str) -> (Vec<Arrival>, Vec<Template>) {
    let file = file();
    let text = format!("[[workloads]]\nname = \"t\"\ntrace = {{ format = \"packyard-csv\" {rest} }}\n");
    let setting = Setting { trace: Some(file.path()), ..setting(1, SimDuration::FOREVER) };
    all(Workload::new(&specs(&text), &setting).expect("a sound trace"))
}

fn seconds(arrivals: &[Arrival]) -> Vec<u64> {
    arrivals.iter().map(|one| one.at.0 / SECOND).collect()
}

fn life(one: &Arrival) -> Option<u64> {
    match one.end {
        End::At(end) => Some(end.since(one.at).0 / SECOND),
        End::Never => None,
        End::After(_) => panic!("the trace says it"),
    }
}

#[test]
fn as_it_is_it_begins_with_its_first_creation() {
    let (plain, _) = replayed("");
    let rows = |batches: &mut dyn Iterator<Item = usize>| batches.map(|batch| 1 + batch % 3).sum::<usize>();
    assert_eq!(plain.len(), rows(&mut (0..2_000)));
    assert_eq!(seconds(&plain)[..4], [0, 60, 60, 120]);
    let stay = plain.iter().filter(|one| life(one).is_none()).count();
    assert_eq!(stay, rows(&mut (0..2_000).filter(|batch| batch % 5 == 4)));
}

#[test]
fn a_speed_shrinks_moments_and_lifetimes() {
    let (plain, fast, slow) = (replayed("").0, replayed(", speed = 4").0, replayed(", speed = 0.5").0);
    assert_eq!((plain.len(), plain.len()), (fast.len(), slow.len()));
    for ((plain, fast), slow) in plain.iter().zip(&fast).zip(&slow) {
        assert_eq!((fast.at.0, slow.at.0), (plain.at.0 / 4, plain.at.0 * 2));
        assert_eq!(life(fast), life(plain).map(|life| life / 4));
        assert_eq!(life(slow), life(plain).map(|life| life * 2));
    }
}

#[test]
fn thinning_keeps_its_share_by_chance_and_in_order() {
    let (plain, thin) = (replayed("").0, replayed(", keep = \"30%\"").0);
    let share = thin.len() as f64 / plain.len() as f64;
    // 2,000 batches by chance: three standard deviations are 3 %.
    assert!((share - 0.3).abs() < 0.035, "{share}");
    assert!(thin.iter().is_sorted_by_key(|one| one.at));
    for batch in thin.chunk_by(|one, other| one.at == other.at) {
        let number = batch[0].at.0 / (60 * SECOND);
        assert_eq!(batch.len() as u64, 1 + number % 3, "batches stay whole");
    }
    // Every part of the trace is thinned alike.
    let half = thin.partition_point(|one| one.at.0 < 60_000 * SECOND) as f64 / thin.len() as f64;
    assert!((half - 0.5).abs() < 0.05, "{half}");
}

#[test]
fn a_shift_moves_all_and_changes_nothing_else() {
    let (plain, later) = (replayed("").0, replayed(", shift = \"2h\"").0);
    for (plain, later) in plain.iter().zip(&later) {
        assert_eq!((later.at.0, life(later)), (plain.at.0 + 7_200 * SECOND, life(plain)));
    }
    assert_eq!(plain.len(), later.len());
}

#[test]
fn a_cut_takes_a_span_of_the_traces_clock() {
    let (cut, _) = replayed(", origin = \"4000s\", until = \"7000s\"");
    // Batches at 1000 + 60 n: from 4000 (n = 50) up to but not with 7000 (n = 100).
    assert_eq!(cut.len(), (50..100).map(|batch| 1 + batch % 3).sum::<usize>());
    assert_eq!((seconds(&cut)[0], *seconds(&cut).last().unwrap()), (0, 49 * 60));
    // The origin need not be a creation.
    let (between, _) = replayed(", origin = \"4030s\", until = \"7000s\"");
    assert_eq!(seconds(&between)[0], 30);
}

#[test]
fn copies_come_at_the_same_moment_without_jitter() {
    let (plain, three) = (replayed("").0, replayed(", copies = 3").0);
    let tripled: Vec<u64> = seconds(&plain).into_iter().flat_map(|at| [at; 3]).collect();
    assert_eq!(seconds(&three), tripled);
}

#[test]
fn copies_have_moments_and_customers_of_their_own() {
    let (plain, _) = replayed("");
    let (five, templates) = replayed(", copies = 5, jitter = \"50s\"");
    assert_eq!(five.len(), 5 * plain.len());
    assert!(five.iter().is_sorted_by_key(|one| one.at));
    // The batches are a minute apart and the jitter is shorter: each record's minute is that of its original, and the first
    // copy is in its place.
    let mut delays: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for one in &five {
        delays.entry(one.at.0 / (60 * SECOND)).or_default().push(one.at.0 % (60 * SECOND));
    }
    let mut late = Vec::new();
    for (number, delays) in delays.values().enumerate() {
        let rows = 1 + number % 3;
        assert_eq!(delays.len(), 5 * rows);
        assert_eq!(delays.iter().filter(|delay| **delay == 0).count(), rows, "the first copies");
        let mut own: Vec<u64> = delays.iter().copied().filter(|delay| *delay > 0).collect();
        own.dedup();
        assert_eq!(own.len(), 4, "all of a batch come together");
        late.extend(own.into_iter().map(|delay| delay as f64 / (50.0 * SECOND as f64)));
    }
    // Uniform up to the jitter (Kolmogorov-Smirnov).
    late.sort_by(f64::total_cmp);
    let count = late.len() as f64;
    let distance =
        late.iter().enumerate().map(|(at, delay)| (delay - at as f64 / count).abs()).fold(0.0, f64::max);
    assert!(distance < 1.95 / count.sqrt() + 1.0 / count, "{distance}");
    // A copy of a batch has one customer, and the copies of one record have customers of their own.
    let account = |one: &Arrival| templates[one.template as usize].account;
    for batch in five.chunk_by(|one, other| one.at == other.at) {
        assert!(batch.iter().all(|one| account(one) == account(&batch[0])));
    }
    let mixed =
        five.chunks(10).filter(|some| some.iter().any(|one| account(one) != account(&some[0]))).count();
    assert!(mixed > 900, "{mixed}");
    let mains = five.iter().filter(|one| account(one) == AccountIx(0)).count() as f64 / five.len() as f64;
    assert!((mains - 0.5).abs() < 0.03, "{mains}");
}

#[test]
fn everything_at_once_in_the_order_that_is_told() {
    // Cut, thinned, told from the cut's beginning at a speed, shifted, in copies.
    let (all, _) = replayed(
        ", origin = \"4000s\", until = \"7000s\", keep = \"100%\", speed = 2, shift = \"1h\", copies = 2, jitter = \"1s\"",
    );
    assert_eq!(all.len(), 2 * (50..100).map(|batch| 1 + batch % 3).sum::<usize>());
    assert_eq!((all[0].at.0 / SECOND, all.last().unwrap().at.0 / SECOND), (3_600, 3_600 + 49 * 30));
    assert!(all.iter().filter_map(life).all(|life| life == 300), "lifetimes at the speed");
}
