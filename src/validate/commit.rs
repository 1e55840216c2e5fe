//! Phases 12 to 14: quota, capacity, the inside. Claims are made here and nowhere else, in one order, and undone in
//! reverse when a later step fails: a refused request leaves no trace.

use smallvec::SmallVec;

use super::check::{Check, first_counter};
use super::effective::{Effective, Network, Spot};
use super::order;
use super::reject::Reject;
use super::{Admitted, Claimed, Created};
use crate::api::{Param, Request};
use crate::model::{HostIx, Utc, ZoneIx};
use crate::placement::{Claim, DemandId, Fleet, NoRoom, Owner, Reason, Want};
use crate::world::{
    Account, AddressFrom, ChargeType, FaultKind, Gib, Holder, HostStatus, Take, Token, TokenState, VpcPlace,
    World, instance_id,
};

/// An admitted request on its way to a commit: what the counters are asked about.
pub(super) struct Order<'a> {
    pub(super) effective: &'a Effective,
    pub(super) world: &'a World,
    pub(super) account: &'a Account,
}

impl Order<'_> {
    pub(super) fn postpaid(&self) -> bool {
        self.effective.charge == ChargeType::PostPaid
    }

    /// Portable data disks.
    pub(super) fn portable_disks(&self) -> u64 {
        let portable = self.world.kinds.portable;
        self.effective.data.iter().filter(|disk| portable.has(disk.category)).count() as u64
    }

    /// GiB of new disks by slot.
    fn gib(&self) -> Gib {
        let mut gib = Gib::default();
        for disk in std::iter::once(&self.effective.system).chain(&self.effective.data) {
            if let Some(sum) = gib.get_mut(disk.slot()) {
                *sum = sum.saturating_add(disk.gib);
            }
        }
        gib
    }

    /// The host behind a dedicated host, when automatic placement may choose it for this request, room apart
    /// (DHST-12, DHST-17, DHST-32, DHST-33).
    fn chosen(&self, at: u32) -> Option<HostIx> {
        let (effective, world) = (self.effective, self.world);
        let host = world.hosts.get(at)?;
        let family = world.types.get(effective.instance_type.0)?.family;
        let paid = host.charge_types.has(effective.charge)
            && (effective.charge == ChargeType::PostPaid || host.charge_type == ChargeType::PrePaid);
        let outlives = host.expires.zip(effective.ends).is_none_or(|(host, instance)| instance <= host);
        let fits = host.status == HostStatus::Available && host.families.has(family) && paid && outlives;
        if fits { host.host } else { None }
    }

    /// Where the address comes from, as far as it exists already.
    fn vswitch(&self) -> Option<u32> {
        let Network::Vpc(place) = self.effective.network else { return None };
        place.vswitch
    }

    /// Zones that could take the instance when nothing fixes one, by name (R66).
    fn candidates(&self) -> SmallVec<[ZoneIx; 16]> {
        let effective = self.effective;
        let Some(region) = self.world.regions.get(effective.region.0) else { return SmallVec::new() };
        let takes = |zone: &u32| {
            let zone_row = self.world.zones.get(*zone);
            self.world.zone_usable(*zone, self.account)
                && zone_row.is_some_and(|row| {
                    !row.unsupported_types.has(effective.instance_type.0)
                        && !std::iter::once(&effective.system)
                            .chain(&effective.data)
                            .any(|disk| row.unsupported_categories.has(disk.category))
                })
        };
        region.zones.iter().copied().filter(takes).map(ZoneIx).collect()
    }

    /// What others took since the request was admitted: its address, the last addresses of its vSwitch.
    fn overtaken(&self) -> Option<Reject> {
        let refuse = order::refuse;
        match self.effective.network {
            Network::Vpc(_) => {
                let pool = &self.world.vswitches.get(self.vswitch()?)?.pool;
                match self.effective.named_address {
                    None if pool.free() == 0 => refuse("N8.exhausted"),
                    Some(address) if pool.holder(address) != Some(Holder::Free) => refuse("N8.duplicate"),
                    _ => None,
                }
            }
            Network::Classic => {
                let full = |at: u32| self.world.vlans.get(at).is_some_and(|vlan| vlan.free_ips == 0);
                if self.effective.vlan.is_some_and(full) {
                    return refuse("N5.vlan");
                }
                let pool = &self.world.regions.get(self.effective.region.0)?.classic;
                let taken = |address| pool.holder(address) != Some(Holder::Free);
                if self.effective.named_address.is_some_and(taken) { refuse("N5.inner-ip") } else { None }
            }
        }
    }

    /// K1.ip-reserved: addresses are left, and creations in flight have them all (R181).
    fn all_in_flight(&self) -> bool {
        let vswitch = self.vswitch().and_then(|at| self.world.vswitches.get(at));
        self.effective.named_address.is_none()
            && vswitch.is_some_and(|one| one.pool.free() > 0 && one.pool.free() <= one.reserved_in_flight)
    }
}

