//! The signing path of the server without any store: policy, lint, signature, and the entry for the log.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use ca_core::{Issuer, IssuerUrls, Lifetime, Policy, Wanted};
use ca_server::{
    data_dir::DataDir,
    keystore::{FileSigner, read_key},
    settings::Settings,
};
use ca_store::CaStore;
use ca_tests::{Key, Site};
use ca_types::{
    Clock as _, IssuerClass, KeyId, Passphrase, ProfileName, SerialNumber, SettingsDigest,
    SystemClock, SystemEntropy,
};
use ca_verify::{Certificate, CertificationRequest, Change, Entry, Issued, Origin, Request};

/// The CA for routers, with its key.
#[derive(Debug)]
pub(crate) struct SigningPath {
    issuer: Issuer,
    signer: FileSigner,
    policy: Policy,
    profile: ProfileName,
    settings: SettingsDigest,
}

/// A certification request and the NAME that it is for.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    name: String,
    request: Vec<u8>,
}

impl Order {
    /// Makes a key of its own.
    pub(crate) fn new(name: String) -> Self {
        let request = Key::new().certification_request(&name);
        Self { name, request }
    }
}

impl SigningPath {
    /// Takes the key of a site, and the CA as its store knows it.
    pub(crate) fn of(site: &Site, store: &dyn CaStore) -> anyhow::Result<Self> {
        let data = DataDir::new(site.data());
        let settings = Settings::of(&data)?;
        let passphrase = Passphrase::from_file_content(std::fs::read(site.passphrase())?);
        let rows = tokio::runtime::Runtime::new()?.block_on(store.issuers())?;
        let row = rows
            .into_iter()
            .find(|row| row.class == IssuerClass::Router)
            .expect("init makes a CA for routers");
        Ok(Self {
            signer: read_key(&data.key_file(&row.id), &passphrase)?.signer()?,
            issuer: Issuer {
                urls: IssuerUrls::below(&settings.publish_url.to_string(), &row.id),
                certificate: Certificate::from_der(&row.certificate)?,
                id: row.id,
                class: row.class,
                trust_domain: row.trust_domain,
            },
            policy: settings.policy,
            profile: "router".parse()?,
            settings: settings.digest,
        })
    }

    /// Decides, lints and signs as the server does.
    pub(crate) fn sign(&self, order: &Order) -> anyhow::Result<Entry> {
        let now = SystemClock.now();
        let request = CertificationRequest::from_der(&order.request)?;
        let profile = self
            .policy
            .profiles
            .find(&self.profile)
            .expect("the profile is ready-made");
        let wanted = Wanted {
            profile,
            name: &order.name,
            sans: &[],
            lifetime: Lifetime::Default,
        };
        let decision = ca_core::decide(&wanted, &request, &self.issuer, &self.policy, now)?;
        let serial = SerialNumber::generate(&mut SystemEntropy);
        let linted = ca_core::prepare(&decision, serial, &self.issuer)?;
        let certificate = ca_core::sign(linted, &self.signer)?;
        Ok(self.entry(order.name.clone(), certificate.der().to_vec()))
    }

    /// Makes the entry for a certificate.
    pub(crate) fn entry(&self, name: String, certificate: Vec<u8>) -> Entry {
        let mut id = [0; 16];
        SystemRandom::new()
            .fill(&mut id)
            .expect("the machine has randomness");
        Entry {
            time: SystemClock.now(),
            origin: Origin {
                actor: Some(KeyId::from([7; 32])),
                address: "192.0.2.1".to_owned(),
                request: Some(Request {
                    id: id.into(),
                    digest: [7; 32].into(),
                }),
                settings: self.settings,
            },
            changes: vec![Change::Issued(Issued {
                issuer: self.issuer.id.clone(),
                profile: self.profile.clone(),
                name,
                succeeds: None,
                certificate,
            })],
        }
    }

    pub(crate) fn signer(&self) -> &FileSigner {
        &self.signer
    }
}
