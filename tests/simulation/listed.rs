//! Takes a cloud; lists what is in it, past rates, faults and old reads. Never changes anything.

use mirror_sim::{
    Api, Describe, InstanceDetail, MirrorFilter, MirrorSession, MirrorTarget, NetworkInterface, Request, Response,
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
