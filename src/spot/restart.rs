//! Whether a stopped spot instance may start again (SPOT-42, SPOT-43). The errors when not: `operations::refusal`
//! (SPOT-44).

use super::price::HourPrice;

/// Why a stopped spot instance may not start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NoStart {
    /// Its bid lies below the market price.
    #[error("the bid lies below the market price")]
    PriceAboveBid,
    /// The type is sold out in the zone.
    #[error("the type is sold out in the zone")]
    NoStock,
}

/// What a start depends on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Restart {
    /// It is within its protection.
    pub protected: bool,
    /// It was stopped with its charges going on, and kept its place.
    pub kept: bool,
    /// Its price limit; none for SpotAsPriceGo.
    pub limit: Option<HourPrice>,
    /// The market price of this moment.
    pub price: HourPrice,
    /// The pool has stock for it.
    pub stock: bool,
}

impl Restart {
    /// May it start?
    ///
    /// # Errors
    /// The price comes first, then stock.
    pub fn check(self) -> Result<(), NoStart> {
        if !self.protected && self.limit.is_some_and(|limit| limit < self.price) {
            return Err(NoStart::PriceAboveBid);
        }
        // Inside the protection one that kept its place always starts (SPOT-42); one that gave it up needs one (SPOT-43).
        if !self.stock && !(self.protected && self.kept) {
            return Err(NoStart::NoStock);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table() {
        let price = HourPrice(100);
        let start = |protected, kept, limit: Option<u64>, stock| {
            Restart { protected, kept, limit: limit.map(HourPrice), price, stock }.check()
        };
        let (low, equal) = (Some(99), Some(100));
        // SPOT-42: kept its place; inside protection always.
        assert_eq!(start(true, true, low, false), Ok(()));
        // SPOT-42: afterwards a limit needs bid >= market price and stock; SpotAsPriceGo stock only.
        assert_eq!(start(false, true, low, true), Err(NoStart::PriceAboveBid));
        assert_eq!(start(false, true, equal, true), Ok(()));
        assert_eq!(start(false, true, equal, false), Err(NoStart::NoStock));
        assert_eq!(start(false, true, None, true), Ok(()));
        assert_eq!(start(false, true, None, false), Err(NoStart::NoStock));
        // SPOT-43: gave its place up; inside protection it needs stock, whatever the price.
        assert_eq!(start(true, false, low, true), Ok(()));
        assert_eq!(start(true, false, low, false), Err(NoStart::NoStock));
        assert_eq!(start(false, false, low, true), Err(NoStart::PriceAboveBid));
        assert_eq!(start(false, false, None, true), Ok(()));
    }
}
