//! Text files on a router.

use std::time::Duration;

use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::system::free_storage;
use crate::{Call, Command, RouterError, RouterTransport, Version};

/// Writes a text file and returns its name on the router.
///
/// A release before 7.9 appends `.txt`. A key in PEM goes over an encrypted door only.
///
/// # Errors
/// Fails when the content is too large for the release or its storage, or a call fails; a file may be left behind
/// then: see [`delete`].
pub async fn upload(
    router: &mut dyn RouterTransport,
    version: Version,
    name: &str,
    content: &Zeroizing<String>,
) -> Result<String, RouterError> {
    match write(router, version, name, content).await {
        Err(RouterError::Refused { call, what }) => {
            // No text of a full storage is known, and SFTP has none: what is free says it.
            let size = u64::try_from(content.len()).unwrap_or(u64::MAX);
            match free_storage(router).await {
                Ok(Some(free)) if free < size => Err(RouterError::StorageFull {
                    name: name.to_owned(),
                    size: content.len(),
                    free,
                }),
                Ok(_) | Err(_) => Err(RouterError::Refused { call, what }),
            }
        }
        outcome => outcome,
    }
}

async fn write(
    router: &mut dyn RouterTransport,
    version: Version,
    name: &str,
    content: &Zeroizing<String>,
) -> Result<String, RouterError> {
    if router.send_file(name, content.as_bytes()).await? {
        return Ok(name.to_owned());
    }
    let most = if version.adds_files() {
        MOST_ADDED
    } else {
        MOST_SET
    };
    if content.len() > most {
        return Err(RouterError::TooLarge {
            name: name.to_owned(),
            size: content.len(),
            door: router.door(),
            most,
        });
    }
    if version.adds_files() {
        let call = Call::new(MENU, Command::Add).with("name", name);
        router.call(&with_contents(call, content)).await?;
        return Ok(name.to_owned());
    }
    let made = format!("{name}.txt");
    let set = with_contents(Call::new(MENU, Command::Set).item(&made), content);
    // Before the empty file is made: a secret that may not go this way leaves nothing behind.
    router.door().may_carry(&set)?;
    let print = Call::new(MENU, Command::Print).with("file", name);
    router.call(&print).await?;
    wait_for(router, &made).await?;
    router.call(&set).await?;
    Ok(made)
}

/// Lists the names of all files.
///
/// # Errors
/// Fails when the call fails.
pub async fn names(router: &mut dyn RouterTransport) -> Result<Vec<String>, RouterError> {
    // Else new releases send the contents too.
    let call = Call::new(MENU, Command::Print).with(".proplist", "name");
    let rows = router.call(&call).await?.rows;
    Ok(rows.iter().map(|row| row.text("name").to_owned()).collect())
}

/// Removes a file; releases since 7.15 remove it themselves after an import, so it may be gone.
///
/// # Errors
/// Fails when the call fails for another reason.
pub async fn delete(router: &mut dyn RouterTransport, name: &str) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Remove).item(name);
    match router.call(&call).await {
        Ok(_) | Err(RouterError::NoSuchItem { .. }) => Ok(()),
        Err(RouterError::Refused { what, .. }) if what.contains("does not match any value") => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

fn with_contents<'a>(call: Call<'a>, content: &Zeroizing<String>) -> Call<'a> {
    if content.contains("PRIVATE KEY") {
        call.with_secret("contents", content.clone())
    } else {
        call.with("contents", content.as_str())
    }
}

/// Waits for a file that the router makes in its own time.
async fn wait_for(router: &mut dyn RouterTransport, name: &str) -> Result<(), RouterError> {
    let call = Call::new(MENU, Command::Print).matching("name", name);
    for _ in 0..TRIES {
        if !router.call(&call).await?.rows.is_empty() {
            return Ok(());
        }
        sleep(PAUSE).await;
    }
    Err(RouterError::no_such_item(&call))
}

const MENU: &str = "/file";
/// RouterOS takes 60 KiB, a little less on some releases.
const MOST_ADDED: usize = 60_000;
/// About 4 KB fit into a file that was made by `print`.
const MOST_SET: usize = 4_000;
const TRIES: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Door;
    use crate::fake::Script;

    #[tokio::test]
    async fn a_new_release_takes_a_file_in_one_call() {
        let mut router = Script::new(Door::Rest, [("/file add name=a.pem contents=PEM", Ok(""))]);
        let content = Zeroizing::new("PEM".to_owned());
        let name = upload(&mut router, Version::new(7, 9, 0), "a.pem", &content).await;
        assert_eq!(name, Ok("a.pem".to_owned()));
        router.end();
    }

    #[tokio::test]
    async fn an_old_release_makes_the_file_first() {
        let script = [
            ("/file print file=k", Ok("")),
            ("/file print where name=k.txt", Ok("")),
            ("/file print where name=k.txt", Ok("name=k.txt")),
            ("/file set k.txt contents=…", Ok("")),
        ];
        let mut router = Script::new(Door::ApiSsl, script);
        let content = Zeroizing::new("-----BEGIN PRIVATE KEY-----".to_owned());
        let name = upload(&mut router, Version::new(6, 49, 23), "k", &content).await;
        assert_eq!(name, Ok("k.txt".to_owned()));
        router.end();
    }

    #[tokio::test]
    async fn a_refusal_by_a_full_storage_is_told_apart() {
        for (free, full) in [("2", true), ("3", false)] {
            let row = format!("free-hdd-space={free}");
            let script = [
                ("/file add name=a contents=PEM", Err("failure: whatever")),
                ("/system/resource print", Ok(row.as_str())),
            ];
            let mut router = Script::new(Door::Rest, script);
            let content = Zeroizing::new("PEM".to_owned());
            let refused = upload(&mut router, Version::new(7, 9, 0), "a", &content).await;
            let told = matches!(
                refused,
                Err(RouterError::StorageFull {
                    size: 3,
                    free: 2,
                    ..
                })
            );
            assert_eq!(told, full, "{refused:?}");
            router.end();
        }
    }

    #[tokio::test]
    async fn what_may_not_or_cannot_go_leaves_nothing_behind() {
        let key = Zeroizing::new("-----BEGIN RSA PRIVATE KEY-----".to_owned());
        let mut router = Script::new(Door::ApiPlain, []);
        let refused = upload(&mut router, Version::new(6, 49, 23), "k", &key).await;
        assert!(matches!(refused, Err(RouterError::SecretInTheClear { .. })));
        for (version, size, most) in [
            (Version::new(6, 49, 23), 4_001, 4_000),
            (Version::new(7, 8, 0), 4_001, 4_000),
            (Version::new(7, 9, 0), 60_001, 60_000),
        ] {
            let content = Zeroizing::new("x".repeat(size));
            let refused = upload(&mut router, version, "k", &content).await;
            let name = "k".to_owned();
            let door = Door::ApiPlain;
            let expect = RouterError::TooLarge {
                name,
                size,
                door,
                most,
            };
            assert_eq!(refused, Err(expect));
        }
        router.end();
    }

    #[tokio::test]
    async fn a_file_that_is_gone_is_deleted() {
        for (text, expect) in [
            ("no such item (4)", true),
            ("input does not match any value of numbers", true),
            ("failure: busy", false),
        ] {
            let mut router = Script::new(Door::Rest, [("/file remove a", Err(text))]);
            assert_eq!(delete(&mut router, "a").await.is_ok(), expect, "{text}");
            router.end();
        }
    }
}
