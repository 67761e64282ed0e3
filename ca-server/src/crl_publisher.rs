//! Keeps the published CRLs true: after a revocation at once, and daily.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ca_core::{CrlIssue, RevokedCertificates, Signer};
use ca_store::files::{Files as _, SystemFiles};
use ca_store::{
    CaStore, CertificateQuery, CertificateRow, Committed, CrlRow, Revocation, StoreError,
};
use ca_types::{CertificateState, Clock, IssuerId, IssuerState, RevocationReason, UnixTime};
use ca_verify::{CertificateList, Change, Console, CrlSigned, Entry, Origin};
use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::atomic::{AtomicWriteError, atomic_write};
use crate::authority::{CertificateAuthority, Hierarchy};
use crate::in_force::InForce;
use crate::publication::{Document, Publication};

mod error;

pub use error::CrlError;

/// How long an issuing CA's CRL may be used: 7 days.
pub const NEXT_UPDATE_SECONDS: u64 = 7 * 86_400;
/// How often a CRL is signed again without any revocation: daily.
const REPUBLISH_SECONDS: u64 = 86_400;
/// Revocations that come within this time share one CRL.
const GATHER: Duration = Duration::from_millis(200);
/// How often it is looked whether a second is over.
const LOOKS_PER_SECOND: u32 = 20;
/// How long a failed CRL waits for its next try.
const RETRY: Duration = Duration::from_secs(1);
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(10);

/// Signs and publishes the CRLs of all CAs; the root's comes from its last ceremony.
#[derive(Debug)]
pub struct CrlPublisher {
    store: Arc<dyn CaStore>,
    clock: Arc<dyn Clock>,
    settings: Arc<InForce>,
    directory: PathBuf,
    publication: Arc<Publication>,
    hierarchy: Arc<Hierarchy>,
    lists: RwLock<BTreeMap<IssuerId, Arc<List>>>,
    changed: Notify,
}

/// The CRL of one CA.
#[derive(Debug)]
struct List {
    ca: Arc<CertificateAuthority>,
    /// One CRL of a CA is signed at a time.
    turn: tokio::sync::Mutex<()>,
    state: Mutex<ListState>,
}

#[derive(Debug, Default)]
struct ListState {
    revoked: RevokedCertificates,
    /// Whether the published CRL lacks something of `revoked`.
    stale: bool,
    current: Option<CertificateList>,
}

/// What a publisher is made of.
#[derive(Debug)]
pub struct CrlParts {
    /// The state.
    pub store: Arc<dyn CaStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The settings in force, for the log.
    pub settings: Arc<InForce>,
    /// Where the CRLs are kept as files.
    pub directory: PathBuf,
    /// Where they are published.
    pub publication: Arc<Publication>,
    /// All CAs.
    pub hierarchy: Arc<Hierarchy>,
}

impl CrlPublisher {
    /// Loads what is revoked and puts a current CRL of every CA up for publication.
    ///
    /// # Errors
    /// Fails when the CRL of an offline CA is missing, or one cannot be signed.
    pub async fn start(parts: CrlParts) -> Result<Arc<Self>, CrlError> {
        let CrlParts {
            store,
            clock,
            settings,
            directory,
            publication,
            hierarchy,
        } = parts;
        let publisher = Arc::new(Self {
            store,
            clock,
            settings,
            directory,
            publication,
            hierarchy,
            lists: RwLock::default(),
            changed: Notify::new(),
        });
        // Side by side: one that must wait for the next second holds up no other.
        let mut adding = JoinSet::new();
        for ca in publisher.hierarchy.cas().values() {
            let (publisher, ca) = (Arc::clone(&publisher), Arc::clone(ca));
            adding.spawn(async move { publisher.add(&ca).await });
        }
        // All of them end before this does, so that no one holds the store of a start that failed.
        let mut all = Ok(());
        while let Some(added) = adding.join_next().await {
            let added = added.unwrap_or(Err(CrlError::Interrupted));
            all = all.and(added);
        }
        all.map(|()| publisher)
    }

