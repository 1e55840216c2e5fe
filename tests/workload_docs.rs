//! Every TOML block of docs/workload.md is a sound workload.

use std::path::Path;

use packyard::catalog::Catalog;
use packyard::model::{SimDuration, Utc};
use packyard::scenario::workload::{Known, WorkloadSpec};
use packyard::workload::{Setting, Workload};

#[derive(serde::Deserialize)]
struct Blocks {
    workloads: Vec<WorkloadSpec>,
}

#[test]
fn the_documented_blocks_work() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/workload.md")).expect("the page");
    let blocks: Vec<&str> =
        text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert_eq!(blocks.len(), 6, "blocks were added or lost");
    let catalog = Catalog::shipped();
    let setting = Setting {
        seed: 1,
        duration: SimDuration::from_secs(86_400),
        start: Utc(1_567_382_400),
        known: Known {
            regions: vec![("cn-hangzhou", vec!["cn-hangzhou-b", "cn-hangzhou-g"])],
            accounts: vec!["main", "lab"],
            types: catalog.types.iter().map(|row| row.name.as_str()).collect(),
            own_types: &[],
            images: catalog.images.iter().map(|image| image.id.as_str()).collect(),
            disk_categories: catalog.disks.iter().map(|disk| disk.category.as_str()).collect(),
        },
        folder: &root.join("docs"),
        trace: None,
    };
    for block in blocks {
        let specs =
            toml::from_str::<Blocks>(block).unwrap_or_else(|error| panic!("{error}\n{block}")).workloads;
        let mut workload = Workload::new(&specs, &setting).unwrap_or_else(|error| panic!("{error}\n{block}"));
        assert!(workload.next().expect("sound").is_some(), "nothing arrives:\n{block}");
    }
}

#[test]
fn every_fault_is_documented() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/workload.md")).expect("the page");
    for fault in packyard::scenario::workload::Fault::ALL {
        assert!(text.contains(&format!("| `{}` |", fault.name())), "{} is not documented", fault.name());
    }
}
