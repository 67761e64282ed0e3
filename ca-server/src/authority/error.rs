//! Why a use case refuses, or cannot.

use super::ClocksDiffer;
use crate::atomic::AtomicWriteError;
use crate::authz::Denied;
use crate::clock_guard::ClockDistrust;
use crate::credential::CredentialError;
use crate::keystore::KeyStoreError;
use ca_core::{IssuanceError, OrganizationError, PolicyError};
use ca_store::StoreError;
use ca_types::{
    CertificateState, Code, Days, Hinted, IssuerClass, IssuerId, ProfileName, Role, SerialError,
    SerialNumber, UnixTime,
};
use ca_verify::target::{ChainError, TargetError};
use ca_verify::{CeremonyError, CertificateError, HolderError, NoteError};

use crate::settings::SettingsError;

/// Why a use case refuses, or cannot.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The authorizer or the scope denies.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The policy refuses.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The certificate or CRL could not be made.
    #[error(transparent)]
    Issuance(#[from] IssuanceError),
    /// A credential of the server itself could not be made.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The store refuses or cannot.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The holder's signature is not accepted.
    #[error(transparent)]
    Holder(#[from] HolderError),
    /// It would not work on a target that was asked for.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A chain of our own does not parse.
    #[error("a chain of this CA does not parse")]
    Chain(#[from] ChainError),
    /// A certificate of our own does not parse.
    #[error("a certificate of the log does not parse")]
    Certificate(#[from] CertificateError),
    /// A certificate of our own has a serial number that we never use.
    #[error("a certificate of the log has an impossible serial number")]
    Serial(#[from] SerialError),
    /// A certificate that cannot be taken in.
    #[error(
        "no router, vpn-server or vpn-client CA of this server signed this certificate under such a profile"
    )]
    NotIssuedHere,
    /// A certificate that a CRL revoked before a backup was put back.
    #[error("certificate {0} was revoked before the backup was put back: it stays so")]
    RevokedBefore(SerialNumber),
    /// A holder's certificate that may have been issued under several profiles, or under none of today.
    #[error(
        "which profile the certificate was issued under cannot be told: it fits {} of its CA",
        fitting.len()
    )]
    ProfileUnclear {
        /// Those that it fits.
        fitting: Vec<ProfileName>,
    },
    /// No profile has the name.
    #[error("there is no profile `{profile}`")]
    UnknownProfile {
        /// The name that came.
        profile: ProfileName,
        /// The profiles for devices and people.
        known: Vec<ProfileName>,
    },
    /// The settings file is not read, or wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The settings file changes what takes effect at a start only.
    #[error("changed in the settings, and not reloadable: {}", .0.join(", "))]
    NeedsRestart(Vec<&'static str>),
    /// A profile names a CA that cannot issue under it.
    #[error(
        "profile {profile} is issued by a {wanted} CA with its key on this server, `{issuer}` is a {class} CA"
    )]
    IssuerOfProfile {
        /// The profile.
        profile: ProfileName,
        /// The CA that it names.
        issuer: IssuerId,
        /// The class that it needs.
        wanted: IssuerClass,
        /// The class of the CA.
        class: IssuerClass,
    },
    /// No certificate has the serial number.
    #[error("no certificate has serial number {0}")]
    UnknownSerial(String),
    /// No valid certificate has the NAME.
    #[error("no valid certificate has the name `{0}`")]
    UnknownName(String),
    /// A CA like this waits for the root already.
    #[error("`{subject}` is requested already, and not installed yet")]
    AskedBefore {
        /// Its common name.
        subject: String,
        /// Its id.
        id: IssuerId,
    },
    /// No CA has the id.
    #[error("there is no issuer `{0}`")]
    UnknownIssuer(IssuerId),
    /// No actor has the name.
    #[error("there is no actor `{0}`")]
    UnknownActor(String),
    /// The key is the one of a CA of this server.
    #[error("the public key is the key of the CA `{0}`")]
    KeyOfACa(IssuerId),
    /// A NAME has several valid certificates where one was meant.
    #[error("name `{name}` has several valid certificates: {}", found.join(", "))]
    Ambiguous {
        /// The NAME.
        name: String,
        /// Their serial numbers and profiles.
        found: Vec<String>,
    },
    /// The certificate cannot have a successor.
    #[error("certificate {serial} is {state}")]
    NotValid {
        /// The certificate.
        serial: SerialNumber,
        /// What it is.
        state: CertificateState,
    },
    /// It expired longer ago than its profile lets it be renewed.
    #[error(
        "certificate {serial} expired at {not_after}: wanted at most {limit} ago for profile {profile}"
    )]
    TooLate {
        /// The certificate.
        serial: SerialNumber,
        /// Its last second.
        not_after: UnixTime,
        /// Its profile.
        profile: ProfileName,
        /// For how long after its end it can be renewed.
        limit: Days,
    },
    /// A renewal must keep the key.
    #[error("the request to renew has another key than the certificate")]
    RenewWithNewKey,
    /// A rekey must change the key.
    #[error("the request to rekey has the key of the certificate")]
    RekeyWithOldKey,
    /// An actor is known by its key.
    #[error("`{0}` is an actor: a new key would be a new actor")]
    RekeyOfActor(String),
    /// The certificates of the API itself are not revoked like those of devices.
    #[error("`{name}` of profile {profile} is a credential of the API itself")]
    OfTheApi {
        /// The NAME.
        name: String,
        /// The profile.
        profile: ProfileName,
    },
    /// A holder asks for a longer life than the certificate has.
    #[error("the holder asks for {asked}, the certificate was issued for {limit}")]
    HolderLifetime {
        /// What was asked for.
        asked: Days,
        /// What the certificate has.
        limit: Days,
    },
    /// A role whose work has no bounds.
    #[error("role {0} has no scope")]
    ScopeOfRole(Role),
    /// A request or answer of a ceremony that is not sound.
    #[error(transparent)]
    Ceremony(#[from] CeremonyError),
    /// An answer of a ceremony that does not fit.
    #[error("the answer of the ceremony is refused: {0}")]
    Answer(String),
    /// The name of a new CA.
    #[error("name of the CA: {0}")]
    IssuerName(#[from] OrganizationError),
    /// The key of a new CA.
    #[error(transparent)]
    Key(#[from] KeyStoreError),
    /// The CRL of a root cannot be kept.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
    /// Roots come from a ceremony.
    #[error("a root is not made by the server")]
    RootAtRunTime,
    /// No request was made for a CA with the id.
    #[error("no CA `{0}` was ever requested")]
    UnknownRequest(IssuerId),
    /// The CA is not below the root.
    #[error("`{issuer}` was not signed by `{root}`")]
    NotOfRoot {
        /// The CA.
        issuer: IssuerId,
        /// The root.
        root: IssuerId,
    },
    /// Every generation of the year is used.
    #[error("all 255 {0} CAs of this year are used")]
    NoGeneration(IssuerClass),
    /// Nobody could call any more.
    #[error("`{0}` is the only control CA that issues")]
    LastControl(IssuerId),
    /// The listener does not take its certificates yet.
    #[error(
        "`{0}` came after the start of the server, whose listener does not take its certificates yet"
    )]
    NotAnchored(IssuerId),
    /// No CA of the class issues.
    #[error("no {0} CA issues at the moment")]
    NoIssuer(IssuerClass),
    /// The log never had a tree of these sizes.
    #[error("the log has no leaf or size {asked} within its first {size} leaves")]
    NoSuchTree {
        /// The leaf or the older size.
        asked: u64,
        /// The size of the tree.
        size: u64,
    },
    /// A checkpoint that is not one of this log.
    #[error(transparent)]
    Checkpoint(#[from] NoteError),
    /// Both checkpoints are of this log.
    #[error("the log has both checkpoints: there is no fork")]
    NoFork,
    /// Another fork was claimed a moment ago.
    #[error("another fork was claimed within the last minute")]
    ManyForks,
    /// The clock is not to be believed.
    #[error(transparent)]
    Clock(#[from] ClockDistrust),
    /// The clocks of caller and server are too far apart.
    #[error(transparent)]
    ClocksDiffer(#[from] ClocksDiffer),
    /// The work stopped before its end, since the server stops.
    #[error("the server stopped before the request was done")]
    Interrupted,
}

impl Hinted for AuthorityError {
    fn code(&self) -> Code {
        match self {
            Self::Denied(error) => error.code(),
            Self::Policy(error) => error.code(),
            Self::Issuance(error) => error.code(),
            Self::Credential(error) => error.code(),
            Self::Store(error) => error.code(),
            Self::Holder(error) => error.code(),
            Self::Settings(error) => error.code(),
            Self::NeedsRestart(_) | Self::IssuerOfProfile { .. } => Code::FailedPrecondition,
            Self::UnknownProfile { .. } => Code::InvalidRequest,
            Self::Target(error) => error.code(),
            Self::Certificate(_) | Self::Chain(_) | Self::Serial(_) => Code::Internal,
            Self::UnknownSerial(_)
            | Self::UnknownName(_)
            | Self::UnknownIssuer(_)
            | Self::UnknownActor(_) => Code::NotFound,
            Self::KeyOfACa(_) => Code::UnacceptableKey,
            Self::Ambiguous { .. } => Code::Ambiguous,
            Self::NotValid { .. }
            | Self::TooLate { .. }
            | Self::AskedBefore { .. }
            | Self::NoIssuer(_)
            | Self::RekeyOfActor(_)
            | Self::OfTheApi { .. } => Code::FailedPrecondition,
            Self::RenewWithNewKey | Self::RekeyWithOldKey | Self::ScopeOfRole(_) => {
                Code::InvalidRequest
            }
            Self::Ceremony(error) => error.code(),
            Self::IssuerName(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Answer(_) | Self::RootAtRunTime | Self::NotOfRoot { .. } => Code::InvalidRequest,
            Self::UnknownRequest(_) => Code::NotFound,
            Self::NoGeneration(_) | Self::LastControl(_) | Self::NotAnchored(_) => {
                Code::FailedPrecondition
            }
            Self::HolderLifetime { .. }
            | Self::NotIssuedHere
            | Self::ProfileUnclear { .. }
            | Self::RevokedBefore(_) => Code::PolicyRefused,
            Self::NoSuchTree { .. } => Code::NotFound,
            Self::Clock(error) => error.code(),
            Self::ClocksDiffer(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::NoFork => Code::FailedPrecondition,
            Self::ManyForks => Code::ResourceExhausted,
            Self::Interrupted => Code::Unavailable,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Denied(error) => error.hint(),
            Self::Policy(error) => error.hint(),
            Self::Issuance(error) => error.hint(),
            Self::Credential(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Holder(error) => error.hint(),
            Self::Target(error) => error.hint(),
            Self::Settings(error) => error.hint(),
            Self::Ceremony(error) => error.hint(),
            Self::Key(error) => error.hint(),
            Self::Write(error) => error.hint(),
            Self::Clock(error) => error.hint(),
            Self::ClocksDiffer(error) => error.hint(),
            Self::UnknownProfile { known, .. } => {
                let known: Vec<_> = known.iter().map(ProfileName::as_str).collect();
                Some(format!("the profiles are {}", known.join(", ")))
            }
            Self::AskedBefore { id, .. } => Some(format!(
                "`issuer request {id} --out FILE` writes it for the root; `issuer retire {id}` withdraws it"
            )),
            other => other.fixed_hint().map(str::to_owned),
        }
    }
}

impl AuthorityError {
    /// Returns the hints that depend on nothing but the kind of error.
    fn fixed_hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NeedsRestart(_) => {
                "restart the server for these; a reload takes `domains` and `profiles`, and nothing of a file with others"
            }
            Self::UnknownSerial(_) => "`list` shows what there is",
            Self::UnknownName(_) => {
                "`list` shows what there is; an expired one is revoked by its serial number"
            }
            Self::IssuerOfProfile { .. } | Self::UnknownIssuer(_) | Self::UnknownRequest(_) => {
                "`issuer list` shows what there is"
            }
            Self::UnknownActor(_) => "`actor list` shows what there is",
            Self::Ambiguous { .. } => "name a profile with --profile, or take --all",
            Self::NotIssuedHere => {
                "only certificates of devices and people come back; actors are added anew"
            }
            Self::ProfileUnclear { .. } => {
                "give the certificate to an operator, who hands it in with --profile"
            }
            Self::RevokedBefore(_) => "issue a new certificate for a new key",
            Self::NotValid { .. } | Self::TooLate { .. } => "issue a new certificate",
            Self::IssuerName(_) => {
                "organization, name and `VPN Server CA 2026-1` have 64 characters in all"
            }
            Self::Answer(_) => {
                "nothing was changed; `issuer request ID --out FILE` writes the request once more"
            }
            Self::RootAtRunTime => {
                "`ca-server ceremony root create` makes one beside the present root"
            }
            Self::NotOfRoot { .. } => "name its root with --root",
            Self::NoGeneration(_) => "wait for the next year, or reuse one that is inactive",
            Self::LastControl(_) => "activate another control CA first",
            Self::NotAnchored(_) => {
                "restart the server, hand its certificate to all clients, then activate it"
            }
            Self::HolderLifetime { .. } => "leave out the days, or let an operator issue it",
            Self::ScopeOfRole(_) => {
                "an admin may do everything and an auditor reads everything: narrow an operator or agent"
            }
            Self::RenewWithNewKey => "to change the key, rekey",
            Self::RekeyWithOldKey => "to keep the key, renew",
            Self::OfTheApi { profile, .. } if profile.as_str() == "control" => {
                "`ca-client actor remove NAME` revokes its certificates and cuts its connections"
            }
            Self::OfTheApi { .. } => {
                "remove DIR/tls on the server and restart it: it makes a new key and certificate"
            }
            Self::RekeyOfActor(_) => {
                "renew it with the same key, or let an admin remove the actor and add it again"
            }
            Self::Interrupted => "send the same request again, with the same request id",
            Self::KeyOfACa(_) => "make a new key",
            Self::NoSuchTree { .. } => "`audit verify` shows how many leaves the log has",
            Self::Checkpoint(_) => "send two checkpoints that this server has signed",
            Self::ManyForks => {
                "the operators know already; keep the checkpoints and repeat it later"
            }
            _ => return None,
        })
    }
}
