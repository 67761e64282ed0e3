//! Hostile names in every format, and the words of the scripts.

use std::collections::BTreeMap;

use ca_types::Passphrase;
use ca_verify::Certificate;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};

use super::{Bundle, Store, Target, Vpn};
use crate::keys::{KeyAlgorithm, PrivateKey};

/// All of this is allowed before the `@` of an address.
const HOSTILE: &str = "o'brien.$x`y`{z}=#|%&*!?~@example.net";
/// What an organization may call itself.
const ORGANIZATION: &str = "A \"B\" $(c) `d` 'e' \u{2019}f\u{2019} <g> ]]> \\h; Root";

/// A bundle whose holder and CA have hostile names.
fn bundle(target: Target, store: Store, section: &str) -> Bundle {
    let root_key = KeyPair::generate().unwrap();
    let mut root = CertificateParams::default();
    root.distinguished_name
        .push(DnType::CommonName, ORGANIZATION);
    root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root_certificate = root.self_signed(&root_key).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let pair = KeyPair::from_pem(&key.to_pem().unwrap()).unwrap();
    let mut leaf = CertificateParams::default();
    leaf.distinguished_name.push(DnType::CommonName, HOSTILE);
    leaf.subject_alt_names = vec![SanType::Rfc822Name(HOSTILE.try_into().unwrap())];
    let leaf = leaf
        .signed_by(&pair, &Issuer::from_params(&root, &root_key))
        .unwrap();
    let root = Certificate::from_der(root_certificate.der()).unwrap();
    let vpn: Vpn = toml::from_str(section).unwrap();
    assert_eq!(vpn.check(), Ok(()));
    Bundle {
        vpn,
        target,
        store,
        certificate: Certificate::from_der(leaf.der()).unwrap(),
        chain: vec![root.clone(), root.clone()],
        key,
        passphrase: Passphrase::from_file_content(b"open".to_vec()),
        gateway_cas: vec![root],
        signer: None,
    }
}

/// Returns the content of the file with this ending.
fn content(bundle: &Bundle, ending: &str) -> String {
    let parts = bundle.parts().unwrap();
    let part = parts
        .iter()
        .find(|part| part.path.ends_with(ending))
        .unwrap();
    String::from_utf8(part.octets.to_vec()).unwrap()
}

fn section(protocol: &str, more: &str) -> String {
    format!(
        "name = \"Office 2.0\"\ngateway = \"vpn.example.net\"\nprotocol = \"{protocol}\"\n{more}"
    )
}

#[test]
fn the_paths_are_known_before_the_files_are_made() {
    let ikev2 = section("ikev2", "");
    for (target, section) in [
        (Target::Windows, &ikev2),
        (Target::Android, &ikev2),
        (Target::Linux, &ikev2),
        (Target::Openvpn, &section("openvpn", "")),
        (Target::Routeros, &ikev2),
    ] {
        let bundle = bundle(target, Store::Machine, section);
        let mut made: Vec<String> = bundle
            .parts()
            .unwrap()
            .iter()
            .map(|part| part.path.clone())
            .collect();
        let mut known = Bundle::paths(target, &bundle.vpn, HOSTILE, 1);
        made.sort_unstable();
        known.sort_unstable();
        assert_eq!(made, known);
    }
}

/// A token of PowerShell, as far as a script can be changed by what is put into it.
#[derive(Debug, PartialEq, Eq)]
enum Token {
    /// A text in single quotes, read.
    Text(String),
    /// A text in double quotes, as it stands.
    Expanding(String),
    /// Everything else, comments left out.
    Code(String),
}

/// Reads a script by the rules of `about_Quoting_Rules` and `about_Comments`; here-strings and block comments are not
/// used.
fn tokens(script: &str) -> Vec<Token> {
    let is_single = |c: &char| matches!(c, '\'' | '\u{2018}'..='\u{201b}');
    let is_double = |c: &char| matches!(c, '"' | '\u{201c}'..='\u{201e}');
    let mut tokens = Vec::new();
    let mut code = String::new();
    let mut rest = script.chars().peekable();
    while let Some(c) = rest.next() {
        let mut text = String::new();
        if c == '#' && code.ends_with('\n') {
            while rest.next_if(|c| *c != '\n').is_some() {}
        } else if is_single(&c) {
            loop {
                let c = rest.next().expect("the text ends");
                if is_single(&c) && rest.next_if(is_single).is_none() {
                    break;
                }
                text.push(c);
            }
            tokens.extend([Token::Code(std::mem::take(&mut code)), Token::Text(text)]);
        } else if is_double(&c) {
            loop {
                let c = rest.next().expect("the text ends");
                if is_double(&c) {
                    break;
                }
                text.push(c);
            }
            tokens.extend([
                Token::Code(std::mem::take(&mut code)),
                Token::Expanding(text),
            ]);
        } else {
            code.push(c);
        }
    }
    tokens.push(Token::Code(code));
    tokens
}

