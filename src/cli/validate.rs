//! `packyard validate`: what would the API answer?

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::print;
use super::{CliError, EXIT_FAILED};
use crate::api::{self, Request};
use crate::model::{AccountIx, Utc};
use crate::placement::Fleet;
use crate::scenario::Scenario;
use crate::sim;
use crate::validate::conformance::Defaults;
use crate::validate::{self, Effective, Reject, fixture};
use crate::world::World;

/// Form of the answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
enum Form {
    /// One JSON object a line
    Json,
    /// XML bodies
    Xml,
}

/// Answer CreateInstance requests as the API would, each against the cloud as it starts.
///
/// Prints status, deciding check and body of each. Exit code 1 when one is refused.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A file (`-` is standard input) with JSON objects, one a line, or with flat requests (`A=b&C=d` a line, or one
    /// `Key=Value` a line); or the parameters themselves as `Key=Value`
    #[arg(required = true, value_name = "REQUEST")]
    request: Vec<String>,
    #[command(flatten)]
    source: Source,
    /// Form of the answers
    #[arg(long, value_enum, default_value = "json")]
    format: Form,
    /// Also print the checks that passed
    #[arg(long)]
    trace: bool,
    /// Also print the values that a created instance would have
    #[arg(long)]
    effective: bool,
    /// Requests act on the cloud, one after the other: what is created stays
    #[arg(long)]
    keep: bool,
    /// Refuse requests with parameters that CreateInstance does not have (exit code 2)
    #[arg(long)]
    strict: bool,
}

/// Which cloud is asked, and by whom.
#[derive(clap::Args, Debug)]
#[command(group(clap::ArgGroup::new("cloud").required(true)))]
pub(super) struct Source {
    /// The cloud of this scenario
    #[arg(long, value_name = "FILE", group = "cloud")]
    scenario: Option<PathBuf>,
    /// The cloud of this world, in the fixture format of the conformance cases
    #[arg(long, value_name = "FILE", group = "cloud")]
    world: Option<PathBuf>,
    /// The default world of the conformance cases
    #[arg(long, group = "cloud")]
    default_world: bool,
    /// Account that calls, instead of the first one
    #[arg(long, value_name = "ID")]
    account: Option<String>,
}

/// A cloud to ask.
pub(super) struct Cloud {
    pub(super) world: World,
    pub(super) fleet: Fleet,
    pub(super) account: AccountIx,
    pub(super) now: Utc,
}

