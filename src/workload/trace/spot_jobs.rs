//! `alibaba-spot-2026`: the job table of the Alibaba spot-GPU trace of 2026, CSV with a header: job_name, organization,
//! gpu_model, cpu_request (vCPUs of a worker), gpu_request (of a worker: a share of one, or whole ones), worker_num,
//! submit_time (s), duration (s), job_type (`HP` or `Spot`).
//!
//! Every worker of a job is a record, and all of a job are a batch. The account is the organization, the class is the job
//! type; `Spot` is spot. The table says nothing of memory: 1 MiB stands for it, so that it never decides.

use std::path::Path;

use super::columns::{Columns, count};
use super::lines::{micros, number};
use super::sorted::Sorter;
use super::{Asked, Gpus, Names, Record, RecordEnd, TraceError};
use crate::model::{SimDuration, SimTime};
use crate::placement::MAX_GPUS;

/// The most workers of one job.
const MOST_WORKERS: u32 = 100_000;

/// Reads the whole table.
pub(super) fn read(path: &Path, names: &mut Names, sorter: &mut Sorter) -> Result<(), TraceError> {
    let mut columns = Columns::open(path)?;
    if columns.maybe("gpu_capacity_num").is_some() {
        return Err(columns.lines.damaged("this is the node table: the job table is read here"));
    }
    let known = [
        "organization",
        "gpu_model",
        "cpu_request",
        "gpu_request",
        "worker_num",
        "submit_time",
        "duration",
        "job_type",
    ];
    let mut at = [0; 8];
    for (place, name) in at.iter_mut().zip(known) {
        *place = columns.place(name)?;
    }
    let [organization, model, cpu, gpu, workers, submit, duration, kind] = at;
    while columns.advance()? {
        let fields = columns.fields()?;
        let bad = |column, what: &str| columns.bad(column, what);
        let vcpus = number(fields[cpu], 100_000.0).ok_or_else(|| bad(cpu, "number of vCPUs"))?;
        let gpus = number(fields[gpu], f64::from(MAX_GPUS)).ok_or_else(|| bad(gpu, "number of GPUs"))?;
        let cpu_milli = (vcpus * 1_000.0).round() as u32;
        let gpu_milli = (gpus * 1_000.0).round() as u32;
        if gpu_milli > 1_000 && !gpu_milli.is_multiple_of(1_000) {
            return Err(bad(gpu, "share of one GPU, and no whole number of them"));
        }
        if cpu_milli == 0 && gpu_milli == 0 {
            return Err(columns.lines.damaged("the job asks for nothing"));
        }
        let workers = count(fields[workers], MOST_WORKERS)
            .filter(|count| *count > 0)
            .ok_or_else(|| bad(workers, "number of workers"))?;
        let submitted = micros(fields[submit]).ok_or_else(|| bad(submit, "time in seconds"))?;
        let lasts = micros(fields[duration]).ok_or_else(|| bad(duration, "time in seconds"))?;
        let spot = match fields[kind] {
            "HP" => false,
            "Spot" => true,
            _ => return Err(bad(kind, "type of job: HP and Spot are known")),
        };
        let asked = match gpu_milli {
            0 => Asked::Size { cpu_milli, memory_mib: 1 },
            milli => {
                let (count, milli_each) = ((milli / 1_000).max(1), milli.min(1_000));
                let gpus = Gpus { count, milli_each, models: fields[model].to_owned() };
                Asked::WithGpus { cpu_milli, memory_mib: 1, gpus }
            }
        };
        let line = columns.lines.number();
        let record = Record {
            account: Some(names.accounts.place(fields[organization])),
            class: Some(names.classes.place(fields[kind])),
            spot,
            ..Record::new(
                line,
                SimTime(submitted),
                names.asked.place(&asked),
                line,
                RecordEnd::After(SimDuration(lasts)),
            )
        };
        for _ in 0..workers {
            sorter.add(record)?;
        }
    }
    Ok(())
}
