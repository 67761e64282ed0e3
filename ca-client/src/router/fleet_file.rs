//! The fleet file on disk.

use std::path::{Path, PathBuf};

use ca_deploy::{Fleet, FleetError, PasswordSource, RouterEntry, with_pin};
use ca_types::{Code, KeyId};

use crate::error::CommandError;
use crate::files::{self, Existing, Mode};

/// A fleet file that was read.
#[derive(Debug)]
pub(crate) struct FleetFile {
    path: PathBuf,
    fleet: Fleet,
}

impl FleetFile {
    /// Reads a fleet file.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let fleet = Fleet::parse(&text(path)?).map_err(|source| wrong(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            fleet,
        })
    }

    /// Returns the routers that are named, or all; in the order of the file.
    pub(crate) fn chosen(&self, names: &[String]) -> Result<Vec<&RouterEntry>, CommandError> {
        for name in names {
            self.one(name)?;
        }
        let routers = self.fleet.routers.iter();
        Ok(routers
            .filter(|router| names.is_empty() || names.contains(&router.name))
            .collect())
    }

    /// Returns the named router.
    pub(crate) fn one(&self, name: &str) -> Result<&RouterEntry, CommandError> {
        let router = self.fleet.router(name);
        router.ok_or_else(|| CommandError::Check {
            code: Code::NotFound,
            what: format!("{} has no router `{name}`", self.path.display()),
            hint: "`ca-client router list` shows the routers; `router add` adds one".to_owned(),
        })
    }

    /// Returns the directory that relative paths in it begin at.
    pub(crate) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new(""))
    }

    /// Returns the file with the password of a router, when it is in a file.
    pub(crate) fn password_file(&self, router: &RouterEntry) -> Option<PathBuf> {
        match &router.password {
            PasswordSource::File(file) => Some(self.directory().join(file)),
            PasswordSource::Environment(_) => None,
        }
    }

    /// Lets a router show one more key from now on.
    pub(crate) fn add_pin(&self, router: &str, pin: KeyId) -> Result<(), CommandError> {
        let _turn = files::turn(&self.path)?;
        let edited = with_pin(&text(&self.path)?, router, pin)
            .map_err(|source| wrong(&self.path, source))?;
        replace(&self.path, &edited)
    }
}

/// Adds an entry at the end of a fleet file, which is made when it is missing.
pub(crate) fn append(path: &Path, entry: &str) -> Result<(), CommandError> {
    let _turn = files::turn(path)?;
    let mut whole = if files::exists(path) {
        text(path)? + "\n"
    } else {
        HEADING.to_owned()
    };
    whole.push_str(entry);
    Fleet::parse(&whole).map_err(|source| wrong(path, source))?;
    replace(path, &whole)
}

fn replace(path: &Path, text: &str) -> Result<(), CommandError> {
    files::write(path, text.as_bytes(), Mode::kept(path), Existing::Replace)?;
    Ok(())
}

fn text(path: &Path) -> Result<String, CommandError> {
    String::from_utf8(files::read(path)?).map_err(|error| {
        let what = error.to_string();
        wrong(path, FleetError { line: 1, what })
    })
}

fn wrong(path: &Path, source: FleetError) -> CommandError {
    CommandError::Fleet {
        file: path.to_owned(),
        source,
    }
}

const HEADING: &str = "# The routers of Fleet CA; docs/routers.md describes every key.\n\n";

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY: &str = "[[router]]\nname = \"a\"\naddress = \"a.example\"\ndoor = \"rest\"\nuser = \"u\"\npassword-env = \"P\"\n";

    #[test]
    fn an_entry_is_appended_once_and_what_is_there_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fleet.toml");
        append(&path, ENTRY).unwrap();
        let first = text(&path).unwrap();
        let error = append(&path, ENTRY).unwrap_err().to_string();
        assert!(error.contains("`a` is there twice"), "{error}");
        assert_eq!(text(&path).unwrap(), first);
        append(&path, &ENTRY.replace("\"a\"", "\"b\"")).unwrap();
        let file = FleetFile::read(&path).unwrap();
        assert_eq!(file.chosen(&[]).unwrap().len(), 2);
        assert_eq!(file.chosen(&["b".to_owned()]).unwrap().len(), 1);
        let absent = file.chosen(&["c".to_owned()]).unwrap_err().to_string();
        assert!(absent.ends_with("has no router `c`"), "{absent}");
    }

    #[test]
    fn no_writer_loses_what_another_wrote_and_the_mode_stays() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fleet.toml");
        append(&path, ENTRY).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, private).unwrap();
        let fleet = FleetFile::read(&path).unwrap();
        std::thread::scope(|scope| {
            for number in 0..16_u8 {
                let (path, fleet) = (&path, &fleet);
                scope.spawn(move || {
                    let entry = ENTRY.replace("\"a\"", &format!("\"b{number}\""));
                    append(path, &entry).unwrap();
                    fleet.add_pin("a", KeyId::from([number; 32])).unwrap();
                });
            }
        });
        let again = FleetFile::read(&path).unwrap();
        assert_eq!(again.fleet.routers.len(), 17);
        assert!(!files::is_readable_by_others(&path));
    }

    #[test]
    fn a_pin_reaches_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fleet.toml");
        append(&path, ENTRY).unwrap();
        let pin = KeyId::from([3; 32]);
        FleetFile::read(&path).unwrap().add_pin("a", pin).unwrap();
        let again = FleetFile::read(&path).unwrap();
        assert_eq!(again.fleet.router("a").unwrap().pins, [pin]);
    }
}
