//! SSH: one command or one plain script per session, SFTP, and the older SCP.

mod disk;
pub(crate) mod host_key;
pub mod scp;
pub mod sftp;

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use russh::client::GexParams;
use russh::kex::dh::groups::{DH_GROUP14, DH_GROUP16, DhGroup};
use russh::keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyBase64 as _};
use russh::server::{Auth, ChannelOpenHandle, Config, Handle, Handler, Msg, Session};
use russh::server::{PublicKeyOffer, VerifiedPublicKey};
use russh::{Channel, ChannelId, MethodKind, MethodSet, Preferred, SshId, cipher, kex, mac};
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional, duplex};

use crate::console::{Caller, World};
use crate::model::Model;
use crate::router::{Door, Router};
use crate::shell::{self, Outcome};

/// Talks with a client until it leaves.
pub(crate) async fn speak<S>(router: Arc<Router>, door: Door, mut stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let config = Arc::new(config(&router)?);
    let guest = Guest {
        router,
        door,
        user: None,
        channels: HashMap::new(),
    };
    // Between the two lies the place where the router cuts the connection.
    let (mut outer, inner) = duplex(BUFFER);
    let session = async move {
        let running = russh::server::run_stream(config, inner, guest).await;
        match running {
            Ok(running) => running.await,
            Err(error) => Err(error),
        }
    };
    let (copied, talked) = tokio::join!(copy_bidirectional(&mut stream, &mut outer), session);
    match (copied, talked) {
        (_, Err(russh::Error::Disconnect | russh::Error::HUP)) | (_, Ok(())) => Ok(()),
        (_, Err(error)) => Err(io::Error::other(error)),
    }
}

fn config(router: &Router) -> io::Result<Config> {
    let key = host_key::of(router)?;
    let world = router.world();
    let strong = world.state.setting("/ip/ssh", "strong-crypto") == Some("true");
    Ok(Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-ROSSSH")),
        methods: MethodSet::from(&[MethodKind::Password, MethodKind::PublicKey][..]),
        auth_rejection_time: Duration::ZERO,
        max_auth_attempts: 6,
        keys: vec![key],
        preferred: preferred(&world, strong),
        inactivity_timeout: None,
        ..Config::default()
    })
}

/// What the version offers: the usual list, or what `strong-crypto=yes` leaves of it.
fn preferred(world: &World, strong: bool) -> Preferred {
    let old = world.model == Model::V6_49
        || strong && world.assumptions.is("strong-crypto-kex", "group-exchange");
    let kex: &[kex::Name] = match (strong, old) {
        (true, true) => &[kex::DH_GEX_SHA256],
        (true, false) => &[
            kex::ECDH_SHA2_NISTP256,
            kex::ECDH_SHA2_NISTP384,
            kex::ECDH_SHA2_NISTP521,
            kex::DH_GEX_SHA256,
        ],
        (false, true) => &[kex::DH_GEX_SHA256, kex::DH_G14_SHA1, kex::DH_G1_SHA1],
        (false, false) => &[
            kex::CURVE25519,
            kex::CURVE25519_PRE_RFC_8731,
            kex::ECDH_SHA2_NISTP256,
            kex::ECDH_SHA2_NISTP384,
            kex::ECDH_SHA2_NISTP521,
            kex::DH_GEX_SHA256,
            kex::DH_G14_SHA256,
            kex::DH_G14_SHA1,
        ],
    };
    let cipher: &[cipher::Name] = match strong {
        true => &[
            cipher::AES_256_CTR,
            cipher::AES_192_CTR,
            cipher::AES_256_GCM,
        ],
        false => &[
            cipher::AES_256_CTR,
            cipher::AES_192_CTR,
            cipher::AES_128_CTR,
        ],
    };
    let mac: &[mac::Name] = match strong {
        true => &[mac::HMAC_SHA256, mac::HMAC_SHA512],
        false => &[mac::HMAC_SHA256, mac::HMAC_SHA1],
    };
    let rsa = |hash| Algorithm::Rsa { hash };
    Preferred {
        kex: Cow::Borrowed(kex),
        key: Cow::Owned(vec![
            Algorithm::Ed25519,
            Algorithm::Ecdsa {
                curve: EcdsaCurve::NistP256,
            },
            rsa(Some(HashAlg::Sha512)),
            rsa(Some(HashAlg::Sha256)),
            rsa(None),
        ]),
        cipher: Cow::Borrowed(cipher),
        mac: Cow::Borrowed(mac),
        ..Preferred::DEFAULT
    }
}

/// Somebody who came through the door.
struct Guest {
    router: Arc<Router>,
    door: Door,
    user: Option<String>,
    /// Channels that nothing was asked of yet.
    channels: HashMap<ChannelId, Channel<Msg>>,
}

impl Guest {
    fn may(&self, policy: &str) -> bool {
        let Some(user) = &self.user else { return false };
        self.router.world().has_policy(Caller::User(user), policy)
    }

