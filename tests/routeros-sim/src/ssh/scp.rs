//! The older SCP: `scp -t` takes files, `scp -f` gives them.

use std::sync::Arc;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::io::{AsyncRead, AsyncWrite};

use super::disk::{Disk, DiskError, resolve};
use crate::router::Router;

/// What a client asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copy {
    gives: bool,
    path: String,
}

impl Copy {
    /// Reads the words after `scp`.
    pub fn parse(words: &str) -> Option<Self> {
        let mut gives = None;
        let mut rest = words.trim();
        while let Some(flags) = rest.strip_prefix('-') {
            let (flags, more) = flags.split_once(' ').unwrap_or((flags, ""));
            rest = more.trim_start();
            if flags == "-" {
                break;
            }
            for flag in flags.chars() {
                match flag {
                    'f' => gives = Some(true),
                    't' => gives = Some(false),
                    'p' | 'v' | 'd' | 'q' => {}
                    _ => return None,
                }
            }
        }
        Some(Self {
            gives: gives?,
            path: resolve(rest.trim_matches(['\'', '"'])),
        })
    }
}

/// Does it for a user, and returns the exit status.
pub async fn serve<S>(copy: &Copy, router: Arc<Router>, user: String, stream: S) -> u32
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let disk = Disk::new(router, user);
    let mut stream = BufReader::new(stream);
    let done = if copy.gives {
        give(copy, &disk, &mut stream).await
    } else {
        take(copy, &disk, &mut stream).await
    };
    match done {
        Ok(()) => 0,
        Err(_) => 1,
    }
}

async fn give<S>(copy: &Copy, disk: &Disk, stream: &mut BufReader<S>) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    acknowledged(stream).await?;
    let octets = match disk.read(&copy.path) {
        Ok(octets) => octets,
        Err(error) => return refuse(stream, &copy.path, error).await,
    };
    let name = copy.path.rsplit('/').next().unwrap_or_default();
    let head = format!("C0644 {} {name}\n", octets.len());
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await?;
    acknowledged(stream).await?;
    stream.write_all(&octets).await?;
    stream.write_all(&[0]).await?;
    stream.flush().await?;
    acknowledged(stream).await
}

async fn take<S>(copy: &Copy, disk: &Disk, stream: &mut BufReader<S>) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    agree(stream).await?;
    loop {
        let mut line = Vec::new();
        let mut limited = (&mut *stream).take(LONGEST_LINE);
        if limited.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        let line = String::from_utf8_lossy(&line).into_owned();
        match line.chars().next() {
            Some('T') => agree(stream).await?,
            Some('C') => {
                let mut words = line.trim_end().splitn(3, ' ').skip(1);
                let size = words.next().and_then(|word| word.parse().ok());
                let (Some(size), Some(name)) = (size, words.next()) else {
                    return refuse(stream, "protocol", DiskError::WrongKind).await;
                };
                let target = match disk.stat(&copy.path) {
                    Ok(entry) if entry.directory => resolve(&format!("{}/{name}", copy.path)),
                    _ => copy.path.clone(),
                };
                if let Err(error) = disk.may_write(&target, size) {
                    return refuse(stream, &target, error).await;
                }
                agree(stream).await?;
                let mut octets = Vec::new();
                let wanted = size as u64;
                (&mut *stream).take(wanted).read_to_end(&mut octets).await?;
                if octets.len() < size {
                    return Err(std::io::ErrorKind::UnexpectedEof.into());
                }
                acknowledged(stream).await?;
                if let Err(error) = disk.write(&target, octets) {
                    return refuse(stream, &target, error).await;
                }
                agree(stream).await?;
            }
            _ => return refuse(stream, "protocol", DiskError::WrongKind).await,
        }
    }
}

async fn agree<S>(stream: &mut BufReader<S>) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.write_all(&[0]).await?;
    stream.flush().await
}

async fn acknowledged<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> std::io::Result<()> {
    match stream.read_u8().await? {
        0 => Ok(()),
        _ => Err(std::io::Error::other("the client says no")),
    }
}

async fn refuse<S>(stream: &mut BufReader<S>, name: &str, error: DiskError) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if error == DiskError::Cut {
        return Err(std::io::Error::other("cut"));
    }
    let line = format!("\u{1}scp: {name}: {}\n", error.text());
    stream.write_all(line.as_bytes()).await?;
    stream.flush().await?;
    Err(std::io::Error::other(error.text()))
}

const LONGEST_LINE: u64 = 4_096;

#[cfg(test)]
mod tests {
    use super::Copy;

    #[test]
    fn the_words_of_scp_are_read() {
        let copy = |gives, path: &str| {
            Some(Copy {
                gives,
                path: path.to_owned(),
            })
        };
        for (words, expect) in [
            ("-t a.pem", copy(false, "a.pem")),
            ("-v -p -t -- /flash/a b", copy(false, "flash/a b")),
            ("-f '/a.pem'", copy(true, "a.pem")),
            ("-t .", copy(false, "")),
            ("-t ../../etc/passwd", copy(false, "etc/passwd")),
            ("-r -t x", None),
            ("x", None),
        ] {
            assert_eq!(Copy::parse(words), expect, "{words}");
        }
    }
}
