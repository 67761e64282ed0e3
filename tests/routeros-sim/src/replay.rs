//! A recorded router against the simulator: the same questions, and where the answers differ.

mod door;
mod scene;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ca_record::{
    Declared, Difference, EXCHANGES, Exchanged, Interview, Outcome, Record, differences,
};

use self::scene::Scene;
pub use self::verdict::{Found, Verdict};
use crate::assumption::Assumptions;
use crate::model::Model;
use crate::router::Router;
use crate::tree::{self, FieldKind, Tree};

/// An assumption, and an answer to it.
type Choice = (&'static str, &'static str);

/// Plays a recorded router, and says what the simulator does otherwise, and which assumption would mend it.
///
/// # Errors
/// Fails for what is no record, and where the simulator cannot start.
pub async fn check(octets: &[u8], assumptions: &Assumptions) -> Result<Verdict, String> {
    let record = Record::from_json(octets).map_err(|error| error.to_string())?;
    let model = Model::nearest(record.release.major, record.release.minor);
    let scene = Scene::build(model, &record)?;
    let usual = Played::of(&record, &scene, assumptions).await?;
    let mut others: BTreeMap<Choice, BTreeSet<String>> = BTreeMap::new();
    for choice in other_choices(assumptions) {
        let mut flipped = assumptions.clone();
        flipped.choose(&format!("{}={}", choice.0, choice.1))?;
        let played = Played::of(&record, &scene, &flipped).await?;
        others.insert(choice, played.places());
    }
    Ok(usual.verdict(&record, model, assumptions, &others))
}

/// What was found under one set of assumptions.
struct Played {
    found: Vec<Difference>,
    untold: Vec<String>,
}

impl Played {
    async fn of(record: &Record, scene: &Scene, assumptions: &Assumptions) -> Result<Self, String> {
        let running = scene.start(assumptions)?;
        let own = interview(&running.router, record).await?;
        let model = running.router.model();
        let mut played = Self {
            found: Vec::new(),
            untold: Vec::new(),
        };
        for device in &record.exchanges {
            match own.outcome(&device.id) {
                Some(said) if is_told(&device.outcome) && is_told(said) => {
                    let found = compared(model, device, said);
                    played.found.extend(found);
                }
                _ => played.untold.push(device.id.clone()),
            }
        }
        Ok(played)
    }

    /// Returns what differs, without how.
    fn places(&self) -> BTreeSet<String> {
        self.found.iter().map(place).collect()
    }

    fn verdict(
        self,
        record: &Record,
        model: Model,
        assumptions: &Assumptions,
        others: &BTreeMap<Choice, BTreeSet<String>>,
    ) -> Verdict {
        let places = self.places();
        let mut settled = Vec::new();
        let mut open = Vec::new();
        for key in recordable() {
            let own = (key, assumptions.value(key));
            let mut counts: Vec<(usize, Choice)> = others
                .iter()
                .filter(|((other, _), _)| *other == key)
                .map(|(choice, found)| (found.len(), *choice))
                .chain([(places.len(), own)])
                .collect();
            counts.sort_unstable();
            match counts.as_slice() {
                [(least, choice), (next, _), ..] if least < next => settled.push(*choice),
                _ => open.push(key),
            }
        }
        let agreeing = |difference: &Difference| {
            others
                .iter()
                .filter(|(_, found)| !found.contains(&place(difference)))
                .map(|(choice, _)| *choice)
                .collect()
        };
        Verdict {
            release: record.release.to_string(),
            door: record.door.as_str(),
            model,
            compared: record.exchanges.len() - self.untold.len(),
            untold: self.untold,
            found: self
                .found
                .into_iter()
                .map(|difference| Found {
                    agreeing: agreeing(&difference),
                    difference,
                })
                .collect(),
            settled,
            open,
        }
    }
}

fn place(difference: &Difference) -> String {
    format!("{} {}", difference.exchange, difference.subject)
}

/// A user without the policy is told nothing, which says nothing of the router.
fn is_told(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Answered { .. } => true,
        Outcome::Refused { text } => !text.contains("not enough permissions"),
        Outcome::Untold { .. } => false,
    }
}

async fn interview(router: &Arc<Router>, record: &Record) -> Result<Record, String> {
    let _connected = door::connected(router, record.door);
    let mut interview = Interview::new(record.door, "fleet-ca-absent");
    while let Some(question) = interview.next_question() {
        let answer = door::answer(router, record.door, &question).await;
        interview.take(answer);
    }
    interview.finish().map_err(|error| error.to_string())
}

fn compared(model: Model, device: &Exchanged, own: &Outcome) -> Vec<Difference> {
    let menu = EXCHANGES
        .iter()
        .find(|one| one.id == device.id)
        .map_or("", |one| one.menu);
    differences(&device.id, &device.outcome, own, |field| {
        declared(model, menu, field)
    })
}

/// What the simulator knows of a field, whether a row shows it or not.
fn declared(model: Model, menu: &str, field: &str) -> Declared {
    let typed = tree::menus()
        .get(menu)
        .and_then(|menu| menu.fields.get(field));
    match typed.map(|field| field.kind) {
        Some(FieldKind::Bool) => Declared::Truth,
        Some(FieldKind::Number) => Declared::Number,
        Some(FieldKind::Time) => Declared::Time,
        Some(_) => Declared::Text,
        None if Tree::of(model).has_field(menu, field) => Declared::Text,
        None => Declared::No,
    }
}

