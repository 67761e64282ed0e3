//! `/file`.

use aws_lc_rs::digest;

use super::{World, found, item_argument, listed, not_here};
use crate::row::{Reply, Request, Row};
use crate::state::{File, Octets};
use crate::trap::Trap;

impl World {
    pub(super) fn file(&mut self, command: &str, request: &Request) -> Result<Reply, Trap> {
        match command {
            "print" => match request.argument("file") {
                Some(name) => self.print_to_file(name),
                None => Ok(listed(self.file_rows())),
            },
            "find" => Ok(found(&self.file_rows())),
            "add" => self.add_file(request),
            "set" => self.set_file(request),
            "remove" => {
                let ids = self.file_ids(request)?;
                self.state.files.retain(|file| !ids.contains(&file.id));
                Ok(Reply::default())
            }
            "read" => self.read_file(request),
            "copy" => self.copy_file(request),
            "head" | "tail" => self.file_lines(command, request),
            "reset" => self.reset_file(request),
            _ => Err(not_here("/file", command)),
        }
    }

    /// A file by its whole name, or by a beginning that only one name has.
    pub(crate) fn file_named(&self, argument: &str, name: &str) -> Result<&File, Trap> {
        let all = || self.state.files.iter().filter(|file| !file.directory);
        if let Some(exact) = all().find(|file| file.name == name) {
            return Ok(exact);
        }
        let mut begun = all().filter(|file| file.name.starts_with(name));
        match (begun.next(), begun.next()) {
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(Trap::ambiguous(argument)),
            (None, _) if name.is_empty() => Err(Trap::ambiguous(argument)),
            (None, _) => Err(Trap::no_match(argument)),
        }
    }

    pub(crate) fn delete_file(&mut self, name: &str) {
        self.state.files.retain(|file| file.name != name);
    }

    pub(crate) fn write_file(&mut self, name: &str, contents: Vec<u8>, hidden: u8) -> String {
        self.delete_file(name);
        let id = self.new_file_id(name);
        let file = File {
            id: id.clone(),
            name: name.to_owned(),
            directory: false,
            contents: Octets(contents),
            changed: self.now(),
            hidden,
        };
        self.state.files.push(file);
        id
    }

    /// An id for one more file, in the form of the version.
    pub(super) fn new_file_id(&mut self, name: &str) -> String {
        let number = self.state.next_file;
        self.state.next_file += 1;
        if !self.assumptions.opaque_file_ids(self.model) {
            return format!("*{number:X}");
        }
        let hash = digest::digest(&digest::SHA256, format!("{number} {name}").as_bytes());
        let octets = hash.as_ref().iter().take(16);
        let letters: String = octets.map(|octet| char::from(b'A' + octet % 26)).collect();
        format!("**{letters}")
    }

    /// The octets that a file may have, with what it holds now.
    pub(crate) fn room(&self, name: &str) -> usize {
        let others = self.state.files.iter().filter(|file| file.name != name);
        let taken: usize = others.map(|file| file.contents.0.len()).sum();
        self.storage.saturating_sub(taken)
    }

    /// Leaves so many octets free.
    pub fn leave_free(&mut self, free: usize) {
        let files = self.state.files.iter();
        let taken: usize = files.map(|file| file.contents.0.len()).sum();
        self.storage = taken + free;
    }

    fn print_to_file(&mut self, name: &str) -> Result<Reply, Trap> {
        let name = if name.ends_with(".txt") {
            name.to_owned()
        } else {
            format!("{name}.txt")
        };
        let contents = self
            .state
            .files
            .iter()
            .map(|file| format!("{} {}\r\n", file.name, file.contents.0.len()))
            .collect::<String>();
        self.write_file(&name, contents.into_bytes(), 1);
        Ok(Reply::default())
    }

    fn file_rows(&mut self) -> Vec<Row> {
        let form = self.model.date_form();
        let limit = self.model.contents_limit();
        let dated = if self.model.files_are_modified() {
            "last-modified"
        } else {
            "creation-time"
        };
        let mut rows = Vec::new();
        for file in self.state.files.iter().filter(|file| file.hidden == 0) {
            let mut row = Row::new();
            row.insert(".id".to_owned(), file.id.clone());
            row.insert("name".to_owned(), file.name.clone());
            row.insert("type".to_owned(), kind(file));
            row.insert(dated.to_owned(), self.local(file.changed).print(form));
            if !file.directory {
                row.insert("size".to_owned(), file.contents.0.len().to_string());
                if file.contents.0.len() <= limit
                    && let Ok(text) = std::str::from_utf8(&file.contents.0)
                {
                    row.insert("contents".to_owned(), text.to_owned());
                }
            }
            rows.push(row);
        }
        for file in &mut self.state.files {
            file.hidden = file.hidden.saturating_sub(1);
        }
        rows
    }

    /// Copies a file under another name.
    fn copy_file(&mut self, request: &Request) -> Result<Reply, Trap> {
        let id = self.file_ids(request)?.remove(0);
        let name = request
            .argument("name")
            .ok_or_else(|| Trap::missing("name"))?;
        if self.state.files.iter().any(|file| file.name == name) {
            return Err(Trap::failure("file already exists"));
        }
        let files = self.state.files.iter();
        let contents = files
            .filter(|file| file.id == id)
            .find_map(|file| (!file.directory).then(|| file.contents.0.clone()))
            .ok_or_else(Trap::item)?;
        if self.room(name) < contents.len() {
            return Err(self.full());
        }
        self.write_file(name, contents, 0);
        Ok(Reply::default())
    }

