//! `bundle`: a certificate and everything else that a device needs to dial into a VPN.

use std::path::{Path, PathBuf};

use ca_types::{CertificateState, Code, Days, Hinted as _, Passphrase, ProfileName, SubjectName};
use ca_verify::Certificate;
use ca_verify::target::{Chain, TargetError};

use super::Context;
use super::issue::{
    all_names, asked, default_algorithm, refuse_other_chain, targets_asked, tell_notices,
};
use super::successor::{key_file, read_key};
use crate::arguments::{certificate, sans, subject_name};
use crate::bundle::{Bundle, Part, Store, Vpn};
use crate::cli::BundleArguments;
use crate::client::{Client, ClientError, IssueParameters, Issued, IssuerRecord};
use crate::enrollment::{Begun, Enrollment, Protection, read_with_warning};
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, FileError};
use crate::json::{BundleDocument, BundleFileDocument, CertificateDocument};
use crate::keys::PrivateKey;
use crate::p12::Seal;
use crate::passphrase::generate_passphrase;
use crate::pending::pending_file;
use crate::printer::Printer;
use crate::report::{certificate_facts, lines};
use crate::settings::Settings;
use crate::signed_data::Signer;

pub(super) async fn run(
    arguments: BundleArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let settings = context.settings()?;
    let vpn = find_vpn(&settings, &arguments.vpn)?.clone();
    let order = Order {
        store: arguments.target.store_for(&vpn, arguments.store)?,
        vpn,
        arguments: &arguments,
        settings: &settings,
    };
    match &arguments.cert {
        Some(file) => order.of_existing(file, context).await,
        None => order.of_new(context).await,
    }
}

/// What is bundled, for which device.
#[derive(Debug)]
struct Order<'a> {
    vpn: Vpn,
    store: Store,
    arguments: &'a BundleArguments,
    settings: &'a Settings,
}

/// What the CA says about itself: all that a bundle needs besides the certificate.
#[derive(Debug)]
struct Surroundings {
    client: Client,
    issuers: Vec<IssuerRecord>,
    gateway_cas: Vec<Certificate>,
    /// Who signs, when the target's profiles are signed.
    signer: Option<Signer>,
}

