//! What `init` was asked for, proved before anything is written.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ca_core::Organization;
use ca_types::{DnsName, Passphrase, SubjectName};

use super::settings_file::SettingsText;
use super::{DOMAIN, InitError};
use crate::data_dir::DataDir;
use crate::keystore::KeyKind;
use crate::passphrase::{is_readable_by_others, read_passphrase};
use crate::settings::{DEFAULT_SERVER_NAMES, PublishUrl, Settings};
use crate::staging::Leftovers;

/// What `init` is asked for, as it was typed.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// The data directory.
    pub data: PathBuf,
    /// Whose CA it is.
    pub organization: String,
    /// Where the published documents are found.
    pub publish_url: String,
    /// The passphrase of the issuing CAs' keys.
    pub passphrase_file: PathBuf,
    /// The passphrase of the root key; without it one is drawn.
    pub root_passphrase_file: Option<PathBuf>,
    /// The domains under which names must lie.
    pub domains: Vec<String>,
    /// The names of the server.
    pub server_names: Vec<String>,
    /// Where the API listens.
    pub listen: String,
    /// Where documents are published.
    pub http_listen: String,
    /// Where health and metrics are shown.
    pub operations_listen: String,
    /// The kind of the CAs' keys.
    pub key_algorithm: String,
    /// The name of this machine, when it has one: a server name unless some are given.
    pub host_name: Option<String>,
}

/// What will be made.
#[derive(Debug)]
pub struct InitPlan {
    pub(super) data: DataDir,
    pub(super) kind: KeyKind,
    pub(super) passphrase: Passphrase,
    pub(super) root_passphrase: Option<Passphrase>,
    pub(super) settings: Settings,
    pub(super) settings_text: String,
    pub(super) passphrase_file: PathBuf,
    pub(super) warnings: Vec<String>,
}

impl InitPlan {
    /// Proves everything that was asked for; nothing is written.
    ///
    /// # Errors
    /// Fails with the first thing that cannot be.
    pub fn prove(options: &InitOptions) -> Result<Self, InitError> {
        let data = DataDir::new(&options.data);
        prove_place(&data)?;
        let kind: KeyKind = options.key_algorithm.parse()?;
        let organization: Organization = options.organization.parse()?;
        let publish_url: PublishUrl = options.publish_url.parse()?;
        let domains = options
            .domains
            .iter()
            .map(|domain| {
                domain.parse().map_err(|source| InitError::Name {
                    option: DOMAIN,
                    source,
                })
            })
            .collect::<Result<Vec<DnsName>, _>>()?;
        let server_names = prove_server_names(options)?;
        let listen = prove_address("--listen", &options.listen, "0.0.0.0:8443")?;
        let http_listen = prove_address("--http-listen", &options.http_listen, "0.0.0.0:80")?;
        let operations_listen = prove_address(
            "--operations-listen",
            &options.operations_listen,
            "127.0.0.1:9090",
        )?;
        prove_different(listen, http_listen, operations_listen)?;
        let passphrase = read_passphrase(&options.passphrase_file)?;
        let root_passphrase = options
            .root_passphrase_file
            .as_deref()
            .map(read_passphrase)
            .transpose()?;

        let mut warnings = publish_url.warnings();
        warnings.extend(warnings_of_domains(&domains));
        warnings.extend(warnings_of_kind(kind));
        warnings.extend(warnings_of_passphrases(
            options,
            &passphrase,
            root_passphrase.as_ref(),
        ));

        let settings_text = SettingsText {
            organization: &organization,
            publish_url: &publish_url,
            domains: &domains,
            server_names: &server_names,
            listen,
            http_listen,
            operations_listen,
        }
        .to_string();
        let settings = Settings::parse(&data.settings_file(), settings_text.as_bytes())?;
        Ok(Self {
            data,
            kind,
            passphrase,
            root_passphrase,
            settings,
            settings_text,
            passphrase_file: options.passphrase_file.clone(),
            warnings,
        })
    }

