//! Rows, certificates and written files.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use routeros_sim::view::{HeldCertificate, RouterView, Row};

pub(crate) fn row(properties: &str) -> Row {
    let property = |word: &str| {
        let (key, value) = word.split_once('=').expect("key=value");
        (key.to_owned(), value.to_owned())
    };
    properties.split_whitespace().map(property).collect()
}

/// Changes a row of a menu.
pub(crate) fn set(view: &mut RouterView, menu: &str, index: usize, properties: &str) {
    let rows = view.menus.get_mut(menu).expect("a menu of the site");
    rows[index].extend(row(properties));
}

pub(crate) fn use_crls(view: &mut RouterView, answer: &str) {
    let settings = row(&format!("crl-use={answer}"));
    view.settings
        .insert("/certificate/settings".to_owned(), settings);
}

/// The names of the files in a directory.
pub(crate) fn files(out: &Path, directory: &str) -> Vec<String> {
    let entries = fs::read_dir(out.join(directory)).expect("it was made");
    let mut names: Vec<String> = entries
        .map(|entry| {
            entry
                .expect("readable")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    names
}

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

/// A CA, of another one or by itself.
pub(crate) fn authority(name: &str, above: Option<&Issuer>) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    match above {
        None => CertifiedIssuer::self_signed(params, key()),
        Some(above) => CertifiedIssuer::signed_by(params, key(), above),
    }
    .expect("a CA")
}

/// A CA as a store holds it.
pub(crate) fn held_ca(name: &str, issuer: &Issuer, trusted: bool) -> HeldCertificate {
    HeldCertificate {
        name: name.to_owned(),
        der: issuer.der().to_vec(),
        key_pkcs8: None,
        trusted,
        is_ca: true,
    }
}

/// A certificate with its key, of a CA; `IsCa::NoCa` leaves its key identifier out.
pub(crate) fn held_leaf(name: &str, san: &[&str], issuer: &Issuer, is_ca: IsCa) -> HeldCertificate {
    let key = key();
    let mut params = CertificateParams::new(Vec::new()).expect("no names");
    params.distinguished_name.push(DnType::CommonName, name);
    for name in san {
        let name = name.to_string().try_into().expect("ASCII");
        params.subject_alt_names.push(SanType::DnsName(name));
    }
    params.is_ca = is_ca;
    let leaf = params.signed_by(&key, issuer).expect("a certificate");
    HeldCertificate {
        name: name.to_owned(),
        der: leaf.der().to_vec(),
        key_pkcs8: Some(key.serialize_der()),
        trusted: true,
        is_ca: false,
    }
}

/// The octets of the certificates in a PEM file.
pub(crate) fn certificates(path: &Path) -> Vec<Vec<u8>> {
    use rustls::pki_types::{CertificateDer, pem::PemObject as _};
    let octets = fs::read(path).expect("a file");
    CertificateDer::pem_slice_iter(&octets)
        .map(|one| one.expect("PEM").to_vec())
        .collect()
}
