//! Takes a VPC of one account in whose subnets another one launches; gives sentences about what they see of each other, and who mirrors
//! what there. Never shares a target: that is told in `sharing`.

use super::accounts::{code_as, other};
use super::packets::web_request;
use super::*;

/// A VPC that is not the default one, with a subnet that is shared with the other account.
struct SharedNetwork {
    setting: Setting,
    subnet: SubnetId,
    /// An instance of the other account in it.
    instance: InstanceId,
    interface: InterfaceId,
}

fn shared_network() -> SharedNetwork {
    let mut setting = setting();
    let world = &mut setting.world;
    let vpc = world.add_vpc("10.1.0.0/16".parse().unwrap(), None);
    let zone = world.zones().next().cloned().unwrap();
    let subnet = world.add_subnet(&vpc, &zone, "10.1.0.0/24".parse().unwrap(), None);
    world.share_subnet(&subnet, &other()).unwrap();
    let (instance, interface) = world.acting_for(&other(), |world| {
        let instance = running(world, instance().in_subnet(&subnet));
        let interface = primary_interface(world, &instance);
        (instance, interface)
    });
    SharedNetwork { setting, subnet, instance, interface }
}

impl SharedNetwork {
    /// What the owner of the subnet needs to mirror the participant's interface.
    fn ours(&self, number: i32) -> CreateTrafficMirrorSession {
        CreateTrafficMirrorSession { interface: self.interface.clone(), ..self.setting.session(number) }
    }

    /// What the participant needs to mirror its interface, to a target of its own.
    fn theirs(&mut self, number: i32) -> CreateTrafficMirrorSession {
        let (target, filter) = self.setting.world.acting_for(&other(), |world| {
            let endpoint = Resource::GatewayLoadBalancerEndpoint(world.add_gateway_load_balancer_endpoint());
            let target = call!(world, CreateTrafficMirrorTarget(target_for(endpoint))).id;
            let filter = call!(world, CreateTrafficMirrorFilter(CreateTrafficMirrorFilter::default())).id;
            call!(world, CreateTrafficMirrorFilterRule(rule(&filter, 1)));
            (target, filter)
        });
        CreateTrafficMirrorSession { target, filter, ..self.ours(number) }
    }

    /// The participant's session.
    fn their_session(&mut self, number: i32) -> MirrorSession {
        let wish = self.theirs(number);
        self.setting.world.acting_for(&other(), |world| call!(world, CreateTrafficMirrorSession(wish)))
    }
}

#[test]
fn a_participant_sees_the_network_and_launches_into_it() {
    let SharedNetwork { mut setting, subnet, instance, .. } = shared_network();
    let tags = CreateTags { resources: vec![subnet.to_string()], tags: tags_of([("Name", "shared")]) };
    setting.world.call(Request::CreateTags(tags)).unwrap();
    setting.world.acting_for(&other(), |world| {
        let subnets = call!(world, DescribeSubnets(Describe::all())).items;
        let vpcs = call!(world, DescribeVpcs(Describe::all())).items;
        assert_eq!(
            subnets.iter().map(|it| (&it.id, it.owner.as_str())).collect::<Vec<_>>(),
            [(&subnet, "123456789012")]
        );
        assert_eq!(
            vpcs.iter().map(|it| (&it.id, it.owner.as_str())).collect::<Vec<_>>(),
            [(&subnets[0].vpc, "123456789012")]
        );
        assert_eq!(subnets[0].tags, Tags::new());
        let launched = seen(world, &instance);
        assert_eq!((launched.instance.owner, launched.interfaces[0].owner.clone()), (other(), other()));
    });
    let unshared = Request::CreateNetworkInterface(loose_interface(&setting.network));
    assert_eq!(code_as(&mut setting.world, &other(), unshared), "InvalidSubnetID.NotFound");
}

#[test]
fn a_subnet_of_a_default_vpc_is_not_shared() {
    let Setting { mut world, network, .. } = setting();
    assert_eq!(world.share_subnet(&network.subnets[0], &other()).unwrap_err().code, "OperationNotPermitted");
}

