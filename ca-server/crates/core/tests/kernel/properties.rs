//! What holds for every profile, name and time.

use ca_core::{Lifetime, NameRules, Policy, Profile, ProfileParts, SanForm, Wanted, decide};
use ca_types::{Days, GeneralName, UnixTime};
use ca_verify::CertificationRequest;
use proptest::prelude::*;

use crate::kit::{TestCa, now, plain_request, profile, request};

/// A profile, and one that is stricter in every respect that is drawn.
fn pairs() -> impl Strategy<Value = (Policy, Profile, Policy, Profile)> {
    let base = prop::sample::select(vec![
        "router",
        "router-management",
        "vpn-server",
        "radius-server",
        "vpn-client",
        "wifi-client",
    ]);
    let tighter = (
        any::<[bool; 8]>(),
        0_usize..2,
        1_usize..5,
        prop::sample::select(vec![SanForm::Dns, SanForm::Ip, SanForm::Email]),
    );
    (base, loose_rules(), tighter).prop_map(|(base, loose, (which, at, fewer, required))| {
        let ready = profile(base);
        let mut parts: ProfileParts = ready.parts().clone();
        let (domains, names) = loose;
        let forms = parts.names.forms.clone();
        parts.names = NameRules { forms, ..names };
        if !parts.names.forms.contains(&SanForm::Email) {
            parts
                .names
                .patterns
                .retain(|pattern| !pattern.as_str().contains('@'));
        }
        let loose = Profile::prove(ready.name().clone(), parts.clone()).unwrap();
        let loose_policy = policy(&domains);
        let [a, b, c, d, e, f, g, h] = which;
        let mut strict_domains = domains.clone();
        if a {
            strict_domains = match domains.as_slice() {
                [] => vec!["example.net"],
                _ => vec!["sub.example.net"],
            };
        }
        if b {
            parts.maximum_validity = Days(30);
            parts.default_validity = Days(20);
        }
        if c {
            let patterns = &mut parts.names.patterns;
            if patterns.is_empty() {
                patterns.push("*.example.net".parse().unwrap());
            } else {
                patterns.truncate(1);
            }
        }
        if d {
            let ranges = &mut parts.names.ranges;
            if ranges.is_empty() {
                ranges.push("10.0.0.0/8".parse().unwrap());
            } else {
                ranges.truncate(1);
            }
        }
        if e {
            parts.names.maximum = parts.names.maximum.min(fewer);
        }
        if f && parts.names.forms.contains(&required) {
            parts.names.required = vec![required];
        }
        if g {
            parts.keys.remove(at);
        }
        if h {
            parts.keys.truncate(2);
        }
        let strict = Profile::prove(ready.name().clone(), parts).unwrap();
        (loose_policy, loose, policy(&strict_domains), strict)
    })
}

fn policy(domains: &[&str]) -> Policy {
    Policy {
        domains: domains
            .iter()
            .map(|domain| domain.parse().unwrap())
            .collect(),
        ..Policy::default()
    }
}

fn loose_rules() -> impl Strategy<Value = (Vec<&'static str>, NameRules)> {
    let domains = prop::sample::select(vec![
        vec![],
        vec!["example.net"],
        vec!["example.net", "example.org"],
    ]);
    let patterns = prop::sample::select(vec![
        vec![],
        vec!["*.example.net", "*@example.net"],
        vec!["*"],
    ]);
    let ranges = prop::sample::select(vec![vec![], vec!["10.0.0.0/8", "2001:db8::/32"]]);
    (domains, patterns, ranges, 1_usize..=101).prop_map(|(domains, patterns, ranges, maximum)| {
        let names = NameRules {
            forms: vec![],
            patterns: patterns.iter().map(|p| p.parse().unwrap()).collect(),
            ranges: ranges.iter().map(|r| r.parse().unwrap()).collect(),
            maximum,
            required: vec![],
        };
        (domains, names)
    })
}

fn some_name() -> impl Strategy<Value = String> {
    let hosts = ["a", "b.sub", "sub", "*", "xn--80a", "a..b", ""];
    let domains = [
        "example.net",
        "sub.example.net",
        "example.org",
        "example.com",
        "net",
    ];
    let host = (
        prop::sample::select(hosts.to_vec()),
        prop::sample::select(domains.to_vec()),
    )
        .prop_map(|(host, domain)| format!("{host}.{domain}"));
    let others = [
        "10.1.2.3",
        "192.0.2.1",
        "2001:db8::1",
        "berlin",
        "anna@example.net",
        "bob@example.com",
    ];
    prop_oneof![
        host,
        prop::sample::select(others.to_vec()).prop_map(str::to_owned)
    ]
}

