//! PPP (RFC 1661), as far as it tells who calls: LCP, PAP (RFC 1334) and IPCP (RFC 1332).

use std::net::Ipv4Addr;

/// The router's end.
#[derive(Debug)]
pub struct Ppp {
    magic: [u8; 4],
    /// The addresses of the router and of the caller, once the caller is known.
    addresses: Option<(Ipv4Addr, Ipv4Addr)>,
}

/// What a frame comes to.
#[derive(Debug, PartialEq, Eq)]
pub enum Heard {
    /// Send these frames.
    Replies(Vec<Vec<u8>>),
    /// Somebody says who it is; [`Ppp::let_in`] or [`Ppp::turn_away`] answers.
    Login {
        /// The number of the request, which the answer repeats.
        id: u8,
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// The link is given up.
    End(Vec<Vec<u8>>),
}

impl Ppp {
    /// Begins with the number that tells a loop.
    pub fn new(magic: [u8; 4]) -> Self {
        Self {
            magic,
            addresses: None,
        }
    }

    /// The first frame: the router wants PAP.
    pub(crate) fn opening(&self) -> Vec<u8> {
        let mut options = vec![AUTHENTICATION, 4];
        options.extend(PAP.to_be_bytes());
        options.extend([MAGIC, 6]);
        options.extend(self.magic);
        frame(LCP, REQUEST, 1, &options)
    }

    /// Takes a frame; a longer one than a link of the usual size carries is dropped (RFC 1661 §6.1).
    pub fn hear(&self, octets: &[u8]) -> Heard {
        if octets.len() > LONGEST {
            return Heard::Replies(Vec::new());
        }
        let inner = octets.strip_prefix(&[0xFF, 3]).unwrap_or(octets);
        let Some((protocol, rest)) = inner.split_first_chunk() else {
            return Heard::Replies(Vec::new());
        };
        let Some(([code, id, high, low], rest)) = rest.split_first_chunk() else {
            return Heard::Replies(Vec::new());
        };
        let length = usize::from(u16::from_be_bytes([*high, *low])).saturating_sub(4);
        let data = rest.get(..length).unwrap_or(rest);
        match (u16::from_be_bytes(*protocol), *code) {
            (LCP, code) => self.link(code, *id, data),
            (PAP, REQUEST) => login(*id, data),
            (IPCP, code) if self.addresses.is_some() => {
                Heard::Replies(self.address(code, *id, data))
            }
            (PAP | IPCP, _) => Heard::Replies(Vec::new()),
            _ => Heard::Replies(vec![frame(LCP, PROTOCOL_REJECT, *id, inner)]),
        }
    }

    /// Answers a login whose name and password are right.
    pub fn let_in(&mut self, id: u8, router: Ipv4Addr, caller: Ipv4Addr) -> Vec<Vec<u8>> {
        self.addresses = Some((router, caller));
        vec![
            frame(PAP, ACK, id, &[0]),
            frame(IPCP, REQUEST, 1, &address_option(router)),
        ]
    }

    /// Answers one whose are not.
    pub(crate) fn turn_away(id: u8) -> Vec<u8> {
        frame(PAP, NAK, id, &[0])
    }

    fn link(&self, code: u8, id: u8, data: &[u8]) -> Heard {
        let replies = match code {
            REQUEST => vec![negotiated(LCP, id, data, |option| {
                matches!(option, 1 | 2 | MAGIC | 7 | 8)
            })],
            // It does not speak PAP, and the router has to know who it is.
            NAK | REJECT if options(data).iter().any(|(id, _)| *id == AUTHENTICATION) => {
                return Heard::End(vec![frame(LCP, TERMINATE, 2, &[])]);
            }
            TERMINATE => return Heard::End(vec![frame(LCP, TERMINATE_ACK, id, &[])]),
            ECHO => vec![frame(LCP, ECHO_REPLY, id, &self.magic)],
            _ => Vec::new(),
        };
        Heard::Replies(replies)
    }

    fn address(&self, code: u8, id: u8, data: &[u8]) -> Vec<Vec<u8>> {
        let Some((_, caller)) = self.addresses.filter(|_| code == REQUEST) else {
            return Vec::new();
        };
        let right = address_option(caller);
        let asks = options(data).into_iter().find(|(id, _)| *id == ADDRESS);
        match asks {
            Some((_, value)) if value != caller.octets() => vec![frame(IPCP, NAK, id, &right)],
            _ => vec![negotiated(IPCP, id, data, |option| option == ADDRESS)],
        }
    }
}

fn login(id: u8, data: &[u8]) -> Heard {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    let parts = || {
        let (length, rest) = data.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*length))?;
        let (length, rest) = rest.split_first()?;
        Some((name, rest.get(..usize::from(*length))?))
    };
    match parts() {
        Some((name, password)) => Heard::Login {
            id,
            name: text(name),
            password: text(password),
        },
        None => Heard::Replies(Vec::new()),
    }
}

