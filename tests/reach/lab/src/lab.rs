//! A lab: everything that a plan says, built in this process's own namespaces.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::person::{Launch, Person, Trace};
use crate::places::{Places, within};
use crate::plan::Plan;
use crate::programs;
use crate::report;
use crate::seen::Seen;
use crate::switch::Switch;

/// Ends with the process. If a test panics, it tells what everybody said and what the routers hold.
pub struct Lab {
    /// What it is like.
    pub plan: Plan,
    program: PathBuf,
    switch: Switch,
    routers: Vec<String>,
    folder: TempDir,
    people: RefCell<Vec<Arc<Trace>>>,
}

impl Lab {
    /// Builds it; `program` is grapevine-node.
    pub fn build(plan: Plan, program: impl AsRef<Path>) -> Lab {
        let places = Places::of(&plan);
        let ports = places.build();
        let switch = Switch::start(&ports, plan.one_way, plan.loss, plan.hops());
        let routers = places.routers.iter().map(|(router, _)| router.clone()).collect();
        let folder = tempfile::Builder::new().prefix("grapevine-lab-").tempdir().expect("a folder for the profiles");
        Lab { plan, program: program.as_ref().to_owned(), switch, routers, folder, people: RefCell::default() }
    }

    /// A new person at this place, whose profile is open.
    pub fn person(&self, name: &'static str, place: &str) -> Person {
        self.person_with(name, place, Launch::default())
    }

    /// The same, started in another way.
    pub fn person_with(&self, name: &'static str, place: &str, launch: Launch) -> Person {
        let person = Person::start(name, place, launch, &self.program, self.folder.path());
        self.people.borrow_mut().push(person.trace().clone());
        person.opened();
        person
    }

    /// A folder that ends with the lab.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Does something on a thread at this place; threads and sockets that it makes are there too.
    pub fn at<T: Send>(&self, place: &str, act: impl FnOnce() -> T + Send) -> T {
        within(place, act)
    }

    /// From now on packets are lost, in per cent.
    pub fn lose(&self, per_cent: f64) {
        self.switch.set(self.plan.one_way, per_cent);
    }

    /// What went over the internet so far.
    pub fn seen(&self) -> Seen {
        self.switch.seen()
    }

    /// Replaces the rules of a place or router: `nft` words.
    pub fn rules(&self, place: &str, rules: &str) {
        programs::run(programs::at(place, "nft").args(["-f", "-"]), rules);
    }

    /// A line for `ip` in this place.
    pub fn ip(&self, place: &str, line: &str) {
        programs::run(programs::command("ip").args(["-n", place]).args(line.split_whitespace()), "");
    }

    /// What everybody said, and what the routers hold.
    pub fn report(&self) -> String {
        report::report(&self.people.borrow(), &self.routers, &self.switch.seen())
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.report());
        }
    }
}
