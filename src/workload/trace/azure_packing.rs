//! `azure-packing-2020`: the Azure Packing Trace of 2020, the SQLite file itself or CSV exports of its tables (the one that
//! is named holds `vm`; `vmType.csv` lies beside it).
//!
//! - `vm`: vmId, tenantId, vmTypeId, priority (0 high, 1 low), starttime and endtime in fractional days. A negative start:
//!   alive before the beginning; no end: alive at the end of the trace.
//! - `vmType`: vmTypeId, machineId, core and memory as fractions of that machine; a row for each machine that can hold it.
//!
//! Fractions become sizes by one reference machine ([`super::Options::machine`]): the one that can hold the most types
//! (the lowest id of several). A type that it cannot hold is taken from a machine that can, whose size follows from the
//! types that both hold. Disks and network cards are not read.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;

use super::columns::Columns;
use super::lines::{open_unpacked, unpacked_copy};
use super::sorted::Sorter;
use super::{Asked, Machine, Names, Record, RecordEnd, Table, TraceError};
use crate::model::{SimDuration, SimTime};

/// How every SQLite database begins.
const SQLITE: &[u8] = b"SQLite format 3\0";
const DAY_MICROS: f64 = 86_400e6;
/// Moments beyond this many days are damage.
const MOST_DAYS: f64 = 1e5;

/// Reads the whole trace.
pub(super) fn read(
    path: &Path,
    machine: Machine,
    names: &mut Names,
    sorter: &mut Sorter,
) -> Result<(), TraceError> {
    let mut begin = Vec::new();
    let mut input = open_unpacked(path)?;
    let looked = input.by_ref().take(SQLITE.len() as u64).read_to_end(&mut begin);
    looked.map_err(|cause| TraceError::Read { path: path.to_path_buf(), line: 1, cause })?;
    if begin == SQLITE {
        read_database(path, machine, names, sorter)
    } else {
        read_exports(path, machine, names, sorter)
    }
}

/// One row of `vm`, as text or numbers have it.
struct Vm {
    tenant: String,
    vm_type: i64,
    low_priority: bool,
    start: f64,
    end: Option<f64>,
}

impl Vm {
    /// The record, or what is wrong.
    fn record(
        &self,
        line: u64,
        sizes: &BTreeMap<i64, (u32, u32)>,
        tenants: &mut Table<String>,
        names: &mut Names,
    ) -> Result<Record, String> {
        let Some(&(cpu_milli, memory_mib)) = sizes.get(&self.vm_type) else {
            return Err(format!("vmTypeId {} is not in vmType", self.vm_type));
        };
        let sound = |days: f64| days.is_finite() && days.abs() <= MOST_DAYS;
        if !sound(self.start) || self.end.is_some_and(|end| !sound(end)) {
            return Err("a moment is no number of days".to_owned());
        }
        if self.end.is_some_and(|end| end < self.start) {
            return Err("ends before it starts".to_owned());
        }
        // What lived before the beginning is there from the beginning on.
        let micros = |days: f64| (days * DAY_MICROS).round() as u64;
        let at = SimTime(micros(self.start.max(0.0)));
        let age = SimDuration(micros((-self.start).max(0.0)));
        let end = match self.end {
            None => RecordEnd::Never,
            Some(end) => RecordEnd::After(SimTime(micros(end.max(0.0))).since(at)),
        };
        let class = if self.low_priority { "low" } else { "high" };
        let asked = names.asked.place(&Asked::Size { cpu_milli, memory_mib });
        let batch = u64::from(tenants.place(self.tenant.as_str()));
        Ok(Record {
            account: Some(names.accounts.place(self.tenant.as_str())),
            class: Some(names.classes.place(class)),
            spot: self.low_priority,
            age,
            ..Record::new(line, at, asked, batch, end)
        })
    }
}

