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
        let issuer = &self.known_issuer(&answer.row.issuer)?.issuer;
        let key = issuer.certificate.public_key().algorithm();
        let is_rsa = matches!(key, KeyAlgorithm::Rsa { .. });
        let settings = self.settings.now();
        let profile = super::known_profile(&settings, &answer.row.profile);
        let presumed = profile.map_or(&[][..], ca_core::Profile::targets);
        let further = presumed
            .iter()
            .filter_map(|word| word.parse::<Target>().ok())
            .filter(|target| is_rsa || !target.wants_rsa_cas())
            .filter(|target| !asked.contains(target));
        let ders: Vec<&[u8]> = std::iter::once(answer.der.as_slice())
            .chain(answer.chain.iter().map(Vec::as_slice))
            .collect();
        let chain = Chain::from_ders(&ders)?;
        let roles = Role::presumed(chain.leaf());
        let targets = asked.iter().copied().chain(further);
        Ok(targets
            .flat_map(|target| judge(target, roles, &chain))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_name_the_targets_that_there_are() {
        assert_eq!(ca_core::TARGETS, Target::ALL.map(Target::as_str));
    }
}
