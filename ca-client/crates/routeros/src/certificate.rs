//! The certificates of a router.

use ca_types::Fingerprint;

use crate::{Call, Command, Reply, RouterError, RouterTransport, Row, Version};

/// A row of `/certificate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// The id: `*3`.
    pub id: String,
    /// The name.
    pub name: String,
    /// The SHA-256 of the certificate as 64 lower-case hexadecimal digits; empty for a template.
    pub fingerprint: String,
    /// Whether its private key is there (`K`).
    pub private_key: bool,
    /// Whether it is trusted (`T`).
    pub trusted: bool,
    /// Whether it is expired by the clock of the router (`E`).
    pub expired: bool,
    /// The common name of its subject.
    pub common_name: String,
    /// The serial number: lower-case hexadecimal digits without leading zeros.
    pub serial: String,
    /// The name of its issuer, `K=V,K=V`; empty for one that the router signed itself.
    pub issuer: String,
    /// The key identifier of its issuer: lower-case hexadecimal digits; empty when it has none.
    pub authority_key_identifier: String,
    /// Its own key identifier: lower-case hexadecimal digits; empty when it has none.
    pub key_identifier: String,
    /// What kind of key it has: `rsa`, `ec`; empty where the release does not say.
    pub key_type: String,
    /// How long its key is, or which curve it is on.
    pub key_size: String,
    /// What its key is for, key usage and extended key usage in one list: `digital-signature`, `tls-server`.
    pub key_usage: Vec<String>,
    /// When it begins, as the release writes it, in the time zone of the router.
    pub invalid_before: String,
    /// When it ends, as the release writes it, in the time zone of the router.
    pub invalid_after: String,
}

impl CertificateRow {
    /// Tells whether it is a CA.
    pub fn is_ca(&self) -> bool {
        self.key_usage.iter().any(|usage| usage == "key-cert-sign")
    }

    /// Tells whether its key may be used for this; a list that is not printed forbids nothing.
    pub fn is_for(&self, usage: &str) -> bool {
        self.key_usage.is_empty() || self.key_usage.iter().any(|one| one == usage)
    }
}

impl From<&Row> for CertificateRow {
    fn from(row: &Row) -> Self {
        let text = |field| row.text(field).to_owned();
        Self {
            id: row.id().to_owned(),
            name: text("name"),
            fingerprint: hex(row.text("fingerprint")),
            private_key: row.is("private-key"),
            trusted: row.is("trusted"),
            expired: row.is("expired"),
            common_name: text("common-name"),
            serial: hex(row.text("serial-number"))
                .trim_start_matches('0')
                .to_owned(),
            issuer: text("issuer"),
            authority_key_identifier: hex(row.text("akid")),
            key_identifier: hex(row.text("skid")),
            key_type: text("key-type"),
            key_size: text("key-size"),
            key_usage: row.list("key-usage"),
            invalid_before: text("invalid-before"),
            invalid_after: text("invalid-after"),
        }
    }
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounters {
    /// New certificates.
    pub certificates: u32,
    /// Keys that were attached to a certificate.
    pub private_keys: u32,
    /// Files that were read.
    pub files: u32,
    /// What the passphrase did not open.
    pub decryption_failures: u32,
    /// Keys that fit no certificate of the router.
    pub keys_without_certificate: u32,
}

/// Lists the certificates.
///
/// # Errors
/// Fails when the call fails.
pub async fn list(router: &mut dyn RouterTransport) -> Result<Vec<CertificateRow>, RouterError> {
    let reply = router.call(&Call::new(MENU, Command::Print)).await?;
    Ok(reply.rows.iter().map(CertificateRow::from).collect())
}

/// Finds a certificate by its fingerprint.
///
/// # Errors
/// Fails when the call fails.
pub async fn find_by_fingerprint(
    router: &mut dyn RouterTransport,
    fingerprint: &Fingerprint,
) -> Result<Option<CertificateRow>, RouterError> {
    let wanted = fingerprint.to_string();
    let rows = list(router).await?;
    Ok(rows.into_iter().find(|row| row.fingerprint == wanted))
}

/// Imports a file.
///
/// Releases since 7.15 take name and trust with it; on older ones use [`set_name`] and [`set_trusted`] afterwards.
///
/// # Errors
/// Fails when the call fails; counters that show nothing imported are no failure.
pub async fn import(
    router: &mut dyn RouterTransport,
    version: Version,
    file: &str,
    name: &str,
    trusted: bool,
) -> Result<ImportCounters, RouterError> {
    // Without a passphrase the console would ask for one.
    let mut call = Call::new(MENU, Command::Other("import"))
        .with("file-name", file)
        .with("passphrase", "");
    if version.imports_as_trusted() {
        call = call.with("name", name).with("trusted", yes_no(trusted));
    }
    let reply = router.call(&call).await?;
    counters(&call, &reply)
}

/// Renames a certificate; references to it stay.
///
/// # Errors
/// Fails when the call fails.
pub async fn set_name(
    router: &mut dyn RouterTransport,
    id: &str,
    name: &str,
) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Set).item(id).with("name", name);
    router.call(&call).await.map(drop)
}

