//! It is data, and not answers: whatever the tree knows is kept and shown at another door, and
//! whatever it does not know is refused in the words of the version.

use std::collections::BTreeMap;

use routeros_sim::console::Caller;
use routeros_sim::model::Model;
use routeros_sim::row::{Reply, Request, Row};
use routeros_sim::trap::Trap;
use routeros_sim::tree::Tree;
use serde_json::Value;

use crate::api::Client;
use crate::rig::Rig;

const SEED: u64 = 20_261_129;
const TRIPLES: usize = 300;

/// Rows that others refer to.
const ROWS: &str = "/ip ipsec peer add name=hub address=192.0.2.1/32\n\
                    /ip pool add name=guests ranges=10.9.0.2\n\
                    /certificate add name=own common-name=own";

/// Commands that need a terminal, end the session, or do what the loopback address cannot show.
const APART: [&str; 8] = [
    "edit", "reboot", "shutdown", "load", "import", "fetch", "ping", "quit",
];

#[tokio::test]
async fn random_words_change_state_or_are_refused_by_their_type() {
    let fields: Value =
        serde_json::from_str(include_str!("../../data/fields.json")).expect("the data is JSON");
    let mut dice = Dice(SEED);
    let mut told = BTreeMap::new();
    for number in 0..TRIPLES {
        let model = *dice.of(&Model::ALL);
        let triple = Triple::draw(&mut dice, model, &fields);
        let rig = Rig::start(model).await;
        rig.paste(ROWS).await;
        let shown = format!("seed {SEED}, triple {number}: {} {triple:?}", model.name());
        let outcome = triple.play(&rig, &fields, dice.chance(2), &shown).await;
        *told.entry(outcome).or_insert(0) += 1;
    }
    for outcome in ["kept", "refused by its type", "unknown word", "answered"] {
        let count = told.get(outcome).copied().unwrap_or(0);
        assert!(count >= 20, "{outcome} came {count} times: {told:?}");
    }
}

#[derive(Debug)]
struct Triple {
    menu: String,
    command: String,
    argument: String,
}

impl Triple {
    /// Half of the triples set a field; the others are any words, a third of them invented.
    fn draw(dice: &mut Dice, model: Model, fields: &Value) -> Self {
        let tree = Tree::of(model);
        let menus: Vec<(&str, _)> = tree.menus().collect();
        let working: Vec<_> = menus
            .iter()
            .filter(|(path, _)| fields.get(path).is_some())
            .collect();
        if dice.chance(2) {
            let (menu, commands) = **dice.of(&working);
            let command = if commands.contains_key("set") {
                "set"
            } else {
                "print"
            };
            let argument = dice.of(&commands[command]).clone();
            return Self {
                menu: menu.to_owned(),
                command: command.to_owned(),
                argument,
            };
        }
        let (menu, commands) = *dice.of(&menus);
        let names: Vec<&String> = commands.keys().collect();
        let mut triple = Self {
            menu: menu.to_owned(),
            command: names
                .get(dice.below(names.len().max(1)))
                .map_or_else(|| "print".to_owned(), |name| (*name).clone()),
            argument: String::new(),
        };
        let arguments = commands.get(&triple.command).cloned().unwrap_or_default();
        if !arguments.is_empty() {
            triple.argument = dice.of(&arguments).clone();
        }
        match dice.below(6) {
            0 => triple.menu.push_str("/no-such"),
            1 => triple.command = "no-such".to_owned(),
            2 => triple.argument = "no-such".to_owned(),
            _ => {}
        }
        triple
    }

