use super::*;
use crate::model::{Generation, IoOptimized};

#[test]
fn the_shipped_tables_are_whole() {
    let catalog = Catalog::build(&Files::shipped()).expect("the shipped tables are sound");
    assert_eq!(catalog.types.len(), 658);
    assert_eq!(catalog.host_types.len(), 18);
    assert_eq!(catalog.disks.len(), 12);
    assert_eq!(catalog.images.len(), 36);
    assert_eq!(catalog.regions.len(), 24);
    assert_eq!(catalog.zones.len(), 76);
    assert_eq!(catalog.families.len(), 138);
    assert_eq!(catalog.families.iter().map(|family| family.types.len()).sum::<usize>(), 658);
    assert_eq!(catalog.types.iter().filter(|row| row.in_2019).count(), 293);
    assert_eq!(catalog.types.iter().filter(|row| row.preview).count(), 109);
}

#[test]
fn rows_are_found_by_name() {
    let catalog = Catalog::shipped();
    let large = catalog.type_named("ecs.g5.large").expect("ecs.g5.large");
    assert_eq!((large.cpu_milli, large.memory_mib), (2000, 8192));
    assert_eq!(catalog.type_named("ecs.t5-lc2m1.nano").map(|row| row.memory_mib), Some(512));
    let share = catalog.type_named("ecs.vgn5i-m1.large").and_then(|row| row.gpu.as_ref());
    assert_eq!(share.map(|gpu| (gpu.milli, gpu.model.as_str())), Some((125, "NVIDIA P4")));
    let host = catalog.host_type_named("ddh.i2").expect("ddh.i2");
    assert_eq!((host.vcpus, host.memory_mib, host.sockets), (80, 640 * 1024, 2));
    assert_eq!(host.local_disks.as_ref().map(|disks| disks.count), Some(10));
    assert_eq!(
        catalog.host_type_named("ddh.c6s").map(|h| (h.overcommit_range, h.overcommit_default)),
        Some((Some((1, 5)), Some(2)))
    );
    assert_eq!(
        catalog.zone_named("ap-southeast-1a").map(|zone| zone.region.as_str()),
        Some("ap-southeast-1")
    );
    assert_eq!(catalog.region_named("cn-hangzhou").map(|region| region.mainland_china), Some(true));
    let image = catalog.image_named("freebsd_11_02_64_30G_alibase_20190806.vhd");
    assert_eq!(image.map(|image| (image.size_gib, image.cloud_init)), Some((30, false)));
    assert!(catalog.types_of("ecs.g5").any(|row| row.name == "ecs.g5.16xlarge"));
    assert_eq!(catalog.types_of("ecs.none").count(), 0);
    assert_eq!(catalog.disk_rows("cloud_essd").count(), 4);
    let pl3 = catalog.disk("cloud_essd", Some("PL3")).expect("PL3");
    assert_eq!((pl3.system_gib, pl3.data_gib), (None, Some((1261, 32768))));
    assert_eq!(pl3.iops, Some((1800, 50_000, 1_000_000)));
    assert_eq!(catalog.zones_of("cn-hangzhou").count(), 9);
}

#[test]
fn burstable_types_are_offered_as_documented() {
    let catalog = Catalog::shipped();
    let burstable: Vec<_> = catalog.types.iter().filter(|row| row.category == "burstable").collect();
    assert!(burstable.len() >= 15, "{}", burstable.len());
    for row in burstable {
        // BURST-30: the gate leaves the classic network to retired types (`world::from_catalog`).
        assert_ne!(row.generation, Generation::Retired, "{}", row.name);
        // BURST-32: on no dedicated host and in no deployment set; spot is tested with the market.
        assert!(catalog.host_types.iter().all(|host| !host.families.contains(&row.family)), "{}", row.name);
        assert!(!crate::operations::sets::FAMILIES.contains(&row.family.as_str()), "{}", row.name);
        // BURST-2: baseline x 60 x vCPUs; BURST-34: t6 takes ESSDs too.
        let (baseline, earned) =
            (row.baseline_cpu_percent.expect("a baseline"), row.cpu_credits_per_hour.expect("credits"));
        assert_eq!(baseline * 60 * row.cpu_milli / 100_000, earned, "{}", row.name);
        match row.family.as_str() {
            "ecs.t6" => {
                assert_eq!(row.disk_categories, ["cloud_efficiency", "cloud_ssd", "cloud_essd"])
            }
            _ => assert_eq!(row.disk_categories, ["cloud_efficiency", "cloud_ssd"], "{}", row.name),
        }
        // BURST-31: half a GiB and no more.
        let small = ["ecs.t5-lc2m1.nano", "ecs.t6-c4m1.large"].contains(&row.name.as_str());
        assert_eq!(row.memory_mib == 512, small, "{}", row.name);
    }
}

