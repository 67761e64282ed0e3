//! What routers say of a request they refuse: only words that RouterOS itself has, whatever else it says.

use std::collections::BTreeSet;

use crate::exchange::EXCHANGES;

/// Keeps of a text what RouterOS says to anybody, and leaves out every other word.
pub(crate) fn scrubbed(text: &str, sent: &BTreeSet<String>) -> String {
    let text: String = text.chars().take(LONGEST).collect();
    let is_gap = |c: char| c.is_whitespace() || c.is_control();
    let mut last = "";
    let words = text.split(is_gap).filter(|word| !word.is_empty());
    let words = words.map(|word| {
        let kept = scrubbed_word(word, last, sent);
        last = word;
        kept
    });
    words.collect::<Vec<_>>().join(" ")
}

fn scrubbed_word(word: &str, last: &str, sent: &BTreeSet<String>) -> String {
    let is_edge = |c: char| "()[]{}<>\"'`,.;:!?".contains(c);
    let core = word.trim_matches(is_edge);
    let begin = word.len() - word.trim_start_matches(is_edge).len();
    let (before, after) = (
        word.get(..begin).unwrap_or_default(),
        word.get(begin + core.len()..).unwrap_or_default(),
    );
    let is_number = !core.is_empty() && core.chars().all(|c| c.is_ascii_digit());
    let is_place = ["line", "column"].contains(&last.trim_matches(is_edge));
    // `no such item (4)`: RouterOS numbers its errors.
    let is_code = core.len() <= LONGEST_CODE && before == "(" && after == ")";
    let kept = if sent.contains(core) {
        SENT
    } else if is_number && is_place {
        "#"
    } else if core.is_empty() || is_number && is_code || is_own(core) {
        core
    } else {
        UNKNOWN
    };
    format!("{before}{kept}{after}")
}

/// Tells whether RouterOS has the word, or all words of `value(s)`, `/ip/service` or `name=yes`.
fn is_own(core: &str) -> bool {
    core.split(['/', '(', ')', '\'', '=']).all(|part| {
        let part = part.to_ascii_lowercase();
        part.is_empty() || WORDS.contains(&part.as_str()) || is_asked(&part)
    })
}

/// Tells whether a word is in what every router is asked.
fn is_asked(word: &str) -> bool {
    EXCHANGES.iter().any(|one| {
        let mut names = one.arguments.iter().map(|(name, _)| *name);
        one.menu.split('/').any(|part| part == word)
            || one.command == word
            || names.any(|name| name == word)
    })
}

const LONGEST: usize = 300;
const LONGEST_CODE: usize = 3;
const SENT: &str = "<sent>";
const UNKNOWN: &str = "<other>";

/// The words of the refusals that routers are known for, beside the words of the questions.
const WORDS: &[&str] = &[
    "a",
    "action",
    "again",
    "allowed",
    "already",
    "ambiguous",
    "an",
    "and",
    "any",
    "are",
    "argument",
    "arguments",
    "as",
    "at",
    "bad",
    "be",
    "boolean",
    "by",
    "can",
    "cancelled",
    "cannot",
    "closed",
    "column",
    "command",
    "configuration",
    "configured",
    "connection",
    "contents",
    "could",
    "default",
    "defined",
    "denied",
    "directory",
    "does",
    "doesn",
    "elsewhere",
    "empty",
    "end",
    "enough",
    "error",
    "exist",
    "exists",
    "expected",
    "failed",
    "failure",
    "feature",
    "for",
    "format",
    "found",
    "from",
    "has",
    "have",
    "id",
    "in",
    "input",
    "internal",
    "interrupted",
    "invalid",
    "is",
    "it",
    "item",
    "limit",
    "line",
    "list",
    "load",
    "logged",
    "long",
    "match",
    "matches",
    "memory",
    "menu",
    "missing",
    "mode",
    "more",
    "must",
    "no",
    "not",
    "of",
    "on",
    "one",
    "only",
    "or",
    "out",
    "parameter",
    "parse",
    "path",
    "permission",
    "permissions",
    "please",
    "policy",
    "possible",
    "prefix",
    "property",
    "range",
    "read",
    "read-only",
    "request",
    "required",
    "router",
    "rule",
    "s",
    "server",
    "session",
    "should",
    "specified",
    "specify",
    "such",
    "supported",
    "syntax",
    "t",
    "than",
    "that",
    "the",
    "this",
    "timed",
    "timeout",
    "to",
    "too",
    "try",
    "type",
    "unable",
    "unexpected",
    "unknown",
    "unsupported",
    "value",
    "values",
    "with",
    "wrong",
    "yet",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refusal_says_nothing_of_anybody() {
        let sent = ["fleet-ca-nothing", "*FFFFFFE"].map(str::to_owned);
        let sent = BTreeSet::from(sent);
        for (text, expect) in [
            ("no such item (4)", "no such item (4)"),
            (
                "unknown parameter fleet-ca-nothing",
                "unknown parameter <sent>",
            ),
            (
                "bad command name fleet-ca-nothing (line 1 column 13)\r\n",
                "bad command name <sent> (line # column #)",
            ),
            (
                "missing value(s) of argument(s) name",
                "missing value(s) of argument(s) name",
            ),
            (
                "Berlin headquarters: not allowed",
                "<other> <other>: not allowed",
            ),
            ("user-anna of users", "<other> of <other>"),
            (
                "elsewhere (/ip/service/set *0 = telnet)",
                "elsewhere (/ip/service/set <other> = <other>)",
            ),
            (
                "failure: 192.0.2.1 a=b x@y 123456 (1234) 12",
                "failure: <other> <other> <other> <other> (<other>) <other>",
            ),
            ("line berlin column 4711", "line <other> column #"),
            ("a\x1b[31m\nb", "a [<other> <other>"),
        ] {
            assert_eq!(scrubbed(text, &sent), expect);
        }
        assert!(scrubbed(&"item ".repeat(1000), &sent).len() <= 300);
    }

    proptest! {
        /// Whatever stands where, a word that is kept is one of the list.
        #[test]
        fn only_words_of_routeros_are_kept(words in prop::collection::vec("[a-zA-Z]{1,12}|no|such|item|\\PC{1,6}", 0..8)) {
            let kept = scrubbed(&words.join(" "), &BTreeSet::new());
            let open = kept.replace(UNKNOWN, "");
            let runs = open.split(|c: char| !c.is_alphanumeric() && c != '-');
            for run in runs.filter(|run| !run.is_empty()) {
                let lower = run.to_ascii_lowercase();
                let is_number = run.len() <= LONGEST_CODE && run.chars().all(|c| c.is_ascii_digit());
                prop_assert!(is_number || WORDS.contains(&lower.as_str()) || is_asked(&lower), "{kept}");
            }
        }
    }
}
