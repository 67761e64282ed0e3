//! SSH: calls as lines of the console, files over SFTP.

mod line;
pub mod printed;
mod sftp;

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use ca_types::{KeyId, RequestId, SystemEntropy};
use russh::client::{Config, GexParams, Handle, Handler, connect_stream};
use russh::keys::{PublicKeyBase64 as _, PublicKeyOrCertificate};
use russh::{ChannelMsg, Disconnect, Preferred, kex, mac};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use self::line::Line;
use crate::connect::{CALL, CONNECT, Open, Peer, authority, dial};
use crate::tls::silent;
use crate::{Call, Command, Door, Pin, Reply, RouterError, RouterTransport, Row, Target, Version};

/// Asks a router for its host key, says nothing, and leaves.
///
/// # Errors
/// Fails when nobody answers in SSH within the deadline.
pub async fn host_key(address: &str, port: u16, deadline: Duration) -> Result<Pin, RouterError> {
    let place = authority(address, port);
    let shown = Arc::new(Mutex::new(None));
    let gate = Gate {
        accepted: Vec::new(),
        shown: Arc::clone(&shown),
    };
    let steps = async {
        let stream = dial(address, port).await?;
        // The gate refuses every key, so no session comes of it.
        Ok::<_, RouterError>(
            connect_stream(Arc::new(config()?), stream, gate)
                .await
                .err(),
        )
    };
    let refusal = timeout(deadline, steps)
        .await
        .map_err(|_elapsed| silent(&place, deadline))??;
    let shown = *shown.lock().unwrap_or_else(PoisonError::into_inner);
    shown.map(Pin::from).ok_or_else(|| RouterError::Ssh {
        address: place,
        what: refusal.map_or_else(String::new, |error| error.to_string()),
    })
}

/// Runs a script line by line as an admin, and returns what its last line printed.
///
/// # Errors
/// Fails at the first line that the router refuses; the lines before it are done.
pub async fn run_script(target: Target, script: &str) -> Result<String, RouterError> {
    let session = Session::open(&Peer::from(target)).await?;
    let mut printed = String::new();
    let lines = script.lines().filter(|line| !line.starts_with('#'));
    for (line, number) in lines.zip(1_u32..) {
        // The line may hold a password: it is called by its number.
        let name = format!("line {number} of the script");
        let call = Call::new("", Command::Other(&name));
        printed = session.run(&call, line).await?;
    }
    session.leave().await;
    Ok(printed.trim().to_owned())
}

/// A session over SSH: each call is one command in a channel of its own.
#[derive(Debug)]
pub(crate) struct Ssh {
    peer: Peer,
    /// Missing after a call that failed halfway.
    session: Option<Session>,
}

struct Session {
    handle: Handle<Gate>,
    /// Whether the console writes JSON, which leaves no doubt where a value ends; asked by the first list.
    json: OnceCell<bool>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Ssh {
    /// Connects and logs in.
    pub(crate) async fn open(peer: Peer) -> Result<Self, RouterError> {
        let session = Some(Session::open(&peer).await?);
        Ok(Self { peer, session })
    }

    fn take(&mut self, call: &Call<'_>) -> Result<Session, RouterError> {
        self.session.take().ok_or_else(|| RouterError::closed(call))
    }
}

#[async_trait]
impl RouterTransport for Ssh {
    fn door(&self) -> Door {
        Door::Ssh
    }

    async fn call(&mut self, call: &Call<'_>) -> Result<Reply, RouterError> {
        self.door().may_carry(call)?;
        let session = self.take(call)?;
        let outcome = session.call(call).await;
        if !matches!(&outcome, Err(error) if error.is_unsure()) {
            self.session = Some(session);
        }
        outcome
    }

    async fn reconnect(&mut self) -> Result<(), RouterError> {
        if let Some(session) = self.session.take() {
            session.leave().await;
        }
        self.session = Some(Box::pin(self.peer.reopen()).await?);
        Ok(())
    }

    fn trust_also(&mut self, pin: KeyId) {
        self.peer.trust_also(pin);
    }

