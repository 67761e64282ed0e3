//! What a person does with the files, in `INSTALL.txt`.

use super::quote::shell;
use super::{Bundle, Protocol, Store, Target};

/// Writes the text for the target of the bundle.
pub(super) fn text(bundle: &Bundle) -> String {
    let vpn = &bundle.vpn;
    let root = bundle.root();
    format!(
        "{vpn_name}: {protocol} to {gateway}
for {name}, until {not_after}

{steps}
The passphrase comes to you another way than these files. Delete the files when the connection works.

{root}
Compare its fingerprint (SHA-256) with what your operator says before you trust it:
{fingerprint}

{ROOT}",
        vpn_name = vpn.name,
        protocol = vpn.protocol,
        gateway = vpn.gateway,
        name = bundle.name(),
        not_after = bundle.certificate.validity().not_after(),
        steps = steps(bundle),
        root = format_args!(
            "root.crt is the root certificate \"{}\".",
            root.subject().common_name().unwrap_or_default()
        ),
        fingerprint = root.fingerprint(),
    )
}

fn steps(bundle: &Bundle) -> String {
    let name = bundle.name();
    let vpn = &bundle.vpn;
    let slug = vpn.slug();
    match bundle.target {
        Target::Windows => windows(bundle),
        Target::Ios => format!(
            "1. Send {name}.mobileconfig to the iPhone or iPad (AirDrop, mail) and open it: \"Profile Downloaded\".
2. Settings, General, VPN & Device Management: choose the profile, Install, type the code of the device, then the
   passphrase. The profile shows who signed it; it says \"Not Verified\" where the root is not trusted yet.
3. Settings, VPN: switch {vpn} on.
",
            vpn = vpn.name,
        ),
        Target::Macos => format!(
            "1. Open {name}.mobileconfig. macOS says that the profile is in System Settings.
2. System Settings, General, Device Management (before macOS 15: Privacy & Security, Profiles): open the profile,
   Install, type the passphrase, then your password.
3. System Settings, VPN: switch {vpn} on.
",
            vpn = vpn.name,
        ),
        Target::Android => format!(
            "1. Install \"strongSwan VPN Client\" from Google Play or F-Droid.
2. Open {name}.sswan with it: the profile is shown. Tap \"Import certificate from VPN profile\", type the passphrase,
   choose \"VPN & app user certificate\", then Import.
3. Tap {vpn} in the app, and allow the connection.
The root certificate comes with the profile, for this app only.
",
            vpn = vpn.name,
        ),
        Target::Linux => format!(
            "With swanctl (Debian: apt install charon-systemd strongswan-swanctl), as root:
1. cp -r swanctl/. /etc/swanctl/ && chmod 600 /etc/swanctl/private/{slug}.pem
2. swanctl --load-all      It asks for the passphrase of the key.
3. swanctl --initiate --child {slug}
For a computer that has to dial by itself, /etc/swanctl/conf.d/{slug}-secret.conf (mode 0600) holds the passphrase:
secrets {{ private-{slug} {{ file = {slug}.pem
secret = \"...\" }} }}

With NetworkManager (Debian: apt install network-manager-strongswan libstrongswan-standard-plugins), as root:
1. Step 1 above: both use the same files.
2. install -m 600 NetworkManager/{slug}.nmconnection /etc/NetworkManager/system-connections/
3. nmcli connection reload && nmcli --ask connection up {vpn}
",
            vpn = shell(vpn.name.as_str()),
        ),
        Target::Openvpn => format!(
            "1. Install OpenVPN Connect (Windows, macOS, iOS, Android) or the package openvpn (Linux).
2. Import {name}.ovpn, or say: openvpn --config {file}
3. Connect, and type the passphrase of the private key.
",
            file = shell(&format!("{name}.ovpn")),
        ),
        Target::Routeros => routeros(bundle),
    }
}

fn windows(bundle: &Bundle) -> String {
    let file = super::quote::powershell(&format!(".\\{}.ps1", bundle.name()));
    let who = match bundle.store {
        Store::Machine => {
            "1. Open Windows PowerShell as an administrator, in the folder of these files."
        }
        Store::User => {
            "1. As an administrator: certutil -addstore Root root.crt
   Then open Windows PowerShell as the person who dials, in the folder of these files."
        }
    };
    let how = match (bundle.vpn.protocol, bundle.store, bundle.vpn.password) {
        (Protocol::Ikev2, Store::Machine, _) => {
            "The computer dials in with its own certificate (in the store of the machine; its purpose is client
authentication). The gateway's certificate must be for server authentication, and have the name above in it."
        }
        (_, _, true) => {
            "The gateway asks for a user name and a password too."
        }
        (_, _, false) => {
            "You dial in with your certificate by EAP-TLS: the gateway needs a RADIUS server, or strongSwan, for it."
        }
    };
    format!(
        "{who}
2. powershell -ExecutionPolicy Bypass -File {file}
   Type the passphrase.
3. Settings, Network & internet, VPN: {vpn}, Connect.
{how}
",
        vpn = bundle.vpn.name,
    )
}

fn routeros(bundle: &Bundle) -> String {
    let name = bundle.name();
    let password = if bundle.vpn.password {
        ", and REPLACE-WITH-PASSWORD by the password of its user"
    } else {
        ""
    };
    format!(
        "For RouterOS 7; its clock has to be right.
1. Upload {name}.p12 to the router (WinBox: Files).
2. In {name}.rsc replace REPLACE-WITH-PASSPHRASE by the passphrase{password}. Upload it, then in the terminal:
   /import file-name={name}.rsc
3. /certificate/print shows the certificate with the flag K (its key is there). Delete {name}.rsc from the router.
A revoked gateway is refused only where /certificate/settings has crl-use=yes and crl-download=yes, and every CA of
the chain has its CRL in /certificate/crl.
"
    )
}

/// How a root is trusted by everything but the VPN.
const ROOT: &str = "\
Trust it elsewhere (for pages of your gateways and routers; the VPN above does not need it):
Windows, Edge, Chrome   as an administrator: certutil -addstore Root root.crt
macOS, Safari, Chrome   open root.crt, add it to the keychain System; open it there, Trust, Always Trust
iOS, iPadOS             with a profile; then Settings, General, About, Certificate Trust Settings: switch it on
Android, Chrome         Settings, Security, Encryption & credentials, Install a certificate, CA certificate: root.crt
Debian, Ubuntu          cp root.crt /usr/local/share/ca-certificates/fleet-ca.crt && update-ca-certificates
Fedora, RHEL            cp root.crt /etc/pki/ca-trust/source/anchors/fleet-ca.crt && update-ca-trust
Firefox                 Settings, Privacy & Security, View Certificates, Authorities, Import: identify websites
Chrome on Linux         certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n fleet-ca -i root.crt
RouterOS                upload root.crt, then /certificate/import file-name=root.crt passphrase=\"\"
";
