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
    let page = std::fs::read_to_string(out.join("plan.html")).unwrap();
    assert!(page.contains("<svg") && page.contains("&lt;- the answer"));
    assert!(!page.contains("http"), "self-contained");

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
        (&["--knob", "pools.none.hosts=1..5"], "none"),
        (&["--knob", "pools.line.hosts=1-5"], "KEY=LOW..HIGH"),
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
    let no_objectives = LOSS.replace("[objectives]\n    rejection_rate = \"1%\"\n", "");
    let case = Case::new(&no_objectives, None);
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"))
        .args(["plan", case.path.to_str().unwrap()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("has no objectives"));
}
