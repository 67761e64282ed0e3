//! Carries out a proved plan.

use ca_store::files::SystemFiles;
use ca_store::{CaStore as _, LogId, LogStore, TreeHead};
use ca_types::{Actor, ActorName, IssuerClass, Passphrase, UnixTime};
use ca_verify::{Change, Console, Entry, LogKeyAdded, Origin};
use rand_core::CryptoRng;

use super::founding::{Founded, Hierarchy};
use super::{InitError, InitPlan, InitReport, MadeIssuer};
use crate::admin_profile::AdminProfile;
use crate::atomic::{create_private_dir, write_new};
use crate::checkpoint::{open_log_key, sign_tree, state_log_key};
use crate::credential::Credential;
use crate::data_dir::DataDir;
use crate::index_seal::seal_index;
use crate::keystore::{LogSigner, write_key, write_plain_key};
use crate::passphrase::generate_passphrase;
use crate::staging::{Staging, Word};

/// All that `init` makes before it writes anything.
#[derive(Debug)]
pub struct Founding {
    now: UnixTime,
    hierarchy: Hierarchy,
    server: Credential,
    admin: Credential,
    actor: Actor,
}

impl InitPlan {
    /// How many steps [`InitPlan::found`] counts: a key for each CA.
    pub const STEPS: u64 = 5;

    /// Makes keys, certificates and the CRL of the root in memory; `step` is called after each of its
    /// [`InitPlan::STEPS`]. RSA keys take seconds; who stops the process meanwhile leaves nothing behind.
    ///
    /// # Errors
    /// Fails when anything cannot be made.
    pub fn found(
        &self,
        now: UnixTime,
        rng: &mut dyn CryptoRng,
        step: &(dyn Fn() + Sync),
    ) -> Result<Founding, InitError> {
        let hierarchy = Hierarchy::found(self, now, rng, step)?;
        let control = hierarchy.of_class(IssuerClass::Control)?;
        let names = &self.settings.server_names;
        let server = Credential::for_server(names, &control.issuer, &control.signer, now, rng)?;
        let name: ActorName = FIRST_ADMIN.parse().map_err(|_source| InitError::Lost)?;
        let (admin, actor) =
            Credential::for_admin(&name, &control.issuer, &control.signer, now, rng)?;
        Ok(Founding {
            now,
            hierarchy,
            server,
            admin,
            actor,
        })
    }

