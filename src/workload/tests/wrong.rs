use super::*;

const SOUND: &str = r#"
    [[workloads]]
    name = "web"
    arrivals = { rate = "600/h" }
    lifetime = { distribution = "exponential", mean = "1h" }
    mix = [{ type = "ecs.g5.large" }]
"#;

/// The sound workload with `from` replaced by `to` is refused with `expected`, and the error points at `culprit`.
fn check(from: &str, to: &str, expected: &str, culprit: &str) {
    assert!(SOUND.contains(from), "{from}");
    let text = SOUND.replace(from, to);
    let Err(WorkloadError::Wrong { wrong, .. }) = Workload::new(&specs(&text), &setting(1, DAY)) else {
        panic!("accepted: {to}");
    };
    assert!(wrong.what.contains(expected), "{wrong} should tell: {expected}");
    assert_eq!(&text[wrong.span], culprit, "for {expected}");
}

fn lifetime(law: &str, expected: &str, culprit: &str) {
    check("{ distribution = \"exponential\", mean = \"1h\" }", law, expected, culprit);
}

fn arrivals(table: &str, expected: &str, culprit: &str) {
    check("{ rate = \"600/h\" }", table, expected, culprit);
}

#[test]
fn distributions_are_checked() {
    lifetime(
        r#"{ distribution = "exponential" }"#,
        "an exponential distribution needs `mean`",
        "\"exponential\"",
    );
    lifetime(
        r#"{ distribution = "exponential", mean = "1h", sigma = 1.0 }"#,
        "`sigma` means nothing to an exponential distribution: it takes mean",
        "1.0",
    );
    lifetime(r#"{ distribution = "exponential", mean = "0s" }"#, "longer than nothing", "\"0s\"");
    lifetime(r#"{ distribution = "exponential", mean = "forever" }"#, "a duration that ends", "\"forever\"");
    lifetime(r#"{ distribution = "uniform", low = "2h", high = "1h" }"#, "`high` lies below `low`", "\"1h\"");
    lifetime(r#"{ distribution = "lognormal", sigma = 1.0 }"#, "needs `median` or `mean`", "\"lognormal\"");
    lifetime(
        r#"{ distribution = "lognormal", sigma = 1.0, median = "1h", mean = "2h" }"#,
        "only one of `median` and `mean` can hold",
        "\"2h\"",
    );
    lifetime(r#"{ distribution = "weibull", shape = -1.0, scale = "1h" }"#, "from 0.001 to 1000", "-1.0");
    lifetime(r#"{ distribution = "pareto", shape = nan, minimum = "1h" }"#, "from 0.001 to 1000", "nan");
    lifetime(r#"{ distribution = "empirical", values = [] }"#, "needs values", "[]");
    lifetime(
        r#"{ distribution = "empirical", values = ["1h"], weights = [0.0] }"#,
        "weights are numbers of at least 0",
        "[0.0]",
    );
    lifetime(r#"{ distribution = "quantiles", values = ["2h", "1h"] }"#, "ascending", "[\"2h\", \"1h\"]");
    lifetime(r#"{ distribution = "mixture", parts = [] }"#, "a mixture needs parts", "[]");
    lifetime(
        r#"{ distribution = "mixture", parts = [{ distribution = "constant" }] }"#,
        "a constant distribution needs `value`",
        "\"constant\"",
    );
    lifetime(
        r#"{ distribution = "exponential", mean = "1h", at_least = "2h", at_most = "1min" }"#,
        "`at_most` lies below `at_least`",
        "\"1min\"",
    );
    lifetime(r#"{ distribution = "forever", weight = 2.0 }"#, "outside the parts of a mixture", "2.0");
}

#[test]
fn arrivals_are_checked() {
    arrivals("{ rate = \"0/h\" }", "the rate must be above 0", "\"0/h\"");
    arrivals("{ rate = \"1/h\", utc_offset_hours = 20.0 }", "from -12 to 14", "20.0");
    arrivals(
        "{ rate = \"1/h\", day = { peak_hour = 3.0 } }",
        "a day is shaped by `swing`",
        "{ peak_hour = 3.0 }",
    );
    arrivals("{ rate = \"1/h\", day = { shape = [1.0] } }", "needs 24 numbers (hours)", "[1.0]");
    arrivals("{ rate = \"1/h\", hours = [1.0] }", "needs 168 numbers (hours of whole weeks", "[1.0]");
    let more = format!("[{}]", vec!["1.0"; 169].join(", "));
    arrivals(&format!("{{ rate = \"1/h\", hours = {more} }}"), "needs 336 numbers", &more);
    let parts = format!("{{ rate = \"1/h\", each = \"30min\", hours = {more} }}");
    arrivals(&parts, "needs 336 numbers (parts of an hour", &more);
    let uneven = format!("{{ rate = \"1/h\", hours = {more}, each = \"25min\" }}").replacen("1.0, ", "", 1);
    arrivals(&uneven, "an hour or an even part of one", "\"25min\"");
    arrivals("{ rate = \"1/h\", each = \"30min\" }", "`each` is about `hours`", "\"30min\"");
    arrivals("{ rate = \"1/h\", week = { shape = [1.0] } }", "needs 7 numbers (days from Monday)", "[1.0]");
    arrivals("{ rate = \"1/h\", week = {} }", "a week is shaped by", "{}");
    let bursts = "{ rate = \"1/h\", bursts = { every = \"0s\", length = \"1h\", factor = 2.0 } }";
    arrivals(bursts, "longer than nothing", "\"0s\"");
    arrivals("{ rate = \"1/h\", batch = { mean = 0.5 } }", "a number from 1 to 1000000", "0.5");
    arrivals("{ rate = \"1/h\", batch = { sizes = [0] } }", "whole numbers from 1", "[0]");
    arrivals("{ rate = \"1/h\", batch = { sizes = [1], weights = [] } }", "one weight of at least 0", "[]");
    arrivals("{ rate = \"1/h\", batch = {} }", "batches have a `mean`", "{}");
}

#[test]
fn courses_are_checked() {
    let course = |course: &str, what: &str, at: &str| {
        arrivals(&format!("{{ rate = \"1/h\", course = {course} }}"), what, at);
    };
    course("{ until = [\"1h\", \"1h\"], weights = [1.0, 2.0] }", "durations that grow", "[\"1h\", \"1h\"]");
    course("{ until = [\"0s\"], weights = [1.0] }", "durations that grow", "[\"0s\"]");
    course("{ until = [\"forever\"], weights = [1.0] }", "the last of which ends", "[\"forever\"]");
    course("{ until = [\"1h\", \"2h\"], weights = [1.0] }", "needs 2 numbers (one a span)", "[1.0]");
    course("{ until = [\"1h\"], weights = [0.0] }", "needs 1 numbers (one a span)", "[0.0]");
    let beside =
        "{ rate = \"1/h\", week = { weekend = 0.5 }, course = { until = [\"1h\"], weights = [1.0] } }";
    arrivals(beside, "no other shape of the rate", "{ until = [\"1h\"], weights = [1.0] }");
    let even = "{ rate = \"1/h\", spacing = \"even\", day = { swing = \"50%\" } }";
    arrivals(even, "even spacing needs a rate in steps", "\"even\"");
    let bursts =
        "{ rate = \"1/h\", spacing = \"even\", bursts = { every = \"5h\", length = \"1h\", factor = 2.0 } }";
    arrivals(bursts, "even spacing needs a rate in steps", "\"even\"");
}

#[test]
fn rates_that_move_are_checked() {
    arrivals(
        "{ rate = \"1/h\", hours = [1.0] }",
        "needs 168 numbers (hours of whole weeks from Monday 0:00)",
        "[1.0]",
    );
    let hours = vec!["1.0"; 168].join(", ");
    let both = format!("{{ rate = \"1/h\", hours = [{hours}], week = {{ weekend = 0.5 }} }}");
    arrivals(&both, "`day` and `week` mean nothing beside them", &format!("[{hours}]"));
    let one = "{ factor = 1.0, mean = \"1h\" }";
    arrivals(&format!("{{ rate = \"1/h\", states = [{one}] }}"), "at least two states are needed", one);
    let silent = "{ factor = 0.0, mean = \"1h\" }";
    arrivals(
        &format!("{{ rate = \"1/h\", states = [{silent}, {silent}] }}"),
        "every state has factor 0",
        silent,
    );
    let short = "{ factor = 1.0, mean = \"0s\" }";
    arrivals(&format!("{{ rate = \"1/h\", states = [{one}, {short}] }}"), "longer than nothing", "\"0s\"");
    arrivals("{ rate = \"1/h\", flash = [{ at = \"1h\", factor = 3.0 }] }", "needs a `rise`", "\"1h\"");
    let less = "{ rate = \"1/h\", flash = [{ at = \"1h\", factor = 0.5, hold = \"1h\" }] }";
    arrivals(less, "a number from 1 to", "0.5");
}

#[test]
fn closed_loops_are_checked() {
    let line = "arrivals = { rate = \"600/h\" }";
    let think = "think = { distribution = \"exponential\", mean = \"1min\" }";
    let table = format!("{{ clients = 5, {think} }}");
    let closed = |more: &str| format!("closed_loop = {{ {more} }}");
    check(line, &format!("{line}\nclosed_loop = {table}"), "not several of them", &table);
    check(line, &closed(&format!("clients = 0, {think}")), "from 1 to 1000000", "0");
    let forever = "{ distribution = \"forever\" }";
    check(line, &closed(&format!("clients = 5, think = {forever}")), "never asks", forever);
    check(
        line,
        &closed("clients = 5, think = { distribution = \"constant\" }"),
        "needs `value`",
        "\"constant\"",
    );
    let group = "{ members = { \"ecs.g5.large\" = 2 } }";
    check(line, &format!("closed_loop = {table}\ngroups = [{group}]"), "they need `arrivals`", group);
    check(line, &format!("fleet = {{ size = 5 }}\ngroups = [{group}]"), "they need `arrivals`", group);
    let fleet = "{ size = 5 }";
    check(line, &format!("closed_loop = {table}\nfleet = {fleet}"), "not several of them", fleet);
}

#[test]
fn groups_drift_and_accounts_are_checked() {
    let name = "name = \"web\"";
    let add = |line: &str| format!("{name}\n{line}");
    check(name, &add("account_zipf = -1.0"), "a number from 0 to 10", "-1.0");
    check(name, &add("account_zipf = 1.0\naccounts = { main = 1.0 }"), "not both", "1.0");
    check(name, &add("lifetime_by_account = 9.0"), "a number from 0 to 5", "9.0");
    let members = "{ \"ecs.c5.xlarge\" = 2 }";
    check(name, &add(&format!("groups = [{{ members = {members} }}]")), "is no type of the `mix`", members);
    let none = "{ \"ecs.g5.large\" = 0 }";
    check(name, &add(&format!("groups = [{{ members = {none} }}]")), "from 1 to 100000 instances", none);
    let entry = "{ type = \"ecs.g5.large\" }";
    let drifts = |drift: &str| format!("{{ type = \"ecs.g5.large\", drift = {drift} }}");
    check(entry, &drifts("{ to = 0.0, by = \"1d\" }"), "drifts to weight 0", "\"web\"");
    check(entry, &drifts("{ to = 1.0, by = \"0s\" }"), "longer than nothing", "\"0s\"");
}

#[test]
fn names_and_weights_are_checked() {
    check(
        "ecs.g5.large",
        "ecs.g5.lagre",
        "unknown instance type `ecs.g5.lagre`: did you mean `ecs.g5.large`?",
        "\"ecs.g5.lagre\"",
    );
    let name = "name = \"web\"";
    let add = |line: &str| format!("{name}\n{line}");
    check(name, &add("region = \"cn-hangzou\""), "did you mean `cn-hangzhou`?", "\"cn-hangzou\"");
    check(name, &add("zones = { us-west-1a = 1.0 }"), "unknown zone `us-west-1a`", "{ us-west-1a = 1.0 }");
    check(name, &add("accounts = { main = -1.0 }"), "weights of accounts", "{ main = -1.0 }");
    check(name, &add("image = \"linus\""), "did you mean `linux`?", "\"linus\"");
    check(
        name,
        &add("system_disk = { category = \"cloud_sdd\" }"),
        "did you mean `cloud_ssd`?",
        "\"cloud_sdd\"",
    );
    check(name, &add("faults = { share = 0.1, kinds = {} }"), "weights of faults", "{}");
    check(name, &add("params = { ImageId = \"x\" }"), "parameter `ImageId` cannot be set", "\"web\"");
    let single = "region = \"us-west-1\"\nfaults = { share = 0.1, kinds = { wrong-zone = 1.0 } }";
    check(name, &add(single), "at least two zones", "{ wrong-zone = 1.0 }");
    check("mix = [{ type = \"ecs.g5.large\" }]", "", "needs a `mix`", "\"web\"");
    check(
        "arrivals = { rate = \"600/h\" }",
        "",
        "needs `arrivals`, `closed_loop`, `fleet` or `trace`",
        "\"web\"",
    );
    check(
        "lifetime = { distribution = \"exponential\", mean = \"1h\" }",
        "",
        "set `lifetime`",
        "{ type = \"ecs.g5.large\" }",
    );
    check(
        "type = \"ecs.g5.large\"",
        "type = \"ecs.g5.large\", weight = 0",
        "every mix entry has weight 0",
        "\"web\"",
    );
    let doubled = format!("{SOUND}{SOUND}");
    let told = match Workload::new(&specs(&doubled), &setting(1, DAY)) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("two workloads of one name"),
    };
    assert_eq!(told, "workload `web`: two workloads are named `web`");
}

#[test]
fn unknown_keys_and_values_are_told_with_what_is_known() {
    let told = |from: &str, to: &str| {
        assert!(SOUND.contains(from), "{from}");
        match toml::from_str::<Blocks>(&SOUND.replace(from, to)) {
            Err(error) => error.to_string(),
            Ok(_) => panic!("accepted: {to}"),
        }
    };
    let key = told("mean =", "meen =");
    assert!(key.contains("unknown field `meen`, expected one of") && key.contains("`mean`"), "{key}");
    assert!(key.contains("line 5"), "{key}");
    let law = told("\"exponential\"", "\"normal\"");
    assert!(law.contains("unknown variant `normal`") && law.contains("`lognormal`"), "{law}");
    let fault = told("name = \"web\"", "name = \"web\"\nfaults = { share = 0.1, kinds = { bad-nam = 1 } }");
    assert!(fault.contains("unknown variant `bad-nam`") && fault.contains("`bad-name`"), "{fault}");
    assert!(told("\"600/h\"", "600").contains("line 4"));
}

#[test]
fn too_many_kinds_of_requests_are_refused() {
    let accounts: Vec<String> = (0..60_000).map(|number| format!("a{number}")).collect();
    let mut setting = setting(1, DAY);
    setting.known.accounts = accounts.iter().map(String::as_str).collect();
    let told = match Workload::new(&specs(SOUND), &setting) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("accepted"),
    };
    assert!(told.contains("asks for 120000 kinds of requests"), "{told}");
}