/// Trusts a certificate or not.
///
/// # Errors
/// Fails when the call fails.
pub async fn set_trusted(
    router: &mut dyn RouterTransport,
    id: &str,
    trusted: bool,
) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Set)
        .item(id)
        .with("trusted", yes_no(trusted));
    router.call(&call).await.map(drop)
}

/// Removes a certificate, even one that is bound to a service.
///
/// # Errors
/// Fails when the call fails.
pub async fn remove(router: &mut dyn RouterTransport, id: &str) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Remove).item(id);
    router.call(&call).await.map(drop)
}

fn counters(call: &Call<'_>, reply: &Reply) -> Result<ImportCounters, RouterError> {
    let row = reply
        .rows
        .iter()
        .find(|row| row.get("certificates-imported").is_some())
        .ok_or_else(|| RouterError::answer(call, "no counters"))?;
    let count = |field: &str| {
        let text = row.get(field).unwrap_or("0");
        text.parse().map_err(|error: std::num::ParseIntError| {
            RouterError::answer(call, format!("{field}: {error}"))
        })
    };
    Ok(ImportCounters {
        certificates: count("certificates-imported")?,
        private_keys: count("private-keys-imported")?,
        files: count("files-imported")?,
        decryption_failures: count("decryption-failures")?,
        keys_without_certificate: count("keys-with-no-certificate")?,
    })
}

fn yes_no(flag: bool) -> &'static str {
    if flag { "yes" } else { "no" }
}

/// Writes hexadecimal digits in one way: lower case, no colons.
fn hex(text: &str) -> String {
    text.replace(':', "").to_ascii_lowercase()
}

const MENU: &str = "/certificate";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Door;
    use crate::fake::Script;

    #[tokio::test]
    async fn name_and_trust_go_with_the_import_where_the_release_takes_them() {
        let counters = "certificates-imported=1,private-keys-imported=0,files-imported=1,\
                        decryption-failures=0,keys-with-no-certificate=0";
        for (version, call) in [
            (
                Version::new(7, 15, 0),
                "/certificate import file-name=f passphrase= name=n trusted=yes",
            ),
            (
                Version::new(7, 14, 3),
                "/certificate import file-name=f passphrase=",
            ),
        ] {
            let mut router = Script::new(Door::Rest, [(call, Ok(counters))]);
            let counted = import(&mut router, version, "f", "n", true).await;
            let expect = ImportCounters {
                certificates: 1,
                files: 1,
                ..ImportCounters::default()
            };
            assert_eq!(counted, Ok(expect));
            router.end();
        }
        let call = "/certificate import file-name=f passphrase=";
        for answer in ["", "certificates-imported=many"] {
            let mut router = Script::new(Door::Rest, [(call, Ok(answer))]);
            let version = Version::new(7, 9, 0);
            let counted = import(&mut router, version, "f", "n", true).await;
            assert!(matches!(counted, Err(RouterError::Answer { .. })));
        }
    }

    #[tokio::test]
    async fn a_certificate_is_found_however_its_fingerprint_is_written() {
        let fingerprint: Fingerprint = "ab".repeat(32).parse().unwrap();
        let shown = ["AB"; 32].join(":");
        let row = format!(
            ".id=*3,name=web,fingerprint={shown},private-key=yes,serial-number=00AB:CD,expired=true"
        );
        let script = [("/certificate print", Ok(row.as_str()))];
        let mut router = Script::new(Door::Rest, script);
        let found = find_by_fingerprint(&mut router, &fingerprint).await;
        let row = found.unwrap().unwrap();
        assert_eq!((row.id.as_str(), row.name.as_str()), ("*3", "web"));
        assert_eq!(row.serial, "abcd");
        assert!(row.private_key && row.expired && !row.trusted);
    }
}
