//! Packets of SFTP: what a client asks, and what it is answered.

use std::fmt;

/// What a client asks; paths and handles are octets of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the draft")]
pub enum Request<'a> {
    Init,
    Open {
        path: &'a [u8],
        flags: u32,
    },
    Close {
        handle: &'a [u8],
    },
    Read {
        handle: &'a [u8],
        offset: u64,
        length: u32,
    },
    Write {
        handle: &'a [u8],
        offset: u64,
        data: &'a [u8],
    },
    Stat {
        path: &'a [u8],
    },
    Fstat {
        handle: &'a [u8],
    },
    Setstat {
        path: &'a [u8],
    },
    Fsetstat {
        handle: &'a [u8],
    },
    Opendir {
        path: &'a [u8],
    },
    Readdir {
        handle: &'a [u8],
    },
    Remove {
        path: &'a [u8],
    },
    Mkdir {
        path: &'a [u8],
    },
    Rmdir {
        path: &'a [u8],
    },
    Realpath {
        path: &'a [u8],
    },
    Rename {
        from: &'a [u8],
        to: &'a [u8],
    },
    Extended,
    Unknown,
}

/// What a client is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the draft")]
pub enum Response {
    Version,
    Status(Status),
    Handle(u32),
    Data(Vec<u8>),
    Names(Vec<Name>),
    Attributes(Attributes),
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the draft")]
pub enum Status {
    Ok,
    End,
    Absent,
    Denied,
    Failure,
    Unsupported,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub name: String,
    /// The line of `ls -l`.
    pub long: String,
    /// What is known of it.
    pub attributes: Attributes,
}

/// What is known of a file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attributes {
    /// Whether it is a directory.
    pub directory: bool,
    /// Its octets.
    pub size: u64,
    /// Seconds since 1970.
    pub changed: u32,
}

/// A packet that is not one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a packet of SFTP")
    }
}

impl std::error::Error for Malformed {}

impl Name {
    /// A name of which nothing else is told.
    pub fn bare(name: String) -> Self {
        Self {
            long: name.clone(),
            name,
            attributes: Attributes::default(),
        }
    }
}

/// Cuts what comes in into packets.
#[derive(Debug, Default)]
pub struct Splitter(Vec<u8>);

impl Splitter {
    /// Adds what came.
    pub fn push(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    /// The next whole packet, without its length.
    pub fn next_packet(&mut self) -> Result<Option<Vec<u8>>, Malformed> {
        let Some((head, rest)) = self.0.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*head) as usize;
        if length == 0 || length > LONGEST_PACKET {
            return Err(Malformed);
        }
        let Some(packet) = rest.get(..length) else {
            return Ok(None);
        };
        let packet = packet.to_vec();
        self.0.drain(..4 + length);
        Ok(Some(packet))
    }
}

/// Reads a packet: its number, and what is asked.
pub fn decode(packet: &[u8]) -> Result<(u32, Request<'_>), Malformed> {
    let (&kind, rest) = packet.split_first().ok_or(Malformed)?;
    let mut reader = Reader(rest);
    let id = reader.number()?;
    let request = match kind {
        1 => return Ok((id, Request::Init)),
        3 => Request::Open {
            path: reader.string()?,
            flags: reader.number()?,
        },
        4 => Request::Close {
            handle: reader.string()?,
        },
        5 => Request::Read {
            handle: reader.string()?,
            offset: reader.long()?,
            length: reader.number()?,
        },
        6 => Request::Write {
            handle: reader.string()?,
            offset: reader.long()?,
            data: reader.string()?,
        },
        7 | 17 => Request::Stat {
            path: reader.string()?,
        },
        8 => Request::Fstat {
            handle: reader.string()?,
        },
        9 => Request::Setstat {
            path: reader.string()?,
        },
        10 => Request::Fsetstat {
            handle: reader.string()?,
        },
        11 => Request::Opendir {
            path: reader.string()?,
        },
        12 => Request::Readdir {
            handle: reader.string()?,
        },
        13 => Request::Remove {
            path: reader.string()?,
        },
        14 => Request::Mkdir {
            path: reader.string()?,
        },
        15 => Request::Rmdir {
            path: reader.string()?,
        },
        16 => Request::Realpath {
            path: reader.string()?,
        },
        18 => Request::Rename {
            from: reader.string()?,
            to: reader.string()?,
        },
        200 => Request::Extended,
        _ => Request::Unknown,
    };
    Ok((id, request))
}

