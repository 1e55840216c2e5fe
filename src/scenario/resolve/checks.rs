//! Checks of values that nothing is built from.

use super::*;
use crate::world::WorldFacts;

/// More samples than this make no readable report and fill the memory.
const MOST_SAMPLES: u64 = 1_000_000;

/// Duration, warm-up and sampling.
pub(super) fn times(spec: &ScenarioSpec) -> Result<(), Problem> {
    if spec.duration.is_zero() {
        return Err(Problem::at(&spec.duration, "the duration is zero: nothing would happen")
            .label("longer than this")
            .help("write for example `\"3d\"`"));
    }
    if *spec.warmup >= *spec.duration {
        return Err(Problem::at(
            &spec.warmup,
            format!("the warm-up of {} leaves nothing of the run of {}", spec.warmup, spec.duration),
        )
        .label("shorter than `duration`"));
    }
    let interval = &spec.report.interval;
    if interval.is_zero() || interval.is_forever() {
        return Err(Problem::at(interval, "samples need a distance in time").label("for example `\"10min\"`"));
    }
    if !spec.duration.is_forever() && spec.duration.get().0.0 / interval.get().0.0 > MOST_SAMPLES {
        return Err(Problem::at(
            interval,
            format!(
                "a run of {} sampled every {interval} has more than {MOST_SAMPLES} samples",
                spec.duration
            ),
        )
        .label("a longer interval"));
    }
    Ok(())
}

/// The policy's name.
pub(super) fn policy(policy: &At<String>) -> Result<(), Problem> {
    let any_power =
        policy.strip_prefix("power-of-").and_then(|k| k.parse::<u32>().ok()).is_some_and(|k| k > 0);
    if any_power || POLICIES.contains(&policy.as_str()) {
        return Ok(());
    }
    Err(unknown(policy, "policy", "there is no placement policy", POLICIES))
}

/// Queues of the control plane: each needs somebody who serves it.
pub(super) fn control_plane(plane: &ControlPlaneSpec) -> Result<(), Problem> {
    let servers = [
        ("api_workers", &plane.api_workers),
        ("schedulers", &plane.schedulers),
        ("node_concurrency", &plane.node_concurrency),
    ];
    for (name, count) in servers {
        above_zero(count, name)?;
    }
    let laws = [
        ("api_service", &plane.api_service),
        ("schedule_service", &plane.schedule_service),
        ("clone_setup", &plane.clone_setup),
        ("boot", &plane.boot),
    ];
    for (name, law) in laws {
        law.resolve().map_err(|wrong| Problem::inside(&format!("`{name}`"), wrong))?;
    }
    if plane.clone_bandwidth.bytes_per_second() == 0 {
        return Err(Problem::at(&plane.clone_bandwidth, "a clone bandwidth of zero never ends a clone")
            .label("above zero"));
    }
    Ok(())
}

/// Workloads: each name once, each sound, and all of them finite where the run is not.
pub(super) fn workloads(
    specs: &[WorkloadSpec],
    duration: &At<Span>,
    known: &workload::Known<'_>,
) -> Result<(), Problem> {
    for (at, spec) in specs.iter().enumerate() {
        if spec.name.is_empty() {
            return Err(Problem::at(&spec.name, "a workload needs a name"));
        }
        if specs[..at].iter().any(|other| other.name == spec.name) {
            return Err(twice(&spec.name, "workloads"));
        }
        if let Some(wrong) = spec.check(known).into_iter().next() {
            return Err(Problem::inside(&format!("workload `{}`", spec.name), wrong));
        }
        if duration.is_forever() && (spec.arrivals.is_some() || spec.is_on_demand()) {
            return Err(Problem::at(
                duration,
                format!("a run for ever never ends: the arrivals of workload `{}` do not", spec.name),
            )
            .label("a length of time, for example `\"3d\"`"));
        }
    }
    Ok(())
}

/// A run needs hosts and somebody who asks for them.
pub(super) fn something_to_do(spec: &ScenarioSpec) -> Result<(), Problem> {
    if spec.pools.is_empty() && spec.dedicated_hosts.is_empty() && spec.node_lists.is_empty() {
        return Err(Problem::new("the scenario has no hosts").help(
            "add a table such as\n[[pools]]\nzone = \"cn-hangzhou-g\"\nclass = \"ddh.g5\"\nhosts = 100",
        ));
    }
    if spec.workloads.is_empty() {
        return Err(Problem::new("the scenario has no workload").help(
            "add a table such as\n[[workloads]]\nname = \"web\"\narrivals.rate = \"100/h\"\n\
             lifetime = { distribution = \"exponential\", mean = \"6h\" }\nmix = [{ type = \"ecs.g5.large\" }]",
        ));
    }
    Ok(())
}

