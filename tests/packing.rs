//! Published packing results on shipped data, to the last pod and host (`docs/packing.md`).

use std::path::PathBuf;

use packyard::packing::{azure, huawei, openb};
use packyard::placement::Policy;

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/traces").join(name)
}

/// Points of a list's published curves that differ, by policy and seed: (policy, seed, points off, largest distance).
fn openb_differences(list: &str) -> Vec<(&'static str, u64, usize, u32)> {
    let nodes = openb::read_nodes(&data("openb/openb_node_list_gpu_node.csv.zst")).unwrap();
    let pods = openb::read_pods(&data(&format!("openb/openb_pod_list_{list}.csv.zst"))).unwrap();
    let path = data(&format!("openb/orders/openb_orders_{list}.txt.zst"));
    let orders = openb::read_orders(&path, &pods, &nodes).unwrap();
    let expected = openb::Expected::read(&data("openb/expected_gpu_allocation_percent.csv.zst")).unwrap();
    let policies = openb::Policies::of(&pods);
    assert_eq!(orders.len(), 10);
    let mut differences = Vec::new();
    for name in ["gpu-best-fit", "fgd"] {
        let policy = policies.named(name).unwrap();
        for order in &orders {
            let outcome = openb::run(&nodes, &pods, Some(order), policy.clone()).unwrap();
            let published = expected.curve(&format!("openb_pod_list_{list}"), name, order.seed).unwrap();
            let (points, off, most) = openb::Expected::compare(&outcome.curve, published);
            assert_eq!(points, 131);
            if off > 0 {
                differences.push((name, order.seed, off, most));
            }
        }
    }
    differences
}

#[test]
fn openb_default_is_the_published_one_at_every_point() {
    assert_eq!(openb_differences("default"), []);
}

#[test]
fn openb_multigpu50_is_the_published_one_at_every_point() {
    assert_eq!(openb_differences("multigpu50"), []);
}

#[test]
fn openb_gpushare60_is_the_published_one_at_every_point() {
    assert_eq!(openb_differences("gpushare60"), []);
}

#[test]
fn openb_cpu200_is_the_published_one_at_every_point() {
    assert_eq!(openb_differences("cpu200"), []);
}

/// Mean of the ten seeds when all has arrived, in hundredths of a percent of the GPUs.
fn openb_end(list: &str, policy: &str) -> f64 {
    let nodes = openb::read_nodes(&data("openb/openb_node_list_gpu_node.csv.zst")).unwrap();
    let pods = openb::read_pods(&data(&format!("openb/openb_pod_list_{list}.csv.zst"))).unwrap();
    let orders = data(&format!("openb/orders/openb_orders_{list}.txt.zst"));
    let orders = openb::read_orders(&orders, &pods, &nodes).unwrap();
    let policies = openb::Policies::of(&pods);
    let ends = orders.iter().map(|order| {
        let outcome = openb::run(&nodes, &pods, Some(order), policies.named(policy).unwrap()).unwrap();
        f64::from(outcome.curve.0.last().copied().flatten().unwrap())
    });
    ends.sum::<f64>() / orders.len() as f64
}

#[test]
fn openb_keeping_cpu_beside_free_gpus_allocates_more_than_fgd_on_every_list() {
    for (list, published) in
        [("default", 95.39), ("multigpu50", 97.18), ("gpushare60", 91.40), ("cpu200", 95.05)]
    {
        let [fgd, balanced] = ["fgd", "fgd-balanced"].map(|policy| openb_end(list, policy) / 100.0);
        assert!((fgd - published).abs() < 0.005, "{list}: {fgd}");
        assert!(balanced > fgd + 0.3, "{list}: {balanced} against {fgd}");
    }
}

#[test]
fn openb_seed_42_agrees_to_the_last_thousandth() {
    let nodes = openb::read_nodes(&data("openb/openb_node_list_gpu_node.csv.zst")).unwrap();
    let pods = openb::read_pods(&data("openb/openb_pod_list_default.csv.zst")).unwrap();
    let orders =
        openb::read_orders(&data("openb/orders/openb_orders_default.txt.zst"), &pods, &nodes).unwrap();
    let order = orders.iter().find(|order| order.seed == 42).unwrap();
    let policies = openb::Policies::of(&pods);
    for (name, placed, gpu, cpu) in
        [("gpu-best-fit", 8_190, 5_785_450, 88_473_204), ("fgd", 8_334, 5_919_410, 89_928_302)]
    {
        let outcome = openb::run(&nodes, &pods, Some(order), policies.named(name).unwrap()).unwrap();
        assert_eq!((outcome.arrived, outcome.placed), (10_866, placed), "{name}");
        assert_eq!((outcome.gpu_milli, outcome.cpu_milli), (gpu, cpu), "{name}");
        let bound = openb::most_gpu_milli(&nodes, &pods, Some(order));
        assert!((outcome.gpu_milli..=outcome.gpu_capacity_milli).contains(&bound), "{bound}");
    }
}

