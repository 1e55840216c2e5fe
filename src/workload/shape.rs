//! The shape of a rate over the local week.

use crate::model::{SimTime, Utc};
use crate::scenario::workload::{ArrivalsSpec, DaySpec, WeekSpec};

const HOUR: u64 = 3_600_000_000;

/// A rate relative to its mean: straight lines between the hours of a week, or steps; mean 1 over the week, or over as many
/// weeks as it says.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Shape {
    /// From Monday 0:00 local time; whole weeks.
    hours: Vec<f64>,
    peak: f64,
    /// Each hour has one rate, and jumps to the next.
    steps: bool,
    /// Microseconds that each of `hours` stands for.
    each: u64,
    /// Time since Monday 0:00 at the start of the run.
    start: u64,
}

impl Shape {
    /// The shape of an arrival process; none when its rate does not move.
    pub(super) fn new(spec: &ArrivalsSpec, start: Utc, region: &str) -> Option<Shape> {
        if spec.day.is_none() && spec.week.is_none() && spec.hours.is_none() {
            return None;
        }
        let day = spec.day.as_ref().map_or_else(|| vec![1.0; 24], |day| day_hours(day.get()));
        let week = spec.week.as_ref().map_or_else(|| vec![1.0; 7], |week| week_days(week.get()));
        let mut hours: Vec<f64> = match &spec.hours {
            Some(hours) => hours.get().clone(),
            None => week.iter().flat_map(|rate| day.iter().map(move |hour| rate * hour)).collect(),
        };
        let mean = hours.iter().sum::<f64>() / hours.len() as f64;
        if mean > 0.0 {
            hours.iter_mut().for_each(|hour| *hour /= mean);
        }
        let peak = hours.iter().copied().fold(0.0, f64::max);
        let offset = spec.utc_offset_hours.as_ref().map_or_else(|| local_hours(region), |hours| *hours.get());
        // 1970-01-01 was a Thursday, the fourth day from Monday.
        let local = start.0.saturating_add((offset * 3_600.0) as i64).saturating_add(3 * 86_400);
        let start = local.rem_euclid(7 * 86_400) as u64 * 1_000_000;
        let each = spec.each.as_ref().map_or(HOUR, |each| each.get().get().0);
        Some(Shape { hours, peak, steps: spec.hours.is_some(), each, start })
    }

    /// The greatest factor.
    pub(super) fn peak(&self) -> f64 {
        self.peak
    }

    /// The end of each step and its height, and where among them the run begins, all in microseconds.
    pub(super) fn spans(&self) -> (Vec<(u64, f64)>, u64) {
        let period = self.hours.len() as u64 * self.each;
        let ends = (1..).map(|number| number * self.each).zip(self.hours.iter().copied());
        (ends.collect(), self.start % period)
    }

    /// The factor at a moment of the run.
    pub(super) fn at(&self, moment: SimTime) -> f64 {
        let since_monday = moment.0.saturating_add(self.start) % (self.hours.len() as u64 * self.each);
        let hour = (since_monday / self.each) as usize;
        if self.steps {
            return self.hours[hour];
        }
        let within = (since_monday % HOUR) as f64 / HOUR as f64;
        let (from, to) = (self.hours[hour], self.hours[(hour + 1) % self.hours.len()]);
        from + (to - from) * within
    }
}

fn day_hours(day: &DaySpec) -> Vec<f64> {
    if let Some(shape) = &day.shape {
        return shape.get().clone();
    }
    let peak = day.peak_hour.as_ref().map_or(DEFAULT_PEAK_HOUR, |hour| *hour.get());
    let swing = day.swing.as_ref().map_or(0.0, |swing| swing.get().get());
    let wave = |hour: u32| libm::cos(std::f64::consts::TAU * (f64::from(hour) - peak) / 24.0);
    (0..24).map(|hour| 1.0 + swing * wave(hour)).collect()
}

const DEFAULT_PEAK_HOUR: f64 = 15.0;

fn week_days(week: &WeekSpec) -> Vec<f64> {
    match (&week.shape, &week.weekend) {
        (Some(shape), _) => shape.get().clone(),
        (None, weekend) => {
            let weekend = weekend.as_ref().map_or(1.0, |factor| *factor.get());
            vec![1.0, 1.0, 1.0, 1.0, 1.0, weekend, weekend]
        }
    }
}

