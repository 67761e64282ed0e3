//! Serves CRLs and CA certificates (RFC 5280 §4.2.1.13, RFC 9110 §13).

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use ca_types::{Clock, UnixTime};
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, ETAG, EXPIRES, HeaderValue,
    IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, Method, StatusCode};

use super::http_date;
use crate::publication::{Publication, Published};

/// Serves what is published; everything else is 404, or 503 while more is to come, every method but GET and HEAD 405.
pub fn publish_router(publication: Arc<Publication>, clock: Arc<dyn Clock>) -> Router {
    Router::new()
        .fallback(answer)
        .with_state(Shelf { publication, clock })
}

#[derive(Debug, Clone)]
struct Shelf {
    publication: Arc<Publication>,
    clock: Arc<dyn Clock>,
}

async fn answer(State(shelf): State<Shelf>, request: Request) -> Response {
    let response = respond(&shelf, &request);
    metrics::counter!("ca_http_requests_total", "status" => status_word(response.status()))
        .increment(1);
    response
}

fn respond(shelf: &Shelf, request: &Request) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let mut response = bare(StatusCode::METHOD_NOT_ALLOWED);
        response
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let Some(document) = shelf.publication.find(request.uri().path()) else {
        return absent(&shelf.publication);
    };
    let now = shelf.clock.now();
    let mut response = if is_known(request.headers(), &document) {
        bare(StatusCode::NOT_MODIFIED)
    } else {
        let body = match *request.method() {
            Method::HEAD => Body::empty(),
            _ => Body::from(document.octets.clone()),
        };
        let mut response = Response::new(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(document.media_type));
        headers.insert(CONTENT_LENGTH, HeaderValue::from(document.octets.len()));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    };
    let headers = response.headers_mut();
    insert(headers, ETAG, &document.etag);
    insert(
        headers,
        LAST_MODIFIED,
        &http_date::write(document.last_modified),
    );
    let caching = if document.is_changing {
        "no-cache".to_owned()
    } else {
        format!("public, max-age={}", freshness(&document, now))
    };
    insert(headers, CACHE_CONTROL, &caching);
    if let Some(expires) = document.expires {
        insert(
            headers,
            EXPIRES,
            &http_date::write(expires.min(now.plus(LONGEST_FRESHNESS).unwrap_or(expires))),
        );
    }
    response
}

/// Tells whether the caller holds this very document; an entity tag wins over a date (RFC 9110 §13.2.2).
fn is_known(headers: &HeaderMap, document: &Published) -> bool {
    if headers.contains_key(IF_NONE_MATCH) {
        let values = headers
            .get_all(IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok());
        return values
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == document.etag);
    }
    let since = headers
        .get(IF_MODIFIED_SINCE)
        .and_then(|value| value.to_str().ok());
    since
        .and_then(http_date::read)
        // Equal, not older: a clock that was set back must not hide a newer CRL.
        .is_some_and(|since| document.last_modified == since)
}

/// Returns for how many seconds a cache may keep a document: never past its end.
fn freshness(document: &Published, now: UnixTime) -> u64 {
    document.expires.map_or(LONGEST_FRESHNESS, |expires| {
        expires.since(now).min(LONGEST_FRESHNESS)
    })
}

/// Answers for a document that is not there: nobody may remember that while the server starts.
fn absent(publication: &Publication) -> Response {
    if !publication.is_partial() {
        return bare(StatusCode::NOT_FOUND);
    }
    let mut response = bare(StatusCode::SERVICE_UNAVAILABLE);
    let soon = HeaderValue::from_static("5");
    response.headers_mut().insert(RETRY_AFTER, soon);
    response
}

fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn insert(headers: &mut HeaderMap, name: http::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn status_word(status: StatusCode) -> &'static str {
    match status {
        StatusCode::OK => "200",
        StatusCode::NOT_MODIFIED => "304",
        StatusCode::METHOD_NOT_ALLOWED => "405",
        StatusCode::SERVICE_UNAVAILABLE => "503",
        _ => "404",
    }
}

/// Five minutes: a revocation must not wait longer for a cache.
const LONGEST_FRESHNESS: u64 = 300;

#[cfg(test)]
mod tests {
    use ca_types::FakeClock;
    use http_body_util::BodyExt as _;
    use tower::ServiceExt as _;

    use super::*;
    use crate::publication::Document;

    const NOW: &str = "2026-11-23T10:00:00Z";
    const CRL: &str = "/crl/router-2026-1.crl";

    fn shelf(expires: &str) -> Router {
        let publication = Publication::new();
        publication.publish(
            CRL,
            Document {
                octets: b"crl".to_vec(),
                media_type: "application/pkix-crl",
                last_modified: "2026-11-23T09:00:00Z".parse().unwrap(),
                expires: Some(expires.parse().unwrap()),
            },
        );
        publish_router(
            Arc::new(publication),
            Arc::new(FakeClock::at(NOW.parse().unwrap())),
        )
    }

