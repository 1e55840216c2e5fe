//! Knobs: what a plan may change, as places on a grid. Place 0 is the cheapest.

use crate::scenario::schema::KnobSpec;

/// A setting of all knobs: one place a knob.
pub type Point = Vec<usize>;

/// One knob.
#[derive(Clone, PartialEq, Debug)]
pub struct Knob {
    /// Path of the scenario's key.
    pub key: String,
    values: Values,
}

#[derive(Clone, PartialEq, Debug)]
enum Values {
    /// `low + step * place`, or from the top down when more of it is worth something.
    Range { low: f64, step: f64, count: usize, unit: String, cost: f64 },
    /// Texts of TOML values with their costs; each cost is for one of the value of another knob, or for all.
    Choice { texts: Vec<String>, costs: Vec<f64>, per: Option<usize> },
}

impl Knob {
    /// Number of its places.
    pub fn places(&self) -> usize {
        match &self.values {
            Values::Range { count, .. } => *count,
            Values::Choice { texts, .. } => texts.len(),
        }
    }

    /// True for a knob whose values are numbers in order.
    pub fn is_range(&self) -> bool {
        matches!(self.values, Values::Range { .. })
    }

    /// The number at a place; none for a choice.
    pub fn number(&self, place: usize) -> Option<f64> {
        match &self.values {
            Values::Range { low, step, count, cost, .. } => {
                let at = if *cost < 0.0 { count - 1 - place } else { place };
                Some(low + step * at as f64)
            }
            Values::Choice { .. } => None,
        }
    }

    /// The place of the smallest number that is at least `number`, or the last place; for knobs whose cost rises.
    pub fn place_of(&self, number: f64) -> usize {
        match &self.values {
            Values::Range { low, step, count, cost, .. } if *cost >= 0.0 => {
                let steps = ((number - low) / step - 1e-9).ceil();
                if steps > 0.0 { (steps as usize).min(count - 1) } else { 0 }
            }
            _ => 0,
        }
    }

    /// The value at a place, as `--set` takes it.
    pub fn text(&self, place: usize) -> String {
        match &self.values {
            Values::Range { unit, .. } => {
                format!("{}{unit}", number_text(self.number(place).unwrap_or_default()))
            }
            Values::Choice { texts, .. } => texts[place].clone(),
        }
    }
}

