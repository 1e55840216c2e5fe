//! Every generator against the law that it states: whole distributions by Kolmogorov-Smirnov or chi-square, rates and
//! variances by their formulas. Seeds are fixed, so a test passes for ever or never; limits lie at one chance in a thousand.

use std::collections::BTreeMap;

use super::*;
use crate::workload::modulation::Flashes;
use crate::workload::shape::Shape;

const MINUTE: u64 = 60_000_000;
const HOUR: u64 = 60 * MINUTE;

/// Fails when the values do not come from the law of this distribution function (Kolmogorov-Smirnov).
#[track_caller]
fn follows(values: impl IntoIterator<Item = f64>, law: impl Fn(f64) -> f64) {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let count = values.len() as f64;
    let distance = values.iter().enumerate().fold(0.0, |most: f64, (at, value)| {
        let (below, exact) = (at as f64 / count, law(*value));
        most.max((exact - below).abs()).max((below + 1.0 / count - exact).abs())
    });
    assert!(values.len() > 500, "{} values say little", values.len());
    let limit = 1.95 / count.sqrt();
    assert!(distance < limit, "the distance of {count} values is {distance}, and {limit} at most");
}

/// Fails when counts do not have these shares (Pearson's chi-square, by Wilson and Hilferty's normal form).
#[track_caller]
fn shares(counts: &[f64], shares: &[f64]) {
    assert_eq!(counts.len(), shares.len());
    let (all, whole) = (counts.iter().sum::<f64>(), shares.iter().sum::<f64>());
    let chi: f64 = counts
        .iter()
        .zip(shares)
        .map(|(count, share)| {
            let expected = all * share / whole;
            assert!(expected > 5.0, "too few for the test: {expected}");
            (count - expected) * (count - expected) / expected
        })
        .sum();
    let degrees = (counts.len() - 1) as f64;
    let normal = ((chi / degrees).cbrt() - (1.0 - 2.0 / (9.0 * degrees))) / (2.0 / (9.0 * degrees)).sqrt();
    assert!(normal < 3.1, "chi-square {chi} of {degrees} degrees: {counts:?} of shares {shares:?}");
}

fn exponential_law(mean: f64) -> impl Fn(f64) -> f64 {
    move |value| 1.0 - (-value / mean).exp()
}

fn normal_law(value: f64) -> f64 {
    0.5 * libm::erfc(-value / std::f64::consts::SQRT_2)
}

/// A workload of one type, its arrivals and what else `more` says.
fn text(arrivals: &str, more: &str) -> String {
    format!(
        "[[workloads]]\nname = \"w\"\n{more}\nmix = [{{ type = \"ecs.g5.large\" }}]\n[workloads.arrivals]\n{arrivals}\n"
    )
}

const FOREVER: &str = "lifetime = { distribution = \"forever\" }";

/// Moments of the batches of a process, in microseconds.
fn moments(arrivals: &str, seed: u64, days: u64) -> Vec<u64> {
    let (mut all, _) = all(workload(&text(arrivals, FOREVER), seed, SimDuration(DAY.0 * days)));
    all.dedup_by_key(|arrival| arrival.at);
    all.into_iter().map(|arrival| arrival.at.0).collect()
}

fn gaps(moments: &[f64]) -> Vec<f64> {
    moments.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Correlation of each value with the next.
fn serial_correlation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum::<f64>() / variance
}

/// Mean and variance over mean of the counts in windows.
fn dispersion(moments: &[u64], window: u64, days: u64) -> (f64, f64) {
    let mut counts = vec![0.0; (days * DAY.0 / window) as usize];
    for at in moments {
        if let Some(count) = counts.get_mut((at / window) as usize) {
            *count += 1.0;
        }
    }
    let mean = counts.iter().sum::<f64>() / counts.len() as f64;
    let variance = counts.iter().map(|count: &f64| (count - mean) * (count - mean)).sum::<f64>();
    (mean, variance / counts.len() as f64 / mean)
}

