//! A certificate and the CAs above it.

use ca_types::{Code, Hinted};

use crate::{MAX_CERTIFICATE_OCTETS, MalformedDer, pem};

use super::link::ChainLink;

/// A certificate and the CAs above it, the nearest first.
#[derive(Debug, Clone)]
pub struct Chain {
    leaf: ChainLink,
    cas: Vec<ChainLink>,
}

impl Chain {
    /// Reads a chain of certificates in DER, the end entity first.
    ///
    /// # Errors
    /// Fails when there is none, or one cannot be read.
    pub fn from_ders<D: AsRef<[u8]>>(ders: &[D]) -> Result<Self, ChainError> {
        let (leaf, cas) = ders.split_first().ok_or(ChainError::Empty)?;
        Ok(Self {
            leaf: read(0, leaf.as_ref())?,
            cas: read_cas(cas)?,
        })
    }

    /// Reads a `TBSCertificate` that is not signed yet, below the CAs in DER, the one that will sign first.
    ///
    /// # Errors
    /// Fails when there is no CA, or one of them or the certificate cannot be read.
    pub fn drafted<D: AsRef<[u8]>>(tbs: &[u8], cas: &[D]) -> Result<Self, ChainError> {
        let cas = read_cas(cas)?;
        let issuer = cas.first().ok_or(ChainError::Empty)?;
        let leaf = ChainLink::from_tbs(tbs, issuer)
            .map_err(|source| ChainError::Malformed { number: 1, source })?;
        Ok(Self { leaf, cas })
    }

    /// Reads files in PEM, or one certificate in DER each: the end entity first, then CAs in any order.
    ///
    /// # Errors
    /// Fails when there is anything else in a file, or one of the certificates cannot be read.
    pub fn from_files<F: AsRef<[u8]>>(files: &[F]) -> Result<Self, ChainError> {
        let mut ders: Vec<Vec<u8>> = Vec::new();
        for file in files {
            let file = file.as_ref();
            if file.first() == Some(&crate::der_reader::tag::SEQUENCE) {
                ders.push(file.to_vec());
                continue;
            }
            let objects = std::str::from_utf8(file)
                .ok()
                .and_then(|text| pem::objects(text, &["CERTIFICATE"]))
                .filter(|objects| !objects.is_empty())
                .ok_or(ChainError::NoCertificates)?;
            ders.extend(objects);
        }
        let mut chain = Self::from_ders(&ders)?;
        chain.sort();
        Ok(chain)
    }

    /// Puts the CAs into the order of the path; what does not belong to it is left behind at the end.
    fn sort(&mut self) {
        let mut rest = std::mem::take(&mut self.cas);
        let mut above = &self.leaf;
        while let Some(at) = rest
            .iter()
            .position(|ca| !above.is_self_issued() && ca.subject.der() == above.issuer.der())
        {
            self.cas.push(rest.remove(at));
            let Some(last) = self.cas.last() else { break };
            above = last;
        }
        self.cas.append(&mut rest);
    }

    /// Returns the end entity.
    pub fn leaf(&self) -> &ChainLink {
        &self.leaf
    }

    /// Tells whether there is a CA, or the certificate is a root itself.
    pub fn has_cas(&self) -> bool {
        !self.cas.is_empty() || self.leaf.is_self_issued()
    }

    /// Returns the CAs.
    pub(super) fn cas(&self) -> &[ChainLink] {
        &self.cas
    }

    /// Returns all certificates, the end entity first.
    pub(super) fn links(&self) -> impl Iterator<Item = &ChainLink> {
        std::iter::once(&self.leaf).chain(&self.cas)
    }

    /// Returns all certificates but a root, which is installed and not sent.
    pub(super) fn sent(&self) -> impl Iterator<Item = &ChainLink> {
        std::iter::once(&self.leaf).chain(self.cas.iter().filter(|ca| !ca.is_self_issued()))
    }
}

fn read_cas<D: AsRef<[u8]>>(ders: &[D]) -> Result<Vec<ChainLink>, ChainError> {
    (1..)
        .zip(ders)
        .map(|(at, der)| read(at, der.as_ref()))
        .collect()
}

fn read(at: usize, der: &[u8]) -> Result<ChainLink, ChainError> {
    if der.len() > MAX_CERTIFICATE_OCTETS {
        return Err(ChainError::TooLong);
    }
    ChainLink::from_der(der).map_err(|source| ChainError::Malformed {
        number: at.saturating_add(1),
        source,
    })
}

/// Why octets are no chain of certificates.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No certificate, or no CA for a draft.
    #[error("wanted a certificate, none came")]
    Empty,
    /// Something that is no certificate.
    #[error("wanted certificates in PEM, or one in DER, and nothing else")]
    NoCertificates,
    /// Longer than a certificate may be.
    #[error("a certificate has more than {MAX_CERTIFICATE_OCTETS} octets")]
    TooLong,
    /// Not DER of a certificate.
    #[error("certificate {number} is not in DER: {source}")]
    Malformed {
        /// Which one, counted from one.
        number: usize,
        /// What is wrong with it.
        source: MalformedDer,
    },
}

impl Hinted for ChainError {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }
}
