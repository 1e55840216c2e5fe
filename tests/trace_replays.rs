//! Published traces through the whole simulator: it ends with the listed figures.

use std::path::Path;

use packyard::scenario::Scenario;
use packyard::sim::{Go, Simulation, Summary};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run(name: &str, overrides: &[(&str, &str)], trace: Option<&Path>) -> Summary {
    let path = root().join("scenarios").join(name);
    let overrides: Vec<(String, String)> =
        overrides.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let scenario = Scenario::load_with(&path, &overrides).expect("a sound scenario");
    let simulation = Simulation::new(&scenario, &root().join("scenarios"), trace).expect("can be built");
    simulation.run(None, |_| Go::On).expect("the trace is whole")
}

#[test]
fn openb_in_order_of_file_places_as_many_pods_as_published() {
    // Policy, placed, refused, allocated hundredths of a percent of 6,212 GPUs.
    let expected = [("first-fit", 7_784, 368), ("gpu-best-fit-exact", 7_687, 465), ("fgd", 7_886, 266)];
    for (policy, placed, failed) in expected {
        let summary = run("openb.toml", &[("policy", policy)], None);
        assert_eq!((summary.requests.created, summary.requests.rejected), (placed, failed), "{policy}");
        assert_eq!(summary.requests.live, placed, "nothing ever leaves");
    }
    let list = "../data/traces/openb/openb_node_list_all_node.csv.zst";
    let policy = ("policy", "gpu-best-fit-exact");
    let all = run("openb.toml", &[("node_lists.0.path", list), policy], None);
    assert_eq!((all.requests.created, all.requests.rejected), (7_702, 450));
    let gpu_only =
        run("openb.toml", &[("node_lists.0.path", list), ("node_lists.0.gpu_only", "true"), policy], None);
    assert_eq!((gpu_only.requests.created, gpu_only.requests.rejected), (7_687, 465));
}

/// First fit needs so many hosts, and one less turns somebody away. The peaks are in `tests/golden.rs`.
#[test]
fn azure_first_fit_needs_the_published_number_of_hosts() {
    for (cores, gib, hosts) in [("64", "128GiB", 969u32), ("64", "256GiB", 698), ("96", "384GiB", 461)] {
        let class = [("classes.0.vcpus", cores), ("classes.0.memory", gib), ("policy", "first-fit")];
        let rejected = |hosts: u32| {
            let hosts = hosts.to_string();
            let summary = run("azure-2017.toml", &[&class[..], &[("pools.0.hosts", &hosts)]].concat(), None);
            assert_eq!(summary.requests.total, 259_159);
            summary.requests.rejected
        };
        assert_eq!(rejected(hosts), 0, "{cores}/{gib}");
        assert!(rejected(hosts - 1) > 0, "{cores}/{gib}");
    }
}

const SPLIT: (&str, &str) = ("classes.0.split_above", "32GiB");

/// Huawei-East-1 may not be shipped: `PACKYARD_TRACES` names a folder with `huawei-east-1/Huawei-East-1-lt.csv.zst` and
/// `RECONSTRUCTED_never_deleted.csv` beside it. The listed counts come out for VMs split above 32 GiB
/// (docs/packing.md tells how that was found).
#[test]
#[ignore = "needs PACKYARD_TRACES: the trace may not be shipped"]
fn huawei_turns_away_as_many_as_published() {
    let folder = std::env::var_os("PACKYARD_TRACES").expect("PACKYARD_TRACES names the folder of the traces");
    let folder = Path::new(&folder).join("huawei-east-1");
    let trace = folder.join("Huawei-East-1-lt.csv.zst");
    for (servers, rejected) in [("50", 39), ("54", 26), ("60", 13), ("70", 0)] {
        let summary = run("huawei-east-1.toml", &[("pools.0.hosts", servers), SPLIT], Some(&trace));
        assert_eq!(
            (summary.requests.total, summary.requests.rejected),
            (116_313, rejected),
            "{servers} servers"
        );
        if servers == "70" {
            let peaks = (summary.peaks.instances, summary.peaks.vcpus, summary.peaks.memory_gib);
            assert_eq!(peaks, (2_432, 4_273.0, 8_518.0));
        }
    }
    // With the creations that are never deleted, as a second workload.
    let text = std::fs::read_to_string(root().join("scenarios/huawei-east-1.toml")).expect("the scenario");
    let both = format!(
        "{text}\n[[workloads]]\nname = \"residents\"\ntrace = {{ format = \"huawei-east-1\", origin = \"0s\", path = \"{}\" }}\n",
        folder.join("RECONSTRUCTED_never_deleted.csv").display()
    )
    .replace("trace = { format = \"huawei-east-1\", obtain", &format!("trace = {{ format = \"huawei-east-1\", path = \"{}\", obtain", trace.display()));
    for (servers, rejected) in [("440", 102), ("450", 0)] {
        let overrides =
            [("pools.0.hosts", servers), SPLIT].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let scenario = Scenario::from_str_with(&both, "both.toml", &overrides).expect("sound");
        let simulation = Simulation::new(&scenario, Path::new(""), None).expect("can be built");
        let summary = simulation.run(None, |_| Go::On).expect("whole");
        assert_eq!(
            (summary.requests.total, summary.requests.rejected),
            (125_430, rejected),
            "{servers} servers"
        );
    }
}
