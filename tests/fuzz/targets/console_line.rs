//! Lines for the console come from any client of the simulated router, and values are quoted by ours: what is quoted
//! is one text, and the one that was quoted.
#![no_main]

use ca_routeros::quoted;
use libfuzzer_sys::fuzz_target;
use routeros_sim::script::{Statement, Value, parse};

fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    let _ = parse(text);
    if text.contains('\0') {
        return;
    }
    let line = format!("/system identity set name={}; :put mark", quoted(text));
    let statements = parse(&line).expect("a quoted value is no syntax");
    let [Statement::Command { arguments, .. }, Statement::Put(mark)] = statements.as_slice() else {
        panic!("two statements, and not {statements:?}");
    };
    let name = ("name".to_owned(), Value::Text(text.to_owned()));
    assert_eq!(arguments.as_slice(), [name]);
    assert_eq!(*mark, Value::Text("mark".to_owned()));
});
