//! Who asks, and where: accounts and zones of a trace in its imitation.

use std::fmt::Write as _;

use super::write::{joined, number, quoted};
use crate::catalog::Catalog;

/// Up to so many accounts are named with their shares; more follow a Zipf law.
const FEW_ACCOUNTS: usize = 20;
/// The most accounts of a Zipf law, and the most kinds of requests that they may make of a workload.
const MOST_ACCOUNTS: usize = 1_000;
const MOST_REQUESTS: usize = 90_000;

/// The accounts of the imitation.
pub(super) enum Customers {
    /// The scenario's one account.
    Nobody,
    /// Accounts by name with their creations.
    Named(Vec<(String, u64)>),
    /// So many accounts, and the exponent of their shares.
    Zipf(usize, f64),
}

impl Customers {
    /// The accounts of a trace; `kinds` is how many kinds of requests each of them may make.
    pub(super) fn of(accounts: &[(String, u64)], kinds: usize) -> Customers {
        match accounts.len() {
            0 => Customers::Nobody,
            1..=FEW_ACCOUNTS if accounts.len() * kinds <= MOST_REQUESTS => {
                Customers::Named(accounts.to_vec())
            }
            count => {
                let count = count.min(MOST_ACCOUNTS).min(MOST_REQUESTS / kinds.max(1)).max(1);
                let mut counts: Vec<u64> = accounts.iter().map(|(_, count)| *count).collect();
                counts.sort_unstable_by_key(|count| std::cmp::Reverse(*count));
                Customers::Zipf(count, exponent(&counts[..count]))
            }
        }
    }

    /// `[[accounts]]`.
    pub(super) fn tables(&self) -> String {
        match self {
            Customers::Nobody => String::new(),
            Customers::Named(accounts) => {
                accounts.iter().map(|(name, _)| format!("\n[[accounts]]\nid = {}\n", quoted(name))).collect()
            }
            Customers::Zipf(count, _) => format!("\n[[accounts]]\nid = \"account\"\ncount = {count}\n"),
        }
    }

    /// Keys of each workload.
    pub(super) fn weights(&self) -> String {
        match self {
            Customers::Nobody => String::new(),
            Customers::Named(accounts) => {
                let each = accounts.iter().map(|(name, count)| format!("{} = {count}.0", key(name)));
                format!("accounts = {{ {} }}\n", joined(each))
            }
            Customers::Zipf(_, exponent) => format!("account_zipf = {}\n", number(*exponent)),
        }
    }
}

