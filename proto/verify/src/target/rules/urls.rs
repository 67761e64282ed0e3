//! Where CRLs are. Nothing is fetched; hosts and ports are notices, since only who dials knows what is reached.

use crate::target::Target::{
    Android, FreeRadius, Ios, MacOs, OpenVpn, RouterOs6, RouterOs7, RouterOsSstp, StrongSwan,
    WindowsIkev2, WindowsSstp,
};
use crate::target::check::Check;
use crate::target::rule::{Applies, Role, TargetRule};

const ROUTEROS_CRL: &str = "MikroTik documentation, Certificates, CRL";
const WINDOWS_SSTP: &str = "Microsoft, MS-SSTP; error 0x80092013 (CRYPT_E_REVOCATION_OFFLINE)";

pub(crate) const RULES: &[TargetRule] = &[
    TargetRule {
        id: "crl-url",
        applies: &[
            Applies::error(WindowsSstp),
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
            Applies::notice(StrongSwan),
            Applies::notice(Android),
        ],
        role: None,
        want: "a URL of a CRL in the certificate",
        symptom: "who must check revocation cannot, and refuses: 0x80092012 or 0x80092013 on Windows; with \
                  `crl-use=yes` RouterOS refuses everyone",
        source: WINDOWS_SSTP,
        check: Check::LeafCrlUrl,
    },
    TargetRule {
        id: "ca-crl-url",
        applies: &[
            Applies::error(WindowsSstp),
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(RouterOsSstp),
            Applies::error(StrongSwan),
            Applies::notice(Android),
        ],
        role: None,
        want: "a URL of a CRL in every CA but the root",
        symptom: "with strict checks (`revocation = strict`, `crl-use=yes`) everybody is refused",
        source: ROUTEROS_CRL,
        check: Check::CaCrlUrls,
    },
    TargetRule {
        id: "crl-url-http",
        applies: &[
            Applies::error(RouterOs6),
            Applies::error(RouterOs7),
            Applies::error(RouterOsSstp),
            Applies::error(WindowsSstp),
            Applies::notice(Android),
            Applies::notice(StrongSwan),
        ],
        role: None,
        want: "URLs of CRLs that begin with http://",
        symptom: "RouterOS never fetches the CRL; Windows goes round in a circle over https",
        source: ROUTEROS_CRL,
        check: Check::PlainHttp,
    },
    TargetRule {
        id: "one-crl-url",
        applies: &[
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
        ],
        role: None,
        want: "one URL of a CRL in each certificate",
        symptom: "RouterOS keeps a row for each, and reads no list that is cut into parts",
        source: ROUTEROS_CRL,
        check: Check::OneCrlUrl,
    },
    TargetRule {
        id: "crl-host-outside",
        applies: &[
            Applies::notice(WindowsSstp),
            Applies::notice(WindowsIkev2),
            Applies::notice(Android),
            Applies::notice(Ios),
            Applies::notice(MacOs),
        ],
        role: Some(Role::Server),
        want: "URLs of CRLs on a host that is reached from outside",
        symptom: "who dials from outside cannot fetch the CRL before the tunnel is up",
        source: WINDOWS_SSTP,
        check: Check::NoHostInside,
    },
    TargetRule {
        id: "crl-host-not-local",
        applies: &[
            Applies::notice(RouterOs6),
            Applies::notice(RouterOs7),
            Applies::notice(RouterOsSstp),
            Applies::notice(WindowsIkev2),
            Applies::notice(WindowsSstp),
            Applies::notice(Ios),
            Applies::notice(MacOs),
            Applies::notice(Android),
            Applies::notice(StrongSwan),
            Applies::notice(OpenVpn),
            Applies::notice(FreeRadius),
        ],
        role: None,
        want: "URLs of CRLs on another host than the device itself",
        symptom: "every device looks for the CRL at itself; `publish_url` of the settings is the place to change it",
        source: "RFC 5280 §4.2.1.13",
        check: Check::NoLoopback,
    },
    TargetRule {
        id: "crl-port-80",
        applies: &[
            Applies::notice(WindowsSstp),
            Applies::notice(Android),
            Applies::notice(Ios),
        ],
        role: Some(Role::Server),
        want: "URLs of CRLs on port 80",
        symptom: "guest networks and hotels let port 80 through and few others: the CRL is not fetched there",
        source: WINDOWS_SSTP,
        check: Check::Port80,
    },
];