/// Whether a place is claimed, or only asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Claim,
    Ask,
}

/// Where an instance goes.
struct Place {
    zone: ZoneIx,
    /// The dedicated host that it asked for, or that was chosen.
    dedicated_host: Option<u32>,
    /// None: it was only asked for.
    claim: Option<Claim>,
}

/// Tries one want.
fn attempt(fleet: &Fleet, want: &Want<'_>, mode: Mode) -> Result<Option<Claim>, NoRoom> {
    match mode {
        Mode::Claim => fleet.place(want).map(Some),
        Mode::Ask => fleet.peek(want).map(|_| None),
    }
}

/// K1.no-zone and K1.stock.
fn place(order: &Order<'_>, fleet: &Fleet, mode: Mode) -> Result<Place, Reject> {
    let effective = order.effective;
    let open = if effective.zone.is_none() { order.candidates() } else { SmallVec::new() };
    let candidates = effective.zone.as_ref().map_or(&open[..], std::slice::from_ref);
    if candidates.is_empty() {
        return Err(Reject::new(&order::NO_ZONE, None));
    }
    let out_of_stock = || Reject::new(&order::STOCK, None);
    let demand = order.world.demand_of(effective.instance_type).ok_or_else(out_of_stock)?;
    let mut last = None;
    let spot = effective.spot != Spot::None;
    for &zone in candidates {
        // SPOT-21: stock is what the market leaves to spot instances.
        if spot && order.world.spot_sold_out.contains(&(zone.0, effective.instance_type.0)) {
            continue;
        }
        for (want, dedicated_host) in wants_in(order, demand, zone) {
            match attempt(fleet, &want, mode) {
                Ok(claim) => return Ok(Place { zone, dedicated_host, claim }),
                Err(no_room) => last = Some(no_room.reason),
            }
        }
    }
    let mut reject = match last {
        // The fleet counts the members of a set by zone (DEP-11).
        Some(Reason::SetFull) => order::refuse("Q1.deployment-set").unwrap_or_else(out_of_stock),
        _ => out_of_stock(),
    };
    reject.no_room = last;
    Err(reject)
}

/// What the placement core is asked for, zone by zone, in the order in which they are tried.
pub(super) fn wants(admitted: &Admitted, world: &World) -> Vec<Want<'static>> {
    let effective = &admitted.effective;
    let Some(account) = world.accounts.get(effective.account.0) else { return Vec::new() };
    let order = Order { effective, world, account };
    let zones = effective.zone.map_or_else(|| order.candidates(), |zone| SmallVec::from_slice(&[zone]));
    let Some(demand) = world.demand_of(effective.instance_type) else { return Vec::new() };
    zones.into_iter().flat_map(|zone| wants_in(&order, demand, zone)).map(|(want, _)| want).collect()
}

/// Everything that binds the place of an instance, as a want that finds it another one.
pub(super) fn bound(effective: &Effective, world: &World, zone: ZoneIx) -> Option<Want<'static>> {
    let order = Order { effective, world, account: account(world, effective) };
    want(&order, Want::zone(world.demand_of(effective.instance_type)?, zone))
}

