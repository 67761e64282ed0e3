//! What no public source settles about RouterOS, as switches with a default.

use std::collections::BTreeMap;

use crate::model::Model;

/// A question that only a device could answer.
#[derive(Debug)]
pub struct Assumption {
    /// The name on the command line.
    pub key: &'static str,
    /// The answers that can be chosen, the usual one first.
    pub values: &'static [&'static str],
    /// Why it is open, and what speaks for the usual answer.
    pub reason: &'static str,
}

/// The answers chosen for one run.
#[derive(Debug, Clone, Default)]
pub struct Assumptions(BTreeMap<&'static str, &'static str>);

impl Assumptions {
    /// All questions.
    pub fn list() -> &'static [Assumption] {
        ASSUMPTIONS
    }

    /// Chooses an answer given as `KEY=VALUE`.
    pub fn choose(&mut self, text: &str) -> Result<(), String> {
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| format!("assumption {text}: wanted KEY=VALUE"))?;
        let one = ASSUMPTIONS
            .iter()
            .find(|one| one.key == key)
            .ok_or_else(|| format!("assumption {key}: not known, see --list-assumptions"))?;
        let value = one
            .values
            .iter()
            .find(|known| **known == value)
            .ok_or_else(|| {
                format!(
                    "assumption {key}: wanted one of {}, got {value}",
                    one.values.join(", ")
                )
            })?;
        self.0.insert(one.key, value);
        Ok(())
    }

    pub(crate) fn is(&self, key: &str, value: &str) -> bool {
        let usual = ASSUMPTIONS
            .iter()
            .find(|one| one.key == key)
            .and_then(|one| one.values.first());
        self.0.get(key).or(usual) == Some(&value)
    }

    /// Files have ids like `**token`, seen on 7.24; releases up to 7.12 were seen with `*HEX`.
    pub(crate) fn opaque_file_ids(&self, model: Model) -> bool {
        model.since(24) || model.since(16) && self.is("file-ids", "opaque")
    }

    /// `keys-decrypted` is among the counters of an import.
    pub(crate) fn counts_decrypted_keys(&self, model: Model) -> bool {
        model.since(24) || model.has_rest() && self.is("import-keys-decrypted", "present")
    }

    /// Serial numbers print in lower case and key identifiers in upper case, and not the reverse.
    pub(crate) fn newer_hex(&self, model: Model) -> bool {
        model.since(20) || model.since(12) && self.is("certificate-hex", "new")
    }

    pub(crate) fn wrong_passphrase_is_an_error(&self, model: Model) -> bool {
        match self.0.get("import-wrong-passphrase") {
            Some(&answer) => answer == "error",
            None => model.since(18),
        }
    }
}

const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        key: "file-ids",
        values: &["hex", "opaque"],
        reason: "7.24 was seen with ids like **token in /file, older releases with *HEX; which \
                 release changed them is not known. It speaks of 7.16 and 7.20.",
    },
    Assumption {
        key: "import-keys-decrypted",
        values: &["absent", "present"],
        reason: "the manual of 7.24 lists the counter keys-decrypted, transcripts of older \
                 releases have none. It speaks of 7.9 to 7.20.",
    },
    Assumption {
        key: "certificate-hex",
        values: &["old", "new"],
        reason: "a row of the 7.8 era had serial-number in upper and skid in lower case, one of \
                 7.23 the reverse. It speaks of 7.12 and 7.16; 6.49 and 7.9 are old.",
    },
    Assumption {
        key: "v6-tls",
        values: &["ecdhe", "dhe-rsa"],
        reason: "one recorded session of 2018 negotiated DHE-RSA with version 6; whether 6.49 \
                 offers ECDHE is not known. dhe-rsa: OpenSSL serves DHE with an RSA certificate, \
                 and nothing else.",
    },
    Assumption {
        key: "sstp-crypto-binding",
        values: &["checked", "ignored"],
        reason: "[MS-SSTP] has the server check the crypto binding of CALL_CONNECTED; whether \
                 RouterOS does is not documented.",
    },
    Assumption {
        key: "import-key-attach",
        values: &["first", "second"],
        reason: "containers without a passphrase were seen to attach their key only when imported \
                 twice. second: the first import of a key counts no key and sets no K flag.",
    },
    Assumption {
        key: "crl-on-add",
        values: &["immediate", "manual"],
        reason: "whether a CRL is fetched right after its row was added is not documented.",
    },
    Assumption {
        key: "import-wrong-passphrase",
        values: &["counter", "error"],
        reason: "old releases count a decryption failure, since about 7.17 the command fails as \
                 well. Unless chosen: counter before 7.18, error from then on. The text is not known.",
    },
    Assumption {
        key: "removed-bound-certificate",
        values: &["none", "id"],
        reason: "what a service shows whose certificate was removed: `none`, or the dead id.",
    },
    Assumption {
        key: "v6-booleans",
        values: &["yes-no", "true-false"],
        reason: "examples of the version 6 era print yes and no over the API; no recorded session \
                 of 6.49 was found.",
    },
    Assumption {
        key: "v6-import-name",
        values: &["absent", "present"],
        reason: "whether /certificate/import of 6.49 takes name= is not known.",
    },
    Assumption {
        key: "build-times",
        values: &["guessed", "absent"],
        reason: "build-time of /system/resource: only its form is known (the old one up to 7.10), and \
                 the days on which some releases came out; the times are made up. absent: the field is \
                 left out.",
    },
    Assumption {
        key: "full-storage-text",
        values: &["not-enough-space", "no-space-left"],
        reason: "what /file says when the storage is full was not seen anywhere; that it refuses is \
                 inferred. SFTP has no more than the status `failure` for it.",
    },
    Assumption {
        key: "device-mode-text",
        values: &["not-allowed", "feature-disabled"],
        reason: "the manual says that a device mode refuses, not in which words; of a flagged router \
                 it has `configuration flagged`.",
    },
    Assumption {
        key: "backup-texts",
        values: &["long", "short"],
        reason: "what /system/backup/load says of a wrong password and of a file that is no backup is \
                 not documented.",
    },
    Assumption {
        key: "api-export",
        values: &["empty", "text"],
        reason: "/export without file= prints at the console; whether it says anything over REST and the \
                 binary API is not documented. text: it comes as ret.",
    },
    Assumption {
        key: "issued-revoke-text",
        values: &["not-issued", "no-issuer"],
        reason: "the manual says that issued-revoke is for certificates that this router issued, not \
                 what it says of others.",
    },
    Assumption {
        key: "signed-request-name",
        values: &["file", "common-name"],
        reason: "how the row is called that sign-certificate-request makes is not documented; import \
                 takes the name of the file.",
    },
    Assumption {
        key: "unsynced-writes",
        values: &["lost", "kept"],
        reason: "the manual says that writes reach the flash up to 40 seconds late; that a power cut \
                 before loses them, and that this holds for the configuration as for files, is \
                 inferred.",
    },
    Assumption {
        key: "clock-at-boot",
        values: &["1970", "kept"],
        reason: "boards without a battery forget the time; that they begin with the second of \
                 January 1970, and not with the last time they knew, is from memory.",
    },
];
