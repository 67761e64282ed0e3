//! Routers that say what a test wrote down.

use std::collections::VecDeque;

use async_trait::async_trait;
use ca_types::KeyId;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::api::{Decoder, encode_sentence};
use crate::connect::Stream;
use crate::{Call, Door, Reply, RouterError, RouterTransport, Row};

/// A transport that expects calls, as they are shown, and answers each with rows, `a=b,c=d;a=e`, or a refusal.
pub(crate) struct Script {
    door: Door,
    steps: VecDeque<(String, Result<String, String>)>,
}

impl Script {
    pub(crate) fn new<const N: usize>(door: Door, steps: [(&str, Result<&str, &str>); N]) -> Self {
        let steps = steps.map(|(call, answer)| {
            let answer = answer.map(str::to_owned).map_err(str::to_owned);
            (call.to_owned(), answer)
        });
        Self {
            door,
            steps: steps.into(),
        }
    }

    /// Says that every expected call came.
    #[track_caller]
    pub(crate) fn end(self) {
        assert_eq!(self.steps, []);
    }
}

#[async_trait]
impl RouterTransport for Script {
    fn door(&self) -> Door {
        self.door
    }

    async fn call(&mut self, call: &Call<'_>) -> Result<Reply, RouterError> {
        self.door.may_carry(call)?;
        let (expected, answer) = self.steps.pop_front().expect("no call is expected");
        assert_eq!(call.to_string(), expected);
        let rows = answer.map_err(|text| RouterError::from_text(call, &text))?;
        let row = |text: &str| -> Row {
            text.split(',')
                .filter_map(|field| field.split_once('='))
                .collect()
        };
        let rows = rows.split(';').filter(|text| !text.is_empty()).map(row);
        Ok(Reply {
            rows: rows.collect(),
            added: None,
        })
    }

    async fn reconnect(&mut self) -> Result<(), RouterError> {
        Ok(())
    }

    fn trust_also(&mut self, _pin: KeyId) {}
}

/// Answers sentences: words are separated by `|`, sentences of one answer by `||`; no answer ends the connection.
pub(crate) async fn serve_api(mut stream: impl Stream, steps: &[(&str, &str)]) {
    let mut decoder = Decoder::default();
    for (expected, answer) in steps {
        let sentence = loop {
            if let Some(sentence) = decoder.next_sentence().unwrap() {
                break sentence;
            }
            let mut octets = [0; 512];
            let count = stream.read(&mut octets).await.unwrap();
            assert!(count > 0, "the client ended before {expected}");
            decoder.push(&octets[..count]);
        };
        let tag = sentence.tag().unwrap().to_vec();
        let words: Vec<_> = sentence
            .words()
            .filter(|word| !word.starts_with(b"."))
            .map(|word| String::from_utf8(word.to_vec()).unwrap())
            .collect();
        assert_eq!(words.join("|"), *expected);
        for sentence in answer.split("||").filter(|text| !text.is_empty()) {
            let tag = [&b".tag="[..], &tag].concat();
            let mut words: Vec<&[u8]> = sentence.split('|').map(str::as_bytes).collect();
            if words[0] != b"!fatal" {
                words.push(&tag);
            }
            let octets = encode_sentence(words).unwrap();
            stream.write_all(&octets).await.unwrap();
        }
        stream.flush().await.unwrap();
    }
}

/// Answers requests: what is expected, a status, a body.
pub(crate) async fn serve_rest(mut stream: impl Stream, steps: &[(&str, u16, &str)]) {
    let mut octets = Vec::new();
    for (expected, status, answer) in steps {
        let (head, size) = loop {
            let text = String::from_utf8_lossy(&octets).into_owned();
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.map_or(0, |length| length.parse().unwrap());
                if body.len() >= length {
                    break (text.clone(), head.len() + 4 + length);
                }
            }
            let count = stream.read_buf(&mut octets).await.unwrap();
            assert!(count > 0, "the client ended before {expected}");
        };
        octets.drain(..size);
        let (head, body) = head.get(..size).unwrap().split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains("\r\nauthorization: Basic ZmxlZXQ6cHc=\r\n")
                || head.ends_with("\r\nauthorization: Basic ZmxlZXQ6cHc="),
            "{head}"
        );
        let line = head.lines().next().unwrap();
        let shown = line.strip_suffix(" HTTP/1.1").unwrap();
        assert_eq!(format!("{shown} {body}").trim_end(), *expected);
        let length = answer.len();
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{answer}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
    }
}
