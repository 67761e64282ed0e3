//! The binary API: words, logins, traps.

use routeros_sim::api::codec;
use routeros_sim::model::Model;
use routeros_sim::row::Row;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::Rig;

pub(crate) struct Client<S = TcpStream>(S);

impl Client {
    async fn open(rig: &Rig) -> Self {
        Self(TcpStream::connect(rig.api).await.expect("a connection"))
    }

    pub(crate) async fn logged_in(rig: &Rig) -> Self {
        Self::logged_in_as(rig, "admin", "secret").await
    }

    pub(crate) async fn logged_in_as(rig: &Rig, user: &str, password: &str) -> Self {
        let mut client = Self::open(rig).await;
        client.log_in_as(user, password).await;
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// A client on a connection that another program secures.
    pub(crate) fn over(stream: S) -> Self {
        Self(stream)
    }

    pub(crate) async fn log_in(&mut self) {
        self.log_in_as("admin", "secret").await;
    }

    async fn log_in_as(&mut self, user: &str, password: &str) {
        let (name, password) = (format!("=name={user}"), format!("=password={password}"));
        let login = ["/login", &name, &password];
        assert_eq!(self.talk(&login).await, [vec!["!done"]], "{user}");
    }

    pub(crate) async fn send(&mut self, words: &[&str]) {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        codec::write(&mut self.0, &words).await.expect("a write");
    }

    /// Sends a sentence and reads up to `!done` or `!fatal`.
    pub(crate) async fn talk(&mut self, words: &[&str]) -> Vec<Vec<String>> {
        self.send(words).await;
        let mut sentences = Vec::new();
        loop {
            let sentence = self.read().await.expect("a sentence");
            let over = matches!(sentence[0].as_str(), "!done" | "!fatal");
            sentences.push(sentence);
            if over {
                return sentences;
            }
        }
    }

    /// What a command gives: its rows, and what `!done` holds as a row; or the message of its trap.
    pub(crate) async fn ask(&mut self, words: &[&str]) -> Result<Vec<Row>, String> {
        let mut rows = Vec::new();
        let mut refused = None;
        for sentence in self.talk(words).await {
            let fields: Row = sentence
                .iter()
                .filter_map(|word| word.strip_prefix('=')?.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            match sentence[0].as_str() {
                "!trap" => refused = fields.get("message").cloned(),
                _ if fields.is_empty() => {}
                _ => rows.push(fields),
            }
        }
        refused.map_or(Ok(rows), Err)
    }

    async fn read(&mut self) -> Option<Vec<String>> {
        let words = codec::read(&mut self.0).await.ok()??;
        Some(words.into_iter().map(|word| codec::text(&word)).collect())
    }
}

/// Fails when: the old challenge is accepted.
#[tokio::test]
async fn facts_2_3_only_the_one_step_login_works() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::open(&rig).await;
        let refused = [
            vec!["!trap", "=message=invalid user name or password (6)"],
            vec!["!done"],
        ];
        assert_eq!(
            client.talk(&["/login", "=name=admin", "=password=x"]).await,
            refused
        );
        // The older login asks for a challenge first, and gives none any more.
        assert_eq!(client.talk(&["/login"]).await, refused);
        assert_eq!(
            client
                .talk(&["/login", "=name=admin", "=response=00ab"])
                .await,
            refused
        );
        assert_eq!(
            client.talk(&["/ip/pool/print"]).await,
            [["!fatal", "not logged in"]]
        );
        assert_eq!(client.read().await, None);
        Client::logged_in(&rig).await;
        assert_eq!(rig.router.recorded().logins, 1);
    }
}

/// Fails when: `!empty` comes on 7.16 already.
#[tokio::test]
async fn facts_0_empty_is_said_from_7_18_on() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        let said = client.talk(&["/ip/pool/print", ".tag=a"]).await;
        let expected: &[[&str; 2]] = match model {
            Model::V7_20 | Model::V7_24 => &[["!empty", ".tag=a"], ["!done", ".tag=a"]],
            _ => &[["!done", ".tag=a"]],
        };
        assert_eq!(said, expected, "{}", model.name());
    }
}

