//! Texts inside the quotes of each format: nothing in a text ends them, or is obeyed.

/// Quotes for PowerShell: in single quotes only the quote itself means anything, in any of its shapes
/// (`about_Quoting_Rules`; the typographic ones U+2018 to U+201B count as quotes too).
pub(super) fn powershell(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}

/// Quotes for a POSIX shell (XCU §2.2.2).
pub(super) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Quotes for swanctl.conf (strongswan.conf(5)): backslash escapes inside double quotes.
pub(super) fn swanctl(text: &str) -> String {
    escaped(text, &['"', '\\'])
}

/// Quotes for a file of OpenVPN (openvpn(8)): backslash escapes inside double quotes, one option a line.
pub(super) fn openvpn(text: &str) -> String {
    escaped(text, &['"', '\\'])
}

fn escaped(text: &str, special: &[char]) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c => {
                if special.contains(&c) {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
        }
    }
    quoted.push('"');
    quoted
}

/// Escapes a value of a key file of `GLib`, which NetworkManager reads (no quotes, one value a line).
pub(super) fn key_file(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            ' ' if escaped.is_empty() => escaped.push_str("\\s"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a'b\"c$(d)`e`\n\\f\r<g>]]>\u{2019};#{h}";

    #[test]
    fn a_quote_of_powershell_is_doubled_in_every_shape() {
        assert_eq!(
            powershell(HOSTILE),
            "'a''b\"c$(d)`e`\n\\f\r<g>]]>\u{2019}\u{2019};#{h}'"
        );
    }

    #[test]
    fn a_shell_sees_one_word() {
        assert_eq!(
            shell(HOSTILE),
            "'a'\\''b\"c$(d)`e`\n\\f\r<g>]]>\u{2019};#{h}'"
        );
    }

    #[test]
    fn nothing_ends_a_line_or_the_quotes() {
        let expect = "\"a'b\\\"c$(d)`e`\\n\\\\f\\r<g>]]>\u{2019};#{h}\"";
        assert_eq!(swanctl(HOSTILE), expect);
        assert_eq!(openvpn(HOSTILE), expect);
        assert_eq!(
            key_file(&format!(" {HOSTILE}")),
            "\\sa'b\"c$(d)`e`\\n\\\\f\\r<g>]]>\u{2019};#{h}"
        );
    }
}
