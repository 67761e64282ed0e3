//! The plain part of the RouterOS console language: commands as an administrator pastes them, and
//! as an `.rsc` file holds them.
//!
//! Understood are menus and commands in both spellings (`/ip/service/set` and `/ip service set`),
//! a menu on a line of its own, named and unnamed arguments, quoted strings with their escapes,
//! `[find ...]`, `[get ...]`, `[add ...]`, `[print as-value]`, `[:serialize to=json ...]`, `where`
//! with equalities, strings joined with `.`, `:put`, comments, `;` and the `\` that continues a line
//! (RouterOS manual, Scripting). Variables, blocks, conditions and other global commands are errors
//! that name the place.

mod scanner;

use std::fmt;

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// A command of a menu.
    Command {
        /// `/ip/service`; the root is `/`.
        menu: String,
        /// `set`.
        command: String,
        /// `disabled=no`, in the order written.
        arguments: Vec<(String, Value)>,
        /// Item names, numbers, words like `detail` and what follows `where`, in the order written.
        unnamed: Vec<Value>,
    },
    /// `:put`.
    Put(Value),
}

/// What a word is in a menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// A command.
    Command,
    /// A menu below.
    Menu,
    /// Neither.
    Unknown,
}

/// What stands for a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Literal text.
    Text(String),
    /// `[find ...]`: the items of a menu that meet every condition.
    Find {
        /// The menu, when the brackets name one; else that of the surrounding command.
        menu: Option<String>,
        /// Properties and the literal values they must have.
        conditions: Vec<(String, String)>,
    },
    /// `[get ITEM FIELD]`.
    Get {
        /// The menu, resolved.
        menu: String,
        /// The item; empty text for a menu of settings, which has no items.
        item: Box<Self>,
        /// The property.
        field: String,
    },
    /// `[print as-value]`, `[print count-only]` or `[add ...]`.
    Call {
        /// The menu, resolved.
        menu: String,
        /// `print` or `add`.
        command: String,
        /// `name=x`, in the order written.
        arguments: Vec<(String, Self)>,
        /// As in a statement.
        unnamed: Vec<Self>,
    },
    /// `[:serialize to=json VALUE]`.
    Json(Box<Self>),
    /// Parts to be joined, from `("a" . [...])` or `"a$[...]"`.
    Join(Vec<Self>),
}

impl Statement {
    /// Tells whether it uses `:serialize`, which is as old as 7.13.
    pub(crate) fn serializes(&self) -> bool {
        match self {
            Self::Put(value) => value.serializes(),
            Self::Command {
                arguments, unnamed, ..
            } => any_serializes(arguments, unnamed),
        }
    }
}

impl Value {
    fn serializes(&self) -> bool {
        match self {
            Self::Json(_) => true,
            Self::Join(parts) => parts.iter().any(Self::serializes),
            Self::Get { item, .. } => item.serializes(),
            Self::Call {
                arguments, unnamed, ..
            } => any_serializes(arguments, unnamed),
            Self::Text(_) | Self::Find { .. } => false,
        }
    }
}

fn any_serializes(arguments: &[(String, Value)], unnamed: &[Value]) -> bool {
    let arguments = arguments.iter().map(|(_, value)| value);
    arguments.chain(unnamed).any(Value::serializes)
}

/// A script that cannot be understood: nothing of it was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptError {
    /// Counted from 1.
    pub line: usize,
    /// The character of the line, counted from 1.
    pub column: usize,
    /// What was found, and what was wanted; of a bad command its name.
    pub what: String,
    /// No menu and no command has this name.
    pub bad_command: bool,
}

impl fmt::Display for ScriptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

impl std::error::Error for ScriptError {}

/// Reads a whole script.
///
/// # Errors
/// Names the first place that is not understood.
pub fn parse(text: &str) -> Result<Vec<Statement>, ScriptError> {
    let placed = parse_placed(text, &|_, word| usual(word))?;
    Ok(placed.into_iter().map(|(_, statement)| statement).collect())
}

/// What a word is in most menus.
pub(crate) fn usual(word: &str) -> Word {
    if COMMANDS.contains(&word) {
        Word::Command
    } else {
        Word::Menu
    }
}

