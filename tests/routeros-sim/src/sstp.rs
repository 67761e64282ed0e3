//! SSTP ([MS-SSTP]): TLS, the call, and as much of PPP as tells who calls.
//!
//! Of `authentication` only PAP is played: a caller who does not speak it is turned away. No
//! packet is carried.

mod binding;
pub mod packet;
pub mod ppp;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use aws_lc_rs::rand;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use self::binding::Binding;
use self::packet::{Control, Packet};
use self::ppp::{Heard, Ppp};
use crate::console::{World, parse_id};
use crate::openssl::{self, Clear, Clients, Terms};
use crate::router::{Dialled, Router};
use crate::tls;
use crate::x509::{self, CertificateFacts};

/// Takes a call, until one side hangs up.
pub(crate) async fn speak(router: Arc<Router>, stream: TcpStream) -> io::Result<()> {
    let caller = stream.peer_addr()?;
    let Some(terms) = terms(&router.world()) else {
        return Ok(());
    };
    let certificate = terms
        .own
        .as_ref()
        .and_then(|own| own.chain.first().cloned());
    let noted = Arc::clone(&router);
    let stream = openssl::accept(stream, &terms, move |complaint| {
        // What the device writes is not known: these are the words of OpenSSL.
        let why = complaint.lines().find(|line| line.contains("error"));
        if let Some(why) = why {
            noted
                .world()
                .note("sstp,error", &format!("{caller}: {why}"));
        }
    })
    .await?;
    let call = Call {
        binding: Binding::new(random()?, certificate),
        ppp: Ppp::new(random()?),
        router,
        caller,
        stream,
        bound: false,
        login: None,
        session: None,
    };
    call.run().await
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut octets = [0; N];
    rand::fill(&mut octets).map_err(|_| io::Error::other("no randomness"))?;
    Ok(octets)
}

/// How the server shakes hands; nothing when it is off or cannot.
fn terms(world: &World) -> Option<Terms> {
    let setting = |field: &str| world.state.setting(MENU, field).unwrap_or_default();
    if world.is_off || setting("enabled") != "true" {
        return None;
    }
    let own = match setting("certificate") {
        "none" => None,
        id => Some(tls::own(world, parse_id(id)?)?),
    };
    let mut suites = Vec::new();
    for cipher in setting("ciphers").split(',') {
        let cipher = match cipher {
            "aes256-gcm-sha384" => "AES256-GCM-SHA384",
            _ => "AES256-SHA",
        };
        if own.is_none() {
            suites.push(format!("ADH-{cipher}"));
            continue;
        }
        if setting("pfs") != "no" {
            suites.extend(["ECDHE-RSA", "DHE-RSA"].map(|exchange| format!("{exchange}-{cipher}")));
        }
        if setting("pfs") != "required" {
            suites.push(cipher.to_owned());
        }
    }
    Some(Terms {
        suites: suites.join(":"),
        own,
        clients: (setting("verify-client-certificate") == "true").then(|| clients(world)),
    })
}

/// Every CA of the store that is trusted for this, and the lists when they are used.
fn clients(world: &World) -> Clients {
    let state = &world.state;
    let uses_crls = state.setting("/certificate/settings", "crl-use") == Some("true");
    let all = state.certificates.iter();
    let authorities = all
        .filter(|one| world.trusts(one, "sstp"))
        .filter_map(|one| one.der.as_ref())
        .filter(|der| CertificateFacts::parse(&der.0).is_ok_and(|facts| facts.is_ca))
        .map(|der| der.0.clone());
    Clients {
        authorities: x509::first_of_each_name(authorities, |der| der),
        crls: uses_crls.then(|| {
            let held = state.crls.iter().filter_map(|row| row.der.as_ref());
            held.map(|der| der.0.clone()).collect()
        }),
        now: world.now(),
    }
}

/// A call that was taken.
struct Call {
    router: Arc<Router>,
    caller: SocketAddr,
    stream: Clear,
    binding: Binding,
    ppp: Ppp,
    /// The crypto binding was seen and holds.
    bound: bool,
    /// Who logged in, and the address that was given.
    login: Option<(String, Ipv4Addr)>,
    session: Option<Dialled>,
}

impl Call {
    async fn run(mut self) -> io::Result<()> {
        if !self.is_asked_for().await? {
            self.stream.write_all(NOT_FOUND).await?;
            return Ok(());
        }
        self.stream.write_all(GREETING).await?;
        self.stream.flush().await?;
        loop {
            let packet = match &mut self.session {
                None => Packet::read(&mut self.stream).await?,
                Some(session) => tokio::select! {
                    packet = Packet::read(&mut self.stream) => packet?,
                    () = session.removed() => {
                        self.control(Control::new(CALL_DISCONNECT)).await?;
                        None
                    }
                },
            };
            let goes_on = match packet {
                None => false,
                Some(Packet::Control(control)) => self.take(control).await?,
                Some(Packet::Data(frame)) => self.hear(&frame).await?,
            };
            if !goes_on {
                return Ok(());
            }
            self.begin_session();
        }
    }

