//! The look at a router from outside.

use std::time::Duration;

use async_trait::async_trait;
use ca_deploy::Outside;

/// Looks from the machine that this program runs on.
#[derive(Debug)]
pub(crate) struct FromHere;

#[async_trait]
impl Outside for FromHere {
    async fn tls(&self, address: &str, port: u16) -> Result<Vec<Vec<u8>>, String> {
        match ca_routeros::handshake(address, port, None, DEADLINE).await {
            Ok(seen) => Ok(seen.certificates),
            Err(error) => Err(error.to_string()),
        }
    }
}

const DEADLINE: Duration = Duration::from_secs(10);