#[test]
fn holes_are_filled_as_the_readme_of_the_data_says() {
    let catalog = Catalog::shipped();
    let t5 = catalog.type_named("ecs.t5-c1m1.large").expect("a t5 type");
    assert_eq!(t5.io_optimized, IoOptimized::Required);
    assert_eq!(t5.disk_categories, ["cloud_efficiency", "cloud_ssd"]);
    assert_eq!(t5.generation_2019, Some(Generation::Current));
    assert!(catalog.types.iter().all(|row| !row.disk_categories.is_empty()));
    let hdd = catalog.disk("local_hdd_pro", None).expect("local_hdd_pro");
    assert_eq!(hdd.throughput_milli, Some((190_000, 0, 190_000)));
    let nvme = catalog.disk("local_ssd_pro", None).expect("local_ssd_pro");
    assert_eq!((nvme.iops, nvme.throughput_milli), (Some((0, 165_000, 240_000)), None));
    assert_eq!(catalog.disk("san_ssd", None).and_then(|disk| disk.data_gib), Some((20, 32768)));
    assert_eq!(catalog.disk("cloud", None).map(|disk| (disk.iops, disk.encryptable)), Some((None, false)));
}

/// Builds with one table damaged: the first occurrence of `from` becomes `to`.
fn damaged(
    pick: for<'a> fn(&'a mut Files<'static>) -> &'a mut &'static str,
    from: &str,
    to: &str,
) -> CatalogError {
    let mut files = Files::shipped();
    let text = pick(&mut files);
    assert!(text.contains(from), "{from}");
    *text = text.replacen(from, to, 1).leak();
    Catalog::build(&files).expect_err(to)
}

#[test]
fn a_damaged_row_is_named_with_file_line_and_column() {
    let check = |error: CatalogError, want: &str| assert_eq!(error.to_string(), want);
    check(
        damaged(
            |f| &mut f.instance_types,
            "ecs.d1.3xlarge,ecs.d1,previous,bigdata,12,48",
            "ecs.d1.3xlarge,ecs.d1,previous,bigdata,twelve,48",
        ),
        "data/instance_types.csv:3: column 5 (vcpu): expected a whole number, found `twelve`",
    );
    check(
        damaged(|f| &mut f.instance_types, "ecs.d1,previous,bigdata,8,32", "ecs.d1,previous,bigdata,8,"),
        "data/instance_types.csv:2: column 6 (memory_gib): expected a size in GiB that is a whole number of MiB above 0, found an empty cell",
    );
    check(
        damaged(|f| &mut f.instance_types, "ecs.d1.4xlarge,ecs.d1,previous", "ecs.d1.4xlarge,ecs.d1,old"),
        "data/instance_types.csv:4: column 3 (generation): expected one of `current`, `previous`, `retired`, found `old`",
    );
    check(
        damaged(
            |f| &mut f.instance_types,
            "4,10,required,cloud_efficiency;cloud_ssd",
            "4,10,required,cloud_fast",
        ),
        "data/instance_types.csv:2: column 17 (disk_categories): `cloud_fast` is no disk category of data/disk_categories.csv",
    );
    check(
        damaged(|f| &mut f.instance_types, "ecs.d1.3xlarge,ecs.d1,previous", "ecs.d1.3xlarge,ecs.d1"),
        "data/instance_types.csv:3: column 0 (*): 18 cells where the header has 19",
    );
    check(
        damaged(|f| &mut f.instance_types, "vcpu,memory_gib", "vcpus,memory_gib"),
        "data/instance_types.csv:1: column 5 (vcpus): the header must say `vcpu` here",
    );
    check(
        damaged(|f| &mut f.instance_type_sources, "ecs.d1.3xlarge,yes", "ecs.d1.9xlarge,yes"),
        "data/instance_types_sources.csv:3: column 1 (instance_type): expected `ecs.d1.3xlarge`, as in instance_types.csv, found `ecs.d1.9xlarge`",
    );
    check(
        damaged(|f| &mut f.dedicated_host_types, "640,17880,10", "640,17880,9"),
        "data/dedicated_host_types.csv:8: column 9 (local_storage_gib): expected 16092, the sum of the disks, found `17880`",
    );
    check(
        damaged(|f| &mut f.disk_categories, "yes,40,500", "yes,600,500"),
        "data/disk_categories.csv:2: column 6 (system_min_gib): the sizes 600 to 500 GiB are no range",
    );
    check(
        damaged(|f| &mut f.images, "2019-06-19", "2019-06-31"),
        "data/images.csv:3: column 10 (release_date): expected a date such as 2019-08-16, found `2019-06-31`",
    );
    check(
        damaged(|f| &mut f.regions, "Qingdao,yes", "Qingdao,perhaps"),
        "data/regions.csv:2: column 5 (mainland_china): expected `yes` or `no`, found `perhaps`",
    );
    check(
        damaged(|f| &mut f.zones, "cn-qingdao-c,cn-qingdao", "cn-qingdao-c,cn-nowhere"),
        "data/zones.csv:3: column 2 (region_id): expected a region of data/regions.csv, found `cn-nowhere`",
    );
    check(
        damaged(|f| &mut f.zones, "cn-qingdao-c,", "cn-qingdao-b,"),
        "data/zones.csv:3: column 1 (zone_id): `cn-qingdao-b` is on line 2 already",
    );
}
