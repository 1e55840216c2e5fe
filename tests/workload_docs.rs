//! Every TOML block of docs/workload.md is a sound workload, and every picture is that of its block.

use std::collections::BTreeSet;
use std::path::Path;

use packyard::catalog::Catalog;
use packyard::model::{SimDuration, Utc};
use packyard::scenario::workload::{Known, WorkloadSpec};
use packyard::workload::{Setting, Workload};

#[path = "../examples/workload_pictures/chart.rs"]
mod chart;
#[path = "../examples/workload_pictures/pictures.rs"]
mod pictures;

#[derive(serde::Deserialize)]
struct Blocks {
    workloads: Vec<WorkloadSpec>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn page() -> String {
    std::fs::read_to_string(root().join("docs/workload.md")).expect("the page")
}

#[test]
fn the_documented_blocks_work() {
    let text = page();
    let blocks: Vec<&str> =
        text.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    assert_eq!(blocks.len(), 20, "blocks were added or lost");
    let catalog = Catalog::shipped();
    let folder = root().join("docs");
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
        folder: &folder,
        trace: None,
    };
    for block in blocks {
        let specs =
            toml::from_str::<Blocks>(block).unwrap_or_else(|error| panic!("{error}\n{block}")).workloads;
        let mut workload = Workload::new(&specs, &setting).unwrap_or_else(|error| panic!("{error}\n{block}"));
        let on_demand: Vec<u32> = workload.on_demand().collect();
        let asked = |number| workload.draw(number, packyard::model::SimTime::ZERO, None).is_some();
        let asks = if on_demand.is_empty() {
            workload.next().expect("sound").is_some()
        } else {
            on_demand.into_iter().all(asked)
        };
        assert!(asks, "nothing arrives:\n{block}");
    }
}

/// Each kind of arrival, of account, of mix, of lifetime and of replay has its picture, and each picture is what its block
/// makes now: `cargo run --example workload_pictures` draws them anew.
#[test]
fn every_generator_has_its_picture_and_it_is_up_to_date() {
    let (page, docs) = (page(), root().join("docs"));
    let shown: BTreeSet<String> = pictures::blocks(&page).into_iter().map(|(name, _)| name).collect();
    let wanted: BTreeSet<String> = pictures::names().map(str::to_owned).collect();
    assert_eq!(shown, wanted);
    let files =
        std::fs::read_dir(docs.join("img")).expect("pictures").map(|file| file.expect("a file").path());
    let there: BTreeSet<String> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "svg"))
        .map(|path| path.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    assert!(wanted.is_subset(&there), "{there:?}");
    for (name, svg) in pictures::all(&page, &docs) {
        let old = std::fs::read_to_string(docs.join("img").join(format!("{name}.svg"))).expect("a picture");
        assert!(old == svg, "docs/img/{name}.svg is not what its block makes");
        assert!(svg.len() < 200_000, "{name} is too large for a page: {} bytes", svg.len());
    }
}

/// Every key of a generated workload is on the page.
#[test]
fn every_key_of_a_generator_is_documented() {
    let page = page();
    let schema = serde_json::to_value(packyard::scenario::json_schema()).expect("a schema");
    let tables = [
        "ArrivalsSpec",
        "BurstsSpec",
        "CourseSpec",
        "StateSpec",
        "FlashSpec",
        "BatchSpec",
        "DaySpec",
        "WeekSpec",
        "GroupSpec",
    ];
    let more = ["DriftSpec", "LoopSpec", "FleetSpec", "TraceSpec"];
    for table in tables.iter().chain(&more) {
        let properties = schema["$defs"][table]["properties"].as_object();
        let properties = properties.unwrap_or_else(|| panic!("the schema has no table {table}"));
        for key in properties.keys() {
            let told = page.contains(&format!("`{key}`")) || page.contains(&format!("{key} = "));
            assert!(told, "`{key}` of {table} is not documented");
        }
    }
}

#[test]
fn every_fault_is_documented() {
    let text = page();
    for fault in packyard::scenario::workload::Fault::ALL {
        assert!(text.contains(&format!("| `{}` |", fault.name())), "{} is not documented", fault.name());
    }
}
