//! Why a router did not do what it was asked.

use std::time::Duration;

use ca_types::{Code, Hinted};

use crate::{Call, Door};

/// Why a router did not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RouterError {
    /// Nobody answers there.
    #[error("{address} is not reached: {what}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system says.
        what: String,
    },
    /// The key of the router is not the pinned one; no login was sent.
    #[error("{address} has the key {found}, and another one is pinned")]
    WrongPin {
        /// Host and port.
        address: String,
        /// The SHA-256 of the public key that it showed, `sha256:` and hexadecimal digits.
        found: String,
    },
    /// The TLS handshake found nothing that both sides speak: no certificate is bound, or only old suites are offered.
    #[error("{address} speaks no TLS that this program speaks: {what}")]
    NoCommonTls {
        /// Host and port.
        address: String,
        /// The alert.
        what: String,
    },
    /// The TLS handshake failed otherwise.
    #[error("TLS with {address} failed: {what}")]
    Tls {
        /// Host and port.
        address: String,
        /// What failed.
        what: String,
    },
    /// Both sides speak no common SSH, or it failed otherwise.
    #[error("SSH with {address} failed: {what}")]
    Ssh {
        /// Host and port.
        address: String,
        /// What failed.
        what: String,
    },
    /// The user name or the password is wrong, or the user may not log in through this door.
    #[error("{address} refuses the login of {user}")]
    Login {
        /// Host and port.
        address: String,
        /// The user.
        user: String,
    },
    /// The user lacks a policy for this call.
    #[error("`{call}`: not enough permissions (9)")]
    Permission {
        /// The call, secrets left out.
        call: String,
        /// What the router says; nothing where a file is refused without words.
        what: String,
    },
    /// The menu or the command does not exist in this release, or its package is missing.
    #[error("`{call}`: {what}")]
    UnknownCommand {
        /// The call, secrets left out.
        call: String,
        /// What the router says.
        what: String,
    },
    /// The command of this release has no such argument.
    #[error("`{call}`: {what}")]
    UnknownArgument {
        /// The call, secrets left out.
        call: String,
        /// What the router says.
        what: String,
    },
    /// The device mode forbids it, or the router is flagged.
    #[error("`{call}`: {what}")]
    DeviceMode {
        /// The call, secrets left out.
        call: String,
        /// What the router says.
        what: String,
    },
    /// The storage of the router has no room for it.
    #[error("{name} has {size} octets, and the storage of the router has {free} free")]
    StorageFull {
        /// What was to be uploaded.
        name: String,
        /// Its size.
        size: usize,
        /// The octets that are free.
        free: u64,
    },
    /// A value has a NUL in it, which no text of the router has; nothing was sent.
    #[error("`{call}`: the value of `{field}` has a NUL in it")]
    Nul {
        /// The menu and the command.
        call: String,
        /// The argument or the condition.
        field: String,
    },
    /// There is no such item.
    #[error("`{call}`: no such item")]
    NoSuchItem {
        /// The call, secrets left out.
        call: String,
        /// What the router says; nothing where it lists no such row.
        what: String,
    },
    /// Refused for another reason.
    #[error("`{call}`: {what}")]
    Refused {
        /// The call, secrets left out.
        call: String,
        /// What the router says.
        what: String,
    },
    /// The connection ended before the answer: the call may have been done.
    #[error("the connection ended before `{call}` was answered")]
    Closed {
        /// The call, secrets left out.
        call: String,
    },
    /// No answer within the deadline; the call may have been done.
    #[error("no answer to `{call}` within {seconds} s")]
    Timeout {
        /// The call, secrets left out.
        call: String,
        /// The deadline.
        seconds: u64,
    },
    /// The answer cannot be read.
    #[error("the answer to `{call}` cannot be read: {what}")]
    Answer {
        /// The call, secrets left out.
        call: String,
        /// What is wrong with it.
        what: String,
    },
    /// A secret would have gone over a door that is not encrypted; nothing was sent.
    #[error("`{call}` holds a secret, and {door} is not encrypted")]
    SecretInTheClear {
        /// The call, secrets left out.
        call: String,
        /// The door.
        door: Door,
    },
    /// What is uploaded is larger than this way takes; nothing was sent.
    #[error("{name} has {size} octets, and {door} takes {most} at the most")]
    TooLarge {
        /// What was to be uploaded.
        name: String,
        /// Its size.
        size: usize,
        /// The door.
        door: Door,
        /// The limit.
        most: usize,
    },
}

