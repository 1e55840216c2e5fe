//! Small files in the forms of traces that cannot be shipped, made here after their documented schemas, and read.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use packyard::model::{SimDuration, SimTime};
use packyard::scenario::workload::TraceFormat;
use packyard::workload::trace::{
    Asked, Form, Gpus, Machine, Options, Record, RecordEnd, TraceInfo, TraceReader, TraceWriter, guess,
};

const HOUR: u64 = 3_600_000_000;

fn all(path: &Path, format: TraceFormat) -> (Vec<Record>, TraceReader) {
    let mut reader = TraceReader::open(path, format).unwrap_or_else(|error| panic!("{error}"));
    let mut records = Vec::new();
    while let Some(record) = reader.next().unwrap_or_else(|error| panic!("{error}")) {
        records.push(record);
    }
    (records, reader)
}

fn error(path: &Path, format: TraceFormat) -> String {
    let read = TraceReader::open(path, format).and_then(|mut reader| {
        while reader.next()?.is_some() {}
        Ok(())
    });
    read.expect_err("a damaged trace").to_string()
}

/// A fixed rule for numbers that look drawn.
struct Rule(u64);

impl Rule {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// The Azure Packing Trace in its two tables: VMs of three types on two machines, from before the beginning to beyond the
/// end, in no order of time.
struct Packing {
    types: Vec<(i64, i64, f64, f64)>,
    vms: Vec<(i64, i64, i64, i64, f64, Option<f64>)>,
}

impl Packing {
    fn made(count: i64) -> Packing {
        // Machine 1 is twice machine 0 and holds the most types; type 40 is listed on machine 0 only.
        let types = vec![
            (10, 0, 0.031_25, 0.015_625),
            (10, 1, 0.015_625, 0.007_812_5),
            (20, 0, 0.5, 0.25),
            (20, 1, 0.25, 0.125),
            (30, 1, 0.75, 1.0),
            (31, 1, 0.5, 0.5),
            (40, 0, 0.25, 0.25),
        ];
        let mut rule = Rule(7);
        let vms = (0..count)
            .map(|vm| {
                let start = rule.below(2_000) as f64 / 100.0 - 5.0;
                let lives = 0.01 + rule.below(300) as f64 / 100.0;
                let end = (rule.below(10) > 0).then_some(start + lives);
                let vm_type = [10, 10, 40, 20, 30][rule.below(5) as usize];
                (vm, rule.below(40) as i64, vm_type, rule.below(2) as i64, start, end)
            })
            .filter(|(.., end)| end.is_none_or(|end| end > 0.0))
            .collect();
        Packing { types, vms }
    }

    fn database(&self, path: &Path) {
        let database = rusqlite::Connection::open(path).unwrap();
        database
            .execute_batch(
                "CREATE TABLE vmType (id INTEGER, vmTypeId INTEGER, machineId INTEGER, core REAL, memory REAL, hdd REAL,
                 ssd REAL, nic REAL);
                 CREATE TABLE vm (vmId INTEGER, tenantId INTEGER, vmTypeId INTEGER, priority INTEGER, starttime REAL,
                 endtime REAL); BEGIN;",
            )
            .unwrap();
        for (vm_type, machine, core, memory) in &self.types {
            database
                .execute(
                    "INSERT INTO vmType VALUES (1, ?1, ?2, ?3, ?4, NULL, 0.1, 0.1)",
                    rusqlite::params![vm_type, machine, core, memory],
                )
                .unwrap();
        }
        for (vm, tenant, vm_type, priority, start, end) in &self.vms {
            database
                .execute(
                    "INSERT INTO vm VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                    rusqlite::params![vm, tenant, vm_type, priority, start, end],
                )
                .unwrap();
        }
        database.execute_batch("COMMIT;").unwrap();
    }

    fn exports(&self, folder: &Path) -> PathBuf {
        let mut types =
            String::from("\"id\",\"vmTypeId\",\"machineId\",\"core\",\"memory\",\"hdd\",\"ssd\",\"nic\"\n");
        for (vm_type, machine, core, memory) in &self.types {
            writeln!(types, "1,{vm_type},{machine},{core},{memory},,0.1,0.1").unwrap();
        }
        let mut vms = String::from("vmId,tenantId,vmTypeId,priority,starttime,endtime\n");
        for (vm, tenant, vm_type, priority, start, end) in &self.vms {
            let end = end.map_or_else(String::new, |end| end.to_string());
            writeln!(vms, "{vm},{tenant},{vm_type},{priority},{start},{end}").unwrap();
        }
        std::fs::write(folder.join("vmType.csv"), types).unwrap();
        std::fs::write(folder.join("vm.csv"), vms).unwrap();
        folder.join("vm.csv")
    }
}

