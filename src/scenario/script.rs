//! `[[events]]`: what happens to hosts at set times, from words to hosts.
//!
//! ```text
//! fail   AREA [for SPAN]
//! repair AREA
//! drain  AREA [host by host | rack by rack | switch by switch] [for SPAN]
//!
//! AREA: zone ID | region ID | cluster ID | pool NAME | host ID | rack|switch|host NUMBER of ID-or-NAME
//! ```
//! Numbers count from 1 within what they are `of`, in the order of the scenario.

use std::ops::Range;

use super::error::Problem;
use super::nearest::did_you_mean;
use super::schema::EventSpec;
use super::topology::{Hosts, Part, Topology};
use super::units::{At, Span};
use crate::model::{SimDuration, SimTime};

/// One thing that happens to hosts at a set time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScriptedEvent {
    /// When.
    pub at: SimTime,
    /// What.
    pub action: Action,
}

/// What happens to which hosts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// They fail.
    Fail {
        /// The hosts.
        hosts: Hosts,
        /// How long; none: until they are repaired by another event.
        lasting: Option<SimDuration>,
    },
    /// Failures and maintenance of them end.
    Repair {
        /// The hosts.
        hosts: Hosts,
    },
    /// They are emptied for maintenance, step by step.
    Drain {
        /// The hosts of each step.
        steps: Vec<Hosts>,
        /// How long the work takes once the hosts of a step are empty; none: until they are repaired.
        work: Option<SimDuration>,
    },
}

const VERBS: [&str; 3] = ["fail", "repair", "drain"];
const AREAS: [&str; 7] = ["zone", "region", "cluster", "pool", "host", "rack", "switch"];

/// Reads the script of a scenario that lasts until `end`, in order of time.
///
/// # Errors
/// At the word that is wrong, with what would be right.
pub(super) fn read(
    specs: &[EventSpec],
    topology: &Topology<'_>,
    end: SimTime,
) -> Result<Vec<ScriptedEvent>, Problem> {
    let mut events = Vec::with_capacity(specs.len());
    for spec in specs {
        let at = spec.at.get().get();
        if at >= end {
            return Err(Problem::at(&spec.at, format!("the run ends at {end}, before {}", spec.at))
                .label("too late")
                .help("moments count from the start of the run"));
        }
        events.push(ScriptedEvent { at, action: Words::new(&spec.action).action(topology)? });
    }
    events.sort_by_key(|event| event.at);
    Ok(events)
}

/// The words of an action, one after the other.
struct Words<'t> {
    text: &'t At<String>,
    words: Vec<(usize, &'t str)>,
    next: usize,
}

impl<'t> Words<'t> {
    fn new(text: &'t At<String>) -> Words<'t> {
        let all = text.get().as_str();
        let offset = |word: &str| word.as_ptr() as usize - all.as_ptr() as usize;
        let words = all.split_ascii_whitespace().map(|word| (offset(word), word)).collect();
        Words { text, words, next: 0 }
    }

    /// Takes the next word.
    fn take(&mut self) -> Option<&'t str> {
        let (_, word) = *self.words.get(self.next)?;
        self.next += 1;
        Some(word)
    }

