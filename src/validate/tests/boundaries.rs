//! Boundaries of every numeric and textual rule, through the whole gate.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::fixture::Fixture;
use super::{refused_by, request, world};

/// Sends the default request with one parameter changed.
fn with(fixture: &mut Fixture, name: &str, value: impl ToString) -> Option<&'static str> {
    with_all(fixture, json!({name: value.to_string()}))
}

fn with_all(fixture: &mut Fixture, differences: Value) -> Option<&'static str> {
    refused_by(&request(differences), fixture)
}

fn unless(inside: bool, check: &'static str) -> Option<&'static str> {
    (!inside).then_some(check)
}

const DISKS: [(&str, i64, i64); 4] = [
    ("cloud", 5, 2000),
    ("cloud_efficiency", 20, 32_768),
    ("cloud_ssd", 20, 32_768),
    ("cloud_essd", 20, 32_768),
];

#[test]
fn periods_are_exactly_those_of_the_lists() {
    let mut fixture = world(json!({"account/balance": 1e9}));
    let months = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 24, 36, 48, 60];
    for count in -1..70 {
        for (unit, listed) in [("Month", months.contains(&count)), ("Week", (1..=4).contains(&count))] {
            let differences =
                json!({"InstanceChargeType": "PrePaid", "Period": count.to_string(), "PeriodUnit": unit});
            assert_eq!(with_all(&mut fixture, differences), unless(listed, "S8.period"), "{count} {unit}");
        }
        let renew = [1, 2, 3, 6, 12];
        for (unit, listed) in [("Month", renew.contains(&count)), ("Week", (1..=3).contains(&count))] {
            let differences = json!({"InstanceChargeType": "PrePaid", "Period": "1", "PeriodUnit": unit,
                                     "AutoRenew": "true", "AutoRenewPeriod": count.to_string()});
            assert_eq!(
                with_all(&mut fixture, differences),
                unless(listed, "S8.auto-renew-period"),
                "{count} {unit}"
            );
        }
    }
}

#[test]
fn every_letter_is_a_device_and_a_is_taken() {
    let mut fixture = world(json!({}));
    for letter in 'a'..='z' {
        let differences = json!({"DataDisk.1.Size": "20", "DataDisk.1.Device": format!("/dev/xvd{letter}")});
        assert_eq!(with_all(&mut fixture, differences), unless(letter != 'a', "T3.device"));
    }
}

