//! The host key, made at the first connection and kept with the state.

use std::io;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use russh::keys::{PrivateKey, decode_secret_key};

use crate::model::Model;
use crate::router::Router;
use crate::state::{Octets, State};

/// Returns the key of a router: RSA on version 6, Ed25519 on version 7 unless `host-key-type=rsa`.
pub(super) fn of(router: &Router) -> io::Result<PrivateKey> {
    let mut world = router.world();
    let kept = world.state.ssh_host_key.clone();
    let der = match kept {
        Some(Octets(der)) => der,
        None => {
            let rsa =
                world.model == Model::V6_49 || chosen(&world.state, "host-key-type") == Some("rsa");
            let der = generate(rsa)?;
            world.state.ssh_host_key = Some(Octets(der.clone()));
            router.save(&world);
            der
        }
    };
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der)
    );
    decode_secret_key(&pem, None).map_err(io::Error::other)
}

/// What was set by hand.
fn chosen<'s>(state: &'s State, field: &str) -> Option<&'s str> {
    let fields = state.settings.get("/ip/ssh")?;
    fields.get(field).map(String::as_str)
}

fn generate(rsa: bool) -> io::Result<Vec<u8>> {
    let der = if rsa {
        let key = KeyPair::generate(KeySize::Rsa2048).map_err(io::Error::other)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().map_err(io::Error::other)?;
        der.as_ref().to_vec()
    } else {
        let key = Ed25519KeyPair::generate().map_err(io::Error::other)?;
        let der = key.to_pkcs8v1().map_err(io::Error::other)?;
        der.as_ref().to_vec()
    };
    Ok(der)
}