/// The wants of a request in one zone, in the order in which they are tried, with their dedicated hosts: one, or one for
/// each of the account's dedicated hosts that automatic placement may choose, by name (DHST-12).
fn wants_in<'o>(
    order: &'o Order<'_>,
    demand: DemandId,
    zone: ZoneIx,
) -> impl Iterator<Item = (Want<'static>, Option<u32>)> + use<'o> {
    let effective = order.effective;
    let bound = want(order, Want::zone(demand, zone));
    let chooses = effective.on_host && !effective.host_named;
    let named = bound.filter(|_| !chooses).map(|want| (want, effective.dedicated_host));
    let own = bound.filter(|_| chooses).and_then(|want| {
        let own = order.world.auto_hosts.get(&(effective.account.0, zone.0))?;
        Some(own.iter().filter_map(move |at| Some((want.on(order.chosen(*at)?), Some(*at)))))
    });
    named.into_iter().chain(own.into_iter().flatten())
}

/// The want with everything that the request binds it to; none when there is no dedicated host to be chosen.
fn want(order: &Order<'_>, want: Want<'static>) -> Option<Want<'static>> {
    let (effective, world) = (order.effective, order.world);
    let mut want = want;
    if effective.on_host {
        let host = effective.dedicated_host.and_then(|at| world.hosts.get(at)?.host)?;
        want = want.on(host).owned_by(Owner::Account(effective.account.0));
    }
    want.cluster = effective.cluster.and_then(|at| world.bindings.cluster(at));
    if let Some(host) = effective.node_controller.and_then(|at| world.node_controllers.host(at)) {
        want = want.on(host);
    }
    let hpc = effective.hpc_cluster.and_then(|at| world.bindings.hpc_cluster(at));
    want.set = effective.deployment_set.and_then(|at| world.bindings.deployment_set(at)).or(hpc);
    Some(want)
}

/// The fault that is injected, when it is one of these.
fn injected(order: &Order<'_>, kind: FaultKind) -> Option<Option<String>> {
    let faults = order.account.fault.as_deref().into_iter().chain(&order.world.fault);
    let fault = faults.into_iter().find(|fault| fault.kind == kind)?;
    Some((kind == FaultKind::Detail).then(|| fault.detail.clone()))
}

/// Everything after the place is found that can still refuse: disk room, addresses, faults, the dry run.
fn after_place(order: &Order<'_>, zone: ZoneIx) -> Result<(), Reject> {
    let refuse = |check: &Check, text| Err(Reject::new(check, text));
    if !order.world.has_room(zone, &order.gib()) {
        return refuse(&order::DISK_POOL, None);
    }
    if order.all_in_flight() {
        return refuse(&order::IP_RESERVED, None);
    }
    if let Some(text) = injected(order, FaultKind::Unknown) {
        return refuse(&order::UNKNOWN, text);
    }
    if order.effective.dry_run {
        return refuse(&order::DRY_RUN, None);
    }
    if let Some(text) = injected(order, FaultKind::Exception) {
        return refuse(&order::EXCEPTION, text);
    }
    if let Some(text) = injected(order, FaultKind::Detail) {
        return refuse(&order::DETAIL, text);
    }
    Ok(())
}

/// Phases 12 to 14, up to the point where nothing can fail any more: undone in reverse when a step fails. A place that
/// was found beforehand takes the place of looking for one.
fn decide(
    order: &Order<'_>,
    fleet: &Fleet,
    mode: Mode,
    found: Option<Result<Place, Reject>>,
) -> Result<Place, Reject> {
    if let Some(reject) = first_counter(&order::COMMIT[0], order).or_else(|| order.overtaken()) {
        leave(fleet, found);
        return Err(reject);
    }
    let place = found.unwrap_or_else(|| place(order, fleet, mode))?;
    match after_place(order, place.zone) {
        Ok(()) => Ok(place),
        Err(reject) => {
            leave(fleet, Some(Ok(place)));
            Err(reject)
        }
    }
}

