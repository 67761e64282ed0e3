//! Rows of tables and settings as they are printed.

use std::collections::BTreeMap;

use super::table::print_id;
use super::{Caller, World};
use crate::model::Model;
use crate::row::Row;
use crate::tree::{self, Field, FieldKind, Trait, Tree};

impl World {
    pub(super) fn table_rows(&self, caller: Caller<'_>, path: &str) -> Vec<Row> {
        self.state
            .table(path)
            .iter()
            .map(|item| {
                let mut row = self.fields(caller, path, &item.fields);
                row.insert(".id".to_owned(), print_id(item.id));
                row
            })
            .collect()
    }

    pub(super) fn settings_row(&self, caller: Caller<'_>, path: &str) -> Row {
        let none = BTreeMap::new();
        self.fields(caller, path, self.state.settings.get(path).unwrap_or(&none))
    }

    /// A truth as the version prints it.
    pub(super) fn truth(&self, value: bool) -> String {
        let worded = self.model == Model::V6_49 && self.assumptions.is("v6-booleans", "yes-no");
        match (worded, value) {
            (true, true) => "yes",
            (true, false) => "no",
            (false, true) => "true",
            (false, false) => "false",
        }
        .to_owned()
    }

    /// A certificate's name by the id that stands in a reference.
    pub(super) fn reference(&self, menu: &str, id: &str) -> String {
        self.names(menu)
            .into_iter()
            .find(|(own, _)| print_id(*own) == id)
            .map(|(_, name)| name)
            .unwrap_or_else(|| {
                if menu == "/certificate"
                    && self.assumptions.is("removed-bound-certificate", "none")
                {
                    "none".to_owned()
                } else {
                    id.to_owned()
                }
            })
    }

    fn fields(&self, caller: Caller<'_>, path: &str, stored: &BTreeMap<String, String>) -> Row {
        let mut row = Row::new();
        let Some(menu) = tree::menus().get(path) else {
            return row;
        };
        let tree = Tree::of(self.model);
        for (name, field) in &menu.fields {
            if field.is(Trait::WriteOnly)
                || !(tree.has_field(path, name) || menu.name.as_ref() == Some(name))
                || field.is(Trait::Secret) && !self.has_policy(caller, "sensitive")
            {
                continue;
            }
            if let Some(value) = stored.get(name).or_else(|| field.default(self.model)) {
                row.insert(name.clone(), self.printed(field, value));
            }
        }
        for name in ["comment", "default"] {
            if let Some(value) = stored.get(name) {
                let shown = if name == "default" {
                    self.truth(true)
                } else {
                    value.clone()
                };
                row.insert(name.to_owned(), shown);
            }
        }
        if menu.dynamic {
            row.insert("dynamic".to_owned(), self.truth(false));
        }
        row
    }

    fn printed(&self, field: &Field, value: &str) -> String {
        match field.kind {
            FieldKind::Bool => self.truth(value == "true"),
            FieldKind::Reference => value
                .split(',')
                .map(|one| {
                    if one.starts_with('*') && !field.values.iter().any(|word| word == one) {
                        self.reference(field.menu.as_deref().unwrap_or_default(), one)
                    } else {
                        one.to_owned()
                    }
                })
                .collect::<Vec<_>>()
                .join(","),
            _ => value.to_owned(),
        }
    }
}
