//! A router with something in every menu that is asked for: what a value looks like can only be seen on one.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use ca_record::{Outcome, Record};
use tempfile::TempDir;

use crate::assumption::Assumptions;
use crate::console::World;
use crate::factory::{Factory, FactoryCertificate};
use crate::model::Model;
use crate::router::{Router, Settings};
use crate::signing::{self, Authority, Digest, Template};
use crate::state::{Certificate, Octets};

/// The user that asks.
pub(super) const USER: &str = "scene-user";

/// A router on disk, from which others are started.
pub(super) struct Scene {
    model: Model,
    origin: TempDir,
}

/// A copy of it that runs, for as long as this is kept.
pub(super) struct Running {
    pub(super) router: Arc<Router>,
    _directory: TempDir,
}

impl Scene {
    /// Makes a router with rows of all kinds, and the device mode of the recorded one.
    pub(super) fn build(model: Model, record: &Record) -> Result<Self, String> {
        let origin = TempDir::new().map_err(|error| error.to_string())?;
        let factory = Factory {
            user: USER,
            password: "scene-password",
            identity: "scene-router",
            services: &["www", "www-ssl", "api", "api-ssl", "ssh"],
            certificate: FactoryCertificate::Absent,
        };
        let settings = Settings {
            model,
            assumptions: Assumptions::default(),
            directory: origin.path(),
        };
        Router::start(settings, |world| {
            factory.set_up(world)?;
            world.set_device_mode(forbidden(record));
            certificates(world)?;
            tables(world);
            Ok(())
        })
        .map_err(|error| error.to_string())?;
        Ok(Self { model, origin })
    }

    /// Starts a copy of it.
    pub(super) fn start(&self, assumptions: &Assumptions) -> Result<Running, String> {
        let copy = TempDir::new().map_err(|error| error.to_string())?;
        for entry in fs::read_dir(self.origin.path()).map_err(|error| error.to_string())? {
            let entry = entry.map_err(|error| error.to_string())?;
            fs::copy(entry.path(), copy.path().join(entry.file_name()))
                .map_err(|error| error.to_string())?;
        }
        let settings = Settings {
            model: self.model,
            assumptions: assumptions.clone(),
            directory: copy.path(),
        };
        let router = Router::start(settings, |_| Ok(())).map_err(|error| error.to_string())?;
        {
            // Files get their ids while the assumptions hold.
            let mut world = router.world();
            world.write_file("scene.txt", b"text".to_vec(), 0);
            let large = vec![b'x'; world.model.contents_limit() + 1];
            world.write_file("scene.bin", large, 0);
            world.write_file("scene-folder", Vec::new(), 0);
            if let Some(folder) = world.state.files.last_mut() {
                folder.directory = true;
            }
        }
        Ok(Running {
            router,
            _directory: copy,
        })
    }
}

/// What the device mode of the recorded router forbids.
fn forbidden(record: &Record) -> BTreeMap<String, bool> {
    let Some(Outcome::Answered { rows, .. }) = record.outcome("device-mode") else {
        return BTreeMap::new();
    };
    let row = rows.first().into_iter().flatten();
    row.filter(|(feature, value)| *feature == "fetch" && matches!(value.as_str(), "no" | "false"))
        .map(|(feature, _)| (feature.clone(), false))
        .collect()
}

fn template(name: &str, is_ca: bool) -> Template {
    let usage: &[&str] = if is_ca {
        &["key-cert-sign", "crl-sign"]
    } else {
        &["digital-signature", "tls-server"]
    };
    Template {
        common_name: name.to_owned(),
        san: if is_ca {
            Vec::new()
        } else {
            vec![format!("DNS:{name}.invalid")]
        },
        key_usage: usage.iter().map(ToString::to_string).collect(),
        days: 365,
        key_size: 256,
        digest: Digest::Sha256,
        organization: None,
        is_ca,
    }
}

/// A template, a CA of this router with a revoked certificate and a good one, imported ones, an expired one.
fn certificates(world: &mut World) -> Result<(), String> {
    const HOST: &str = "192.0.2.1";
    let now = world.now();
    let ca = world.make_self_signed("scene-ca", &template("scene-ca", true))?;
    let made = world.state.certificates.last_mut().ok_or("no CA")?;
    made.crl_host = Some(HOST.to_owned());
    let authority = Authority {
        template: template("scene-ca", true),
        key: made.key.clone().unwrap_or_default().0,
        crl_url: Some(format!("http://{HOST}/crl/{ca}.crl")),
    };
    let mut add = |name: &str, der: Vec<u8>, key: Option<Vec<u8>>| {
        world.state.push_certificate(Certificate {
            name: name.to_owned(),
            der: Some(Octets(der)),
            key: key.map(Octets),
            trust_store: "all".to_owned(),
            ..Certificate::default()
        });
    };
    let (der, key) = authority.issue(&template("scene-issued", false), now)?;
    add("scene-issued", der, Some(key));
    let (der, key) = authority.issue(&template("scene-revoked", false), now)?;
    add("scene-revoked", der, Some(key));
    let (der, _) = authority.issue(&template("scene-imported", false), now)?;
    add("scene-imported", der, None);
    let long_ago = now - 10 * 365 * 86_400;
    let (der, _) = signing::self_sign(&template("scene-expired", true), None, long_ago)?;
    add("scene-expired", der, None);
    let fields = [
        ("common-name", "scene"),
        ("key-size", "2048"),
        ("days-valid", "365"),
    ];
    world.state.push_certificate(Certificate {
        name: "scene-template".to_owned(),
        made_here: true,
        trust_store: "all".to_owned(),
        template: owned(&fields),
        ..Certificate::default()
    });
    for one in &mut world.state.certificates {
        if matches!(one.name.as_str(), "scene-issued" | "scene-revoked") {
            one.made_here = true;
            one.signer = Some(ca);
            one.revoked = (one.name == "scene-revoked").then_some(now);
        }
    }
    let list = authority.revocation_list(&[], now)?;
    for (url, der) in [
        ("http://192.0.2.1/a.crl", None),
        ("http://192.0.2.1/b.crl", Some(list)),
    ] {
        world.push_crl(url, false);
        if let Some(row) = world.state.crls.last_mut() {
            row.der = der.map(Octets);
        }
    }
    Ok(())
}

/// Rows with no more than they must have, and references to a certificate that is there and to one that is gone.
fn tables(world: &mut World) {
    const GONE: &str = "*FFF";
    let here = world.state.certificates.first().map(|one| one.id);
    let here = here.map(crate::console::print_id).unwrap_or_default();
    for item in &mut world.state.table_mut("/ip/service").items {
        let name = item.fields.get("name").map(String::as_str);
        let certificate = match name {
            Some("www-ssl") => here.as_str(),
            Some("api-ssl") => GONE,
            _ => continue,
        };
        item.fields
            .insert("certificate".to_owned(), certificate.to_owned());
    }
    let peers = world.state.table_mut("/ip/ipsec/peer");
    let peer = crate::console::print_id(peers.push(owned(&[("name", "scene-peer")])));
    let identities = world.state.table_mut("/ip/ipsec/identity");
    identities.push(owned(&[("peer", &peer)]));
    for certificate in [&here, GONE] {
        let method = ("auth-method", "digital-signature");
        identities.push(owned(&[
            ("peer", &peer),
            method,
            ("certificate", certificate),
        ]));
    }
    let sstp = world
        .state
        .settings
        .entry("/interface/sstp-server/server".to_owned());
    sstp.or_default()
        .insert("certificate".to_owned(), GONE.to_owned());
}

fn owned(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
