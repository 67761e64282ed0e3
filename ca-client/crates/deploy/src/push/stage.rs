//! Certificates and keys onto the router, where nothing uses them yet.

use ca_routeros::certificate::{self, CertificateRow, ImportCounters};
use ca_routeros::{RouterTransport, Version, crl, file};
use ca_types::Fingerprint;
use ca_verify::Certificate;
use zeroize::Zeroizing;

use super::{Job, Staged, padded};
use crate::hierarchy::short;
use crate::plan::{CaStep, Difference, Leaf, LeafState, Plan};
use crate::report::FormerCertificate;
use crate::{CertificateWish, DeployError};

/// What is being put onto a router.
pub(super) struct Stage<'a> {
    router: &'a mut dyn RouterTransport,
    job: &'a Job<'a>,
    version: Version,
    random: &'a mut (dyn FnMut() -> String + Send),
    /// What this run added, for its undoing.
    added: Vec<Fingerprint>,
    /// Files that may be on the router, one of them with a key in it.
    files: Vec<String>,
    /// The serial numbers of what the CA issued for this run.
    issued: Vec<String>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        router: &'a mut dyn RouterTransport,
        job: &'a Job<'a>,
        version: Version,
        random: &'a mut (dyn FnMut() -> String + Send),
    ) -> Self {
        Self {
            router,
            job,
            version,
            random,
            added: Vec::new(),
            files: Vec::new(),
            issued: Vec::new(),
        }
    }

    /// Puts the CAs, the certificates and their keys onto the router, and adds the CRLs.
    pub(super) async fn run(&mut self, plan: &Plan) -> Result<Vec<Staged>, DeployError> {
        // Of a run that was killed; one of them may hold a key.
        let mut left = file::names(self.router).await?;
        left.retain(|name| is_file_of_ours(name));
        self.files = left;
        self.delete_files().await?;
        for step in &plan.cas {
            match step {
                CaStep::There { .. } => {}
                CaStep::Trust { row } => {
                    certificate::set_trusted(self.router, &row.id, true).await?;
                }
                CaStep::Install { ca } => {
                    (self.job.progress)(&format!("installing {}", ca.certificate.subject()));
                    self.install(&ca.certificate, &ca.row_name()).await?;
                }
            }
        }
        let mut staged = Vec::new();
        for (wish, leaf) in self.job.entry.certificates.iter().zip(&plan.leaves) {
            staged.push(self.leaf(plan, wish, leaf).await?);
        }
        for url in &plan.crls {
            self.add_crl(url).await?;
        }
        Ok(staged)
    }

    /// Adds a CRL; one that came meanwhile with a certificate is good too.
    async fn add_crl(&mut self, url: &str) -> Result<(), DeployError> {
        let Err(error) = crl::add(self.router, url).await else {
            return Ok(());
        };
        if error.is_unsure() {
            self.router.reconnect().await?;
        }
        let rows = crl::list(self.router).await?;
        if rows.iter().any(|row| row.url == url) {
            return Ok(());
        }
        Err(error.into())
    }

    async fn leaf(
        &mut self,
        plan: &Plan,
        wish: &CertificateWish,
        leaf: &Leaf,
    ) -> Result<Staged, DeployError> {
        let former = match &leaf.state {
            LeafState::Healthy(found) => {
                return Ok(Staged {
                    issuing_row: plan.ca_row_name(&leaf.issuing),
                    serial: padded(&found.row.serial),
                    not_after: found.validity.not_after(),
                    row: found.row.clone(),
                    new_key: None,
                    former: None,
                });
            }
            LeafState::Ending(found) | LeafState::Unlike(found, _) => Some(FormerCertificate {
                row: found.row.name.clone(),
                serial: padded(&found.row.serial),
                not_after: found.validity.not_after(),
            }),
            LeafState::Missing => None,
        };
        (self.job.progress)(&format!("getting a certificate for {}", wish.name));
        let replaces = matches!(leaf.state, LeafState::Unlike(_, Difference::Names));
        let enrolled = self.job.enroller.enroll(wish, replaces).await?;
        let serial = padded(&hex(enrolled.certificate.serial_octets()));
        self.issued.push(serial.clone());
        let digits = short(&enrolled.root);
        self.install(&enrolled.root, &format!("fleet-ca-root-{digits}"))
            .await?;
        let name = if enrolled.issuing.fingerprint() == leaf.issuing.certificate.fingerprint() {
            leaf.issuing.row_name()
        } else {
            format!("fleet-ca-{}-{}", wish.profile, short(&enrolled.issuing))
        };
        let issuing = self.install(&enrolled.issuing, &name).await?;
        (self.job.progress)(&format!("installing {} and its key", wish.name));
        let certificate = &enrolled.certificate;
        let name = format!("{}-{}", wish.name, short(certificate));
        self.install(certificate, &name).await?;
        let row = self
            .attach_key(certificate, &name, &enrolled.key_pem)
            .await?;
        Ok(Staged {
            row,
            issuing_row: issuing.name,
            serial,
            not_after: certificate.validity().not_after(),
            new_key: Some(certificate.public_key().key_id()),
            former,
        })
    }

    /// Imports a certificate, unless it is there, and returns its row.
    async fn install(
        &mut self,
        certificate: &Certificate,
        name: &str,
    ) -> Result<CertificateRow, DeployError> {
        let fingerprint = certificate.fingerprint();
        if let Some(row) = certificate::find_by_fingerprint(self.router, &fingerprint).await? {
            return Ok(row);
        }
        self.added.push(fingerprint);
        let pem = Zeroizing::new(certificate.to_pem());
        let counters = self.import(&pem, name).await?;
        let row = certificate::find_by_fingerprint(self.router, &fingerprint).await?;
        let mut row = row.ok_or_else(|| DeployError::Import {
            what: format!("the certificate {name}"),
            why: shown(counters),
        })?;
        if row.name != name {
            certificate::set_name(self.router, &row.id, name).await?;
            name.clone_into(&mut row.name);
        }
        if !row.trusted {
            certificate::set_trusted(self.router, &row.id, true).await?;
            row.trusted = true;
        }
        Ok(row)
    }

    /// Imports a key, once more if it does not attach to its certificate.
    async fn attach_key(
        &mut self,
        certificate: &Certificate,
        name: &str,
        key: &Zeroizing<String>,
    ) -> Result<CertificateRow, DeployError> {
        let fingerprint = certificate.fingerprint();
        let mut counters = None;
        for _ in 0..2 {
            counters = self.import(key, name).await?;
            let row = certificate::find_by_fingerprint(self.router, &fingerprint).await?;
            if let Some(row) = row.filter(|row| row.private_key) {
                return Ok(row);
            }
        }
        Err(DeployError::Import {
            what: format!("the key of {name}"),
            why: shown(counters),
        })
    }

    /// Uploads a file, imports it and deletes it; without counters when the connection ended before they came.
    async fn import(
        &mut self,
        content: &Zeroizing<String>,
        name: &str,
    ) -> Result<Option<ImportCounters>, DeployError> {
        let file = (self.random)();
        self.files = vec![file.clone(), format!("{file}.txt")];
        let uploaded = file::upload(self.router, self.version, &file, content).await;
        let file = match uploaded {
            Ok(made) => {
                self.files = vec![made.clone()];
                made
            }
            Err(error) => {
                if error.is_unsure() {
                    self.router.reconnect().await?;
                }
                self.delete_files().await?;
                return Err(error.into());
            }
        };
        let imported = certificate::import(self.router, self.version, &file, name, true).await;
        if imported.as_ref().is_err_and(|error| error.is_unsure()) {
            self.router.reconnect().await?;
        }
        self.delete_files().await?;
        match imported {
            Ok(counters) => Ok(Some(counters)),
            Err(error) if error.is_unsure() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes the files that may be on the router; each is forgotten when it is gone.
    async fn delete_files(&mut self) -> Result<(), DeployError> {
        while let Some(name) = self.files.last() {
            match file::delete(self.router, name).await {
                Err(error) if error.is_unsure() => {
                    self.router.reconnect().await?;
                    file::delete(self.router, name).await?;
                }
                answer => answer?,
            }
            self.files.pop();
        }
        Ok(())
    }

    /// Removes again what this run added, as far as the router lets it, and has revoked what was issued for it; returns
    /// the error with what stayed.
    pub(super) async fn undo(mut self, error: DeployError) -> DeployError {
        let deleted = self.delete_files().await;
        let added = std::mem::take(&mut self.added);
        for fingerprint in added.iter().rev() {
            let mut found = certificate::find_by_fingerprint(self.router, fingerprint).await;
            if found.as_ref().is_err_and(|error| error.is_unsure())
                && self.router.reconnect().await.is_ok()
            {
                found = certificate::find_by_fingerprint(self.router, fingerprint).await;
            }
            if let Ok(Some(row)) = found {
                let removed = certificate::remove(self.router, &row.id).await;
                if removed.is_err() {
                    (self.job.progress)(&format!("{} stays on the router", row.name));
                }
            }
        }
        let error = match deleted {
            Ok(()) => error,
            Err(_) => DeployError::FileStays {
                file: self.files.pop().unwrap_or_default(),
                source: Box::new(error),
            },
        };
        self.discard(error).await
    }

    /// Has revoked what was issued for this run: one valid certificate more for each failing push would in the end
    /// leave the line of successors too long for another one.
    async fn discard(&self, mut error: DeployError) -> DeployError {
        for serial in &self.issued {
            if let Err(why) = self.job.enroller.discard(serial).await {
                error = DeployError::CertificateStays {
                    serial: serial.clone(),
                    why: why.to_string(),
                    source: Box::new(error),
                };
            }
        }
        error
    }
}

/// Tells whether a file was made by a push: `fleet-ca-` and 16 hexadecimal digits.
fn is_file_of_ours(name: &str) -> bool {
    let name = name.strip_suffix(".txt").unwrap_or(name);
    name.strip_prefix("fleet-ca-").is_some_and(|digits| {
        digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit())
    })
}

fn shown(counters: Option<ImportCounters>) -> String {
    match counters {
        None => "the connection ended before it answered".to_owned(),
        Some(counters) => format!(
            "certificates-imported {}, private-keys-imported {}, decryption-failures {}, keys-with-no-certificate {}",
            counters.certificates,
            counters.private_keys,
            counters.decryption_failures,
            counters.keys_without_certificate
        ),
    }
}

fn hex(octets: &[u8]) -> String {
    let digits: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
    digits.trim_start_matches('0').to_owned()
}
