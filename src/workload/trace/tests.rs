use std::path::{Path, PathBuf};

use super::*;

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("written");
    path
}

fn read_all(path: &Path, format: TraceFormat) -> Result<Vec<Record>, TraceError> {
    let mut reader = TraceReader::open(path, format)?;
    let mut records = Vec::new();
    while let Some(record) = reader.next()? {
        records.push(record);
    }
    Ok(records)
}

/// The text of the error that reading ends with.
fn error(path: &Path, format: TraceFormat) -> String {
    read_all(path, format).expect_err("a damaged trace").to_string()
}

fn secs(secs: u64) -> RecordEnd {
    RecordEnd::After(SimDuration::from_secs(secs))
}

const CSV: TraceFormat = TraceFormat::PackyardCsv;
const HUAWEI: TraceFormat = TraceFormat::HuaweiEast1;
const AZURE: TraceFormat = TraceFormat::AzureV1_2017;

#[test]
fn plain_csv_is_read_in_any_order_of_columns() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let text =
        "# made by hand\nlifetime,at,vcpus,memory,account,zone\n60,0,2,3.5,alice,\n\n,1.25,0.5,1,,z-a\n";
    let path = write(dir.path(), "t.csv", text);
    let mut reader = TraceReader::open(&path, CSV).expect("opens");
    let first = reader.next().expect("sound").expect("a record");
    assert_eq!((first.line, first.at, first.end), (3, SimTime(0), secs(60)));
    assert_eq!((first.zone, first.account), (None, Some(0)));
    let second = reader.next().expect("sound").expect("a record");
    assert_eq!((second.at, second.end), (SimTime(1_250_000), RecordEnd::Never));
    assert_eq!((second.zone, second.account), (Some(0), None));
    assert_eq!(reader.next().expect("sound"), None);
    assert_eq!(
        reader.names().asked.values(),
        [
            Asked::Size { cpu_milli: 2_000, memory_mib: 3_584 },
            Asked::Size { cpu_milli: 500, memory_mib: 1_024 }
        ]
    );
    assert_eq!(reader.names().zones.values(), ["z-a"]);
}

#[test]
fn plain_csv_takes_types_and_quotes_and_may_lack_lifetimes() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = write(dir.path(), "t.csv", "at,type\r\n5,\"ecs.g5.large\"\r\n");
    let mut reader = TraceReader::open(&path, CSV).expect("opens");
    assert_eq!(reader.next().expect("sound").map(|record| record.end), Some(RecordEnd::Unknown));
    assert_eq!(reader.names().asked.values(), [Asked::Type("ecs.g5.large".to_owned())]);
}

#[test]
fn damage_names_file_line_and_text() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let check = |text: &str, format, line: u64, expected: &str| {
        let path = write(dir.path(), "damaged.csv", text);
        let told = error(&path, format);
        assert!(told.contains(&format!("damaged.csv:{line}: ")), "{told}");
        assert!(told.contains(expected), "{told} should tell: {expected}");
        let shown = text.lines().nth(line as usize - 1).expect("a line");
        assert!(told.ends_with(&format!("the line: {shown}")), "{told}");
    };
    check("at,type\nx,ecs.g5.large\n", CSV, 2, "column `at` does not hold a sound value");
    check("at,type\n1,a\n2\n", CSV, 3, "fewer values than the header");
    check("at,type\n1,a,b\n", CSV, 2, "more values than the header");
    check("at,type\n1,\n", CSV, 2, "a row needs either `type`");
    check("at,type\n5,a\n4,a\n", CSV, 3, "time goes back");
    check("at,vcpus,memory\n1,0,1\n", CSV, 2, "without vCPU or memory");
    check("at,vcpus,memory\n1,-2,1\n", CSV, 2, "column `vcpus`");
    check("at,vcpus,memory,lifetime\n1,2,1,forever\n", CSV, 2, "column `lifetime`");
    check("at,vcpu,memory\n", CSV, 1, "unknown column `vcpu`; did you mean `vcpus`?");
    check("at,type,at\n", CSV, 1, "stands there twice");
    check("type\n", CSV, 1, "no column `at`");
    check("at,vcpus\n", CSV, 1, "`vcpus` and `memory`");
    check("at,lifetime\n", CSV, 1, "needs `type`");

    check("vmid,cpu,mem,at,lt\n0,4,16,0.0\n", HUAWEI, 2, "no column lt");
    check("vmid,cpu,mem,at,lt\n0,4,16,0.0,1,1\n", HUAWEI, 2, "more columns");
    check("vmid,cpu,mem,at,lt\n0,4,sixteen,0.0,1\n", HUAWEI, 2, "column memory");
    check("vmid,cpu,mem,at,lt\nzero,4,16,0.0,1\n", HUAWEI, 2, "column vmid");
    check("id,cpu,mem,at,lt\n", HUAWEI, 1, "unknown header");
    check("vmid,cpu,memory,time,type\n0,4,16,0,2\n", HUAWEI, 2, "neither 0 (create) nor 1");
    check("vmid,cpu,memory,time,type\n0,4,16,0,1\n", HUAWEI, 2, "does not live");
    check("vmid,cpu,memory,time,type\n0,4,16,0,0\n0,4,16,1,0\n", HUAWEI, 3, "lives already");
    check("vmid,cpu,memory,time,type\n0,4,16,5,0\n1,4,16,1,0\n", HUAWEI, 3, "time goes back");
}