    /// Lists what the admin should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Refuses a place where something is, or where nothing can be.
fn prove_place(data: &DataDir) -> Result<(), InitError> {
    match Leftovers::of(data) {
        Ok(Some(_killed)) => Ok(()),
        Ok(None) => Err(InitError::NotEmpty {
            data: data.path().to_owned(),
        }),
        Err(source) if source.kind() == std::io::ErrorKind::NotFound => {
            let parent = crate::atomic::parent_of(data.path());
            let found = parent
                .metadata()
                .map_err(|source| InitError::place(data, source))?;
            if data.path().symlink_metadata().is_ok() || !found.is_dir() {
                return Err(InitError::place(
                    data,
                    std::io::ErrorKind::NotADirectory.into(),
                ));
            }
            Ok(())
        }
        Err(source) => Err(InitError::place(data, source)),
    }
}

fn prove_server_names(options: &InitOptions) -> Result<Vec<SubjectName>, InitError> {
    if options.server_names.is_empty() {
        // The name of this machine may be no name that can be certified: then it is left out.
        let own = options
            .host_name
            .as_deref()
            .and_then(|name| name.parse::<SubjectName>().ok());
        let mut names = Vec::new();
        for name in DEFAULT_SERVER_NAMES
            .into_iter()
            .filter_map(|name| name.parse().ok())
            .chain(own)
        {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        return Ok(names);
    }
    let mut names = Vec::new();
    for text in &options.server_names {
        let name: SubjectName = text.parse().map_err(|source| InitError::Name {
            option: "--server-name",
            source,
        })?;
        if name.as_str().contains('@') {
            return Err(InitError::ServerName { name: text.clone() });
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn prove_address(
    option: &'static str,
    text: &str,
    example: &'static str,
) -> Result<SocketAddr, InitError> {
    text.parse().map_err(|_source| InitError::Address {
        option,
        came: text.to_owned(),
        example,
    })
}

fn prove_different(
    listen: SocketAddr,
    http: SocketAddr,
    operations: SocketAddr,
) -> Result<(), InitError> {
    let all = [
        ("--listen", listen),
        ("--http-listen", http),
        ("--operations-listen", operations),
    ];
    for (place, (first, address)) in all.into_iter().enumerate() {
        let other = all
            .into_iter()
            .skip(place + 1)
            .find(|(_, other)| *other == address && address.port() != 0);
        if let Some((second, _)) = other {
            return Err(InitError::SameAddress {
                first,
                second,
                address,
            });
        }
    }
    Ok(())
}

fn warnings_of_domains(domains: &[DnsName]) -> Option<String> {
    domains.is_empty().then(|| {
        "no --domain: any well-formed name may be issued; name your domains in `domains` of the settings".to_owned()
    })
}

fn warnings_of_kind(kind: KeyKind) -> Option<String> {
    match kind {
        KeyKind::Rsa3072 | KeyKind::Rsa2048 => None,
        KeyKind::P256 => Some(
            "p256 CAs leave out what reads RSA only: RouterOS 6, RouterOS SSTP, SCEP enrollment, and iOS devices that \
             are set up by hand"
                .to_owned(),
        ),
    }
}

fn warnings_of_passphrases(
    options: &InitOptions,
    passphrase: &Passphrase,
    root_passphrase: Option<&Passphrase>,
) -> Vec<String> {
    let files = std::iter::once(options.passphrase_file.as_path())
        .chain(options.root_passphrase_file.as_deref());
    let readable = |path: &Path| {
        is_readable_by_others(path).then(|| {
            format!(
                "passphrase file {} can be read by others: `chmod 600 {}`",
                path.display(),
                path.display()
            )
        })
    };
    let mut warnings: Vec<String> = files.filter_map(readable).collect();
    if passphrase.expose().len() < SHORT_PASSPHRASE {
        warnings.push(format!(
            "the passphrase has fewer than {SHORT_PASSPHRASE} characters"
        ));
    }
    if root_passphrase.is_some_and(|root| root.expose() == passphrase.expose()) {
        warnings.push(
            "the root key has the passphrase of the issuing CAs: who steals one has both"
                .to_owned(),
        );
    }
    warnings
}

const SHORT_PASSPHRASE: usize = 16;
