//! The binary API.

pub mod codec;

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};

use crate::console::Caller;
use crate::model::Model;
use crate::router::{Answer, Door, Router};
use crate::row::{Request, Row};
use crate::trap::Trap;
use crate::tree::Tree;

/// A session of the API.
struct Session<S> {
    router: Arc<Router>,
    door: Door,
    model: Model,
    stream: S,
    user: Option<String>,
    /// Commands that go on until they are cancelled.
    listening: Vec<Listener>,
}

/// Somebody who hears of the changes of a menu.
struct Listener {
    tag: Option<String>,
    request: Request,
    /// The rows as they were told.
    rows: Vec<Row>,
}

/// A sentence from a client.
struct Sentence {
    command: String,
    request: Request,
    tag: Option<String>,
}

/// Talks with a client until it leaves.
pub(crate) async fn speak<S>(router: Arc<Router>, door: Door, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let model = router.world().model;
    let mut changes = router.changes();
    let (mut words, stream) = tokio::io::split(stream);
    let mut session = Session {
        router,
        door,
        model,
        stream,
        user: None,
        listening: Vec::new(),
    };
    loop {
        let sentence = codec::read(&mut words);
        tokio::pin!(sentence);
        let sentence = loop {
            tokio::select! {
                biased;
                sentence = &mut sentence => break sentence?,
                Ok(()) = changes.changed(), if !session.listening.is_empty() => {
                    session.tell().await?;
                }
            }
        };
        let Some(sentence) = sentence else {
            return Ok(());
        };
        if !session.answer(Sentence::from(sentence)).await? {
            return Ok(());
        }
    }
}

impl<S: AsyncWrite + Unpin + Send> Session<S> {
    /// False when the session is over.
    async fn answer(&mut self, sentence: Sentence) -> io::Result<bool> {
        let Sentence {
            command,
            request,
            tag,
        } = sentence;
        let tag = tag.as_deref();
        match command.as_str() {
            "/login" => {
                self.log_in(&request, tag).await?;
                return Ok(true);
            }
            "/quit" => {
                self.send(
                    vec!["!fatal".into(), "session terminated on request".into()],
                    tag,
                )
                .await?;
                return Ok(false);
            }
            _ => {}
        }
        let Some(user) = self.user.clone() else {
            self.send(vec!["!fatal".into(), "not logged in".into()], tag)
                .await?;
            return Ok(false);
        };
        match command.as_str() {
            "/cancel" => self.cancel(&request, tag).await?,
            _ if request.command == "listen" && self.has_print(&request.menu) => {
                let listener = Listener {
                    tag: tag.map(ToOwned::to_owned),
                    rows: rows(&self.router, &user, &request).await,
                    request,
                };
                self.listening.push(listener);
            }
            _ => return self.execute(&user, &request, tag).await,
        }
        Ok(true)
    }

    async fn execute(
        &mut self,
        user: &str,
        request: &Request,
        tag: Option<&str>,
    ) -> io::Result<bool> {
        match self.router.answer(self.door, user, request).await {
            Answer::Cut | Answer::TooLate => return Ok(false),
            Answer::Send(Err(trap)) => {
                self.trap(&trap, tag).await?;
                self.send(vec!["!done".into()], tag).await?;
            }
            Answer::Send(Ok(reply)) => {
                let listed = matches!(request.command.as_str(), "print" | "getall");
                if listed && reply.rows.is_empty() && self.model.says_empty() {
                    self.send(vec!["!empty".into()], tag).await?;
                }
                for row in &reply.rows {
                    self.send(sentence(row), tag).await?;
                }
                let mut words = vec!["!done".to_owned()];
                words.extend(reply.ret.map(|ret| format!("=ret={ret}")));
                self.send(words, tag).await?;
            }
        }
        Ok(true)
    }

    /// The one-step login; the older challenge was removed in 6.45.1 and is a bad login.
    async fn log_in(&mut self, request: &Request, tag: Option<&str>) -> io::Result<()> {
        let user = request.argument("name").unwrap_or_default();
        let password = request.argument("password");
        let good = password.is_some_and(|password| self.router.logs_in(user, password, "api"));
        if good {
            self.user = Some(user.to_owned());
        } else {
            self.trap(&Trap::bare("invalid user name or password (6)"), tag)
                .await?;
        }
        self.send(vec!["!done".into()], tag).await
    }

