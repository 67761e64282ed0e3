//! The binary API.

mod codec;

use async_trait::async_trait;
use ca_types::KeyId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;
use zeroize::Zeroizing;

pub use self::codec::{
    CodecError, Decoder, LONGEST_SENTENCE, LONGEST_WORD, MOST_WORDS, Sentence, decode,
    encode_sentence,
};
use crate::connect::{CALL, CONNECT, Open, Peer, Stream};
use crate::tls::silent;
use crate::{Call, Command, Door, Reply, RouterError, RouterTransport};

/// A session of the binary API.
#[derive(Debug)]
pub(crate) struct Api {
    peer: Peer,
    /// Missing after a call that failed halfway: what comes next could belong to it.
    session: Option<Session>,
}

#[derive(Debug)]
struct Session {
    stream: Box<dyn Stream>,
    decoder: Decoder,
    calls: u64,
}

impl Api {
    /// Connects and logs in.
    pub(crate) async fn open(peer: Peer) -> Result<Self, RouterError> {
        let session = Some(Session::open(&peer).await?);
        Ok(Self { peer, session })
    }
}

#[async_trait]
impl RouterTransport for Api {
    fn door(&self) -> Door {
        self.peer.door
    }

    async fn call(&mut self, call: &Call<'_>) -> Result<Reply, RouterError> {
        self.peer.door.may_carry(call)?;
        let mut session = self
            .session
            .take()
            .ok_or_else(|| RouterError::closed(call))?;
        let words = words(call);
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let outcome = timeout(CALL, session.exchange(call, &words))
            .await
            .map_err(|_elapsed| RouterError::timeout(call, CALL))??;
        self.session = Some(session);
        let reply = outcome.map_err(|text| RouterError::from_text(call, &text))?;
        if call.command == Command::Print && call.item.is_some() && reply.rows.is_empty() {
            return Err(RouterError::no_such_item(call));
        }
        Ok(reply)
    }

    async fn reconnect(&mut self) -> Result<(), RouterError> {
        self.session = None;
        self.session = Some(Box::pin(self.peer.reopen()).await?);
        Ok(())
    }

    fn trust_also(&mut self, pin: KeyId) {
        self.peer.trust_also(pin);
    }
}

impl Open for Session {
    async fn open(peer: &Peer) -> Result<Self, RouterError> {
        let mut session = Self {
            stream: peer.dial().await?,
            decoder: Decoder::default(),
            calls: 0,
        };
        timeout(CONNECT, session.log_in(peer))
            .await
            .map_err(|_elapsed| silent(&peer.place(), CONNECT))??;
        Ok(session)
    }
}

impl Session {
    async fn log_in(&mut self, peer: &Peer) -> Result<(), RouterError> {
        let call = Call::new("", Command::Other("login"));
        let name = [b"=name=", peer.user.as_bytes()].concat();
        let mut password = Zeroizing::new(Vec::with_capacity(10 + peer.password.expose().len()));
        password.extend_from_slice(b"=password=");
        password.extend_from_slice(peer.password.expose());
        let words: [&[u8]; 3] = [b"/login", &name, &password];
        let reply = self
            .exchange(&call, &words)
            .await?
            .map_err(|text| refused_login(peer, &call, &text))?;
        match reply.added {
            None => Ok(()),
            Some(_challenge) => Err(RouterError::Refused {
                call: call.to_string(),
                what: "it wants the login of releases before 6.43, which are too old".to_owned(),
            }),
        }
    }

