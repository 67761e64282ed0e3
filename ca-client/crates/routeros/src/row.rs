//! A row of a menu as the router prints it.

use std::collections::BTreeMap;

/// The fields of one item; every value is text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Row(BTreeMap<String, String>);

impl Row {
    /// Returns a field.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Returns a field, or nothing for one that is not printed.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).unwrap_or_default()
    }

    /// Tells whether a flag is set: `true` on RouterOS 7, `yes` on older releases; a flag that is not printed is not set.
    pub fn is(&self, flag: &str) -> bool {
        matches!(self.get(flag), Some("true" | "yes"))
    }

    /// Returns a field, or what an omitted one means.
    pub fn text_or(&self, field: &str, default: &str) -> String {
        match self.text(field) {
            "" => default.to_owned(),
            text => text.to_owned(),
        }
    }

    /// Returns the items of a list: `a,b`; `none` and the unset `*0` are no items.
    pub fn list(&self, field: &str) -> Vec<String> {
        self.text(field)
            .split([',', ';'])
            .map(str::trim)
            .filter(|item| !matches!(*item, "" | "none" | "*0"))
            .map(str::to_owned)
            .collect()
    }

    /// Returns the name that a field refers to, such as that of a certificate.
    pub fn reference(&self, field: &str) -> Option<String> {
        match self.text(field) {
            "" | "none" | "*0" => None,
            name => Some(name.to_owned()),
        }
    }

    /// Returns the id of the item, such as `*1A`.
    pub fn id(&self) -> &str {
        self.text(".id")
    }

    /// Returns the fields in the order of their names.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(field, value)| (field.as_str(), value.as_str()))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Row {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        let fields = fields
            .into_iter()
            .map(|(field, value)| (field.into(), value.into()));
        Self(fields.collect())
    }
}
