//! Rules for CRLs (RFC 5280 §5).

mod crl_algorithm_fits_key;
mod crl_algorithms_equal;
mod crl_authority_key_identifier_of_ca;
mod crl_authority_key_identifier_present;
mod crl_der;
mod crl_empty_list_absent;
mod crl_entries_ascending;
mod crl_entries_once;
mod crl_entry_direct;
mod crl_entry_extension_known;
mod crl_entry_not_in_future;
mod crl_entry_reason;
mod crl_entry_reason_not_critical;
mod crl_entry_serial_form;
mod crl_entry_time_form;
mod crl_extension_known;
mod crl_extension_not_critical;
mod crl_extension_once;
mod crl_issuer_is_subject_of_ca;
mod crl_issuer_readable;
mod crl_length;
mod crl_next_update_present;
mod crl_not_delta;
mod crl_not_partial;
mod crl_number_form;
mod crl_number_present;
mod crl_signature_algorithm_known;
mod crl_signer_may_sign;
mod crl_time_form;
mod crl_time_order;
mod crl_version_2;

use super::rule::ListRule;

pub(super) use crl_der::RULE as DER;

/// All of them.
pub(super) static RULES: &[&ListRule] = &[
    &crl_der::RULE,
    &crl_version_2::RULE,
    &crl_algorithms_equal::RULE,
    &crl_signature_algorithm_known::RULE,
    &crl_algorithm_fits_key::RULE,
    &crl_issuer_readable::RULE,
    &crl_issuer_is_subject_of_ca::RULE,
    &crl_signer_may_sign::RULE,
    &crl_time_form::RULE,
    &crl_next_update_present::RULE,
    &crl_time_order::RULE,
    &crl_length::RULE,
    &crl_authority_key_identifier_present::RULE,
    &crl_authority_key_identifier_of_ca::RULE,
    &crl_number_present::RULE,
    &crl_number_form::RULE,
    &crl_extension_once::RULE,
    &crl_not_delta::RULE,
    &crl_not_partial::RULE,
    &crl_extension_not_critical::RULE,
    &crl_extension_known::RULE,
    &crl_empty_list_absent::RULE,
    &crl_entries_once::RULE,
    &crl_entries_ascending::RULE,
    &crl_entry_serial_form::RULE,
    &crl_entry_time_form::RULE,
    &crl_entry_not_in_future::RULE,
    &crl_entry_reason::RULE,
    &crl_entry_reason_not_critical::RULE,
    &crl_entry_direct::RULE,
    &crl_entry_extension_known::RULE,
];
