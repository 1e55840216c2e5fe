//! `auction`: the market of another provider before late 2017.
//!
//! Customers bid; everyone whose bid finds capacity pays one price, the highest bid that finds none; when all find
//! some, the floor. Those whose bid falls below the price are terminated, so in ascending order of bid:
//!
//! ```text
//! price = max(floor, the highest bid b such that the bids of at least b want more than the supply)
//! supply = what the pool has - what regular instances hold - headroom
//! ```
//!
//! Bids are compared as shares of the list price of their type, so that one pool of hosts is one market for all its
//! types. What is bid for counts in vCPUs: the running spot instances, and the requests that were refused, which stay in
//! the book for a while (those customers are still there). A uniform-price auction with these rules is how Agmon
//! Ben-Yehuda, Ben-Yehuda, Schuster and Tsafrir describe what the provider published ("Deconstructing Amazon EC2 Spot
//! Instance Pricing", ACM Transactions on Economics and Computation 1(3), 2013; they also show that the real price was
//! mostly a hidden reserve price: that is the model `smooth`). The end of it: Wolski et al., UCSB report 2018-02.

use std::collections::VecDeque;

use crate::model::SimTime;
use crate::spot::price::WHOLE;

/// Levels of bids: thousandths of the list price.
const LEVELS: usize = 1_001;

/// The bids of one pool.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Book {
    /// Thousandths of a vCPU bid for, by thousandths of the list price.
    wanted: Vec<u64>,
    /// Refused bids: when they leave the book, level, thousandths of a vCPU.
    refused: VecDeque<(SimTime, usize, u64)>,
}

fn level(bid: u64) -> usize {
    (bid.min(WHOLE) / 1_000) as usize
}

impl Default for Book {
    fn default() -> Book {
        Book { wanted: vec![0; LEVELS], refused: VecDeque::new() }
    }
}

impl Book {
    /// An instance with this bid (share of its list price) and these thousandths of a vCPU runs.
    pub fn enter(&mut self, bid: u64, cpu_milli: u64) {
        self.wanted[level(bid)] += cpu_milli;
    }

    /// It no longer does.
    pub fn leave(&mut self, bid: u64, cpu_milli: u64) {
        let wanted = &mut self.wanted[level(bid)];
        *wanted = wanted.checked_sub(cpu_milli).expect("only a bid that entered leaves");
    }

    /// A bid was refused; it stays in the book until `until`. Calls come in order of `until`.
    pub fn refuse(&mut self, until: SimTime, bid: u64, cpu_milli: u64) {
        self.enter(bid, cpu_milli);
        self.refused.push_back((until, level(bid), cpu_milli));
    }

    /// The highest unfulfilled bid as a share of the list price, when the market clears with this supply in thousandths
    /// of a vCPU; 0 when every bid is fulfilled. The floor is the caller's.
    pub fn clear(&mut self, now: SimTime, supply: u64) -> u64 {
        while let Some(&(until, level, cpu_milli)) = self.refused.front()
            && until <= now
        {
            self.refused.pop_front();
            self.wanted[level] -= cpu_milli;
        }
        let mut sum = 0u64;
        for (level, wanted) in self.wanted.iter().enumerate().rev() {
            sum += wanted;
            if sum > supply {
                return level as u64 * 1_000;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_unfulfilled_bid_is_the_price() {
        let mut book = Book::default();
        let at = SimTime;
        assert_eq!(book.clear(at(0), 0), 0, "nobody bids");
        for bid in [900_000, 700_000, 500_000, 300_000, 50_000] {
            book.enter(bid, 10_000);
        }
        let prices: Vec<u64> = [50_000, 49_999, 40_000, 39_999, 20_000, 19_999, 9_999, 0]
            .map(|supply| book.clear(at(0), supply))
            .to_vec();
        assert_eq!(prices, [0, 50_000, 50_000, 300_000, 500_000, 700_000, 900_000, 900_000]);
        book.leave(900_000, 10_000);
        assert_eq!(book.clear(at(0), 9_999), 700_000);
        assert_eq!(book.clear(at(0), 10_000), 500_000);
    }

    #[test]
    fn golden() {
        let mut book = Book::default();
        let mut stream = crate::engine::Streams::new(7).stream("auction test", 0);
        let mut prices = Vec::new();
        for step in 0..200u64 {
            book.refuse(
                SimTime((step + 20) * 300),
                1_000 * stream.below(1_001),
                1_000 * (1 + stream.below(8)),
            );
            prices.push(book.clear(SimTime(step * 300), 30_000));
        }
        assert!(prices.iter().all(|price| *price <= WHOLE));
        assert_eq!(
            [prices[9], prices[19], prices[59], prices[99], prices[199]],
            [578_000, 853_000, 603_000, 331_000, 533_000]
        );
        // Refused bids leave the book.
        assert_eq!(book.clear(SimTime(u64::MAX), 0), 0);
    }
}
