//! The log as lines of JSON or as PEM, and back: what outlives every program that reads it now.

use std::io::{self, BufRead, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca_store::files::{Files, SystemFiles};
use ca_store::{LogImport, StoreError, snapshot};
use ca_types::{Code, Hinted};
use ca_verify::{Certificate, Change, Entry};
use serde::{Deserialize, Serialize};

use crate::atomic::{
    AtomicWriteError, create_private_dir_by, is_temporary, parent_of, sync_dir_by, temporary_beside,
};
use crate::data_dir::DataDir;
use crate::grpc::describe;
use crate::lock::{DataDirLock, LockError};

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ExportFormat {
    /// One JSON document per leaf; `store import` makes the same log of them.
    Jsonl,
    /// All certificates in PEM, for other programs.
    Pem,
}

/// A log that was written or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Transferred {
    /// The identity of the log.
    pub log_id: String,
    /// How many leaves it has.
    pub leaves: u64,
    /// The root hash over them.
    pub root: String,
}

/// The first line of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    format: String,
    version: u32,
    log_id: String,
    leaves: u64,
    root: String,
}

/// One leaf of an export.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    leaf: u64,
    time: String,
    /// For people; `entry` says the same.
    changes: Vec<String>,
    /// The octets of the leaf in base64.
    entry: String,
}

#[derive(Deserialize)]
struct Beginning {
    format: String,
    version: u32,
}

const FORMAT: &str = "fleet-ca-log";
const VERSION: u32 = 1;
/// A leaf has at most 65 535 octets; its changes say less than it.
const LONGEST_LINE: u64 = 1 << 20;

/// Writes the log up to the leaf that is the last one now, beside a running server or without one.
///
/// # Errors
/// Fails when the log cannot be read, or `output` takes nothing.
pub fn export(
    data: &DataDir,
    format: ExportFormat,
    output: &mut dyn Write,
    progress: &dyn Fn(u64, u64),
) -> Result<Transferred, TransferError> {
    let found = snapshot(data.path(), &mut |_leaf, _entry| Ok(()))?;
    let head = Transferred {
        log_id: found.log_id.to_string(),
        leaves: found.head.size,
        root: ca_types::Fingerprint::from(found.head.root).to_string(),
    };
    if format == ExportFormat::Jsonl {
        let heading = Heading {
            format: FORMAT.to_owned(),
            version: VERSION,
            log_id: head.log_id.clone(),
            leaves: head.leaves,
            root: head.root.clone(),
        };
        line(output, &heading).map_err(TransferError::Output)?;
    }
    let mut failed = None;
    let read = snapshot(data.path(), &mut |leaf, entry| {
        if leaf >= head.leaves || failed.is_some() {
            return Ok(());
        }
        let written = match format {
            ExportFormat::Jsonl => write_line(output, leaf, &entry),
            ExportFormat::Pem => write_pem(output, leaf, &entry),
        };
        failed = written.err();
        progress(leaf + 1, head.leaves);
        Ok(())
    });
    if let Some(source) = failed {
        return Err(TransferError::Output(source));
    }
    read?;
    output.flush().map_err(TransferError::Output)?;
    Ok(head)
}

fn write_line(output: &mut dyn Write, leaf: u64, entry: &Entry) -> io::Result<()> {
    let octets = entry.to_der().map_err(io::Error::other)?;
    line(
        output,
        &Line {
            leaf,
            time: entry.time.to_string(),
            changes: entry.changes.iter().map(describe).collect(),
            entry: STANDARD.encode(octets),
        },
    )
}

fn line(output: &mut dyn Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *output, value)?;
    output.write_all(b"\n")
}

fn write_pem(output: &mut dyn Write, leaf: u64, entry: &Entry) -> io::Result<()> {
    for change in &entry.changes {
        let der = if let Change::Issued(issued) | Change::Recovered(issued) = change {
            &issued.certificate
        } else if let Change::IssuerAdded(added) = change {
            &added.certificate
        } else {
            continue;
        };
        let certificate = Certificate::from_der(der).map_err(io::Error::other)?;
        writeln!(output, "# leaf {leaf}: {}", describe(change))?;
        output.write_all(certificate.to_pem().as_bytes())?;
    }
    Ok(())
}

