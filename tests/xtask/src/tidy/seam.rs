//! What the server writes goes through the file seam, so that tests can try out every crash.

use super::{File, Tree};

/// The production code of these folders may write by `ca_store::files` only.
const FOLDERS: [&str; 2] = ["ca-server/src/", "ca-server/crates/"];

/// Files that may write by themselves, each with its reason.
const EXCEPTIONS: [(&str, &str); 2] = [
    (
        "ca-server/crates/store/src/files.rs",
        "the seam over the system's files",
    ),
    (
        "ca-server/crates/store/src/index/inspection.rs",
        "copies sled's files to a scratch place outside, to read them without a change",
    ),
];

/// Whatever makes, changes, renames or removes something; reading is free.
const WRITES: [&str; 20] = [
    "fs::write",
    "fs::copy",
    "fs::rename",
    "fs::hard_link",
    "fs::remove_",
    "fs::create_dir",
    "fs::set_permissions",
    "fs::symlink",
    "fs::FileExt",
    "fs::OpenOptions",
    "fs::DirBuilder",
    "tokio::fs",
    "rustix::fs",
    "symlink(",
    "DirBuilder",
    "OpenOptions::new",
    "File::create",
    "File::options",
    ".set_len(",
    ".sync_all(",
];

/// Names that must not be imported from `std::fs` in braces.
const IMPORTS: [&str; 9] = [
    "write",
    "copy",
    "rename",
    "hard_link",
    "remove_file",
    "remove_dir_all",
    "create_dir",
    "OpenOptions",
    "set_permissions",
];

pub(super) fn check(tree: &Tree, findings: &mut Vec<String>) {
    for (path, why) in EXCEPTIONS {
        if !tree.has(path) && tree.has("ca-server/crates/store/src/lib.rs") {
            findings.push(format!(
                "{path}: it may write ({why}), but is not there any more"
            ));
        }
    }
    let tests = test_modules(tree);
    for file in &tree.files {
        let path = file.path.as_str();
        let is_ours = path.ends_with(".rs")
            && FOLDERS.iter().any(|folder| path.starts_with(folder))
            && !path.contains("/tests/")
            && !EXCEPTIONS
                .iter()
                .any(|(exception, _why)| *exception == path)
            && !tests.iter().any(|test| is_in(path, test));
        if is_ours {
            production(file, findings);
        }
    }
}

fn production(file: &File, findings: &mut Vec<String>) {
    let Some(text) = &file.text else { return };
    let lines = super::sources::lines_of_code(text);
    for (number, line) in text.lines().take(lines).enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let is_import = code.contains("use std::fs::{");
        let words = code.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let imported = words
            .filter(|word| is_import && IMPORTS.contains(word))
            .take(1);
        let written = WRITES.iter().copied().filter(|word| code.contains(word));
        if let Some(word) = imported.chain(written).next() {
            findings.push(format!(
                "{}:{}: `{word}` goes around the file seam (`ca_store::files`)",
                file.path,
                number + 1
            ));
        }
    }
}

/// Lists the modules that are compiled for tests only, by their path without the ending.
fn test_modules(tree: &Tree) -> Vec<String> {
    let mut modules = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let stem = path.trim_end_matches(".rs");
        let folder = match stem.rsplit_once('/') {
            Some((folder, "lib" | "main")) => folder,
            Some(_) | None => stem,
        };
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let line = line.trim();
            let is_for_tests =
                line == "#[cfg(test)]" || line == "#[cfg(any(test, feature = \"fake\"))]";
            let Some(next) = lines.peek().filter(|_next| is_for_tests) else {
                continue;
            };
            let words: Vec<&str> = next.split_whitespace().collect();
            if let [.., "mod", name] = words.as_slice()
                && let Some(name) = name.strip_suffix(';')
            {
                modules.push(format!("{folder}/{name}"));
            }
        }
    }
    modules
}

fn is_in(path: &str, module: &str) -> bool {
    path.strip_prefix(module)
        .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::super::tests::check;

    #[test]
    fn what_goes_around_the_seam_is_found_with_its_place() {
        check(
            super::check,
            &[
                ("ca-server/src/a.rs", "\nstd::fs::rename(a, b)?;"),
                ("ca-server/src/b.rs", "use std::fs::{self, remove_file};"),
                ("ca-server/src/c.rs", "tokio::fs::read(a).await"),
                (
                    "ca-server/crates/store/src/d.rs",
                    "let f = File::create(a);",
                ),
                // Reading, comments, tests, and other programs.
                (
                    "ca-server/src/e.rs",
                    "let a = std::fs::read(b)?; // fs::write",
                ),
                (
                    "ca-server/src/f.rs",
                    "#[cfg(test)]\nmod g;\n#[cfg(test)]\nmod tests {\nfs::write(a, b);\n}",
                ),
                ("ca-server/src/f/g.rs", "std::fs::write(a, b)"),
                ("ca-server/src/f/g/h.rs", "std::fs::write(a, b)"),
                ("ca-server/src/g.rs", "std::fs::write(a, b)"),
                ("ca-client/src/a.rs", "std::fs::write(a, b)"),
            ],
            &[
                "ca-server/src/a.rs:2: `fs::rename` goes around the file seam (`ca_store::files`)",
                "ca-server/src/b.rs:1: `remove_file` goes around the file seam (`ca_store::files`)",
                "ca-server/src/c.rs:1: `tokio::fs` goes around the file seam (`ca_store::files`)",
                "ca-server/crates/store/src/d.rs:1: `File::create` goes around the file seam (`ca_store::files`)",
                "ca-server/src/g.rs:1: `fs::write` goes around the file seam (`ca_store::files`)",
            ],
        );
    }
}
