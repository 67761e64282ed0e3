//! Texts in scripts of the console.

/// Quotes a text for the console: nothing in it ends the quotes or the line, calls a command or names a variable
/// (RouterOS manual, Scripting: constant escape sequences).
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\{:02X}", u32::from(c))),
            c => {
                if matches!(c, '"' | '\\' | '$' | '?') {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_the_quotes_or_the_line() {
        assert_eq!(
            quoted("a\"b\\c$(d)[e]\n/f;?"),
            r#""a\"b\\c\$(d)[e]\n/f;\?""#
        );
        assert_eq!(quoted("\x1b\x7f"), r#""\1B\7F""#);
    }
}
