//! From a key to the files of a certificate, in steps that a killed and repeated command can pick up.
//!
//! The pending request is written first, then the key, then the request is sent. So a pending request
//! without its key was never sent and may be begun anew; with its key it is sent again as it was.

mod delivery;

use std::path::{Path, PathBuf};

use ca_types::{Code, GeneralName, Passphrase, RequestId, SystemEntropy};
use ca_verify::{Certificate, CertificationRequest};

use crate::client::ClientError;
use crate::error::CommandError;
use crate::files::{self, Existing, FileError, Mode, NewDirectories};
use crate::keys::{KeyAlgorithm, KeyError, PrivateKey};
use crate::p12::P12Error;
use crate::passphrase::{generate_passphrase, read_passphrase};
use crate::pending::{Asked, PendingError, PendingRequest, pending_file};
use crate::printer::Printer;

pub(crate) use delivery::{Files, chain_pem};

/// What is enrolled, and where its files go.
#[derive(Debug)]
pub(crate) struct Enrollment<'a> {
    /// Where the files go.
    pub(crate) directory: &'a Path,
    /// The NAME: what the files are called.
    pub(crate) name: &'a str,
    /// What happens to files that are there already.
    pub(crate) existing: Existing,
    /// Whether a PKCS#12 file is wanted.
    pub(crate) p12: bool,
    /// How the key is protected.
    pub(crate) protection: Protection,
    /// The key of the certificate that gets a successor: never the one that waits for the new certificate.
    pub(crate) former_key: Option<&'a Path>,
    /// What was asked: only the same question goes on with a pending request.
    pub(crate) asked: Asked,
}

/// How a key is protected on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Protection {
    /// By the rights of its file alone.
    Rights,
    /// By the passphrase in this file.
    PassphraseFile(PathBuf),
    /// By a passphrase that is drawn and printed once.
    GeneratedPassphrase,
}

/// An enrollment whose request is written down.
#[derive(Debug)]
pub(crate) struct Begun {
    pending: PendingRequest,
    key: Option<StagedKey>,
    passphrase: Option<Passphrase>,
    was_pending: bool,
}

/// A key on disk that waits for its certificate.
#[derive(Debug)]
struct StagedKey {
    /// Where it stands.
    file: PathBuf,
    /// What it is; none when it is encrypted and was not opened.
    key: Option<PrivateKey>,
}

