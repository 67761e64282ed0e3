//! Answers as the console prints them.

use crate::model::Model;
use crate::row::{Reply, Request, Row};
use crate::tree::Tree;

/// Writes the answer to a command.
pub(crate) fn print(model: Model, request: &Request, reply: &Reply) -> String {
    let has = |word: &str| request.argument(word).is_some();
    if request.command == "export" {
        return reply.ret.clone().unwrap_or_default();
    }
    if request.command != "print" {
        // `add` and its like say nothing at the console.
        return reply.rows.iter().map(pairs).collect();
    }
    if has("count-only") {
        return format!("{}\n", reply.ret.as_deref().unwrap_or("0"));
    }
    if has("as-value") || has("file") {
        return String::new();
    }
    if Tree::of(model).is_settings(&request.menu) {
        return reply.rows.iter().map(pairs).collect();
    }
    let form = Form { model };
    if has("terse") {
        return form.lines(&reply.rows, plain);
    }
    if has("detail") {
        return form.legend(&reply.rows) + &form.lines(&reply.rows, quoted);
    }
    form.legend(&reply.rows) + &form.table(&reply.rows)
}

/// One object, a line per field.
fn pairs(row: &Row) -> String {
    let fields = || row.iter().filter(|(name, _)| !name.starts_with('.'));
    let width = fields()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    fields()
        .map(|(name, value)| format!("  {name:>width$}: {value}\n"))
        .collect()
}

fn plain(value: &str) -> String {
    value.to_owned()
}

fn quoted(value: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_./:,*+".contains(c);
    if !value.is_empty() && value.chars().all(bare) {
        return value.to_owned();
    }
    let mut text = String::from('"');
    for c in value.chars() {
        match c {
            '"' | '\\' | '$' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            _ => text.push(c),
        }
    }
    text.push('"');
    text
}

/// How a version prints lists.
struct Form {
    model: Model,
}

impl Form {
    /// The letters of a row, and what they stand for.
    fn legend(&self, rows: &[Row]) -> String {
        let used: Vec<String> = FLAGS
            .iter()
            .filter(|(name, _)| rows.iter().any(|row| row.contains_key(*name)))
            .map(|(name, letter)| match self.model {
                Model::V6_49 => format!("{letter} - {name}"),
                _ => format!("{letter} - {}", name.to_uppercase()),
            })
            .collect();
        if used.is_empty() {
            return String::new();
        }
        format!(
            "Flags: {}\n",
            used.join(if self.model == Model::V6_49 {
                ", "
            } else {
                "; "
            })
        )
    }

    fn lines(&self, rows: &[Row], value: fn(&str) -> String) -> String {
        let mut text = String::new();
        for (number, row) in rows.iter().enumerate() {
            let fields: Vec<String> = shown(row)
                .map(|(name, own)| format!("{name}={}", value(own)))
                .collect();
            text.push_str(&format!(
                "{number:>2} {:<3} {}\n",
                letters(row),
                fields.join(" ")
            ));
        }
        text
    }

    /// The columns that have something in them.
    fn table(&self, rows: &[Row]) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (name, value) in rows.iter().flat_map(shown) {
            if !value.is_empty() && !value.contains('\n') && !names.contains(&name) {
                names.push(name);
            }
        }
        names.sort_by_key(|name| *name != "name");
        names.truncate(MOST_COLUMNS);
        let cell = |row: &Row, name: &str| row.get(name).cloned().unwrap_or_default();
        let width = |name: &str| {
            let cells = rows.iter().map(|row| cell(row, name).chars().count());
            cells.max().unwrap_or_default().max(name.len())
        };
        let line = |first: String, cells: Vec<String>| {
            let padded: Vec<String> = names
                .iter()
                .zip(cells)
                .map(|(name, cell)| format!("{cell:<0$}", width(name)))
                .collect();
            format!("{first} {}\n", padded.join("  ")).replace(" \n", "\n")
        };
        let heads = names.iter().map(|name| name.to_uppercase()).collect();
        let mut text = line(" #    ".to_owned(), heads);
        for (number, row) in rows.iter().enumerate() {
            let cells = names.iter().map(|name| cell(row, name)).collect();
            text.push_str(&line(format!("{number:>2} {:<3}", letters(row)), cells));
        }
        text
    }
}

fn letters(row: &Row) -> String {
    FLAGS
        .iter()
        .filter(|(name, _)| {
            row.get(*name)
                .is_some_and(|on| on == "true" || on == "yes" || *name == "revoked")
        })
        .map(|(_, letter)| *letter)
        .collect()
}

fn shown(row: &Row) -> impl Iterator<Item = (&str, &str)> {
    row.iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .filter(|(name, _)| !name.starts_with('.') && FLAGS.iter().all(|(flag, _)| flag != name))
}

/// Fields that the console shows as letters.
const FLAGS: [(&str, char); 13] = [
    ("private-key", 'K'),
    ("crl", 'L'),
    ("smart-card-key", 'C'),
    ("authority", 'A'),
    ("issued", 'I'),
    ("revoked", 'R'),
    ("expired", 'E'),
    ("trusted", 'T'),
    ("acme-managed", 'a'),
    ("disabled", 'X'),
    ("invalid", 'I'),
    ("dynamic", 'D'),
    ("default", '*'),
];
/// Columns that a narrow screen has room for.
const MOST_COLUMNS: usize = 5;
