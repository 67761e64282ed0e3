//! `actor add|list|remove`: who may call the CA, and what for.

use std::path::Path;

use ca_types::{ActorName, Code, RequestId, Role, Scope, SystemEntropy};

use super::Context;
use super::issue::default_algorithm;
use crate::arguments::{certification_request, values};
use crate::cli::{ActorAddArguments, ActorCommand};
use crate::client::{ActorRecord, Client};
use crate::enrollment::{Begun, Enrollment, Protection};
use crate::error::{CommandError, ExitStatus};
use crate::files::{self, Existing, Mode};
use crate::json::{ActorDocument, CertificateDocument, RemovedActorDocument};
use crate::pending::Asked;
use crate::printer::table;
use crate::report::{certificate_facts, file_facts};
use crate::settings::Settings;

pub(super) async fn run(
    command: ActorCommand,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    match command {
        ActorCommand::Add(arguments) => add(arguments, context).await,
        ActorCommand::List => list(context).await,
        ActorCommand::Remove { name } => remove(&name, context).await,
    }
}

async fn add(
    arguments: ActorAddArguments,
    context: &mut Context,
) -> Result<ExitStatus, CommandError> {
    let name = actor_name(&arguments.name)?;
    let role = arguments.role;
    let scope = Scope {
        issuers: values("--issuer", &arguments.issuer)?,
        profiles: values("--profile", &arguments.profile)?,
        names: values("--names", &arguments.names)?,
    };
    let request = arguments
        .csr
        .as_deref()
        .map(certification_request)
        .transpose()?;
    let settings = context.settings()?;
    let place = &arguments.place;
    let mut asked = asked(&settings, &name, role, &scope);
    if let Some(request) = &request {
        asked.insert(
            "--csr".to_owned(),
            request.public_key().key_id().to_string(),
        );
    }
    let algorithm = arguments
        .key_algorithm
        .map(|algorithm| algorithm.to_string());
    asked.extend(algorithm.map(|algorithm| ("--key-algorithm".to_owned(), algorithm)));
    let enrollment = Enrollment {
        directory: &place.out,
        name: name.as_str(),
        existing: place.existing(),
        p12: false,
        protection: Protection::Rights,
        former_key: None,
        asked,
    };
    let _unless_used = enrollment.prepare()?;
    let profile = ProfileFiles::of(&settings, &name)?;
    profile.refuse_other(&place.out, place.existing())?;
    let client = Client::connect(&settings).await?;
    let begun: Begun = match request {
        Some(request) => enrollment.begin_with_request(request.der().to_vec())?,
        None => {
            let algorithm = match arguments.key_algorithm {
                Some(algorithm) => algorithm,
                None => default_algorithm("control", &client.issuers().await?),
            };
            enrollment
                .begin_with_new_key(algorithm, vec![], &mut context.printer)
                .await?
        }
    };
    let request = begun.certification_request().to_vec();
    let added = client
        .add_actor(begun.request_id(), &name, role, &scope, request)
        .await;
    let (actor, issued) = match added {
        Ok(added) => added,
        Err(error) => return Err(begun.fail(error)),
    };
    let files = begun.deliver(&enrollment, &issued)?;
    profile.write(&place.out, place.existing())?;
    let certificate = CertificateDocument::with_files(&issued.certificate, &files);
    let document = ActorDocument::with_certificate(&actor, certificate);
    context.printer.data(&document, || {
        let profile = place.out.join(ProfileFiles::NAME);
        certificate_facts(&issued.certificate)
            + &file_facts(&files)
            + &format!("profile file {}\n", profile.display())
    })?;
    if files.key.is_none() {
        let key = place.out.join(format!("{name}.key"));
        context.printer.talk(format_args!(
            "the profile file expects the key in {}",
            key.display()
        ))?;
    }
    Ok(ExitStatus::Success)
}

