//! Timetables planned by the programme's plugin, as clients ask for them.

use serde_json::{Map, Value, json};

use crate::{Client, Socket, checked_independently, until};

/// So many calls of plugins one operation may make.
const CALLS: usize = 50;

/// What is read of a plan.
const PLAN: &str = "id state purpose progress sessionCount fixedCount outdated error { code message }
    course { elapsed unplaced soft } before { unplaced soft terms { term cost } } after { unplaced soft terms { term cost } }
    changes { session { id title } fromRoom { id } fromStart toRoom { id } toStart toEnd accepted }
    unplaced { session { title } reasons { constraint detail } }";

/// An organiser of a convention.
#[derive(Debug, Clone)]
pub struct Planner {
    /// Who.
    pub client: Client,
    /// Where.
    pub slug: String,
}

impl Planner {
    /// In a convention.
    #[must_use]
    pub fn new(client: Client, slug: &str) -> Self {
        Self { client, slug: slug.to_owned() }
    }

    /// The data of an operation that works.
    #[track_caller]
    pub fn run(&self, operation: &str, variables: Value) -> impl Future<Output = Value> + '_ {
        let operation = operation.to_owned();
        async move { self.client.convention(&self.slug, &operation, variables).await.data().clone() }
    }

    /// Runs one mutation for each of many inputs, as many at a time as one operation may. `$0`, `$1` in it are an input's parts, of these
    /// types.
    pub async fn each<const PARTS: usize>(&self, mutation: &str, types: [&str; PARTS], inputs: &[[Value; PARTS]]) {
        for chunk in inputs.chunks(CALLS) {
            let (mut declared, mut calls, mut variables) = (String::new(), String::new(), Map::new());
            for (number, input) in chunk.iter().enumerate() {
                let mut call = mutation.to_owned();
                for (part, (value, of_type)) in input.iter().zip(types).enumerate() {
                    let name = format!("v{number}_{part}");
                    call = call.replace(&format!("${part}"), &format!("${name}"));
                    declared += &format!("${name}: {of_type} ");
                    variables.insert(name, value.clone());
                }
                calls += &format!("x{number}: {call} {{ id }} ");
            }
            self.run(&format!("mutation({declared}) {{ {calls} }}"), Value::Object(variables)).await;
        }
    }

    /// Imports a file of a format.
    pub async fn import(&self, format: &str, file: Vec<u8>) {
        let report = self.client.post(&format!("/c/{}/x/core-programming/import/{format}", self.slug), file).await;
        assert_eq!((report.status, &report.json["unreadable"]), (200, &json!([])), "{}", report.text);
    }

    /// A document of the work in progress: `problem` or `solution`.
    pub async fn document(&self, name: &str) -> Value {
        let answer = self.client.get(&format!("/c/{}/x/core-programming/planning/{name}.json", self.slug)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json
    }

    /// Starts to plan; answers the plan's id.
    pub async fn plan(&self, input: Value) -> String {
        let operation = "mutation($input: PlanScheduleInput!) { asked: planSchedule(input: $input) { id state } }";
        self.ask(operation, input).await
    }

    /// Starts to plan the fewest moves; answers the plan's id.
    pub async fn reschedule(&self, input: Value) -> String {
        let operation = "mutation($input: RescheduleInput!) { asked: reschedule(input: $input) { id state } }";
        self.ask(operation, input).await
    }

    async fn ask(&self, operation: &str, input: Value) -> String {
        let asked = self.run(operation, json!({ "input": input })).await["asked"].clone();
        assert_eq!(asked["state"], "SEARCHING");
        asked["id"].as_str().unwrap().to_owned()
    }

    /// A plan as it is.
    pub async fn read(&self, plan: &str) -> Value {
        let operation = format!("query($id: ID!) {{ schedulePlan(id: $id) {{ {PLAN} }} }}");
        self.run(&operation, json!({ "id": plan })).await["schedulePlan"].clone()
    }

    /// A plan when its search has ended.
    pub async fn ended(&self, plan: &str) -> Value {
        let state = "query($id: ID!) { schedulePlan(id: $id) { state } }";
        let searching = async || self.run(state, json!({ "id": plan })).await["schedulePlan"]["state"] == "SEARCHING";
        until("the search to end", async || (!searching().await).then_some(())).await;
        self.read(plan).await
    }

    /// Accepts a plan, in part where sessions are named; answers the refusal's code where it is refused. What stands then is checked
    /// independently.
    pub async fn accept(&self, plan: &str, sessions: Option<&[&str]>) -> Result<(), String> {
        let operation = "mutation($id: ID!, $sessions: [ID!]) { acceptPlan(id: $id, sessions: $sessions) { id } }";
        let variables = json!({ "id": plan, "sessions": sessions });
        let answer = self.client.convention(&self.slug, operation, variables).await;
        if !answer.code().is_empty() {
            return Err(answer.code().to_owned());
        }
        let (problem, solution) = (self.document("problem").await, self.document("solution").await);
        if let Some(found) = checked_independently(&problem, &solution) {
            assert!(found.passed, "{:?}", found.breaks);
            assert_eq!(found.cost, solution["cost"]);
        }
        Ok(())
    }

    /// Listens to how the search of a plan comes on.
    pub async fn listen(&self, plan: &str) -> Listening {
        let path = format!("/c/{}/graphql", self.slug);
        let mut socket = Socket::begin(self.client.address(), &path, self.client.token().as_deref()).await;
        let fields = "state progress elapsed unplaced soft";
        socket
            .subscribe("progress", &format!("subscription {{ planProgress(plan: \"{plan}\") {{ {fields} }} }}"))
            .await;
        Listening(socket)
    }

    /// Ends the search of a plan.
    pub async fn cancel(&self, plan: &str) {
        self.run("mutation($id: ID!) { cancelPlan(id: $id) { id } }", json!({ "id": plan })).await;
    }

    /// How many conflicts of a kind the work in progress has.
    pub async fn conflicts(&self, kind: &str) -> u64 {
        let data = self.run("{ sessionConflicts(first: 1) { counts { kind count } } }", json!({})).await;
        let counts = data["sessionConflicts"]["counts"].as_array().unwrap().clone();
        counts.iter().find(|count| count["kind"] == kind).map_or(0, |count| count["count"].as_u64().unwrap())
    }
}

