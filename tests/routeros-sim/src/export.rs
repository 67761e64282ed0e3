//! What a router holds, read from its state for a daemon of another program.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::assumption::Assumptions;
use crate::console::{Caller, World};
use crate::model::Model;
use crate::row::{Request, Row};
use crate::state::StateFile;
use crate::view::{HeldCertificate, RouterView};
use crate::x509::CertificateFacts;

/// Reads the state of a router, which may be running; trusted is what it trusts for `ipsec` or `ovpn`.
pub fn view(directory: &Path, purpose: &str) -> io::Result<RouterView> {
    let state = StateFile::at(directory).load()?.ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            format!("{}: no state", directory.display()),
        )
    })?;
    let model: Model = state.model.parse().map_err(io::Error::other)?;
    let mut world = World::new(model, Assumptions::default(), state);
    let mut rows = |menu: &str| -> Vec<Row> {
        let printed = world.execute(Caller::Console, &Request::new(menu, "print"));
        printed.map(|reply| reply.rows).unwrap_or_default()
    };
    let identity = rows("/system/identity")
        .first()
        .and_then(|row| row.get("name").cloned())
        .unwrap_or_default();
    let menus = MENUS
        .iter()
        .map(|&menu| (menu.to_owned(), rows(menu)))
        .collect();
    let settings: BTreeMap<String, Row> = SETTINGS
        .iter()
        .filter_map(|&menu| Some((menu.to_owned(), rows(menu).into_iter().next()?)))
        .collect();
    let certificates = world
        .state
        .certificates
        .iter()
        .filter_map(|own| {
            let der = own.der.as_ref()?.0.clone();
            let is_ca = CertificateFacts::parse(&der).is_ok_and(|facts| facts.is_ca);
            Some(HeldCertificate {
                name: own.name.clone(),
                der,
                key_pkcs8: own.key.as_ref().map(|key| key.0.clone()),
                trusted: world.trusts(own, purpose),
                is_ca,
            })
        })
        .collect();
    let crls = world
        .state
        .crls
        .iter()
        .filter_map(|row| Some(row.der.as_ref()?.0.clone()))
        .collect();
    Ok(RouterView {
        identity,
        menus,
        settings,
        certificates,
        crls,
    })
}

const MENUS: &[&str] = &[
    "/ip/ipsec/peer",
    "/ip/ipsec/identity",
    "/ip/ipsec/profile",
    "/ip/ipsec/proposal",
    "/ip/ipsec/policy",
    "/ip/ipsec/policy/group",
    "/ip/ipsec/mode-config",
    "/ip/pool",
    "/interface/ovpn-server/server",
    "/interface/ovpn-client",
    "/ppp/profile",
    "/ppp/secret",
];

const SETTINGS: &[&str] = &["/certificate/settings", "/ip/ipsec/settings"];
