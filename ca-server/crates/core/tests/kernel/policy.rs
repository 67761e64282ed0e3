//! What the policy decides, and what it refuses by name.

use ca_core::{Lifetime, MAX_SANS, Policy, Wanted, decide};
use ca_types::{Code, Days, GeneralName, Hinted, IssuerClass, UnixTime};

use crate::kit::{Order, TestCa, TestSigner, now, plain_request, profile, time};

/// Decides an order whose request has no name but the NAME.
#[track_caller]
fn check(order: &Order<'_>, expect: Result<&str, &str>) {
    let decision = TestCa::p256().decide(order, &plain_request(order.name));
    let shown = decision
        .map(|decision| {
            let sans: Vec<_> = decision.sans().iter().map(ToString::to_string).collect();
            format!("{} {}", decision.name(), sans.join(" "))
        })
        .map_err(|error| error.to_string());
    assert_eq!(
        shown.as_deref().map_err(String::as_str),
        expect,
        "{} {}",
        order.profile,
        order.name
    );
}

#[test]
fn the_name_comes_first_and_no_name_twice() {
    check(
        &Order::new("router", "A.example.net").with_sans(&[
            "ip:192.0.2.1",
            "dns:b.example.net",
            "dns:A.EXAMPLE.net",
            "ip:192.0.2.1",
            "email:noc@example.net",
        ]),
        Ok("a.example.net dns:a.example.net ip:192.0.2.1 dns:b.example.net email:noc@example.net"),
    );
}

#[test]
fn names_of_no_form_are_refused() {
    let long = format!("{}.example.net", "a".repeat(60));
    for name in [
        "",
        "*.example.net",
        "a..example.net",
        "a.example.net.",
        "-a.example.net",
        ".example.net",
        "a/b",
        "a\0.example.net",
        "a b",
        "b\u{fc}ro.example.net",
        "::ffff:192.0.2.1",
        "192.0.2.256",
        "anna@",
        &long,
    ] {
        let order = Order::new("router", name);
        let error = TestCa::p256()
            .decide(&order, &plain_request("a.example.net"))
            .unwrap_err();
        assert_eq!(error.code(), Code::InvalidName, "{name:?}: {error}");
    }
}

#[test]
fn domains_limit_devices_and_people_but_not_the_api() {
    let within = |profile, name, sans: &[&str]| Order {
        domains: vec!["example.net", "example.org"],
        ..Order::new(profile, name).with_sans(sans)
    };
    check(
        &within(
            "router",
            "a.example.net",
            &["email:x@sub.example.org", "ip:192.0.2.1"],
        ),
        Ok("a.example.net dns:a.example.net email:x@sub.example.org ip:192.0.2.1"),
    );
    for (name, sans, outside) in [
        ("notexample.net", &[][..], "notexample.net"),
        ("a.example.com", &[], "a.example.com"),
        ("anna@example.com", &[], "anna@example.com"),
        ("a.example.net", &["dns:net"], "net"),
        ("example.net.example.com", &[], "example.net.example.com"),
    ] {
        check(
            &within("vpn-client", name, sans),
            Err(&format!(
                "`{outside}` lies below none of the domains of this CA: example.net, example.org"
            )),
        );
    }
    check(
        &within("control-server", "localhost", &[]),
        Ok("localhost dns:localhost"),
    );
    check(&within("control", "admin", &[]), Ok("admin "));
}

#[test]
fn one_bad_name_among_a_hundred_is_found_wherever_it_stands() {
    for bad in 0..MAX_SANS {
        let sans: Vec<GeneralName> = (0..MAX_SANS)
            .map(|at| {
                let domain = if at == bad { "com" } else { "net" };
                format!("dns:h{at}.example.{domain}").parse().unwrap()
            })
            .collect();
        let order = Order {
            domains: vec!["example.net"],
            sans,
            ..Order::new("router", "a.example.net")
        };
        let error = TestCa::p256()
            .decide(&order, &plain_request("a.example.net"))
            .unwrap_err();
        let name = format!("`h{bad}.example.com` lies below none");
        assert!(error.to_string().starts_with(&name), "{error}");
    }
}

#[test]
fn more_than_a_hundred_names_are_refused() {
    let sans = vec!["dns:a.example.net".parse().unwrap(); MAX_SANS + 1];
    let order = Order {
        sans,
        ..Order::new("router", "a.example.net")
    };
    check(
        &order,
        Err("101 subject alternative names: wanted at most 100"),
    );
}

#[test]
fn actors_have_no_further_names() {
    check(
        &Order::new("control", "ci.example.net").with_sans(&["dns:ci.example.net"]),
        Ok("ci.example.net dns:ci.example.net"),
    );
    check(
        &Order::new("control", "admin").with_sans(&["dns:vpn.example.net"]),
        Err("profile control does not certify `dns:vpn.example.net`"),
    );
}

/// Returns the validity that an order gets, or the error.
#[track_caller]
fn check_lifetime(ca: &TestCa, lifetime: Lifetime, now: UnixTime, expect: Result<&str, &str>) {
    let order = Order {
        lifetime,
        now,
        ..Order::new("router", "a.example.net")
    };
    let shown = ca
        .decide(&order, &plain_request("a.example.net"))
        .map(|decision| {
            let validity = decision.validity();
            ca.issue(&decision);
            format!("{} {}", validity.not_before(), validity.not_after())
        })
        .map_err(|error| error.to_string());
    assert_eq!(shown.as_deref().map_err(String::as_str), expect);
}

