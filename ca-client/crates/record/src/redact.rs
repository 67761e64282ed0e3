//! What is kept of values: words of RouterOS as they are, of everything else only what it looks like.

use std::collections::{BTreeMap, BTreeSet};

use crate::shape::Shape;
use crate::text::scrubbed;
use crate::vocabulary::keeps;

/// Replaces values by what they look like and a number: the same value by the same one, everywhere.
#[derive(Debug, Default)]
pub(crate) struct Redactor {
    numbers: BTreeMap<String, usize>,
    sent: BTreeSet<String>,
}

impl Redactor {
    /// Learns what was sent.
    pub(crate) fn sends(&mut self, value: &str) {
        if !value.is_empty() {
            self.sent.insert(value.to_owned());
        }
    }

    /// Returns what is kept of a value.
    pub(crate) fn value(&mut self, menu: &str, field: &str, value: &str) -> String {
        if keeps(menu, field, value) {
            return value.to_owned();
        }
        let is_list = value.contains(',')
            && value.split(',').count() <= MOST_ITEMS
            && !value.contains(char::is_whitespace);
        if !is_list {
            return self.hidden(value);
        }
        let items = value.split(',');
        items
            .map(|item| self.hidden(item))
            .collect::<Vec<_>>()
            .join(",")
    }

    /// Returns what is kept of a text that a router refuses something with.
    pub(crate) fn text(&self, text: &str) -> String {
        scrubbed(text, &self.sent)
    }

    fn hidden(&mut self, value: &str) -> String {
        let shape = Shape::of(value);
        if shape == Shape::Empty {
            return String::new();
        }
        let next = self.numbers.len() + 1;
        let number = *self.numbers.entry(value.to_owned()).or_insert(next);
        let length = match (shape, value.len()) {
            (Shape::HexLower | Shape::HexUpper, length @ (40 | 64)) => format!("-{length}"),
            _ => String::new(),
        };
        format!("<{shape}{length}#{number}>")
    }
}

/// Reads back what a kept value looked like: one shape, or those of a list.
pub(crate) fn shapes(kept: &str) -> Option<BTreeSet<Shape>> {
    kept.split(',')
        .map(|item| {
            let Some(inner) = item.strip_prefix('<') else {
                let plain = Shape::of(item);
                let is_seen = matches!(plain, Shape::Empty | Shape::YesNo | Shape::TrueFalse);
                return Some(if is_seen { plain } else { Shape::Word });
            };
            let (shape, number) = inner.strip_suffix('>')?.split_once('#')?;
            number.parse::<usize>().ok()?;
            let length = shape.trim_end_matches(|c: char| c.is_ascii_digit());
            let plain = match length.strip_suffix('-') {
                Some(plain) if length.len() < shape.len() => plain,
                _ => shape,
            };
            plain.parse().ok()
        })
        .collect()
}

const MOST_ITEMS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_stay_equal_and_say_nothing_else() {
        let mut redactor = Redactor::default();
        let mut kept = |field: &str, value: &str| redactor.value("/ip/service", field, value);
        assert_eq!(kept("certificate", "web"), "<name#1>");
        assert_eq!(kept("comment", "web"), "<name#1>");
        assert_eq!(kept("certificate", "none"), "none");
        assert_eq!(kept("comment", "none"), "<name#2>");
        assert_eq!(kept("certificate", "web,ca"), "<name#1>,<name#3>");
        assert_eq!(kept("comment", "a, b"), "<text#4>");
        assert_eq!(kept("comment", ""), "");
        let digest = "ab".repeat(32);
        assert_eq!(kept("fingerprint", &digest), "<hex-lower-64#5>");
        let read = |kept| shapes(kept).map(|all| all.into_iter().collect::<Vec<_>>());
        assert_eq!(read("<hex-lower-64#5>"), Some(vec![Shape::HexLower]));
        assert_eq!(read("<name#1>,<id#3>"), Some(vec![Shape::Id, Shape::Name]));
        assert_eq!(read("rsa"), Some(vec![Shape::Word]));
        assert_eq!(read(""), Some(vec![Shape::Empty]));
        assert_eq!(read("<name>"), None);
        assert_eq!(read("<nonsense#1>"), None);
    }
}