fn some_sans() -> impl Strategy<Value = Vec<GeneralName>> {
    prop::collection::vec(some_name(), 0..4).prop_map(|names| {
        let name = |text: &String| text.parse::<ca_types::SubjectName>().ok();
        names
            .iter()
            .filter_map(|text| Some(name(text)?.general_name()))
            .collect()
    })
}

/// A request that names nobody.
fn p256_request() -> &'static CertificationRequest {
    static REQUEST: std::sync::LazyLock<CertificationRequest> = std::sync::LazyLock::new(|| {
        request("", |params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
        })
    });
    &REQUEST
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever a stricter profile issues, a looser one would have issued too.
    #[test]
    fn a_stricter_profile_never_issues_what_a_looser_one_refuses(
        (loose_policy, loose, strict_policy, strict) in pairs(),
        name in some_name(),
        sans in some_sans(),
        days in prop_oneof![Just(None), (1_u32..900).prop_map(Some)],
    ) {
        let ca = TestCa::p256().issuer(loose.class());
        let lifetime = days.map_or(Lifetime::Default, |days| Lifetime::Days(Days(days)));
        let decided = |profile: &Profile, policy: &Policy| {
            let wanted = Wanted { profile, name: &name, sans: &sans, lifetime };
            decide(&wanted, p256_request(), ca, policy, now())
        };
        let by_strict = decided(&strict, &strict_policy);
        let by_loose = decided(&loose, &loose_policy);
        if let Ok(decision) = &by_strict {
            prop_assert!(by_loose.is_ok(), "{:?} {:?}", decision.sans(), by_loose);
            let by_loose = by_loose.unwrap();
            prop_assert_eq!(decision.sans(), by_loose.sans());
            // The rule of every name says yes to it again.
            for (san, _) in decision.allowed() {
                prop_assert!(strict.judge(san, &strict_policy).is_ok());
            }
        }
    }

    /// No time and length make the policy panic, issue past its CA, or begin before it.
    #[test]
    fn every_validity_lies_inside_the_one_of_the_ca(
        seconds in 0_i64..253_402_300_800,
        days in 0_u32..,
    ) {
        let ca = TestCa::p256();
        let now = UnixTime::from_seconds(seconds).unwrap();
        let order = crate::kit::Order {
            lifetime: Lifetime::Days(Days(days)),
            now,
            ..crate::kit::Order::new("router", "a.example.net")
        };
        if let Ok(decision) = ca.decide(&order, p256_request()) {
            let outer = ca.issuer(ca_types::IssuerClass::Router).certificate.validity();
            let validity = decision.validity();
            prop_assert!(outer.contains(validity.not_before()) && outer.contains(validity.not_after()));
            prop_assert!(validity.seconds() <= 825 * 86_400 && validity.not_after() >= now);
        }
    }
}

#[test]
fn one_second_is_a_validity_and_a_clock_set_back_is_refused() {
    let ca = TestCa::p256();
    let mut parts = profile("router").parts().clone();
    parts.backdating_seconds = 0;
    let strict = Profile::prove("router".parse().unwrap(), parts).unwrap();
    let issuer = ca.issuer(strict.class());
    let at = |end: UnixTime, now: UnixTime| {
        let wanted = Wanted {
            profile: &strict,
            name: "a.example.net",
            sans: &[],
            lifetime: Lifetime::Until(end),
        };
        decide(
            &wanted,
            &plain_request("a.example.net"),
            issuer,
            &Policy::default(),
            now,
        )
    };
    let decision = at(now(), now()).unwrap();
    assert_eq!(decision.validity().seconds(), 1);
    let certificate = ca.issue(&decision);
    assert_eq!(
        certificate.validity().not_before(),
        certificate.validity().not_after()
    );
    at(now().minus(1), now()).unwrap_err();
    // The clock stands before the CA: what would be issued would not be valid.
    at(now(), now().minus(86_400)).unwrap_err();
}