impl Enrollment<'_> {
    /// Looks for what would stop it later, before anything is made or sent.
    ///
    /// The directory that it makes for this is gone with what is returned, unless something came into it.
    pub(crate) fn prepare(&self) -> Result<NewDirectories, CommandError> {
        if RESERVED.contains(&self.name) {
            return Err(CommandError::Check {
                code: Code::InvalidName,
                what: format!(
                    "name `{0}`: `{0}.pem` is another file in the directory",
                    self.name
                ),
                hint: "choose another name".to_owned(),
            });
        }
        if self.p12 && self.protection == Protection::Rights {
            return Err(P12Error::PassphraseMissing.into());
        }
        Ok(files::create_directory(self.directory)?)
    }

    /// Goes on with a pending request of the same question, or makes a key and begins a new one.
    pub(crate) async fn begin_with_new_key(
        &self,
        algorithm: KeyAlgorithm,
        sans: Vec<GeneralName>,
        printer: &mut Printer,
    ) -> Result<Begun, CommandError> {
        if let Some(pending) = self.find_pending()? {
            let passphrase = self.passphrase_of_pending(printer)?;
            if let Some(staged) = self.find_key_of(&pending, passphrase.as_ref())? {
                let (id, file) = (pending.request_id(), staged.file.display());
                printer.talk(format_args!(
                    "going on with the pending request {id} and {file}"
                ))?;
                let key = Some(staged);
                return Ok(Begun {
                    pending,
                    key,
                    passphrase,
                    was_pending: true,
                });
            }
            // Without its key it was never sent.
            pending.finish()?;
        }
        self.refuse_existing(&["pem", "key"])?;
        let passphrase = self.passphrase_for_new_key(printer)?;
        let spinner = printer.spinner(format!("making a key ({algorithm})"));
        let name = self.name.to_owned();
        let made = tokio::task::spawn_blocking(move || make(algorithm, &name, &sans, passphrase));
        let made = made.await?.map_err(CommandError::NewKey)?;
        drop(spinner);
        let pending = self.write_pending(made.request)?;
        let target = self.path("key");
        let file = if files::exists(&target) {
            self.path("key.next")
        } else {
            target
        };
        files::write(&file, made.pem.as_bytes(), Mode::Private, Existing::Replace)?;
        Ok(Begun {
            pending,
            key: Some(StagedKey {
                file,
                key: Some(made.key),
            }),
            passphrase: made.passphrase,
            was_pending: false,
        })
    }

    /// Goes on with a pending request of the same question, or begins one with a request that exists already.
    pub(crate) fn begin_with_request(&self, request: Vec<u8>) -> Result<Begun, CommandError> {
        if let Some(pending) = self.find_pending()? {
            return Ok(Begun {
                pending,
                key: None,
                passphrase: None,
                was_pending: true,
            });
        }
        self.refuse_existing(&["pem"])?;
        // Left by another request that was given up: it must not be taken for the key of this one.
        files::remove(&self.path("key.next"))?;
        let pending = self.write_pending(request)?;
        Ok(Begun {
            pending,
            key: None,
            passphrase: None,
            was_pending: false,
        })
    }

    fn find_pending(&self) -> Result<Option<PendingRequest>, CommandError> {
        let file = pending_file(self.directory, self.name);
        match PendingRequest::find(file.clone(), &self.asked) {
            Err(PendingError::Other { .. } | PendingError::Broken { .. })
                if self.existing == Existing::Replace =>
            {
                files::remove(&file)?;
                Ok(None)
            }
            found => Ok(found?),
        }
    }

    fn passphrase_of_pending(
        &self,
        printer: &mut Printer,
    ) -> Result<Option<Passphrase>, CommandError> {
        match &self.protection {
            Protection::PassphraseFile(file) => Ok(Some(read_with_warning(file, printer)?)),
            Protection::GeneratedPassphrase if self.p12 => Err(CommandError::Usage {
                what: "the key of the pending request has the passphrase that was printed when it was made"
                    .to_owned(),
                hint: "write that passphrase into a file and give it with --key-passphrase-file"
                    .to_owned(),
            }),
            Protection::GeneratedPassphrase => {
                printer.talk("the key keeps the passphrase that was printed when it was made")?;
                Ok(None)
            }
            Protection::Rights => Ok(None),
        }
    }

    fn find_key_of(
        &self,
        pending: &PendingRequest,
        passphrase: Option<&Passphrase>,
    ) -> Result<Option<StagedKey>, CommandError> {
        let key_id = own_request(pending)?.public_key().key_id();
        for file in [self.path("key.next"), self.path("key")] {
            let is_former = self
                .former_key
                .is_some_and(|key| files::is_same(key, &file));
            if is_former || !files::exists(&file) {
                continue;
            }
            let pem = zeroize::Zeroizing::new(files::read(&file)?);
            match PrivateKey::from_pem(&pem, passphrase) {
                Ok(key) if key.key_id() == key_id => {
                    return Ok(Some(StagedKey {
                        file,
                        key: Some(key),
                    }));
                }
                Ok(_) => {}
                // It cannot be looked at; the certificate that comes back has to fit the request all the same.
                Err(KeyError::PassphraseMissing) => return Ok(Some(StagedKey { file, key: None })),
                Err(source) => {
                    return Err(CommandError::Key {
                        file,
                        source,
                        passphrase_option: "--key-passphrase-file",
                    });
                }
            }
        }
        Ok(None)
    }

    fn passphrase_for_new_key(
        &self,
        printer: &mut Printer,
    ) -> Result<Option<Passphrase>, CommandError> {
        match &self.protection {
            Protection::Rights => Ok(None),
            Protection::PassphraseFile(file) => Ok(Some(read_with_warning(file, printer)?)),
            Protection::GeneratedPassphrase => {
                let passphrase = generate_passphrase();
                // Before the key is written: a key whose passphrase nobody saw is of no use.
                printer.talk(format_args!(
                    "passphrase: {}",
                    String::from_utf8_lossy(passphrase.expose())
                ))?;
                Ok(Some(passphrase))
            }
        }
    }

    fn write_pending(&self, request: Vec<u8>) -> Result<PendingRequest, CommandError> {
        let request_id = RequestId::generate(&mut SystemEntropy);
        let file = pending_file(self.directory, self.name);
        Ok(PendingRequest::begin(
            file,
            request_id,
            request,
            &self.asked,
        )?)
    }

    fn refuse_existing(&self, endings: &[&str]) -> Result<(), FileError> {
        if self.existing == Existing::Replace {
            return Ok(());
        }
        let p12 = self.p12.then_some("p12");
        let mut paths = endings
            .iter()
            .copied()
            .chain(p12)
            .map(|ending| self.path(ending));
        match paths.find(|path| files::exists(path)) {
            Some(path) => Err(FileError::Exists { path }),
            None => Ok(()),
        }
    }

    fn path(&self, ending: &str) -> PathBuf {
        self.directory.join(format!("{}.{ending}", self.name))
    }
}

