//! `/certificate/export-certificate`.

use aws_lc_rs::digest;
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{
    Certificate as P12Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm,
    PrivateKeyChain,
};
use pkcs8::PrivateKeyInfoRef;
use pkcs8::pkcs5::pbes2::Parameters;

use super::World;
use crate::model::Model;
use crate::row::{Reply, Request};
use crate::state::Certificate;
use crate::trap::Trap;

impl World {
    pub(super) fn export_certificate(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let passphrase = request.argument("export-passphrase").unwrap_or_default();
        let pkcs12 = match request.argument("type") {
            None | Some("pem") => false,
            Some("pkcs12") => true,
            Some(_) => return Err(Trap::no_match("type")),
        };
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        for one in self
            .state
            .certificates
            .iter()
            .filter(|one| ids.contains(&one.id))
        {
            let Some(der) = &one.der else {
                return Err(Trap::failure("certificate is not signed"));
            };
            let stem = match request.argument("file-name") {
                Some(name) if self.model != Model::V6_49 => name.to_owned(),
                _ => format!("cert_export_{}", one.name),
            };
            let key = one.key.as_ref().filter(|_| !one.no_key_export);
            if pkcs12 {
                let encryption = match self.exports_aes() {
                    true => EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
                    false => EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
                };
                files.push((
                    format!("{stem}.p12"),
                    container(one, passphrase, encryption)?,
                ));
                continue;
            }
            files.push((
                format!("{stem}.crt"),
                pem("CERTIFICATE", &der.0).into_bytes(),
            ));
            // Without a passphrase the key stays in the router.
            if let Some(key) = key.filter(|_| !passphrase.is_empty()) {
                let text = pem("ENCRYPTED PRIVATE KEY", &locked(&key.0, passphrase)?);
                files.push((format!("{stem}.key"), text.into_bytes()));
            }
        }
        for (name, contents) in files {
            self.write_file(&name, contents, 0);
        }
        Ok(Reply::default())
    }

    fn exports_aes(&self) -> bool {
        self.model.since(24) || self.assumptions.is("export-pkcs12", "aes")
    }
}

pub(super) fn locked(key: &[u8], passphrase: &str) -> Result<Vec<u8>, Trap> {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    let random = SystemRandom::new();
    random
        .fill(&mut salt)
        .map_err(|_| Trap::failure("no randomness"))?;
    random
        .fill(&mut iv)
        .map_err(|_| Trap::failure("no randomness"))?;
    let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ITERATIONS, &salt, iv)
        .map_err(Trap::failure)?;
    let locked = PrivateKeyInfoRef::try_from(key)
        .and_then(|key| key.encrypt_with_params(parameters, passphrase))
        .map_err(Trap::failure)?;
    Ok(locked.as_bytes().to_vec())
}

fn container(
    one: &Certificate,
    passphrase: &str,
    encryption: EncryptionAlgorithm,
) -> Result<Vec<u8>, Trap> {
    let der = one
        .der
        .as_ref()
        .map(|der| der.0.as_slice())
        .unwrap_or_default();
    let certificate = P12Certificate::from_der(der).map_err(Trap::failure)?;
    let entry = match one.key.as_ref().filter(|_| !one.no_key_export) {
        None => KeyStoreEntry::Certificate(certificate),
        Some(key) => {
            let key = p12_keystore::PrivateKey::from_der(&key.0).map_err(Trap::failure)?;
            let id = digest::digest(&digest::SHA256, der).as_ref().to_vec();
            KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(id, key, [certificate]))
        }
    };
    let mut store = KeyStore::new();
    store.add_entry(&one.name, entry);
    store
        .writer(passphrase)
        .encryption_algorithm(encryption)
        .encryption_iterations(ITERATIONS)
        .mac_algorithm(MacAlgorithm::HmacSha256)
        .mac_iterations(ITERATIONS)
        .write()
        .map_err(Trap::failure)
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let encoded = STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in encoded.as_bytes().chunks(64) {
        text.push_str(&String::from_utf8_lossy(line));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

const ITERATIONS: u32 = 2_048;
