//! The gate: every answer of CreateInstance, for its true reason.
//!
//! [`admit`] walks phases 1 to 11 of the order of validation: a pure function of request, world, account and time.
//! Only it makes an [`Admitted`], and only an [`Admitted`] can be [committed](commit): phases 12 to 14 read counters
//! and capacity, claim what the instance needs in one place, and make a [`Created`]. Everything that is refused,
//! and every dry run, leaves the world and the fleet as they were.
//!
//! Adding a rule: write a small function in the file of its group under `rules/`, and register it in `order/`.
//! `docs/gate.md` says more.

mod check;
mod commit;
pub mod conformance;
mod cx;
mod effective;
pub mod estate;
pub mod fixture;
mod order;
mod reject;
mod rules;
#[cfg(test)]
mod tests;

pub use check::{Answer, Check, Group, Phase};
pub use commit::{abandon, begin, commit_in_place};
pub use effective::{
    Affinity, Credit, Disk, Effective, InternetCharge, Network, PerformanceLevel, Period, PeriodUnit, Spot,
};
pub use order::{checks, number_of, phases};
pub use reject::Reject;

use crate::api::Request;
use crate::model::{AccountIx, HostIx, Utc, ZoneIx};
use crate::placement::{Claim, Fleet, Want};
use crate::world::{Holdings, World};
use cx::Cx;

/// A request that has passed phases 1 to 11: only [`admit`] and [`admit_boxed`] make it.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Admitted {
    effective: Effective,
    /// The vSwitch of which the call holds an address since it was [begun](begin).
    hold: Option<u32>,
}

impl Admitted {
    /// The values that the instance would get; its zone is open while nothing in the request fixes it.
    pub fn effective(&self) -> &Effective {
        &self.effective
    }
}

/// What a commit claimed for an instance; its values are those that the [`Admitted`] has then.
#[must_use = "an instance holds capacity until it is released"]
#[derive(PartialEq, Eq, Debug)]
pub struct Claimed {
    /// As [`Created::number`].
    pub number: u64,
    /// As [`Created::zone`].
    pub zone: ZoneIx,
    /// As [`Created::claim`].
    pub claim: Claim,
    /// As [`Created::holdings`].
    pub holdings: Holdings,
}

impl Claimed {
    fn created(self, effective: Effective) -> Created {
        let Claimed { number, zone, claim, holdings } = self;
        Created { number, zone, claim, holdings, effective }
    }
}

/// A created instance: what it is, and what it holds.
#[must_use = "an instance holds capacity until it is released"]
#[derive(PartialEq, Eq, Debug)]
pub struct Created {
    /// Number of the instance, counted from 0 over the life of the world.
    pub number: u64,
    /// Zone that it is in.
    pub zone: ZoneIx,
    /// Its place; give it back with [`Fleet::release`].
    pub claim: Claim,
    /// What it holds of the world; give it back with [`World::give_back`].
    pub holdings: Holdings,
    /// The values that it got.
    pub effective: Effective,
}

impl Created {
    /// Id of the instance.
    pub fn instance_id(&self) -> String {
        crate::world::instance_id(self.number)
    }

    /// The host that it is on.
    pub fn host(&self) -> HostIx {
        self.claim.host()
    }
}

/// Phases 1 to 11. Changes nothing, and allocates nothing for a request that passes.
///
/// # Errors
/// The answer of the first check that fires; a finished call that is repeated with its token is answered with
/// [`Reject::replay`].
pub fn admit(request: &Request, world: &World, account: AccountIx, now: Utc) -> Result<Admitted, Reject> {
    admit_as(request, world, account, now, |effective| Admitted { effective, hold: None })
}

/// [`admit`] for a caller that keeps what it admits. The values are many bytes to hand on, so they are written into a box,
/// one of `spare` when there is one.
///
/// # Errors
/// As [`admit`].
pub fn admit_boxed(
    request: &Request,
    world: &World,
    account: AccountIx,
    now: Utc,
    spare: &mut SpareBoxes,
) -> Result<Box<Admitted>, Reject> {
    admit_as(request, world, account, now, |effective| match spare.0.pop() {
        Some(mut admitted) => {
            *admitted = Admitted { effective, hold: None };
            admitted
        }
        None => Box::new(Admitted { effective, hold: None }),
    })
}

/// Boxes of admitted requests that have been decided, for [`admit_boxed`].
#[derive(Default)]
pub struct SpareBoxes(
    #[expect(clippy::vec_box, reason = "it is the boxes that are kept: they go on to hold another request")]
    Vec<Box<Admitted>>,
);

