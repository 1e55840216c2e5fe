//! Draws the pictures of `docs/workload.md` from the page's own blocks: `cargo run --example workload_pictures`.
//!
//! A block that is followed by a line `![...](img/NAME.svg)` is the scenario of that picture. The pictures are a function of
//! the page alone, so a test can ask whether they are up to date (`tests/workload_docs.rs`).

mod chart;
mod pictures;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let write = || -> std::io::Result<usize> {
        let page = std::fs::read_to_string(docs.join("workload.md"))?;
        let made = pictures::all(&page, &docs);
        std::fs::create_dir_all(docs.join("img"))?;
        for (name, svg) in &made {
            std::fs::write(docs.join("img").join(format!("{name}.svg")), svg)?;
        }
        let missing: Vec<&str> =
            pictures::names().filter(|name| !made.iter().any(|(made, _)| made == name)).collect();
        match missing.as_slice() {
            [] => Ok(made.len()),
            missing => {
                Err(std::io::Error::other(format!("no block of the page has the pictures {missing:?}")))
            }
        }
    };
    match write() {
        Ok(count) => {
            println!("{count} pictures in {}", docs.join("img").display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cannot draw the pictures: {error}");
            ExitCode::FAILURE
        }
    }
}
