//! The TOML scenario: its schema, its defaults, its checks with a pointer to the faulty line.
//!
//! [`ScenarioSpec`] is the file as written, with every default filled in; [`Scenario`] is that and what it resolves
//! to: zones in regions, classes of hosts, pools, dedicated hosts, instance types, accounts, all by dense index.
//! Fifteen lines make a working cloud:
//!
//! ```toml
//! name = "small"
//! duration = "1d"
//!
//! [[pools]]
//! zone = "cn-hangzhou-g"
//! class = "ddh.g5"
//! hosts = 40
//! ```
//! and a `[[workloads]]` table.

mod error;
mod files;
mod known;
pub mod naming;
mod nearest;
mod resolve;
pub mod schema;
mod script;
mod shape;
mod source;
mod topology;
pub mod units;
pub mod workload;

use std::path::Path;

pub use error::{Faulty, Problem, ScenarioError};
pub use files::Files;
pub use known::{Known, unknown};
pub use nearest::{did_you_mean, nearest};
pub use resolve::{Class, DedicatedHost, DiskPool, Families, Pool, Scenario};
pub use schema::ScenarioSpec;
pub use script::{Action, ScriptedEvent};
pub use topology::Hosts;

/// Names of the placement policies; beside them `power-of-K` for any K from 1 on.
pub const POLICIES: [&str; 19] = [
    "first-fit",
    "next-fit",
    "best-fit",
    "worst-fit",
    "random-fit",
    "power-of-2",
    "dot-product",
    "cosine",
    "l2-norm",
    "chain",
    "node-best-fit",
    "server-best-fit",
    "gpu-best-fit",
    "gpu-best-fit-exact",
    "gpu-packing",
    "gpu-clustering",
    "fgd",
    "fgd-balanced",
    "lifetime",
];

impl Scenario {
    /// Reads and checks a scenario from text. `file_name` is what errors call it.
    ///
    /// # Errors
    /// Broken TOML, an unknown key, a value of the wrong kind, or one that does not go together with the rest.
    pub fn from_str(text: &str, file_name: &str) -> Result<Scenario, ScenarioError> {
        Scenario::from_str_with(text, file_name, &[])
    }

    /// Reads a scenario with some values taking the place of the file's (`--set KEY=VALUE`).
    ///
    /// A key is a path with dots: names of tables, and for the elements of a list their number from 0 or their
    /// `name` or `id` (`pools.0.hosts`, `classes.big.memory`, `types."custom.a".vcpus`). A value is TOML; what is no
    /// TOML value is taken as text, so that `policy=first-fit` and `duration=3d` need no quotes.
    ///
    /// # Errors
    /// As [`Scenario::from_str`], and a key that names no place.
    pub fn from_str_with(
        text: &str,
        file_name: &str,
        overrides: &[(String, String)],
    ) -> Result<Scenario, ScenarioError> {
        Scenario::from_str_beside(text, file_name, overrides, Files::default())
    }

    /// Reads a scenario as [`Scenario::from_str_with`] does. Files that it names are taken from `files`, and read only when
    /// they are not there.
    ///
    /// # Errors
    /// As [`Scenario::from_str_with`].
    pub fn from_str_beside(
        text: &str,
        file_name: &str,
        overrides: &[(String, String)],
        files: Files,
    ) -> Result<Scenario, ScenarioError> {
        let source = source::Source::new(file_name, text, overrides)?;
        resolve::resolve(source.read()?, Path::new(file_name), files).map_err(|problem| source.error(problem))
    }

    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// A file that cannot be read or is not UTF-8, a trace that is not where the scenario says (a path is relative to
    /// the scenario's folder); otherwise as [`Scenario::from_str`].
    pub fn load(path: &Path) -> Result<Scenario, ScenarioError> {
        Scenario::load_with(path, &[])
    }

    /// Reads and checks a scenario file, with overrides as for [`Scenario::from_str_with`].
    ///
    /// # Errors
    /// As [`Scenario::load`], and a key that names no place.
    pub fn load_with(path: &Path, overrides: &[(String, String)]) -> Result<Scenario, ScenarioError> {
        let unreadable = |what: String| ScenarioError::Unreadable { path: path.to_owned(), what };
        if path.is_dir() {
            return Err(unreadable("it is a directory".to_owned()));
        }
        let bytes = std::fs::read(path).map_err(|error| {
            unreadable(match error.kind() {
                std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
                _ => error.to_string(),
            })
        })?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() + 1;
            unreadable(format!("line {line} is not UTF-8 text"))
        })?;
        let source = source::Source::new(&path.display().to_string(), text, overrides)?;
        let scenario = resolve::resolve(source.read()?, path, Files::default())
            .map_err(|problem| source.error(problem))?;
        scenario.find_traces().map_err(|problem| source.error(problem))?;
        Ok(scenario)
    }

    /// Every trace that a workload names must be a file.
    fn find_traces(&self) -> Result<(), Problem> {
        let traces = self.spec.workloads.iter().filter_map(|spec| spec.trace.as_ref());
        for path in traces.filter_map(|trace| trace.path.as_ref()) {
            let place = self.folder.join(path.as_str());
            if !place.is_file() {
                return Err(Problem::at(path, format!("there is no trace file {}", place.display()))
                    .label("relative to the scenario's folder"));
            }
        }
        Ok(())
    }

    /// The effective scenario as TOML, all defaults filled in. It reads back as an equal scenario.
    pub fn effective_toml(&self) -> String {
        toml::to_string(&self.spec).expect("every value of a scenario has a TOML form")
    }

    /// The same for a copy in another folder: the files that it names, and that are there, by their absolute paths.
    pub fn effective_toml_elsewhere(&self) -> String {
        let mut spec = self.spec.clone();
        spec.name_files_from(&self.folder);
        toml::to_string(&spec).expect("every value of a scenario has a TOML form")
    }
}

/// The JSON schema of scenario files, for editors.
pub fn json_schema() -> schemars::Schema {
    schemars::schema_for!(ScenarioSpec)
}
