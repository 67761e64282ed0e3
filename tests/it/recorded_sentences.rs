//! What public clients of the binary API wrote to a router is read and written by both codecs.

use std::fs;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use ca_routeros::api::{decode, encode_sentence};
use ca_tests::repository;
use routeros_sim::api::codec;
use serde_json::Value;

/// Sentences as a client wrote them, and their words as a third reader reads them.
fn recorded(client: &str) -> Vec<(Vec<u8>, Vec<Vec<u8>>)> {
    let path = repository().join(format!("tests/vectors/sentences/{client}.json"));
    let text = fs::read_to_string(path).expect("it was recorded");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let list = |value: &Value| value.as_array().expect("a list").clone();
    let octets = |value: &Value| {
        let text = value.as_str().expect("base64");
        BASE64_STANDARD.decode(text).expect("base64")
    };
    list(&all)
        .iter()
        .map(|one| {
            let words = list(&one["words"]).iter().map(octets).collect();
            (octets(&one["octets"]), words)
        })
        .collect()
}

#[tokio::test]
async fn both_codecs_read_and_write_what_public_clients_wrote() {
    for (client, wants) in [
        (
            "librouteros",
            &["/login", "/file/add", "?=name=p1", "?#|"][..],
        ),
        (
            "RouterOS-api",
            &["/login", "/file/add", "?name=p1", ".tag=10"],
        ),
    ] {
        let mut seen = Vec::new();
        for (octets, words) in recorded(client) {
            let (sentence, taken) = decode(&octets).expect("a sentence").expect("a whole one");
            assert_eq!(taken, octets.len(), "{client}");
            assert!(
                sentence.words().eq(words.iter().map(Vec::as_slice)),
                "{client} {words:?}"
            );
            let written = encode_sentence(sentence.words()).expect("words");
            assert_eq!(*written, octets, "{client}");

            let mut rest = octets.as_slice();
            let read = codec::read(&mut rest).await.expect("a sentence");
            assert_eq!((read.as_ref(), rest), (Some(&words), &[][..]), "{client}");
            let words: Vec<String> = words
                .into_iter()
                .map(|word| String::from_utf8(word).expect("UTF-8"))
                .collect();
            let mut written = Vec::new();
            codec::write(&mut written, &words).await.expect("memory");
            assert_eq!(written, octets, "{client}");
            seen.extend(words);
        }
        for word in wants {
            let is_there = seen.iter().any(|one| one.starts_with(word));
            assert!(is_there, "{client} wrote no {word}");
        }
        let longest = seen.iter().map(String::len).max();
        assert!(longest > Some(0x4000), "{client}: {longest:?}");
    }
}
