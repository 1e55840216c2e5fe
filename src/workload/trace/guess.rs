//! The format of a trace by its content.

use std::io::Read as _;
use std::path::Path;

use super::TraceError;
use super::columns::unquoted;
use super::lines::open_unpacked;
use crate::scenario::workload::TraceFormat;

/// Bytes that are looked at.
const LOOKED_AT: u64 = 4_096;

/// The format of a trace, told by its first bytes or its first line; none when they do not tell.
///
/// # Errors
/// The file is missing or packed in a damaged way.
pub fn guess(path: &Path) -> Result<Option<TraceFormat>, TraceError> {
    let mut begin = Vec::new();
    let looked = open_unpacked(path)?.take(LOOKED_AT).read_to_end(&mut begin);
    looked.map_err(|cause| TraceError::Read { path: path.to_path_buf(), line: 1, cause })?;
    if begin.starts_with(b"SQLite format 3\0") {
        return Ok(Some(TraceFormat::AzurePacking2020));
    }
    if begin.starts_with(b"PAR1") {
        return Ok(Some(TraceFormat::PackyardParquet));
    }
    let text = String::from_utf8_lossy(&begin);
    let data = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let Some(line) = text.lines().find(data) else { return Ok(None) };
    let columns: Vec<&str> = line.split(',').map(unquoted).collect();
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    let time = line.split(' ').next().unwrap_or_default();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Ok(if has("vmid") && (has("lt") || has("time")) || line.trim() == "cpu,mem,at" {
        Some(TraceFormat::HuaweiEast1)
    } else if has("vmTypeId") && has("starttime") {
        Some(TraceFormat::AzurePacking2020)
    } else if has("num_gpu") && has("cpu_milli") {
        Some(TraceFormat::Openb)
    } else if has("job_type") && has("worker_num") {
        Some(TraceFormat::AlibabaSpot2026)
    } else if has("at") && (has("type") || has("vcpus")) {
        Some(TraceFormat::PackyardCsv)
    } else if digits(time) && line.contains('|') && line.contains(' ') {
        Some(TraceFormat::AzureV1_2017)
    } else if columns.len() == 11 && digits(columns[3]) {
        Some(TraceFormat::AzureVm)
    } else {
        None
    })
}
