//! Renewing (same key) and rekeying (new key): a successor with the names of a certificate.

use ca_core::{Lifetime, Profile, Wanted};
use ca_store::CertificateRow;
use ca_types::{CertificateState, Days, SerialNumber, UnixTime};
use ca_verify::target::Target;
use ca_verify::{Certificate, CertificationRequest, Change, Entry, HolderRequest, Issued, Request};

use super::{Answer, Authority, AuthorityError, known_profile, origin_under};
use crate::authz::{Caller, Permit};

/// Whether the successor keeps the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuccessorKind {
    /// The same key.
    Renew,
    /// A new key.
    Rekey,
}

/// The holder's signature in place of an actor.
#[derive(Debug)]
pub struct HolderProof {
    /// What the holder signed.
    pub message: HolderRequest,
    /// The signature by the key of the predecessor.
    pub signature: Vec<u8>,
}

/// What is asked for.
#[derive(Debug)]
pub struct SuccessorOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// Same key or new key.
    pub kind: SuccessorKind,
    /// The predecessor.
    pub serial: SerialNumber,
    /// The certification request by the key of the successor.
    pub csr: CertificationRequest,
    /// How long it is valid.
    pub lifetime: Lifetime,
    /// Where it has to work.
    pub targets: Vec<Target>,
    /// The holder's signature, when no actor asks.
    pub proof: Option<HolderProof>,
}

impl Authority {
    /// Issues a successor; the predecessor stays valid beside it.
    ///
    /// # Errors
    /// Refuses a predecessor that is revoked, or expired for longer than its profile allows, a key that does not fit the kind, a proof that does not verify,
    /// and all that issuing refuses.
    pub async fn succeed(
        &self,
        caller: &Caller,
        order: SuccessorOrder,
    ) -> Result<Answer, AuthorityError> {
        let now = self.clock.now();
        let unknown = || AuthorityError::UnknownSerial(order.serial.to_string());
        let Some(row) = self.store.certificate(order.serial).await? else {
            caller.permit()?;
            return Err(unknown());
        };
        let ders = self
            .store
            .certificates_der(std::slice::from_ref(&row))
            .await?;
        let predecessor = Certificate::from_der(ders.first().ok_or_else(unknown)?)?;
        self.refuse_successor_of_the_api(&row, order.kind).await?;
        let permit = match &order.proof {
            None => caller.permit()?,
            Some(proof) => caller.permit_holder(
                &proof.message,
                &proof.signature,
                predecessor.public_key(),
                now,
            )?,
        };
        permit.covers(
            &row.issuer,
            &row.profile,
            row.names().iter().map(String::as_str),
        )?;
        if let Some(entry) = self.answered(order.request).await? {
            return self.answer(&entry, now).await;
        }
        self.trust_clock().await?;
        let settings = self.settings.now();
        let profile = known_profile(&settings, &row.profile)?;
        refuse_unless_renewable(&row, profile, now)?;
        let same_key = order.csr.public_key().key_id() == row.key;
        match (order.kind, same_key) {
            (SuccessorKind::Renew, true) | (SuccessorKind::Rekey, false) => {}
            (SuccessorKind::Renew, false) => return Err(AuthorityError::RenewWithNewKey),
            (SuccessorKind::Rekey, true) => return Err(AuthorityError::RekeyWithOldKey),
        }
        self.refuse_key(order.csr.public_key()).await?;
        permit.may_request(profile)?;
        let ca = self.issuer_of(profile)?;
        let wanted = Wanted {
            profile,
            name: &row.name,
            sans: &row.sans,
            lifetime: lifetime_of(&permit, &row, order.lifetime, profile, now)?,
        };
        let decision = ca_core::decide(&wanted, &order.csr, &ca.issuer, &settings.policy, now)?;
        let certificate = self.sign(&ca, &decision, &order.targets).await?;
        let changes = vec![Change::Issued(Issued {
            issuer: ca.issuer.id.clone(),
            profile: row.profile.clone(),
            name: row.name.clone(),
            succeeds: Some(row.serial),
            certificate: certificate.der().to_vec(),
        })];
        let entry = self
            .commit(Entry {
                time: now,
                origin: origin_under(&settings, &permit, order.request),
                changes,
            })
            .await?;
        self.counted(self.answer(&entry, now).await)
    }

    /// Refuses everything about the credentials of the API but one thing: an actor renews its certificate with its key.
    ///
    /// An actor is known by its key: a new key is a new actor, and only an admin adds one. The certificate of the
    /// listener is made by the server alone.
    async fn refuse_successor_of_the_api(
        &self,
        row: &CertificateRow,
        kind: SuccessorKind,
    ) -> Result<(), AuthorityError> {
        if !self.is_control(row) {
            return Ok(());
        }
        match (kind, self.store.actor(&row.key).await?) {
            (SuccessorKind::Renew, Some(_)) => Ok(()),
            (SuccessorKind::Rekey, Some(_)) => Err(AuthorityError::RekeyOfActor(row.name.clone())),
            (SuccessorKind::Renew | SuccessorKind::Rekey, None) => self.refuse_control(row),
        }
    }
}

/// Refuses what has no successor: what is revoked, and what expired longer ago than its profile allows.
fn refuse_unless_renewable(
    row: &CertificateRow,
    profile: &Profile,
    now: UnixTime,
) -> Result<(), AuthorityError> {
    let (serial, not_after) = (row.serial, row.validity.not_after());
    let limit = profile.renewal_after_expiry();
    match row.state(now) {
        CertificateState::Valid => Ok(()),
        CertificateState::Expired if now.since(not_after) <= limit.seconds() => Ok(()),
        CertificateState::Expired if limit > Days(0) => Err(AuthorityError::TooLate {
            serial,
            not_after,
            profile: row.profile.clone(),
            limit,
        }),
        state @ (CertificateState::Expired | CertificateState::Revoked) => {
            Err(AuthorityError::NotValid { serial, state })
        }
    }
}

/// Returns how long the successor lives: a holder gets no longer life than it has, only an actor gives more.
fn lifetime_of(
    permit: &Permit,
    row: &CertificateRow,
    wanted: Lifetime,
    profile: &Profile,
    now: UnixTime,
) -> Result<Lifetime, AuthorityError> {
    let length = row.validity.seconds();
    let allowed = if permit.is_of_holder() {
        length
    } else {
        u64::MAX
    };
    match wanted {
        Lifetime::Days(days) if days.seconds() > allowed => Err(AuthorityError::HolderLifetime {
            asked: days,
            limit: Days(u32::try_from(length / 86_400).unwrap_or(u32::MAX)),
        }),
        Lifetime::Default if profile.default_validity().seconds() > allowed => {
            let not_before = now.minus(profile.backdating_seconds());
            let not_after = not_before.plus(length.saturating_sub(1));
            Ok(not_after.map_or(Lifetime::Default, Lifetime::Until))
        }
        Lifetime::Default | Lifetime::Days(_) | Lifetime::Until(_) => Ok(wanted),
    }
}
