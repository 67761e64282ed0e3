//! Nobody judges himself: OpenSSL, GnuTLS, webpki and pkilint look at what we issue.

use std::{collections::BTreeSet, path::PathBuf, process::Command, time::Duration};

use ca_tests::{Algorithm, Finding, Run, Site, certtool, openssl, pkilint, program, run, until};

use crate::{rows::word, webpki_judge};

#[test]
fn every_judge_accepts_a_fleet_under_rsa3072() {
    judge_fleet(Algorithm::Rsa3072);
}

#[test]
fn every_judge_accepts_a_fleet_under_rsa2048() {
    judge_fleet(Algorithm::Rsa2048);
}

#[test]
fn every_judge_accepts_a_fleet_under_p256() {
    judge_fleet(Algorithm::P256);
}

/// What stands in certificates of one profile, as OpenSSL prints it.
#[derive(Debug, Clone, Copy)]
struct Facts {
    profile: &'static str,
    name: &'static str,
    sans: &'static [&'static str],
    key_encipherment_with_rsa: bool,
    extended_key_usage: &'static [&'static str],
    alternative_names: &'static [&'static str],
}

const SERVER_AUTH: &str = "TLS Web Server Authentication";
const CLIENT_AUTH: &str = "TLS Web Client Authentication";
const IPSEC_IKE: &str = "ipsec Internet Key Exchange";
const IKE_INTERMEDIATE: &str = "1.3.6.1.5.5.8.2.2";

const FLEET: [Facts; 4] = [
    Facts {
        profile: "router",
        name: "berlin-01.example.net",
        sans: &["ip:192.0.2.1"],
        key_encipherment_with_rsa: true,
        extended_key_usage: &[SERVER_AUTH, CLIENT_AUTH, IPSEC_IKE],
        alternative_names: &["DNS:berlin-01.example.net", "IP Address:192.0.2.1"],
    },
    Facts {
        profile: "vpn-server",
        name: "gw.example.net",
        sans: &["ip:198.51.100.7"],
        key_encipherment_with_rsa: true,
        extended_key_usage: &[SERVER_AUTH, IPSEC_IKE, IKE_INTERMEDIATE],
        alternative_names: &[
            "DNS:gw.example.net",
            "IP Address:198.51.100.7",
            "DNS:198.51.100.7",
        ],
    },
    Facts {
        profile: "vpn-client",
        name: "anna@example.net",
        sans: &[],
        key_encipherment_with_rsa: false,
        extended_key_usage: &[CLIENT_AUTH, IPSEC_IKE],
        alternative_names: &["email:anna@example.net"],
    },
    Facts {
        profile: "vpn-client",
        name: "laptop-7.example.net",
        sans: &[],
        key_encipherment_with_rsa: false,
        extended_key_usage: &[CLIENT_AUTH, IPSEC_IKE],
        alternative_names: &["DNS:laptop-7.example.net"],
    },
];

fn judge_fleet(algorithm: Algorithm) {
    let (site, _server) = Site::running(algorithm);
    for facts in FLEET {
        let mut more = Vec::new();
        for san in facts.sans {
            more.extend(["--san", san]);
        }
        let row = site.issue(facts.profile, facts.name, &more);
        let chain = Chain::of(&site, facts.name, &word(&row, "issuer_id"));
        chain.judge();
        chain.has_the_extensions(algorithm, &facts);
    }
    let revoked = word(&site.issue("vpn-client", "lost.example.net", &[]), "serial");
    let chain = Chain::of(&site, "lost.example.net", &site.issuers()["vpn-client"]);
    chain.judge();
    site.client(&["revoke", "--serial", &revoked, "--reason", "key-compromise"])
        .ok();
    chain.is_refused_once_revoked(&site, &revoked);
    judge_control(&site);
}

/// The credential of the admin comes from the same CA family, and is judged like the rest.
fn judge_control(site: &Site) {
    let issuer = site.issuers()["control"].clone();
    let root =
        std::fs::read_to_string(site.path("lost.example.net/chain.pem")).expect("issue wrote it");
    let root = certificates(&root)[1].clone();
    let issuing = std::fs::read_to_string(site.data().join("admin/ca.pem")).expect("init wrote it");
    for file in ["admin/admin.pem", "tls/server.pem"] {
        let pem = std::fs::read_to_string(site.data().join(file)).expect("init wrote it");
        let leaf = certificates(&pem)[0].clone();
        Chain::write(site, file, &leaf, &issuing, &root, &issuer).judge();
    }
}

/// An end entity with the certificates and CRLs above it, in a folder of its own.
#[derive(Debug)]
struct Chain {
    folder: PathBuf,
    issuer: String,
}

