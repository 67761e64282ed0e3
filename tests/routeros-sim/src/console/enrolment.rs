//! `/certificate`: what is asked of a server of SCEP or ACME. No such server answers in the simulator.

use std::collections::BTreeMap;

use super::authority::{request_der, template};
use super::{World, listed};
use crate::row::{Reply, Request, Row};
use crate::signing;
use crate::state::{Certificate, Octets};
use crate::trap::Trap;
use crate::x509;

impl World {
    /// Makes a key and a request of a template, and asks a server for the certificate.
    pub(super) fn add_scep(&mut self, request: &Request) -> Result<Reply, Trap> {
        let url = wanted(request, "scep-url")?;
        if !is_web(url) {
            return Err(Trap::invalid("scep-url"));
        }
        let named = wanted(request, "template")?;
        for (argument, value) in &request.arguments {
            if argument == "refresh" {
                Self::flag(argument, value)?;
            }
        }
        self.without_card(request, "on-smart-card")?;
        let fields = self.unsigned(named)?.1.template.clone();
        let name = self.name_of_new(request, named)?;
        let (text, key) =
            signing::make_request(&template(&fields)?, self.now()).map_err(Trap::failure)?;
        let digest = request_der(text.as_bytes()).map(|der| x509::fingerprint(&der));
        let managed = [
            ("scep-url", url.to_owned()),
            ("status", self.enrolment_status()),
            ("req-fingerprint", digest.unwrap_or_default()),
        ];
        self.state.push_certificate(Certificate {
            name,
            key: Some(Octets(key)),
            trust_store: "all".to_owned(),
            made_here: true,
            template: fields,
            managed: owned(managed),
            ..Certificate::default()
        });
        Ok(Reply::default())
    }

    /// Asks a server of ACME for a certificate.
    pub(super) fn add_acme(&mut self, request: &Request) -> Result<Reply, Trap> {
        let domains = wanted(request, "domain-names")?;
        let first = domains.split(',').next().unwrap_or_default();
        if first.is_empty() {
            return Err(Trap::invalid("domain-names"));
        }
        let directory = request
            .argument("directory-url")
            .unwrap_or(PUBLIC_DIRECTORY);
        if !is_web(directory) {
            return Err(Trap::invalid("directory-url"));
        }
        let managed = [
            ("acme-managed", "true".to_owned()),
            ("domain-names", domains.to_owned()),
            ("directory-url", directory.to_owned()),
            ("acme-status", self.enrolment_status()),
        ];
        let name = self.name_of_new(request, first)?;
        self.state.push_certificate(Certificate {
            name,
            trust_store: "all".to_owned(),
            made_here: true,
            template: owned([("common-name", first.to_owned())]),
            managed: owned(managed),
            ..Certificate::default()
        });
        Ok(Reply::default())
    }

    /// `scep-renew` and `acme-renew`: asks the server of a certificate again.
    pub(super) fn ask_again(&mut self, status: &str, request: &Request) -> Result<Reply, Trap> {
        let ids = self.items(request)?;
        let word = self.enrolment_status();
        let refuses = self.assumptions.is("renew-of-others", "refused");
        let chosen = self.state.certificates.iter_mut();
        for one in chosen.filter(|one| ids.contains(&one.id)) {
            match one.managed.get_mut(status) {
                Some(own) => own.clone_from(&word),
                None if refuses => {
                    return Err(Trap::failure("certificate was not enrolled this way"));
                }
                None => {}
            }
        }
        Ok(Reply::default())
    }

    /// Asks for a certificate for `www-ssl`, which fails for want of a network.
    pub(super) fn enable_ssl_certificate(&self, request: &Request) -> Result<Reply, Trap> {
        if let Some(url) = request.argument("directory-url")
            && !is_web(url)
        {
            return Err(Trap::invalid("directory-url"));
        }
        self.no_network("progress")
    }

    /// What is left of a command once it is done: what it says of its progress.
    pub(super) fn finished(&self) -> Reply {
        match self.assumptions.is("sign-progress", "absent") {
            true => Reply::default(),
            false => progress("done"),
        }
    }

    pub(super) fn no_card(&self) -> Trap {
        Trap::failure(match self.assumptions.is("smart-card-text", "no-card") {
            true => "no smart card",
            false => "smart card not supported",
        })
    }

    /// No board that is played has a smart card.
    pub(super) fn without_card(&self, request: &Request, argument: &str) -> Result<(), Trap> {
        match request.argument(argument) {
            Some(value) if Self::flag(argument, value)? => Err(self.no_card()),
            _ => Ok(()),
        }
    }

    fn name_of_new(&self, request: &Request, usual: &str) -> Result<String, Trap> {
        match request.argument("name") {
            None => Ok(self.free_certificate_name(usual)),
            Some(name) if self.free_certificate_name(name) == name => Ok(name.to_owned()),
            Some(_) => Err(Trap::taken("certificate")),
        }
    }

    fn enrolment_status(&self) -> String {
        self.assumptions.value("enrolment-status").to_owned()
    }
}

fn progress(text: &str) -> Reply {
    let row: Row = owned([("progress", text.to_owned())]);
    listed(vec![row])
}

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

fn wanted<'a>(request: &'a Request, argument: &str) -> Result<&'a str, Trap> {
    request
        .argument(argument)
        .ok_or_else(|| Trap::missing(argument))
}

fn owned<const N: usize>(pairs: [(&str, String); N]) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

/// Where ACME asks when nothing else is named.
const PUBLIC_DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