/// Accepts a request, or rejects the options of it that are not known.
fn negotiated(protocol: u16, id: u8, data: &[u8], known: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut rejected = Vec::new();
    for (option, value) in options(data) {
        if !known(option) {
            rejected.extend([option, u8::try_from(value.len() + 2).unwrap_or(u8::MAX)]);
            rejected.extend(value);
        }
    }
    if rejected.is_empty() {
        frame(protocol, ACK, id, data)
    } else {
        frame(protocol, REJECT, id, &rejected)
    }
}

fn options(mut data: &[u8]) -> Vec<(u8, &[u8])> {
    let mut all = Vec::new();
    while let [option, length, rest @ ..] = data {
        let Some((value, after)) = usize::from(*length)
            .checked_sub(2)
            .and_then(|length| rest.split_at_checked(length))
        else {
            break;
        };
        all.push((*option, value));
        data = after;
    }
    all
}

fn address_option(address: Ipv4Addr) -> Vec<u8> {
    let mut option = vec![ADDRESS, 6];
    option.extend(address.octets());
    option
}

fn frame(protocol: u16, code: u8, id: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 4).unwrap_or(u16::MAX);
    let mut octets = vec![0xFF, 3];
    octets.extend(protocol.to_be_bytes());
    octets.extend([code, id]);
    octets.extend(length.to_be_bytes());
    octets.extend(data);
    octets
}

/// The octets of a frame: 1500 of information behind address, control and protocol.
const LONGEST: usize = 1_504;

const LCP: u16 = 0xC021;
const PAP: u16 = 0xC023;
const IPCP: u16 = 0x8021;

const REQUEST: u8 = 1;
const ACK: u8 = 2;
const NAK: u8 = 3;
const REJECT: u8 = 4;
const TERMINATE: u8 = 5;
const TERMINATE_ACK: u8 = 6;
const PROTOCOL_REJECT: u8 = 8;
const ECHO: u8 = 9;
const ECHO_REPLY: u8 = 10;

const AUTHENTICATION: u8 = 3;
const MAGIC: u8 = 5;
/// An option of IPCP.
const ADDRESS: u8 = 3;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sstp::packet::Packet;

    #[test]
    fn unknown_options_and_protocols_are_rejected() {
        let ppp = Ppp::new([1, 2, 3, 4]);
        let asked = frame(LCP, REQUEST, 7, &[1, 4, 5, 220, 13, 3, 6]);
        let answer = frame(LCP, REJECT, 7, &[13, 3, 6]);
        assert_eq!(ppp.hear(&asked), Heard::Replies(vec![answer]));
        let other = frame(0x80FD, REQUEST, 9, &[]);
        let answer = frame(LCP, PROTOCOL_REJECT, 9, &other[2..]);
        assert_eq!(ppp.hear(&other), Heard::Replies(vec![answer]));
        for nonsense in [&[][..], &[0xFF, 3, 0xC0], &[0xC0, 0x23, 1, 1, 0, 9, 200, 1]] {
            assert_eq!(ppp.hear(nonsense), Heard::Replies(Vec::new()));
        }
        let longer = frame(0x80FD, REQUEST, 9, &vec![0; LONGEST]);
        assert_eq!(ppp.hear(&longer), Heard::Replies(Vec::new()));
    }

    proptest! {
        /// Every answer is a frame of the length that it says, and goes into a packet.
        #[test]
        fn answers_are_whole_frames(
            protocol in prop_oneof![Just(LCP), Just(PAP), Just(IPCP), any::<u16>()],
            code in 0..12_u8,
            data in prop::collection::vec(prop_oneof![0..8_u8, any::<u8>()], 0..1_600),
        ) {
            let mut ppp = Ppp::new([1, 2, 3, 4]);
            ppp.let_in(1, Ipv4Addr::LOCALHOST, Ipv4Addr::BROADCAST);
            let heard = ppp.hear(&frame(protocol, code, 7, &data));
            let (Heard::Replies(answers) | Heard::End(answers)) = heard else { return Ok(()) };
            for answer in answers {
                prop_assert_eq!(usize::from(u16::from_be_bytes([answer[6], answer[7]])), answer.len() - 4);
                let octets = Packet::Data(answer.clone()).octets();
                let read = Packet::decode(&octets).expect("a packet");
                prop_assert_eq!(read, Some((Packet::Data(answer), &[][..])));
            }
        }
    }
}
