//! The words that RouterOS itself has: values that are kept as they are, in fields where nothing else is expected.

/// Tells whether a value may be kept: its field is on the list, and so is every word of it.
pub(crate) fn keeps(menu: &str, field: &str, value: &str) -> bool {
    if TRUTHS.contains(&field) {
        return matches!(value, "yes" | "no" | "true" | "false");
    }
    if (menu, field) == ("/system/resource", "version") {
        return is_release(value);
    }
    let own = WORDS
        .iter()
        .find(|(of, name, _)| *name == field && (of.is_empty() || *of == menu));
    let Some((_, _, words)) = own else {
        return false;
    };
    let word = |word: &str| words.contains(&word.strip_prefix('!').unwrap_or(word));
    value.len() <= LONGEST && value.split(',').all(word)
}

/// Tells whether a field is one that these menus have: where names and values are not told apart, others are not kept.
pub(crate) fn is_known_field(field: &str) -> bool {
    TRUTHS.contains(&field)
        || FIELDS.contains(&field)
        || WORDS.iter().any(|(_, name, _)| *name == field)
}

/// Reads `7.24.4 (stable)` and the like: numbers, and no other words than these.
fn is_release(value: &str) -> bool {
    let (number, channel) = value.split_once(' ').unwrap_or((value, "(stable)"));
    let channels = ["(stable)", "(long-term)", "(testing)", "(development)"];
    let plain = ["alpha", "beta", "rc"]
        .iter()
        .fold(number.to_owned(), |text, word| text.replacen(word, ".", 1));
    let is_part = |part: &str| {
        (1..=3).contains(&part.len()) && part.chars().all(|c: char| c.is_ascii_digit())
    };
    channels.contains(&channel) && plain.split('.').count() <= 4 && plain.split('.').all(is_part)
}

const LONGEST: usize = 512;

const TRUTHS: &[&str] = &[
    "allow-none-crypto",
    "always-allow-password-login",
    "authority",
    "bandwidth-test",
    "connection",
    "container",
    "crl",
    "crl-download",
    "crl-use",
    "default",
    "disabled",
    "dst-active",
    "dynamic",
    "email",
    "enabled",
    "expired",
    "fetch",
    "flagged",
    "flagging-enabled",
    "force-aes",
    "hotspot",
    "install-any-version",
    "invalid",
    "ipsec",
    "issued",
    "l2tp",
    "nat-traversal",
    "partitions",
    "passive",
    "pptp",
    "private-key",
    "proxy",
    "responder",
    "romon",
    "routerboard",
    "scheduler",
    "send-initial-contact",
    "smart-card-key",
    "smb",
    "sniffer",
    "socks",
    "strong-crypto",
    "time-zone-autodetect",
    "traffic-gen",
    "trusted",
    "verify-client-certificate",
    "zerotier",
];

const ENCRYPTIONS: &[&str] = &[
    "3des",
    "aes-128",
    "aes-128-cbc",
    "aes-128-ctr",
    "aes-128-gcm",
    "aes-192",
    "aes-192-cbc",
    "aes-192-ctr",
    "aes-192-gcm",
    "aes-256",
    "aes-256-cbc",
    "aes-256-ctr",
    "aes-256-gcm",
    "blowfish",
    "camellia-128",
    "camellia-192",
    "camellia-256",
    "chacha20poly1305",
    "des",
    "null",
    "twofish",
];

const HASHES: &[&str] = &["auto", "md5", "null", "sha1", "sha256", "sha384", "sha512"];

const GROUPS: &[&str] = &[
    "ecp256", "ecp384", "ecp521", "modp1024", "modp1536", "modp2048", "modp3072", "modp4096",
    "modp6144", "modp768", "modp8192", "none", "x25519",
];

