//! The use cases of the CA: one file each; the only users of store, signer and core together.

use std::sync::Arc;

use ca_core::Profile;
use ca_store::{CaStore, CertificateRow, Committed, SeenHolders, StoreError};
use ca_types::{Clock, IssuerClass, IssuerId, ProfileName, SerialNumber, SystemEntropy, UnixTime};
use ca_verify::target::Target;
use ca_verify::{Change, Entry, Issued, Origin, Request, SignatureAlgorithm};
use tokio::sync::oneshot;

use crate::authz::Permit;
use crate::checkpoint::Checkpoints;
use crate::clock_guard::ClockGuard;
use crate::connections::Connections;
use crate::crl_publisher::CrlPublisher;
use crate::in_force::InForce;
use crate::settings::Settings;
use crate::tasks::Tasks;
use answers::Arrival;

mod actors;
mod answers;
mod audit;
mod blocked_keys;
mod clock;
mod error;
mod explain;
mod find;
mod hierarchy;
mod issue;
mod issuers;
mod listener;
mod reload;
mod revoke;
mod submit;
mod successor;
mod targets;

pub use actors::{AddActorOrder, AddedActor, RemovedActor};
use audit::ForkClaims;
pub use audit::{EntryFilter, FoundEntries, ProvedCheckpoint};
pub use blocked_keys::BlockKeyOrder;
pub use clock::{ClockView, ClocksDiffer};
pub use error::AuthorityError;
pub use explain::{ExplainOrder, Explained, Explanation, NameExplained};
pub use find::IssuerView;
pub use hierarchy::{Cas, CertificateAuthority, Hierarchy, is_anchor};
pub use issue::{Former, IssueOrder};
pub use issuers::{CreateIssuerOrder, RevokedIssuer};
pub use reload::Reloaded;
pub use revoke::{RevokeOrder, RevokeTarget, Several};
pub use submit::SubmitOrder;
pub use successor::{HolderProof, SuccessorKind, SuccessorOrder};

/// A certificate as the answer to a request: what the tables know, its DER, and the chain above it.
#[derive(Debug, Clone)]
pub struct Answer {
    /// What the tables know.
    pub row: CertificateRow,
    /// The certificate.
    pub der: Vec<u8>,
    /// The issuing CA first, the root last.
    pub chain: Vec<Vec<u8>>,
    /// The time of the answer, which decides the state.
    pub now: UnixTime,
}

/// What the use cases work with.
#[derive(Debug)]
pub struct Authority {
    store: Arc<dyn CaStore>,
    clock: Arc<dyn Clock>,
    clock_guard: Arc<ClockGuard>,
    hierarchy: Arc<Hierarchy>,
    settings: Arc<InForce>,
    /// One reload at a time.
    reloading: tokio::sync::Mutex<()>,
    /// One change at a time of what waits for the root.
    ceremonies: tokio::sync::Mutex<()>,
    crls: Arc<CrlPublisher>,
    checkpoints: Arc<Checkpoints>,
    fork_claims: ForkClaims,
    connections: Arc<Connections>,
    tasks: Tasks,
}

/// Everything that an [`Authority`] is made of.
#[derive(Debug)]
pub struct Parts {
    /// The state.
    pub store: Arc<dyn CaStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whether the time is to be believed.
    pub clock_guard: Arc<ClockGuard>,
    /// All CAs, the root too.
    pub hierarchy: Arc<Hierarchy>,
    /// The settings in force.
    pub settings: Arc<InForce>,
    /// Where revocations go.
    pub crls: Arc<CrlPublisher>,
    /// Who signs the log.
    pub checkpoints: Arc<Checkpoints>,
    /// The open connections, to cut those of a removed actor.
    pub connections: Arc<Connections>,
    /// Where work runs that outlives its caller.
    pub tasks: Tasks,
}

