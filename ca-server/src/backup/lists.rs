//! The published CRLs: what they say that the backup does not know.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ca_store::{CaStore, IssuerRow};
use ca_types::{IssuerClass, IssuerId, IssuerState, KeyId, SerialNumber, UnixTime};
use ca_verify::{Certificate, CertificateList, CrlSigned, Reapplied, RestoredList};
use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::lost::LostIssuer;
use crate::check::fetch::fetch;
use crate::data_dir::DataDir;
use crate::settings::Settings;

/// A CRL that was published, from a file or a URL that the operator named.
#[derive(Debug)]
pub struct PublishedList {
    pub(super) source: String,
    pub(super) crl: CertificateList,
}

/// Reads CRLs from files, from all `*.crl` of directories, and from http URLs.
///
/// # Errors
/// Fails when one cannot be read or is no CRL.
pub async fn fetch_lists(sources: &[String]) -> Result<Vec<PublishedList>, BackupError> {
    let mut lists = Vec::new();
    for source in sources {
        if source.contains("://") {
            if !source.starts_with("http://") {
                return Err(BackupError::NotHttp {
                    source_name: source.clone(),
                });
            }
            let answer = fetch(source).await.map_err(|error| BackupError::Fetch {
                source_name: source.clone(),
                what: error.to_string(),
            })?;
            lists.push(PublishedList::new(source.clone(), &answer.octets)?);
        } else {
            for path in paths(Path::new(source))? {
                let octets = std::fs::read(&path).map_err(|source| BackupError::Unreadable {
                    path: path.clone(),
                    source,
                })?;
                lists.push(PublishedList::new(path.display().to_string(), &octets)?);
            }
        }
    }
    Ok(lists)
}

/// Returns the path itself, or the CRLs in it when it is a directory.
fn paths(path: &Path) -> Result<Vec<PathBuf>, BackupError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let unreadable = |source| BackupError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|ending| ending == "crl") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

impl PublishedList {
    fn new(source: String, octets: &[u8]) -> Result<Self, BackupError> {
        match CertificateList::from_pem_or_der(octets) {
            Ok(crl) => Ok(Self { source, crl }),
            Err(error) => Err(BackupError::NoCrl {
                source_name: source,
                source: error,
            }),
        }
    }

    /// Returns it as the log names it.
    pub(super) fn signed(&self, issuer: IssuerId) -> CrlSigned {
        CrlSigned {
            issuer,
            number: self.crl.number(),
            this_update: self.crl.this_update(),
            next_update: self.crl.next_update(),
            sha256: self.sha256(),
        }
    }

    fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.crl.der()).into()
    }
}

/// The newest CRL of a CA that a backup knows: the last of its log, or one that it keeps and that the log does not
/// know, since the end of the log was lost.
struct Known {
    number: u64,
    since: UnixTime,
    sha256: Option<[u8; 32]>,
    /// The one that the log does not know.
    newer: Option<PublishedList>,
}

impl Known {
    async fn of(
        store: &dyn CaStore,
        data: &DataDir,
        row: &IssuerRow,
        certificate: &Certificate,
    ) -> Result<Self, BackupError> {
        let last = store.last_crl(&row.id).await?;
        let file = data.crl_file(&row.id);
        let kept = match std::fs::read(&file) {
            Ok(octets) => Some(PublishedList::new(file.display().to_string(), &octets)?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(source) => return Err(BackupError::Unreadable { path: file, source }),
        };
        let newer = kept.filter(|kept| {
            kept.crl.verify_signed_by(certificate).is_ok()
                && last
                    .as_ref()
                    .is_none_or(|last| kept.crl.number() > last.number)
        });
        Ok(match (newer, last) {
            (Some(newer), _) => Self {
                number: newer.crl.number(),
                since: newer.crl.this_update(),
                sha256: Some(newer.sha256()),
                newer: Some(newer),
            },
            (None, Some(last)) => Self {
                number: last.number,
                since: last.this_update,
                sha256: Some(last.sha256),
                newer: None,
            },
            (None, None) => Self {
                number: 0,
                since: certificate.validity().not_before(),
                sha256: None,
                newer: None,
            },
        })
    }

    /// Tells whether a CRL is this one or a newer one.
    fn is_current(&self, list: &PublishedList) -> bool {
        let number = list.crl.number();
        number > self.number
            || (number == self.number && self.sha256.is_none_or(|sha256| list.sha256() == sha256))
    }

    /// Goes so far up with the CRL number that none is used twice: a server signs at most one CRL of a CA in a second.
    fn beyond(&self, now: UnixTime) -> u64 {
        self.number
            .saturating_add(now.since(self.since))
            .saturating_add(MARGIN)
    }
}

/// What becomes of the CRL of every CA.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) lists: Vec<RestoredList>,
    /// The CRLs that were taken, to be kept as files.
    pub(super) taken: Vec<(IssuerId, Vec<u8>)>,
    /// The CAs without a current CRL.
    pub(super) missing: Vec<IssuerId>,
    /// Serial numbers on the CRLs of certificates that the backup has not seen.
    pub(super) unseen: BTreeSet<SerialNumber>,
    /// Actors whose certificate stands on a CRL: they were removed.
    pub(super) removed_actors: BTreeSet<KeyId>,
    /// CAs that the CRL of their root revokes and the backup does not.
    pub(super) revoked_issuers: Vec<IssuerId>,
    /// A control CA that its root has revoked, and without which nobody could call.
    pub(super) last_control: Option<IssuerId>,
    /// CAs that came after the backup; their CRLs are left out.
    pub(super) lost: Vec<LostIssuer>,
}