/// A menu, or any; a field; the words that it may have.
const WORDS: &[(&str, &str, &[&str])] = &[
    (
        "/ip/service",
        "name",
        &[
            "api",
            "api-ssl",
            "ftp",
            "reverse-proxy",
            "ssh",
            "telnet",
            "winbox",
            "www",
            "www-ssl",
        ],
    ),
    ("/ip/service", "proto", &["tcp", "udp"]),
    ("/ip/service", "vrf", &["main"]),
    ("", "certificate", &["none"]),
    ("", "cert", &["none"]),
    ("", "mode-config", &["none"]),
    ("", "remote-certificate", &["none"]),
    ("", "tls-version", &["any", "only-1.2"]),
    ("", "key-type", &["ec", "rsa"]),
    (
        "",
        "key-size",
        &[
            "1024",
            "1536",
            "2048",
            "3072",
            "4096",
            "8192",
            "prime256v1",
            "secp384r1",
            "secp521r1",
        ],
    ),
    ("", "digest-algorithm", HASHES),
    (
        "",
        "key-usage",
        &[
            "code-sign",
            "content-commitment",
            "crl-sign",
            "data-encipherment",
            "decipher-only",
            "digital-signature",
            "dvcs",
            "email-protect",
            "encipher-only",
            "ipsec-end-system",
            "ipsec-tunnel",
            "ipsec-user",
            "key-agreement",
            "key-cert-sign",
            "key-encipherment",
            "ocsp-sign",
            "timestamp",
            "tls-client",
            "tls-server",
        ],
    ),
    ("", "crl-store", &["ram", "system"]),
    (
        "",
        "trust-store",
        &[
            "all", "api", "capsman", "dns", "email", "fetch", "ipsec", "none", "ovpn", "radius",
            "sstp", "www",
        ],
    ),
    ("", "builtin-trust-store", &["all", "none"]),
    (
        "",
        "builtin-trust-anchors",
        &["all", "none", "not-trusted", "trusted"],
    ),
    ("", "exchange-mode", &["aggressive", "base", "ike2", "main"]),
    (
        "",
        "auth-method",
        &[
            "digital-signature",
            "eap",
            "eap-radius",
            "pre-shared-key",
            "pre-shared-key-xauth",
            "rsa-key",
            "rsa-signature-hybrid",
        ],
    ),
    (
        "",
        "eap-methods",
        &["eap-mschapv2", "eap-peap", "eap-tls", "eap-ttls"],
    ),
    (
        "",
        "generate-policy",
        &["no", "port-override", "port-strict"],
    ),
    ("", "match-by", &["certificate", "remote-id"]),
    ("", "my-id", &["auto", "dn"]),
    ("", "remote-id", &["auto", "dn", "ignore"]),
    ("", "policy-template-group", &["default"]),
    ("/ip/ipsec/peer", "profile", &["default"]),
    ("/ip/ipsec/profile", "name", &["default"]),
    ("/ip/ipsec/proposal", "name", &["default"]),
    ("", "dh-group", GROUPS),
    ("", "pfs-group", GROUPS),
    ("", "enc-algorithm", ENCRYPTIONS),
    ("", "enc-algorithms", ENCRYPTIONS),
    ("", "hash-algorithm", HASHES),
    ("", "prf-algorithm", HASHES),
    ("", "auth-algorithms", HASHES),
    ("", "proposal-check", &["claim", "exact", "obey", "strict"]),
    ("", "ppk", &["no", "psk", "psk-ike-initial", "qkd"]),
    ("", "authentication", &["chap", "mschap1", "mschap2", "pap"]),
    ("", "pfs", &["no", "required", "yes"]),
    ("", "mrru", &["disabled"]),
    ("", "default-profile", &["default", "default-encryption"]),
    (
        "",
        "ciphers",
        &[
            "3des-cbc",
            "aes-cbc",
            "aes-ctr",
            "aes-gcm",
            "aes256-gcm-sha384",
            "aes256-sha",
            "auto",
            "null",
        ],
    ),
    ("", "forwarding-enabled", &["both", "local", "no", "remote"]),
    (
        "",
        "host-key-size",
        &["1024", "1536", "2048", "4096", "8192"],
    ),
    ("", "host-key-type", &["ed25519", "rsa"]),
    (
        "",
        "password-authentication",
        &["no", "yes", "yes-if-no-key"],
    ),
    (
        "",
        "publickey-authentication-options",
        &["none", "touch-required", "verify-required"],
    ),
    ("/user/group", "name", &["full", "read", "write"]),
    ("/user/group", "skin", &["default"]),
    (
        "/user/group",
        "policy",
        &[
            "api",
            "dude",
            "ftp",
            "local",
            "password",
            "policy",
            "read",
            "reboot",
            "rest-api",
            "romon",
            "sensitive",
            "sniff",
            "ssh",
            "telnet",
            "test",
            "tikapp",
            "web",
            "winbox",
            "write",
        ],
    ),
    (
        "/file",
        "type",
        &[
            ".backup file",
            ".crt file",
            ".key file",
            ".p12 file",
            ".pem file",
            ".rsc file",
            ".txt file",
            "backup",
            "directory",
            "disk",
            "file",
            "package",
            "script",
        ],
    ),
    (
        "/system/device-mode",
        "mode",
        &["advanced", "basic", "enterprise", "home", "rose"],
    ),
    (
        "/system/resource",
        "architecture-name",
        &[
            "arm", "arm64", "mipsbe", "mmips", "ppc", "smips", "tile", "x86", "x86_64",
        ],
    ),
    ("/system/resource", "platform", &["MikroTik"]),
];