async fn list(context: &mut Context) -> Result<ExitStatus, CommandError> {
    let actors = context.client().await?.actors().await?;
    let documents: Vec<_> = actors.iter().map(ActorDocument::new).collect();
    context.printer.data(&documents, || actor_table(&actors))?;
    Ok(ExitStatus::Success)
}

async fn remove(name: &str, context: &mut Context) -> Result<ExitStatus, CommandError> {
    let name = actor_name(name)?;
    let client = context.client().await?;
    let revoked = client
        .remove_actor(RequestId::generate(&mut SystemEntropy), &name)
        .await?;
    let revoked_serials: Vec<String> = revoked.iter().map(ToString::to_string).collect();
    let text = match revoked_serials.as_slice() {
        [] => format!("removed {name}\n"),
        serials => format!("removed {name}, revoked {}\n", serials.join(" ")),
    };
    let document = RemovedActorDocument {
        name: name.as_str(),
        revoked_serials,
    };
    context.printer.data(&document, || text)?;
    Ok(ExitStatus::Success)
}

fn actor_name(text: &str) -> Result<ActorName, CommandError> {
    text.parse()
        .map_err(|error| CommandError::argument("NAME", Code::InvalidName, error))
}

fn actor_table(actors: &[ActorRecord]) -> String {
    let rows: Vec<[String; 6]> = actors
        .iter()
        .map(|record| {
            let scope = &record.actor.scope;
            [
                record.actor.name.to_string(),
                record.actor.role.to_string(),
                record.added.to_string(),
                all_or(&scope.issuers),
                all_or(&scope.profiles),
                all_or(&scope.names),
            ]
        })
        .collect();
    table(
        ["NAME", "ROLE", "ADDED", "ISSUERS", "PROFILES", "NAMES"],
        &rows,
    )
}

fn all_or<T: ToString>(limits: &[T]) -> String {
    if limits.is_empty() {
        return "all".to_owned();
    }
    joined(limits, ",")
}

fn joined<T: ToString>(parts: &[T], separator: &str) -> String {
    parts
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(separator)
}

fn asked(settings: &Settings, name: &ActorName, role: Role, scope: &Scope) -> Asked {
    let pairs = [
        ("command", "actor add".to_owned()),
        ("server", settings.server.to_string()),
        ("NAME", name.to_string()),
        ("--role", role.to_string()),
        ("--issuer", joined(&scope.issuers, " ")),
        ("--profile", joined(&scope.profiles, " ")),
        ("--names", joined(&scope.names, " ")),
    ];
    pairs.map(|(key, value)| (key.to_owned(), value)).into()
}

/// A profile file for the new actor, and the trust anchors beside it.
struct ProfileFiles {
    profile: String,
    anchors: Vec<u8>,
}

impl ProfileFiles {
    const NAME: &str = "client.toml";

    fn of(settings: &Settings, name: &ActorName) -> Result<Self, CommandError> {
        // No name of an actor and no server address holds a quote or a backslash.
        let profile = format!(
            "server = \"{}\"\nca = \"ca.pem\"\ncertificate = \"{name}.pem\"\nkey = \"{name}.key\"\n",
            settings.server
        );
        Ok(Self {
            profile,
            anchors: files::read(&settings.ca)?,
        })
    }

    fn parts(&self) -> [(&'static str, &[u8]); 2] {
        [
            (Self::NAME, self.profile.as_bytes()),
            ("ca.pem", self.anchors.as_slice()),
        ]
    }

    /// Refuses before anything is sent when other files have these names.
    fn refuse_other(&self, directory: &Path, existing: Existing) -> Result<(), CommandError> {
        for (name, octets) in self.parts() {
            let path = directory.join(name);
            if existing == Existing::Keep && files::exists(&path) && files::read(&path)? != octets {
                return Err(files::FileError::Exists { path }.into());
            }
        }
        Ok(())
    }

    fn write(&self, directory: &Path, existing: Existing) -> Result<(), CommandError> {
        for (name, octets) in self.parts() {
            files::write(&directory.join(name), octets, Mode::Public, existing)?;
        }
        Ok(())
    }
}
