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
        self.value(key) == value
    }

    /// The answer that is chosen, or the usual one.
    pub(crate) fn value(&self, key: &str) -> &'static str {
        let usual = ASSUMPTIONS
            .iter()
            .find(|one| one.key == key)
            .and_then(|one| one.values.first());
        self.0.get(key).or(usual).copied().unwrap_or_default()
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
        key: "v7-tls13",
        values: &["absent", "offered"],
        reason: "tls-version= takes any and only-1.2; nothing says that a service offers TLS 1.3 before late \
                 releases of version 7. offered: www-ssl and api-ssl of 7.20 and 7.24 do with tls-version=any.",
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
        key: "import-key-prf",
        values: &["any", "hmac-sha1"],
        reason: "keys encrypted with PBES2, PBKDF2 with HMAC-SHA-1 and AES-CBC were seen to import on 7.13; \
                 whether HMAC-SHA-256, which OpenSSL 3 writes, is read is not known. hmac-sha1: it counts \
                 as a passphrase that does not fit.",
    },
    Assumption {
        key: "import-rc2",
        values: &["refused", "accepted"],
        reason: "the manual says that PKCS#12 may be encrypted with AES and 3DES; of 40-bit RC2, which \
                 older programs write, it says nothing.",
    },
    Assumption {
        key: "import-in-place",
        values: &["key-and-subject", "key"],
        reason: "a renewal that keeps its key was seen to stay in its row; whether the subject has to be \
                 the same too is not documented.",
    },
    Assumption {
        key: "import-name-taken",
        values: &["numbered", "refused"],
        reason: "what import does with a name= that another certificate has is not documented.",
    },
    Assumption {
        key: "import-rest-reply",
        values: &["array", "object"],
        reason: "the counters of an import are one !re of the binary API; that REST has them as an array of \
                 one object is inferred.",
    },
    Assumption {
        key: "v6-curves",
        values: &["accepted", "refused"],
        reason: "whether 6.49 imports certificates and keys on elliptic curves is not known; it makes none.",
    },
    Assumption {
        key: "import-name-constraints",
        values: &["taken", "refused"],
        reason: "whether a CA with name constraints is imported is not documented. refused: it counts as no \
                 certificate. Our CAs have none.",
    },
    Assumption {
        key: "import-critical-extensions",
        values: &["taken", "refused"],
        reason: "whether a certificate with a critical extension that no standard for the web has is imported \
                 is not documented. refused: it counts as no certificate. Our CAs issue none.",
    },
    Assumption {
        key: "imported-authority",
        values: &["absent", "with-key"],
        reason: "imported CAs without a key were seen without the flag A, CAs of the router with it; that it \
                 stands for a CA whose key is on the router is inferred, and a CA that was imported with its key \
                 was not seen. with-key: it has the flag.",
    },
    Assumption {
        key: "export-pkcs12",
        values: &["aes", "3des"],
        reason: "the manual of 7.24 says that PKCS#12 is exported with AES; that older releases took 3DES is \
                 from memory. It speaks of 6.49 to 7.20.",
    },
    Assumption {
        key: "request-file-names",
        values: &["certificate-request", "template"],
        reason: "how the two files are called that create-certificate-request writes is from memory.",
    },
    Assumption {
        key: "crl-path",
        values: &["number", "name"],
        reason: "a CA of the router publishes its CRL over http at /crl/; how the file is called there is \
                 from memory.",
    },
    Assumption {
        key: "crl-https",
        values: &["ignored", "listed"],
        reason: "CRLs are fetched over http, ldap and ftp are unsupported, and https is not mentioned. \
                 listed: the row is there and its download fails.",
    },
    Assumption {
        key: "crl-short-memory",
        values: &["list", "reserve"],
        reason: "since 7.16.2 a CRL is not downloaded when memory is short; how short is not known. list: \
                 the list is larger than what is free; reserve: less than 8 MiB would be left.",
    },
    Assumption {
        key: "strong-crypto-kex",
        values: &["curves", "group-exchange"],
        reason: "with strong-crypto=yes a system of 2022 offered diffie-hellman-group-exchange-sha256 only, \
                 one of 2026 curves too; which release brought them is not known. It speaks of version 7.",
    },
    Assumption {
        key: "crl-flag",
        values: &["in-use", "held"],
        reason: "with crl-use=yes the lists count; that a certificate of the store which one of them names gets \
                 the flag R then, and not before, is inferred. held: by every list that the router holds.",
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
        key: "edit-without-terminal",
        values: &["refused", "nothing"],
        reason: "edit opens the editor of the console. What it answers where there is no terminal, over REST, \
                 the binary API and SSH without one, is not documented. nothing: it is done, and changes nothing.",
    },
    Assumption {
        key: "reset-required",
        values: &["refused", "kept"],
        reason: "reset gives fields their default. What it does with one that has none and that a row cannot be \
                 without, such as its name, is not documented. kept: the command is done, the field stays.",
    },
    Assumption {
        key: "sign-progress",
        values: &["absent", "row"],
        reason: "the manual of 7.24 lists the output field progress for sign and create-certificate-request; \
                 no recorded session over REST or the binary API shows it. row: one row with progress=done.",
    },
    Assumption {
        key: "enrolment-status",
        values: &["requesting", "failed"],
        reason: "the manual lists status for a certificate asked for by SCEP and acme-status for one by ACME, \
                 not their words. No server is asked here: it is what the row shows for good.",
    },
    Assumption {
        key: "renew-of-others",
        values: &["refused", "ignored"],
        reason: "what scep-renew and acme-renew say of a certificate that did not come that way is not \
                 documented.",
    },
    Assumption {
        key: "online-commands",
        values: &["status", "error"],
        reason: "enable-ssl-certificate, the backups in the cloud and the renewal of a licence need the \
                 Internet and have an output field, progress or status. Whether they say there that they could \
                 not connect, or fail, and in which words, is not documented.",
    },
    Assumption {
        key: "smart-card-text",
        values: &["no-card", "not-supported"],
        reason: "card-verify, card-reinstall and on-smart-card= are for boards with a smart card; what others \
                 say is not documented.",
    },
    Assumption {
        key: "link-status",
        values: &["dialing", "terminated"],
        reason: "monitor of a link has the field status, a text; which words it has while the link is down is \
                 from memory.",
    },
    Assumption {
        key: "file-lines",
        values: &["ret", "row"],
        reason: "head and tail of /file came with 7.23; whether REST and the binary API give the lines as ret \
                 or as the data of a row, as read does, is not documented.",
    },
    Assumption {
        key: "host-key-file-names",
        values: &["pem", "bare"],
        reason: "export-host-key of /ip/ssh writes a file that begins with key-file-prefix=; that the kind of \
                 the key follows, and whether .pem does, is from memory.",
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
