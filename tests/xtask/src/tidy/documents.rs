//! Documents point at things that exist.

use super::Tree;

pub(super) fn check(tree: &Tree, findings: &mut Vec<String>) {
    for (path, text) in tree.ending(".md") {
        links(tree, path, text, findings);
    }
    for (path, text) in tree.ending("docs/architecture.md") {
        invariants(tree, path, text, findings);
    }
}

/// A line with `held by:` and names in backticks: each is a test function.
fn invariants(tree: &Tree, path: &str, text: &str, findings: &mut Vec<String>) {
    let mut held = 0;
    for (number, line) in text.lines().enumerate() {
        let Some((_, names)) = line.split_once("held by: ") else {
            continue;
        };
        held += 1;
        let names: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
        if names.is_empty() {
            findings.push(format!("{path}:{}: held by nothing", number + 1));
        }
        for name in names {
            let function = format!("fn {name}(");
            if !tree.ending(".rs").any(|(_, text)| text.contains(&function)) {
                findings.push(format!("{path}:{}: there is no test `{name}`", number + 1));
            }
        }
    }
    if held == 0 {
        findings.push(format!("{path}: no invariant is `held by:` a test"));
    }
}

fn links(tree: &Tree, path: &str, text: &str, findings: &mut Vec<String>) {
    let mut in_code = false;
    for (number, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for piece in line.split("](").skip(1) {
            let Some((link, _)) = piece.split_once(')') else {
                continue;
            };
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            if !leads_somewhere(tree, path, text, link) {
                findings.push(format!("{path}:{}: the link {link} is dead", number + 1));
            }
        }
    }
}

fn leads_somewhere(tree: &Tree, path: &str, text: &str, link: &str) -> bool {
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    if file.is_empty() {
        return has_heading(text, heading);
    }
    let Some(target) = beside(path, file) else {
        return false;
    };
    if heading.is_empty() {
        return tree.has(&target);
    }
    tree.ending(&target)
        .any(|(found, text)| found == target && has_heading(text, heading))
}

/// Returns the path of `link`, which stands in the file `path`.
fn beside(path: &str, link: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in link.trim_end_matches('/').split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn has_heading(text: &str, anchor: &str) -> bool {
    text.lines()
        .filter_map(|line| line.strip_prefix('#'))
        .any(|line| slug(line.trim_start_matches('#')) == anchor)
}

/// Writes a heading as its anchor: lower case, dashes for spaces, no punctuation.
fn slug(heading: &str) -> String {
    heading
        .trim()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn dead_links_are_found() {
        let text = "[a](b.md) [b](../c.rs) [c](b.md#two-words) [d](https://example.net/x)\n[e](none.md) [f](b.md#none) [g](#none)\n```\n[h](none)\n```\n";
        check(
            super::check,
            &[
                ("docs/a.md", text),
                ("docs/b.md", "# One\n## Two words\n"),
                ("c.rs", ""),
            ],
            &[
                "docs/a.md:2: the link none.md is dead",
                "docs/a.md:2: the link b.md#none is dead",
                "docs/a.md:2: the link #none is dead",
            ],
        );
    }

    #[test]
    fn an_invariant_is_held_by_tests_that_exist() {
        check(
            super::check,
            &[
                (
                    "docs/architecture.md",
                    "held by: `one`, `two`\nheld by: faith\n",
                ),
                ("a.rs", "fn one() {}"),
            ],
            &[
                "docs/architecture.md:1: there is no test `two`",
                "docs/architecture.md:2: held by nothing",
            ],
        );
    }
}