    /// Writes what was made; it should not be interrupted, and takes a second or two.
    ///
    /// # Errors
    /// Fails when a file cannot be written; nothing stays then.
    pub async fn build(
        &self,
        founding: Founding,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<InitReport, InitError> {
        let Founding {
            now,
            hierarchy,
            server,
            admin,
            actor,
        } = founding;
        let control = hierarchy.of_class(IssuerClass::Control)?;
        let staging = Staging::begin::<InitError>(self.data.path(), Word::Init)?;
        let data = staging.data();
        create_private_dir(&data.keys())?;
        let log_signer = open_log_key(data, &self.passphrase)?.signer;
        let log_id = draw_log_id(rng);
        let log_key = state_log_key(
            &log_signer,
            log_id,
            (&control.issuer.id, &control.signer),
            &self.settings.publish_url,
            now,
        )?;
        let mut founded = hierarchy.changes()?;
        founded.push(Change::LogKeyAdded(LogKeyAdded {
            statement: log_key.statement.clone(),
        }));
        let head = self
            .write_log(
                data,
                &log_signer,
                now,
                log_id,
                [
                    founded,
                    vec![Change::Issued(server.issued.clone())],
                    vec![
                        Change::ActorAdded(actor),
                        Change::Issued(admin.issued.clone()),
                    ],
                ],
            )
            .await?;
        let statement = data.log_key_statement();
        write_new(&statement, log_key.statement.as_bytes(), 0o644)?;
        let checkpoint = sign_tree(&log_signer, &log_key.key, head);
        write_new(&data.checkpoint(), checkpoint.as_bytes(), 0o644)?;
        self.write_keys(data, &hierarchy, rng)?;
        create_private_dir(&data.crls())?;
        let root = hierarchy.of_class(IssuerClass::Root)?;
        write_new(
            &data.crl_file(&root.issuer.id),
            hierarchy.root_crl.der(),
            0o644,
        )?;
        create_private_dir(&data.tls())?;
        write_plain_key(&data.tls_key(), &server.key)?;
        let chain =
            [&server.certificate, &control.issuer.certificate].map(ca_verify::Certificate::to_pem);
        write_new(&data.tls_certificate(), chain.concat().as_bytes(), 0o644)?;
        create_private_dir(&data.admin())?;
        let profile = AdminProfile::in_directory(data.admin());
        profile.write_key(&SystemFiles, &admin.key)?;
        profile.write(
            &SystemFiles,
            &admin.certificate,
            &control.issuer.certificate,
            &self.settings,
        )?;
        write_new(&data.settings_file(), self.settings_text.as_bytes(), 0o644)?;
        staging.finish()?;
        Ok(self.report(&hierarchy))
    }

    /// Writes the first leaves, in a log of their own, with an index that the first start believes.
    async fn write_log(
        &self,
        data: &DataDir,
        signer: &LogSigner,
        now: UnixTime,
        id: LogId,
        leaves: [Vec<Change>; 3],
    ) -> Result<TreeHead, InitError> {
        LogStore::create(data.path(), id)?;
        let (store, _report) = LogStore::open(data.path(), self.settings.store_options())?;
        for changes in leaves {
            let origin = Origin {
                actor: None,
                address: Console::TYPED.to_owned(),
                request: None,
                settings: self.settings.digest,
            };
            store
                .commit(Entry {
                    time: now,
                    origin,
                    changes,
                })
                .await?;
        }
        let head = store.tree_head().await?;
        seal_index(&store, signer).await;
        tokio::task::spawn_blocking(move || store.close())
            .await
            .map_err(|_lost| InitError::Lost)?;
        Ok(head)
    }

    /// Writes the keys of the CAs, that of the root apart and under a passphrase of its own.
    fn write_keys(
        &self,
        data: &DataDir,
        hierarchy: &Hierarchy,
        rng: &mut (dyn CryptoRng + Send),
    ) -> Result<(), InitError> {
        create_private_dir(&data.root_offline())?;
        let drawn = match &self.root_passphrase {
            Some(_) => None,
            None => {
                let mut drawn = generate_passphrase(rng);
                drawn.push(b'\n');
                write_new(&data.root_offline().join("passphrase"), &drawn, 0o600)?;
                Some(Passphrase::from_file_content(std::mem::take(&mut *drawn)))
            }
        };
        for Founded { issuer, key, .. } in &hierarchy.cas {
            match (
                issuer.class,
                self.root_passphrase.as_ref().or(drawn.as_ref()),
            ) {
                (IssuerClass::Root, Some(passphrase)) => {
                    write_key(&data.root_key_file(&issuer.id), key, passphrase)?;
                    let pem = issuer.certificate.to_pem();
                    write_new(
                        &data.root_certificate_file(&issuer.id),
                        pem.as_bytes(),
                        0o600,
                    )?;
                }
                _ => write_key(&data.key_file(&issuer.id), key, &self.passphrase)?,
            }
        }
        Ok(())
    }

    fn report(&self, hierarchy: &Hierarchy) -> InitReport {
        let issuers = hierarchy.cas.iter().map(|ca| MadeIssuer {
            issuer_id: ca.issuer.id.clone(),
            class: ca.issuer.class,
            not_after: ca.issuer.certificate.validity().not_after(),
            fingerprint: ca.issuer.certificate.fingerprint().to_string(),
        });
        InitReport {
            data: self.data.path().to_owned(),
            issuers: issuers.collect(),
            admin_profile: AdminProfile::in_directory(self.data.admin()).file(),
            root_offline: self.data.root_offline(),
            warnings: self.warnings.clone(),
        }
    }
}

fn draw_log_id(rng: &mut dyn CryptoRng) -> LogId {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    id.into()
}

/// The name of the admin that `init` makes.
const FIRST_ADMIN: &str = "admin";
