//! Answering a request: proved and shown first, signed when someone says yes.

use std::path::Path;

use ca_core::{
    CrlIssue, Issuer, IssuerUrls, IssuingCa, Revoked, RevokedCertificates, prepare_crl,
    prepare_issuing_ca, sign_crl,
};
use ca_types::{IssuerClass, IssuerId, Passphrase, SerialNumber, SystemEntropy, TrustDomain};
use ca_verify::{
    Answered, AskedCrl, AskedIssuer, CeremonyAnswer, CeremonyBody, CeremonyRequest, Certificate,
    CertificateList, CertificationRequest, Linted, LintedList, SignatureAlgorithm,
};

use super::root_dir::{OfflineRoot, RootDir, read};
use super::{
    CeremonyFailure, CeremonyReport, Facts, Occasion, hand_out, prove_places, signed_answer,
};

/// What will be signed, once someone says yes.
#[derive(Debug)]
pub struct SigningPlan {
    folder: RootDir,
    root: OfflineRoot,
    request: CeremonyRequest,
    issuer: IssuerId,
    linted: Judged,
    facts: Facts,
}

#[derive(Debug)]
enum Judged {
    Certificate(Linted),
    List(LintedList),
}

impl SigningPlan {
    /// Proves a request: for a root in this folder, unaltered, not answered yet, without contradiction to what was
    /// signed before, and free of lint errors.
    ///
    /// # Errors
    /// Fails with the first thing that stands against it; nothing was signed then.
    pub fn prove(
        folder: RootDir,
        kind: &'static str,
        request: &Path,
        out: &Path,
        transcript: Option<&Path>,
    ) -> Result<Self, CeremonyFailure> {
        let request = CeremonyRequest::from_pem_or_der(&read(request)?)?;
        let came = match request.body() {
            CeremonyBody::Issuer(_) => "issuer",
            CeremonyBody::Crl(_) => "crl",
        };
        if came != kind {
            return Err(CeremonyFailure::OtherKind { wanted: kind, came });
        }
        let roots = folder.roots()?;
        let wanted = request.body().root();
        let root = roots
            .iter()
            .find(|root| root.certificate.fingerprint() == wanted)
            .cloned()
            .ok_or_else(|| CeremonyFailure::OtherRoot {
                wanted: wanted.to_string(),
                here: roots.iter().map(|root| root.id.to_string()).collect(),
            })?;
        let certificates: Vec<Certificate> =
            roots.iter().map(|root| root.certificate.clone()).collect();
        request.verify_voucher(&certificates)?;
        if folder.record_of(request.digest()).exists() {
            return Err(CeremonyFailure::Answered);
        }
        prove_places(out, transcript)?;
        let mut facts = vec![
            ("root", root.id.to_string()),
            ("root SHA-256", root.certificate.fingerprint().to_string()),
            ("request SHA-256", request.digest().to_string()),
            ("vouched for by", request.voucher().subject().to_string()),
        ];
        let before = folder.answers()?;
        let (issuer, linted, more) = match request.body() {
            CeremonyBody::Issuer(asked) => {
                let (linted, facts) = judged_issuer(asked, &root, &certificates, &before)?;
                (asked.id.clone(), Judged::Certificate(linted), facts)
            }
            CeremonyBody::Crl(asked) => {
                let (linted, facts) = judged_list(asked, &root, &before)?;
                (root.id.clone(), Judged::List(linted), facts)
            }
        };
        facts.extend(more);
        Ok(Self {
            folder,
            root,
            request,
            issuer,
            linted,
            facts,
        })
    }

    /// Returns what will be signed, one line each.
    pub fn text(&self) -> String {
        let line = |(name, value): &(&str, String)| format!("{name:<16}  {value}\n");
        self.facts.iter().map(line).collect()
    }

