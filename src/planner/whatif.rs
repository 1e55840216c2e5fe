//! What if: the same question with something changed, one column a change.

use std::sync::atomic::AtomicBool;

use serde::Serialize;

use crate::scenario::Scenario;
use crate::scenario::units::{Share, Span};

use super::knobs::{Knobs, number_text};
use super::objective::Objective;
use super::outcome::{Basis, Goal, Plan, SpotUse, tightest};
use super::plan::{self, Extras};
use super::statistics::Interval;
use super::trials::{Full, Look, PlanError, Source, Standing, Terms, Trials};

/// Version of the table's layout; it changes whenever a field changes its name or meaning.
pub const WHATIF_SCHEMA: &str = "packyard-whatif/1";

/// A change of the scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Change {
    /// What heads its column.
    pub name: String,
    /// What it sets.
    pub set: Vec<(String, String)>,
}

/// A table of columns. A pure function of version, scenario, seeds and trace.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Table {
    /// [`WHATIF_SCHEMA`].
    pub schema: &'static str,
    /// Version of Packyard.
    pub version: &'static str,
    /// Name of the scenario.
    pub scenario: String,
    /// Name of the unit of cost; may be empty.
    pub currency: String,
    /// What the statements rest on.
    pub basis: Basis,
    /// One a change; the first is the scenario without any.
    pub columns: Vec<Column>,
}

/// One column.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Column {
    /// What is changed.
    pub change: Change,
    /// What came out.
    #[serde(flatten)]
    pub result: Result,
}

/// What came out of a column.
#[derive(Clone, PartialEq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Result {
    /// The cheapest setting.
    Plan(Box<Plan>),
    /// How the scenario stands as it is.
    AsIs(Box<AsIs>),
}

/// How a scenario stands, with nothing searched.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AsIs {
    /// Whether every objective holds.
    pub holds: bool,
    /// Hosts in all.
    pub hosts: u64,
    /// What has to hold.
    pub objectives: Vec<Goal>,
    /// How each objective stands.
    pub standings: Vec<Standing>,
    /// Rejection rate over the seeds, after the warm-up.
    pub rejection_rate: Interval,
    /// Largest share of vCPUs placed in any zone, mean over the seeds.
    pub vcpu_peak: f64,
    /// Largest share of memory placed in any zone, mean over the seeds.
    pub memory_peak: f64,
    /// What requests without room were short of.
    pub binds: String,
    /// The spot market.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spot: Option<SpotUse>,
}

impl Table {
    /// A run that shows the table: that of the first column, as [`Plan::example`]; its settings and its seed.
    pub fn example(&self) -> Option<(&[(String, String)], u64)> {
        match &self.columns.first()?.result {
            Result::Plan(plan) => plan.example().map(|(setting, seed)| (setting.values.as_slice(), seed)),
            Result::AsIs(own) => tightest(&own.standings).map(|seed| (&[][..], seed)),
        }
    }
}