    fn add_file(&mut self, request: &Request) -> Result<Reply, Trap> {
        let name = request
            .argument("name")
            .ok_or_else(|| Trap::missing("name"))?;
        let name = name.trim_start_matches('/');
        if name.is_empty() {
            return Err(Trap::invalid("name"));
        }
        if self.state.files.iter().any(|file| file.name == name) {
            return Err(Trap::failure("file already exists"));
        }
        let contents = self.contents(request)?.unwrap_or_default();
        if self.room(name) < contents.len() {
            return Err(self.full());
        }
        let directory = match request.argument("type") {
            None | Some("file") => false,
            Some("directory") => true,
            Some(_) => return Err(Trap::no_match("type")),
        };
        let id = self.write_file(name, contents, 0);
        if let Some(file) = self.state.files.last_mut() {
            file.directory = directory;
        }
        Ok(Reply {
            rows: Vec::new(),
            ret: self.model.returns_file_ids().then_some(id),
        })
    }

    fn set_file(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.file_ids(request)?;
        let contents = self.contents(request)?;
        let name = request.argument("name");
        let now = self.now();
        if contents
            .as_ref()
            .is_some_and(|text| self.room("") < text.len())
        {
            return Err(self.full());
        }
        for file in self
            .state
            .files
            .iter_mut()
            .filter(|file| ids.contains(&file.id))
        {
            if let Some(contents) = &contents {
                file.contents = Octets(contents.clone());
            }
            if let Some(name) = name {
                name.clone_into(&mut file.name);
            }
            file.changed = now;
        }
        Ok(Reply::default())
    }

    fn contents(&self, request: &Request) -> Result<Option<Vec<u8>>, Trap> {
        match request.argument("contents") {
            Some(text) if text.len() > self.model.contents_limit() => {
                Err(Trap::failure("contents too long"))
            }
            text => Ok(text.map(|text| text.as_bytes().to_vec())),
        }
    }

    fn full(&self) -> Trap {
        Trap::failure(
            match self.assumptions.is("full-storage-text", "not-enough-space") {
                true => "not enough space on disk",
                false => "no space left on device",
            },
        )
    }

    fn read_file(&self, request: &Request) -> Result<Reply, Trap> {
        let name = request
            .argument("file")
            .ok_or_else(|| Trap::missing("file"))?;
        let file = self.file_named("file", name)?;
        let number = |argument: &str, usual: usize| match request.argument(argument) {
            None => Ok(usual),
            Some(text) => text.parse().map_err(|_| Trap::invalid(argument)),
        };
        let (offset, size) = (number("offset", 0)?, number("chunk-size", 32_768)?);
        let octets: Vec<u8> = file
            .contents
            .0
            .iter()
            .skip(offset)
            .take(size)
            .copied()
            .collect();
        let mut row = Row::new();
        row.insert(
            "data".to_owned(),
            String::from_utf8_lossy(&octets).into_owned(),
        );
        Ok(listed(vec![row]))
    }

    /// The first or the last lines of a file.
    fn file_lines(&self, command: &str, request: &Request) -> Result<Reply, Trap> {
        let id = self.file_ids(request)?.remove(0);
        let count: usize = match request.argument("n") {
            None => 10,
            Some(text) => text.parse().map_err(|_| Trap::invalid("n"))?,
        };
        let mut files = self.state.files.iter();
        let file = files
            .find(|file| file.id == id && !file.directory)
            .ok_or_else(Trap::item)?;
        let text = String::from_utf8_lossy(&file.contents.0);
        let lines: Vec<(usize, &str)> = (1..).zip(text.lines()).collect();
        let skipped = match command {
            "tail" => lines.len().saturating_sub(count),
            _ => 0,
        };
        let shown: Vec<String> = lines
            .into_iter()
            .skip(skipped)
            .take(count)
            .map(|(number, line)| match request.argument("numbered") {
                None => line.to_owned(),
                Some(_) => format!("{number} {line}"),
            })
            .collect();
        let text = shown.join("\n");
        if self.assumptions.is("file-lines", "ret") {
            return Ok(Reply {
                rows: Vec::new(),
                ret: Some(text),
            });
        }
        Ok(listed(vec![[("data".to_owned(), text)].into()]))
    }

    /// Empties files; a name and a type stay.
    fn reset_file(&mut self, request: &Request) -> Result<Reply, Trap> {
        let ids = self.file_ids(request)?;
        for field in ["name", "type"] {
            if request.argument(field).is_some() {
                self.keep_required(field)?;
            }
        }
        if request.argument("contents").is_some() {
            let now = self.now();
            let files = self.state.files.iter_mut();
            for file in files.filter(|file| ids.contains(&file.id)) {
                file.contents = Octets(Vec::new());
                file.changed = now;
            }
        }
        Ok(Reply::default())
    }

    fn file_ids(&self, request: &Request) -> Result<Vec<String>, Trap> {
        let named = item_argument(request).ok_or_else(|| Trap::missing("numbers"))?;
        let visible = || self.state.files.iter().filter(|file| file.hidden == 0);
        let one = |name: &str| {
            visible()
                .find(|file| file.id == name || file.name == name)
                .map(|file| file.id.clone())
                .ok_or_else(Trap::item)
        };
        match one(named) {
            Ok(id) => Ok(vec![id]),
            Err(_) => named.split([',', ';']).map(one).collect(),
        }
    }
}

fn kind(file: &File) -> String {
    if file.directory {
        return "directory".to_owned();
    }
    match file.name.rsplit_once('.') {
        Some((_, extension)) => format!(".{extension} file"),
        None => "file".to_owned(),
    }
}