    /// Signs, keeps the answer in the folder, then hands it out.
    ///
    /// # Errors
    /// Fails when the passphrase does not open the key, or a file cannot be written.
    pub fn sign(
        self,
        passphrase: &Passphrase,
        occasion: &Occasion,
        out: &Path,
        transcript: Option<&Path>,
    ) -> Result<CeremonyReport, CeremonyFailure> {
        let signer = self.folder.open(&self.root, passphrase)?;
        let (answered, der) = match self.linted {
            Judged::Certificate(linted) => {
                let der = ca_core::sign(linted, &signer)?.der().to_vec();
                (Answered::Issuer(der.clone()), der)
            }
            Judged::List(linted) => {
                let der = sign_crl(linted, &signer)?.der().to_vec();
                (Answered::Crl(der.clone()), der)
            }
        };
        let mut facts = occasion.facts();
        facts.extend(self.facts);
        facts.push(("signed SHA-256", super::root_dir::sha256_hex(&der)));
        let answer = CeremonyAnswer {
            root: self.root.certificate.fingerprint(),
            request: Some(self.request.digest()),
            answered,
            transcript: Vec::new(),
        };
        let (answer, file) = signed_answer(answer, &facts, &signer)?;
        let record = self.folder.record_of(self.request.digest());
        self.folder.record(&record, &file)?;
        hand_out(&answer, &self.issuer, &file, out, transcript)
    }
}

/// Writes the answer that was kept for a request once more; nothing is signed.
///
/// # Errors
/// Fails when the request was not answered here, or a file cannot be written.
pub fn repeat_answer(
    folder: &RootDir,
    request: &Path,
    out: &Path,
    transcript: Option<&Path>,
) -> Result<CeremonyReport, CeremonyFailure> {
    let request = CeremonyRequest::from_pem_or_der(&read(request)?)?;
    let record = folder.record_of(request.digest());
    if !record.exists() {
        return Err(CeremonyFailure::NotAnswered);
    }
    prove_places(out, transcript)?;
    let octets = read(&record)?;
    let answer = CeremonyAnswer::read_unverified(&octets)?;
    let issuer = match request.body() {
        CeremonyBody::Issuer(asked) => asked.id.clone(),
        CeremonyBody::Crl(_) => {
            let roots = folder.roots()?;
            let root = roots
                .into_iter()
                .find(|root| root.certificate.fingerprint() == answer.root);
            root.ok_or(CeremonyFailure::NotAnswered)?.id
        }
    };
    let file = String::from_utf8_lossy(&octets);
    hand_out(&answer, &issuer, &file, out, transcript)
}

fn judged_issuer(
    asked: &AskedIssuer,
    root: &OfflineRoot,
    roots: &[Certificate],
    before: &[CeremonyAnswer],
) -> Result<(Linted, Facts), CeremonyFailure> {
    if asked.class == IssuerClass::Root {
        return Err(CeremonyFailure::Contradiction(
            "a root is not made from a request".to_owned(),
        ));
    }
    let csr = CertificationRequest::from_der(&asked.certification_request)
        .map_err(ca_verify::CeremonyError::from)?;
    if csr.subject().common_name() != Some(&asked.common_name) {
        return Err(CeremonyFailure::Contradiction(
            "the key asks for another name than the request".to_owned(),
        ));
    }
    refuse_known(asked, &csr, roots, before)?;
    let issuer = Issuer {
        id: root.id.clone(),
        class: IssuerClass::Root,
        trust_domain: TrustDomain::default(),
        certificate: root.certificate.clone(),
        urls: IssuerUrls {
            crl: asked.crl_url.clone(),
            certificate: asked.certificate_url.clone(),
        },
    };
    let wanted = IssuingCa {
        organization: &asked.organization,
        common_name: &asked.common_name,
        validity: asked.validity,
        public_key: csr.public_key(),
    };
    let serial = SerialNumber::generate(&mut SystemEntropy);
    let linted = prepare_issuing_ca(&wanted, serial, &issuer)?;
    let facts = vec![
        ("action", "sign an issuing CA".to_owned()),
        ("asked at", asked.time.to_string()),
        ("issuer", asked.id.to_string()),
        ("class", asked.class.to_string()),
        (
            "subject",
            format!("O={}, CN={}", asked.organization, asked.common_name),
        ),
        ("key", csr.public_key().algorithm().to_string()),
        ("key id", csr.public_key().key_id().to_string()),
        ("serial number", serial.to_string()),
        ("not before", asked.validity.not_before().to_string()),
        ("not after", asked.validity.not_after().to_string()),
        (
            "constraints",
            "CA, no CA below it; signs certificates and CRLs".to_owned(),
        ),
        ("CRL", asked.crl_url.clone()),
        ("root certificate", asked.certificate_url.clone()),
    ];
    Ok((linted, facts))
}

