//! A call as somebody writes it: a path of the console tree, and words behind it.

use ca_types::{Code, Hinted};
use zeroize::Zeroizing;

use crate::{Call, Command, Secrecy};

/// A call as somebody writes it: `/ip/service/set numbers=www-ssl disabled=no`.
///
/// Values stay what they are on every door: they are never part of a console line, so no quote, bracket or line feed
/// in them is read as a command.
#[derive(Debug)]
pub struct WrittenCall {
    menu: String,
    command: String,
    item: Option<String>,
    arguments: Vec<Argument>,
    filter: Vec<(String, String)>,
}

#[derive(Debug)]
struct Argument {
    name: String,
    value: Zeroizing<String>,
    secrecy: Secrecy,
}

impl WrittenCall {
    /// Reads a path, `/ip/service/print` or `/ip service print`, and its words.
    ///
    /// `NAME=VALUE` is an argument; `.id=` and `numbers=` name the item; `?FIELD=VALUE` filters the rows of `print`.
    ///
    /// # Errors
    /// Fails for a path or a name that no console tree has, and for a secret among the words.
    pub fn parse(path: &str, words: &[String]) -> Result<Self, WrittenCallError> {
        let refuse = || WrittenCallError::Path(path.to_owned());
        let rest = path.strip_prefix('/').ok_or_else(refuse)?;
        let mut parts: Vec<&str> = rest.split(['/', ' ']).collect();
        if !parts.iter().all(|part| is_word(part)) {
            return Err(refuse());
        }
        let command = parts.pop().ok_or_else(refuse)?.to_owned();
        let menu: String = parts.iter().flat_map(|part| ["/", part]).collect();
        let mut call = Self {
            menu,
            command,
            item: None,
            arguments: Vec::new(),
            filter: Vec::new(),
        };
        for word in words {
            call.add(word)?;
        }
        Ok(call)
    }

    fn add(&mut self, word: &str) -> Result<(), WrittenCallError> {
        let refuse =
            || WrittenCallError::Word(word.split('=').next().unwrap_or_default().to_owned());
        let (name, value) = word.split_once('=').ok_or_else(refuse)?;
        if let Some(field) = name.strip_prefix('?') {
            check(field, value)?;
            self.filter.push((field.to_owned(), value.to_owned()));
            return Ok(());
        }
        check(name, value)?;
        if matches!(name, ".id" | "numbers") {
            self.item = Some(value.to_owned());
            return Ok(());
        }
        if !value.is_empty() && is_secret(name, value) {
            return Err(WrittenCallError::SecretInTheOpen(name.to_owned()));
        }
        self.push(name, Zeroizing::new(value.to_owned()), Secrecy::Open);
        Ok(())
    }

    /// Adds an argument that is never shown and never sent in the clear.
    ///
    /// # Errors
    /// Fails for a name that no console tree has, and for a value with a NUL.
    pub fn add_secret(
        &mut self,
        name: &str,
        value: Zeroizing<String>,
    ) -> Result<(), WrittenCallError> {
        check(name, &value)?;
        self.push(name, value, Secrecy::Secret);
        Ok(())
    }

    fn push(&mut self, name: &str, value: Zeroizing<String>, secrecy: Secrecy) {
        self.arguments.push(Argument {
            name: name.to_owned(),
            value,
            secrecy,
        });
    }

    /// Returns the call as transports take it.
    pub fn call(&self) -> Call<'_> {
        let command = match self.command.as_str() {
            "print" | "getall" => Command::Print,
            "add" => Command::Add,
            "set" => Command::Set,
            "remove" => Command::Remove,
            other => Command::Other(other),
        };
        let mut call = Call::new(&self.menu, command);
        call.item.clone_from(&self.item);
        for argument in &self.arguments {
            call = match argument.secrecy {
                Secrecy::Open => call.with(&argument.name, argument.value.as_str()),
                Secrecy::Secret => call.with_secret(&argument.name, argument.value.clone()),
            };
        }
        for (field, value) in &self.filter {
            call = call.matching(field, value.as_str());
        }
        call
    }
}

/// Tells whether a text is a word of a console tree.
pub(crate) fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(fits)
}

