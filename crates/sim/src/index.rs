//! Takes what objects are looked for by, beside their ids; gives the ids of those that have it, without looking at all the others. Never
//! holds an object.
//!
//! At a hundred thousand instances, a look at every interface for each page of a list, or at every session for each new one, is what
//! a world would do all day. An index is kept in step by [`Kept`](crate::kept::Kept), whose objects change in one place only, so that
//! it is always as of the same time as they are: of now, or of the past while that is looked at.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::ops::Bound;

use mirror_core::ids::{AttachmentId, FilterId, InstanceId, InterfaceId, RuleId, TargetId};
use mirror_core::inventory::Resource;

use crate::accounts::Owned;
use crate::classic::ClassicLoadBalancer;
use crate::compute::Instance;
use crate::elb::{LoadBalancer, TargetGroup};
use crate::interfaces::NetworkInterface;
use crate::mirror::{MirrorFilter, MirrorSession, MirrorTarget};
use crate::prefix_lists::PrefixList;
use crate::security_groups::SecurityGroupId;

/// What is looked for by more than its id.
pub(crate) trait Indexed: Owned {
    /// What it is looked for by.
    type By: Clone + Ord + fmt::Debug;

    /// All by which this object is found. Empty for one that is found by its id alone.
    fn found_by(&self) -> Vec<Self::By>;
}

/// Ids, by what their objects are looked for by.
#[derive(Clone, Debug)]
pub(crate) struct Index<K, B> {
    /// No id comes before all ids: a range that starts there holds all that have the same.
    entries: BTreeSet<(B, Option<K>)>,
}

impl<K, B> Default for Index<K, B> {
    fn default() -> Self {
        Self { entries: BTreeSet::new() }
    }
}

impl<K: Clone + Ord, B: Clone + Ord> Index<K, B> {
    /// An object that was found by some things is now found by others.
    pub(crate) fn change(&mut self, key: &K, before: Vec<B>, now: Vec<B>) {
        if before == now {
            return;
        }
        for by in before {
            self.entries.remove(&(by, Some(key.clone())));
        }
        self.entries.extend(now.into_iter().map(|by| (by, Some(key.clone()))));
    }

    /// All by which objects are found, from this on or from the first, in order, each with the object's id.
    pub(crate) fn from(&self, from: Option<&B>) -> impl Iterator<Item = (&B, &K)> + use<'_, K, B> {
        let from = from.map_or(Bound::Unbounded, |from| Bound::Included((from.clone(), None)));
        self.entries.range((from, Bound::Unbounded)).filter_map(|(by, key)| Some((by, key.as_ref()?)))
    }

    /// The ids of the objects that are found by this, in order.
    pub(crate) fn keys(&self, by: &B) -> impl Iterator<Item = &K> {
        let from = self.entries.range((by.clone(), None)..);
        from.map_while(move |(its, key)| key.as_ref().filter(|_| its == by))
    }
}

/// What an interface is looked for by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum InterfaceBy {
    /// The instance that it hangs on, by whatever status.
    Instance(InstanceId),
    /// The way it hangs there.
    Attachment(AttachmentId),
    /// A security group that it is in.
    SecurityGroup(SecurityGroupId),
}

/// What a session is looked for by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SessionBy {
    /// What it mirrors.
    Interface(InterfaceId),
    /// Where it mirrors to.
    Target(TargetId),
    /// What it mirrors by.
    Filter(FilterId),
    /// Its VXLAN network identifier.
    Vni(u32),
}

impl Indexed for Instance {
    type By = Infallible;

    fn found_by(&self) -> Vec<Infallible> {
        Vec::new()
    }
}

impl Indexed for LoadBalancer {
    type By = Infallible;

    fn found_by(&self) -> Vec<Infallible> {
        Vec::new()
    }
}

impl Indexed for TargetGroup {
    type By = Infallible;

    fn found_by(&self) -> Vec<Infallible> {
        Vec::new()
    }
}

impl Indexed for ClassicLoadBalancer {
    type By = Infallible;

    fn found_by(&self) -> Vec<Infallible> {
        Vec::new()
    }
}

impl Indexed for PrefixList {
    type By = Infallible;

    fn found_by(&self) -> Vec<Infallible> {
        Vec::new()
    }
}

impl Indexed for NetworkInterface {
    type By = InterfaceBy;

    fn found_by(&self) -> Vec<InterfaceBy> {
        let instance = self.instance().cloned().map(InterfaceBy::Instance);
        let attachment = self.attachment.as_ref().map(|attachment| InterfaceBy::Attachment(attachment.id.clone()));
        let groups = self.security_groups.iter().cloned().map(InterfaceBy::SecurityGroup);
        instance.into_iter().chain(attachment).chain(groups).collect()
    }
}

impl Indexed for MirrorFilter {
    type By = RuleId;

    fn found_by(&self) -> Vec<RuleId> {
        self.rules.keys().cloned().collect()
    }
}

impl Indexed for MirrorTarget {
    type By = Resource;

    fn found_by(&self) -> Vec<Resource> {
        vec![self.resource.clone()]
    }
}

impl Indexed for MirrorSession {
    type By = SessionBy;

    fn found_by(&self) -> Vec<SessionBy> {
        vec![
            SessionBy::Interface(self.interface.clone()),
            SessionBy::Target(self.target.clone()),
            SessionBy::Filter(self.filter.clone()),
            SessionBy::Vni(self.vni),
        ]
    }
}
