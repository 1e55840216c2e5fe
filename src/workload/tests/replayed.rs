use super::*;
use std::path::PathBuf;

fn azure() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/traces/azure-v1-2017/v1.dev.txt.zst")
}

fn trace(format: &str, rest: &str) -> String {
    format!("[[workloads]]\nname = \"t\"\ntrace = {{ format = \"{format}\" {rest} }}\n")
}

fn given<'a>(path: &'a Path, duration: SimDuration) -> Setting<'a> {
    Setting { trace: Some(path), ..setting(1, duration) }
}

fn error(text: &str, setting: &Setting<'_>) -> String {
    match Workload::new(&specs(text), setting) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_azure_window_is_replayed_as_it_was() {
    let path = azure();
    let mut workload =
        Workload::new(&specs(&trace("azure-v1-2017", "")), &given(&path, SimDuration::FOREVER))
            .expect("a sound trace");
    let types: Vec<&str> = workload.required_types().iter().map(|row| row.name.as_str()).collect();
    assert_eq!(types.len(), 16);
    assert_eq!(&types[..2], ["ecs.trace.1c-768m", "ecs.trace.1c-1792m"]);
    assert!(workload.progress() < 1e-4);
    let first = workload.next().expect("sound").expect("an arrival");
    // Flavour m (8 vCPU, 14 GiB), bin 1: 300 seconds.
    assert_eq!((first.at, first.end), (SimTime(0), End::At(SimTime(300_000_000))));
    let template = &workload.templates()[first.template as usize];
    assert_eq!(param(template, "InstanceType"), Some("ecs.trace.8c-14g"));
    assert!(template.needs_vswitch && template.region == "cn-hangzhou");
    let (mut count, mut last) = (1u64, first);
    while let Some(arrival) = workload.next().expect("sound") {
        assert!(arrival.at >= last.at);
        (count, last) = (count + 1, arrival);
    }
    assert_eq!((count, last.at), (259_159, SimTime(299_700_000_000)));
    assert_eq!(workload.progress(), 1.0);
}

#[test]
fn a_replay_ends_with_the_run_and_can_begin_later() {
    let path = azure();
    let of = |text: &str, secs| {
        let setting = given(&path, SimDuration::from_secs(secs));
        all(Workload::new(&specs(text), &setting).expect("a sound trace")).0
    };
    let hour = of(&trace("azure-v1-2017", ""), 3_600);
    assert!(hour.iter().all(|arrival| arrival.at.0 < 3_600_000_000));
    let later = of(&trace("azure-v1-2017", ", origin = \"1801800s\""), 1_800);
    let second_half: Vec<u64> =
        hour.iter().map(|arrival| arrival.at.0).filter(|at| *at >= 1_800_000_000).collect();
    assert_eq!(later.iter().map(|arrival| arrival.at.0 + 1_800_000_000).collect::<Vec<_>>(), second_half);
}

#[test]
fn a_batch_comes_from_one_account() {
    let path = azure();
    let setting = given(&path, SimDuration::from_secs(300));
    let (arrivals, templates) =
        all(Workload::new(&specs(&trace("azure-v1-2017", "")), &setting).expect("sound"));
    let account = |place: usize| templates[arrivals[place].template as usize].account;
    // The window begins with batches of 1, 1 and 15 VMs.
    assert!((3..17).all(|place| account(place) == account(2)));
    let accounts: std::collections::BTreeSet<AccountIx> = (0..arrivals.len()).map(account).collect();
    assert_eq!(accounts.len(), 2);
}

#[test]
fn rows_of_our_csv_name_types_zones_and_accounts() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let rows = "at,type,vcpus,memory,lifetime,zone,account\n\
                10,ecs.g5.large,,,60,us-west-1a,lab\n\
                11,,0.5,1.5,,,main\n";
    std::fs::write(dir.path().join("t.csv"), rows).expect("written");
    let setting = Setting { folder: dir.path(), ..setting(1, DAY) };
    let made = Workload::new(&specs(&trace("packyard-csv", ", path = \"t.csv\"")), &setting).expect("sound");
    assert_eq!(
        made.required_types().iter().map(|row| row.name.as_str()).collect::<Vec<_>>(),
        ["ecs.trace.500mc-1536m"]
    );
    let (arrivals, templates) = all(made);
    assert_eq!((arrivals[0].at, arrivals[0].end), (SimTime(0), End::At(SimTime(60_000_000))));
    assert_eq!((arrivals[1].at, arrivals[1].end), (SimTime(1_000_000), End::Never));
    let first = &templates[arrivals[0].template as usize];
    assert_eq!(
        (first.region.as_str(), first.zone.as_str(), first.account),
        ("us-west-1", "us-west-1a", AccountIx(1))
    );
    assert_eq!((param(first, "RegionId"), param(first, "ZoneId")), (Some("us-west-1"), Some("us-west-1a")));
    assert_eq!(templates[arrivals[1].template as usize].account, AccountIx(0));

    std::fs::write(dir.path().join("t.csv"), "at,type,zone\n1,a,mars-a\n").expect("written");
    let text = trace("packyard-csv", ", path = \"t.csv\"") + "lifetime = { distribution = \"forever\" }\n";
    assert!(error(&text, &setting).contains("names zone `mars-a`, which the scenario does not have"));
    std::fs::write(dir.path().join("t.csv"), "at,type,account\n1,a,nobody\n").expect("written");
    assert!(error(&text, &setting).contains("names account `nobody`"));
}

