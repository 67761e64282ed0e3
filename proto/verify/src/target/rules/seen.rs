//! The tests in `tests/it/targets` that see a program mind a rule.

use crate::target::rule::Seen;

pub(super) const PKI_PATHS: Seen = Seen {
    program: "pki --verify",
    test: "strongswan_builds_paths_over_real_cas_only",
};
pub(super) const CHARON_NAMES: Seen = Seen {
    program: "charon",
    test: "strongswan_finds_only_what_stands_among_the_names",
};
pub(super) const OPENVPN: Seen = Seen {
    program: "OpenVPN",
    test: "openvpn_refuses_what_breaks_its_rules",
};
pub(super) const OPENSSL_CHAIN: Seen = Seen {
    program: "OpenSSL",
    test: "openssl_wants_the_ca_that_signed_and_knows_what_is_critical",
};
pub(super) const OPENSSL_CLIENTS: Seen = Seen {
    program: "OpenSSL",
    test: "openssl_wants_a_client_that_may_sign",
};
pub(super) const OPENSSL_CAS: Seen = Seen {
    program: "OpenSSL",
    test: "openssl_wants_cas_that_say_what_they_are",
};
pub(super) const OPENSSL_CRLS: Seen = Seen {
    program: "OpenSSL",
    test: "openssl_takes_crls_of_cas_that_may_sign_them",
};
pub(super) const OPENSSL_SERVERS: Seen = Seen {
    program: "OpenSSL",
    test: "a_server_whose_key_may_not_sign_finds_no_cipher",
};
pub(super) const GNUTLS_SSTP: Seen = Seen {
    program: "GnuTLS",
    test: "sstp_on_routeros_needs_an_rsa_key_that_may_encipher",
};
pub(super) const OPENSSL_SSTP: Seen = Seen {
    program: "OpenSSL",
    test: "sstp_on_routeros_needs_an_rsa_key_that_may_encipher",
};
pub(super) const NSS_SSTP: Seen = Seen {
    program: "NSS",
    test: "nss_wants_key_encipherment_of_rsa_servers",
};
pub(super) const NSS_CLIENTS: Seen = Seen {
    program: "NSS",
    test: "nss_refuses_what_breaks_the_rules_of_clients",
};
pub(super) const NSS_SERVERS: Seen = Seen {
    program: "NSS",
    test: "nss_refuses_what_breaks_the_rules_of_servers",
};
pub(super) const JDK: Seen = Seen {
    program: "JDK",
    test: "the_jdk_refuses_what_breaks_the_rules_of_both_sides",
};
pub(super) const HOSTAPD_STARTS: Seen = Seen {
    program: "hostapd",
    test: "an_eap_server_takes_no_short_key_and_no_sha1",
};
pub(super) const HOSTAPD_CLIENTS: Seen = Seen {
    program: "hostapd",
    test: "eap_peers_want_the_purpose_of_the_other_side",
};
pub(super) const EAPOL_SERVERS: Seen = Seen {
    program: "eapol_test",
    test: "eap_peers_want_the_purpose_of_the_other_side",
};
pub(super) const RADIUS_CLIENTS: Seen = Seen {
    program: "FreeRADIUS",
    test: "freeradius_refuses_clients_that_break_its_rules",
};
pub(super) const RADIUS_STARTS: Seen = Seen {
    program: "FreeRADIUS",
    test: "freeradius_starts_with_a_strong_key_and_digest_only",
};
pub(super) const RADIUS_SERVERS: Seen = Seen {
    program: "FreeRADIUS",
    test: "freeradius_serves_with_what_keeps_the_rules_only",
};
