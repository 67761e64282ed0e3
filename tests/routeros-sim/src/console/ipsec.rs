//! `/ip/ipsec`: RSA keys and shared ones that the router makes, and what its kernel would count.

use std::collections::BTreeMap;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::export_certificate::pem;
use super::monitor::zeros;
use super::table::print_id;
use super::{Caller, World, chance, found, listed, not_here};
use crate::import::{self, Imported};
use crate::row::{Reply, Request, Row};
use crate::trap::Trap;
use crate::x509;

/// Where the keys are kept, also of releases that show them at `/ip/ipsec/key`.
const KEYS: &str = "/ip/ipsec/key/rsa";

impl World {
    pub(super) fn ipsec_keys(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        let request = Request {
            menu: KEYS.to_owned(),
            ..request.clone()
        };
        match command {
            "print" => Ok(listed(self.ipsec_key_rows())),
            "find" => Ok(found(&self.ipsec_key_rows())),
            "generate-key" => self.generate_ipsec_key(&request),
            "import" => self.import_ipsec_key(&request),
            "export-pub-key" => self.export_public_key(&request),
            "set" => {
                let ids = self.items(&request)?;
                if let Some(name) = request.argument("name") {
                    self.free_key_name(name)?;
                    let items = self.state.table_mut(KEYS).items.iter_mut();
                    for item in items.filter(|item| ids.contains(&item.id)) {
                        item.fields.insert("name".to_owned(), name.to_owned());
                    }
                }
                Ok(Reply::default())
            }
            "reset" => {
                self.items(&request)?;
                self.keep_required("name").map(|()| Reply::default())
            }
            "remove" => {
                let ids = self.items(&request)?;
                let table = self.state.table_mut(KEYS);
                table.items.retain(|item| !ids.contains(&item.id));
                Ok(Reply::default())
            }
            _ => Err(not_here(KEYS, command)),
        }
    }

    /// No packet is carried, so there is no association and nothing was counted.
    pub(super) fn ipsec_kernel(&self, menu: &str, command: &str) -> Result<Reply, Trap> {
        let counted = menu.ends_with("statistics");
        match command {
            "print" if counted => Ok(listed(vec![zeros(&STATISTICS)])),
            "print" | "flush" => Ok(Reply::default()),
            "find" => Ok(found(&[])),
            "set" | "reset" | "remove" if !counted => Err(Trap::item()),
            _ => Err(not_here(menu, command)),
        }
    }

    /// `/ip/ipsec/key/psk/generate`: rows with keys by chance.
    pub(super) fn generate_psks(&mut self, request: &Request) -> Result<Reply, Trap> {
        let number = |argument: &str, usual: usize, most: usize| match request.argument(argument) {
            None => Ok(usual),
            Some(text) => text
                .parse()
                .ok()
                .filter(|number| (1..=most).contains(number))
                .ok_or_else(|| Trap::invalid(argument)),
        };
        let (count, size) = (number("count", 1, 1_000)?, number("size", 32, 1_024)?);
        let peer = request
            .argument("peer")
            .ok_or_else(|| Trap::missing("peer"))?;
        for _ in 0..count {
            let (id, key) = (chance(8)?, chance(size)?);
            let add = Request::new(&request.menu, "add")
                .with("peer", peer)
                .with("id", &x509::hex(&id))
                .with("key", &x509::hex(&key));
            self.rows(Caller::Console, "add", &add)?;
        }
        Ok(Reply::default())
    }

    fn generate_ipsec_key(&mut self, request: &Request) -> Result<Reply, Trap> {
        let size = match request.argument("key-size").unwrap_or("2048") {
            "2048" => KeySize::Rsa2048,
            "4096" => KeySize::Rsa4096,
            "8192" => KeySize::Rsa8192,
            _ => return Err(Trap::no_match("key-size")),
        };
        let name = named(request)?;
        self.free_key_name(name)?;
        let failed = |_| Trap::failure("no key could be made");
        let key = KeyPair::generate(size).map_err(failed)?;
        let der: aws_lc_rs::encoding::Pkcs8V1Der<'_> = key.as_der().map_err(failed)?;
        self.keep_ipsec_key(name, der.as_ref());
        Ok(Reply::default())
    }

