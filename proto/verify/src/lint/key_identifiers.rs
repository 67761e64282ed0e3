//! Key identifiers (RFC 5280 §4.2.1.1 and §4.2.1.2).

use super::{Findings, Judged, Rule, form};
use crate::extension::{AuthorityKeyIdentifier, subject_key_identifier};
use crate::oid;

const SUBJECT: Rule = Rule::error("subject-key-identifier", "RFC 5280 §4.2.1.2, RFC 7093 §2");
// A root without one passes for an intermediate on macOS and Windows, so roots have it too.
const AUTHORITY: Rule = Rule::error("authority-key-identifier", "RFC 5280 §4.2.1.1");
const KEY_ONLY: Rule = Rule::error("authority-key-identifier-key-only", "CA/B BR 7.1.2.11.1");
const NOT_CRITICAL: Rule = Rule::error("key-identifier-not-critical", "RFC 5280 §4.2.1.1");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let extensions = &judged.tbs.extensions;
    let subject = extensions.find(oid::SUBJECT_KEY_IDENTIFIER);
    let authority = extensions.find(oid::AUTHORITY_KEY_IDENTIFIER);
    for extension in [subject, authority].into_iter().flatten() {
        findings.expect(
            !extension.critical,
            &NOT_CRITICAL,
            "wanted key identifiers that are not critical",
        );
    }

    let own = subject.and_then(|extension| {
        findings.value(&form::READABLE, subject_key_identifier(extension.value))
    });
    let of_key = judged.key.map(|key| key.subject_key_identifier());
    findings.expect(
        own.is_some() && own == of_key.as_ref().map(<[u8; 20]>::as_slice),
        &SUBJECT,
        "wanted the leftmost 160 bits of the SHA-256 of the public key",
    );

    let of_issuer = match judged.context.issuer {
        Some(issuer) => issuer.subject_key_identifier(),
        None => own,
    };
    let authority = authority.and_then(|extension| {
        findings.value(
            &form::READABLE,
            AuthorityKeyIdentifier::read(extension.value),
        )
    });
    findings.expect(
        authority.is_some_and(|authority| {
            authority.key_identifier.is_some() && authority.key_identifier == of_issuer
        }),
        &AUTHORITY,
        "wanted the subject key identifier of the CA",
    );
    findings.expect(
        !authority.is_some_and(|authority| authority.names_issuer),
        &KEY_ONLY,
        "wanted no issuer and serial number in it",
    );
}
