//! What the leaves so far say: CAs, certificates, revocations, CRLs and the key of the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ca_types::{
    Fingerprint, IssuerClass, IssuerId, IssuerState, RevocationReason, SerialNumber, TrustDomain,
    UnixTime,
};

use super::CertificateFacts;
use crate::{
    Certificate, Change, CrlSigned, Entry, IssuerAdded, IssuerStateChanged, LogKeyStatement,
    Restored, Revoked,
};

/// The state that follows from the leaves.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// In the order in which they were added.
    pub(super) cas: Vec<Ca>,
    pub(super) certificates: HashMap<SerialNumber, Booked>,
    /// CAs whose certificates were asked for.
    requested: BTreeSet<IssuerId>,
    /// CAs that a restored log has lost.
    lost: BTreeSet<IssuerId>,
    log_key: Option<LogKeyStatement>,
    last_time: Option<UnixTime>,
}

#[derive(Debug)]
pub(super) struct Ca {
    pub(super) id: String,
    pub(super) class: IssuerClass,
    trust_domain: TrustDomain,
    pub(super) certificate: Certificate,
    pub(super) crls: Vec<(u64, CrlSigned)>,
    pub(super) revoked: BTreeMap<SerialNumber, BookedRevocation>,
}

/// A certificate that has a leaf.
#[derive(Debug)]
pub(super) struct Booked {
    /// Where its CA stands in the list.
    ca: usize,
    fingerprint: Fingerprint,
    not_after: UnixTime,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct BookedRevocation {
    pub(super) leaf: u64,
    /// When and why; the leaf that a CA is revoked leaves that to the CRL of its root.
    pub(super) said: Option<(UnixTime, RevocationReason)>,
    /// When the certificate would have ended; unknown of one that a restored log lacks.
    pub(super) not_after: Option<UnixTime>,
}

impl Books {
    /// Takes an entry; returns what contradicts the entries before it.
    pub(super) fn take(
        &mut self,
        leaf: u64,
        entry: &Entry,
        certificates: Vec<Option<CertificateFacts>>,
    ) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut certificates = certificates.into_iter();
        self.last_time = Some(entry.time);
        for change in &entry.changes {
            let taken = match change {
                Change::Issued(issued) | Change::Recovered(issued) => {
                    let facts = certificates.next().flatten();
                    self.issued(issued.issuer.as_str(), facts)
                }
                Change::Revoked(revoked) => self.revoked(leaf, entry.time, revoked),
                Change::IssuerAdded(added) => self.issuer_added(added),
                Change::CrlSigned(crl) => self.crl_signed(leaf, crl),
                Change::LogKeyAdded(added) => self.log_key_added(&added.statement),
                Change::Restored(restored) => self.restored(leaf, restored),
                Change::IssuerStateChanged(changed) => self.issuer_state_changed(leaf, changed),
                Change::IssuerRequested(requested) => {
                    self.requested.insert(requested.id.clone());
                    Ok(())
                }
                Change::ActorAdded(_)
                | Change::ActorRemoved(_)
                | Change::SettingsChanged(_)
                | Change::KeyBlocked(_)
                | Change::KeyUnblocked(_)
                | Change::ForkClaimed(_)
                | Change::ClockConfirmed(_)
                | Change::CeremonyRecorded(_) => Ok(()),
            };
            wrong.extend(taken.err());
        }
        wrong
    }

    pub(super) fn last_time(&self) -> Option<UnixTime> {
        self.last_time
    }

    pub(super) fn log_key(&self) -> Option<&LogKeyStatement> {
        self.log_key.as_ref()
    }

    pub(super) fn ca(&self, id: &str) -> Option<&Certificate> {
        let found = self.cas.iter().find(|ca| ca.id == id);
        found.map(|ca| &ca.certificate)
    }

    pub(super) fn crl_issuers(&self) -> impl Iterator<Item = &str> {
        let signing = self.cas.iter().filter(|ca| !ca.crls.is_empty());
        signing.map(|ca| ca.id.as_str())
    }

    fn place(&self, id: &str) -> Result<usize, String> {
        let place = self.cas.iter().position(|ca| ca.id == id);
        place.ok_or_else(|| format!("no leaf before it adds the CA `{id}`"))
    }

    fn issued(&mut self, issuer: &str, facts: Option<CertificateFacts>) -> Result<(), String> {
        let ca = self.place(issuer)?;
        let facts = facts.ok_or("its certificate cannot be read")?;
        let subject = self.cas.get(ca).map(|ca| ca.certificate.subject().der());
        if subject != Some(&*facts.issuer) {
            return Err(format!("certificate {} is not by `{issuer}`", facts.serial));
        }
        let booked = Booked {
            ca,
            fingerprint: facts.fingerprint,
            not_after: facts.not_after,
        };
        match self.certificates.insert(facts.serial, booked) {
            None => Ok(()),
            Some(_) => Err(format!("serial number {} was used before", facts.serial)),
        }
    }

    fn revoked(&mut self, leaf: u64, time: UnixTime, revoked: &Revoked) -> Result<(), String> {
        let serial = revoked.serial;
        let booked = self.certificates.get(&serial);
        let booked = booked.ok_or_else(|| format!("revokes {serial}, which no leaf issues"))?;
        let revocation = BookedRevocation {
            leaf,
            said: Some((time, revoked.reason)),
            not_after: Some(booked.not_after),
        };
        let ca = self.cas.get_mut(booked.ca);
        let ca = ca.ok_or("revokes a certificate of no CA")?;
        match ca.revoked.insert(serial, revocation) {
            None => Ok(()),
            Some(_) => Err(format!("revokes {serial} again")),
        }
    }

