//! Each fact that has a number has its test, and each test of a fact says with which fault it was seen failing.

use std::fs;
use std::path::Path;

/// The sections of the collection of facts, and how many numbered entries they have; some have sentences only.
const SECTIONS: [(&str, u32); 12] = [
    ("0", 0),
    ("1", 13),
    ("2", 11),
    ("3", 0),
    ("4", 0),
    ("5", 13),
    ("6", 0),
    ("7", 0),
    ("7a", 0),
    ("7b", 0),
    ("8", 0),
    ("13", 0),
];

/// A test of a fact: what comes behind `facts_`, and its comment.
struct Named {
    rest: String,
    comment: String,
}

/// The tests of facts in the files below a folder.
fn tests_below(folder: &Path) -> Vec<Named> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            found.extend(tests_below(&path));
            continue;
        }
        let text = fs::read_to_string(&path).expect("a text");
        let mut comment = String::new();
        for line in text.lines() {
            if let Some(own) = line.strip_prefix("/// ") {
                comment.push_str(own);
            } else if let Some(rest) = line.trim_start_matches("async ").strip_prefix("fn facts_") {
                let rest = rest.split('(').next().unwrap_or_default().to_owned();
                let comment = std::mem::take(&mut comment);
                found.push(Named { rest, comment });
            } else if !line.starts_with("#[") {
                comment.clear();
            }
        }
    }
    found
}

#[test]
fn every_numbered_fact_has_a_test_that_was_seen_failing() {
    let tests = tests_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests"));
    let begins = |start: &str| tests.iter().any(|test| test.rest.starts_with(start));
    for (section, count) in SECTIONS {
        assert!(begins(&format!("{section}_")), "section {section}");
        for number in 1..=count {
            let start = format!("{section}_{number}_");
            assert!(begins(&start), "no test of fact {section}.{number}");
        }
    }
    for Named { rest, comment } in &tests {
        assert!(comment.starts_with("Fails when: "), "{rest}: {comment}");
        let mut words = rest.split('_');
        let section = words.next().unwrap_or_default();
        let known = SECTIONS.iter().find(|(name, _)| *name == section);
        let (_, count) = known.unwrap_or_else(|| panic!("{rest}: no such section"));
        // Some sentences stand beside the numbered ones.
        let number = words.next().and_then(|word| word.parse::<u32>().ok());
        assert!(
            number.is_none_or(|own| (1..=*count).contains(&own)),
            "{rest}"
        );
    }
}
