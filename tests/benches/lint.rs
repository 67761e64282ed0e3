//! Policy, lint and the checks of keys, beside the signatures of one issue in the same run.

#[expect(dead_code, reason = "the kit of the core has more than is measured")]
#[path = "../../ca-server/crates/core/tests/kernel/der_writer.rs"]
mod der_writer;
#[expect(dead_code, reason = "the kit of the core has more than is measured")]
#[path = "../../ca-server/crates/core/tests/kernel/kit.rs"]
mod kit;

use std::hint::black_box;
use std::time::{Duration, Instant};

use ca_core::{Signer as _, prepare};
use ca_types::IssuerClass;
use ca_verify::{
    CertificationRequest, LintContext, PublicKey, Purpose, SignatureAlgorithm, lint_certificate,
};
use rcgen::KeyPair;

use kit::{Order, RSA_DEVICE_PKCS8, TestCa, plain_request, request_by, serial};

const NAME: &str = "berlin-01.example.net";

fn main() -> anyhow::Result<()> {
    let key =
        KeyPair::from_pkcs8_der_and_sign_algo(&RSA_DEVICE_PKCS8.into(), &rcgen::PKCS_RSA_SHA256)?;
    let rsa = request_by(&key, NAME, |_params| {});
    let p256 = plain_request(NAME);
    bench("P-256 key under a P-256 CA", TestCa::p256(), &p256)?;
    bench("RSA-2048 key under an RSA-2048 CA", TestCa::rsa(), &rsa)?;
    println!();
    keys("RSA-2048", rsa.public_key());
    keys("P-256", p256.public_key());
    Ok(())
}

fn bench(title: &str, ca: &TestCa, request: &CertificationRequest) -> anyhow::Result<()> {
    let order = Order::new("router", NAME).with_sans(&["ip:192.0.2.1"]);
    let issuer = ca.issuer(IssuerClass::Router);
    let decision = ca.decide(&order, request)?;
    let linted = prepare(&decision, serial(7), issuer)?;
    let tbs = linted.tbs_der();
    let algorithm = SignatureAlgorithm::for_key(issuer.certificate.public_key());
    let context = LintContext {
        purpose: Purpose::EndEntity(IssuerClass::Router),
        issuer: Some(&issuer.certificate),
        algorithm,
    };
    let policy = mean(|| {
        let _decision = black_box(ca.decide(&order, black_box(request)));
    });
    let lint = mean(|| {
        let _linted = black_box(lint_certificate(black_box(tbs.to_vec()), context));
    });
    let signature = ca.signer.sign(tbs)?;
    let sign = mean(|| {
        let _signature = black_box(ca.signer.sign(black_box(tbs)));
    });
    let public_key = issuer.certificate.public_key();
    let verify = mean(|| {
        let _verified = black_box(public_key.verify(black_box(tbs), &signature, algorithm));
    });
    println!("{title}:");
    println!(
        "  policy {} + lint {} = {} (wanted: under 60 µs)",
        micros(policy),
        micros(lint),
        micros(policy + lint)
    );
    println!("  sign {} + verify {}", micros(sign), micros(verify));
    Ok(())
}

fn keys(title: &str, key: &PublicKey) {
    let spki = key.spki_der();
    let read = mean(|| {
        let _key = black_box(PublicKey::from_spki_der(black_box(spki)));
    });
    let strength = mean(|| {
        let _strong = black_box(black_box(key).check_strength());
    });
    println!(
        "{title} key: form {} + strength {} = {} (wanted: under 150 µs)",
        micros(read),
        micros(strength),
        micros(read + strength)
    );
}

/// Returns how long one run takes on average, over half a second.
fn mean(mut work: impl FnMut()) -> Duration {
    let begun = Instant::now();
    let mut times = 0;
    while begun.elapsed() < Duration::from_millis(500) {
        work();
        times += 1;
    }
    begun.elapsed() / times
}

fn micros(time: Duration) -> String {
    format!("{:.1} µs", time.as_secs_f64() * 1e6)
}
