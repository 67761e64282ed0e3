//! The systems that a bundle is for.

use std::fmt;

use super::{BundleError, Protocol, Vpn};
use crate::p12::Seal;

/// A system that takes a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Target {
    /// Windows 10 and later: a PowerShell script with everything in it, and the .p12 file
    Windows,
    /// iPhone and iPad: a signed configuration profile
    Ios,
    /// macOS: a signed configuration profile
    Macos,
    /// The strongSwan app on Android: a .sswan profile
    Android,
    /// Linux: files for strongSwan's swanctl, and a connection for NetworkManager
    Linux,
    /// The OpenVPN program of any system: one .ovpn file
    Openvpn,
    /// RouterOS 7 as a client: a script and a .p12 file
    Routeros,
}

/// Where Windows keeps the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Store {
    /// With the machine: it dials in as itself, for everyone who uses it
    Machine,
    /// With the person who runs the script
    User,
}

impl Target {
    /// Returns what the system speaks.
    pub(crate) fn protocols(self) -> &'static [Protocol] {
        match self {
            Self::Windows => &[Protocol::Ikev2, Protocol::Sstp],
            Self::Ios | Self::Macos | Self::Android | Self::Linux => &[Protocol::Ikev2],
            Self::Openvpn => &[Protocol::Openvpn],
            Self::Routeros => &[Protocol::Ikev2, Protocol::Sstp, Protocol::Openvpn],
        }
    }

    /// Returns whose rules say whether a certificate will work there.
    pub(crate) fn rules(self, protocol: Protocol) -> ca_verify::target::Target {
        use ca_verify::target::Target as Rules;
        match (self, protocol) {
            (Self::Windows, Protocol::Sstp) => Rules::WindowsSstp,
            (Self::Windows, Protocol::Ikev2 | Protocol::Openvpn) => Rules::WindowsIkev2,
            (Self::Ios, _) => Rules::Ios,
            (Self::Macos, _) => Rules::MacOs,
            (Self::Android, _) => Rules::Android,
            (Self::Linux, _) => Rules::StrongSwan,
            (Self::Openvpn, _) => Rules::OpenVpn,
            (Self::Routeros, Protocol::Sstp) => Rules::RouterOsSstp,
            (Self::Routeros, Protocol::Ikev2 | Protocol::Openvpn) => Rules::RouterOs7,
        }
    }

    /// Returns how PKCS#12 files for the system are sealed.
    pub(crate) fn seal(self) -> Seal {
        match self {
            Self::Windows | Self::Linux | Self::Openvpn => Seal::Modern,
            Self::Ios | Self::Macos | Self::Android | Self::Routeros => Seal::Legacy,
        }
    }

    /// Tells whether profiles for the system are signed.
    pub(crate) fn is_signed(self) -> bool {
        matches!(self, Self::Ios | Self::Macos)
    }

    /// Finds the store for a VPN, and refuses what the system cannot do.
    pub(crate) fn store_for(self, vpn: &Vpn, wanted: Option<Store>) -> Result<Store, BundleError> {
        if !self.protocols().contains(&vpn.protocol) {
            return Err(BundleError::Protocol {
                target: self,
                vpn: vpn.name.to_string(),
                protocol: vpn.protocol,
            });
        }
        match (wanted, vpn.protocol) {
            (Some(_), _) if self != Self::Windows => Err(BundleError::NoStore(self)),
            (Some(Store::Machine), Protocol::Sstp) => Err(BundleError::MachineStore),
            (Some(store), _) => Ok(store),
            (None, Protocol::Ikev2) => Ok(Store::Machine),
            (None, Protocol::Sstp | Protocol::Openvpn) => Ok(Store::User),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Windows => "windows",
            Self::Ios => "ios",
            Self::Macos => "macos",
            Self::Android => "android",
            Self::Linux => "linux",
            Self::Openvpn => "openvpn",
            Self::Routeros => "routeros",
        })
    }
}