    /// Sends a sentence and reads what belongs to it; a refusal by the router is the inner error.
    async fn exchange(
        &mut self,
        call: &Call<'_>,
        words: &[&[u8]],
    ) -> Result<Result<Reply, String>, RouterError> {
        let closed = |_error: std::io::Error| RouterError::closed(call);
        self.calls = self.calls.wrapping_add(1);
        let tag = self.calls.to_string();
        self.send(call, words, &tag).await?;
        let mut reply = Reply::default();
        let mut refusal = None;
        let mut size = 0_usize;
        loop {
            while let Some(sentence) = self
                .decoder
                .next_sentence()
                .map_err(|error| RouterError::answer(call, error.to_string()))?
            {
                if sentence.tag().is_some_and(|of| of != tag.as_bytes()) {
                    continue;
                }
                match sentence.head() {
                    b"!re" => reply.rows.push(sentence.row()),
                    b"!empty" => {}
                    b"!trap" => {
                        refusal.get_or_insert_with(|| message(&sentence));
                    }
                    b"!done" => {
                        return Ok(refusal.map_or_else(|| Ok(finish(reply, &sentence)), Err));
                    }
                    b"!fatal" => {
                        let text = refusal.unwrap_or_else(|| message(&sentence));
                        return Err(RouterError::from_text(call, &text));
                    }
                    other => {
                        let other = String::from_utf8_lossy(other);
                        let what = format!("`{}` is no reply", other.escape_default());
                        return Err(RouterError::answer(call, what));
                    }
                }
            }
            let mut octets = [0; 4096];
            let count = self.stream.read(&mut octets).await.map_err(closed)?;
            size = size.saturating_add(count);
            if size > LONGEST_REPLY {
                let what = format!("it is longer than {LONGEST_REPLY} octets");
                return Err(RouterError::answer(call, what));
            }
            match octets.get(..count) {
                Some(octets) if !octets.is_empty() => self.decoder.push(octets),
                // A refusal before the end is a refusal still.
                _ => {
                    return Err(refusal.map_or_else(
                        || RouterError::closed(call),
                        |text| RouterError::from_text(call, &text),
                    ));
                }
            }
        }
    }

    async fn send(
        &mut self,
        call: &Call<'_>,
        words: &[&[u8]],
        tag: &str,
    ) -> Result<(), RouterError> {
        let tag = format!(".tag={tag}");
        let words = words.iter().copied().chain([tag.as_bytes()]);
        let octets = encode_sentence(words).map_err(|error| RouterError::Refused {
            call: call.to_string(),
            what: error.to_string(),
        })?;
        let stream = &mut self.stream;
        let sent = async {
            stream.write_all(&octets).await?;
            stream.flush().await
        };
        sent.await.map_err(|_error| RouterError::closed(call))
    }
}

fn words(call: &Call<'_>) -> Vec<Zeroizing<String>> {
    let plain = |text: String| Zeroizing::new(text);
    let mut words = vec![plain(format!("{}/{}", call.menu, call.command.as_str()))];
    let is_print = call.command == Command::Print;
    if let Some(item) = &call.item {
        words.push(plain(match (is_print, item.starts_with('*')) {
            (true, true) => format!("?.id={item}"),
            (true, false) => format!("?name={item}"),
            (false, true) => format!("=.id={item}"),
            (false, false) => format!("=numbers={item}"),
        }));
    }
    for (name, value) in call.arguments() {
        let mut word = plain(String::with_capacity(name.len() + value.len() + 2));
        word.push('=');
        word.push_str(name);
        word.push('=');
        word.push_str(value);
        words.push(word);
    }
    for (field, value) in &call.filter {
        words.push(plain(format!("?{field}={value}")));
    }
    words
}

/// Takes what comes with the end: the id of a new item, or counters.
fn finish(mut reply: Reply, done: &Sentence) -> Reply {
    let row = done.row();
    match row.get("ret") {
        Some(id) => reply.added = Some(id.to_owned()),
        None if row.fields().next().is_some() => reply.rows.push(row),
        None => {}
    }
    reply
}

/// Returns the text of a refusal: an attribute of a trap, a bare word of a fatal.
fn message(sentence: &Sentence) -> String {
    let row = sentence.row();
    let bare = || {
        let words = sentence.words().skip(1).map(String::from_utf8_lossy);
        words.collect::<Vec<_>>().join(" ")
    };
    row.get("message").map_or_else(bare, str::to_owned)
}

fn refused_login(peer: &Peer, call: &Call<'_>, text: &str) -> RouterError {
    let is_login = [
        "invalid user name or password",
        "cannot log in",
        "not logged in",
    ]
    .iter()
    .any(|words| text.contains(words));
    match is_login {
        true => peer.refuses_login(),
        false => RouterError::from_text(call, text),
    }
}

/// The most octets of a reply, all rows together.
const LONGEST_REPLY: usize = 16 << 20;