impl Chain {
    fn of(site: &Site, name: &str, issuer: &str) -> Self {
        let read = |file: &str| {
            std::fs::read_to_string(site.path(name).join(file)).expect("issue wrote it")
        };
        let chain = certificates(&read("chain.pem"));
        assert_eq!(chain.len(), 2, "chain.pem is the issuing CA, then the root");
        let leaf = read(&format!("{name}.pem"));
        Self::write(site, name, &leaf, &chain[0], &chain[1], issuer)
    }

    fn write(site: &Site, name: &str, leaf: &str, issuing: &str, root: &str, issuer: &str) -> Self {
        let folder = site.path(&format!("judged-{}", name.replace('/', "-")));
        std::fs::create_dir_all(&folder).expect("the test directory is writable");
        let chain = Self {
            folder,
            issuer: issuer.to_owned(),
        };
        for (file, text) in [
            ("leaf.pem", leaf.to_owned()),
            ("issuing.pem", issuing.to_owned()),
            ("root.pem", root.to_owned()),
            ("all.pem", format!("{leaf}{issuing}{root}")),
        ] {
            std::fs::write(chain.folder.join(file), text).expect("the test directory is writable");
        }
        chain.fetch_lists(site);
        chain
    }

    /// Takes the CRLs as a router would: over plain HTTP.
    fn fetch_lists(&self, site: &Site) {
        let mut both = String::new();
        for (issuer, stem) in [
            (self.issuer.clone(), "issuing"),
            (site.issuers()["root"].clone(), "root"),
        ] {
            let der = self.folder.join(format!("{stem}.crl"));
            std::fs::write(&der, site.crl(&issuer)).expect("the test directory is writable");
            let pem = format!("{stem}.crl.pem");
            openssl(
                &self.folder,
                &[
                    "crl",
                    "-inform",
                    "DER",
                    "-in",
                    &format!("{stem}.crl"),
                    "-out",
                    &pem,
                ],
            )
            .ok();
            both += &std::fs::read_to_string(self.folder.join(pem)).expect("OpenSSL wrote it");
        }
        std::fs::write(self.folder.join("crls.pem"), both).expect("the test directory is writable");
    }

    fn judge(&self) {
        let verified = self.openssl_verify().ok();
        assert_eq!(verified.stdout.trim(), "leaf.pem: OK");
        self.judge_by_gnutls();
        self.judge_by_pkilint();
        self.judge_by_our_lint();
        assert_eq!(webpki_judge::verify(&self.folder), Ok(()));
        for (list, issuer) in [("issuing", "issuing.pem"), ("root", "root.pem")] {
            let file = format!("{list}.crl.pem");
            let run = openssl(
                &self.folder,
                &["crl", "-in", &file, "-noout", "-CAfile", issuer, "-text"],
            )
            .ok();
            assert!(run.stderr.contains("verify OK"), "{run}");
            assert!(run.stdout.contains("X509v3 CRL Number"), "{run}");
            assert!(
                run.stdout.contains("X509v3 Authority Key Identifier"),
                "{run}"
            );
            assert!(!run.stdout.contains("Issuing Distribution Point"), "{run}");
        }
    }

    fn openssl_verify(&self) -> Run {
        openssl(
            &self.folder,
            &[
                "verify",
                "-x509_strict",
                "-crl_check_all",
                "-CAfile",
                "root.pem",
                "-untrusted",
                "issuing.pem",
                "-CRLfile",
                "crls.pem",
                "leaf.pem",
            ],
        )
    }

    fn judge_by_gnutls(&self) {
        let run = certtool(&self.folder, &["--verify-chain", "--infile", "all.pem"]).ok();
        assert!(
            run.stdout
                .contains("Chain verification output: Verified. The certificate is trusted."),
            "{run}"
        );
        for (list, issuer) in [("issuing", "issuing.pem"), ("root", "root.pem")] {
            let list = format!("{list}.crl.pem");
            let run = certtool(
                &self.folder,
                &[
                    "--verify-crl",
                    "--load-ca-certificate",
                    issuer,
                    "--infile",
                    &list,
                ],
            )
            .ok();
            assert!(run.stdout.contains("Verified"), "{run}");
        }
    }

    /// The lint that the CA keeps says the same of the files as it did before the signatures.
    fn judge_by_our_lint(&self) {
        let mut lint = Command::new(program("ca-client"));
        lint.current_dir(&self.folder).args([
            "lint",
            "leaf.pem",
            "issuing.crl",
            "--issuer",
            "issuing.pem",
        ]);
        run(&mut lint).ok();
        let mut lint = Command::new(program("ca-client"));
        lint.current_dir(&self.folder).args([
            "lint",
            "issuing.pem",
            "root.pem",
            "root.crl",
            "--issuer",
            "root.pem",
        ]);
        run(&mut lint).ok();
    }

