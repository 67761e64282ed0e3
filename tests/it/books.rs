//! What a server says that it holds, from its list and from its log.

use std::collections::{BTreeMap, BTreeSet};

use ca_proto::v1::{
    Certificate, GetTreeHeadRequest, GetTreeHeadResponse, ListActorsRequest, ListEntriesRequest,
    ListRequest, actors_client::ActorsClient, audit_client::AuditClient,
};
use ca_tests::{Api, Site};
use ca_verify::{Change, Entry};

/// All end entities, by serial number.
#[derive(Debug, PartialEq)]
pub(crate) struct Books {
    /// As `List` shows them.
    pub(crate) listed: BTreeMap<String, Certificate>,
    /// The names of the actors.
    pub(crate) actors: BTreeSet<String>,
    /// The names of those that the log has issued.
    pub(crate) logged: BTreeMap<String, String>,
    /// How often the log says that other settings are in force.
    pub(crate) settings_changes: usize,
    /// The size and the root of the log.
    pub(crate) head: GetTreeHeadResponse,
}

impl Books {
    /// Reads both to the end.
    #[track_caller]
    pub(crate) fn read(site: &Site) -> Self {
        Self::read_from(site, site.ports().grpc)
    }

    /// Reads both to the end, from a server that listens elsewhere than its settings said at first.
    #[track_caller]
    pub(crate) fn read_from(site: &Site, port: u16) -> Self {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("the machine has threads")
            .block_on(async {
                let api = Api::connect(&site.data().join("admin"), port)
                    .await
                    .expect("the admin is let in");
                let mut audit = AuditClient::new(api.channel());
                let (logged, settings_changes) = log(&mut audit).await;
                Self {
                    listed: list(&api).await,
                    actors: actors(&api).await,
                    logged,
                    settings_changes,
                    head: audit
                        .get_tree_head(GetTreeHeadRequest {})
                        .await
                        .expect("the server answers")
                        .into_inner(),
                }
            })
    }
}

impl Books {
    /// Reads the list alone.
    pub(crate) async fn list(site: &Site) -> BTreeMap<String, Certificate> {
        let api = Api::connect(&site.data().join("admin"), site.ports().grpc)
            .await
            .expect("the admin is let in");
        list(&api).await
    }
}

async fn list(api: &Api) -> BTreeMap<String, Certificate> {
    let mut listed = BTreeMap::new();
    let mut request = ListRequest {
        page_size: 1_000,
        ..ListRequest::default()
    };
    loop {
        let page = api
            .authority()
            .list(request.clone())
            .await
            .expect("the server answers")
            .into_inner();
        for row in page.certificates {
            assert_eq!(listed.insert(row.serial.clone(), row), None, "listed twice");
        }
        if page.next_page_token.is_empty() {
            return listed;
        }
        request.page_token = page.next_page_token;
    }
}

async fn actors(api: &Api) -> BTreeSet<String> {
    let mut client = ActorsClient::new(api.channel());
    let answer = client.list_actors(ListActorsRequest {}).await;
    let actors = answer.expect("the server answers").into_inner().actors;
    actors.into_iter().map(|actor| actor.name).collect()
}

async fn log(
    audit: &mut AuditClient<tonic::transport::Channel>,
) -> (BTreeMap<String, String>, usize) {
    let (mut logged, mut settings_changes) = (BTreeMap::new(), 0);
    let mut first = 0;
    loop {
        let page = audit
            .list_entries(ListEntriesRequest {
                first,
                page_size: 1_000,
                ..ListEntriesRequest::default()
            })
            .await
            .expect("the server answers")
            .into_inner();
        for leaf in &page.entries {
            assert_eq!(leaf.leaf, first, "the leaves are in order");
            first += 1;
            let entry = Entry::from_der(&leaf.octets).expect("a leaf is an entry");
            for change in entry.changes {
                if matches!(change, Change::SettingsChanged(_)) {
                    settings_changes += 1;
                }
                let Change::Issued(issued) = change else {
                    continue;
                };
                let certificate = ca_verify::Certificate::from_der(&issued.certificate)
                    .expect("the log holds certificates");
                let serial = certificate
                    .serial()
                    .expect("our serial numbers have one form");
                assert_eq!(
                    logged.insert(serial.to_string(), issued.name),
                    None,
                    "issued twice"
                );
            }
        }
        if page.entries.is_empty() || first >= page.size {
            return (logged, settings_changes);
        }
    }
}
