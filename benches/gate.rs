//! The gate: valid requests at 1, 10 and 1,000 times as many accounts, groups, images and hosts.
//! `cargo bench --bench gate`; with `--test` tiny, and it prints a hash of the answers, so that "faster because
//! different" shows.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use packyard::api::{Param, Request};
use packyard::catalog::Catalog;
use packyard::model::{AccountIx, HostIx, Utc};
use packyard::placement::{Demand, Fleet, FleetBuilder, HostClass, HostGroup, Owner, Policy};
use packyard::validate;
use packyard::world::{
    AccountFacts, DedicatedHostFacts, ImageFacts, ImageSource, SecurityGroupFacts, SnapshotFacts,
    VSwitchFacts, VpcFacts, World, WorldFacts,
};

const REGION: &str = "cn-hangzhou";
const ZONE: &str = "cn-hangzhou-g";
const NOW: Utc = Utc(1_579_075_200);
/// Accounts at 1x; each has a VPC, a vSwitch, a group, an image, a snapshot and a dedicated host.
const ACCOUNTS: usize = 10;

/// How many times as many: all of them when measuring, the smallest in a test.
fn factors() -> &'static [usize] {
    if std::env::args().any(|arg| arg == "--test") { &[1, 10] } else { &[1, 10, 1_000] }
}

struct Cloud {
    world: World,
    fleet: Fleet,
    accounts: Vec<String>,
}

fn cloud(factor: usize) -> Cloud {
    let mut facts = WorldFacts::default().with_catalog(Catalog::shipped());
    let accounts: Vec<String> = (0..ACCOUNTS * factor).map(|n| format!("{}", 1_000_000_000 + n)).collect();
    let (owner, region) = (|uid: &str| uid.to_owned(), || REGION.to_owned());
    for uid in &accounts {
        facts.accounts.insert(owner(uid), AccountFacts::default());
        let vpc = format!("vpc-{uid}");
        let row = VpcFacts { region: region(), owner: owner(uid), ..VpcFacts::default() };
        facts.vpcs.insert(vpc.clone(), row);
        let row = VSwitchFacts {
            vpc: vpc.clone(),
            region: region(),
            zone: ZONE.to_owned(),
            cidr: "172.16.0.0/20".to_owned(),
            ..VSwitchFacts::default()
        };
        facts.vswitches.insert(format!("vsw-{uid}"), row);
        let row = SecurityGroupFacts {
            region: region(),
            vpc: Some(vpc),
            owner: owner(uid),
            instances: 0,
            limit: None,
        };
        facts.security_groups.insert(format!("sg-{uid}"), row);
        let row = ImageFacts {
            source: ImageSource::Custom,
            owner: Some(owner(uid)),
            region: Some(region()),
            ..ImageFacts::default()
        };
        facts.images.insert(format!("m-{uid}"), row);
        let row = SnapshotFacts { owner: owner(uid), region: region(), ..SnapshotFacts::default() };
        facts.snapshots.insert(format!("s-{uid}"), row);
        let row = DedicatedHostFacts {
            owner: owner(uid),
            region: region(),
            zone: ZONE.to_owned(),
            supported_families: vec!["ecs.g5".to_owned()],
            ..DedicatedHostFacts::default()
        };
        facts.dedicated_hosts.insert(format!("dh-{uid}"), row);
    }
    let mut world = World::new(facts).expect("a world");
    let zone = world.zone_named(ZONE).expect("a zone of the catalog");
    let mut fleet = FleetBuilder::new(Policy::named("best-fit").expect("a policy"), 0);
    let shared = fleet.class(HostClass::plain("shared", 64_000, 262_144));
    fleet.hosts(HostGroup::new(zone, shared, (ACCOUNTS * factor) as u32));
    let own = fleet.class(HostClass { dedicated: true, ..HostClass::plain("own", 64_000, 262_144) });
    for (at, uid) in accounts.iter().enumerate() {
        let account = world.account_named(uid).expect("an account");
        let group = HostGroup { owner: Owner::Account(account.0), ..HostGroup::new(zone, own, 1) };
        let host = fleet.hosts(group).start;
        assert!(world.bind_dedicated_host(&format!("dh-{uid}"), HostIx(host)), "host {at}");
    }
    let large = world.type_named("ecs.g5.large").expect("a type of the catalog");
    world.bind_type(large, fleet.demand(Demand::plain(2_000, 8_192)));
    Cloud { world, fleet: fleet.build().expect("a fleet"), accounts }
}

