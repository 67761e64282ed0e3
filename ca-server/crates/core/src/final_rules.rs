//! The policy on the final octets: what the `TBSCertificate` says is what was decided, and nothing else.

use ca_types::GeneralName;
use ca_verify::{AlternativeName, TbsContent};

use crate::{Decision, IssuanceError, NameForm};

/// Compares a built `TBSCertificate` with its decision, name by name.
pub(crate) fn check(tbs: &[u8], decision: &Decision) -> Result<(), IssuanceError> {
    let content = TbsContent::read(tbs)?;
    let differs = IssuanceError::NotWhatWasDecided;
    if content.common_names != [decision.name()] || !content.email_addresses.is_empty() {
        return Err(differs("the subject"));
    }
    check_names(&content.sans, decision)?;
    let validity = decision.validity();
    if (content.not_before, content.not_after) != (validity.not_before(), validity.not_after()) {
        return Err(differs("the validity"));
    }
    let (profile, key) = (decision.profile(), decision.public_key());
    if content.public_key != key.spki_der() || !profile.keys().contains(&key.algorithm()) {
        return Err(differs("the public key"));
    }
    if content.key_usage != Some(profile.key_usage(key.algorithm())) {
        return Err(differs("the key usage"));
    }
    if content.extended_key_usage != profile.extended_key_usage() {
        return Err(differs("the extended key usage"));
    }
    if content.is_ca {
        return Err(differs("the basic constraints"));
    }
    Ok(())
}

/// Checks that every name that stands there was allowed by a rule, and every allowed name stands there.
fn check_names(sans: &[AlternativeName], decision: &Decision) -> Result<(), IssuanceError> {
    let is_gateway = decision.profile().name_form() == NameForm::Gateway;
    let is_decided = |san: &AlternativeName| match san {
        AlternativeName::Issuable(name) => decision.sans().contains(name),
        AlternativeName::AddressAsDns(address) => {
            is_gateway && decision.sans().contains(&GeneralName::Ip(*address))
        }
        AlternativeName::Foreign(_) => false,
    };
    let stands_there = |name: &GeneralName| sans.contains(&AlternativeName::Issuable(name.clone()));
    let is_each_allowed = decision.allowed().count() == decision.sans().len();
    if is_each_allowed && sans.iter().all(is_decided) && decision.sans().iter().all(stands_there) {
        return Ok(());
    }
    Err(IssuanceError::NotWhatWasDecided(
        "the subject alternative names",
    ))
}