/// Fails when: a missing item has category 4.
#[tokio::test]
async fn facts_2_4_traps_have_a_category_and_are_followed_by_done() {
    for model in Model::ALL {
        traps_have_a_category(model).await;
    }
}

async fn traps_have_a_category(model: Model) {
    let rig = Rig::start(model).await;
    let mut client = Client::logged_in(&rig).await;
    let pool = ["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"];
    client.talk(&pool).await;
    for (words, category, message) in [
        (&["/ip/pool/dance", "=name=x"][..], "0", "no such command"),
        (&["/rest/print"][..], "0", "no such command prefix"),
        (
            &["/certificate/import", "=file-name=x", "=trusty=yes"][..],
            "1",
            "unknown parameter trusty",
        ),
        (&pool[..], "4", "failure: already have pool with such name"),
        (
            &["/certificate/import", "=file-name=x"][..],
            "1",
            "input does not match any value of file-name",
        ),
        (
            &["/ip/pool/set", "=numbers=x", "=ranges=10.0.0.1"][..],
            "0",
            "no such item",
        ),
    ] {
        let expected = vec![
            vec![
                "!trap".to_owned(),
                format!("=category={category}"),
                format!("=message={message}"),
            ],
            vec!["!done".to_owned()],
        ];
        assert_eq!(client.talk(words).await, expected);
    }
}

#[tokio::test]
async fn rows_are_added_queried_and_removed() {
    let rig = Rig::start(Model::V6_49).await;
    let mut client = Client::logged_in(&rig).await;
    let add = ["/ip/pool/add", "=name=p=q", "=ranges=10.0.0.1", ".tag=1"];
    assert_eq!(client.talk(&add).await, [["!done", "=ret=*1", ".tag=1"]]);
    let print = ["/ip/pool/getall", "?name=p=q", "=.proplist=ranges"];
    assert_eq!(
        client.talk(&print).await,
        [vec!["!re", "=ranges=10.0.0.1"], vec!["!done"]]
    );
    assert_eq!(
        client.talk(&["/ip/pool/remove", "=.id=*1"]).await,
        [["!done"]]
    );
    assert_eq!(client.talk(&print).await, [["!done"]]);
}

/// Fails when: a removed row is told otherwise, the cancelled listener is not done, or another one is cancelled too.
#[tokio::test]
async fn facts_2_8_a_listener_hears_of_rows_and_is_cancelled_by_its_tag() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        client.send(&["/ip/pool/listen", ".tag=l"]).await;
        client.send(&["/user/listen", ".tag=m"]).await;
        let mut other = Client::logged_in(&rig).await;
        // The answer to a later command: the listener listens.
        client
            .send(&["/system/identity/get", "=value-name=name"])
            .await;
        assert_eq!(client.read().await.expect("a name"), ["!done", "=ret=r1"]);
        other
            .talk(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"])
            .await;
        let row = ["!re", "=.id=*1", "=name=p", "=ranges=10.0.0.1", ".tag=l"];
        assert_eq!(client.read().await.expect("a row"), row);
        other.talk(&["/ip/pool/remove", "=numbers=p"]).await;
        let dead = ["!re", "=.id=*1", "=.dead=true", ".tag=l"];
        assert_eq!(client.read().await.expect("a dead row"), dead);
        client.send(&["/cancel", "=tag=l", ".tag=c"]).await;
        let interrupted = ["!trap", "=category=2", "=message=interrupted", ".tag=l"];
        assert_eq!(client.read().await.expect("a trap"), interrupted);
        assert_eq!(client.read().await.expect("an end"), ["!done", ".tag=l"]);
        assert_eq!(client.read().await.expect("an end"), ["!done", ".tag=c"]);
        other
            .talk(&["/user/set", "=numbers=admin", "=comment=x"])
            .await;
        let row = client.read().await.expect("a row");
        assert_eq!(
            (row[0].as_str(), row[row.len() - 1].as_str()),
            ("!re", ".tag=m")
        );
    }
}

/// Fails when: words may be longer.
#[tokio::test]
async fn facts_2_10_a_huge_word_ends_the_connection_without_a_word() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        let word = format!("=comment={}", "x".repeat(102_400));
        client.send(&["/user/set", "=numbers=admin", &word]).await;
        assert_eq!(client.read().await, None);
        assert_eq!(rig.row("/user", "admin").await.get("comment"), None);
    }
}

