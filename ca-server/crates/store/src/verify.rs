//! Looking through a whole log for damage, and saving what is sound.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ca_verify::{Entry, EntryError, Frontier, leaf_hash};

use crate::files::{Files, SystemFiles, parent_of};
use crate::log::{
    self, AppendError, Appender, Behind, Log, Place, Segment, file_error, known_segments, length,
    next_record, scan, segments,
};
use crate::{LogId, StoreError, TornTail};

/// What [`verify_log`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogVerdict {
    /// The log.
    pub log_id: LogId,
    /// How many segments there are.
    pub segments: usize,
    /// How many octets they have.
    pub octets: u64,
    /// How many leaves are sound.
    pub leaves: u64,
    /// How many of them stand before the first damage: those that a salvage keeps in order.
    pub leaves_before_damage: u64,
    /// Every damage, in the order of the log.
    pub damages: Vec<Damage>,
    /// A torn end, which is no damage; beside a running server it may be a write under way.
    pub torn: Option<TornTail>,
}

/// A place in the log that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment file.
    pub path: PathBuf,
    /// Where in the file.
    pub offset: u64,
    /// What is wrong there.
    pub what: String,
}

/// A sound leaf.
#[derive(Debug, Clone, Copy)]
pub struct SoundLeaf<'a> {
    /// Its index.
    pub leaf: u64,
    /// Its octets.
    pub octets: &'a [u8],
    /// Whether every leaf before is sound too.
    pub is_in_order: bool,
}

/// Reads the whole log of a data directory, past every damage, and hands over each sound leaf.
///
/// It takes no lock and changes nothing, so that it can be used beside a running server.
///
/// # Errors
/// Fails when there is no log, a file cannot be read, a format is newer, and when `visit` does.
pub fn verify_log(
    dir: &Path,
    visit: &mut dyn FnMut(SoundLeaf<'_>) -> Result<(), StoreError>,
) -> Result<LogVerdict, StoreError> {
    let files = SystemFiles;
    let (segments, damages) = known_segments(&files, &dir.join("log"))?;
    let mut look = Look {
        frontier: Frontier::new(),
        next: 0,
        is_in_order: true,
        verdict: LogVerdict {
            log_id: identity(&segments),
            segments: segments.len(),
            octets: 0,
            leaves: 0,
            leaves_before_damage: 0,
            damages: Vec::new(),
            torn: None,
        },
        visit,
    };
    for (place, segment) in segments.iter().enumerate() {
        look.segment(&files, segment, segments.get(place + 1), &damages)?;
    }
    Ok(look.verdict)
}

fn identity(segments: &[Segment]) -> LogId {
    segments
        .first()
        .map_or_else(|| [0; 16].into(), |segment| segment.header.log_id)
}

/// How far the reading has come.
struct Look<'v> {
    frontier: Frontier,
    /// The leaf that must come next.
    next: u64,
    /// Nothing was damaged so far.
    is_in_order: bool,
    verdict: LogVerdict,
    visit: &'v mut dyn FnMut(SoundLeaf<'_>) -> Result<(), StoreError>,
}

impl Look<'_> {
    fn note(&mut self, segment: &Segment, offset: u64, what: String) {
        self.is_in_order = false;
        self.verdict.damages.push(Damage {
            path: segment.path.clone(),
            offset,
            what,
        });
    }

    fn segment(
        &mut self,
        files: &dyn Files,
        segment: &Segment,
        following: Option<&Segment>,
        headers: &[Damage],
    ) -> Result<(), StoreError> {
        let first = segment.header.first_leaf;
        let header = headers.iter().find(|damage| damage.path == segment.path);
        if first > self.next {
            let what = format!("leaves {} to {} are missing", self.next, first - 1);
            self.note(segment, 0, what);
        }
        if let Some(damage) = header {
            self.note(segment, 0, damage.what.clone());
        } else if self.is_in_order && segment.follows(&self.frontier).is_err() {
            let what = "the leaves before are not those that the segment was begun behind";
            self.note(segment, 0, what.to_owned());
        }
        let file = files
            .open(&segment.path)
            .map_err(segment.cannot("open the segment"))?;
        let octets = file
            .octets()
            .map_err(segment.cannot("measure the segment"))?;
        self.verdict.octets += octets;
        let mut from = Place::begin(segment);
        loop {
            let scan = scan(&*file, segment, from, u64::MAX, &mut |found| {
                self.take(segment, found.offset, found.leaf, found.octets)
            })?;
            self.next = scan.end.leaf;
            let Some(fault) = scan.fault else {
                break;
            };
            let offset = scan.end.offset;
            match (next_record(&*file, segment, scan.end, octets)?, following) {
                (Behind::Nothing | Behind::SameGroup(_), None) => {
                    self.verdict.torn = Some(TornTail {
                        segment: segment.path.clone(),
                        offset,
                        octets: octets.saturating_sub(offset),
                        kept: None,
                    });
                    break;
                }
                (Behind::Nothing, Some(following)) => {
                    let (first, next) = (scan.end.leaf, following.header.first_leaf);
                    let what = format!("{fault}; leaves {first} to {} are lost", next - 1);
                    self.note(segment, offset, what);
                    self.next = next;
                    break;
                }
                (Behind::SameGroup(next), Some(_)) | (Behind::Later(next), _) => {
                    let (first, last) = (scan.end.leaf, next.leaf - 1);
                    let what = format!("{fault}; leaves {first} to {last} are lost");
                    self.note(segment, offset, what);
                    from = next;
                }
            }
        }
        Ok(())
    }

    fn take(
        &mut self,
        segment: &Segment,
        offset: u32,
        leaf: u64,
        octets: &[u8],
    ) -> Result<(), StoreError> {
        if let Err(source) = Entry::from_der(octets) {
            if matches!(source, EntryError::Format(_)) {
                return Err(segment.of_newer_format(leaf, &source));
            }
            self.note(segment, u64::from(offset), format!("leaf {leaf}: {source}"));
            return Ok(());
        }
        self.verdict.leaves += 1;
        if self.is_in_order {
            self.frontier.push(leaf_hash(octets));
            self.verdict.leaves_before_damage += 1;
        }
        (self.visit)(SoundLeaf {
            leaf,
            octets,
            is_in_order: self.is_in_order,
        })
    }
}