    async fn play(&self, rig: &Rig, fields: &Value, wrong: bool, shown: &str) -> &'static str {
        let tree = Tree::of(rig.model());
        let known = tree.arguments(&self.menu, &self.command);
        let expected = if !tree.has_menu(&self.menu) {
            Some("no such command prefix".to_owned())
        } else if known.is_none() {
            Some("no such command".to_owned())
        } else if known.is_some_and(|all| {
            !self.argument.is_empty() && all.iter().all(|one| *one != self.argument)
        }) {
            Some(format!("unknown parameter {}", self.argument))
        } else {
            None
        };
        if let Some(expected) = expected {
            let argument = format!("={}=x", self.argument);
            assert_eq!(self.said(rig, &[&argument]).await, Err(expected), "{shown}");
            return "unknown word";
        }
        let field = &fields[&self.menu]["fields"][&self.argument];
        if self.command == "set" && field.is_object() {
            return self.set(rig, field, fields, wrong, shown).await;
        }
        if APART.contains(&self.command.as_str()) {
            return "apart";
        }
        let argument = format!("={}=x", self.argument);
        let words: &[&str] = if self.argument.is_empty() {
            &[]
        } else {
            &[&argument]
        };
        let said = self.said(rig, words).await;
        let works = fields.get(&self.menu).is_some();
        let unplayed = |text: &String| text.contains("not in this simulator");
        assert!(
            !(works && said.as_ref().is_err_and(unplayed)),
            "{shown}: {said:?}"
        );
        "answered"
    }

    /// Sets a field over the API, and reads it back through another door.
    async fn set(
        &self,
        rig: &Rig,
        field: &Value,
        fields: &Value,
        wrong: bool,
        shown: &str,
    ) -> &'static str {
        let Some(value) = sample(rig, field).await else {
            return "apart";
        };
        let item = self.item(rig, fields).await;
        let item = item.map(|id| format!("=.id={id}"));
        let before = self.read_back(rig).await;
        let sent = if wrong { "~" } else { &value };
        let argument = format!("={}={sent}", self.argument);
        let mut words = vec![argument.as_str()];
        words.extend(item.as_deref());
        let said = self.said(rig, &words).await;
        let kind = field["type"].as_str().expect("a type");
        if wrong && kind != "string" {
            let text = match kind {
                "number" | "time" | "address" => "invalid value for argument",
                _ => "input does not match any value of",
            };
            assert_eq!(said, Err(format!("{text} {}", self.argument)), "{shown}");
            assert_eq!(self.read_back(rig).await, before, "{shown}");
            return "refused by its type";
        }
        assert_eq!(said, Ok(()), "{shown}");
        let is = |word: &str| {
            field["is"]
                .as_array()
                .is_some_and(|all| all.contains(&word.into()))
        };
        if is("write-only") {
            return "apart";
        }
        let printed = match self.argument.as_str() {
            "address" if self.menu == "/ip/service" && rig.model() == Model::V7_24 => {
                "available-from"
            }
            other => other,
        };
        let rows = self.read_back(rig).await;
        let id = item.as_deref().and_then(|word| word.strip_prefix("=.id="));
        let row = rows
            .iter()
            .find(|row| id.is_none_or(|id| row.get(".id").is_some_and(|own| own == id)))
            .unwrap_or_else(|| panic!("{shown}: no row {id:?}"));
        let kept = row
            .get(printed)
            .unwrap_or_else(|| panic!("{shown}: {row:?}"));
        let same = kept.starts_with(sent)
            || matches!((sent, kept.as_str()), ("no", "false") | ("yes", "true"));
        assert!(same, "{shown}: {sent} came back as {kept}");
        "kept"
    }

    /// A row to set: a new one where the menu takes one, else the first that serves no door.
    async fn item(&self, rig: &Rig, fields: &Value) -> Option<String> {
        let tree = Tree::of(rig.model());
        if tree.is_settings(&self.menu) {
            return None;
        }
        if tree.arguments(&self.menu, "add").is_none() {
            let rows = self.read_back(rig).await;
            return rows.first().and_then(|row| row.get(".id").cloned());
        }
        let mut add = Request::new(&self.menu, "add");
        for (name, field) in fields[&self.menu]["fields"].as_object().expect("fields") {
            let required = field["is"]
                .as_array()
                .is_some_and(|all| all.contains(&"required".into()));
            if required && let Some(value) = sample(rig, field).await {
                add = add.with(name, &value);
            }
        }
        let (reply, _) = rig.router.execute(Caller::Console, &add).await;
        reply.expect("the row is sound").ret
    }

    /// Sends the words over the binary API.
    async fn said(&self, rig: &Rig, words: &[&str]) -> Result<(), String> {
        let mut client = Client::logged_in(rig).await;
        let command = format!("{}/{}", self.menu.trim_end_matches('/'), self.command);
        let mut sentence = vec![command.as_str()];
        sentence.extend(words);
        let replies = client.talk(&sentence).await;
        let trap = replies.iter().find(|reply| reply[0] == "!trap");
        match trap {
            None => Ok(()),
            Some(words) => Err(words
                .iter()
                .find_map(|word| word.strip_prefix("=message="))
                .expect("a message")
                .to_owned()),
        }
    }

    /// What REST shows of the menu, or the serial console where there is no REST.
    async fn read_back(&self, rig: &Rig) -> Vec<Row> {
        if rig.model().has_rest() {
            let (status, body) = rig.call("GET", &format!("/rest{}", self.menu), "").await;
            assert_eq!(status, 200, "{body}");
            let rows = match body {
                Value::Array(rows) => rows,
                row => vec![row],
            };
            return rows
                .into_iter()
                .map(|row| serde_json::from_value(row).expect("texts"))
                .filter(|row: &Row| row.get("connection").is_none())
                .collect();
        }
        printed(rig, &self.menu).await.expect("rows").rows
    }
}

async fn printed(rig: &Rig, menu: &str) -> Result<Reply, Trap> {
    let print = Request::new(menu, "print");
    rig.router.execute(Caller::Console, &print).await.0
}

/// A value that fits the type; nothing for a reference to a menu without rows.
async fn sample(rig: &Rig, field: &Value) -> Option<String> {
    let last = || Some(field["values"].as_array()?.last()?.as_str()?.to_owned());
    match field["type"].as_str().expect("a type") {
        "string" => Some("x1".to_owned()),
        "bool" => Some("yes".to_owned()),
        "number" => Some("7".to_owned()),
        "time" => Some("7s".to_owned()),
        "address" => Some("192.0.2.7".to_owned()),
        "policy" => Some("read".to_owned()),
        "reference" if last().is_none() => {
            let rows = printed(rig, field["menu"].as_str()?).await.ok()?.rows;
            rows.first()?.get("name").cloned()
        }
        _ => last(),
    }
}

/// A generator whose every run is the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).expect("31 bits");
        high % end
    }

    /// One in so many.
    fn chance(&mut self, of: usize) -> bool {
        self.below(of) == 0
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