/// Fails when: no `.txt` is appended, the file is listed at once, or 6.49 takes more than 4 KiB.
#[tokio::test]
async fn facts_3_a_printed_file_takes_text() {
    for model in Model::ALL {
        let rig = Rig::start(model).await;
        let mut client = Client::logged_in(&rig).await;
        let print = ["/file/print", "=file=up"];
        assert_eq!(client.ask(&print).await, Ok(Vec::new()));
        let list = ["/file/print", "=.proplist=name"];
        assert_eq!(client.ask(&list).await, Ok(Vec::new()), "it comes late");
        let row = Row::from([("name".to_owned(), "up.txt".to_owned())]);
        assert_eq!(client.ask(&list).await, Ok(vec![row]));
        let (most, more) = if model.has_rest() {
            (60_416, 62_464)
        } else {
            (4_096, 4_097)
        };
        for (length, taken) in [(2_000, true), (most, true), (more, false), (3, true)] {
            let word = format!("=contents={}", "x".repeat(length));
            let said = client.ask(&["/file/set", "=numbers=up.txt", &word]).await;
            let refused = Err("failure: contents too long".to_owned());
            let expected = if taken { Ok(Vec::new()) } else { refused };
            assert_eq!(said, expected, "{} {length}", model.name());
        }
        let get = ["/file/get", "=number=up.txt", "=value-name=contents"];
        assert_eq!(client.talk(&get).await, [["!done", "=ret=xxx"]]);
    }
}

#[tokio::test]
async fn version_6_takes_at_most_4_096_octets_of_text() {
    let rig = Rig::start(Model::V6_49).await;
    let mut client = Client::logged_in(&rig).await;
    client.talk(&["/file/print", "=file=up"]).await;
    client.talk(&["/file/print"]).await;
    let set = ["/file/set", "=numbers=up.txt", "=contents=line\nline"];
    assert_eq!(client.talk(&set).await, [["!done"]]);
    let word = format!("=contents={}", "x".repeat(4_097));
    let long = client.talk(&["/file/set", "=numbers=up.txt", &word]).await;
    assert_eq!(long[0][2], "=message=failure: contents too long");
    let get = ["/file/get", "=number=up.txt", "=value-name=contents"];
    assert_eq!(client.talk(&get).await, [["!done", "=ret=line\nline"]]);
}

/// Fails when: nobody needs a policy.
#[tokio::test]
async fn facts_8_a_user_without_policy_is_told_so() {
    let rig = Rig::start(Model::V6_49).await;
    rig.paste(
        "/user group add name=eyes policy=read,api\n/user add name=eyes group=eyes password=x",
    )
    .await;
    let mut client = Client::open(&rig).await;
    client.talk(&["/login", "=name=eyes", "=password=x"]).await;
    assert_eq!(client.talk(&["/ip/pool/print"]).await, [["!done"]]);
    assert_eq!(
        client
            .talk(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"])
            .await,
        [
            vec!["!trap", "=message=not enough permissions (9)"],
            vec!["!done"]
        ]
    );
}

#[tokio::test]
async fn garbage_ends_a_connection_and_never_the_router() {
    let rig = Rig::start(Model::V7_24).await;
    let mut seed = 1_u64;
    let mut next = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        seed.to_be_bytes()[0]
    };
    for _ in 0..200 {
        let mut stream = TcpStream::connect(rig.api).await.expect("a connection");
        let garbage: Vec<u8> = (0..64).map(|_| next()).collect();
        // The router may have hung up already.
        let sent = stream
            .write_all(&garbage)
            .await
            .and(stream.shutdown().await);
        drop((sent, stream));
    }
    let mut client = Client::logged_in(&rig).await;
    for _ in 0..200 {
        let word = |next: &mut dyn FnMut() -> u8| -> String {
            (0..12).map(|_| char::from(b' ' + next() % 95)).collect()
        };
        let words = [
            format!("/ip/{}", word(&mut next)),
            format!("={}", word(&mut next)),
            format!("?{}", word(&mut next)),
            format!("?#{}", word(&mut next)),
        ];
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        client.talk(&words).await;
        client
            .talk(&["/ip/service/print", words[2], words[3]])
            .await;
    }
}