impl RouterError {
    /// Tells whether the router, or its key, said no; else it could not be asked.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::WrongPin { .. }
            | Self::Login { .. }
            | Self::Permission { .. }
            | Self::UnknownCommand { .. }
            | Self::UnknownArgument { .. }
            | Self::DeviceMode { .. }
            | Self::StorageFull { .. }
            | Self::Nul { .. }
            | Self::NoSuchItem { .. }
            | Self::Refused { .. }
            | Self::SecretInTheClear { .. }
            | Self::TooLarge { .. } => true,
            Self::Unreachable { .. }
            | Self::NoCommonTls { .. }
            | Self::Tls { .. }
            | Self::Ssh { .. }
            | Self::Closed { .. }
            | Self::Timeout { .. }
            | Self::Answer { .. } => false,
        }
    }

    /// Returns the words of the router, when it refused the call with some.
    pub fn said(&self) -> Option<&str> {
        match self {
            Self::Permission { what, .. }
            | Self::UnknownCommand { what, .. }
            | Self::UnknownArgument { what, .. }
            | Self::DeviceMode { what, .. }
            | Self::NoSuchItem { what, .. }
            | Self::Refused { what, .. } => Some(what)
                .filter(|what| !what.is_empty())
                .map(String::as_str),
            Self::Unreachable { .. }
            | Self::WrongPin { .. }
            | Self::NoCommonTls { .. }
            | Self::Tls { .. }
            | Self::Ssh { .. }
            | Self::Login { .. }
            | Self::StorageFull { .. }
            | Self::Nul { .. }
            | Self::Closed { .. }
            | Self::Timeout { .. }
            | Self::Answer { .. }
            | Self::SecretInTheClear { .. }
            | Self::TooLarge { .. } => None,
        }
    }

    /// Tells whether the call may have been done although no answer came.
    pub fn is_unsure(&self) -> bool {
        matches!(self, Self::Closed { .. } | Self::Timeout { .. })
    }

    /// Says what the text of a refusal means; all doors use the same texts.
    pub(crate) fn from_text(call: &Call<'_>, text: &str) -> Self {
        let (call, what) = (call.to_string(), text.trim().to_owned());
        let says = |words: &str| what.contains(words);
        if says("not enough permissions") {
            Self::Permission { call, what }
        } else if says("no such command") || says("bad command name") {
            Self::UnknownCommand { call, what }
        } else if says("unknown parameter") || says("expected end of command") {
            Self::UnknownArgument { call, what }
        } else if says("device-mode") || says("configuration flagged") {
            Self::DeviceMode { call, what }
        } else if says("no such item") {
            Self::NoSuchItem { call, what }
        } else {
            Self::Refused { call, what }
        }
    }

    /// There is no such row, and the router has no words for it.
    pub(crate) fn no_such_item(call: &Call<'_>) -> Self {
        Self::NoSuchItem {
            call: call.to_string(),
            what: String::new(),
        }
    }

    /// A file is refused without a word.
    pub(crate) fn forbidden(call: &Call<'_>) -> Self {
        Self::Permission {
            call: call.to_string(),
            what: String::new(),
        }
    }

    pub(crate) fn closed(call: &Call<'_>) -> Self {
        Self::Closed {
            call: call.to_string(),
        }
    }

    pub(crate) fn timeout(call: &Call<'_>, deadline: Duration) -> Self {
        Self::Timeout {
            call: call.to_string(),
            seconds: deadline.as_secs(),
        }
    }

    pub(crate) fn answer(call: &Call<'_>, what: impl Into<String>) -> Self {
        Self::Answer {
            call: call.to_string(),
            what: what.into(),
        }
    }
}

