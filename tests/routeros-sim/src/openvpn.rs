//! What OpenVPN has to be told so that it can do what the router could do, and no more.
//!
//! The rules are those of the RouterOS manual, "OVPN" and "Certificates":
//!
//! - A server that is on and has a certificate becomes `server.conf`, or `NAME.conf` where there
//!   are several; a client that is on becomes `NAME.conf`. What OpenVPN cannot speak is left out.
//! - A server lets in who is in `/ppp/secret` for `any` or `ovpn`, with the right password, and
//!   gives the `remote-address` of the secret. Its own address is the `local-address` of its
//!   profile, or of the first secret that has one: there is one interface for all callers.
//! - `require-client-certificate` asks for a certificate, else nobody is asked.
//! - Trust is global: every CA in the store with `trusted=yes`, of two of one name the first. With
//!   `crl-use=yes` a chain leads through such CAs only whose list the router has; OpenVPN itself
//!   would let that pass.
//! - The chain that is sent is what the store has of it, found by name.
//! - OpenVPN takes one `auth`, a router several: the first counts. It always verifies the server,
//!   so `verify-server-certificate=no` is stricter here, and `yes` compares common names only.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{self, Path};

use crate::crl;
use crate::pem;
use crate::strongswan::write;
use crate::view::{HeldCertificate, RouterView, Row, is_set, list, word, word_or};
use crate::x509::{self, CertificateFacts};

/// Writes the configuration of every OpenVPN server and client into a directory.
///
/// Start `openvpn --config` with a file in it. What an earlier export left there is removed.
///
/// # Errors
/// When the directory cannot be written.
pub fn export(view: &RouterView, out: &Path) -> io::Result<()> {
    let out = path::absolute(out)?;
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let folder = |path: &Path| DirBuilder::new().recursive(true).mode(0o700).create(path);
    folder(&out.join("logins"))?;
    folder(&out.join("callers"))?;
    write(&out.join("trusted.pem"), &authorities(view))?;
    let lists = view.crls.iter().map(|der| pem::write("X509 CRL", der));
    write(&out.join("lists.pem"), &lists.collect::<String>())?;
    write(&out.join("listed"), &listed(view))?;
    write(&out.join("chain.sh"), CHAIN)?;
    write(&out.join("login.sh"), LOGIN)?;
    for secret in secrets(view) {
        let name = word(secret, "name");
        let hex: String = name.bytes().map(|octet| format!("{octet:02x}")).collect();
        let password = word(secret, "password");
        write(&out.join("logins").join(hex), &format!("{password}\n"))?;
        let address = word(secret, "remote-address");
        if !address.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "-_@".contains(c))
        {
            let text = format!("ifconfig-push {address} 255.255.255.0\n");
            write(&out.join("callers").join(name), &text)?;
        }
    }
    for server in view.rows("/interface/ovpn-server/server") {
        let on = !server.contains_key("enabled") || is_set(server, "enabled");
        if on
            && !is_set(server, "disabled")
            && let Some(text) = served(view, server, &out)
        {
            let name = word_or(server, "name", "server");
            end(view, server, name, &text, &out)?;
        }
    }
    for client in view.rows("/interface/ovpn-client") {
        if !is_set(client, "disabled")
            && let Some(text) = dialled(client, &out)
        {
            let name = word(client, "name");
            let login = format!("{}\n{}\n", word(client, "user"), word(client, "password"));
            write(&out.join(format!("{name}.login")), &login)?;
            end(view, client, name, &text, &out)?;
        }
    }
    Ok(())
}

/// Writes the file of one end, with its certificate.
fn end(view: &RouterView, row: &Row, name: &str, text: &str, out: &Path) -> io::Result<()> {
    let mut text = format!("{text}{}", common(view, row, out));
    let held = view.held(word(row, "certificate"));
    if let Some((held, key)) = held.and_then(|held| Some((held, held.key_pkcs8.as_ref()?))) {
        let chain = chain(view, held);
        write(&out.join(format!("{name}.pem")), &chain)?;
        write(
            &out.join(format!("{name}.key")),
            &pem::write("PRIVATE KEY", key),
        )?;
        let stem = out.join(name);
        let stem = stem.display();
        text.push_str(&format!("cert {stem}.pem\nkey {stem}.key\n"));
    }
    write(&out.join(format!("{name}.conf")), &text)
}

fn served(view: &RouterView, server: &Row, out: &Path) -> Option<String> {
    let ciphers: Vec<&str> = list(word(server, "cipher")).filter_map(cipher).collect();
    view.held(word(server, "certificate"))?.key_pkcs8.as_ref()?;
    if ciphers.is_empty() {
        return None;
    }
    let profile = word_or(server, "default-profile", "default");
    let profile = view.row_named("/ppp/profile", profile);
    let own = profile.map_or("", |profile| word(profile, "local-address"));
    let own = Some(own).filter(|own| !own.is_empty()).or_else(|| {
        view.rows("/ppp/secret")
            .iter()
            .map(|secret| word(secret, "local-address"))
            .find(|own| !own.is_empty())
    })?;
    let asks = match is_set(server, "require-client-certificate") {
        true => "require",
        false => "none",
    };
    let out = out.display();
    Some(format!(
        "mode server\ntls-server\ndh none\ntopology subnet\npush \"topology subnet\"\n\
         ifconfig {own} 255.255.255.0\nport {port}\nproto {proto}\n\
         verify-client-cert {asks}\nauth-user-pass-verify \"/bin/sh {out}/login.sh\" via-file\n\
         username-as-common-name\nclient-config-dir {out}/callers\n\
         data-ciphers {ciphers}\nstatus-version 2\nstatus {out}/status 1\n",
        port = word_or(server, "port", "1194"),
        proto = match word_or(server, "protocol", "tcp") {
            "udp" => "udp",
            _ => "tcp-server",
        },
        ciphers = ciphers.join(":"),
    ))
}

