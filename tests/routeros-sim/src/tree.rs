//! The command tree of a version, and the fields of the menus that work.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Model;

/// Every menu, command and argument of one version.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Tree(BTreeMap<String, BTreeMap<String, Vec<String>>>);

impl Tree {
    /// The tree of a version.
    pub fn of(model: Model) -> &'static Self {
        static V6: OnceLock<Tree> = OnceLock::new();
        static V7: OnceLock<Tree> = OnceLock::new();
        let (cell, text) = match model {
            Model::V6_49 => (&V6, include_str!("../data/tree-6.49.json")),
            Model::V7_24 => (&V7, include_str!("../data/tree-7.24.json")),
        };
        cell.get_or_init(|| serde_json::from_str(text).expect("the tree is part of the program"))
    }

    /// True when the menu exists, also as a mere prefix of others.
    pub fn has_menu(&self, menu: &str) -> bool {
        self.0.contains_key(menu)
            || self.0.keys().any(|name| {
                name.strip_prefix(menu)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
    }

    /// The arguments of a command.
    pub fn arguments(&self, menu: &str, command: &str) -> Option<&[String]> {
        self.0.get(menu)?.get(command).map(Vec::as_slice)
    }

    /// True when the menu is one object and not a list.
    pub fn is_settings(&self, menu: &str) -> bool {
        self.0.get(menu).is_some_and(|commands| {
            commands.contains_key("print") && !commands.contains_key("find")
        })
    }

    /// True when a row of the menu can hold the field.
    pub fn has_field(&self, menu: &str, field: &str) -> bool {
        ["add", "set", "update"].iter().any(|command| {
            self.arguments(menu, command)
                .is_some_and(|all| all.iter().any(|one| one == field))
        })
    }
}

/// How a menu that works is built.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Menu {
    pub(crate) kind: MenuKind,
    pub(crate) fields: BTreeMap<String, Field>,
    /// The field that names a row, when it must be unique.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// What the error about a taken name calls a row.
    #[serde(default)]
    pub(crate) what: Option<String>,
    /// The stem of names given to rows added without one.
    #[serde(default)]
    pub(crate) automatic: Option<String>,
    /// Rows of a new router.
    #[serde(default)]
    pub(crate) rows: Vec<BTreeMap<String, String>>,
    /// The id of the first row.
    #[serde(default = "one")]
    pub(crate) first: u32,
    /// Rows print `dynamic`.
    #[serde(default)]
    pub(crate) dynamic: bool,
}

/// A list of rows or one object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MenuKind {
    /// A list.
    Rows,
    /// One object.
    Settings,
}

/// One field of a menu.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Field {
    #[serde(rename = "type")]
    pub(crate) kind: FieldKind,
    #[serde(default)]
    pub(crate) values: Vec<String>,
    #[serde(default)]
    pub(crate) menu: Option<String>,
    #[serde(default)]
    pub(crate) default: Option<String>,
    #[serde(default)]
    is: Vec<Trait>,
}

/// What is special about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Trait {
    /// No row is added without it.
    Required,
    /// It refers to several rows.
    Many,
    /// Only users with the policy `sensitive` see it.
    Secret,
    /// It is never printed.
    WriteOnly,
}

impl Field {
    pub(crate) fn is(&self, wanted: Trait) -> bool {
        self.is.contains(&wanted)
    }
}

/// The types of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// Any text.
    String,
    /// `yes` or `no`, `true` or `false`.
    Bool,
    /// A number, or `0x` and hexadecimal digits.
    Number,
    /// One of a few words.
    Enum,
    /// A list of a few words.
    Words,
    /// One or more rows of another menu, by name.
    Reference,
    /// An IKE identity: a word, or `fqdn:`, `address:` … and a value.
    Identity,
    /// The policies of a group.
    Policy,
}

/// The menus that work, by path.
pub fn menus() -> &'static BTreeMap<String, Menu> {
    static MENUS: OnceLock<BTreeMap<String, Menu>> = OnceLock::new();
    MENUS.get_or_init(|| {
        serde_json::from_str(include_str!("../data/fields.json"))
            .expect("the fields are part of the program")
    })
}

fn one() -> u32 {
    1
}