#[test]
fn validity_is_whole_days_and_never_cut() {
    let ca = TestCa::p256();
    let days = |days| Lifetime::Days(Days(days));
    check_lifetime(
        ca,
        Lifetime::Default,
        now(),
        Ok("2026-11-24T07:55:00Z 2027-12-26T07:54:59Z"),
    );
    check_lifetime(
        ca,
        days(1),
        now(),
        Ok("2026-11-24T07:55:00Z 2026-11-25T07:54:59Z"),
    );
    check_lifetime(
        ca,
        days(825),
        now(),
        Ok("2026-11-24T07:55:00Z 2029-02-26T07:54:59Z"),
    );
    let too_long = |asked| {
        format!(
            "profile router is valid for at most 825 days: until 2029-02-26T07:54:59Z, {asked} was asked for"
        )
    };
    check_lifetime(ca, days(826), now(), Err(&too_long("2029-02-27T07:54:59Z")));
    check_lifetime(
        ca,
        days(u32::MAX),
        now(),
        Err(&too_long("9999-12-31T23:59:59Z")),
    );
    check_lifetime(
        ca,
        Lifetime::Until(time("2029-02-26T07:55:00Z")),
        now(),
        Err(&too_long("2029-02-26T07:55:00Z")),
    );
    check_lifetime(
        ca,
        days(0),
        now(),
        Err("the validity would end at 2026-11-24T07:54:59Z, now is 2026-11-24T08:00:00Z"),
    );
    check_lifetime(
        ca,
        Lifetime::Until(UnixTime::EPOCH),
        now(),
        Err("the validity would end at 1970-01-01T00:00:00Z, now is 2026-11-24T08:00:00Z"),
    );
}

#[test]
fn nothing_outlives_its_ca_or_begins_before_it() {
    let ca = TestCa::p256();
    let days = |days| Lifetime::Days(Days(days));
    // The CA began an hour before it was made.
    let early = time("2026-11-24T07:02:00Z");
    check_lifetime(
        ca,
        days(1),
        early,
        Ok("2026-11-24T07:00:00Z 2026-11-25T06:59:59Z"),
    );
    check_lifetime(
        ca,
        days(1),
        time("2026-11-24T06:59:59Z"),
        Err(
            "the CA `router-2026-1` is valid from 2026-11-24T07:00:00Z to 2036-11-23T06:59:59Z, now is 2026-11-24T06:59:59Z",
        ),
    );
    let late = time("2036-11-01T00:00:00Z");
    check_lifetime(
        ca,
        Lifetime::Default,
        late,
        Err(
            "the CA `router-2026-1` ends at 2036-11-23T06:59:59Z: 2037-12-02T23:54:59Z was asked for",
        ),
    );
    check_lifetime(
        ca,
        Lifetime::Until(time("2036-11-23T06:59:59Z")),
        late,
        Ok("2036-10-31T23:55:00Z 2036-11-23T06:59:59Z"),
    );
    check_lifetime(
        ca,
        days(1),
        time("2036-11-23T07:00:00Z"),
        Err(
            "the CA `router-2026-1` is valid from 2026-11-24T07:00:00Z to 2036-11-23T06:59:59Z, now is 2036-11-23T07:00:00Z",
        ),
    );
}

#[test]
fn leap_days_and_the_year_2050_are_ordinary_days() {
    let made = time("2048-02-01T00:00:00Z");
    let ca = TestCa::at(TestSigner::p256(), TestSigner::p256(), made);
    let days = |days| Lifetime::Days(Days(days));
    check_lifetime(
        &ca,
        days(366),
        time("2048-02-29T12:00:00Z"),
        Ok("2048-02-29T11:55:00Z 2049-03-01T11:54:59Z"),
    );
    check_lifetime(
        &ca,
        days(1),
        time("2049-12-31T00:04:59Z"),
        Ok("2049-12-30T23:59:59Z 2049-12-31T23:59:58Z"),
    );
    check_lifetime(
        &ca,
        days(1),
        time("2049-12-31T00:05:01Z"),
        Ok("2049-12-31T00:00:01Z 2050-01-01T00:00:00Z"),
    );
    check_lifetime(
        &ca,
        days(1),
        time("2050-01-01T00:05:00Z"),
        Ok("2050-01-01T00:00:00Z 2050-01-01T23:59:59Z"),
    );
}

#[test]
fn a_profile_needs_the_ca_of_its_class() {
    let ca = TestCa::p256();
    for class in [
        IssuerClass::Router,
        IssuerClass::VpnClient,
        IssuerClass::Control,
    ] {
        let wanted = Wanted {
            profile: profile("vpn-server"),
            name: "vpn.example.net",
            sans: &[],
            lifetime: Lifetime::Default,
        };
        let error = decide(
            &wanted,
            &plain_request("vpn.example.net"),
            ca.issuer(class),
            &Policy::default(),
            now(),
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "profile vpn-server is issued by a vpn-server CA, `{class}-2026-1` is a {class} CA"
            )
        );
    }
}
