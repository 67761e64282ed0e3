//! Telling what issuing would say, without issuing.

use ca_core::{Decision, Lifetime, Policy, Profile, Wanted};
use ca_store::StoreError;
use ca_types::{
    Code, GeneralName, Hinted as _, ProfileName, SerialNumber, SettingsDigest, SubjectName,
    SystemEntropy,
};
use ca_verify::CertificationRequest;
use ca_verify::target::{Chain, Misfit, Target, TargetError};

use super::{Authority, AuthorityError, targets};
use crate::authz::Permit;
use crate::settings::Settings;

/// What is asked about.
#[derive(Debug)]
pub struct ExplainOrder {
    /// The profile.
    pub profile: ProfileName,
    /// The NAME, as it was written.
    pub name: String,
    /// Further subject alternative names, as they were written.
    pub sans: Vec<String>,
    /// How long it is to be valid.
    pub lifetime: Lifetime,
    /// The certification request.
    pub csr: CertificationRequest,
    /// Where it has to work.
    pub targets: Vec<Target>,
}

/// What issuing would say.
#[derive(Debug)]
pub struct Explanation {
    /// Yes with what would be certified, or no with the reason.
    pub verdict: Result<Explained, AuthorityError>,
    /// Every name that was asked for.
    pub names: Vec<NameExplained>,
    /// The settings that it rests on.
    pub settings: SettingsDigest,
}

/// What would be certified.
#[derive(Debug)]
pub struct Explained {
    /// The decision.
    pub decision: Decision,
    /// What is worth knowing about the certificate, and no error.
    pub notices: Vec<String>,
    /// What is worth knowing before it is installed.
    pub misfits: Vec<Misfit>,
}

/// What the rules say of one name.
#[derive(Debug, PartialEq, Eq)]
pub struct NameExplained {
    /// The name as it would stand in the certificate, or as it came.
    pub name: String,
    /// The rule that allows it, or the reason why it is refused.
    pub rule: Result<String, String>,
}

impl Authority {
    /// Tells what [`Authority::issue`] would say to this caller now. Nothing is issued, and nothing recorded.
    ///
    /// # Errors
    /// Fails when there is no such profile, or the store cannot be read.
    pub async fn explain(
        &self,
        permit: &Permit,
        order: &ExplainOrder,
    ) -> Result<Explanation, AuthorityError> {
        let settings = self.settings.now();
        let profile = super::device_profile(&settings, &order.profile)?;
        let names = names(order, profile, &settings.policy);
        let verdict = match self.would_issue(permit, order, profile, &settings).await {
            Err(error) if error.code() == Code::Unavailable => return Err(error),
            verdict => verdict,
        };
        Ok(Explanation {
            verdict,
            names,
            settings: settings.digest,
        })
    }

    async fn would_issue(
        &self,
        permit: &Permit,
        order: &ExplainOrder,
        profile: &Profile,
        settings: &Settings,
    ) -> Result<Explained, AuthorityError> {
        let now = self.clock.now();
        permit.may_request(profile)?;
        self.refuse_key(order.csr.public_key()).await?;
        let refused = AuthorityError::Policy;
        let name: SubjectName = order
            .name
            .parse()
            .map_err(|e| refused(ca_core::PolicyError::Name(e)))?;
        let sans: Vec<GeneralName> = order
            .sans
            .iter()
            .map(|san| san.parse())
            .collect::<Result<_, _>>()
            .map_err(|e| refused(ca_core::PolicyError::Name(e)))?;
        let ca = self.issuer_of(profile)?;
        let wanted = Wanted {
            profile,
            name: name.as_str(),
            sans: &sans,
            lifetime: order.lifetime,
        };
        let decision = ca_core::decide(&wanted, &order.csr, &ca.issuer, &settings.policy, now)?;
        let values: Vec<String> = decision.sans().iter().map(GeneralName::value).collect();
        permit.covers(
            &ca.issuer.id,
            profile.name(),
            values.iter().map(String::as_str),
        )?;
        let serial = SerialNumber::generate(&mut SystemEntropy);
        let linted = ca_core::prepare(&decision, serial, &ca.issuer)?;
        let chain = Chain::drafted(linted.tbs_der(), &ca.chain)?;
        TargetError::unless_fit(&order.targets, &chain)?;
        let key = decision.public_key().key_id();
        match self.store.name_of_key(&key).await? {
            Some(owner) if owner != decision.name() => {
                return Err(StoreError::KeyTaken { name: owner }.into());
            }
            Some(_) | None => {}
        }
        let holders = self
            .store
            .valid_for_name(decision.name(), Some(profile.name()), now)
            .await?;
        if let Some(row) = holders.first() {
            return Err(StoreError::NameTaken {
                name: decision.name().to_owned(),
                profile: profile.name().clone(),
                serial: row.serial,
            }
            .into());
        }
        let notices = linted.notices().iter().map(ToString::to_string).collect();
        let misfits = targets::notices(&chain, &ca, profile.targets(), &order.targets);
        Ok(Explained {
            decision,
            notices,
            misfits,
        })
    }
}

/// Judges each name by itself, so that one bad name does not hide the others.
fn names(order: &ExplainOrder, profile: &Profile, policy: &Policy) -> Vec<NameExplained> {
    let own = order.name.parse::<SubjectName>();
    let own = own.map(|name| name.general_name());
    let further = order
        .sans
        .iter()
        .map(|san| (san, san.parse::<GeneralName>()));
    let mut explained: Vec<NameExplained> = Vec::new();
    for (written, name) in std::iter::once((&order.name, own)).chain(further) {
        let one = match name {
            Err(error) => NameExplained {
                name: written.clone(),
                rule: Err(error.to_string()),
            },
            Ok(name) => NameExplained {
                name: name.to_string(),
                rule: match profile.judge(&name, policy) {
                    Ok(rule) => Ok(rule.to_string()),
                    Err(error) => Err(error.to_string()),
                },
            },
        };
        if !explained.contains(&one) {
            explained.push(one);
        }
    }
    explained
}
