//! The tables and their columns. `docs/report.md` has the same list for people; a test compares them.

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A moment of the calendar in microseconds, UTC.
    Time,
    /// A whole number.
    Int,
    /// A number.
    Float,
    /// A number of which few different ones occur.
    Size,
    /// Text of which few different ones occur: kept in a dictionary.
    Text,
    /// Yes or no.
    Bool,
}

/// A column of a table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ColumnSpec {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether a row may have no value.
    pub optional: bool,
}

/// A table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TableSpec {
    /// Its name: that of its file without `.parquet`.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [ColumnSpec],
}

const fn has(name: &'static str, kind: Kind) -> ColumnSpec {
    ColumnSpec { name, kind, optional: false }
}

const fn may(name: &'static str, kind: Kind) -> ColumnSpec {
    ColumnSpec { name, kind, optional: true }
}

/// One row for each answered request, in the order of the answers.
pub(super) const REQUESTS: usize = 0;
/// One row for each instance, when it ends, and at the end of the run for those that live.
pub(super) const INSTANCES: usize = 1;
/// One row for each host at the end of the run.
pub(super) const HOSTS: usize = 2;
/// One row for each value of the time series, at full resolution.
pub(super) const SERIES: usize = 3;

/// All tables.
pub const TABLES: [TableSpec; 4] = [
    TableSpec {
        name: "requests",
        columns: &[
            has("request", Kind::Int),
            has("arrived", Kind::Time),
            has("answered", Kind::Time),
            has("answer_us", Kind::Int),
            has("workload", Kind::Text),
            has("account", Kind::Text),
            may("zone", Kind::Text),
            has("instance_type", Kind::Text),
            has("outcome", Kind::Text),
            may("code", Kind::Text),
            may("check", Kind::Text),
            may("missing", Kind::Text),
            has("faulty", Kind::Bool),
        ],
    },
    TableSpec {
        name: "instances",
        columns: &[
            has("request", Kind::Int),
            has("requested", Kind::Time),
            has("created", Kind::Time),
            may("running", Kind::Time),
            may("ended", Kind::Time),
            may("start_us", Kind::Int),
            may("cause", Kind::Text),
            has("workload", Kind::Text),
            has("account", Kind::Text),
            has("zone", Kind::Text),
            has("instance_type", Kind::Text),
            has("vcpus", Kind::Size),
            has("memory_gib", Kind::Size),
            has("gpus", Kind::Size),
            has("host", Kind::Int),
            has("restarts", Kind::Int),
        ],
    },
    TableSpec {
        name: "hosts",
        columns: &[
            has("host", Kind::Int),
            may("dedicated_host", Kind::Text),
            has("zone", Kind::Text),
            has("class", Kind::Text),
            has("rack", Kind::Int),
            has("switch", Kind::Int),
            has("state", Kind::Text),
            has("vcpus", Kind::Size),
            has("memory_gib", Kind::Size),
            has("gpus", Kind::Size),
            has("local_disks", Kind::Int),
            has("vcpus_free", Kind::Size),
            has("memory_gib_free", Kind::Size),
            has("gpus_free", Kind::Size),
            has("local_disks_free", Kind::Int),
            has("created", Kind::Int),
        ],
    },
    TableSpec {
        name: "series",
        columns: &[
            has("time", Kind::Time),
            has("interval_us", Kind::Int),
            has("metric", Kind::Text),
            may("zone", Kind::Text),
            may("class", Kind::Text),
            may("detail", Kind::Text),
            has("value", Kind::Float),
            may("low", Kind::Float),
            may("high", Kind::Float),
        ],
    },
];

impl TableSpec {
    /// The schema of the file with some of the columns, in Parquet's own language.
    pub(super) fn message(&self, kept: &[usize]) -> String {
        let mut text = format!("message {} {{\n", self.name);
        for column in kept.iter().map(|&at| &self.columns[at]) {
            let kind = match column.kind {
                Kind::Time | Kind::Int => "int64",
                Kind::Float | Kind::Size => "double",
                Kind::Text => "binary",
                Kind::Bool => "boolean",
            };
            let logical = match column.kind {
                Kind::Time => " (TIMESTAMP(MICROS,true))",
                Kind::Text => " (STRING)",
                _ => "",
            };
            let repetition = if column.optional { "optional" } else { "required" };
            text.push_str(&format!("  {repetition} {kind} {}{logical};\n", column.name));
        }
        text + "}\n"
    }
}

/// Which columns of which tables are written. All, unless a table is limited.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Selection {
    kept: [Vec<usize>; TABLES.len()],
}

impl Default for Selection {
    fn default() -> Self {
        Selection { kept: TABLES.map(|table| (0..table.columns.len()).collect()) }
    }
}

impl Selection {
    /// Limits one table: `requests=request,outcome`, or `hosts=none` to leave it out.
    ///
    /// # Errors
    /// A table or a column that does not exist; the text says which exist.
    pub fn limit(&mut self, text: &str) -> Result<(), String> {
        let (name, columns) = text
            .split_once('=')
            .ok_or_else(|| format!("`{text}`: write TABLE=COLUMN,COLUMN or TABLE=none"))?;
        let at = TABLES.iter().position(|table| table.name == name.trim()).ok_or_else(|| {
            let known: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
            format!("there is no table `{}`; known: {}", name.trim(), known.join(", "))
        })?;
        let table = &TABLES[at];
        if columns.trim() == "none" {
            self.kept[at].clear();
            return Ok(());
        }
        let mut kept = Vec::new();
        for column in columns.split(',').map(str::trim) {
            let place = table.columns.iter().position(|known| known.name == column).ok_or_else(|| {
                let known: Vec<&str> = table.columns.iter().map(|known| known.name).collect();
                format!("table `{}` has no column `{column}`; known: {}", table.name, known.join(", "))
            })?;
            if !kept.contains(&place) {
                kept.push(place);
            }
        }
        kept.sort_unstable();
        self.kept[at] = kept;
        Ok(())
    }

    pub(super) fn of(&self, table: usize) -> &[usize] {
        &self.kept[table]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_selection_names_what_is_wrong() {
        let mut selection = Selection::default();
        assert_eq!(selection.of(REQUESTS).len(), TABLES[REQUESTS].columns.len());
        selection.limit("requests=outcome, request,outcome").unwrap();
        assert_eq!(selection.of(REQUESTS), [0, 8]);
        selection.limit("hosts=none").unwrap();
        assert!(selection.of(HOSTS).is_empty());
        assert!(selection.limit("request=outcome").unwrap_err().contains("requests, instances"));
        assert!(selection.limit("series=price").unwrap_err().contains("metric"));
        assert!(selection.limit("series").unwrap_err().contains("TABLE=COLUMN"));
    }

    #[test]
    fn columns_of_the_constants_are_where_they_say() {
        for (at, name) in
            [(REQUESTS, "requests"), (INSTANCES, "instances"), (HOSTS, "hosts"), (SERIES, "series")]
        {
            assert_eq!(TABLES[at].name, name);
        }
    }
}
