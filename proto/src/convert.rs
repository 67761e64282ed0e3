//! Between wire enums and the shared types; the only place that sees both.

use ca_types::{CertificateState, Code, Hinted, RevocationReason, Role};

use crate::v1;

/// A field of a message that does not convert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {message}")]
pub struct ConvertError {
    field: &'static str,
    message: String,
    code: Code,
}

impl ConvertError {
    /// Says that a field cannot be used.
    pub fn new(field: &'static str, message: impl ToString) -> Self {
        Self {
            field,
            message: message.to_string(),
            code: Code::InvalidRequest,
        }
    }

    /// Says that a name in a field cannot be certified.
    pub fn name(field: &'static str, message: impl ToString) -> Self {
        Self {
            field,
            message: message.to_string(),
            code: Code::InvalidName,
        }
    }
}

impl Hinted for ConvertError {
    fn code(&self) -> Code {
        self.code
    }
}

/// Reads a reason; a number that the API does not know is refused.
///
/// # Errors
/// Fails on an unknown number.
pub fn revocation_reason(number: i32) -> Result<RevocationReason, ConvertError> {
    use v1::RevocationReason as Wire;
    Ok(
        match Wire::try_from(number).map_err(|e| ConvertError::new("reason", e))? {
            Wire::Unspecified => RevocationReason::Unspecified,
            Wire::KeyCompromise => RevocationReason::KeyCompromise,
            Wire::AffiliationChanged => RevocationReason::AffiliationChanged,
            Wire::Superseded => RevocationReason::Superseded,
            Wire::CessationOfOperation => RevocationReason::CessationOfOperation,
            Wire::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        },
    )
}

/// Writes a reason.
pub fn wire_reason(reason: RevocationReason) -> v1::RevocationReason {
    use v1::RevocationReason as Wire;
    match reason {
        RevocationReason::Unspecified => Wire::Unspecified,
        RevocationReason::KeyCompromise => Wire::KeyCompromise,
        RevocationReason::AffiliationChanged => Wire::AffiliationChanged,
        RevocationReason::Superseded => Wire::Superseded,
        RevocationReason::CessationOfOperation => Wire::CessationOfOperation,
        RevocationReason::PrivilegeWithdrawn => Wire::PrivilegeWithdrawn,
    }
}

/// Reads a state; unspecified is none.
///
/// # Errors
/// Fails on an unknown number.
pub fn certificate_state(number: i32) -> Result<Option<CertificateState>, ConvertError> {
    use v1::CertificateState as Wire;
    Ok(
        match Wire::try_from(number).map_err(|e| ConvertError::new("state", e))? {
            Wire::Unspecified => None,
            Wire::Valid => Some(CertificateState::Valid),
            Wire::Expired => Some(CertificateState::Expired),
            Wire::Revoked => Some(CertificateState::Revoked),
        },
    )
}

/// Writes a state.
pub fn wire_state(state: CertificateState) -> v1::CertificateState {
    match state {
        CertificateState::Valid => v1::CertificateState::Valid,
        CertificateState::Expired => v1::CertificateState::Expired,
        CertificateState::Revoked => v1::CertificateState::Revoked,
    }
}

/// Reads a role.
///
/// # Errors
/// Fails when it is unspecified or unknown.
pub fn role(number: i32) -> Result<Role, ConvertError> {
    match v1::Role::try_from(number).map_err(|e| ConvertError::new("role", e))? {
        v1::Role::Unspecified => Err(ConvertError::new(
            "role",
            "wanted admin, operator, agent or auditor",
        )),
        v1::Role::Admin => Ok(Role::Admin),
        v1::Role::Operator => Ok(Role::Operator),
        v1::Role::Agent => Ok(Role::Agent),
        v1::Role::Auditor => Ok(Role::Auditor),
    }
}

/// Writes a role.
pub fn wire_role(role: Role) -> v1::Role {
    match role {
        Role::Admin => v1::Role::Admin,
        Role::Operator => v1::Role::Operator,
        Role::Agent => v1::Role::Agent,
        Role::Auditor => v1::Role::Auditor,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_from_the_wire() {
        for reason in RevocationReason::ALL {
            assert_eq!(revocation_reason(wire_reason(reason).into()), Ok(reason));
        }
        for one in Role::ALL {
            assert_eq!(role(wire_role(one).into()), Ok(one));
        }
        for state in [
            CertificateState::Valid,
            CertificateState::Expired,
            CertificateState::Revoked,
        ] {
            assert_eq!(certificate_state(wire_state(state).into()), Ok(Some(state)));
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        let fields = [
            revocation_reason(99).unwrap_err().field,
            role(0).unwrap_err().field,
            role(-1).unwrap_err().field,
            certificate_state(7).unwrap_err().field,
        ];
        assert_eq!(fields, ["reason", "role", "role", "state"]);
    }
}