/// The same, with the character at which each statement begins.
///
/// `word_in` says what a word is in a menu.
///
/// # Errors
/// Names the first place that is not understood.
pub fn parse_placed(
    text: &str,
    word_in: &dyn Fn(&str, &str) -> Word,
) -> Result<Vec<(usize, Statement)>, ScriptError> {
    let mut parser = Parser {
        rest: text.chars().collect(),
        at: 0,
        line: 1,
        depth: 0,
        line_begin: 0,
        menu: Vec::new(),
        word_in,
    };
    let mut statements = Vec::new();
    while parser.skip_to_statement() {
        let at = parser.at;
        statements.extend(parser.statement()?.map(|statement| (at, statement)));
    }
    Ok(statements)
}

type Parsed<T> = Result<T, ScriptError>;

struct Parser<'a> {
    rest: Vec<char>,
    at: usize,
    line: usize,
    /// Where the current line begins.
    line_begin: usize,
    depth: usize,
    word_in: &'a dyn Fn(&str, &str) -> Word,
    /// The current menu, which a path on a line of its own changes.
    menu: Vec<String>,
}

/// What a path and its words came to.
enum Place {
    Menu(Vec<String>),
    Command { menu: Vec<String>, command: String },
}

impl Parser<'_> {
    fn statement(&mut self) -> Parsed<Option<Statement>> {
        if self.peek() == Some(':') {
            self.next();
            let word = self.bare("a command after `:`")?;
            if word != "put" {
                return Err(self.error(format!("`:{word}` is not understood, only `:put` is")));
            }
            self.skip_blanks();
            let value = self.value()?;
            self.end_of_statement("`:put` and its value")?;
            return Ok(Some(Statement::Put(value)));
        }
        match self.place()? {
            Place::Menu(menu) => {
                self.end_of_statement("a menu")?;
                self.menu = menu;
                Ok(None)
            }
            Place::Command { menu, command } => {
                let around = std::mem::replace(&mut self.menu, menu.clone());
                let (arguments, unnamed) = self.arguments(&command)?;
                self.menu = around;
                Ok(Some(Statement::Command {
                    menu: path(&menu),
                    command,
                    arguments,
                    unnamed,
                }))
            }
        }
    }

    /// Reads menu words up to the first one that is a command.
    fn place(&mut self) -> Parsed<Place> {
        let mut menu = self.menu.clone();
        loop {
            self.skip_blanks();
            if self.at_end_of_statement() || self.peek() == Some(']') {
                return Ok(Place::Menu(menu));
            }
            let token = self.bare("a menu or a command")?;
            if self.peek() == Some('=') {
                return Err(self.error(format!("`{token}=` without a command before it")));
            }
            let segments = match token.strip_prefix('/') {
                Some(rest) => {
                    menu.clear();
                    rest
                }
                None => token.as_str(),
            };
            if segments.is_empty() {
                continue;
            }
            let mut begin = token.len() - segments.len();
            let mut segments = segments.split('/').peekable();
            while let Some(segment) = segments.next() {
                let end = begin + segment.len() + 1;
                if segment == ".." {
                    if menu.pop().is_none() {
                        return Err(self.error("`..` above the root".to_owned()));
                    }
                } else if !is_word(segment) {
                    return Err(self.error(format!("`{token}` is neither a menu nor a command")));
                } else {
                    match (self.word_in)(&path(&menu), segment) {
                        Word::Menu => menu.push(segment.to_owned()),
                        Word::Unknown => {
                            return Err(ScriptError {
                                bad_command: true,
                                column: self.column() - token.len() + begin,
                                ..self.error(segment.to_owned())
                            });
                        }
                        Word::Command if segments.peek().is_some() => {
                            return Err(self.error(format!("`{token}`: a menu below a command")));
                        }
                        Word::Command => {
                            return Ok(Place::Command {
                                menu,
                                command: segment.to_owned(),
                            });
                        }
                    }
                }
                begin = end;
            }
        }
    }

    #[expect(
        clippy::type_complexity,
        reason = "the two lists go straight into a statement"
    )]
    fn arguments(&mut self, command: &str) -> Parsed<(Vec<(String, Value)>, Vec<Value>)> {
        let mut arguments: Vec<(String, Value)> = Vec::new();
        let mut unnamed = Vec::new();
        loop {
            self.skip_blanks();
            if self.at_end_of_statement() || self.depth > 0 && self.peek() == Some(']') {
                return Ok((arguments, unnamed));
            }
            if matches!(self.peek(), Some('"' | '[' | '(')) {
                unnamed.push(self.value()?);
                self.end_of_value()?;
                continue;
            }
            let word = self.bare("an argument")?;
            if self.peek() != Some('=') {
                self.end_of_value()?;
                if word == "where" && command == "print" {
                    let conditions = self.conditions()?;
                    unnamed.push(Value::Find {
                        menu: None,
                        conditions,
                    });
                    continue;
                }
                unnamed.push(Value::Text(word));
                continue;
            }
            self.next();
            if !is_property(&word) {
                return Err(self.error(format!("`{word}` is not the name of an argument")));
            }
            if arguments.iter().any(|(name, _)| *name == word) {
                return Err(self.error(format!("`{word}=` twice in one `{command}`")));
            }
            let value = self.argument_value()?;
            arguments.push((word, value));
        }
    }

    /// Reads what follows `=`, which may be nothing.
    fn argument_value(&mut self) -> Parsed<Value> {
        let value = match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | ';' | ']' | ')') => Value::Text(String::new()),
            Some(_) => self.value()?,
        };
        self.end_of_value()?;
        Ok(value)
    }

    fn value(&mut self) -> Parsed<Value> {
        match self.peek() {
            Some('"') => self.quoted(),
            Some('[') => self.nested(Self::bracket),
            Some('(') => self.nested(Self::join),
            _ => self.bare("a value").map(Value::Text),
        }
    }

    fn nested(&mut self, inner: fn(&mut Self) -> Parsed<Value>) -> Parsed<Value> {
        if self.depth == DEPTH_LIMIT {
            return Err(self.error(format!("more than {DEPTH_LIMIT} brackets in each other")));
        }
        self.depth += 1;
        let value = inner(self);
        self.depth -= 1;
        value
    }

    /// Reads `[find ...]` or `[get ...]`.
    fn bracket(&mut self) -> Parsed<Value> {
        self.next();
        self.skip_blanks();
        let start = self.at;
        if self.peek() == Some(':') {
            return self.serialize();
        }
        let place = self.place()?;
        let Place::Command { menu, command } = place else {
            return Err(self.error("brackets without `find` or `get`".to_owned()));
        };
        let bare = self.rest.get(start..start + command.len());
        let own_menu = bare.is_some_and(|word| word.iter().copied().eq(command.chars()));
        // A search within is about the menu of these brackets.
        let around = std::mem::replace(&mut self.menu, menu.clone());
        let value = match command.as_str() {
            "find" => Value::Find {
                menu: (!own_menu).then(|| path(&menu)),
                conditions: self.conditions()?,
            },
            "get" => self.get(&menu)?,
            "add" | "print" => {
                let (arguments, unnamed) = self.arguments(&command)?;
                Value::Call {
                    menu: path(&menu),
                    command,
                    arguments,
                    unnamed,
                }
            }
            other => {
                return Err(self.error(format!(
                    "`[{other}]` is not understood; `find`, `get`, `add` and `print` are"
                )));
            }
        };
        self.menu = around;
        if !self.at_closing_bracket()? {
            return Err(self.error("a bracket that is not closed".to_owned()));
        }
        self.next();
        Ok(value)
    }

    /// Reads `:serialize to=json VALUE` up to the closing bracket.
    fn serialize(&mut self) -> Parsed<Value> {
        self.next();
        let word = self.bare("a command after `:`")?;
        if word != "serialize" {
            return Err(self.error(format!(
                "`[:{word}]`: of global commands in brackets only `:serialize` is understood"
            )));
        }
        let mut value = None;
        loop {
            self.skip_blanks();
            if self.at_closing_bracket()? {
                break;
            }
            if value.is_none() && matches!(self.peek(), Some('"' | '[' | '(')) {
                value = Some(self.value()?);
                continue;
            }
            let word = self.bare("`to=json` or a value")?;
            self.next();
            match (word.as_str(), self.argument_value()?) {
                ("to", Value::Text(form)) if form == "json" => {}
                _ => return Err(self.error(format!("`{word}=` is not understood here"))),
            }
        }
        self.next();
        let value = value.ok_or_else(|| self.error("`:serialize` without a value".to_owned()))?;
        Ok(Value::Json(Box::new(value)))
    }

    /// Reads `[where] name=value [and] ...` up to the closing bracket or the end of the statement.
    fn conditions(&mut self) -> Parsed<Vec<(String, String)>> {
        let mut conditions = Vec::new();
        loop {
            self.skip_blanks();
            if self.depth == 0 && self.at_end_of_statement() || self.at_closing_bracket()? {
                return Ok(conditions);
            }
            let word = self.bare("a condition like name=value")?;
            match (word.as_str(), self.peek()) {
                ("where", Some(' ' | '\t')) if conditions.is_empty() => {}
                ("and", Some(' ' | '\t')) if !conditions.is_empty() => {}
                (_, Some('=')) if is_property(&word) => {
                    self.next();
                    match self.argument_value()? {
                        Value::Text(text) => conditions.push((word, text)),
                        _ => {
                            return Err(
                                self.error(format!("`{word}=` wants a literal in `[find]`"))
                            );
                        }
                    }
                }
                _ => {
                    return Err(self.error(format!("`{word}`: wanted a condition like name=value")));
                }
            }
        }
    }

    /// Reads `[ITEM] FIELD` or `[ITEM] value-name=FIELD` up to the closing bracket.
    fn get(&mut self, menu: &[String]) -> Parsed<Value> {
        let mut parts = Vec::new();
        let mut field = None;
        loop {
            self.skip_blanks();
            if self.at_closing_bracket()? {
                break;
            }
            if matches!(self.peek(), Some('"' | '[' | '(')) {
                parts.push(self.value()?);
                self.end_of_value()?;
                continue;
            }
            let word = self.bare("an item or a property")?;
            if self.peek() != Some('=') {
                parts.push(Value::Text(word));
                continue;
            }
            self.next();
            match (word.as_str(), self.argument_value()?) {
                ("value-name", Value::Text(name)) if field.is_none() => field = Some(name),
                ("number", item) => parts.insert(0, item),
                _ => return Err(self.error(format!("`{word}=` is no argument of `get`"))),
            }
        }
        let field = match field {
            Some(name) => name,
            None => match parts.pop() {
                Some(Value::Text(name)) => name,
                _ => return Err(self.error("`get` without the name of a property".to_owned())),
            },
        };
        let item = parts.pop().unwrap_or_else(|| Value::Text(String::new()));
        if !parts.is_empty() || !is_property(&field) {
            return Err(self.error("`get` wants one item and one property".to_owned()));
        }
        Ok(Value::Get {
            menu: path(menu),
            item: Box::new(item),
            field,
        })
    }

    /// Reads `("a" . [...])`.
    fn join(&mut self) -> Parsed<Value> {
        self.next();
        let mut parts = Vec::new();
        loop {
            self.skip_blanks();
            if !matches!(self.peek(), Some('"' | '[' | '(')) {
                return Err(self.error("wanted a string or brackets to join".to_owned()));
            }
            parts.push(self.value()?);
            self.skip_blanks();
            match self.peek() {
                Some('.') => self.next(),
                Some(')') => break,
                _ => return Err(self.error("wanted `.` or `)` in parentheses".to_owned())),
            }
        }
        self.next();
        match parts.pop() {
            Some(only) if parts.is_empty() => Ok(only),
            last => {
                parts.extend(last);
                Ok(Value::Join(parts))
            }
        }
    }
}

