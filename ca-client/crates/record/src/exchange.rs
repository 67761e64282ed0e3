//! The closed list of what is asked: reads, and requests that every router refuses.

/// One question to a router, which changes nothing there.
#[derive(Debug)]
pub struct Exchange {
    /// What it is called in a record; never changed.
    pub id: &'static str,
    /// The menu.
    pub menu: &'static str,
    /// The command.
    pub command: &'static str,
    /// The item, which no router has.
    pub item: Option<&'static str>,
    /// The arguments; [`ABSENT`] stands for a name that was drawn.
    pub arguments: &'static [(&'static str, &'static str)],
    /// The assumptions of the simulator that the answer may settle.
    pub assumptions: &'static [&'static str],
    /// When it is asked.
    pub condition: Condition,
    /// Whether its words are those of a command tree.
    pub words: Words,
    /// What the answer is wanted for.
    pub why: &'static str,
}

/// When a question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    Always,
    /// Not over SSH, where the answer is the same on every router.
    NotOverSsh,
    /// When the device mode forbids the feature: else the router would do it.
    ModeForbids(&'static str),
}

/// Whether the words of a question are those of a command tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Words {
    /// They are in the tree of every release that is asked.
    Known,
    /// One of them is in no tree: how it is refused is the question.
    Unknown,
}

/// Stands in [`EXCHANGES`] for the name of a file that no router has.
pub(crate) const ABSENT: &str = "<absent>";
/// An item that no router has: the ids of its rows begin at the other end.
const NO_ITEM: &str = "*FFFFFFE";
/// A word that no command tree has.
const NO_WORD: &str = "fleet-ca-nothing";

const fn read(
    id: &'static str,
    menu: &'static str,
    assumptions: &'static [&'static str],
    why: &'static str,
) -> Exchange {
    Exchange {
        id,
        menu,
        command: "print",
        item: None,
        arguments: &[],
        assumptions,
        condition: Condition::Always,
        words: Words::Known,
        why,
    }
}

const fn refused(
    id: &'static str,
    menu: &'static str,
    command: &'static str,
    why: &'static str,
) -> Exchange {
    Exchange {
        command,
        ..read(id, menu, &[], why)
    }
}

/// Everything that is asked, in this order.
///
/// Reads have no argument but `print`. What else is sent is refused by every router, or would change nothing if it were
/// not: a `set` without a value, a `get`, the import of a file that is not there.
pub const EXCHANGES: &[Exchange] = &[
    read(
        "resource",
        "/system/resource",
        &["build-times"],
        "the release, and how a build time is written",
    ),
    read(
        "clock",
        "/system/clock",
        &["v6-booleans"],
        "how dates are written",
    ),
    read(
        "device-mode",
        "/system/device-mode",
        &[],
        "what it may not do",
    ),
    read(
        "certificates",
        "/certificate",
        &["certificate-hex", "v6-booleans"],
        "how serial numbers and key identifiers are written",
    ),
    read(
        "certificate-settings",
        "/certificate/settings",
        &["v6-booleans"],
        "which settings there are",
    ),
    read(
        "crls",
        "/certificate/crl",
        &["v6-booleans"],
        "which fields there are",
    ),
    read(
        "services",
        "/ip/service",
        &["removed-bound-certificate", "v6-booleans"],
        "what a service shows of its certificate",
    ),
    read(
        "ipsec-peers",
        "/ip/ipsec/peer",
        &["v6-booleans"],
        "which fields there are",
    ),
    read(
        "ipsec-identities",
        "/ip/ipsec/identity",
        &["removed-bound-certificate", "v6-booleans"],
        "which fields there are",
    ),
    read(
        "ipsec-profiles",
        "/ip/ipsec/profile",
        &["v6-booleans"],
        "which fields there are",
    ),
    read(
        "ipsec-proposals",
        "/ip/ipsec/proposal",
        &["v6-booleans"],
        "which fields there are",
    ),
    read(
        "sstp-server",
        "/interface/sstp-server/server",
        &["removed-bound-certificate", "v6-booleans"],
        "which settings there are",
    ),
    read(
        "ssh-settings",
        "/ip/ssh",
        &["v6-booleans"],
        "which settings there are",
    ),
    read("files", "/file", &["file-ids"], "how ids of files look"),
    read(
        "groups",
        "/user/group",
        &[],
        "which policies there are, and which fields",
    ),
    Exchange {
        words: Words::Unknown,
        ..refused(
            "unknown-menu",
            "/ip/fleet-ca-nothing",
            "print",
            "how it is refused",
        )
    },
    Exchange {
        words: Words::Unknown,
        ..refused(
            "unknown-command",
            "/ip/service",
            NO_WORD,
            "how it is refused",
        )
    },
    Exchange {
        arguments: &[(NO_WORD, "x")],
        words: Words::Unknown,
        ..refused(
            "unknown-argument",
            "/ip/service",
            "print",
            "how it is refused",
        )
    },
    Exchange {
        item: Some(NO_ITEM),
        arguments: &[("value-name", "name")],
        ..refused("get-no-item", "/ip/service", "get", "how it is refused")
    },
    Exchange {
        item: Some(NO_ITEM),
        ..refused("set-no-item", "/ip/service", "set", "how it is refused")
    },
    Exchange {
        item: Some(NO_ITEM),
        arguments: &[("disabled", "perhaps")],
        ..refused(
            "set-no-truth",
            "/ip/service",
            "set",
            "how it is refused, and what first",
        )
    },
    Exchange {
        item: Some(NO_ITEM),
        arguments: &[("port", "perhaps")],
        ..refused(
            "set-no-number",
            "/ip/service",
            "set",
            "how it is refused, and what first",
        )
    },
    Exchange {
        arguments: &[("file-name", ABSENT), ("passphrase", "")],
        ..refused(
            "import-no-file",
            "/certificate",
            "import",
            "what it says of a file that is not there",
        )
    },
    Exchange {
        arguments: &[("file-name", ABSENT), ("passphrase", ""), ("name", ABSENT)],
        assumptions: &["v6-import-name"],
        ..refused(
            "import-named",
            "/certificate",
            "import",
            "whether it takes a name",
        )
    },
    Exchange {
        assumptions: &["api-export"],
        condition: Condition::NotOverSsh,
        ..refused(
            "export",
            "/ip/service",
            "export",
            "whether it says anything",
        )
    },
    Exchange {
        arguments: &[("url", "http://127.0.0.1:9/"), ("output", "none")],
        assumptions: &["device-mode-text"],
        condition: Condition::ModeForbids("fetch"),
        ..refused("forbidden-fetch", "/tool", "fetch", "how it is refused")
    },
];

