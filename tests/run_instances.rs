//! RunInstances: several instances in one call, and their names.

use packyard::model::AccountIx;
use packyard::operations::Params;
use packyard::operations::names::Names;
use packyard::operations::run_instances::{self, Launched, Refused};
use packyard::validate::conformance::Defaults;
use packyard::validate::fixture::{self, Fixture};
use serde_json::{Map, Value, json};

/// The default world of the conformance cases with differences.
fn cloud(differences: &Value) -> Fixture {
    let mut world = Defaults::shipped().expect("defaults").world().clone();
    fixture::apply(&mut world, differences.as_object().expect("differences")).expect("paths");
    fixture::build(fixture::facts(world).expect("facts")).expect("a world")
}

/// The default request as a RunInstances call, with these parameters more.
fn send(cloud: &mut Fixture, more: &[(&str, &str)]) -> Result<Vec<Launched>, Refused> {
    let base = Defaults::shipped().expect("defaults").params(&Map::new());
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut pairs: Vec<(String, String)> =
        base.iter().map(|(name, value)| (name.clone(), text(value))).collect();
    pairs.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    pairs.push(("Action".to_owned(), "RunInstances".to_owned()));
    run_instances::run(&Params::new(pairs), &mut cloud.world, &cloud.fleet, AccountIx(0), cloud.now)
}

/// Status and code of the answer.
fn answer(more: &[(&str, &str)]) -> (u16, &'static str) {
    match send(&mut cloud(&json!({})), more) {
        Ok(_) => (200, ""),
        Err(Refused::Call(refusal)) => (refusal.status, refusal.code),
        Err(Refused::Gate(reject)) => (reject.status, reject.code),
    }
}

fn names(text: &str, unique: bool, count: u32) -> Vec<String> {
    let names = Names::read(text, unique);
    (0..count).map(|nth| names.nth(nth)).collect()
}

#[test]
fn names_in_a_sequence() {
    // NAME-30 to NAME-33, RUN-B4
    for (text, expected) in [
        ("web[]", ["web000000", "web000001"]),
        ("web[,]", ["web000000", "web000001"]),
        ("web[99]", ["web000099", "web000100"]),
        ("web[99,]", ["web000099", "web000100"]),
        ("web[,2]", ["web00", "web01"]),
        ("web[8,2]-a", ["web08-a", "web09-a"]),
        ("web[99,1]", ["web000099", "web000100"]),
        ("web[9,1]", ["web9", "web10"]),
        ("web[999999]", ["web999999", "web999999"]),
        // No prefix, blanks, too many digits: ordinary names.
        ("[1,2]", ["[1,2]", "[1,2]"]),
        ("web[1, 2]", ["web[1, 2]", "web[1, 2]"]),
        ("web[1,7]", ["web[1,7]", "web[1,7]"]),
        ("web[1000000]", ["web[1000000]", "web[1000000]"]),
        ("web", ["web", "web"]),
    ] {
        assert_eq!(names(text, false, 2), expected, "{text}");
    }
    assert_eq!(names("web[999998]", false, 4)[1..], ["web999999", "web999999", "web999999"]);
}

#[test]
fn unique_suffixes_count_from_one() {
    // NAME-34, RUN-B5, RUN-P12
    assert_eq!(names("web", true, 2), ["web001", "web002"]);
    assert_eq!(names("web", true, 100)[99], "web100");
    assert_eq!(names("k8s-[0,6]-host", true, 2), ["k8s-000000-host001", "k8s-000001-host002"]);
    assert_eq!(names("k8s-[0,6]", true, 2), ["k8s-000000", "k8s-000001"], "ignored");
}

#[test]
fn a_call_makes_all_or_enough_or_none() {
    // RUN-B1, RUN-P38, RUN-P39, QUO-4
    let four = json!({"zones/cn-hangzhou-g/stock": {"ecs.g5.large": 4}});
    let made = |more: &[(&str, &str)]| send(&mut cloud(&four), more).map(|made| made.len());
    assert_eq!(made(&[]).ok(), Some(1));
    assert_eq!(made(&[("Amount", "4")]).ok(), Some(4));
    assert_eq!(made(&[("Amount", "6"), ("MinAmount", "3")]).ok(), Some(4), "what there is");
    for least in ["5", "6"] {
        let Err(Refused::Gate(reject)) = made(&[("Amount", "6"), ("MinAmount", least)]) else {
            panic!("{least}")
        };
        assert_eq!((reject.status, reject.code), (403, "OperationDenied.NoStock"));
    }
    // Without MinAmount all are wanted; what was made is given back, and can be had by the next call.
    let mut world = cloud(&four);
    assert!(send(&mut world, &[("Amount", "5")]).is_err());
    let again = send(&mut world, &[("Amount", "4")]).expect("all four are free again");
    let mut ids: Vec<String> = again.iter().map(|one| one.created.instance_id()).collect();
    ids.dedup();
    assert_eq!(ids.len(), 4);
    // The quota counts each: three are used, twenty may be.
    assert_eq!(answer(&[("Amount", "17")]), (200, ""));
    assert_eq!(answer(&[("Amount", "18")]), (400, "QuotaExceed.AfterpayInstance"));
}

