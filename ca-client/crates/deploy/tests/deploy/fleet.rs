//! A CA in memory, and a router of its fleet.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use ca_deploy::{
    Authority, Binding, CertificateWish, DeployError, EnrollError, Enrolled, Enroller, Hierarchy,
    IpsecBinding, Job, Outside, PasswordSource, Plan, PlanError, PushOptions, Report, RouterEntry,
};
use ca_routeros::Door;
use ca_types::{Clock as _, Code, Days, FakeClock, KeyId, UnixTime};
use ca_verify::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use zeroize::Zeroizing;

use crate::router::FakeRouter;

type Ca = CertifiedIssuer<'static, KeyPair>;

/// A CA, its clock, and one router.
pub(crate) struct Story {
    pub(crate) clock: FakeClock,
    pub(crate) router: FakeRouter,
    pub(crate) hierarchy: Hierarchy,
    pub(crate) entry: RouterEntry,
    pub(crate) options: PushOptions,
    pub(crate) enroller: FakeEnroller,
    files: u32,
}

impl Story {
    /// A router of a release, reached through a door, that shall have one certificate with these bindings.
    pub(crate) fn new(version: &str, door: Door, bindings: Vec<Binding>) -> Self {
        let clock = FakeClock::at(START.parse().unwrap());
        let root = ca("Example Fleet Root CA 2026-1", None);
        let issuing = ca("Example Fleet Router CA 2026-1", Some(&root));
        let authority = |class: &str, ca: &Ca| Authority {
            class: class.to_owned(),
            issuer_id: format!("{class}-2026-1"),
            certificate: Certificate::from_der(ca.der()).unwrap(),
            crl_url: format!("http://ca.example.net/crl/{class}-2026-1.crl"),
        };
        let hierarchy = Hierarchy {
            root: authority("root", &root),
            issuing: vec![authority("router", &issuing)],
            revoked: BTreeSet::new(),
            renamed: BTreeSet::new(),
        };
        let entry = RouterEntry {
            name: "berlin".to_owned(),
            address: "berlin.example.net".to_owned(),
            door,
            port: if door == Door::Rest { 443 } else { 8729 },
            user: "fleet-ca".to_owned(),
            password: PasswordSource::Environment("PASSWORD".to_owned()),
            pins: Vec::new(),
            certificates: vec![CertificateWish {
                profile: "router".parse().unwrap(),
                name: NAME.parse().unwrap(),
                sans: Vec::new(),
                days: None,
                key_algorithm: None,
                bindings,
            }],
            crl_use: false,
            peer_issuers: vec!["router".to_owned()],
        };
        Self {
            router: FakeRouter::new(version, door, clock.clone()),
            enroller: FakeEnroller {
                clock: clock.clone(),
                root: hierarchy.root.certificate.clone(),
                issuing: Arc::new(issuing),
                count: Mutex::new(0),
                keys: Mutex::default(),
                discarded: Mutex::default(),
                is_agent: false,
                pins: Mutex::default(),
            },
            clock,
            hierarchy,
            entry,
            options: PushOptions::default(),
            files: 0,
        }
    }

    pub(crate) async fn push(&mut self) -> Result<Report, DeployError> {
        let mut router = self.router.clone();
        let outside = self.router.clone();
        let job = Job {
            entry: &self.entry,
            hierarchy: &self.hierarchy,
            enroller: &self.enroller,
            outside: &outside,
            clock: &self.clock,
            options: self.options,
            progress: &|_| {},
        };
        let files = &mut self.files;
        let mut random = || {
            *files += 1;
            format!("r4nd0m{files}.pem")
        };
        ca_deploy::push(&mut router, &job, &mut random).await
    }

    /// The serial numbers of what the CA issued and nobody discarded.
    pub(crate) fn valid(&self) -> Vec<String> {
        let discarded = self.enroller.discarded.lock().unwrap();
        let issued = self.enroller.keys.lock().unwrap();
        let left = issued.keys().filter(|serial| !discarded.contains(serial));
        left.cloned().collect()
    }

    pub(crate) async fn plan(&self) -> Result<Plan, PlanError> {
        let now = self.clock.now();
        let mut router = self.router.clone();
        let observed = ca_deploy::observe(&mut router, now).await.unwrap();
        ca_deploy::plan(&self.entry, &self.hierarchy, &observed, now)
    }

    pub(crate) async fn verify(&self) -> Result<Report, DeployError> {
        let mut router = self.router.clone();
        let now = self.clock.now();
        ca_deploy::verify(&mut router, &self.entry, &self.hierarchy, &self.router, now).await
    }
}