    fn peek(&self) -> Option<&'t str> {
        self.words.get(self.next).map(|(_, word)| *word)
    }

    /// A problem with the word that was taken last; with the whole text where its place cannot be told.
    fn wrong(&self, message: impl Into<String>) -> Problem {
        let whole = self.text.span();
        // Only a plain text between single quotation marks stands in the file letter by letter.
        let plain = whole.len() == self.text.get().len() + 2;
        let word = self.next.checked_sub(1).and_then(|at| self.words.get(at)).filter(|_| plain);
        let span: Range<usize> = match word {
            Some((offset, word)) => {
                let start = whole.start + 1 + offset;
                start..start + word.len()
            }
            None => whole,
        };
        Problem::at_span(span, message)
    }

    /// A problem at the end of the text.
    fn missing(&self, what: &str) -> Problem {
        Problem::at(self.text, format!("`{}` ends before it says {what}", self.text)).label("goes on how?")
    }

    fn action(&mut self, topology: &Topology<'_>) -> Result<Action, Problem> {
        let help = "write for example `fail zone ID for 2h`, `drain pool NAME rack by rack for 30min` or \
                    `repair host 3 of ID`";
        let Some(verb) = self.take() else {
            return Err(self.missing("what happens").help(help));
        };
        if !VERBS.contains(&verb) {
            let help = did_you_mean(verb, VERBS).unwrap_or_else(|| help.to_owned());
            return Err(self
                .wrong(format!("nobody can `{verb}` hosts"))
                .label("fail, repair or drain")
                .help(help));
        }
        let (hosts, area) = self.area(topology)?;
        let action = match verb {
            "repair" => Action::Repair { hosts },
            "fail" => Action::Fail { hosts, lasting: self.lasting()? },
            _ => {
                let steps = match self.by(&area)? {
                    Some(part) => topology.split(&hosts, part),
                    None => vec![hosts],
                };
                Action::Drain { steps, work: self.lasting()? }
            }
        };
        match self.take() {
            None => Ok(action),
            Some(word) => {
                Err(self.wrong(format!("`{word}` has no meaning here")).label("too much").help(match verb {
                    "repair" => "`repair` takes an area and nothing else",
                    "fail" => "after the area there may be a length of time: `for 2h`",
                    _ => "after the area there may be `rack by rack` and a length of time: `for 30min`",
                }))
            }
        }
    }

    /// An area and its words.
    fn area(&mut self, topology: &Topology<'_>) -> Result<(Hosts, String), Problem> {
        let Some(kind) = self.take() else {
            return Err(self.missing("where").help("name a zone, pool, cluster, rack, switch or host"));
        };
        if !AREAS.contains(&kind) {
            let help = did_you_mean(kind, AREAS);
            return Err(self
                .wrong(format!("`{kind}` is no kind of place"))
                .label("zone, pool, rack ..")
                .maybe_help(help));
        }
        let Some(name) = self.take() else {
            return Err(self.missing(&format!("which {kind}")));
        };
        let part = match kind {
            "rack" => Some(Part::Rack),
            "switch" => Some(Part::Switch),
            "host" => Some(Part::Host),
            _ => None,
        };
        let hosts = match (part, name.parse::<u32>()) {
            (Some(part), Ok(number)) => self.numbered(topology, part, number)?,
            (Some(Part::Host), Err(_)) => self.known(topology, kind, name)?,
            (Some(_), Err(_)) => {
                return Err(self
                    .wrong(format!("`{name}` is no number of a {kind}"))
                    .label("a number from 1 on")
                    .help(format!("write `{kind} 3 of ID`, where ID is a zone, a pool or a cluster")));
            }
            (None, _) => self.known(topology, kind, name)?,
        };
        Ok((hosts, kind.to_owned()))
    }

    /// `N of ID`.
    fn numbered(&mut self, topology: &Topology<'_>, part: Part, number: u32) -> Result<Hosts, Problem> {
        let place = self.next;
        if self.take() != Some("of") {
            self.next = place;
            return Err(self.wrong(format!("{} {number} of what?", part.name())).help(format!(
                "write `{} {number} of ID`, where ID is a zone, a pool or a cluster",
                part.name()
            )));
        }
        let Some(name) = self.take() else {
            return Err(self.missing(&format!("of what {} {number} is", part.name())));
        };
        let whole = topology.anything(name).ok_or_else(|| {
            self.wrong(format!("the scenario has no zone, pool, cluster or region `{name}`"))
                .label("unknown")
                .maybe_help(did_you_mean(name, topology.names()))
        })?;
        let mut parts = topology.split(&whole, part);
        let count = parts.len();
        let at = (number as usize).checked_sub(1).filter(|at| *at < count);
        match at {
            Some(at) => Ok(parts.swap_remove(at)),
            None => Err(self
                .wrong(format!("`{name}` has no {} {number}", part.name()))
                .label(format!("has {count} of them"))
                .help(format!("numbers go from 1 to {count}"))),
        }
    }

    /// A zone, region, cluster, pool or host by its name.
    fn known(&self, topology: &Topology<'_>, kind: &str, name: &str) -> Result<Hosts, Problem> {
        let hosts = topology.named(kind, name).filter(|hosts| !hosts.is_empty());
        hosts.ok_or_else(|| {
            let help = match kind {
                "host" => Some(
                    "hosts are named `nc-ZONE-N`, dedicated hosts `dh-ZONE-N`, both from 1 on".to_owned(),
                ),
                _ => did_you_mean(name, topology.names_of(kind)),
            };
            let message = match kind {
                "host" => format!("the scenario has no host `{name}`"),
                _ => format!("the scenario has no hosts in a {kind} `{name}`"),
            };
            self.wrong(message).label("unknown").maybe_help(help)
        })
    }

    /// `rack by rack`, where it stands.
    fn by(&mut self, area: &str) -> Result<Option<Part>, Problem> {
        let part = match self.peek() {
            Some("host") => Part::Host,
            Some("rack") => Part::Rack,
            Some("switch") => Part::Switch,
            _ => return Ok(None),
        };
        self.next += 1;
        let name = part.name();
        for expected in ["by", name] {
            if self.take() != Some(expected) {
                return Err(self
                    .wrong(format!("after the {area} comes `{name} by {name}`, or nothing"))
                    .label(format!("expected `{expected}`")));
            }
        }
        Ok(Some(part))
    }

    /// `for SPAN`, where it stands.
    fn lasting(&mut self) -> Result<Option<SimDuration>, Problem> {
        if self.peek() != Some("for") {
            return Ok(None);
        }
        self.next += 1;
        let Some(text) = self.take() else { return Err(self.missing("for how long")) };
        let span: Span = text.parse().map_err(|wrong: super::units::UnitError| {
            self.wrong(wrong.to_string()).label("a length of time")
        })?;
        if span.is_zero() || span.is_forever() {
            return Err(self
                .wrong(format!("`for {text}` is no length of time that ends"))
                .label("for example `2h`")
                .help("leave `for` out to wait for a `repair`"));
        }
        Ok(Some(span.get()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    const CLOUD: &str = r#"
[[pools]]
name = "web"
zones = ["cn-hangzhou-g", "cn-hangzhou-h"]
class = "ddh.g5"
hosts = 10
hosts_per_rack = 4
racks_per_switch = 2
[[pools]]
name = "db"
zone = "cn-hangzhou-g"
class = "ddh.r5"
hosts = 3
cluster = "c-red"
[[dedicated_hosts]]
type = "ddh.g5"
zone = "cn-hangzhou-h"
count = 2
[[workloads]]
name = "w"
arrivals.rate = "1/h"
lifetime = { distribution = "forever" }
mix = [{ type = "ecs.g5.large" }]
[[events]]
at = "06:00"
do = "ACTION"
"#;

    fn read(action: &str) -> Result<Action, crate::scenario::ScenarioError> {
        let scenario = Scenario::from_str(&CLOUD.replace("ACTION", action), "test.toml")?;
        Ok(scenario.events[0].action.clone())
    }

    /// Checks what hosts an area is.
    fn check(area: &str, expected: &[Range<u32>]) {
        match read(&format!("repair {area}")) {
            Ok(Action::Repair { hosts }) => assert_eq!(hosts, expected, "{area}"),
            other => panic!("{area}: {other:?}"),
        }
    }

    #[test]
    fn areas_are_ranges_of_hosts_in_the_order_of_the_scenario() {
        // Hosts: 0..10 web in g, 10..20 web in h, 20..23 db in g, 23 and 24 dedicated in h.
        check("zone cn-hangzhou-g", &[0..10, 20..23]);
        check("zone cn-hangzhou-h", &[10..20, 23..24, 24..25]);
        check("region cn-hangzhou", &[0..10, 10..20, 20..23, 23..24, 24..25]);
        check("pool web", &[0..10, 10..20]);
        check("cluster c-red", &[20..23]);
        check("cluster c-cn-hangzhou-h", &[10..20]);
        check("rack 3 of web", &[8..10]);
        check("rack 4 of web", &[10..14]);
        check("rack 4 of cn-hangzhou-g", &[20..23]);
        check("switch 2 of cn-hangzhou-g", &[8..10]);
        check("host 12 of cn-hangzhou-g", &[21..22]);
        check("host nc-cn-hangzhou-g-12", &[21..22]);
        check("host nc-cn-hangzhou-h-1", &[10..11]);
        check("host dh-cn-hangzhou-h-2", &[24..25]);
    }

    #[test]
    fn verbs_take_a_length_of_time_and_a_drain_takes_steps() {
        let hour = Some(SimDuration::from_secs(3_600));
        let fail = Action::Fail { hosts: vec![20..23], lasting: hour };
        assert_eq!(read("fail pool db for 1h").unwrap(), fail);
        assert_eq!(read("fail pool db").unwrap(), Action::Fail { hosts: vec![20..23], lasting: None });
        let drain = |steps, work| Action::Drain { steps, work };
        assert_eq!(read("drain pool db").unwrap(), drain(vec![vec![20..23]], None));
        let racks = vec![vec![0..4], vec![4..8], vec![8..10], vec![20..23]];
        assert_eq!(read("drain zone cn-hangzhou-g rack by rack for 60min").unwrap(), drain(racks, hour));
        let switches = vec![vec![0..8], vec![8..10], vec![10..18], vec![18..20]];
        assert_eq!(read("drain pool web switch by switch").unwrap(), drain(switches, None));
        let hosts = vec![vec![20..21], vec![21..22], vec![22..23]];
        assert_eq!(read("drain cluster c-red host by host for 1h").unwrap(), drain(hosts, hour));
    }

    #[test]
    fn what_is_wrong_is_told_at_its_word_with_what_would_be_right() {
        for (action, word, message, advice) in [
            ("", "", "ends before it says what happens", "fail zone ID for 2h"),
            ("fial zone cn-hangzhou-g", "fial", "nobody can `fial` hosts", "`fail`"),
            ("fail", "", "ends before it says where", "name a zone"),
            ("fail zones cn-hangzhou-g", "zones", "no kind of place", "`zone`"),
            ("fail zone cn-hangzhou-b", "cn-hangzhou-b", "no hosts in a zone `cn-hangzhou-b`", "cn-hangzhou"),
            ("fail pool wbe", "wbe", "no hosts in a pool `wbe`", "`web`"),
            ("fail rack web", "web", "no number of a rack", "rack 3 of ID"),
            ("fail rack 2", "2", "rack 2 of what?", "rack 2 of ID"),
            ("fail rack 7 of web", "web", "has no rack 7", "from 1 to 6"),
            ("fail rack 0 of web", "web", "has no rack 0", "from 1 to 6"),
            ("fail rack 1 of dbs", "dbs", "no zone, pool, cluster or region `dbs`", "db"),
            ("fail host nc-cn-hangzhou-g-14", "nc-cn-hangzhou-g-14", "no host", "nc-ZONE-N"),
            ("fail pool db for 2", "2", "`2` has no unit", ""),
            ("fail pool db for forever", "forever", "no length of time that ends", "leave `for` out"),
            ("fail pool db for", "", "ends before it says for how long", ""),
            ("fail pool db rack by rack", "rack", "`rack` has no meaning here", "for 2h"),
            ("drain pool db rack after rack", "after", "comes `rack by rack`", ""),
            ("repair pool db for 1h", "for", "`for` has no meaning here", "nothing else"),
        ] {
            let error = read(action).expect_err(action);
            assert!(error.to_string().contains(message), "{action}: {error}");
            assert!(error.advice().unwrap_or_default().contains(advice), "{action}: {:?}", error.advice());
            let text = CLOUD.replace("ACTION", action);
            let span = error.span().expect("it points somewhere");
            let place = text[span].trim_matches('"');
            assert_eq!(place, if word.is_empty() { action } else { word }, "{action}");
        }
    }

    #[test]
    fn an_event_after_the_end_never_happens_and_events_stand_in_order_of_time() {
        let late = CLOUD.replace("06:00", "3d 04:00").replace("ACTION", "fail pool db");
        let error = Scenario::from_str(&late, "test.toml").expect_err("the run lasts a day");
        assert!(error.to_string().contains("the run ends at 1d 00:00:00"), "{error}");
        let mut two = CLOUD.replace("ACTION", "fail pool db");
        two += "[[events]]\nat = \"1h\"\ndo = \"drain pool web\"\n";
        let scenario = Scenario::from_str(&two, "test.toml").expect("sound");
        assert_eq!(
            scenario.events.iter().map(|event| event.at.0 / 3_600_000_000).collect::<Vec<_>>(),
            [1, 6]
        );
    }
}