impl SpareBoxes {
    /// Takes a box that has served.
    pub fn put(&mut self, spare: Box<Admitted>) {
        self.0.push(spare);
    }
}

#[inline(always)]
fn admit_as<A>(
    request: &Request,
    world: &World,
    account: AccountIx,
    now: Utc,
    admitted: impl FnOnce(Effective) -> A,
) -> Result<A, Reject> {
    let Some(row) = world.accounts.get(account.0) else {
        unreachable!("an account position comes from this world")
    };
    let disks = cx::disks(request, world);
    let cx = Cx::new(request, &disks, world, account, row, now);
    match order::PLAN.first(&cx) {
        Some(reject) => Err(reject),
        None => match cx.effective() {
            Some(effective) => Ok(admitted(effective)),
            None => unreachable!("every value that a request can lack is asked for by a check"),
        },
    }
}

/// Phases 12 to 14: quota, capacity, the inside. Claims everything that the instance needs, or nothing.
///
/// # Errors
/// The answer of the first check that fires; `DryRunOperation` for a dry run that would have succeeded.
pub fn commit(
    admitted: Admitted,
    request: &Request,
    world: &mut World,
    fleet: &Fleet,
    now: Utc,
) -> Result<Created, Reject> {
    let mut admitted = admitted;
    let claimed = commit_in_place(&mut admitted, request, world, fleet, now)?;
    Ok(claimed.created(admitted.effective))
}

/// What binds the place of a created instance with these values (host, cluster, set, owner), as a want that finds it
/// another one; none: any shared host of its zone does.
#[inline]
pub fn bound(effective: &Effective, world: &World) -> Option<Want<'static>> {
    if effective.is_loose() {
        return None;
    }
    commit::bound(effective, world, effective.zone?)
}

/// An admitted request with a place that waits for its turn: only [`reserve`] makes it, only [`confirm`] takes it.
#[must_use = "its place stays claimed until it is confirmed"]
pub struct Reserved {
    admitted: Admitted,
    found: commit::Found,
}

/// Finds and claims the place of an admitted request, ahead of phases 12 and 14. Reads nothing of the world that a
/// creation or a release changes, but what the account can pay with; so `world` may be a copy that was made earlier,
/// which no one has to lock.
pub fn reserve(admitted: Admitted, world: &World, fleet: &Fleet) -> Reserved {
    let found = commit::reserve(&admitted, world, fleet);
    Reserved { admitted, found }
}

/// Decides a reserved request by the world as it is now, in the same order as [`commit`]: what a request that was admitted
/// and reserved by an earlier copy of this world is answered is what [`create`] would answer now, had it found that place.
///
/// # Errors
/// As [`create`]; the place is given back.
pub fn confirm(
    reserved: Reserved,
    request: &Request,
    world: &mut World,
    fleet: &Fleet,
    now: Utc,
) -> Result<Created, Reject> {
    let Reserved { admitted, found } = reserved;
    commit::confirm(admitted, found, request, world, fleet, now)
}

/// True for a refusal of [`admit`] that stands whatever other creations and releases did in the meantime: nothing that they
/// change was read before it.
pub fn is_lasting(reject: &Reject) -> bool {
    // The first check that reads something of the kind: what the account can pay with (R139).
    number_of(reject.check) < number_of("A2.postpaid-balance")
}

/// What [`create`] would answer now, without doing anything: the values that the instance would get.
///
/// # Errors
/// As [`create`].
pub fn would_create(
    request: &Request,
    world: &World,
    fleet: &Fleet,
    account: AccountIx,
    now: Utc,
) -> Result<Effective, Reject> {
    let admitted = admit(request, world, account, now)?;
    commit::would(&admitted, world, fleet)
}

/// What an admitted request asks of the placement core: one want for each zone that may take it, in the order in which
/// they are tried. Empty when no host class serves the type.
pub fn wants(admitted: &Admitted, world: &World) -> Vec<Want<'static>> {
    commit::wants(admitted, world)
}

/// The whole gate: [`admit`], then [`commit`].
///
/// # Errors
/// As both.
pub fn create(
    request: &Request,
    world: &mut World,
    fleet: &Fleet,
    account: AccountIx,
    now: Utc,
) -> Result<Created, Reject> {
    let admitted = admit(request, world, account, now)?;
    commit(admitted, request, world, fleet, now)
}

/// Ids of the checks that a request has passed when `decided` answered, or all of them when none did.
pub fn passed(decided: Option<&Reject>) -> impl Iterator<Item = &'static str> {
    checks().map(|check| check.id).take_while(move |id| decided.is_none_or(|reject| reject.check != *id))
}
