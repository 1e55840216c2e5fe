//! `openb`: a pod list of the openb GPU cluster, in order of file.
//!
//! Columns `cpu_milli`, `memory_mib`, `num_gpu`, `gpu_milli` (of each GPU; 1000 is a whole one) and, where they are there,
//! `gpu_spec` (allowed models joined by `|`; empty: any) and `qos`, which is the class.
//!
//! The list's own times are not used: only 56 pods would overlap, and the published protocol has none. Pods come a second
//! apart, and stay.

use std::path::Path;

use super::columns::{Columns, count};
use super::lines::Lines;
use super::{Asked, Gpus, Names, Record, RecordEnd, TraceError};
use crate::model::SimTime;
use crate::placement::MAX_GPUS;

pub(super) struct Openb {
    columns: Columns,
    at: [usize; 4],
    spec: Option<usize>,
    qos: Option<usize>,
    count: u64,
}

impl Openb {
    pub(super) fn open(path: &Path) -> Result<Openb, TraceError> {
        let columns = Columns::open(path)?;
        if columns.maybe("sn").is_some() && columns.maybe("num_gpu").is_none() {
            return Err(columns.lines.damaged("this is a list of nodes: a pod list is read here"));
        }
        let at = [
            columns.place("cpu_milli")?,
            columns.place("memory_mib")?,
            columns.place("num_gpu")?,
            columns.place("gpu_milli")?,
        ];
        let (spec, qos) = (columns.maybe("gpu_spec"), columns.maybe("qos"));
        Ok(Openb { columns, at, spec, qos, count: 0 })
    }

    pub(super) fn lines(&self) -> &Lines {
        &self.columns.lines
    }

    pub(super) fn next(&mut self, names: &mut Names) -> Result<Option<Record>, TraceError> {
        if !self.columns.advance()? {
            return Ok(None);
        }
        let columns = &self.columns;
        let fields = columns.fields()?;
        let limits = [u32::MAX, u32::MAX, MAX_GPUS, 1_000];
        let what =
            ["amount of CPU", "amount of memory", "number of GPUs that a host can have", "share of a GPU"];
        let mut values = [0; 4];
        for (place, value) in values.iter_mut().enumerate() {
            let column = self.at[place];
            *value = count(fields[column], limits[place]).ok_or_else(|| columns.bad(column, what[place]))?;
        }
        let [cpu_milli, memory_mib, gpus, milli_each] = values;
        if gpus > 0 && milli_each == 0 {
            return Err(columns.bad(self.at[3], "share of a GPU"));
        }
        if cpu_milli == 0 && memory_mib == 0 && gpus == 0 {
            return Err(columns.lines.damaged("the pod asks for nothing"));
        }
        let asked = match gpus {
            0 => Asked::Size { cpu_milli, memory_mib },
            count => {
                let models = self.spec.map_or("", |spec| fields[spec]).to_owned();
                Asked::WithGpus { cpu_milli, memory_mib, gpus: Gpus { count, milli_each, models } }
            }
        };
        let asked = names.asked.place(&asked);
        let class = self.qos.map(|qos| names.classes.place(fields[qos]));
        let at = SimTime(self.count * 1_000_000);
        let record = Record::new(columns.lines.number(), at, asked, self.count, RecordEnd::Never);
        self.count += 1;
        Ok(Some(Record { class, ..record }))
    }
}
