//! The one form in which a backup is a tar (POSIX ustar): its manifest decides every octet of it.

use std::io::{self, Read, Write};

use tar::{EntryType, Header};

use super::BackupError;
use super::manifest::{CHECKSUM, LARGEST_MANIFEST, MANIFEST, Manifest, checksum_line};

/// Builds the header of a member.
fn header(name: &str, octets: u64, created: u64) -> Result<Header, BackupError> {
    let mut header = Header::new_ustar();
    let path = format!("{TOP}{name}");
    header
        .set_path(path)
        .map_err(|source| BackupError::unsound(name, source.to_string()))?;
    header.set_size(octets);
    header.set_mode(0o600);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(created);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

fn seconds(manifest: &Manifest) -> u64 {
    u64::try_from(manifest.created).unwrap_or(0)
}

/// Writes a backup member by member.
pub(super) struct ArchiveWriter<W: Write> {
    builder: tar::Builder<W>,
    created: u64,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins with the manifest and its checksum.
    pub(super) fn begin(output: W, manifest: &Manifest) -> Result<Self, BackupError> {
        let mut writer = Self {
            builder: tar::Builder::new(output),
            created: seconds(manifest),
        };
        let octets = manifest.to_octets()?;
        writer.member(MANIFEST, length(&octets), &mut octets.as_slice())?;
        let checksum = checksum_line(&octets);
        writer.member(CHECKSUM, length(&checksum), &mut checksum.as_slice())?;
        Ok(writer)
    }

    pub(super) fn member(
        &mut self,
        name: &str,
        octets: u64,
        content: &mut dyn Read,
    ) -> Result<(), BackupError> {
        let header = header(name, octets, self.created)?;
        self.builder
            .append(&header, content)
            .map_err(BackupError::Output)
    }

    pub(super) fn finish(self) -> Result<W, BackupError> {
        let mut output = self.builder.into_inner().map_err(BackupError::Output)?;
        output.flush().map_err(BackupError::Output)?;
        Ok(output)
    }
}

/// Reads a backup; whatever stands otherwise than it was written is refused.
pub(super) struct ArchiveReader<'r> {
    input: &'r mut dyn Read,
    created: u64,
}

impl<'r> ArchiveReader<'r> {
    /// Reads manifest and checksum.
    pub(super) fn begin(input: &'r mut dyn Read) -> Result<(Self, Manifest), BackupError> {
        let mut reader = Self { input, created: 0 };
        let first = reader.block(MANIFEST)?;
        let foreign = || BackupError::Foreign;
        let found = Header::from_byte_slice(&first);
        let octets = found.size().map_err(|_no_number| foreign())?;
        reader.created = found.mtime().map_err(|_no_number| foreign())?;
        if *header(MANIFEST, octets, reader.created)?.as_bytes() != first {
            return Err(foreign());
        }
        if octets > LARGEST_MANIFEST {
            return Err(BackupError::unsound(MANIFEST, "it is too long"));
        }
        let manifest_octets = reader.small(MANIFEST, octets)?;
        let checksum = checksum_line(&manifest_octets);
        reader.expect(CHECKSUM, length(&checksum))?;
        if reader.small(CHECKSUM, length(&checksum))? != checksum {
            return Err(BackupError::unsound(MANIFEST, "it was changed"));
        }
        let manifest = Manifest::from_octets(&manifest_octets)?;
        if seconds(&manifest) != reader.created {
            return Err(BackupError::unsound(MANIFEST, "its header was changed"));
        }
        Ok((reader, manifest))
    }

    /// Reads the header of a member, which must be the one that the manifest makes of it.
    pub(super) fn expect(&mut self, name: &str, octets: u64) -> Result<(), BackupError> {
        let wanted = header(name, octets, self.created)?;
        if *wanted.as_bytes() == self.block(name)? {
            return Ok(());
        }
        Err(BackupError::unsound(name, "its header was changed"))
    }

    /// Returns a reader of the content of a member.
    pub(super) fn content(&mut self, octets: u64) -> io::Take<&mut dyn Read> {
        let input: &mut dyn Read = &mut *self.input;
        input.take(octets)
    }

    /// Reads a whole member and what fills its last block.
    pub(super) fn small(&mut self, name: &str, octets: u64) -> Result<Vec<u8>, BackupError> {
        let mut content = Vec::new();
        self.content(octets)
            .read_to_end(&mut content)
            .map_err(BackupError::Input)?;
        if length(&content) != octets {
            return Err(BackupError::Short);
        }
        self.padding(name, octets)?;
        Ok(content)
    }

    /// Reads what fills the last block of a member: zeros.
    pub(super) fn padding(&mut self, name: &str, octets: u64) -> Result<(), BackupError> {
        let more = octets.next_multiple_of(BLOCK).saturating_sub(octets);
        let mut padding = Vec::new();
        self.content(more)
            .read_to_end(&mut padding)
            .map_err(BackupError::Input)?;
        if length(&padding) != more {
            return Err(BackupError::Short);
        }
        if padding.iter().any(|octet| *octet != 0) {
            return Err(BackupError::unsound(
                name,
                "the octets behind it were changed",
            ));
        }
        Ok(())
    }

    /// Reads the end: two blocks of zeros, and nothing behind them.
    pub(super) fn end(mut self) -> Result<(), BackupError> {
        let blocks = [self.block(END)?, self.block(END)?];
        if blocks.as_flattened().iter().any(|octet| *octet != 0) {
            return Err(BackupError::unsound(
                END,
                "more follows than the manifest names",
            ));
        }
        let mut more = [0; 1];
        loop {
            match self.input.read(&mut more) {
                Ok(0) => return Ok(()),
                Ok(_) => return Err(BackupError::unsound(END, "octets follow behind it")),
                Err(source) if source.kind() == io::ErrorKind::Interrupted => {}
                Err(source) => return Err(BackupError::Input(source)),
            }
        }
    }

    fn block(&mut self, name: &str) -> Result<[u8; 512], BackupError> {
        let mut block = [0; 512];
        match self.input.read_exact(&mut block) {
            Ok(()) => Ok(block),
            Err(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                Err(if name == MANIFEST {
                    BackupError::Foreign
                } else {
                    BackupError::Short
                })
            }
            Err(source) => Err(BackupError::Input(source)),
        }
    }
}

fn length(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// Everything lies below one directory, so that `tar x` does not litter.
const TOP: &str = "fleet-ca-backup/";
const END: &str = "end";
const BLOCK: u64 = 512;