/// Returns the words of the code that `is` likes, each once.
fn words(tokens: &[Token], is: impl Fn(&str) -> bool) -> Vec<&str> {
    let code = tokens.iter().filter_map(|token| match token {
        Token::Code(code) => Some(code.as_str()),
        Token::Text(_) | Token::Expanding(_) => None,
    });
    let not_in_words = |c: char| !(c.is_ascii_alphanumeric() || c == '-');
    let mut words: Vec<&str> = code
        .flat_map(|code| code.split(not_in_words))
        .filter(|word| is(word))
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn is_command(word: &str) -> bool {
    word.split_once('-').is_some_and(|(verb, noun)| {
        verb.starts_with(|c: char| c.is_ascii_uppercase())
            && noun.starts_with(|c: char| c.is_ascii_uppercase())
    })
}

#[test]
fn the_script_for_windows_is_what_was_reviewed() {
    let more = "networks = [\"10.80.0.0/16\", \"fd00::/8\"]\ndomains = [\"corp.example.net\"]\n";
    let bundle = bundle(Target::Windows, Store::Machine, &section("ikev2", more));
    let script = content(&bundle, ".ps1");
    assert!(script.starts_with("\u{feff}#Requires -Version 5.1\n"));
    let tokens = tokens(&script);
    assert_eq!(
        words(&tokens, is_command),
        [
            "Add-ToStore",
            "Add-VpnConnection",
            "Add-VpnConnectionRoute",
            "ForEach-Object",
            "Get-VpnConnection",
            "New-EapConfiguration",
            "New-Object",
            "Read-Certificate",
            "Remove-VpnConnection",
            "Set-StrictMode",
            "Set-VpnConnectionIPsecConfiguration",
            "Test-Path",
            "Where-Object",
            "Write-Host",
        ]
    );
    let mut open = Vec::new();
    for token in &tokens {
        let Token::Code(code) = token else { continue };
        for c in code.chars() {
            match c {
                '(' | '{' | '[' => open.push(c),
                ')' => assert_eq!(open.pop(), Some('(')),
                '}' => assert_eq!(open.pop(), Some('{')),
                ']' => assert_eq!(open.pop(), Some('[')),
                _ => {}
            }
        }
    }
    assert_eq!(open, []);
    let values: Vec<&str> = script
        .lines()
        .filter(|line| line.starts_with('$'))
        .take(7)
        .collect();
    assert_eq!(
        values,
        [
            "$ErrorActionPreference = 'Stop'",
            "$VpnName = 'Office 2.0'",
            "$Server = 'vpn.example.net'",
            "$Tunnel = 'Ikev2'",
            "$Authentication = 'MachineCertificate'",
            "$Machine = $true",
            "$Networks = @('10.80.0.0/16', 'fd00::/8')",
        ]
    );
    // What expands is ours: no name of a person, a CA or a place is in it.
    for token in &tokens {
        if let Token::Expanding(text) = token {
            assert!(
                ["Cert:\\LocalMachine\\Root\\$($RootCertificate.Thumbprint)", "Done. '$VpnName' is under Settings, Network & internet, VPN. Delete this script and the .p12 file now."]
                    .contains(&text.as_str()),
                "{text}"
            );
        }
    }
}

#[test]
fn windows_dials_in_as_the_vpn_says() {
    for (store, protocol, more, expect) in [
        (
            Store::User,
            "ikev2",
            "",
            "$Authentication = 'Eap'\n$Machine = $false",
        ),
        (
            Store::User,
            "sstp",
            "",
            "$Tunnel = 'Sstp'\n$Authentication = 'Eap'",
        ),
        (
            Store::User,
            "sstp",
            "port = 4433",
            "$Server = 'vpn.example.net:4433'",
        ),
        (
            Store::User,
            "sstp",
            "password = true",
            "$Authentication = 'MSChapv2'",
        ),
    ] {
        let script = content(
            &bundle(Target::Windows, store, &section(protocol, more)),
            ".ps1",
        );
        assert!(script.contains(expect), "{protocol} {more}: {expect}");
    }
}

#[test]
fn every_line_of_an_ovpn_file_is_one_option() {
    let more = "networks = [\"10.80.0.0/16\"]\ndns = [\"10.80.0.53\"]\ndomains = [\"corp.example.net\"]\npassword = true\ntransport = \"tcp\"\nport = 443";
    let text = content(
        &bundle(Target::Openvpn, Store::User, &section("openvpn", more)),
        ".ovpn",
    );
    let (options, inline) = text.split_once("<ca>\n").unwrap();
    assert_eq!(
        options,
        "# Made by `ca-client bundle` of Fleet CA.\nclient\ndev tun\nproto tcp\nremote vpn.example.net 443\n\
         resolv-retry infinite\nnobind\npersist-tun\nsetenv FRIENDLY_NAME \"Office 2.0\"\nremote-cert-tls server\n\
         verify-x509-name \"vpn.example.net\" name\ntls-version-min 1.2\n\
         data-ciphers AES-256-GCM:AES-128-GCM:AES-256-CBC\ndata-ciphers-fallback AES-256-CBC\nauth SHA256\n\
         auth-nocache\nauth-user-pass\npull-filter ignore \"redirect-gateway\"\nroute 10.80.0.0 255.255.0.0\n\
         dhcp-option DNS 10.80.0.53\ndhcp-option DOMAIN corp.example.net\n"
    );
    assert!(inline.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    assert!(!inline.contains("-----BEGIN PRIVATE KEY-----"));
}

/// Splits a line of the console into words; what is quoted comes out read.
fn console_words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut rest = line.chars();
    let mut is_quoted = false;
    while let Some(c) = rest.next() {
        let word = words.last_mut().unwrap();
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' if is_quoted => word.extend(rest.next()),
            '$' => panic!("a variable: {line}"),
            ' ' | '[' | ']' if !is_quoted => words.push(String::new()),
            c => word.push(c),
        }
    }
    assert!(!is_quoted, "{line}");
    words.retain(|word| !word.is_empty());
    words
}

