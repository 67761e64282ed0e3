//! Keys, CAs and requests for the tests.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use ca_core::{
    Decision, Generation, Issuer, IssuerUrls, IssuingCa, Lifetime, Organization, Policy,
    PolicyError, Profile, SignError, Signer, Wanted, decide, issue_issuing_ca, issue_root,
    issuing_validity, prepare, sign,
};
use ca_types::{GeneralName, IssuerClass, SerialNumber, TrustDomain, UnixTime};
use ca_verify::{Certificate, CertificationRequest, PublicKey, SignatureAlgorithm};
use rcgen::{CertificateParams, DnType, KeyPair};

use crate::der_writer::{bits, oid, sequence};

/// A key in memory.
#[derive(Debug)]
pub(crate) struct TestSigner {
    public_key: PublicKey,
    key: Key,
}

#[derive(Debug)]
enum Key {
    Rsa(RsaKeyPair),
    P256(EcdsaKeyPair),
}

impl TestSigner {
    pub(crate) fn p256() -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        let algorithm = sequence(&[oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")]);
        let spki = sequence(&[algorithm, bits(key.public_key().as_ref())]);
        Self {
            public_key: PublicKey::from_spki_der(&spki).unwrap(),
            key: Key::P256(key),
        }
    }

    /// Opens a key that was made once, since RSA keys take long to make.
    pub(crate) fn rsa(pkcs8: &[u8]) -> Self {
        let key = RsaKeyPair::from_pkcs8(pkcs8).unwrap();
        let algorithm = sequence(&[oid("1.2.840.113549.1.1.1"), vec![5, 0]]);
        let spki = sequence(&[algorithm, bits(key.public_key().as_ref())]);
        Self {
            public_key: PublicKey::from_spki_der(&spki).unwrap(),
            key: Key::Rsa(key),
        }
    }
}

impl Signer for TestSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        SignatureAlgorithm::for_key(&self.public_key)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        let rng = SystemRandom::new();
        match &self.key {
            Key::P256(key) => Ok(key.sign(&rng, message).unwrap().as_ref().to_vec()),
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &rng, message, &mut signature)
                    .unwrap();
                Ok(signature)
            }
        }
    }
}

pub(crate) const RSA_PKCS8: &[u8] = include_bytes!("rsa2048.pk8");
pub(crate) const RSA_DEVICE_PKCS8: &[u8] = include_bytes!("rsa2048-device.pk8");
pub(crate) const RSA_ROOT_PKCS8: &[u8] = include_bytes!("rsa2048-root.pk8");

/// A root and the four issuing CAs.
#[derive(Debug)]
pub(crate) struct TestCa {
    pub(crate) root: Issuer,
    pub(crate) root_signer: TestSigner,
    pub(crate) issuing: Vec<Issuer>,
    pub(crate) signer: TestSigner,
}

impl TestCa {
    /// Makes a hierarchy at [`now`]; all its issuing CAs share one key, which the kernel does not mind.
    pub(crate) fn new(root_signer: TestSigner, signer: TestSigner) -> Self {
        Self::at(root_signer, signer, now())
    }

    pub(crate) fn at(root_signer: TestSigner, signer: TestSigner, now: UnixTime) -> Self {
        let organization: Organization = "Example Fleet".parse().unwrap();
        let generation = Generation {
            year: 2026,
            number: 1,
        };
        let certificate =
            issue_root(&organization, generation, serial(1), &root_signer, now).unwrap();
        let root = issuer(IssuerClass::Root, generation, certificate);
        let issuing = CLASSES
            .into_iter()
            .map(|class| {
                let wanted = IssuingCa {
                    organization: organization.as_str(),
                    common_name: &generation.common_name(&organization, class),
                    validity: issuing_validity(now, &root.certificate).unwrap(),
                    public_key: signer.public_key(),
                };
                let certificate =
                    issue_issuing_ca(&wanted, serial(2), &root, &root_signer).unwrap();
                issuer(class, generation, certificate)
            })
            .collect();
        Self {
            root,
            root_signer,
            issuing,
            signer,
        }
    }

