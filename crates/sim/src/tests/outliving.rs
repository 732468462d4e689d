//! Takes sessions whose ends come and go; gives sentences about which stay, and which mirror again. Never deletes one by a call.

use super::*;

/// A packet that arrives at an interface.
fn arriving(interface: &InterfaceId) -> Packet {
    let flow = Flow {
        protocol: 6,
        source: "198.51.100.7".parse().unwrap(),
        destination: "10.0.0.4".parse().unwrap(),
        source_port: Some(40_000),
        destination_port: Some(443),
    };
    Packet {
        interface: interface.clone(),
        direction: Direction::Ingress,
        content: Content::Ip(flow),
        length: 60,
        answers: false,
    }
}

/// A session on an interface that hangs on an instance beside its primary one, and survives it.
fn on_a_second_interface() -> (Setting, MirrorSession) {
    let mut setting = setting();
    call!(setting.world, CreateTrafficMirrorFilterRule(rule(&setting.filter, 1)));
    setting.interface = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    attach(&mut setting);
    let made = call!(setting.world, CreateTrafficMirrorSession(setting.session(1)));
    (setting, made)
}

fn attach(setting: &mut Setting) {
    let (interface, instance) = (setting.interface.clone(), setting.instance.clone());
    call!(
        setting.world,
        AttachNetworkInterface(AttachNetworkInterface { interface, instance, device_index: 1, network_card: 0 })
    );
    pass(&mut setting.world, 3);
}

fn detach(setting: &mut Setting) {
    let interface = Describe::only([setting.interface.clone()]);
    let interface = call!(setting.world, DescribeNetworkInterfaces(interface)).items.remove(0);
    setting.world.call(Request::DetachNetworkInterface(interface.attachment.unwrap().id)).unwrap();
    pass(&mut setting.world, 3);
}

// Facts: 3-deleted-interface, 3-detached
#[test]
fn a_session_stays_with_a_detached_interface_until_that_is_deleted() {
    let (mut setting, made) = on_a_second_interface();
    detach(&mut setting);
    assert_eq!(setting.sessions(), [made]);
    setting.world.call(Request::DeleteNetworkInterface(setting.interface.clone())).unwrap();
    assert_eq!(setting.sessions(), []);
}

// Facts: 3-survived-termination
#[test]
fn a_session_stays_with_an_interface_that_survives_its_instance() {
    let (mut setting, made) = on_a_second_interface();
    call!(setting.world, TerminateInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3);
    assert_eq!(setting.world.mirrored(&arriving(&setting.interface)), Err(NotMirrored::NotAttached));
    pass(&mut setting.world, 7200);
    assert_eq!(setting.sessions(), [made]);
}

// Facts: 3-stopped, 3-resumed-by-start
#[test]
fn a_session_of_a_stopped_instance_stays_for_days_and_mirrors_again_after_a_start() {
    let (mut setting, made) = on_a_second_interface();
    call!(setting.world, StopInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3 * 86_400);
    assert_eq!(setting.sessions(), std::slice::from_ref(&made));
    assert_eq!(setting.world.mirrored(&arriving(&setting.interface)), Err(NotMirrored::NotRunning));
    call!(setting.world, StartInstances(vec![setting.instance.clone()]));
    pass(&mut setting.world, 3);
    assert_eq!(setting.world.mirrored(&arriving(&setting.interface)).unwrap().session, made.id);
}

// Facts: 3-resumed-by-attaching, 3-detached
#[test]
fn a_session_mirrors_again_when_its_interface_is_attached_again() {
    let (mut setting, made) = on_a_second_interface();
    detach(&mut setting);
    assert_eq!(setting.world.mirrored(&arriving(&setting.interface)), Err(NotMirrored::NotAttached));
    attach(&mut setting);
    assert_eq!(setting.world.mirrored(&arriving(&setting.interface)).unwrap().session, made.id);
}

// Facts: 1.2-resource-gone, 1.2-resource-gone-repair, 3-target-without-resource
#[test]
fn a_session_whose_target_lost_its_resource_mirrors_again_once_it_has_another_target() {
    let (mut setting, made) = on_a_second_interface();
    let sensor = call!(setting.world, CreateNetworkInterface(loose_interface(&setting.network))).id;
    let wish = target_for(Resource::NetworkInterface(sensor.clone()));
    let lost = call!(setting.world, CreateTrafficMirrorTarget(wish)).id;
    let moved =
        |target: &TargetId| ModifyTrafficMirrorSession { target: Some(target.clone()), ..no_session_change(&made) };
    call!(setting.world, ModifyTrafficMirrorSession(moved(&lost)));
    setting.world.call(Request::DeleteNetworkInterface(sensor)).unwrap();
    let packet = arriving(&setting.interface);
    assert_eq!(setting.world.mirrored(&packet), Err(NotMirrored::TargetGone(made.id.clone())));
    assert_eq!(setting.sessions()[0].target, lost);
    call!(setting.world, ModifyTrafficMirrorSession(moved(&setting.target)));
    assert_eq!(setting.world.mirrored(&packet).unwrap().session, made.id);
    call!(setting.world, DeleteTrafficMirrorTarget(lost));
}