#[test]
fn the_owner_of_a_subnet_sees_the_interfaces_in_it_and_nothing_else_of_a_participant() {
    let SharedNetwork { mut setting, subnet, instance, interface } = shared_network();
    let in_it = Describe::all().filtered("subnet-id", &subnet.to_string());
    let seen = call!(setting.world, DescribeNetworkInterfaces(in_it)).items;
    assert_eq!(seen.iter().map(|it| (&it.id, &it.owner)).collect::<Vec<_>>(), [(&interface, &other())]);
    let of_participant = Describe::only([instance.clone()]);
    assert_eq!(refused!(setting.world, DescribeInstances(of_participant)), "InvalidInstanceID.NotFound");
    assert_eq!(refused!(setting.world, TerminateInstances(vec![instance])), "InvalidInstanceID.NotFound");
    assert_eq!(refused!(setting.world, DeleteNetworkInterface(interface)), "InvalidNetworkInterfaceID.NotFound");
}

#[test]
fn a_participant_sees_no_interface_of_the_owner() {
    let SharedNetwork { mut setting, subnet, interface, .. } = shared_network();
    running(&mut setting.world, instance().in_subnet(&subnet));
    let all =
        setting.world.acting_for(&other(), |world| call!(world, DescribeNetworkInterfaces(Describe::all())).items);
    assert_eq!(all.into_iter().map(|it| it.id).collect::<Vec<_>>(), [interface]);
}

// Facts: 1.1-owner-of-interface-or-subnet
#[test]
fn a_source_is_the_callers_or_in_a_subnet_of_the_callers() {
    let mut shared = shared_network();
    let ours = call!(shared.setting.world, CreateTrafficMirrorSession(shared.ours(1)));
    assert_eq!((ours.owner.as_str(), &ours.interface), ("123456789012", &shared.interface));
    assert_eq!(shared.their_session(2).owner, other());
    let id = running(&mut shared.setting.world, instance().in_subnet(&shared.subnet));
    let of_the_owner = primary_interface(&mut shared.setting.world, &id);
    let wish = CreateTrafficMirrorSession { interface: of_the_owner, ..shared.theirs(1) };
    let code = code_as(&mut shared.setting.world, &other(), Request::CreateTrafficMirrorSession(wish));
    assert_eq!(code, "InvalidNetworkInterfaceID.NotFound");
}

// Facts: 1.2-shared-vpc
#[test]
fn owner_and_participant_neither_see_nor_change_each_others_sessions_and_targets() {
    let mut shared = shared_network();
    let theirs = shared.their_session(2);
    let ours = call!(shared.setting.world, CreateTrafficMirrorSession(shared.ours(1)));
    for (account, own, foreign) in [("123456789012".into(), &ours, &theirs), (other(), &theirs, &ours)] {
        let world = &mut shared.setting.world;
        let (sessions, targets) = world.acting_for(&account, |world| {
            let sessions = call!(world, DescribeTrafficMirrorSessions(Describe::all())).items;
            (sessions, call!(world, DescribeTrafficMirrorTargets(Describe::all())).items)
        });
        assert_eq!(sessions, std::slice::from_ref(own));
        assert_eq!(targets.iter().map(|target| &target.id).collect::<Vec<_>>(), [&own.target]);
        for (change, code) in [
            (Request::DeleteTrafficMirrorSession(foreign.id.clone()), "InvalidTrafficMirrorSessionId.NotFound"),
            (Request::ModifyTrafficMirrorSession(no_session_change(foreign)), "InvalidTrafficMirrorSessionId.NotFound"),
            (Request::DeleteTrafficMirrorTarget(foreign.target.clone()), "InvalidTrafficMirrorTargetId.NotFound"),
        ] {
            assert_eq!(code_as(world, &account, change), code);
        }
    }
}

