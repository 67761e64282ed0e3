//! `/certificate` as a certificate authority: `sign`, requests, revocations and CRLs.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::export_certificate::{locked, pem};
use super::table::print_id;
use super::{World, item_argument, not_here};
use crate::row::{Reply, Request};
use crate::signing::{self, Authority, Digest, Revoked, Template};
use crate::state::{Certificate, Octets};
use crate::trap::Trap;
use crate::x509::CertificateFacts;

impl World {
    /// Makes key and certificate of a template: signed by a CA of this router, or by itself.
    pub(super) fn sign(&mut self, request: &Request) -> Result<Reply, Trap> {
        let named = item_argument(request).ok_or_else(|| Trap::missing("number"))?;
        let now = self.now();
        let place = self.certificate_place(named).ok_or_else(Trap::item)?;
        let one = &self.state.certificates[place];
        if one.der.is_some() {
            return Err(Trap::failure("certificate is already signed"));
        }
        if !one.managed.is_empty() {
            return Err(Trap::no_match("number"));
        }
        let template = template(&one.template)?;
        self.without_card(request, "ca-on-smart-card")?;
        let host = request.argument("ca-crl-host").map(ToOwned::to_owned);
        let (signer, (der, key)) = match request.argument("ca") {
            None => {
                let url = host.as_ref().map(|host| self.crl_url(host, one));
                let made = signing::self_sign(&template, url.as_deref(), now);
                (None, made.map_err(Trap::failure)?)
            }
            Some(ca) => {
                let (id, authority) = self.authority(ca)?;
                let made = authority.issue(&template, now);
                (Some(id), made.map_err(Trap::failure)?)
            }
        };
        let one = &mut self.state.certificates[place];
        one.der = Some(Octets(der));
        one.key = Some(Octets(key));
        one.trusted |= signer.is_none();
        one.signer = signer;
        one.crl_host = host;
        if let Some(name) = request.argument("name") {
            name.clone_into(&mut one.name);
        }
        Ok(self.finished())
    }

    /// Writes a request and its key as files, and forgets the template.
    pub(super) fn create_request(&mut self, request: &Request) -> Result<Reply, Trap> {
        let named = request
            .argument("template")
            .ok_or_else(|| Trap::missing("template"))?;
        let passphrase = request
            .argument("key-passphrase")
            .ok_or_else(|| Trap::missing("key-passphrase"))?;
        let (place, own) = self.unsigned(named)?;
        let template = template(&own.template)?;
        let (text, key) = signing::make_request(&template, self.now()).map_err(Trap::failure)?;
        let key = pem("ENCRYPTED PRIVATE KEY", &locked(&key, passphrase)?);
        let gone = self.state.certificates.remove(place);
        let stem = match self
            .assumptions
            .is("request-file-names", "certificate-request")
        {
            true => "certificate-request",
            false => &gone.name,
        };
        self.write_file(&format!("{stem}.pem"), text.into_bytes(), 0);
        self.write_file(&format!("{stem}_key.pem"), key.into_bytes(), 0);
        Ok(self.finished())
    }

    /// Signs a request that lies in a file: a new row without a key.
    pub(super) fn sign_request(&mut self, request: &Request) -> Result<Reply, Trap> {
        let named = request
            .argument("file-name")
            .ok_or_else(|| Trap::missing("file-name"))?;
        let ca = request.argument("ca").ok_or_else(|| Trap::missing("ca"))?;
        let (id, authority) = self.authority(ca)?;
        let days = match request.argument("days-valid") {
            None => 365,
            Some(days) => days.parse().map_err(|_| Trap::invalid("days-valid"))?,
        };
        let file = self.file_named("file-name", named)?;
        let stem = file.name.rsplit('/').next().unwrap_or_default().to_owned();
        let der = request_der(&file.contents.0)
            .ok_or_else(|| Trap::failure("not a certificate request"))?;
        let (template, key) = signing::read_request(&der, days).map_err(Trap::failure)?;
        let der = authority
            .certify(&template, &key, self.now())
            .map_err(Trap::failure)?;
        let stem = match self.assumptions.is("signed-request-name", "file") {
            true => stem,
            false => template.common_name,
        };
        let name = self.free_certificate_name(&stem);
        self.state.push_certificate(Certificate {
            name,
            der: Some(Octets(der)),
            trust_store: "all".to_owned(),
            made_here: true,
            signer: Some(id),
            ..Certificate::default()
        });
        Ok(Reply::default())
    }

