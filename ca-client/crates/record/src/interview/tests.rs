//! Interviews with routers that hold, and say, anything.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Is in every value of the router, and nowhere else.
const PLANTED: &str = "quagmire";

fn fields() -> impl Strategy<Value = String> {
    let own = [
        "comment",
        "name",
        "secret",
        "disabled",
        "version",
        "certificate",
        "policy",
        "key-usage",
        "fetch",
        "no such field",
        "x-new-field",
    ];
    prop::sample::select(own.to_vec()).prop_map(str::to_owned)
}

/// Whatever one may call his things, in any case and between any signs.
fn values() -> impl Strategy<Value = String> {
    let planted = prop::sample::select(vec![PLANTED, "Quagmire", "QUAGMIRE"]);
    (".{0,12}", planted, ".{0,12}").prop_map(|(before, own, after)| format!("{before}{own}{after}"))
}

fn answers() -> impl Strategy<Value = Answer> {
    let row = prop::collection::btree_map(fields(), values(), 0..6);
    prop_oneof![
        4 => (vec(row, 0..4), prop::option::of(values()))
            .prop_map(|(rows, ret)| Answer::Done { rows, ret }),
        1 => values().prop_map(|text| Answer::Refused(format!("failure: {text} is taken"))),
    ]
}

/// Asks a router that answers so; its release is a good one.
fn record(answers: &[Answer]) -> Record {
    let mut interview = Interview::new(Door::Api, "fleet-ca-absent");
    let mut next = answers.iter().cloned().cycle();
    while let Some(question) = interview.next_question() {
        let mut answer = next.next().expect("an answer");
        if question.menu == "/system/resource" {
            let row = BTreeMap::from([("version".to_owned(), "7.24.4 (stable)".to_owned())]);
            answer = Answer::Done {
                rows: vec![row],
                ret: None,
            };
        }
        interview.take(answer);
    }
    interview.finish().expect("it has a release")
}

proptest! {
    #[test]
    fn nothing_that_a_router_holds_is_in_its_record(answers in vec(answers(), 1..8)) {
        let record = record(&answers);
        let octets = record.to_json().expect("a document");
        let text = String::from_utf8_lossy(&octets).to_lowercase();
        prop_assert!(!text.contains(PLANTED), "{text}");
        prop_assert_eq!(Record::from_json(&octets), Ok(record));
    }

    #[test]
    fn any_octets_are_read_or_refused(octets in vec(any::<u8>(), 0..256)) {
        drop(Record::from_json(&octets));
    }
}

#[test]
fn what_cannot_be_read_again_is_not_written() {
    let row: BTreeMap<String, String> = (0..12)
        .map(|number| {
            (
                format!("a-rather-long-name-of-a-field-{number}"),
                format!("own-{number}"),
            )
        })
        .collect();
    let answer = Answer::Done {
        rows: vec![row; 100],
        ret: None,
    };
    let record = record(&[answer]);
    assert_eq!(record.to_json().map(drop), Err(RecordError::TooLarge));
}
