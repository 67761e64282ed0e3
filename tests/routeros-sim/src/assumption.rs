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

    pub(crate) fn wrong_passphrase_is_an_error(&self, model: Model) -> bool {
        match self.0.get("import-wrong-passphrase") {
            Some(&answer) => answer == "error",
            None => model == Model::V7_24,
        }
    }
}

const ASSUMPTIONS: &[Assumption] = &[
    Assumption {
        key: "v6-tls",
        values: &["ecdhe", "dhe-rsa"],
        reason: "one recorded session of 2018 negotiated DHE-RSA with version 6; whether 6.49 \
                 offers ECDHE is not known. dhe-rsa: a client that offers no DHE suite gets alert \
                 40 (one that offers some is still served with ECDHE here).",
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
                 well. Unless chosen: counter on 6.49, error on 7.24. The text is not known.",
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
];
