//! Contents of files that a scenario names, for runs where the files are not: replays of journals, snapshots elsewhere.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::Scenario;
use super::schema::{PriceModel, PriceSpec, ScenarioSpec};
use super::units::At;

/// Contents by the path that the scenario names. Traces are not among them: what they ask for is the workload.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Files(Arc<BTreeMap<String, Vec<u8>>>);

impl Files {
    /// These contents.
    pub fn of(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Files {
        Files(Arc::new(files.into_iter().collect()))
    }

    /// The content of a file; none: it has to be read.
    pub fn get(&self, path: &str) -> Option<&[u8]> {
        self.0.get(path).map(Vec::as_slice)
    }

    /// All of them, in order of paths.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(path, content)| (path.as_str(), content.as_slice()))
    }
}

impl ScenarioSpec {
    /// Paths of the files that it names beside traces: node lists and spot prices.
    fn named_files(&self) -> Vec<&str> {
        let lists = self.node_lists.iter().map(|list| list.path.as_str());
        let prices = self
            .spot
            .iter()
            .flat_map(|spot| std::iter::once(&spot.price).chain(spot.overrides.iter().map(|own| &own.price)));
        let replayed = |price: &&PriceSpec| *price.model.get() == PriceModel::Replay;
        let prices =
            prices.filter(replayed).filter_map(|price| price.file.as_ref()).map(|file| file.get().as_str());
        lists.chain(prices).collect()
    }

    /// Gives every file that it names relative to a folder, and that is there, its absolute path.
    pub(super) fn name_files_from(&mut self, folder: &Path) {
        let place = |path: &mut At<String>| {
            let there = folder.join(path.as_str());
            if there.is_file()
                && let Ok(absolute) = std::path::absolute(there)
            {
                *path = At::default_of(absolute.display().to_string());
            }
        };
        for workload in &mut self.workloads {
            if let Some(trace) = &mut workload.trace {
                let mut spec = trace.get().clone();
                spec.path.iter_mut().for_each(place);
                *trace = At::default_of(spec);
            }
        }
        self.node_lists.iter_mut().for_each(|list| place(&mut list.path));
        if let Some(spot) = &mut self.spot {
            let prices =
                std::iter::once(&mut spot.price).chain(spot.overrides.iter_mut().map(|own| &mut own.price));
            prices.filter_map(|price| price.file.as_mut()).for_each(place);
        }
    }
}

impl Scenario {
    /// The contents of every file that the scenario names beside traces.
    ///
    /// # Errors
    /// The file that cannot be read, and why.
    pub fn named_files(&self) -> Result<Files, (String, std::io::Error)> {
        let mut files = Vec::new();
        for path in self.spec.named_files() {
            let content = match self.files.get(path) {
                Some(known) => known.to_vec(),
                None => std::fs::read(self.folder.join(Path::new(path)))
                    .map_err(|error| (self.folder.join(path).display().to_string(), error))?,
            };
            files.push((path.to_owned(), content));
        }
        Ok(Files::of(files))
    }
}
