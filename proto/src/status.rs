//! Errors on the wire: the stable code and the hint travel as `google.rpc.ErrorInfo`.

use std::collections::HashMap;

use ca_types::{Code, Hinted};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of every `ErrorInfo` of this API.
const DOMAIN: &str = "fleet-ca";

/// Turns an error into a status. What is internal keeps its text on the server.
pub fn status_from(error: &dyn Hinted) -> tonic::Status {
    let code = error.code();
    let message = match code {
        Code::Internal => "the server has a fault; its log says more".to_owned(),
        Code::InvalidRequest
        | Code::InvalidName
        | Code::UnacceptableKey
        | Code::ProofOfPossession
        | Code::PolicyRefused
        | Code::TargetRefused
        | Code::Unauthenticated
        | Code::PermissionDenied
        | Code::NotFound
        | Code::NameTaken
        | Code::KeyTaken
        | Code::RequestIdReused
        | Code::Ambiguous
        | Code::FailedPrecondition
        | Code::ResourceExhausted
        | Code::Unavailable => error.to_string(),
    };
    let metadata: HashMap<String, String> = error
        .hint()
        .map(|hint| ("hint".to_owned(), hint))
        .into_iter()
        .collect();
    let details = ErrorDetails::with_error_info(code.as_str(), DOMAIN, metadata);
    tonic::Status::with_error_details(grpc_code(code), message, details)
}

fn grpc_code(code: Code) -> tonic::Code {
    match code {
        Code::InvalidRequest
        | Code::InvalidName
        | Code::UnacceptableKey
        | Code::ProofOfPossession => tonic::Code::InvalidArgument,
        Code::PolicyRefused | Code::TargetRefused | Code::Ambiguous | Code::FailedPrecondition => {
            tonic::Code::FailedPrecondition
        }
        Code::Unauthenticated => tonic::Code::Unauthenticated,
        Code::PermissionDenied => tonic::Code::PermissionDenied,
        Code::NotFound => tonic::Code::NotFound,
        Code::NameTaken | Code::KeyTaken | Code::RequestIdReused => tonic::Code::AlreadyExists,
        Code::ResourceExhausted => tonic::Code::ResourceExhausted,
        Code::Unavailable => tonic::Code::Unavailable,
        Code::Internal => tonic::Code::Internal,
    }
}

/// An error that came over the wire.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    code: Code,
    message: String,
    hint: Option<String>,
}

impl From<tonic::Status> for ApiError {
    fn from(status: tonic::Status) -> Self {
        let info = status
            .get_details_error_info()
            .filter(|info| info.domain == DOMAIN);
        let code = info.as_ref().and_then(|info| Code::from_word(&info.reason));
        Self {
            code: code.unwrap_or_else(|| code_of(status.code())),
            message: status.message().to_owned(),
            hint: info.and_then(|mut info| info.metadata.remove("hint")),
        }
    }
}

impl Hinted for ApiError {
    fn code(&self) -> Code {
        self.code
    }

    fn hint(&self) -> Option<String> {
        self.hint.clone()
    }
}

/// The nearest code of a status that carries none of ours.
fn code_of(code: tonic::Code) -> Code {
    match code {
        tonic::Code::InvalidArgument | tonic::Code::OutOfRange => Code::InvalidRequest,
        tonic::Code::NotFound => Code::NotFound,
        tonic::Code::PermissionDenied => Code::PermissionDenied,
        tonic::Code::Unauthenticated => Code::Unauthenticated,
        tonic::Code::ResourceExhausted => Code::ResourceExhausted,
        tonic::Code::FailedPrecondition | tonic::Code::AlreadyExists => Code::FailedPrecondition,
        tonic::Code::Unavailable
        | tonic::Code::DeadlineExceeded
        | tonic::Code::Cancelled
        | tonic::Code::Aborted
        | tonic::Code::Unknown => Code::Unavailable,
        tonic::Code::Ok
        | tonic::Code::Unimplemented
        | tonic::Code::Internal
        | tonic::Code::DataLoss => Code::Internal,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("disk of {0} is on fire")]
    struct Failure(&'static str, Code);

    impl Hinted for Failure {
        fn code(&self) -> Code {
            self.1
        }

        fn hint(&self) -> Option<String> {
            Some("call someone".to_owned())
        }
    }

    #[test]
    fn every_code_and_hint_comes_back_from_the_wire() {
        for code in Code::ALL {
            let error = ApiError::from(status_from(&Failure("berlin", code)));
            assert_eq!(
                (error.code(), error.hint()),
                (code, Some("call someone".to_owned()))
            );
        }
    }

    #[test]
    fn the_text_of_an_internal_error_stays_on_the_server() {
        let error = ApiError::from(status_from(&Failure("berlin", Code::Internal)));
        assert!(!error.to_string().contains("berlin"));
    }
}