    async fn send_file(&mut self, name: &str, content: &[u8]) -> Result<bool, RouterError> {
        let call = Call::new("/file", Command::Other("upload")).item(name);
        let session = self.take(&call)?;
        let steps = async {
            let channel = session.handle.channel_open_session().await;
            let channel = channel.map_err(|_error| RouterError::closed(&call))?;
            sftp::upload(&call, channel, name, content).await
        };
        let outcome = timeout(CALL, steps)
            .await
            .unwrap_or_else(|_elapsed| Err(RouterError::timeout(&call, CALL)));
        if !matches!(&outcome, Err(error) if error.is_unsure()) {
            self.session = Some(session);
        }
        outcome.map(|()| true)
    }
}

impl Open for Session {
    async fn open(peer: &Peer) -> Result<Self, RouterError> {
        timeout(CONNECT, Self::enter(peer))
            .await
            .map_err(|_elapsed| silent(&peer.place(), CONNECT))?
    }
}

impl Session {
    async fn enter(peer: &Peer) -> Result<Self, RouterError> {
        let shown = Arc::new(Mutex::new(None));
        let gate = Gate {
            accepted: peer.pins(),
            shown: Arc::clone(&shown),
        };
        let failed = |error: russh::Error| {
            let shown = *shown.lock().unwrap_or_else(PoisonError::into_inner);
            match (&error, shown) {
                (russh::Error::UnknownKey, Some(key)) => RouterError::WrongPin {
                    address: peer.place(),
                    found: Pin::from(key).to_string(),
                },
                _ => RouterError::Ssh {
                    address: peer.place(),
                    what: error.to_string(),
                },
            }
        };
        let stream = peer.dial_open().await?;
        let mut handle = connect_stream(Arc::new(config()?), stream, gate)
            .await
            .map_err(failed)?;
        let password =
            str::from_utf8(peer.password.expose()).map_err(|_no_text| peer.refuses_login())?;
        let login = handle.authenticate_password(&peer.user, password).await;
        if !login.map_err(failed)?.success() {
            return Err(peer.refuses_login());
        }
        Ok(Self {
            handle,
            json: OnceCell::new(),
        })
    }

    async fn writes_json(&self) -> Result<bool, RouterError> {
        let ask = async || {
            let call = Call::new("/system/resource", Command::Print);
            match self.run(&call, ":put [/system resource get version]").await {
                Ok(text) => Ok(text.parse::<Version>().is_ok_and(Version::writes_json)),
                // Who may not look learns no version, and is told so by the list itself.
                Err(RouterError::Permission { .. }) => Ok(false),
                Err(error) => Err(error),
            }
        };
        self.json.get_or_try_init(ask).await.copied()
    }

    async fn leave(self) {
        let parting = self.handle.disconnect(Disconnect::ByApplication, "", "en");
        // It may be gone already, which is as good.
        drop(parting.await);
    }

    async fn call(&self, call: &Call<'_>) -> Result<Reply, RouterError> {
        let mut reply = Reply::default();
        match call.command {
            Command::Print => reply.rows = self.print(call).await?,
            Command::Add => {
                let line = Line::of(call)?.arguments(call)?;
                let made = self.run(call, &line.put()).await?;
                reply.added = Some(made.trim().to_owned()).filter(|id| !id.is_empty());
            }
            Command::Set | Command::Remove | Command::Other(_) => {
                let mut line = Line::of(call)?;
                if let Some(item) = &call.item {
                    line = line.word(&self.item(call, item).await?);
                }
                let text = self.run(call, line.arguments(call)?.text()).await?;
                reply.rows.extend(printed::counters(&text));
            }
        }
        Ok(reply)
    }

    /// Lists rows; the conditions are checked here, so no value of them goes into the line.
    async fn print(&self, call: &Call<'_>) -> Result<Vec<Row>, RouterError> {
        let line = Line::of(call)?.word("as-value").arguments(call)?;
        let json = self.writes_json().await?;
        let text = self.run(call, &line.serialized(json)).await?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        let mut rows = if json {
            printed::json(call, text)?
        } else {
            let rows = printed::as_value(text);
            if rows.iter().any(|row| row.contains_key(".id")) {
                self.counted(call, rows.len()).await?;
            }
            rows
        };
        printed::select(call, &mut rows);
        if rows.is_empty() && call.item.is_some() {
            return Err(RouterError::no_such_item(call));
        }
        Ok(rows.into_iter().map(Row::from_iter).collect())
    }

