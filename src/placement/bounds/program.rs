//! The weights of the LP bound: the dual of the configuration program, with constraints made as they are needed.
//!
//! Maximize the weight of all instances less that of the given hosts, so that no combination that fits a host of the
//! class asked about weighs more than 1, and none that fits a given host more than that host. There are far too many
//! combinations to write down: the program begins with each demand alone, and takes in the heaviest combination of each
//! kind of host until none is too heavy.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

use super::price::Price;
use super::{Problem, Weights};

/// Rounds at most; the best weights so far are weights all the same.
const ROUNDS: usize = 200;
/// Weight 1 in integers.
const ONE: f64 = (1u64 << 32) as f64;

/// A combination that fits a host: kind of host (none for the class asked about), demands with their numbers.
struct Row {
    given: Option<usize>,
    demands: Vec<(usize, u32)>,
}

impl Row {
    fn new(given: Option<usize>, counts: &[u32]) -> Row {
        let demands = counts.iter().copied().enumerate().filter(|(_, count)| *count > 0);
        Row { given, demands: demands.collect() }
    }
}

pub(super) fn solve(problem: &Problem, counts: &[u64]) -> Option<Weights> {
    let asked: Vec<usize> =
        (0..problem.demands).filter(|&demand| counts[demand] > 0 && problem.holds(demand)).collect();
    let total: u64 = asked.iter().map(|&demand| counts[demand]).sum();
    let given = || problem.given.iter().enumerate().map(|(at, (bin, _))| (Some(at), bin));
    let bins = || std::iter::once((None, &problem.open)).chain(given());
    let mut rows = Vec::new();
    for &demand in &asked {
        let mut alone = vec![0; problem.demands];
        alone[demand] = 1;
        rows.extend(bins().map(|(given, bin)| Row::new(given, &Price::of(bin, &alone).counts)));
    }
    let mut best: Option<(u64, Weights)> = None;
    for _ in 0..ROUNDS {
        let Some((limit, of)) = dual(problem, &asked, counts, total, &rows) else { break };
        let weights = problem.weigh(of);
        let hosts = weights.hosts_for(counts);
        if best.as_ref().is_none_or(|(known, _)| hosts > *known) {
            best = Some((hosts, weights.clone()));
        }
        // No weights can do better than the program with too few constraints.
        if best.as_ref().is_some_and(|(known, _)| *known as f64 >= limit - 1e-6) {
            break;
        }
        let before = rows.len();
        for (given, bin) in bins() {
            let price = Price::of(bin, &weights.of);
            let row = Row::new(given, &price.counts);
            if !rows.iter().any(|known| known.given == row.given && known.demands == row.demands) {
                rows.push(row);
            }
        }
        if rows.len() == before {
            break;
        }
    }
    best.map(|(_, weights)| weights)
}

/// Solves the program with the constraints so far: its value in hosts, and the weights in integers.
fn dual(
    problem: &Problem,
    asked: &[usize],
    counts: &[u64],
    total: u64,
    rows: &[Row],
) -> Option<(f64, Vec<u64>)> {
    let mut variables = ProblemVariables::new();
    let mut place: Vec<Option<Variable>> = vec![None; problem.demands];
    let mut objective = Expression::from(0.0);
    // In units of all instances, so that the numbers of the program are near 1.
    let unit = total.max(1) as f64;
    for &demand in asked {
        let weight = variables.add(variable().min(0.0).max(1.0));
        place[demand] = Some(weight);
        objective.add_mul(counts[demand] as f64 / unit, weight);
    }
    let hosts: Vec<Variable> = problem
        .given
        .iter()
        .map(|(_, hosts)| {
            let weight = variables.add(variable().min(0.0));
            objective.add_mul(-(*hosts as f64) / unit, weight);
            weight
        })
        .collect();
    let mut model = variables.maximise(objective.clone()).using(microlp);
    for row in rows {
        let mut sum = Expression::from(0.0);
        for &(demand, count) in &row.demands {
            if let Some(weight) = place[demand] {
                sum.add_mul(f64::from(count), weight);
            }
        }
        let limit = row.given.map_or_else(|| Expression::from(1.0), |given| hosts[given].into());
        model.add_constraint(sum.leq(limit));
    }
    let solution = model.solve().ok()?;
    let weight = |place: &Option<Variable>| {
        place.map_or(0, |place| (solution.value(place).clamp(0.0, 1.0) * ONE) as u64)
    };
    Some((solution.eval(objective) * unit, place.iter().map(weight).collect()))
}