#[test]
fn gaps_of_a_poisson_process_are_exponential_and_know_nothing_of_one_another() {
    let moments = moments("rate = \"120/h\"", 1, 20);
    let gaps = gaps(&moments.iter().map(|at| *at as f64).collect::<Vec<_>>());
    follows(gaps.iter().copied(), exponential_law(30e6));
    assert!(serial_correlation(&gaps).abs() < 3.3 / (gaps.len() as f64).sqrt());
    let (mean, spread) = dispersion(&moments, HOUR, 20);
    let windows: f64 = 480.0;
    assert!((mean - 120.0).abs() < 3.3 * (120.0 / windows).sqrt(), "{mean}");
    assert!((spread - 1.0).abs() < 3.3 * (2.0 / windows).sqrt(), "{spread}");
}

const COURSE: &str = "course = { until = [\"6h\", \"7h\", \"30h\"], weights = [60, 240, 300] }";

/// How many of the course's 600 requests of 30 hours are expected up to a moment.
fn expected(at: u64) -> f64 {
    let hours = (at % (30 * HOUR)) as f64 / HOUR as f64;
    let within = match hours {
        0.0..6.0 => 10.0 * hours,
        6.0..7.0 => 60.0 + 240.0 * (hours - 6.0),
        _ => 300.0 + 300.0 * (hours - 7.0) / 23.0,
    };
    600.0 * (at / (30 * HOUR)) as f64 + within
}

#[test]
fn a_course_is_a_poisson_process_on_the_clock_of_its_expected_number() {
    let moments = moments(&format!("rate = \"20/h\"\n{COURSE}"), 3, 30);
    let gaps = gaps(&moments.iter().map(|at| expected(*at)).collect::<Vec<_>>());
    follows(gaps.iter().copied(), exponential_law(1.0));
    assert!(serial_correlation(&gaps).abs() < 3.3 / (gaps.len() as f64).sqrt());
    let all = expected(30 * DAY.0);
    assert!((moments.len() as f64 - all).abs() < 3.3 * all.sqrt(), "{} of {all}", moments.len());
}