#[test]
fn the_sessions_of_an_interface_are_counted_whoever_made_them_and_no_error_names_one_that_is_not_seen() {
    let mut shared = shared_network();
    let theirs = shared.their_session(1);
    let again = Request::CreateTrafficMirrorSession(shared.ours(1));
    let error = shared.setting.world.call(again).unwrap_err();
    assert_eq!(error.code, "InvalidParameterValue");
    assert!(!error.message.contains(theirs.id.as_str()), "{error}");
    (2..=3).for_each(|number| drop(call!(shared.setting.world, CreateTrafficMirrorSession(shared.ours(number)))));
    let fourth = shared.ours(4);
    let code = refused!(shared.setting.world, CreateTrafficMirrorSession(fourth));
    assert_eq!(code, "TrafficMirrorSessionsPerInterfaceLimitExceeded");
}

#[test]
fn a_packet_is_mirrored_once_by_the_first_session_of_whichever_account() {
    let mut shared = shared_network();
    call!(shared.setting.world, CreateTrafficMirrorFilterRule(rule(&shared.setting.filter, 1)));
    let ours = call!(shared.setting.world, CreateTrafficMirrorSession(shared.ours(5)));
    let packet = web_request(&shared.interface);
    assert_eq!(shared.setting.world.mirrored(&packet).map(|copy| copy.session), Ok(ours.id));
    let theirs = shared.their_session(4);
    let copy = shared.setting.world.mirrored(&packet).unwrap();
    assert_eq!((copy.session, copy.target), (theirs.id, theirs.target));
}

#[test]
fn sessions_of_both_accounts_die_with_the_participants_instance() {
    let mut shared = shared_network();
    shared.their_session(2);
    call!(shared.setting.world, CreateTrafficMirrorSession(shared.ours(1)));
    let terminate = Request::TerminateInstances(vec![shared.instance.clone()]);
    shared.setting.world.call_as(&other(), terminate).unwrap();
    pass(&mut shared.setting.world, 3);
    assert_eq!(shared.setting.sessions(), []);
    let list = Request::DescribeTrafficMirrorSessions(Describe::all());
    let nothing = Response::DescribeTrafficMirrorSessions(Page { items: Vec::new(), next: None });
    assert_eq!(shared.setting.world.call_as(&other(), list), Ok(nothing));
}

#[test]
fn what_runs_in_a_subnet_goes_on_when_its_share_ends_and_nothing_new_comes() {
    let mut shared = shared_network();
    let theirs = shared.their_session(1);
    shared.setting.world.unshare_subnet(&shared.subnet, &other()).unwrap();
    pass(&mut shared.setting.world, 60);
    let SharedNetwork { mut setting, subnet, instance, interface } = shared;
    assert!(setting.world.mirrored(&web_request(&interface)).is_ok_and(|copy| copy.session == theirs.id));
    setting.world.acting_for(&other(), |world| {
        assert_eq!(seen(world, &instance).instance.subnet, subnet);
        assert_eq!(call!(world, DescribeSubnets(Describe::all())).items, []);
        assert_eq!(call!(world, DescribeVpcs(Describe::all())).items, []);
        let launch = fleet::instance().in_subnet(&subnet).launch(world);
        assert_eq!(launch.unwrap_err().code, "InvalidSubnetID.NotFound");
    });
}

#[test]
fn owner_and_participant_use_security_groups_of_their_own() {
    let SharedNetwork { mut setting, interface, .. } = shared_network();
    let vpc = setting.world.interfaces[&interface].vpc.clone();
    let ours = setting.world.add_security_group(&vpc, "ours");
    setting.world.acting_for(&other(), |world| {
        let code = world.set_security_groups(&interface, std::slice::from_ref(&ours)).unwrap_err().code;
        assert_eq!(code, "InvalidGroup.NotFound");
        let theirs = world.add_security_group(&vpc, "theirs");
        // A rule may name a group of the other account.
        world.add_group_rule(&theirs, GroupRule::all(Direction::Ingress, Peer::Group(ours))).unwrap();
        world.set_security_groups(&interface, &[theirs]).unwrap();
    });
}
