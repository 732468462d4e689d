//! Takes a stage with one machine, which is mirrored; does one thing to it, or to what mirrors it. Never chooses by chance.

use std::collections::BTreeSet;

use mirror_core::ownership::PROOF_TAG;
use mirror_sim::{CreateTags, DeleteTags, Request};

use super::listed::{filters, instances, sessions};
use super::stage::Stage;

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// Nothing more: it has just appeared.
    Appears,
    /// Its tag is taken off.
    Untagged,
    /// Its tag is taken off, and put on again while that settles.
    UntaggedForAMoment,
    /// It stops.
    Stops,
    /// It is terminated.
    Terminates,
    /// Its session is deleted by hand.
    SessionDeleted,
    /// Its session loses the tag that makes it ours.
    SessionStripped,
    /// The filter of its session loses a rule.
    FilterSpoiled,
}

impl Change {
    pub(crate) const ALL: [Self; 8] = [
        Self::Appears,
        Self::Untagged,
        Self::UntaggedForAMoment,
        Self::Stops,
        Self::Terminates,
        Self::SessionDeleted,
        Self::SessionStripped,
        Self::FilterSpoiled,
    ];
}

impl Stage {
    /// Makes it happen, at once.
    pub(crate) fn happens_to_the_machine(&mut self, change: Change) {
        let mut guard = self.api.lock().unwrap();
        let api = &mut *guard;
        let machine = instances(api).remove(0).instance.id;
        let session = sessions(api).remove(0).id;
        let untag = |resource: &str, tag: &str| {
            let tags = BTreeSet::from([(tag.to_owned(), None)]).into_iter().collect();
            Request::DeleteTags(DeleteTags { resources: vec![resource.into()], tags })
        };
        let tampers = matches!(change, Change::SessionDeleted | Change::SessionStripped | Change::FilterSpoiled);
        let request = match change {
            Change::Appears => return,
            Change::Untagged | Change::UntaggedForAMoment => untag(machine.as_str(), "mirror"),
            Change::Stops => Request::StopInstances(vec![machine.clone()]),
            Change::Terminates => Request::TerminateInstances(vec![machine.clone()]),
            Change::SessionDeleted => Request::DeleteTrafficMirrorSession(session),
            Change::SessionStripped => untag(session.as_str(), PROOF_TAG),
            Change::FilterSpoiled => {
                let ours = sessions(api).remove(0).filter;
                let filter = filters(api).into_iter().find(|filter| filter.id == ours).unwrap();
                Request::DeleteTrafficMirrorFilterRule(filter.rules.keys().next().unwrap().clone())
            }
        };
        api.world_mut().call(request).unwrap();
        self.looked_at(api, tampers);
        drop(guard);
        if change == Change::UntaggedForAMoment {
            self.goes_on_for(jiff::SignedDuration::from_secs(10));
            let tags = [("mirror".to_owned(), "crown-jewel".to_owned())].into();
            let request = Request::CreateTags(CreateTags { resources: vec![machine.to_string()], tags });
            let mut api = self.api.lock().unwrap();
            api.world_mut().call(request).unwrap();
            self.looked_at(&mut api, false);
        }
    }
}
