//! What travels between a server and its offline root: a request, its answer, and the transcript in it.
//!
//! Both are armoured DER that says what it is and for whom. A request is signed by an issuing CA of the server, so
//! that the root signs nothing that was altered on the way; an answer is signed by the root.

mod answer;
mod request;
mod transcript;

use ca_types::{Code, Hinted};
use der::asn1::OctetString;

use crate::{CertificateError, CertificateListError, IssuedByError, RequestError, SignatureError};

pub use answer::{Answered, CeremonyAnswer};
pub use request::{AskedCrl, AskedIssuer, AskedRevocation, CeremonyBody, CeremonyRequest};
pub use transcript::Transcript;

/// The longest request or answer: 1 MiB, some 20 000 revoked CAs.
const MAX_OCTETS: usize = 1 << 20;

/// The only version so far.
const VERSION: u8 = 1;

/// Why a file is no sound request or answer of a ceremony.
#[derive(Debug, thiserror::Error)]
pub enum CeremonyError {
    /// Neither the armour nor the DER of one.
    #[error("{0}: not in the known form")]
    Form(&'static str),
    /// Longer than one may be.
    #[error("{what}: {octets} octets, the limit is {MAX_OCTETS}")]
    TooLong {
        /// What was read.
        what: &'static str,
        /// How many octets came.
        octets: usize,
    },
    /// A version that this build does not know.
    #[error("{what} has version {version}, this build knows version {VERSION}")]
    Version {
        /// What was read.
        what: &'static str,
        /// The version.
        version: u8,
    },
    /// A field with a value that cannot stand there.
    #[error("{what} has an impossible {field}")]
    Field {
        /// What was read.
        what: &'static str,
        /// The field.
        field: &'static str,
    },
    /// The certification request inside.
    #[error("certification request of the new CA: {0}")]
    Request(#[from] RequestError),
    /// A certificate inside.
    #[error("certificate in it: {0}")]
    Certificate(#[from] CertificateError),
    /// A CRL inside.
    #[error("CRL in it: {0}")]
    List(#[from] CertificateListError),
    /// The issuing CA that vouches for a request is not below this root.
    #[error("the CA that signed the request is not one of this root: {0}")]
    Voucher(IssuedByError),
    /// The octets are not those that were signed.
    #[error("{what} is not signed by {signer}: it was altered, or is for another root")]
    Signature {
        /// What was read.
        what: &'static str,
        /// Who should have signed.
        signer: &'static str,
        /// What the verification said.
        #[source]
        source: SignatureError,
    },
}

impl Hinted for CeremonyError {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Version { .. } => "take the same ca-server on both machines".to_owned(),
            Self::Voucher(_) => {
                "name the folder of the root that the request was made for".to_owned()
            }
            Self::Form(_)
            | Self::TooLong { .. }
            | Self::Field { .. }
            | Self::Request(_)
            | Self::Certificate(_)
            | Self::List(_)
            | Self::Signature { .. } => {
                "copy the file again from where it was made, and compare its SHA-256".to_owned()
            }
        })
    }
}

/// Takes a parsed value, or names the field.
fn field<T, E>(
    what: &'static str,
    field: &'static str,
    value: Result<T, E>,
) -> Result<T, CeremonyError> {
    value.map_err(|_source| CeremonyError::Field { what, field })
}

fn octets(what: &'static str, octets: &[u8]) -> Result<OctetString, CeremonyError> {
    OctetString::new(octets).map_err(|_error| CeremonyError::Form(what))
}

/// Returns what is signed: a context that nothing else begins with which these keys sign, then the content.
fn message(context: &[u8], content: &[u8]) -> Vec<u8> {
    [context, content].concat()
}

/// Refuses what is too long, and takes the DER out of its armour.
fn unarmoured<'a>(
    what: &'static str,
    label: &str,
    octets: &'a [u8],
) -> Result<std::borrow::Cow<'a, [u8]>, CeremonyError> {
    // Base64 with its line feeds takes less than one and a half times the space.
    if octets.len() > MAX_OCTETS.saturating_mul(3) / 2 {
        return Err(CeremonyError::TooLong {
            what,
            octets: octets.len(),
        });
    }
    crate::pem::only_object(octets, &[label]).ok_or(CeremonyError::Form(what))
}
