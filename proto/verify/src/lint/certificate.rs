//! Rules for every certificate.

mod access_not_critical;
mod access_only_ca_issuers;
mod algorithm_fits_key;
mod algorithms_equal;
mod attribute_known;
mod attribute_once;
mod authority_key_identifier_key_only;
mod authority_key_identifier_not_critical;
mod authority_key_identifier_of_issuer;
mod authority_key_identifier_present;
mod ca_issuers_url_plain_http;
mod ca_issuers_url_present;
mod country_two_letters;
mod critical_extension_known;
mod crl_url_direct;
mod crl_url_plain_http;
mod crl_url_present;
mod crl_urls_not_critical;
mod der;
pub(super) mod extension_known;
mod extension_once;
mod extension_readable;
mod issuer_is_subject_of_ca;
mod issuer_not_empty;
mod key_acceptable;
mod key_differs_from_issuer;
mod key_strong;
mod key_usage_critical;
mod key_usage_present;
pub(super) mod length;
mod length_routeros;
mod name_at_most_64_characters;
mod name_readable;
mod name_says_something;
mod name_utf8_string;
mod name_valid_utf8;
mod name_without_control_characters;
mod name_without_outer_spaces;
mod no_email_in_subject;
mod no_unique_ids;
mod one_attribute_per_rdn;
mod one_ca_issuers_url;
mod one_common_name;
mod one_crl_url;
mod serial_16_octets;
mod serial_64_bits;
mod serial_at_most_20_octets;
mod serial_positive;
mod signature_algorithm_known;
mod subject_key_identifier_not_critical;
mod subject_key_identifier_of_key;
mod subject_key_identifier_present;
mod subject_not_empty;
mod time_form;
mod validity_inside_issuer;
mod validity_order;
mod version_3;

use super::rule::CertificateRule;

pub(super) use der::RULE as DER;

/// All of them.
pub(super) static RULES: &[&CertificateRule] = &[
    &der::RULE,
    &version_3::RULE,
    &no_unique_ids::RULE,
    &algorithms_equal::RULE,
    &signature_algorithm_known::RULE,
    &algorithm_fits_key::RULE,
    &key_acceptable::RULE,
    &key_strong::RULE,
    &key_differs_from_issuer::RULE,
    &extension_once::RULE,
    &extension_known::RULE,
    &critical_extension_known::RULE,
    &extension_readable::RULE,
    &length::RULE,
    &length_routeros::RULE,
    &serial_positive::RULE,
    &serial_at_most_20_octets::RULE,
    &serial_64_bits::RULE,
    &serial_16_octets::RULE,
    &validity_order::RULE,
    &time_form::RULE,
    &validity_inside_issuer::RULE,
    &name_readable::RULE,
    &issuer_not_empty::RULE,
    &subject_not_empty::RULE,
    &issuer_is_subject_of_ca::RULE,
    &one_common_name::RULE,
    &name_at_most_64_characters::RULE,
    &name_utf8_string::RULE,
    &name_valid_utf8::RULE,
    &name_without_control_characters::RULE,
    &name_without_outer_spaces::RULE,
    &name_says_something::RULE,
    &one_attribute_per_rdn::RULE,
    &attribute_once::RULE,
    &country_two_letters::RULE,
    &no_email_in_subject::RULE,
    &attribute_known::RULE,
    &subject_key_identifier_present::RULE,
    &subject_key_identifier_of_key::RULE,
    &subject_key_identifier_not_critical::RULE,
    &authority_key_identifier_present::RULE,
    &authority_key_identifier_of_issuer::RULE,
    &authority_key_identifier_key_only::RULE,
    &authority_key_identifier_not_critical::RULE,
    &key_usage_present::RULE,
    &key_usage_critical::RULE,
    &crl_url_present::RULE,
    &one_crl_url::RULE,
    &crl_url_plain_http::RULE,
    &crl_url_direct::RULE,
    &crl_urls_not_critical::RULE,
    &ca_issuers_url_present::RULE,
    &one_ca_issuers_url::RULE,
    &ca_issuers_url_plain_http::RULE,
    &access_only_ca_issuers::RULE,
    &access_not_critical::RULE,
];