/// The assumptions that no question here settles, and what it would take: each changes a router, or more.
pub const NOT_ASKED: &[(&str, &str)] = &[
    ("import-keys-decrypted", "a key has to be imported"),
    (
        "v6-tls",
        "a router without ECDHE is not reached by this program",
    ),
    (
        "v7-tls13",
        "a service that offers it is not spoken to in it",
    ),
    ("sstp-crypto-binding", "an SSTP call with a wrong binding"),
    ("import-key-attach", "a key has to be imported twice"),
    ("import-key-prf", "a key has to be imported"),
    ("import-rc2", "a PKCS#12 file has to be imported"),
    ("import-in-place", "a certificate has to be imported twice"),
    (
        "import-name-taken",
        "a certificate has to be imported twice",
    ),
    ("import-rest-reply", "a certificate has to be imported"),
    ("v6-curves", "a certificate has to be imported"),
    ("imported-authority", "a CA has to be imported with its key"),
    ("export-pkcs12", "a key has to be exported"),
    ("request-file-names", "a request has to be made"),
    ("crl-path", "a CA has to be made"),
    ("crl-https", "a CRL has to be added"),
    ("crl-short-memory", "the memory has to be short"),
    ("strong-crypto-kex", "a setting of SSH has to be changed"),
    ("crl-flag", "a CRL has to be added"),
    ("crl-on-add", "a CRL has to be added"),
    (
        "import-wrong-passphrase",
        "a key has to be uploaded and imported",
    ),
    ("full-storage-text", "the storage has to be filled"),
    (
        "backup-texts",
        "a backup that loads after all would restart it",
    ),
    ("issued-revoke-text", "a certificate could be revoked by it"),
    ("signed-request-name", "a certificate has to be signed"),
    ("unsynced-writes", "the power has to fail"),
    ("clock-at-boot", "the power has to fail"),
    (
        "import-name-constraints",
        "a certificate has to be imported",
    ),
    (
        "import-critical-extensions",
        "a certificate has to be imported",
    ),
    (
        "edit-without-terminal",
        "a text could be changed by it after all",
    ),
    ("reset-required", "a field could be reset after all"),
    ("sign-progress", "a certificate has to be signed"),
    ("enrolment-status", "a certificate has to be asked for"),
    ("renew-of-others", "a certificate could be renewed by it"),
    ("online-commands", "a service of the vendor would be asked"),
    ("smart-card-text", "a card that is there would be changed"),
    ("link-status", "a link has to be down"),
    ("file-lines", "a file of the owner would be read"),
    ("host-key-file-names", "a key has to be exported"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_is_asked_changes_nothing() {
        let ids: BTreeSet<&str> = EXCHANGES.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), EXCHANGES.len());
        for one in EXCHANGES {
            let harmless = match one.command {
                "print" => one.item.is_none(),
                "get" | "set" => one.item == Some(NO_ITEM),
                "import" => one.arguments.contains(&("file-name", ABSENT)),
                "export" => one.arguments.is_empty(),
                "fetch" => one.condition == Condition::ModeForbids("fetch"),
                other => other == NO_WORD,
            };
            assert!(harmless, "{one:?}");
        }
    }
}
