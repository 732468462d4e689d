//! Takes a cloud; lists what is in it, past rates, faults and old reads. Never changes anything.

use std::collections::BTreeSet;

use mirror_core::ids::InstanceId;
use mirror_sim::{
    Api, Describe, ElbRequest, ElbResponse, InstanceDetail, MirrorFilter, MirrorSession, MirrorTarget,
    NetworkInterface, OfTargets, Request, Response, TargetGroupArn,
};

macro_rules! list {
    ($name:ident, $action:ident, $item:ty) => {
        pub(crate) fn $name(api: &mut Api) -> Vec<$item> {
            match api.world_mut().call(Request::$action(Describe::all())) {
                Ok(Response::$action(page)) => page.items,
                other => panic!("{other:?}"),
            }
        }
    };
}

list!(instances, DescribeInstances, InstanceDetail);
list!(interfaces, DescribeNetworkInterfaces, NetworkInterface);
list!(sessions, DescribeTrafficMirrorSessions, MirrorSession);
list!(filters, DescribeTrafficMirrorFilters, MirrorFilter);
list!(targets, DescribeTrafficMirrorTargets, MirrorTarget);

/// Who is registered in a target group of instances, as long as they are: while they are draining, too.
pub(crate) fn registered(api: &mut Api, group: &TargetGroupArn) -> BTreeSet<InstanceId> {
    let all = OfTargets { group: group.clone(), targets: Vec::new() };
    match api.world_mut().call(Request::Elb(ElbRequest::DescribeTargetHealth(all))) {
        Ok(Response::Elb(ElbResponse::DescribeTargetHealth(page))) => {
            page.items.into_iter().map(|it| it.target.id.into()).collect()
        }
        other => panic!("{other:?}"),
    }
}
