//! `/certificate`.

use std::collections::BTreeMap;

use super::table::print_id;
use super::{World, found, listed, not_here};
use crate::date::{Moment, span};
use crate::row::{Reply, Request, Row};
use crate::signing::{self, Template};
use crate::state::{Certificate, Octets};
use crate::trap::Trap;
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
        let id = self.state.next_certificate;
        self.state.next_certificate += 1;
        self.state.certificates.push(Certificate {
            id,
            name: name.to_owned(),
            der: Some(Octets(der)),
            key: Some(Octets(key)),
            trusted: true,
            trust_store: "all".to_owned(),
            made_here: true,
            ..Certificate::default()
        });
        Ok(id)
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

    pub(super) fn trust_flag(text: &str) -> Result<bool, Trap> {
        match text {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err(Trap::no_match("trusted")),
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
            for (name, value) in &certificate.template {
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
        put("key-usage", facts.key_usage.join(","));
        put("key-type", facts.key_type.to_owned());
        put("key-size", facts.key_size.clone());
        put("digest-algorithm", facts.digest_algorithm.clone());
        put("serial-number", hex(&facts.serial_hex, !newer));
        put("fingerprint", facts.fingerprint.clone());
        put("days-valid", facts.days_valid.to_string());
        put("invalid-before", Moment::at(facts.not_before).print(form));
        put("invalid-after", Moment::at(facts.not_after).print(form));
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
                put("revoked", Moment::at(revoked).print(form));
            }
            if let Some(signer) = certificate.signer {
                put("ca", self.reference("/certificate", &print_id(signer)));
            }
        } else {
            put("issuer", facts.issuer);
        }
        row
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
        let usual = "digital-signature,key-encipherment,data-encipherment,key-cert-sign,crl-sign,\
                     tls-server,tls-client";
        let mut template: BTreeMap<String, String> = [
            ("key-size", "2048"),
            ("days-valid", "365"),
            ("digest-algorithm", "sha256"),
            ("key-usage", usual),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        let mut trusted = false;
        for (argument, value) in &request.arguments {
            match argument.as_str() {
                "name" | "copy-from" | "trust-store" => {}
                "trusted" => trusted = Self::trust_flag(value)?,
                "days-valid" if value.parse::<i64>().is_err() => {
                    return Err(Trap::invalid("days-valid"));
                }
                "key-size" if !KEY_SIZES.contains(&value.as_str()) => {
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
        let id = self.state.next_certificate;
        self.state.next_certificate += 1;
        self.state.certificates.push(Certificate {
            id,
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
            .map(Self::trust_flag)
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
