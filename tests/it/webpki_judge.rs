//! webpki, the verifier of rustls, with revocation.

use std::path::Path;

use rustls::pki_types::{CertificateDer, UnixTime, pem::PemObject as _};
use webpki::{
    ALL_VERIFICATION_ALGS, CertRevocationList, EndEntityCert, ExpirationPolicy, KeyUsage,
    OwnedCertRevocationList, RevocationCheckDepth, RevocationOptionsBuilder, UnknownStatusPolicy,
    anchor_from_trusted_cert,
};

/// Verifies `leaf.pem` under `issuing.pem` and `root.pem` with both CRLs of the folder.
pub(crate) fn verify(folder: &Path) -> Result<(), String> {
    let certificate = |file: &str| {
        CertificateDer::from_pem_file(folder.join(file)).expect("the folder has the certificate")
    };
    let (leaf, root) = (certificate("leaf.pem"), certificate("root.pem"));
    let intermediates = [certificate("issuing.pem")];
    let lists: Vec<CertRevocationList<'_>> = ["issuing.crl", "root.crl"]
        .iter()
        .map(|file| {
            let der = std::fs::read(folder.join(file)).expect("the folder has the CRL");
            OwnedCertRevocationList::from_der(&der)
                .unwrap_or_else(|error| panic!("{file}: {error:?}"))
                .into()
        })
        .collect();
    let lists: Vec<&CertRevocationList<'_>> = lists.iter().collect();
    let anchor = anchor_from_trusted_cert(&root).expect("the root is an anchor");
    let entity = EndEntityCert::try_from(&leaf).expect("the leaf is an end entity");
    let usage = match is_server(folder) {
        true => KeyUsage::server_auth(),
        false => KeyUsage::client_auth(),
    };
    entity
        .verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &[anchor],
            &intermediates,
            UnixTime::now(),
            usage,
            Some(
                RevocationOptionsBuilder::new(&lists)
                    .expect("there are CRLs")
                    .with_depth(RevocationCheckDepth::Chain)
                    .with_status_policy(UnknownStatusPolicy::Deny)
                    .with_expiration_policy(ExpirationPolicy::Enforce)
                    .build(),
            ),
            None,
        )
        .map(|_path| ())
        .map_err(|error| format!("{error:?}"))
}

fn is_server(folder: &Path) -> bool {
    let run = ca_tests::openssl(
        folder,
        &[
            "x509",
            "-in",
            "leaf.pem",
            "-noout",
            "-ext",
            "extendedKeyUsage",
        ],
    );
    run.ok().stdout.contains("TLS Web Server Authentication")
}
