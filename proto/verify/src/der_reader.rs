//! Reads DER strictly (X.690 §8 and §10), without a copy.

/// Why octets are not DER of the wanted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at octet {offset} of {place}: {what}")]
pub struct MalformedDer {
    /// Where in the element.
    pub(crate) offset: usize,
    /// The element.
    pub(crate) place: &'static str,
    /// What is wrong.
    pub(crate) what: &'static str,
}