/// A number without needless places.
pub(super) fn number_text(number: f64) -> String {
    let text = format!("{number:.9}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// All knobs of a plan.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Knobs(pub Vec<Knob>);

impl Knobs {
    /// The knobs of a checked plan.
    pub fn of<'s>(specs: impl Iterator<Item = &'s KnobSpec> + Clone) -> Knobs {
        let per = |spec: &KnobSpec| {
            let key = spec.cost_per.as_ref()?;
            specs.clone().position(|other| other.key == *key)
        };
        let knob = |spec: &KnobSpec| {
            let values = if spec.values.is_empty() {
                let low = spec.low.as_ref().map_or(0.0, |low| **low);
                let high = spec.high.as_ref().map_or(low, |high| **high);
                let step = spec.step.as_ref().map_or(1.0, |step| **step);
                let count = ((high - low) / step + 1e-9).floor() as usize + 1;
                let cost = spec.cost.as_ref().map_or(0.0, |cost| **cost);
                Values::Range { low, step, count, unit: spec.unit.clone(), cost }
            } else {
                let texts = spec.values.iter().map(ToString::to_string).collect();
                let costs =
                    if spec.costs.is_empty() { vec![0.0; spec.values.len()] } else { spec.costs.clone() };
                Values::Choice { texts, costs, per: per(spec) }
            };
            Knob { key: spec.key.get().clone(), values }
        };
        Knobs(specs.clone().map(knob).collect())
    }

    /// The last place of every knob.
    pub fn tops(&self) -> Point {
        self.0.iter().map(|knob| knob.places() - 1).collect()
    }

    /// What a setting costs.
    pub fn cost(&self, point: &[usize]) -> f64 {
        let mut sum = 0.0;
        for (knob, &place) in self.0.iter().zip(point) {
            sum += match &knob.values {
                Values::Range { cost, .. } => cost * knob.number(place).unwrap_or_default(),
                Values::Choice { costs, per, .. } => {
                    let of = per.and_then(|other| self.0[other].number(point[other])).unwrap_or(1.0);
                    costs[place] * of
                }
            };
        }
        sum
    }

    /// The setting as overrides of the scenario.
    pub fn overrides(&self, point: &[usize]) -> Vec<(String, String)> {
        self.0.iter().zip(point).map(|(knob, &place)| (knob.key.clone(), knob.text(place))).collect()
    }

    /// Every combination of the knobs that are choices; the others stand at their top.
    pub fn choices(&self) -> Vec<Point> {
        let mut points = vec![self.tops()];
        for (at, knob) in self.0.iter().enumerate().filter(|(_, knob)| !knob.is_range()) {
            let with = |point: &Point| {
                let point = point.clone();
                (0..knob.places()).map(move |place| {
                    let mut point = point.clone();
                    point[at] = place;
                    point
                })
            };
            points = points.iter().flat_map(with).collect();
        }
        points
    }

    /// True when no knob reaches into who asks for what and when: all settings then see the same requests.
    pub fn leave_load_alone(&self) -> bool {
        let cloud =
            ["pools", "classes", "disk_pools", "dedicated_hosts", "policy", "control_plane", "objectives"];
        self.0.iter().all(|knob| {
            let table = knob.key.split('.').next().unwrap_or_default();
            cloud.contains(&table)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::units::At;

    fn range(key: &str, low: f64, high: f64, step: f64, cost: f64) -> KnobSpec {
        KnobSpec {
            key: At::default_of(key.to_owned()),
            low: Some(At::default_of(low)),
            high: Some(At::default_of(high)),
            step: Some(At::default_of(step)),
            unit: String::new(),
            cost: Some(At::default_of(cost)),
            values: Vec::new(),
            costs: Vec::new(),
            cost_per: None,
        }
    }

    #[test]
    fn places_go_from_cheap_to_dear() {
        let mut class = range("pools.0.class", 0.0, 0.0, 1.0, 0.0);
        (class.low, class.high, class.step, class.cost) = (None, None, None, None);
        class.values = vec!["small".into(), "large".into()];
        class.costs = vec![1.0, 2.5];
        class.cost_per = Some(At::default_of("pools.0.hosts".to_owned()));
        let specs = [
            range("pools.0.hosts", 10.0, 20.0, 2.0, 0.0),
            range("classes.0.overcommit", 1.0, 2.0, 0.1, -1.0),
            class,
        ];
        let knobs = Knobs::of(specs.iter());
        assert_eq!(knobs.tops(), [5, 10, 1]);
        assert_eq!((knobs.0[0].text(5), knobs.0[0].place_of(13.0)), ("20".to_owned(), 2));
        assert_eq!(
            (knobs.0[0].place_of(1.0), knobs.0[0].place_of(99.0), knobs.0[0].place_of(14.0)),
            (0, 5, 2)
        );
        assert_eq!(knobs.0[1].text(0), "2", "more is worth something: it comes first");
        assert_eq!(knobs.0[1].text(3), "1.7");
        assert_eq!(knobs.cost(&[1, 10, 1]), 2.5 * 12.0 - 1.0);
        assert_eq!(knobs.choices(), [vec![5, 10, 0], vec![5, 10, 1]]);
        assert_eq!(knobs.overrides(&[0, 0, 0])[2], ("pools.0.class".to_owned(), "\"small\"".to_owned()));
        assert!(knobs.leave_load_alone());
        assert!(
            !Knobs::of([range("workloads.0.arrivals.rate", 1.0, 2.0, 1.0, 0.0)].iter()).leave_load_alone()
        );
    }
}