    /// Reads the head of the request: the path says that this is SSTP.
    async fn is_asked_for(&mut self) -> io::Result<bool> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if head.len() > LONGEST_HEAD {
                return Ok(false);
            }
            head.push(self.stream.read_u8().await?);
        }
        Ok(head.starts_with(REQUEST_LINE))
    }

    /// False when the call is over.
    async fn take(&mut self, control: Control) -> io::Result<bool> {
        match control.kind {
            CALL_CONNECT_REQUEST if control.attribute(PROTOCOL) == Some(&[0, 1]) => {
                let answer = Control::new(CALL_CONNECT_ACK);
                let answer = answer.with(BINDING_REQUEST, self.binding.request());
                self.control(answer).await?;
                let opening = self.ppp.opening();
                self.frames(vec![opening]).await?;
            }
            CALL_CONNECT_REQUEST => {
                let status = status(PROTOCOL, VALUE_NOT_SUPPORTED);
                let answer = Control::new(CALL_CONNECT_NAK);
                self.control(answer.with(STATUS, status)).await?;
                return Ok(false);
            }
            CALL_CONNECTED => {
                let ignored = self
                    .router
                    .world()
                    .assumptions
                    .is("sstp-crypto-binding", "ignored");
                self.bound = ignored || self.binding.holds(&control);
                if !self.bound {
                    let status = status(BINDING, VALUE_NOT_SUPPORTED);
                    let answer = Control::new(CALL_ABORT);
                    self.control(answer.with(STATUS, status)).await?;
                    return Ok(false);
                }
            }
            CALL_DISCONNECT => {
                self.control(Control::new(CALL_DISCONNECT_ACK)).await?;
                return Ok(false);
            }
            CALL_ABORT => return Ok(false),
            ECHO_REQUEST => self.control(Control::new(ECHO_RESPONSE)).await?,
            _ => {}
        }
        Ok(true)
    }

    /// False when the call is over.
    async fn hear(&mut self, frame: &[u8]) -> io::Result<bool> {
        match self.ppp.hear(frame) {
            Heard::Replies(frames) => self.frames(frames).await?,
            Heard::End(frames) => {
                self.frames(frames).await?;
                return Ok(false);
            }
            Heard::Login { id, name, password } => {
                let addresses = self.router.world().ppp_login("sstp", &name, &password);
                let Some((own, given)) = addresses else {
                    self.frames(vec![Ppp::turn_away(id)]).await?;
                    return Ok(false);
                };
                let frames = self.ppp.let_in(id, own, given);
                self.frames(frames).await?;
                self.login = Some((name, given));
            }
        }
        Ok(true)
    }

    /// Whoever logged in and is bound to the handshake has a session.
    fn begin_session(&mut self) {
        if let Some((name, address)) = self.login.take_if(|_| self.bound) {
            let caller = self.caller.ip();
            self.session = Some(self.router.dialled("sstp", &name, caller, address));
        }
    }

    async fn frames(&mut self, frames: Vec<Vec<u8>>) -> io::Result<()> {
        for frame in frames {
            self.packet(&Packet::Data(frame)).await?;
        }
        Ok(())
    }

    async fn control(&mut self, control: Control) -> io::Result<()> {
        self.packet(&Packet::Control(control)).await
    }

    async fn packet(&mut self, packet: &Packet) -> io::Result<()> {
        self.stream.write_all(&packet.octets()).await?;
        self.stream.flush().await
    }
}

/// The attribute that says what is wrong with another one.
fn status(attribute: u8, status: u32) -> Vec<u8> {
    let mut value = vec![0, 0, 0, attribute];
    value.extend(status.to_be_bytes());
    value
}

const MENU: &str = "/interface/sstp-server/server";
const LONGEST_HEAD: usize = 8_192;
const REQUEST_LINE: &[u8] =
    b"SSTP_DUPLEX_POST /sra_{BA195980-CD49-458b-9E23-C84EE0ADCD75}/ HTTP/1.1\r\n";
const GREETING: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\n";
const NOT_FOUND: &[u8] = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";

const CALL_CONNECT_REQUEST: u16 = 1;
const CALL_CONNECT_ACK: u16 = 2;
const CALL_CONNECT_NAK: u16 = 3;
const CALL_CONNECTED: u16 = 4;
const CALL_ABORT: u16 = 5;
const CALL_DISCONNECT: u16 = 6;
const CALL_DISCONNECT_ACK: u16 = 7;
const ECHO_REQUEST: u16 = 8;
const ECHO_RESPONSE: u16 = 9;

const PROTOCOL: u8 = 1;
const STATUS: u8 = 2;
const BINDING: u8 = 3;
const BINDING_REQUEST: u8 = 4;

const VALUE_NOT_SUPPORTED: u32 = 4;