impl Order<'_> {
    /// Makes a key, has a certificate issued, and packs them.
    async fn of_new(&self, context: &mut Context) -> Result<ExitStatus, CommandError> {
        let arguments = self.arguments;
        let name = subject_name(arguments.name.as_deref().unwrap_or_default())?;
        let further = sans(&arguments.san)?;
        let profile = self.profile()?;
        let mut asked = asked("bundle", &self.settings.server, &profile, &name, &further);
        let targets = vec![arguments.target.rules(self.vpn.protocol)];
        asked.extend(targets_asked(&targets));
        let days = arguments.days.map(|days| ("--days", days.to_string()));
        let algorithm = arguments.key_algorithm;
        let algorithm = algorithm.map(|algorithm| ("--key-algorithm", algorithm.to_string()));
        let replace = arguments.replace.then(|| ("--replace", "yes".to_owned()));
        asked.extend(
            [days, algorithm, replace]
                .into_iter()
                .flatten()
                .map(|(key, value)| (key.to_owned(), value)),
        );
        let protection = match &arguments.key_passphrase_file {
            Some(file) => Protection::PassphraseFile(file.clone()),
            None => Protection::GeneratedPassphrase,
        };
        let enrollment = Enrollment {
            directory: &arguments.place.out,
            name: name.as_str(),
            existing: arguments.place.existing(),
            p12: false,
            protection,
            former_key: None,
            asked,
        };
        let _unless_used = enrollment.prepare()?;
        let around = self.surroundings().await?;
        refuse_other_chain(&enrollment, &profile, &around.issuers)?;
        let is_begun = files::exists(&pending_file(enrollment.directory, enrollment.name));
        if !is_begun {
            self.refuse_existing(name.as_str(), &around)?;
        }
        let algorithm = arguments
            .key_algorithm
            .unwrap_or_else(|| default_algorithm(profile.as_str(), &around.issuers));
        let names = all_names(&name, &further);
        let mut begun = enrollment
            .begin_with_new_key(algorithm, names, &mut context.printer)
            .await?;
        let parameters = IssueParameters {
            request_id: begun.request_id(),
            profile,
            name: name.clone(),
            sans: further,
            days: arguments.days.map(Days),
            certification_request: begun.certification_request().to_vec(),
            replace: arguments.replace,
            targets,
        };
        let secrets = secrets_of(&mut begun)?;
        let issued = match around.client.issue(&parameters).await {
            Ok(issued) => issued,
            Err(error) => return Err(begun.fail(error)),
        };
        begun.write(&enrollment, &issued)?;
        let existing = if begun.was_pending() {
            // The salts are random, so files of an interrupted run differ.
            Existing::Replace
        } else {
            enrollment.existing
        };
        let bundle = self.bundle(&issued, secrets, around)?;
        let parts = self.write(bundle, existing, &mut context.printer).await?;
        begun.finish(&enrollment)?;
        self.report(&issued, &parts, context)
    }

    /// Packs a certificate that was issued before.
    async fn of_existing(
        &self,
        file: &Path,
        context: &mut Context,
    ) -> Result<ExitStatus, CommandError> {
        let arguments = self.arguments;
        let leaf = certificate(file)?;
        let refuse = |what: String, hint: &str| CommandError::Check {
            code: Code::FailedPrecondition,
            what: format!("{}: {what}", file.display()),
            hint: hint.to_owned(),
        };
        let name = leaf.subject().common_name().unwrap_or_default();
        // It becomes a part of file names.
        let name: SubjectName = name
            .parse()
            .map_err(|error| refuse(format!("{error}"), "give a certificate of this CA"))?;
        let serial = leaf
            .serial()
            .map_err(|error| refuse(error.to_string(), "give a certificate of this CA"))?;
        let passphrase_file = arguments.key_passphrase_file.as_ref();
        let old = read_key(
            &key_file(file, arguments.key.as_ref()),
            ("--key-passphrase-file", passphrase_file),
            &leaf,
            &mut context.printer,
        )?;
        let around = self.surroundings().await?;
        self.refuse_existing(name.as_str(), &around)?;
        let issued = around.client.get(serial).await?;
        let record = &issued.certificate;
        if record.der != leaf.der() {
            return Err(refuse(
                "the CA has another certificate of this serial number".to_owned(),
                "give a certificate of this CA",
            ));
        }
        if record.state != CertificateState::Valid {
            return Err(refuse(
                format!("it is {}: no gateway takes it", record.state),
                "leave --cert out to have a new one issued",
            ));
        }
        if record.profile != self.profile()? {
            return Err(refuse(
                format!(
                    "it is a certificate of the profile {}, vpn `{}` wants {}",
                    record.profile,
                    self.vpn.name,
                    self.profile()?
                ),
                "give a certificate of that profile, or change `profile` in the [[vpn]] section",
            ));
        }
        let ders: Vec<&[u8]> = std::iter::once(leaf.der())
            .chain(issued.chain.iter().map(Vec::as_slice))
            .collect();
        let chain = Chain::from_ders(&ders).map_err(|error| ClientError::answer("chain", error))?;
        let rules = [arguments.target.rules(self.vpn.protocol)];
        TargetError::unless_fit(&rules, &chain).map_err(|error| CommandError::Check {
            code: error.code(),
            what: error.to_string(),
            hint: error.hint().unwrap_or_default(),
        })?;
        let passphrase = match passphrase_file {
            Some(file) => read_with_warning(file, &mut context.printer)?,
            None => shown_passphrase(&mut context.printer)?,
        };
        let existing = arguments.place.existing();
        let bundle = self.bundle(&issued, (old.key, passphrase), around)?;
        let _unless_used = files::create_directory(&arguments.place.out)?;
        let parts = self.write(bundle, existing, &mut context.printer).await?;
        self.report(&issued, &parts, context)
    }

    fn profile(&self) -> Result<ProfileName, CommandError> {
        match &self.vpn.profile {
            Some(profile) => Ok(profile.clone()),
            None => crate::arguments::value("profile", "vpn-client"),
        }
    }

    async fn surroundings(&self) -> Result<Surroundings, CommandError> {
        let signer = if self.arguments.target.is_signed() {
            Some(signer(self.settings)?)
        } else {
            None
        };
        let client = Client::connect(self.settings).await?;
        let issuers = client.issuers().await?;
        let class = self.vpn.gateway_class.as_ref();
        let class = class.map_or("vpn-server", ProfileName::as_str);
        let gateway_cas: Vec<Certificate> = issuers
            .iter()
            .filter(|issuer| issuer.class == class && issuer.state == "active")
            .map(|issuer| Certificate::from_der(&issuer.der))
            .collect::<Result<_, _>>()
            .map_err(|error| ClientError::answer("issuer", error))?;
        if gateway_cas.is_empty() {
            return Err(CommandError::Usage {
                what: format!("no CA issues for gateways of the class `{class}`"),
                hint: format!(
                    "`ca-client issuer list` shows the classes: put one into `gateway-class` of the vpn `{}`",
                    self.vpn.name
                ),
            });
        }
        Ok(Surroundings {
            client,
            issuers,
            gateway_cas,
            signer,
        })
    }

    fn refuse_existing(&self, name: &str, around: &Surroundings) -> Result<(), FileError> {
        if self.arguments.place.force {
            return Ok(());
        }
        let target = self.arguments.target;
        let paths = Bundle::paths(target, &self.vpn, name, around.gateway_cas.len());
        let mut paths = paths.iter().map(|path| self.place(path));
        match paths.find(|path| files::exists(path)) {
            Some(path) => Err(FileError::Exists { path }),
            None => Ok(()),
        }
    }

    fn place(&self, path: &str) -> PathBuf {
        self.arguments.place.out.join(path)
    }

    fn bundle(
        &self,
        issued: &Issued,
        (key, passphrase): (PrivateKey, Passphrase),
        around: Surroundings,
    ) -> Result<Bundle, CommandError> {
        let read = |der: &[u8]| Certificate::from_der(der);
        let chain: Vec<Certificate> = issued
            .chain
            .iter()
            .map(|der| read(der))
            .collect::<Result<_, _>>()
            .map_err(|error| ClientError::answer("chain", error))?;
        Ok(Bundle {
            vpn: self.vpn.clone(),
            target: self.arguments.target,
            store: self.store,
            certificate: read(&issued.certificate.der)
                .map_err(|error| ClientError::answer("certificate", error))?,
            chain,
            key,
            passphrase,
            gateway_cas: around.gateway_cas,
            signer: around.signer,
        })
    }

    /// Makes the files and writes them.
    async fn write(
        &self,
        bundle: Bundle,
        existing: Existing,
        printer: &mut Printer,
    ) -> Result<Vec<(PathBuf, &'static str)>, CommandError> {
        if bundle.target.seal() == Seal::Legacy && bundle.passphrase.expose().len() < RANDOM {
            printer.warn(format_args!(
                "the target `{}` takes triple-DES only, which is worth as much as its passphrase is random: leave \
                 --key-passphrase-file out, and one is drawn",
                bundle.target
            ))?;
        }
        let spinner = printer.spinner("packing");
        let packed = tokio::task::spawn_blocking(move || bundle.parts());
        let parts: Vec<Part> = packed.await??;
        drop(spinner);
        let mut written = Vec::with_capacity(parts.len());
        for part in parts {
            let path = self.place(&part.path);
            if let Some(directory) = path.parent() {
                let _unless_used = files::create_directory(directory)?;
                files::write(&path, &part.octets, part.mode, existing)?;
            }
            written.push((path, part.purpose));
        }
        Ok(written)
    }

    fn report(
        &self,
        issued: &Issued,
        written: &[(PathBuf, &'static str)],
        context: &mut Context,
    ) -> Result<ExitStatus, CommandError> {
        let record = &issued.certificate;
        let document = BundleDocument {
            target: self.arguments.target.to_string(),
            vpn: self.vpn.name.as_str(),
            certificate: CertificateDocument::new(record).with_notices(&issued.notices),
            files: written
                .iter()
                .map(|(file, purpose)| BundleFileDocument { file, purpose })
                .collect(),
        };
        context.printer.data(&document, || {
            let files: String = written
                .iter()
                .map(|(file, purpose)| format!("{}: {purpose}\n", file.display()))
                .collect();
            let vpn = format!("{} ({})", self.vpn.name, self.vpn.protocol);
            certificate_facts(record) + &lines(&[("vpn", vpn)]) + &files
        })?;
        tell_notices(issued, &mut context.printer)?;
        Ok(ExitStatus::Success)
    }
}

/// Finds a section of the profile file by its name.
fn find_vpn<'a>(settings: &'a Settings, name: &str) -> Result<&'a Vpn, CommandError> {
    let found = settings.vpns.iter().find(|vpn| vpn.name.as_str() == name);
    found.ok_or_else(|| {
        let names: Vec<&str> = settings.vpns.iter().map(|vpn| vpn.name.as_str()).collect();
        CommandError::Usage {
            what: format!("no [[vpn]] `{name}` in {}", settings.file.display()),
            hint: if names.is_empty() {
                "write a [[vpn]] section with name, gateway and protocol into it".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            },
        }
    })
}

