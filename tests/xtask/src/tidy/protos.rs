//! The .proto files are the documentation of the API: everything in them has a comment.

use super::Tree;

pub(super) fn check(tree: &Tree, findings: &mut Vec<String>) {
    for (path, text) in tree.ending(".proto") {
        let mut before = "";
        for (number, line) in text.lines().map(str::trim).enumerate() {
            if declares(line) && !before.starts_with("//") {
                findings.push(format!("{path}:{}: `{line}` has no comment", number + 1));
            }
            before = line;
        }
    }
}

fn declares(line: &str) -> bool {
    let line = line.split("//").next().unwrap_or_default().trim_end();
    let block = ["service ", "rpc ", "message ", "enum ", "oneof "];
    let aside = ["syntax", "package", "import", "option", "reserved"];
    if block.iter().any(|word| line.starts_with(word)) {
        return true;
    }
    !aside.iter().any(|word| line.starts_with(word)) && line.contains(" = ") && line.ends_with(';')
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn what_has_no_comment_is_named() {
        let text = "syntax = \"proto3\";\n// A.\nmessage A {\n  // B.\n  string b = 1;\n  bytes c = 2;\n}\nservice S {\n  rpc R(A) returns (A);\n}\n";
        check(
            super::check,
            &[("a.proto", text)],
            &[
                "a.proto:6: `bytes c = 2;` has no comment",
                "a.proto:8: `service S {` has no comment",
                "a.proto:9: `rpc R(A) returns (A);` has no comment",
            ],
        );
    }
}