/// Makes an identity of a tunnel with Hamburg.
pub(crate) fn tunnel() -> Binding {
    Binding::Ipsec(IpsecBinding {
        peer: "hamburg".to_owned(),
        my_id: format!("fqdn:{NAME}"),
        remote_id: "fqdn:hamburg.example.net".to_owned(),
        generate_policy: None,
        mode_config: None,
        policy_template_group: None,
    })
}

/// Writes what became of the bindings of the first certificate.
pub(crate) fn outcomes(report: &Report) -> Vec<String> {
    report.certificates[0]
        .bindings
        .iter()
        .map(|binding| format!("{}: {}", binding.binding, binding.outcome))
        .collect()
}

/// Issues certificates of 396 days, or as many as are wished for.
pub(crate) struct FakeEnroller {
    clock: FakeClock,
    root: Certificate,
    issuing: Arc<Ca>,
    pub(crate) count: Mutex<u32>,
    /// The keys of what was issued, by serial number.
    keys: Mutex<BTreeMap<String, KeyId>>,
    pub(crate) pins: Mutex<Vec<KeyId>>,
    /// The serial numbers of what is revoked.
    pub(crate) discarded: Mutex<Vec<String>>,
    /// Who may not revoke.
    pub(crate) is_agent: bool,
}

#[async_trait]
impl Enroller for FakeEnroller {
    async fn enroll(
        &self,
        wish: &CertificateWish,
        replaces: bool,
    ) -> Result<Enrolled, EnrollError> {
        *self.count.lock().unwrap() += 1;
        if replaces {
            let former = self.keys.lock().unwrap();
            self.discarded
                .lock()
                .unwrap()
                .extend(former.keys().cloned());
        }
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![wish.name.to_string()]).unwrap();
        params.distinguished_name = named(wish.name.as_str());
        params.use_authority_key_identifier_extension = true;
        let from = self.clock.now().minus(3600);
        let epoch = date_time_ymd(1970, 1, 1);
        let at = |time: UnixTime| epoch + Duration::from_secs(time.since(UnixTime::EPOCH));
        params.not_before = at(from);
        let days = wish.days.unwrap_or(Days(396));
        params.not_after = at(from.plus(days.seconds() - 1).unwrap());
        let certificate = params.signed_by(&key, &self.issuing).unwrap();
        let certificate = Certificate::from_der(certificate.der()).unwrap();
        let key_id = certificate.public_key().key_id();
        let mut keys = self.keys.lock().unwrap();
        keys.insert(serial_of(&certificate), key_id);
        Ok(Enrolled {
            certificate,
            issuing: Certificate::from_der(self.issuing.der()).unwrap(),
            root: self.root.clone(),
            key_pem: Zeroizing::new(key.serialize_pem()),
        })
    }

    async fn discard(&self, serial: &str) -> Result<(), EnrollError> {
        if self.is_agent {
            return Err(EnrollError {
                code: Code::PermissionDenied,
                message: "an agent may not".to_owned(),
                hint: None,
            });
        }
        self.discarded.lock().unwrap().push(serial.to_owned());
        Ok(())
    }

    async fn key_of(&self, serial: &str) -> Result<KeyId, EnrollError> {
        Ok(self.keys.lock().unwrap()[serial])
    }

    async fn pin(&self, key: KeyId) -> Result<(), EnrollError> {
        self.pins.lock().unwrap().push(key);
        Ok(())
    }
}

/// Writes a serial number with 32 digits.
pub(crate) fn serial_of(certificate: &Certificate) -> String {
    let octets = certificate.serial_octets().iter();
    let digits: String = octets.map(|octet| format!("{octet:02x}")).collect();
    format!("{:0>32}", digits.trim_start_matches('0'))
}

#[async_trait]
impl Outside for FakeRouter {
    async fn tls(&self, _address: &str, port: u16) -> Result<Vec<Vec<u8>>, String> {
        self.shown_at(port)
    }
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn ca(common_name: &str, issuer: Option<&Ca>) -> Ca {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = issuer.is_some();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2036, 1, 1);
    let key = KeyPair::generate().unwrap();
    match issuer {
        None => CertifiedIssuer::self_signed(params, key).unwrap(),
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer).unwrap(),
    }
}

pub(crate) const NAME: &str = "berlin.example.net";
const START: &str = "2026-06-01T00:00:00Z";
