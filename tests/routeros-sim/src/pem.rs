//! PEM (RFC 7468), as programs beside the simulator read it.

use base64::{Engine as _, prelude::BASE64_STANDARD};

/// Returns DER as a block with a label.
pub(crate) fn write(label: &str, der: &[u8]) -> String {
    let body = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> = body
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
