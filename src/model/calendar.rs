//! Days and months of the Gregorian calendar, in whole numbers. A day is counted from 1970-01-01.

/// The day `months` calendar months after a day; the last day of a shorter month stands in for a later one.
pub fn months_later(day: i64, months: u32) -> i64 {
    let (year, month, date) = civil(day);
    let month = month + i64::from(months);
    let (year, month) = (year + (month - 1).div_euclid(12), (month - 1).rem_euclid(12) + 1);
    let (next_year, next_month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    let length = day_of(next_year, next_month, 1) - day_of(year, month, 1);
    day_of(year, month, date.min(length))
}

/// Year, month and date of a day (proleptic Gregorian calendar, eras of 400 years from 1 March).
pub fn civil(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * of_year + 2) / 153;
    let date = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, date)
}

/// The day of a date.
pub fn day_of(year: i64, month: i64, date: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + date - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
