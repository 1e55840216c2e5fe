//! Reading traces: records a second on one core, for each form that is large in practice.
//!
//! The target is 1,000,000 records a second for CSV. Throughput is printed as elements: records.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::{Path, PathBuf};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use packyard::scenario::workload::TraceFormat;
use packyard::workload::trace::{Form, TraceReader, TraceWriter};

const RECORDS: u64 = 500_000;

/// Reads to the end; a sum over the records, so that "faster because different" shows.
fn read(path: &Path, format: TraceFormat) -> u64 {
    let mut reader = TraceReader::open(path, format).expect("opens");
    let (mut count, mut sum) = (0u64, 0u64);
    while let Some(record) = reader.next().expect("sound") {
        count += 1;
        sum = sum.wrapping_mul(31).wrapping_add(record.at.0 ^ u64::from(record.asked));
    }
    assert_eq!(count, RECORDS);
    sum
}

/// A fixed rule for numbers that look drawn.
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

fn files(folder: &Path) -> Vec<(&'static str, PathBuf, TraceFormat)> {
    let sizes = ["1,1.75", "2,3.5", "4,7", "8,14", "8,56", "1,0.75", "0.5,1", "16,64"];
    let (mut sized, mut named) =
        (String::from("at,vcpus,memory,lifetime\n"), String::from("at,type,lifetime,account\n"));
    let (mut huawei, mut table) = (String::from("vmid,cpu,mem,at,lt\n"), String::new());
    let (mut state, mut at) = (1, 0);
    for vm in 0..RECORDS {
        at += draw(&mut state, 3);
        let size = sizes[draw(&mut state, 8) as usize];
        let (lifetime, account) = (draw(&mut state, 100_000), draw(&mut state, 500));
        let _ = writeln!(sized, "{at}.{},{size},{lifetime}.5", vm % 10);
        let _ = writeln!(named, "{at},ecs.g5.{}xlarge,{lifetime},tenant-{account}", 1 + vm % 8);
        let _ = writeln!(huawei, "{vm},{size},{at}.0,{lifetime}.0");
        let end = at + lifetime;
        let _ = writeln!(
            table,
            "{vm:064x},{account:064x},{account:064x},{at},{end},99.1,3.2,20.5,Unknown,{size}"
        );
    }
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let sized = write("sized.csv", &in_order(&sized));
    let packed = folder.join("sized.csv.zst");
    let bytes = std::fs::read(&sized).expect("read back");
    std::fs::write(&packed, zstd::encode_all(&bytes[..], 3).expect("packed")).expect("written");
    let parquet = folder.join("sized.parquet");
    let mut reader = TraceReader::open(&sized, TraceFormat::PackyardCsv).expect("opens");
    let file = std::fs::File::create(&parquet).expect("created");
    let mut writer = TraceWriter::new(file, Form::Parquet).expect("begun");
    while let Some(record) = reader.next().expect("sound") {
        writer.write(&record, reader.names()).expect("written");
    }
    writer.finish().expect("written");
    vec![
        ("packyard-csv/sizes", sized, TraceFormat::PackyardCsv),
        ("packyard-csv/sizes-zstd", packed, TraceFormat::PackyardCsv),
        ("packyard-csv/types-and-accounts", write("named.csv", &named), TraceFormat::PackyardCsv),
        ("packyard-parquet", parquet, TraceFormat::PackyardParquet),
        ("huawei-east-1", write("huawei.csv", &huawei), TraceFormat::HuaweiEast1),
        ("azure-vm", write("vmtable.csv", &table), TraceFormat::AzureVm),
    ]
}

/// The rows in order of their first field.
fn in_order(text: &str) -> String {
    let (header, rows) = text.split_once('\n').expect("a header");
    let at = |row: &&str| -> u64 {
        (row.split(',').next().and_then(|at| at.parse::<f64>().ok()).unwrap_or(0.0) * 10.0) as u64
    };
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.sort_by_key(at);
    format!("{header}\n{}\n", rows.join("\n"))
}

fn traces(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("temporary directory");
    let mut group = criterion.benchmark_group("traces");
    group.throughput(Throughput::Elements(RECORDS)).sample_size(10);
    for (name, path, format) in files(folder.path()) {
        println!("{name}: sum {:016x}", read(&path, format));
        group.bench_function(name, |bencher| bencher.iter(|| read(black_box(&path), format)));
    }
    group.finish();
}

criterion_group!(benches, traces);
criterion_main!(benches);
