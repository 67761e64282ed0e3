//! Who may call which method.

use ca_types::Role;

/// What a method asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Anyone, with or without a client certificate.
    Open,
    /// An actor with one of these roles.
    Roles(&'static [Role]),
    /// An actor with one of these roles, or the holder of a certificate who proves it in the message.
    RolesOrHolder(&'static [Role]),
}

impl Rule {
    /// Finds the rule of a method by its path; a method without a rule is denied.
    pub fn of(path: &str) -> Option<(&'static str, Self)> {
        RULES.iter().copied().find(|(known, _)| *known == path)
    }
}

const ALL: &[Role] = &Role::ALL;
const ADMINS: &[Role] = &[Role::Admin];
const ISSUING: &[Role] = &[Role::Admin, Role::Operator, Role::Agent];
const REVOKING: &[Role] = &[Role::Admin, Role::Operator];
const AUDITING: &[Role] = &[Role::Admin, Role::Auditor];

const RULES: &[(&str, Rule)] = &[
    (
        "/fleet.ca.v1.CertificateAuthority/Issue",
        Rule::Roles(ISSUING),
    ),
    (
        "/fleet.ca.v1.CertificateAuthority/Renew",
        Rule::RolesOrHolder(ISSUING),
    ),
    (
        "/fleet.ca.v1.CertificateAuthority/Rekey",
        Rule::RolesOrHolder(ISSUING),
    ),
    ("/fleet.ca.v1.CertificateAuthority/Get", Rule::Roles(ALL)),
    ("/fleet.ca.v1.CertificateAuthority/List", Rule::Roles(ALL)),
    (
        "/fleet.ca.v1.CertificateAuthority/Revoke",
        Rule::Roles(REVOKING),
    ),
    (
        "/fleet.ca.v1.CertificateAuthority/Submit",
        Rule::RolesOrHolder(ISSUING),
    ),
    ("/fleet.ca.v1.Issuers/ListIssuers", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Issuers/GetIssuer", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Issuers/CreateIssuer", Rule::Roles(ADMINS)),
    (
        "/fleet.ca.v1.Issuers/GetCeremonyRequest",
        Rule::Roles(ADMINS),
    ),
    ("/fleet.ca.v1.Issuers/RequestCrl", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.Issuers/InstallAnswer", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.Issuers/SetIssuerState", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.Actors/AddActor", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.Actors/ListActors", Rule::Roles(AUDITING)),
    ("/fleet.ca.v1.Actors/RemoveActor", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.BlockedKeys/BlockKey", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.BlockedKeys/UnblockKey", Rule::Roles(ADMINS)),
    (
        "/fleet.ca.v1.BlockedKeys/ListBlockedKeys",
        Rule::Roles(AUDITING),
    ),
    ("/fleet.ca.v1.Audit/ListEntries", Rule::Roles(AUDITING)),
    ("/fleet.ca.v1.Audit/GetTreeHead", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Audit/GetCheckpoint", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Audit/GetInclusionProof", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Audit/GetConsistencyProof", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Audit/ClaimFork", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Clock/GetClock", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Clock/ConfirmClock", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.Policy/Reload", Rule::Roles(ADMINS)),
    ("/fleet.ca.v1.Policy/ListProfiles", Rule::Roles(ALL)),
    ("/fleet.ca.v1.Policy/Explain", Rule::Roles(ALL)),
    ("/grpc.health.v1.Health/Check", Rule::Open),
    ("/grpc.health.v1.Health/Watch", Rule::Open),
    (
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        Rule::Roles(ALL),
    ),
    (
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        Rule::Roles(ALL),
    ),
];

#[cfg(test)]
mod tests {
    use prost::Message as _;

    use super::*;

    #[test]
    fn every_method_of_the_api_has_a_rule_and_every_rule_a_method() {
        let descriptors = prost_types::FileDescriptorSet::decode(ca_proto::DESCRIPTORS).unwrap();
        let mut methods: Vec<String> = descriptors
            .file
            .iter()
            .flat_map(|file| {
                file.service
                    .iter()
                    .map(move |service| (file.package(), service))
            })
            .flat_map(|(package, service)| {
                service
                    .method
                    .iter()
                    .map(move |method| format!("/{package}.{}/{}", service.name(), method.name()))
            })
            .collect();
        let mut rules: Vec<&str> = RULES
            .iter()
            .map(|(path, _)| *path)
            .filter(|path| path.contains("fleet"))
            .collect();
        methods.sort();
        rules.sort_unstable();
        assert_eq!(methods, rules);
    }

    #[test]
    fn a_path_that_nobody_knows_has_no_rule() {
        for path in [
            "",
            "/",
            "/fleet.ca.v1.CertificateAuthority/issue",
            "/fleet.ca.v2.CertificateAuthority/Issue",
        ] {
            assert_eq!(Rule::of(path), None, "{path}");
        }
    }
}