/// Whatever the rate does, the number up to any moment is that which is expected, but for the batch under way.
#[test]
fn evenly_spaced_batches_keep_to_the_expected_number() {
    let hours = format!("hours = [{}0.0, 5.0]", "1.0, ".repeat(166));
    // From Monday 8:00 in Hangzhou on, as the run begins.
    let of_hours = |at: u64| {
        let week = |hours: f64| hours.min(166.0) + 5.0 * (hours - 167.0).max(0.0);
        let hours = at as f64 / HOUR as f64 + 8.0;
        20.0 * 168.0 / 171.0 * (171.0 * (hours / 168.0).floor() + week(hours % 168.0) - 8.0)
    };
    type Law<'a> = &'a dyn Fn(u64) -> f64;
    let constant = |at: u64| 20.0 * at as f64 / HOUR as f64;
    let cases: [(&str, Law<'_>); 3] = [("", &constant), (COURSE, &expected), (&hours, &of_hours)];
    for (shape, law) in cases {
        for (batch, most) in [("", 1.0), ("batch = { sizes = [1, 2, 40], weights = [90, 9, 1] }", 40.0)] {
            let arrivals = format!("rate = \"20/h\"\nspacing = \"even\"\n{shape}\n{batch}");
            let (all, _) = all(workload(&text(&arrivals, FOREVER), 5, SimDuration(DAY.0 * 20)));
            assert!(all.len() > 9_000, "{} of 9,600", all.len());
            assert!(all.is_sorted_by_key(|arrival| arrival.at));
            for (before, arrival) in all.iter().enumerate() {
                let off = law(arrival.at.0) - before as f64;
                assert!(off.abs() < most + 1e-3, "{shape} {batch}: {off} at {:?}", arrival.at);
            }
        }
    }
}

/// Within its part each batch comes at any moment alike.
#[test]
fn evenly_spaced_moments_are_drawn() {
    let even = moments("rate = \"20/h\"\nspacing = \"even\"", 7, 40);
    let parts = even.iter().map(|at| (at % (HOUR / 20)) as f64 / (HOUR / 20) as f64);
    follows(parts, |part| part.clamp(0.0, 1.0));
}

/// The time-rescaling theorem: a Poisson process whose clock runs with its own expected count has gaps of mean 1.
#[track_caller]
fn rescaled(arrivals: &str, seed: u64, days: u64) {
    let spec = specs(&text(arrivals, FOREVER)).remove(0).arrivals.expect("arrivals").get().clone();
    let shape = Shape::new(&spec, Utc(1_567_382_400), "cn-hangzhou");
    let flashes = Flashes::new(&spec.flash);
    let height =
        |at: u64| shape.as_ref().map_or(1.0, |shape| shape.at(SimTime(at))) * flashes.at(SimTime(at));
    let per_micro = spec.rate.get().per_second() / 1e6;
    let moments = moments(arrivals, seed, days);
    // Sums of rectangles of a second; what is left of one is taken at its own height.
    const STEP: u64 = 1_000_000;
    let (mut expected, mut at) = (0.0, 0);
    let clock: Vec<f64> = moments
        .iter()
        .map(|moment| {
            while at + STEP <= *moment {
                expected += per_micro * height(at + STEP / 2) * STEP as f64;
                at += STEP;
            }
            expected + per_micro * height(at) * (moment - at) as f64
        })
        .collect();
    let gaps = gaps(&clock);
    follows(gaps.iter().copied(), exponential_law(1.0));
    assert!(serial_correlation(&gaps).abs() < 3.3 / (gaps.len() as f64).sqrt());
    // The whole count: Poisson.
    while at + STEP <= DAY.0 * days {
        expected += per_micro * height(at + STEP / 2) * STEP as f64;
        at += STEP;
    }
    let count = moments.len() as f64;
    assert!((count - expected).abs() < 3.3 * expected.sqrt(), "{count} instead of {expected}");
}

#[test]
fn a_rate_that_follows_day_and_week_is_a_poisson_process_of_that_rate() {
    rescaled("rate = \"60/h\"\nday = { peak_hour = 20, swing = 0.8 }\nweek = { weekend = 0.3 }", 2, 14);
    let hours: Vec<String> = (0..168).map(|hour| (hour % 7 * (hour % 5)).to_string()).collect();
    rescaled(&format!("rate = \"60/h\"\nhours = [{}]", hours.join(", ")), 3, 14);
}

#[test]
fn flash_crowds_are_poisson_on_top_of_the_rate() {
    let flash = r#"rate = "200/h"
        flash = [
            { at = "10h", factor = 6.0, rise = "30min", hold = "2h", fall = "1h" },
            { at = "1d", factor = 12.0, hold = "1h" },
        ]"#;
    rescaled(flash, 4, 2);
    // What comes on top: heights times widths of rise (half), hold, and fall.
    let (with, without) = (moments(flash, 5, 2).len() as f64, 200.0 * 48.0);
    let above = 200.0 * (5.0 * (0.25 + 2.0 + 1.0) + 11.0 * 1.0);
    assert!((with - without - above).abs() < 3.3 * (without + above).sqrt(), "{with}");
}

#[test]
fn bursts_spread_counts_as_their_formula_says() {
    // Variance over mean of the counts of a two-state MMPP (Fischer and Meier-Hellstern 1993).
    let days = 400;
    let moments =
        moments("rate = \"240/h\"\nbursts = { every = \"50min\", length = \"10min\", factor = 9 }", 6, days);
    let (leave_quiet, leave_burst) = (1.0 / 50.0, 1.0 / 10.0);
    let quiet = 4.0 * 60.0 / (50.0 + 9.0 * 10.0);
    let burst = 9.0 * quiet;
    let both: f64 = leave_quiet + leave_burst;
    let most = 2.0 * (burst - quiet) * (burst - quiet) * leave_quiet * leave_burst
        / (both * both * (quiet * leave_burst + burst * leave_quiet));
    for minutes in [5.0, 30.0, 120.0] {
        let exact = 1.0 + most * (1.0 - (1.0 - (-both * minutes).exp()) / (both * minutes));
        let (mean, spread) = dispersion(&moments, minutes as u64 * MINUTE, days);
        assert!((mean / (4.0 * minutes) - 1.0).abs() < 0.03, "{minutes} min: {mean}");
        assert!((spread / exact - 1.0).abs() < 0.08, "{minutes} min: {spread} instead of {exact}");
    }
}

#[test]
fn states_have_their_shares_of_time() {
    // The next state is chosen by weight among the others, so a state is visited w (W - w) times as often: 3, 4, 3. With
    // their stays that is 90 : 240 : 30 of the time, and a mean factor of 13/12.
    let states = r#"rate = "1200/h"
        states = [
            { factor = 0, mean = "30min" },
            { factor = 1, mean = "60min", weight = 2 },
            { factor = 5, mean = "10min" },
        ]"#;
    let days = 60;
    let moments = moments(states, 7, days);
    let minutes = (days * 1_440) as usize;
    let mut counts = vec![0u32; minutes];
    moments.iter().for_each(|at| counts[(at / MINUTE) as usize] += 1);
    assert!((moments.len() as f64 / (20.0 * minutes as f64) - 1.0).abs() < 0.1, "{}", moments.len());
    // A minute is empty when all of it lies in the silent state.
    let empty = counts.iter().filter(|count| **count == 0).count() as f64 / minutes as f64;
    let exact = 0.25 * (-1.0f64 / 30.0).exp();
    assert!((empty - exact).abs() < 0.04, "{empty} instead of {exact}");
    // At 20 x 12/13 a minute a plain one has 18 on the average, one of the high state 92.
    let high = counts.iter().filter(|count| **count > 60).count() as f64 / minutes as f64;
    assert!((0.07..0.095).contains(&high), "{high}");
}

#[test]
fn batches_are_a_compound_poisson_process() {
    let sizes = |batch: &str| {
        let text = text(&format!("rate = \"600/h\"\nbatch = {batch}"), FOREVER);
        let (arrivals, _) = all(workload(&text, 8, SimDuration(20 * DAY.0)));
        let batches: Vec<(f64, usize)> = arrivals
            .chunk_by(|one, other| one.at == other.at)
            .map(|batch| (batch[0].at.0 as f64, batch.len()))
            .collect();
        let moments: Vec<f64> = batches.iter().map(|batch| batch.0).collect();
        // The mean size is 4 in both: 150 batches an hour.
        follows(gaps(&moments), exponential_law(3_600e6 / 150.0));
        batches.into_iter().map(|batch| batch.1).collect::<Vec<_>>()
    };
    let geometric = sizes("{ mean = 4 }");
    let mut counts = [0.0; 20];
    geometric.iter().for_each(|size| counts[(size - 1).min(19)] += 1.0);
    let law: Vec<f64> =
        (0..20).map(|more| if more < 19 { 0.25 * 0.75f64.powi(more) } else { 0.75f64.powi(19) }).collect();
    shares(&counts, &law);
    let listed = sizes("{ sizes = [1, 2, 15], weights = [6, 2, 2] }");
    let count = |size: usize| listed.iter().filter(|one| **one == size).count() as f64;
    shares(&[count(1), count(2), count(15)], &[6.0, 2.0, 2.0]);
}

#[test]
fn a_batch_leaves_together_where_it_is_told_to() {
    let more = "lifetime = { distribution = \"exponential\", mean = \"1h\" }";
    let text = text("rate = \"600/h\"\nbatch = { mean = 5, leave_together = true }", more);
    let (arrivals, _) = all(workload(&text, 9, SimDuration(5 * DAY.0)));
    let mut lives = Vec::new();
    for batch in arrivals.chunk_by(|one, other| one.at == other.at) {
        assert!(batch.iter().all(|one| one.end == batch[0].end));
        let End::At(end) = batch[0].end else { panic!("a moment") };
        lives.push(end.since(batch[0].at).as_secs_f64());
    }
    follows(lives, exponential_law(3_600.0));
}

/// Accounts `a0`, `a1` ... and the arrivals of one workload among them.
fn among(count: usize, text: &str, seed: u64, days: u64) -> (Vec<Arrival>, Vec<Template>) {
    let names: Vec<String> = (0..count).map(|number| format!("a{number}")).collect();
    let mut setting = setting(seed, SimDuration(DAY.0 * days));
    setting.known.accounts = names.iter().map(String::as_str).collect();
    all(Workload::new(&specs(text), &setting).expect("a sound workload"))
}

#[test]
fn accounts_have_the_tail_of_zipf() {
    let more = format!("account_zipf = 1.1\n{FOREVER}");
    let (arrivals, templates) = among(50, &text("rate = \"2000/h\"", &more), 10, 1);
    let mut counts = vec![0.0; 50];
    arrivals.iter().for_each(|one| counts[templates[one.template as usize].account.at()] += 1.0);
    let law: Vec<f64> = (1..=50).map(|rank| f64::from(rank).powf(-1.1)).collect();
    shares(&counts, &law);
}

#[test]
fn a_mix_drifts_in_a_straight_line_and_then_stays() {
    let text = r#"
        [[workloads]]
        name = "w"
        arrivals = { rate = "600/h" }
        lifetime = { distribution = "forever" }
        mix = [
            { type = "ecs.g5.large", weight = 9, drift = { to = 1, by = "8d" } },
            { type = "ecs.c5.xlarge", drift = { to = 3, by = "4d" } },
            { type = "ecs.r5.large", weight = 2 },
        ]
    "#;
    let (arrivals, templates) = all(workload(text, 11, SimDuration(10 * DAY.0)));
    for day in 0..10u64 {
        let mut counts = [0.0; 3];
        for one in arrivals.iter().filter(|one| one.at.0 / DAY.0 == day) {
            counts[templates[one.template as usize].entry.expect("of the mix") as usize] += 1.0;
        }
        // Shares over a day are means of ratios of lines: by small steps.
        let mut law = [0.0; 3];
        for step in 0..1_000 {
            let time = day as f64 + (f64::from(step) + 0.5) / 1_000.0;
            let weights = [9.0 - 8.0 * (time / 8.0).min(1.0), 1.0 + 2.0 * (time / 4.0).min(1.0), 2.0];
            let all: f64 = weights.iter().sum();
            law.iter_mut().zip(weights).for_each(|(sum, weight)| *sum += weight / all);
        }
        shares(&counts, &law);
    }
}

/// Lifetimes in seconds, infinity for ever.
fn lifetimes(law: &str, seed: u64) -> Vec<f64> {
    let more = format!("lifetime = {law}");
    let (arrivals, _) = all(workload(&text("rate = \"1000/h\"", &more), seed, DAY));
    let life = |arrival: &Arrival| match arrival.end {
        End::After(span) => span.as_secs_f64(),
        End::Never => f64::INFINITY,
        End::At(_) => panic!("alone it has no moment"),
    };
    arrivals.iter().map(life).collect()
}

#[test]
fn lifetimes_follow_each_law() {
    let check = |law: &str, exact: &dyn Fn(f64) -> f64| follows(lifetimes(law, 12), exact);
    check("{ distribution = \"uniform\", low = \"10s\", high = \"50s\" }", &|x| (x - 10.0) / 40.0);
    check("{ distribution = \"exponential\", mean = \"1h\" }", &exponential_law(3_600.0));
    check("{ distribution = \"lognormal\", median = \"1h\", sigma = 1.5 }", &|x| {
        normal_law((x / 3_600.0).ln() / 1.5)
    });
    check("{ distribution = \"weibull\", shape = 0.6, scale = \"1h\" }", &|x| {
        1.0 - (-(x / 3_600.0).powf(0.6)).exp()
    });
    check("{ distribution = \"pareto\", minimum = \"1min\", shape = 1.2 }", &|x| 1.0 - (60.0 / x).powf(1.2));
    // Shape 2: the sum of two exponentials.
    check("{ distribution = \"gamma\", shape = 2.0, scale = \"1h\" }", &|x| {
        let x = x / 3_600.0;
        1.0 - (-x).exp() * (1.0 + x)
    });
    // Shape 1/2: a square of normals.
    check("{ distribution = \"gamma\", shape = 0.5, scale = \"1h\" }", &|x| libm::erf((x / 3_600.0).sqrt()));
    check("{ distribution = \"quantiles\", values = [\"0s\", \"10s\", \"100s\"] }", &|x| {
        if x < 10.0 { x / 20.0 } else { 0.5 + (x - 10.0) / 180.0 }
    });
}

#[test]
fn a_mixture_is_its_parts_by_weight_and_residents_stay() {
    let law = r#"{ distribution = "mixture", parts = [
        { weight = 70, distribution = "exponential", mean = "10min" },
        { weight = 20, distribution = "lognormal", median = "5h", sigma = 0.5 },
        { weight = 10, distribution = "forever" },
    ] }"#;
    let lives = lifetimes(law, 13);
    let (stay, go): (Vec<f64>, Vec<f64>) = lives.iter().partition(|life| life.is_infinite());
    shares(&[stay.len() as f64, go.len() as f64], &[1.0, 9.0]);
    let (short, long) = (exponential_law(600.0), |x: f64| normal_law((x / 18_000.0).ln() / 0.5));
    follows(go, |x| (7.0 * short(x) + 2.0 * long(x)) / 9.0);
}