impl Begun {
    pub(crate) fn request_id(&self) -> RequestId {
        self.pending.request_id()
    }

    /// Returns the PKCS#10 request in DER.
    pub(crate) fn certification_request(&self) -> &[u8] {
        self.pending.certification_request()
    }

    /// Tells whether an earlier run began it.
    pub(crate) fn was_pending(&self) -> bool {
        self.was_pending
    }

    /// Hands out the key and the passphrase that it is encrypted with, when both are known.
    pub(crate) fn take_secrets(&mut self) -> Option<(PrivateKey, Passphrase)> {
        let key = self.key.as_mut()?.key.take()?;
        Some((key, self.passphrase.take()?))
    }

    /// Clears away after an error: what was refused at once leaves nothing behind.
    ///
    /// A request that had been pending stays: its first sending may have been answered.
    pub(crate) fn fail(self, error: ClientError) -> CommandError {
        if error.is_refusal() && !self.was_pending {
            let key = self.key.map_or(Ok(()), |key| files::remove(&key.file));
            if let Err(error) = key.and_then(|()| self.pending.finish()) {
                return error.into();
            }
        }
        error.into()
    }
}

/// Ends what a killed run left half done: the certificate was replaced, the key beside it was not yet.
///
/// The staged key is that of the certificate when the pending request is for it: the request is written before the
/// key, and the key before anything is sent.
pub(crate) fn finish_switch(
    certificate_file: &Path,
    certificate: &Certificate,
) -> Result<(), CommandError> {
    let staged = certificate_file.with_extension("key.next");
    let pending = certificate_file.with_extension("pending");
    if !files::exists(&staged) || !files::exists(&pending) {
        return Ok(());
    }
    let request = PendingRequest::read(&pending)?;
    if own_request(&request)?.public_key().key_id() == certificate.public_key().key_id() {
        files::replace(&staged, &certificate_file.with_extension("key"))?;
        request.finish()?;
    }
    Ok(())
}

/// Reads a passphrase file, and warns when others can read it too.
pub(crate) fn read_with_warning(
    file: &Path,
    printer: &mut Printer,
) -> Result<Passphrase, CommandError> {
    let passphrase = read_passphrase(file)?;
    if files::is_readable_by_others(file) {
        printer.warn(format_args!(
            "others can read {}: chmod 600 it",
            file.display()
        ))?;
    }
    Ok(passphrase)
}

