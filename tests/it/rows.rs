//! Reading JSON rows.

use ca_tests::Site;
use serde_json::Value;

/// Returns a text of a row.
#[track_caller]
pub(crate) fn word(row: &Value, key: &str) -> String {
    row.get(key)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text `{key}` in {row}"))
        .to_owned()
}

/// Returns the certificates that `ca-client list` shows, with these words behind it.
#[track_caller]
pub(crate) fn list(site: &Site, words: &[&str]) -> Vec<Value> {
    let mut all = vec!["list"];
    all.extend(words);
    site.client_json(&all)
        .as_array()
        .expect("a list is an array")
        .clone()
}
