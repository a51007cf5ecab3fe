//! How calls go, for whoever keeps count: what sort of call, how it ended, how long it took. No plugin and no convention is named, so
//! that the figures stay few however many of these there are.
//!
//! The runtime keeps no statistics of its own. It tells each call's end to a [`CallObserver`], and answers what is so just now.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use conman_kernel::dispatch::CallKind;
use conman_kernel::fault::{Code, Fault, code};

use crate::guest::Request;

/// What a plugin is called for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallSort {
    /// A field of `Query` or of a type, or a subscription that woke.
    Query,
    /// A field of `Mutation`.
    Mutation,
    /// A field of `Mutation` with transactions of its own.
    Action,
    /// An event.
    Event,
    /// An HTTP route.
    Route,
    /// A configuration to be checked.
    Config,
}

impl CallSort {
    /// All there are.
    pub const ALL: [Self; 6] = [Self::Query, Self::Mutation, Self::Action, Self::Event, Self::Route, Self::Config];

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Action => "action",
            Self::Event => "event",
            Self::Route => "route",
            Self::Config => "config",
        }
    }

    pub(crate) const fn of(request: &Request, kind: CallKind) -> Self {
        match (request, kind) {
            (Request::Event(_), _) => Self::Event,
            (Request::Route(_), _) => Self::Route,
            (Request::Config(_), _) => Self::Config,
            (Request::Field(_) | Request::Batch(..), CallKind::Query) => Self::Query,
            (Request::Field(_) | Request::Batch(..), CallKind::Mutation) => Self::Mutation,
            (Request::Field(_) | Request::Batch(..), CallKind::Action) => Self::Action,
        }
    }
}

/// Is told after every call.
pub trait CallObserver: Send + Sync {
    /// `outcome` is `ok`, one of the host's codes, or `other` for all that plugins think of. `took` is from the question to the answer,
    /// with the wait for a permit.
    fn ended(&self, sort: CallSort, outcome: &'static str, took: Duration);
}

/// What is so just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuntimeFigures {
    /// Calls that run.
    pub running: usize,
    /// How many may run at once.
    pub most: usize,
    /// Calls that wait for a permit.
    pub waiting: usize,
    /// Plugins that are left alone because they broke down again and again; one that is in two conventions is two.
    pub open_breakers: usize,
}

/// Counts calls from their beginning to their end.
#[derive(Default)]
pub(crate) struct Watch {
    waiting: AtomicUsize,
    observer: ArcSwapOption<Arc<dyn CallObserver>>,
}

impl Watch {
    pub(crate) fn observe(&self, observer: Arc<dyn CallObserver>) {
        self.observer.store(Some(Arc::new(observer)));
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// A call begins by waiting for its permits.
    pub(crate) fn begin(self: &Arc<Self>, sort: CallSort) -> Watched {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        Watched { watch: Arc::clone(self), sort, began: Instant::now(), waits: true, ended: false }
    }
}

/// One call under watch. Dropped while it still waits, it never was one: whoever asked went away. Dropped after that without an end, it
/// broke the host's own code.
pub(crate) struct Watched {
    watch: Arc<Watch>,
    sort: CallSort,
    began: Instant,
    waits: bool,
    ended: bool,
}

impl Watched {
    /// The wait is over.
    pub(crate) fn admitted(&mut self) {
        if std::mem::take(&mut self.waits) {
            self.watch.waiting.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn ended(&mut self, fault: Option<&Fault>) {
        self.ended = true;
        self.tell(outcome(fault));
    }

    fn tell(&self, outcome: &'static str) {
        if let Some(observer) = &*self.watch.observer.load() {
            observer.ended(self.sort, outcome, self.began.elapsed());
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.waits {
            self.admitted();
        } else if !self.ended {
            self.tell(outcome(Some(&Fault::internal("the call broke off"))));
        }
    }
}

/// The codes with which no call ends by the host's own doing: two are of the graph, one stands for what plugins think of.
static OF_OTHERS: [Code; 3] = [code::PLUGIN_ERROR, code::GRAPHQL_INVALID, code::GRAPHQL_LIMIT];

/// All the host's other codes are told apart. Plugins may use any of them, and invent as many as they like.
fn outcome(fault: Option<&Fault>) -> &'static str {
    let Some(fault) = fault else { return "ok" };
    let mut told = code::ALL.iter().filter(|code| !OF_OTHERS.contains(code));
    told.find(|told| **told == fault.code).map_or("other", Code::as_str)
}

#[cfg(test)]
mod tests {
    use parking_lot::Mutex;

    use super::*;

    #[derive(Default)]
    struct Ends(Mutex<Vec<(CallSort, &'static str)>>);

    impl CallObserver for Ends {
        fn ended(&self, sort: CallSort, outcome: &'static str, _: Duration) {
            self.0.lock().push((sort, outcome));
        }
    }

    #[test]
    fn what_plugins_think_of_is_one_outcome() {
        let (watch, ends) = (Arc::new(Watch::default()), Arc::new(Ends::default()));
        watch.observe(Arc::clone(&ends) as Arc<dyn CallObserver>);
        let faults = [
            None,
            Some(code::FORBIDDEN),
            Some(code::HOP_LIMIT),
            Some(code::PLUGIN_ERROR),
            Some(Code::from_plugin("OCCUPIED")),
            Some(Code::from_plugin("NEXT")),
        ];
        for code in faults {
            let fault = code.map(|code| Fault::new(code, ""));
            watch.begin(CallSort::Route).ended(fault.as_ref());
        }
        assert_eq!(
            ends.0.lock().as_slice(),
            ["ok", "forbidden", "hop-limit", "other", "other", "other"].map(|outcome| (CallSort::Route, outcome))
        );
    }

    #[test]
    fn a_call_that_breaks_off_is_the_hosts_own_trouble() {
        let (watch, ends) = (Arc::new(Watch::default()), Arc::new(Ends::default()));
        watch.observe(Arc::clone(&ends) as Arc<dyn CallObserver>);
        let (mut broken, given_up) = (watch.begin(CallSort::Query), watch.begin(CallSort::Query));
        broken.admitted();
        drop((broken, given_up));
        assert_eq!(*ends.0.lock(), [(CallSort::Query, "internal")]);
    }

    #[test]
    fn a_call_waits_until_it_is_admitted_or_nobody_asks_any_more() {
        let watch = Arc::new(Watch::default());
        let (mut admitted, given_up) = (watch.begin(CallSort::Query), watch.begin(CallSort::Query));
        assert_eq!(watch.waiting(), 2);
        admitted.admitted();
        assert_eq!(watch.waiting(), 1);
        drop((admitted, given_up));
        assert_eq!(watch.waiting(), 0);
    }
}