fn secrets_of(begun: &mut Begun) -> Result<(PrivateKey, Passphrase), CommandError> {
    begun.take_secrets().ok_or_else(|| CommandError::Usage {
        what: "the key of the pending request has the passphrase that was printed when it was made"
            .to_owned(),
        hint: "write that passphrase into a file and give it with --key-passphrase-file".to_owned(),
    })
}

fn shown_passphrase(printer: &mut Printer) -> Result<Passphrase, CommandError> {
    let passphrase = generate_passphrase();
    printer.talk(format_args!(
        "passphrase: {}",
        String::from_utf8_lossy(passphrase.expose())
    ))?;
    Ok(passphrase)
}

/// Reads the actor of the profile file, who signs profiles, and the CA above.
fn signer(settings: &Settings) -> Result<Signer, CommandError> {
    let credential = settings
        .credential
        .as_ref()
        .ok_or_else(|| ClientError::NoCredential {
            file: settings.file.clone(),
        })?;
    let certificate = certificate(&credential.certificate)?;
    let wrong = |file: &Path, source| CommandError::Key {
        file: file.to_owned(),
        source,
        passphrase_option: "",
    };
    let pem = zeroize::Zeroizing::new(files::read(&credential.key)?);
    let key = PrivateKey::from_pem(&pem, None).map_err(|source| wrong(&credential.key, source))?;
    let cas = Certificate::chain_from_pem(&files::read(&settings.ca)?).map_err(|source| {
        CommandError::Certificate {
            file: settings.ca.clone(),
            source,
        }
    })?;
    let chain = cas
        .into_iter()
        .filter(|ca| certificate.verify_signed_by(ca).is_ok())
        .collect();
    Ok(Signer {
        key,
        certificate,
        chain,
    })
}

/// How many letters and digits have 128 random bits.
const RANDOM: usize = 26;
