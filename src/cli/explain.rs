//! `packyard explain`: why a request gets its answer, and what would have to be different.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::CliError;
use super::check::key_value;
use super::output::print;
use super::validate::{account_named, requests};
use crate::api::Request;
use crate::model::{AccountIx, SimDuration, SimTime};
use crate::placement::{Explanation, Fleet, Near, Reason, ZoneExplanation};
use crate::scenario::Scenario;
use crate::scenario::units::Moment;
use crate::sim::{Cloud, Simulation};
use crate::validate::{self, Reject};

/// Explain the answer to a CreateInstance request: the deciding check, the effective values, and for its placement
/// how many hosts each constraint removed, which resource is short, and what would make it fit.
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A file (`-` is standard input) with one request as JSON or flat, or its parameters as `Key=Value`
    #[arg(required = true, value_name = "REQUEST")]
    request: Vec<String>,
    /// The cloud of this scenario
    #[arg(long, value_name = "FILE")]
    scenario: PathBuf,
    /// Moment of the scenario's run at which the request comes in, such as `36h` or `"3d 04:00"`; left out: the
    /// empty cloud before the first request
    #[arg(long, value_name = "MOMENT")]
    at: Option<Moment>,
    /// Trace file, for scenarios that leave the trace's path to the command line
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Change one key of the scenario; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = key_value)]
    set: Vec<(String, String)>,
    /// Account that calls, instead of the first one
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Explains one request.
///
/// # Errors
/// Whatever is wrong with the request, the scenario or its trace.
pub(super) fn run(args: Args) -> Result<ExitCode, CliError> {
    let scenario = Scenario::load_with(&args.scenario, &args.set).map_err(CliError::diagnostic)?;
    let [request] = &requests(&args.request)?[..] else {
        return Err(CliError::new("explain takes one request"));
    };
    let folder = args.scenario.parent().unwrap_or(Path::new(""));
    let simulation = Simulation::new(&scenario, folder, args.trace.as_deref()).map_err(CliError::new)?;
    let moment = args.at.map(Moment::get);
    let cloud = match moment {
        Some(moment) => simulation.cloud_at(moment).map_err(CliError::new)?,
        None => simulation.into_cloud(),
    };
    let account = account_named(&cloud.world, args.account.as_deref())?;
    let moment = moment.unwrap_or(SimTime::ZERO);
    let now = scenario.spec.start.0.after(SimDuration(moment.0));
    let answer = Answer::new(&cloud, request, account, now);
    print(&if args.json { answer.json(&cloud, request) } else { answer.text(&cloud, request, moment) })?;
    Ok(ExitCode::SUCCESS)
}

/// The answer to a request, and what is behind it.
struct Answer {
    refused: Option<Reject>,
    effective: Option<validate::Effective>,
    placement: Option<Explanation>,
}

impl Answer {
    fn new(cloud: &Cloud, request: &Request, account: AccountIx, now: crate::model::Utc) -> Answer {
        let Cloud { world, fleet, .. } = cloud;
        let refused = validate::would_create(request, world, fleet, account, now).err();
        let admitted = validate::admit(request, world, account, now).ok();
        let placement = admitted.as_ref().map(|admitted| explain(cloud, fleet, admitted));
        let effective = admitted.map(|admitted| admitted.effective().clone());
        Answer { refused, effective, placement }
    }

    fn json(&self, cloud: &Cloud, request: &Request) -> String {
        let answer = match &self.refused {
            None => json!({ "status": 200 }),
            Some(reject) => json!({
                "status": reject.status,
                "code": reject.code,
                "message": reject.message,
                "check": reject.check,
                "row": reject.row,
            }),
        };
        let zones = self.placement.as_ref().map(|placement| {
            let zone = |zone: &ZoneExplanation| {
                let mut value = json!(zone);
                value["zone"] = json!(cloud.world.zone_name(zone.zone));
                value
            };
            placement.zones.iter().map(zone).collect::<Vec<Value>>()
        });
        let effective = self.effective.as_ref().map(|effective| effective.to_json(request, &cloud.world, ""));
        let value = json!({ "answer": answer, "effective": effective, "placement": zones });
        serde_json::to_string_pretty(&value).expect("plain values") + "\n"
    }

    fn text(&self, cloud: &Cloud, request: &Request, moment: SimTime) -> String {
        let mut out = String::new();
        // Writing into a string cannot fail.
        let _ = match &self.refused {
            None => writeln!(out, "at {moment}: 200, the instance would be created"),
            Some(reject) => writeln!(
                out,
                "at {moment}: {} {}: {}\ndecided by check {}",
                reject.status, reject.code, reject.message, reject.check
            ),
        };
        if let Some(effective) = &self.effective {
            out.push_str("\neffective values\n");
            if let Value::Object(values) = effective.to_json(request, &cloud.world, "") {
                for (name, value) in values.iter().filter(|(_, value)| !value.is_null()) {
                    let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let _ = writeln!(out, "  {name:<28}{value}");
                }
            }
        }
        for zone in self.placement.iter().flat_map(|placement| &placement.zones) {
            let _ =
                writeln!(out, "\nplacement in {}: {} hosts", cloud.world.zone_name(zone.zone), zone.hosts);
            for (reason, hosts) in &zone.removed {
                let _ = writeln!(out, "  {hosts:>10}  {}", reason.text());
            }
            let _ = writeln!(out, "  {:>10}  have room", zone.fit);
            if let Some(short) = zone.shortest {
                let _ = writeln!(out, "short of: {}", resource(short));
            }
            for near in &zone.near {
                let _ = writeln!(out, "  {}", near_text(near));
            }
        }
        out
    }
}

fn explain(cloud: &Cloud, fleet: &Fleet, admitted: &validate::Admitted) -> Explanation {
    let zones = validate::wants(admitted, &cloud.world);
    Explanation { zones: zones.iter().flat_map(|want| fleet.explain(want).zones).collect() }
}

/// The resource behind a reason, in a word or two.
fn resource(reason: Reason) -> &'static str {
    match reason {
        Reason::Cpu => "vCPU",
        Reason::Memory => "memory",
        Reason::Gpu => "GPUs",
        Reason::LocalDisks => "local disks",
        Reason::Nics => "network cards",
        Reason::Numa => "vCPU and memory on one NUMA node",
        other => other.text(),
    }
}

/// One near shape: how many hosts have it, and the smallest change that would make the request fit there.
fn near_text(near: &Near) -> String {
    let lack = near.lacks;
    let mut lacks = Vec::new();
    if lack.cpu_milli > 0 {
        lacks.push(format!("{} vCPU", lack.cpu_milli as f64 / 1e3));
    }
    if lack.memory_mib > 0 {
        lacks.push(format!("{} GiB", lack.memory_mib as f64 / 1024.0));
    }
    for (count, what) in [(lack.gpus, "GPU"), (lack.local_disks, "local disk"), (lack.nics, "network card")] {
        if count > 0 {
            lacks.push(format!("{count} {what}{}", if count == 1 { "" } else { "s" }));
        }
    }
    let free = near
        .free_nodes
        .iter()
        .map(|(cpu, mib)| format!("{} vCPU and {} GiB", f64::from(*cpu) / 1e3, f64::from(*mib) / 1024.0));
    let free = free.collect::<Vec<_>>().join(" | ");
    format!(
        "{} hosts of {} with {free} free would fit with {} less",
        near.hosts,
        near.class,
        lacks.join(" and ")
    )
}
