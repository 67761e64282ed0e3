//! What a router remembers, and its file on disk.

use std::collections::BTreeMap;
use std::fs::{self, File as DiskFile, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::model::Model;
use crate::tree;

/// Everything that survives a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct State {
    pub(crate) model: String,
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) settings: BTreeMap<String, BTreeMap<String, String>>,
    pub(crate) certificates: Vec<Certificate>,
    pub(crate) next_certificate: u32,
    pub(crate) crls: Vec<CrlRow>,
    pub(crate) next_crl: u32,
    pub(crate) files: Vec<File>,
    pub(crate) next_file: u32,
    pub(crate) clock_offset: i64,
    /// Hashes of keys that an import has seen and not attached.
    #[serde(default)]
    pub(crate) keys_seen: Vec<Octets>,
    /// The host key of SSH in PKCS#8.
    #[serde(default)]
    pub(crate) ssh_host_key: Option<Octets>,
}

/// The rows of one menu.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Table {
    pub(crate) next: u32,
    pub(crate) items: Vec<Item>,
}

/// One row: references stand in it as ids.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) id: u32,
    pub(crate) fields: BTreeMap<String, String>,
}

/// A certificate, or the template of one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct Certificate {
    pub(crate) id: u32,
    pub(crate) name: String,
    pub(crate) der: Option<Octets>,
    pub(crate) key: Option<Octets>,
    pub(crate) trusted: bool,
    pub(crate) trust_store: String,
    pub(crate) made_here: bool,
    /// The id of the certificate on this router that signed it.
    pub(crate) signer: Option<u32>,
    pub(crate) template: BTreeMap<String, String>,
    pub(crate) no_key_export: bool,
    /// When this router, its issuer, revoked it.
    #[serde(default)]
    pub(crate) revoked: Option<i64>,
    /// The host that publishes the CRL of this CA.
    #[serde(default)]
    pub(crate) crl_host: Option<String>,
    /// Serial numbers that this CA revoked, and when.
    #[serde(default)]
    pub(crate) revocations: Vec<(String, i64)>,
    /// What the row shows of a server of SCEP or ACME that was asked for the certificate.
    #[serde(default)]
    pub(crate) managed: BTreeMap<String, String>,
}

/// A CRL that is, or is to be, downloaded.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct CrlRow {
    pub(crate) id: u32,
    pub(crate) url: String,
    pub(crate) dynamic: bool,
    pub(crate) der: Option<Octets>,
    pub(crate) failed: bool,
}

/// A file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct File {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) directory: bool,
    pub(crate) contents: Octets,
    pub(crate) changed: i64,
    /// How many listings still leave it out.
    #[serde(default)]
    pub(crate) hidden: u8,
}

/// Octets that stand in JSON as base64.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD
            .decode(text)
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

impl State {
    /// A router as it comes from the box.
    pub(crate) fn new(model: Model) -> Self {
        let mut state = Self {
            model: model.name().to_owned(),
            next_certificate: 1,
            next_crl: 1,
            next_file: 1,
            ..Self::default()
        };
        for (path, menu) in tree::menus() {
            let mut table = Table {
                next: menu.first,
                items: Vec::new(),
            };
            for fields in &menu.rows {
                table.push(fields.clone());
            }
            state.tables.insert(path.clone(), table);
        }
        let policies = model.policies();
        for (name, missing) in [
            ("read", &["ftp", "write", "policy", "romon"][..]),
            ("write", &["ftp", "policy", "romon"][..]),
            ("full", &[][..]),
        ] {
            let policy = policies
                .iter()
                .filter(|policy| !missing.contains(policy))
                .map(|&policy| policy.to_owned())
                .chain(
                    policies
                        .iter()
                        .filter(|policy| missing.contains(policy))
                        .map(|policy| format!("!{policy}")),
                )
                .collect::<Vec<_>>()
                .join(",");
            let fields = [
                ("name".to_owned(), name.to_owned()),
                ("policy".to_owned(), policy),
            ];
            state.table_mut("/user/group").push(fields.into());
        }
        state
    }

    pub(crate) fn table(&self, menu: &str) -> &[Item] {
        self.tables.get(menu).map_or(&[], |table| &table.items)
    }

    pub(crate) fn table_mut(&mut self, menu: &str) -> &mut Table {
        self.tables.entry(menu.to_owned()).or_default()
    }

    pub(crate) fn setting(&self, menu: &str, field: &str) -> Option<&str> {
        let own = self.settings.get(menu).and_then(|fields| fields.get(field));
        let usual = || {
            let model: Model = self.model.parse().ok()?;
            tree::menus().get(menu)?.fields.get(field)?.default(model)
        };
        own.or_else(usual).map(String::as_str)
    }

    /// A row of `/ip/service` by name.
    pub(crate) fn service(&self, name: &str) -> Option<&BTreeMap<String, String>> {
        self.table("/ip/service")
            .iter()
            .map(|item| &item.fields)
            .find(|fields| fields.get("name").is_some_and(|own| own == name))
    }
}

impl State {
    /// Puts a certificate into the store, under the next id.
    pub(crate) fn push_certificate(&mut self, certificate: Certificate) -> u32 {
        let id = self.next_certificate;
        self.next_certificate += 1;
        self.certificates.push(Certificate { id, ..certificate });
        id
    }
}

impl Table {
    pub(crate) fn push(&mut self, fields: BTreeMap<String, String>) -> u32 {
        let id = self.next;
        self.next += 1;
        self.items.push(Item { id, fields });
        id
    }
}

/// The file that the state lives in.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// Makes the directory when it is not there.
    pub(crate) fn within(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self::at(directory))
    }

    /// For reading only.
    pub(crate) fn at(directory: &Path) -> Self {
        Self {
            path: directory.join("state.json"),
        }
    }

    /// Nothing when the router was never started.
    pub(crate) fn load(&self) -> io::Result<Option<State>> {
        match fs::read(&self.path) {
            Ok(octets) => Ok(Some(serde_json::from_slice(&octets)?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces the file in one step, and returns what is in it now.
    pub(crate) fn save(&self, state: &State) -> io::Result<Vec<u8>> {
        let octets = serde_json::to_vec_pretty(state)?;
        let beside = self.path.with_extension("new");
        let mut file: DiskFile = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(&octets)?;
        drop(file);
        fs::rename(&beside, &self.path)?;
        Ok(octets)
    }
}