/// The menus, commands and arguments that the newest release of the simulator has.
fn newest_tree() -> BTreeMap<String, BTreeMap<String, Vec<String>>> {
    let text = include_str!("../../../tests/routeros-sim/data/tree-7.txt");
    let held = |word: &str| match word.split_once('@') {
        None => Some(word.to_owned()),
        Some((word, letters)) => letters.contains('e').then(|| word.to_owned()),
    };
    let shared: BTreeMap<&str, &str> = text
        .lines()
        .filter(|line| line.starts_with('$'))
        .filter_map(|line| line.split_once(' '))
        .collect();
    let mut tree = BTreeMap::new();
    let mut menu = None;
    for line in text.lines() {
        if line.starts_with('/') {
            menu = held(line);
        } else if let (Some(line), Some(menu)) = (line.strip_prefix(' '), &menu) {
            let (name, words) = line.split_once(' ').unwrap_or((line, ""));
            let words = shared.get(words).copied().unwrap_or(words).split(' ');
            if let Some(name) = held(name) {
                let commands: &mut BTreeMap<_, _> = tree.entry(menu.clone()).or_default();
                commands.insert(name, words.filter_map(held).collect());
            }
        }
    }
    tree
}

#[test]
fn a_router_knows_every_word_of_its_script() {
    let tree = newest_tree();
    for (protocol, more) in [
        ("ikev2", "networks = [\"10.80.0.0/16\", \"fd00::/8\"]"),
        ("sstp", "password = true"),
        ("openvpn", "password = true\ntransport = \"tcp\""),
    ] {
        let script = content(
            &bundle(Target::Routeros, Store::User, &section(protocol, more)),
            ".rsc",
        );
        let lines = script.lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let words = console_words(line);
            let (menu, command) = words[0].rsplit_once('/').unwrap();
            let known = &tree[menu][command];
            for word in &words[1..] {
                if let Some((argument, _)) = word.split_once('=') {
                    let is_known = known.iter().any(|known| known == argument)
                        || ["fingerprint", "name"].contains(&argument);
                    assert!(is_known, "{argument} in {line}");
                }
            }
        }
        let user = format!("user={HOSTILE}");
        let has_user = script
            .lines()
            .any(|line| console_words(line).contains(&user));
        assert_eq!(has_user, protocol != "ikev2", "{script}");
    }
}

#[test]
fn a_router_gets_routes_to_the_networks_of_a_split_tunnel() {
    let more = "networks = [\"10.80.0.0/16\", \"fd00::/8\"]";
    let script = content(
        &bundle(Target::Routeros, Store::User, &section("sstp", more)),
        ".rsc",
    );
    assert!(script.contains("add-default-route=no"));
    assert!(script.contains("/ip/route/add dst-address=10.80.0.0/16 gateway=\"office-2-0\"\n"));
    assert!(script.contains("/ipv6/route/add dst-address=fd00::/8 gateway=\"office-2-0\"\n"));
}

#[test]
fn a_hostile_name_stays_in_its_quotes() {
    let bundle = bundle(Target::Linux, Store::Machine, &section("ikev2", ""));
    let swanctl = content(&bundle, ".conf");
    assert!(
        swanctl.contains(&format!("            id = \"email:{HOSTILE}\"\n")),
        "{swanctl}"
    );
    let keyfile = content(&bundle, ".nmconnection");
    assert!(
        keyfile.contains(&format!("\nlocal-identity=email:{HOSTILE}\n")),
        "{keyfile}"
    );
    let install = content(&bundle, "INSTALL.txt");
    assert!(install.contains(&bundle.root().fingerprint().to_string()));
}
