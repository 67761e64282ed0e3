//! What pkilint calls an error, ours calls one too, but for a list of differences with their reasons.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use ca_verify::{Certificate, Purpose, Severity, inspect_certificate, inspect_list};

use crate::der_writer::Criticality::{Critical, NotCritical};
use crate::der_writer::{bits, element, name, oid, sequence};
use crate::draft::{
    AUTHORITY_INFO_ACCESS, BASIC_CONSTRAINTS, COMMON_NAME, CRL_DISTRIBUTION_POINTS, Draft,
    EXTENDED_KEY_USAGE, NAME_CONSTRAINTS, SUBJECT_ALT_NAME, UTF8, ca_name, generalized, utc,
};
use crate::list_vectors::{LIST_VECTORS, ListDraft, entry};
use crate::peers::{python, script};
use crate::vectors::{OWN, ROUTER, VECTORS, draft_for};

/// How many certificates and CRLs are judged.
const FILES: usize = 500;

/// What pkilint calls an error and passes here: its code, what its message has, and why.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "pkix.invalid_domain_name_syntax",
        "\"host\"",
        "one label: devices of a fleet have such names, so it is a notice (`san-dns-several-labels`)",
    ),
    (
        "pkix.invalid_domain_name_syntax",
        "\"192.0.2.1\"",
        "an address beside its iPAddress: Windows wants that of gateways, and before signing the class of the CA decides \
         (`san-address-as-dns`)",
    ),
    (
        "itu.invalid_asn1_syntax",
        "\"CertificatePolicies\"",
        "an extension that is not read here: it is a notice that it is there (`extension-known`)",
    ),
];

/// Something that breaks a certificate in a way that pkilint knows.
type Change = fn(&mut Draft);

