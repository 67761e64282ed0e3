//! The host key, made at the first connection and kept with the state.

use std::io;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use russh::keys::{PrivateKey, decode_secret_key};

use crate::console::World;
use crate::model::Model;
use crate::router::Router;
use crate::state::Octets;

/// Returns the key of a router: RSA unless `host-key-type=ed25519`, which version 7 has.
pub(super) fn of(router: &Router) -> io::Result<PrivateKey> {
    let mut world = router.world();
    let is_new = world.state.ssh_host_key.is_none();
    let der = kept(&mut world)?;
    if is_new {
        router.save(&world);
    }
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der)
    );
    decode_secret_key(&pem, None).map_err(io::Error::other)
}

/// Returns the key in PKCS#8, made if there is none.
pub(crate) fn kept(world: &mut World) -> io::Result<Vec<u8>> {
    if let Some(Octets(der)) = &world.state.ssh_host_key {
        return Ok(der.clone());
    }
    let kind = world.state.setting("/ip/ssh", "host-key-type");
    let der = generate(world.model == Model::V6_49 || kind != Some("ed25519"))?;
    world.state.ssh_host_key = Some(Octets(der.clone()));
    Ok(der)
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
