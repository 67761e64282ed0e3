//! Many certificates, each with a key, a NAME and a signature of its own, written by the writer of the store.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use anyhow::{Context as _, ensure};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use ca_core::Signer as _;
use ca_store::CaStore as _;
use ca_tests::Site;
use ca_types::{SerialNumber, SystemEntropy};
use ca_verify::{Certificate, Change};
use indicatif::{ProgressBar, ProgressStyle};

use crate::signing::{Order, SigningPath};

/// As many as one sync of the writer takes.
const AT_ONCE: usize = 256;

/// Writes so many certificates into the log of a site.
pub(crate) fn fill(site: &Site, certificates: u32) -> anyhow::Result<()> {
    let (path, store) = crate::open(site)?;
    let template = Template::new(&path)?;
    let bar = ProgressBar::new(certificates.into()).with_style(ProgressStyle::with_template(
        "filling {wide_bar} {pos}/{len} ({eta})",
    )?);
    let shared = Arc::new((path, template, store, AtomicU32::new(0), bar));
    tokio::runtime::Runtime::new()?.block_on(async {
        let mut writers = tokio::task::JoinSet::new();
        for _writer in 0..AT_ONCE {
            let shared = Arc::clone(&shared);
            writers.spawn(async move {
                let (path, template, store, next, bar) = &*shared;
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= certificates {
                        return anyhow::Ok(());
                    }
                    let (name, certificate) = template.certificate(path, number)?;
                    store.commit(path.entry(name, certificate)).await?;
                    bar.inc(1);
                }
            });
        }
        while let Some(ended) = writers.join_next().await {
            ended??;
        }
        anyhow::Ok(())
    })?;
    shared.4.finish_and_clear();
    Ok(())
}

/// A certificate of the signing path, of which the serial number, the NAME and the key are exchanged.
///
/// The lint would take most of the time, and it says the same of each.
#[derive(Debug)]
struct Template {
    tbs: Vec<u8>,
    /// The algorithm of the signature, as it stands behind the TBS.
    algorithm: Vec<u8>,
    serial: usize,
    names: Vec<usize>,
    point: usize,
}

impl Template {
    fn new(path: &SigningPath) -> anyhow::Result<Self> {
        let name = name(u32::MAX);
        let entry = path.sign(&Order::new(name.clone()))?;
        let Some(Change::Issued(issued)) = entry.changes.first() else {
            anyhow::bail!("the signing path makes certificates");
        };
        let certificate = Certificate::from_der(&issued.certificate)?;
        let tbs = certificate.tbs_der().to_vec();
        let place = |wanted: &[u8]| tbs.windows(wanted.len()).position(|part| part == wanted);
        let names: Vec<usize> = (0..tbs.len())
            .filter(|at| tbs[*at..].starts_with(name.as_bytes()))
            .collect();
        ensure!(
            names.len() == 2,
            "the NAME stands in {} places",
            names.len()
        );
        let signed = issued.certificate.as_slice();
        let behind = signed.len() - signature_octets(certificate.signature().len());
        let before = 4 + tbs.len();
        Ok(Self {
            serial: place(&certificate.serial()?.octets()).context("the serial number")?,
            // The uncompressed point ends the key (RFC 5480 §2.2), behind the header of its bit string.
            point: place(&[3, 66, 0, 4]).context("the public key")? + 3,
            algorithm: signed[before..behind].to_vec(),
            names,
            tbs,
        })
    }

    /// Makes another one, with a key and a serial number of its own.
    fn certificate(&self, path: &SigningPath, number: u32) -> anyhow::Result<(String, Vec<u8>)> {
        let mut tbs = self.tbs.clone();
        let name = name(number);
        let serial = SerialNumber::generate(&mut SystemEntropy).octets();
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?;
        let mut put = |at: usize, octets: &[u8]| {
            tbs[at..at + octets.len()].copy_from_slice(octets);
        };
        put(self.serial, &serial);
        for at in &self.names {
            put(*at, name.as_bytes());
        }
        put(self.point, key.public_key().as_ref());
        let signature = path.signer().sign(&tbs)?;
        let length = tbs.len() + self.algorithm.len() + signature_octets(signature.len());
        let [high, low] = u16::try_from(length)?.to_be_bytes();
        let mut certificate = vec![0x30, 0x82, high, low];
        certificate.extend(tbs);
        certificate.extend_from_slice(&self.algorithm);
        certificate.extend([3, u8::try_from(signature.len() + 1)?, 0]);
        certificate.extend(signature);
        Ok((name, certificate))
    }
}

/// All of one length.
fn name(number: u32) -> String {
    format!("router-{number:010}.example.net")
}

/// How many octets the bit string of a signature has, which is shorter than 127.
fn signature_octets(signature: usize) -> usize {
    signature + 3
}
