//! URLs that any client can fetch.

/// Tells whether a URL is `http://HOST[:PORT]/PATH` without anything that a simple client could stumble over.
pub(super) fn is_plain_http(url: &str) -> bool {
    let Some((host, path)) = url
        .strip_prefix("http://")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte);
    !host.is_empty()
        && host.bytes().all(allowed)
        && !path.is_empty()
        && path
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._/~".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_plain_when_any_client_can_fetch_it() {
        for (url, expect) in [
            ("http://pki.example.net/crl/router-2026-1.crl", true),
            ("http://[2001:db8::1]:8080/crl/a.crl", true),
            ("https://pki.example.net/crl/a.crl", false),
            ("ldap://pki.example.net/crl", false),
            ("http:///crl/a.crl", false),
            ("http://pki.example.net", false),
            ("http://pki.example.net/", false),
            ("http://user@pki.example.net/a.crl", false),
            ("http://pki.example.net/a.crl?b", false),
            ("http://pki.example.net/a b", false),
        ] {
            assert_eq!(is_plain_http(url), expect, "{url}");
        }
    }
}
