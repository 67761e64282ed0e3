//! Taking in certificates that a restored log has not seen.

use std::sync::Arc;

use ca_core::Profile;
use ca_store::StoreError;
use ca_types::{IssuerClass, ProfileName};
use ca_verify::{Certificate, Change, Entry, Issued, Request};

use super::{
    Answer, Authority, AuthorityError, CertificateAuthority, device_profile, origin_under,
};
use crate::authz::Permit;
use crate::settings::Settings;

/// What is handed in.
#[derive(Debug)]
pub struct SubmitOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// The certificate.
    pub certificate: Certificate,
    /// The profile that it was issued under; none takes the one that is named like the class of its CA.
    pub profile: Option<ProfileName>,
}

impl Authority {
    /// Takes in a certificate of ours that no leaf holds, and tells whether it was new; repeating it changes nothing.
    ///
    /// It exists whatever names and keys say, so it may stand beside one that was issued under its NAME since.
    ///
    /// # Errors
    /// Refuses what none of our CAs signed, certificates of CAs and of the API itself, and what a CRL has revoked.
    pub async fn submit(
        &self,
        permit: Permit,
        order: SubmitOrder,
    ) -> Result<(Answer, bool), AuthorityError> {
        let now = self.clock.now();
        let certificate = &order.certificate;
        let ca = self.signer_of(certificate)?;
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
        let profile = profile_for(&settings, &ca, order.profile.as_ref())?;
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
