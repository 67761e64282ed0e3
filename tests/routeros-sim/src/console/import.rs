//! `/certificate/import`.

use super::{World, listed};
use crate::import::{self, Imported, Outcome, Skills};
use crate::model::Model;
use crate::row::{Reply, Request, Row};
use crate::state::{Certificate, Octets};
use crate::trap::Trap;
use crate::x509::{self, CertificateFacts, Peculiarity};

/// What an import counted.
#[derive(Debug, Default)]
struct Counters {
    certificates: u32,
    keys: u32,
    files: u32,
    failures: u32,
    orphans: u32,
    decrypted: u32,
}

/// What an import was told about the certificates in the file.
struct Wishes {
    stem: String,
    numbered_from_zero: bool,
    trusted: bool,
    trust_store: String,
    no_key_export: bool,
}

impl World {
    pub(super) fn import(&mut self, request: &Request) -> Result<Reply, Trap> {
        let named = request
            .argument("file-name")
            .ok_or_else(|| Trap::missing("file-name"))?;
        let file = self.file_named("file-name", named)?;
        let (file_name, octets) = (file.name.clone(), file.contents.0.clone());
        let trusted = request
            .argument("trusted")
            .map_or(Ok(true), |value| Self::flag("trusted", value))?;
        let short = file_name.rsplit('/').next().unwrap_or(&file_name);
        let wishes = Wishes {
            stem: request.argument("name").unwrap_or(short).to_owned(),
            numbered_from_zero: request.argument("name").is_none(),
            trusted,
            trust_store: Self::trust_scopes(request)?,
            no_key_export: request
                .argument("no-key-export")
                .is_some_and(|value| matches!(value, "yes" | "true")),
        };
        let mut counters = Counters::default();
        let passphrase = request.argument("passphrase").unwrap_or_default();
        match import::read(&octets, passphrase, self.import_skills()) {
            Ok(outcome) if outcome.is_open_store && self.model.ignores_open_stores() => {}
            Ok(mut outcome) => {
                self.drop_unknown_kinds(&mut outcome);
                if self.halves {
                    // The power or the link ends in the middle; the file stays.
                    outcome.objects.truncate(outcome.objects.len().div_ceil(2));
                    self.take_in(outcome, &wishes, &mut counters)?;
                    return Ok(Reply::default());
                }
                counters.files = 1;
                counters.failures = outcome.decryption_failures;
                counters.decrypted = outcome.keys_decrypted;
                if counters.failures > 0
                    && self.assumptions.wrong_passphrase_is_an_error(self.model)
                {
                    return Err(Trap::failure("decryption failed"));
                }
                self.take_in(outcome, &wishes, &mut counters)?;
            }
            Err(reason) => eprintln!("routeros-sim: import of {file_name}: {reason}"),
        }
        if self.model.import_deletes_file() && counters.files > 0 {
            self.delete_file(&file_name);
        }
        self.sync_crls();
        Ok(listed(vec![self.counted(&counters)]))
    }

    /// What this router can open.
    pub(super) fn import_skills(&self) -> Skills {
        Skills {
            newer_prf: self.assumptions.is("import-key-prf", "any"),
            rc2: self.assumptions.is("import-rc2", "accepted"),
        }
    }

    /// Leaves out what the router may not know: elliptic curves, name constraints, extensions.
    fn drop_unknown_kinds(&self, outcome: &mut Outcome) {
        let is_refused = |one: &Peculiarity| {
            let question = match one {
                Peculiarity::NameConstraints => "import-name-constraints",
                Peculiarity::UnknownCritical => "import-critical-extensions",
            };
            self.assumptions.is(question, "refused")
        };
        outcome.objects.retain(|object| match object {
            Imported::Certificate(facts) => !facts.peculiarities.iter().any(is_refused),
            Imported::Key { .. } => true,
        });
        if self.model == Model::V6_49 && self.assumptions.is("v6-curves", "refused") {
            outcome.objects.retain(|object| match object {
                Imported::Certificate(facts) => facts.key_type == "rsa",
                Imported::Key { spki, .. } => x509::is_rsa(spki),
            });
        }
    }

