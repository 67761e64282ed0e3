//! A further root: a new generation with a name and key of its own, vouched for by the newest one.

use std::path::PathBuf;

use ca_core::{
    CrlIssue, Generation, Organization, RevokedCertificates, Signer as _, issue_root, prepare_crl,
    sign_crl,
};
use ca_types::{IssuerClass, IssuerId, Passphrase, SerialNumber, SystemEntropy};
use ca_verify::{Answered, CeremonyAnswer, Certificate};

use super::root_dir::{OfflineRoot, RootDir, read, sha256_hex};
use super::{CeremonyFailure, CeremonyReport, Occasion, hand_out, prove_places, signed_answer};
use crate::atomic::write_new;
use crate::init::ROOT_CRL_SECONDS;
use crate::keystore::{FileSigner, KeyKind, PrivateKey, open_key, write_key};

/// What is asked for.
#[derive(Debug)]
pub struct CreateOptions {
    /// The folder of the roots.
    pub folder: RootDir,
    /// The passphrase of the newest root's key, and of the new one.
    pub passphrase: Passphrase,
    /// The kind of the new key; without one that of the newest root.
    pub key_algorithm: Option<String>,
    /// Where the answer goes.
    pub out: PathBuf,
    /// Where the transcript goes, if anywhere.
    pub transcript: Option<PathBuf>,
}

/// Makes a further root; `confirm` is shown what it will be.
///
/// # Errors
/// Fails when it is not confirmed, a key does not open, or a file cannot be written; a repeat goes on.
pub fn create_root(
    options: &CreateOptions,
    occasion: &Occasion,
    confirm: &mut dyn FnMut(&str) -> Result<(), CeremonyFailure>,
) -> Result<CeremonyReport, CeremonyFailure> {
    let folder = &options.folder;
    let roots = folder.roots()?;
    let newest = roots.last().ok_or(CeremonyFailure::NotAnswered)?;
    let generation = Generation::next(
        occasion.now.year(),
        IssuerClass::Root,
        roots.iter().map(|root| &root.id),
    )
    .ok_or_else(|| CeremonyFailure::Contradiction("this year has 255 roots".to_owned()))?;
    let id = generation.issuer_id(IssuerClass::Root);
    prove_places(&options.out, options.transcript.as_deref())?;
    let record = folder.record_of_root(&id);
    let (answer, file) = if record.exists() {
        let octets = read(&record)?;
        let answer = CeremonyAnswer::from_pem_or_der(&octets, newest.certificate.public_key())?;
        (answer, String::from_utf8_lossy(&octets).into_owned())
    } else {
        let organization = organization_of(newest)?;
        let name = generation.common_name(&organization, IssuerClass::Root);
        confirm(&format!(
            "action            make a further root\nroot              {id}\nsubject           O={organization}, \
             CN={name}\nvouched for by    {}\n",
            newest.certificate.subject()
        ))?;
        let voucher = folder.open(newest, &options.passphrase)?;
        let signer = key_of(options, newest, &id)?;
        let made = Made {
            id: &id,
            generation,
            organization: &organization,
        };
        let (answer, file) = made.sign(&signer, newest, &voucher, occasion)?;
        folder.record(&record, &file)?;
        (answer, file)
    };
    let report = hand_out(
        &answer,
        &id,
        &file,
        &options.out,
        options.transcript.as_deref(),
    )?;
    // The last step: from here on it is the newest root, and a repeat would make one more.
    if let Answered::Root { certificate, .. } = &answer.answered {
        let certificate =
            Certificate::from_der(certificate).map_err(ca_verify::CeremonyError::from)?;
        let path = folder.certificate_file(&id);
        write_new(&path, certificate.to_pem().as_bytes(), 0o600)?;
    }
    Ok(report)
}

/// The root to be.
struct Made<'a> {
    id: &'a IssuerId,
    generation: Generation,
    organization: &'a Organization,
}

impl Made<'_> {
    fn sign(
        &self,
        signer: &FileSigner,
        newest: &OfflineRoot,
        voucher: &FileSigner,
        occasion: &Occasion,
    ) -> Result<(CeremonyAnswer, String), CeremonyFailure> {
        let now = occasion.now;
        let serial = SerialNumber::generate(&mut SystemEntropy);
        let certificate = issue_root(self.organization, self.generation, serial, signer, now)?;
        let issue = CrlIssue {
            number: 1,
            this_update: now,
            next_update: now.plus(ROOT_CRL_SECONDS).unwrap_or(now),
        };
        let nothing = RevokedCertificates::default();
        let linted = prepare_crl(&nothing, issue, &certificate, signer.algorithm())?;
        let crl = sign_crl(linted, signer)?;
        let mut facts = occasion.facts();
        facts.extend([
            ("action", "make a further root".to_owned()),
            ("vouched for by", newest.id.to_string()),
            ("root", self.id.to_string()),
            ("subject", certificate.subject().to_string()),
            ("key id", signer.public_key().key_id().to_string()),
            ("serial number", serial.to_string()),
            (
                "not before",
                certificate.validity().not_before().to_string(),
            ),
            ("not after", certificate.validity().not_after().to_string()),
            ("root SHA-256", certificate.fingerprint().to_string()),
            ("CRL SHA-256", sha256_hex(crl.der())),
        ]);
        let answer = CeremonyAnswer {
            root: newest.certificate.fingerprint(),
            request: None,
            answered: Answered::Root {
                id: self.id.clone(),
                certificate: certificate.der().to_vec(),
                crl: crl.der().to_vec(),
            },
            transcript: Vec::new(),
        };
        signed_answer(answer, &facts, voucher)
    }
}

/// Makes the key of the new root, or opens the one that an interrupted ceremony left.
fn key_of(
    options: &CreateOptions,
    newest: &OfflineRoot,
    id: &IssuerId,
) -> Result<FileSigner, CeremonyFailure> {
    let path = options.folder.key_file(id);
    if path.exists() {
        return Ok(open_key(&path, &options.passphrase)?);
    }
    let kind = match &options.key_algorithm {
        Some(text) => text.parse()?,
        None => KeyKind::of_ca(newest.certificate.public_key().algorithm()),
    };
    let key = PrivateKey::generate(kind)?;
    write_key(&path, &key, &options.passphrase)?;
    Ok(key.signer()?)
}

/// Reads the organization out of the name of a root: `Example Fleet` of `Example Fleet Root CA 2026-1`.
fn organization_of(root: &OfflineRoot) -> Result<Organization, CeremonyFailure> {
    let name = root.certificate.subject().common_name().unwrap_or_default();
    let generation = Generation::of_issuer_id(&root.id, IssuerClass::Root);
    let organization = generation
        .and_then(|generation| name.strip_suffix(&format!(" Root CA {generation}")))
        .unwrap_or_default();
    Ok(organization.parse()?)
}
