//! Into a set and out of it, without leaving the host.

use super::change::Unchanged;
use super::fleet::Fleet;
use super::sets::SetIx;
use super::want::{Claim, NoRoom};

impl Fleet {
    /// Makes a claim a member of a set where it is, or of none; what set it was in before it leaves.
    ///
    /// # Errors
    /// When the set is full in the zone, does not exist, or has a member that bars the host; the claim is unchanged.
    pub fn join_set(&self, claim: Claim, set: Option<SetIx>) -> Result<Claim, Unchanged> {
        let zone = self.layout.segment(claim.host).zone;
        let old = claim.set();
        if old == set {
            return Ok(claim);
        }
        if let Some(set) = set
            && let Err(reason) = self.enter_set(set, zone, claim.host)
        {
            return Err(Unchanged { claim, none: NoRoom { reason } });
        }
        if let Some(old) = old {
            self.leave_set(old, zone, claim.host);
        }
        Ok(Claim { set: set.map_or(0, |set| set.0 + 1), ..claim })
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use crate::model::ZoneIx;

    #[test]
    fn a_claim_joins_where_the_set_has_no_other_member() {
        // DEP-1, DEP-5, DEP-10, DEP-42
        let mut builder = FleetBuilder::new(Policy::named("first-fit").unwrap(), 1);
        let class = builder.class(HostClass::plain("c", 4_000, 4_096));
        builder.hosts(HostGroup::new(ZoneIx(0), class, 3));
        let demand = builder.demand(Demand::plain(2_000, 2_048));
        let fleet = builder.build().unwrap();
        let set = fleet.add_set(SetRule::Spread { apart: Granularity::Host, per_zone: 2 });
        let want = Want::zone(demand, ZoneIx(0));
        let claims: Vec<Claim> = (0..4).map(|_| fleet.place(&want).unwrap()).collect();
        let [a, b, c, d] = <[Claim; 4]>::try_from(claims).unwrap();
        assert_eq!((a.host(), b.host(), c.host()), (a.host(), a.host(), d.host()));

        let a = fleet.join_set(a, Some(set)).unwrap();
        let b = fleet.join_set(b, Some(set)).unwrap_err();
        assert_eq!(b.none.reason, Reason::Set, "both would be on one host");
        let c = fleet.join_set(c, Some(set)).unwrap();
        let last = fleet.place(&want).unwrap();
        let last = fleet.join_set(last, Some(set)).unwrap_err();
        assert_eq!(last.none.reason, Reason::SetFull);
        assert_eq!(fleet.set_members(set, ZoneIx(0)), 2);

        let a = fleet.join_set(a, None).unwrap();
        let b = fleet.join_set(b.claim, Some(set)).unwrap();
        assert_eq!(fleet.set_members(set, ZoneIx(0)), 2);
        for claim in [a, b, c, d, last.claim] {
            fleet.release(claim);
        }
        assert_eq!(fleet.set_members(set, ZoneIx(0)), 0);
        fleet.check();
    }
}