fn dialled(client: &Row, out: &Path) -> Option<String> {
    let cipher = cipher(word(client, "cipher"))?;
    let to = word(client, "connect-to");
    let name = word(client, "name");
    let check = match is_set(client, "verify-server-certificate") {
        true => format!("verify-x509-name {to} name\n"),
        false => String::new(),
    };
    Some(format!(
        "tls-client\npull\nnobind\nremote {to} {port}\nproto {proto}\n{check}\
         auth-user-pass {login}\ndata-ciphers {cipher}\nconnect-retry 1 1\n",
        port = word_or(client, "port", "1194"),
        proto = match word_or(client, "protocol", "tcp") {
            "udp" => "udp",
            _ => "tcp-client",
        },
        login = out.join(format!("{name}.login")).display(),
    ))
}

fn common(view: &RouterView, row: &Row, out: &Path) -> String {
    let out = out.display();
    let device = match word_or(row, "mode", "ip") {
        "ethernet" => "tap",
        _ => "tun",
    };
    let auth = list(word(row, "auth")).next().unwrap_or("sha1");
    let mut text = format!(
        "dev {device}\nca {out}/trusted.pem\nauth {auth}\ntls-version-min 1.2\n\
         tls-version-max 1.2\nscript-security 2\nverb 3\n"
    );
    if view.checks_crls() {
        text.push_str(&format!(
            "crl-verify {out}/lists.pem\ntls-verify \"/bin/sh {out}/chain.sh\"\n"
        ));
    }
    text
}

/// Who may dial in.
fn secrets(view: &RouterView) -> impl Iterator<Item = &Row> {
    view.rows("/ppp/secret").iter().filter(|secret| {
        !is_set(secret, "disabled") && matches!(word_or(secret, "service", "any"), "any" | "ovpn")
    })
}

/// Everything that is trusted, of each name the first.
fn authorities(view: &RouterView) -> String {
    let trusted = view
        .certificates
        .iter()
        .filter(|held| held.is_ca && held.trusted);
    x509::first_of_each_name(trusted, |held| &held.der)
        .into_iter()
        .map(|held| pem::write("CERTIFICATE", &held.der))
        .collect()
}

/// The fingerprints of the CAs whose list the router has, as OpenVPN writes them.
fn listed(view: &RouterView) -> String {
    let lists: Vec<_> = view
        .crls
        .iter()
        .filter_map(|der| crl::parse(der).ok())
        .collect();
    let facts = view
        .certificates
        .iter()
        .filter_map(|held| CertificateFacts::parse(&held.der).ok());
    facts
        .filter(|facts| lists.iter().any(|list| list.is_signed_by(facts)))
        .map(|facts| {
            let pairs: Vec<&str> = facts
                .fingerprint
                .as_bytes()
                .chunks(2)
                .filter_map(|pair| std::str::from_utf8(pair).ok())
                .collect();
            pairs.join(":") + "\n"
        })
        .collect()
}

/// A certificate and the intermediates that the store has.
fn chain(view: &RouterView, held: &HeldCertificate) -> String {
    let store: Vec<CertificateFacts> = view
        .certificates
        .iter()
        .filter(|held| held.is_ca)
        .filter_map(|held| CertificateFacts::parse(&held.der).ok())
        .collect();
    let mut text = pem::write("CERTIFICATE", &held.der);
    let mut issuer = CertificateFacts::parse(&held.der).map(|facts| facts.issuer_der);
    for _ in 0..8 {
        let next = issuer.as_ref().ok().and_then(|issuer| {
            store
                .iter()
                .find(|one| one.subject_der == *issuer && !one.self_signed)
        });
        let Some(next) = next else { break };
        text.push_str(&pem::write("CERTIFICATE", &next.der));
        issuer = Ok(next.issuer_der.clone());
    }
    text
}

fn cipher(word: &str) -> Option<&'static str> {
    Some(match word {
        "aes128" | "aes128-cbc" => "AES-128-CBC",
        "aes192" | "aes192-cbc" => "AES-192-CBC",
        "aes256" | "aes256-cbc" => "AES-256-CBC",
        "aes128-gcm" => "AES-128-GCM",
        "aes192-gcm" => "AES-192-GCM",
        "aes256-gcm" => "AES-256-GCM",
        _ => return None,
    })
}

/// Lets in whose password is in the file that is named after it, in hexadecimal.
///
/// OpenVPN takes the exit code 2 of `cmp` for an answer that comes later.
const LOGIN: &str = r#"name=$(sed -n 1p "$1" | tr -d '\n' | od -An -v -tx1 | tr -d ' \n')
sed -n 2p "$1" | cmp -s - "$(dirname "$0")/logins/$name" || exit 1
"#;

/// Lets a chain pass only through CAs whose list is here.
const CHAIN: &str = r#"[ "$1" = 0 ] && exit 0
eval "digest=\$tls_digest_sha256_$1"
grep -qxF "$digest" "$(dirname "$0")/listed"
"#;