/// Fields whose values are never kept.
const FIELDS: &[&str] = &[
    ".id",
    "address",
    "akid",
    "available-from",
    "bad-blocks",
    "board-name",
    "build-time",
    "ca",
    "ca-crl-host",
    "challenge-password",
    "comment",
    "common-name",
    "contents",
    "country",
    "cpu",
    "cpu-count",
    "cpu-frequency",
    "cpu-load",
    "creation-time",
    "current-defaults",
    "date",
    "days-valid",
    "dpd-interval",
    "dpd-maximum-failures",
    "expires-after",
    "factory-software",
    "fingerprint",
    "free-hdd-space",
    "free-memory",
    "gmt-offset",
    "invalid-after",
    "invalid-before",
    "issuer",
    "keepalive-timeout",
    "key",
    "last-modified",
    "last-update",
    "lifebytes",
    "lifetime",
    "local",
    "local-address",
    "locality",
    "max-mru",
    "max-mtu",
    "max-sessions",
    "name",
    "next-update",
    "notrack-chain",
    "num",
    "organization",
    "package-architecture",
    "package-name",
    "package-version",
    "password",
    "peer",
    "port",
    "ppk-secret",
    "profile",
    "proto",
    "remote",
    "remote-key",
    "revoked",
    "secret",
    "serial-number",
    "size",
    "skid",
    "state",
    "subject-alt-name",
    "time",
    "time-zone-name",
    "total-hdd-space",
    "total-memory",
    "unit",
    "uptime",
    "url",
    "username",
    "version",
    "write-sect-since-reboot",
    "write-sect-total",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_of_routeros_in_their_own_fields_are_kept() {
        for (menu, field, value, expect) in [
            ("/ip/service", "disabled", "true", true),
            ("/ip/service", "disabled", "hunter2", false),
            ("/ip/service", "name", "www-ssl", true),
            ("/certificate", "name", "www-ssl", false),
            ("/ip/service", "certificate", "none", true),
            ("/ip/service", "certificate", "web", false),
            ("/certificate", "key-usage", "tls-server,crl-sign", true),
            ("/certificate", "key-usage", "tls-server,anna", false),
            ("/user/group", "policy", "read,!ftp", true),
            ("/system/resource", "version", "7.24.4 (stable)", true),
            (
                "/system/resource",
                "version",
                "7.26beta4 (development)",
                true,
            ),
            ("/system/resource", "version", "7.24.4 (anna)", false),
            ("/system/resource", "version", "20261129", false),
            ("/ip/ipsec/identity", "secret", "none", false),
            ("/x", "comment", "true", false),
        ] {
            assert_eq!(keeps(menu, field, value), expect, "{menu} {field} {value}");
        }
    }
}