#[test]
fn lifetimes_hang_on_the_account() {
    let more = "lifetime = { distribution = \"constant\", value = \"1000s\" }\nlifetime_by_account = 0.8";
    let (arrivals, templates) = among(1_000, &text("rate = \"1000/h\"", more), 14, 2);
    let mut factors: BTreeMap<u32, u64> = BTreeMap::new();
    for one in &arrivals {
        let End::After(span) = one.end else { panic!("it ends") };
        let known = *factors.entry(templates[one.template as usize].account.0).or_insert(span.0);
        assert_eq!(known, span.0, "an account has one factor");
    }
    // The logarithm of a lognormal factor of mean 1 is normal around -sigma^2 / 2.
    follows(factors.values().map(|micros| (*micros as f64 / 1e9).ln()), |x| normal_law((x + 0.32) / 0.8));
    // Those of an account do not hang on how many accounts there are.
    let (fewer, few) = among(100, &text("rate = \"1000/h\"", more), 14, 1);
    for one in &fewer {
        assert_eq!(one.end, End::After(SimDuration(factors[&few[one.template as usize].account.0])));
    }
}

#[test]
fn deployment_groups_come_and_go_together() {
    let text = r#"
        [[workloads]]
        name = "w"
        arrivals = { rate = "600/h" }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }, { type = "ecs.c5.xlarge" }]
        [[workloads.groups]]
        weight = 3
        members = { "ecs.g5.large" = 2, "ecs.c5.xlarge" = 1 }
        [[workloads.groups]]
        members = { "ecs.c5.xlarge" = 7 }
        lifetime = { distribution = "weibull", shape = 2.0, scale = "2h" }
    "#;
    let (arrivals, templates) = all(workload(text, 15, SimDuration(10 * DAY.0)));
    let (mut small, mut large, mut starts) = (Vec::new(), Vec::new(), Vec::new());
    for group in arrivals.chunk_by(|one, other| one.at == other.at) {
        let of = |one: &Arrival| &templates[one.template as usize];
        let first = of(&group[0]);
        assert!(group.iter().all(|one| (of(one).account, &of(one).zone) == (first.account, &first.zone)));
        assert!(group.iter().all(|one| one.end == group[0].end));
        let End::At(end) = group[0].end else { panic!("groups end at a moment") };
        let life = end.since(group[0].at).as_secs_f64();
        let entries: Vec<u32> = group.iter().filter_map(|one| of(one).entry).collect();
        match entries.as_slice() {
            [0, 0, 1] | [1, 0, 0] => small.push(life),
            [1, 1, 1, 1, 1, 1, 1] => large.push(life),
            other => panic!("no such group: {other:?}"),
        }
        starts.push(group[0].at.0 as f64);
    }
    shares(&[small.len() as f64, large.len() as f64], &[3.0, 1.0]);
    follows(small, exponential_law(3_600.0));
    follows(large, |x| 1.0 - (-(x / 7_200.0).powi(2)).exp());
    // The rate counts instances: four to a group on the average.
    follows(gaps(&starts), exponential_law(3_600e6 / 150.0));
}