impl Authority {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts {
            store,
            clock,
            clock_guard,
            hierarchy,
            settings,
            crls,
            checkpoints,
            connections,
            tasks,
        } = parts;
        Arc::new(Self {
            store,
            clock,
            clock_guard,
            hierarchy,
            settings,
            reloading: tokio::sync::Mutex::default(),
            ceremonies: tokio::sync::Mutex::default(),
            crls,
            checkpoints,
            fork_claims: ForkClaims::default(),
            connections,
            tasks,
        })
    }

    /// Finds the newest CA of a class that issues.
    fn active(&self, class: IssuerClass) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        self.hierarchy
            .active(class)
            .ok_or(AuthorityError::NoIssuer(class))
    }

    /// Lints, signs and checks one certificate that has to work on `targets`; RSA signatures leave the async threads.
    async fn sign(
        &self,
        ca: &Arc<CertificateAuthority>,
        decision: &ca_core::Decision,
        targets: &[Target],
    ) -> Result<ca_verify::Certificate, AuthorityError> {
        let signer = ca
            .signer
            .as_ref()
            .ok_or(AuthorityError::NoIssuer(ca.issuer.class))?;
        let serial = SerialNumber::generate(&mut SystemEntropy);
        let linted = ca_core::prepare(decision, serial, &ca.issuer)?;
        targets::refuse_unfit(&linted, ca, targets)?;
        if !is_slow(signer.algorithm()) {
            return Ok(ca_core::sign(linted, signer.as_ref())?);
        }
        let signer = Arc::clone(signer);
        tokio::task::spawn_blocking(move || ca_core::sign(linted, signer.as_ref()))
            .await
            .map_err(|_lost| AuthorityError::Interrupted)?
            .map_err(AuthorityError::from)
    }

    /// Describes who asks, for the log, under the settings in force now.
    fn origin(&self, permit: &Permit, request: Request) -> Origin {
        origin_under(&self.settings.now(), permit, request)
    }

    /// Finds the entry that answered this very request before.
    async fn answered(&self, request: Request) -> Result<Option<Entry>, AuthorityError> {
        match self.store.answered(request.id).await? {
            None => Ok(None),
            Some((_, entry))
                if entry
                    .origin
                    .request
                    .is_some_and(|earlier| earlier.digest == request.digest) =>
            {
                Ok(Some(entry))
            }
            Some(_) => Err(StoreError::RequestIdReused(request.id).into()),
        }
    }

    /// Commits an entry and lets its effects follow; an answer that another attempt of the same request got wins.
    ///
    /// It runs in a task of its own: a caller that hangs up between the two must not keep a revocation from its CRL.
    async fn commit(&self, entry: Entry) -> Result<Entry, AuthorityError> {
        self.commit_with(entry, None, None).await
    }

    /// Commits an entry that means all valid certificates of a NAME; refused when one was not seen.
    async fn commit_having_seen(
        &self,
        entry: Entry,
        seen: Option<SeenHolders>,
    ) -> Result<Entry, AuthorityError> {
        self.commit_with(entry, seen, None).await
    }

    /// The same, and what a ceremony brought comes into use.
    async fn commit_with(
        &self,
        entry: Entry,
        seen: Option<SeenHolders>,
        arrival: Option<Arrival>,
    ) -> Result<Entry, AuthorityError> {
        let (done, committed) = oneshot::channel();
        let (store, crls, connections) = (
            Arc::clone(&self.store),
            Arc::clone(&self.crls),
            Arc::clone(&self.connections),
        );
        let hierarchy = Arc::clone(&self.hierarchy);
        self.tasks.spawn(async move {
            let result = match store.commit_having_seen(entry.clone(), seen).await {
                Ok(Committed::New { .. }) => {
                    hierarchy.follow(&entry);
                    crls.follow(&entry).await;
                    if let Some(arrival) = arrival {
                        arrival.take_in(&hierarchy, &crls).await;
                    }
                    for change in &entry.changes {
                        if let Change::ActorRemoved(key) = change {
                            connections.cut(key);
                        }
                    }
                    Ok(entry)
                }
                Ok(Committed::Repeated { entry, .. }) => Ok(*entry),
                Err(error) => Err(error.into()),
            };
            // Nobody waits any more when the caller hung up.
            let _hung_up = done.send(result);
        });
        committed.await.unwrap_or(Err(AuthorityError::Interrupted))
    }

    /// Builds the answer from the entry that made the certificate.
    async fn answer(&self, entry: &Entry, now: UnixTime) -> Result<Answer, AuthorityError> {
        let issued = entry
            .changes
            .iter()
            .find_map(issued_of)
            .ok_or(AuthorityError::Interrupted)?;
        let serial = ca_verify::Certificate::from_der(&issued.certificate)?.serial()?;
        let row = self
            .store
            .certificate(serial)
            .await?
            .ok_or(AuthorityError::UnknownSerial(serial.to_string()))?;
        Ok(Answer {
            row,
            der: issued.certificate.clone(),
            chain: self.chain(&issued.issuer),
            now,
        })
    }

    /// Finds the CA that issues under a profile: the one that the profile names, or the newest of its class.
    fn issuer_of(&self, profile: &Profile) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let Some(id) = profile.issuer() else {
            return self.active(profile.class());
        };
        let ca = self.known_issuer(id)?;
        if !ca.issues() {
            return Err(StoreError::IssuerDoesNotIssue {
                issuer: id.clone(),
                state: ca.state,
            }
            .into());
        }
        Ok(ca)
    }

    fn known_issuer(&self, id: &IssuerId) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        self.hierarchy
            .find(id)
            .ok_or_else(|| AuthorityError::UnknownIssuer(id.clone()))
    }

    fn chain(&self, issuer: &IssuerId) -> Vec<Vec<u8>> {
        self.hierarchy
            .find(issuer)
            .map(|ca| ca.chain.clone())
            .unwrap_or_default()
    }
}

