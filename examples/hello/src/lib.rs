//! A guest book: the smallest plugin worth reading.

use conman_sdk::prelude::*;

conman_sdk::plugin!(Hello);
use schema::*;

impl QueryResolvers for Hello {
    fn guests(ctx: &Context, args: QueryGuestsArgs) -> Result<Vec<Guest>> {
        let sql = "SELECT id, name, signed_at FROM guest ORDER BY signed_at DESC, id DESC LIMIT $1";
        let rows = database::query_as::<(String, String, Timestamp)>(sql, params![args.first])?;
        Ok(rows.into_iter().map(|(id, name, at)| Guest { id, name, signed_at: ctx.convention.local(at) }).collect())
    }
}

impl MutationResolvers for Hello {
    fn sign(ctx: &Context, args: MutationSignArgs) -> Result<Guest> {
        if args.name.trim().is_empty() {
            return Err(Error::new("NO_NAME", "Write your name.").at("/name"));
        }
        let guest = Guest { id: random::id(), name: args.name, signed_at: ctx.convention.local(clock::now()) };
        let sql = "INSERT INTO guest (id, name, signed_at) VALUES ($1, $2, $3)";
        database::execute(sql, params![guest.id, guest.name, guest.signed_at])?;
        tracing::info!(name = %guest.name, "signed");
        Ok(guest)
    }
}
