//! Decimal numbers in texts, read exactly: `1.5h` is 5,400,000,000 microseconds on every machine.

/// Splits a leading unsigned decimal off `text`: the number's text, and what follows it (spaces trimmed).
pub(super) fn split(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    number.bytes().next().filter(u8::is_ascii_digit)?;
    Some((number, rest.trim_start()))
}

/// `number * unit`, rounded to the nearest whole (half up); none when it is no number or does not fit.
pub(super) fn scale(number: &str, unit: u64) -> Option<u64> {
    let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(places) || places.len() > 15 {
        return None;
    }
    let power = 10u128.pow(u32::try_from(places.len()).ok()?);
    let part = places.parse::<u128>().ok()?;
    let scaled = whole.parse::<u64>().map(u128::from).ok()? * power + part;
    let total = scaled.checked_mul(unit.into())?;
    u64::try_from((total + power / 2) / power).ok()
}