/// Ways that no rule of ours is made for alone.
const MORE: &[(Purpose, Change)] = &[
    (ROUTER, |draft| draft.version = element(0xa0, &[2, 1, 1])),
    (ROUTER, |draft| draft.serial = element(2, &[0])),
    (ROUTER, |draft| draft.serial = element(2, &[0, 0x41])),
    (ROUTER, |draft| draft.not_after = utc("2712260759Z")),
    (ROUTER, |draft| draft.not_after = utc("271226075959+0100")),
    (ROUTER, |draft| {
        draft.not_after = generalized("20600101000000.5Z");
    }),
    (ROUTER, |draft| draft.not_after = utc("271326075959Z")),
    (ROUTER, |draft| draft.extensions.clear()),
    (ROUTER, |draft| {
        draft.subject = name(&[(COMMON_NAME, 0x1e, &[0, b'a'])]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[(COMMON_NAME, 0x14, b"a")]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[
            ("2.5.4.6", 0x13, b"DEU"),
            (COMMON_NAME, UTF8, b"a.example.net"),
        ]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[
            ("2.5.4.6", UTF8, b"DE"),
            (COMMON_NAME, UTF8, b"a.example.net"),
        ]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[
            ("2.5.4.5", UTF8, b"1"),
            (COMMON_NAME, UTF8, b"a.example.net"),
        ]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[(COMMON_NAME, 0x13, b"a@b*c_d")]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[(COMMON_NAME, UTF8, b"")]);
    }),
    (ROUTER, |draft| {
        draft.subject = name(&[(COMMON_NAME, UTF8, &[b'a'; 65])]);
    }),
    (ROUTER, |draft| draft.sans(&[OWN, (0x86, b"no-scheme")])),
    (ROUTER, |draft| draft.sans(&[OWN, (0x86, b"http://\xff/")])),
    (ROUTER, |draft| draft.sans(&[OWN, (0x81, b"a@b@c")])),
    (ROUTER, |draft| {
        draft.sans(&[OWN, (0x81, b"Name <a@example.net>")]);
    }),
    (ROUTER, |draft| draft.sans(&[OWN, (0x82, b" ")])),
    (ROUTER, |draft| {
        draft.sans(&[OWN, (0x82, b"-a.example.net")]);
    }),
    (ROUTER, |draft| {
        draft.sans(&[OWN, (0x82, b"a..example.net")]);
    }),
    (ROUTER, |draft| {
        draft.sans(&[OWN, (0x82, b"xn--.example.net")]);
    }),
    (ROUTER, |draft| draft.sans(&[OWN, (0x82, &[b'a'; 64])])),
    (ROUTER, |draft| draft.sans(&[OWN, (0x87, &[192, 0, 2])])),
    (ROUTER, |draft| draft.sans(&[OWN, (0xa4, &[0x30, 0])])),
    (ROUTER, |draft| draft.sans(&[OWN, (0xa0, &[6, 1, 42])])),
    (ROUTER, |draft| {
        let names = sequence(&[element(0x82, b"a.example.net")]);
        draft.subject = name(&[]);
        draft.set(SUBJECT_ALT_NAME, NotCritical, &names);
    }),
    (ROUTER, |draft| {
        draft.set(EXTENDED_KEY_USAGE, NotCritical, &[0x30, 0]);
    }),
    (ROUTER, |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 3, 1, 1, 0]);
    }),
    (ROUTER, |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[4, 0]);
    }),
    (ROUTER, |draft| {
        // Key usages with zeros behind the last.
        draft.set("2.5.29.15", Critical, &[3, 2, 0, 0x80]);
    }),
    (ROUTER, |draft| {
        draft.set("2.5.29.15", Critical, &[3, 2, 7, 0]);
    }),
    (ROUTER, |draft| {
        draft.set(CRL_DISTRIBUTION_POINTS, NotCritical, &[0x30, 0]);
    }),
    (ROUTER, |draft| {
        // A distribution point without a name.
        draft.set(
            CRL_DISTRIBUTION_POINTS,
            NotCritical,
            &sequence(&[sequence(&[])]),
        );
    }),
    (ROUTER, |draft| {
        // Reasons alone.
        let point = sequence(&[element(0x81, &[6, 0x40])]);
        draft.set(CRL_DISTRIBUTION_POINTS, NotCritical, &sequence(&[point]));
    }),
    (ROUTER, |draft| {
        draft.set(AUTHORITY_INFO_ACCESS, NotCritical, &[0x30, 0]);
    }),
    (ROUTER, |draft| {
        let access = sequence(&[oid("1.3.6.1.5.5.7.48.2"), element(0x82, b"example.net")]);
        draft.set(AUTHORITY_INFO_ACCESS, NotCritical, &sequence(&[access]));
    }),
    (ROUTER, |draft| {
        draft.urls("example.net/x.crl", "ftp://example.net/x.cer");
    }),
    (Purpose::IssuingCa, |draft| {
        draft.set(NAME_CONSTRAINTS, Critical, &[0x30, 0]);
    }),
    (Purpose::IssuingCa, |draft| {
        // keyCertSign without cRLSign, and a path length without keyCertSign.
        draft.set("2.5.29.15", Critical, &[3, 2, 1, 2]);
    }),
    (Purpose::IssuingCa, |draft| {
        draft.set(BASIC_CONSTRAINTS, Critical, &[0x30, 0]);
    }),
    (Purpose::IssuingCa, |draft| {
        draft.set(
            BASIC_CONSTRAINTS,
            Critical,
            &[0x30, 6, 1, 1, 0xff, 2, 1, 0xff],
        );
    }),
    (Purpose::IssuingCa, |draft| draft.remove("2.5.29.15")),
    (Purpose::IssuingCa, |draft| draft.remove("2.5.29.14")),
    (Purpose::IssuingCa, |draft| draft.subject = name(&[])),
    (Purpose::IssuingCa, |draft| {
        draft.authority(crate::draft::DEVICE_POINT);
    }),
    (Purpose::Root, |draft| {
        draft.subject = ca_name("Other Root CA");
    }),
];

/// A file for both: what it is for, its ending, its octets.
struct Judged {
    name: String,
    octets: Vec<u8>,
    is_right: bool,
}

fn certificate(draft: &Draft) -> Vec<u8> {
    // pkilint looks at the form of the signature.
    let signature = sequence(&[element(2, &[1]), element(2, &[1])]);
    sequence(&[draft.tbs(), draft.algorithm.clone(), bits(&signature)])
}

fn list(draft: &ListDraft) -> Vec<u8> {
    let signature = sequence(&[element(2, &[1]), element(2, &[1])]);
    sequence(&[draft.tbs(), draft.algorithm.clone(), bits(&signature)])
}