/// Gives a place back that was found beforehand.
fn leave(fleet: &Fleet, found: Option<Result<Place, Reject>>) {
    if let Some(Ok(Place { claim: Some(claim), .. })) = found {
        fleet.release(claim);
    }
}

/// An admitted request with its place, or with the answer that there is none: see [`reserve`].
pub(super) struct Found {
    place: Result<Place, Reject>,
    /// What the account could pay with.
    means: i128,
}

/// Finds the place of an admitted request ahead of its turn.
pub(super) fn reserve(admitted: &Admitted, world: &World, fleet: &Fleet) -> Found {
    let effective = admitted.effective();
    let order = Order { effective, world, account: account(world, effective) };
    let mode = if effective.dry_run { Mode::Ask } else { Mode::Claim };
    Found { place: place(&order, fleet, mode), means: order.account.means() }
}

/// Decides a request whose place was found ahead of its turn. Phases 1 to 11 read two things that other creations change:
/// addresses and what an account can pay with. Where one of them is not as it was, they are gone through again.
pub(super) fn confirm(
    admitted: Admitted,
    found: Found,
    request: &Request,
    world: &mut World,
    fleet: &Fleet,
    now: Utc,
) -> Result<Created, Reject> {
    let_go(&admitted, world);
    let Found { place, means } = found;
    let mut effective = admitted.effective;
    bring_up_to_date(&mut effective, world);
    let order = Order { effective: &effective, world, account: account(world, &effective) };
    let stale = order.account.means() != means || order.overtaken().is_some();
    if stale && let Err(reject) = super::admit(request, world, effective.account, now) {
        leave(fleet, Some(place));
        return Err(reject);
    }
    let claimed = commit_in(&mut effective, Some(place), request, world, fleet, now)?;
    Ok(claimed.created(effective))
}

/// Gives the values of an admitted request the default vSwitch as it is now: another request may have made it.
fn bring_up_to_date(effective: &mut Effective, world: &World) {
    if let Network::Vpc(place) = effective.network
        && place.vswitch.is_none()
        && let Some(zone) = effective.zone
    {
        effective.network = Network::Vpc(world.default_place(effective.region, zone, place));
    }
}

fn account<'w>(world: &'w World, effective: &Effective) -> &'w Account {
    match world.accounts.get(effective.account.0) {
        Some(account) => account,
        None => unreachable!("accounts are never removed, and this one had a request admitted"),
    }
}

/// What a commit would answer, without doing anything.
pub(super) fn would(admitted: &Admitted, world: &World, fleet: &Fleet) -> Result<Effective, Reject> {
    let mut effective = admitted.effective.clone();
    bring_up_to_date(&mut effective, world);
    let order = Order { effective: &effective, world, account: account(world, &effective) };
    let place = decide(&order, fleet, Mode::Ask, None)?;
    effective.zone = Some(place.zone);
    effective.dedicated_host = place.dedicated_host;
    Ok(effective)
}

/// [`commit`](super::commit()) for a caller that keeps the values where they are: `admitted` gets those of the instance.
///
/// # Errors
/// As [`commit`](super::commit()).
pub fn commit_in_place(
    admitted: &mut Admitted,
    request: &Request,
    world: &mut World,
    fleet: &Fleet,
    now: Utc,
) -> Result<Claimed, Reject> {
    let_go(admitted, world);
    bring_up_to_date(&mut admitted.effective, world);
    commit_in(&mut admitted.effective, None, request, world, fleet, now)
}