#[test]
fn the_azure_packing_trace_is_read_from_its_database_and_from_exports() {
    let dir = tempfile::tempdir().unwrap();
    let made = Packing::made(2_000);
    let path = dir.path().join("trace.sqlite");
    made.database(&path);
    let (records, reader) = all(&path, TraceFormat::AzurePacking2020);
    assert_eq!(records.len(), made.vms.len());
    assert!(records.is_sorted_by_key(|record| record.at));
    // 64 vCPU and 256 GiB for machine 1; machine 0 is half that, so type 40 has 8 vCPU and 32 GiB.
    let sizes: Vec<_> = reader.names().asked.values().iter().map(Asked::label).collect();
    let mut sorted = sizes.clone();
    sorted.sort();
    assert_eq!(sorted, ["16c-32g", "1c-2g", "48c-256g", "8c-32g"]);
    let low = made.vms.iter().filter(|vm| vm.3 == 1).count();
    assert_eq!(records.iter().filter(|record| record.spot).count(), low);
    let before: Vec<_> = records.iter().filter(|record| record.age > SimDuration::ZERO).collect();
    assert_eq!(before.len(), made.vms.iter().filter(|vm| vm.4 < 0.0).count());
    assert!(before.iter().all(|record| record.at == SimTime::ZERO));
    assert_eq!(
        records.iter().filter(|record| record.end == RecordEnd::Never).count(),
        made.vms.iter().filter(|vm| vm.5.is_none()).count()
    );

    let whole = TraceInfo::read(&path, TraceFormat::AzurePacking2020, &|_| None).unwrap();
    let exports =
        TraceInfo::read(&made.exports(dir.path()), TraceFormat::AzurePacking2020, &|_| None).unwrap();
    assert_eq!(whole.requests, exports.requests);
    assert_eq!(whole, exports);
    assert_eq!(whole.lived_before, before.len() as u64);
    let machine = Machine { cpu_milli: 128_000, memory_mib: 512 << 10 };
    let doubled =
        TraceInfo::read_all(&[&path], TraceFormat::AzurePacking2020, &Options { machine }, &|_| None)
            .unwrap();
    assert_eq!(doubled.peak_cpu_milli, 2 * whole.peak_cpu_milli);

    // The database packed is unpacked on the way.
    let packed = dir.path().join("trace.zst");
    std::fs::write(&packed, zstd::encode_all(&std::fs::read(&path).unwrap()[..], 1).unwrap()).unwrap();
    assert_eq!(guess(&packed).unwrap(), Some(TraceFormat::AzurePacking2020));
    assert_eq!(all(&packed, TraceFormat::AzurePacking2020).0, records);
}

#[test]
fn damage_in_the_azure_packing_trace_is_told_by_table_and_row() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    let mut check = |change: &str, needle: &str| {
        number += 1;
        let path = dir.path().join(format!("{number}.sqlite"));
        Packing::made(20).database(&path);
        rusqlite::Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let told = error(&path, TraceFormat::AzurePacking2020);
        assert!(told.contains(needle), "{told} should tell: {needle}");
    };
    check("UPDATE vm SET vmTypeId = 99 WHERE rowid = 3", "vmTypeId 99 is not in vmType");
    check("UPDATE vm SET priority = 7 WHERE rowid = 4", "row 4 of table vm");
    check("UPDATE vm SET starttime = 'soon' WHERE rowid = 2", "starttime is no number of days");
    check("UPDATE vm SET endtime = starttime - 1 WHERE rowid = 1", "ends before it starts");
    check("UPDATE vmType SET core = 2 WHERE rowid = 1", "row 1 of table vmType");
    check("DROP TABLE vmType", "no such table: vmType");
    let told = error(&dir.path().join("1.sqlite.gz"), TraceFormat::AzurePacking2020);
    assert!(told.contains("cannot open trace"), "{told}");
    std::fs::write(dir.path().join("vm.csv"), "vmId,tenantId,vmTypeId,priority,starttime,endtime\n").unwrap();
    let told = error(&dir.path().join("vm.csv"), TraceFormat::AzurePacking2020);
    assert!(told.contains("nor is there a vmType.csv"), "{told}");
}