    /// Revokes certificates that this router issued.
    pub(super) fn revoke_issued(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let now = self.now();
        let mut revoked = Vec::new();
        for one in &self.state.certificates {
            if !ids.contains(&one.id) {
                continue;
            }
            let (Some(signer), Some(der)) = (one.signer, &one.der) else {
                let issued = self.assumptions.is("issued-revoke-text", "not-issued");
                return Err(Trap::failure(match issued {
                    true => "certificate was not issued by this router",
                    false => "issuer not found",
                }));
            };
            let facts = CertificateFacts::parse(&der.0).map_err(Trap::failure)?;
            revoked.push((one.id, signer, facts.serial_hex));
        }
        for (id, signer, serial) in revoked {
            for one in &mut self.state.certificates {
                if one.id == id {
                    one.revoked = Some(now);
                }
                if one.id == signer && one.revocations.iter().all(|(own, _)| *own != serial) {
                    one.revocations.push((serial.clone(), now));
                }
            }
        }
        Ok(Reply::default())
    }

    /// The CRL of a CA of this router that has a host to publish it: of the last revocation, or of this day of the CA.
    pub(crate) fn published_crl(&self, stem: &str) -> Option<Vec<u8>> {
        let one = self
            .state
            .certificates
            .iter()
            .find(|one| one.crl_host.is_some() && self.crl_stem(one) == stem)?;
        let (_, authority) = self.authority(&print_id(one.id)).ok()?;
        let revoked: Vec<Revoked> = one
            .revocations
            .iter()
            .map(|(serial, at)| Revoked {
                serial: octets(serial),
                at: *at,
            })
            .collect();
        let made = CertificateFacts::parse(&one.der.as_ref()?.0)
            .ok()?
            .not_before;
        let begun = made + (self.now() - made).div_euclid(DAY) * DAY;
        let renewed = revoked.iter().map(|one| one.at).fold(begun, i64::max);
        authority.revocation_list(&revoked, renewed).ok()
    }

    pub(super) fn certificate_place(&self, named: &str) -> Option<usize> {
        self.state
            .certificates
            .iter()
            .position(|one| one.name == named || print_id(one.id) == named)
    }

    /// A template, by name or id, and its place.
    pub(super) fn unsigned(&self, named: &str) -> Result<(usize, &Certificate), Trap> {
        self.certificate_place(named)
            .and_then(|place| Some((place, self.state.certificates.get(place)?)))
            .filter(|(_, one)| one.der.is_none() && one.managed.is_empty())
            .ok_or_else(|| Trap::no_match("template"))
    }

    /// A CA that this router made, by name or id.
    fn authority(&self, named: &str) -> Result<(u32, Authority), Trap> {
        let wrong = || Trap::no_match("ca");
        let place = self.certificate_place(named).ok_or_else(wrong)?;
        let one = &self.state.certificates[place];
        if !one.made_here {
            return Err(not_here("/certificate", "ca= of an imported CA"));
        }
        let template = template(&one.template)?;
        let key = one
            .key
            .as_ref()
            .filter(|_| template.is_ca)
            .ok_or_else(wrong)?;
        let authority = Authority {
            key: key.0.clone(),
            crl_url: one.crl_host.as_ref().map(|host| self.crl_url(host, one)),
            template,
        };
        Ok((one.id, authority))
    }

    /// Where the CRL of a CA is published.
    fn crl_url(&self, host: &str, one: &Certificate) -> String {
        format!("http://{host}/crl/{}.crl", self.crl_stem(one))
    }

    fn crl_stem(&self, one: &Certificate) -> String {
        match self.assumptions.is("crl-path", "number") {
            true => one.id.to_string(),
            false => one.name.clone(),
        }
    }
}

/// How often a CRL is renewed.
const DAY: i64 = 86_400;

pub(super) fn template(fields: &BTreeMap<String, String>) -> Result<Template, Trap> {
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let list = |name: &str| -> Vec<String> {
        field(name)
            .split(',')
            .filter(|word| !word.is_empty())
            .map(ToOwned::to_owned)
            .collect()
    };
    let key_usage = list("key-usage");
    let key_size = match field("key-size").as_str() {
        "prime256v1" => 256,
        "secp384r1" => 384,
        "secp521r1" => 521,
        other => other
            .parse()
            .map_err(|_| not_here("/certificate", "key-size"))?,
    };
    Ok(Template {
        common_name: field("common-name"),
        san: list("subject-alt-name"),
        is_ca: key_usage.iter().any(|word| word == "key-cert-sign"),
        key_usage,
        days: field("days-valid")
            .parse()
            .map_err(|_| Trap::invalid("days-valid"))?,
        key_size,
        digest: Digest::of_word(&field("digest-algorithm"))
            .ok_or_else(|| not_here("/certificate", "digest-algorithm"))?,
        organization: fields.get("organization").cloned(),
    })
}

/// The DER of a request in PEM or DER.
pub(super) fn request_der(octets: &[u8]) -> Option<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(octets) else {
        return Some(octets.to_vec());
    };
    let body: String = text
        .lines()
        .skip_while(|line| !line.starts_with("-----BEGIN "))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END "))
        .collect();
    STANDARD.decode(body).ok()
}

fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().collect();
    digits
        .chunks(2)
        .filter_map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).ok())
        .collect()
}
