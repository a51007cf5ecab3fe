//! A wall of greetings: uses everything the SDK has, to look things up in and to test against.

mod readings;

use std::collections::BTreeMap;

use conman_sdk::prelude::*;
use conman_sdk::scheduler::{self, Job};

conman_sdk::plugin!(Greetings, lifecycle);
use schema::*;

const SELECT: &str = "SELECT id, author, text, mood, at, pinned, session_id, tags FROM greeting";

/// A greeting as stored.
#[derive(FromRow)]
struct Stored {
    id: String,
    author: String,
    text: String,
    mood: Mood,
    at: Timestamp,
    pinned: bool,
    session_id: Option<String>,
    #[row(json)]
    tags: Vec<String>,
}

impl Stored {
    fn shown(self, ctx: &Context) -> Greeting {
        Greeting {
            id: self.id,
            author: self.author,
            text: self.text,
            mood: self.mood,
            at: ctx.convention.local(self.at),
            pinned: self.pinned,
            tags: self.tags,
            session: self.session_id.map(SessionKey::from),
        }
    }
}

/// What an admin may set.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The longest greeting, in characters.
    longest: usize,
    /// Words no greeting may have.
    forbidden: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { longest: 200, forbidden: Vec::new() }
    }
}

/// The event `greetings.written`.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    id: String,
    mood: Mood,
}

impl QueryResolvers for Greetings {
    fn greetings(ctx: &Context, args: QueryGreetingsArgs) -> Result<Vec<Greeting>> {
        let mood = args.filter.and_then(|filter| filter.mood);
        let rows = match mood {
            Some(mood) => database::query_as::<Stored>(
                &format!("{SELECT} WHERE mood = $1 ORDER BY at DESC, id DESC LIMIT $2"),
                params![mood, args.first],
            )?,
            None => database::query_as::<Stored>(
                &format!("{SELECT} ORDER BY at DESC, id DESC LIMIT $1"),
                params![args.first],
            )?,
        };
        Ok(rows.into_iter().map(|row| row.shown(ctx)).collect())
    }

    fn greeting(ctx: &Context, args: QueryGreetingArgs) -> Result<Option<Greeting>> {
        Ok(find(&args.id)?.map(|row| row.shown(ctx)))
    }

    fn welcome(ctx: &Context) -> Result<String> {
        // `de-AT` is served with `de`.
        let mut known = ctx.languages.iter().filter_map(|tag| match tag.split('-').next() {
            Some("de") => Some("Willkommen"),
            Some("en") => Some("Welcome"),
            _ => None,
        });
        Ok(known.next().unwrap_or("Welcome").to_owned())
    }

    fn today(ctx: &Context) -> Result<Date> {
        Ok(ctx.convention.day_of(clock::now()))
    }

    fn heard(_: &Context) -> Result<i64> {
        database::query_value("SELECT COUNT(*) FROM heard", params![])
    }

    fn readings(ctx: &Context) -> Result<Vec<Reading>> {
        let sql = "SELECT greeting_id, corner, minutes FROM reading ORDER BY minutes, corner";
        let planned: Vec<(String, String, i32)> = database::query_as(sql, params![])?;
        let stored: Vec<Stored> = database::query_as(SELECT, params![])?;
        let mut greetings: BTreeMap<String, Greeting> =
            stored.into_iter().map(|row| (row.id.clone(), row.shown(ctx))).collect();
        let reading = |(id, corner, minutes): (String, String, i32)| {
            greetings.remove(&id).map(|greeting| Reading { greeting, corner, minutes })
        };
        Ok(planned.into_iter().filter_map(reading).collect())
    }

    fn planning(_: &Context, args: QueryPlanningArgs) -> Result<Planning> {
        let status = Job::from_id(args.job).status()?;
        Ok(Planning { ended: status.state.has_ended(), progress: status.progress })
    }
}

impl MutationResolvers for Greetings {
    fn greet(ctx: &Context, args: MutationGreetArgs) -> Result<Greeting> {
        let GreetInput { text, mood, session_id, tags } = args.input;
        check(&text)?;
        let stored = Stored {
            id: random::id(),
            author: ctx.actor.name.clone(),
            text,
            mood,
            at: clock::now(),
            pinned: false,
            session_id,
            tags,
        };
        insert(&[&stored])?;
        events::emit("greetings.written", &stored.id, &Written { id: stored.id.clone(), mood })?;
        tracing::info!(id = %stored.id, length = stored.text.len(), "greeted");
        Ok(stored.shown(ctx))
    }