/// The name of an argument may have dots in it: `.proplist`, `security.tls-certificate`.
fn check(name: &str, value: &str) -> Result<(), WrittenCallError> {
    let plain = name.strip_prefix('.').unwrap_or(name);
    if !plain.split('.').all(is_word) {
        return Err(WrittenCallError::Word(name.to_owned()));
    }
    if value.contains('\0') {
        return Err(WrittenCallError::Nul(name.to_owned()));
    }
    Ok(())
}

/// Tells whether a value must not stand where other users of this machine can read it.
fn is_secret(name: &str, value: &str) -> bool {
    let last = name.rsplit('-').next().unwrap_or(name);
    matches!(last, "password" | "passphrase" | "secret" | "otp" | "psk")
        || matches!(
            name,
            "private-key" | "preshared-key" | "pre-shared-key" | "eab-hmac-key"
        )
        || value.contains("PRIVATE KEY-----")
}

/// What is wrong with a call that somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrittenCallError {
    /// No path of a menu and a command.
    #[error("`{}` is no path of a menu and a command", .0.escape_default())]
    Path(String),
    /// Neither an argument nor a filter.
    #[error("`{}`: wanted NAME=VALUE or ?FIELD=VALUE", .0.escape_default())]
    Word(String),
    /// A value that the router would cut off.
    #[error("the value of `{0}` has a NUL in it")]
    Nul(String),
    /// A secret among the words of the command line.
    #[error(
        "`{0}` is a secret, and the words of a command line can be read by other users of this machine"
    )]
    SecretInTheOpen(String),
}

impl Hinted for WrittenCallError {
    fn code(&self) -> Code {
        Code::InvalidRequest
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Path(_) => {
                "for example /ip/service/print; Tab on the console of the router shows the words"
                    .to_owned()
            }
            Self::Word(_) => "for example disabled=yes, or ?name=www-ssl to filter".to_owned(),
            Self::Nul(_) => "no text of RouterOS has one".to_owned(),
            Self::SecretInTheOpen(name) => format!("write it into a file: --secret {name}=FILE"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str, words: &[&str]) -> Result<String, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        WrittenCall::parse(path, &words)
            .map(|written| written.call().to_string())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn paths_and_words_become_a_call() {
        for (path, words, expect) in [
            ("/ip/service/print", &[][..], "/ip/service print"),
            (
                "/ip service print",
                &["?name=www"],
                "/ip/service print where name=www",
            ),
            ("/export", &[], " export"),
            (
                "/ip/service/set",
                &["numbers=www-ssl", "disabled=no"],
                "/ip/service set www-ssl disabled=no",
            ),
            (
                "/certificate/remove",
                &[".id=*1A"],
                "/certificate remove *1A",
            ),
            (
                "/system/identity/set",
                &["name=a=b \"$x\"; [/system reboot]\n"],
                "/system/identity set name=a=b \"$x\"; [/system reboot]\n",
            ),
            (
                "/certificate/import",
                &["file-name=f", "passphrase="],
                "/certificate import file-name=f passphrase=",
            ),
        ] {
            assert_eq!(read(path, words).as_deref(), Ok(expect), "{path}");
        }
    }

    #[test]
    fn what_is_no_call_is_refused() {
        for (path, words, expect) in [
            ("ip/service/print", &[][..], "is no path"),
            ("/ip//print", &[], "is no path"),
            ("/ip/service/print;/quit", &[], "is no path"),
            ("/ip/Service/print", &[], "is no path"),
            ("/ip/service/set", &["disabled"], "wanted NAME=VALUE"),
            ("/ip/service/set", &["=x"], "wanted NAME=VALUE"),
            ("/ip/service/set", &["a b=x"], "wanted NAME=VALUE"),
            ("/ip/service/set", &["name=a\0b"], "has a NUL"),
            ("/user/add", &["name=a", "password=b"], "is a secret"),
            ("/ppp/secret/add", &["ipsec-secret=b"], "is a secret"),
            (
                "/file/add",
                &["contents=-----BEGIN PRIVATE KEY-----"],
                "is a secret",
            ),
        ] {
            let refusal = read(path, words).expect_err(path);
            assert!(refusal.contains(expect), "{path}: {refusal}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let mut written = WrittenCall::parse("/user/add", &["name=a".to_owned()]).unwrap();
        written
            .add_secret("password", Zeroizing::new("hush".to_owned()))
            .unwrap();
        let call = written.call();
        assert!(call.has_secret());
        assert_eq!(call.to_string(), "/user add name=a password=…");
        assert_eq!(call.arguments().last(), Some(("password", "hush")));
    }
}
