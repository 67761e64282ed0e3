//! Certificate profiles: what a certificate of each kind may be.

use std::sync::LazyLock;

use ca_types::{Days, IssuerClass, ProfileName};
use ca_verify::{KeyAlgorithm, KeyUsage, oid};
use spki::ObjectIdentifier;

/// What certificates of one kind are like, and how long they may live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: ProfileName,
    shape: Shape,
}

/// The part of a profile that is data.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    name: &'static str,
    class: IssuerClass,
    name_form: NameForm,
    default_validity: Days,
    maximum_validity: Days,
    /// What an RSA key may do beside signing: TLS 1.2 with RSA key exchange, which SSTP still meets.
    rsa_usage: KeyUsage,
    extended_key_usage: &'static [ObjectIdentifier],
}

/// What the NAME of a profile may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameForm {
    /// A DNS name, an IP address or an e-mail address; it is the first subject alternative name.
    Subject,
    /// As [`NameForm::Subject`], and an IP address stands in a `dNSName` too (Windows looks there).
    Gateway,
    /// The address of this CA's own API; domains do not limit it.
    Api,
    /// The name of an actor; a subject alternative name only when it has the form of one.
    Actor,
}

impl Profile {
    /// Returns the built-in profiles: `router`, `vpn-server`, `vpn-client`, `control`, `control-server`.
    pub fn all() -> &'static [Self] {
        &BUILT_IN
    }

    /// Finds a profile by its name.
    pub fn find(name: &ProfileName) -> Option<&'static Self> {
        Self::all().iter().find(|profile| profile.name == *name)
    }

    /// Returns its name.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Returns the class of the CA that issues it.
    pub fn class(&self) -> IssuerClass {
        self.shape.class
    }

    /// Returns what its NAME may be.
    pub fn name_form(&self) -> NameForm {
        self.shape.name_form
    }

    /// Returns the validity when none is asked for.
    pub fn default_validity(&self) -> Days {
        self.shape.default_validity
    }

    /// Returns the longest validity.
    pub fn maximum_validity(&self) -> Days {
        self.shape.maximum_validity
    }

    /// Returns by how many seconds a certificate is valid before it is made, for clocks that are late.
    pub fn backdating_seconds(&self) -> u64 {
        BACKDATING_SECONDS
    }

    /// Returns the key usage for a key of this kind.
    pub fn key_usage(&self, key: KeyAlgorithm) -> KeyUsage {
        match key {
            KeyAlgorithm::Rsa { .. } => KeyUsage::DIGITAL_SIGNATURE.and(self.shape.rsa_usage),
            KeyAlgorithm::P256 | KeyAlgorithm::P384 => KeyUsage::DIGITAL_SIGNATURE,
        }
    }

    /// Returns the extended key usage.
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        self.shape.extended_key_usage
    }
}

/// Five minutes: enough for a clock that is a little late, too little to claim a past that was not.
const BACKDATING_SECONDS: u64 = 300;

static BUILT_IN: LazyLock<Vec<Profile>> = LazyLock::new(|| {
    SHAPES
        .into_iter()
        .map(|shape| Profile {
            name: shape
                .name
                .parse()
                .expect("the names in the table are well-formed"),
            shape,
        })
        .collect()
});

const SHAPES: [Shape; 5] = [
    Shape {
        name: "router",
        class: IssuerClass::Router,
        name_form: NameForm::Subject,
        default_validity: Days(397),
        maximum_validity: Days(825),
        rsa_usage: KeyUsage::KEY_ENCIPHERMENT,
        extended_key_usage: &[oid::SERVER_AUTH, oid::CLIENT_AUTH, oid::IPSEC_IKE],
    },
    Shape {
        name: "vpn-server",
        class: IssuerClass::VpnServer,
        name_form: NameForm::Gateway,
        default_validity: Days(397),
        maximum_validity: Days(825),
        rsa_usage: KeyUsage::KEY_ENCIPHERMENT,
        extended_key_usage: &[oid::SERVER_AUTH, oid::IPSEC_IKE, oid::IKE_INTERMEDIATE],
    },
    Shape {
        name: "vpn-client",
        class: IssuerClass::VpnClient,
        name_form: NameForm::Subject,
        default_validity: Days(180),
        maximum_validity: Days(397),
        rsa_usage: KeyUsage::NONE,
        extended_key_usage: &[oid::CLIENT_AUTH, oid::IPSEC_IKE],
    },
    Shape {
        name: "control",
        class: IssuerClass::Control,
        name_form: NameForm::Actor,
        default_validity: Days(90),
        maximum_validity: Days(90),
        rsa_usage: KeyUsage::NONE,
        extended_key_usage: &[oid::CLIENT_AUTH],
    },
    Shape {
        name: "control-server",
        class: IssuerClass::Control,
        name_form: NameForm::Api,
        default_validity: Days(90),
        maximum_validity: Days(90),
        rsa_usage: KeyUsage::NONE,
        extended_key_usage: &[oid::SERVER_AUTH],
    },
];