/// Compares the published CRLs with the store, and with what the backup in the data directory keeps.
pub(super) async fn plan(
    store: &dyn CaStore,
    settings: &Settings,
    published: &[PublishedList],
    now: UnixTime,
) -> Result<Plan, BackupError> {
    let mut plan = Plan::default();
    let mut used = vec![false; published.len()];
    let rows = store.issuers().await?;
    for row in &rows {
        let certificate = certificate_of(row)?;
        let known = Known::of(store, &settings.data, row, &certificate).await?;
        let mut newest: Option<&PublishedList> = None;
        for (list, used) in published.iter().zip(&mut used) {
            if list.crl.verify_signed_by(&certificate).is_ok() {
                *used = true;
                if newest.is_none_or(|newest| newest.crl.number() < list.crl.number()) {
                    newest = Some(list);
                }
            }
        }
        match newest {
            Some(list) if known.is_current(list) => {
                let number = list.crl.number();
                plan.take(store, row, list, number).await?;
            }
            Some(list) => {
                return Err(BackupError::OldCrl {
                    source_name: list.source.clone(),
                    issuer: row.id.clone(),
                    number: list.crl.number(),
                    last: known.number,
                });
            }
            None => plan.go_without(store, row, &known, now).await?,
        }
    }
    let foreign = published.iter().zip(used).filter(|(_list, used)| !used);
    for (list, _unused) in foreign {
        let lost = LostIssuer::of(list, &rows, &settings.organization);
        plan.lost.push(lost.ok_or_else(|| BackupError::ForeignCrl {
            source_name: list.source.clone(),
            issuer: list.crl.issuer().to_string(),
        })?);
    }
    plan.note_revoked_cas(&rows)?;
    Ok(plan)
}

fn certificate_of(row: &IssuerRow) -> Result<Certificate, BackupError> {
    Certificate::from_der(&row.certificate)
        .map_err(|error| BackupError::unsound(row.id.as_str(), error.to_string()))
}

impl Plan {
    /// Takes a CRL: all that it revokes is revoked, and no CRL up to `number` is signed again.
    async fn take(
        &mut self,
        store: &dyn CaStore,
        row: &IssuerRow,
        list: &PublishedList,
        number: u64,
    ) -> Result<(), BackupError> {
        let crl = &list.crl;
        let kept: BTreeSet<SerialNumber> = store
            .revoked_unseen(&row.id)
            .await?
            .into_iter()
            .map(|unseen| unseen.serial)
            .collect();
        let mut revoked = Vec::new();
        for entry in crl.entries() {
            let serial = SerialNumber::from_der_octets(entry.serial)
                .map_err(|error| BackupError::unsound(&list.source, error.to_string()))?;
            match store.certificate(serial).await? {
                Some(known) if known.revocation.is_some() => continue,
                Some(known) if row.class == IssuerClass::Control => {
                    let actor = store.actor(&known.key).await?;
                    self.removed_actors.extend(actor.map(|actor| actor.key));
                }
                Some(_known) => {}
                None if kept.contains(&serial) => continue,
                None => {
                    self.unseen.insert(serial);
                }
            }
            revoked.push(Reapplied {
                serial,
                time: entry.time,
                reason: entry.reason,
            });
        }
        self.lists.push(RestoredList {
            issuer: row.id.clone(),
            number,
            crl: Some(list.signed(row.id.clone())),
            revoked,
        });
        self.taken.push((row.id.clone(), crl.der().to_vec()));
        Ok(())
    }

    /// Finds the CAs that a CRL of their root revokes: they are no certificates that the backup has not seen.
    fn note_revoked_cas(&mut self, rows: &[IssuerRow]) -> Result<(), BackupError> {
        for row in rows {
            let serial = certificate_of(row)?
                .serial()
                .map_err(|error| BackupError::unsound(row.id.as_str(), error.to_string()))?;
            if self.unseen.remove(&serial) && row.state != IssuerState::Revoked {
                self.revoked_issuers.push(row.id.clone());
            }
        }
        let mut control: Vec<&IssuerId> = rows
            .iter()
            .filter(|row| row.class == IssuerClass::Control && row.state == IssuerState::Active)
            .map(|row| &row.id)
            .collect();
        let newest = control.last().map(|id| (*id).clone());
        control.retain(|id| !self.revoked_issuers.contains(id));
        if control.is_empty() {
            self.revoked_issuers
                .retain(|id| Some(id) != newest.as_ref());
            self.last_control = newest;
        }
        Ok(())
    }

    /// Goes on without the current CRL of a CA, behind every number that it can have; what the backup itself keeps is
    /// no loss.
    async fn go_without(
        &mut self,
        store: &dyn CaStore,
        row: &IssuerRow,
        known: &Known,
        now: UnixTime,
    ) -> Result<(), BackupError> {
        self.missing.push(row.id.clone());
        let number = known.beyond(now);
        if let Some(newer) = &known.newer {
            return self.take(store, row, newer, number).await;
        }
        self.lists.push(RestoredList {
            issuer: row.id.clone(),
            number,
            crl: None,
            revoked: Vec::new(),
        });
        Ok(())
    }
}

/// For clocks that were set right in between, and the root, whose CRLs are signed by hand.
const MARGIN: u64 = 1_000;
