//! Takes a world and a time that it remembers; shows what there was then. Never changes what there is now.
//!
//! Networks (VPCs, subnets, zones) are always seen as they are: they do not come and go while anyone looks.

use jiff::SignedDuration;
use mirror_core::Time;
use mirror_core::ids::{FilterId, InstanceId, InterfaceId, LoadBalancerArn, SessionId, TargetId};

use crate::classic::ClassicLoadBalancer;
use crate::compute::Instance;
use crate::elb::{LoadBalancer, TargetGroup, TargetGroupArn};
use crate::interfaces::NetworkInterface;
use crate::kept::Before;
use crate::mirror::{MirrorFilter, MirrorSession, MirrorTarget};
use crate::network_acls::NetworkAcl;
use crate::prefix_lists::PrefixList;
use crate::security_groups::{NetworkAclId, PrefixListId, SecurityGroup, SecurityGroupId};
use crate::waf::{WebAcl, WebAclArn};
use crate::world::World;

/// What has changed since some time, as it was.
struct Past {
    instances: Before<InstanceId, Instance>,
    interfaces: Before<InterfaceId, NetworkInterface>,
    filters: Before<FilterId, MirrorFilter>,
    targets: Before<TargetId, MirrorTarget>,
    sessions: Before<SessionId, MirrorSession>,
    load_balancers: Before<LoadBalancerArn, LoadBalancer>,
    target_groups: Before<TargetGroupArn, TargetGroup>,
    security_groups: Before<SecurityGroupId, SecurityGroup>,
    network_acls: Before<NetworkAclId, NetworkAcl>,
    prefix_lists: Before<PrefixListId, PrefixList>,
    classics: Before<LoadBalancerArn, ClassicLoadBalancer>,
    web_acls: Before<WebAclArn, WebAcl>,
}

impl World {
    /// From now on remembers what each change replaces, for so long.
    pub(crate) fn remember(&mut self, memory: SignedDuration) {
        let Self { instances, interfaces, filters, targets, sessions, load_balancers, target_groups, .. } = self;
        let Self { security_groups, network_acls, prefix_lists, classics, web_acls, .. } = self;
        instances.remember(memory);
        interfaces.remember(memory);
        filters.remember(memory);
        targets.remember(memory);
        sessions.remember(memory);
        load_balancers.remember(memory);
        target_groups.remember(memory);
        security_groups.remember(memory);
        network_acls.remember(memory);
        prefix_lists.remember(memory);
        classics.remember(memory);
        web_acls.remember(memory);
    }

    /// Says that what has changed since the last time has changed now.
    pub(crate) fn date(&mut self) {
        let Self { now, instances, interfaces, filters, targets, sessions, load_balancers, target_groups, .. } = self;
        let Self { security_groups, network_acls, prefix_lists, classics, web_acls, .. } = self;
        instances.date(*now);
        interfaces.date(*now);
        filters.date(*now);
        targets.date(*now);
        sessions.date(*now);
        load_balancers.date(*now);
        target_groups.date(*now);
        security_groups.date(*now);
        network_acls.date(*now);
        prefix_lists.date(*now);
        classics.date(*now);
        web_acls.date(*now);
    }

    /// What `look` sees in the world as it was then.
    pub(crate) fn as_of<T>(&mut self, then: Time, look: impl FnOnce(&mut Self) -> T) -> T {
        self.date();
        let mut past = Past {
            instances: self.instances.before(then),
            interfaces: self.interfaces.before(then),
            filters: self.filters.before(then),
            targets: self.targets.before(then),
            sessions: self.sessions.before(then),
            load_balancers: self.load_balancers.before(then),
            target_groups: self.target_groups.before(then),
            security_groups: self.security_groups.before(then),
            network_acls: self.network_acls.before(then),
            prefix_lists: self.prefix_lists.before(then),
            classics: self.classics.before(then),
            web_acls: self.web_acls.before(then),
        };
        self.swap(&mut past);
        let seen = look(self);
        self.swap(&mut past);
        seen
    }

    fn swap(&mut self, past: &mut Past) {
        let Past { instances, interfaces, filters, targets, sessions, load_balancers, target_groups, .. } = past;
        let Past { security_groups, network_acls, prefix_lists, classics, web_acls, .. } = past;
        self.instances.swap(instances);
        self.interfaces.swap(interfaces);
        self.filters.swap(filters);
        self.targets.swap(targets);
        self.sessions.swap(sessions);
        self.load_balancers.swap(load_balancers);
        self.target_groups.swap(target_groups);
        self.security_groups.swap(security_groups);
        self.network_acls.swap(network_acls);
        self.prefix_lists.swap(prefix_lists);
        self.classics.swap(classics);
        self.web_acls.swap(web_acls);
    }
}
