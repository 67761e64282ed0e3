//! The message by which the holder of a certificate asks for its successor, or hands it in, without an actor.

use ca_types::{Code, Hinted, RequestId, SerialNumber, UnixTime};

use crate::public_key::sha256;
use crate::{PublicKey, SignatureAlgorithm, SignatureError};

/// What the holder of a certificate signs with its key to renew, rekey or hand it in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HolderRequest {
    /// What is asked.
    pub method: HolderMethod,
    /// The id of the request.
    pub request_id: RequestId,
    /// When it was made.
    pub time: UnixTime,
    /// The certificate that gets a successor, or is handed in.
    pub serial: SerialNumber,
    /// The SHA-256 of the DER of the certification request, or of the certificate that is handed in.
    pub content: [u8; 32],
}

/// What a holder may ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderMethod {
    /// A successor with the same key.
    Renew,
    /// A successor with a new key.
    Rekey,
    /// That the certificate is taken in, which a restored log lacks.
    Submit,
}

impl HolderRequest {
    /// Makes the message for a certification request or a certificate in DER.
    pub fn new(
        method: HolderMethod,
        request_id: RequestId,
        time: UnixTime,
        serial: SerialNumber,
        content_der: &[u8],
    ) -> Self {
        Self {
            method,
            request_id,
            time,
            serial,
            content: sha256(content_der),
        }
    }

    /// Returns the octets to sign.
    ///
    /// The 27 octets of `fleet-ca holder request v1` and a zero, one octet for the method (1 renew, 2 rekey, 3 submit), 16 of
    /// the request id, 8 of the time in seconds (big-endian), 16 of the serial number, 32 of the SHA-256 of the
    /// certification request or certificate: 100 octets that nothing else which these keys sign begins with.
    pub fn octets(&self) -> Vec<u8> {
        let method = match self.method {
            HolderMethod::Renew => 1,
            HolderMethod::Rekey => 2,
            HolderMethod::Submit => 3,
        };
        [
            CONTEXT,
            &[method],
            &self.request_id.octets(),
            &self.time.seconds().to_be_bytes(),
            &self.serial.octets(),
            &self.content,
        ]
        .concat()
    }

    /// Verifies the signature by the key of the certificate, with [`SignatureAlgorithm::for_key`].
    ///
    /// # Errors
    /// Fails when the message is more than a day old or ahead, or the signature does not hold.
    pub fn verify(
        &self,
        signature: &[u8],
        key: &PublicKey,
        now: UnixTime,
    ) -> Result<(), HolderError> {
        if now.since(self.time).max(self.time.since(now)) > MAX_AGE_SECONDS {
            return Err(HolderError::Time {
                time: self.time,
                now,
            });
        }
        key.verify(&self.octets(), signature, SignatureAlgorithm::for_key(key))
            .map_err(HolderError::Signature)
    }
}

const CONTEXT: &[u8] = b"fleet-ca holder request v1\0";
const MAX_AGE_SECONDS: u64 = 86_400;

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