    async fn cancel(&mut self, request: &Request, tag: Option<&str>) -> io::Result<()> {
        let wanted = request.argument("tag").map(ToOwned::to_owned);
        let (cancelled, rest): (Vec<_>, Vec<_>) = std::mem::take(&mut self.listening)
            .into_iter()
            .partition(|own| wanted.is_none() || own.tag == wanted);
        self.listening = rest;
        for Listener { tag, .. } in cancelled {
            self.trap(&Trap::interrupted(), tag.as_deref()).await?;
            self.send(vec!["!done".into()], tag.as_deref()).await?;
        }
        self.send(vec!["!done".into()], tag).await
    }

    /// Tells the listeners which rows are new or changed, and which are gone.
    async fn tell(&mut self) -> io::Result<()> {
        let user = self.user.clone().unwrap_or_default();
        for mut listener in std::mem::take(&mut self.listening) {
            let rows = rows(&self.router, &user, &listener.request).await;
            let before = std::mem::replace(&mut listener.rows, rows);
            let tag = listener.tag.as_deref();
            for row in listener.rows.iter().filter(|row| !before.contains(row)) {
                self.send(sentence(row), tag).await?;
            }
            for id in before.iter().filter_map(|row| row.get(".id")) {
                if listener.rows.iter().all(|row| row.get(".id") != Some(id)) {
                    let words = ["!re".into(), format!("=.id={id}"), "=.dead=true".into()];
                    self.send(words.into(), tag).await?;
                }
            }
            self.listening.push(listener);
        }
        Ok(())
    }

    fn has_print(&self, menu: &str) -> bool {
        Tree::of(self.model).arguments(menu, "print").is_some()
    }

    async fn trap(&mut self, trap: &Trap, tag: Option<&str>) -> io::Result<()> {
        let mut words = vec!["!trap".to_owned()];
        let login = trap.api_message().starts_with("invalid user name");
        words.extend(
            trap.category()
                .filter(|_| !login)
                .map(|number| format!("=category={number}")),
        );
        words.push(format!("=message={}", trap.api_message()));
        self.send(words, tag).await
    }

    async fn send(&mut self, mut words: Vec<String>, tag: Option<&str>) -> io::Result<()> {
        words.extend(tag.map(|tag| format!(".tag={tag}")));
        codec::write(&mut self.stream, &words).await
    }
}

/// The rows that a listener hears of.
async fn rows(router: &Router, user: &str, request: &Request) -> Vec<Row> {
    let mut print = request.clone();
    "print".clone_into(&mut print.command);
    let (result, _) = router.execute(Caller::User(user), &print).await;
    result.map(|reply| reply.rows).unwrap_or_default()
}

/// A row as it is told.
fn sentence(row: &Row) -> Vec<String> {
    let words = row.iter().map(|(name, value)| format!("={name}={value}"));
    std::iter::once("!re".to_owned()).chain(words).collect()
}

impl From<Vec<Vec<u8>>> for Sentence {
    fn from(words: Vec<Vec<u8>>) -> Self {
        let mut words = words.iter().map(|word| codec::text(word));
        let command = words.next().unwrap_or_default();
        let (menu, name) = command.rsplit_once('/').unwrap_or(("", &command));
        let mut request = Request::new(if menu.is_empty() { "/" } else { menu }, name);
        let mut tag = None;
        for word in words {
            if let Some(value) = word.strip_prefix(".tag=") {
                tag = Some(value.to_owned());
            } else if let Some(query) = word.strip_prefix('?') {
                request.query.push(query.to_owned());
            } else if let Some(list) = word.strip_prefix("=.proplist=") {
                request.proplist = Some(list.split(',').map(ToOwned::to_owned).collect());
            } else if let Some(argument) = word.strip_prefix('=') {
                let (name, value) = argument.split_once('=').unwrap_or((argument, ""));
                request.arguments.push((name.to_owned(), value.to_owned()));
            }
        }
        Self {
            command,
            request,
            tag,
        }
    }
}
