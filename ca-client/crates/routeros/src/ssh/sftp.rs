//! One file over SFTP, version 3 (draft-ietf-secsh-filexfer-02).

use russh::Channel;
use russh::client::Msg;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use zeroize::Zeroizing;

use crate::{Call, RouterError};

/// Writes a file.
pub(super) async fn upload(
    call: &Call<'_>,
    channel: Channel<Msg>,
    name: &str,
    content: &[u8],
) -> Result<(), RouterError> {
    let closed = |_error| RouterError::closed(call);
    // Nothing is sent before the router agreed: without the policy `ftp` it does not.
    channel
        .request_subsystem(true, "sftp")
        .await
        .map_err(closed)?;
    let mut channel = channel;
    loop {
        match channel.wait().await {
            Some(russh::ChannelMsg::Success) => break,
            Some(russh::ChannelMsg::Failure) => {
                return Err(RouterError::forbidden(call));
            }
            Some(_) => {}
            None => return Err(RouterError::closed(call)),
        }
    }
    let mut session = Session {
        call,
        stream: channel.into_stream(),
        number: 0,
    };
    session.send(INIT, &3_u32.to_be_bytes()).await?;
    let (kind, _) = session.receive().await?;
    if kind != VERSION {
        return Err(session.unreadable());
    }
    let open = [
        &string(name.as_bytes())[..],
        &(WRITE | CREATE | TRUNCATE).to_be_bytes(),
        &0_u32.to_be_bytes(),
    ]
    .concat();
    let handle = session.ask(OPEN, &open).await?;
    let Some(handle) = handle else {
        return Err(session.unreadable());
    };
    let mut offset = 0_u64;
    for chunk in content.chunks(CHUNK) {
        let mut body = Zeroizing::new(Vec::with_capacity(handle.len() + CHUNK + 16));
        body.extend_from_slice(&handle);
        body.extend_from_slice(&offset.to_be_bytes());
        let size = length(chunk);
        body.extend_from_slice(&size);
        body.extend_from_slice(chunk);
        session.ask(WRITE_DATA, &body).await?;
        offset += u64::from(u32::from_be_bytes(size));
    }
    session.ask(CLOSE, &handle).await?;
    Ok(())
}

struct Session<'a, S> {
    call: &'a Call<'a>,
    stream: S,
    number: u32,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<'_, S> {
    /// Asks for something; returns the handle, when it is one, and fails when the router refuses.
    async fn ask(&mut self, kind: u8, body: &[u8]) -> Result<Option<Vec<u8>>, RouterError> {
        self.number = self.number.wrapping_add(1);
        let mut numbered = Zeroizing::new(Vec::with_capacity(body.len() + 4));
        numbered.extend_from_slice(&self.number.to_be_bytes());
        numbered.extend_from_slice(body);
        self.send(kind, &numbered).await?;
        let (kind, answer) = self.receive().await?;
        let Some((number, rest)) = answer.split_first_chunk() else {
            return Err(self.unreadable());
        };
        if u32::from_be_bytes(*number) != self.number {
            return Err(self.unreadable());
        }
        match (kind, rest) {
            (HANDLE, handle) => Ok(Some(handle.to_vec())),
            (STATUS, [0, 0, 0, 0, ..]) => Ok(None),
            (STATUS, [0, 0, 0, PERMISSION_DENIED, ..]) => Err(RouterError::forbidden(self.call)),
            (STATUS, [_, _, _, code, rest @ ..]) => Err(RouterError::Refused {
                call: self.call.to_string(),
                what: refusal(*code, rest),
            }),
            _ => Err(self.unreadable()),
        }
    }

    async fn send(&mut self, kind: u8, body: &[u8]) -> Result<(), RouterError> {
        let mut packet = Zeroizing::new(Vec::with_capacity(body.len() + 5));
        let size = u32::try_from(body.len() + 1).unwrap_or(u32::MAX);
        packet.extend_from_slice(&size.to_be_bytes());
        packet.push(kind);
        packet.extend_from_slice(body);
        let sent = async {
            self.stream.write_all(&packet).await?;
            self.stream.flush().await
        };
        sent.await.map_err(|_error| RouterError::closed(self.call))
    }

    async fn receive(&mut self) -> Result<(u8, Vec<u8>), RouterError> {
        let closed = |_error| RouterError::closed(self.call);
        let size = self.stream.read_u32().await.map_err(closed)?;
        if size == 0 || size > LONGEST {
            return Err(self.unreadable());
        }
        let kind = self.stream.read_u8().await.map_err(closed)?;
        let rest = usize::try_from(size - 1).map_err(|_large| self.unreadable())?;
        let mut body = vec![0; rest];
        self.stream.read_exact(&mut body).await.map_err(closed)?;
        Ok((kind, body))
    }

    fn unreadable(&self) -> RouterError {
        RouterError::answer(self.call, "it is no packet of SFTP")
    }
}

/// Says what a status means; a router says no more than `failure` when its storage is full.
fn refusal(code: u8, rest: &[u8]) -> String {
    let text = rest
        .split_first_chunk::<4>()
        .and_then(|(size, rest)| rest.get(..usize::try_from(u32::from_be_bytes(*size)).ok()?))
        .map(String::from_utf8_lossy)
        .unwrap_or_default();
    let text = text.escape_default();
    match code {
        FAILURE => format!("{text}: is there room on its storage?"),
        _ => text.to_string(),
    }
}

fn string(octets: &[u8]) -> Vec<u8> {
    [&length(octets), octets].concat()
}

fn length(octets: &[u8]) -> [u8; 4] {
    u32::try_from(octets.len())
        .unwrap_or(u32::MAX)
        .to_be_bytes()
}

const INIT: u8 = 1;
const VERSION: u8 = 2;
const OPEN: u8 = 3;
const CLOSE: u8 = 4;
const WRITE_DATA: u8 = 6;
const STATUS: u8 = 101;
const HANDLE: u8 = 102;
const WRITE: u32 = 2;
const CREATE: u32 = 8;
const TRUNCATE: u32 = 16;
const PERMISSION_DENIED: u8 = 3;
const FAILURE: u8 = 4;
/// What every server takes in one packet.
const CHUNK: usize = 1 << 15;
/// The longest answer that makes sense here.
const LONGEST: u32 = 1 << 16;