/// Makes the log of a data directory that has none from the lines of an export.
///
/// # Errors
/// Fails with the line that is not as it was written; no log is there then.
pub fn import(
    data: &DataDir,
    input: &mut dyn BufRead,
    progress: &dyn Fn(u64, u64),
) -> Result<Transferred, TransferError> {
    let files: Arc<dyn Files> = Arc::new(SystemFiles);
    import_by(&files, data, input, progress)
}

fn import_by(
    files: &Arc<dyn Files>,
    data: &DataDir,
    input: &mut dyn BufRead,
    progress: &dyn Fn(u64, u64),
) -> Result<Transferred, TransferError> {
    let log = data.path().join("log");
    if !data.path().exists() {
        create_private_dir_by(&**files, data.path())?;
        sync_dir_by(&**files, parent_of(data.path()))?;
    }
    let _lock = DataDirLock::take(data)?;
    if log.exists() {
        return Err(TransferError::NotEmpty { path: log });
    }
    remove_unfinished(&**files, data)?;
    // The one rename that makes it the log leaves nothing behind.
    let unfinished = Scratch {
        files: &**files,
        path: temporary_beside(&data.path().join(WORD)),
    };
    let head = read_lines((files, &unfinished.path), input, progress)?;
    files
        .rename(&unfinished.path, &log)
        .map_err(|source| AtomicWriteError::new("put in place", &log, source))?;
    sync_dir_by(&**files, data.path())?;
    Ok(head)
}

/// What stands in the name of a log that is not finished.
const WORD: &str = "import";

/// Removes what killed imports left; who calls it holds the lock of the data directory, so that none is under way.
fn remove_unfinished(files: &dyn Files, data: &DataDir) -> Result<(), AtomicWriteError> {
    let wrong = |action| move |source| AtomicWriteError::new(action, data.path(), source);
    let names = files.list(data.path()).map_err(wrong("read"))?;
    let log = data.path().join(WORD);
    for name in names.iter().filter(|name| is_temporary(name, &log)) {
        let path = data.path().join(name);
        files
            .remove_dir_all(&path)
            .map_err(|source| AtomicWriteError::new("remove", &path, source))?;
    }
    Ok(())
}

/// Removes what is left of an import.
struct Scratch<'f> {
    files: &'f dyn Files,
    path: PathBuf,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        // After a good end it has another name; before one, the cause is what is reported.
        drop(self.files.remove_dir_all(&self.path));
    }
}

fn read_lines(
    (files, log_dir): (&Arc<dyn Files>, &Path),
    input: &mut dyn BufRead,
    progress: &dyn Fn(u64, u64),
) -> Result<Transferred, TransferError> {
    let wrong = |line: u64, what: String| TransferError::Line { line, what };
    let first = next_line(input, 1)?.ok_or_else(|| wrong(1, "there is none".to_owned()))?;
    let beginning: Beginning =
        serde_json::from_slice(&first).map_err(|error| wrong(1, error.to_string()))?;
    if beginning.format != FORMAT {
        return Err(wrong(1, "it is not that of a Fleet CA export".to_owned()));
    }
    if beginning.version != VERSION {
        return Err(TransferError::Version(beginning.version));
    }
    let heading: Heading =
        serde_json::from_slice(&first).map_err(|error| wrong(1, error.to_string()))?;
    let id = u128::from_str_radix(&heading.log_id, 16)
        .map_err(|error| wrong(1, format!("log_id: {error}")))?;
    let mut log = LogImport::create(files, log_dir, id.to_be_bytes().into())?;
    for leaf in 0..heading.leaves {
        let number = leaf + 2;
        let octets = next_line(input, number)?
            .ok_or_else(|| wrong(number, format!("leaf {leaf} is missing")))?;
        let line: Line =
            serde_json::from_slice(&octets).map_err(|error| wrong(number, error.to_string()))?;
        if line.leaf != leaf {
            let what = format!("leaf {}, leaf {leaf} must stand here", line.leaf);
            return Err(wrong(number, what));
        }
        let octets = STANDARD
            .decode(&line.entry)
            .map_err(|error| wrong(number, error.to_string()))?;
        log.push(octets)
            .map_err(|error| wrong(number, error.to_string()))?;
        progress(leaf + 1, heading.leaves);
    }
    let last = heading.leaves + 2;
    if next_line(input, last)?.is_some() {
        return Err(wrong(
            last,
            "more follows than the first line says".to_owned(),
        ));
    }
    let head = log.finish()?;
    let root = ca_types::Fingerprint::from(head.root).to_string();
    if root != heading.root {
        return Err(wrong(
            1,
            "the leaves make another tree than it says".to_owned(),
        ));
    }
    Ok(Transferred {
        log_id: heading.log_id,
        leaves: head.size,
        root,
    })
}

