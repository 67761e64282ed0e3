//! The message by which the holder of a certificate asks for its successor without an actor.

use ca_types::{Code, Hinted, RequestId, SerialNumber, UnixTime};

use crate::{PublicKey, SignatureError};

/// What the holder of a certificate signs with its key to renew or rekey it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HolderRequest {
    /// What is asked.
    pub method: HolderMethod,
    /// The id of the request.
    pub request_id: RequestId,
    /// When it was made.
    pub time: UnixTime,
    /// The certificate that gets a successor.
    pub serial: SerialNumber,
    /// The SHA-256 of the DER of the certification request.
    pub certification_request: [u8; 32],
}

/// What a holder may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderMethod {
    /// A successor with the same key.
    Renew,
    /// A successor with a new key.
    Rekey,
}

impl HolderRequest {
    /// Makes the message for a certification request in DER.
    pub fn new(
        _method: HolderMethod,
        _request_id: RequestId,
        _time: UnixTime,
        _serial: SerialNumber,
        _certification_request_der: &[u8],
    ) -> Self {
        todo!()
    }

    /// Returns the octets to sign.
    pub fn octets(&self) -> Vec<u8> {
        todo!()
    }

    /// Verifies the signature by the key of the certificate, with [`SignatureAlgorithm::for_key`].
    ///
    /// # Errors
    /// Fails when the message is more than a day old or ahead, or the signature does not hold.
    ///
    /// [`SignatureAlgorithm::for_key`]: crate::SignatureAlgorithm::for_key
    pub fn verify(
        &self,
        _signature: &[u8],
        _key: &PublicKey,
        _now: UnixTime,
    ) -> Result<(), HolderError> {
        todo!()
    }
}

/// Why a holder's message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HolderError {
    /// Too old, or ahead of our time.
    #[error("holder proof was made at {time}, now is {now}: wanted at most a day between them")]
    Time {
        /// When it was made.
        time: UnixTime,
        /// The time of the check.
        now: UnixTime,
    },
    /// The signature does not hold.
    #[error("holder proof is not signed by the key of the certificate")]
    Signature(#[source] SignatureError),
}

impl Hinted for HolderError {
    fn code(&self) -> Code {
        Code::Unauthenticated
    }
}
