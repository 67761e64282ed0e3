//! It is data, and not answers: whatever the tree knows is kept and shown at another door, and
//! whatever it does not know is refused in the words of the version.

use std::collections::{BTreeMap, BTreeSet};

use routeros_sim::console::Caller;
use routeros_sim::model::Model;
use routeros_sim::row::{Reply, Request, Row};
use routeros_sim::trap::Trap;
use routeros_sim::tree::{self, Tree};
use serde_json::{Value, json};

use crate::api::Client;
use crate::rig::Rig;
use crate::ssh;

const SEED: u64 = 20_261_129;
const TRIPLES: usize = 300;

/// Rows that others refer to.
const ROWS: &str = "/ip ipsec peer add name=hub address=192.0.2.1/32\n\
                    /ip pool add name=guests ranges=10.9.0.2\n\
                    /certificate add name=own common-name=own";

/// Commands that need a terminal, end the session, or do what the loopback address cannot show.
const APART: [&str; 9] = [
    "edit", "reboot", "shutdown", "load", "import", "fetch", "install", "ping", "quit",
];

/// Fails when: `set` keeps nothing, an unknown argument is passed over, a truth may be any word, a menu that is not played is unknown, or a command is refused for nothing that it was given.
#[tokio::test]
async fn random_words_change_state_or_are_refused_by_their_type() {
    let fields: Value =
        serde_json::from_str(include_str!("../../data/fields.json")).expect("the data is JSON");
    let mut dice = Dice(SEED);
    let mut told = BTreeMap::new();
    let mut kept = BTreeSet::new();
    let mut played: Vec<&str> = fields
        .as_object()
        .expect("menus")
        .keys()
        .map(String::as_str)
        .chain(PLAYED_BY_HAND)
        .filter(|menu| Model::ALL.iter().any(|one| Tree::of(*one).has_menu(menu)))
        .collect();
    played.sort_unstable();
    played.dedup();
    // Every played menu has its turn, with a right value first and then with a wrong one.
    assert!(TRIPLES >= 4 * played.len(), "{} menus", played.len());
    for number in 0..TRIPLES {
        let turn = number / 2;
        let (model, triple) = match number % 2 {
            0 => Triple::of_menu(&mut dice, played[turn % played.len()], &fields),
            _ => {
                let model = *dice.of(&Model::ALL);
                (model, Triple::draw(&mut dice, model))
            }
        };
        let wrong = turn / played.len() % 2 == 1;
        let rig = Rig::start(model).await;
        rig.paste(ROWS).await;
        let shown = format!("seed {SEED}, triple {number}: {} {triple:?}", model.name());
        let outcome = triple.play(&rig, &fields, wrong, &shown).await;
        *told.entry(outcome).or_insert(0) += 1;
        if outcome == "kept" {
            kept.insert(triple.menu);
        }
    }
    let count = |outcome| told.get(outcome).copied().unwrap_or(0);
    for outcome in [
        "kept",
        "refused by its type",
        "unknown word",
        "done",
        "refused for what it is about",
    ] {
        assert!(count(outcome) >= 20, "{outcome}: {told:?}");
    }
    let takes_set = |menu: &&str| {
        let set = |one: &Model| Tree::of(*one).arguments(menu, "set").is_some();
        fields.get(menu).is_some() && Model::ALL.iter().any(set)
    };
    let set = played.into_iter().filter(takes_set);
    let silent: Vec<&str> = set.filter(|menu| !kept.contains(*menu)).collect();
    assert_eq!(
        silent, [""; 0],
        "menus of which nothing was seen to be kept"
    );
    let nothing_shown = count("apart") + count("not played");
    assert!(nothing_shown <= 25, "{told:?}");
}

/// The menus that are played on every version.
const PLAYED: &str = "/certificate /certificate/crl /certificate/settings /file /ip/service \
    /ip/ipsec/active-peers /ip/ipsec/identity /ip/ipsec/mode-config /ip/ipsec/peer \
    /ip/ipsec/policy /ip/ipsec/policy/group /ip/ipsec/profile /ip/ipsec/proposal \
    /interface/sstp-server/server /interface/sstp-client /interface/ovpn-server/server \
    /interface/ovpn-client /interface/l2tp-server/server /interface/l2tp-client /ppp/secret \
    /ppp/profile /ppp/active /radius /user /user/group /system/identity /system/resource \
    /system/clock /system/ntp/client /system/license /system/device-mode /system/logging \
    /system/logging/action /ip/address /ip/firewall/filter /ip/dns /ip/ssh /log";

/// Those of them whose rows are made of something else than fields; each has tests of its own.
const PLAYED_BY_HAND: [&str; 9] = [
    "/certificate",
    "/certificate/crl",
    "/file",
    "/ip/ipsec/active-peers",
    "/ppp/active",
    "/system/resource",
    "/system/clock",
    "/system/license",
    "/log",
];

#[tokio::test]
async fn the_menus_that_are_played_are_there_on_every_version() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        for menu in PLAYED.split_whitespace() {
            let print = format!("{menu}/print");
            let said = client.ask(&[&print]).await;
            assert!(said.is_ok(), "{} {menu}: {said:?}", model.name());
            // A menu that is not played prints as an empty one, too.
            let played = tree::menus().contains_key(menu) || PLAYED_BY_HAND.contains(&menu);
            assert!(played, "{menu}");
        }
        let tree = Tree::of(model);
        for (menu, command) in [
            ("/", "export"),
            ("/tool", "fetch"),
            ("/system", "reboot"),
            ("/system", "shutdown"),
            ("/system/backup", "save"),
            ("/system/backup", "load"),
        ] {
            let known = tree.arguments(menu, command);
            assert!(known.is_some(), "{} {menu} {command}", model.name());
        }
    }
}