#[test]
fn what_is_wrong_with_a_call() {
    // RUN-P10, RUN-P11, RUN-P12, RUN-P38, RUN-P39, RUN-P55, RUN-E009, RUN-E010, RUN-E081 to RUN-E083, RUN-E202,
    // NAME-30, NAME-35, QUO-4, VPC-25, RUN-B6
    let long = format!("a{}", "b".repeat(122));
    let longer = format!("{long}c[]");
    let (host, hosts) = ("h".repeat(61), "h".repeat(62));
    for (more, expected) in [
        (&[("Amount", "0")][..], (400, "InvalidMaxAmount.Malformed")),
        (&[("Amount", "101")], (400, "InvalidMaxAmount.Malformed")),
        (&[("MinAmount", "0")], (400, "InvalidMinAmount.Malformed")),
        (&[("Amount", "2"), ("MinAmount", "3")], (400, "InvalidMinAmount.Malformed")),
        (&[("UniqueSuffix", "yes")], (400, "InvalidParameter")),
        (&[("Amount", "2"), ("PrivateIpAddress", "172.16.236.50")], (403, "InvalidParam.Amount")),
        (&[("Amount", "1"), ("PrivateIpAddress", "172.16.236.50")], (200, "")),
        // Periods are allowed here; 122 characters and six digits are 128.
        (&[("InstanceName", "web.1")], (200, "")),
        (&[("InstanceName", ".web")], (400, "InvalidInstanceName.Malformed")),
        (&[("InstanceName", "web[1, 2]")], (400, "InvalidInstanceName.Malformed")),
        (&[("InstanceName", &longer)], (403, "InvalidParams.InstanceNameExceed")),
        (&[("InstanceName", &long), ("UniqueSuffix", "true")], (200, "")),
        (&[("HostName", &host), ("UniqueSuffix", "true")], (200, "")),
        (&[("HostName", &hosts), ("UniqueSuffix", "true")], (403, "InvalidParams.HostnameExceed")),
        (&[("HostName", "a..b")], (400, "InvalidHostName.Malformed")),
        (&[("AutoReleaseTime", "2020-01-15T08:10:00Z")], (400, "InvalidAutoReleaseTime.Malformed")),
        (&[("AutoReleaseTime", "2020-01-15T09:00:00Z")], (200, "")),
        (&[("DryRun", "true"), ("Amount", "2")], (400, "DryRunOperation")),
        // The rest is the gate's.
        (&[("ImageId", "m-nosuch"), ("Amount", "2")], (404, "InvalidImageId.NotFound")),
    ] {
        assert_eq!(answer(more), expected, "{more:?}");
    }
    let prepaid =
        [("InstanceChargeType", "PrePaid"), ("Period", "1"), ("AutoReleaseTime", "2020-01-15T09:00:00Z")];
    assert_eq!(answer(&prepaid), (403, "ChargeTypeViolation"));
}

#[test]
fn bandwidth_brings_a_public_address_and_each_has_its_name() {
    // RUN-B2, RUN-P09, RUN-P10, VPC-30
    let calls = [("Amount", "2"), ("InternetMaxBandwidthOut", "5"), ("InstanceName", "web.[7,3]")];
    let made = send(&mut cloud(&json!({})), &calls).expect("both");
    assert!(made.iter().all(|one| one.public_address));
    assert_eq!(made.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["web.007", "web.008"]);
    let plain = send(&mut cloud(&json!({})), &[]).expect("one");
    assert!(!plain[0].public_address);
    assert_eq!(plain[0].name, plain[0].created.instance_id(), "the id, when none is given");
}

#[test]
fn the_command_prints_what_the_api_would_answer() {
    // RUN-S1, RPC-43: a list of strings within its name
    let packyard = |more: &[&str]| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"));
        command.args([
            "run-instances",
            "--default-world",
            "RegionId=cn-hangzhou",
            "InstanceType=ecs.g5.large",
        ]);
        command.args(["ImageId=m-custom001", "SecurityGroupId=sg-hz1", "VSwitchId=vsw-hz-g1"]);
        let out = command.args(more).output().expect("the binary starts");
        let line: Value = serde_json::from_slice(&out.stdout).unwrap_or(Value::Null);
        (out.status.code(), line)
    };
    let (code, line) = packyard(&["Amount=2", "InstanceName=web-[1,2]", "InternetMaxBandwidthOut=5"]);
    assert_eq!((code, line["status"].as_u64()), (Some(0), Some(200)));
    let ids = line["answer"]["InstanceIdSets"]["InstanceIdSet"].as_array().expect("a list").clone();
    assert!(ids.len() == 2 && ids[0] != ids[1] && line["answer"]["RequestId"].is_string(), "{line}");
    for (at, name) in ["web-01", "web-02"].iter().enumerate() {
        let shown = &line["instances"][at];
        let expected = json!({"id": ids[at], "name": name, "zone": "cn-hangzhou-g", "public_address": true});
        assert_eq!(*shown, expected);
    }
    let (code, line) = packyard(&["Amount=101"]);
    assert_eq!((code, &line["answer"]["Code"]), (Some(1), &json!("InvalidMaxAmount.Malformed")));
    let (code, line) = packyard(&["DryRun=true"]);
    assert_eq!((code, &line["answer"]["Code"]), (Some(0), &json!("DryRunOperation")));
    assert_eq!(packyard(&["Amount"]).0, Some(2), "not Key=Value");
}
