//! Writes the generated documents, or tells with `--check` which are stale.

use std::process::ExitCode;

use ca_tests::{documents, repository};

fn main() -> anyhow::Result<ExitCode> {
    let check = std::env::args()
        .nth(1)
        .is_some_and(|word| word == "--check");
    let mut stale = false;
    for document in documents() {
        let path = repository().join(document.path);
        if std::fs::read_to_string(&path).is_ok_and(|text| text == document.text) {
            continue;
        }
        if check {
            eprintln!("{} is stale: `cargo xtask docs` writes it", document.path);
            stale = true;
        } else {
            std::fs::write(&path, &document.text)?;
            println!("wrote {}", document.path);
        }
    }
    Ok(if stale {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}
