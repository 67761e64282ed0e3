//! An error on its way out of the program: code, message, hint, exit code.

use std::process::ExitCode;

use ca_types::{Code, Hinted};

/// What a command ended with when it did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stable code.
    pub code: Code,
    /// What was wanted and what came.
    pub message: String,
    /// What the reader can do next.
    pub hint: Option<String>,
}

impl<E: Hinted> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Many messages end with their cause already.
            if !message.ends_with(&text) {
                message = format!("{message}: {text}");
            }
            cause = error.source();
        }
        Self {
            code: error.code(),
            message,
            hint: error.hint(),
        }
    }
}

impl Failure {
    /// Returns 1 for what was refused, 2 for what could not be done.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(match self.code {
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
            | Code::Ambiguous => 1,
            Code::FailedPrecondition
            | Code::ResourceExhausted
            | Code::Unavailable
            | Code::Internal => 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    impl Hinted for Outer {
        fn code(&self) -> Code {
            Code::Internal
        }
    }

    #[test]
    fn the_causes_stand_behind_the_message() {
        let failure = Failure::from(Outer(std::io::Error::other("inner")));
        assert_eq!(failure.message, "outer: inner");
    }
}