fn next_line(input: &mut dyn BufRead, number: u64) -> Result<Option<Vec<u8>>, TransferError> {
    let mut line = Vec::new();
    input
        .take(LONGEST_LINE)
        .read_until(b'\n', &mut line)
        .map_err(TransferError::Input)?;
    match line.last() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(line)),
        Some(_) => Err(TransferError::Line {
            line: number,
            what: "it does not end, or is too long".to_owned(),
        }),
    }
}

/// Why a log is not written, or not made anew.
#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    /// The log.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The output.
    #[error("the export cannot be written: {0}")]
    Output(#[source] io::Error),
    /// The input.
    #[error("the export cannot be read: {0}")]
    Input(#[source] io::Error),
    /// A line that is not as it was written.
    #[error("line {line}: {what}")]
    Line {
        /// The line, counted from one.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// A newer build wrote it.
    #[error("export version {0}, this build knows version {VERSION}")]
    Version(u32),
    /// There is a log.
    #[error("{} is there: wanted a data directory without a log", path.display())]
    NotEmpty {
        /// The log.
        path: PathBuf,
    },
    /// A server runs.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A file.
    #[error(transparent)]
    Write(#[from] AtomicWriteError),
}

impl Hinted for TransferError {
    fn code(&self) -> Code {
        match self {
            Self::Store(error) => error.code(),
            Self::Lock(error) => error.code(),
            Self::Write(error) => error.code(),
            Self::Line { .. } | Self::NotEmpty { .. } => Code::InvalidRequest,
            Self::Output(_) | Self::Input(_) | Self::Version(_) => Code::FailedPrecondition,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Store(error) => return error.hint(),
            Self::Lock(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
            Self::Line { .. } => "make a new export with `ca-server store export`".to_owned(),
            Self::NotEmpty { .. } => {
                "name another directory; nothing is ever overwritten".to_owned()
            }
            Self::Version(_) => "take the build that wrote it, or a newer one".to_owned(),
            Self::Output(_) => "free some space, or look at the program behind the pipe".to_owned(),
            Self::Input(_) => "look at the file, or the program before the pipe".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::crash::{check_crashes, each_crash};
    use crate::init::tests::{make, options};

    fn quietly(_done: u64, _total: u64) {}

    /// The log is there as a whole, or the next import makes it.
    #[tokio::test]
    async fn a_crash_at_any_point_leaves_a_log_or_room_for_it() {
        let home = tempfile::tempdir().unwrap();
        let settings = make(&options(home.path())).await;
        let mut lines = Vec::new();
        export(&settings.data, ExportFormat::Jsonl, &mut lines, &quietly).unwrap();
        let import_into = |files: &Arc<dyn Files>, dir: &Path| {
            let data = DataDir::new(dir.join("data"));
            import_by(files, &data, &mut lines.as_slice(), &quietly)
        };
        check_crashes(40, &mut |files| {
            let home = tempfile::tempdir().unwrap();
            let traced: Arc<dyn Files> = Arc::new(files.clone());
            let wanted = import_into(&traced, home.path()).unwrap();
            each_crash(&files, (home.path(), 20), &|_new| {}, &mut |found| {
                let data = DataDir::new(found.dir.join("data"));
                if data.path().join("log").exists() {
                    let mut copy = Vec::new();
                    let copied = export(&data, ExportFormat::Jsonl, &mut copy, &quietly);
                    copied.map_err(|error| error.to_string())?;
                    if copy != lines {
                        return Err("the log is another".to_owned());
                    }
                    // The locks of a test are not traced.
                    if fs::read_dir(data.path()).unwrap().count() != 1 {
                        return Err("more than the log is left".to_owned());
                    }
                } else if found.is_done {
                    return Err("the log is gone".to_owned());
                } else if found.number.is_multiple_of(8) {
                    let system: Arc<dyn Files> = Arc::new(SystemFiles);
                    let made = import_into(&system, found.dir);
                    assert_eq!(made.map_err(|error| error.to_string())?, wanted);
                }
                Ok(())
            })
        });
    }
}
