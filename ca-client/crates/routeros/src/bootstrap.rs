//! The script that an admin pastes into the console of a new router.

use std::fmt;

use ca_types::Passphrase;

use crate::{Door, quoted};

/// What a router needs before it can be reached safely: a user with few rights, and a certificate for the service.
#[derive(Debug)]
pub struct Bootstrap<'a> {
    /// What the router is called in the fleet file.
    pub name: &'a str,
    /// The name or address that goes into its first certificate.
    pub address: &'a str,
    /// How it will be reached: `rest`, `api-ssl` or `ssh`.
    pub door: Door,
    /// The user to make; the group has the same name.
    pub user: &'a str,
    /// The password of the user.
    pub password: &'a Passphrase,
}

impl fmt::Display for Bootstrap<'_> {
    /// Writes the script. It holds the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (user, service) = (quoted(self.user), self.door.service());
        let (name, address) = (self.name, quoted(self.address));
        let policy = policy(self.door);
        let over_tls = self.door != Door::Ssh;
        let password = quoted(&String::from_utf8_lossy(self.password.expose()));
        writeln!(
            f,
            "# Fleet CA, first steps of router {name}: a group with few rights and a user,"
        )?;
        let first = if over_tls {
            format!("a first certificate, and {service} with it")
        } else {
            format!("and the service {service}")
        };
        writeln!(f, "# {first}. This text holds a password.")?;
        writeln!(f, "/user group add name={user} policy={policy}")?;
        writeln!(f, "/user add name={user} group={user} password={password}")?;
        if !over_tls {
            return writeln!(f, "/ip service set {service} disabled=no");
        }
        writeln!(
            f,
            "/certificate add name={FIRST} common-name={address} key-size=2048 days-valid=365 \
             key-usage=digital-signature,key-encipherment,tls-server"
        )?;
        writeln!(f, "/certificate sign {FIRST}")?;
        writeln!(
            f,
            "/ip service set {service} certificate={FIRST} disabled=no"
        )?;
        writeln!(f, "# The fingerprint for `ca-client router add`:")?;
        writeln!(f, ":put [/certificate get [find name={FIRST}] fingerprint]")
    }
}

/// The policies that a push needs: to log in through the door, to look, and to change.
fn policy(door: Door) -> &'static str {
    match door {
        Door::Rest | Door::RestPlain => "read,write,api,rest-api",
        Door::ApiSsl | Door::ApiPlain => "read,write,api",
        // Files go over SFTP, which wants `ftp`.
        Door::Ssh => "read,write,ssh,ftp",
    }
}

/// The name of the first certificate.
const FIRST: &str = "fleet-ca-bootstrap";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_has_only_the_rights_of_its_door() {
        let password = Passphrase::from_file_content(b"a$b\"c".to_vec());
        let script = |door| {
            Bootstrap {
                name: "r1",
                address: "192.0.2.1",
                door,
                user: "fleet-ca",
                password: &password,
            }
            .to_string()
        };
        let rest = script(Door::Rest);
        assert!(rest.contains("policy=read,write,api,rest-api\n"), "{rest}");
        assert!(rest.contains("password=\"a\\$b\\\"c\"\n"), "{rest}");
        assert!(rest.contains("set www-ssl certificate=fleet-ca-bootstrap disabled=no"));
        let api = script(Door::ApiSsl);
        assert!(api.contains("policy=read,write,api\n"), "{api}");
        assert!(api.contains("set api-ssl certificate=fleet-ca-bootstrap disabled=no"));
        let ssh = script(Door::Ssh);
        assert!(ssh.contains("policy=read,write,ssh,ftp\n"), "{ssh}");
        assert!(ssh.ends_with("/ip service set ssh disabled=no\n"), "{ssh}");
    }
}
