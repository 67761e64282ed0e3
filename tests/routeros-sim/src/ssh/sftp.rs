//! SFTP, version 3 (draft-ietf-secsh-filexfer-02).

pub mod packet;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use self::packet::{Attributes, Name, Request, Response, Splitter, Status};
use super::disk::{Disk, DiskError, Entry, resolve};
use crate::router::Router;

/// A session of one client.
#[derive(Debug)]
struct Session {
    disk: Disk,
    open: BTreeMap<u32, Open>,
    next: u32,
    is_cut: bool,
}

/// What a handle stands for.
#[derive(Debug)]
enum Open {
    Reading(Vec<u8>),
    /// A file is whole when it is closed.
    Writing {
        name: String,
        contents: Vec<u8>,
    },
    /// What of a directory is still to be told.
    Listing(Vec<Entry>),
}

/// Answers the packets of a user until the client leaves.
pub async fn serve<S>(router: Arc<Router>, user: String, mut stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut session = Session {
        disk: Disk::new(router, user),
        open: BTreeMap::new(),
        next: 0,
        is_cut: false,
    };
    let mut splitter = Splitter::default();
    let mut octets = vec![0; 1 << 16];
    loop {
        while let Some(packet) = splitter.next_packet().map_err(io::Error::other)? {
            let (id, request) = packet::decode(&packet).map_err(io::Error::other)?;
            let response = session.answer(request);
            if session.is_cut {
                return Err(io::Error::other("cut"));
            }
            stream.write_all(&packet::encode(id, &response)).await?;
        }
        stream.flush().await?;
        let count = stream.read(&mut octets).await?;
        if count == 0 {
            return Ok(());
        }
        splitter.push(&octets[..count]);
    }
}

impl Session {
    fn answer(&mut self, request: Request<'_>) -> Response {
        let done = match request {
            Request::Init => return Response::Version,
            Request::Extended | Request::Unknown => return Response::Status(Status::Unsupported),
            Request::Realpath { path } => {
                let path = resolve(&text(path));
                return Response::Names(vec![Name::bare(format!("/{path}"))]);
            }
            Request::Open { path, flags } => self.open(&resolve(&text(path)), flags),
            Request::Opendir { path } => {
                let listed = self.disk.list(&resolve(&text(path)));
                listed.map(|entries| self.hand_out(Open::Listing(entries)))
            }
            Request::Readdir { handle } => return self.read_directory(handle),
            Request::Read {
                handle,
                offset,
                length,
            } => return self.read(handle, offset, length),
            Request::Write {
                handle,
                offset,
                data,
            } => self.write(handle, offset, data),
            Request::Close { handle } => self.close(handle),
            Request::Stat { path } => {
                let entry = self.disk.stat(&resolve(&text(path)));
                entry.map(|entry| Response::Attributes(attributes(&entry)))
            }
            Request::Fstat { handle } => return self.stat_open(handle),
            Request::Setstat { path } => self
                .disk
                .stat(&resolve(&text(path)))
                .map(|_| Response::Status(Status::Ok)),
            Request::Fsetstat { handle } => match self.known(handle) {
                Some(_) => Ok(Response::Status(Status::Ok)),
                None => return bad_handle(),
            },
            Request::Remove { path } => self.disk.remove(&resolve(&text(path)), false).map(ok),
            Request::Rmdir { path } => self.disk.remove(&resolve(&text(path)), true).map(ok),
            Request::Mkdir { path } => self.disk.make_directory(&resolve(&text(path))).map(ok),
            Request::Rename { from, to } => {
                let (from, to) = (resolve(&text(from)), resolve(&text(to)));
                self.disk.rename(&from, &to).map(ok)
            }
        };
        done.unwrap_or_else(|error| Response::Status(status(error)))
    }

    fn open(&mut self, name: &str, flags: u32) -> Result<Response, DiskError> {
        if flags & packet::WRITE == 0 {
            let octets = self.disk.read(name)?;
            return Ok(self.hand_out(Open::Reading(octets)));
        }
        self.disk.may_write(name, 0)?;
        let there = self.disk.stat(name).is_ok();
        if there && flags & packet::EXCLUSIVE != 0 {
            return Err(DiskError::Taken);
        }
        if !there && flags & packet::CREATE == 0 {
            return Err(DiskError::Absent);
        }
        let keeps = there && flags & packet::TRUNCATE == 0;
        let contents = if keeps {
            self.disk.read(name)?
        } else {
            Vec::new()
        };
        let name = name.to_owned();
        Ok(self.hand_out(Open::Writing { name, contents }))
    }

