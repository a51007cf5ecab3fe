//! The first account: on an empty host somebody has to be let in.

use conman_kernel::actor::{Actor, Role, role};

use crate::account::CreatedAccount;
use crate::change::Touches;
use crate::error::Result;
use crate::identity::Identity;
use crate::membership;
use crate::realm::Realm;

impl Identity {
    /// Makes the host's first account and its owner; without a password, one is generated. Answers nothing when there is an account
    /// already.
    ///
    /// # Errors
    /// When the input is wrong, and what the database failed with.
    pub async fn bootstrap(&self, email: &str, name: &str, password: Option<&str>) -> Result<Option<CreatedAccount>> {
        const ANY: &str = "SELECT id FROM identity_account LIMIT 1";
        if !self.read(ANY, &[]).await?.rows.is_empty() {
            return Ok(None);
        }
        let draft = &self.draft_account(email, name, password).await?;
        let by = Actor::system();
        let at = self.now();
        let made = self
            .change(&by, Touches::Accounts, |mut change| {
                Box::pin(async move {
                    // Again inside the transaction: of two hosts that start at once, one makes the owner.
                    if !change.query(ANY, &[]).await?.rows.is_empty() {
                        return Ok(false);
                    }
                    draft.insert(&mut change).await?;
                    let owner = Role(role::OWNER.to_owned());
                    membership::insert(&mut change, &draft.account.id, &Realm::host(), &owner, "system", at).await?;
                    Ok(true)
                })
            })
            .await?;
        Ok(made.then(|| CreatedAccount { account: draft.account.clone(), password: draft.generated.clone() }))
    }
}
