//! The key algorithms of the CAs.

/// A key algorithm that `ca-server init` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RSA with 3 072 bits: the default.
    Rsa3072,
    /// RSA with 2 048 bits.
    Rsa2048,
    /// ECDSA on P-256.
    P256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rsa3072, Self::Rsa2048, Self::P256];

    /// Returns the word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rsa3072 => "rsa3072",
            Self::Rsa2048 => "rsa2048",
            Self::P256 => "p256",
        }
    }
}