/// How a search stood when it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// The plan's state.
    pub state: String,
    /// Seconds searched.
    pub elapsed: f64,
    /// Sessions without a place, and the cost; none before there is a timetable.
    pub rank: Option<(u64, u64)>,
}

impl Told {
    /// Whether there is a timetable with a place for every session.
    #[must_use]
    pub fn has_placed_all(&self) -> bool {
        self.rank.is_some_and(|(unplaced, _)| unplaced == 0)
    }
}

/// Somebody who listens to how a search comes on.
#[derive(Debug)]
pub struct Listening(Socket);

impl Listening {
    /// What comes, as it comes.
    pub const fn raw(&mut self) -> &mut Socket {
        &mut self.0
    }

    /// What is told next.
    pub async fn hear(&mut self) -> Told {
        let heard = self.0.hear().await;
        let told = &heard["payload"]["data"]["planProgress"];
        Told {
            state: told["state"].as_str().unwrap_or_else(|| panic!("{heard}")).to_owned(),
            elapsed: told["elapsed"].as_f64().unwrap(),
            rank: told["unplaced"].as_u64().zip(told["soft"].as_u64()),
        }
    }

    /// What is told until it is `enough`, or the search has ended.
    pub async fn until(&mut self, enough: impl Fn(&[Told]) -> bool) -> Vec<Told> {
        let mut all = Vec::new();
        while !enough(&all) && all.last().is_none_or(|told: &Told| told.state == "SEARCHING") {
            all.push(self.hear().await);
        }
        all
    }
}