/// A VM table in the form of 2017 or, with buckets, of 2019. Lines are in no order of time.
fn vm_table(buckets: bool) -> String {
    let mut rule = Rule(3);
    let mut text = String::new();
    for vm in 0..400 {
        let created = rule.below(8_000) * 300;
        let deleted = (created + 300 + rule.below(2_000) * 300).min(2_592_000);
        let (subscription, deployment) = (rule.below(30), rule.below(60));
        let category = ["Delay-insensitive", "Interactive", "Unknown"][rule.below(3) as usize];
        let size = match (buckets, rule.below(4)) {
            (false, 0) => "1,0.75",
            (false, 1) => "1,1.75",
            (false, 2) => "2,3.5",
            (false, _) => "8,56",
            (true, 0) => "2,4",
            (true, 1) => "4,8",
            (true, 2) => "24,64",
            (true, _) => ">24,>64",
        };
        writeln!(
            text,
            "vm{vm}/x+=,sub{subscription},dep{deployment},{created},{deleted},99.1,3.2,20.5,{category},{size}"
        )
        .unwrap();
    }
    text
}

#[test]
fn both_azure_vm_tables_are_read_in_order_of_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("vmtable.csv.gz");
    for buckets in [false, true] {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(vm_table(buckets).as_bytes()).unwrap();
        std::fs::write(&path, packer.finish().unwrap()).unwrap();
        assert_eq!(guess(&path).unwrap(), Some(TraceFormat::AzureVm));
        let (records, reader) = all(&path, TraceFormat::AzureVm);
        assert_eq!(records.len(), 400);
        assert!(records.is_sorted_by_key(|record| record.at));
        assert!(
            records
                .windows(2)
                .all(|pair| pair[1].batch == pair[0].batch || pair[1].batch == pair[0].batch + 1)
        );
        let labels: Vec<String> = reader.names().asked.values().iter().map(Asked::label).collect();
        assert_eq!(labels.len(), 4);
        // The open bucket `>24,>64` is the next power of two.
        assert_eq!(labels.contains(&"32c-128g".to_owned()), buckets, "{labels:?}");
        assert_eq!(labels.contains(&"1c-1792m".to_owned()), !buckets, "{labels:?}");
        let info = TraceInfo::read(&path, TraceFormat::AzureVm, &|_| None).unwrap();
        assert_eq!((info.accounts, info.classes.len(), info.ended), (30, 3, 400));
    }
    let check = |line: &str, needle: &str| {
        let plain = dir.path().join("vmtable.csv");
        std::fs::write(&plain, format!("a,b,c,0,300,1,1,1,Unknown,2,4\n{line}\n")).unwrap();
        let told = error(&plain, TraceFormat::AzureVm);
        assert!(told.contains("vmtable.csv:2: ") && told.contains(needle) && told.contains(line), "{told}");
    };
    check("a,b,c,0,300,1,1,1,Unknown,2", "10 columns where the format has 11");
    check("a,b,c,600,300,1,1,1,Unknown,2,4", "deleted before it was created");
    check("a,b,c,soon,300,1,1,1,Unknown,2,4", "column created is no time in seconds");
    check("a,b,c,0,300,1,1,1,Unknown,>x,4", "column cores is no size");
    check("a,b,c,0,300,1,1,1,Unknown,0,4", "without cores or memory");
}

#[test]
fn the_alibaba_spot_jobs_become_workers_and_its_nodes_hosts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("job_info.csv");
    let header =
        "job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type\n";
    let rows = "j1,org-a,A10,4,0.5,1,7200,600,Spot\n\
                j2,org-b,H800,96,8,3,3600,86400.5,HP\n\
                j3,org-a,,2.5,0,2,7200,60,HP\n";
    std::fs::write(&path, format!("{header}{rows}")).unwrap();
    assert_eq!(guess(&path).unwrap(), Some(TraceFormat::AlibabaSpot2026));
    let (records, reader) = all(&path, TraceFormat::AlibabaSpot2026);
    let told: Vec<_> = records.iter().map(|record| (record.at.0 / HOUR, record.batch, record.spot)).collect();
    let job2 = (1, 0, false);
    assert_eq!(told, [job2, job2, job2, (2, 1, true), (2, 2, false), (2, 2, false)]);
    assert_eq!(records[0].end, RecordEnd::After(SimDuration(86_400_500_000)));
    let names = reader.names();
    let asked = |at: usize| names.asked.values()[records[at].asked as usize].clone();
    let share = Gpus { count: 1, milli_each: 500, models: "A10".to_owned() };
    assert_eq!(asked(3), Asked::WithGpus { cpu_milli: 4_000, memory_mib: 1, gpus: share });
    assert_eq!(asked(0).label(), "96c-1m-8gpu-H800");
    assert_eq!(asked(4), Asked::Size { cpu_milli: 2_500, memory_mib: 1 });
    let check = |row: &str, needle: &str| {
        std::fs::write(&path, format!("{header}{row}\n")).unwrap();
        let told = error(&path, TraceFormat::AlibabaSpot2026);
        assert!(told.contains("job_info.csv:2: ") && told.contains(needle), "{told}");
    };
    check("j,o,A10,4,1.5,1,0,1,HP", "share of one GPU");
    check("j,o,A10,4,1,0,0,1,HP", "number of workers");
    check("j,o,A10,4,1,1,0,1,Batch", "HP and Spot are known");
    check("j,o,A10,0,0,1,0,1,HP", "asks for nothing");
    check("j,o,A10,4,1,1,0,HP", "8 columns");

    let nodes = dir.path().join("node_info.csv");
    std::fs::write(
        &nodes,
        "gpu_model,gpu_capacity_num,cpu_num,node_name\nA10,4,128,n1\nA10,4,128,n2\nH800,8,192,n3\n",
    )
    .unwrap();
    let list = packyard::workload::trace::NodeList::read(&nodes).unwrap();
    assert_eq!(list.nodes, [0, 0, 1]);
    assert_eq!((list.classes[1].cpu_milli, list.classes[1].gpus), (192_000, 8));
    let told = error(&nodes, TraceFormat::AlibabaSpot2026);
    assert!(told.contains("this is the node table"), "{told}");
}

