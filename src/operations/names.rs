//! Names of the instances of one call: a plain text, or a sequence such as `web-[3,4].zone` (NAME-30 to NAME-34).

/// Numbers past this one are this one (NAME-33).
const LAST: u32 = 999_999;

/// A text that gives each instance of a call its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    /// The whole text, or what stands before the brackets.
    prefix: String,
    /// First number and its digits, of a sequence.
    numbers: Option<(u32, usize)>,
    /// What stands behind the brackets.
    suffix: String,
    /// Three more digits follow, counted from 001.
    unique: bool,
}

/// Begin and bits out of the inside of the brackets: `[]`, `[9]`, `[9,]`, `[,3]`, `[9,3]` (NAME-31, NAME-32).
fn numbers(inside: &str) -> Option<(u32, usize)> {
    let (begin, bits) = inside.split_once(',').unwrap_or((inside, ""));
    let digits =
        |text: &str, most: usize| text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(begin, 6) || !digits(bits, 1) {
        return None;
    }
    let bits = if bits.is_empty() { 6 } else { bits.parse().ok().filter(|bits| (1..=6).contains(bits))? };
    let first = if begin.is_empty() { 0 } else { begin.parse().ok()? };
    Some((first, if begin.len() > bits { 6 } else { bits }))
}

impl Names {
    /// Reads a name. Brackets that make no sequence, or nothing before them, make it an ordinary name (NAME-30).
    /// `unique`: UniqueSuffix, which a sequence at the end makes needless (NAME-34).
    pub fn read(text: &str, unique: bool) -> Names {
        let sequence = || {
            let (prefix, rest) = text.split_once('[').filter(|(prefix, _)| !prefix.is_empty())?;
            let (inside, suffix) = rest.split_once(']')?;
            Some((prefix, numbers(inside)?, suffix))
        };
        match sequence() {
            Some((prefix, numbers, suffix)) => Names {
                prefix: prefix.to_owned(),
                numbers: Some(numbers),
                suffix: suffix.to_owned(),
                unique: unique && !suffix.is_empty(),
            },
            None => Names { prefix: text.to_owned(), numbers: None, suffix: String::new(), unique },
        }
    }

    /// The name of an instance, counted from 0.
    pub fn nth(&self, nth: u32) -> String {
        let mut name = self.prefix.clone();
        if let Some((begin, bits)) = self.numbers {
            let number = begin.saturating_add(nth).min(LAST);
            name += &format!("{number:0bits$}");
        }
        name += &self.suffix;
        if self.unique {
            name += &format!("{:03}", nth + 1);
        }
        name
    }

    /// Digits come to what the call says.
    pub fn grows(&self) -> bool {
        self.unique || self.numbers.is_some()
    }
}