/// Writes an answer, with its length.
pub fn encode(id: u32, response: &Response) -> Vec<u8> {
    let mut body = Vec::new();
    let mut begin = |kind: u8| {
        body.push(kind);
        body.extend(id.to_be_bytes());
    };
    match response {
        Response::Version => body.extend([2, 0, 0, 0, 3]),
        Response::Status(status) => {
            begin(101);
            let (code, text) = status.said();
            body.extend(code.to_be_bytes());
            string(&mut body, text.as_bytes());
            string(&mut body, b"");
        }
        Response::Handle(handle) => {
            begin(102);
            string(&mut body, &handle.to_be_bytes());
        }
        Response::Data(data) => {
            begin(103);
            string(&mut body, data);
        }
        Response::Names(names) => {
            begin(104);
            body.extend(u32::try_from(names.len()).unwrap_or_default().to_be_bytes());
            for name in names {
                string(&mut body, name.name.as_bytes());
                string(&mut body, name.long.as_bytes());
                name.attributes.write(&mut body);
            }
        }
        Response::Attributes(attributes) => {
            begin(105);
            attributes.write(&mut body);
        }
    }
    let mut packet = u32::try_from(body.len())
        .unwrap_or_default()
        .to_be_bytes()
        .to_vec();
    packet.append(&mut body);
    packet
}

/// The number in a handle of ours.
pub fn handle(octets: &[u8]) -> Option<u32> {
    octets.try_into().map(u32::from_be_bytes).ok()
}

impl Status {
    fn said(self) -> (u32, &'static str) {
        match self {
            Self::Ok => (0, "ok"),
            Self::End => (1, "end of file"),
            Self::Absent => (2, "no such file"),
            Self::Denied => (3, "permission denied"),
            Self::Failure => (4, "failure"),
            Self::Unsupported => (8, "operation unsupported"),
        }
    }
}

impl Attributes {
    fn write(&self, body: &mut Vec<u8>) {
        let mode: u32 = if self.directory { 0o040_755 } else { 0o100_644 };
        body.extend((HAS_SIZE | HAS_MODE | HAS_TIMES).to_be_bytes());
        body.extend(self.size.to_be_bytes());
        body.extend(mode.to_be_bytes());
        body.extend(self.changed.to_be_bytes());
        body.extend(self.changed.to_be_bytes());
    }
}

fn string(body: &mut Vec<u8>, octets: &[u8]) {
    body.extend(
        u32::try_from(octets.len())
            .unwrap_or_default()
            .to_be_bytes(),
    );
    body.extend(octets);
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Result<u32, Malformed> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*head))
    }

    fn long(&mut self) -> Result<u64, Malformed> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Malformed)?;
        self.0 = rest;
        Ok(u64::from_be_bytes(*head))
    }

    fn string(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.number()? as usize;
        let (octets, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(octets)
    }
}

/// Flags of `open`.
pub const WRITE: u32 = 2;
/// Make the file when it is missing.
pub const CREATE: u32 = 8;
/// Forget what it holds.
pub const TRUNCATE: u32 = 16;
/// Refuse when it is there.
pub const EXCLUSIVE: u32 = 32;
/// The most data in one answer.
pub const LONGEST_DATA: usize = 1 << 15;
const LONGEST_PACKET: usize = (1 << 18) + 1_024;
const HAS_SIZE: u32 = 1;
const HAS_MODE: u32 = 4;
const HAS_TIMES: u32 = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_read_whatever_pieces_it_comes_in() {
        let packet = [&[0, 0, 0, 12, 18, 0, 0, 0, 7][..], &[0, 0, 0, 3], b"a/b"].concat();
        let mut splitter = Splitter::default();
        for octet in &packet {
            assert_eq!(splitter.next_packet(), Ok(None));
            splitter.push(&[*octet]);
        }
        let whole = splitter.next_packet().unwrap().unwrap();
        assert_eq!(decode(&whole), Err(Malformed), "a rename wants two paths");
        let remove = [&[13][..], &whole[1..]].concat();
        let request = Request::Remove { path: b"a/b" };
        assert_eq!(decode(&remove), Ok((7, request)));
        splitter.push(&[0xff; 4]);
        assert_eq!(splitter.next_packet(), Err(Malformed));
    }

    #[test]
    fn lengths_that_lie_are_refused() {
        for packet in [
            &[][..],
            &[1],
            &[6, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
            &[5, 0, 0, 0, 1, 0, 0],
        ] {
            assert_eq!(decode(packet), Err(Malformed), "{packet:?}");
        }
    }
}
