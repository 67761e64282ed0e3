//! `router list`: what the fleet file says.

use ca_deploy::RouterEntry;
use serde::Serialize;

use super::Context;
use crate::cli::FleetArguments;
use crate::error::{CommandError, ExitStatus};
use crate::printer::table;
use crate::router::FleetFile;

#[derive(Debug, Serialize)]
struct RouterDocument<'a> {
    router: &'a str,
    address: &'a str,
    door: &'static str,
    port: u16,
    user: &'a str,
    pins: Vec<String>,
    crl_use: bool,
    certificates: Vec<WishDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct WishDocument<'a> {
    profile: &'a str,
    name: &'a str,
    bindings: Vec<String>,
}

pub(super) fn run(
    arguments: &FleetArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let fleet = FleetFile::read(&arguments.fleet)?;
    let routers = fleet.chosen(&arguments.names)?;
    let documents: Vec<_> = routers.iter().map(|entry| document(entry)).collect();
    context.printer.data(&documents, || {
        let rows: Vec<[String; 5]> = documents.iter().map(row).collect();
        table(
            ["ROUTER", "ADDRESS", "DOOR", "CERTIFICATES", "BINDINGS"],
            &rows,
        )
    })?;
    Ok(ExitStatus::Success)
}

fn document(entry: &RouterEntry) -> RouterDocument<'_> {
    let wishes = entry.certificates.iter().map(|wish| WishDocument {
        profile: wish.profile.as_str(),
        name: wish.name.as_str(),
        bindings: wish.bindings.iter().map(ToString::to_string).collect(),
    });
    RouterDocument {
        router: &entry.name,
        address: &entry.address,
        door: entry.door.as_str(),
        port: entry.port,
        user: &entry.user,
        pins: entry
            .pins
            .iter()
            .map(|pin| format!("sha256:{pin}"))
            .collect(),
        crl_use: entry.crl_use,
        certificates: wishes.collect(),
    }
}

fn row(document: &RouterDocument<'_>) -> [String; 5] {
    let names: Vec<&str> = document.certificates.iter().map(|wish| wish.name).collect();
    let bindings: Vec<&str> = document
        .certificates
        .iter()
        .flat_map(|wish| &wish.bindings)
        .map(String::as_str)
        .collect();
    [
        document.router.to_owned(),
        format!("{}:{}", document.address, document.port),
        document.door.to_owned(),
        names.join(", "),
        bindings.join(", "),
    ]
}
