//! What the console printed, as rows.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::rest::text_of;
use crate::{Call, RouterError};

/// A row while conditions are checked.
pub type Fields = BTreeMap<String, String>;

/// Reads rows that `:serialize` wrote; of a menu of settings it writes one.
///
/// # Errors
/// Fails for what is no JSON, or no list of objects.
pub fn json(call: &Call<'_>, text: &str) -> Result<Vec<Fields>, RouterError> {
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let value: Value =
        serde_json::from_str(text).map_err(|error| RouterError::answer(call, error.to_string()))?;
    let rows = match value {
        Value::Array(rows) => rows,
        one @ Value::Object(_) => vec![one],
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let fields = |row| match row {
        Value::Object(fields) => Ok(fields
            .into_iter()
            .map(|(name, value)| (name, text_of(value)))
            .collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(RouterError::answer(call, "a row is no object"))
        }
    };
    rows.into_iter().map(fields).collect()
}

/// Reads rows as older releases write them: `.id=*1;name=a;.id=*2;name=b`.
///
/// What does not look like a field belongs to the value before it.
pub fn as_value(text: &str) -> Vec<Fields> {
    let mut rows: Vec<Fields> = Vec::new();
    let mut last = String::new();
    for piece in text.split(';') {
        let field = piece.split_once('=').filter(|(name, _)| is_field(name));
        match (field, rows.last_mut()) {
            (Some((name, value)), Some(row)) if name != ".id" => {
                name.clone_into(&mut last);
                row.insert(last.clone(), value.to_owned());
            }
            (Some((name, value)), _) => {
                name.clone_into(&mut last);
                rows.push([(last.clone(), value.to_owned())].into());
            }
            (None, Some(row)) => {
                let value = row.entry(last.clone()).or_default();
                value.push(';');
                value.push_str(piece);
            }
            (None, None) => {}
        }
    }
    rows
}

/// Keeps the rows and fields that a call asks for.
pub fn select(call: &Call<'_>, rows: &mut Vec<Fields>) {
    let field = |row: &Fields, name: &str| row.get(name).cloned().unwrap_or_default();
    let plain = |value: &str| match value {
        "yes" => "true".to_owned(),
        "no" => "false".to_owned(),
        other => other.to_owned(),
    };
    rows.retain(|row| {
        let is_item = call
            .item
            .as_ref()
            .is_none_or(|item| field(row, ".id") == *item || field(row, "name") == *item);
        let mut conditions = call.filter.iter();
        is_item && conditions.all(|(name, value)| plain(&field(row, name)) == plain(value))
    });
    if let Some((_, list)) = call.arguments().find(|(name, _)| *name == ".proplist") {
        let wanted: Vec<&str> = list.split(',').collect();
        for row in rows {
            row.retain(|name, _| wanted.contains(&name.as_str()));
        }
    }
}

/// Reads the counters that a command like `import` prints, a line each, as one row.
pub fn counters(text: &str) -> Option<crate::Row> {
    let fields: Vec<(&str, &str)> = text
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.trim(), value.trim()))
        .filter(|(name, _)| is_field(name))
        .collect();
    (!fields.is_empty()).then(|| fields.into_iter().collect())
}

fn is_field(name: &str) -> bool {
    let name = name.strip_prefix('.').unwrap_or(name);
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Command;

    fn row(fields: &[(&str, &str)]) -> Fields {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        fields.iter().map(owned).collect()
    }

    #[test]
    fn rows_of_older_releases_are_told_apart() {
        let text = ".id=*1;comment=a;b = c;name=x;.id=*2;name=";
        let expect = [
            row(&[(".id", "*1"), ("comment", "a;b = c"), ("name", "x")]),
            row(&[(".id", "*2"), ("name", "")]),
        ];
        assert_eq!(as_value(text), expect);
        assert_eq!(as_value("name=r1"), [row(&[("name", "r1")])]);
        assert_eq!(as_value(""), []);
    }

    #[test]
    fn json_and_counters_are_rows() {
        let call = Call::new("/x", Command::Print);
        let read = json(&call, r#"[{".id":"*1","port":23,"disabled":false}]"#);
        let expect = row(&[(".id", "*1"), ("port", "23"), ("disabled", "false")]);
        assert_eq!(read, Ok(vec![expect]));
        assert_eq!(json(&call, "[]"), Ok(Vec::new()));
        assert!(json(&call, "[1]").is_err() && json(&call, "{").is_err());
        let text = "  certificates-imported: 1\n  private-keys-imported: 0\n";
        let counted = counters(text).unwrap();
        assert_eq!(counted.text("certificates-imported"), "1");
        assert_eq!(counters("Done!\n"), None);
    }

    #[test]
    fn conditions_and_fields_are_chosen_here() {
        let call = Call::new("/x", Command::Print)
            .matching("disabled", "no")
            .with(".proplist", "name");
        let mut rows = vec![
            row(&[("name", "a"), ("disabled", "false")]),
            row(&[("name", "b"), ("disabled", "true")]),
        ];
        select(&call, &mut rows);
        assert_eq!(rows, [row(&[("name", "a")])]);
    }
}
