//! The flash under the disk: what is written is safe from a power cut only after a while (RouterOS manual, Files).
//!
//! Only time that is let pass counts: a busy machine makes nothing safe.

/// How long the write-back may take, in seconds.
const DELAY: i64 = 40;

/// What was written, and what of it is safe.
#[derive(Debug, Default)]
pub(crate) struct Flash {
    safe: Vec<u8>,
    written: Vec<u8>,
    /// When the first of what is not safe was written.
    since: Option<i64>,
}

impl Flash {
    /// Flash that holds this.
    pub(crate) fn holding(octets: Vec<u8>) -> Self {
        Self {
            safe: octets.clone(),
            written: octets,
            since: None,
        }
    }

    /// Takes what was written.
    pub(crate) fn write(&mut self, octets: Vec<u8>, now: i64) {
        if self.is_settled(now) {
            self.sync();
        }
        self.since.get_or_insert(now);
        self.written = octets;
    }

    /// Makes all that was written safe: an orderly end.
    pub(crate) fn sync(&mut self) {
        self.safe.clone_from(&self.written);
        self.since = None;
    }

    /// Returns what is left when the power goes.
    pub(crate) fn after_power_loss(&mut self, now: i64) -> &[u8] {
        if self.is_settled(now) {
            self.sync();
        }
        self.since = None;
        self.written.clone_from(&self.safe);
        &self.safe
    }

    fn is_settled(&self, now: i64) -> bool {
        self.since.is_none_or(|since| now - since >= DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_safe_after_its_delay() {
        let mut flash = Flash::holding(b"0".to_vec());
        flash.write(b"1".to_vec(), 100);
        flash.write(b"2".to_vec(), 139);
        assert_eq!(flash.after_power_loss(139), b"0");
        flash.write(b"3".to_vec(), 200);
        flash.write(b"4".to_vec(), 240);
        assert_eq!(flash.after_power_loss(241), b"3");
        flash.write(b"5".to_vec(), 300);
        assert_eq!(flash.after_power_loss(340), b"5");
        flash.write(b"6".to_vec(), 350);
        flash.sync();
        assert_eq!(flash.after_power_loss(350), b"6");
    }
}
