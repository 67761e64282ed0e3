//! The crypto binding: proof that who speaks PPP is who shook hands ([MS-SSTP] §3.2.5.2).

use aws_lc_rs::{digest, hmac};

use super::packet::{Control, Packet};

/// What the router asks for when it answers a call.
#[derive(Debug)]
pub(crate) struct Binding {
    nonce: [u8; 32],
    /// In DER; nothing when the handshake was anonymous.
    certificate: Option<Vec<u8>>,
}

impl Binding {
    pub(crate) fn new(nonce: [u8; 32], certificate: Option<Vec<u8>>) -> Self {
        Self { nonce, certificate }
    }

    /// The attribute of the answer: both hash protocols, and the nonce.
    pub(crate) fn request(&self) -> Vec<u8> {
        let mut value = vec![0, 0, 0, SHA1 | SHA256];
        value.extend(self.nonce);
        value
    }

    /// True when the attribute of `CALL_CONNECTED` is what the peer of this handshake writes.
    ///
    /// With PAP no key comes out of the authentication: it stands as 32 zeros.
    pub(crate) fn holds(&self, connected: &Control) -> bool {
        let Some(value) = connected.attribute(ATTRIBUTE) else {
            return false;
        };
        let (Some(&protocol), Some(nonce), Some(hash), Some(mac)) = (
            value.get(3),
            value.get(4..36),
            value.get(36..68),
            value.get(68..100),
        ) else {
            return false;
        };
        let (digest, algorithm) = match protocol {
            SHA1 => (
                &digest::SHA1_FOR_LEGACY_USE_ONLY,
                hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            ),
            SHA256 => (&digest::SHA256, hmac::HMAC_SHA256),
            _ => return false,
        };
        let length = digest.output_len();
        let own = self.certificate.as_ref();
        let shown = own.is_none_or(|der| hash[..length] == *digest::digest(digest, der).as_ref());
        let mut blank = value[..68].to_vec();
        blank.extend([0; 32]);
        let message = Packet::Control(Control::new(connected.kind).with(ATTRIBUTE, blank));
        let key = hmac::Key::new(algorithm, &compound_key(algorithm, length));
        let signed = hmac::verify(&key, &message.octets(), &mac[..length]).is_ok();
        nonce == self.nonce && shown && signed
    }
}

/// The key of the compound MAC, from a higher layer that has none.
fn compound_key(algorithm: hmac::Algorithm, length: usize) -> Vec<u8> {
    let mut seed = b"SSTP inner method derived CMK".to_vec();
    seed.extend(u16::try_from(length).unwrap_or_default().to_le_bytes());
    seed.push(1);
    let key = hmac::Key::new(algorithm, &[0; 32]);
    hmac::sign(&key, &seed).as_ref().to_vec()
}

const ATTRIBUTE: u8 = 3;
const SHA1: u8 = 1;
const SHA256: u8 = 2;
