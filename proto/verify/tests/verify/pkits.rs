//! The certificates and CRLs of NIST's PKITS through our parsers: each parses, or the reason stands here.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ca_verify::{Certificate, CertificateList};

use crate::peers::python;

/// What refuses a file: the files, what the error says, and why that is right here.
type Refused = (&'static [&'static str], &'static str, &'static str);

const CERTIFICATES: &[Refused] = &[
    (
        &["BadSignedCACert", "InvalidDSASignatureTest6EE"],
        "is no BIT STRING of whole octets",
        "the test spoils the BIT STRING of the signature itself",
    ),
    (
        &["DSACACert"],
        "key algorithm 1.2.840.10040.4.1",
        "DSA: no VPN program of today reads it",
    ),
    (
        &[
            "DSAParametersInheritedCACert",
            "ValidDSAParameterInheritanceTest5EE",
            "ValidDSASignaturesTest4EE",
        ],
        "signed with an unknown algorithm",
        "DSA: no VPN program of today reads it",
    ),
    (
        &["Validpre2000UTCnotBeforeDateTest3EE"],
        "is no time that the calendar has since 1970",
        "a certificate of 1950: times here are seconds since 1970",
    ),
];

const LISTS: &[Refused] = &[
    (
        &["BadCRLSignatureCACRL"],
        "is no BIT STRING of whole octets",
        "the test spoils the BIT STRING of the signature itself",
    ),
    (
        &["DSACACRL", "DSAParametersInheritedCACRL"],
        "unacceptable signature algorithm",
        "DSA: no VPN program of today reads it",
    ),
    (
        &["UnknownCRLEntryExtensionCACRL"],
        "wanted a reason and no other extension",
        "an unknown extension of an entry, critical: PKITS 4.4.8 expects it refused",
    ),
    (
        &["UnknownCRLExtensionCACRL"],
        "critical extension 2.16.840.1.101.2.1.12.2",
        "an unknown critical extension: PKITS 4.4.9 and 4.4.10 expect it refused",
    ),
    (
        &["deltaCRLCA1CRL"],
        "is a reason that is not used here",
        "certificateHold: this CA neither writes it nor reads deltas that lift it",
    ),
    (
        &[
            "deltaCRLCA1deltaCRL",
            "deltaCRLCA2deltaCRL",
            "deltaCRLCA3deltaCRL",
            "deltaCRLIndicatorNoBaseCACRL",
        ],
        "critical extension 2.5.29.27",
        "delta CRLs: RouterOS reads none, so none are read here",
    ),
    (
        &[
            "BasicSelfIssuedCRLSigningKeyCRLCertCRL",
            "BasicSelfIssuedOldKeySelfIssuedCertCRL",
            "distributionPoint1CACRL",
            "distributionPoint2CACRL",
            "indirectCRLCA1CRL",
            "indirectCRLCA3CRL",
            "indirectCRLCA3cRLIssuerCRL",
            "indirectCRLCA4cRLIssuerCRL",
            "indirectCRLCA5CRL",
            "onlyContainsAttributeCertsCACRL",
            "onlyContainsCACertsCACRL",
            "onlyContainsUserCertsCACRL",
            "onlySomeReasonsCA1compromiseCRL",
            "onlySomeReasonsCA1otherreasonsCRL",
            "onlySomeReasonsCA2CRL1",
            "onlySomeReasonsCA2CRL2",
            "onlySomeReasonsCA3compromiseCRL",
            "onlySomeReasonsCA3otherreasonsCRL",
            "onlySomeReasonsCA4compromiseCRL",
            "onlySomeReasonsCA4otherreasonsCRL",
        ],
        "critical extension 2.5.29.28",
        "partial and indirect CRLs: RouterOS reads none, so none are read here",
    ),
];

#[test]
fn certificates_parse_but_for_those_with_a_reason() {
    check("certs", 405, CERTIFICATES, |der| {
        let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
        assert_eq!(certificate.der(), der);
        Ok(())
    });
}

#[test]
fn crls_parse_but_for_those_with_a_reason() {
    check("crls", 173, LISTS, |der| {
        let list = CertificateList::from_der(der).map_err(|error| error.to_string())?;
        assert_eq!(list.der(), der);
        Ok(())
    });
}

/// Parses every file of a folder, and compares what is refused with the list.
fn check(
    folder: &str,
    count: usize,
    expect: &[Refused],
    parse: impl Fn(&[u8]) -> Result<(), String>,
) {
    let mut refused: BTreeMap<String, String> = BTreeMap::new();
    let mut read = 0;
    for entry in std::fs::read_dir(data().join(folder)).unwrap() {
        let path = entry.unwrap().path();
        read += 1;
        if let Err(error) = parse(&std::fs::read(&path).unwrap()) {
            let name = path.file_stem().unwrap().to_str().unwrap();
            refused.insert(name.to_owned(), error);
        }
    }
    assert_eq!(read, count);
    for (names, part, reason) in expect {
        for name in *names {
            let error = refused.remove(*name);
            let is_expected = error.as_ref().is_some_and(|error| error.contains(part));
            assert!(is_expected, "{name}: {error:?}, wanted {part} ({reason})");
        }
    }
    assert!(refused.is_empty(), "refused without a reason: {refused:#?}");
}

/// Returns the folder of the data, which is a Python package.
fn data() -> PathBuf {
    let program = "import cryptography_vectors as v; print(v.__path__[0])";
    let said = python(&[Path::new("-c"), Path::new(program)]);
    Path::new(said.trim()).join("x509/PKITS_data")
}
