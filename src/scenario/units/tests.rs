use super::*;
use crate::model::{Money, SimDuration, SimTime, Utc};

fn span(text: &str) -> u64 {
    text.parse::<Span>().map(|span| span.0.0).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn durations_read_and_print() {
    let cases = [
        ("30d", 30 * 86_400_000_000, "30d"),
        ("5min", 300_000_000, "5min"),
        ("1h30m", 5_400_000_000, "90min"),
        ("1h 30min", 5_400_000_000, "90min"),
        ("1.5h", 5_400_000_000, "90min"),
        ("250ms", 250_000, "250ms"),
        ("0.1s", 100_000, "100ms"),
        ("2w", 14 * 86_400_000_000, "14d"),
        ("0s", 0, "0s"),
        ("7us", 7, "7us"),
        ("forever", u64::MAX, "forever"),
    ];
    for (text, want, printed) in cases {
        assert_eq!(span(text), want, "{text}");
        assert_eq!(Span(SimDuration(want)).to_string(), printed);
        assert_eq!(span(printed), want);
    }
}

#[test]
fn wrong_durations_say_what_is_expected() {
    let check = |text: &str, want: &str| {
        let error = text.parse::<Span>().expect_err(text).to_string();
        assert!(error.contains(want), "{text}: {error}");
    };
    check("30", "`30` has no unit: write for example `30s`");
    check("5 parsecs", "unknown unit of time `parsecs`: use us, ms, s, min, h, d or w");
    check("", "empty");
    check("soon", "`soon` is no duration");
    check("-5s", "`-5s` is no duration");
    check("1h,30m", "`1h,30m` is no duration");
    check("99999999999999d", "forever");
    check("1.2.3s", "forever");
}

#[test]
fn sizes_read_and_print() {
    let cases = [
        ("512GiB", 512 << 30, "512GiB"),
        ("4TiB", 4 << 40, "4TiB"),
        ("3.5 GiB", 3584 << 20, "3584MiB"),
        ("0GiB", 0, "0GiB"),
    ];
    for (text, want, printed) in cases {
        let size: Size = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((size.bytes(), size.to_string().as_str()), (want, printed));
    }
    assert_eq!(Size(1).as_mib(), 1);
    assert_eq!(Size::gib(3).as_mib(), 3072);
    assert!(!Size(1).is_whole_mib());
    let error = |text: &str| text.parse::<Size>().expect_err(text).to_string();
    assert_eq!(error("512"), "`512` has no unit: write for example `512GiB`");
    assert_eq!(error("512GB"), "`512GB`: unknown unit of size `GB`: write `GiB`");
    assert_eq!(error("1xyz"), "`1xyz`: unknown unit of size `xyz`: use B, KiB, MiB, GiB, TiB or PiB");
    assert!(error("many").contains("is no size"));
    assert!(error("99999999PiB").contains("16384PiB"));
}

#[test]
fn flows_shares_and_rates() {
    assert_eq!("2GiB/s".parse(), Ok(Bandwidth(2 << 30)));
    assert_eq!("10Gbit/s".parse(), Ok(Bandwidth(1_250_000_000)));
    assert!("2GiB".parse::<Bandwidth>().is_err());
    assert_eq!("80%".parse::<Share>().map(Share::get), Ok(0.8));
    assert_eq!("0.25".parse::<Share>().map(Share::get), Ok(0.25));
    for text in ["101%", "1.5", "-1", "x", "%", "NaN"] {
        assert!(text.parse::<Share>().is_err(), "{text}");
    }
    let rate: Rate = "120/h".parse().expect("a rate");
    assert_eq!(
        (rate.count(), rate.unit(), rate.to_string().as_str()),
        (120.0, SimDuration::from_secs(3600), "120/h")
    );
    assert_eq!("7.2/min".parse::<Rate>().map(|rate| rate.per_second()), Ok(7.2 / 60.0));
    for text in ["120", "120/y", "/h", "h", "-1/s"] {
        assert!(text.parse::<Rate>().is_err(), "{text}");
    }
}

#[test]
fn moments_and_dates() {
    let hour = 3_600_000_000;
    let cases = [
        ("3d 04:00", 76 * hour, "3d 04:00:00"),
        ("06:30:15", 6 * hour + 1_815_000_000, "0d 06:30:15"),
        ("36h", 36 * hour, "1d 12:00:00"),
        ("1500ms", 1_500_000, "1500ms"),
    ];
    for (text, want, printed) in cases {
        assert_eq!(text.parse(), Ok(Moment(SimTime(want))), "{text}");
        assert_eq!(Moment(SimTime(want)).to_string(), printed);
        assert_eq!(printed.parse(), Ok(Moment(SimTime(want))), "{printed}");
    }
    for text in
        ["24:00", "1:00", "3d 04", "x", "forever", "01:02:03:04", "99999999999999999d 00:00", "é 01:00"]
    {
        assert!(text.parse::<Moment>().is_err(), "{text}");
    }
    assert_eq!("2019-09-02T00:00:00Z".parse(), Ok(Date(Utc(1_567_382_400))));
    assert_eq!("2019-09-02".parse(), Ok(Date(Utc(1_567_382_400))));
    assert_eq!(Date(Utc(1_567_382_400)).to_string(), "2019-09-02T00:00:00Z");
    assert!("2019-13-02".parse::<Date>().is_err());
}

#[derive(serde::Deserialize, serde::Serialize, PartialEq, Debug)]
#[serde(deny_unknown_fields)]
struct All {
    span: At<Span>,
    size: Size,
    share: Share,
    rate: Rate,
    moment: Moment,
    date: Date,
    limit: Limit,
    none: Limit,
    amount: Amount,
}

const ALL: &str = "span = \"1h30m\"\nsize = \"4GiB\"\nshare = \"80%\"\nrate = \"2.5/s\"\nmoment = \"3d 04:00\"\n\
date = \"2019-09-02\"\nlimit = 7\nnone = \"unlimited\"\namount = 12.5\n";

#[test]
fn values_survive_toml_and_know_where_they_stood() {
    let all: All = toml::from_str(ALL).expect("sound values");
    assert_eq!(&ALL[all.span.span()], "\"1h30m\"");
    assert_eq!(all.amount, Amount(Some(Money::from_f64(12.5))));
    let text = toml::to_string(&all).expect("prints");
    assert_eq!(toml::from_str::<All>(&text).expect("reads back"), all);
}

#[test]
fn wrong_types_name_the_unit_they_want() {
    let check = |from: &str, to: &str, want: &str| {
        let error = toml::from_str::<All>(&ALL.replace(from, to)).expect_err(to);
        assert!(error.message().contains(want), "{to}: {}", error.message());
        assert!(error.span().is_some(), "{to}");
    };
    check(
        "\"1h30m\"",
        "90",
        "a duration with its unit (us, ms, s, min, h, d, w), such as `\"5min\"` or `\"1h30m\"`",
    );
    check("\"4GiB\"", "4", "a size with its unit");
    check("\"80%\"", "80", "80 is no share");
    check("\"2.5/s\"", "2.5", "how often something happens");
    check("limit = 7", "limit = -7", "-7 is no limit");
    check("limit = 7", "limit = true", "a whole number of at least 0 or `\"unlimited\"`");
    check("12.5", "\"much\"", "`much` is no amount of money");
}
