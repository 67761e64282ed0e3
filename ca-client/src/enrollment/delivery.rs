//! The end of an enrollment: what came is checked, and its files are written.

use std::path::PathBuf;

use ca_verify::{Certificate, CertificationRequest};

use super::{Begun, Enrollment, own_request};
use crate::client::{ClientError, Issued};
use crate::error::CommandError;
use crate::files::{self, Existing, Mode};
use crate::p12::{P12Error, Seal, pkcs12};

/// The files that were written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// The certificate.
    pub(crate) certificate: PathBuf,
    /// The key, when one was made.
    pub(crate) key: Option<PathBuf>,
    /// The chain: the issuing CA, then the root.
    pub(crate) chain: PathBuf,
    /// The PKCS#12 file.
    pub(crate) p12: Option<PathBuf>,
}

impl Begun {
    /// Checks what came, writes the files, and forgets the request.
    pub(crate) fn deliver(
        self,
        enrollment: &Enrollment<'_>,
        issued: &Issued,
    ) -> Result<Files, CommandError> {
        let written = self.write(enrollment, issued)?;
        self.finish(enrollment)?;
        Ok(written)
    }

    /// Checks what came, and writes the files; a repeat goes on until [`Begun::finish`].
    pub(crate) fn write(
        &self,
        enrollment: &Enrollment<'_>,
        issued: &Issued,
    ) -> Result<Files, CommandError> {
        let certificate = checked(issued, &own_request(&self.pending)?, enrollment.name)?;
        let existing = enrollment.existing;
        let mut written = Files {
            certificate: enrollment.path("pem"),
            key: None,
            chain: enrollment.directory.join("chain.pem"),
            p12: None,
        };
        // The former key goes last: until then both keys are there, and one of them is that of the certificate.
        files::write(
            &written.certificate,
            certificate.to_pem().as_bytes(),
            Mode::Public,
            existing,
        )?;
        let target = enrollment.path("key");
        if let Some(staged) = &self.key {
            if staged.file != target {
                files::replace(&staged.file, &target)?;
            }
            written.key = Some(target);
        }
        let chain = chain_pem(&issued.chain)?;
        files::write(&written.chain, chain.as_bytes(), Mode::Public, existing)?;
        if enrollment.p12 {
            let key = self.key.as_ref().and_then(|staged| staged.key.as_ref());
            let (Some(key), Some(passphrase)) = (key, &self.passphrase) else {
                return Err(P12Error::PassphraseMissing.into());
            };
            let path = enrollment.path("p12");
            let octets = pkcs12(
                enrollment.name,
                key,
                &with_chain(issued),
                passphrase,
                Seal::Modern,
            )?;
            // Its salt is random, so it differs from one that an interrupted run wrote.
            let existing = if self.was_pending {
                Existing::Replace
            } else {
                existing
            };
            files::write(&path, &octets, Mode::Private, existing)?;
            written.p12 = Some(path);
        }
        Ok(written)
    }

    /// Forgets the request: all its files are written.
    pub(crate) fn finish(self, enrollment: &Enrollment<'_>) -> Result<(), CommandError> {
        self.pending.finish()?;
        files::remove_unfinished(enrollment.directory, enrollment.name)?;
        Ok(())
    }
}

/// Writes a chain as PEM: the issuing CA, then the root.
pub(crate) fn chain_pem(chain: &[Vec<u8>]) -> Result<String, ClientError> {
    let parsed = chain.iter().map(|der| Certificate::from_der(der));
    parsed
        .map(|certificate| certificate.map(|certificate| certificate.to_pem()))
        .collect::<Result<_, _>>()
        .map_err(|error| ClientError::answer("chain", error))
}

fn with_chain(issued: &Issued) -> Vec<Vec<u8>> {
    let leaf = std::iter::once(&issued.certificate.der);
    leaf.chain(&issued.chain).cloned().collect()
}

/// Trusts the server's answer no further than the certificates in it: our key, our name, and the chain.
fn checked(
    issued: &Issued,
    request: &CertificationRequest,
    name: &str,
) -> Result<Certificate, ClientError> {
    let wrong = |what: String| ClientError::answer("certificate", what);
    let certificate =
        Certificate::from_der(&issued.certificate.der).map_err(|error| wrong(error.to_string()))?;
    if certificate.public_key().key_id() != request.public_key().key_id() {
        return Err(wrong("it is for another key than ours".to_owned()));
    }
    if certificate.subject().common_name() != Some(name) {
        return Err(wrong(format!(
            "it is for `{}`, not for `{name}`",
            certificate.subject().as_str()
        )));
    }
    let mut below = certificate.clone();
    for der in &issued.chain {
        let above =
            Certificate::from_der(der).map_err(|error| ClientError::answer("chain", error))?;
        below
            .verify_signed_by(&above)
            .map_err(|error| ClientError::answer("chain", error))?;
        below = above;
    }
    Ok(certificate)
}