/// Sizes of the types: thousandths of a vCPU and MiB, by vmTypeId. `rows` are (vmTypeId, machineId, core, memory).
fn sizes(rows: &[(i64, i64, f64, f64)], machine: Machine) -> BTreeMap<i64, (u32, u32)> {
    let mut by_machine: BTreeMap<i64, BTreeMap<i64, (f64, f64)>> = BTreeMap::new();
    for &(vm_type, id, core, memory) in rows {
        by_machine.entry(id).or_default().insert(vm_type, (core, memory));
    }
    let most = by_machine.values().map(BTreeMap::len).max().unwrap_or(0);
    let Some(reference) = by_machine.values().find(|types| types.len() == most) else {
        return BTreeMap::new();
    };
    let mut sizes = BTreeMap::new();
    for types in by_machine.values() {
        // How much larger than the reference this machine is, by the first type that both hold.
        let shared = types.iter().find_map(|(id, own)| Some((*own, *reference.get(id)?)));
        let (cpu_scale, memory_scale) =
            shared.map_or((1.0, 1.0), |(own, other)| (other.0 / own.0, other.1 / own.1));
        for (id, own) in types {
            let (core, memory) =
                reference.get(id).copied().unwrap_or((own.0 * cpu_scale, own.1 * memory_scale));
            let cpu_milli = (core * f64::from(machine.cpu_milli)).round().max(1.0) as u32;
            let memory_mib = (memory * f64::from(machine.memory_mib)).round().max(1.0) as u32;
            sizes.entry(*id).or_insert((cpu_milli, memory_mib));
        }
    }
    sizes
}

/// True for a fraction of a machine.
fn fraction(value: f64) -> bool {
    value > 0.0 && value <= 1.0
}

fn read_database(
    path: &Path,
    machine: Machine,
    names: &mut Names,
    sorter: &mut Sorter,
) -> Result<(), TraceError> {
    let file = unpacked_copy(path, SQLITE)?;
    let place = file.as_ref().map_or(path, |file| file.path());
    let failed =
        |error: rusqlite::Error| TraceError::Database { path: path.to_path_buf(), what: error.to_string() };
    let damaged = |table: &str, line: u64, what: &str| TraceError::Damaged {
        path: path.to_path_buf(),
        line,
        what: what.to_owned(),
        text: format!("row {line} of table {table}"),
    };
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = rusqlite::Connection::open_with_flags(place, flags).map_err(failed)?;

    let mut types = Vec::new();
    let mut query = database
        .prepare("SELECT vmTypeId, machineId, core, memory FROM vmType ORDER BY rowid")
        .map_err(failed)?;
    let mut rows = query.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let line = types.len() as u64 + 1;
        let value = |at: usize| row.get_ref(at).ok().and_then(real);
        let read = (integer(row.get_ref(0).map_err(failed)?), integer(row.get_ref(1).map_err(failed)?));
        let (Some(vm_type), Some(id)) = read else {
            return Err(damaged("vmType", line, "an id is no number"));
        };
        let (Some(core), Some(memory)) =
            (value(2).filter(|v| fraction(*v)), value(3).filter(|v| fraction(*v)))
        else {
            return Err(damaged(
                "vmType",
                line,
                "core and memory are fractions of a machine, above 0 and at most 1",
            ));
        };
        types.push((vm_type, id, core, memory));
    }
    let sizes = sizes(&types, machine);

    let mut tenants = Table::default();
    let mut query = database
        .prepare("SELECT tenantId, vmTypeId, priority, starttime, endtime FROM vm ORDER BY rowid")
        .map_err(failed)?;
    let mut rows = query.query([]).map_err(failed)?;
    let mut line = 0;
    while let Some(row) = rows.next().map_err(failed)? {
        line += 1;
        let cell = |at: usize| row.get_ref(at).map_err(failed);
        let bad = |what: &str| damaged("vm", line, what);
        let tenant = name(cell(0)?).ok_or_else(|| bad("tenantId is no name"))?;
        let vm_type = integer(cell(1)?).ok_or_else(|| bad("vmTypeId is no number"))?;
        let low_priority = match integer(cell(2)?) {
            Some(priority @ (0 | 1)) => priority == 1,
            _ => return Err(bad("priority is neither 0 (high) nor 1 (low)")),
        };
        let start = real(cell(3)?).ok_or_else(|| bad("starttime is no number of days"))?;
        let end = match cell(4)? {
            ValueRef::Null => None,
            value => Some(real(value).ok_or_else(|| bad("endtime is no number of days"))?),
        };
        let vm = Vm { tenant, vm_type, low_priority, start, end };
        sorter.add(vm.record(line, &sizes, &mut tenants, names).map_err(|what| bad(&what))?)?;
    }
    Ok(())
}

