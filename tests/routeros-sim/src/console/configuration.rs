//! `/export`: what was set, as the commands that would set it again.

use super::{Caller, World};
use crate::row::{Reply, Request};
use crate::tree::{self, FieldKind, Trait, Tree};

impl World {
    /// Writes the configuration of a menu and those below it into a file, or returns it when none is named.
    pub(super) fn export(&mut self, caller: Caller<'_>, request: &Request) -> Reply {
        let shows = request.argument("show-sensitive").is_some()
            || !self.model.has_rest() && request.argument("hide-sensitive").is_none();
        let text = self.configuration(caller, &request.menu, shows);
        let Some(name) = request.argument("file") else {
            return Reply {
                rows: Vec::new(),
                ret: Some(text),
            };
        };
        let name = format!("{}.rsc", name.trim_end_matches(".rsc"));
        self.write_file(&name, text.into_bytes(), 0);
        Reply::default()
    }

    /// The configuration of a menu and those below it. Certificates and users are never in it.
    pub(crate) fn configuration(&self, caller: Caller<'_>, menu: &str, shows: bool) -> String {
        let shows = shows && self.has_policy(caller, "sensitive");
        let below = format!("{}/", menu.trim_end_matches('/'));
        let tree = Tree::of(self.model);
        let mut text = String::new();
        for path in tree::menus().keys() {
            let exported = tree.has_menu(path) && !path.starts_with("/user");
            if !exported || path != menu && !path.starts_with(&below) {
                continue;
            }
            let mut lines = Vec::new();
            if let Some(own) = self.state.settings.get(path) {
                lines.push(format!("set{}", self.words(path, own.iter(), shows)));
            }
            for item in self.state.table(path) {
                let words = self.words(path, item.fields.iter(), shows);
                if path == "/ip/service" {
                    let name = item.fields.get("name").map_or("", String::as_str);
                    lines.push(format!("set {name}{words}"));
                } else if !item.fields.contains_key("default") {
                    lines.push(format!("add{words}"));
                }
            }
            if !lines.is_empty() {
                text.push_str(&format!("{path}\n{}\n", lines.join("\n")));
            }
        }
        text
    }

    fn words<'a>(
        &self,
        path: &str,
        fields: impl Iterator<Item = (&'a String, &'a String)>,
        shows: bool,
    ) -> String {
        let Some(menu) = tree::menus().get(path) else {
            return String::new();
        };
        let mut text = String::new();
        for (name, value) in fields {
            let known = menu.fields.get(name);
            let is_name_of_service = path == "/ip/service" && name == "name";
            if name == "default" || is_name_of_service {
                continue;
            }
            let hidden = known.is_some_and(|field| {
                field.is(Trait::WriteOnly) || field.is(Trait::Secret) && !shows
            });
            if hidden || known.is_some_and(|field| field.default(self.model) == Some(value)) {
                continue;
            }
            let value = match known {
                Some(field) if field.kind == FieldKind::Reference => value
                    .split(',')
                    .map(|one| match one.strip_prefix('*') {
                        Some(_) => self.reference(field.menu.as_deref().unwrap_or_default(), one),
                        None => one.to_owned(),
                    })
                    .collect::<Vec<_>>()
                    .join(","),
                Some(field) if field.kind == FieldKind::Bool => match value.as_str() {
                    "true" => "yes".to_owned(),
                    _ => "no".to_owned(),
                },
                _ => value.clone(),
            };
            text.push_str(&format!(" {name}={}", quoted(&value)));
        }
        text
    }
}

/// A value as the console can read it again.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:,/*".contains(c);
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' | '$' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}
