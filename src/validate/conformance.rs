//! Conformance cases: a request difference, a world difference, the expected answer.
//!
//! A case goes through the same gate and the same placement core that a simulation uses; only its world is built from
//! the fixture format.

use serde_json::{Map, Value, json};

use super::fixture::{self, FixtureError};
use super::{Reject, create};
use crate::api::Request;
use crate::model::AccountIx;

/// What a case must be answered with.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Expect {
    /// A success.
    pub ok: bool,
    /// HTTP status of an error.
    pub status: Option<u16>,
    /// Code of an error.
    pub code: Option<String>,
    /// Message of an error.
    pub message: Option<String>,
    /// The table's own message, when it has a place for a text that is free.
    pub template: Option<String>,
    /// Instance of a replayed success.
    pub instance_id: Option<String>,
    /// Values that the instance must show.
    pub effective: Map<String, Value>,
}

/// One case; a line of `cases.jsonl`.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Case {
    /// Its name.
    pub id: String,
    /// Row of the error table that answers.
    pub row: Option<u16>,
    /// `error`, `success` or `precedence`.
    pub kind: String,
    /// Check that must fire.
    pub check: Option<String>,
    /// Differences to the default request; null removes.
    pub request: Map<String, Value>,
    /// Differences to the default world; null removes.
    pub world: Map<String, Value>,
    /// What it must be answered with; none: it is only answered.
    pub expect: Option<Expect>,
}

/// The request and the world that every case starts from.
#[derive(Clone, Debug)]
pub struct Defaults {
    request: Map<String, Value>,
    world: Value,
}

impl Defaults {
    /// From the texts of `default_request.json` and `default_world.json`.
    ///
    /// # Errors
    /// One of them is not JSON, or no object.
    pub fn parse(request: &str, world: &str) -> Result<Defaults, FixtureError> {
        Ok(Defaults { request: serde_json::from_str(request)?, world: serde_json::from_str(world)? })
    }

    /// The default request that ships with the program.
    pub const REQUEST: &'static str = include_str!("../../tests/conformance/default_request.json");
    /// The default world that ships with the program.
    pub const WORLD: &'static str = include_str!("../../tests/conformance/default_world.json");

    /// The defaults that ship with the program.
    ///
    /// # Errors
    /// None in practice: they are tested.
    pub fn shipped() -> Result<Defaults, FixtureError> {
        Defaults::parse(Defaults::REQUEST, Defaults::WORLD)
    }

    /// The default world as a value, to be changed by [`fixture::apply`].
    pub fn world(&self) -> &Value {
        &self.world
    }

    /// The parameters of the default request with `differences`; null leaves one out.
    pub fn params(&self, differences: &Map<String, Value>) -> Map<String, Value> {
        let mut params = self.request.clone();
        for (name, value) in differences {
            if value.is_null() {
                params.shift_remove(name);
            } else {
                params.insert(name.clone(), value.clone());
            }
        }
        params
    }

    /// The request of a case.
    pub fn request(&self, differences: &Map<String, Value>) -> Request {
        Request::from_object(&self.params(differences))
    }

    /// Sends a case through the gate.
    ///
    /// # Errors
    /// The case's world cannot be built.
    pub fn answer(&self, case: &Case) -> Result<Answered, FixtureError> {
        let mut world = self.world.clone();
        fixture::apply(&mut world, &case.world)?;
        let mut built = fixture::build(fixture::facts(world)?)?;
        let request = self.request(&case.request);
        let account = AccountIx(0);
        Ok(match create(&request, &mut built.world, &built.fleet, account, built.now) {
            Ok(created) => {
                let id = created.instance_id();
                let effective = created.effective.to_json(&request, &built.world, &id);
                Answered { reject: None, instance_id: Some(id), effective }
            }
            Err(reject) => Answered {
                instance_id: reject.replay.as_deref().map(str::to_owned),
                reject: Some(reject),
                effective: Value::Null,
            },
        })
    }
}

/// How a case was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The refusal, also of a dry run or a replay.
    pub reject: Option<Reject>,
    /// The instance that was created, or the first one of a replay.
    pub instance_id: Option<String>,
    /// The values of a created instance.
    pub effective: Value,
}

/// True when the message is the table's own with some text in the place of `%s`.
fn follows(template: &str, message: &str) -> bool {
    match template.split_once("%s") {
        Some((head, tail)) => {
            message.len() >= head.len() + tail.len() && message.starts_with(head) && message.ends_with(tail)
        }
        None => template == message,
    }
}

impl Answered {
    /// HTTP status: 200 for a success.
    pub fn status(&self) -> u16 {
        self.reject.as_ref().map_or(200, |reject| reject.status)
    }

    /// Whether the case passes; none when it expects nothing.
    pub fn passes(&self, case: &Case) -> Option<bool> {
        let expect = case.expect.as_ref()?;
        let instance_id = self.instance_id.as_deref();
        if expect.ok {
            let shows = |(name, value): (&String, &Value)| {
                let shown = self.effective.get(name).unwrap_or(&Value::Null);
                if value == "<InstanceId>" { shown.as_str() == instance_id } else { shown == value }
            };
            let replayed = expect.instance_id.as_deref().is_none_or(|id| instance_id == Some(id));
            return Some(self.status() == 200 && replayed && expect.effective.iter().all(shows));
        }
        let Some(reject) = &self.reject else { return Some(false) };
        let message = expect.message.as_deref().is_none_or(|message| message == reject.message)
            || expect.template.as_deref().is_some_and(|template| follows(template, &reject.message));
        Some(
            expect.status.is_none_or(|status| status == reject.status)
                && expect.code.as_deref().is_none_or(|code| code == reject.code)
                && message
                && case.check.as_deref().is_none_or(|check| check == reject.check),
        )
    }

    /// One JSON object: the line of `packyard conformance`.
    pub fn to_json(&self, case: &Case) -> Value {
        let failed = self.reject.as_ref().filter(|reject| reject.replay.is_none());
        json!({
            "id": case.id,
            "pass": self.passes(case),
            "status": self.status(),
            "code": failed.map(|reject| reject.code),
            "message": failed.map(|reject| &*reject.message),
            "check": self.reject.as_ref().map(|reject| reject.check),
            "instance_id": self.instance_id,
            "effective": self.effective,
        })
    }
}