/// Hours that the standard time of a region's city is ahead of UTC; 0 for a region that is none of the catalog's.
pub fn local_hours(region: &str) -> f64 {
    match region {
        "ap-southeast-1" | "ap-southeast-3" => 8.0,
        "ap-southeast-2" => 10.0,
        "ap-southeast-5" => 7.0,
        "ap-south-1" => 5.5,
        "ap-northeast-1" => 9.0,
        "us-west-1" => -8.0,
        "us-east-1" => -5.0,
        "eu-central-1" => 1.0,
        "me-east-1" => 4.0,
        _ if region.starts_with("cn-") => 8.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use std::str::FromStr as _;

    use super::*;
    use crate::scenario::units::{At, Rate, Share, Span};

    fn spec(day: Option<DaySpec>, week: Option<WeekSpec>, offset: Option<f64>) -> ArrivalsSpec {
        ArrivalsSpec {
            rate: At::default_of(Rate::per_second_of(1.0).expect("a rate")),
            day: day.map(At::default_of),
            week: week.map(At::default_of),
            utc_offset_hours: offset.map(At::default_of),
            hours: None,
            each: None,
            course: None,
            spacing: None,
            bursts: None,
            states: Vec::new(),
            flash: Vec::new(),
            batch: None,
        }
    }

    fn wave(swing: f64, peak: f64) -> DaySpec {
        DaySpec {
            peak_hour: Some(At::default_of(peak)),
            swing: Share::new(swing).map(At::default_of),
            shape: None,
        }
    }

    #[test]
    fn the_peak_comes_at_the_local_hour() {
        // 2019-09-02T00:00:00Z, a Monday; Hangzhou is eight hours ahead: 8:00 there.
        let monday = Utc(1_567_382_400);
        let shape =
            Shape::new(&spec(Some(wave(0.5, 15.0)), None, None), monday, "cn-hangzhou").expect("moves");
        let at_local = |hour: u64| shape.at(SimTime((hour - 8) * HOUR));
        assert!((at_local(15) - 1.5).abs() < 1e-9);
        assert!((at_local(27) - 0.5).abs() < 1e-9);
        assert!((shape.peak() - 1.5).abs() < 1e-9);
    }

    #[test]
    fn weekends_are_quieter_and_the_mean_is_one() {
        let week = WeekSpec { weekend: Some(At::default_of(0.25)), shape: None };
        let shape = Shape::new(&spec(None, Some(week), Some(0.0)), Utc(1_567_382_400), "x").expect("moves");
        let (monday, saturday) = (shape.at(SimTime(12 * HOUR)), shape.at(SimTime((5 * 24 + 12) * HOUR)));
        assert!((saturday / monday - 0.25).abs() < 1e-9);
        let mean =
            (0..168 * 60).map(|minute| shape.at(SimTime(minute * HOUR / 60))).sum::<f64>() / (168.0 * 60.0);
        assert!((mean - 1.0).abs() < 1e-6, "{mean}");
        assert_eq!(shape.at(SimTime(0)), shape.at(SimTime(168 * HOUR)));
    }

    #[test]
    fn hours_of_the_week_are_steps() {
        let mut hours = vec![1.0; 168];
        hours[26] = 29.0;
        let spec = ArrivalsSpec { hours: Some(At::default_of(hours)), ..spec(None, None, Some(0.0)) };
        let shape = Shape::new(&spec, Utc(1_567_382_400), "x").expect("moves");
        let mean = (167.0 + 29.0) / 168.0;
        for (moment, rate) in [(0, 1.0), (26 * HOUR, 29.0), (27 * HOUR - 1, 29.0), (27 * HOUR, 1.0)] {
            assert!((shape.at(SimTime(moment)) - rate / mean).abs() < 1e-9, "{moment}");
        }
    }

    #[test]
    fn hours_may_go_on_for_several_weeks() {
        let mut hours = vec![1.0; 336];
        hours[200] = 337.0;
        let spec = ArrivalsSpec { hours: Some(At::default_of(hours)), ..spec(None, None, Some(0.0)) };
        // The run begins on a Wednesday: the first week of the list is the week of its beginning.
        let shape = Shape::new(&spec, Utc(1_567_382_400 + 2 * 86_400), "x").expect("moves");
        let at = |hour: u64| shape.at(SimTime((hour - 48) * HOUR));
        assert_eq!([at(199), at(200), at(201), at(200 + 336)], [0.5, 168.5, 0.5, 168.5]);
    }

    #[test]
    fn rates_may_hold_for_less_than_an_hour() {
        let mut hours = vec![1.0; 672];
        hours[5] = 673.0;
        let each = Span::from_str("15min").map(At::default_of).ok();
        let spec = ArrivalsSpec { hours: Some(At::default_of(hours)), each, ..spec(None, None, Some(0.0)) };
        let shape = Shape::new(&spec, Utc(1_567_382_400), "x").expect("moves");
        let at = |minute: u64| shape.at(SimTime(minute * HOUR / 60));
        assert_eq!([at(74), at(75), at(89), at(90), at(75 + 7 * 24 * 60)], [0.5, 336.5, 336.5, 0.5, 336.5]);
    }

    #[test]
    fn a_constant_rate_has_no_shape() {
        assert_eq!(Shape::new(&spec(None, None, None), Utc(0), "x"), None);
    }
}
