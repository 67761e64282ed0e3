//! The generated documents are fresh.

use ca_tests::{documents, repository};

#[test]
fn generated_documents_are_fresh() {
    for document in documents() {
        let found = std::fs::read_to_string(repository().join(document.path)).unwrap_or_default();
        assert!(
            found == document.text,
            "{} is stale: `cargo xtask docs` writes it",
            document.path
        );
    }
}
