//! Every format plain, by gzip and by zstd, told by its content; damage told by its line in each.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use packyard::scenario::workload::TraceFormat;
use packyard::workload::trace::prices::PriceReader;
use packyard::workload::trace::{Form, NodeList, Record, TraceError, TraceReader, TraceWriter, guess};

const AZURE: &str = "300 b,g,|,g,|,\n600 b,|,\n900 g,|,\n";
const AZURE_ENDS: &str = "300 U0,U2,|,U1,|,\n600 C1,|,\n900 U1,|,\n";

/// A small sound file of each format that is text, a line of it with a value that cannot be, and that line's number.
fn texts() -> Vec<(TraceFormat, &'static str, &'static str, u64)> {
    vec![
        (TraceFormat::AzureV1_2017, AZURE, "600 z,|,", 2),
        (
            TraceFormat::AzurePacking2020,
            "vmId,tenantId,vmTypeId,priority,starttime,endtime\n1,1,5,0,0.5,\n2,1,5,1,-1.0,2.5\n3,2,5,0,0.25,0.5\n",
            "2,1,5,1,soon,2.5",
            3,
        ),
        (
            TraceFormat::AzureVm,
            "a,b,c,0,300,1,1,1,Unknown,2,4\nd,b,c,0,900,1,1,1,Unknown,>24,>64\ne,f,g,300,,1,1,1,Interactive,2,4\n",
            "d,b,c,later,900,1,1,1,Unknown,>24,>64",
            2,
        ),
        (
            TraceFormat::HuaweiEast1,
            "vmid,cpu,mem,at,lt\n0,4,16,0.0,194.0\n1,4,16,2.0,498.0\n",
            "1,four,16,2.0,498.0",
            3,
        ),
        (
            TraceFormat::Openb,
            "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos\np0,12000,16384,1,460,,LS\np1,6000,12288,1,1000,T4|P100,BE\n",
            "p1,6000,12288,1,much,T4|P100,BE",
            3,
        ),
        (
            TraceFormat::AlibabaSpot2026,
            "job_name,organization,gpu_model,cpu_request,gpu_request,worker_num,submit_time,duration,job_type\n\
             j1,o,A10,4,0.5,1,7200,600,Spot\nj2,o,H800,96,8,3,3600,86400.5,HP\n",
            "j2,o,H800,96,8,no,3600,86400.5,HP",
            3,
        ),
        (
            TraceFormat::PackyardCsv,
            "at,type,lifetime\n0,ecs.g5.large,60\n5,ecs.g5.large,\n",
            "5,ecs.g5.large,-1",
            3,
        ),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).expect("packed");
    packer.finish().expect("packed")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).expect("packed")
}

/// A folder with a file in one of three packings; its companions are packed alike.
fn folder(format: TraceFormat, bytes: &[u8], packing: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("temporary directory");
    let write = |name: &str, bytes: &[u8]| {
        let packed = match packing {
            ".gz" => gzip(bytes),
            ".zst" => zstd(bytes),
            _ => bytes.to_vec(),
        };
        let path = dir.path().join(format!("{name}{packing}"));
        std::fs::write(&path, packed).expect("written");
        path
    };
    let path = match format {
        TraceFormat::AzureV1_2017 => {
            write("flav_map.txt", b"1,1.75 b\n2,3.5 g\n");
            write("v1.interval_map.txt", b"0 0\n300 1\n600 2\n900 2\n1200 2\n");
            write("v1.dev.c900.txt", AZURE_ENDS.as_bytes());
            write("v1.dev.txt", bytes)
        }
        TraceFormat::AzurePacking2020 => {
            // A companion has one name, whatever its packing.
            let types = b"id,vmTypeId,machineId,core,memory,hdd,ssd,nic\n1,5,0,0.25,0.125,,0.1,0.1\n";
            let types = if packing == ".gz" { gzip(types) } else { zstd(types) };
            std::fs::write(dir.path().join("vmType.csv"), types).expect("written");
            write("vm.csv", bytes)
        }
        _ => write("trace", bytes),
    };
    (dir, path)
}

fn read(path: &Path, format: TraceFormat) -> Result<Vec<Record>, TraceError> {
    let mut reader = TraceReader::open(path, format)?;
    let mut records = Vec::new();
    while let Some(record) = reader.next()? {
        records.push(record);
    }
    Ok(records)
}