/// What [`salvage`] saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salvaged {
    /// What was found.
    pub verdict: LogVerdict,
    /// The file with the sound leaves behind the first damage, in DER one after the other; none without damage.
    pub behind: Option<PathBuf>,
}

/// Writes a new log into `out`, a directory that must not exist, by way of these files: the leaves before the first
/// damage, in order.
///
/// The sound leaves behind cannot follow in a log, since their numbers are in no tree with them; they are kept in a
/// file of their own. The damaged log is only read.
///
/// # Errors
/// Fails as [`verify_log`] does, when `out` exists, and when a file cannot be written.
pub fn salvage(
    files: &Arc<dyn Files>,
    dir: &Path,
    out: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<Salvaged, StoreError> {
    let (damaged, _headers) = known_segments(&**files, &dir.join("log"))?;
    let id = identity(&damaged);
    files
        .create_dir(out)
        .map_err(file_error(out, "make the directory"))?;
    log::create(&**files, &out.join("log"), id)?;
    let mut saved = Saved::begin(files, &out.join("log"))?;
    let path = out.join(BEHIND);
    let (mut behind, mut end) = (None, 0);
    let verdict = verify_log(dir, &mut |sound| {
        progress(sound.leaf + 1);
        if sound.is_in_order {
            return saved.push(sound.octets);
        }
        if behind.is_none() {
            let made = files.create(&path);
            behind = Some(made.map_err(file_error(&path, "make the file"))?);
        }
        if let Some(file) = &behind {
            file.write_at(end, sound.octets)
                .map_err(file_error(&path, "write the file"))?;
        }
        end += length(sound.octets.len());
        Ok(())
    })?;
    saved.write()?;
    if let Some(file) = &behind {
        file.sync_data()
            .map_err(file_error(&path, "sync the file"))?;
    }
    for dir in [out, parent_of(out)] {
        files
            .sync_dir(dir)
            .map_err(file_error(dir, "sync the directory"))?;
    }
    Ok(Salvaged {
        verdict,
        behind: behind.map(|_file| path),
    })
}

/// The new log.
struct Saved {
    appender: Appender,
    frontier: Frontier,
    /// The root hash over the leaves before the group.
    root: [u8; 32],
    group: Vec<Vec<u8>>,
}

impl Saved {
    fn begin(files: &Arc<dyn Files>, log_dir: &Path) -> Result<Self, StoreError> {
        let segments = segments(&**files, log_dir)?;
        let (Some(segment), Some(log)) = (
            segments.last().cloned(),
            Log::new(Arc::clone(files), log_dir.to_owned(), segments),
        ) else {
            return Err(StoreError::Closed);
        };
        let file = files
            .open_writable(&segment.path)
            .map_err(segment.cannot("open the segment"))?;
        let begin = Place::begin(&segment);
        let appender = Appender::new(
            Arc::new(log),
            (segment, file),
            (begin.leaf, begin.offset),
            (SEGMENT_OCTETS, crate::RESERVE_OCTETS),
        )?;
        let frontier = Frontier::new();
        Ok(Self {
            appender,
            root: frontier.root(),
            frontier,
            group: Vec::new(),
        })
    }

    fn push(&mut self, leaf: &[u8]) -> Result<(), StoreError> {
        self.frontier.push(leaf_hash(leaf));
        self.group.push(leaf.to_vec());
        if self.group.len() < GROUP {
            return Ok(());
        }
        self.write()
    }

    fn write(&mut self) -> Result<(), StoreError> {
        let leaves: Vec<&[u8]> = self.group.iter().map(Vec::as_slice).collect();
        if leaves.is_empty() {
            return Ok(());
        }
        match self.appender.append(&leaves, self.root) {
            Ok(_offsets) => {}
            Err(AppendError::Full(error) | AppendError::Broken(error)) => return Err(error),
        }
        self.group.clear();
        self.root = self.frontier.root();
        Ok(())
    }
}

/// How many leaves are synced together.
const GROUP: usize = 256;
const SEGMENT_OCTETS: u64 = 64 << 20;
const BEHIND: &str = "leaves-behind-the-damage.der";