fn integer(value: ValueRef<'_>) -> Option<i64> {
    match value {
        ValueRef::Integer(number) => Some(number),
        ValueRef::Text(_) => name(value)?.trim().parse().ok(),
        _ => None,
    }
}

fn real(value: ValueRef<'_>) -> Option<f64> {
    match value {
        ValueRef::Integer(number) => Some(number as f64),
        ValueRef::Real(number) => Some(number),
        ValueRef::Text(_) => name(value)?.trim().parse().ok(),
        _ => None,
    }
}

fn name(value: ValueRef<'_>) -> Option<String> {
    match value {
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(std::str::from_utf8(text).ok()?.to_owned()),
        _ => None,
    }
}

fn read_exports(
    path: &Path,
    machine: Machine,
    names: &mut Names,
    sorter: &mut Sorter,
) -> Result<(), TraceError> {
    let sizes = sizes(&exported_types(&beside(path)?)?, machine);
    let mut columns = Columns::open(path)?;
    let mut at = [0; 5];
    for (place, name) in at.iter_mut().zip(["tenantId", "vmTypeId", "priority", "starttime", "endtime"]) {
        *place = columns.place(name)?;
    }
    let mut tenants = Table::default();
    while columns.advance()? {
        let fields = columns.fields()?;
        let days = |place: usize| -> Result<f64, TraceError> {
            fields[place].parse().map_err(|_| columns.bad(place, "number of days"))
        };
        let low_priority = match fields[at[2]] {
            "0" => false,
            "1" => true,
            _ => return Err(columns.lines.damaged("priority is neither 0 (high) nor 1 (low)")),
        };
        let vm = Vm {
            tenant: fields[at[0]].to_owned(),
            vm_type: fields[at[1]].parse().map_err(|_| columns.bad(at[1], "id"))?,
            low_priority,
            start: days(at[3])?,
            end: match fields[at[4]] {
                "" | "NULL" | "null" => None,
                _ => Some(days(at[4])?),
            },
        };
        let record = vm.record(columns.lines.number(), &sizes, &mut tenants, names);
        sorter.add(record.map_err(|what| columns.lines.damaged(what))?)?;
    }
    Ok(())
}

fn exported_types(path: &Path) -> Result<Vec<(i64, i64, f64, f64)>, TraceError> {
    let mut columns = Columns::open(path)?;
    let mut at = [0; 4];
    for (place, name) in at.iter_mut().zip(["vmTypeId", "machineId", "core", "memory"]) {
        *place = columns.place(name)?;
    }
    let mut rows = Vec::new();
    while columns.advance()? {
        let fields = columns.fields()?;
        let id = |place: usize| fields[place].parse().map_err(|_| columns.bad(place, "id"));
        let part = |place: usize| {
            let value = fields[place].parse().ok().filter(|value| fraction(*value));
            value.ok_or_else(|| columns.bad(place, "fraction of a machine, above 0 and at most 1"))
        };
        rows.push((id(at[0])?, id(at[1])?, part(at[2])?, part(at[3])?));
    }
    Ok(rows)
}

/// The export of `vmType` beside that of `vm`.
fn beside(path: &Path) -> Result<PathBuf, TraceError> {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let names = ["vmType.csv", "vmtype.csv", "vm_type.csv"];
    let packings = ["", ".gz", ".zst"];
    let candidates =
        names.iter().flat_map(|name| packings.map(|packing| folder.join(format!("{name}{packing}"))));
    candidates.into_iter().find(|candidate| candidate.is_file()).ok_or_else(|| TraceError::Companion {
        path: path.to_path_buf(),
        what: "neither an SQLite database, nor is there a vmType.csv (sizes of the types) in the same folder"
            .to_owned(),
    })
}
