//! The heaviest combination of demands that one host can hold: a knapsack of several dimensions, by branch and bound,
//! in integers.

use super::{Bin, SUMS, sums};

/// Combinations that are looked at before the search ends with the bound that it has.
const LOOKS: u32 = 100_000;
/// Unit of a share of a host, in the weighting in which all dimensions count alike.
const SHARE: u32 = 20;

/// The heaviest combination.
pub(super) struct Price {
    /// No combination is heavier. The weight of `counts` when the search came to its end.
    pub(super) most: u64,
    /// Instances of each demand in the heaviest combination found.
    pub(super) counts: Vec<u32>,
}

/// Weightings of the dimensions, each of which bounds what still fits: the sums, and one in which all dimensions count
/// by their share.
const MEASURES: usize = SUMS + 1;

/// A way to put a demand on the host.
struct Column<'a> {
    demand: usize,
    weight: u64,
    size: &'a [u64],
    measured: [u64; MEASURES],
    /// By measure: the column with the most weight a unit among this one and those behind it; none when one of them
    /// takes nothing.
    densest: [Option<usize>; MEASURES],
}

struct Search<'a> {
    columns: Vec<Column<'a>>,
    taken: Vec<u64>,
    best: u64,
    best_taken: Vec<u64>,
    /// The bound of what was not looked at.
    unseen: u64,
    looks: u32,
}

impl Price {
    /// For so much weight of each demand.
    pub(super) fn of(bin: &Bin, weights: &[u64]) -> Price {
        let measure = |size: &[u64]| {
            let shares = size.iter().zip(&bin.capacity);
            let alike = shares.map(|(&size, &room)| (size << SHARE).checked_div(room).unwrap_or(0)).sum();
            let [cpu, memory, gpu, disks, nics] = sums(size, bin.nodes);
            [cpu, memory, gpu, disks, nics, alike]
        };
        let mut columns: Vec<Column<'_>> = bin
            .ways
            .iter()
            .filter(|way| weights[way.demand] > 0)
            .map(|way| Column {
                demand: way.demand,
                weight: weights[way.demand],
                size: &way.size,
                measured: measure(&way.size),
                densest: [None; MEASURES],
            })
            .collect();
        let alike = MEASURES - 1;
        // The most weight a share first; the order changes the time, never the result.
        columns.sort_by(|a, b| {
            let left = u128::from(a.weight) * u128::from(b.measured[alike].max(1));
            let right = u128::from(b.weight) * u128::from(a.measured[alike].max(1));
            right.cmp(&left).then(a.demand.cmp(&b.demand))
        });
        for at in (0..columns.len()).rev() {
            for measure in 0..MEASURES {
                let own = columns[at].measured[measure];
                let behind = columns.get(at + 1).map(|next| next.densest[measure]);
                columns[at].densest[measure] = match behind {
                    _ if own == 0 => None,
                    None => Some(at),
                    Some(None) => None,
                    Some(Some(other)) => {
                        let left =
                            u128::from(columns[at].weight) * u128::from(columns[other].measured[measure]);
                        let right = u128::from(columns[other].weight) * u128::from(own);
                        Some(if left >= right { at } else { other })
                    }
                };
            }
        }
        let taken = vec![0; columns.len()];
        let mut search =
            Search { best_taken: taken.clone(), columns, taken, best: 0, unseen: 0, looks: LOOKS };
        let mut room = measure(&bin.capacity);
        // Shares of single sizes are rounded down, so that of the host is the number of dimensions.
        room[alike] = (bin.capacity.iter().filter(|&&room| room > 0).count() as u64) << SHARE;
        search.look(0, 0, &mut bin.capacity.clone(), room);
        let mut counts = vec![0; weights.len()];
        for (column, &taken) in search.columns.iter().zip(&search.best_taken) {
            counts[column.demand] += taken as u32;
        }
        Price { most: search.best.max(search.unseen), counts }
    }
}

impl Search<'_> {
    /// No more weight fits into the room from a column on.
    fn limit(&self, at: usize, room: &[u64; MEASURES]) -> u64 {
        let Some(column) = self.columns.get(at) else { return 0 };
        (0..MEASURES)
            .filter_map(|measure| {
                let densest = &self.columns[column.densest[measure]?];
                let weight = u128::from(densest.weight) * u128::from(room[measure]);
                Some(u64::try_from(weight / u128::from(densest.measured[measure])).unwrap_or(u64::MAX))
            })
            .min()
            .unwrap_or(u64::MAX)
    }

    fn look(&mut self, at: usize, weight: u64, left: &mut [u64], room: [u64; MEASURES]) {
        if weight > self.best {
            self.best = weight;
            self.best_taken.clone_from(&self.taken);
        }
        let limit = weight.saturating_add(self.limit(at, &room));
        if limit <= self.best {
            return;
        }
        if self.looks == 0 {
            self.unseen = self.unseen.max(limit);
            return;
        }
        self.looks -= 1;
        let Column { size, measured, weight: one, .. } = self.columns[at];
        let fitting =
            size.iter().zip(left.iter()).filter(|(size, _)| **size > 0).map(|(size, left)| left / size);
        let most = fitting.min().unwrap_or(0);
        for count in (0..=most).rev() {
            for (left, size) in left.iter_mut().zip(size) {
                *left -= count * size;
            }
            let mut rest = room;
            for (rest, measured) in rest.iter_mut().zip(&measured) {
                *rest -= count * measured;
            }
            self.taken[at] = count;
            self.look(at + 1, weight + count * one, left, rest);
            self.taken[at] = 0;
            for (left, size) in left.iter_mut().zip(size) {
                *left += count * size;
            }
        }
    }
}
