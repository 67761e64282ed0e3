//! Algorithms: RouterOS words of profiles and proposals, and what strongSwan calls them.

use super::{Row, list, word, word_or};

/// Returns the IKE proposals of a profile.
///
/// `prf-algorithm=auto` follows the hash, which strongSwan does by itself.
pub(super) fn ike(profile: &Row) -> Vec<String> {
    let hash = word_or(profile, "hash-algorithm", "sha1");
    let Some(hash) = find(&HASHES, hash) else {
        return Vec::new();
    };
    let prf = match word_or(profile, "prf-algorithm", "auto") {
        "auto" => String::new(),
        other => match find(&HASHES, other) {
            Some(prf) => format!("-prf{prf}"),
            None => return Vec::new(),
        },
    };
    let mut proposals = Vec::new();
    for cipher in list(word(profile, "enc-algorithm")).filter_map(|word| find(&IKE_CIPHERS, word)) {
        for group in list(word(profile, "dh-group")).filter_map(|word| find(&GROUPS, word)) {
            proposals.push(format!("{cipher}-{hash}{prf}-{group}"));
        }
    }
    proposals
}

/// Returns the ESP proposals of a proposal row.
///
/// Ciphers that authenticate themselves stand without the authentication algorithm. Encryption
/// without any authentication is not offered: strongSwan has no word for it.
pub(super) fn esp(proposal: &Row) -> Vec<String> {
    let group = match word_or(proposal, "pfs-group", "modp1024") {
        "none" => String::new(),
        other => match find(&GROUPS, other) {
            Some(group) => format!("-{group}"),
            None => return Vec::new(),
        },
    };
    let mut proposals = Vec::new();
    for cipher in list(word(proposal, "enc-algorithms")) {
        if let Some(cipher) = find(&AUTHENTICATED_CIPHERS, cipher) {
            proposals.push(format!("{cipher}{group}"));
        } else if let Some(cipher) = find(&ESP_CIPHERS, cipher) {
            let hashes = list(word(proposal, "auth-algorithms"));
            for hash in hashes.filter_map(|word| find(&HASHES, word)) {
                proposals.push(format!("{cipher}-{hash}{group}"));
            }
        }
    }
    proposals
}

fn find(table: &[(&str, &'static str)], word: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(ours, _)| *ours == word)
        .map(|(_, theirs)| *theirs)
}

const HASHES: [(&str, &str); 5] = [
    ("md5", "md5"),
    ("sha1", "sha1"),
    ("sha256", "sha256"),
    ("sha384", "sha384"),
    ("sha512", "sha512"),
];

const GROUPS: [(&str, &str); 11] = [
    ("x25519", "x25519"),
    ("ecp256", "ecp256"),
    ("ecp384", "ecp384"),
    ("ecp521", "ecp521"),
    ("modp6144", "modp6144"),
    ("modp4096", "modp4096"),
    ("modp3072", "modp3072"),
    ("modp2048", "modp2048"),
    ("modp1536", "modp1536"),
    ("modp1024", "modp1024"),
    ("modp768", "modp768"),
];

const IKE_CIPHERS: [(&str, &str); 5] = [
    ("aes-256", "aes256"),
    ("aes-192", "aes192"),
    ("aes-128", "aes128"),
    ("3des", "3des"),
    ("des", "des"),
];

const ESP_CIPHERS: [(&str, &str); 12] = [
    ("aes-256-cbc", "aes256"),
    ("aes-192-cbc", "aes192"),
    ("aes-128-cbc", "aes128"),
    ("aes-256-ctr", "aes256ctr"),
    ("aes-192-ctr", "aes192ctr"),
    ("aes-128-ctr", "aes128ctr"),
    ("camellia-256", "camellia256"),
    ("camellia-192", "camellia192"),
    ("camellia-128", "camellia128"),
    ("3des", "3des"),
    ("des", "des"),
    ("null", "null"),
];

const AUTHENTICATED_CIPHERS: [(&str, &str); 4] = [
    ("aes-256-gcm", "aes256gcm16"),
    ("aes-192-gcm", "aes192gcm16"),
    ("aes-128-gcm", "aes128gcm16"),
    ("chacha20poly1305", "chacha20poly1305"),
];
