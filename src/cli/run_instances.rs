//! `packyard run-instances`: what would the API answer to RunInstances?

use std::process::ExitCode;

use serde_json::{Value, json};

use super::output::print;
use super::validate::{Source, request_id};
use super::{CliError, EXIT_FAILED};
use crate::operations::Params;
use crate::operations::run_instances::{self, Launched, Refused};

/// Answer one RunInstances call as the API would: several instances, some of them if that is enough.
///
/// Prints one JSON line: status, the answer, and the name and zone of each instance. Exit code 1 when it is refused. In the
/// cloud of a scenario the call finds what the scenario starts with.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// Parameters as on the wire, such as `Amount=5`, `MinAmount=3`, `InstanceName=web-[1,3]`
    #[arg(required = true, value_name = "KEY=VALUE")]
    parameters: Vec<String>,
    #[command(flatten)]
    source: Source,
}

/// Answers the call; exit code 1 when it is refused.
///
/// # Errors
/// A parameter that is not Key=Value, a cloud that cannot be built.
pub(super) fn run(args: &Args) -> Result<ExitCode, CliError> {
    let pairs = args.parameters.iter().map(|text| {
        let (name, value) =
            text.split_once('=').ok_or_else(|| CliError::new(format!("`{text}` is not Key=Value")))?;
        Ok((name.to_owned(), value.to_owned()))
    });
    let params = Params::new(pairs.collect::<Result<Vec<_>, CliError>>()?);
    let mut cloud = args.source.cloud()?;
    let answer = run_instances::run(&params, &mut cloud.world, &cloud.fleet, cloud.account, cloud.now);
    let (status, mut answer, instances) = match &answer {
        Ok(made) => (200, ids(made.iter().map(|one| one.created.instance_id())), Some(made)),
        Err(Refused::Call(refusal)) => (refusal.status, error(refusal.code, refusal.message), None),
        Err(Refused::Gate(reject)) => match &reject.replay {
            Some(first) => (200, ids(std::iter::once(first.to_string())), None),
            None => (reject.status, error(reject.code, &reject.message), None),
        },
    };
    answer["RequestId"] = json!(request_id(1));
    let mut line = json!({"status": status, "answer": answer});
    if let Some(made) = instances {
        let shown = |one: &Launched| {
            json!({
                "id": one.created.instance_id(),
                "name": one.name,
                "zone": cloud.world.zone_name(one.created.zone),
                "public_address": one.public_address,
            })
        };
        line["instances"] = made.iter().map(shown).collect();
    }
    print(&format!("{line}\n"))?;
    let refused = status != 200 && line["answer"]["Code"] != "DryRunOperation";
    Ok(if refused { ExitCode::from(EXIT_FAILED) } else { ExitCode::SUCCESS })
}

/// Body of a success (RUN-S1).
fn ids(ids: impl Iterator<Item = String>) -> Value {
    json!({"InstanceIdSets": {"InstanceIdSet": ids.collect::<Vec<_>>()}})
}

/// Body of an error (RPC-52).
fn error(code: &str, message: &str) -> Value {
    json!({"HostId": "ecs.aliyuncs.com", "Code": code, "Message": message})
}