    struct Seen {
        status: u16,
        headers: HeaderMap,
        body: Vec<u8>,
    }

    async fn ask(router: Router, method: &str, path: &str, headers: &[(&str, &str)]) -> Seen {
        let mut request = http::Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Seen {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body,
        }
    }

    #[tokio::test]
    async fn a_crl_comes_with_all_that_a_cache_needs() {
        let seen = ask(shelf("2026-11-30T09:00:00Z"), "GET", CRL, &[]).await;
        assert_eq!(
            (seen.status, seen.body.as_slice()),
            (200, b"crl".as_slice())
        );
        assert_eq!(seen.headers[CONTENT_TYPE], "application/pkix-crl");
        assert_eq!(seen.headers[LAST_MODIFIED], "Mon, 23 Nov 2026 09:00:00 GMT");
        assert_eq!(seen.headers[CACHE_CONTROL], "public, max-age=300");
        assert_eq!(seen.headers[EXPIRES], "Mon, 23 Nov 2026 10:05:00 GMT");
        let head = ask(shelf("2026-11-30T09:00:00Z"), "HEAD", CRL, &[]).await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.headers, seen.headers);
    }

    #[tokio::test]
    async fn no_cache_keeps_a_crl_past_its_next_update() {
        for (expires, age) in [
            ("2026-11-23T10:00:30Z", "public, max-age=30"),
            ("2026-11-23T09:59:59Z", "public, max-age=0"),
        ] {
            let seen = ask(shelf(expires), "GET", CRL, &[]).await;
            assert_eq!(seen.headers[CACHE_CONTROL], age);
        }
    }

    #[tokio::test]
    async fn what_the_caller_holds_is_not_sent_again() {
        let expires = "2026-11-30T09:00:00Z";
        let etag = ask(shelf(expires), "GET", CRL, &[]).await.headers[ETAG]
            .to_str()
            .unwrap()
            .to_owned();
        let weak = format!("\"other\", W/{etag}");
        for (headers, expect) in [
            (vec![("if-none-match", etag.as_str())], 304),
            (vec![("if-none-match", weak.as_str())], 304),
            (vec![("if-none-match", "*")], 304),
            (vec![("if-none-match", "\"other\"")], 200),
            (
                vec![("if-modified-since", "Mon, 23 Nov 2026 09:00:00 GMT")],
                304,
            ),
            (
                vec![("if-modified-since", "Mon, 23 Nov 2026 08:59:59 GMT")],
                200,
            ),
            (vec![("if-modified-since", "yesterday")], 200),
            // The tag decides alone when there is one.
            (
                vec![
                    ("if-none-match", "\"other\""),
                    ("if-modified-since", "Mon, 23 Nov 2026 09:00:00 GMT"),
                ],
                200,
            ),
        ] {
            let seen = ask(shelf(expires), "GET", CRL, &headers).await;
            assert_eq!(seen.status, expect, "{headers:?}");
            assert_eq!(seen.body.is_empty(), expect == 304, "{headers:?}");
            assert_eq!(seen.headers[ETAG].to_str().unwrap(), etag);
        }
    }

    #[tokio::test]
    async fn what_may_still_come_is_asked_for_again_soon() {
        let publication = Arc::new(Publication::new());
        publication.set_partial(true);
        let clock = Arc::new(FakeClock::at(NOW.parse().unwrap()));
        let router = publish_router(Arc::clone(&publication), clock);
        let seen = ask(router.clone(), "GET", CRL, &[]).await;
        assert_eq!(seen.status, 503);
        assert_eq!(seen.headers[RETRY_AFTER], "5");
        publication.set_partial(false);
        assert_eq!(ask(router, "GET", CRL, &[]).await.status, 404);
    }

    #[tokio::test]
    async fn everything_else_is_refused() {
        let expires = "2026-11-30T09:00:00Z";
        for path in [
            "/",
            "/crl/",
            "/crl/router-2026-1.crl/",
            "/crl/..%2fkeys",
            "/metrics",
            "/CRL/router-2026-1.crl",
        ] {
            assert_eq!(
                ask(shelf(expires), "GET", path, &[]).await.status,
                404,
                "{path}"
            );
        }
        for method in ["POST", "PUT", "DELETE", "OPTIONS", "BREW"] {
            let seen = ask(shelf(expires), method, CRL, &[]).await;
            assert_eq!(
                (seen.status, &seen.headers[ALLOW]),
                (405, &HeaderValue::from_static("GET, HEAD"))
            );
        }
    }
}
