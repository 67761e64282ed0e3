//! Key usage (RFC 5280 §4.2.1.3).

/// The bits of `KeyUsage`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// No use at all.
    pub const NONE: Self = Self(0);
    /// `digitalSignature`.
    pub const DIGITAL_SIGNATURE: Self = Self(1 << 15);
    /// `keyEncipherment`.
    pub const KEY_ENCIPHERMENT: Self = Self(1 << 13);
    /// `keyCertSign`.
    pub const KEY_CERT_SIGN: Self = Self(1 << 10);
    /// `cRLSign`.
    pub const CRL_SIGN: Self = Self(1 << 9);

    /// Returns the uses of both.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Tells whether all uses of `other` are in this.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyUsage({:#018b})", self.0)
    }
}
