//! Every fault that a workload can make gets the answer that docs/workload.md promises, from the gate itself.

use std::path::Path;

use packyard::metrics::Unmeasured;
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
        let summary = simulation.run(&mut Unmeasured, |_| Go::On).expect("a run");
        let codes: Vec<&str> =
            summary.requests.rejected_by_code.iter().map(|row| row.code.as_str()).collect();
        assert_eq!(codes, [promised], "{name}");
        assert_eq!(summary.requests.created, 0, "{name}");
        assert!(summary.requests.total > 5, "{name}");
    }
}
