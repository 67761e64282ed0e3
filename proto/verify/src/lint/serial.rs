//! Serial numbers (RFC 5280 §4.1.2.2).

use super::{Findings, Judged, Rule};

const POSITIVE: Rule = Rule::error("serial-positive", "RFC 5280 §4.1.2.2");
const SHORT: Rule = Rule::error("serial-at-most-20-octets", "RFC 5280 §4.1.2.2");
const SIXTEEN: Rule = Rule::error("serial-16-octets", "CA/B BR 7.1: at least 64 random bits");

pub(super) fn judge(judged: &Judged<'_>, findings: &mut Findings) {
    let serial = judged.tbs.serial;
    let first = serial.first().copied().unwrap_or_default();
    findings.expect(
        first < 0x80 && serial != [0],
        &POSITIVE,
        "wanted a serial number above zero",
    );
    findings.expect(
        serial.len() <= 20,
        &SHORT,
        "wanted a serial number of at most 20 octets",
    );
    findings.expect(
        serial.len() == 16 && (0x40..0x80).contains(&first),
        &SIXTEEN,
        "wanted a serial number of 16 octets that begins with 40 to 7f, as all of this CA do",
    );
}
