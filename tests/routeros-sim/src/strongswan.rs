//! What strongSwan has to be told so that it can do what the router could do, and no more.
//!
//! The rules are those of the RouterOS manual, "IP Security" and "Certificates":
//!
//! - Only peers with `exchange-mode=ike2` and identities with `auth-method=digital-signature`
//!   become connections. A passive peer gets its address as a subnet: it can answer, not initiate.
//! - Proposals are the cross product of the peer's profile, and of the proposal of the policy or
//!   template. A word that strongSwan cannot speak is left out; when none is left, so is the
//!   connection or child, because an empty list would mean strongSwan's defaults.
//! - The identity lists its certificate and the chain to send. Its private key is added when the
//!   store has it; without it the connection is written and fails, as on the device. A certificate
//!   without a subject key identifier serves nobody.
//! - Trust is global: every CA in the store with `trusted=yes`. A listed intermediate counts too
//!   when it leads to one of those. Of two CAs of one name the first counts. What the manual does
//!   not settle: strongSwan sends an intermediate that the store trusts even when the identity does
//!   not list it.
//! - `crl-use=yes` checks every certificate of a chain but the root, and what the router has not
//!   downloaded is missing: strict, with the lists of the router. Otherwise no list is read.
//!   strongSwan fetches nothing itself, and OCSP is off: RouterOS has no client for it.
//! - `remote-id=auto` and `ignore` accept any name that the peer's certificate carries; strongSwan
//!   cannot skip that check, so `ignore` is stricter here. `my-id=auto` is the first subject
//!   alternative name, or the subject.
//! - `generate-policy` answers within the templates of the identity's group. A mode-config with
//!   `responder=yes` hands out addresses of its pool, and one without asks for an address.
//! - RouterOS settles the peer by its address first. strongSwan does too, but goes on to a peer
//!   for any address when no identity of the first one fits: such a caller can get an IKE SA
//!   there, within that peer's templates.
//!
//! Life times, `level`, transport mode and AH are not carried over.

mod algorithm;
mod connection;
mod identity;
mod section;

use self::section::Section;
use crate::pem;
use crate::view::{HeldCertificate, RouterView, Row, is_set, list, word, word_or};
use crate::x509;
use std::{
    collections::BTreeSet,
    fs::{self, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{self, Path},
};

/// What the router itself does not say.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The address of the daemon, where the peer row has no `local-address`.
    pub local_address: Option<String>,
}

/// Writes `strongswan.conf`, `swanctl.conf` and the credentials of one daemon into a directory.
///
/// Start `charon-systemd` with `STRONGSWAN_CONF` set to the first, and `swanctl --load-all` with
/// `SWANCTL_DIR` set to the directory as well. Credentials of an earlier export are removed.
///
/// # Errors
/// When the directory cannot be written.
pub fn export(view: &RouterView, options: &Options, out: &Path) -> io::Result<()> {
    let out = path::absolute(out)?;
    for name in CREDENTIALS {
        let directory = out.join(name);
        if directory.exists() {
            fs::remove_dir_all(&directory)?;
        }
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    let plan = connection::plan(view, options);
    write(
        &out.join("strongswan.conf"),
        &daemon(view, &out).to_string(),
    )?;
    write(&out.join("swanctl.conf"), &plan.section.to_string())?;
    for name in &plan.certificates {
        if let Some(held) = view.held(name) {
            write_pem(&out.join("x509"), held, "CERTIFICATE", &held.der)?;
        }
    }
    for name in &plan.keys {
        if let Some((held, key)) = view
            .held(name)
            .and_then(|held| Some((held, held.key_pkcs8.as_ref()?)))
        {
            write_pem(&out.join("private"), held, "PRIVATE KEY", key)?;
        }
    }
    for held in trusted(view, &plan.chain) {
        write_pem(&out.join("x509ca"), held, "CERTIFICATE", &held.der)?;
    }
    if view.checks_crls() {
        for (index, crl) in view.crls.iter().enumerate() {
            write(
                &out.join(format!("x509crl/{index}.pem")),
                &pem::write("X509 CRL", crl),
            )?;
        }
    }
    Ok(())
}

/// What the rows of the router come to.
struct Plan {
    section: Section,
    /// Names of certificates for which there is a connection.
    certificates: BTreeSet<String>,
    /// Names of certificates whose private key signs.
    keys: BTreeSet<String>,
    /// Names of the further certificates that identities list.
    chain: BTreeSet<String>,
}

/// Returns the CAs that the router trusts, and the listed intermediates that lead to them; of each name the first.
fn trusted<'a>(view: &'a RouterView, chain: &BTreeSet<String>) -> Vec<&'a HeldCertificate> {
    let (mut trusted, mut others): (Vec<_>, Vec<_>) = view
        .certificates
        .iter()
        .filter(|held| held.is_ca)
        .partition(|held| held.trusted);
    others.retain(|held| chain.contains(&held.name));
    loop {
        let before = trusted.len();
        others.retain(|held| {
            let leads = trusted.iter().any(|issuer| identity::issued(issuer, held));
            if leads {
                trusted.push(*held);
            }
            !leads
        });
        if trusted.len() == before {
            return x509::first_of_each_name(trusted, |held| &held.der);
        }
    }
}

/// Returns `strongswan.conf`.
fn daemon(view: &RouterView, out: &Path) -> Section {
    let socket = format!("unix://{}", out.join("vici").display());
    let yes_no = |flag: bool| if flag { "yes" } else { "no" };
    let mut log = Section::default();
    log.set("path", &out.join("charon.log").display().to_string());
    log.set("default", "1");
    log.set("cfg", "2");
    log.set("flush_line", "yes");
    let mut journal = Section::default();
    journal.set("default", "-1");
    let mut vici = Section::default();
    vici.set("socket", &socket);
    let mut revocation = Section::default();
    revocation.set("enable_crl", yes_no(view.checks_crls()));
    revocation.set("enable_ocsp", "no");
    let mut plugins = Section::default();
    plugins.add("vici", vici);
    plugins.add("revocation", revocation);
    let mut files = Section::default();
    files.add("file", log);
    let mut charon = Section::default();
    charon.set("load", PLUGINS);
    charon.set("install_routes", "yes");
    charon.add("filelog", files);
    charon.add("journal", journal);
    charon.add("plugins", plugins);
    let mut swanctl = Section::default();
    swanctl.set("load", "pem pkcs1 pkcs8 x509 openssl random");
    swanctl.set("socket", &socket);
    let mut all = Section::default();
    all.add("charon-systemd", charon);
    all.add("swanctl", swanctl);
    all
}

fn write_pem(directory: &Path, held: &HeldCertificate, label: &str, der: &[u8]) -> io::Result<()> {
    write(
        &directory.join(file_name(&held.name)),
        &pem::write(label, der),
    )
}

/// Returns the file of a certificate, and of its key in the other directory.
fn file_name(name: &str) -> String {
    format!("{}.pem", section::name(name))
}

/// Writes a file that only its owner reads.
pub(crate) fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())
}

/// Directories that swanctl reads; those we have nothing for must be there and empty.
const CREDENTIALS: [&str; 13] = [
    "x509", "x509ca", "x509crl", "private", "x509ocsp", "x509aa", "x509ac", "pubkey", "rsa",
    "ecdsa", "bliss", "pkcs8", "pkcs12",
];

/// Without a fetcher; with the userland ESP, which needs no kernel support.
const PLUGINS: &str = "random nonce openssl kdf hmac sha1 sha2 pem pkcs1 pkcs8 x509 pubkey \
    revocation constraints kernel-libipsec kernel-netlink socket-default vici updown";