#[test]
fn openb_in_order_of_file_agrees_to_the_last_pod() {
    let nodes =
        |which: &str| openb::read_nodes(&data(&format!("openb/openb_node_list_{which}.csv.zst"))).unwrap();
    let (gpu, all) = (nodes("gpu_node"), nodes("all_node"));
    let pods = openb::read_pods(&data("openb/openb_pod_list_default.csv.zst")).unwrap();
    let policies = openb::Policies::of(&pods);
    for (nodes, name, placed, failed) in [
        (&gpu, "first-fit", 7_784, 368),
        (&gpu, "gpu-best-fit-exact", 7_687, 465),
        (&gpu, "fgd", 7_886, 266),
        (&all, "gpu-best-fit-exact", 7_702, 450),
    ] {
        let outcome = openb::run(nodes, &pods, None, policies.named(name).unwrap()).unwrap();
        assert_eq!((outcome.placed, outcome.failed()), (placed, failed), "{name}");
    }
}

#[test]
fn openb_damage_is_told_with_file_line_and_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pods.csv");
    let pods = |text: &str| {
        std::fs::write(&path, text).unwrap();
        openb::read_pods(&path).map(|pods| pods.pods.len()).map_err(|error| error.to_string())
    };
    let header = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n";
    assert_eq!(pods(&format!("{header}a,1000,1,1,500,T4|P100\nb,1000,1,0,0,\n")), Ok(2));
    let error = pods(&format!("{header}a,1000,1,1,1500,\n")).unwrap_err();
    assert!(error.contains("pods.csv:2: column gpu_milli is no share of a GPU"), "{error}");
    assert!(error.contains("a,1000,1,1,1500,"), "{error}");
    let error = pods(&format!("{header}a,1000\n")).unwrap_err();
    assert!(error.contains(":2: 2 columns where the header names 6"), "{error}");
    assert!(pods("name,cpu_milli\n").unwrap_err().contains("no column memory_mib"));
    assert!(pods(header).unwrap_err().contains("the list holds no pod"));
}

#[test]
fn azure_first_fit_opens_the_published_number_of_hosts() {
    let trace = azure::Trace::read(&data("azure-v1-2017/v1.dev.txt.zst")).unwrap();
    assert_eq!(trace.len(), 259_159);
    let policy = Policy::named("first-fit").unwrap();
    for (cores, gib, hosts) in [(64, 128, 969), (64, 256, 698), (96, 384, 461)] {
        assert_eq!(azure::hosts_opened(&trace, cores, gib, &policy).unwrap(), hosts, "{cores}/{gib}");
    }
    // No policy can open fewer than these.
    let sizes = [(64, 128), (64, 256), (96, 384)];
    assert_eq!(sizes.map(|(cores, gib)| azure::least_hosts(&trace, cores, gib)), [884, 690, 460]);
}

#[test]
fn huawei_splits_large_instances_and_ends_with_the_first_that_fits_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("small.csv");
    // One server of two nodes (40 cores, 90 GiB each). 0: 30 cores on node 0. 1: above 10 GiB, so 10 and 10 cores on
    // both. 2: 30 cores fit on node 1 only after nothing else: node 1 has 30 left. 3: one core, node 0 is full, node 1 too.
    std::fs::write(
        &path,
        "vmid,cpu,mem,at,lt\n0,30,8,0,100\n1,20,16,1,9\n2,30,8,2,100\n3,1,1,3,5\n4,1,1,20,5\n",
    )
    .unwrap();
    let trace = huawei::Trace::read(&path, None).unwrap();
    let setup = |release| huawei::Setup {
        servers: 1,
        threshold_gib: 10,
        release,
        policy: Policy::named("first-fit").unwrap(),
    };
    assert_eq!(setup(false).until_full(&trace, 0).unwrap(), 3);
    assert_eq!(setup(false).until_full(&trace, 2).unwrap(), 3, "from the third on everything fits");
    // All four ask for 81 cores, of 80.
    assert_eq!(setup(false).at_most(&trace, 0), 3);
    assert_eq!(setup(true).least_servers(&trace), 2);
    let whole = setup(true).whole(&trace).unwrap();
    assert_eq!((whole.placed, whole.rejected, whole.peak_cpu_milli), (4, 1, 80_000));
}
