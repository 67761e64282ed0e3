//! A simulated router for one input, and a client that says all it has to say before it listens.

use std::path::Path;
use std::sync::Arc;

use routeros_sim::assumption::Assumptions;
use routeros_sim::console::Caller;
use routeros_sim::factory::{Factory, FactoryCertificate};
use routeros_sim::model::Model;
use routeros_sim::router::{Router, Settings};
use routeros_sim::row::Request;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
use tokio::runtime::{Builder, Runtime};

/// A router with a user `admin`, whose password is `secret`.
pub struct Rig {
    router: Arc<Router>,
    directory: TempDir,
    runtime: Runtime,
    restarts: bool,
}

impl Rig {
    /// Takes the version from the first octet of an input; the rest of it is for the door.
    ///
    /// Nothing for an input that asks for what goes to the network, or for a key, which takes longer than all else.
    pub fn start(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (&number, rest) = octets.split_first()?;
        let has = |word: &[u8]| rest.windows(word.len()).any(|part| part == word);
        if ["fetch", "crl", "sign", "request", "generate"]
            .iter()
            .any(|word| has(word.as_bytes()))
        {
            return None;
        }
        let model = Model::ALL[usize::from(number) % Model::ALL.len()];
        // In memory where there is such a place: each command writes the whole state.
        let memory = Path::new("/dev/shm");
        let directory = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let directory = directory.expect("a directory");
        let runtime = Builder::new_current_thread().enable_time().build();
        let rig = Self {
            router: switched_on(model, &directory),
            restarts: number >= 128,
            directory,
            runtime: runtime.expect("a runtime"),
        };
        Some((rig, rest))
    }

    /// Sends everything to a door, ends, and returns what the door said.
    pub fn talk<T>(
        &self,
        said: &[u8],
        door: impl AsyncFnOnce(Arc<Router>, DuplexStream) -> T,
    ) -> Vec<u8> {
        let (mut client, own) = duplex(1 << 16);
        let mut heard = Vec::new();
        self.runtime.block_on(async {
            client.write_all(said).await.expect("there is room for it");
            client.shutdown().await.expect("a stream can be ended");
            let (_, read) = tokio::join!(
                door(Arc::clone(&self.router), own),
                client.read_to_end(&mut heard)
            );
            read.expect("the door answers or leaves");
        });
        heard
    }

    /// Prints a menu, and every other time switches the router off and on again: whatever was said to it, it lives.
    pub fn lives(self) {
        let model = self.router.model();
        let print = Request::new("/system/identity", "print");
        let (said, _) = self
            .runtime
            .block_on(self.router.execute(Caller::Console, &print));
        assert_eq!(said.map(|reply| reply.rows.len()), Ok(1));
        drop(self.router);
        if self.restarts {
            switched_on(model, &self.directory);
        }
    }
}

fn switched_on(model: Model, directory: &TempDir) -> Arc<Router> {
    let factory = Factory {
        user: "admin",
        password: "secret",
        identity: "r1",
        services: &["www", "api", "ssh"],
        certificate: FactoryCertificate::Absent,
    };
    let settings = Settings {
        model,
        assumptions: Assumptions::default(),
        directory: directory.path(),
    };
    let router = Router::start(settings, |world| {
        world.leave_free(1 << 17);
        factory.set_up(world)
    });
    router.expect("the router starts")
}
