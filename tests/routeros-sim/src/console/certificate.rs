//! `/certificate`.

use std::collections::BTreeMap;

use super::table::print_id;
use super::{World, found, listed, not_here};
use crate::date::span;
use crate::row::{Reply, Request, Row};
use crate::signing::{self, Template};
use crate::state::{Certificate, Octets};
use crate::trap::Trap;
use crate::tree::Tree;
use crate::x509::CertificateFacts;

impl World {
    pub(super) fn certificate(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.certificate_rows())),
            "find" => Ok(found(&self.certificate_rows())),
            "add" => self.add_template(request),
            "set" => self.set_certificate(request),
            "sign" => self.sign(request),
            "import" => self.import(request),
            "remove" => self.remove_certificates(request),
            "create-certificate-request" => self.create_request(request),
            "sign-certificate-request" => self.sign_request(request),
            "issued-revoke" => self.revoke_issued(request),
            "export-certificate" => self.export_certificate(request),
            "unset" => {
                let field = request
                    .argument("value-name")
                    .ok_or_else(|| Trap::missing("value-name"))?;
                if !Tree::of(self.model).has_field("/certificate", field) || field == "name" {
                    return Err(Trap::no_match("value-name"));
                }
                self.reset_certificates(request, &[field])
            }
            "reset" => {
                let named = request.arguments.iter().map(|(name, _)| name.as_str());
                let fields: Vec<&str> = named.filter(|name| !ITEMS.contains(name)).collect();
                self.reset_certificates(request, &fields)
            }
            "add-scep" => self.add_scep(request),
            "scep-renew" => self.ask_again("status", request),
            "add-acme" => self.add_acme(request),
            "acme-renew" => self.ask_again("acme-status", request),
            "enable-ssl-certificate" => self.enable_ssl_certificate(request),
            "card-reinstall" | "card-verify" => Err(self.no_card()),
            _ => Err(not_here("/certificate", command)),
        }
    }

    /// Puts a certificate that the router made into the store.
    pub(crate) fn make_self_signed(
        &mut self,
        name: &str,
        template: &Template,
    ) -> Result<u32, String> {
        let (der, key) = signing::self_sign(template, None, self.now())?;
        Ok(self.state.push_certificate(Certificate {
            name: name.to_owned(),
            der: Some(Octets(der)),
            key: Some(Octets(key)),
            trusted: true,
            trust_store: "all".to_owned(),
            made_here: true,
            ..Certificate::default()
        }))
    }

    /// A name that no certificate has: the wanted one, or it and a number.
    pub(super) fn free_certificate_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.state.certificates.iter().any(|one| one.name == name);
        if !taken(wanted) {
            return wanted.to_owned();
        }
        (1_u32..)
            .map(|number| format!("{wanted}_{number}"))
            .find(|name| !taken(name))
            .unwrap_or_default()
    }

    /// Reads where a certificate is trusted: everywhere, or for some purposes.
    pub(super) fn trust_scopes(request: &Request) -> Result<String, Trap> {
        let list = request.argument("trust-store").unwrap_or("all");
        match list.split(',').all(|word| TRUST_STORES.contains(&word)) {
            true => Ok(list.to_owned()),
            false => Err(Trap::no_match("trust-store")),
        }
    }

    /// True when a certificate is trusted, and since 7.21 for this purpose.
    pub(crate) fn trusts(&self, certificate: &Certificate, purpose: &str) -> bool {
        let mut scopes = certificate.trust_store.split(',');
        let in_scope = scopes.any(|scope| scope == "all" || scope == purpose);
        certificate.trusted && (in_scope || !self.model.has_trust_stores())
    }

    /// Reads the value of an argument that is true or false.
    pub(super) fn flag(argument: &str, text: &str) -> Result<bool, Trap> {
        match text {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err(Trap::no_match(argument)),
        }
    }

    fn certificate_rows(&self) -> Vec<Row> {
        self.state
            .certificates
            .iter()
            .map(|one| self.certificate_row(one))
            .collect()
    }

    fn certificate_row(&self, certificate: &Certificate) -> Row {
        let mut row = Row::new();
        let mut put = |name: &str, value: String| row.insert(name.to_owned(), value);
        put(".id", print_id(certificate.id));
        put("name", certificate.name.clone());
        if self.model.has_trust_stores() {
            put("trust-store", certificate.trust_store.clone());
        } else {
            put("smart-card-key", self.truth(false));
        }
        if certificate.trusted || certificate.made_here {
            put("trusted", self.truth(certificate.trusted));
        }
        if certificate.key.is_some() || certificate.made_here {
            put("private-key", self.truth(certificate.key.is_some()));
        }
        let facts = certificate
            .der
            .as_ref()
            .and_then(|der| CertificateFacts::parse(&der.0).ok());
        let Some(facts) = facts else {
            for (name, value) in certificate.template.iter().chain(&certificate.managed) {
                put(name, value.clone());
            }
            return row;
        };
        let form = self.model.date_form();
        let now = self.now();
        let newer = self.assumptions.newer_hex(self.model);
        let hex = |text: &str, upper: bool| match upper {
            true => text.to_uppercase(),
            false => text.to_owned(),
        };
        put("akid", hex(&facts.akid, newer));
        put("skid", hex(&facts.skid, newer));
        put("common-name", facts.common_name.clone());
        put("subject-alt-name", facts.subject_alt_name.join(","));
        put("key-usage", self.usages(&facts).join(","));
        put("key-type", facts.key_type.to_owned());
        put("key-size", facts.key_size.clone());
        put("digest-algorithm", facts.digest_algorithm.clone());
        put("serial-number", hex(&facts.serial_hex, !newer));
        put("fingerprint", facts.fingerprint.clone());
        put("days-valid", facts.days_valid.to_string());
        put("invalid-before", self.local(facts.not_before).print(form));
        put("invalid-after", self.local(facts.not_after).print(form));
        put("crl", self.truth(!facts.crl_urls.is_empty()));
        if now > facts.not_after {
            put("expired", self.truth(true));
        } else {
            put("expires-after", span(facts.not_after - now));
        }
        if certificate.made_here {
            put("authority", self.truth(facts.is_ca));
            put("issued", self.truth(certificate.signer.is_some()));
            if let Some(revoked) = certificate.revoked {
                put("revoked", self.local(revoked).print(form));
            }
            if let Some(signer) = certificate.signer {
                put("ca", self.reference("/certificate", &print_id(signer)));
            }
        } else {
            if let Some(revoked) = self.listed_as_revoked(&facts) {
                put("revoked", self.local(revoked).print(form));
            }
            let has_key = certificate.key.is_some();
            if facts.is_ca && has_key && self.assumptions.is("imported-authority", "with-key") {
                put("authority", self.truth(true));
            }
            put("issuer", facts.issuer);
        }
        row
    }

    /// Version 7 has no words for the purposes that were meant for `IPsec` once.
    fn usages(&self, facts: &CertificateFacts) -> Vec<&'static str> {
        let has_it = |word: &str| !self.model.has_rest() || !word.starts_with("ipsec-");
        let words = facts.key_usage.iter().copied();
        words.filter(|word| has_it(word)).collect()
    }

    fn add_template(&mut self, request: &Request) -> Result<Reply, Trap> {
        let name = match request.argument("name") {
            Some(name)
                if self
                    .names("/certificate")
                    .iter()
                    .any(|(_, own)| own == name) =>
            {
                return Err(Trap::taken("certificate"));
            }
            Some(name) => name.to_owned(),
            None => self.free_certificate_name("cert1"),
        };
        let mut template: BTreeMap<String, String> = USUAL
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        if let Some(source) = request.argument("copy-from") {
            let place = self.certificate_place(source).ok_or_else(Trap::item)?;
            template.extend(self.state.certificates[place].template.clone());
        }
        let mut trusted = false;
        for (argument, value) in &request.arguments {
            match argument.as_str() {
                "name" | "copy-from" | "trust-store" => {}
                "trusted" => trusted = Self::flag(argument, value)?,
                "days-valid" if value.parse::<i64>().is_err() => {
                    return Err(Trap::invalid("days-valid"));
                }
                "key-size" if !self.makes_keys_of(value) => {
                    return Err(Trap::no_match("key-size"));
                }
                "key-usage" if !value.split(',').all(|word| KEY_USAGES.contains(&word)) => {
                    return Err(Trap::no_match("key-usage"));
                }
                _ => {
                    template.insert(argument.clone(), value.clone());
                }
            }
        }
        let id = self.state.push_certificate(Certificate {
            name,
            trusted,
            trust_store: Self::trust_scopes(request)?,
            made_here: true,
            template,
            ..Certificate::default()
        });
        Ok(Reply {
            rows: Vec::new(),
            ret: Some(print_id(id)),
        })
    }

    /// Version 6 makes RSA keys only.
    fn makes_keys_of(&self, size: &str) -> bool {
        KEY_SIZES.contains(&size) && (self.model.has_rest() || size.parse::<u32>().is_ok())
    }

    fn set_certificate(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let name = request.argument("name");
        if let Some(name) = name
            && self
                .names("/certificate")
                .iter()
                .any(|(id, own)| own == name && !ids.contains(id))
        {
            return Err(Trap::taken("certificate"));
        }
        let trusted = request
            .argument("trusted")
            .map(|value| Self::flag("trusted", value))
            .transpose()?;
        Self::trust_scopes(request)?;
        let chosen = self
            .state
            .certificates
            .iter_mut()
            .filter(|one| ids.contains(&one.id));
        for certificate in chosen {
            for (argument, value) in &request.arguments {
                match argument.as_str() {
                    "numbers" | ".id" | "number" | "trusted" => {}
                    "name" => certificate.name.clone_from(value),
                    "trust-store" => certificate.trust_store.clone_from(value),
                    _ if certificate.der.is_some() => {
                        return Err(Trap::failure("can not change signed certificate"));
                    }
                    _ => {
                        certificate.template.insert(argument.clone(), value.clone());
                    }
                }
            }
            if let Some(trusted) = trusted {
                certificate.trusted = trusted;
            }
        }
        self.sync_crls();
        Ok(Reply::default())
    }

    /// Gives fields of templates the values of new ones; of a signed certificate only the trust can change.
    fn reset_certificates(&mut self, request: &Request, fields: &[&str]) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        if fields.contains(&"name") {
            self.keep_required("name")?;
        }
        let chosen = self.state.certificates.iter_mut();
        for one in chosen.filter(|one| ids.contains(&one.id)) {
            for &field in fields {
                let usual = USUAL.iter().find(|(name, _)| *name == field);
                match (field, usual) {
                    ("name", _) => {}
                    ("trusted", _) => one.trusted = false,
                    ("trust-store", _) => "all".clone_into(&mut one.trust_store),
                    _ if one.der.is_some() => {
                        return Err(Trap::failure("can not change signed certificate"));
                    }
                    (_, Some((_, value))) => {
                        one.template.insert(field.to_owned(), (*value).to_owned());
                    }
                    (_, None) => {
                        one.template.remove(field);
                    }
                }
            }
        }
        self.sync_crls();
        Ok(Reply::default())
    }

    fn remove_certificates(&mut self, request: &Request) -> Result<Reply, Trap> {
        let mut gone = self.items(request)?;
        loop {
            let issued: Vec<u32> = self
                .state
                .certificates
                .iter()
                .filter(|one| one.signer.is_some_and(|signer| gone.contains(&signer)))
                .map(|one| one.id)
                .filter(|id| !gone.contains(id))
                .collect();
            if issued.is_empty() {
                break;
            }
            gone.extend(issued);
        }
        self.state
            .certificates
            .retain(|one| !gone.contains(&one.id));
        self.sync_crls();
        Ok(Reply::default())
    }
}