/// The assumptions that a record may settle.
fn recordable() -> BTreeSet<&'static str> {
    EXCHANGES
        .iter()
        .flat_map(|one| one.assumptions)
        .copied()
        .collect()
}

fn other_choices(assumptions: &Assumptions) -> Vec<Choice> {
    let recordable = recordable();
    Assumptions::list()
        .iter()
        .filter(|one| recordable.contains(one.key))
        .flat_map(|one| one.values.iter().map(|value| (one.key, *value)))
        .filter(|(key, value)| assumptions.value(key) != *value)
        .collect()
}

#[cfg(test)]
mod tests {
    use ca_record::Door;

    use super::*;

    const DOORS: [Door; 3] = [Door::Rest, Door::Api, Door::Ssh];

    /// What a router of this model with these assumptions would be recorded as; its device mode forbids to fetch.
    ///
    /// All words of its refusals are words that a record keeps.
    async fn recorded(model: Model, door: Door, assumptions: &Assumptions) -> Vec<u8> {
        let mode = Exchanged {
            id: "device-mode".to_owned(),
            call: String::new(),
            assumptions: Vec::new(),
            outcome: Outcome::Answered {
                rows: vec![BTreeMap::from([("fetch".to_owned(), "no".to_owned())])],
                more: false,
                ret: None,
            },
        };
        let like = Record {
            release: format!("{}.0", model.name()).parse().expect("a release"),
            door,
            exchanges: vec![mode],
        };
        let scene = Scene::build(model, &like).expect("it is built");
        let running = scene.start(assumptions).expect("it starts");
        let record = interview(&running.router, &like).await.expect("a record");
        for one in &record.exchanges {
            if let Outcome::Refused { text } = &one.outcome {
                assert!(!text.contains("<other>"), "{} {text}", one.call);
            }
        }
        record.to_json().expect("a document")
    }

    fn doors(model: Model) -> impl Iterator<Item = Door> {
        let is_there = move |door: &Door| *door != Door::Rest || model.has_rest();
        DOORS.into_iter().filter(is_there)
    }

    #[tokio::test]
    async fn a_model_agrees_with_its_own_record() {
        for model in Model::ALL {
            let is_chosen = |door: &Door| model == Model::V7_24 || *door == Door::Api;
            for door in doors(model).filter(is_chosen) {
                let usual = Assumptions::default();
                let octets = recorded(model, door, &usual).await;
                let verdict = check(&octets, &usual).await.expect("a verdict");
                assert_eq!(verdict.model, model);
                assert!(verdict.found.is_empty(), "{door} {verdict}");
                assert!(verdict.compared > 15, "{verdict}");
            }
        }
    }

    /// Each question that a record may settle is settled by the record of some model, through some door.
    #[tokio::test]
    async fn an_assumption_that_does_not_hold_is_named() {
        let usual = Assumptions::default();
        let mut places = Vec::new();
        for model in Model::ALL {
            for door in doors(model) {
                places.push((model, door, recorded(model, door, &usual).await));
            }
        }
        for (key, value) in other_choices(&usual) {
            let mut other = usual.clone();
            other.choose(&format!("{key}={value}")).expect("a choice");
            let mut is_named = false;
            for (model, door, plain) in &places {
                let octets = recorded(*model, *door, &other).await;
                // Nothing of it is seen here.
                if octets == *plain {
                    continue;
                }
                let verdict = check(&octets, &usual).await.expect("a verdict");
                for found in &verdict.found {
                    assert!(found.agreeing.contains(&(key, value)), "{key} {verdict}");
                }
                if !verdict.settled.contains(&(key, value)) {
                    continue;
                }
                let agreed = check(&octets, &other).await.expect("a verdict");
                assert!(agreed.found.is_empty(), "{key}={value} {agreed}");
                is_named = true;
                break;
            }
            assert!(is_named, "{key}={value} is never seen");
        }
    }

    #[test]
    fn every_assumption_is_asked_for_or_said_why_not() {
        let not_asked = ca_record::NOT_ASKED.iter().map(|(key, _)| *key);
        let spoken_of: Vec<&str> = recordable().into_iter().chain(not_asked).collect();
        let mut known: Vec<&str> = Assumptions::list().iter().map(|one| one.key).collect();
        let mut sorted = spoken_of.clone();
        sorted.sort_unstable();
        known.sort_unstable();
        assert_eq!(sorted, known);
    }

    #[test]
    fn every_known_word_that_is_sent_is_in_the_tree() {
        for model in Model::ALL {
            let tree = Tree::of(model);
            let known = EXCHANGES
                .iter()
                .filter(|one| one.words == ca_record::Words::Known);
            for one in known {
                let shown = format!("{} {}", model.name(), one.shown());
                let all = tree.arguments(one.menu, one.command).expect(&shown);
                let item = one.item.map(|_| match one.command {
                    "get" => "number",
                    _ => "numbers",
                });
                let names = one.arguments.iter().map(|(name, _)| *name);
                for name in names.chain(item) {
                    assert!(all.iter().any(|own| own == name), "{shown}: {name}");
                }
            }
        }
    }
}
