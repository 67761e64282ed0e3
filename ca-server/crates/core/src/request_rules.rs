//! What a certification request may say: nothing that was not decided without it.

use ca_types::{GeneralName, SubjectName};
use ca_verify::{AlternativeName, CertificationRequest, KeyUsage};

use crate::{Decision, NameForm, PolicyError};

/// Checks a request against the decision.
///
/// Allowed are a subject whose common names and e-mail addresses are decided names (other attributes
/// are of no consequence), and an extensionRequest with a subset of the decided subject alternative
/// names, key usage and extended key usage, and with basic constraints that are not those of a CA.
pub(crate) fn check(
    request: &CertificationRequest,
    decision: &Decision,
) -> Result<(), PolicyError> {
    check_subject(request, decision)?;
    check_sans(request, decision)?;
    check_extensions(request, decision)
}

fn check_subject(request: &CertificationRequest, decision: &Decision) -> Result<(), PolicyError> {
    let subject = request.subject();
    let names = subject.common_names().iter();
    for name in names.chain(subject.email_addresses()) {
        if !is_decided(name, decision) {
            return Err(PolicyError::CommonNameOnlyInRequest { name: name.clone() });
        }
    }
    Ok(())
}

/// Tells whether a common name is the NAME, or the value of one of the decided names.
fn is_decided(name: &str, decision: &Decision) -> bool {
    if name == decision.name() {
        return true;
    }
    name.parse::<SubjectName>()
        .is_ok_and(|name| decision.sans().contains(&name.general_name()))
}

fn check_sans(request: &CertificationRequest, decision: &Decision) -> Result<(), PolicyError> {
    let is_gateway = decision.profile().name_form() == NameForm::Gateway;
    for san in &request.requested().sans {
        let is_decided = match san {
            AlternativeName::Issuable(name) => decision.sans().contains(name),
            AlternativeName::AddressAsDns(address) => {
                is_gateway && decision.sans().contains(&GeneralName::Ip(*address))
            }
            AlternativeName::Foreign(_) => false,
        };
        if !is_decided {
            return Err(PolicyError::SanOnlyInRequest {
                name: san.to_string(),
            });
        }
    }
    Ok(())
}

fn check_extensions(
    request: &CertificationRequest,
    decision: &Decision,
) -> Result<(), PolicyError> {
    let requested = request.requested();
    let profile = decision.profile();
    if requested
        .basic_constraints
        .is_some_and(|constraints| constraints.ca || constraints.path_len.is_some())
    {
        return Err(PolicyError::AsksForCa);
    }
    let given = profile.key_usage(request.public_key().algorithm());
    let asked = requested.key_usage.unwrap_or(KeyUsage::NONE);
    if !given.has(asked) {
        return Err(PolicyError::KeyUsage {
            asked: asked.to_string(),
            profile: profile.name().clone(),
            given: given.to_string(),
        });
    }
    for purpose in requested.extended_key_usage.iter().flatten() {
        if !profile.extended_key_usage().contains(purpose) {
            return Err(PolicyError::ExtendedKeyUsage {
                asked: purpose.to_string(),
                profile: profile.name().clone(),
            });
        }
    }
    match requested.others.first() {
        None => Ok(()),
        Some(oid) => Err(PolicyError::Extension {
            oid: oid.to_string(),
        }),
    }
}