/// Answers the requests; exit code 1 when one is refused.
///
/// # Errors
/// Input that is no request, a cloud that cannot be built, an account that does not exist.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let requests = requests(&args.request)?;
    if args.strict {
        refuse_unknown(&requests)?;
    }
    let mut cloud = args.source.cloud()?;
    let mut out = String::new();
    let mut refused = false;
    for (request, number) in requests.iter().zip(1u64..) {
        let answer = ask(&mut cloud, request, args.keep);
        refused |= answer.as_ref().is_err_and(|reject| !reject.is_dry_run() && reject.replay.is_none());
        show(&mut out, &args, &cloud.world, request, number, &answer);
        if out.len() >= 1 << 16 {
            print(&out)?;
            out.clear();
        }
    }
    print(&out)?;
    Ok(if refused { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// A created instance, or one that would be.
struct Made {
    id: String,
    effective: Effective,
}

fn ask(cloud: &mut Cloud, request: &Request, keep: bool) -> Result<Made, Reject> {
    if keep {
        let created = validate::create(request, &mut cloud.world, &cloud.fleet, cloud.account, cloud.now)?;
        return Ok(Made { id: created.instance_id(), effective: created.effective });
    }
    let effective = validate::would_create(request, &cloud.world, &cloud.fleet, cloud.account, cloud.now)?;
    Ok(Made { id: crate::world::instance_id(cloud.world.next_instance()), effective })
}

/// A request id: the same for the same place in the input.
pub(super) fn request_id(number: u64) -> String {
    let hash = blake3::hash(&number.to_le_bytes()).to_hex();
    let part = |from: usize, to: usize| hash[from..to].to_uppercase();
    [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)].join("-")
}

fn show(
    out: &mut String,
    args: &Args,
    world: &World,
    request: &Request,
    number: u64,
    answer: &Result<Made, Reject>,
) {
    let id = request_id(number);
    let format = match args.format {
        Form::Json => api::Format::Json,
        Form::Xml => api::Format::Xml,
    };
    let (status, check, body) = match answer {
        Ok(made) => (200, None, api::success(format, &id, &made.id)),
        Err(reject) => match &reject.replay {
            Some(first) => (200, Some(reject.check), api::success(format, &id, first)),
            None => {
                (reject.status, Some(reject.check), api::failure(format, &id, reject.code, &reject.message))
            }
        },
    };
    let passed = || validate::passed(answer.as_ref().err()).collect::<Vec<_>>();
    let effective = answer.as_ref().ok().filter(|_| args.effective);
    let effective = effective.map(|made| made.effective.to_json(request, world, &made.id));
    match args.format {
        Form::Json => {
            let body: Value = serde_json::from_str(&body).unwrap_or_default();
            let mut line = json!({"status": status, "check": check, "answer": body});
            if let Some(effective) = effective {
                line["effective"] = effective;
            }
            if args.trace {
                line["passed"] = json!(passed());
            }
            out.push_str(&line.to_string());
        }
        Form::Xml => {
            out.push_str(&format!("<!-- {status} {} -->\n{body}", check.unwrap_or("all checks passed")));
            if let Some(effective) = effective {
                out.push_str(&format!("\n<!-- effective: {effective} -->"));
            }
            if args.trace {
                out.push_str(&format!("\n<!-- passed: {} -->", passed().join(" ")));
            }
        }
    }
    out.push('\n');
}

impl Source {
    /// Builds the cloud as it starts.
    ///
    /// # Errors
    /// A file that cannot be read or makes no cloud, an account that does not exist.
    pub(super) fn cloud(&self) -> Result<Cloud, CliError> {
        let read = |path: &Path| {
            std::fs::read_to_string(path)
                .map_err(|error| CliError::new(format!("cannot read {}: {error}", path.display())))
        };
        let (world, fleet, now) = match &self.scenario {
            Some(path) => {
                let scenario = Scenario::load(path).map_err(CliError::diagnostic)?;
                let cloud = sim::build(&scenario, &[]).map_err(CliError::new)?;
                (cloud.world, cloud.fleet, scenario.spec.start.0)
            }
            None => {
                let text = self.world.as_deref().map_or_else(|| Ok(Defaults::WORLD.to_owned()), read)?;
                let value = serde_json::from_str(&text).map_err(CliError::new)?;
                let built = fixture::facts(value).and_then(fixture::build).map_err(CliError::new)?;
                (built.world, built.fleet, built.now)
            }
        };
        let account = account_named(&world, self.account.as_deref())?;
        Ok(Cloud { world, fleet, account, now })
    }
}

/// The account of this id, or the first one.
pub(super) fn account_named(world: &World, id: Option<&str>) -> Result<AccountIx, CliError> {
    match id {
        Some(id) => world.account_named(id).ok_or_else(|| {
            let known: Vec<&str> = world.all_accounts().map(|(_, id)| id).take(10).collect();
            CliError::new(format!("the cloud has no account `{id}`; it has {}", known.join(", ")))
        }),
        None => {
            let first = world.all_accounts().next().map(|(account, _)| account);
            first.ok_or_else(|| CliError::new("the cloud has no account"))
        }
    }
}

fn refuse_unknown(requests: &[Request]) -> Result<(), CliError> {
    for (request, number) in requests.iter().zip(1u64..) {
        if let Some(name) = request.unknown().first() {
            return Err(CliError::new(format!("request {number}: CreateInstance has no parameter `{name}`")));
        }
    }
    Ok(())
}

/// Requests given on the command line: a file, standard input, or the parameters themselves.
pub(super) fn requests(given: &[String]) -> Result<Vec<Request>, CliError> {
    if given.iter().all(|text| text.contains('=') && !Path::new(text).exists()) {
        let pairs = given.iter().flat_map(|text| text.split('&'));
        return Ok(vec![flat(pairs).map_err(CliError::new)?]);
    }
    let [name] = given else {
        return Err(CliError::new("give one file, `-`, or only parameters of the form Key=Value"));
    };
    let text = if name == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(name)
    };
    let text = text.map_err(|error| CliError::new(format!("cannot read {name}: {error}")))?;
    parse(&text).map_err(|what| CliError::new(format!("{name}: {what}")))
}

