//! Why there is no bundle.

use ca_types::{Code, Hinted};

use super::{Protocol, Target};
use crate::p12::P12Error;
use crate::signed_data::SignatureError;

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BundleError {
    /// The device does not speak it.
    #[error("target `{target}` takes {}, vpn `{vpn}` is {protocol}", listed(target.protocols()))]
    Protocol {
        /// The device.
        target: Target,
        /// The name of the VPN.
        vpn: String,
        /// What it speaks.
        protocol: Protocol,
    },
    /// Windows uses certificates of the machine for IKEv2 only.
    #[error("sstp dials in as a person, never as the machine: `--store machine` is for ikev2")]
    MachineStore,
    /// Only Windows has two stores.
    #[error("`--store` is for the target `windows`, not for `{0}`")]
    NoStore(Target),
    /// A certificate that names nobody.
    #[error("the certificate has no subject alternative name: a gateway could not tell who it is")]
    NoName,
    /// A profile without a signer.
    #[error("nobody signs the profile")]
    NoSigner,
    /// No PKCS#12.
    #[error(transparent)]
    P12(#[from] P12Error),
    /// No encrypted key.
    #[error("the key is not encrypted: {0}")]
    Key(#[from] crate::keys::KeyError),
    /// No signature.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// No property list.
    #[error("the profile is not encoded: {0}")]
    PropertyList(#[from] plist::Error),
    /// No JSON.
    #[error("the profile is not encoded: {0}")]
    Json(#[from] serde_json::Error),
}

fn listed(protocols: &[Protocol]) -> String {
    let words: Vec<String> = protocols.iter().map(ToString::to_string).collect();
    words.join(" or ")
}

impl Hinted for BundleError {
    fn code(&self) -> Code {
        match self {
            Self::Protocol { .. } | Self::MachineStore | Self::NoStore(_) | Self::NoName => {
                Code::InvalidRequest
            }
            Self::NoSigner => Code::FailedPrecondition,
            Self::P12(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Signature(_) | Self::PropertyList(_) | Self::Json(_) => Code::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Protocol { protocol, .. } => Some(match protocol {
                Protocol::Ikev2 => {
                    "every target but openvpn takes ikev2; name another vpn with --vpn".to_owned()
                }
                Protocol::Sstp => "windows and routeros take sstp".to_owned(),
                Protocol::Openvpn => {
                    "openvpn (the OpenVPN program of any system) and routeros take openvpn"
                        .to_owned()
                }
            }),
            Self::MachineStore => Some("leave --store out, or say --store user".to_owned()),
            Self::NoStore(_) => Some("leave --store out".to_owned()),
            Self::NoName => Some("give a certificate that this CA issued".to_owned()),
            Self::NoSigner => Some(
                "the profile file needs `certificate` and `key`: the actor there signs".to_owned(),
            ),
            Self::P12(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Signature(_) | Self::PropertyList(_) | Self::Json(_) => None,
        }
    }
}