/// Everything that our own forms can say.
const RICH: &str = "at,type,vcpus,memory,gpus,gpu_milli,gpu_models,lifetime,zone,account,class,spot,batch,age\n\
                    0,,2,3.5,,,,3600,z-a,alice,low,1,0,86400.5\n\
                    0.25,,4,16,1,460,V100|T4,,z-a,bob,high,0,0,\n\
                    0.25,ecs.g5.large,,,,,,?,,,,0,1,\n\
                    7.000001,,0.5,1,2,1000,,0,,alice,low,1,2,\n";

#[test]
fn our_own_forms_say_the_same_and_are_written_as_they_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let csv = dir.path().join("rich.csv");
    std::fs::write(&csv, RICH).unwrap();
    let (records, reader) = all(&csv, TraceFormat::PackyardCsv);
    assert_eq!(records[0].age, SimDuration(86_400_500_000));
    assert_eq!(records.iter().map(|record| record.batch).collect::<Vec<_>>(), [0, 0, 1, 2]);
    let labels: Vec<String> = reader.names().asked.values().iter().map(Asked::label).collect();
    assert_eq!(labels, ["2c-3584m", "4c-16g-460mgpu-V100-T4", "ecs.g5.large", "500mc-1g-2gpu"]);
    let ends: Vec<RecordEnd> = records.iter().map(|record| record.end).collect();
    let after = |micros| RecordEnd::After(SimDuration(micros));
    assert_eq!(ends, [after(HOUR), RecordEnd::Never, RecordEnd::Unknown, after(0)]);

    let write = |name: &str, form: Form| {
        let path = dir.path().join(name);
        let mut writer = TraceWriter::new(std::fs::File::create(&path).unwrap(), form).unwrap();
        for record in &records {
            writer.write(record, reader.names()).unwrap();
        }
        writer.finish().unwrap();
        path
    };
    let again = write("again.csv", Form::Csv);
    assert_eq!(std::fs::read_to_string(&again).unwrap(), RICH);
    let parquet = write("rich.parquet", Form::Parquet);
    assert_eq!(guess(&parquet).unwrap(), Some(TraceFormat::PackyardParquet));
    let (read, other) = all(&parquet, TraceFormat::PackyardParquet);
    let unlined = |records: &[Record]| records.iter().map(|r| Record { line: 0, ..*r }).collect::<Vec<_>>();
    assert_eq!(unlined(&read), unlined(&records));
    assert_eq!(other.names().asked.values(), reader.names().asked.values());
    assert_eq!(other.names().classes.values(), ["low", "high"]);
    // Packed once more, as some stores keep everything.
    let packed = dir.path().join("rich.parquet.zst");
    std::fs::write(&packed, zstd::encode_all(&std::fs::read(&parquet).unwrap()[..], 1).unwrap()).unwrap();
    assert_eq!(unlined(&all(&packed, TraceFormat::PackyardParquet).0), unlined(&records));
    let cut = std::fs::read(&parquet).unwrap();
    std::fs::write(&parquet, &cut[..cut.len() / 2]).unwrap();
    let told = error(&parquet, TraceFormat::PackyardParquet);
    assert!(told.contains("cannot read trace") && told.contains("rich.parquet"), "{told}");
}

