//! How the names of people look to a reader.

use std::collections::BTreeMap;

use identity::PeerId;
use wire::Likeness;

/// How the names of those who are known look, made when it is asked for. No more than there are
/// people.
#[derive(Default)]
pub(crate) struct Likenesses(BTreeMap<PeerId, (String, Likeness)>);

impl Likenesses {
    /// Follows the names of the people who are known.
    pub(crate) fn update<'a>(&mut self, names: impl Iterator<Item = (&'a PeerId, &'a String)>, is_known: impl Fn(&PeerId) -> bool) {
        self.0.retain(|peer, _| is_known(peer));
        for (peer, name) in names {
            if !name.is_empty() && self.0.get(peer).is_none_or(|(known, _)| known != name) {
                self.0.insert(*peer, (name.clone(), Likeness::of(name)));
            }
        }
    }

    /// The name of another person that looks like this; one of the `preferred`, if there is any.
    pub(crate) fn like(&self, wanted: &Likeness, but: &PeerId, preferred: impl Fn(&PeerId) -> bool) -> Option<&String> {
        let alike = self.0.iter().filter(|(other, (_, likeness))| *other != but && likeness.is_like(wanted));
        alike.max_by_key(|(other, _)| preferred(other)).map(|(_, (name, _))| name)
    }
}