/// What is asked for.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Full,
    OnHost,
}

const KINDS: [(&str, Kind); 3] = [("plain", Kind::Plain), ("full", Kind::Full), ("on-host", Kind::OnHost)];

/// Requests of accounts spread over the whole world.
fn requests(cloud: &Cloud, kind: Kind) -> Vec<(AccountIx, Request)> {
    let step = (cloud.accounts.len() / 64).max(1);
    let of = |uid: &String| {
        let image = format!("m-{uid}");
        let mut request = Request::new(REGION, &image, "ecs.g5.large");
        request
            .set(Param::VSwitchId, &format!("vsw-{uid}"))
            .set(Param::SecurityGroupId, &format!("sg-{uid}"));
        match kind {
            Kind::Plain => {}
            Kind::Full => {
                request.set(Param::InstanceName, "web-server-01").set(Param::HostName, "web-01.example.com");
                request.set(Param::Password, "EcsV587!x").set(Param::ZoneId, ZONE);
                request.set(Param::Description, "one of many").set(Param::InternetMaxBandwidthOut, "20");
                request.set(Param::SystemDiskCategory, "cloud_ssd").set(Param::SystemDiskSize, "100");
                request.set(Param::InstanceChargeType, "PrePaid").set(Param::Period, "1");
                for disk in ["1", "2", "3"] {
                    request.set_named(&format!("DataDisk.{disk}.Category"), "cloud_ssd");
                    request.set_named(&format!("DataDisk.{disk}.Size"), "200");
                }
                request.set_named("DataDisk.4.Category", "cloud_ssd");
                request.set_named("DataDisk.4.SnapshotId", &format!("s-{uid}"));
                request.set_tag(1, "team", "web").set_tag(2, "stage", "production");
            }
            Kind::OnHost => {
                request.set(Param::Tenancy, "host");
            }
        }
        (cloud.world.account_named(uid).expect("an account"), request)
    };
    cloud.accounts.iter().step_by(step).map(of).collect()
}

fn hash(cloud: &Cloud, requests: &[(AccountIx, Request)]) -> String {
    let mut hash = blake3::Hasher::new();
    for (account, request) in requests {
        let answer = validate::would_create(request, &cloud.world, &cloud.fleet, *account, NOW);
        let shown = answer.map(|values| values.to_json(request, &cloud.world, "i-1").to_string());
        hash.update(shown.unwrap_or_else(|reject| panic!("a valid request is refused: {reject}")).as_bytes());
    }
    hash.finalize().to_hex()[..16].to_owned()
}

fn gate(bench: &mut Criterion) {
    for &factor in factors() {
        let mut cloud = cloud(factor);
        for (name, kind) in KINDS {
            let requests = requests(&cloud, kind);
            println!("{name} at {factor}x: hash {}", hash(&cloud, &requests));
            let mut turn = requests.iter().cycle();
            bench.bench_function(&format!("admit/{name}/{factor}x"), |bench| {
                bench.iter(|| {
                    let (account, request) = turn.next().expect("an endless cycle");
                    black_box(validate::admit(black_box(request), &cloud.world, *account, NOW).is_ok())
                });
            });
            let mut turn = requests.iter().cycle();
            bench.bench_function(&format!("create and release/{name}/{factor}x"), |bench| {
                bench.iter(|| {
                    let (account, request) = turn.next().expect("an endless cycle");
                    let created = validate::create(request, &mut cloud.world, &cloud.fleet, *account, NOW)
                        .expect("room");
                    cloud.fleet.release(created.claim);
                    cloud.world.give_back(created.holdings);
                });
            });
        }
    }
}

criterion_group!(benches, gate);
criterion_main!(benches);