    /// Says that there are as many rows as were read: a value that looks like the begin of a row would make more.
    async fn counted(&self, call: &Call<'_>, read: usize) -> Result<(), RouterError> {
        let line = Line::of(call)?.word("count-only");
        let count = self.run(call, &line.put()).await?;
        if count.trim() == read.to_string() {
            return Ok(());
        }
        let what = format!("{read} rows were read of {}", count.trim());
        Err(RouterError::answer(call, what))
    }

    /// Returns the id of an item that is called by its name: a `[find]` that finds nothing is no error there.
    async fn item(&self, call: &Call<'_>, item: &str) -> Result<String, RouterError> {
        if line::is_id(item) {
            return Ok(item.to_owned());
        }
        let mut ids = Vec::new();
        // A service with open connections has dynamic rows of the same name.
        for more in ["", " dynamic=no"] {
            let line = Line::find(call, item, more)?;
            let text = self.run(call, &line.put()).await?;
            ids = text.trim().split([';', ',']).map(str::to_owned).collect();
            if ids.len() == 1 {
                break;
            }
        }
        match ids.as_slice() {
            [id] if line::is_id(id) => Ok(id.clone()),
            [id] if id.is_empty() => Err(RouterError::no_such_item(call)),
            _ => Err(RouterError::Refused {
                call: call.to_string(),
                what: format!("{} items have this name", ids.len()),
            }),
        }
    }

    /// Runs a line and returns what it prints; without the mark behind it the line failed, and what it prints says why.
    async fn run(&self, call: &Call<'_>, line: &str) -> Result<String, RouterError> {
        let mark = RequestId::generate(&mut SystemEntropy).to_string();
        let line = format!("{line}; :put \"{mark}\"");
        let text = timeout(CALL, self.execute(call, &line))
            .await
            .map_err(|_elapsed| RouterError::timeout(call, CALL))??;
        let text = text.replace("\r\n", "\n");
        if let Some(printed) = text.trim_end().strip_suffix(&mark) {
            return Ok(printed.to_owned());
        }
        match text.trim() {
            "" => Err(RouterError::closed(call)),
            words => Err(RouterError::from_text(call, words)),
        }
    }

    async fn execute(&self, call: &Call<'_>, line: &str) -> Result<String, RouterError> {
        let closed = |_error| RouterError::closed(call);
        let mut channel = self.handle.channel_open_session().await.map_err(closed)?;
        channel.exec(true, line).await.map_err(closed)?;
        let mut octets = Vec::new();
        while let Some(message) = channel.wait().await {
            if matches!(message, ChannelMsg::Failure) {
                return Err(refused(call));
            }
            if let ChannelMsg::Data { data } | ChannelMsg::ExtendedData { data, .. } = message {
                octets.extend_from_slice(&data);
            }
            if octets.len() > LONGEST {
                let what = format!("it is longer than {LONGEST} octets");
                return Err(RouterError::answer(call, what));
            }
        }
        Ok(String::from_utf8_lossy(&octets).into_owned())
    }
}

fn refused(call: &Call<'_>) -> RouterError {
    RouterError::Refused {
        call: call.to_string(),
        what: "SSH takes no commands".to_owned(),
    }
}

/// Lets a router with an accepted host key in, and remembers the key of every other.
#[derive(Debug)]
struct Gate {
    accepted: Vec<KeyId>,
    shown: Arc<Mutex<Option<KeyId>>>,
}

impl Handler for Gate {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, russh::Error> {
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else {
            return Ok(false);
        };
        let key = Pin::of_key(&key.public_key_bytes()).key();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Some(key);
        Ok(self.accepted.contains(&key))
    }
}

/// What a router of version 6 and one with `strong-crypto=yes` speak too.
fn config() -> Result<Config, RouterError> {
    let gex = GexParams::new(2048, 2048, 8192).map_err(|error| RouterError::Ssh {
        address: String::new(),
        what: error.to_string(),
    })?;
    let more = [
        kex::ECDH_SHA2_NISTP256,
        kex::ECDH_SHA2_NISTP384,
        kex::ECDH_SHA2_NISTP521,
        kex::DH_G14_SHA1,
    ];
    let usual = Preferred::DEFAULT;
    Ok(Config {
        gex,
        preferred: Preferred {
            kex: Cow::Owned([&usual.kex, &more[..]].concat()),
            mac: Cow::Owned([&usual.mac, &[mac::HMAC_SHA1][..]].concat()),
            ..usual
        },
        ..Config::default()
    })
}

/// The most octets of an answer.
const LONGEST: usize = 16 << 20;
