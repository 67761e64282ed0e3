//! Will it work there: what the devices and programs that take a certificate want of it and of its chain.
//!
//! The lint keeps what must hold everywhere; these rules are about one kind of peer each. They are data
//! ([`TargetRule::all`]): where a rule comes from, what a person sees when it is broken, and the program that showed it.

mod chain;
mod check;
mod key;
mod link;
mod rule;
mod rules;
mod url;

use std::fmt;
use std::str::FromStr;

use ca_types::{Code, Hinted};

use crate::Severity;

pub use chain::{Chain, ChainError};
pub use link::ChainLink;
pub use rule::{Applies, Role, Seen, TargetRule};

/// A kind of device or program that a certificate is installed on, or that verifies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// RouterOS 6.49: IKEv2, OpenVPN, www-ssl and api-ssl.
    RouterOs6,
    /// RouterOS 7: IKEv2, OpenVPN, www-ssl and api-ssl.
    RouterOs7,
    /// The SSTP server and client of RouterOS.
    RouterOsSstp,
    /// The IKEv2 client of Windows.
    WindowsIkev2,
    /// The SSTP client of Windows.
    WindowsSstp,
    /// The IKEv2 client of iOS and iPadOS.
    Ios,
    /// The IKEv2 client of macOS.
    MacOs,
    /// Android: its own IKEv2 client, and the strongSwan app.
    Android,
    /// strongSwan.
    StrongSwan,
    /// OpenVPN, server and client.
    OpenVpn,
    /// EAP-TLS: `FreeRADIUS` or hostapd, and the devices that log in to them.
    FreeRadius,
}

impl Target {
    /// All targets.
    pub const ALL: [Self; 11] = [
        Self::RouterOs6,
        Self::RouterOs7,
        Self::RouterOsSstp,
        Self::WindowsIkev2,
        Self::WindowsSstp,
        Self::Ios,
        Self::MacOs,
        Self::Android,
        Self::StrongSwan,
        Self::OpenVpn,
        Self::FreeRadius,
    ];

    /// Returns the word of the command line and of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RouterOs6 => "routeros-6",
            Self::RouterOs7 => "routeros-7",
            Self::RouterOsSstp => "routeros-sstp",
            Self::WindowsIkev2 => "windows-ikev2",
            Self::WindowsSstp => "windows-sstp",
            Self::Ios => "ios",
            Self::MacOs => "macos",
            Self::Android => "android",
            Self::StrongSwan => "strongswan",
            Self::OpenVpn => "openvpn",
            Self::FreeRadius => "freeradius",
        }
    }

    /// Says in a few words what it is.
    pub fn description(self) -> &'static str {
        match self {
            Self::RouterOs6 => "RouterOS 6.49: IKEv2, OpenVPN, www-ssl, api-ssl",
            Self::RouterOs7 => "RouterOS 7: IKEv2, OpenVPN, www-ssl, api-ssl",
            Self::RouterOsSstp => "SSTP server and client of RouterOS",
            Self::WindowsIkev2 => "IKEv2 client of Windows",
            Self::WindowsSstp => "SSTP client of Windows",
            Self::Ios => "IKEv2 client of iOS and iPadOS",
            Self::MacOs => "IKEv2 client of macOS",
            Self::Android => "IKEv2 client of Android, and the strongSwan app",
            Self::StrongSwan => "strongSwan",
            Self::OpenVpn => "OpenVPN, server and client",
            Self::FreeRadius => "EAP-TLS: FreeRADIUS, hostapd, and the devices that log in to them",
        }
    }

    /// Tells whether whoever has such devices takes RSA for the CAs: RouterOS 6, SSTP on RouterOS, and iOS set up by
    /// hand need it, so that a CA with another key was chosen for a fleet without them.
    pub fn wants_rsa_cas(self) -> bool {
        matches!(self, Self::RouterOs6 | Self::RouterOsSstp | Self::Ios)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Target {
    type Err = UnknownTarget;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|target| target.as_str() == word)
            .ok_or_else(|| UnknownTarget(word.to_owned()))
    }
}

/// No target has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("target `{0}`: wanted one of {all}", all = Target::ALL.map(Target::as_str).join(", "))]
pub struct UnknownTarget(String);

/// A rule of a target that is broken.
#[derive(Debug, Clone)]
pub struct Misfit {
    /// Where it will not work, or not always.
    pub target: Target,
    /// The rule.
    pub rule: &'static TargetRule,
    /// How bad it is there.
    pub severity: Severity,
    /// What came.
    pub came: String,
}

impl Misfit {
    /// Says what was wanted and what came.
    pub fn message(&self) -> String {
        format!("wanted {}; {}", self.rule.want, self.came)
    }
}

impl fmt::Display for Misfit {
    /// Writes target, rule, what was wanted, what came, what a person will see, and the source.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target, rule, .. } = self;
        let message = self.message();
        write!(
            f,
            "{target}: {}: {message}. What is seen there: {} ({})",
            rule.id, rule.symptom, rule.source
        )
    }
}

/// Judges a chain by the rules of a target; `roles` say on which side of a connection its first certificate stands.
///
/// What is judged is how it looks, without a clock and without a network: whether signatures hold is for
/// [`crate::verify_chain`].
pub fn judge(target: Target, roles: &[Role], chain: &Chain) -> Vec<Misfit> {
    TargetRule::all()
        .filter(|rule| rule.role.is_none_or(|role| roles.contains(&role)))
        .filter_map(|rule| {
            let applies = rule
                .applies
                .iter()
                .find(|applies| applies.target == target)?;
            let came = rule.check.breach(chain)?;
            Some(Misfit {
                target,
                rule,
                severity: applies.severity,
                came,
            })
        })
        .collect()
}

/// A certificate would not work on a target that was asked for.
#[derive(Debug, Clone, thiserror::Error)]
#[error("it would not work: {}", describe(.0))]
pub struct TargetError(Vec<Misfit>);

impl TargetError {
    /// Judges a chain by the rules of all `targets`, for the roles that its first certificate is made for.
    ///
    /// # Errors
    /// Fails with all errors; notices are no reason to fail.
    pub fn unless_fit(targets: &[Target], chain: &Chain) -> Result<(), Self> {
        let roles = Role::presumed(chain.leaf());
        let misfits: Vec<Misfit> = targets
            .iter()
            .flat_map(|target| judge(*target, roles, chain))
            .filter(|misfit| misfit.severity == Severity::Error)
            .collect();
        if misfits.is_empty() {
            Ok(())
        } else {
            Err(Self(misfits))
        }
    }
}

impl Hinted for TargetError {
    fn code(&self) -> Code {
        Code::TargetRefused
    }

    fn hint(&self) -> Option<String> {
        Some(
            "ask for another key, name, lifetime or profile, or leave out the target; docs/targets.md explains each \
             rule"
                .to_owned(),
        )
    }
}

fn describe(misfits: &[Misfit]) -> String {
    misfits
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