    fn hand_out(&mut self, open: Open) -> Response {
        if self.open.len() >= MOST_HANDLES {
            return Response::Status(Status::Failure);
        }
        let handle = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(handle, open);
        Response::Handle(handle)
    }

    fn known(&mut self, handle: &[u8]) -> Option<&mut Open> {
        self.open.get_mut(&packet::handle(handle)?)
    }

    fn read_directory(&mut self, handle: &[u8]) -> Response {
        let Some(Open::Listing(entries)) = self.known(handle) else {
            return bad_handle();
        };
        if entries.is_empty() {
            return Response::Status(Status::End);
        }
        let some = entries.len().min(ENTRIES_AT_ONCE);
        let names = entries.drain(..some).map(|entry| Name {
            attributes: attributes(&entry),
            long: long_name(&entry),
            name: entry.name,
        });
        Response::Names(names.collect())
    }

    fn read(&mut self, handle: &[u8], offset: u64, length: u32) -> Response {
        let (Some(Open::Reading(octets)), Ok(offset)) = (self.known(handle), offset.try_into())
        else {
            return bad_handle();
        };
        let rest = octets
            .get::<std::ops::RangeFrom<usize>>(offset..)
            .unwrap_or_default();
        let length = (length as usize).min(packet::LONGEST_DATA).min(rest.len());
        match &rest[..length] {
            [] => Response::Status(Status::End),
            data => Response::Data(data.to_vec()),
        }
    }

    fn write(&mut self, handle: &[u8], offset: u64, data: &[u8]) -> Result<Response, DiskError> {
        let disk = self.disk.clone();
        let Some(Open::Writing { name, contents }) = self.known(handle) else {
            return Ok(bad_handle());
        };
        let offset = usize::try_from(offset).map_err(|_| DiskError::Full)?;
        let end = offset.checked_add(data.len()).ok_or(DiskError::Full)?;
        disk.may_write(name, end.max(contents.len()))?;
        if contents.len() < end {
            contents.resize(end, 0);
        }
        contents[offset..end].copy_from_slice(data);
        Ok(Response::Status(Status::Ok))
    }

    fn close(&mut self, handle: &[u8]) -> Result<Response, DiskError> {
        match packet::handle(handle).and_then(|handle| self.open.remove(&handle)) {
            None => Ok(bad_handle()),
            Some(Open::Writing { name, contents }) => {
                let written = self.disk.write(&name, contents);
                self.is_cut = written == Err(DiskError::Cut);
                written.map(ok)
            }
            Some(_) => Ok(Response::Status(Status::Ok)),
        }
    }

    fn stat_open(&mut self, handle: &[u8]) -> Response {
        let (directory, size) = match self.known(handle) {
            None => return bad_handle(),
            Some(Open::Reading(contents) | Open::Writing { contents, .. }) => {
                (false, contents.len() as u64)
            }
            Some(Open::Listing(_)) => (true, 0),
        };
        Response::Attributes(Attributes {
            directory,
            size,
            changed: 0,
        })
    }
}

fn ok((): ()) -> Response {
    Response::Status(Status::Ok)
}

fn bad_handle() -> Response {
    Response::Status(Status::Failure)
}

fn status(error: DiskError) -> Status {
    match error {
        DiskError::Absent => Status::Absent,
        DiskError::Denied => Status::Denied,
        DiskError::Full | DiskError::Taken | DiskError::WrongKind | DiskError::Cut => {
            Status::Failure
        }
    }
}

fn attributes(entry: &Entry) -> Attributes {
    Attributes {
        directory: entry.directory,
        size: entry.size,
        changed: u32::try_from(entry.changed).unwrap_or_default(),
    }
}

fn long_name(entry: &Entry) -> String {
    let kind = if entry.directory {
        "drwxr-xr-x"
    } else {
        "-rw-r--r--"
    };
    format!(
        "{kind}    1 root     root     {:>8} Jan  1 00:00 {}",
        entry.size, entry.name
    )
}

fn text(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).into_owned()
}

const MOST_HANDLES: usize = 64;
const ENTRIES_AT_ONCE: usize = 64;
