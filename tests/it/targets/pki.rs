//! Certificates that OpenSSL makes: what breaks a rule is nothing that our own CA would issue.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use ca_tests::{openssl, until};
use ca_verify::Severity;
use ca_verify::target::{Chain, Role, Target, judge};
use tempfile::TempDir;

/// The extensions of a CA.
pub(crate) const CA: &str = "basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

/// The extensions of an end entity, but for purposes and names.
pub(crate) const LEAF: &str = "basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
";

pub(crate) const P256: &[&str] = &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
pub(crate) const RSA_2048: &[&str] = &["rsa:2048"];
pub(crate) const RSA_1024: &[&str] = &["rsa:1024"];

const PROGRAMS: [(&str, &str); 7] = [
    ("/usr/bin/pki", "strongswan-pki"),
    ("/usr/bin/certutil", "libnss3-tools"),
    ("/usr/bin/gnutls-cli", "gnutls-bin"),
    ("/usr/sbin/openvpn", "openvpn"),
    ("/usr/sbin/hostapd", "hostapd"),
    ("/usr/bin/eapol_test", "eapoltest"),
    ("/usr/sbin/freeradius", "freeradius"),
];

/// What a certificate shall be; it is called by its name in files.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) name: &'a str,
    /// The name of its issuer; none for itself.
    pub(crate) issuer: Option<&'a str>,
    pub(crate) subject: &'a str,
    pub(crate) key: &'a [&'a str],
    pub(crate) digest: &'a str,
    pub(crate) extensions: &'a str,
}

/// A folder with `root` and `ca`, and what is made below them.
#[derive(Debug)]
pub(crate) struct Pki(TempDir);

