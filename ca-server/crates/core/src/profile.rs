//! Certificate profiles: what a certificate of each kind may be.

use ca_types::{Days, IssuerClass, ProfileName};
use ca_verify::{KeyAlgorithm, KeyUsage};
use spki::ObjectIdentifier;

/// What certificates of one kind are like, and how long they may live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    name: ProfileName,
    class: IssuerClass,
    names: NameForm,
}

/// What the NAME of a profile may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameForm {
    /// A DNS name, an IP address or an e-mail address; it is the first subject alternative name.
    Subject,
    /// As [`NameForm::Subject`], and an IP address stands in a `dNSName` too (Windows IKEv2 looks there).
    Gateway,
    /// The address of this CA's own API; domains do not limit it.
    Api,
    /// The name of an actor; a subject alternative name only when it has the form of one.
    Actor,
}

impl Profile {
    /// Returns the built-in profiles: `router`, `vpn-server`, `vpn-client`, `control`, `control-server`.
    pub fn all() -> &'static [Self] {
        todo!()
    }

    /// Finds a profile by its name.
    pub fn find(_name: &ProfileName) -> Option<&'static Self> {
        todo!()
    }

    /// Returns its name.
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Returns the class of the CA that issues it.
    pub fn class(&self) -> IssuerClass {
        self.class
    }

    /// Returns what its NAME may be.
    pub fn name_form(&self) -> NameForm {
        self.names
    }

    /// Returns the validity when none is asked for.
    pub fn default_validity(&self) -> Days {
        todo!()
    }

    /// Returns the longest validity.
    pub fn maximum_validity(&self) -> Days {
        todo!()
    }

    /// Returns by how many seconds a certificate is valid before it is made, for clocks that are late.
    pub fn backdating_seconds(&self) -> u64 {
        todo!()
    }

    /// Returns the key usage for a key of this kind.
    pub fn key_usage(&self, _key: KeyAlgorithm) -> KeyUsage {
        todo!()
    }

    /// Returns the extended key usage.
    pub fn extended_key_usage(&self) -> &[ObjectIdentifier] {
        todo!()
    }
}