    pub(crate) fn p256() -> &'static Self {
        static CA: LazyLock<TestCa> =
            LazyLock::new(|| TestCa::new(TestSigner::p256(), TestSigner::p256()));
        &CA
    }

    pub(crate) fn rsa() -> &'static Self {
        static CA: LazyLock<TestCa> = LazyLock::new(|| {
            TestCa::new(TestSigner::rsa(RSA_ROOT_PKCS8), TestSigner::rsa(RSA_PKCS8))
        });
        &CA
    }

    pub(crate) fn issuer(&self, class: IssuerClass) -> &Issuer {
        self.issuing
            .iter()
            .find(|issuer| issuer.class == class)
            .unwrap()
    }

    /// Decides with the CA that belongs to the profile.
    pub(crate) fn decide(
        &self,
        order: &Order<'_>,
        request: &CertificationRequest,
    ) -> Result<Decision, PolicyError> {
        let profile = profile(order.profile);
        let wanted = Wanted {
            profile,
            name: order.name,
            sans: &order.sans,
            lifetime: order.lifetime,
        };
        let policy = Policy {
            domains: order
                .domains
                .iter()
                .map(|domain| domain.parse().unwrap())
                .collect(),
            ..Policy::default()
        };
        decide(
            &wanted,
            request,
            self.issuer(profile.class()),
            &policy,
            order.now,
        )
    }

    /// Issues what was decided.
    pub(crate) fn issue(&self, decision: &Decision) -> Certificate {
        let issuer = self.issuer(decision.profile().class());
        let linted = prepare(decision, serial(7), issuer).unwrap();
        sign(linted, &self.signer).unwrap()
    }
}

/// What a test asks for.
#[derive(Debug, Clone)]
pub(crate) struct Order<'a> {
    pub(crate) profile: &'a str,
    pub(crate) name: &'a str,
    pub(crate) sans: Vec<GeneralName>,
    pub(crate) lifetime: Lifetime,
    pub(crate) domains: Vec<&'a str>,
    pub(crate) now: UnixTime,
}

impl<'a> Order<'a> {
    pub(crate) fn new(profile: &'a str, name: &'a str) -> Self {
        Self {
            profile,
            name,
            sans: vec![],
            lifetime: Lifetime::Default,
            domains: vec![],
            now: now(),
        }
    }

    pub(crate) fn with_sans(mut self, sans: &[&str]) -> Self {
        self.sans = sans.iter().map(|san| san.parse().unwrap()).collect();
        self
    }
}

fn issuer(class: IssuerClass, generation: Generation, certificate: Certificate) -> Issuer {
    let id = generation.issuer_id(class);
    Issuer {
        urls: IssuerUrls::below("http://pki.example.net", &id),
        id,
        class,
        trust_domain: TrustDomain::default(),
        certificate,
    }
}

const CLASSES: [IssuerClass; 4] = [
    IssuerClass::Router,
    IssuerClass::VpnServer,
    IssuerClass::VpnClient,
    IssuerClass::Control,
];

pub(crate) fn profile(name: &str) -> &'static Profile {
    Profile::find(&name.parse().unwrap()).unwrap()
}

pub(crate) fn serial(number: u8) -> SerialNumber {
    let mut octets = [number; 16];
    octets[0] = 0x41;
    octets.into()
}

pub(crate) fn time(text: &str) -> UnixTime {
    text.parse().unwrap()
}

pub(crate) fn now() -> UnixTime {
    time("2026-11-24T08:00:00Z")
}

/// Makes a request without extensions, with a new P-256 key.
pub(crate) fn plain_request(common_name: &str) -> CertificationRequest {
    request(common_name, |_params| {})
}

/// Makes a request with rcgen.
pub(crate) fn request(
    common_name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> CertificationRequest {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    request_by(&key, common_name, change)
}

/// Makes a request with rcgen and this key.
pub(crate) fn request_by(
    key: &KeyPair,
    common_name: &str,
    change: impl FnOnce(&mut CertificateParams),
) -> CertificationRequest {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    change(&mut params);
    let der = params.serialize_request(key).unwrap().der().to_vec();
    CertificationRequest::from_der(&der).unwrap()
}
