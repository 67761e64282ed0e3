//! Whether a certificate will work where it goes.

use ca_verify::target::{Chain, Misfit, Role, Target, TargetError, judge};
use ca_verify::{KeyAlgorithm, Linted};

use super::{Answer, Authority, AuthorityError, CertificateAuthority};

/// Refuses what breaks a rule of one of `targets`, before it is signed.
pub(super) fn refuse_unfit(
    linted: &Linted,
    ca: &CertificateAuthority,
    targets: &[Target],
) -> Result<(), AuthorityError> {
    if targets.is_empty() {
        return Ok(());
    }
    let chain = Chain::drafted(linted.tbs_der(), &ca.chain)?;
    Ok(TargetError::unless_fit(targets, &chain)?)
}

impl Authority {
    /// Returns what is worth knowing of a new certificate: by the rules of the targets that were asked for, and of
    /// those that follow from its profile and the kind of key of its CA.
    ///
    /// # Errors
    /// Fails when a certificate of our own cannot be read.
    pub fn notices(
        &self,
        answer: &Answer,
        asked: &[Target],
    ) -> Result<Vec<Misfit>, AuthorityError> {
        let ca = self.known_issuer(&answer.row.issuer)?;
        let ders: Vec<&[u8]> = std::iter::once(answer.der.as_slice())
            .chain(answer.chain.iter().map(Vec::as_slice))
            .collect();
        let chain = Chain::from_ders(&ders)?;
        let settings = self.settings.now();
        let presumed = super::known_profile(&settings, &answer.row.profile)
            .map_or(&[][..], ca_core::Profile::targets);
        Ok(notices(&chain, &ca, presumed, asked))
    }
}

/// Judges a chain by the targets that were asked for, and by those that the profile presumes for this CA.
pub(super) fn notices(
    chain: &Chain,
    ca: &CertificateAuthority,
    presumed: &[Target],
    asked: &[Target],
) -> Vec<Misfit> {
    let key = ca.issuer.certificate.public_key().algorithm();
    let is_rsa = matches!(key, KeyAlgorithm::Rsa { .. });
    let further = presumed
        .iter()
        .filter(|target| is_rsa || !target.wants_rsa_cas())
        .filter(|target| !asked.contains(target));
    let roles = Role::presumed(chain.leaf());
    asked
        .iter()
        .chain(further)
        .flat_map(|target| judge(*target, roles, chain))
        .collect()
}
