//! The search for the cheapest setting that holds.
//!
//! One knob: bracketing from the start, then bisection. Several: the same along the line from the start to the top of
//! all knobs, then one knob after the other as low as it goes (coordinate search), then pairs: less of one for more of
//! another where that is cheaper. Each step that is taken lowers the cost on a finite grid, so the search ends; the
//! judge may end it earlier. Knobs that are choices stand still here.
//!
//! For one knob the answer is exact when more is never worse (the setting one step below was tried and does not hold).
//! For several it cannot be improved by lowering one knob, nor by one exchange between two.

use super::knobs::{Knobs, Point};

/// Exchanges up to this many places are all tried; larger ones by halving.
const SMALL: usize = 12;

/// Says whether settings hold.
pub(super) trait Judge {
    /// Why no answer could be had.
    type Error;

    /// Whether a setting holds.
    ///
    /// # Errors
    /// When it cannot be told: the search ends.
    fn holds(&mut self, point: &[usize]) -> Result<bool, Self::Error>;
}

/// A search under way.
pub(super) struct Search<'j, J: Judge> {
    judge: &'j mut J,
    knobs: &'j Knobs,
    /// Places of knobs that may move.
    movable: Vec<usize>,
    /// The cheapest setting that was seen to hold.
    pub(super) best: Option<Point>,
}

