//! Rules for the certificates of CAs.

mod ca_basic_constraints;
mod ca_basic_constraints_critical;
mod ca_extended_key_usage_absent;
mod ca_key_usage;
mod ca_san_absent;
mod issuing_ca_other_name;
mod issuing_ca_path_length_zero;
mod name_constraints_critical;
mod name_constraints_not_empty;
mod root_path_length_absent;
mod root_without_urls;

use super::rule::CertificateRule;

/// All of them.
pub(super) static RULES: &[&CertificateRule] = &[
    &ca_san_absent::RULE,
    &ca_key_usage::RULE,
    &ca_extended_key_usage_absent::RULE,
    &ca_basic_constraints::RULE,
    &ca_basic_constraints_critical::RULE,
    &issuing_ca_path_length_zero::RULE,
    &issuing_ca_other_name::RULE,
    &root_path_length_absent::RULE,
    &root_without_urls::RULE,
    &name_constraints_critical::RULE,
    &name_constraints_not_empty::RULE,
];
