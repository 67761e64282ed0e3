//! What a router holds, for programs that are to do what the router could do.

use std::collections::BTreeMap;
use std::fmt;

/// What a router holds, as far as its tunnels depend on it.
#[derive(Debug, Clone, Default)]
pub struct RouterView {
    /// The name of the router.
    pub identity: String,
    /// Rows by menu: `/ip/ipsec/{peer,identity,profile,proposal,policy,mode-config}`, `/ip/pool`.
    pub menus: BTreeMap<String, Vec<Row>>,
    /// Settings by menu: `/certificate/settings`.
    pub settings: BTreeMap<String, Row>,
    /// The certificates in the store.
    pub certificates: Vec<HeldCertificate>,
    /// The lists, in DER, that the router downloaded and still holds.
    pub crls: Vec<Vec<u8>>,
}

impl RouterView {
    pub(crate) fn rows(&self, menu: &str) -> &[Row] {
        self.menus.get(menu).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn row_named(&self, menu: &str, name: &str) -> Option<&Row> {
        self.rows(menu)
            .iter()
            .find(|row| word(row, "name") == name && !is_set(row, "disabled"))
    }

    pub(crate) fn held(&self, name: &str) -> Option<&HeldCertificate> {
        self.certificates.iter().find(|held| held.name == name)
    }

    pub(crate) fn checks_crls(&self) -> bool {
        self.settings
            .get("/certificate/settings")
            .is_some_and(|settings| is_set(settings, "crl-use"))
    }
}

/// A certificate in the store.
#[derive(Clone, Default)]
pub struct HeldCertificate {
    /// Its name, by which identities refer to it.
    pub name: String,
    /// The certificate.
    pub der: Vec<u8>,
    /// Its private key in PKCS#8, if it is here too.
    pub key_pkcs8: Option<Vec<u8>>,
    /// Whether it is trusted for the tunnel.
    pub trusted: bool,
    /// Whether it is a CA.
    pub is_ca: bool,
}

impl fmt::Debug for HeldCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldCertificate")
            .field("name", &self.name)
            .field("key", &self.key_pkcs8.is_some())
            .field("trusted", &self.trusted)
            .field("is_ca", &self.is_ca)
            .finish_non_exhaustive()
    }
}

/// The properties of one row, as printed.
pub type Row = BTreeMap<String, String>;

/// Returns a property, empty when the row does not have it.
pub(crate) fn word<'a>(row: &'a Row, property: &str) -> &'a str {
    row.get(property).map_or("", String::as_str)
}

/// Returns a property, or what stands for it when the row leaves it out.
pub(crate) fn word_or<'a>(row: &'a Row, property: &str, default: &'a str) -> &'a str {
    Some(word(row, property))
        .filter(|word| !word.is_empty())
        .unwrap_or(default)
}

pub(crate) fn is_set(row: &Row, property: &str) -> bool {
    matches!(word(row, property), "yes" | "true")
}

/// Returns the items of a list property.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';'])
        .map(str::trim)
        .filter(|item| !item.is_empty())
}