/// The most accounts that one table stands for.
const MOST_ACCOUNTS: u32 = 100_000;

/// Accounts one by one, where a table stands for several.
pub(super) fn each_account(specs: Vec<AccountSpec>) -> Result<Vec<AccountSpec>, Problem> {
    let mut all = Vec::with_capacity(specs.len());
    for mut spec in specs {
        match spec.count.take() {
            None => all.push(spec),
            Some(count) => {
                between(&count, "count", 1, MOST_ACCOUNTS)?;
                let one = |number: u32| {
                    let id = At::new(format!("{}-{number}", spec.id), spec.id.span());
                    AccountSpec { id, ..spec.clone() }
                };
                all.extend((1..=*count).map(one));
            }
        }
    }
    Ok(all)
}

/// Accounts: each id once.
pub(super) fn accounts(accounts: &[AccountSpec]) -> Result<Vec<String>, Problem> {
    let mut ids: Vec<String> = Vec::with_capacity(accounts.len());
    let mut seen = rustc_hash::FxHashSet::default();
    for account in accounts {
        if account.id.is_empty() {
            return Err(Problem::at(&account.id, "an account needs an id"));
        }
        if !seen.insert(account.id.get()) {
            return Err(twice(&account.id, "accounts"));
        }
        ids.push(account.id.get().clone());
    }
    Ok(ids)
}

/// A name that stands for two things.
pub(super) fn twice(name: &At<String>, plural: &str) -> Problem {
    Problem::at(name, format!("two {plural} are called `{name}`")).label("the second one")
}

/// A number that must not be zero.
pub(super) fn above_zero(number: &At<u32>, name: &str) -> Result<(), Problem> {
    if **number == 0 {
        return Err(Problem::at(number, format!("`{name}` is zero")).label("at least 1"));
    }
    Ok(())
}

/// A number between two bounds.
pub(super) fn between(number: &At<u32>, name: &str, least: u32, most: u32) -> Result<(), Problem> {
    if (least..=most).contains(&**number) {
        return Ok(());
    }
    Err(Problem::at(number, format!("`{name}` is {number}")).label(format!("from {least} to {most}")))
}

/// An over-commit: at least 1 (nothing is lost), at most 100.
pub(super) fn overcommit(ratio: &At<f64>) -> Result<f64, Problem> {
    if (1.0..=100.0).contains(&**ratio) {
        return Ok(**ratio);
    }
    Err(Problem::at(ratio, format!("an over-commit of {ratio} cannot be")).label("from 1.0 to 100.0"))
}

/// Memory of a host or an instance: a whole number of MiB above zero.
pub(super) fn memory(size: &At<Size>, name: &str) -> Result<u32, Problem> {
    if size.bytes() == 0 || !size.is_whole_mib() {
        return Err(
            Problem::at(size, format!("`{name}` is {size}")).label("a whole number of MiB above zero")
        );
    }
    u32::try_from(size.as_mib())
        .map_err(|_| Problem::at(size, format!("`{name}` is {size}")).label("less than 4096TiB"))
}

/// Facts of the world: names and kinds of values. Capacity has its own tables.
pub(super) fn world(changes: &At<toml::Table>) -> Result<(), Problem> {
    if changes.contains_key("now") {
        return Err(Problem::at(
            changes,
            "`world.now` has no meaning in a scenario: the calendar begins at `start`",
        ));
    }
    let zones = changes.get().get("zones").and_then(toml::Value::as_table);
    let stocked = zones.and_then(|zones| zones.iter().find(|(_, facts)| facts.get("stock").is_some()));
    if let Some((zone, _)) = stocked {
        return Err(Problem::at(
            changes,
            format!("`world.zones.{zone}.stock`: what is in stock is what hosts have room for"),
        )
        .help("set the capacity by `[[pools]]`"));
    }
    WorldFacts::default().overlaid(changes).map(|_| ()).map_err(|error| {
        let place = if error.path.is_empty() { "world".to_owned() } else { format!("world.{}", error.path) };
        let key = error.path.rsplit('.').next().unwrap_or_default();
        let problem = Problem::at(changes, format!("`{place}`: {}", error.what));
        match did_you_mean(key, error.known.iter().map(String::as_str)) {
            Some(help) => problem.help(help),
            None => problem,
        }
    })
}
