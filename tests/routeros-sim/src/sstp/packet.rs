//! Packets ([MS-SSTP] §2.2).

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// A message about the call.
    Control(Control),
    /// A frame of PPP.
    Data(Vec<u8>),
}

/// A message about the call: its type, and its attributes by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    pub(crate) kind: u16,
    pub(crate) attributes: Vec<(u8, Vec<u8>)>,
}

impl Packet {
    /// Reads one; nothing at the end of the stream.
    pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Self>> {
        let mut header = [0; 4];
        match stream.read_exact(&mut header).await {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let (flags, length) = opened(header)?;
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        Self::of(flags, body).map(Some)
    }

    /// Reads the first one of these octets; returns what follows it too, or nothing when it is not whole.
    ///
    /// # Errors
    /// Fails for what is no packet.
    pub fn decode(octets: &[u8]) -> io::Result<Option<(Self, &[u8])>> {
        let Some((header, rest)) = octets.split_first_chunk() else {
            return Ok(None);
        };
        let (flags, length) = opened(*header)?;
        let Some((body, rest)) = rest.split_at_checked(length) else {
            return Ok(None);
        };
        Ok(Some((Self::of(flags, body.to_vec())?, rest)))
    }

    fn of(flags: u8, body: Vec<u8>) -> io::Result<Self> {
        if flags & 1 == 0 {
            return Ok(Self::Data(body));
        }
        Control::parse(&body)
            .map(Self::Control)
            .ok_or_else(|| invalid("a control packet is cut short"))
    }

    /// Writes it.
    pub fn octets(&self) -> Vec<u8> {
        let (flag, body) = match self {
            Self::Control(control) => (1, control.octets()),
            Self::Data(frame) => (0, frame.clone()),
        };
        let length = u16::try_from(body.len() + 4).unwrap_or(0x0FFF) & 0x0FFF;
        let [high, low] = length.to_be_bytes();
        let mut octets = vec![VERSION, flag, high, low];
        octets.extend(body);
        octets
    }
}

impl Control {
    pub(crate) fn new(kind: u16) -> Self {
        Self {
            kind,
            attributes: Vec::new(),
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, id: u8, value: Vec<u8>) -> Self {
        self.attributes.push((id, value));
        self
    }

    pub(crate) fn attribute(&self, wanted: u8) -> Option<&[u8]> {
        let found = self.attributes.iter().find(|(id, _)| *id == wanted);
        found.map(|(_, value)| value.as_slice())
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (kind, rest) = body.split_first_chunk()?;
        let (count, mut rest) = rest.split_first_chunk()?;
        let mut control = Self::new(u16::from_be_bytes(*kind));
        for _ in 0..u16::from_be_bytes(*count) {
            let ([_, id, high, low], after) = rest.split_first_chunk()?;
            let length = usize::from(u16::from_be_bytes([*high, *low]) & 0x0FFF);
            let value = after.get(..length.checked_sub(4)?)?;
            control.attributes.push((*id, value.to_vec()));
            rest = &after[value.len()..];
        }
        Some(control)
    }

    fn octets(&self) -> Vec<u8> {
        let count = u16::try_from(self.attributes.len()).unwrap_or(u16::MAX);
        let mut octets = self.kind.to_be_bytes().to_vec();
        octets.extend(count.to_be_bytes());
        for (id, value) in &self.attributes {
            let length = u16::try_from(value.len() + 4).unwrap_or(0x0FFF);
            octets.extend([0, *id]);
            octets.extend(length.to_be_bytes());
            octets.extend(value);
        }
        octets
    }
}

/// Reads a header: the flags, and the length of what follows.
fn opened([version, flags, high, low]: [u8; 4]) -> io::Result<(u8, usize)> {
    let length = usize::from(u16::from_be_bytes([high, low]) & 0x0FFF);
    match length.checked_sub(4) {
        Some(length) if version == VERSION => Ok((flags, length)),
        _ => Err(invalid("the header of a packet is wrong")),
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

const VERSION: u8 = 0x10;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[tokio::test]
    async fn packets_come_back_as_they_went() {
        for packet in [
            Packet::Data(vec![0xFF, 3, 0xC0, 0x21]),
            Packet::Control(Control::new(8)),
            Packet::Control(Control::new(1).with(1, vec![0, 1]).with(2, Vec::new())),
        ] {
            let octets = packet.octets();
            let read = Packet::read(&mut octets.as_slice()).await;
            assert_eq!(read.expect("a packet"), Some(packet));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_a_packet_is_written_as_it_was_read(
            flags in any::<u8>(),
            body in prop::collection::vec(prop_oneof![Just(0_u8), 0..16_u8, any::<u8>()], 0..300),
        ) {
            let [high, low] = u16::try_from(body.len() + 4).expect("a short one").to_be_bytes();
            let octets = [vec![VERSION, flags, high, low], body].concat();
            if let Ok(Some((packet, rest))) = Packet::decode(&octets) {
                prop_assert!(rest.is_empty());
                let written = packet.octets();
                let again = Packet::decode(&written).expect("what was written can be read");
                prop_assert_eq!(again, Some((packet, &[][..])));
            }
            for end in 0..octets.len() {
                prop_assert!(!matches!(Packet::decode(&octets[..end]), Ok(Some(_))));
            }
        }
    }

    #[tokio::test]
    async fn nonsense_is_refused() {
        for octets in [
            &[0x20, 0, 0, 4][..],
            &[0x10, 0, 0, 3],
            &[0x10, 1, 0, 5, 0],
            &[0x10, 1, 0, 8, 0, 1, 0, 1],
            &[0x10, 1, 0, 12, 0, 1, 0, 1, 0, 1, 0, 3],
        ] {
            let mut stream = octets;
            Packet::read(&mut stream).await.expect_err("nonsense");
        }
    }
}