#[test]
fn a_trace_without_lifetimes_needs_a_law() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("t.csv");
    std::fs::write(&path, "at,type\n1,a\n2,a\n").expect("written");
    let text = trace("packyard-csv", "");
    assert!(
        error(&text, &given(&path, DAY)).contains("does not say how long instances live: set `lifetime`")
    );
    let text = text + "lifetime = { distribution = \"constant\", value = \"5s\" }\n";
    let (arrivals, _) = all(Workload::new(&specs(&text), &given(&path, DAY)).expect("sound"));
    assert!(arrivals.iter().all(|arrival| arrival.end == End::After(SimDuration::from_secs(5))));
}

#[test]
fn the_file_of_a_trace_must_be_clear() {
    let obtain = trace("huawei-east-1", ", obtain = \"download it from its owners\"");
    let told = error(&obtain, &setting(1, DAY));
    assert!(
        told.contains("name the file with --trace FILE") && told.ends_with("download it from its owners"),
        "{told}"
    );
    let path = azure();
    let given = given(&path, DAY);
    let generated = "[[workloads]]\nname = \"g\"\narrivals = { rate = \"1/h\" }\nmix = [{ type = \"ecs.g5.large\", \
                     lifetime = { distribution = \"forever\" } }]\n";
    assert!(error(generated, &given).contains("no workload of the scenario replays a trace"));
    let two = obtain.clone() + &obtain.replace("\"t\"", "\"u\"");
    assert!(error(&two, &given).contains("several workloads of the scenario need one"));
    let named = trace("azure-v1-2017", ", path = \"a\"")
        + &trace("azure-v1-2017", ", path = \"b\"").replace("\"t\"", "\"u\"");
    assert!(error(&named, &given).contains("names its own"));
    // One that is named in the scenario gives way to the command line.
    let replaced = trace("azure-v1-2017", ", path = \"nowhere\"");
    assert!(error(&replaced, &setting(1, DAY)).contains("cannot open trace ./nowhere"));
    assert!(Workload::new(&specs(&replaced), &given).is_ok());
}

#[test]
fn damage_is_found_before_the_run() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("t.csv");
    std::fs::write(&path, "at,type,lifetime\n1,a,5\n2,a,x\n").expect("written");
    let told = error(&trace("packyard-csv", ""), &given(&path, SimDuration::from_secs(1)));
    assert!(told.contains("t.csv:3: column `lifetime`") && told.ends_with("the line: 2,a,x"), "{told}");
}