/// How a command names its rows.
const ITEMS: [&str; 3] = ["numbers", ".id", "number"];

/// What a template has that says nothing else.
const USUAL: [(&str, &str); 4] = [
    ("key-size", "2048"),
    ("days-valid", "365"),
    ("digest-algorithm", "sha256"),
    (
        "key-usage",
        "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,tls-server,tls-client",
    ),
];

const KEY_SIZES: &[&str] = &[
    "1024",
    "1536",
    "2048",
    "4096",
    "8192",
    "prime256v1",
    "secp384r1",
    "secp521r1",
];

const KEY_USAGES: &[&str] = &[
    "digital-signature",
    "content-commitment",
    "key-encipherment",
    "data-encipherment",
    "key-agreement",
    "key-cert-sign",
    "crl-sign",
    "encipher-only",
    "decipher-only",
    "tls-server",
    "tls-client",
    "code-sign",
    "email-protect",
    "timestamp",
    "ocsp-sign",
    "dvcs",
];

/// Purposes that a certificate can be trusted for (RouterOS manual, Certificates).
const TRUST_STORES: &[&str] = &[
    "all",
    "api",
    "capsman",
    "container",
    "dns",
    "dot1x",
    "email",
    "fetch",
    "ipsec",
    "logging",
    "lora",
    "mqtt",
    "netwatch",
    "openflow",
    "ovpn",
    "radius",
    "sstp",
    "tr069",
    "userman",
    "wiliot",
    "wpa-eap",
    "www",
];
