//! Taking in certificates that a restored log has not seen.

use std::collections::BTreeSet;
use std::sync::Arc;

use ca_core::Profile;
use ca_store::StoreError;
use ca_types::{IssuerClass, ProfileName};
use ca_verify::{Certificate, Change, Entry, Issued, Request};

use super::{
    Answer, Authority, AuthorityError, CertificateAuthority, HolderProof, device_profile,
    origin_under,
};
use crate::authz::Caller;
use crate::settings::Settings;

/// What is handed in.
#[derive(Debug)]
pub struct SubmitOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// The certificate.
    pub certificate: Certificate,
    /// The profile that it was issued under; none takes the one that is named like the class of its CA, and for its
    /// holder the only one that it fits.
    pub profile: Option<ProfileName>,
    /// The holder's signature, when no actor asks.
    pub proof: Option<HolderProof>,
}

impl Authority {
    /// Takes in a certificate of ours that no leaf holds, and tells whether it was new; repeating it changes nothing.
    ///
    /// It exists whatever names and keys say, so it may stand beside one that was issued under its NAME since.
    ///
    /// # Errors
    /// Refuses what none of our CAs signed, certificates of CAs and of the API itself, what a CRL has revoked, and a
    /// proof that does not verify.
    pub async fn submit(
        &self,
        caller: &Caller,
        order: SubmitOrder,
    ) -> Result<(Answer, bool), AuthorityError> {
        let now = self.clock.now();
        let certificate = &order.certificate;
        let ca = self.signer_of(certificate)?;
        let permit = match &order.proof {
            None => caller.permit()?,
            Some(proof) => caller.permit_holder(
                &proof.message,
                &proof.signature,
                certificate.public_key(),
                now,
            )?,
        };
        let serial = certificate.serial()?;
        if let Some(row) = self.store.certificate(serial).await? {
            permit.covers(
                &row.issuer,
                &row.profile,
                row.names().iter().map(String::as_str),
            )?;
            let chain = self.chain(&row.issuer);
            let der = certificate.der().to_vec();
            let answer = Answer {
                row,
                der,
                chain,
                now,
            };
            return Ok((answer, false));
        }
        let settings = self.settings.now();
        let wanted = order.profile.as_ref();
        let profile = if permit.is_of_holder() {
            profile_of(&settings, &ca, certificate, wanted)?
        } else {
            profile_for(&settings, &ca, wanted)?
        };
        let name = certificate.subject().common_name();
        let name = name.ok_or(AuthorityError::NotIssuedHere)?.to_owned();
        let sans: Vec<String> = certificate.sans().iter().map(|san| san.value()).collect();
        let names = std::iter::once(name.as_str()).chain(sans.iter().map(String::as_str));
        permit.covers(&ca.issuer.id, profile.name(), names)?;
        let entry = Entry {
            time: now,
            origin: origin_under(&settings, &permit, order.request),
            changes: vec![Change::Recovered(Issued {
                issuer: ca.issuer.id.clone(),
                profile: profile.name().clone(),
                name,
                succeeds: None,
                certificate: certificate.der().to_vec(),
            })],
        };
        let entry = match self.commit(entry).await {
            Err(AuthorityError::Store(StoreError::AlreadyRevoked(serial))) => {
                return Err(AuthorityError::RevokedBefore(serial));
            }
            committed => committed?,
        };
        tracing::info!(%serial, "certificate taken in");
        Ok((self.answer(&entry, now).await?, true))
    }

    /// Finds the CA that signed a certificate of a device or a person.
    fn signer_of(
        &self,
        certificate: &Certificate,
    ) -> Result<Arc<CertificateAuthority>, AuthorityError> {
        let ca = self
            .hierarchy
            .cas()
            .values()
            .find(|ca| certificate.verify_signed_by(ca.certificate()).is_ok())
            .map(Arc::clone)
            .ok_or(AuthorityError::NotIssuedHere)?;
        match ca.issuer.class {
            IssuerClass::Root | IssuerClass::Control => Err(AuthorityError::NotIssuedHere),
            IssuerClass::Router | IssuerClass::VpnServer | IssuerClass::VpnClient => Ok(ca),
        }
    }
}

/// Finds the only profile that a certificate can have been issued under: a holder must not come to the rights of another.
fn profile_of<'s>(
    settings: &'s Settings,
    ca: &CertificateAuthority,
    certificate: &Certificate,
    wanted: Option<&ProfileName>,
) -> Result<&'s Profile, AuthorityError> {
    let of_certificate: BTreeSet<_> = certificate.extended_key_usage().iter().collect();
    let fits = |profile: &&Profile| {
        let purposes: BTreeSet<_> = profile.extended_key_usage().iter().collect();
        profile.class() == ca.issuer.class && purposes == of_certificate
    };
    let fitting: Vec<&Profile> = settings.policy.profiles.iter().filter(fits).collect();
    match fitting.as_slice() {
        [only] if wanted.is_none_or(|wanted| wanted == only.name()) => Ok(only),
        _ => Err(AuthorityError::ProfileUnclear {
            fitting: fitting.iter().map(|it| it.name().clone()).collect(),
        }),
    }
}

/// Finds the profile that a certificate of a CA was issued under.
fn profile_for<'s>(
    settings: &'s Settings,
    ca: &CertificateAuthority,
    wanted: Option<&ProfileName>,
) -> Result<&'s Profile, AuthorityError> {
    let class = ca.issuer.class;
    let named = match wanted {
        Some(name) => device_profile(settings, name)?,
        None => {
            let name: ProfileName = class
                .as_str()
                .parse()
                .map_err(|_source| AuthorityError::NotIssuedHere)?;
            device_profile(settings, &name)?
        }
    };
    if named.class() == class {
        Ok(named)
    } else {
        Err(AuthorityError::NotIssuedHere)
    }
}