    fn judge_by_pkilint(&self) {
        let path = |file: &str| self.folder.join(file);
        for file in ["leaf.pem", "issuing.pem", "root.pem"] {
            let findings = pkilint("lint_pkix_cert", &[], &[&path(file)]);
            assert_eq!(beyond_the_agreed(findings), [], "{file} of {self:?}");
        }
        for (file, kind) in [("issuing.crl", "CRL"), ("root.crl", "ARL")] {
            let findings = pkilint("lint_crl", &["-t", kind, "-p", "PKIX"], &[&path(file)]);
            assert_eq!(findings, [], "{file} of {self:?}");
        }
        let linter = "lint_pkix_signer_signee_cert_chain";
        for (signer, signee) in [("issuing.pem", "leaf.pem"), ("root.pem", "issuing.pem")] {
            let findings = pkilint(linter, &[], &[&path(signer), &path(signee)]);
            assert_eq!(beyond_the_agreed(findings), [], "{signee} of {self:?}");
        }
    }

    fn has_the_extensions(&self, algorithm: Algorithm, facts: &Facts) {
        let extension = |name: &str| {
            let run = openssl(
                &self.folder,
                &["x509", "-in", "leaf.pem", "-noout", "-ext", name],
            )
            .ok();
            run.stdout
        };
        let rsa = algorithm != Algorithm::P256;
        let mut key_usage = set(&["Digital Signature"]);
        if rsa && facts.key_encipherment_with_rsa {
            key_usage.insert("Key Encipherment".to_owned());
        }
        let text = extension("keyUsage");
        assert!(text.contains("critical"), "{text}");
        assert_eq!(listed(&text), key_usage, "{text}");
        let text = extension("extendedKeyUsage");
        assert!(!text.contains("critical"), "{text}");
        assert_eq!(listed(&text), set(facts.extended_key_usage), "{text}");
        let text = extension("subjectAltName");
        assert_eq!(listed(&text), set(facts.alternative_names), "{text}");
        let url = format!("URI:http://pki.example.net/crl/{}.crl", self.issuer);
        let text = extension("crlDistributionPoints");
        assert_eq!(text.matches("URI:").count(), 1, "{text}");
        assert!(text.contains(&url), "{text}");
        let text = extension("authorityInfoAccess");
        let url = format!(
            "CA Issuers - URI:http://pki.example.net/ca/{}.cer",
            self.issuer
        );
        assert!(text.contains(&url), "{text}");
    }

    fn is_refused_once_revoked(&self, site: &Site, serial: &str) {
        until(Duration::from_secs(60), "the revocation in the CRL", || {
            self.fetch_lists(site);
            let run = openssl(
                &self.folder,
                &["crl", "-in", "issuing.crl.pem", "-noout", "-text"],
            )
            .ok();
            run.stdout
                .to_lowercase()
                .contains(&format!("serial number: {serial}"))
                .then_some(())
        });
        let run = self.openssl_verify();
        assert_eq!(run.code, Some(2), "{run}");
        assert!(run.stderr.contains("certificate revoked"), "{run}");
        assert_eq!(
            webpki_judge::verify(&self.folder),
            Err("CertRevoked".to_owned())
        );
        let run = certtool(
            &self.folder,
            &[
                "--verify",
                "--load-ca-certificate",
                "root.pem",
                "--load-crl",
                "crls.pem",
                "--infile",
                "all.pem",
            ],
        );
        assert!(run.stdout.contains("revoked"), "{run}");
    }
}

/// pkilint knows neither one-label names nor addresses written as dNSName, which Windows asks for.
fn beyond_the_agreed(findings: Vec<Finding>) -> Vec<Finding> {
    findings
        .into_iter()
        .filter(|finding| {
            let about_a_name = finding.rule.contains("dns_name") || finding.rule.contains("domain");
            let agreed = ["localhost", "198.51.100.7", "127.0.0.1"];
            !(about_a_name && agreed.iter().any(|name| finding.message.contains(name)))
        })
        .collect()
}

/// Reads the values behind the heading that OpenSSL prints.
fn listed(text: &str) -> BTreeSet<String> {
    text.lines()
        .skip(1)
        .flat_map(|line| line.split(", "))
        .map(|value| value.trim().to_owned())
        .filter(|value| !value.is_empty())
        .collect()
}

fn set(values: &[&str]) -> BTreeSet<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// Takes a file of certificates apart.
fn certificates(pem: &str) -> Vec<String> {
    pem.split_inclusive("-----END CERTIFICATE-----\n")
        .filter(|piece| piece.contains("BEGIN CERTIFICATE"))
        .map(str::to_owned)
        .collect()
}
