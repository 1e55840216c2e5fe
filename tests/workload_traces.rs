//! The shipped trace against the figures that its README lists.

use std::path::PathBuf;

use packyard::scenario::workload::TraceFormat;
use packyard::workload::trace::{Options, TraceInfo};

fn read(name: &str) -> TraceInfo {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/traces/azure-v1-2017").join(name);
    TraceInfo::read(&path, TraceFormat::AzureV1_2017, &|_| None).expect("the shipped trace is sound")
}

#[test]
fn the_dev_window_has_its_published_figures() {
    let info = read("v1.dev.txt.zst");
    assert_eq!(
        (info.requests, info.ended, info.still_running, info.unknown_end),
        (259_159, 244_842, 14_317, 0)
    );
    assert_eq!((info.first.0 / 1_000_000, info.last.0 / 1_000_000), (1_800_000, 2_099_700));
    let lifetimes = info.lifetime_s.expect("most of them end");
    let quantiles = [lifetimes.p25, lifetimes.p50, lifetimes.p75, lifetimes.p90, lifetimes.p99];
    assert_eq!(quantiles, [900, 1_500, 5_550, 23_550, 129_750]);
    assert_eq!(info.per_5min.mean.round(), 259.0);
    let peaks = (info.peak_instances, info.peak_cpu_milli, info.peak_memory_mib);
    assert_eq!(peaks, (20_272, 44_122_000, 112_828 * 1_024));
    assert_eq!(info.sizes.iter().map(|size| size.count).sum::<u64>(), info.requests);
}

#[test]
fn the_train_window_has_its_published_figures() {
    let info = read("v1.train.txt.zst");
    assert_eq!((info.requests, info.batches, info.unknown_end), (1_200_998, 316_846, 1_200_998));
    assert_eq!((info.per_5min.p50, info.per_5min.p99, info.per_5min.max), (171, 600, 1_493));
    let batch = info.batch_size;
    assert_eq!((batch.p50, batch.p90, batch.p99, batch.max), (1, 7, 40, 788));
    let largest = (info.sizes[0].cpu_milli, info.sizes[0].memory_mib, info.sizes[0].count);
    assert_eq!(largest, (Some(1_000), Some(1_792), 512_172));
    let shares: Vec<(u32, u32, f64)> = info.sizes[..6]
        .iter()
        .map(|size| {
            let share = 1_000.0 * size.count as f64 / info.requests as f64;
            (size.cpu_milli.expect("sized"), size.memory_mib.expect("sized"), share.round() / 10.0)
        })
        .collect();
    let gib = |quarters: u32| quarters * 256;
    let published = [
        (1_000, gib(7), 42.6),
        (2_000, gib(14), 27.8),
        (4_000, gib(28), 11.3),
        (8_000, gib(56), 11.2),
        (8_000, gib(224), 4.6),
        (1_000, gib(3), 2.3),
    ];
    assert_eq!(shares, published);
    assert_eq!((100.0 * info.gib_per_vcpu).round(), 246.0);
}

/// Huawei-East-1 may not be shipped: `PACKYARD_TRACES` names a folder with `huawei-east-1`. `tests/trace_formats.rs` and the reader's
/// own tests read made files in its three forms.
#[test]
#[ignore = "needs PACKYARD_TRACES: the trace may not be shipped"]
fn huawei_east_1_has_its_published_figures() {
    let folder = std::env::var_os("PACKYARD_TRACES").expect("PACKYARD_TRACES names the folder of the traces");
    let folder = PathBuf::from(folder).join("huawei-east-1");
    let path = folder.join("Huawei-East-1-lt.csv.zst");
    let info = TraceInfo::read(&path, TraceFormat::HuaweiEast1, &|_| None).expect("sound");
    assert_eq!((info.requests, info.ended, info.sizes.len()), (116_313, 116_313, 15));
    assert_eq!((info.per_hour.mean.round(), info.per_hour.max), (156.0, 956));
    let lifetimes = info.lifetime_s.expect("all end");
    assert_eq!((lifetimes.p50, lifetimes.p90, lifetimes.p99), (2_592, 20_500, 489_992));
    assert_eq!(
        (info.peak_instances, info.peak_cpu_milli, info.peak_memory_mib),
        (2_432, 4_273_000, 8_518 << 10)
    );
    let residents = folder.join("RECONSTRUCTED_never_deleted.csv");
    let both =
        TraceInfo::read_all(&[&path, &residents], TraceFormat::HuaweiEast1, &Options::default(), &|_| None);
    let both = both.expect("sound");
    assert_eq!((both.requests, both.still_running), (125_430, 9_117));
    assert_eq!((both.peak_cpu_milli, both.peak_memory_mib), (34_373_000, 72_526 << 10));
}

/// Runs `packyard trace info`: exit code, standard output, standard error.
fn info(file: &std::path::Path, rest: &[&str]) -> (Option<i32>, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_packyard"));
    let output = command.args(["trace", "info"]).arg(file).args(rest).output().expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What the README of the trace lists is in the text too, not only in the JSON.
#[test]
fn the_command_prints_the_published_figures() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/traces/azure-v1-2017/v1.dev.txt.zst");
    let (code, told, _) = info(&path, &[]);
    assert_eq!(code, Some(0));
    for line in [
        "creations            259,159",
        "arrivals per 5 min   mean 259,",
        "never end 14,317 (5.5 %)",
        "lifetime (s)         p25 900, p50 1,500, p75 5,550, p90 23,550, p99 129,750,",
        "peak                 20,272 instances, 44,122 vCPU, 112,828 GiB",
    ] {
        assert!(told.contains(line), "{line} is not in {told}");
    }
}

#[test]
fn the_command_prints_figures_and_refuses_damage() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("t.csv");
    let csv = ["--format", "packyard-csv"];
    std::fs::write(&path, "at,type,vcpus,memory,lifetime\n0,ecs.g5.large,,,60\n30,,0.5,1.5,\n")
        .expect("written");
    let (code, told, _) = info(&path, &csv);
    assert_eq!(code, Some(0));
    assert!(told.contains("peak                 2 instances, 2.5 vCPU, 10 GiB"), "{told}");
    let (code, told, _) = info(&path, &["--format", "packyard-csv", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    assert_eq!((code, &json["requests"], &json["peak_memory_mib"]), (Some(0), &2.into(), &9_728.into()));

    std::fs::write(&path, "at,type\n0,a\nsoon,b\n").expect("written");
    let (code, _, told) = info(&path, &csv);
    let unwrapped = told.replace("\n  │ ", "");
    assert!(code == Some(2) && unwrapped.contains("t.csv:3: ") && told.contains("soon,b"), "{told}");
    assert_eq!(info(dir.path(), &csv).0, Some(2));
    assert_eq!(info(&path, &["--format", "parquet"]).0, Some(2));
}
