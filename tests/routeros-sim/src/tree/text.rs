//! The text form of the command trees in `data/`, which says itself how it is read.

use std::collections::BTreeMap;

/// The commands of a menu, each with its arguments.
pub(super) type Commands = BTreeMap<String, Vec<String>>;

/// Reads what a text says about one version.
pub(super) fn read(text: &str, version: &str) -> BTreeMap<String, Commands> {
    let lines = || text.lines().filter(|line| !line.starts_with('#'));
    let letter = lines()
        .filter_map(|line| line.split_once(' '))
        .find(|(letter, name)| letter.len() == 1 && *name == version)
        .map(|(letter, _)| letter);
    let shared: BTreeMap<&str, &str> = lines()
        .filter(|line| line.starts_with('$'))
        .filter_map(|line| line.split_once(' '))
        .collect();
    let mut menus = BTreeMap::new();
    let mut menu: Option<&str> = None;
    for line in lines() {
        if let Some(command) = line.strip_prefix(' ') {
            let Some(commands) = menu.and_then(|menu| menus.get_mut(menu)) else {
                continue;
            };
            let (name, arguments) = command.split_once(' ').unwrap_or((command, ""));
            if let Some(name) = held(name, letter) {
                let arguments = shared.get(arguments).copied().unwrap_or(arguments);
                let arguments: Vec<String> = arguments
                    .split(' ')
                    .filter(|word| !word.is_empty())
                    .filter_map(|word| held(word, letter))
                    .map(ToOwned::to_owned)
                    .collect();
                Commands::insert(commands, name.to_owned(), arguments);
            }
        } else if line.starts_with('/') {
            let path = line.split(' ').next().unwrap_or(line);
            menu = held(path, letter);
            if let Some(path) = menu {
                menus.insert(path.to_owned(), Commands::new());
            }
        }
    }
    menus
}

/// The menus whose line says where it comes from, and what it says.
pub(super) fn marks(text: &str) -> Vec<(&str, &str)> {
    text.lines()
        .filter(|line| line.starts_with('/'))
        .filter_map(|line| line.split_once(' '))
        .collect()
}

/// The word, when it is in this version.
fn held<'a>(word: &'a str, letter: Option<&str>) -> Option<&'a str> {
    match word.split_once('@') {
        None => Some(word),
        Some((word, letters)) => letter
            .is_some_and(|letter| letters.contains(letter))
            .then_some(word),
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn words_with_letters_are_in_their_versions_only() {
        let text = "# a note\na 7.9\nb 7.12\n$0 one two@b\n/x\n set $0\n add@b\n/y@b\n print\n";
        let shown = |version| format!("{:?}", read(text, version));
        assert_eq!(shown("7.9"), r#"{"/x": {"set": ["one"]}}"#);
        assert_eq!(
            shown("7.12"),
            r#"{"/x": {"add": [], "set": ["one", "two"]}, "/y": {"print": []}}"#
        );
    }
}
