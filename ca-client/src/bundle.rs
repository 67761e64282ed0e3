//! Onboarding files: what a device takes to dial into a VPN, one file per system.

mod android;
mod apple;
mod error;
mod install;
mod linux;
mod openvpn;
mod quote;
mod routeros;
mod target;
#[cfg(test)]
mod tests;
mod vpn;
mod windows;

use ca_types::{GeneralName, Passphrase};
use ca_verify::Certificate;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::files::Mode;
use crate::keys::PrivateKey;
use crate::p12::{P12Error, pkcs12};
use crate::signed_data::Signer;

pub(crate) use error::BundleError;
pub(crate) use target::{Store, Target};
pub use vpn::{Host, Network, Protocol, RevocationCheck, Transport, Vpn, VpnError, VpnName};

/// What is brought to a device: a person's certificate and key, and what they dial into.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// What they dial into.
    pub(crate) vpn: Vpn,
    /// The device.
    pub(crate) target: Target,
    /// Where Windows keeps the certificate.
    pub(crate) store: Store,
    /// The certificate.
    pub(crate) certificate: Certificate,
    /// The CAs above it: the issuing one first, the root last.
    pub(crate) chain: Vec<Certificate>,
    /// Its key.
    pub(crate) key: PrivateKey,
    /// What the key is sealed with: no file has it.
    pub(crate) passphrase: Passphrase,
    /// The CAs that issue for gateways of this VPN.
    pub(crate) gateway_cas: Vec<Certificate>,
    /// Who signs profiles; only Apple's are signed.
    pub(crate) signer: Option<Signer>,
}

/// A file for the device, or about it.
pub(crate) struct Part {
    /// Its path below the directory.
    pub(crate) path: String,
    /// What is in it.
    pub(crate) octets: Zeroizing<Vec<u8>>,
    /// Who may read it.
    pub(crate) mode: Mode,
    /// What it is for, to a person.
    pub(crate) purpose: &'static str,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Part").field(&self.path).finish()
    }
}

impl Part {
    /// A file that only its owner may read: it has the sealed key in it, or goes with it.
    fn private(path: impl Into<String>, octets: impl Into<Vec<u8>>, purpose: &'static str) -> Self {
        Self {
            path: path.into(),
            octets: Zeroizing::new(octets.into()),
            mode: Mode::Private,
            purpose,
        }
    }

    /// A file without secrets.
    fn public(path: impl Into<String>, octets: impl Into<Vec<u8>>, purpose: &'static str) -> Self {
        Self {
            mode: Mode::Public,
            ..Self::private(path, octets, purpose)
        }
    }
}

impl Bundle {
    /// Makes the files.
    pub(crate) fn parts(&self) -> Result<Vec<Part>, BundleError> {
        let mut parts = match self.target {
            Target::Windows => windows::parts(self)?,
            Target::Ios | Target::Macos => apple::parts(self)?,
            Target::Android => android::parts(self)?,
            Target::Linux => linux::parts(self)?,
            Target::Openvpn => openvpn::parts(self)?,
            Target::Routeros => routeros::parts(self)?,
        };
        parts.push(Part::public(
            ROOT_FILE,
            self.root().to_pem(),
            "root certificate",
        ));
        parts.push(Part::public(
            INSTALL_FILE,
            install::text(self),
            "what to do, step by step",
        ));
        Ok(parts)
    }

    /// Returns the paths of the files that [`Bundle::parts`] makes for the holder of this NAME, when so many CAs
    /// issue for gateways.
    pub(crate) fn paths(target: Target, vpn: &Vpn, name: &str, gateway_cas: usize) -> Vec<String> {
        let mut paths = match target {
            Target::Windows => vec![format!("{name}.ps1"), format!("{name}.p12")],
            Target::Ios | Target::Macos => vec![format!("{name}.mobileconfig")],
            Target::Android => vec![format!("{name}.sswan")],
            Target::Linux => linux::paths(vpn, gateway_cas),
            Target::Openvpn => vec![format!("{name}.ovpn")],
            Target::Routeros => vec![format!("{name}.rsc"), format!("{name}.p12")],
        };
        paths.extend([ROOT_FILE, INSTALL_FILE].map(str::to_owned));
        paths
    }

    /// Returns the NAME: what the files are called.
    fn name(&self) -> &str {
        self.certificate.subject().common_name().unwrap_or_default()
    }

    /// Returns who the client says it is: the first name of its certificate.
    fn client_id(&self) -> Result<&GeneralName, BundleError> {
        self.certificate.sans().first().ok_or(BundleError::NoName)
    }

    fn root(&self) -> &Certificate {
        self.chain.last().unwrap_or(&self.certificate)
    }

    /// Returns the CAs between the certificate and the root.
    fn intermediates(&self) -> &[Certificate] {
        self.chain
            .split_last()
            .map_or(&[], |(_root, intermediates)| intermediates)
    }

    /// Packs certificate, key and chain.
    fn p12(&self) -> Result<Vec<u8>, P12Error> {
        let certificates: Vec<Vec<u8>> = std::iter::once(&self.certificate)
            .chain(&self.chain)
            .map(|certificate| certificate.der().to_vec())
            .collect();
        pkcs12(
            self.name(),
            &self.key,
            &certificates,
            &self.passphrase,
            self.target.seal(),
        )
    }

    /// Draws the UUID of a part of this bundle: always the same for the same person, VPN and CA, so that a device
    /// replaces the former part. The octets are a hash, as RFC 9562 §5.8 leaves to us.
    fn uuid(&self, part: &str) -> String {
        let mut hash = Sha256::new();
        hash.update(self.root().fingerprint().octets());
        for text in [self.vpn.name.as_str(), self.name(), part] {
            hash.update([0]);
            hash.update(text);
        }
        let mut octets = [0; 16];
        octets.copy_from_slice(hash.finalize().get(..16).unwrap_or(&[0; 16]));
        let number = u128::from_be_bytes(octets);
        let number = number & !(0xf << 76) & !(0x3 << 62) | (0x8 << 76) | (0x2 << 62);
        let digits = format!("{number:032x}");
        let groups = [0..8, 8..12, 12..16, 16..20, 20..32];
        let groups = groups.map(|range| digits.get(range).unwrap_or_default());
        groups.join("-")
    }
}

const ROOT_FILE: &str = "root.crt";
const INSTALL_FILE: &str = "INSTALL.txt";

/// The one suite of IKEv2 that all clients get: RouterOS, strongSwan and Windows speak it.
///
/// AES-256-CBC, SHA-256 and the group modp2048. Tunnels are rekeyed without a further exchange of keys, which is
/// what RouterOS and strongSwan expect of callers.
mod suite {
    pub(super) const IKE: &str = "aes256-sha256-modp2048";
    pub(super) const ESP: &str = "aes256-sha256";
}