/// Tells whether a signature takes so long (RSA-3072: about 0.8 ms) that it must leave the async threads.
pub(crate) fn is_slow(algorithm: SignatureAlgorithm) -> bool {
    match algorithm {
        SignatureAlgorithm::RsaPkcs1Sha256
        | SignatureAlgorithm::RsaPkcs1Sha384
        | SignatureAlgorithm::RsaPkcs1Sha512 => true,
        SignatureAlgorithm::EcdsaSha256 | SignatureAlgorithm::EcdsaSha384 => false,
    }
}

fn issued_of(change: &Change) -> Option<&Issued> {
    match change {
        Change::Issued(issued) | Change::Recovered(issued) => Some(issued),
        Change::Revoked(_)
        | Change::ActorAdded(_)
        | Change::ActorRemoved(_)
        | Change::IssuerAdded(_)
        | Change::CrlSigned(_)
        | Change::SettingsChanged(_)
        | Change::KeyBlocked(_)
        | Change::KeyUnblocked(_)
        | Change::Restored(_)
        | Change::LogKeyAdded(_)
        | Change::ForkClaimed(_)
        | Change::ClockConfirmed(_)
        | Change::IssuerStateChanged(_)
        | Change::CeremonyRecorded(_)
        | Change::IssuerRequested(_) => None,
    }
}

/// Describes who asks, for the log, under the settings that the request began with.
fn origin_under(settings: &Settings, permit: &Permit, request: Request) -> Origin {
    Origin {
        actor: Some(permit.key()),
        address: permit.address().to_string(),
        request: Some(request),
        settings: settings.digest,
    }
}

/// Finds a profile, those of the API included.
fn known_profile<'a>(
    settings: &'a Settings,
    name: &ProfileName,
) -> Result<&'a Profile, AuthorityError> {
    let profile = settings.policy.profiles.find(name);
    profile.ok_or_else(|| unknown_profile(settings, name))
}

/// Finds a profile that end entities are issued under through the API.
fn device_profile<'a>(
    settings: &'a Settings,
    name: &ProfileName,
) -> Result<&'a Profile, AuthorityError> {
    let profile = known_profile(settings, name)?;
    if !profile.is_configurable() {
        return Err(unknown_profile(settings, name));
    }
    Ok(profile)
}

fn unknown_profile(settings: &Settings, name: &ProfileName) -> AuthorityError {
    let profiles = settings.policy.profiles.iter();
    AuthorityError::UnknownProfile {
        profile: name.clone(),
        known: profiles.map(|p| p.name().clone()).collect(),
    }
}