    fn owns(&self, user: &str, key: &russh::keys::PublicKey) -> bool {
        let world = self.router.world();
        let key = key.public_key_base64();
        world.ssh_keys(user).contains(&key) && world.may_enter(user, "ssh")
    }
}

impl Handler for Guest {
    type Error = russh::Error;

    async fn auth_password(&mut self, user: &str, password: &str) -> Result<Auth, russh::Error> {
        let takes = self.router.world().takes_ssh_password(user);
        if !takes || !self.router.logs_in(user, password, "ssh") {
            return Ok(Auth::reject());
        }
        self.user = Some(user.to_owned());
        Ok(Auth::Accept)
    }

    async fn auth_publickey_offered(
        &mut self,
        user: &str,
        offer: PublicKeyOffer<'_>,
    ) -> Result<Auth, russh::Error> {
        Ok(match self.owns(user, offer.public_key) {
            true => Auth::Accept,
            false => Auth::reject(),
        })
    }

    async fn auth_publickey(
        &mut self,
        user: &str,
        key: VerifiedPublicKey<'_>,
    ) -> Result<Auth, russh::Error> {
        if !self.owns(user, key.public_key) {
            return Ok(Auth::reject());
        }
        self.user = Some(user.to_owned());
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        channel: Channel<Msg>,
        reply: ChannelOpenHandle,
        _session: &mut Session,
    ) -> Result<(), russh::Error> {
        self.channels.insert(channel.id(), channel);
        reply.accept().await;
        Ok(())
    }

    async fn exec_request(
        &mut self,
        id: ChannelId,
        command: &[u8],
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let (Some(channel), Some(user)) = (self.channels.remove(&id), self.user.clone()) else {
            return session.channel_failure(id);
        };
        let command = String::from_utf8_lossy(command).into_owned();
        let (router, door) = (Arc::clone(&self.router), self.door);
        let handle = session.handle();
        if let Some(words) = command.strip_prefix("scp ") {
            let Some(copy) = scp::Copy::parse(words).filter(|_| self.may("ftp")) else {
                return session.channel_failure(id);
            };
            session.channel_success(id)?;
            tokio::spawn(async move {
                let status = scp::serve(&copy, router, user, channel.into_stream()).await;
                close(&handle, id, status).await;
            });
            return Ok(());
        }
        session.channel_success(id)?;
        tokio::spawn(async move {
            // The channel is kept: what the client sends now is read and nobody's.
            let _channel = channel;
            match shell::run(&router, door, &user, &command).await {
                Outcome::Cut => {}
                Outcome::Text(text) => {
                    let sent = handle.data(id, text.into_bytes()).await;
                    if sent.is_ok() {
                        close(&handle, id, 0).await;
                    }
                }
            }
        });
        Ok(())
    }

    async fn subsystem_request(
        &mut self,
        id: ChannelId,
        name: &str,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        let (Some(channel), Some(user)) = (self.channels.remove(&id), self.user.clone()) else {
            return session.channel_failure(id);
        };
        if name != "sftp" || !self.may("ftp") {
            return session.channel_failure(id);
        }
        session.channel_success(id)?;
        let (router, handle) = (Arc::clone(&self.router), session.handle());
        tokio::spawn(async move {
            let status = match sftp::serve(router, user, channel.into_stream()).await {
                Ok(()) => 0,
                Err(_) => 1,
            };
            close(&handle, id, status).await;
        });
        Ok(())
    }

    /// The smaller group when it is large enough for the client (RFC 4419 §3).
    async fn lookup_dh_gex_group(
        &mut self,
        wanted: &GexParams,
    ) -> Result<Option<DhGroup>, russh::Error> {
        let groups = [DH_GROUP14, DH_GROUP16];
        let suits = |group: &DhGroup| {
            let range = wanted.min_group_size()..=wanted.max_group_size();
            range.contains(&group.bit_size())
        };
        let mut suitable: Vec<DhGroup> = groups.into_iter().filter(suits).collect();
        let enough = |group: &DhGroup| group.bit_size() >= wanted.preferred_group_size();
        let place = suitable.iter().position(enough);
        Ok(match place {
            Some(place) => Some(suitable.swap_remove(place)),
            None => suitable.pop(),
        })
    }

    /// There is nobody to type at this console.
    async fn shell_request(
        &mut self,
        id: ChannelId,
        session: &mut Session,
    ) -> Result<(), russh::Error> {
        session.channel_failure(id)
    }
}

/// Ends a channel; the client may have gone already.
async fn close(handle: &Handle, id: ChannelId, status: u32) {
    let ended = async {
        handle.exit_status_request(id, status).await?;
        handle.eof(id).await?;
        handle.close(id).await
    };
    if ended.await.is_err() {
        eprintln!("routeros-sim: ssh: the client left before the end");
    }
}

const BUFFER: usize = 1 << 16;
