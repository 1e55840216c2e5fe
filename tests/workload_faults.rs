//! Every fault that a workload can make gets the answer that docs/workload.md promises, from the gate itself.

use std::collections::BTreeSet;
use std::path::Path;

use packyard::api::ErrorTable;
use packyard::scenario::Scenario;
use packyard::scenario::workload::Fault;
use packyard::sim::{Go, Simulation};

const SCENARIO: &str = r#"
name = "faults"
duration = "2h"

[[regions]]
id = "cn-hangzhou"
zones = ["cn-hangzhou-b", "cn-hangzhou-g"]

[[pools]]
zones = ["cn-hangzhou-b", "cn-hangzhou-g"]
class = "ddh.g5"
hosts = 4

[[workloads]]
name = "w"
arrivals = { rate = "10/h" }
lifetime = { distribution = "exponential", mean = "10min" }
mix = [{ type = "ecs.g5.large" }, { type = "ecs.g5.xlarge" }]
"#;

#[test]
fn the_gate_answers_each_fault_as_documented() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workload.md");
    let page = std::fs::read_to_string(page).expect("the page");
    for fault in Fault::ALL {
        let name = fault.name();
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).expect("documented");
        let promised = row.trim_end_matches('|').rsplit('|').next().expect("a last column").trim();
        let text = format!("{SCENARIO}faults = {{ share = 1.0, kinds = {{ {name} = 1.0 }} }}\n");
        let scenario = Scenario::from_str(&text, "faults.toml").expect("a sound scenario");
        let simulation = Simulation::new(&scenario, Path::new("."), None).expect("a cloud");
        let summary = simulation.run(None, |_| Go::On).expect("a run");
        let codes: Vec<&str> =
            summary.requests.rejected_by_code.iter().map(|row| row.code.as_str()).collect();
        assert_eq!(codes, [promised], "{name}");
        assert_eq!(summary.requests.created, 0, "{name}");
        assert!(summary.requests.total > 5, "{name}");
    }
}

/// A request of each row is refused by that row; together they exercise the whole gate in one run.
#[test]
fn a_workload_can_draw_from_every_row_of_the_error_table() {
    let text = format!("{SCENARIO}faults = {{ share = 1.0, rows = \"all\" }}\n").replace("10/h", "2000/h");
    let scenario = Scenario::from_str(&text, "rows.toml").expect("a sound scenario");
    let run = || {
        let simulation = Simulation::new(&scenario, Path::new("."), None).expect("a cloud");
        simulation.run(None, |_| Go::On).expect("a run")
    };
    let summary = run();
    let table = ErrorTable::shipped();
    let all: BTreeSet<(u16, &str)> = table.rows().iter().map(|row| (row.status, row.code.as_str())).collect();
    let answered: BTreeSet<(u16, &str)> =
        summary.requests.rejected_by_code.iter().map(|row| (row.status, row.code.as_str())).collect();
    let missing: Vec<_> = all.symmetric_difference(&answered).collect();
    assert!(missing.is_empty(), "after {} requests: {missing:?}", summary.requests.total);
    assert_eq!((summary.requests.created, summary.requests.replayed), (0, 0));
    assert_eq!(run().run.digest, summary.run.digest);
}

#[test]
fn rows_that_do_not_exist_are_told() {
    for (rows, told) in
        [("[1, 218]", "no row 218"), ("[]", "no row is named"), ("\"every\"", "a list of row numbers")]
    {
        let text = format!("{SCENARIO}faults = {{ share = 1.0, rows = {rows} }}\n");
        let error = format!("{:?}", Scenario::from_str(&text, "rows.toml").unwrap_err());
        assert!(error.contains(told), "{rows}: {error}");
    }
}

#[test]
fn facts_of_the_world_decide() {
    let text = format!("{SCENARIO}\n[world.accounts.1000000001]\narrears = true\n");
    let scenario = Scenario::from_str(&text, "facts.toml").expect("a sound scenario");
    let simulation = Simulation::new(&scenario, Path::new("."), None).expect("a cloud");
    let summary = simulation.run(None, |_| Go::On).expect("a run");
    let codes: Vec<&str> = summary.requests.rejected_by_code.iter().map(|row| row.code.as_str()).collect();
    assert_eq!(codes, ["Account.Arrearage"]);
    let read_back = Scenario::from_str(&scenario.effective_toml(), "facts.toml").expect("reads back");
    assert_eq!(read_back.spec.world, scenario.spec.world);
    let wrong = Scenario::from_str(&text.replace("arrears", "arears"), "facts.toml").unwrap_err();
    assert!(format!("{wrong}").contains("`world.accounts.1000000001.arears`"), "{wrong}");
}