    fn take_in(
        &mut self,
        outcome: Outcome,
        wishes: &Wishes,
        counters: &mut Counters,
    ) -> Result<(), Trap> {
        let attaches_late =
            outcome.is_open_store || self.assumptions.is("import-key-attach", "second");
        let mut place = 0;
        let mut keys = Vec::new();
        for object in outcome.objects {
            match object {
                Imported::Certificate(facts) => {
                    counters.certificates +=
                        u32::from(self.take_certificate(&facts, place, wishes)?);
                    place += 1;
                }
                Imported::Key { pkcs8, spki } => keys.push((pkcs8, spki)),
            }
        }
        for (pkcs8, spki) in keys {
            let seen = Octets(x509::fingerprint(&spki).into_bytes());
            if attaches_late && !self.state.keys_seen.contains(&seen) {
                self.state.keys_seen.push(seen);
            } else {
                self.take_key(pkcs8, &spki, wishes, counters);
            }
        }
        Ok(())
    }

    /// True when the store changed.
    fn take_certificate(
        &mut self,
        facts: &CertificateFacts,
        place: u32,
        wishes: &Wishes,
    ) -> Result<bool, Trap> {
        let wants_issuer = self.model.in_place_wants_issuer();
        let wants_subject = self.assumptions.is("import-in-place", "key-and-subject");
        for own in &mut self.state.certificates {
            let Some(old) = own
                .der
                .as_ref()
                .and_then(|der| CertificateFacts::parse(&der.0).ok())
            else {
                continue;
            };
            if old.fingerprint == facts.fingerprint {
                return Ok(false);
            }
            if old.spki_der == facts.spki_der
                && (!wants_subject || old.subject_der == facts.subject_der)
                && (!wants_issuer || old.issuer_der == facts.issuer_der)
            {
                own.der = Some(Octets(facts.der.clone()));
                return Ok(true);
            }
        }
        let wanted = match (wishes.numbered_from_zero, place) {
            (false, 0) => wishes.stem.clone(),
            _ => format!("{}_{place}", wishes.stem),
        };
        let name = if wishes.numbered_from_zero {
            (place..)
                .map(|number| format!("{}_{number}", wishes.stem))
                .find(|name| self.state.certificates.iter().all(|own| own.name != *name))
                .unwrap_or(wanted)
        } else {
            let free = self.free_certificate_name(&wanted);
            if free != wanted && self.assumptions.is("import-name-taken", "refused") {
                return Err(Trap::taken("certificate"));
            }
            free
        };
        self.state.push_certificate(Certificate {
            name,
            der: Some(Octets(facts.der.clone())),
            trusted: wishes.trusted,
            trust_store: wishes.trust_store.clone(),
            no_key_export: wishes.no_key_export,
            ..Certificate::default()
        });
        Ok(true)
    }

    fn take_key(&mut self, pkcs8: Vec<u8>, spki: &[u8], wishes: &Wishes, counters: &mut Counters) {
        let mut matched = false;
        for own in &mut self.state.certificates {
            let fits = own
                .der
                .as_ref()
                .and_then(|der| CertificateFacts::parse(&der.0).ok())
                .is_some_and(|facts| facts.spki_der == spki);
            if !fits {
                continue;
            }
            if own.key.is_none() {
                own.key = Some(Octets(pkcs8.clone()));
                own.no_key_export |= wishes.no_key_export;
                if !matched {
                    counters.keys += 1;
                }
            }
            matched = true;
        }
        if !matched {
            counters.orphans += 1;
        }
    }

    fn counted(&self, counters: &Counters) -> Row {
        let mut row: Row = [
            ("certificates-imported", counters.certificates),
            ("private-keys-imported", counters.keys),
            ("files-imported", counters.files),
            ("decryption-failures", counters.failures),
            ("keys-with-no-certificate", counters.orphans),
        ]
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count.to_string()))
        .collect();
        if self.assumptions.counts_decrypted_keys(self.model) {
            row.insert("keys-decrypted".to_owned(), counters.decrypted.to_string());
        }
        row
    }
}
