//! Distinguished names (RFC 5280 §4.1.2.4).

/// A distinguished name: its DER, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DistinguishedName {
    der: Box<[u8]>,
    text: String,
    common_names: Vec<String>,
}

impl DistinguishedName {
    /// Returns the DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Returns the name as RFC 4514 writes it, in the order of the certificate.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the common names.
    pub fn common_names(&self) -> &[String] {
        &self.common_names
    }

    /// Returns the common name when there is exactly one.
    pub fn common_name(&self) -> Option<&str> {
        match self.common_names.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Tells whether it has no attribute.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl std::fmt::Display for DistinguishedName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}
