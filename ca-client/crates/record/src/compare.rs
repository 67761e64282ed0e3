//! What a router said, against what the simulator says.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::Outcome;
use crate::redact::shapes;
use crate::shape::Shape;

/// Something that a router does otherwise than the simulator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Which question it is about.
    pub exchange: String,
    /// What of the answer: `the answer`, `the text`, `field build-time`.
    pub subject: String,
    /// What the router says.
    pub device: String,
    /// What the simulator says.
    pub simulator: String,
}

/// What the simulator knows of a field beside what it shows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Declared {
    /// Nothing: what it shows is all that it has.
    No,
    /// Any text, name or word; ids only when it shows one.
    Text,
    /// A truth, in the form that it shows.
    Truth,
    /// A number, or a word in its place.
    Number,
    /// A length of time, or a word in its place.
    Time,
}

/// Compares two answers to one question: field names, texts, and what values look like.
///
/// A router that holds nothing of a kind shows nothing of it: that is no difference.
pub fn differences(
    exchange: &str,
    device: &Outcome,
    simulator: &Outcome,
    declared: impl Fn(&str) -> Declared,
) -> Vec<Difference> {
    let difference = |subject: &str, device: String, simulator: String| Difference {
        exchange: exchange.to_owned(),
        subject: subject.to_owned(),
        device,
        simulator,
    };
    match (device, simulator) {
        (Outcome::Untold { .. }, _) | (_, Outcome::Untold { .. }) => Vec::new(),
        (Outcome::Refused { text }, Outcome::Refused { text: own }) => {
            if says_same(text, own) {
                return Vec::new();
            }
            vec![difference("the text", quoted(text), quoted(own))]
        }
        (
            Outcome::Answered { rows, ret, .. },
            Outcome::Answered {
                rows: own,
                ret: said,
                ..
            },
        ) => {
            let mut found = of_rows(rows, own, declared, &difference);
            if ret.is_some() != said.is_some() {
                let shown = |ret: &Option<String>| match ret {
                    Some(_) => "says something".to_owned(),
                    None => "says nothing".to_owned(),
                };
                found.push(difference("the answer", shown(ret), shown(said)));
            }
            found
        }
        (Outcome::Answered { .. }, Outcome::Refused { text }) => {
            let refuses = format!("refuses: {}", quoted(text));
            vec![difference("the answer", "does it".to_owned(), refuses)]
        }
        (Outcome::Refused { text }, Outcome::Answered { .. }) => {
            let refuses = format!("refuses: {}", quoted(text));
            vec![difference("the answer", refuses, "does it".to_owned())]
        }
    }
}

fn of_rows(
    rows: &[BTreeMap<String, String>],
    own: &[BTreeMap<String, String>],
    declared: impl Fn(&str) -> Declared,
    difference: &impl Fn(&str, String, String) -> Difference,
) -> Vec<Difference> {
    let (device, simulator) = (seen(rows), seen(own));
    let mut found = Vec::new();
    if rows.is_empty() {
        return found;
    }
    for (field, shapes) in &device {
        let subject = format!("field {field}");
        let kind = declared(field);
        let own = simulator.get(field);
        if own.is_none() && kind == Declared::No {
            found.push(difference(
                &subject,
                listed(shapes),
                "has no such field".to_owned(),
            ));
            continue;
        }
        let none = BTreeSet::new();
        let own = own.unwrap_or(&none);
        if shapes.iter().all(|shape| fits(*shape, own, kind)) {
            continue;
        }
        found.push(difference(&subject, listed(shapes), listed(own)));
    }
    let always = simulator
        .iter()
        .filter(|(field, _)| own.iter().all(|row| row.contains_key(**field)));
    for (field, shapes) in always {
        if !device.contains_key(field) {
            let subject = format!("field {field}");
            found.push(difference(
                &subject,
                "has no such field".to_owned(),
                listed(shapes),
            ));
        }
    }
    found
}

/// Gathers what the values of each field look like.
fn seen(rows: &[BTreeMap<String, String>]) -> BTreeMap<&str, BTreeSet<Shape>> {
    let mut all: BTreeMap<&str, BTreeSet<Shape>> = BTreeMap::new();
    for (field, value) in rows.iter().flatten() {
        let own = all.entry(field).or_default();
        own.extend(shapes(value).unwrap_or_default());
    }
    all
}

/// What any text may look like.
const PLAIN: &[Shape] = &[
    Shape::Word,
    Shape::Name,
    Shape::Text,
    Shape::Address,
    Shape::Empty,
];

/// Tells whether a value that looks so fits the field.
fn fits(shape: Shape, own: &BTreeSet<Shape>, declared: Declared) -> bool {
    let has = |shapes: &[Shape]| shapes.iter().any(|shape| own.contains(shape));
    let is_id = matches!(shape, Shape::Id | Shape::OpaqueId);
    let is_truth = matches!(shape, Shape::YesNo | Shape::TrueFalse);
    let is_word = matches!(shape, Shape::Word | Shape::Name | Shape::Empty);
    if own.contains(&shape) {
        return true;
    }
    match declared {
        _ if is_id => false,
        Declared::Text => true,
        // Where it shows none, the form of a truth is not known.
        Declared::Truth => is_truth && !has(&[Shape::YesNo, Shape::TrueFalse]),
        Declared::Number => shape == Shape::Digits || is_word,
        Declared::Time => {
            matches!(shape, Shape::Digits | Shape::Clock | Shape::Duration) || is_word
        }
        Declared::No if is_truth => false,
        // Some serial numbers have no letter.
        Declared::No if shape == Shape::Digits => has(&[Shape::HexLower, Shape::HexUpper]),
        Declared::No if matches!(shape, Shape::Clock | Shape::Duration) => {
            has(&[Shape::Clock, Shape::Duration])
        }
        Declared::No => PLAIN.contains(&shape) && has(PLAIN),
    }
}

/// Compares texts word by word; what was left out may have been anything.
fn says_same(one: &str, other: &str) -> bool {
    let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
    let (one, other) = (words(one), words(other));
    let is_open = |word: &str| word.contains("<other>");
    one.len() == other.len()
        && one
            .iter()
            .zip(&other)
            .all(|(one, other)| one == other || is_open(one) || is_open(other))
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

fn listed(shapes: &BTreeSet<Shape>) -> String {
    let words: Vec<&str> = shapes.iter().map(|shape| shape.as_str()).collect();
    match words.as_slice() {
        [] => "no value".to_owned(),
        words => words.join(", "),
    }
}