/// Every change alone, then pairs of them, until there are enough.
fn files() -> Vec<Judged> {
    let mut changes: Vec<(Purpose, Change)> = VECTORS
        .iter()
        // They are too long to be judged in a moment.
        .filter(|vector| !vector.rule.starts_with("length"))
        .map(|vector| (vector.purpose, vector.change))
        .collect();
    changes.extend(MORE);
    let lists: Vec<fn(&mut ListDraft)> = LIST_VECTORS.iter().map(|vector| vector.change).collect();
    let mut files = Vec::new();
    let mut add = |ending: &str, octets: Vec<u8>, is_right: bool| {
        let name = format!("{:03}.{ending}", files.len());
        files.push(Judged {
            name,
            octets,
            is_right,
        });
        files.len() < FILES
    };
    for purpose in [Purpose::Root, Purpose::IssuingCa, ROUTER] {
        add("crt", certificate(&draft_for(purpose)), true);
    }
    add("crl", list(&ListDraft::new()), true);
    for (purpose, change) in &changes {
        let mut draft = draft_for(*purpose);
        change(&mut draft);
        add("crt", certificate(&draft), false);
    }
    for change in &lists {
        let mut draft = ListDraft::new();
        change(&mut draft);
        draft.entries.get_or_insert_with(|| vec![entry(1)]);
        add("crl", list(&draft), false);
    }
    for step in 1.. {
        for (at, first) in lists.iter().enumerate().step_by(3) {
            let mut draft = ListDraft::new();
            first(&mut draft);
            lists[(at + step) % lists.len()](&mut draft);
            add("crl", list(&draft), false);
        }
        for (at, (purpose, first)) in changes.iter().enumerate() {
            let (other, second) = &changes[(at + 7 * step) % changes.len()];
            if purpose != other {
                continue;
            }
            let mut draft = draft_for(*purpose);
            first(&mut draft);
            second(&mut draft);
            if !add("crt", certificate(&draft), false) {
                return files;
            }
        }
    }
    files
}

/// Tells whether ours finds an error.
fn is_refused(file: &Judged) -> bool {
    let issuers: [Option<Certificate>; 3] = [
        Some(Draft::issuing_ca().certificate()),
        Some(Draft::root().certificate()),
        None,
    ];
    let findings = if file.name.ends_with("crt") {
        let purpose = inspect_certificate(&file.octets, None).purpose;
        let issuer = match purpose {
            Some(Purpose::Root) | None => &issuers[2],
            Some(Purpose::IssuingCa) => &issuers[1],
            Some(Purpose::EndEntity(_) | Purpose::SomeEndEntity) => &issuers[0],
        };
        inspect_certificate(&file.octets, issuer.as_ref()).findings
    } else {
        inspect_list(&file.octets, issuers[0].as_ref())
    };
    findings
        .iter()
        .any(|finding| finding.severity == Severity::Error)
}

#[test]
fn what_pkilint_refuses_is_refused_here_but_for_a_list_with_reasons() {
    let folder = Folder::new();
    let files = files();
    assert_eq!(files.len(), FILES);
    let paths: Vec<PathBuf> = files.iter().map(|file| folder.0.join(&file.name)).collect();
    for (file, path) in files.iter().zip(&paths) {
        #[expect(
            clippy::disallowed_methods,
            reason = "a file for the judge, gone with the test"
        )]
        std::fs::write(path, &file.octets).unwrap();
    }
    let judge = script("pkilint_files.py");
    let mut words = vec![judge.as_path()];
    words.extend(paths.iter().map(PathBuf::as_path));
    let said = python(&words);

    let mut codes = BTreeSet::new();
    let mut errors: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for line in said.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let [file, severity, code, message] = fields.as_slice() else {
            panic!("{line}");
        };
        codes.insert(*code);
        if ["ERROR", "FATAL", "UNREADABLE"].contains(severity) {
            errors.entry(file).or_default().push((code, message));
        }
    }
    println!("{} codes of pkilint: {codes:#?}", codes.len());
    assert!(codes.len() >= 40, "only {} codes were reached", codes.len());

    let mut passed = BTreeSet::new();
    let mut used = BTreeSet::new();
    for file in &files {
        let theirs = errors.get(file.name.as_str());
        let refused = is_refused(file);
        assert!(
            !(file.is_right && (refused || theirs.is_some())),
            "{}: {theirs:?}",
            file.name
        );
        if refused {
            continue;
        }
        for (code, message) in theirs.into_iter().flatten() {
            let difference = DIFFERENCES
                .iter()
                .find(|(known, part, _)| known == code && message.contains(part));
            match difference {
                Some((_code, part, _reason)) => {
                    used.insert(*part);
                }
                None => {
                    passed.insert(format!("{}: {code}: {message}", file.name));
                }
            }
        }
    }
    assert!(passed.is_empty(), "pass here: {passed:#?}");
    let listed: BTreeSet<&str> = DIFFERENCES.iter().map(|(_, part, _)| *part).collect();
    assert_eq!(used, listed, "a difference that is none any more");
}

/// A folder that is gone when the test ends.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("fleet-ca-pkilint-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}