#[derive(Debug)]
struct Triple {
    menu: String,
    command: String,
    argument: String,
}

impl Triple {
    /// A field of a menu that is played, or any command where none can be set, on a version that has the menu.
    fn of_menu(dice: &mut Dice, menu: &str, fields: &Value) -> (Model, Self) {
        let commands = |model| {
            let mut all = Tree::of(model).menus();
            all.find(|(path, _)| *path == menu).map(|(_, own)| own)
        };
        let having: Vec<_> = Model::ALL
            .into_iter()
            .filter_map(|model| Some((model, commands(model)?)))
            .collect();
        let (model, commands) = *dice.of(&having);
        let command = match commands.get("set") {
            Some(arguments) if !arguments.is_empty() => "set",
            _ => *dice.of(&commands.keys().map(String::as_str).collect::<Vec<_>>()),
        };
        let arguments = &commands[command];
        let shown = |name: &&String| {
            let field = &fields[menu]["fields"][name.as_str()];
            let write_only = json!("write-only");
            let hidden = field["is"]
                .as_array()
                .is_some_and(|all| all.contains(&write_only));
            command == "set" && field.is_object() && !hidden && field["type"] != "reference"
        };
        let mut candidates: Vec<&String> = arguments.iter().filter(shown).collect();
        if candidates.is_empty() {
            candidates.extend(arguments);
        }
        let argument = match candidates.as_slice() {
            [] => String::new(),
            some => (*dice.of(some)).clone(),
        };
        let triple = Self {
            menu: menu.to_owned(),
            command: command.to_owned(),
            argument,
        };
        (model, triple)
    }

    /// Any words, half of the triples with an invented one.
    fn draw(dice: &mut Dice, model: Model) -> Self {
        let tree = Tree::of(model);
        let menus: Vec<(&str, _)> = tree.menus().collect();
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
        if self.command == "print" {
            assert_eq!(said, Ok(()), "{shown}: a menu can be printed");
        }
        match said {
            Ok(()) => "done",
            Err(text) => self.refused(&text, known.unwrap_or_default(), fields, shown),
        }
    }

    /// The tree knows every word, so what is wrong is the value of an argument, an argument that is missing, or the item.
    fn refused(&self, text: &str, known: &[String], fields: &Value, shown: &str) -> &'static str {
        let about = [
            "invalid value for argument ",
            "input does not match any value of ",
            "ambiguous value of ",
            "missing value(s) of argument(s) ",
        ];
        let named = about.iter().find_map(|begin| text.strip_prefix(begin));
        let named = named.and_then(|rest| rest.split([',', ' ']).next());
        let of_an_argument = named.is_some_and(|name| known.iter().any(|one| one == name));
        if of_an_argument || text == "no such item" {
            return "refused for what it is about";
        }
        let works = fields.get(&self.menu).is_some();
        assert!(
            text == "failure: not in this simulator" && !works,
            "{shown}: {text}"
        );
        "not played"
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
        let id = self.item(rig, fields).await;
        let printed = match self.argument.as_str() {
            "address" if self.menu == "/ip/service" && rig.model() == Model::V7_24 => {
                "available-from"
            }
            other => other,
        };
        let kind = field["type"].as_str().expect("a type");
        let refused = wrong && kind != "string";
        let before = self.read_back(rig, id.as_deref(), printed).await;
        let is_on = before
            .as_deref()
            .is_some_and(|own| ["yes", "true"].contains(&own));
        let sent = match wrong {
            true => "~",
            // What is there already would not tell whether it is kept.
            false if kind == "bool" && is_on => "no",
            false => &value,
        };
        let argument = format!("={}={sent}", self.argument);
        let item = id.as_ref().map(|id| format!("=.id={id}"));
        let mut words = vec![argument.as_str()];
        words.extend(item.as_deref());
        let said = self.said(rig, &words).await;
        if refused {
            let text = match kind {
                "number" | "time" | "address" => "invalid value for argument",
                _ => "input does not match any value of",
            };
            assert_eq!(said, Err(format!("{text} {}", self.argument)), "{shown}");
            let after = self.read_back(rig, id.as_deref(), printed).await;
            assert_eq!(after, before, "{shown}");
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
        let kept = self.read_back(rig, id.as_deref(), printed).await;
        let kept = kept.unwrap_or_else(|| panic!("{shown}: no {printed}"));
        // A group shows the policies that it has not, too.
        let same = kept == sent
            || kind == "policy" && kept.starts_with(sent)
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
            let rows = printed(rig, &self.menu).await.expect("rows").rows;
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

    /// What REST shows of a field, or SSH where there is no REST.
    async fn read_back(&self, rig: &Rig, id: Option<&str>, field: &str) -> Option<String> {
        if !rig.model().has_rest() {
            let get = format!(
                ":put [{} get {} {field}]",
                self.menu,
                id.unwrap_or_default()
            );
            let said = ssh::Client::new(rig, "admin", "secret").ssh(&get).await;
            let kept = said.strip_suffix("\r\n").expect("a line");
            let absent = kept == "input does not match any value of value-name";
            return (!absent).then(|| kept.to_owned());
        }
        let path = match id {
            Some(id) => format!("/rest{}/{id}", self.menu),
            None => format!("/rest{}", self.menu),
        };
        let (status, row) = rig.call("GET", &path, "").await;
        assert_eq!(status, 200, "{row}");
        let row: Row = serde_json::from_value(row).expect("texts");
        row.get(field).cloned()
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

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