    fn import_ipsec_key(&mut self, request: &Request) -> Result<Reply, Trap> {
        let name = named(request)?.to_owned();
        self.free_key_name(&name)?;
        let der = self.key_in_file(request, "file-name")?;
        self.keep_ipsec_key(&name, &der);
        Ok(Reply::default())
    }

    /// The RSA key in the file that an argument names, in PKCS#8.
    pub(super) fn key_in_file(&self, request: &Request, argument: &str) -> Result<Vec<u8>, Trap> {
        let file = request
            .argument(argument)
            .ok_or_else(|| Trap::missing(argument))?;
        let file = self.file_named(argument, file)?;
        let passphrase = request.argument("passphrase").unwrap_or_default();
        let read = import::read(&file.contents.0, passphrase, self.import_skills());
        let objects = read.map(|outcome| outcome.objects).unwrap_or_default();
        objects
            .into_iter()
            .find_map(|object| match object {
                Imported::Key { pkcs8, spki } => x509::is_rsa(&spki).then_some(pkcs8),
                Imported::Certificate(_) => None,
            })
            .ok_or_else(|| {
                Trap::failure("unable to load key file (wrong format or bad passphrase)!")
            })
    }

    fn export_public_key(&mut self, request: &Request) -> Result<Reply, Trap> {
        let key = request
            .argument("key")
            .ok_or_else(|| Trap::missing("key"))?;
        let file = request
            .argument("file-name")
            .ok_or_else(|| Trap::missing("file-name"))?
            .to_owned();
        let items = self.state.table(KEYS).iter();
        let der = items
            .filter(|item| item.fields.get("name").is_some_and(|name| name == key))
            .find_map(|item| STANDARD.decode(item.fields.get("key")?).ok())
            .ok_or_else(|| Trap::no_match("key"))?;
        let spki = x509::key_spki(&der).map_err(Trap::failure)?;
        self.write_file(&file, pem("PUBLIC KEY", &spki).into_bytes(), 0);
        Ok(Reply::default())
    }

    fn keep_ipsec_key(&mut self, name: &str, der: &[u8]) {
        let fields: BTreeMap<String, String> = [
            ("name".to_owned(), name.to_owned()),
            ("key".to_owned(), STANDARD.encode(der)),
        ]
        .into();
        self.state.table_mut(KEYS).push(fields);
    }

    fn free_key_name(&self, name: &str) -> Result<(), Trap> {
        match self.names(KEYS).iter().any(|(_, own)| own == name) {
            true => Err(Trap::taken("key")),
            false => Ok(()),
        }
    }

    fn ipsec_key_rows(&self) -> Vec<Row> {
        let items = self.state.table(KEYS).iter();
        items
            .map(|item| {
                let der = item
                    .fields
                    .get("key")
                    .and_then(|key| STANDARD.decode(key).ok());
                let size = der.and_then(|der| x509::key_size(&der).ok());
                [
                    (".id", print_id(item.id)),
                    ("name", item.fields.get("name").cloned().unwrap_or_default()),
                    ("key-size", size.unwrap_or_default()),
                ]
                .map(|(name, value)| (name.to_owned(), value))
                .into()
            })
            .collect()
    }
}

fn named(request: &Request) -> Result<&str, Trap> {
    request
        .argument("name")
        .ok_or_else(|| Trap::missing("name"))
}

const STATISTICS: [&str; 25] = [
    "in-buffer-errors",
    "in-errors",
    "in-header-errors",
    "in-no-policies",
    "in-no-states",
    "in-policy-blocked",
    "in-policy-errors",
    "in-state-expired",
    "in-state-invalid",
    "in-state-mismatches",
    "in-state-mode-errors",
    "in-state-protocol-errors",
    "in-state-sequence-errors",
    "in-template-mismatches",
    "out-bundle-check-errors",
    "out-bundle-errors",
    "out-errors",
    "out-no-states",
    "out-policy-blocked",
    "out-policy-dead",
    "out-policy-errors",
    "out-state-expired",
    "out-state-mode-errors",
    "out-state-protocol-errors",
    "out-state-sequence-errors",
];
