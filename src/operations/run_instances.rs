//! RunInstances: several instances in one call, each of which is a creation of its own at the gate.

use crate::api::{Param, Request, forms};
use crate::model::{AccountIx, Utc};
use crate::placement::Fleet;
use crate::validate::{self, Created, Reject};
use crate::world::World;

use super::names::Names;
use super::refusal::{
    AMOUNT_CONFLICT, BAD_AMOUNT, BAD_INSTANCE_NAME, BAD_LEAST_AMOUNT, CHARGE_TYPE_VIOLATION,
    HOST_NAME_TOO_LONG, NAME_TOO_LONG,
};
use super::{Params, Refusal, release_time};

/// Parameters that are about the call as a whole, or that CreateInstance does not have.
const OF_THE_CALL: [&str; 6] =
    ["Action", "Amount", "MinAmount", "UniqueSuffix", "AutoReleaseTime", "InstanceName"];

/// A call that has a proper form.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Run {
    /// How many instances are wanted (RUN-P39).
    pub amount: u32,
    /// With how many the call is content (RUN-P38); all of them when it does not say.
    pub least: u32,
    /// When they are released by themselves (RUN-P55).
    pub auto_release: Option<Utc>,
    names: Option<Names>,
    host_names: Option<Names>,
    /// What all of them have in common.
    shared: Request,
}

/// An instance that the call made.
#[derive(Debug)]
pub struct Launched {
    /// The instance, with its place and what it holds.
    pub created: Created,
    /// Its name: its id, when the call gives none.
    pub name: String,
    /// It gets a public address by itself, as it has outbound bandwidth (RUN-B2).
    pub public_address: bool,
}

/// Why a call made nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Refused {
    /// A parameter that only RunInstances has.
    #[error(transparent)]
    Call(#[from] Refusal),
    /// What the gate answers to one of the instances.
    #[error("{} {}: {}", .0.status, .0.code, .0.message)]
    Gate(Box<Reject>),
}

/// As InstanceName of CreateInstance, and periods too (NAME-1, RUN-P10).
fn instance_name(text: &str) -> bool {
    forms::name(&text.replace('.', "-"))
}

/// Names of `amount` instances that all have the form and at most `most` characters.
fn checked(
    names: Names,
    amount: u32,
    most: usize,
    too_long: Refusal,
    form: impl Fn(&str) -> Result<(), Refusal>,
) -> Result<Names, Refusal> {
    for name in (0..amount).map(|nth| names.nth(nth)) {
        if names.grows() && name.chars().count() > most {
            return Err(too_long);
        }
        form(&name)?;
    }
    Ok(names)
}

/// Reads what RunInstances has beyond CreateInstance; everything else is the gate's.
///
/// # Errors
/// Amounts outside 1 to 100, more than one instance with one address, names that break their form or become too long, a
/// release time that is wrong or of a subscription.
pub fn read(params: &Params, now: Utc) -> Result<Run, Refusal> {
    let amount = params.integer("Amount", 1..=100, BAD_AMOUNT)?.unwrap_or(1) as u32;
    let least = params.integer("MinAmount", 1..=i64::from(amount), BAD_LEAST_AMOUNT)?;
    if amount > 1 && params.has("PrivateIpAddress") {
        return Err(AMOUNT_CONFLICT); // VPC-25
    }
    let unique = params.flag("UniqueSuffix")?;
    let named = |name: &str| params.get(name).map(|text| Names::read(text, unique));
    let form = |name: &str| if instance_name(name) { Ok(()) } else { Err(BAD_INSTANCE_NAME) };
    let names = named("InstanceName").map(|names| checked(names, amount, 128, NAME_TOO_LONG, form));
    // The form of a host name is the gate's: it knows the system.
    let hosts = named("HostName").map(|names| checked(names, amount, 64, HOST_NAME_TOO_LONG, |_| Ok(())));
    let auto_release = params.get("AutoReleaseTime").map(|text| release_time::read(text, now)).transpose()?;
    if auto_release.is_some() && params.get("InstanceChargeType") == Some("PrePaid") {
        return Err(CHARGE_TYPE_VIOLATION);
    }
    let mut shared = Request::from_params(params.pairs().filter(|(name, _)| !OF_THE_CALL.contains(name)));
    shared.set(Param::Action, "CreateInstance");
    if amount > 1 {
        // A token stands for one instance at the gate.
        shared.set(Param::ClientToken, "");
    }
    Ok(Run {
        amount,
        least: least.map_or(amount, |least| least as u32),
        auto_release,
        names: names.transpose()?,
        host_names: hosts.transpose()?,
        shared,
    })
}

impl Run {
    /// The creation of an instance, counted from 0.
    fn request(&self, nth: u32) -> Request {
        let mut request = self.shared.clone();
        if let Some(names) = &self.host_names {
            request.set(Param::HostName, &names.nth(nth));
        }
        request
    }

    /// Makes the instances one after the other: all that there is room for, if that is at least [`Run::least`]; otherwise
    /// none (RUN-B1, RUN-P38). Numbers of instances that were given back are not used again.
    ///
    /// # Errors
    /// What the gate answers to the first instance that cannot be, `DryRunOperation` for a dry run (RUN-B6) included.
    pub fn launch(
        &self,
        world: &mut World,
        fleet: &Fleet,
        account: AccountIx,
        now: Utc,
    ) -> Result<Vec<Launched>, Reject> {
        let mut made = Vec::with_capacity(self.amount as usize);
        for nth in 0..self.amount {
            match validate::create(&self.request(nth), world, fleet, account, now) {
                Ok(created) => {
                    let named = self.names.as_ref().map(|names| names.nth(nth));
                    made.push(Launched {
                        name: named.unwrap_or_else(|| created.instance_id()),
                        public_address: created.effective.bandwidth_out > 0,
                        created,
                    });
                }
                Err(_) if made.len() >= self.least as usize => break,
                Err(reject) => {
                    for Launched { created, .. } in made {
                        fleet.release(created.claim);
                        world.give_back(created.holdings);
                    }
                    return Err(reject);
                }
            }
        }
        Ok(made)
    }
}

/// RunInstances: [`read`], then [`Run::launch`].
///
/// # Errors
/// As both.
pub fn run(
    params: &Params,
    world: &mut World,
    fleet: &Fleet,
    account: AccountIx,
    now: Utc,
) -> Result<Vec<Launched>, Refused> {
    read(params, now)?.launch(world, fleet, account, now).map_err(|reject| Refused::Gate(Box::new(reject)))
}