impl Hinted for RouterError {
    fn code(&self) -> Code {
        match self {
            Self::Unreachable { .. } | Self::Closed { .. } | Self::Timeout { .. } => {
                Code::Unavailable
            }
            Self::WrongPin { .. } | Self::Login { .. } => Code::Unauthenticated,
            Self::NoCommonTls { .. }
            | Self::Tls { .. }
            | Self::Ssh { .. }
            | Self::SecretInTheClear { .. } => Code::FailedPrecondition,
            Self::Permission { .. } => Code::PermissionDenied,
            Self::UnknownCommand { .. }
            | Self::UnknownArgument { .. }
            | Self::NoSuchItem { .. } => Code::NotFound,
            Self::Nul { .. } => Code::InvalidRequest,
            Self::Refused { .. } | Self::DeviceMode { .. } | Self::Answer { .. } => {
                Code::FailedPrecondition
            }
            Self::TooLarge { .. } | Self::StorageFull { .. } => Code::ResourceExhausted,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreachable { .. } => {
                "look at the address, the firewall, `/ip service print` and its address lists on the router"
            }
            Self::WrongPin { .. } => {
                "if its certificate was changed by hand, compare the key on its console and repeat \
                 `ca-client router add`; else somebody answers in its place"
            }
            Self::NoCommonTls { .. } => {
                "without a certificate bound to the service: paste `ca-client router bootstrap --print NAME` into its \
                 console; with one, this release offers only old suites: use ssh (never plain)"
            }
            Self::Tls { .. } => "`openssl s_client -connect ADDRESS` shows what it offers",
            Self::Ssh { .. } => "`ssh -v ADDRESS` shows what it offers",
            Self::Login { .. } => {
                "look at user and password file in the fleet file, and at the policies of its group: api for the \
                 binary API, rest-api for REST, ssh for SSH; a user with a public key has no password there"
            }
            Self::Permission { .. } => {
                "the group of the user lacks a policy: `ca-client router bootstrap --print NAME` shows which are needed"
            }
            Self::UnknownCommand { .. } => {
                "the release is too old for it, or a package is missing: `/system package print` on the router"
            }
            Self::UnknownArgument { .. } => {
                "the release does not have it: Tab after the command on its console shows what it takes"
            }
            Self::DeviceMode { .. } => {
                "`/system device-mode print` on the router; `/system device-mode update` asks for its button or a power cut"
            }
            Self::StorageFull { .. } => {
                "`/file print` on the router shows what can go: old backups, packages, logs"
            }
            Self::Nul { .. } => "no text of RouterOS has one",
            Self::NoSuchItem { .. } => "somebody changed the router meanwhile: repeat the command",
            Self::Refused { .. } | Self::Answer { .. } => "`/log print` on the router may say more",
            Self::Closed { .. } | Self::Timeout { .. } => {
                "repeat the command: it looks at what was done and goes on"
            }
            Self::SecretInTheClear { .. } => {
                "use `rest`, `api-ssl` or `ssh`: keys go over encrypted doors only"
            }
            Self::TooLarge { .. } => "a shorter chain or a smaller key fits; ssh takes any size",
        };
        Some(hint.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;

    #[test]
    fn texts_of_routers_are_told_apart() {
        let call = Call::new("/x", Command::Add);
        let word = |text: &str| {
            let error = RouterError::from_text(&call, text);
            assert_eq!(error.said(), Some(text));
            let shown = format!("{error:?}");
            let end = shown.find(' ').unwrap_or(shown.len());
            shown.get(..end).map(str::to_owned).unwrap_or_default()
        };
        for (text, expect) in [
            ("not enough permissions (9)", "Permission"),
            ("no such command prefix", "UnknownCommand"),
            ("bad command name frob (line 1 column 2)", "UnknownCommand"),
            ("unknown parameter nme", "UnknownArgument"),
            (
                "expected end of command (line 1 column 9)",
                "UnknownArgument",
            ),
            ("failure: not allowed by device-mode", "DeviceMode"),
            ("failure: configuration flagged, check all", "DeviceMode"),
            ("no such item (4)", "NoSuchItem"),
            ("failure: already have pool with such name", "Refused"),
        ] {
            assert_eq!(word(text), expect, "{text}");
        }
    }
}
