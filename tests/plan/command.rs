//! The command: output, exit codes, and what it says about mistakes.

use crate::case::Case;
use crate::loss::LOSS;

/// The binary: exit codes, JSON, the page, and what it says when there is nothing to plan.
#[test]
fn the_command_tells_what_it_found() {
    let case = Case::new(LOSS, None);
    let path = case.path.to_str().unwrap();
    let run = |args: &[&str]| {
        let short = ["--set", "duration=4d", "--seeds", "3"];
        let all = [&["plan", path][..], &short, args].concat();
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard")).args(all).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let out = case.path.with_file_name("out");
    let (code, json, _) = run(&["--json", "--verify", "5", "--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let plan: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(plan["schema"], "packyard-plan/1");
    assert_eq!(plan["verified"]["seeds"], 5);
    assert!(!plan["frontier"].as_array().unwrap().is_empty());
    assert_eq!(std::fs::read_to_string(out.join("plan.json")).unwrap(), json);
    let text = std::fs::read_to_string(out.join("plan.txt")).unwrap();
    for needle in [
        "answer: pools.line.hosts = ",
        "hosts, cost ",
        "what binds: memory",
        "margin",
        "one step less or more",
    ] {
        assert!(text.contains(needle), "{needle}: {text}");
    }
    assert!(text.contains("fresh seeds") && text.contains("rejections (98 % interval)"), "{text}");
    // The answer's own run, and the plan as a section of its page.
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("id=\"plan\"") && page.contains("&lt;- the answer"));
    assert!(page.contains("aria-label=\"cost against rejection rate\""));
    let nothing_left = !page.contains("{{section}}") && !page.contains("{{data}}");
    assert!(nothing_left && !page.contains("src="), "whole and self-contained");
    let summary: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("summary.json")).unwrap()).unwrap();
    assert_eq!(summary["packing"]["hosts"], plan["answer"]["setting"]["hosts"]);
    assert_eq!(summary["run"]["seed"], plan["answer"]["standings"][0]["worst_seed"]);
    let scenario = out.join("scenario.toml");
    let again = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["run", scenario.to_str().unwrap(), "--json"])
        .output()
        .unwrap();
    let again: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(again["run"]["digest"], summary["run"]["digest"], "the scenario of the answer runs again");
    let (code, _, said) = run(&["--out", out.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(said.contains("exists already"), "{said}");

    let none = case.path.with_file_name("none");
    let table = case.path.with_file_name("table");
    let (code, ..) = run(&["--knob", "pools.line.hosts=1..5", "--brief", "--out", none.to_str().unwrap()]);
    assert_eq!(code, Some(1));
    let page = std::fs::read_to_string(none.join("report.html")).unwrap();
    assert!(page.contains("is in the way"), "the run that comes closest");
    let (code, ..) = run(&["--as-is", "--policy", "worst-fit", "--out", table.to_str().unwrap()]);
    assert_eq!(code, Some(1), "one host is too few");
    let page = std::fs::read_to_string(table.join("report.html")).unwrap();
    assert!(page.contains("What if") && page.contains("worst-fit"));

    let (code, text, _) = run(&["--knob", "pools.line.hosts=1..5", "--brief"]);
    assert_eq!(code, Some(1));
    assert!(text.contains("`rejection rate` is in the way"), "{text}");
    let (code, text, _) = run(&["--as-is", "--fail", "hosts=1@peak", "--try", "pools.line.hosts=60"]);
    assert_eq!(code, Some(1), "one host is not enough");
    assert!(text.contains("loss of a host") && text.contains("holds"), "{text}");
    for (args, needle) in [
        (&["--grow", "2%"][..], "is no growth"),
        (&["--fail", "city@peak"], "is no failure"),
        (&["--mix", "ecs.g5.tiny=1"], "no workload's mix"),
        (&["--knob", "pools.none.hosts=1..5"], "(--knob) makes no scenario with 1:"),
        (&["--knob", "pools.line.hosts=1-5"], "KEY=LOW..HIGH"),
        (&["--try", "seed=5"], "the same seeds and terms"),
        (&["--workers", "0"], "--workers 0"),
        (
            &["--set", "objectives.latency=[{ until = \"running\", percentile = 99.0, most = \"1s\" }]"],
            "nothing takes any time",
        ),
    ] {
        let (code, _, said) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(needle), "{args:?}: {said}");
    }
    // A knob of the file that reaches nowhere is named with its line.
    let wrong = Case::new(&LOSS.replace("key = \"pools.line.hosts\"", "key = \"pools.lime.hosts\""), None);
    let line = LOSS[..LOSS.find("key = ").unwrap()].matches('\n').count() + 1;
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["plan", wrong.path.to_str().unwrap()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert!(said.contains(&format!("case.toml, line {line}) makes no scenario with 1:")), "{said}");
    assert!(said.contains("`pools.lime.hosts`") && said.contains("did you mean `line`"), "{said}");
    let no_objectives = LOSS.replace("[objectives]\n    rejection_rate = \"1%\"\n", "");
    let case = Case::new(&no_objectives, None);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["plan", case.path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no objectives"));
}
