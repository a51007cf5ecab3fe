//! Who changed what.

use std::sync::{Arc, Mutex};

use conman_identity::{AuditFilter, Client, Deed, NewToken, PageRequest};
use conman_kernel::actor::Actor;
use conman_kernel::sql::transaction;
use serde_json::json;

use crate::world::{PASSWORD, World, on_both, role};

fn of_moon(world: &World) -> AuditFilter {
    AuditFilter { convention: Some(world.moon.id.clone()), ..AuditFilter::default() }
}

async fn actions(world: &World, filter: &AuditFilter) -> Vec<String> {
    let entries = world.identity.audit_trail(&Actor::system(), filter, &PageRequest::default()).await.unwrap();
    entries.into_iter().map(|entry| entry.action).collect()
}

#[tokio::test]
async fn a_change_tells_who_did_what_from_what_to_what() {
    on_both(async |world: World| {
        let (_, admin) = world.person("admin", &world.moon, "admin").await;
        let change = conman_identity::ConventionChange { name: Some("Luna".to_owned()), ..Default::default() };
        world.identity.update_convention(&admin, &world.moon.id, &change).await.unwrap();
        let entries = world.identity.audit_trail(&admin, &of_moon(&world), &PageRequest::first(1)).await.unwrap();
        let entry = &entries[0];
        assert_eq!((entry.action.as_str(), entry.actor_name.as_str()), ("convention.update", "admin"));
        assert_eq!(entry.actor, admin.key());
        assert_eq!((&entry.before["name"], &entry.after["name"]), (&json!("MOON"), &json!("Luna")));
        assert_eq!(entries.len(), 2, "there are older entries");
    })
    .await;
}

#[tokio::test]
async fn a_change_that_fails_leaves_no_trace() {
    on_both(async |world: World| {
        let before = actions(&world, &AuditFilter::default()).await.len();
        let (system, taken) = (Actor::system(), crate::world::convention_of(&world.organization.id, "moon"));
        assert!(world.identity.create_convention(&system, &taken).await.is_err());
        assert!(
            world
                .identity
                .grant(
                    &system,
                    &World::realm(&world.moon),
                    &conman_identity::Who::Email("no@example.org".to_owned()),
                    &role("staff")
                )
                .await
                .is_err()
        );
        assert_eq!(actions(&world, &AuditFilter::default()).await.len(), before);
    })
    .await;
}

#[tokio::test]
async fn the_trail_is_filtered_and_paged_newest_first() {
    on_both(async |world: World| {
        let deed = |action: &'static str| Deed {
            action,
            target: "plugin:conman/shifts".to_owned(),
            convention: Some(world.moon.id.clone()),
            before: json!(null),
            after: json!({ "version": "1.0.0" }),
        };
        for action in ["plugin.install", "plugin.enable", "plugins.all", "plugin.disable"] {
            world.identity.audit().record(&Actor::system(), &deed(action)).await.unwrap();
        }
        let only = |action: &str| AuditFilter { action: Some(action.to_owned()), ..of_moon(&world) };
        assert_eq!(actions(&world, &only("plugin.")).await, ["plugin.disable", "plugin.enable", "plugin.install"]);
        assert_eq!(actions(&world, &only("plugin.enable")).await, ["plugin.enable"]);
        let nobody = AuditFilter { actor: Some("account:nobody".to_owned()), ..of_moon(&world) };
        assert!(actions(&world, &nobody).await.is_empty());
        let mut page = PageRequest::first(2);
        let first = world.identity.audit_trail(&Actor::system(), &only("plugin."), &page).await.unwrap();
        page.after = page.cut(first, |entry| entry.id.clone()).next;
        let second = world.identity.audit_trail(&Actor::system(), &only("plugin."), &page).await.unwrap();
        let second = page.cut(second, |entry| entry.id.clone());
        assert_eq!((second.items[0].action.as_str(), second.next), ("plugin.install", None));
    })
    .await;
}

#[tokio::test]
async fn a_row_written_in_somebodys_transaction_goes_with_it() {
    on_both(async |world: World| {
        let audit = world.identity.audit().clone();
        let deed = || Deed {
            action: "plugin.enable",
            target: String::new(),
            convention: Some(world.moon.id.clone()),
            before: json!(null),
            after: json!(null),
        };
        let outcome = transaction(world.database.as_ref(), |transaction| {
            let (audit, deed) = (audit.clone(), deed());
            Box::pin(async move {
                audit.write(transaction, &Actor::system(), &deed).await?;
                Err::<(), _>(conman_kernel::sql::SqlError::Statement("undone".to_owned()))
            })
        })
        .await;
        assert!(outcome.is_err());
        let enabled = AuditFilter { action: Some("plugin.enable".to_owned()), ..of_moon(&world) };
        assert!(actions(&world, &enabled).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn no_secret_is_in_any_row_or_log() {
    on_both(async |world: World| {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        let _logging = tracing::subscriber::set_default(subscriber);
        let system = Actor::system();
        let generated = world.identity.create_account(&system, "gen@example.org", "Gen", None).await.unwrap();
        let ada = world.account("ada").await;
        let session = world.bearer(&ada).await;
        let actor = world.actor(&session, &world.moon).await;
        let (wrong, new) = ("a password that is wrong", "another long one");
        assert!(world.identity.sign_in(&ada.email, wrong, &Client::default()).await.is_err());
        let token = NewToken {
            account: None,
            name: "app".to_owned(),
            scopes: vec!["*".to_owned()],
            convention: None,
            expires_at: None,
        };
        let token = world.identity.create_token(&actor, &token).await.unwrap();
        world.identity.change_password(&actor, PASSWORD, new).await.unwrap();
        let reset = world.identity.reset_password(&system, &ada.id).await.unwrap();
        let signed_in = world.identity.sign_in(&ada.email, reset.reveal(), &Client::default()).await.unwrap();
        world.identity.sign_out(signed_in.secret.reveal()).await.unwrap();
        world.identity.revoke_token(&system, &token.token.id).await.unwrap();
        tracing::info!(?generated, ?token, ?reset, ?signed_in, "as it would be logged");

        let sql = "SELECT action, target, actor, actor_name, detail FROM identity_audit";
        let rows = conman_kernel::sql::read(world.database.as_ref(), sql, &[]).await.unwrap();
        let written = format!("{:?}", rows.rows);
        for action in ["account.create", "account.password", "account.password-reset", "session.create", "token.create"]
        {
            assert!(written.contains(action), "{action}: {written}");
        }
        let generated = generated.password.unwrap();
        let secrets = [PASSWORD, wrong, new, &session, generated.reveal(), token.secret.reveal(), reset.reveal()];
        let logged = log.text();
        assert!(logged.contains("as it would be logged"), "{logged}");
        for secret in secrets.into_iter().chain([signed_in.secret.reveal()]) {
            assert!(!written.contains(secret), "{secret} is in the audit trail: {written}");
            assert!(!logged.contains(secret), "{secret} is in the log: {logged}");
        }
    })
    .await;
}

/// What was logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
