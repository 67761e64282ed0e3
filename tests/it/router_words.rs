//! Every word that we send to a router, or tell somebody to type there, is in the command tree of its version.

use std::{collections::BTreeSet, fs, path::Path};

use ca_tests::{Router, repository};
use routeros_sim::{model::Model, tree::Tree};

use crate::router_push::{executed, requests};

/// Fails the test unless the version of a router has every menu, command and argument that it was sent.
#[track_caller]
pub(crate) fn are_in_the_tree(router: &Router) {
    let model = router.model();
    let tree = Tree::of(model.parse().expect("a model"));
    for (menu, command, arguments) in executed(router) {
        let Some(known) = tree.arguments(&menu, &command) else {
            let look = command == "print" && is_somewhere(&menu);
            assert!(look, "{model}: {menu}/{command}");
            continue;
        };
        for argument in arguments {
            // `.id` is what both APIs call `numbers`.
            let word = match argument.as_str() {
                ".id" => "numbers",
                other => other,
            };
            let is_known = known.iter().any(|one| one == word);
            assert!(is_known, "{model}: {menu}/{command} {argument}");
        }
    }
    // Of a line over SSH nothing is executed when the version lacks a word of it.
    for line in requests(router)["unread"].as_array().expect("a list") {
        let line = line.as_str().expect("a text");
        let path = line.rsplit('/').next().unwrap_or_default();
        let look = path
            .split_once(" print")
            .map(|(menu, _)| menu.replace(' ', "/"));
        let is_look = look.is_some_and(|menu| is_somewhere(&format!("/{menu}")));
        assert!(is_look, "{model}: {line}");
    }
}

/// What refers to certificates is looked for wherever a release, or a package, may have it.
fn is_somewhere(menu: &str) -> bool {
    menu == "/user-manager" || Model::ALL.iter().any(|one| Tree::of(*one).has_menu(menu))
}

/// Where commands are written that only version 7 takes: bundles are for it, and the release chooses how its clock is set.
const OF_SEVEN: [&str; 2] = [
    "ca-client/src/bundle/routeros.rs",
    "ca-client/crates/routeros/src/version.rs",
];

/// A setting of version 6 only.
const OF_SIX: &str = "server-dns-names";

/// Written down for routers of version 7 only, or of a menu that the table of version 6 leaves out.
const NOT_OF_SIX: [&str; 3] = [
    "/file add",
    "/system device-mode update ipsec=",
    "/system package ",
];

/// Fails when: a menu, a command or an argument is misspelt, a later release has it only, or its path is one of version 7.
#[test]
fn every_command_in_our_texts_is_in_the_tree_of_each_version() {
    let mut seen = BTreeSet::new();
    for folder in ["ca-client/src", "ca-client/crates"] {
        for (file, text) in sources(&repository().join(folder)) {
            let of_seven = OF_SEVEN.iter().any(|own| file.ends_with(own));
            for command in commands(&text) {
                let with_slashes = command.split([' ', '=']).next().is_some_and(is_path);
                assert!(
                    of_seven || !with_slashes,
                    "{file}: version 6 does not take {command}"
                );
                let older = !with_slashes && NOT_OF_SIX.iter().all(|one| !command.starts_with(one));
                let versions = Model::ALL.into_iter().filter(|model| match model {
                    Model::V6_49 => older,
                    _ => !command.contains(OF_SIX),
                });
                for model in versions {
                    let unknown = unknown_word(Tree::of(model), &command);
                    assert_eq!(unknown, None, "{}: {file}: {command}", model.name());
                }
                seen.insert(command);
            }
        }
    }
    // The bootstrap, the bundles, what doctor tells and what errors tell.
    for part in [
        "/user group add name=",
        "/interface/ovpn-client/add name=",
        "/system package update install",
        "/log print",
    ] {
        let found = seen.iter().any(|command| command.starts_with(part));
        assert!(found, "{part}: {seen:?}");
    }
}

/// Tells whether the first word of a command is a path with slashes, as version 7 takes it.
fn is_path(first: &str) -> bool {
    first.matches('/').count() > 1
}

/// The source files below a folder, without what is behind `#[cfg(test)]`.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        let name = path.display().to_string();
        if path.is_dir() && !name.ends_with("/tests") {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && !name.ends_with("/tests.rs") {
            let text = fs::read_to_string(&path).expect("a text");
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            found.push((name, code.to_owned()));
        }
    }
    found
}

/// The console commands in the texts of a source file: a whole text that is one, and what stands between backticks.
fn commands(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for text in texts(code) {
        let quoted = text.split('`').skip(1).step_by(2);
        let whole =
            Some(text.as_str()).filter(|text| !text.contains('`') && text.contains(['=', ' ']));
        let all = quoted.chain(whole).map(str::to_owned);
        found.extend(all.filter(|one| is_command(one)));
    }
    found
}

/// A path and a command, which may have arguments; a sentence goes on otherwise.
fn is_command(text: &str) -> bool {
    let mut words = text.split([' ', '/']).skip(1);
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let first = words
        .next()
        .is_some_and(|word| !word.is_empty() && is_word(word));
    let is_sentence = text
        .split(' ')
        .any(|word| matches!(word, "is" | "offers" | "has"));
    text.starts_with('/') && first && words.next().is_some() && !is_sentence
}

/// The string literals of Rust code, with the lines that a backslash joins.
fn texts(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    let without_comments: Vec<&str> = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let code = without_comments.join("\n");
    let mut characters = code.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            // A character such as '"' begins no text.
            '\'' if characters.peek() == Some(&'"') => {
                characters.next();
            }
            '"' => {
                let mut text = String::new();
                while let Some(c) = characters.next() {
                    match c {
                        '"' => break,
                        '\\' => match characters.next() {
                            Some('\n') => {
                                while characters.next_if(|c| c.is_whitespace()).is_some() {}
                            }
                            Some('n') => text.push('\n'),
                            other => text.extend(other),
                        },
                        other => text.push(other),
                    }
                }
                found.push(text);
            }
            _ => {}
        }
    }
    found
}

/// Reads a command, with `{…}` for what it is about; returns the first word that the tree does not have.
fn unknown_word(tree: &Tree, command: &str) -> Option<String> {
    let command = without(&without(command, '[', ']'), '{', '}');
    let mut words = command.split(' ').filter(|word| !word.is_empty());
    let mut menu = String::new();
    let mut path = words
        .next()?
        .split('/')
        .skip(1)
        .collect::<Vec<_>>()
        .into_iter();
    let known = loop {
        let Some(word) = path.next().or_else(|| words.next()) else {
            return Some(menu);
        };
        let own = if menu.is_empty() { "/" } else { menu.as_str() };
        if let Some(known) = tree.arguments(own, word) {
            break known;
        }
        menu = format!("{menu}/{word}");
        if !tree.has_menu(&menu) {
            return Some(word.to_owned());
        }
    };
    for word in words {
        let name = match word.split_once('=') {
            Some((name, _)) => name,
            // Arguments that are written elsewhere.
            None if word == "x" => continue,
            // An item, by what it is called.
            None if known.iter().any(|one| one == "numbers" || one == "number") => continue,
            None => word,
        };
        if known.iter().all(|one| one != name) {
            return Some(name.to_owned());
        }
    }
    None
}

/// Puts a word in the place of everything in brackets.
fn without(text: &str, open: char, close: char) -> String {
    let mut out = String::new();
    let mut depth = 0_u32;
    for c in text.chars() {
        if c == open {
            depth += 1;
            if depth == 1 {
                out.push('x');
            }
        } else if c == close {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            out.push(c);
        }
    }
    out
}
