//! What commands say about certificates and CAs to a person.

use ca_types::IssuerState;

use crate::client::{CertificateRecord, IssuerRecord, IssuerRequestRecord};
use crate::enrollment::Files;
use crate::json::CertificateListDocument;
use crate::printer::table;

/// Lists certificates, one line each.
pub(crate) fn certificate_table(records: &[CertificateRecord]) -> String {
    let rows: Vec<[String; 7]> = records
        .iter()
        .map(|record| {
            [
                record.serial.to_string(),
                record.state.to_string(),
                record.revocation.map_or_else(
                    || "-".to_owned(),
                    |revocation| revocation.reason.to_string(),
                ),
                record.validity.not_after().to_string(),
                record.profile.to_string(),
                record.issuer_id.to_string(),
                record.name.clone(),
            ]
        })
        .collect();
    table(
        [
            "SERIAL",
            "STATE",
            "REASON",
            "NOT AFTER",
            "PROFILE",
            "ISSUER",
            "NAME",
        ],
        &rows,
    )
}

/// Describes one certificate, one fact a line.
pub(crate) fn certificate_facts(record: &CertificateRecord) -> String {
    let mut facts = vec![
        ("name", record.name.clone()),
        ("serial", record.serial.to_string()),
        ("profile", record.profile.to_string()),
        ("issuer", record.issuer_id.to_string()),
        ("state", record.state.to_string()),
        ("not before", record.validity.not_before().to_string()),
        ("not after", record.validity.not_after().to_string()),
        ("fingerprint", record.fingerprint.to_string()),
        ("key id", record.key_id.to_string()),
    ];
    if !record.sans.is_empty() {
        facts.insert(1, ("names", record.sans.join(" ")));
    }
    if let Some(revocation) = record.revocation {
        facts.push((
            "revoked",
            format!("{} {}", revocation.time, revocation.reason),
        ));
    }
    lines(&facts)
}

/// Names the files that were written, one a line.
pub(crate) fn file_facts(files: &Files) -> String {
    let mut facts = vec![("certificate", files.certificate.display().to_string())];
    facts.extend(
        files
            .key
            .iter()
            .map(|file| ("key", file.display().to_string())),
    );
    facts.push(("chain", files.chain.display().to_string()));
    facts.extend(
        files
            .p12
            .iter()
            .map(|file| ("p12", file.display().to_string())),
    );
    lines(&facts)
}

/// Lists CAs, one line each.
pub(crate) fn issuer_table(records: &[IssuerRecord], requests: &[IssuerRequestRecord]) -> String {
    let mut rows: Vec<[String; 7]> = records
        .iter()
        .map(|record| {
            [
                record.issuer_id.to_string(),
                record.class.clone(),
                record.state.clone(),
                record.key_algorithm.clone(),
                record.validity.not_after().to_string(),
                record.crl_number.to_string(),
                record.crl_next_update.to_string(),
            ]
        })
        .collect();
    rows.extend(requests.iter().map(|request| {
        [
            request.issuer_id.to_string(),
            request.class.clone(),
            IssuerState::Requested.to_string(),
            request.key_algorithm.clone(),
            request.validity.not_after().to_string(),
            String::new(),
            String::new(),
        ]
    }));
    let heading = [
        "ISSUER",
        "CLASS",
        "STATE",
        "KEY",
        "NOT AFTER",
        "CRL",
        "NEXT CRL BY",
    ];
    table(heading, &rows)
}

/// Lists fetched CRLs.
pub(crate) fn crl_table(lists: &[CertificateListDocument<'_>]) -> String {
    let rows: Vec<[String; 5]> = lists
        .iter()
        .map(|list| {
            [
                list.issuer_id.to_owned(),
                list.number.to_string(),
                list.entries.to_string(),
                list.next_update.to_string(),
                list.file
                    .map(|file| file.display().to_string())
                    .unwrap_or_default(),
            ]
        })
        .collect();
    table(
        ["ISSUER", "NUMBER", "ENTRIES", "NEXT UPDATE", "FILE"],
        &rows,
    )
}

/// Lays out facts, one a line.
pub(crate) fn lines(facts: &[(&str, String)]) -> String {
    facts
        .iter()
        .map(|(what, value)| format!("{what:<12} {value}\n"))
        .collect()
}