    fn change_greeting(ctx: &Context, args: MutationChangeGreetingArgs) -> Result<Greeting> {
        let mut stored = find(&args.id)?.ok_or_else(|| Error::not_found("There is no such greeting.").at("/id"))?;
        stored.text = args.patch.text.or_keep(stored.text).map_err(|error| error.at("/patch/text"))?;
        args.patch.session_id.apply_to(&mut stored.session_id);
        check(&stored.text)?;
        let sql = "UPDATE greeting SET text = $2, session_id = $3 WHERE id = $1";
        database::execute(sql, params![stored.id, stored.text, stored.session_id])?;
        Ok(stored.shown(ctx))
    }

    fn reply_to_all(_: &Context, args: MutationReplyToAllArgs) -> Result<i32> {
        let mut replied = 0;
        for id in &args.ids {
            // Each reply stands for itself; another transaction in the way only repeats this one.
            let added = database::transaction(|| {
                let known: Option<(i64,)> =
                    database::query_optional("SELECT 1 FROM greeting WHERE id = $1", params![id])?;
                if known.is_none() {
                    return Ok(0);
                }
                database::insert_many("reply", ["id", "greeting_id", "text"], [row![random::id(), id, args.text]])
            })?;
            replied += i32::from(added > 0);
        }
        Ok(replied)
    }

    fn plan_readings(_: &Context, args: MutationPlanReadingsArgs) -> Result<String> {
        let iterations = args.iterations.map(u64::try_from).transpose();
        let iterations = iterations.map_err(|_| Error::invalid("Ask for one or more.").at("/iterations"))?;
        Ok(readings::plan(iterations)?.id().to_owned())
    }
}

impl SubscriptionResolvers for Greetings {
    fn greeted(ctx: &Context, args: SubscriptionGreetedArgs, event: &Event) -> Result<Option<Greeting>> {
        let Written { id, mood } = event.payload()?;
        if args.mood.is_some_and(|wanted| wanted != mood) {
            return Ok(None);
        }
        Self::greeting(ctx, QueryGreetingArgs { id })
    }

    fn readings_planned(_: &Context, event: &Event) -> Result<Option<Planning>> {
        let scheduler::Progress { state, progress, .. } = event.payload()?;
        Ok(Some(Planning { ended: state.has_ended(), progress }))
    }
}

impl GreetingEntity for Greetings {
    fn load(ctx: &Context, keys: &[GreetingKey]) -> Batch<Option<Greeting>> {
        let rows: Vec<Stored> =
            database::query_in(&format!("{SELECT} WHERE id IN ($keys)"), params![], keys.iter().map(|key| &key.id))?;
        batch::optional(keys, rows.into_iter().map(|row| (row.id.clone(), row.shown(ctx))))
    }
}

impl GreetingFields for Greetings {
    fn replies(_: &Context, greetings: &[GreetingKey], args: GreetingRepliesArgs) -> Batch<Vec<Reply>> {
        let sql = "SELECT greeting_id, id, text FROM reply WHERE greeting_id IN ($keys) ORDER BY id";
        let rows: Vec<(String, String, String)> =
            database::query_in(sql, params![], greetings.iter().map(|greeting| &greeting.id))?;
        let most = usize::try_from(args.first).map_err(|_| Error::invalid("Ask for none or more.").at("/first"))?;
        let lists =
            batch::lists(greetings, rows.into_iter().map(|(greeting, id, text)| (greeting, Reply { id, text })))?;
        Ok(lists.into_iter().map(|list| list.map(|replies| replies.into_iter().take(most).collect())).collect())
    }

    fn reply_count(_: &Context, greetings: &[GreetingKey]) -> Batch<i32> {
        let sql = "SELECT greeting_id, COUNT(*) FROM reply WHERE greeting_id IN ($keys) GROUP BY greeting_id";
        let rows: Vec<(String, i32)> =
            database::query_in(sql, params![], greetings.iter().map(|greeting| &greeting.id))?;
        batch::values(greetings, rows, 0)
    }
}

impl SessionFields for Greetings {
    fn greetings(ctx: &Context, sessions: &[SessionKey]) -> Batch<Vec<Greeting>> {
        let sql = format!("{SELECT} WHERE session_id IN ($keys) ORDER BY at, id");
        let rows: Vec<Stored> = database::query_in(&sql, params![], sessions.iter().map(|session| &session.id))?;
        batch::lists(sessions, rows.into_iter().filter_map(|row| Some((row.session_id.clone()?, row.shown(ctx)))))
    }
}

impl EventHandler for Greetings {
    fn handle(_: &Context, event: &Event) -> Result<()> {
        if event.topic == scheduler::ENDED {
            return readings::take_over(event);
        }
        let about = match event.topic.as_str() {
            "greetings.written" => event.payload::<Written>()?.id,
            _ => event.key.clone(),
        };
        database::insert_many("heard", ["event_id", "about"], [row![event.id, about]])?;
        Ok(())
    }
}