    /// Begins with a CA: its kept CRL is published when it is the last word, and a new one when not.
    ///
    /// # Errors
    /// Fails when the CRL of an offline CA is missing, or one cannot be signed; that is tried again then.
    pub async fn add(&self, ca: &Arc<CertificateAuthority>) -> Result<(), CrlError> {
        let id = &ca.issuer.id;
        let mut state = ListState::default();
        for row in self.store.revoked(id).await? {
            state.revoked.insert(revoked_of(&row));
        }
        for unseen in self.store.revoked_unseen(id).await? {
            state.revoked.insert(ca_core::Revoked {
                serial: unseen.serial,
                time: unseen.revocation.time,
                reason: unseen.revocation.reason,
                // Nobody here knows when it ends: no certificate outlives its CA.
                not_after: ca.certificate().validity().not_after(),
            });
        }
        let list = Arc::new(List {
            ca: Arc::clone(ca),
            turn: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
        });
        self.lists
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id.clone(), Arc::clone(&list));
        self.begin(id, &list).await
    }

    /// Puts the next CRL of an offline CA beside the present one; the log decides which of the two is the last word.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn prepare_offline(
        &self,
        id: &IssuerId,
        crl: &CertificateList,
    ) -> Result<(), AtomicWriteError> {
        atomic_write(&next_to(&self.path(id)), crl.der(), 0o644)
    }

    /// Publishes the CRL of an offline CA that [`CrlPublisher::prepare_offline`] put there and the log names now.
    ///
    /// # Errors
    /// Fails when it is not there, or not the one that the log names.
    pub async fn publish_offline(&self, id: &IssuerId) -> Result<(), CrlError> {
        match self.list(id) {
            Some(list) => self.begin(id, &list).await,
            None => Ok(()),
        }
    }

    fn list(&self, id: &IssuerId) -> Option<Arc<List>> {
        self.lists().get(id).map(Arc::clone)
    }

    /// Returns the lists of this moment.
    fn lists(&self) -> BTreeMap<IssuerId, Arc<List>> {
        self.lists
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes the revocations of a committed entry; they are published at most 2 s later.
    pub async fn follow(&self, entry: &Entry) {
        let mut any = false;
        for change in &entry.changes {
            let Change::Revoked(revoked) = change else {
                continue;
            };
            match self.store.certificate(revoked.serial).await {
                Ok(Some(row)) => {
                    if let Some(list) = self.list(&row.issuer) {
                        let mut state = list.lock();
                        state.revoked.insert(revoked_of(&row));
                        state.stale = true;
                        any = true;
                    }
                }
                Ok(None) => {
                    tracing::error!(serial = %revoked.serial, "revoked certificate not found");
                }
                Err(error) => {
                    tracing::error!(serial = %revoked.serial, %error, "revoked certificate not read");
                }
            }
        }
        if any {
            self.changed.notify_one();
        }
    }

    /// Returns the published CRL of a CA in DER.
    pub fn current(&self, id: &IssuerId) -> Vec<u8> {
        let list = self.list(id);
        list.and_then(|list| list.lock().current.as_ref().map(|crl| crl.der().to_vec()))
            .unwrap_or_default()
    }

    /// Publishes until `stop`: after revocations, and whenever a CRL is a day old.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut wait = LOOK;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.changed.notified() => tokio::time::sleep(GATHER).await,
                () = tokio::time::sleep(wait) => {}
            }
            wait = if self.publish_due().await {
                LOOK
            } else {
                RETRY
            };
        }
    }

    /// Publishes what is due; returns whether all went well.
    async fn publish_due(&self) -> bool {
        let mut well = true;
        for (id, list) in &self.lists() {
            let Some(signer) = &list.ca.signer else {
                continue;
            };
            match self.now().await {
                Ok(now) if is_due(list, now) => {}
                Ok(_) => continue,
                Err(error) => {
                    tracing::error!(issuer = %id, %error, "log not read");
                    well = false;
                    continue;
                }
            }
            if self.is_over(id).await {
                continue;
            }
            if let Err(error) = self.issue(id, list, signer).await {
                tracing::error!(issuer = %id, %error, "CRL not published");
                metrics::counter!("ca_crl_failures_total", "issuer" => id.to_string()).increment(1);
                well = false;
            }
        }
        well
    }

    /// Returns the time for a CRL: never before what is in the log, unless an admin has confirmed the clock. A CRL of a
    /// clock that went back would look expired to every device.
    async fn now(&self) -> Result<UnixTime, StoreError> {
        let latest = self.store.latest_time().await?;
        let now = self.clock.now();
        Ok(latest.map_or(now, |latest| latest.max(now)))
    }

    /// Tells whether a CA never issues again and all its certificates have expired: its last CRL said all.
    async fn is_over(&self, id: &IssuerId) -> bool {
        let is_final = self.hierarchy.find(id).is_some_and(|ca| match ca.state {
            IssuerState::Retired | IssuerState::Revoked => true,
            IssuerState::Requested
            | IssuerState::Active
            | IssuerState::Inactive
            | IssuerState::Offline => false,
        });
        if !is_final {
            return false;
        }
        let now = self.clock.now();
        let query = CertificateQuery {
            now,
            name: None,
            san: None,
            profile: None,
            issuer: Some(id.clone()),
            state: Some(CertificateState::Valid),
            scope: ca_types::Scope::default(),
            expires_by: None,
            after: None,
            limit: 1,
        };
        let is_none_valid = self
            .store
            .list(&query)
            .await
            .map(|page| page.rows.is_empty());
        let revoked = self.store.revoked(id).await;
        match (is_none_valid, revoked) {
            (Ok(true), Ok(revoked)) => revoked.iter().all(|row| row.validity.not_after() < now),
            (Ok(_) | Err(_), _) => false,
        }
    }

    /// Publishes the kept CRL when it is still the last word, and a new one when not.
    async fn begin(&self, id: &IssuerId, list: &Arc<List>) -> Result<(), CrlError> {
        let path = self.path(id);
        let last = self.store.last_crl(id).await?;
        let mut kept = self.kept(&path, list, last.as_ref());
        if kept.is_err() && list.ca.signer.is_none() {
            // The process ended between the leaf and the file of a CRL that came from a ceremony.
            let next = next_to(&path);
            if let Ok(crl) = self.kept(&next, list, last.as_ref()) {
                self.keep(id, &crl);
                drop(SystemFiles.remove(&next));
                kept = Ok(crl);
            }
        }
        if kept.is_err() {
            refuse_newer(&path, list, last.as_ref())?;
        }
        let Some(signer) = &list.ca.signer else {
            self.publish(id, list, kept?);
            return Ok(());
        };
        match kept {
            Ok(crl) if self.says_all(id, &crl).await? => {
                self.publish(id, list, crl);
                Ok(())
            }
            Ok(_) | Err(_) => self.issue(id, list, signer).await,
        }
    }

    /// Reads the kept CRL; it must be the one that the log names last.
    fn kept(
        &self,
        path: &Path,
        list: &List,
        last: Option<&CrlRow>,
    ) -> Result<CertificateList, CrlError> {
        let missing = |source| CrlError::Missing {
            path: path.to_owned(),
            source,
        };
        let octets = std::fs::read(path).map_err(missing)?;
        let digest: [u8; 32] = Sha256::digest(&octets).into();
        if last.is_none_or(|last| last.sha256 != digest) {
            return Err(missing(std::io::Error::other(
                "the file is not the CRL that the log names last",
            )));
        }
        let crl = CertificateList::from_der(&octets).map_err(|source| CrlError::Malformed {
            path: path.to_owned(),
            source,
        })?;
        crl.verify_signed_by(list.ca.certificate())
            .map_err(|source| CrlError::Foreign {
                path: path.to_owned(),
                source,
            })?;
        Ok(crl)
    }

    /// Tells whether a CRL is fresh and names every revoked certificate.
    async fn says_all(&self, id: &IssuerId, crl: &CertificateList) -> Result<bool, CrlError> {
        if self.now().await?.since(crl.this_update()) >= REPUBLISH_SECONDS {
            return Ok(false);
        }
        let rows = self.store.revoked(id).await?;
        let unseen = self.store.revoked_unseen(id).await?;
        let serials = rows.iter().map(|row| row.serial);
        Ok(serials
            .chain(unseen.iter().map(|unseen| unseen.serial))
            .all(|serial| crl.find(&serial.octets()).is_some()))
    }

    /// Signs a new CRL, makes it durable, and publishes it, in this order.
    async fn issue(
        &self,
        id: &IssuerId,
        list: &Arc<List>,
        signer: &Arc<dyn Signer>,
    ) -> Result<(), CrlError> {
        let _turn = list.turn.lock().await;
        let last = self.store.last_crl(id).await?;
        let now = self
            .next_second(last.as_ref().map(|last| last.this_update))
            .await?;
        let number = last
            .as_ref()
            .map_or(1, |last| last.number.saturating_add(1));
        let issue = CrlIssue {
            number,
            this_update: now,
            next_update: now.plus(NEXT_UPDATE_SECONDS).ok_or(CrlError::Clock)?,
        };
        let crl = sign(
            Arc::clone(list),
            Arc::clone(signer),
            issue,
            last.map(|last| last.this_update),
        )
        .await;
        let recorded = match crl {
            Ok(crl) => self.record(id, issue, &crl).await.map(|()| crl),
            Err(error) => Err(error),
        };
        match recorded {
            Ok(crl) => {
                self.keep(id, &crl);
                self.publish(id, list, crl);
                Ok(())
            }
            Err(error) => {
                list.lock().stale = true;
                Err(error)
            }
        }
    }

    /// Makes a CRL a leaf; only then may anyone see it.
    async fn record(
        &self,
        id: &IssuerId,
        issue: CrlIssue,
        crl: &CertificateList,
    ) -> Result<(), CrlError> {
        let signed = CrlSigned {
            issuer: id.clone(),
            number: issue.number,
            this_update: issue.this_update,
            next_update: issue.next_update,
            sha256: Sha256::digest(crl.der()).into(),
        };
        let entry = Entry {
            time: issue.this_update,
            origin: Origin {
                actor: None,
                address: Console::TASK.to_owned(),
                request: None,
                settings: self.settings.digest(),
            },
            changes: vec![Change::CrlSigned(signed)],
        };
        match self.store.commit(entry).await? {
            Committed::New { .. } | Committed::Repeated { .. } => {}
        }
        Ok(())
    }

    /// Keeps a CRL for the next start, which signs a new one when the file is not there: a full disk must not keep a
    /// revocation from being published.
    fn keep(&self, id: &IssuerId, crl: &CertificateList) {
        if let Err(error) = atomic_write(&self.path(id), crl.der(), 0o644) {
            tracing::warn!(issuer = %id, %error, "CRL published and not kept as a file");
            metrics::counter!("ca_crl_files_failed_total").increment(1);
        }
    }

    /// Waits until the second of the last CRL is over: two CRLs of one second would look the same to a cache.
    async fn next_second(&self, last: Option<UnixTime>) -> Result<UnixTime, StoreError> {
        let now = self.now().await?;
        if last != Some(now) {
            return Ok(now);
        }
        // A clock that went back stands still here; the next second is a second later all the same, unless an admin has
        // confirmed the clock meanwhile.
        let later = now.plus(1).unwrap_or(UnixTime::MAX);
        let mut then = now;
        for _look in 0..LOOKS_PER_SECOND {
            tokio::time::sleep(Duration::from_secs(1) / LOOKS_PER_SECOND).await;
            then = self.now().await?;
            if then != now {
                break;
            }
        }
        Ok(if then < now { then } else { then.max(later) })
    }

    fn publish(&self, id: &IssuerId, list: &List, crl: CertificateList) {
        let seconds = |time: UnixTime| u32::try_from(time.seconds()).map_or(f64::MAX, f64::from);
        metrics::gauge!("ca_crl_next_update_seconds", "issuer" => id.to_string())
            .set(seconds(crl.next_update()));
        metrics::gauge!("ca_crl_number", "issuer" => id.to_string())
            .set(u32::try_from(crl.number()).map_or(f64::MAX, f64::from));
        tracing::info!(issuer = %id, number = crl.number(), entries = crl.len(), "CRL published");
        self.publication.publish(
            format!("/crl/{id}.crl"),
            Document {
                octets: crl.der().to_vec(),
                media_type: "application/pkix-crl",
                last_modified: crl.this_update(),
                expires: Some(crl.next_update()),
            },
        );
        list.lock().current = Some(crl);
    }

    fn path(&self, id: &IssuerId) -> PathBuf {
        self.directory.join(format!("{id}.crl"))
    }
}