/// Plans or judges the scenario as it is and with each change. Without `knobs` nothing is searched.
///
/// # Errors
/// As [`plan::plan`].
pub fn table(
    source: &Source,
    changes: Vec<Change>,
    knobs: Option<&Knobs>,
    terms: &Terms,
    stop: &AtomicBool,
    look: &mut dyn FnMut(Look<'_>),
) -> std::result::Result<Table, PlanError> {
    let scenario = source.load(&[])?;
    let none = Change { name: "as is".to_owned(), set: Vec::new() };
    let mut columns = Vec::with_capacity(changes.len() + 1);
    for change in std::iter::once(none).chain(changes) {
        let source = source.with(&change.set);
        let result = match knobs {
            Some(knobs) => {
                let extras = Extras { around: false, verify: 0 };
                Result::Plan(Box::new(plan::plan(&source, knobs, terms, extras, stop, look)?))
            }
            None => Result::AsIs(Box::new(judge(&source, terms, stop, look)?)),
        };
        columns.push(Column { change, result });
    }
    Ok(Table {
        schema: WHATIF_SCHEMA,
        version: env!("CARGO_PKG_VERSION"),
        scenario: scenario.spec.name.clone(),
        currency: scenario.spec.plan.as_ref().map(|plan| plan.currency.clone()).unwrap_or_default(),
        basis: plan::basis(terms),
        columns,
    })
}

/// Judges a scenario as it stands.
fn judge(
    source: &Source,
    terms: &Terms,
    stop: &AtomicBool,
    look: &mut dyn FnMut(Look<'_>),
) -> std::result::Result<AsIs, PlanError> {
    let scenario = source.load(&[])?;
    let objectives = Objective::of(&scenario);
    plan::require(!objectives.is_empty(), plan::NO_OBJECTIVES)?;
    let goals = objectives.iter().map(plan::goal).collect();
    let knobs = Knobs::default();
    let mut trials = Trials::new(source, terms, &knobs, objectives, stop, look);
    let full: &Full = trials.full(&[])?;
    Ok(AsIs {
        holds: full.holds(),
        hosts: scenario.host_count(),
        objectives: goals,
        standings: full.standings.clone(),
        rejection_rate: full.mean(terms.confidence, |figures| figures.rejection_rate).above_zero(),
        vcpu_peak: full.mean(terms.confidence, |figures| figures.vcpu_peak).mean,
        memory_peak: full.mean(terms.confidence, |figures| figures.memory_peak).mean,
        binds: plan::binds(full),
        spot: plan::spot_use(full, terms),
    })
}

/// One change a policy of a list such as `best-fit,first-fit`.
pub fn policies(list: &str) -> Vec<Change> {
    let names = list.split(',').map(str::trim).filter(|name| !name.is_empty());
    names
        .map(|name| Change { name: name.to_owned(), set: vec![("policy".to_owned(), name.to_owned())] })
        .collect()
}

/// Growth such as `2%/week` for so long: all rates of arrivals times `(1 + 2%)` to the number of weeks (months of 30
/// days, years of 365).
///
/// # Errors
/// A text that says no growth, or a workload that replays a trace: its requests are what they were.
pub fn growth(text: &str, horizon: Span, scenario: &Scenario) -> std::result::Result<Change, PlanError> {
    const DAY: f64 = 86_400.0;
    let wrong = || {
        nothing(format!(
            "`{text}` is no growth: write for example `2%/week`, `0.5%/day`, `10%/month` or `30%/year`"
        ))
    };
    let (share, per) = text.split_once('/').ok_or_else(wrong)?;
    let falls = share.trim().starts_with('-');
    let share: Share = share.trim().trim_start_matches(['+', '-']).parse().map_err(|_| wrong())?;
    let days = match per.trim() {
        "day" | "d" => 1.0,
        "week" | "w" => 7.0,
        "month" => 30.0,
        "year" => 365.0,
        _ => return Err(wrong()),
    };
    if horizon.is_forever() {
        return Err(nothing("nothing grows for ever: --for takes a length such as `13w`".to_owned()));
    }
    let each = if falls { 1.0 - share.get() } else { 1.0 + share.get() };
    let factor = libm::pow(each, horizon.get().as_secs_f64() / (days * DAY));
    let mut set = Vec::new();
    for (at, workload) in scenario.spec.workloads.iter().enumerate() {
        let Some(arrivals) = &workload.arrivals else {
            return Err(nothing(format!(
                "workload `{}` replays a trace, which does not grow: describe the load by `arrivals`",
                workload.name
            )));
        };
        let rate = arrivals.get().rate.get();
        let unit = match rate.unit().0 / 1_000_000 {
            1 => "s",
            60 => "min",
            3_600 => "h",
            _ => "d",
        };
        let grown = number_text(rate.count() * factor);
        set.push((format!("workloads.{at}.arrivals.rate"), format!("{grown}/{unit}")));
    }
    Ok(Change { name: format!("{text}, {horizon}: x {factor:.3}"), set })
}

/// Another mix, such as `ecs.g5.large=50,ecs.g5.xlarge=10`: the weights of these types in every workload that has them.
///
/// # Errors
/// A text that is no list of weights, or a type that no mix has.
pub fn mix(text: &str, scenario: &Scenario) -> std::result::Result<Change, PlanError> {
    let mut set = Vec::new();
    for part in text.split(',') {
        let weight = part.split_once('=').and_then(|(name, weight)| {
            let weight: f64 = weight.trim().parse().ok()?;
            (weight >= 0.0).then_some((name.trim(), weight))
        });
        let Some((name, weight)) = weight else {
            return Err(nothing(format!("`{part}` is no weight: write for example `ecs.g5.large=50`")));
        };
        let before = set.len();
        for (at, workload) in scenario.spec.workloads.iter().enumerate() {
            let entries = workload.mix.iter().enumerate();
            for (entry, _) in entries.filter(|(_, entry)| entry.get().instance_type.as_str() == name) {
                set.push((format!("workloads.{at}.mix.{entry}.weight"), number_text(weight)));
            }
        }
        if set.len() == before {
            return Err(nothing(format!("no workload's mix has the type `{name}`")));
        }
    }
    Ok(Change { name: format!("mix {text}"), set })
}

/// A failure. At the peak, as an objective more, that every instance of what fails finds another place:
/// `zone=cn-hangzhou-g@peak`, `zone@peak` (each zone in turn), `rack@peak`, `hosts=3@peak`. At a moment of the run, as a
/// scripted event that really happens: `zone=cn-hangzhou-g@1d 12:00`, with `+2h` behind it until it is back.
///
/// # Errors
/// A text that names no failure.
pub fn failure(text: &str, scenario: &Scenario) -> std::result::Result<Change, PlanError> {
    let wrong = || {
        nothing(format!(
            "`{text}` is no failure: write for example `zone=cn-hangzhou-g@peak`, `zone@peak`, `rack@peak`, \
             `hosts=3@peak`, or with a moment of the run `zone=cn-hangzhou-g@36h+2h`"
        ))
    };
    let (what, when) = text.split_once('@').ok_or_else(wrong)?;
    let (kind, value) = what.split_once('=').map_or((what, None), |(kind, value)| (kind, Some(value.trim())));
    let name = format!("fail {text}");
    if when.trim() != "peak" {
        let (moment, length) =
            when.split_once('+').map_or((when, None), |(moment, length)| (moment, Some(length)));
        let (Some(value), kind @ ("zone" | "host" | "rack" | "pool")) = (value, kind.trim()) else {
            return Err(wrong());
        };
        let length = length.map_or(String::new(), |length| format!(" for {}", length.trim()));
        return Ok(Change {
            name,
            set: vec![event(scenario, moment.trim(), &format!("fail {kind} {value}{length}"))],
        });
    }
    let key = |name: &str| format!("objectives.survive.{name}");
    let mut set = match kind.trim() {
        "zone" => vec![(key("zone"), "true".to_owned())],
        "rack" => vec![(key("rack"), "true".to_owned())],
        "hosts" => {
            let count = value.and_then(|value| value.parse::<u32>().ok()).filter(|count| *count > 0);
            vec![(key("hosts"), count.ok_or_else(wrong)?.to_string())]
        }
        _ => return Err(wrong()),
    };
    if let (Some(zone), "zone" | "rack") = (value, kind.trim()) {
        set.push((key("zones"), format!("[{}]", toml::Value::from(zone))));
    }
    Ok(Change { name, set })
}

/// The scenario's events and one more, as an override.
fn event(scenario: &Scenario, at: &str, action: &str) -> (String, String) {
    let line = |at: &str, action: &str| {
        format!("{{ at = {}, do = {} }}", toml::Value::from(at), toml::Value::from(action))
    };
    let own = scenario.spec.events.iter().map(|event| line(&event.at.get().to_string(), &event.action));
    let all: Vec<String> = own.chain(std::iter::once(line(at, action))).collect();
    ("events".to_owned(), format!("[{}]", all.join(", ")))
}

/// Any other change: `KEY=VALUE`.
pub fn setting(key: &str, value: &str) -> Change {
    Change { name: format!("{key} = {value}"), set: vec![(key.to_owned(), value.to_owned())] }
}

fn nothing(what: String) -> PlanError {
    PlanError::Nothing { what }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: &str = r#"
        duration = "1d"
        [[pools]]
        zone = "cn-hangzhou-g"
        class = "ddh.g5"
        hosts = 4
        [[workloads]]
        name = "web"
        arrivals = { rate = "100/h" }
        lifetime = { distribution = "exponential", mean = "1h" }
        mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.xlarge", weight = 3 }]
        [objectives]
        rejection_rate = 0.01
    "#;

    fn scenario(set: &[(String, String)]) -> Scenario {
        Scenario::from_str_with(SCENARIO, "test.toml", set).expect("every change makes a sound scenario")
    }

    #[test]
    fn growth_compounds_over_the_horizon() {
        let change = growth("2%/week", "13w".parse().unwrap(), &scenario(&[])).unwrap();
        let grown = scenario(&change.set);
        let rate = grown.spec.workloads[0].arrivals.as_ref().unwrap().get().rate.get().count();
        assert!((rate - 100.0 * 1.02_f64.powi(13)).abs() < 1e-6, "{rate}");
        let falling = growth("-10%/month", "60d".parse().unwrap(), &scenario(&[])).unwrap();
        assert_eq!(falling.set[0].1, "81/h");
        for wrong in ["2%", "2/week", "2%/fortnight", "x%/week"] {
            assert!(growth(wrong, "1w".parse().unwrap(), &scenario(&[])).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_mix_sets_the_weights_it_names() {
        let change = mix("ecs.g5.large=50, ecs.g5.xlarge=0", &scenario(&[])).unwrap();
        let weights: Vec<f64> =
            scenario(&change.set).spec.workloads[0].mix.iter().map(|entry| *entry.get().weight).collect();
        assert_eq!(weights, [50.0, 0.0]);
        assert!(mix("ecs.g5.large", &scenario(&[])).is_err());
        assert!(mix("ecs.c5.large=1", &scenario(&[])).is_err(), "no workload asks for it");
    }

    #[test]
    fn a_failure_becomes_an_objective() {
        for (text, name) in [
            ("zone=cn-hangzhou-g@peak", "loss of a zone (cn-hangzhou-g)"),
            ("zone@peak", "loss of a zone"),
            ("rack@peak", "loss of a rack"),
            ("hosts=3@peak", "loss of 3 hosts"),
        ] {
            let objectives = Objective::of(&scenario(&failure(text, &scenario(&[])).unwrap().set));
            assert_eq!(objectives.last().unwrap().name, name, "{text}");
        }
        for wrong in ["zone", "hosts@peak", "hosts=0@peak", "region@peak", "zone@36h", "city=x@1h"] {
            assert!(failure(wrong, &scenario(&[])).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_failure_at_a_moment_becomes_an_event_beside_the_others() {
        let first = failure("zone=cn-hangzhou-g@12:00+30min", &scenario(&[])).unwrap();
        let second = failure("host=2 of cn-hangzhou-g@15h", &scenario(&first.set)).unwrap();
        let actions: Vec<String> =
            scenario(&second.set).spec.events.iter().map(|event| event.action.get().clone()).collect();
        assert_eq!(actions, ["fail zone cn-hangzhou-g for 30min", "fail host 2 of cn-hangzhou-g"]);
    }
}
