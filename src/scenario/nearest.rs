//! "Did you mean": the known name nearest to one that nobody knows.

use std::cmp::Reverse;

/// The known name nearest to `name`, when one is near enough to be a slip of the keyboard.
/// A beginning of at least three letters counts as near when nothing nearer is known.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = name.to_lowercase();
    // A third of the letters may be wrong, and one always.
    let most = (name.chars().count() / 3).max(1);
    // Among equals the one that begins alike for longest, then the one of the same length.
    let mut best: Option<(Rank, &str)> = None;
    let mut begun = None;
    for candidate in known {
        let candidate_lower = candidate.to_lowercase();
        let distance = strsim::damerau_levenshtein(&lower, &candidate_lower);
        if begun.is_none() && lower.len() >= 3 && candidate_lower.starts_with(&lower) {
            begun = Some(candidate);
        }
        let alike = lower.bytes().zip(candidate_lower.bytes()).take_while(|(a, b)| a == b).count();
        let rank = (distance, Reverse(alike), candidate_lower.len().abs_diff(lower.len()));
        if distance <= most && best.is_none_or(|(least, _)| rank < least) {
            best = Some((rank, candidate));
        }
    }
    best.map(|(_, name)| name).or(begun)
}

/// Wrong letters, letters alike at the beginning, difference in length.
type Rank = (usize, Reverse<usize>, usize);

/// A sentence of help: the nearest known name, else the known names when they are few.
pub fn did_you_mean<'k>(name: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> Option<String> {
    if let Some(near) = nearest(name, known.clone()) {
        return Some(format!("did you mean `{near}`?"));
    }
    let names: Vec<_> = known.into_iter().take(MOST_LISTED + 1).map(|name| format!("`{name}`")).collect();
    (1..=MOST_LISTED).contains(&names.len()).then(|| format!("known: {}", names.join(", ")))
}

/// More names than this are not listed in a message.
const MOST_LISTED: usize = 24;

#[cfg(test)]
mod tests {
    use super::{did_you_mean, nearest};

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["hosts", "class", "zone", "zones"];
        assert_eq!(nearest("hosst", known), Some("hosts"));
        assert_eq!(nearest("Hosts", known), Some("hosts"));
        assert_eq!(nearest("zonse", known), Some("zones"));
        assert_eq!(nearest("zne", known), Some("zone"));
        assert_eq!(nearest("workload", known), None);
        assert_eq!(nearest("best", ["first-fit", "best-fit"]), Some("best-fit"));
        assert_eq!(nearest("", known), None);
        assert_eq!(did_you_mean("xyz", ["a", "b"]).as_deref(), Some("known: `a`, `b`"));
        assert_eq!(did_you_mean("xyz", []), None);
    }
}
