//! The API describes itself to those who may call it.

use ca_tests::{Algorithm, Api, Site};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

#[tokio::test]
async fn reflection_lists_the_services() {
    let (site, _server) = Site::running(Algorithm::P256);
    let api = Api::connect(&site.data().join("admin"), site.ports().grpc)
        .await
        .expect("the admin is let in");
    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut answers = ServerReflectionClient::new(api.channel())
        .server_reflection_info(tokio_stream::once(request))
        .await
        .expect("reflection is served")
        .into_inner();
    let answer = answers.message().await.expect("an answer").expect("one");
    let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
        panic!("services, and {answer:?}");
    };
    let mut names: Vec<String> = list.service.into_iter().map(|one| one.name).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "fleet.ca.v1.Actors",
            "fleet.ca.v1.Audit",
            "fleet.ca.v1.BlockedKeys",
            "fleet.ca.v1.CertificateAuthority",
            "fleet.ca.v1.Clock",
            "fleet.ca.v1.Issuers",
            "fleet.ca.v1.Policy",
            "grpc.reflection.v1.ServerReflection",
        ]
    );
}
