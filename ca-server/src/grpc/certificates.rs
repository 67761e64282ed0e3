//! Certificates on the wire.

use ca_proto::{v1, wire_reason, wire_state};
use ca_store::CertificateRow;
use ca_types::UnixTime;
use ca_verify::target::Misfit;

use crate::authority::Answer;

/// Writes a certificate without its DER.
pub(super) fn row_to_wire(row: &CertificateRow, now: UnixTime) -> v1::Certificate {
    v1::Certificate {
        serial: row.serial.to_string(),
        issuer_id: row.issuer.to_string(),
        profile: row.profile.to_string(),
        name: row.name.clone(),
        sans: row.sans.iter().map(ToString::to_string).collect(),
        not_before: row.validity.not_before().seconds(),
        not_after: row.validity.not_after().seconds(),
        state: wire_state(row.state(now)).into(),
        revocation: row.revocation.map(|revocation| v1::Revocation {
            time: revocation.time.seconds(),
            reason: wire_reason(revocation.reason).into(),
        }),
        fingerprint: row.fingerprint.to_string(),
        key_id: row.key.to_string(),
        der: Vec::new(),
        leaf: row.leaf,
    }
}

/// Writes a certificate with its DER, and the chain above it.
pub(super) fn answer_to_wire(answer: Answer) -> (Option<v1::Certificate>, Vec<Vec<u8>>) {
    let mut certificate = row_to_wire(&answer.row, answer.now);
    certificate.der = answer.der;
    (Some(certificate), answer.chain)
}

/// Writes what is worth knowing: what several targets have in common once.
pub(super) fn notices_to_wire(misfits: &[Misfit]) -> Vec<v1::TargetNotice> {
    let mut notices: Vec<v1::TargetNotice> = Vec::new();
    for misfit in misfits {
        let target = misfit.target.to_string();
        match notices
            .iter_mut()
            .find(|notice| notice.rule == misfit.rule.id)
        {
            Some(notice) => notice.targets.push(target),
            None => notices.push(v1::TargetNotice {
                rule: misfit.rule.id.to_owned(),
                targets: vec![target],
                message: misfit.message(),
                symptom: misfit.rule.symptom.to_owned(),
                source: misfit.rule.source.to_owned(),
            }),
        }
    }
    notices
}
