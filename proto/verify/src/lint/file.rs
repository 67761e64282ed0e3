//! The same rules on what others signed: certificates and CRLs in files.

use super::judged::{Judged, Surroundings};
use super::judged_list::JudgedList;
use super::{Finding, Purpose, certificate, judge_certificate, judge_list, list, unreadable};
use crate::der_reader::{DerReader, MalformedDer, tag};
use crate::extension::BasicConstraints;
use crate::signed::Signed;
use crate::tbs_certificate::TbsCertificate;
use crate::{Certificate, DistinguishedName, oid, pem};

/// A certificate that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// What it was taken for; none when it cannot be read.
    pub purpose: Option<Purpose>,
    /// Everything that was found.
    pub findings: Vec<Finding>,
}

/// Judges a certificate in DER; the rules about its issuer only when that is given.
pub fn inspect_certificate(der: &[u8], issuer: Option<&Certificate>) -> Inspected {
    let read = Signed::read(der, "certificate").and_then(|signed| {
        let tbs = TbsCertificate::read(signed.content)?;
        let around = Surroundings {
            purpose: purpose_of(&tbs),
            issuer,
            outer: signed.algorithm,
        };
        Judged::read(signed.content, around)
    });
    match read {
        Ok(judged) => Inspected {
            purpose: Some(judged.purpose),
            findings: judge_certificate(&judged),
        },
        Err(error) => Inspected {
            purpose: None,
            findings: unreadable(&certificate::DER.rule, &error),
        },
    }
}

/// Judges a CRL in DER; the rules about its issuer only when that is given.
pub fn inspect_list(der: &[u8], issuer: Option<&Certificate>) -> Vec<Finding> {
    let read = Signed::read(der, "CRL")
        .and_then(|signed| JudgedList::read(signed.content, issuer, signed.algorithm));
    match read {
        Ok(judged) => judge_list(&judged),
        Err(error) => unreadable(&list::DER.rule, &error),
    }
}

/// A certificate or a CRL of a file that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InspectedObject {
    /// What it was taken for.
    pub kind: ObjectKind,
    /// The subject of a certificate, the issuer of a CRL; none when it cannot be read.
    pub name: Option<String>,
    /// Everything that was found.
    pub findings: Vec<Finding>,
}

/// What an object of a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// A certificate that is meant to be this.
    Certificate(Purpose),
    /// A CRL.
    List,
    /// A certificate that cannot be read, or something else.
    Unreadable,
}

/// Judges everything in a file: one certificate or CRL in DER, or any number of them in PEM; `None` when it is neither.
///
/// The issuer of each is looked for in the file; `issuer` is the one of those whose issuer is not there.
pub fn inspect_file(octets: &[u8], issuer: Option<&Certificate>) -> Option<Vec<InspectedObject>> {
    let objects = if octets.first() == Some(&tag::SEQUENCE) {
        vec![octets.to_vec()]
    } else {
        let text = std::str::from_utf8(octets).ok()?;
        pem::objects(text, &["CERTIFICATE", "X509 CRL"]).filter(|objects| !objects.is_empty())?
    };
    let beside: Vec<Certificate> = objects
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    let inspect = |der: &Vec<u8>| inspect_object(der, &beside, issuer);
    Some(objects.iter().map(inspect).collect())
}

fn inspect_object(
    der: &[u8],
    beside: &[Certificate],
    given: Option<&Certificate>,
) -> InspectedObject {
    let glance = Glance::at(der);
    let names_it = |ca: &&Certificate| {
        let glance = glance.as_ref();
        glance.is_ok_and(|glance| glance.issuer == ca.subject().der() && !glance.is_self_issued())
    };
    let issuer = beside.iter().find(names_it).or(given);
    let name = |octets: &[u8]| {
        let name = DistinguishedName::read(octets).ok();
        name.map(|name| name.to_string())
    };
    match &glance {
        Ok(Glance {
            subject: None,
            issuer: of_list,
        }) => InspectedObject {
            kind: ObjectKind::List,
            name: name(of_list),
            findings: inspect_list(der, issuer),
        },
        Ok(Glance {
            subject: Some(subject),
            ..
        }) => {
            let issuer = issuer.filter(|_| !glance.as_ref().is_ok_and(Glance::is_self_issued));
            let inspected = inspect_certificate(der, issuer);
            InspectedObject {
                kind: inspected
                    .purpose
                    .map_or(ObjectKind::Unreadable, ObjectKind::Certificate),
                name: name(subject),
                findings: inspected.findings,
            }
        }
        Err(error) => InspectedObject {
            kind: ObjectKind::Unreadable,
            name: None,
            findings: unreadable(&certificate::DER.rule, error),
        },
    }
}

/// The names of a certificate or a CRL, and which of the two it is: a CRL has no subject.
struct Glance<'a> {
    issuer: &'a [u8],
    subject: Option<&'a [u8]>,
}

impl<'a> Glance<'a> {
    fn at(der: &'a [u8]) -> Result<Self, MalformedDer> {
        let signed = Signed::read(der, "certificate or CRL")?;
        let mut reader = DerReader::new(signed.content, "certificate or CRL");
        let mut fields = reader.sequence("certificate or CRL")?;
        fields.optional(tag::context_constructed(0))?;
        fields.optional(tag::INTEGER)?;
        fields.expect(tag::SEQUENCE, "wanted a signature algorithm")?;
        let issuer = fields
            .expect_element(tag::SEQUENCE, "wanted an issuer")?
            .octets;
        let validity = fields.optional(tag::SEQUENCE)?;
        let subject = match validity {
            None => None,
            Some(_) => Some(
                fields
                    .expect_element(tag::SEQUENCE, "wanted a subject")?
                    .octets,
            ),
        };
        Ok(Self { issuer, subject })
    }

    fn is_self_issued(&self) -> bool {
        self.subject == Some(self.issuer)
    }
}

/// Tells what a certificate is meant to be from its basic constraints and its names.
fn purpose_of(tbs: &TbsCertificate<'_>) -> Purpose {
    let is_ca = tbs
        .extensions
        .find(oid::BASIC_CONSTRAINTS)
        .and_then(|extension| BasicConstraints::read(extension.value).ok())
        .is_some_and(|constraints| constraints.ca);
    match (is_ca, tbs.issuer == tbs.subject) {
        (true, true) => Purpose::Root,
        (true, false) => Purpose::IssuingCa,
        (false, _) => Purpose::SomeEndEntity,
    }
}