/// Refuses a name or key that this folder signed before: RouterOS breaks with two CAs of one name.
fn refuse_known(
    asked: &AskedIssuer,
    csr: &CertificationRequest,
    roots: &[Certificate],
    before: &[CeremonyAnswer],
) -> Result<(), CeremonyFailure> {
    let mut known: Vec<Certificate> = roots.to_vec();
    for answer in before {
        if let Answered::Issuer(der) = &answer.answered {
            known.push(Certificate::from_der(der).map_err(ca_verify::CeremonyError::from)?);
        }
    }
    for certificate in &known {
        let is_same = certificate.subject().common_name() == Some(&asked.common_name)
            || certificate.public_key() == csr.public_key();
        if is_same {
            return Err(CeremonyFailure::Contradiction(format!(
                "`{}` was signed before with this name or key",
                certificate.subject()
            )));
        }
    }
    Ok(())
}

fn judged_list(
    asked: &AskedCrl,
    root: &OfflineRoot,
    before: &[CeremonyAnswer],
) -> Result<(LintedList, Facts), CeremonyFailure> {
    let mut revoked = RevokedCertificates::default();
    for entry in &asked.revoked {
        revoked.insert(Revoked {
            serial: entry.serial,
            time: entry.time,
            reason: entry.reason,
            not_after: entry.not_after,
        });
    }
    for answer in before.iter().filter(|answer| answer.root == asked.root) {
        let der = match &answer.answered {
            Answered::Crl(der) => der,
            Answered::Issuer(_) | Answered::Root { .. } => continue,
        };
        let earlier = CertificateList::from_der(der).map_err(ca_verify::CeremonyError::from)?;
        if asked.number <= earlier.number() || asked.this_update <= earlier.this_update() {
            return Err(CeremonyFailure::Contradiction(format!(
                "CRL number {} was signed before",
                earlier.number()
            )));
        }
        let is_kept = |serial: &[u8]| {
            asked
                .revoked
                .iter()
                .any(|entry| entry.serial.octets() == *serial)
        };
        if !earlier.entries().all(|entry| is_kept(entry.serial)) {
            return Err(CeremonyFailure::Contradiction(format!(
                "CRL number {} revoked a CA that this one leaves out",
                earlier.number()
            )));
        }
    }
    let issue = CrlIssue {
        number: asked.number,
        this_update: asked.this_update,
        next_update: asked.next_update,
    };
    let algorithm = SignatureAlgorithm::for_key(root.certificate.public_key());
    let linted = prepare_crl(&revoked, issue, &root.certificate, algorithm)?;
    let mut facts = vec![
        ("action", "sign the CRL of the root".to_owned()),
        ("CRL number", asked.number.to_string()),
        ("this update", asked.this_update.to_string()),
        ("next update", asked.next_update.to_string()),
    ];
    for entry in &asked.revoked {
        facts.push((
            "revokes",
            format!(
                "{} serial {} since {} for {}",
                entry.issuer, entry.serial, entry.time, entry.reason
            ),
        ));
    }
    if asked.revoked.is_empty() {
        facts.push(("revokes", "nothing".to_owned()));
    }
    Ok((linted, facts))
}