#[test]
fn months_end_where_the_calendar_says() {
    use super::super::{Period, PeriodUnit};
    let utc = |text: &str| crate::world::parse_utc(text).expect("a moment");
    for (start, months, end) in [
        ("2020-01-31T08:00:00Z", 1, "2020-02-29T08:00:00Z"),
        ("2019-01-31T08:00:00Z", 1, "2019-02-28T08:00:00Z"),
        ("2019-11-30T00:00:01Z", 3, "2020-02-29T00:00:01Z"),
        ("2019-12-31T23:59:59Z", 2, "2020-02-29T23:59:59Z"),
        ("2020-02-29T00:00:00Z", 12, "2021-02-28T00:00:00Z"),
        ("2019-09-02T00:00:00Z", 60, "2024-09-02T00:00:00Z"),
        ("1969-12-31T00:00:00Z", 2, "1970-02-28T00:00:00Z"),
    ] {
        let period = Period { count: months, unit: PeriodUnit::Month };
        assert_eq!(period.end(utc(start)), utc(end), "{start} + {months}");
    }
    let week = Period { count: 4, unit: PeriodUnit::Week };
    assert_eq!(week.end(utc("2020-01-15T08:00:00Z")), utc("2020-02-12T08:00:00Z"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn system_disks(size in -5i64..600) {
        let expected = match size {
            i64::MIN..=0 => Some("S5.size-integer"),
            1..=19 => Some("S5.size-min"),
            20..=500 => None,
            _ => Some("S5.size-max"),
        };
        prop_assert_eq!(with(&mut world(json!({})), "SystemDisk.Size", size), expected);
    }

    #[test]
    fn system_disks_against_the_image(size in 20i64..=500, image in 20i64..=500, most in 20i64..=500) {
        let mut fixture = world(json!({
            "images/m-custom001/size_gib": image, "disk_categories/cloud_efficiency/system_max_gib": most,
        }));
        let expected = if size < image {
            Some("T1.image-size")
        } else {
            unless(size <= most, "T1.category-max")
        };
        let differences = json!({"ImageId": "m-custom001", "SystemDisk.Size": size.to_string()});
        prop_assert_eq!(with_all(&mut fixture, differences), expected);
    }

    #[test]
    fn data_disks(which in 0usize..4, offset in -3i64..4, at_top in any::<bool>()) {
        let (category, least, most) = DISKS[which];
        let size = if at_top { most + offset } else { least + offset };
        let inside = (least..=most).contains(&size);
        let check = if size > 0 { "S6.size-range" } else { "S6.size-integer" };
        let differences = json!({"DataDisk.1.Category": category, "DataDisk.1.Size": size.to_string()});
        prop_assert_eq!(with_all(&mut world(json!({})), differences), unless(inside, check));
    }

    #[test]
    fn local_disks_together(one in 5i64..=800, other in 5i64..=800) {
        let differences = json!({
            "InstanceType": "ecs.s3.large", "SystemDisk.Category": "ephemeral_ssd",
            "DataDisk.1.Category": "ephemeral_ssd", "DataDisk.1.Size": one.to_string(),
            "DataDisk.2.Category": "ephemeral_ssd", "DataDisk.2.Size": other.to_string(),
        });
        prop_assert_eq!(with_all(&mut world(json!({})), differences), unless(one + other <= 1024, "T4.total"));
    }

    #[test]
    fn snapshots_against_size_and_category(snapshot in 1i64..2100, size in 1i64..2100) {
        let mut fixture = world(json!({"snapshots/s-data100/size_gib": snapshot}));
        let expected = if (5..=2000).contains(&snapshot) {
            unless(size >= snapshot, "T4.size")
        } else {
            Some("T4.capacity")
        };
        let differences = json!({"DataDisk.1.SnapshotId": "s-data100", "DataDisk.1.Size": size.to_string()});
        prop_assert_eq!(with_all(&mut fixture, differences), expected);
    }

    #[test]
    fn data_disk_and_tag_indices(index in 0u32..30, count in 0u32..22) {
        let mut fixture = world(json!({}));
        let inside = (1..=16).contains(&index);
        prop_assert_eq!(with(&mut fixture, &format!("DataDisk.{index}.Size"), 20), unless(inside, "S6.index"));
        let inside = (1..=20).contains(&index);
        prop_assert_eq!(with(&mut fixture, &format!("Tag.{index}.Key"), "k"), unless(inside, "S10.key"));
        let tags: Vec<(String, Value)> = (1..=count).map(|n| (format!("Tag.{n}.Key"), json!(format!("k{n}")))).collect();
        let tags = Value::Object(tags.into_iter().collect());
        prop_assert_eq!(with_all(&mut fixture, tags), unless(count <= 20, "S10.key"));
    }

    #[test]
    fn type_limits_on_disks(count in 0u32..=16, most in 0u32..=16) {
        let mut fixture = world(json!({"instance_types/ecs.g5.large/max_data_disks": most}));
        let disks = (1..=count).map(|n| (format!("DataDisk.{n}.Size"), json!("20"))).collect();
        prop_assert_eq!(with_all(&mut fixture, Value::Object(disks)), unless(count <= most, "T3.count"));
    }

    #[test]
    fn bandwidths(value in -3i64..250, cap in 0i64..120, account in 0i64..120) {
        let mut fixture = world(json!({
            "instance_types/ecs.g5.large/max_bandwidth_out": cap, "account/max_bandwidth_out": account,
        }));
        let expected = if !(0..=100).contains(&value) {
            Some("S3.out")
        } else if value > cap {
            Some("N7.type-cap")
        } else {
            unless(value <= account, "N7.account-cap")
        };
        prop_assert_eq!(with(&mut fixture, "InternetMaxBandwidthOut", value), expected);
        let expected = unless((1..=200).contains(&value), "S3.in");
        prop_assert_eq!(with(&mut fixture, "InternetMaxBandwidthIn", value), expected);
    }

    #[test]
    fn private_addresses(prefix in 20u8..=29, offset in 0u32..5000) {
        let base = u32::from(std::net::Ipv4Addr::new(172, 16, 0, 0));
        let size = 1u32 << (32 - prefix);
        let mut fixture = world(json!({
            "vswitches/vsw-hz-g1/cidr": format!("172.16.0.0/{prefix}"), "vswitches/vsw-hz-g1/used_ips": {},
            "vswitches/vsw-hz-g1/free_ips": null,
        }));
        let expected = if offset >= size {
            Some("N8.outside")
        } else {
            unless(offset != 0 && offset < size - 3, "N8.reserved")
        };
        let address = std::net::Ipv4Addr::from(base + offset);
        prop_assert_eq!(with(&mut fixture, "PrivateIpAddress", address), expected);
    }

    #[test]
    fn price_limits(whole in 0u32..3, decimals in "[0-9]{0,5}", market in 0u32..3000) {
        let mut fixture = world(json!({"spot_market/cn-hangzhou-g/ecs.g5.large": f64::from(market) / 1000.0}));
        let text = if decimals.is_empty() { whole.to_string() } else { format!("{whole}.{decimals}") };
        let milli = format!("{decimals:0<3}").parse::<u64>().ok().filter(|_| decimals.len() <= 3);
        let milli = milli.map(|decimals| u64::from(whole) * 1000 + decimals).filter(|milli| *milli > 0);
        let expected = match milli {
            None => Some("S9.price-limit"),
            Some(milli) => unless(milli >= u64::from(market), "O1.market-price"),
        };
        let differences = json!({"SpotStrategy": "SpotWithPriceLimit", "ZoneId": "cn-hangzhou-g", "SpotPriceLimit": text});
        prop_assert_eq!(with_all(&mut fixture, differences), expected);
    }

    #[test]
    fn spot_hours(hours in -2i64..9, most in 0i64..=6) {
        let mut fixture = world(json!({"account/spot_max_duration": most}));
        let expected = if (0..=6).contains(&hours) {
            unless(hours <= most, "O1.parameter")
        } else {
            Some("S9.duration")
        };
        let differences = json!({"SpotStrategy": "SpotAsPriceGo", "ZoneId": "cn-hangzhou-g", "SpotDuration": hours.to_string()});
        prop_assert_eq!(with_all(&mut fixture, differences), expected);
    }

    #[test]
    fn user_data(bytes in 16_000usize..17_000) {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(vec![b'a'; bytes]);
        let expected = unless(bytes <= 16_384, "S7.user-data-size");
        prop_assert_eq!(with(&mut world(json!({})), "UserData", text), expected);
    }

    #[test]
    fn quotas(used in 0u64..5, limit in 0u64..5, disks in 0u32..4) {
        let params: Value = Value::Object((1..=disks).map(|n| (format!("DataDisk.{n}.Size"), json!("20"))).collect());
        let quota = json!({"used": used, "limit": limit});
        for (path, needed, check) in [
            ("account/postpaid_instances", 1, "Q1.postpaid-account"),
            ("account/postpaid_instances_by_region/cn-hangzhou", 1, "Q1.postpaid-region"),
            ("vpcs/vpc-hz1/instances", 1, "Q1.vpc"),
            ("account/postpaid_disks", 1 + u64::from(disks), "Q2.postpaid-disks"),
            ("account/portable_disks", u64::from(disks), "Q2.portable-disks"),
        ] {
            let mut fixture = world(json!({path: quota}));
            let fits = used + needed <= limit || needed == 0;
            prop_assert_eq!(with_all(&mut fixture, params.clone()), unless(fits, check), "{}", path);
        }
    }

    #[test]
    fn disk_pools(free in 0u64..300, system in 20u64..=100, data in 20u64..=100) {
        let mut fixture = world(json!({"zones/cn-hangzhou-g/disk_pool_free_gib": {"cloud_efficiency": free}}));
        let differences = json!({
            "SystemDisk.Size": system.to_string(), "DataDisk.1.Category": "cloud_efficiency",
            "DataDisk.1.Size": data.to_string(), "DataDisk.2.Size": "2000",
        });
        prop_assert_eq!(with_all(&mut fixture, differences), unless(system + data <= free, "K1.disk-pool"));
    }

    #[test]
    fn funds(balance in 0i64..300, credit in 0i64..200, frozen in 0i64..200, coupons in 0i64..200) {
        let mut fixture = world(json!({
            "account/balance": balance, "account/credit_line": credit, "account/frozen": frozen,
            "account/coupons": coupons,
        }));
        let expected = if balance + credit < 100 - coupons {
            Some("B1.pay-method")
        } else {
            unless(balance + credit - frozen >= 100 - coupons, "B1.frozen")
        };
        let differences = json!({"InstanceChargeType": "PrePaid", "Period": "1"});
        prop_assert_eq!(with_all(&mut fixture, differences), expected);
    }
}
