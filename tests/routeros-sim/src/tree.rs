//! The command tree of a version, and the fields of the menus that work.

mod text;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::model::Model;

/// Every menu, command and argument of one version.
#[derive(Debug)]
pub struct Tree(BTreeMap<String, text::Commands>);

impl Tree {
    /// The tree of a version.
    pub fn of(model: Model) -> &'static Self {
        static TREES: [OnceLock<Tree>; Model::ALL.len()] =
            [const { OnceLock::new() }; Model::ALL.len()];
        let place = Model::ALL.iter().position(|one| *one == model);
        let cell = &TREES[place.unwrap_or_default()];
        cell.get_or_init(|| {
            let written = match model {
                Model::V6_49 => V6,
                Model::V7_9 | Model::V7_12 | Model::V7_16 | Model::V7_20 | Model::V7_24 => V7,
            };
            Self(text::read(written, model.name()))
        })
    }

    /// Menus of 6.49 and where what the tree says of them comes from; nobody published its tree.
    pub fn marks() -> Vec<(&'static str, &'static str)> {
        text::marks(V6)
    }

    /// All menus with their commands.
    pub fn menus(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, Vec<String>>)> {
        self.0
            .iter()
            .map(|(path, commands)| (path.as_str(), commands))
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
    default: Option<String>,
    /// Defaults of later versions, by the first model that has them.
    #[serde(default)]
    since: BTreeMap<String, String>,
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

    /// What a row without the field prints.
    pub(crate) fn default(&self, model: Model) -> Option<&String> {
        self.since
            .iter()
            .find(|(first, _)| first.parse::<Model>().is_ok_and(|first| first <= model))
            .map(|(_, value)| value)
            .or(self.default.as_ref())
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
    /// A number, or one of a few words.
    Number,
    /// A length of time: `1d2h3m4s500ms`, `00:05:00` or a number of seconds.
    Time,
    /// An IP address.
    Address,
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

const V6: &str = include_str!("../data/tree-6.49.txt");
const V7: &str = include_str!("../data/tree-7.txt");
