//! Rules for the certificates of end entities.

mod common_name_in_san;
mod end_entity_common_name_only;
mod end_entity_key_usage;
mod end_entity_no_ca;
mod end_entity_no_name_constraints;
mod end_entity_path_length_absent;
mod extended_key_usage_complete;
mod extended_key_usage_no_any;
mod extended_key_usage_no_old_ipsec;
mod extended_key_usage_not_critical;
mod extended_key_usage_of_class;
mod extended_key_usage_once;
mod extended_key_usage_present;
mod key_encipherment_needs_rsa;
mod key_usage_digital_signature;
mod san_address_as_dns;
mod san_dns_form;
mod san_dns_reserved_label;
mod san_dns_several_labels;
mod san_email_form;
mod san_form;
mod san_ip_form;
mod san_ip_not_mapped;
mod san_ip_usable;
mod san_lower_case;
mod san_no_wildcard;
mod san_not_critical;
mod san_once;
mod san_present;
mod san_readable;
mod validity_at_most_825_days;

use super::rule::CertificateRule;

/// All of them.
pub(super) static RULES: &[&CertificateRule] = &[
    &end_entity_common_name_only::RULE,
    &validity_at_most_825_days::RULE,
    &san_present::RULE,
    &san_not_critical::RULE,
    &san_readable::RULE,
    &san_form::RULE,
    &san_dns_form::RULE,
    &san_no_wildcard::RULE,
    &san_dns_reserved_label::RULE,
    &san_dns_several_labels::RULE,
    &san_ip_form::RULE,
    &san_ip_not_mapped::RULE,
    &san_ip_usable::RULE,
    &san_email_form::RULE,
    &san_lower_case::RULE,
    &san_once::RULE,
    &san_address_as_dns::RULE,
    &common_name_in_san::RULE,
    &end_entity_key_usage::RULE,
    &key_usage_digital_signature::RULE,
    &key_encipherment_needs_rsa::RULE,
    &extended_key_usage_present::RULE,
    &extended_key_usage_not_critical::RULE,
    &extended_key_usage_no_any::RULE,
    &extended_key_usage_no_old_ipsec::RULE,
    &extended_key_usage_once::RULE,
    &extended_key_usage_of_class::RULE,
    &extended_key_usage_complete::RULE,
    &end_entity_no_ca::RULE,
    &end_entity_path_length_absent::RULE,
    &end_entity_no_name_constraints::RULE,
];