impl Pki {
    #[track_caller]
    pub(crate) fn new() -> Self {
        for (program, package) in PROGRAMS {
            assert!(
                Path::new(program).exists(),
                "{program} is missing: `apt-get install -y --no-install-recommends {package}`, or `cargo xtask packages` \
                 for all of them"
            );
        }
        let pki = Self(TempDir::new().expect("the directory for temporary files is writable"));
        pki.ca("root", None, CA);
        pki.ca("ca", Some("root"), CA);
        pki
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// Makes a CA with its name as its common name.
    #[track_caller]
    pub(crate) fn ca(&self, name: &str, issuer: Option<&str>, extensions: &str) {
        self.make(Wish {
            name,
            issuer,
            subject: &format!("/CN={name}"),
            key: P256,
            digest: "-sha256",
            extensions,
        });
    }

    /// Makes `plain`, a CA that does not say that it is one.
    #[track_caller]
    pub(crate) fn plain_ca(&self) {
        let extensions = CA.replace("basicConstraints = critical,CA:TRUE\n", "");
        self.ca("plain", Some("root"), &extensions);
    }

    /// Makes `twin`, a CA with the name of `ca` and another key.
    #[track_caller]
    pub(crate) fn twin_ca(&self) {
        self.make(Wish {
            name: "twin",
            issuer: Some("root"),
            subject: "/CN=ca",
            key: P256,
            digest: "-sha256",
            extensions: CA,
        });
    }

    /// Makes these two, `mute`, which may sign no certificates, and `short` with `second` below it, which it does not allow.
    #[track_caller]
    pub(crate) fn odd_cas(&self) {
        self.plain_ca();
        self.ca("mute", Some("root"), &CA.replace("keyCertSign,", ""));
        let no_ca_below = CA.replace("CA:TRUE", "CA:TRUE,pathlen:0");
        self.ca("short", Some("root"), &no_ca_below);
        self.ca("second", Some("short"), CA);
        self.twin_ca();
    }

    /// Makes an end entity with a P-256 key.
    #[track_caller]
    pub(crate) fn leaf(&self, name: &str, issuer: &str, subject: &str, extensions: &str) {
        self.make(Wish {
            name,
            issuer: Some(issuer),
            subject,
            key: P256,
            digest: "-sha256",
            extensions,
        });
    }

    /// Makes `NAME.pem`, `NAME.key`, and `NAME.chain` with the issuer behind the certificate.
    #[track_caller]
    pub(crate) fn make(&self, wish: Wish<'_>) {
        let Wish {
            name,
            issuer,
            subject,
            key,
            digest,
            extensions,
        } = wish;
        let settings = format!(
            "[req]\ndistinguished_name = dn\nx509_extensions = wanted\n[dn]\n[wanted]\n{extensions}"
        );
        self.write(&format!("{name}.cnf"), &settings);
        let file = |ending: &str| format!("{name}.{ending}");
        let (config, key_file, out) = (file("cnf"), file("key"), file("pem"));
        let mut words = vec!["req", "-x509", "-config", &config, "-newkey"];
        words.extend(key);
        words.extend(["-nodes", "-keyout", &key_file, "-out", &out, digest]);
        words.extend(["-days", "30", "-subj", subject]);
        let above = issuer.map(|issuer| (format!("{issuer}.pem"), format!("{issuer}.key")));
        if let Some((certificate, key)) = &above {
            words.extend(["-CA", certificate, "-CAkey", key]);
        }
        openssl(self.folder(), &words).ok();
        let above = above.map_or_else(String::new, |(certificate, _)| self.read(&certificate));
        self.write(&file("chain"), &(self.read(&out) + &above));
    }

    /// Signs an empty CRL of a CA into `NAME.crl`.
    #[track_caller]
    pub(crate) fn crl(&self, name: &str) {
        let settings = format!(
            "[ca]\ndefault_ca = own\n[own]\ndatabase = {name}.index\ndefault_md = sha256\ndefault_crl_days = 7\n"
        );
        self.write(&format!("{name}.ca"), &settings);
        self.write(&format!("{name}.index"), "");
        let file = |ending: &str| format!("{name}.{ending}");
        let words = [
            "ca",
            "-gencrl",
            "-config",
            &file("ca"),
            "-cert",
            &file("pem"),
            "-keyfile",
            &file("key"),
            "-out",
            &file("crl"),
        ];
        openssl(self.folder(), &words).ok();
    }

    /// Joins files into one.
    #[track_caller]
    pub(crate) fn join(&self, files: &[&str], to: &str) {
        let text: String = files.iter().map(|file| self.read(file)).collect();
        self.write(to, &text);
    }

    #[track_caller]
    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("the test directory is writable");
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Fails the test unless our own rules find exactly `expect` as an error in the files, of these rules.
    #[track_caller]
    pub(crate) fn judged(
        &self,
        target: Target,
        role: Role,
        rule: &str,
        good: &[&str],
        bad: &[&str],
    ) {
        let errors = |files: &[&str]| -> Vec<&str> {
            let octets: Vec<String> = files.iter().map(|file| self.read(file)).collect();
            let chain = Chain::from_files(&octets).unwrap_or_else(|error| panic!("{error}"));
            judge(target, &[role], &chain)
                .into_iter()
                .filter(|misfit| misfit.severity == Severity::Error)
                .map(|misfit| misfit.rule.id)
                .collect()
        };
        assert!(errors(bad).contains(&rule), "{bad:?}: {:?}", errors(bad));
        assert!(
            !errors(good).contains(&rule),
            "{good:?}: {:?}",
            errors(good)
        );
    }
}

/// A foreign program that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    #[track_caller]
    pub(crate) fn start(command: &mut Command, log: &Path) -> Self {
        let output = File::create(log).expect("the test directory is writable");
        let errors = output.try_clone().expect("a file can be shared");
        let child = command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{command:?}: {error}; `cargo xtask packages` installs it")
            });
        Self {
            child,
            log: log.to_owned(),
        }
    }

    /// Returns what it logged so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// Waits until it has logged one of these words, or has ended, and returns all that it logged.
    #[track_caller]
    pub(crate) fn until_logged(&mut self, words: &[&str]) -> String {
        until(
            Duration::from_secs(60),
            &format!("one of {words:?}"),
            || {
                let ended = self.child.try_wait().expect("the child is ours").is_some();
                let log = self.log();
                (ended || words.iter().any(|word| log.contains(word))).then_some(log)
            },
        )
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            drop(self.child.kill());
            drop(self.child.wait());
        }
        if std::thread::panicking() {
            eprintln!("--- {}\n{}---", self.log.display(), self.log());
        }
    }
}