fn own_request(pending: &PendingRequest) -> Result<CertificationRequest, CommandError> {
    CertificationRequest::from_der(pending.certification_request()).map_err(|source| {
        CommandError::Usage {
            what: format!("the pending request is damaged: {source}"),
            hint: "remove the .pending file to begin anew".to_owned(),
        }
    })
}

/// A key, its request, and how it is written.
struct Made {
    key: PrivateKey,
    request: Vec<u8>,
    pem: zeroize::Zeroizing<String>,
    passphrase: Option<Passphrase>,
}

fn make(
    algorithm: KeyAlgorithm,
    name: &str,
    sans: &[GeneralName],
    passphrase: Option<Passphrase>,
) -> Result<Made, KeyError> {
    let key = PrivateKey::generate(algorithm)?;
    let request = key.certification_request(name, sans)?;
    let pem = match &passphrase {
        Some(passphrase) => key.to_encrypted_pem(passphrase)?,
        None => key.to_pem()?,
    };
    Ok(Made {
        key,
        request,
        pem,
        passphrase,
    })
}

/// Names whose certificate would take the place of a chain or trust anchor.
const RESERVED: [&str; 2] = ["chain", "ca"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Issued;
    use crate::printer::{Format, Streams};

    fn printer() -> Printer {
        let streams = Streams {
            stdout: Box::new(std::io::sink()),
            stderr: Box::new(std::io::sink()),
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        };
        Printer::new(streams, Format::Text)
    }

    fn enrollment<'a>(directory: &'a Path, existing: Existing, days: &str) -> Enrollment<'a> {
        Enrollment {
            directory,
            name: NAME,
            existing,
            p12: false,
            protection: Protection::Rights,
            former_key: None,
            asked: [("--days".to_owned(), days.to_owned())].into(),
        }
    }

    async fn begin(enrollment: &Enrollment<'_>) -> Result<Begun, CommandError> {
        let sans = vec![NAME.parse().map(GeneralName::Dns).unwrap()];
        enrollment
            .begin_with_new_key(KeyAlgorithm::P256, sans, &mut printer())
            .await
    }

    /// Issues as a server would: for the key of the enrollment, by a CA of its own.
    fn issued(key: &PrivateKey, name: &str) -> Issued {
        let ca_key = rcgen::KeyPair::generate().unwrap();
        let mut ca = rcgen::CertificateParams::default();
        ca.distinguished_name
            .push(rcgen::DnType::CommonName, "Test CA");
        ca.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let issuer = rcgen::Issuer::new(ca, ca_key);
        let mut leaf = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap();
        leaf.distinguished_name = rcgen::DistinguishedName::new();
        leaf.distinguished_name
            .push(rcgen::DnType::CommonName, name);
        leaf.serial_number = Some(rcgen::SerialNumber::from(vec![0x41; 16]));
        let pair = rcgen::KeyPair::try_from(key.pkcs8_der()).unwrap();
        let der = leaf.signed_by(&pair, &issuer).unwrap().der().to_vec();
        let certificate = ca_proto::v1::Certificate {
            serial: "41".repeat(16),
            issuer_id: "router-2026-1".to_owned(),
            profile: "router".to_owned(),
            name: name.to_owned(),
            not_after: 1,
            state: ca_proto::v1::CertificateState::Valid.into(),
            fingerprint: "00".repeat(32),
            key_id: "00".repeat(32),
            der,
            ..Default::default()
        };
        Issued {
            certificate: certificate.try_into().unwrap(),
            chain: vec![ca_certificate.der().to_vec()],
            notices: Vec::new(),
        }
    }

    fn names_in(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    fn refusal() -> ClientError {
        ClientError::Api(tonic::Status::already_exists("taken").into())
    }

    #[tokio::test]
    async fn a_repeat_goes_on_with_the_same_key_and_request_and_ends_with_its_files() {
        let directory = tempfile::tempdir().unwrap();
        let enrollment = enrollment(directory.path(), Existing::Keep, "30");
        let first = begin(&enrollment).await.unwrap();
        let (id, request) = (first.request_id(), first.certification_request().to_vec());
        drop(first);
        let second = begin(&enrollment).await.unwrap();
        assert_eq!(
            (second.request_id(), second.certification_request()),
            (id, request.as_slice())
        );
        let issued = issued(second.key.as_ref().unwrap().key.as_ref().unwrap(), NAME);
        second.deliver(&enrollment, &issued).unwrap();
        let expect = ["chain.pem", "r1.example.key", "r1.example.pem"];
        assert_eq!(names_in(directory.path()), expect);
        let again = begin(&enrollment).await.unwrap_err();
        assert!(
            matches!(again, CommandError::File(FileError::Exists { .. })),
            "{again}"
        );
    }

    #[tokio::test]
    async fn a_pending_request_without_its_key_was_never_sent_and_begins_anew() {
        let directory = tempfile::tempdir().unwrap();
        let enrollment = enrollment(directory.path(), Existing::Keep, "30");
        let first = begin(&enrollment).await.unwrap();
        files::remove(&first.key.as_ref().unwrap().file).unwrap();
        let second = begin(&enrollment).await.unwrap();
        assert_ne!(first.request_id(), second.request_id());
    }

    #[tokio::test]
    async fn other_arguments_are_explained_until_they_shall_replace() {
        let directory = tempfile::tempdir().unwrap();
        begin(&enrollment(directory.path(), Existing::Keep, "30"))
            .await
            .unwrap();
        let other = begin(&enrollment(directory.path(), Existing::Keep, "60"))
            .await
            .unwrap_err();
        assert!(
            matches!(other, CommandError::Pending(PendingError::Other { .. })),
            "{other}"
        );
        begin(&enrollment(directory.path(), Existing::Replace, "60"))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_refusal_leaves_nothing_behind_and_the_former_key_alone() {
        let directory = tempfile::tempdir().unwrap();
        let key = directory.path().join("r1.example.key");
        files::write(&key, b"former", Mode::Private, Existing::Keep).unwrap();
        let enrollment = enrollment(directory.path(), Existing::Replace, "30");
        let begun = begin(&enrollment).await.unwrap();
        let error = begun.fail(refusal());
        assert!(matches!(error, CommandError::Client(_)), "{error}");
        assert_eq!(names_in(directory.path()), ["r1.example.key"]);
        assert_eq!(files::read(&key).unwrap(), b"former");
    }

    /// Leaves the old pair and a pending request with its key, as a rekey in place does before it is answered.
    async fn begin_in_place(directory: &Path) -> (Begun, PrivateKey) {
        let old = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let write = |ending: &str, octets: &[u8]| {
            let file = directory.join(format!("{NAME}.{ending}"));
            files::write(&file, octets, Mode::Private, Existing::Keep).unwrap();
        };
        write("key", old.to_pem().unwrap().as_bytes());
        let certificate = issued(&old, NAME).certificate.der;
        let certificate = Certificate::from_der(&certificate).unwrap();
        write("pem", certificate.to_pem().as_bytes());
        let begun = begin(&enrollment(directory, Existing::Replace, "30"))
            .await
            .unwrap();
        (begun, old)
    }

    fn key_in(file: &Path) -> ca_types::KeyId {
        let pem = files::read(file).unwrap();
        PrivateKey::from_pem(&pem, None).unwrap().key_id()
    }

    #[tokio::test]
    async fn a_successor_in_place_leaves_the_old_pair_alone_until_it_is_delivered() {
        let directory = tempfile::tempdir().unwrap();
        let enrollment = enrollment(directory.path(), Existing::Replace, "30");
        let (begun, old) = begin_in_place(directory.path()).await;
        assert_eq!(key_in(&enrollment.path("key")), old.key_id());
        let new = key_in(&enrollment.path("key.next"));
        let issued = issued(begun.key.as_ref().unwrap().key.as_ref().unwrap(), NAME);
        begun.deliver(&enrollment, &issued).unwrap();
        assert_eq!(key_in(&enrollment.path("key")), new);
        let expect = ["chain.pem", "r1.example.key", "r1.example.pem"];
        assert_eq!(names_in(directory.path()), expect);
    }

    #[tokio::test]
    async fn a_switch_that_a_kill_cut_in_two_is_finished() {
        let directory = tempfile::tempdir().unwrap();
        let enrollment = enrollment(directory.path(), Existing::Replace, "30");
        let (begun, old) = begin_in_place(directory.path()).await;
        let (certificate_file, key) = (enrollment.path("pem"), enrollment.path("key"));
        let before = crate::arguments::certificate(&certificate_file).unwrap();
        finish_switch(&certificate_file, &before).unwrap();
        assert_eq!(key_in(&key), old.key_id(), "nothing was delivered yet");

        let staged = begun.key.as_ref().unwrap().key.as_ref().unwrap();
        let after = Certificate::from_der(&issued(staged, NAME).certificate.der).unwrap();
        finish_switch(&certificate_file, &after).unwrap();
        assert_eq!(key_in(&key), staged.key_id());
        assert_eq!(
            names_in(directory.path()),
            ["r1.example.key", "r1.example.pem"]
        );
    }

    #[tokio::test]
    async fn the_former_key_is_not_taken_for_the_one_that_waits() {
        let directory = tempfile::tempdir().unwrap();
        let (begun, old) = begin_in_place(directory.path()).await;
        let mut enrollment = enrollment(directory.path(), Existing::Replace, "30");
        let key = enrollment.path("key");
        files::remove(&enrollment.path("key.next")).unwrap();
        let passphrase = generate_passphrase();
        let pem = old.to_encrypted_pem(&passphrase).unwrap();
        files::write(&key, pem.as_bytes(), Mode::Private, Existing::Replace).unwrap();
        enrollment.former_key = Some(&key);
        let again = begin(&enrollment).await.unwrap();
        assert_ne!(again.request_id(), begun.request_id());
        assert!(files::exists(&enrollment.path("key.next")));
    }

    #[tokio::test]
    async fn what_may_have_been_answered_stays_pending() {
        let directory = tempfile::tempdir().unwrap();
        let enrollment = enrollment(directory.path(), Existing::Keep, "30");
        let lost = ClientError::Connection {
            server: "https://a:1".into(),
            what: "broken".to_owned(),
        };
        let before = begin(&enrollment).await.unwrap();
        let id = before.request_id();
        before.fail(lost);
        let repeated = begin(&enrollment).await.unwrap();
        repeated.fail(refusal());
        assert_eq!(begin(&enrollment).await.unwrap().request_id(), id);
    }

    #[tokio::test]
    async fn a_certificate_for_another_key_or_name_is_not_written() {
        let directory = tempfile::tempdir().unwrap();
        let enrollment = enrollment(directory.path(), Existing::Keep, "30");
        let stranger = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
        let begun = begin(&enrollment).await.unwrap();
        let own = PrivateKey::from_pem(
            &files::read(&begun.key.as_ref().unwrap().file).unwrap(),
            None,
        );
        for issued in [issued(&stranger, NAME), issued(&own.unwrap(), "r2.example")] {
            let begun = begin(&enrollment).await.unwrap();
            let error = begun.deliver(&enrollment, &issued).unwrap_err();
            assert!(
                matches!(error, CommandError::Client(ClientError::Answer { .. })),
                "{error}"
            );
        }
        assert!(!files::exists(&directory.path().join("r1.example.pem")));
    }

    const NAME: &str = "r1.example";
}
