//! The table of docs/policy.md: how each kind of odd name is decided.

use ca_types::{Code, GeneralName, Hinted as _, NameError, SubjectName};

use crate::kit::{Order, TestCa, plain_request};

/// Decides a name as NAME and as a further name; both ways must agree.
fn decide(name: &str) -> Result<String, Code> {
    let general = name
        .parse::<SubjectName>()
        .map(|name| name.general_name())
        .map_err(|_error: NameError| Code::InvalidName)?;
    let as_name = TestCa::p256()
        .decide(&Order::new("router", name), &plain_request(name))
        .map(|decision| decision.sans()[0].to_string())
        .map_err(|error| error.code());
    let sans: Vec<GeneralName> = vec![general];
    let order = Order {
        sans,
        ..Order::new("router", "z.example.net")
    };
    let as_san = TestCa::p256()
        .decide(&order, &plain_request("z.example.net"))
        .map(|decision| decision.sans()[1].to_string())
        .map_err(|error| error.code());
    assert_eq!(as_name, as_san, "{name}");
    as_name
}

#[test]
fn every_kind_of_odd_name_is_decided_as_the_table_says() {
    let taken = |name: &str, written: &str| assert_eq!(decide(name), Ok(written.to_owned()));
    taken("R1.Example.NET", "dns:r1.example.net");
    taken("a_b.example.net", "dns:a_b.example.net");
    taken("berlin-01", "dns:berlin-01");
    taken("127.0.0.1", "ip:127.0.0.1");
    taken("2001:DB8:0:0::1", "ip:2001:db8::1");
    taken("anna@example.net", "email:anna@example.net");
    // A German, a Greek and a Japanese label; Japanese mixes its scripts with Latin letters.
    taken("xn--bro-hoa.example.net", "dns:xn--bro-hoa.example.net");
    taken(
        "xn--hxargifdar.example.net",
        "dns:xn--hxargifdar.example.net",
    );
    taken(
        "xn--eckwd4c7cu47r2wf.example.net",
        "dns:xn--eckwd4c7cu47r2wf.example.net",
    );
    for name in [
        "b\u{fc}ro.example.net",
        "xn--.example.net",
        "xn--a.example.net",
        "xn--abc-.example.net",
        // "paypal" with a Cyrillic a; and "apple" all in Cyrillic letters.
        "xn--pypal-4ve.example.net",
        "xn--80ak6aa92e.com",
        "anna@xn--80ak6aa92e.com",
        "*.example.net",
        "a.*.example.net",
        "a.example.net.",
        "a..example.net",
        ".example.net",
        "-a.example.net",
        "a\0.example.net",
        "a\n.example.net",
        "a b",
        "a/b",
        "",
        "192.0.2.256",
        "a.300",
        "::ffff:192.0.2.1",
        "0.0.0.0",
        "::",
        "224.0.0.1",
        "ff02::1",
        "255.255.255.255",
        "http://a.example.net",
    ] {
        assert_eq!(decide(name), Err(Code::InvalidName), "{name:?}");
    }
}