#[test]
fn missing_and_empty_files_are_told() {
    let dir = tempfile::tempdir().expect("temporary directory");
    for format in TraceFormat::ALL {
        let told = error(&dir.path().join("nowhere.txt"), format);
        assert!(told.starts_with("cannot open trace") && told.contains("nowhere.txt"), "{told}");
    }
    for format in [CSV, HUAWEI] {
        let path = write(dir.path(), "empty.csv", "# nothing\n\n");
        assert!(error(&path, format).ends_with("the trace holds no creation of an instance"));
    }
}

#[test]
fn both_forms_of_huawei_say_the_same() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let lifetimes = "vmid,cpu,mem,at,lt\n7,4,16,0.0,194.0\n8,1,1,2.0,8.0\n9,2,4,2.0,0\n";
    let events =
        "vmid,cpu,memory,time,type\n7,4,16,0,0\n8,1,1,2,0\n9,2,4,2,0\n9,2,4,2,1\n8,1,1,10,1\n7,4,16,194,1\n";
    let first = read_all(&write(dir.path(), "lt.csv", lifetimes), HUAWEI).expect("sound");
    let second = read_all(&write(dir.path(), "events.csv", events), HUAWEI).expect("sound");
    assert_eq!(first.len(), 3);
    assert_eq!(first[0].end, secs(194));
    assert_eq!(first, second);

    let open = "vmid,cpu,memory,time,type\n7,4,16,0,0\n7,4,16,5,1\n7,4,16,6,0\n";
    let reused = read_all(&write(dir.path(), "open.csv", open), HUAWEI).expect("sound");
    assert_eq!(reused.iter().map(|record| record.end).collect::<Vec<_>>(), [secs(5), RecordEnd::Never]);

    let residents = read_all(&write(dir.path(), "r.csv", "cpu,mem,at\n2,4,12848\n"), HUAWEI).expect("sound");
    assert_eq!(residents[0].end, RecordEnd::Never);
}

/// A small azure trace in a folder of its own.
fn azure(folder: &Path, dev: &str, lifetimes: &str) -> PathBuf {
    write(folder, "flav_map.txt", "1,1.75 b\n2,3.5 g\n");
    write(folder, "v1.interval_map.txt", "0 0\n300 1\n600 2\n900 2\n1200 2\n");
    write(folder, "v1.dev.c900.txt", lifetimes);
    write(folder, "v1.dev.txt", dev)
}

#[test]
fn azure_batches_flavours_and_lifetimes_are_read() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = azure(dir.path(), "300 b,g,|,g,|,\n600 b,|,\n", "300 U0,U2,|,U1,|,\n600 C1,|,\n");
    let records = read_all(&path, AZURE).expect("sound");
    let told: Vec<_> =
        records.iter().map(|r| (r.line, r.at.0 / 1_000_000, r.asked, r.batch, r.end)).collect();
    assert_eq!(
        told,
        [
            (1, 300, 0, 0, secs(150)),
            (1, 300, 1, 0, secs(900)),
            (1, 300, 1, 1, secs(300)),
            (2, 600, 0, 2, RecordEnd::Never),
        ]
    );
    std::fs::remove_file(dir.path().join("v1.dev.c900.txt")).expect("removed");
    let records = read_all(&path, AZURE).expect("sound");
    assert!(records.len() == 4 && records.iter().all(|record| record.end == RecordEnd::Unknown));
}

#[test]
fn azure_damage_is_told_in_the_file_where_it_is() {
    let check = |dev: &str, lifetimes: &str, file_and_line: &str, expected: &str| {
        let dir = tempfile::tempdir().expect("temporary directory");
        let told = error(&azure(dir.path(), dev, lifetimes), AZURE);
        assert!(told.contains(file_and_line) && told.contains(expected), "{told}");
    };
    let (dev, lifetimes) = ("300 b,|,\n600 b,|,\n", "300 U0,|,\n600 U1,|,\n");
    check("300 b,|,\n600 z,|,\n", lifetimes, "v1.dev.txt:2: ", "unknown flavour `z`");
    check("300 b,|,\nx b,|,\n", lifetimes, "v1.dev.txt:2: ", "begin with a time");
    check("900 b,|,\n600 b,|,\n", "900 U0,|,\n600 U1,|,\n", "v1.dev.txt:2: ", "time goes back");
    check(dev, "300 U0,|,\n600 U9,|,\n", "c900.txt:2: ", "bin 9 is not in the interval map");
    check(dev, "300 U0,|,\n600 X1,|,\n", "c900.txt:2: ", "`X1` is no lifetime");
    check(dev, "300 U0,|,\n900 U1,|,\n", "c900.txt:2: ", "time differs");
    check(dev, "300 U0,|,\n600 U1,U1,|,\n", "c900.txt:2: ", "batches differ");
    check(dev, "300 U0,|,\n", "c900.txt:2: ", "lifetimes end before");
    check(dev, "300 U0,|,\n600 U1,|,\n900 U0,|,\n", "c900.txt:3: ", "a line more");

    let dir = tempfile::tempdir().expect("temporary directory");
    let path = azure(dir.path(), dev, lifetimes);
    let told = error(&dir.path().join("v1.dev.c900.txt"), AZURE);
    assert!(told.contains("this file holds lifetimes: name v1.dev.txt"), "{told}");
    write(dir.path(), "v1.dev.c901.txt", lifetimes);
    assert!(error(&path, AZURE).contains("several files with lifetimes: v1.dev.c900.txt, v1.dev.c901.txt"));
    std::fs::remove_file(dir.path().join("flav_map.txt")).expect("removed");
    assert!(error(&path, AZURE).contains("no flav_map.txt"));
}
