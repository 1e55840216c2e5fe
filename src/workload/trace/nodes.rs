//! Lists of nodes: the machines of a cluster, in order of file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::TraceError;
use super::columns::{Columns, count};
use super::lines::{Lines, number};
use crate::placement::MAX_GPUS;

/// Memory of a node whose list does not say: 1 TiB, so that it never decides.
const UNSAID_MIB: u32 = 1 << 20;

/// Nodes that are alike.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct NodeClass {
    /// Thousandths of a vCPU.
    pub cpu_milli: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Number of GPUs.
    pub gpus: u32,
    /// Model of the GPUs; empty without.
    pub model: String,
}

impl NodeClass {
    /// A name that says what it is: `8xV100M32-96000-786432`, or `cpu-...` without GPUs.
    pub fn label(&self) -> String {
        let NodeClass { cpu_milli, memory_mib, gpus, model } = self;
        let kind = if model.is_empty() { "cpu".to_owned() } else { format!("{gpus}x{model}") };
        format!("{kind}-{cpu_milli}-{memory_mib}")
    }
}

/// A list of nodes.
#[derive(Clone, Debug)]
pub struct NodeList {
    /// The file.
    pub path: PathBuf,
    /// Classes of equal nodes, in order of first sight.
    pub classes: Vec<NodeClass>,
    /// Class of each node: place in `classes`.
    pub nodes: Vec<u32>,
}

impl NodeList {
    /// True when the header of a file is that of a node list.
    ///
    /// # Errors
    /// The file is missing, empty or packed in a damaged way.
    pub fn is_one(path: &Path) -> Result<bool, TraceError> {
        let columns = Columns::open(path)?;
        Ok(Form::of(&columns).is_some())
    }

    /// Reads a node list, of openb (`cpu_milli`, `memory_mib`, `gpu`, `model`) or of the Alibaba spot-GPU trace of 2026
    /// (`gpu_model`, `gpu_capacity_num`, `cpu_num`, which says nothing of memory).
    ///
    /// # Errors
    /// The file is missing, empty, or has a damaged line.
    pub fn read(path: &Path) -> Result<NodeList, TraceError> {
        NodeList::from_columns(path, Columns::open(path)?)
    }

    /// Reads the content of a node list as [`NodeList::read`] does; `path` is for messages.
    ///
    /// # Errors
    /// As [`NodeList::read`].
    pub fn of(path: &Path, content: Vec<u8>) -> Result<NodeList, TraceError> {
        NodeList::from_columns(path, Columns::of(path, Lines::of(path, content)?)?)
    }

    fn from_columns(path: &Path, mut columns: Columns) -> Result<NodeList, TraceError> {
        let form = match Form::of(&columns) {
            Some(form) => form,
            // Names the first column that openb's form lacks.
            None => Form {
                cpu: columns.place("cpu_milli")?,
                whole_cpus: false,
                memory: Some(columns.place("memory_mib")?),
                gpu: columns.place("gpu")?,
                model: columns.place("model")?,
            },
        };
        let mut list = NodeList { path: path.to_path_buf(), classes: Vec::new(), nodes: Vec::new() };
        let mut places: BTreeMap<NodeClass, u32> = BTreeMap::new();
        while columns.advance()? {
            let class = form.read(&columns, &columns.fields()?)?;
            let next = list.classes.len() as u32;
            let place = *places.entry(class.clone()).or_insert(next);
            if place == next {
                list.classes.push(class);
            }
            list.nodes.push(place);
        }
        if list.nodes.is_empty() {
            return Err(columns.lines.damaged("the list holds no node"));
        }
        Ok(list)
    }
}

/// Where a form has its values.
struct Form {
    cpu: usize,
    /// CPUs are whole, not thousandths.
    whole_cpus: bool,
    memory: Option<usize>,
    gpu: usize,
    model: usize,
}

impl Form {
    fn of(columns: &Columns) -> Option<Form> {
        let at = |name| columns.maybe(name);
        let openb = || {
            let (cpu, memory) = (at("cpu_milli")?, at("memory_mib")?);
            Some(Form { cpu, whole_cpus: false, memory: Some(memory), gpu: at("gpu")?, model: at("model")? })
        };
        let alibaba = || {
            let (cpu, gpu) = (at("cpu_num")?, at("gpu_capacity_num")?);
            Some(Form { cpu, whole_cpus: true, memory: None, gpu, model: at("gpu_model")? })
        };
        openb().or_else(alibaba)
    }

    fn read(&self, columns: &Columns, fields: &[&str]) -> Result<NodeClass, TraceError> {
        let milli = match self.whole_cpus {
            true => number(fields[self.cpu], 4e6).map(|cpus| (cpus * 1_000.0).round() as u32),
            false => count(fields[self.cpu], u32::MAX),
        };
        let cpu_milli =
            milli.filter(|&milli| milli > 0).ok_or_else(|| columns.bad(self.cpu, "amount of CPU"))?;
        let memory_mib = match self.memory {
            None => UNSAID_MIB,
            Some(memory) => count(fields[memory], u32::MAX)
                .filter(|&mib| mib > 0)
                .ok_or_else(|| columns.bad(memory, "amount of memory"))?,
        };
        let gpus = count(fields[self.gpu], MAX_GPUS)
            .ok_or_else(|| columns.bad(self.gpu, "number of GPUs that a host can have"))?;
        Ok(NodeClass { cpu_milli, memory_mib, gpus, model: fields[self.model].to_owned() })
    }
}
