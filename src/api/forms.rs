//! Lexical forms: what a text must look like, as far as it can be told from the text alone.

use std::net::Ipv4Addr;

/// The disk categories that CreateInstance takes (R97, R105).
pub const DISK_CATEGORIES: [&str; 5] =
    ["cloud", "cloud_efficiency", "cloud_ssd", "ephemeral_ssd", "cloud_essd"];

/// An integer: an optional minus and decimal digits (R5). Values beyond 64 bits saturate.
pub fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut value = 0i64;
    for byte in digits.bytes() {
        value = value.saturating_mul(10).saturating_add(i64::from(byte - b'0'));
    }
    Some(if negative { -value } else { value })
}

/// A Boolean: `true` or `false` in any letter case (R4).
pub fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// A price limit in thousandths: decimal digits with at most three decimals (R144). Saturates at 64 bits.
pub fn price_milli(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 3 {
        return None;
    }
    let value = |part: &str| {
        part.bytes().fold(0u64, |sum, byte| sum.saturating_mul(10).saturating_add(u64::from(byte - b'0')))
    };
    let scale = [100, 10, 1][decimals.len() - 1];
    Some(value(whole).saturating_mul(1000).saturating_add(value(decimals) * scale))
}

/// A dotted IPv4 address, without leading zeros.
pub fn ipv4(text: &str) -> Option<u32> {
    text.parse::<Ipv4Addr>().ok().map(u32::from)
}

/// The count of characters (not bytes; NAME-20) lies within the bounds.
fn length(text: &str, least: usize, most: usize) -> bool {
    // Characters are at most bytes and at least a quarter of them: only long texts need to be counted.
    if text.len() < least || text.len() > most * 4 {
        return false;
    }
    let count = if text.is_ascii() { text.len() } else { text.chars().count() };
    (least..=most).contains(&count)
}

/// Starts like a web address: refused in descriptions (R30).
fn web_prefix(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://")
}

/// Form of InstanceName and of disk names: 2-128 letters, digits, `:`, `-`, `_`, starting with a letter (R27, R28).
pub fn name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || (!c.is_ascii() && c.is_alphabetic());
    length(text, 2, 128)
        && text.starts_with(letter)
        && text.chars().all(|c| letter(c) || c.is_ascii_digit() || matches!(c, ':' | '-' | '_'))
}

/// Form of descriptions: 2-256 characters that do not start like a web address (R30).
pub fn description(text: &str) -> bool {
    length(text, 2, 256) && !web_prefix(text)
}

/// Form of a host name on every system: 2-64 letters, digits, `.` and `-`, neither at an end nor two in a row (R31).
pub fn host_name(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mark = |byte: &u8| matches!(byte, b'.' | b'-');
    (2..=64).contains(&bytes.len())
        && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || mark(byte))
        && !bytes.first().is_some_and(mark)
        && !bytes.last().is_some_and(mark)
        && !bytes.windows(2).any(|pair| mark(&pair[0]) && mark(&pair[1]))
}

/// What Windows asks of a host name beyond [`host_name`]: 2-15 characters, no period, not digits only (R33).
pub fn windows_host_name(text: &str) -> bool {
    text.len() <= 15 && !text.contains('.') && !text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The special characters that a password may hold (NAME-41).
pub const PASSWORD_SPECIALS: &str = "()`~!@#$%^&*-_+=|{}[]:;'<>,.?/";

/// Form of a password: 8-30 characters, at least three of four kinds, the listed specials only (R34, R35).
pub fn password(text: &str) -> bool {
    let mut kinds = [false; 4];
    for byte in text.bytes() {
        let kind = match byte {
            b'A'..=b'Z' => 0,
            b'a'..=b'z' => 1,
            b'0'..=b'9' => 2,
            _ if byte.is_ascii() && PASSWORD_SPECIALS.as_bytes().contains(&byte) => 3,
            _ => return false,
        };
        kinds[kind] = true;
    }
    (8..=30).contains(&text.len()) && kinds.iter().filter(|kind| **kind).count() >= 3
}

/// Form of an instance type: `ecs.<family part>.<size part>` of lower-case letters, digits and hyphens (R44).
pub fn instance_type(text: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    text.strip_prefix("ecs.")
        .and_then(|rest| rest.split_once('.'))
        .is_some_and(|(family, size)| part(family) && part(size))
}

/// Form of a node controller's id: `nc-` and more, without blanks (R69).
pub fn node_controller(text: &str) -> bool {
    text.strip_prefix("nc-")
        .is_some_and(|rest| !rest.is_empty() && !rest.contains(|c: char| c.is_whitespace() || c.is_control()))
}

/// Form of a client token: at most 64 ASCII characters (R19).
pub fn client_token(text: &str) -> bool {
    text.len() <= 64 && text.is_ascii()
}

/// Form of a device: `/dev/xvd` and one lower-case letter (R117).
pub fn device(text: &str) -> bool {
    matches!(text.as_bytes().strip_prefix(b"/dev/xvd"), Some([b'a'..=b'z']))
}

/// What keys and values of tags may not have: the reserved prefixes, and web addresses anywhere (R167, R168).
fn tag_text(text: &str) -> bool {
    !(text.starts_with("aliyun")
        || text.starts_with("acs:")
        || text.contains("http://")
        || text.contains("https://"))
}

/// Form of a tag's key: 1-64 characters (R167).
pub fn tag_key(text: &str) -> bool {
    length(text, 1, 64) && tag_text(text)
}

/// Form of a tag's value: 0-128 characters (R168).
pub fn tag_value(text: &str) -> bool {
    length(text, 0, 128) && tag_text(text)
}
