//! Sizes and words of the source files.

use super::{File, Tree};

/// A file over this size hides a second noun; its unit tests are not counted.
const MOST_LINES: usize = 800;

pub(super) fn check(tree: &Tree, findings: &mut Vec<String>) {
    for file in &tree.files {
        let Some(text) = &file.text else { continue };
        words(file, text, findings);
        if file.path.ends_with(".rs") {
            rust(file, text, findings);
        }
        pure(file, text, findings);
    }
}

fn rust(file: &File, text: &str, findings: &mut Vec<String>) {
    let path = &file.path;
    let lines = lines_of_code(text);
    if lines > MOST_LINES {
        findings.push(format!("{path}: {lines} lines, {MOST_LINES} at the most"));
    }
    if path.ends_with("/mod.rs") {
        findings.push(format!("{path}: a module is a file beside its folder"));
    }
    for name in ["utils", "helpers", "common", "manager", "misc"] {
        if path.ends_with(&format!("/{name}.rs")) {
            findings.push(format!("{path}: a file is named after its noun"));
        }
    }
    for (number, line) in text.lines().enumerate() {
        for (word, why) in [
            (concat!("#[al", "low("), "an exception is an #[expect]"),
            (concat!("#![al", "low("), "an exception is an #![expect]"),
            (concat!("#[ig", "nore"), "every test runs"),
        ] {
            if line.contains(word) {
                findings.push(format!("{path}:{}: {why}", number + 1));
            }
        }
    }
}

pub(super) fn lines_of_code(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| {
            pair.first() == Some(&"#[cfg(test)]")
                && pair
                    .get(1)
                    .is_some_and(|next| next.starts_with("mod tests"))
        })
        .unwrap_or(lines.len())
}

/// Words that belong to one desk only, and notes without a ticket.
fn words(file: &File, text: &str, findings: &mut Vec<String>) {
    let path = &file.path;
    if path == "LICENSE" || path.ends_with(".lock") {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        for word in [concat!("/wo", "rk/"), concat!("sha", "red/")] {
            if line.contains(word) {
                findings.push(format!(
                    "{path}:{}: `{word}` is a place on one machine",
                    number + 1
                ));
            }
        }
        for (at, word) in line.match_indices(concat!("TO", "DO")) {
            let behind = line.get(at + word.len()..).unwrap_or_default();
            if !has_ticket(behind) {
                findings.push(format!("{path}:{}: {word} without (#ticket):", number + 1));
            }
        }
        for word in [concat!("FIX", "ME"), concat!("XX", "X")] {
            if line.contains(word) {
                findings.push(format!("{path}:{}: {word} is no note", number + 1));
            }
        }
    }
}

fn has_ticket(behind: &str) -> bool {
    let Some((ticket, _)) = behind
        .strip_prefix("(#")
        .and_then(|rest| rest.split_once("):"))
    else {
        return false;
    };
    !ticket.is_empty() && ticket.chars().all(|digit| digit.is_ascii_digit())
}

/// Code that is a function of its arguments reads no file, clock or environment.
fn pure(file: &File, text: &str, findings: &mut Vec<String>) {
    let folders = ["ca-server/crates/core/src/", "proto/verify/src/"];
    if !folders.iter().any(|folder| file.path.starts_with(folder)) {
        return;
    }
    for (number, line) in text.lines().take(lines_of_code(text)).enumerate() {
        for word in [
            "std::fs",
            "std::net::Tcp",
            "std::net::Udp",
            "std::env",
            "SystemTime",
            "Instant::now",
            "async fn",
            "getrandom",
        ] {
            if line.contains(word) {
                findings.push(format!(
                    "{}:{}: {word} in a crate that is to be pure",
                    file.path,
                    number + 1
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn long_files_are_found_and_tests_do_not_count() {
        let code = "//\n".repeat(801);
        let tests = format!(
            "{}#[cfg(test)]\nmod tests {{\n{code}}}\n",
            "//\n".repeat(800)
        );
        check(
            super::check,
            &[("a/b.rs", &code), ("a/c.rs", &tests)],
            &["a/b.rs: 801 lines, 800 at the most"],
        );
    }

    #[test]
    fn forbidden_words_are_found_with_their_place() {
        check(
            super::check,
            &[
                ("a/b.rs", concat!("\n#[al", "low(dead_code)]")),
                ("a/c.rs", concat!("#[ig", "nore]")),
                ("a/mod.rs", ""),
                ("a/d.md", concat!("see /wo", "rk/x")),
                ("a/e.toml", concat!("# TO", "DO: later")),
                ("a/f.toml", concat!("# TO", "DO(#12): later")),
                (
                    "proto/verify/src/g.rs",
                    "let now = std::time::SystemTime::now();",
                ),
            ],
            &[
                "a/b.rs:2: an exception is an #[expect]",
                "a/c.rs:1: every test runs",
                "a/mod.rs: a module is a file beside its folder",
                concat!("a/d.md:1: `/wo", "rk/` is a place on one machine"),
                concat!("a/e.toml:1: TO", "DO without (#ticket):"),
                "proto/verify/src/g.rs:1: SystemTime in a crate that is to be pure",
            ],
        );
    }
}
