//! The generated documents are fresh.

use ca_tests::{documents, repository};
use clap::Parser as _;

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

#[test]
fn the_unit_of_systemd_types_a_command_that_exists() {
    let unit = std::fs::read_to_string(repository().join("docs/ca-server.service"));
    let unit = unit.expect("the unit is there");
    let setting = |key: &str| {
        let line = unit.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_else(|| panic!("no {key}"))
    };
    let words: Vec<&str> = setting("ExecStart=").split_whitespace().collect();
    let parsed = ca_server::cli::Cli::try_parse_from(&words).expect("a command of ca-server");
    assert!(matches!(parsed.command, ca_server::cli::Command::Serve(_)));
    assert_eq!(setting("User="), "fleet-ca");
    assert_eq!(setting("CapabilityBoundingSet="), "CAP_NET_BIND_SERVICE");
    assert_eq!(setting("NoNewPrivileges="), "yes");
    // A stopping server drains for ten seconds at most.
    assert_eq!(setting("TimeoutStopSec="), "15s");
}
