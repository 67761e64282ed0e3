//! What two peers have agreed on.

/// An IKE SA with its tunnels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecurityAssociation {
    /// The name of the connection.
    pub name: String,
    /// Who this side says it is.
    pub local_id: String,
    /// Who the other side has shown to be.
    pub remote_id: String,
    /// The address of this side.
    pub local_address: String,
    /// The address of the other side.
    pub remote_address: String,
    /// `ESTABLISHED` when both sides have been proved.
    pub state: String,
    /// Seconds since it was established.
    pub established_seconds: u64,
    /// Tells whether this side called.
    pub initiator: bool,
    /// The virtual addresses that this side was given.
    pub virtual_addresses: Vec<String>,
    /// The states of its tunnels: `INSTALLED` for one that carries packets.
    pub tunnels: Vec<String>,
}

impl SecurityAssociation {
    /// Reads the output of `swanctl --list-sas --pretty`: one key, one opening or one closing bracket per line.
    pub(crate) fn read_all(text: &str) -> Vec<Self> {
        let mut all = Vec::new();
        let mut path: Vec<&str> = Vec::new();
        for line in text.lines().map(str::trim) {
            if let Some(name) = line.strip_suffix(['{', '[']) {
                let name = name.trim_end_matches([' ', '=']);
                path.push(name);
                if path.len() == 2 {
                    all.push(Self {
                        name: name.to_owned(),
                        ..Self::default()
                    });
                }
            } else if line == "}" || line == "]" {
                path.pop();
            } else if let Some(sa) = all.last_mut() {
                sa.read(path.get(2..).unwrap_or_default(), line);
            }
        }
        all
    }

    fn read(&mut self, path: &[&str], line: &str) {
        let (key, value) = line.split_once(" = ").unwrap_or((line, ""));
        let text = value.to_owned();
        match (path, key) {
            ([], "local-id") => self.local_id = text,
            ([], "remote-id") => self.remote_id = text,
            ([], "local-host") => self.local_address = text,
            ([], "remote-host") => self.remote_address = text,
            ([], "state") => self.state = text,
            ([], "established") => self.established_seconds = value.parse().unwrap_or_default(),
            ([], "initiator") => self.initiator = value == "yes",
            (["local-vips"], address) => self.virtual_addresses.push(address.to_owned()),
            (["child-sas", _], "state") => self.tunnels.push(text),
            _ => {}
        }
    }
}