impl<'j, J: Judge> Search<'j, J> {
    pub(super) fn new(judge: &'j mut J, knobs: &'j Knobs) -> Search<'j, J> {
        let movable = (0..knobs.0.len()).filter(|&at| knobs.0[at].is_range()).collect();
        Search { judge, knobs, movable, best: None }
    }

    fn holds(&mut self, point: &[usize]) -> Result<bool, J::Error> {
        let holds = self.judge.holds(point)?;
        if holds && self.best.as_ref().is_none_or(|best| self.knobs.cost(point) < self.knobs.cost(best)) {
            self.best = Some(point.to_vec());
        }
        Ok(holds)
    }

    /// Searches from `start` up to `top`; the cheapest setting is then [`Search::best`], none when not even `top`
    /// holds.
    pub(super) fn run(&mut self, start: &[usize], top: &[usize]) -> Result<(), J::Error> {
        if !self.holds(top)? {
            return Ok(());
        }
        let length = self.movable.iter().map(|&at| top[at] - start[at]).max().unwrap_or(0);
        let along = |step: usize| -> Point {
            let place = |(from, to): (&usize, &usize)| from + ((to - from) * step).div_ceil(length.max(1));
            start.iter().zip(top).map(place).collect()
        };
        let step = self.least(0, length, along)?;
        let mut point = along(step);
        loop {
            let before = point.clone();
            self.lower_each(&mut point)?;
            self.exchange(&mut point)?;
            if point == before {
                return Ok(());
            }
        }
    }

    /// The smallest step that holds, when `most` does and more is never worse: bracketing from `from`, then bisection.
    fn least(&mut self, from: usize, most: usize, at: impl Fn(usize) -> Point) -> Result<usize, J::Error> {
        let mut good = most;
        // The largest step that is known not to hold, plus one.
        let mut open = 0;
        let mut gap = (most / 64).max(1);
        if self.holds(&at(from))? {
            good = from;
            while good > 0 {
                let next = good.saturating_sub(gap);
                if !self.holds(&at(next))? {
                    open = next + 1;
                    break;
                }
                (good, gap) = (next, gap * 2);
            }
        } else {
            open = from + 1;
            while open < good {
                let next = (open - 1).saturating_add(gap).min(good);
                if next == good || self.holds(&at(next))? {
                    good = next;
                    break;
                }
                (open, gap) = (next + 1, gap * 2);
            }
        }
        while open < good {
            let middle = open + (good - open) / 2;
            if self.holds(&at(middle))? { good = middle } else { open = middle + 1 }
        }
        Ok(good)
    }

    /// Lowers one knob after the other as far as it goes, those that save the most first.
    fn lower_each(&mut self, point: &mut Point) -> Result<(), J::Error> {
        let mut order = self.movable.clone();
        order.sort_by(|&a, &b| self.saving(point, b).total_cmp(&self.saving(point, a)).then(a.cmp(&b)));
        for at in order {
            if point[at] == 0 {
                continue;
            }
            let here = point.clone();
            let moved = |place: usize| {
                let mut point = here.clone();
                point[at] = place;
                point
            };
            if self.holds(&moved(here[at] - 1))? {
                point[at] = self.least(here[at] - 1, here[at], moved)?;
            }
        }
        Ok(())
    }

    /// What one place less of a knob saves.
    fn saving(&self, point: &[usize], at: usize) -> f64 {
        let Some(less) = point[at].checked_sub(1) else { return 0.0 };
        let mut lower = point.to_vec();
        lower[at] = less;
        self.knobs.cost(point) - self.knobs.cost(&lower)
    }

    /// Less of one knob for more of another, where the sum is cheaper: large exchanges first.
    fn exchange(&mut self, point: &mut Point) -> Result<(), J::Error> {
        let movable = self.movable.clone();
        for &less in &movable {
            for &more in movable.iter().filter(|&&more| more != less) {
                let mut by = point[less];
                while by >= 1 {
                    by = by.min(point[less]);
                    if by == 0 || !self.exchanged(point, less, by, more)? {
                        by = if by > SMALL { by / 2 } else { by.saturating_sub(1) };
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes `by` places off one knob and the fewest on another that hold; true when that was cheaper and was done.
    fn exchanged(
        &mut self,
        point: &mut Point,
        less: usize,
        by: usize,
        more: usize,
    ) -> Result<bool, J::Error> {
        let room = self.knobs.0[more].places() - 1 - point[more];
        let here = point.clone();
        let moved = |up: usize| {
            let mut point = here.clone();
            point[less] -= by;
            point[more] += up;
            point
        };
        let cost = self.knobs.cost(&here);
        // The most that is still cheaper: costs rise with places.
        let (mut affordable, mut dear) = (0, room + 1);
        while affordable + 1 < dear {
            let middle = affordable + (dear - affordable) / 2;
            if self.knobs.cost(&moved(middle)) < cost { affordable = middle } else { dear = middle }
        }
        if affordable == 0 || !self.holds(&moved(affordable))? {
            return Ok(false);
        }
        let up = self.least(0, affordable, moved)?;
        *point = moved(up);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::schema::KnobSpec;
    use crate::scenario::units::At;

    struct Rule<F>(F, u32);

    impl<F: Fn(&[usize]) -> bool> Judge for Rule<F> {
        type Error = ();
        fn holds(&mut self, point: &[usize]) -> Result<bool, ()> {
            self.1 += 1;
            Ok((self.0)(point))
        }
    }

    fn knobs(costs: &[f64], places: usize) -> Knobs {
        let specs: Vec<KnobSpec> = costs
            .iter()
            .enumerate()
            .map(|(at, cost)| KnobSpec {
                key: At::default_of(format!("k{at}")),
                low: Some(At::default_of(0.0)),
                high: Some(At::default_of((places - 1) as f64)),
                step: None,
                unit: String::new(),
                cost: Some(At::default_of(*cost)),
                values: Vec::new(),
                costs: Vec::new(),
                cost_per: None,
            })
            .collect();
        Knobs::of(specs.iter())
    }

    fn cheapest(
        costs: &[f64],
        places: usize,
        start: &[usize],
        rule: impl Fn(&[usize]) -> bool,
    ) -> (Option<Point>, u32) {
        let knobs = knobs(costs, places);
        let mut judge = Rule(rule, 0);
        let mut search = Search::new(&mut judge, &knobs);
        search.run(start, &knobs.tops()).unwrap();
        let best = search.best.clone();
        (best, judge.1)
    }

    #[test]
    fn one_knob_finds_the_threshold_from_any_start() {
        for threshold in [0, 1, 2, 37, 500, 998, 999] {
            for start in [0, 1, 36, 37, 38, 700, 999] {
                let (best, tries) = cheapest(&[1.0], 1000, &[start], |point| point[0] >= threshold);
                assert_eq!(best, Some(vec![threshold]), "from {start}");
                assert!(tries < 45, "{tries} tries for {threshold} from {start}");
            }
        }
    }

    #[test]
    fn nothing_is_found_where_nothing_holds() {
        assert_eq!(cheapest(&[1.0], 100, &[3], |_| false), (None, 1));
    }

    #[test]
    fn independent_knobs_are_each_as_low_as_they_go() {
        let rule = |point: &[usize]| point[0] >= 12 && point[1] >= 70 && point[2] >= 3;
        assert_eq!(cheapest(&[5.0, 1.0, 9.0], 100, &[0, 0, 0], rule).0, Some(vec![12, 70, 3]));
    }

    #[test]
    fn knobs_that_stand_in_for_one_another_end_with_the_cheaper_one() {
        // Room of 2 a place against room of 3; the second is cheaper for its room.
        let rule = |point: &[usize]| 2 * point[0] + 3 * point[1] >= 100;
        let (best, tries) = cheapest(&[1.0, 1.2], 60, &[0, 0], rule);
        let best = best.unwrap();
        let cost = |point: &[usize]| point[0] as f64 + 1.2 * point[1] as f64;
        let all = (0..60).flat_map(|a| (0..60).map(move |b| [a, b]));
        let least = all.filter(|point| rule(point)).map(|point| cost(&point)).fold(f64::MAX, f64::min);
        assert!((cost(&best) - least).abs() < 1e-9, "{best:?} costs {} and not {least}", cost(&best));
        assert!(tries < 300, "{tries}");
    }

    /// Random covering problems of two and three knobs against trying everything.
    #[test]
    fn several_knobs_find_the_optimum_that_trying_everything_finds() {
        let mut random: u64 = 7;
        let mut draw = |least: u64, most: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            least + (random >> 33) % (most - least + 1)
        };
        const PLACES: usize = 16;
        let (mut exact, mut worst) = (0, 1.0_f64);
        const PROBLEMS: usize = 300;
        for number in 0..PROBLEMS {
            let count = 2 + number % 2;
            let costs: Vec<f64> = (0..count).map(|_| draw(3, 30) as f64).collect();
            // Two resources, of which each knob brings its own amounts; both have to be there.
            let brings: Vec<[u64; 2]> = (0..count).map(|_| [draw(1, 9), draw(1, 9)]).collect();
            let whole = |at: usize| brings.iter().map(|brings| brings[at] * (PLACES as u64 - 1)).sum::<u64>();
            let needs = [whole(0) * draw(2, 9) / 10, whole(1) * draw(2, 9) / 10];
            let rule = |point: &[usize]| {
                let sum = |at: usize| -> u64 {
                    point.iter().zip(&brings).map(|(&place, brings)| place as u64 * brings[at]).sum()
                };
                sum(0) >= needs[0] && sum(1) >= needs[1]
            };
            let cost = |point: &[usize]| point.iter().zip(&costs).map(|(&p, c)| p as f64 * c).sum::<f64>();
            let (best, tries) = cheapest(&costs, PLACES, &vec![0; count], rule);
            let all = (0..PLACES.pow(count as u32))
                .map(|code| (0..count).map(|at| code / PLACES.pow(at as u32) % PLACES).collect::<Point>());
            let least = all.filter(|point| rule(point)).map(|point| cost(&point)).fold(f64::MAX, f64::min);
            let found = cost(&best.expect("the top holds"));
            exact += usize::from(found - least < 1e-9);
            worst = worst.max(found / least);
            assert!(found >= least - 1e-9 && tries < 1_500, "{found} {least} {tries}");
            assert!(count > 2 || found - least < 1e-9, "two knobs: {found}, {least} is there");
        }
        // What only an exchange of three at once would find is missed: 10 of the 150 with three knobs.
        assert!(exact * 100 >= PROBLEMS * 95, "{exact} of {PROBLEMS} exact, {worst} at worst");
        assert!(worst < 1.06, "{worst}");
    }
}