#[test]
fn damage_in_the_newer_columns_of_our_csv_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let check = |text: &str, needle: &str| {
        let path = dir.path().join("t.csv");
        std::fs::write(&path, text).unwrap();
        let told = error(&path, TraceFormat::PackyardCsv);
        assert!(told.contains("t.csv:2: ") && told.contains(needle), "{told}");
    };
    check("at,type,spot\n1,a,yes\n", "column `spot`");
    check("at,type,batch\n1,a,first\n", "column `batch`");
    check("at,type,age\n1,a,-5\n", "column `age`");
    check("at,vcpus,memory,gpus\n1,1,1,99\n", "column `gpus`");
    check("at,vcpus,memory,gpus,gpu_milli\n1,1,1,1,0\n", "column `gpu_milli`");
    check("at,type,gpus\n1,a,1\n", "a row needs either");
}

/// Runs `packyard trace`: exit code, standard output, standard error.
fn trace(args: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"));
    let output = command.arg("trace").args(args).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_commands_convert_sample_and_tell_the_format_themselves() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    Packing::made(500).database(&dir.path().join("t.sqlite"));
    let (code, told, failed) = trace(&["convert", &at("t.sqlite"), "--out", &at("t.parquet")]);
    assert_eq!(code, Some(0), "{failed}");
    assert!(told.contains("records"), "{told}");
    assert_eq!(trace(&["convert", &at("t.parquet"), "-o", &at("t.csv")]).0, Some(0));
    let info = |name: &str| -> serde_json::Value {
        serde_json::from_str(&trace(&["info", &at(name), "--json"]).1).expect("JSON")
    };
    let (database, csv) = (info("t.sqlite"), info("t.csv"));
    assert_eq!(database, csv, "nothing is lost on the way");
    assert_eq!(database, info("t.parquet"));

    let (code, _, told) = trace(&["convert", &at("t.parquet"), "-o", &at("t.csv")]);
    assert!(code == Some(2) && told.contains("--force replaces it"), "{told}");
    let (code, _, told) = trace(&["convert", &at("t.csv"), "-o", &at("t.txt")]);
    assert!(code == Some(2) && told.contains("neither in .csv nor in"), "{told}");
    std::fs::write(dir.path().join("odd"), "hello\n").unwrap();
    let (code, _, told) = trace(&["info", &at("odd")]);
    assert!(code == Some(2) && told.contains("does not tell its format"), "{told}");

    let sample = |args: &[&str]| {
        let (out, input) = (at("s.csv"), at("t.csv"));
        let mut all = vec!["sample", input.as_str(), "-o", out.as_str(), "--force"];
        all.extend(args);
        let (code, _, told) = trace(&all);
        assert_eq!(code, Some(0), "{told}");
        info("s.csv")
    };
    let number = |value: &serde_json::Value, key: &str| value[key].as_u64().expect(key);
    assert_eq!(sample(&[])["requests"], csv["requests"]);
    let doubled = sample(&["--copies", "2", "--jitter", "1h"]);
    assert_eq!(number(&doubled, "requests"), 2 * number(&csv, "requests"));
    let half = number(&sample(&["--keep", "50%"]), "requests") as f64 / number(&csv, "requests") as f64;
    assert!((0.35..0.65).contains(&half), "{half}");
    let quick = sample(&["--speed", "2"]);
    assert_eq!(number(&quick, "last_us"), number(&csv, "last_us") / 2);
    assert_eq!(quick["peak_cpu_milli"], csv["peak_cpu_milli"], "times and lifetimes shrink together");
    let cut = sample(&["--from", "5d", "--until", "6d", "--shift", "2h"]);
    assert!(number(&cut, "first_us") >= 2 * HOUR && number(&cut, "last_us") < 26 * HOUR);
    let (code, _, told) = trace(&["sample", &at("t.csv"), "-o", &at("x.csv"), "--from", "900d"]);
    assert!(code == Some(2) && told.contains("nothing is left") && !dir.path().join("x.csv").exists());
}

#[test]
fn lists_of_nodes_are_told_as_such() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/traces/openb");
    let told = |name: &str| trace(&["info", &root.join(name).display().to_string()]).1;
    assert!(told("openb_node_list_all_node.csv.zst").contains("1,523 nodes, 1,213 with GPUs, 6,212 GPUs"));
    assert!(told("openb_node_list_gpu_node.csv.zst").contains("1,213 nodes, 1,213 with GPUs, 6,212 GPUs"));
    let pods = told("openb_pod_list_default.csv.zst");
    assert!(pods.contains("creations            8,152"), "{pods}");
    assert!(pods.contains("classes              LS 4,647 (57.0 %), BE 3,398"), "{pods}");
}
