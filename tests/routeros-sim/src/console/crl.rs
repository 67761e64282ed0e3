//! `/certificate/crl`.

use super::table::print_id;
use super::{World, found, item_argument, listed, not_here};
use crate::crl::{self, CrlFacts};
use crate::row::{Reply, Request, Row};
use crate::state::{CrlRow, Octets};
use crate::trap::Trap;
use crate::x509::CertificateFacts;

impl World {
    pub(super) fn crl(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => Ok(listed(self.crl_rows())),
            "find" => Ok(found(&self.crl_rows())),
            "add" => self.add_crl(request),
            "set" => {
                let id = self.crl_id(request)?;
                if let Some(url) = request.argument("url") {
                    for row in self.state.crls.iter_mut().filter(|row| row.id == id) {
                        url.clone_into(&mut row.url);
                        row.der = None;
                    }
                }
                Ok(Reply::default())
            }
            "reset" => {
                self.crl_id(request)?;
                self.keep_required("url").map(|()| Reply::default())
            }
            "remove" => {
                let id = self.crl_id(request)?;
                if self
                    .state
                    .crls
                    .iter()
                    .any(|row| row.id == id && row.dynamic)
                {
                    return Err(Trap::failure("can not remove dynamic item"));
                }
                self.state.crls.retain(|row| row.id != id);
                Ok(Reply::default())
            }
            "download" => {
                self.downloads = wanted(self);
                Ok(Reply::default())
            }
            "flush" => {
                for row in &mut self.state.crls {
                    row.der = None;
                    row.failed = false;
                }
                Ok(Reply::default())
            }
            _ => Err(not_here("/certificate/crl", command)),
        }
    }

    /// Brings the dynamic rows in line with the distribution points of trusted certificates.
    pub(super) fn sync_crls(&mut self) {
        let mut urls: Vec<String> = self
            .state
            .certificates
            .iter()
            .filter(|one| one.trusted && !one.made_here)
            .filter_map(|one| CertificateFacts::parse(&one.der.as_ref()?.0).ok())
            .flat_map(|facts| facts.crl_urls)
            .filter(|url| {
                let secure = url.starts_with("https://");
                url.starts_with("http://") || secure && self.assumptions.is("crl-https", "listed")
            })
            .collect();
        urls.sort();
        urls.dedup();
        self.state
            .crls
            .retain(|row| !row.dynamic || urls.contains(&row.url));
        for url in urls {
            if self.state.crls.iter().any(|row| row.url == url) {
                continue;
            }
            self.push_crl(&url, true);
            if self.state.setting("/certificate/settings", "crl-download") == Some("true") {
                self.downloads.push(url);
            }
        }
    }

    pub(crate) fn push_crl(&mut self, url: &str, dynamic: bool) -> u32 {
        let id = self.state.next_crl;
        self.state.next_crl += 1;
        self.state.crls.push(CrlRow {
            id,
            url: url.to_owned(),
            dynamic,
            ..CrlRow::default()
        });
        id
    }

    fn add_crl(&mut self, request: &Request) -> Result<Reply, Trap> {
        let url = request
            .argument("url")
            .ok_or_else(|| Trap::missing("url"))?;
        if self
            .state
            .crls
            .iter()
            .any(|row| row.url == url && !row.dynamic)
        {
            return Err(Trap::failure("already have crl with such url"));
        }
        let id = self.push_crl(url, false);
        if self.assumptions.is("crl-on-add", "immediate") {
            self.downloads.push(url.to_owned());
        }
        Ok(Reply {
            rows: Vec::new(),
            ret: Some(print_id(id)),
        })
    }

    /// Tells whether a CRL of so many octets may be downloaded: from 7.16.2 memory has to be left.
    fn has_memory_for(&self, octets: usize) -> bool {
        let left = self.free_memory.checked_sub(octets);
        let least = match self.assumptions.is("crl-short-memory", "list") {
            true => 0,
            false => MEMORY_RESERVE,
        };
        !self.model.since(16) || left.is_some_and(|left| left >= least)
    }

    /// When a certificate was revoked, as a list says that counts.
    pub(super) fn listed_as_revoked(&self, facts: &CertificateFacts) -> Option<i64> {
        let in_use = self.state.setting("/certificate/settings", "crl-use") == Some("true");
        if !in_use && self.assumptions.is("crl-flag", "in-use") {
            return None;
        }
        let held = self.state.crls.iter().filter_map(|row| row.der.as_ref());
        held.filter_map(|der| crl::parse(&der.0).ok())
            .filter(|list| list.issuer_der == facts.issuer_der)
            .find_map(|list| {
                let mut revoked = list.revoked.iter();
                let (_, at) = revoked.find(|(serial, _)| *serial == facts.serial_hex)?;
                self.issuer_signed(&list).then_some(*at)
            })
    }

    /// True when a certificate of the store is that of the list's issuer.
    fn issuer_signed(&self, list: &CrlFacts) -> bool {
        let all = self.state.certificates.iter();
        all.filter_map(|one| CertificateFacts::parse(&one.der.as_ref()?.0).ok())
            .any(|facts| list.is_signed_by(&facts))
    }

    fn crl_id(&self, request: &Request) -> Result<u32, Trap> {
        let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
        let row = self.state.crls.iter().find(|row| print_id(row.id) == named);
        row.map(|row| row.id).ok_or_else(Trap::item)
    }

    fn crl_rows(&self) -> Vec<Row> {
        let form = self.model.date_form();
        let store: Vec<(String, CertificateFacts)> = self
            .state
            .certificates
            .iter()
            .filter_map(|one| {
                let facts = CertificateFacts::parse(&one.der.as_ref()?.0).ok()?;
                Some((one.name.clone(), facts))
            })
            .collect();
        let mut rows = Vec::new();
        for own in &self.state.crls {
            let mut row = Row::new();
            let mut put = |name: &str, value: String| row.insert(name.to_owned(), value);
            put(".id", print_id(own.id));
            put("url", own.url.clone());
            put("dynamic", self.truth(own.dynamic));
            let list = own.der.as_ref().and_then(|der| crl::parse(&der.0).ok());
            let Some(list) = list else {
                put("invalid", self.truth(own.failed));
                put("expired", self.truth(false));
                put("cert", "none".to_owned());
                rows.push(row);
                continue;
            };
            let named: Vec<_> = store
                .iter()
                .filter(|(_, facts)| facts.subject_der == list.issuer_der)
                .collect();
            let signer = named.iter().find(|(_, facts)| list.is_signed_by(facts));
            put("invalid", self.truth(signer.is_none()));
            put("expired", self.truth(list.next_update < self.now()));
            put(
                "cert",
                signer.map_or_else(|| "none".to_owned(), |(name, _)| name.clone()),
            );
            put("num", list.number.clone());
            put("revoked", list.revoked.len().to_string());
            put("last-update", self.local(list.this_update).print(form));
            put("next-update", self.local(list.next_update).print(form));
            put("akid", list.akid.clone());
            put("fingerprint", list.fingerprint.clone());
            put("signature", list.signature.clone());
            rows.push(row);
        }
        rows
    }
}

/// What may have to stay free.
const MEMORY_RESERVE: usize = 8 << 20;

/// The places that the router would fetch CRLs from now.
pub(crate) fn wanted(world: &World) -> Vec<String> {
    world.state.crls.iter().map(|row| row.url.clone()).collect()
}

/// Takes in what a download brought.
pub(crate) fn store(world: &mut World, url: &str, fetched: Result<Vec<u8>, String>) {
    let checked = fetched
        .and_then(|der| crl::parse(&der).map(|_| der))
        .and_then(|der| match world.has_memory_for(der.len()) {
            true => Ok(der),
            false => Err("not enough memory".to_owned()),
        });
    for row in world.state.crls.iter_mut().filter(|row| row.url == url) {
        match &checked {
            Ok(der) => {
                row.der = Some(Octets(der.clone()));
                row.failed = false;
            }
            Err(reason) => {
                eprintln!("routeros-sim: CRL {url}: {reason}");
                row.failed = true;
            }
        }
    }
}