/// Requests out of a text: JSON lines, one JSON value, flat lines, or one flat request a parameter a line.
fn parse(text: &str) -> Result<Vec<Request>, String> {
    let lines = || text.lines().zip(1u64..).filter(|(line, _)| !line.trim().is_empty());
    let Some((first, _)) = lines().next() else { return Err("no request in it".to_owned()) };
    if first.trim_start().starts_with(['{', '[']) {
        if serde_json::from_str::<Value>(first).is_err() || first.trim_start().starts_with('[') {
            // One value over several lines: an object, or a list of them.
            return match serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))? {
                Value::Array(items) => items
                    .iter()
                    .map(|item| Request::from_value(item).map_err(|error| error.to_string()))
                    .collect(),
                value => Ok(vec![Request::from_value(&value).map_err(|error| error.to_string())?]),
            };
        }
        return lines()
            .map(|(line, number)| Request::from_json(line).map_err(|error| format!("line {number}: {error}")))
            .collect();
    }
    if lines().any(|(line, _)| line.contains('&')) {
        return lines()
            .map(|(line, number)| {
                flat(line.trim().split('&')).map_err(|what| format!("line {number}: {what}"))
            })
            .collect();
    }
    Ok(vec![flat(lines().map(|(line, _)| line.trim()))?])
}

/// A request out of `Key=Value` pairs, percent-encoded as on the wire (RPC-31).
fn flat<'a>(pairs: impl Iterator<Item = &'a str>) -> Result<Request, String> {
    let mut request = Request::default();
    for pair in pairs.filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(|| format!("`{pair}` is not Key=Value"))?;
        request.set_named(&decoded(name)?, &decoded(value)?);
    }
    Ok(request)
}

fn decoded(text: &str) -> Result<String, String> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [byte, tail @ ..] = rest {
        let digits = (*byte == b'%').then(|| tail.get(..2)).flatten();
        let code = digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        rest = match code {
            Some(code) => {
                bytes.push(code);
                &tail[2..]
            }
            None => {
                bytes.push(*byte);
                tail
            }
        };
    }
    String::from_utf8(bytes).map_err(|_| format!("`{text}` is not UTF-8 once it is decoded"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_in_every_form() {
        let json = r#"{"Action":"CreateInstance","RegionId":"r"}"#;
        let pretty = "{\n \"Action\": \"CreateInstance\",\n \"RegionId\": \"r\"\n}\n";
        let expected = parse(json).expect("a request");
        for text in [
            pretty.to_owned(),
            format!("[{json}]"),
            "Action=CreateInstance&RegionId=r".to_owned(),
            "Action=CreateInstance\nRegionId=%72\n".to_owned(),
        ] {
            assert_eq!(parse(&text).as_ref(), Ok(&expected), "{text}");
        }
        assert_eq!(parse(&format!("{json}\n\n{json}\n")).map(|all| all.len()), Ok(2));
    }

    #[test]
    fn what_is_no_request_says_where() {
        for (text, what) in [
            ("", "no request in it"),
            ("{\"a\":1}\n3\n", "line 2: a request is a JSON object of parameter names and values"),
            ("a=b&c", "line 1: `c` is not Key=Value"),
            ("a=%ff", "`%ff` is not UTF-8 once it is decoded"),
        ] {
            assert_eq!(parse(text), Err(what.to_owned()));
        }
        assert_eq!(decoded("100%"), Ok("100%".to_owned()));
    }

    #[test]
    fn a_request_id_is_an_upper_case_uuid() {
        // RPC-45
        let id = request_id(7);
        assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
        assert!(id.chars().all(|c| c == '-' || c.is_ascii_digit() || ('A'..='F').contains(&c)), "{id}");
        assert_ne!(id, request_id(8));
    }
}