impl RouteHandlers for Greetings {
    fn get_greetings_csv(_: &Context, request: &Request) -> Result<Response> {
        let (count, newest): (i64, Option<i64>) =
            database::query_one("SELECT COUNT(*), MAX(at) FROM greeting", params![])?;
        let tag = format!("{count}-{}", newest.unwrap_or_default());
        if let Some(unchanged) = request.not_modified(&tag) {
            return Ok(unchanged);
        }
        let rows: Vec<(String, String)> =
            database::query_as("SELECT id, text FROM greeting ORDER BY at, id", params![])?;
        let lines: String =
            rows.iter().map(|(id, text)| format!("{id},\"{}\"\r\n", text.replace('"', "\"\""))).collect();
        Ok(Response::bytes("text/csv; charset=utf-8", lines).etag(&tag).download("greetings.csv"))
    }

    fn post_import_csv(ctx: &Context, request: &Request) -> Result<Response> {
        let stored = read_csv(ctx, request.text()?);
        let rows: Vec<&Stored> = stored.iter().collect();
        Response::json(&serde_json::json!({ "added": { "greetings": insert(&rows)? } }))
    }

    fn post_import_slowly(ctx: &Context, request: &Request) -> Result<Response> {
        let stored = read_csv(ctx, request.text()?);
        let rows: Vec<&Stored> = stored.iter().collect();
        let added = database::transaction(|| insert(&rows))?;
        Response::json(&serde_json::json!({ "added": { "greetings": added } }))
    }

    fn get_by_any(_: &Context, request: &Request) -> Result<Response> {
        let texts: Vec<(String,)> =
            database::query_as("SELECT text FROM greeting WHERE author = $1 ORDER BY at, id", params![request.rest()])?;
        if texts.is_empty() {
            return Err(Error::not_found(format!("{} left no greeting.", request.rest())));
        }
        Ok(Response::text(texts.into_iter().map(|(text,)| text + "\n").collect::<String>()))
    }
}

impl Lifecycle for Greetings {
    type Config = Settings;

    fn validate_config(_: &Context, config: Settings) -> Result<(), Vec<Error>> {
        let empty = config.forbidden.iter().enumerate().filter(|(_, word)| word.trim().is_empty());
        let findings: Vec<Error> = empty
            .map(|(place, _)| Error::invalid("An empty word forbids everything.").at(format!("/forbidden/{place}")))
            .collect();
        if findings.is_empty() { Ok(()) } else { Err(findings) }
    }
}

fn find(id: &str) -> Result<Option<Stored>> {
    database::query_optional(&format!("{SELECT} WHERE id = $1"), params![id])
}

fn insert(greetings: &[&Stored]) -> Result<u64> {
    let rows = greetings.iter().map(|stored| {
        row![
            stored.id,
            stored.author,
            stored.text,
            stored.mood,
            stored.at,
            stored.pinned,
            stored.session_id,
            Json(&stored.tags)
        ]
    });
    database::insert_many("greeting", ["id", "author", "text", "mood", "at", "pinned", "session_id", "tags"], rows)
}

/// One greeting per line.
fn read_csv(ctx: &Context, text: &str) -> Vec<Stored> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| Stored {
            id: random::id(),
            author: ctx.actor.name.clone(),
            text: line.to_owned(),
            mood: Mood::Happy,
            at: clock::now(),
            pinned: false,
            session_id: None,
            tags: Vec::new(),
        })
        .collect()
}

fn check(text: &str) -> Result<()> {
    suits(text, &config::get()?)
}

fn suits(text: &str, settings: &Settings) -> Result<()> {
    if text.chars().count() > settings.longest {
        return Err(Error::new("TOO_LONG", format!("Say it in {} characters.", settings.longest)).at("/input/text"));
    }
    match settings.forbidden.iter().find(|word| text.contains(word.as_str())) {
        Some(word) => Err(Error::new("RUDE", format!("Say it without `{word}`.")).at("/input/text")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_neither_long_nor_rude() {
        let settings = Settings { longest: 5, forbidden: vec!["orc".to_owned()] };
        let code = |text| suits(text, &settings).map_err(|error| error.code.into_owned());
        assert_eq!(
            (code("hi"), code("hello!"), code("orcs")),
            (Ok(()), Err("TOO_LONG".to_owned()), Err("RUDE".to_owned()))
        );
    }

    #[test]
    fn moods_have_wire_names() {
        assert_eq!("VERY_SAD".parse::<Mood>().ok(), Some(Mood::VerySad));
        assert_eq!(serde_json::to_string(&Mood::ALL).ok().as_deref(), Some(r#"["HAPPY","VERY_SAD"]"#));
    }
}