fn path(menu: &[String]) -> String {
    format!("/{}", menu.join("/"))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Properties are words, and `.id` is one.
fn is_property(text: &str) -> bool {
    is_word(text.strip_prefix('.').unwrap_or(text))
}

const DEPTH_LIMIT: usize = 16;

/// The words that end a path. Without the tree of a version this is what tells them from menus.
const COMMANDS: [&str; 40] = [
    "add",
    "add-acme",
    "add-scep",
    "cancel",
    "comment",
    "create-certificate-request",
    "disable",
    "download",
    "edit",
    "enable",
    "enable-ssl-certificate",
    "export",
    "export-certificate",
    "fetch",
    "find",
    "flush",
    "generate-key",
    "get",
    "import",
    "issued-revoke",
    "kill-connections",
    "move",
    "ping",
    "print",
    "quit",
    "reboot",
    "remove",
    "reset",
    "reset-configuration",
    "reset-counters",
    "run",
    "save",
    "set",
    "set-ca-passphrase",
    "shutdown",
    "sign",
    "sign-certificate-request",
    "unset",
    "update",
    "upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn find(menu: Option<&str>, conditions: &[(&str, &str)]) -> Value {
        Value::Find {
            menu: menu.map(ToOwned::to_owned),
            conditions: conditions
                .iter()
                .map(|(k, v)| ((*k).into(), (*v).into()))
                .collect(),
        }
    }

    fn get(menu: &str, item: Value, field: &str) -> Value {
        Value::Get {
            menu: menu.into(),
            item: Box::new(item),
            field: field.into(),
        }
    }

    fn command(menu: &str, command: &str, unnamed: &[Value], named: &[(&str, Value)]) -> Statement {
        Statement::Command {
            menu: menu.into(),
            command: command.into(),
            arguments: named
                .iter()
                .map(|(k, v)| ((*k).into(), v.clone()))
                .collect(),
            unnamed: unnamed.to_vec(),
        }
    }

    #[track_caller]
    fn check(script: &str, expected: &[Statement]) {
        assert_eq!(
            parse(script).map_err(|error| error.to_string()),
            Ok(expected.to_vec())
        );
    }

    #[track_caller]
    fn check_error(script: &str, line: usize, what: &str) {
        let error = parse(script).expect_err("the script is wrong");
        assert_eq!(error.line, line, "{error}");
        assert!(error.what.contains(what), "{error}");
    }

    #[test]
    fn both_spellings_of_a_path_and_a_menu_line_mean_the_same() {
        let expected = [command(
            "/ip/service",
            "set",
            &[text("www-ssl")],
            &[("certificate", text("x")), ("disabled", text("no"))],
        )];
        check(
            "/ip/service/set www-ssl certificate=x disabled=no",
            &expected,
        );
        check(
            "/ip/service set www-ssl certificate=x disabled=no",
            &expected,
        );
        check(
            "/ip service set www-ssl certificate=x disabled=no",
            &expected,
        );
        check(
            "/ip/service\nset www-ssl certificate=x disabled=no\r\n",
            &expected,
        );
        check(
            "/ip\nservice set www-ssl certificate=x disabled=no",
            &expected,
        );
        check(
            "/user;/ip service; set www-ssl certificate=x disabled=no;",
            &expected,
        );
        check(
            "/ip/firewall\n.. service set www-ssl certificate=x disabled=no",
            &expected,
        );
        check(
            "/ip service set www-ssl \\\n    certificate=x \\\r\n  disabled=no",
            &expected,
        );
        check(
            "  # first\n\n/ip service set www-ssl certificate=x disabled=no # 2"
                .trim_end_matches(" # 2"),
            &expected,
        );
    }

    #[test]
    fn a_full_path_in_a_line_leaves_the_menu_as_it_was() {
        check(
            "/ip service\n/user print\nprint",
            &[
                command("/user", "print", &[], &[]),
                command("/ip/service", "print", &[], &[]),
            ],
        );
    }

    #[test]
    fn strings_and_their_escapes() {
        check(
            r#"/system identity set name="a \"b\" \\ \$ \n\t\41\_c;#]""#,
            &[command(
                "/system/identity",
                "set",
                &[],
                &[("name", text("a \"b\" \\ $ \n\tA c;#]"))],
            )],
        );
        check(
            "/file add name=\"\" contents=",
            &[command(
                "/file",
                "add",
                &[],
                &[("name", text("")), ("contents", text(""))],
            )],
        );
        check(
            "/file add contents=\"one\\\n    two\nthree\"",
            &[command(
                "/file",
                "add",
                &[],
                &[("contents", text("onetwo\nthree"))],
            )],
        );
        check(
            "/user group add policy=api,read,!ftp",
            &[command(
                "/user/group",
                "add",
                &[],
                &[("policy", text("api,read,!ftp"))],
            )],
        );
    }

    #[test]
    fn find_and_get() {
        let own = find(None, &[("name", "x")]);
        check(
            "/certificate set [find name=\"x\"] trusted=yes",
            &[command(
                "/certificate",
                "set",
                std::slice::from_ref(&own),
                &[("trusted", text("yes"))],
            )],
        );
        check(
            "/certificate remove [ find where name=x and common-name=\"y z\" ]",
            &[command(
                "/certificate",
                "remove",
                &[find(None, &[("name", "x"), ("common-name", "y z")])],
                &[],
            )],
        );
        check(
            "/certificate remove [find]",
            &[command("/certificate", "remove", &[find(None, &[])], &[])],
        );
        check(
            "/ip service set www-ssl certificate=[/certificate get [find name=x] name]",
            &[command(
                "/ip/service",
                "set",
                &[text("www-ssl")],
                &[("certificate", get("/certificate", own, "name"))],
            )],
        );
        check(
            ":put [/certificate find name=x]",
            &[Statement::Put(find(Some("/certificate"), &[("name", "x")]))],
        );
        check(
            ":put [/certificate crl get 0 num]",
            &[Statement::Put(get("/certificate/crl", text("0"), "num"))],
        );
        check(
            ":put [/system/identity/get name]",
            &[Statement::Put(get("/system/identity", text(""), "name"))],
        );
        check(
            ":put [/certificate get number=x value-name=akid]",
            &[Statement::Put(get("/certificate", text("x"), "akid"))],
        );
    }

    #[test]
    fn joined_values() {
        let fingerprint = get("/certificate", find(None, &[("name", "x")]), "fingerprint");
        let joined = Statement::Put(Value::Join(vec![
            text("pin "),
            fingerprint.clone(),
            text("!"),
        ]));
        check(
            ":put (\"pin \" . [/certificate get [find name=x] fingerprint] . \"!\")",
            std::slice::from_ref(&joined),
        );
        check(
            ":put \"pin $[/certificate get [find name=x] fingerprint]!\"",
            &[joined],
        );
        check(
            ":put ([/certificate get [find name=x] fingerprint])",
            &[Statement::Put(fingerprint)],
        );
        check(
            ":put done; :put \"a\"",
            &[Statement::Put(text("done")), Statement::Put(text("a"))],
        );
    }

    #[test]
    fn what_is_not_plain_is_an_error_with_its_line() {
        check_error("\n/user print\n:local x 1", 3, "`:local`");
        check_error(":put $x", 1, "`$`");
        check_error(":put \"a $x\"", 1, "variables");
        check_error("/user\n{ print }", 2, "`{`");
        check_error("/user name=x", 1, "without a command");
        check_error("/user add name=\"x\n\n", 1, "not closed");
        check_error("/user set [find name=x", 1, "not closed");
        check_error("/user set [find name~\"x\"]", 1, "`~`");
        check_error("/user set [find name=x or name=y]", 1, "`or`");
        check_error("/user set [remove x]", 1, "`[remove]`");
        check_error("/user set [:len x]", 1, "global");
        check_error("/user print where name~x", 1, "`~`");
        check_error(":put [:tojson x]", 1, "`[:tojson]`");
        check_error("/user add name=x name=y", 1, "twice");
        check_error("/user add name=\"x\"y", 1, "right after");
        check_error("/user add name=x # y", 1, "`#`");
        check_error("/user/add/x name=y", 1, "below a command");
        check_error("/User print", 1, "neither");
        check_error("..", 1, "above the root");
        check_error("/user add name=\"\\q\"", 1, "escape");
        check_error(&format!(":put {}", "(".repeat(40)), 1, "in each other");
        check_error("/user add name=x \\", 1, "`\\`");
        check_error(
            ":put [/user get x]\n:put [/user get]",
            2,
            "without the name",
        );
    }

    #[test]
    fn no_prefix_of_a_script_stops_the_parser() {
        let script = "/ip service\nset [find name=\"a\\41\" and x=y] c=(\"a\" . [/x get 1 y]) \\\n d=\"$[get z]\"; :put a";
        for end in 0..=script.len() {
            let _outcome = parse(&script[..end]);
        }
    }
}