    fn issuer_added(&mut self, added: &IssuerAdded) -> Result<(), String> {
        let id = added.id.to_string();
        if self.place(&id).is_ok() {
            return Err(format!("adds the CA `{id}` again"));
        }
        if self.lost.contains(&added.id) {
            return Err(format!("adds the CA `{id}`, which a restore has lost"));
        }
        let certificate = Certificate::from_der(&added.certificate)
            .map_err(|error| format!("certificate of `{id}`: {error}"))?;
        let is_signed = if added.class == IssuerClass::Root {
            certificate.verify_signed_by(&certificate).is_ok()
        } else {
            self.cas
                .iter()
                .filter(|ca| ca.class == IssuerClass::Root)
                .filter(|ca| ca.trust_domain == added.trust_domain)
                .any(|root| certificate.verify_signed_by(&root.certificate).is_ok())
        };
        self.cas.push(Ca {
            id: id.clone(),
            class: added.class,
            trust_domain: added.trust_domain.clone(),
            certificate,
            crls: Vec::new(),
            revoked: BTreeMap::new(),
        });
        if is_signed {
            Ok(())
        } else {
            Err(format!("no root of the log has signed the CA `{id}`"))
        }
    }

    /// A CA that is revoked stands on the CRL of its root; one that was only requested is withdrawn.
    fn issuer_state_changed(
        &mut self,
        leaf: u64,
        changed: &IssuerStateChanged,
    ) -> Result<(), String> {
        if changed.state == IssuerState::Retired && self.requested.contains(&changed.issuer) {
            return Ok(());
        }
        let place = self.place(changed.issuer.as_str())?;
        let certificate = self.cas.get(place).map(|ca| ca.certificate.clone());
        let certificate = certificate.ok_or("changes the state of no CA")?;
        if changed.state != IssuerState::Revoked {
            return Ok(());
        }
        let serial = certificate.serial().map_err(|error| error.to_string())?;
        let revocation = BookedRevocation {
            leaf,
            said: None,
            not_after: Some(certificate.validity().not_after()),
        };
        let root = self
            .cas
            .iter_mut()
            .filter(|ca| ca.class == IssuerClass::Root)
            .find(|root| certificate.verify_signed_by(&root.certificate).is_ok())
            .ok_or("revokes a CA of no root")?;
        root.revoked.entry(serial).or_insert(revocation);
        Ok(())
    }

    fn crl_signed(&mut self, leaf: u64, crl: &CrlSigned) -> Result<(), String> {
        let place = self.place(crl.issuer.as_str())?;
        let ca = self.cas.get_mut(place).ok_or("a CRL of no CA")?;
        let last = ca.crls.last().map_or(0, |(_leaf, last)| last.number);
        ca.crls.push((leaf, crl.clone()));
        if crl.number > last {
            return Ok(());
        }
        Err(format!(
            "CRL number {} of `{}` is not higher than {last}",
            crl.number, crl.issuer
        ))
    }

    fn log_key_added(&mut self, note: &str) -> Result<(), String> {
        let statement = LogKeyStatement::vouched(note, |by| {
            let control = self.cas.iter().find(|ca| ca.id == by.as_str())?;
            (control.class == IssuerClass::Control).then(|| control.certificate.clone())
        })
        .map_err(|error| format!("log key: {error}"))?;
        self.log_key = Some(statement);
        Ok(())
    }

    /// What a published CRL knew and the restored log did not is revoked from here on, as that CRL said.
    fn restored(&mut self, leaf: u64, restored: &Restored) -> Result<(), String> {
        let lost = restored.left_out.iter().map(|crl| crl.issuer.clone());
        self.lost.extend(lost);
        for list in &restored.lists {
            let place = self.place(list.issuer.as_str())?;
            let ca = self.cas.get_mut(place).ok_or("a CRL of no CA")?;
            for reapplied in &list.revoked {
                let not_after = self
                    .certificates
                    .get(&reapplied.serial)
                    .map(|booked| booked.not_after);
                ca.revoked
                    .entry(reapplied.serial)
                    .or_insert(BookedRevocation {
                        leaf,
                        said: Some((reapplied.time, reapplied.reason)),
                        not_after,
                    });
            }
            if let Some(crl) = &list.crl {
                ca.crls.push((leaf, crl.clone()));
            }
        }
        Ok(())
    }

    /// Tells what is wrong when a certificate of ours has no leaf.
    pub(super) fn without_leaf(&self, certificate: &Certificate) -> Option<String> {
        self.cas
            .iter()
            .find(|ca| certificate.verify_signed_by(&ca.certificate).is_ok())?;
        let is_ca = self
            .cas
            .iter()
            .any(|ca| ca.certificate.fingerprint() == certificate.fingerprint());
        let serial = certificate.serial().ok();
        let booked = serial.and_then(|serial| self.certificates.get(&serial));
        let has_leaf = booked.is_some_and(|booked| booked.fingerprint == certificate.fingerprint());
        if is_ca || has_leaf {
            return None;
        }
        Some(format!(
            "the certificate of `{}` is signed by our CA and has no leaf",
            certificate.subject().as_str()
        ))
    }
}