/// Commits values that are up to date, in the place that was found or in one that is looked for.
fn commit_in(
    effective: &mut Effective,
    found: Option<Result<Place, Reject>>,
    request: &Request,
    world: &mut World,
    fleet: &Fleet,
    now: Utc,
) -> Result<Claimed, Reject> {
    let order = Order { effective, world, account: account(world, effective) };
    let mode = if effective.dry_run { Mode::Ask } else { Mode::Claim };
    let (gib, portable) = (order.gib(), order.portable_disks());
    let (zone, dedicated_host, claim) = match decide(&order, fleet, mode, found) {
        Ok(Place { zone, dedicated_host, claim: Some(claim) }) => (zone, dedicated_host, claim),
        Ok(Place { claim: None, .. }) => {
            unreachable!("only a dry run claims nothing, and it was refused before")
        }
        Err(reject) => {
            close(request, world, effective);
            return Err(reject);
        }
    };
    // From here on nothing can fail.
    effective.zone = Some(zone);
    effective.dedicated_host = dedicated_host;
    if let Network::Vpc(place) = effective.network {
        let (account, region) = (effective.account, effective.region);
        effective.network = Network::Vpc(world.make_default_place(account, region, zone, place));
    }
    let number = world.next_instance();
    let holdings = world.take(&take(effective, zone, gib, portable, world));
    if request.has(Param::ClientToken) {
        remember(request, world, effective, &instance_id(number), TokenState::Done, now);
    }
    Ok(Claimed { number, zone, claim, holdings })
}

fn take(effective: &Effective, zone: ZoneIx, gib: Gib, portable: u64, world: &World) -> Take {
    let region = effective.region.0;
    let (vpc, address) = match effective.network {
        Network::Vpc(VpcPlace { vpc, vswitch: Some(vswitch) }) => (vpc, AddressFrom::VSwitch(vswitch)),
        Network::Vpc(VpcPlace { vswitch: None, .. }) | Network::Classic => {
            (None, AddressFrom::Classic { region, vlan: effective.vlan })
        }
    };
    Take {
        account: effective.account,
        charge: effective.charge,
        region,
        zone,
        vpc,
        group: effective.security_group,
        set: effective.deployment_set,
        product: effective.product,
        address,
        named_address: effective.named_address,
        disks: 1 + effective.data.len() as u8,
        portable_disks: portable as u8,
        gib,
        price: effective.price(world).0,
    }
}

/// Remembers the request's client token, when there is one. A dry run stores none (R24).
fn remember(
    request: &Request,
    world: &mut World,
    effective: &Effective,
    id: &str,
    state: TokenState,
    now: Utc,
) {
    let ttl_s = world.token_ttl_s;
    if effective.dry_run {
        return;
    }
    if let (Some(token), Some(account)) =
        (request.text(Param::ClientToken), world.accounts.get_mut(effective.account.0))
    {
        let known = Token { state, fingerprint: request.fingerprint(), instance_id: id.into(), since: now };
        account.tokens.put(token, known, ttl_s);
    }
}

/// Forgets the token of a call that was begun and is refused now.
fn close(request: &Request, world: &mut World, effective: &Effective) {
    if effective.dry_run {
        return;
    }
    if let (Some(token), Some(account)) =
        (request.text(Param::ClientToken), world.accounts.get_mut(effective.account.0))
    {
        account.tokens.forget_running(token, request.fingerprint());
    }
}

/// Marks a call as running: a retry with its client token is told so (row 74), and one address of its vSwitch is spoken
/// for, so that later calls than there are addresses are refused at their commit (row 158, R181). Needed only where time
/// passes between [`admit`](super::admit) and [`commit`](super::commit()), which ends it, as [`abandon`] does.
pub fn begin(admitted: &mut Admitted, request: &Request, world: &mut World, now: Utc) {
    let effective = &admitted.effective;
    admitted.hold = match effective.network {
        Network::Vpc(place) if effective.named_address.is_none() && !effective.dry_run => {
            place.vswitch.filter(|vswitch| world.hold_address(*vswitch))
        }
        _ => None,
    };
    remember(request, world, admitted.effective(), "", TokenState::InProgress, now);
}

/// The address that the call held while it was in flight is free for itself, or for others.
fn let_go(admitted: &Admitted, world: &mut World) {
    if let Some(vswitch) = admitted.hold {
        world.let_address_go(vswitch);
    }
}

/// Ends a call that was begun and will not be committed: its token and its address are free again.
pub fn abandon(admitted: &Admitted, request: &Request, world: &mut World) {
    let_go(admitted, world);
    close(request, world, admitted.effective());
}