impl List {
    fn lock(&self) -> std::sync::MutexGuard<'_, ListState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether a new CRL is wanted.
fn is_due(list: &List, now: UnixTime) -> bool {
    let state = list.lock();
    state.stale
        || state.current.as_ref().is_none_or(|crl| {
            now < crl.this_update() || now.since(crl.this_update()) >= REPUBLISH_SECONDS
        })
}

/// Builds and signs a CRL away from the async threads: a long one takes tens of milliseconds.
async fn sign(
    list: Arc<List>,
    signer: Arc<dyn Signer>,
    issue: CrlIssue,
    last_update: Option<UnixTime>,
) -> Result<CertificateList, CrlError> {
    tokio::task::spawn_blocking(move || {
        let linted = {
            let mut state = list.lock();
            if let Some(last_update) = last_update {
                // A last CRL from a clock that ran ahead says nothing about what has ended.
                let ended_before = last_update.min(issue.this_update);
                state.revoked.leave_out_ended_before(ended_before);
            }
            state.stale = false;
            ca_core::prepare_crl(
                &state.revoked,
                issue,
                list.ca.certificate(),
                signer.algorithm(),
            )?
        };
        Ok(ca_core::sign_crl(linted, signer.as_ref())?)
    })
    .await
    .map_err(|_lost| CrlError::Interrupted)?
}

/// Refuses a kept CRL that the log does not know: without the end of the log its number would be used again.
fn refuse_newer(path: &Path, list: &List, last: Option<&CrlRow>) -> Result<(), CrlError> {
    let octets = std::fs::read(path).unwrap_or_default();
    let Ok(crl) = CertificateList::from_der(&octets) else {
        // It is damaged or gone: the log says all.
        return Ok(());
    };
    let (number, last) = (crl.number(), last.map_or(0, |last| last.number));
    if number > last && crl.verify_signed_by(list.ca.certificate()).is_ok() {
        let path = path.to_owned();
        return Err(CrlError::Newer { path, number, last });
    }
    Ok(())
}

/// Returns where the next CRL of an offline CA waits.
fn next_to(path: &Path) -> PathBuf {
    path.with_extension("crl.next")
}

fn revoked_of(row: &CertificateRow) -> ca_core::Revoked {
    let unspecified = Revocation {
        time: row.validity.not_before(),
        reason: RevocationReason::Unspecified,
    };
    let Revocation { time, reason } = row.revocation.unwrap_or(unspecified);
    ca_core::Revoked {
        serial: row.serial,
        time,
        reason,
        not_after: row.validity.not_after(),
    }
}
