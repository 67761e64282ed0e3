//! The object identifiers that this project knows.

use spki::ObjectIdentifier;

macro_rules! oids {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub const $name: ObjectIdentifier = ObjectIdentifier::new_unwrap($text);)+
    };
}

oids! {
    /// `id-ce-subjectKeyIdentifier` (RFC 5280 §4.2.1.2).
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// `id-ce-keyUsage` (RFC 5280 §4.2.1.3).
    KEY_USAGE = "2.5.29.15";
    /// `id-ce-subjectAltName` (RFC 5280 §4.2.1.6).
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// `id-ce-basicConstraints` (RFC 5280 §4.2.1.9).
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// `id-ce-cRLNumber` (RFC 5280 §5.2.3).
    CRL_NUMBER = "2.5.29.20";
    /// `id-ce-cRLReasons` (RFC 5280 §5.3.1).
    CRL_REASON = "2.5.29.21";
    /// `id-ce-deltaCRLIndicator` (RFC 5280 §5.2.4).
    DELTA_CRL_INDICATOR = "2.5.29.27";
    /// `id-ce-issuingDistributionPoint` (RFC 5280 §5.2.5).
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// `id-ce-certificateIssuer` (RFC 5280 §5.3.3).
    CERTIFICATE_ISSUER = "2.5.29.29";
    /// `id-ce-nameConstraints` (RFC 5280 §4.2.1.10).
    NAME_CONSTRAINTS = "2.5.29.30";
    /// `id-ce-cRLDistributionPoints` (RFC 5280 §4.2.1.13).
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// `id-ce-authorityKeyIdentifier` (RFC 5280 §4.2.1.1).
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// `id-ce-extKeyUsage` (RFC 5280 §4.2.1.12).
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// `id-pe-authorityInfoAccess` (RFC 5280 §4.2.2.1).
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// `id-ad-caIssuers` (RFC 5280 §4.2.2.1).
    CA_ISSUERS = "1.3.6.1.5.5.7.48.2";

    /// `anyExtendedKeyUsage` (RFC 5280 §4.2.1.12).
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// `id-kp-serverAuth` (RFC 5280 §4.2.1.12).
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// `id-kp-clientAuth` (RFC 5280 §4.2.1.12).
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    /// `id-kp-ipsecIKE` (RFC 4945 §5.1.3.12).
    IPSEC_IKE = "1.3.6.1.5.5.7.3.17";
    /// `iKEIntermediate`, which Windows and macOS gateways are recommended to have.
    IKE_INTERMEDIATE = "1.3.6.1.5.5.8.2.2";

    /// `id-at-commonName` (RFC 5280 appendix A).
    COMMON_NAME = "2.5.4.3";
    /// `id-at-countryName` (RFC 5280 appendix A).
    COUNTRY = "2.5.4.6";
    /// `id-at-localityName` (RFC 5280 appendix A).
    LOCALITY = "2.5.4.7";
    /// `id-at-stateOrProvinceName` (RFC 5280 appendix A).
    STATE = "2.5.4.8";
    /// `id-at-organizationName` (RFC 5280 appendix A).
    ORGANIZATION = "2.5.4.10";
    /// `id-at-organizationalUnitName` (RFC 5280 appendix A).
    ORGANIZATIONAL_UNIT = "2.5.4.11";

    /// `id-emailAddress` (RFC 5280 appendix A).
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

    /// `id-extensionReq` (RFC 2985 §5.4.2).
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// `challengePassword` (RFC 2985 §5.4.1).
    CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";
    /// `unstructuredName` (RFC 2985 §5.4.3).
    UNSTRUCTURED_NAME = "1.2.840.113549.1.9.2";
    /// `szOID_OS_VERSION`, in every request that Windows makes.
    WINDOWS_VERSION = "1.3.6.1.4.1.311.13.2.3";
    /// `szOID_ENROLLMENT_CSP_PROVIDER`, in every request that Windows makes.
    WINDOWS_KEY_PROVIDER = "1.3.6.1.4.1.311.13.2.2";
    /// `szOID_REQUEST_CLIENT_INFO`, in every request that Windows makes.
    WINDOWS_CLIENT = "1.3.6.1.4.1.311.21.20";

    /// `rsaEncryption` (RFC 8017 appendix C).
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    /// `id-RSAES-OAEP` (RFC 8017 appendix C).
    RSAES_OAEP = "1.2.840.113549.1.1.7";
    /// `id-RSASSA-PSS` (RFC 8017 appendix C).
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    /// `id-ecPublicKey` (RFC 5480 §2.1.1).
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    /// `secp256r1` (RFC 5480 §2.1.1.1).
    P256 = "1.2.840.10045.3.1.7";
    /// `secp384r1` (RFC 5480 §2.1.1.1).
    P384 = "1.3.132.0.34";
    /// `id-X25519` (RFC 8410 §3).
    X25519 = "1.3.101.110";
    /// `id-X448` (RFC 8410 §3).
    X448 = "1.3.101.111";
    /// `id-Ed25519` (RFC 8410 §3).
    ED25519 = "1.3.101.112";
    /// `id-Ed448` (RFC 8410 §3).
    ED448 = "1.3.101.113";
}