/// The exponent of a Zipf law that makes these counts, in descending order, the most likely ones: the mean logarithm of the rank
/// is then the law's.
fn exponent(counts: &[u64]) -> f64 {
    let total: f64 = counts.iter().map(|count| *count as f64).sum();
    let logs: Vec<f64> = (1..=counts.len()).map(|rank| libm::log(rank as f64)).collect();
    let seen: f64 = counts.iter().zip(&logs).map(|(count, log)| *count as f64 * log).sum::<f64>() / total;
    let expected = |exponent: f64| {
        let (sum, weight) = logs.iter().fold((0.0, 0.0), |(sum, weight), log| {
            let one = libm::exp(-exponent * log);
            (sum + one * log, weight + one)
        });
        sum / weight
    };
    // The larger the exponent, the smaller the mean; the scenario takes exponents from 0 to 10.
    let (mut low, mut high) = (0.0, 10.0);
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if expected(middle) > seen { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The zones of the imitation with their shares.
pub(super) struct Places {
    /// An invented region, where the trace's zones are not those of one region of the catalog.
    region: Option<&'static str>,
    zones: Vec<(String, f64)>,
}

impl Places {
    /// The zones of a trace. One that names none gets one.
    pub(super) fn of(zones: &[(String, u64)]) -> Places {
        let total: u64 = zones.iter().map(|(_, count)| count).sum();
        let share = |count: u64| count as f64 / total.max(1) as f64;
        if zones.is_empty() {
            return Places { region: None, zones: vec![("cn-hangzhou-g".to_owned(), 1.0)] };
        }
        let catalog = Catalog::shipped();
        let known: Option<Vec<&str>> =
            zones.iter().map(|(name, _)| catalog.zone_named(name).map(|zone| zone.region.as_str())).collect();
        let one_region =
            known.as_ref().is_some_and(|regions| regions.iter().all(|region| *region == regions[0]));
        // Zones of several regions of the catalog cannot be in one: they get names of their own.
        let clash = !one_region && zones.iter().any(|(name, _)| catalog.zone_named(name).is_some());
        let name = |name: &str| if clash { format!("trace-{name}") } else { name.to_owned() };
        let zones = zones.iter().map(|(zone, count)| (name(zone), share(*count))).collect();
        Places { region: (!one_region).then_some("trace"), zones }
    }

    pub(super) fn count(&self) -> usize {
        self.zones.len()
    }

    pub(super) fn zones(&self) -> impl Iterator<Item = (&str, f64)> {
        self.zones.iter().map(|(zone, share)| (zone.as_str(), *share))
    }

    /// `[[regions]]` of an invented region.
    pub(super) fn regions(&self) -> String {
        let mut text = String::new();
        if let Some(region) = self.region {
            let zones = joined(self.zones().map(|(zone, _)| quoted(zone)));
            let _ = write!(text, "\n[[regions]]\nid = \"{region}\"\nzones = [{zones}]\n");
        }
        text
    }

    /// Keys of each workload.
    pub(super) fn weights(&self) -> String {
        if self.zones.len() == 1 {
            return String::new();
        }
        let each =
            joined(self.zones().map(|(zone, share)| format!("{} = {}", key(zone), number(share.max(1e-6)))));
        format!("zones = {{ {each} }}\n")
    }
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    if bare { name.to_owned() } else { quoted_key(name) }
}

/// Keys know no `'''` form, which a value may take.
fn quoted_key(name: &str) -> String {
    let escaped: String = name
        .chars()
        .map(|char| match char {
            '"' => "\\\"".to_owned(),
            '\\' => "\\\\".to_owned(),
            char if char.is_control() => format!("\\u{:04X}", u32::from(char)),
            char => char.to_string(),
        })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exponent_of_a_zipf_law_comes_back() {
        for expected in [0.3, 1.0, 1.7] {
            let counts: Vec<u64> =
                (1..=200).map(|rank| (1e7 * libm::pow(f64::from(rank), -expected)) as u64).collect();
            assert!((exponent(&counts) - expected).abs() < 0.01, "{expected}: {}", exponent(&counts));
        }
        assert!(exponent(&[5; 30]) < 1e-9);
        assert!(exponent(&[7]).is_finite());
    }

    #[test]
    fn few_accounts_are_named_and_many_follow_a_law() {
        let accounts =
            |count: u64| (0..count).map(|at| (format!("a {at}"), 100 / (at + 1))).collect::<Vec<_>>();
        assert_eq!(Customers::of(&[], 5).weights(), "");
        assert_eq!(
            Customers::of(&accounts(2), 5).weights(),
            "accounts = { \"a 0\" = 100.0, \"a 1\" = 50.0 }\n"
        );
        assert!(Customers::of(&accounts(40), 5).tables().contains("count = 40\n"));
        assert!(Customers::of(&accounts(40), 9_000).tables().contains("count = 10\n"));
    }

    #[test]
    fn zones_of_one_region_stay_there() {
        let zones = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), 1)).collect::<Vec<_>>();
        assert_eq!(Places::of(&[]).regions(), "");
        let one = Places::of(&zones(&["cn-hangzhou-b", "cn-hangzhou-g"]));
        assert_eq!(
            (one.regions().as_str(), one.weights().as_str()),
            ("", "zones = { cn-hangzhou-b = 0.5, cn-hangzhou-g = 0.5 }\n")
        );
        let mixed = Places::of(&zones(&["cn-hangzhou-b", "us-west-1a"]));
        assert!(mixed.regions().contains("[\"trace-cn-hangzhou-b\", \"trace-us-west-1a\"]"));
        assert!(Places::of(&zones(&["z-a"])).regions().contains("zones = [\"z-a\"]"));
    }
}