#[test]
fn every_format_is_read_as_it_is_packed() {
    let mut seen = Vec::new();
    for (format, text, ..) in texts() {
        let (_plain, path) = folder(format, text.as_bytes(), "");
        let plain = read(&path, format).unwrap_or_else(|error| panic!("{format}: {error}"));
        assert!(plain.len() >= 2, "{format}");
        for packing in ["", ".gz", ".zst"] {
            let (_dir, path) = folder(format, text.as_bytes(), packing);
            assert_eq!(guess(&path).expect("readable"), Some(format), "{format}{packing}");
            assert_eq!(
                read(&path, format).unwrap_or_else(|error| panic!("{format}: {error}")),
                plain,
                "{format}{packing}"
            );
        }
        seen.push(format);
    }
    // Parquet is no text: made from our CSV.
    let (dir, path) = folder(TraceFormat::PackyardCsv, texts()[6].1.as_bytes(), "");
    let mut reader = TraceReader::open(&path, TraceFormat::PackyardCsv).expect("opens");
    let columns = dir.path().join("t.parquet");
    let mut writer =
        TraceWriter::new(std::fs::File::create(&columns).expect("created"), Form::Parquet).expect("begun");
    let mut records = 0;
    while let Some(record) = reader.next().expect("sound") {
        writer.write(&record, reader.names()).expect("written");
        records += 1;
    }
    writer.finish().expect("written");
    let bytes = std::fs::read(&columns).expect("read back");
    for packing in ["", ".gz", ".zst"] {
        let (_dir, path) = folder(TraceFormat::PackyardParquet, &bytes, packing);
        assert_eq!(guess(&path).expect("readable"), Some(TraceFormat::PackyardParquet));
        assert_eq!(read(&path, TraceFormat::PackyardParquet).expect("sound").len(), records);
    }
    seen.push(TraceFormat::PackyardParquet);
    assert!(TraceFormat::ALL.iter().all(|format| seen.contains(format)), "a format is missing here");
}

#[test]
fn damage_is_told_by_its_line_in_every_format() {
    for (format, text, bad, line) in texts() {
        let mut lines: Vec<&str> = text.lines().collect();
        lines[line as usize - 1] = bad;
        let damaged = lines.join("\n") + "\n";
        for packing in ["", ".gz", ".zst"] {
            let (_dir, path) = folder(format, damaged.as_bytes(), packing);
            let told = read(&path, format).expect_err("damaged").to_string();
            let place = format!("{}:{line}: ", path.display());
            assert!(
                told.starts_with(&place) && told.ends_with(&format!("the line: {bad}")),
                "{format}{packing}: {told}"
            );
        }
    }
}

#[test]
fn lists_of_nodes_and_prices_are_read_as_they_are_packed() {
    let dir = tempfile::tempdir().expect("temporary directory");
    let path = dir.path().join("list");
    let nodes = "sn,cpu_milli,memory_mib,gpu,model\nn0,64000,262144,2,P100\nn1,32000,131072,0,\n";
    let prices = "time,zone,instance_type,price\n0,z,ecs.g5.large,0.1\n300,z,ecs.g5.large,0.2\n";
    let packings: [fn(&[u8]) -> Vec<u8>; 3] = [<[u8]>::to_vec, gzip, zstd];
    for pack in packings {
        std::fs::write(&path, pack(nodes.as_bytes())).expect("written");
        assert_eq!(NodeList::read(&path).expect("sound").nodes, [0, 1]);
        std::fs::write(&path, pack(nodes.replace("32000", "x").as_bytes())).expect("written");
        let told = NodeList::read(&path).expect_err("damaged").to_string();
        assert!(told.contains("list:3: column cpu_milli"), "{told}");

        let count = |text: &str| -> Result<u32, TraceError> {
            std::fs::write(&path, pack(text.as_bytes())).expect("written");
            let mut reader = PriceReader::open(&path)?;
            let mut count = 0;
            while reader.next()?.is_some() {
                count += 1;
            }
            Ok(count)
        };
        assert_eq!(count(prices).expect("sound"), 2);
        let told = count(&prices.replace("0.2", "dear")).expect_err("damaged").to_string();
        assert!(told.contains("list:3: "), "{told}");
    }
}
